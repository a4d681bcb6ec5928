//! `probity rules`: the rule index.

use clap::Args;
use serde::Serialize;

use super::{
    Failure, configuration::ConfigurationArguments, policies::Selection, scan::current_folder,
    terminal::Terminal,
};
use crate::{policy::metadata::Rule, source::base::Base};

/// Arguments of `probity rules`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    /// How to print the index.
    #[arg(short, long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// One rule of `-f json`.
#[derive(Serialize)]
struct Entry<'r> {
    id: &'r str,
    severity: &'r str,
    title: &'r str,
    description: &'r str,
    remediation: &'r str,
    controls: std::collections::BTreeMap<&'r str, Vec<&'r str>>,
    selectors: Vec<&'r str>,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let base = Base::new(&[], None, &current_folder()?).map_err(Failure::usage)?;
    let configured = arguments.configuration.load(&base)?;
    let policies = arguments.selection.load(&configured.policies, &base)?;
    if let Some(error) = policies.errors.first() {
        return Err(Failure::usage(format!("{}: {}", error.policy, error.message)));
    }
    terminal.print(|out| {
        if arguments.format == "json" {
            let entries: Vec<Entry<'_>> = policies.rules.iter().map(|rule| entry(rule)).collect();
            serde_json::to_writer_pretty(&mut *out, &entries)?;
            return writeln!(out);
        }
        let width = policies.rules.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
        for rule in &policies.rules {
            writeln!(out, "{:width$}  {:8}  {}", rule.id, rule.severity, rule.title)?;
        }
        Ok(())
    })?;
    Ok(0)
}

fn entry(rule: &Rule) -> Entry<'_> {
    let controls = rule.controls.iter().map(|(framework, controls)| {
        (framework.as_str(), controls.iter().map(|control| control.id.as_str()).collect())
    });
    Entry {
        id: &rule.id,
        severity: rule.severity.name(),
        title: &rule.title,
        description: &rule.description,
        remediation: &rule.recommended_action,
        controls: controls.collect(),
        selectors: rule.selectors.iter().map(|selector| selector.name.as_str()).collect(),
    }
}
