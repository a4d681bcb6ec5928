//! `probity.report/v1`: the report as JSON, for other programs.
//!
//! The structs are the public shape (contract, section "`-f json`"), in its order; internal types are converted,
//! never serialised. Keys that the contract does not show come last.

use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{FRAMEWORKS, Options, Verbosity, excerpt::excerpt, json_text, summary::Summary};
use crate::{
    finding::{NotAssessed, Related, Severity},
    policy::metadata::{Control, Rule},
    report::{AuditReference, Judged, Report, Status},
    source::{self, Problem, Source, Sources},
};

/// Longest excerpt, in characters.
const WIDTH: usize = 200;

pub(super) fn render(
    report: &Report,
    sources: &Sources,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document::new(report, sources, options.verbosity == Verbosity::Verbose);
    json_text::write(&document, out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    outcome: &'static str,
    tool: Tool,
    summary: Counts,
    findings: Vec<PublicFinding<'a>>,
    not_assessed: Vec<PublicNotAssessed<'a>>,
    not_applicable: Vec<NotApplicable<'a>>,
    evaluated: Vec<Evaluated<'a>>,
    sources: Vec<PublicSource<'a>>,
    errors: Vec<PolicyError<'a>>,
    audit: Option<Audit<'a>>,
    incomplete: &'a [String],
    rules: Vec<PublicRule<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Counts {
    open: BySeverity,
    waived: usize,
    baseline: usize,
    not_assessed: usize,
}

struct BySeverity([(Severity, usize); Severity::ALL.len()]);

#[derive(Serialize)]
struct PublicFinding<'a> {
    rule: &'a str,
    severity: Severity,
    status: &'static str,
    message: &'a str,
    sets: Vec<&'a str>,
    resource: &'a str,
    place: Option<Place<'a>>,
    related: Vec<PublicRelated<'a>>,
    controls: Controls<'a>,
    waiver: Option<Waiver<'a>>,
    fingerprint: &'a str,
    title: Option<&'a str>,
    remedy: Option<&'a str>,
    peer: Option<&'a str>,
    metadata: &'a serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    excerpt: String,
}

#[derive(Serialize)]
struct PublicRelated<'a> {
    label: &'a str,
    resource: Option<&'a str>,
    place: Option<Place<'a>>,
}

/// Every framework of the contract is there, with an empty list where a rule says nothing about it.
struct Controls<'a>(Option<&'a Rule>);

#[derive(Serialize)]
struct Waiver<'a> {
    id: &'a str,
    owner: &'a str,
    reason: &'a str,
    until: &'a str,
    source: &'a str,
}

#[derive(Serialize)]
struct PublicNotAssessed<'a> {
    rule: &'a str,
    reason: &'a str,
    missing: Option<&'a str>,
    resources: &'a [String],
    sets: Vec<&'a str>,
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
struct NotApplicable<'a> {
    rule: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Evaluated<'a> {
    rule: &'a str,
    subjects: usize,
    passed: usize,
    failed: usize,
    not_assessed: usize,
}

#[derive(Serialize)]
struct PublicSource<'a> {
    file: &'a str,
    status: &'static str,
    documents: usize,
    reason: Option<String>,
}

#[derive(Serialize)]
struct PolicyError<'a> {
    policy: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct Audit<'a> {
    origin: &'a str,
    run: &'a str,
    start: TreeHead<'a>,
    signed: bool,
}

#[derive(Serialize)]
struct TreeHead<'a> {
    size: u64,
    root: &'a str,
}

#[derive(Serialize)]
struct PublicRule<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    severity: Severity,
    recommended_action: &'a str,
    controls: Controls<'a>,
}

impl<'a> Document<'a> {
    fn new(report: &'a Report, sources: &'a Sources, with_ignored: bool) -> Self {
        let summary = Summary::new(report, sources);
        Self {
            schema: "probity.report/v1",
            outcome: report.outcome.name(),
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            summary: Counts {
                open: BySeverity(summary.open),
                waived: summary.waived,
                baseline: summary.baseline,
                not_assessed: summary.not_assessed,
            },
            findings: report
                .findings
                .iter()
                .map(|judged| PublicFinding::new(judged, report.rule(&judged.finding.rule), sources))
                .collect(),
            not_assessed: report
                .not_assessed
                .iter()
                .map(|result| PublicNotAssessed::new(result, sources))
                .collect(),
            not_applicable: report
                .not_applicable
                .iter()
                .map(|result| NotApplicable { rule: &result.rule, reason: &result.reason })
                .collect(),
            evaluated: report
                .evaluated
                .iter()
                .map(|counts| Evaluated {
                    rule: &counts.rule,
                    subjects: counts.subjects,
                    passed: counts.passed,
                    failed: counts.failed,
                    not_assessed: counts.not_assessed,
                })
                .collect(),
            sources: sources
                .as_slice()
                .iter()
                .filter(|source| with_ignored || !matches!(source.status, source::Status::Ignored(_)))
                .map(|source| PublicSource::new(source, sources))
                .collect(),
            errors: report
                .errors
                .iter()
                .map(|error| PolicyError { policy: &error.policy, message: &error.message })
                .collect(),
            audit: report.audit.as_ref().map(Audit::from),
            incomplete: &report.incomplete,
            rules: report.rules.iter().map(|rule| PublicRule::from(&**rule)).collect(),
        }
    }
}

