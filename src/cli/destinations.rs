//! Where reports go: pairs of `--format` and `--output`.

#[cfg(feature = "cluster")]
use std::path::Path;
use std::{collections::HashSet, fs::File, io::Write as _, path::PathBuf};

use clap::{ArgMatches, Args, builder::PossibleValuesParser};

use super::{Failure, terminal::Terminal};
use crate::{
    output::{self, Format},
    report::Report,
    source::Sources,
};

/// Formats and files, as they were typed.
#[derive(Debug, Args)]
pub(super) struct DestinationArguments {
    /// Format of a report; may be repeated, each with its `--output`.
    #[arg(short, long, value_name = "FORMAT",
        value_parser = PossibleValuesParser::new(output::FORMATS.iter().map(|format| format.name)))]
    format: Vec<String>,
    /// File for the report of the `--format` before it; without one, or with `-`, it goes to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
}

/// One report with where it goes.
pub(super) struct Destination {
    format: &'static Format,
    file: Option<PathBuf>,
}

/// What was written, for the audit log.
pub(super) struct Written {
    pub(super) format: &'static str,
    /// `None` for standard output.
    pub(super) file: Option<PathBuf>,
    pub(super) bytes: Vec<u8>,
}

impl Destination {
    /// Whether it shows the pictures of the estate.
    pub(super) const fn wants_graphs(&self) -> bool {
        self.format.wants_graphs
    }

    pub(super) const fn name(&self) -> &'static str {
        self.format.name
    }

    pub(super) fn write(
        &self,
        report: &Report,
        sources: &Sources,
        terminal: &Terminal,
    ) -> Result<Written, Failure> {
        let options = if self.file.is_some() { terminal.file_options() } else { terminal.options() };
        let mut bytes = Vec::new();
        self.format.render(report, sources, &options, &mut bytes).map_err(|error| {
            Failure::usage(format!("format `{}` cannot be written: {error}", self.format.name))
        })?;
        match &self.file {
            None => terminal.print(|out| out.write_all(&bytes))?,
            Some(path) => {
                File::create(path).and_then(|mut file| file.write_all(&bytes)).map_err(|error| {
                    Failure::usage(format!("`--output {}` cannot be written: {error}", path.display()))
                        .help("name a file in a folder that exists")
                })?;
                super::audit::remove_proof(path);
            }
        }
        Ok(Written { format: self.format.name, file: self.file.clone(), bytes })
    }
}

impl DestinationArguments {
    #[cfg(feature = "cluster")]
    pub(super) fn names_format(&self) -> bool {
        !self.format.is_empty()
    }

    /// The one file that is named; `None` where there is none, or several.
    #[cfg(feature = "cluster")]
    pub(super) fn only_file(&self) -> Option<&Path> {
        match self.output.as_slice() {
            [file] if file.as_os_str() != "-" => Some(file),
            _ => None,
        }
    }

    /// Pairs each `--output` with the `--format` before it.
    pub(super) fn read(&self, matches: Option<&ArgMatches>) -> Result<Vec<Destination>, Failure> {
        let indices = |name: &str| {
            matches
                .and_then(|matches| matches.indices_of(name))
                .map(Iterator::collect::<Vec<_>>)
                .unwrap_or_default()
        };
        let (formats, outputs) = (indices("format"), indices("output"));
        let mut found: Vec<(usize, Destination)> = Vec::new();
        for (name, at) in self.format.iter().zip(formats) {
            let format =
                output::format(name).ok_or_else(|| Failure::usage(format!("there is no format `{name}`")))?;
            found.push((at, Destination { format, file: None }));
        }
        let text = &output::FORMATS[0];
        for (path, at) in self.output.iter().zip(outputs) {
            let free = |found: &&mut (usize, Destination)| found.1.file.is_none();
            let before = found.iter_mut().filter(free).rfind(|(format, _)| *format < at);
            match before {
                Some((_, destination)) => destination.file = Some(path.clone()),
                None if self.format.len() == 1 && self.output.len() == 1 => {
                    found[0].1.file = Some(path.clone());
                }
                None if self.format.is_empty() => {
                    found.push((at, Destination { format: text, file: Some(path.clone()) }));
                }
                None => {
                    return Err(Failure::usage(format!(
                        "`--output {}` has no `--format` before it",
                        path.display()
                    ))
                    .help("write pairs: `-f sarif -o report.sarif -f json -o report.json`"));
                }
            }
        }
        if found.is_empty() {
            found.push((0, Destination { format: text, file: None }));
        }
        for (_, destination) in &mut found {
            destination.file.take_if(|file| file.as_os_str() == "-");
        }
        let mut files = HashSet::new();
        if let Some(file) =
            found.iter().filter_map(|(_, found)| found.file.as_ref()).find(|file| !files.insert(*file))
        {
            return Err(Failure::usage(format!("`--output {}` is given for two formats", file.display()))
                .help("give each format a file of its own"));
        }
        let printed: Vec<&str> = found
            .iter()
            .filter(|(_, found)| found.file.is_none())
            .map(|(_, found)| found.format.name)
            .collect();
        if printed.len() > 1 {
            return Err(Failure::usage(format!(
                "formats {} would be mixed on standard output",
                printed.join(" and ")
            ))
            .help("give all but one of them a file with `--output`"));
        }
        Ok(found.into_iter().map(|(_, destination)| destination).collect())
    }
}
