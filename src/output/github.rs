//! `github`: workflow commands, which GitHub Actions shows as annotations.
//!
//! A step may show ten annotations of a level, and what is beyond is dropped without a word: so the worst come
//! first, and the last one counts the rest.

use std::{
    cmp::Reverse,
    io::{self, Write},
};

use super::{
    Level, Options,
    excerpt::first_line,
    open_findings,
    related::described_with_place,
    summary::{Summary, UNUSED, counted, first_few, since, unused, verdict},
    visible::{one_line, visible},
};
use crate::{
    report::{Judged, Report},
    source::{Place, Sources, Status},
};

/// Annotations of one level that a step shows.
const SHOWN: usize = 10;

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut annotations = problems(report, sources);
    let mut open: Vec<&Judged> = open_findings(report).collect();
    open.sort_by_key(|judged| Reverse(judged.finding.severity));
    annotations.extend(open.into_iter().map(|judged| Annotation::finding(judged, sources)));
    annotations.splice(0..0, unused_files(report));
    for level in [Level::Error, Level::Warning, Level::Note] {
        let of_level: Vec<&Annotation> =
            annotations.iter().filter(|annotation| annotation.level == level).collect();
        let shown = if of_level.len() > SHOWN { SHOWN - 1 } else { of_level.len() };
        for annotation in of_level.iter().take(shown) {
            annotation.write(out)?;
        }
        if of_level.len() > shown {
            let more = counted(of_level.len() - shown, "more annotation");
            let text = format!("{more} of this level: see the job summary or the report");
            Annotation { level, at: None, title: "probity".to_owned(), message: text }.write(out)?;
        }
    }
    if let Some(change) = &report.change {
        writeln!(out, "{}", one_line(&since(change)))?;
    }
    writeln!(out, "summary: {}", Summary::new(report, sources).sentence())?;
    writeln!(out, "outcome: {}, {}", report.outcome.name(), verdict(report))
}

struct Annotation {
    level: Level,
    /// Properties of the command that say where.
    at: Option<String>,
    title: String,
    message: String,
}

/// What kept the run from judging everything.
fn problems(report: &Report, sources: &Sources) -> Vec<Annotation> {
    let error = |title: &str, at, message: &str| Annotation {
        level: Level::Error,
        at,
        title: title.into(),
        message: message.into(),
    };
    let mut all: Vec<Annotation> = report
        .errors
        .iter()
        .map(|problem| error("policy error", None, &format!("{}: {}", problem.policy, problem.message)))
        .collect();
    for source in sources.as_slice() {
        if let Status::Failed(problems) = &source.status {
            for problem in problems {
                let at = match &problem.place {
                    Some(place) => at(place, sources),
                    None => format!("file={}", property(&source.file)),
                };
                all.push(error("not read", Some(at), &problem.message));
            }
        }
    }
    all.extend(report.incomplete.iter().map(|reason| error("incomplete", None, reason)));
    all
}

/// What the change did to what decides: first of the notices, so that no number of findings hides them.
fn unused_files(report: &Report) -> Option<Annotation> {
    let change = report.change.as_ref().filter(|change| !change.unused.is_empty())?;
    let files: Vec<String> = change.unused.iter().map(unused).collect();
    let message = format!("{UNUSED}: {}", first_few(files.iter().map(String::as_str), SHOWN));
    Some(Annotation { level: Level::Note, at: None, title: "not used".to_owned(), message })
}

impl Annotation {
    fn finding(judged: &Judged, sources: &Sources) -> Self {
        let finding = &judged.finding;
        let mut message = finding.message.clone();
        for related in &finding.related {
            message.push('\n');
            message.push_str(&described_with_place(related, sources));
        }
        Self {
            level: Level::from(finding.severity),
            at: finding.place.as_ref().map(|place| at(place, sources)),
            title: format!("{} {}", finding.severity, finding.rule),
            message,
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let command = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let at = self.at.as_ref().map(|at| format!("{at},")).unwrap_or_default();
        writeln!(out, "::{command} {at}title={}::{}", property(&self.title), data(&self.message))
    }
}

/// Columns count only where a place ends on the line on which it starts.
fn at(place: &Place, sources: &Sources) -> String {
    let source = sources.get(place.source);
    let region = first_line(source, place);
    format!(
        "file={},line={},endLine={},col={},endColumn={}",
        property(&source.file),
        region.line,
        region.end_line,
        region.column,
        region.end_column
    )
}

/// Escaped as `@actions/core` escapes a message.
fn data(text: &str) -> String {
    visible(&text.trim_end().replace("\r\n", "\n")).replace('%', "%25").replace('\n', "%0A")
}

/// Escaped as `@actions/core` escapes a property.
fn property(text: &str) -> String {
    one_line(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}