impl<'a> PublicFinding<'a> {
    fn new(judged: &'a Judged, rule: Option<&'a Rule>, sources: &'a Sources) -> Self {
        let finding = &judged.finding;
        Self {
            rule: &finding.rule,
            severity: finding.severity,
            status: judged.status.name(),
            message: &finding.message,
            sets: finding.sets.iter().map(|set| &**set).collect(),
            resource: &finding.resource,
            place: Place::new(finding.place.as_ref(), sources),
            related: finding.related.iter().map(|related| PublicRelated::new(related, sources)).collect(),
            controls: Controls(rule),
            waiver: match &judged.status {
                Status::Waived(waiver) => Some(Waiver {
                    id: &waiver.id,
                    owner: &waiver.owner,
                    reason: &waiver.reason,
                    until: &waiver.until,
                    source: &waiver.source,
                }),
                Status::Open | Status::Baseline => None,
            },
            fingerprint: &judged.fingerprint,
            title: rule.map(|rule| &*rule.title),
            remedy: finding.remedy.as_deref(),
            peer: finding.peer.as_deref(),
            metadata: &finding.metadata,
        }
    }
}

impl<'a> Place<'a> {
    fn new(place: Option<&source::Place>, sources: &'a Sources) -> Option<Self> {
        let place = place?;
        let source = sources.get(place.source);
        let region = source.region(&place.span());
        Some(Self {
            file: &source.file,
            line: region.line,
            column: region.column,
            end_line: region.end_line,
            end_column: region.end_column,
            excerpt: excerpt(source, place, WIDTH - 2).text.trim().to_owned(),
        })
    }
}

impl<'a> PublicRelated<'a> {
    fn new(related: &'a Related, sources: &'a Sources) -> Self {
        Self {
            label: &related.label,
            resource: related.resource.as_deref(),
            place: Place::new(related.place.as_ref(), sources),
        }
    }
}

impl<'a> PublicNotAssessed<'a> {
    fn new(result: &'a NotAssessed, sources: &'a Sources) -> Self {
        Self {
            rule: &result.rule,
            reason: &result.reason,
            missing: result.missing.as_deref(),
            resources: &result.resources,
            sets: result.sets.iter().map(|set| &**set).collect(),
            place: Place::new(result.place.as_ref(), sources),
        }
    }
}

impl<'a> PublicSource<'a> {
    fn new(source: &'a Source, sources: &Sources) -> Self {
        let (status, reason) = match &source.status {
            source::Status::Read => ("read", None),
            source::Status::Ignored(reason) => ("ignored", Some(reason.clone())),
            source::Status::Skipped(reason) => ("skipped", Some(reason.clone())),
            source::Status::Failed(problems) => ("failed", Some(reason(problems, sources))),
        };
        Self { file: &source.file, status, documents: source.documents, reason }
    }
}

/// `line 3: …; line 9: …`; no excerpt, as what did not parse could not be masked either.
fn reason(problems: &[Problem], sources: &Sources) -> String {
    let parts: Vec<String> = problems
        .iter()
        .map(|problem| match &problem.place {
            Some(place) => {
                format!("line {}: {}", sources.get(place.source).region(&place.span()).line, problem.message)
            }
            None => problem.message.clone(),
        })
        .collect();
    parts.join("; ")
}

impl<'a> From<&'a AuditReference> for Audit<'a> {
    fn from(audit: &'a AuditReference) -> Self {
        Self {
            origin: &audit.origin,
            run: &audit.run,
            start: TreeHead { size: audit.size, root: &audit.root },
            signed: audit.signed,
        }
    }
}

impl<'a> From<&'a Rule> for PublicRule<'a> {
    fn from(rule: &'a Rule) -> Self {
        Self {
            id: &rule.id,
            title: &rule.title,
            description: &rule.description,
            severity: rule.severity,
            recommended_action: &rule.recommended_action,
            controls: Controls(Some(rule)),
        }
    }
}

impl Serialize for BySeverity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(severity, count)| (severity.name(), count)))
    }
}

impl Serialize for Controls<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ids =
            |controls: &[Control]| controls.iter().map(|control| control.id.clone()).collect::<Vec<_>>();
        let mut map = serializer.serialize_map(None)?;
        for framework in FRAMEWORKS {
            let controls = self.0.and_then(|rule| rule.controls.get(framework));
            map.serialize_entry(framework, &controls.map_or_else(Vec::new, |controls| ids(controls)))?;
        }
        for (framework, controls) in self.0.iter().flat_map(|rule| &rule.controls) {
            if !FRAMEWORKS.contains(&&**framework) {
                map.serialize_entry(framework, &ids(controls))?;
            }
        }
        map.end()
    }
}
