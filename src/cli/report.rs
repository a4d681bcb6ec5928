//! `probity report`: a saved JSON report in any other format.

use std::{
    io::{self, Read as _},
    path::PathBuf,
};

use clap::{ArgMatches, Args};
use jiff::Timestamp;
use ulid::Ulid;

use super::{
    Failure, clock,
    destinations::{Destination, DestinationArguments},
    terminal::Terminal,
};
use crate::{output::saved, report::AuditReference, source::read::STDIN};

/// Arguments of `probity report`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Report that `probity scan -f json` wrote; `-` for standard input.
    #[arg(value_name = "REPORT")]
    report: PathBuf,
    #[command(flatten)]
    destinations: DestinationArguments,
}

/// Shows the report; what it says of the estate was the exit code of its scan, and is none of this command.
pub(super) fn run(
    arguments: &Arguments,
    matches: Option<&ArgMatches>,
    terminal: &Terminal,
) -> Result<u8, Failure> {
    let destinations = arguments.destinations.read(matches)?;
    if let Some(format) = destinations.iter().find(|destination| destination.wants_graphs()) {
        return Err(Failure::usage(format!("a saved report does not hold what `{}` shows", format.name()))
            .help(format!("let the scan write it: `probity scan -f {}`", format.name())));
    }
    let tells_time = |destination: &&Destination| destination.name() == "prometheus";
    let name = arguments.report.display();
    let unusable = |cause: &dyn std::fmt::Display| {
        Failure::usage(format!("`{name}` cannot be shown: {cause}"))
            .help("name a file that `probity scan -f json -o FILE` wrote")
    };
    let text = text(arguments).map_err(|error| unusable(&error))?;
    let (mut report, sources) = saved::read(&text).map_err(|error| unusable(&error))?;
    let began = report.audit.as_ref().and_then(started);
    if let (None, Some(format)) = (began, destinations.iter().find(tells_time)) {
        return Err(Failure::usage(format!(
            "the report does not say when it was made, which `{}` tells",
            format.name()
        ))
        .help("let the scan write it: `probity scan -f prometheus`"));
    }
    report.time = began.unwrap_or_else(clock::now);
    for destination in &destinations {
        destination.write(&report, &sources, terminal)?;
    }
    Ok(0)
}

/// When the run of a report began: its ULID says so.
fn started(audit: &AuditReference) -> Option<Timestamp> {
    let run = Ulid::from_string(&audit.run).ok()?;
    Timestamp::from_millisecond(i64::try_from(run.timestamp_ms()).ok()?).ok()
}

#[expect(clippy::disallowed_methods, reason = "a saved report is no part of an estate: this is its edge")]
fn text(arguments: &Arguments) -> io::Result<String> {
    if arguments.report.as_os_str() != STDIN {
        return std::fs::read_to_string(&arguments.report);
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text)?;
    Ok(text)
}
