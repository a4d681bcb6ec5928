//! `probity explain`: one rule, for a person who met it for the first time.

use std::{
    io::{self, Write},
    path::Path,
};

use clap::Args;

use super::{
    Failure, configuration::ConfigurationArguments, policies::Selection, scan::current_folder,
    terminal::Terminal,
};
use crate::{
    output::visible::one_line,
    policy::{
        example::{Example, examples},
        metadata::{Extent, Rule},
    },
    report::PolicyError,
    source::base::Base,
    spelling::nearest,
};

/// Arguments of `probity explain`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Id of the rule, such as `mtls/plaintext-gateway`.
    #[arg(value_name = "RULE")]
    id: String,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    configuration: ConfigurationArguments,
}

/// Lines of an example that are printed.
const LINES: usize = 60;

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let base = Base::new(&[], None, &current_folder()?).map_err(Failure::usage)?;
    let configured = arguments.configuration.load(&base)?;
    let policies = arguments.selection.load(&configured.policies, &base)?;
    let Some(rule) = policies.rules.iter().find(|rule| *rule.id == *arguments.id) else {
        let ids: Vec<&str> = policies.rules.iter().map(|rule| &*rule.id).collect();
        return Err(unloaded(&arguments.id, &policies.errors).unwrap_or_else(|| unknown(&arguments.id, &ids)));
    };
    terminal.print(|out| explain(rule, out))?;
    Ok(0)
}

/// Why a rule is not there, if it may be in a policy that could not be loaded: the one that is called so, else any.
fn unloaded(id: &str, errors: &[PolicyError]) -> Option<Failure> {
    let name = id.rsplit('/').next().unwrap_or_default();
    let is_so = |error: &&PolicyError| {
        let stem = Path::new(&error.policy).file_stem().map(|stem| stem.to_string_lossy().replace('_', "-"));
        error.policy == id || stem.is_some_and(|stem| stem == name)
    };
    let error = errors.iter().find(is_so).or(errors.first())?;
    let others = match errors.len() - 1 {
        0 => String::new(),
        more => format!("; {more} more could not be loaded"),
    };
    let (policy, cause) = (one_line(&error.policy), one_line(&error.message));
    Some(
        Failure::usage(format!(
            "there is no rule `{id}` among those that could be loaded: policy `{policy}`: {cause}{others}"
        ))
        .help("mend the policy; `probity scan` names all errors"),
    )
}

/// The nearest id, or one of the same name in another domain.
fn unknown(id: &str, ids: &[&str]) -> Failure {
    let name = id.rsplit('/').next().unwrap_or_default();
    let by_name = || {
        let names = ids.iter().filter_map(|id| id.split_once('/')).map(|(_, name)| name);
        let name = nearest(name, names)?;
        ids.iter().copied().find(|id| id.split_once('/').is_some_and(|(_, other)| other == name))
    };
    let help = nearest(id, ids.iter().copied()).filter(|id| id.ends_with(name)).or_else(by_name).map_or_else(
        || "run `probity rules` for all ids".to_owned(),
        |meant| format!("did you mean `{meant}`?"),
    );
    Failure::usage(format!("there is no rule `{id}`")).help(help)
}

fn explain(rule: &Rule, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{} ({})\n{}", rule.id, rule.severity, rule.title)?;
    if !rule.description.is_empty() {
        writeln!(out, "\n{}", rule.description)?;
    }
    for example in examples(&rule.id) {
        show(example, out)?;
    }
    if !rule.recommended_action.is_empty() {
        writeln!(out, "\nWhat to do\n\n{}", indented(&rule.recommended_action))?;
    }
    if !rule.controls.is_empty() {
        writeln!(out, "\nControls that it gives evidence for\n")?;
    }
    for (framework, controls) in &rule.controls {
        for control in controls {
            let extent = match control.extent {
                Extent::Full => "full",
                Extent::Partial => "partial",
                Extent::Supporting => "supporting",
            };
            writeln!(out, "  {framework:9} {:20} {extent}", control.id)?;
        }
    }
    writeln!(
        out,
        "\nHow to accept a finding\n
  In `probity.yaml`:

    waivers:
      - id: NAME
        rule: {id}
        resource: KIND/NAMESPACE/NAME
        owner: TEAM
        reason: why it is accepted
        until: YYYY-MM-DD

  Or as a comment in YAML, on the line or above it:

    # probity: ignore[{id}] why it is accepted until=YYYY-MM-DD owner=TEAM",
        id = rule.id
    )?;
    for link in &rule.related_resources {
        writeln!(out, "\nSee {link}")?;
    }
    writeln!(out, "\nPolicy: {}", rule.file)
}

fn show(example: Example, out: &mut dyn Write) -> io::Result<()> {
    let verdict = if example.is_bad { "This is reported" } else { "This is not" };
    writeln!(out, "\n{verdict} ({})\n", example.file)?;
    let lines = example.text.trim_end().lines().count();
    let shown: Vec<&str> = example.text.trim_end().lines().take(LINES).collect();
    writeln!(out, "{}", indented(&shown.join("\n")))?;
    if lines > LINES {
        writeln!(out, "    … {} more lines", lines - LINES)?;
    }
    Ok(())
}

fn indented(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("    {line}") };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policies, built_in};

    #[test]
    fn every_shipped_rule_is_explained_with_a_bad_and_a_good_example_and_how_to_accept_it() {
        for rule in &Policies::new(&built_in(), |_| true).rules {
            let mut out = Vec::new();
            explain(rule, &mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            for part in [
                "This is reported (fixtures/rules/",
                "This is not (fixtures/rules/",
                "What to do",
                "Controls",
                "# probity: ignore[",
            ] {
                assert!(text.contains(part), "{}: {part}", rule.id);
            }
        }
    }

    #[test]
    fn a_rule_that_could_not_be_loaded_is_told_with_the_cause() {
        let error =
            |policy: &str, message: &str| PolicyError { policy: policy.into(), message: message.into() };
        let errors = [error("p/other.rego", "1:1: no"), error("p/team/my_rule.rego", "3:1: expected `}`")];
        let told = unloaded("team/my-rule", &errors).unwrap().message;
        assert!(told.contains("`p/team/my_rule.rego`: 3:1: expected `}`; 1 more"), "{told}");
        assert!(unloaded("x/y", &errors).unwrap().message.contains("p/other.rego"));
        assert!(unloaded("x/y", &[]).is_none());
    }

    #[test]
    fn an_unknown_rule_suggests_a_near_one() {
        let ids = ["mtls/plaintext-gateway", "secrets/committed-secret", "storage/public-bucket"];
        for (id, meant) in [
            ("mtls/plaintext-gatway", Some("mtls/plaintext-gateway")),
            ("plaintext-gateway", Some("mtls/plaintext-gateway")),
            ("secret/commited-secret", Some("secrets/committed-secret")),
            ("mtls/public-bucket", Some("storage/public-bucket")),
            ("x/y", None),
        ] {
            let help = unknown(id, &ids).help.unwrap();
            assert_eq!(help.contains("did you mean"), meant.is_some(), "{id}: {help}");
            assert!(help.contains(meant.unwrap_or_default()), "{id}: {help}");
        }
    }
}
