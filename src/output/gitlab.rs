//! `gitlab`: a Code Quality report, which GitLab shows in merge requests.
//!
//! The format wants a file and a line for every issue: a live object that no manifest declares stands for a file of one
//! line, see [`super::live`].

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::{Options, json_text, live, open_findings, visible::one_line};
use crate::{finding::Severity, report::Report, source::Sources};

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: Cow<'a, str>,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let issues: Vec<Issue<'_>> = open_findings(report)
        .map(|judged| {
            let (path, begin) = match &judged.finding.place {
                Some(place) => {
                    let source = sources.get(place.source);
                    (Cow::Borrowed(&*source.file), source.lines().line(place.start))
                }
                None => (one_line(&live::path(&judged.finding.resource)).into_owned().into(), 1),
            };
            // Issues with equal fingerprints are one to GitLab: variants of a resource share theirs.
            let count = seen.entry(&judged.fingerprint).or_default();
            *count += 1;
            let fingerprint = match *count {
                1 => judged.fingerprint.clone(),
                count => format!("{}-{count}", judged.fingerprint),
            };
            Issue {
                description: one_line(&judged.finding.message).into_owned(),
                check_name: &judged.finding.rule,
                fingerprint,
                severity: severity(judged.finding.severity),
                location: Location { path, lines: Lines { begin } },
            }
        })
        .collect();
    json_text::write(&issues, out)
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "blocker",
        Severity::High => "critical",
        Severity::Medium => "major",
        Severity::Low => "minor",
        Severity::Info => "info",
    }
}
