//! `probity init`: files to start from. Nothing that exists is ever changed.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use clap::Args;

use super::{Failure, scan::current_folder, terminal::Terminal};
use crate::{config::FILE, source::base::Base};

/// Arguments of `probity init`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Write a workflow for GitHub Actions, too.
    #[arg(long)]
    workflow: bool,
    /// Write a hook for pre-commit, too.
    #[arg(long)]
    hook: bool,
    /// Write a policy with its test to start from, too.
    #[arg(long)]
    policy: bool,
}

const CONFIGURATION: &str = include_str!("init/probity.yaml");
const POLICY: &str = include_str!("init/team-label.rego");
const POLICY_TEST: &str = include_str!("init/team-label_test.rego");
const WORKFLOW: &str = include_str!("init/workflow.yml");
const HOOK: &str = include_str!("init/pre-commit.yaml");

/// Where the policy lies, as one rule is one folder.
const POLICY_FOLDER: &str = "policies/workloads/team-label";

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let base = Base::new(&[], None, &current_folder()?).map_err(Failure::usage)?;
    let mut lines = Vec::new();
    let mut write = |file: &str, text: &str| -> Result<bool, Failure> {
        let is_new = create(&base.root.join(file), text).map_err(|error| {
            Failure::usage(format!("`{file}` cannot be written: {error}")).help("make its folder writable")
        })?;
        lines.push(format!("{} {file}", if is_new { "wrote  " } else { "exists " }));
        Ok(is_new)
    };
    let configuration = configuration(arguments.policy);
    let is_new = write(FILE, &configuration)?;
    if arguments.policy {
        write(&format!("{POLICY_FOLDER}/team-label.rego"), POLICY)?;
        write(&format!("{POLICY_FOLDER}/team-label_test.rego"), POLICY_TEST)?;
    }
    if arguments.workflow {
        write(".github/workflows/probity.yml", WORKFLOW)?;
    }
    let has_hooks = arguments.hook && !write(".pre-commit-config.yaml", HOOK)?;
    if has_hooks {
        lines.push(format!("\nAdd this to the `repos` of .pre-commit-config.yaml:\n\n{HOOK}"));
    }
    if arguments.policy && !is_new {
        lines.push(format!("\nAdd `policies: [policies]` to {FILE}, so that the policy is judged by."));
    }
    if arguments.policy {
        lines.push(
            "\nNext: `probity test policies`, then `probity scan`. The README says how a rule is written."
                .to_owned(),
        );
    } else {
        lines.push(
            "\nNext: `probity scan`. `probity init --policy` writes a policy to start from.".to_owned(),
        );
    }
    terminal.print(|out| writeln!(out, "{}", lines.join("\n")))?;
    Ok(0)
}

/// The template, with the folder of the policy where there is one.
fn configuration(with_policy: bool) -> String {
    if with_policy { CONFIGURATION.replace("#policies:", "policies:") } else { CONFIGURATION.to_owned() }
}

/// Whether the file is new; one that exists stays as it is.
fn create(path: &Path, text: &str) -> io::Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        policy::{
            Policies, PolicyFile,
            test::{TestOutcome, run as run_tests},
        },
    };

    #[test]
    fn the_configuration_is_valid_as_it_is_and_with_every_key_in_use() {
        assert!(Config::parse(FILE, &CONFIGURATION.into()).unwrap().policies.is_empty());
        assert_eq!(Config::parse(FILE, &configuration(true).into()).unwrap().policies.len(), 1);
        let uncommented: Vec<String> = CONFIGURATION
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') || rest.starts_with("  ") && !rest.contains("# ") => {
                    rest.to_owned()
                }
                _ => line.to_owned(),
            })
            .collect();
        let text = uncommented.join("\n");
        let config =
            Config::parse(FILE, &text.as_str().into()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!((config.waivers.len(), config.rules.len(), config.sets.len()), (1, 2, 2));
        assert_eq!((config.render.asked().is_some(), config.render.charts().count()), (true, 1));
        assert!(config.audit.log.is_some() && config.fail_on.is_some() && !config.secrets.tokens.is_empty());
    }

    #[test]
    fn the_policy_loads_and_its_tests_pass_and_reach_every_line() {
        let file = |name: &str, text: &str| PolicyFile::new(name, text);
        let files = [file("team-label.rego", POLICY), file("team-label_test.rego", POLICY_TEST)];
        let policies = Policies::new(&files, |_| true);
        assert_eq!(policies.errors, []);
        assert_eq!(&*policies.rules[0].id, "workloads/team-label");
        let run = run_tests(&files, &serde_json::Map::new());
        assert!(run.tests.len() == 3 && run.errors.is_empty());
        assert!(run.tests.iter().all(|test| test.outcome == TestOutcome::Passed), "{:?}", run.tests);
        assert!(run.coverage.iter().all(|file| file.not_covered.is_empty()), "{:?}", run.coverage);
    }
}
