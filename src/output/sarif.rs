//! `sarif`: SARIF 2.1.0 as GitHub code scanning reads it.
//!
//! Open findings only, unless `-v` asks for the decided ones with their suppressions: code scanning takes suppressed
//! and passing results for alerts. Sources are named relative to the base. One result without a file would make it reject
//! all of them, so a live object that no manifest declares stands for a file of its own: see [`super::live`].
//! Deliberately absent: snippets, absolute paths, passes.

mod line_hash;
mod location;
mod model;
mod notifications;
mod rules;

#[cfg(test)]
mod tests;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use serde_json::{Map, Value, json};

use super::{
    Level, Options, Verbosity, json_text,
    related::described,
    visible::{one_line, visible},
};
use crate::{
    finding::Edit,
    report::{AuditReference, Judged, Report, Status},
    source::{Place, SourceId, Sources},
};
use location::{Artifacts, link_text, without_links};
use model::{
    ArtifactChange, AutomationDetails, Driver, Fingerprints, Fix, Invocation, Location, Log, Replacement,
    ResultProperties, Run, SarifResult, Suppression, Text, Tool,
};

/// Results that code scanning keeps; what it drops beyond them it does not say.
const RESULTS: usize = 5000;
/// Related locations of a result that are shown.
const RELATED: usize = 100;

pub(super) fn render(
    report: &Report,
    sources: &Sources,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [run(report, sources, options.verbosity == Verbosity::Verbose)],
    };
    json_text::write(&log, out)
}

fn run(report: &Report, sources: &Sources, with_decided: bool) -> Run {
    let rules = rules::rules(report);
    let indices: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(index, rule)| (rule.id.as_str(), index)).collect();
    let selection = Selection::new(report, with_decided);
    let hashes = line_hashes(&selection, sources);
    let mut artifacts = Artifacts::new(sources);
    let results = selection
        .results
        .iter()
        .filter_map(|(judged, place)| {
            let rule_index = *indices.get(&*judged.finding.rule)?;
            let line_hash = match place {
                Some(place) => {
                    let line = sources.get(place.source).lines().line(place.start);
                    hashes.get(&place.source).and_then(|lines| lines.get(&line)).cloned()
                }
                None => Some(live_hash(&judged.fingerprint)),
            };
            let suppressions = with_decided.then(|| suppressions(&judged.status));
            let result = result(judged, *place, rule_index, line_hash, &mut artifacts);
            Some(SarifResult { suppressions, ..result })
        })
        .collect();
    let notifications = notifications::notifications(report, sources, &selection, &mut artifacts);
    Run {
        tool: Tool {
            driver: Driver {
                name: env!("CARGO_PKG_NAME"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                short_description: Text { text: env!("CARGO_PKG_DESCRIPTION").to_owned() },
                rules,
            },
        },
        automation_details: AutomationDetails { id: "probity/scan/" },
        column_kind: "unicodeCodePoints",
        original_uri_base_ids: location::base_ids(),
        invocations: [Invocation {
            execution_successful: notifications::is_successful(report, sources),
            tool_execution_notifications: notifications,
        }],
        artifacts: artifacts.into_list(),
        results,
        properties: report.audit.as_ref().map(audit).unwrap_or_default(),
    }
}

/// The findings that become results, and how many do not.
struct Selection<'a> {
    /// With their places; live objects have none.
    results: Vec<(&'a Judged, Option<&'a Place>)>,
    beyond_limit: usize,
}

impl<'a> Selection<'a> {
    /// In the order of the report; where there are too many, the worst stay.
    fn new(report: &'a Report, with_decided: bool) -> Self {
        let selected = report.findings.iter().filter(|judged| with_decided || judged.status == Status::Open);
        let mut results: Vec<(usize, &Judged)> = selected.enumerate().collect();
        let beyond_limit = results.len().saturating_sub(RESULTS);
        if beyond_limit > 0 {
            results.sort_by_key(|(index, judged)| (Reverse(judged.finding.severity), *index));
            results.truncate(RESULTS);
            results.sort_by_key(|(index, _)| *index);
        }
        let results = results.into_iter().map(|(_, judged)| (judged, judged.finding.place.as_ref()));
        Self { results: results.collect(), beyond_limit }
    }
}

