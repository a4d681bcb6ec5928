//! `junit`: one test suite per rule, for the test view of a continuous integration.
//!
//! A finding is a failed test, a waived one or a result that was not assessed a skipped one, and what could not be
//! read or evaluated an error. Deliberately absent: times.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::{
    Options,
    related::described_with_place,
    summary::{UNUSED, since, unused},
    visible::{one_line, paragraph, visible},
};
use crate::{
    report::{Judged, Report, Status},
    source::{self, Place, Sources},
};

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let suites = suites(report, sources);
    let total = |wanted: Kind| suites.values().flatten().filter(|case| case.kind == wanted).count();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"probity\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        suites.values().map(Vec::len).sum::<usize>(),
        total(Kind::Failure),
        total(Kind::Error),
        total(Kind::Skipped)
    )?;
    for (name, cases) in &suites {
        let count = |wanted: Kind| cases.iter().filter(|case| case.kind == wanted).count();
        writeln!(
            out,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
            attribute(name),
            cases.len(),
            count(Kind::Failure),
            count(Kind::Error),
            count(Kind::Skipped)
        )?;
        for case in cases {
            case.write(name, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

struct Case {
    kind: Kind,
    name: String,
    /// File and line.
    at: Option<(String, usize)>,
    /// Severity of a failure.
    degree: &'static str,
    message: String,
    details: String,
}

/// Suites sorted by name: rules, `change`, `policies`, `sources` and `run`.
fn suites(report: &Report, sources: &Sources) -> BTreeMap<String, Vec<Case>> {
    let mut suites: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    let mut add = |suite: &str, case: Case| suites.entry(suite.to_owned()).or_default().push(case);
    for judged in &report.findings {
        add(&judged.finding.rule, finding(judged, sources));
    }
    for result in &report.not_assessed {
        let at = result.place.as_ref().map(|place| position(place, sources));
        let message = format!("not assessed: {}", result.reason);
        add(&result.rule, Case { at, message, ..Case::new(Kind::Skipped, result.resources.join(", ")) });
    }
    for result in &report.not_applicable {
        let message = format!("not applicable: {}", result.reason);
        add(&result.rule, Case { message, ..Case::new(Kind::Skipped, "rule".to_owned()) });
    }
    for error in &report.errors {
        add(
            "policies",
            Case { message: error.message.clone(), ..Case::new(Kind::Error, error.policy.clone()) },
        );
    }
    for source in sources.as_slice() {
        if let source::Status::Failed(problems) = &source.status {
            for problem in problems {
                let at = problem.place.as_ref().map(|place| position(place, sources));
                let message = problem.message.clone();
                add("sources", Case { at, message, ..Case::new(Kind::Error, source.file.to_string()) });
            }
        }
    }
    for reason in &report.incomplete {
        add("run", Case { message: reason.clone(), ..Case::new(Kind::Error, "complete".to_owned()) });
    }
    if let Some(change) = &report.change {
        add("change", Case::new(Kind::Passed, since(change)));
        for repaired in &change.repaired {
            let name = format!("repaired: {}: {}: {}", repaired.rule, repaired.resource, repaired.message);
            let at = repaired.file.clone().zip(repaired.line);
            add("change", Case { at, ..Case::new(Kind::Passed, name) });
        }
        for file in &change.unused {
            let message = UNUSED.to_owned();
            add("change", Case { message, ..Case::new(Kind::Skipped, unused(file)) });
        }
    }
    for counts in &report.evaluated {
        let cases = suites.entry(counts.rule.to_string()).or_default();
        if cases.is_empty() && counts.subjects > 0 {
            cases.push(Case::new(Kind::Passed, "rule".to_owned()));
        } else if cases.is_empty() {
            let message = "nothing to judge".to_owned();
            cases.push(Case { message, ..Case::new(Kind::Skipped, "rule".to_owned()) });
        }
    }
    suites
}

fn finding(judged: &Judged, sources: &Sources) -> Case {
    let finding = &judged.finding;
    let at = finding.place.as_ref().map(|place| position(place, sources));
    let name = format!("{}: {}", finding.resource, finding.message);
    let skipped = |message| Case { at: at.clone(), message, ..Case::new(Kind::Skipped, name.clone()) };
    match &judged.status {
        Status::Waived(waiver) => {
            skipped(format!("waived by {} until {}: {}", waiver.owner, waiver.until, waiver.reason))
        }
        Status::Baseline => skipped("in the baseline".to_owned()),
        Status::Open => {
            let place = at.iter().map(|(file, line)| format!("{}:{line}", one_line(file)));
            let related = finding.related.iter().map(|related| described_with_place(related, sources));
            let details: Vec<String> = place.chain(related).chain(finding.remedy.clone()).collect();
            Case {
                at,
                degree: finding.severity.name(),
                message: finding.message.clone(),
                details: details.join("\n"),
                ..Case::new(Kind::Failure, name)
            }
        }
    }
}

fn position(place: &Place, sources: &Sources) -> (String, usize) {
    let source = sources.get(place.source);
    (source.file.to_string(), source.lines().line(place.start))
}

impl Case {
    fn new(kind: Kind, name: String) -> Self {
        Self { kind, name, at: None, degree: "error", message: String::new(), details: String::new() }
    }

    fn write(&self, suite: &str, out: &mut dyn Write) -> io::Result<()> {
        write!(
            out,
            "    <testcase classname=\"{}\" name=\"{}\"",
            attribute(suite),
            attribute(&one_line(&self.name))
        )?;
        if let Some((file, line)) = &self.at {
            write!(out, " file=\"{}\" line=\"{line}\"", attribute(&one_line(file)))?;
        }
        let (degree, message) = (self.degree, attribute(&self.message));
        let details = content(&paragraph(&self.details));
        match self.kind {
            Kind::Passed => return writeln!(out, "/>"),
            Kind::Failure => {
                writeln!(out, ">")?;
                writeln!(out, "      <failure type=\"{degree}\" message=\"{message}\">{details}</failure>")?;
            }
            Kind::Error => {
                writeln!(out, ">")?;
                writeln!(out, "      <error type=\"{degree}\" message=\"{message}\"/>")?;
            }
            Kind::Skipped => {
                writeln!(out, ">")?;
                writeln!(out, "      <skipped message=\"{message}\"/>")?;
            }
        }
        writeln!(out, "    </testcase>")
    }
}

fn attribute(text: &str) -> String {
    content(text).replace('"', "&quot;").replace('\n', "&#10;").replace('\t', "&#9;")
}

/// XML 1.0 has no way to write most control characters, nor U+FFFE and U+FFFF.
fn content(text: &str) -> String {
    visible(&text.replace("\r\n", "\n"))
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
