//! Output: one file per format, each reading the same finished [`Report`].
//!
//! Text of a source is shown only through [`crate::source::Source::masked`], and findings are neither judged nor
//! reordered here. Deliberately absent: files and terminals; a renderer gets a writer and is told what it may use.

mod causes;
mod csv;
mod excerpt;
pub mod facts;
mod github;
mod gitlab;
pub mod graph;
mod html;
mod json;
mod json_text;
mod junit;
mod live;
mod markdown;
mod oscal;
pub mod policy_report;
pub mod prometheus;
mod related;
mod sarif;
pub mod saved;
pub(crate) mod summary;
mod text;
pub(crate) mod visible;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    io::{self, BufWriter, Write},
};

use crate::{
    finding::Severity,
    policy::metadata::{Control, FRAMEWORKS, Rule},
    report::{Judged, Report, Status},
    source::Sources,
};

/// What a renderer may use and how much it says; a format that has no use for a field ignores it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// ANSI colours: the caller knows whether the writer is a terminal.
    pub color: bool,
    pub verbosity: Verbosity,
}

/// How much a format says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// `-q`: one line per open finding and policy error, and the summary.
    Quiet,
    #[default]
    Normal,
    /// `-v`: waived and baseline findings, ignored sources, nothing shortened.
    Verbose,
}

type Render = fn(&Report, &Sources, Options, &mut dyn Write) -> io::Result<()>;

/// One format of `--format`.
pub struct Format {
    pub name: &'static str,
    render: Render,
    /// Whether it shows the pictures of the estate, which a saved report does not hold.
    pub wants_graphs: bool,
}

/// All formats, in the order in which help lists them.
pub const FORMATS: [Format; 13] = [
    Format::new("text", text::render),
    Format::new("json", json::render),
    Format::new("sarif", sarif::render),
    Format::new("github", github::render),
    Format::new("junit", junit::render),
    Format::new("markdown", markdown::render),
    Format::new("csv", csv::render),
    Format::new("gitlab", gitlab::render),
    Format::new("html", html::render),
    Format::new("policyreport", policy_report::render),
    Format::new("oscal", oscal::render),
    Format::new("prometheus", prometheus::render),
    Format {
        wants_graphs: true,
        ..Format::new("openlineage", |report, _, _, out| graph::events(report, out))
    },
];

/// A format by its name; `None` is the caller's usage error.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

impl Format {
    const fn new(name: &'static str, render: Render) -> Self {
        Self { name, render, wants_graphs: false }
    }

    /// Writes the report and flushes; the same report and options give the same bytes.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn render(
        &self,
        report: &Report,
        sources: &Sources,
        options: &Options,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut buffered = BufWriter::new(out);
        (self.render)(report, sources, *options, &mut buffered)?;
        buffered.flush()
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Format").field(&self.name).finish()
    }
}

/// The three degrees that other tools know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Note,
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Critical | Severity::High => Self::Error,
            Severity::Medium => Self::Warning,
            Severity::Low | Severity::Info => Self::Note,
        }
    }
}

/// The frameworks that a rule gives evidence for, with its controls.
fn frameworks(rule: &Rule) -> impl Iterator<Item = (&str, &[Control])> {
    let known = FRAMEWORKS.iter().filter_map(|name| rule.controls.get_key_value(*name));
    let others = rule.controls.iter().filter(|(name, _)| !FRAMEWORKS.contains(&name.as_str()));
    known
        .chain(others)
        .filter(|(_, controls)| !controls.is_empty())
        .map(|(name, controls)| (name.as_str(), controls.as_slice()))
}

/// Findings that count, in the order of the report.
fn open_findings(report: &Report) -> impl Iterator<Item = &Judged> {
    report.findings.iter().filter(|judged| judged.status == Status::Open)
}
