//! Which policies a command works with.

use std::path::{Path, PathBuf};

use clap::Args;
use ignore::WalkBuilder;

use super::Failure;
use crate::{
    policy::{Policies, PolicyFile, built_in, metadata::FRAMEWORKS},
    source::base::Base,
};

/// Arguments that choose policies and rules.
#[derive(Debug, Args)]
pub(super) struct Selection {
    /// Load the Rego policies in this folder too.
    #[arg(short, long, value_name = "DIR")]
    policy: Vec<PathBuf>,
    /// Leave out the policies that come with Probity.
    #[arg(long)]
    no_builtin_policies: bool,
    /// Judge by this rule only (a glob such as `secrets/*`).
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Do not judge by this rule (a glob).
    #[arg(long, value_name = "ID")]
    skip_rule: Vec<String>,
    /// Judge by rules that support this framework only.
    #[arg(long, value_name = "F", value_parser = clap::builder::PossibleValuesParser::new(FRAMEWORKS))]
    framework: Option<String>,
}

impl Selection {
    /// Built-in files, those of the configuration (absolute paths, named relative to the base), and those that are
    /// given.
    fn files(&self, configured: &[PathBuf], base: &Base) -> Result<Vec<PolicyFile>, Failure> {
        let mut files = if self.no_builtin_policies { Vec::new() } else { built_in() };
        for folder in configured {
            let found = policies(folder, "`policies` of the configuration:")?;
            let relative =
                |file: PolicyFile| PolicyFile { name: base.name(Path::new(&*file.name)).into(), ..file };
            files.extend(found.into_iter().map(relative));
        }
        for folder in &self.policy {
            files.extend(policies(folder, "`--policy`:")?);
        }
        Ok(files)
    }

    /// Whether some rules are left out on purpose.
    pub(super) fn is_partial(&self) -> bool {
        self.no_builtin_policies
            || !self.rule.is_empty()
            || !self.skip_rule.is_empty()
            || self.framework.is_some()
    }

    /// Loads the policies and keeps the chosen rules.
    pub(super) fn load(&self, configured: &[PathBuf], base: &Base) -> Result<Policies, Failure> {
        let matcher = |globs: &[String]| {
            let mut set = ignore::overrides::OverrideBuilder::new("/");
            for glob in globs {
                set.add(glob).map_err(|error| Failure::usage(format!("`{glob}` is no glob: {error}")))?;
            }
            set.build().map_err(|error| Failure::usage(error.to_string()))
        };
        let (wanted, skipped) = (matcher(&self.rule)?, matcher(&self.skip_rule)?);
        let hit = |globs: &ignore::overrides::Override, id: &str| globs.matched(id, false).is_whitelist();
        let mut policies = Policies::new(&self.files(configured, base)?, |id| {
            (self.rule.is_empty() || hit(&wanted, id)) && !hit(&skipped, id)
        });
        if let Some(framework) = &self.framework {
            policies.retain(|rule| rule.controls.contains_key(framework));
        }
        if policies.rules.is_empty() && policies.errors.is_empty() {
            return Err(Failure::usage("no rule is left to judge by").help("run `probity rules` for the ids"));
        }
        Ok(policies)
    }
}

/// Files of a folder that has to hold policies.
fn policies(folder: &Path, named_by: &str) -> Result<Vec<PolicyFile>, Failure> {
    let found = read(folder)?;
    if found.iter().all(|file| file.name.ends_with("_test.rego")) {
        return Err(Failure::usage(format!("{named_by} `{}` holds no Rego policy", folder.display()))
            .help("name a folder with `.rego` files"));
    }
    Ok(found)
}

/// Rego files below a folder, or one file, named as given.
#[expect(clippy::disallowed_methods, reason = "policies are no part of the estate: this is their edge")]
pub(super) fn read(path: &Path) -> Result<Vec<PolicyFile>, Failure> {
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::usage(format!("policy `{}` cannot be read: {error}", path.display()))
    };
    let mut files = Vec::new();
    for entry in WalkBuilder::new(path).standard_filters(false).sort_by_file_path(Ord::cmp).build() {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let is_rego = entry.path().extension().is_some_and(|extension| extension == "rego");
        if is_rego && entry.file_type().is_some_and(|kind| kind.is_file()) {
            let text =
                std::fs::read_to_string(entry.path()).map_err(|error| unreadable(entry.path(), &error))?;
            let name = entry.path().to_string_lossy().replace('\\', "/");
            files.push(PolicyFile { name: name.trim_start_matches("./").into(), text: text.into() });
        }
    }
    Ok(files)
}
