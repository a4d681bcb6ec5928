//! `gitlab`: a Code Quality report, which GitLab shows in merge requests.
//!
//! The format wants a file and a line for every issue: a finding about a live object has neither and is left out.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::{Options, json_text, open_findings, visible::one_line};
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
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let issues: Vec<Issue<'_>> = open_findings(report)
        .filter_map(|judged| {
            let place = judged.finding.place.as_ref()?;
            let source = sources.get(place.source);
            // Issues with equal fingerprints are one to GitLab: variants of a resource share theirs.
            let count = seen.entry(&judged.fingerprint).or_default();
            *count += 1;
            let fingerprint = match *count {
                1 => judged.fingerprint.clone(),
                count => format!("{}-{count}", judged.fingerprint),
            };
            Some(Issue {
                description: one_line(&judged.finding.message).into_owned(),
                check_name: &judged.finding.rule,
                fingerprint,
                severity: severity(judged.finding.severity),
                location: Location {
                    path: &source.file,
                    lines: Lines { begin: source.lines().line(place.start) },
                },
            })
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
