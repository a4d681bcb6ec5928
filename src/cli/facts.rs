//! `probity facts`: what the scan understood, without judging.

use clap::Args;

use super::{Failure, configuration::check_rendering, scan::EstateArguments, terminal::Terminal};
use crate::{output, policy::selector, scan::read_estate};

/// Arguments of `probity facts`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    estate: EstateArguments,
    /// Print the `input` of each rule evaluation of this selector, one JSON a line.
    #[arg(long, value_name = "NAME", value_parser = clap::builder::PossibleValuesParser::new(selector::names()))]
    selector: Option<String>,
    /// Format of the whole.
    #[arg(short, long, value_name = "FORMAT", default_value = "json", value_parser = ["json"], conflicts_with = "selector")]
    format: String,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let (settings, _) = arguments.estate.settings()?;
    check_rendering(&settings, terminal)?;
    let estate = read_estate(&settings, &|_, _| {})?;
    let Some(selector) = &arguments.selector else {
        terminal.print(|out| output::facts::write(&estate, out))?;
        return Ok(0);
    };
    let cases = selector::cases(&estate, |name| name == selector);
    terminal.print(|out| {
        for case in &cases {
            serde_json::to_writer(&mut *out, &case.masked_json(&estate))?;
            writeln!(out)?;
        }
        Ok(())
    })?;
    Ok(0)
}