/// One pass over each file that has results.
fn line_hashes(selection: &Selection<'_>, sources: &Sources) -> BTreeMap<SourceId, BTreeMap<usize, String>> {
    let mut lines: BTreeMap<SourceId, BTreeSet<usize>> = BTreeMap::new();
    for place in selection.results.iter().filter_map(|(_, place)| *place) {
        let line = sources.get(place.source).lines().line(place.start);
        lines.entry(place.source).or_default().insert(line);
    }
    lines
        .into_iter()
        // What a saved report quotes of a file is not the file: whoever has it hashes it.
        .filter(|(id, _)| sources.get(*id).digest.is_some())
        .map(|(id, lines)| (id, line_hash::line_hashes(&sources.get(id).masked().text, &lines)))
        .collect()
}

/// By what code scanning knows a result again: without a file that it could hash, what the finding means.
fn live_hash(fingerprint: &str) -> String {
    format!("{}:1", fingerprint.get(..16).unwrap_or(fingerprint))
}

fn result(
    judged: &Judged,
    place: Option<&Place>,
    rule_index: usize,
    line_hash: Option<String>,
    artifacts: &mut Artifacts<'_>,
) -> SarifResult {
    let finding = &judged.finding;
    let mut message = without_links(&visible(&finding.message));
    let locations = [match place {
        Some(place) => artifacts.location(place),
        None => artifacts.live_object(&finding.resource),
    }];
    let mut related_locations = Vec::new();
    for related in finding.related.iter().take(RELATED) {
        let named = without_links(&described(related));
        let Some(place) = &related.place else {
            message.push('\n');
            message.push_str(&named);
            continue;
        };
        // A viewer that shows no related locations still follows the link in the message.
        let id = related_locations.len() + 1;
        message.extend(["\n[", &link_text(&named), "](", &id.to_string(), ")"]);
        related_locations.push(Location {
            id: Some(id),
            message: Some(Text { text: named }),
            ..artifacts.location(place)
        });
    }
    SarifResult {
        rule_id: finding.rule.to_string(),
        rule_index,
        level: Level::from(finding.severity).sarif(),
        message: Text { text: message },
        locations,
        related_locations,
        partial_fingerprints: Fingerprints { line_hash, own: judged.fingerprint.clone() },
        suppressions: None,
        fixes: finding.fix.as_ref().map(|edit| fix(edit, artifacts)).into_iter().collect(),
        properties: ResultProperties {
            resource: one_line(&finding.resource).into_owned(),
            severity: finding.severity.name(),
            sets: finding.sets.iter().map(|set| one_line(set).into_owned()).collect(),
        },
    }
}

/// 3.27.30 fixes property.
fn fix(edit: &Edit, artifacts: &mut Artifacts<'_>) -> Fix {
    Fix {
        description: Text { text: format!("Set it to {}", edit.replacement) },
        artifact_changes: [ArtifactChange {
            artifact_location: artifacts.file(edit.place.source).physical.artifact_location,
            replacements: [Replacement {
                deleted_region: artifacts.region(&edit.place),
                inserted_content: Text { text: edit.replacement.clone() },
            }],
        }],
    }
}

/// 3.27.23 suppressions property.
fn suppressions(status: &Status) -> Vec<Suppression> {
    let accepted = |kind, justification| Suppression { kind, status: "accepted", justification };
    match status {
        Status::Open => Vec::new(),
        Status::Baseline => vec![accepted("external", "in the baseline".to_owned())],
        Status::Waived(waiver) => {
            let [id, owner, until, reason] =
                [&waiver.id, &waiver.owner, &waiver.until, &waiver.reason].map(|text| one_line(text));
            let kind = if waiver.in_source { "inSource" } else { "external" };
            vec![accepted(kind, format!("{id} of {owner} until {until}: {reason}"))]
        }
    }
}

/// Where this run stands in the audit log, as an auditor looks it up.
fn audit(audit: &AuditReference) -> Map<String, Value> {
    let reference = json!({
        "origin": audit.origin,
        "run": audit.run,
        "start": {"size": audit.size, "root": audit.root},
        "signed": audit.signed,
    });
    Map::from_iter([("probity_audit".to_owned(), reference)])
}

impl Level {
    /// 3.27.10 level property.
    const fn sarif(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}
