//! `probity graph`: services, the databases that they use and the data that goes between them, as a picture.

use clap::{Args, builder::PossibleValuesParser};

use super::{Failure, clock, configuration::check_rendering, scan::EstateArguments, terminal::Terminal};
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
    let (settings, _) = arguments.estate.settings()?;
    check_rendering(&settings, terminal)?;
    let estate = read_estate(&settings, &|_, _| {})?;
    let time = clock::now().to_string();
    for format in FORMATS.iter().filter(|format| format.name == arguments.format) {
        terminal.print(|out| format.write(&estate, &time, out))?;
    }
    Ok(0)
}
