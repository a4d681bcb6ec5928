//! `probity graph`: services and the databases that they use, as a picture.

use clap::{Args, builder::PossibleValuesParser};

use super::{Failure, scan::EstateArguments, terminal::Terminal};
use crate::{output::graph::FORMATS, scan::read_estate};

/// Arguments of `probity graph`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    estate: EstateArguments,
    /// How to draw it.
    #[arg(short, long, value_name = "FORMAT", default_value = FORMATS[0].name,
        value_parser = PossibleValuesParser::new(FORMATS.iter().map(|format| format.name)))]
    format: String,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let (settings, _) = arguments.estate.settings(terminal)?;
    let estate = read_estate(&settings, &|_, _| {})?;
    for format in FORMATS.iter().filter(|format| format.name == arguments.format) {
        terminal.print(|out| format.write(&estate, out))?;
    }
    Ok(0)
}
