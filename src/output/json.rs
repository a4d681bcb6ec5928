//! `probity.report/v1`: the report as JSON, for other programs.
//!
//! Internal types are converted to the public ones, never serialised.

mod model;

use std::io::{self, Write};

use super::{
    Options, Verbosity,
    excerpt::{Excerpt, excerpt},
    json_text,
    summary::Summary,
};
use crate::{
    finding::{Edit, NotAssessed, Related},
    policy::metadata::Rule,
    report::{self, AuditReference, Judged, Report, Status},
    source::{self, Problem, Source, Sources},
};
use model::{
    Audit, BySeverity, Change, Controls, Counts, Document, Drift, Evaluated, Fix, NotApplicable, Notice,
    Override, Place, PolicyError, PublicFinding, PublicNotAssessed, PublicRelated, PublicRule, PublicSource,
    Repaired, Tool, TreeHead, Unused, Waiver, Waivers,
};

/// Longest excerpt, in characters.
const WIDTH: usize = 200;

pub(super) fn render(
    report: &Report,
    sources: &Sources,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let document = Document::new(report, sources, options.verbosity == Verbosity::Verbose);
    json_text::write(&document, out)
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
                .filter(|source| {
                    with_ignored
                        || source.live.is_some()
                        || !matches!(source.status, source::Status::Ignored(_))
                })
                .map(|source| PublicSource::new(source, sources))
                .collect(),
            errors: report
                .errors
                .iter()
                .map(|error| PolicyError { policy: &error.policy, message: &error.message })
                .collect(),
            audit: report.audit.as_ref().map(Audit::from),
            fail_on: report.fail_on,
            incomplete: &report.incomplete,
            overrides: report
                .overrides
                .iter()
                .map(|setting| Override {
                    rule: &setting.rule,
                    setting: setting.setting,
                    from: &setting.from,
                    to: &setting.to,
                    source: &setting.source,
                })
                .collect(),
            waivers: Waivers {
                expired: report.expired_waivers.iter().map(Waiver::from).collect(),
                unused: report.unused_waivers.iter().map(Waiver::from).collect(),
            },
            rules: report.rules.iter().map(|rule| PublicRule::from(&**rule)).collect(),
            change: report.change.as_ref().map(Change::from),
            drift: report.drift.as_ref().map(|drift| Drift {
                paired: drift.paired,
                in_both: drift.in_both,
                not_compared: &drift.aside,
            }),
            facts: report.facts.as_ref(),
        }
    }
}

impl<'a> From<&'a report::Change> for Change<'a> {
    fn from(change: &'a report::Change) -> Self {
        let repaired = change.repaired.iter().map(|repaired| Repaired {
            rule: &repaired.rule,
            severity: repaired.severity,
            message: &repaired.message,
            resource: &repaired.resource,
            file: repaired.file.as_deref(),
            line: repaired.line,
            fingerprint: &repaired.fingerprint,
        });
        let unused = change.unused.iter().map(|unused| Unused {
            file: &unused.file,
            line: unused.line,
            role: unused.role.name(),
        });
        Self {
            since: &change.compared.reference,
            commit: &change.compared.commit,
            merge_base: &change.compared.merge_base,
            known: change.known,
            repaired: repaired.collect(),
            not_used: unused.collect(),
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
                Status::Waived(waiver) => Some(Waiver::from(waiver)),
                Status::Open | Status::Baseline => None,
            },
            fingerprint: &judged.fingerprint,
            title: rule.map(|rule| &*rule.title),
            remedy: finding.remedy.as_deref(),
            peer: finding.peer.as_deref(),
            fix: finding.fix.as_ref().and_then(|edit| Fix::new(edit, sources)),
            via: finding.via.as_deref(),
            metadata: &finding.metadata,
        }
    }
}

impl<'a> From<&'a report::Waiver> for Waiver<'a> {
    fn from(waiver: &'a report::Waiver) -> Self {
        Self {
            id: &waiver.id,
            owner: &waiver.owner,
            reason: &waiver.reason,
            until: &waiver.until,
            source: &waiver.source,
            rule: &waiver.rule,
            ticket: waiver.ticket.as_deref(),
            in_source: waiver.in_source,
        }
    }
}

impl<'a> Place<'a> {
    fn new(place: Option<&source::Place>, sources: &'a Sources) -> Option<Self> {
        let place = place?;
        let source = sources.get(place.source);
        let region = source.region(&place.span());
        let Excerpt { text, highlight, .. } = excerpt(source, place, WIDTH - 2);
        let trimmed = text.trim_start();
        let before = text.get(text.len() - trimmed.len()..highlight.start).unwrap_or_default();
        Some(Self {
            file: &source.file,
            line: region.line,
            column: region.column,
            end_line: region.end_line,
            end_column: region.end_column,
            excerpt: trimmed.trim_end().to_owned(),
            excerpt_column: before.chars().count() + 1,
        })
    }
}

impl<'a> Fix<'a> {
    fn new(edit: &'a Edit, sources: &'a Sources) -> Option<Self> {
        let place = Place::new(Some(&edit.place), sources)?;
        Some(Self { place, replacement: &edit.replacement })
    }
}

impl<'a> PublicRelated<'a> {
    fn new(related: &'a Related, sources: &'a Sources) -> Self {
        Self {
            label: &related.label,
            resource: related.resource.as_deref(),
            place: Place::new(related.place.as_ref(), sources),
            via: related.via.as_deref(),
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
        let notices = source.notices.iter().map(|notice| Notice::new(notice, sources)).collect();
        match source.live.as_deref() {
            None => Self::File { file: &source.file, status, documents: source.documents, reason, notices },
            Some(listing) => Self::Kind {
                kind: &listing.kind,
                group: &listing.group,
                version: &listing.version,
                resource: &listing.resource,
                status: listing.outcome.name(),
                objects: listing.objects,
                resource_version: listing.resource_version.as_deref(),
                pages: listing.pages,
                restarts: listing.restarts,
                namespaces: &listing.namespaces,
                reason,
                notices,
            },
        }
    }
}

impl<'a> Notice<'a> {
    fn new(notice: &'a Problem, sources: &Sources) -> Self {
        let region = notice.place.as_ref().map(|place| sources.get(place.source).region(&place.span()));
        Self {
            line: region.map(|region| region.line),
            column: region.map(|region| region.column),
            message: &notice.message,
        }
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
            related_resources: &rule.related_resources,
        }
    }
}
