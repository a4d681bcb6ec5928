//! `probity explain`: one rule, for a person who met it for the first time.

use clap::Args;

use super::{
    Failure, configuration::ConfigurationArguments, policies::Selection, scan::current_folder,
    terminal::Terminal,
};
use crate::{policy::metadata::Extent, source::base::Base};

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

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let base = Base::new(&[], None, &current_folder()?).map_err(Failure::usage)?;
    let configured = arguments.configuration.load(&base, terminal)?;
    let policies = arguments.selection.load(&configured.policies, &base)?;
    let Some(rule) = policies.rules.iter().find(|rule| *rule.id == *arguments.id) else {
        let name = arguments.id.rsplit('/').next().unwrap_or_default();
        let near = policies.rules.iter().find(|rule| rule.id.ends_with(name));
        let help = near.map_or_else(
            || "run `probity rules` for all ids".to_owned(),
            |rule| format!("did you mean `{}`?", rule.id),
        );
        return Err(Failure::usage(format!("there is no rule `{}`", arguments.id)).help(help));
    };
    terminal.print(|out| {
        writeln!(out, "{} ({})\n{}\n\n{}\n", rule.id, rule.severity, rule.title, rule.description)?;
        writeln!(out, "What to do\n{}\n", rule.recommended_action)?;
        writeln!(out, "Controls that it gives evidence for")?;
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
        for link in &rule.related_resources {
            writeln!(out, "\nSee {link}")?;
        }
        writeln!(out, "\nPolicy: {}", rule.file)
    })?;
    Ok(0)
}
