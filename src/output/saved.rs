//! Reports that were saved as `probity.report/v1`, read again so that every format can show them.
//!
//! Deliberately absent: judging anew. What a report quotes is all that is left of its sources.

mod model;
mod sketch;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use thiserror::Error;

use self::{
    model::{Document, SavedFinding, SavedRule, SavedSource, SavedWaiver},
    sketch::Sketch,
};
use crate::{
    document::Path,
    finding::{Edit, Finding, NotAssessed, Related},
    policy::metadata::{Control, Extent, Rule},
    report::{
        AuditReference, Change, Compared, Drift, Evaluated, Judged, NotApplicable, Outcome, Override,
        PolicyError, Repaired, Report, Role, Status, Unused, Waiver,
    },
    source::{Listing, Problem, Sources, Status as SourceStatus, listing},
};

/// Schema that can be read.
const SCHEMA: &str = "probity.report/v1";

/// Why a file is no report that can be shown: the caller's move.
#[derive(Debug, Error)]
pub enum SavedError {
    #[error("it is no JSON report of probity: {0}")]
    Format(#[from] serde_json::Error),
    #[error("its schema is `{0}`, not `{SCHEMA}`")]
    Schema(String),
    #[error("it says `{0}` where only words of `{SCHEMA}` can stand")]
    Word(String),
    #[error("its places lie too far apart to be drawn: `{0}` line {1}")]
    Place(String, usize),
}

/// A saved report, with its sources as far as it quotes them. When it was made, it does not say.
///
/// # Errors
/// Where the text is no such report.
pub fn read(text: &str) -> Result<(Report, Sources), SavedError> {
    let mut document: Document = serde_json::from_str(text)?;
    if document.schema != SCHEMA {
        return Err(SavedError::Schema(document.schema));
    }
    let mut sketch = Sketch::default();
    for source in &mut document.sources {
        if let Some(kind) = &source.kind {
            // No file can have such a name.
            source.file = format!("cluster:{kind}.{}", source.group);
        }
        sketch.file(&source.file);
        for notice in &source.notices {
            if let (Some(line), Some(column)) = (notice.line, notice.column) {
                sketch.mark(&source.file, line, column);
            }
        }
    }
    document.places().for_each(|place| sketch.name(place));
    document.places().for_each(|place| sketch.surround(place));
    let mut drawn = sketch.draw()?;
    let status = |judged: &SavedFinding| match (&*judged.status, &judged.waiver) {
        ("open", _) => Ok(Status::Open),
        ("baseline", _) => Ok(Status::Baseline),
        ("waived", Some(waiver)) => Ok(Status::Waived(waiver.into())),
        (other, _) => Err(SavedError::Word(other.to_owned())),
    };
    let findings = document.findings.iter().map(|saved| {
        let status = status(saved)?;
        Ok(Judged { finding: finding(saved, &drawn), fingerprint: saved.fingerprint.clone(), status })
    });
    let findings = findings.collect::<Result<_, SavedError>>()?;
    let not_assessed = document.not_assessed.iter().map(|result| NotAssessed {
        rule: result.rule.as_str().into(),
        reason: result.reason.clone(),
        missing: result.missing.clone(),
        resources: result.resources.clone(),
        sets: shared(&result.sets),
        place: result.place.as_ref().and_then(|place| drawn.place(place)),
    });
    let not_assessed = not_assessed.collect();
    for source in &document.sources {
        describe(source, &mut drawn)?;
    }
    let report = Report {
        outcome: outcome(&document.outcome)?,
        findings,
        not_assessed,
        not_applicable: (document.not_applicable.into_iter())
            .map(|result| NotApplicable { rule: result.rule.into(), reason: result.reason })
            .collect(),
        overrides: (document.overrides.into_iter())
            .map(|saved| {
                Ok(Override {
                    rule: saved.rule.into(),
                    setting: setting(&saved.setting)?,
                    from: saved.from,
                    to: saved.to,
                    source: saved.source,
                })
            })
            .collect::<Result<_, SavedError>>()?,
        expired_waivers: document.waivers.expired.iter().map(Waiver::from).collect(),
        unused_waivers: document.waivers.unused.iter().map(Waiver::from).collect(),
        unmet_baseline: 0,
        notices: Vec::new(),
        passed: BTreeMap::new(),
        evaluated: (document.evaluated.into_iter())
            .map(|counts| Evaluated {
                rule: counts.rule.into(),
                subjects: counts.subjects,
                passed: counts.passed,
                failed: counts.failed,
                not_assessed: counts.not_assessed,
            })
            .collect(),
        errors: (document.errors.into_iter())
            .map(|error| PolicyError { policy: error.policy, message: error.message })
            .collect(),
        incomplete: document.incomplete,
        rules: rules(&document.rules),
        change: document.change.map(|change| Change {
            compared: Compared {
                merge_base: change.merge_base.unwrap_or_else(|| change.commit.clone()),
                reference: change.since,
                commit: change.commit,
            },
            known: change.known,
            repaired: change.repaired.into_iter().map(Repaired::from).collect(),
            unused: change.not_used.into_iter().filter_map(unused).collect(),
        }),
        drift: document.drift.map(|drift| Drift {
            paired: drift.paired,
            in_both: drift.in_both,
            aside: drift.not_compared,
        }),
        time: Timestamp::UNIX_EPOCH,
        graphs: Vec::new(),
        facts: document.facts,
        audit: document.audit.map(|audit| AuditReference {
            origin: audit.origin,
            run: audit.run,
            size: audit.start.size,
            root: audit.start.root,
            signed: audit.signed,
        }),
        fail_on: document.fail_on,
    };
    Ok((report, drawn.sources))
}

fn finding(saved: &SavedFinding, drawn: &sketch::Drawn) -> Finding {
    let place = |place: &Option<model::SavedPlace>| place.as_ref().and_then(|place| drawn.place(place));
    let related = saved.related.iter().map(|related| Related {
        label: related.label.clone(),
        resource: related.resource.clone(),
        place: place(&related.place),
        via: related.via.as_deref().map(Into::into),
        is_context: false,
    });
    let fix = saved.fix.as_ref().and_then(|fix| {
        let (place, replacement) = (drawn.place(&fix.place)?, fix.replacement.clone());
        // Nobody writes an edit of a saved report: its value counts for nothing.
        Some(Edit { place, value: replacement.as_str().into(), replacement })
    });
    Finding {
        rule: saved.rule.as_str().into(),
        severity: saved.severity,
        message: saved.message.clone(),
        sets: shared(&saved.sets),
        resource: saved.resource.clone(),
        via: saved.via.as_deref().map(Into::into),
        place: place(&saved.place),
        related: related.collect(),
        // The fingerprint, which is all that it is for, is saved itself.
        path: Path(Vec::new()),
        peer: saved.peer.clone(),
        remedy: saved.remedy.clone(),
        fix,
        metadata: saved.metadata.clone(),
    }
}

/// What became of a source, and what was odd in it.
fn describe(saved: &SavedSource, drawn: &mut sketch::Drawn) -> Result<(), SavedError> {
    let reason = saved.reason.clone().unwrap_or_default();
    let status = match &*saved.status {
        "read" => SourceStatus::Read,
        "ignored" | "absent" => SourceStatus::Ignored(reason),
        "skipped" => SourceStatus::Skipped(reason),
        "failed" | "forbidden" => SourceStatus::Failed(vec![Problem { place: None, message: reason }]),
        other => return Err(SavedError::Word(other.to_owned())),
    };
    let notices = saved.notices.iter().map(|notice| Problem {
        place: notice.line.zip(notice.column).and_then(|at| drawn.point(&saved.file, at)),
        message: notice.message.clone(),
    });
    let notices = notices.collect();
    if let Some(id) = drawn.sources.by_file(&saved.file) {
        let source = drawn.sources.get_mut(id);
        (source.status, source.documents, source.notices) = (status, saved.documents, notices);
        source.live = saved.kind.as_ref().map(|kind| Box::new(listing(saved, kind)));
    }
    Ok(())
}

fn listing(saved: &SavedSource, kind: &str) -> Listing {
    Listing {
        group: saved.group.clone(),
        version: saved.version.clone(),
        kind: kind.to_owned(),
        resource: saved.resource.clone(),
        outcome: match &*saved.status {
            "read" => listing::Outcome::Read,
            "forbidden" => listing::Outcome::Forbidden,
            "absent" => listing::Outcome::Absent,
            _ => listing::Outcome::Failed,
        },
        objects: saved.objects,
        resource_version: saved.resource_version.clone(),
        pages: saved.pages,
        restarts: saved.restarts,
        namespaces: saved.namespaces.clone(),
    }
}

fn rules(saved: &[SavedRule]) -> Vec<Arc<Rule>> {
    let control = |id: &String| Control { id: id.clone(), extent: Extent::Supporting };
    let by_id: BTreeMap<&str, Arc<Rule>> = saved
        .iter()
        .map(|rule| {
            let controls = rule.controls.iter();
            let read = Rule {
                id: rule.id.as_str().into(),
                package: String::new(),
                file: "".into(),
                title: rule.title.clone(),
                description: rule.description.clone(),
                severity: rule.severity,
                recommended_action: rule.recommended_action.clone(),
                controls: controls
                    .map(|(framework, ids)| (framework.clone(), ids.iter().map(control).collect()))
                    .collect(),
                selectors: Vec::new(),
                points_at_names: false,
                related_resources: rule.related_resources.clone(),
            };
            (&*rule.id, Arc::new(read))
        })
        .collect();
    by_id.into_values().collect()
}

impl From<&SavedWaiver> for Waiver {
    fn from(saved: &SavedWaiver) -> Self {
        Self {
            id: saved.id.clone(),
            rule: saved.rule.clone(),
            owner: saved.owner.clone(),
            reason: saved.reason.clone(),
            until: saved.until.clone(),
            source: saved.source.clone(),
            ticket: saved.ticket.clone(),
            in_source: saved.in_source,
        }
    }
}

/// `None`: a word of a later version.
fn unused(saved: model::SavedUnused) -> Option<Unused> {
    let role = Role::ALL.into_iter().find(|role| role.name() == saved.role)?;
    Some(Unused { file: saved.file, line: saved.line, role })
}

impl From<model::SavedRepaired> for Repaired {
    fn from(saved: model::SavedRepaired) -> Self {
        Self {
            rule: saved.rule,
            severity: saved.severity,
            resource: saved.resource,
            message: saved.message,
            fingerprint: saved.fingerprint,
            file: saved.file,
            line: saved.line,
        }
    }
}

fn shared(names: &[String]) -> Vec<Arc<str>> {
    names.iter().map(|name| name.as_str().into()).collect()
}

fn outcome(name: &str) -> Result<Outcome, SavedError> {
    let known = [Outcome::Pass, Outcome::Fail, Outcome::Incomplete];
    known.into_iter().find(|outcome| outcome.name() == name).ok_or_else(|| SavedError::Word(name.to_owned()))
}

fn setting(name: &str) -> Result<&'static str, SavedError> {
    let known = ["severity", "enabled", "allow"];
    known.into_iter().find(|setting| *setting == name).ok_or_else(|| SavedError::Word(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::{
        FORMATS, Options, Verbosity,
        tests::{HOSTILE, Set, many, none, rendered, rich},
    };

    const ALL: Options = Options { color: false, verbosity: Verbosity::Verbose };

    fn reread(set: &Set) -> Set {
        let (report, sources) = read(&rendered("json", set, ALL)).unwrap();
        Set { report, sources }
    }

    #[test]
    fn a_saved_report_is_shown_as_the_scan_showed_it() {
        for set in [none(), many(30)] {
            let again = reread(&set);
            // SARIF has hashes of lines, which need the files themselves; an excerpt of text shows what is around.
            for format in FORMATS.iter().filter(|format| !["sarif", "text"].contains(&format.name)) {
                assert_eq!(
                    rendered(format.name, &again, ALL),
                    rendered(format.name, &set, ALL),
                    "{}",
                    format.name
                );
            }
        }
    }

    #[test]
    fn every_place_and_every_verdict_of_a_saved_report_stays() {
        let (set, again) = (rich(), reread(&rich()));
        for format in ["csv", "gitlab"] {
            assert_eq!(rendered(format, &again, ALL), rendered(format, &set, ALL), "{format}");
        }
        for set in [&set, &again] {
            let text = rendered("text", set, ALL);
            assert!(text.contains("8080") && text.contains("PERMISSIVE"), "{text}");
            assert!(text.contains("moves to Vault") && text.contains("fixable: 1 finding"), "{text}");
        }
        let sarif: serde_json::Value = serde_json::from_str(&rendered("sarif", &again, ALL)).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        let is_hashed =
            |result: &serde_json::Value| !result["partialFingerprints"]["primaryLocationLineHash"].is_null();
        let is_live = |result: &serde_json::Value| !result["locations"][0]["logicalLocations"].is_null();
        assert!(results.iter().all(|result| is_hashed(result) == is_live(result)));
        assert!(results.iter().any(|result| result["fixes"].is_array()));
    }

    #[test]
    fn kinds_of_a_cluster_stay() {
        let absent =
            |kind: &str| Listing::absent("apps".into(), kind.into(), format!("{}s", kind.to_lowercase()));
        let read = Listing { outcome: listing::Outcome::Read, objects: 3, pages: 1, ..absent("Deployment") };
        let refused = Listing { outcome: listing::Outcome::Forbidden, ..absent("DaemonSet") };
        let sources = [(read, SourceStatus::Read), (refused, SourceStatus::Failed(Vec::new()))];
        let sources = sources.into_iter().map(|(listing, status)| {
            let mut source = crate::source::Source::new(&*listing.kind, "", None, status);
            source.live = Some(Box::new(listing));
            source
        });
        let set = Set { sources: Sources::new(sources.collect()), ..none() };
        assert_eq!(rendered("json", &reread(&set), ALL), rendered("json", &set, ALL));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let named = |key: &str, value: &str| {
            let mut document: serde_json::Value =
                serde_json::from_str(&rendered("json", &many(1), ALL)).unwrap();
            *document.pointer_mut(key).unwrap() = serde_json::from_str(value).unwrap();
            read(&document.to_string()).unwrap_err().to_string()
        };
        for (key, value, expected) in [
            ("/schema", "\"probity.facts/v1\"", "its schema is `probity.facts/v1`, not `probity.report/v1`"),
            ("/outcome", "\"green\"", "it says `green`"),
            ("/findings/0/status", "\"waived\"", "it says `waived`"),
            ("/findings/0/place/line", "99999999999", "line 99999999999"),
            ("/findings/0/severity", "7", "it is no JSON report"),
        ] {
            let said = named(key, value);
            assert!(said.contains(expected), "{key}: {said}");
        }
        assert!(read("[]").is_err() && read("").is_err());
    }

    proptest! {
        #[test]
        fn any_place_is_shown_without_a_panic(
            numbers in proptest::collection::vec(0usize..40, 10), excerpt in "[a😀\n\r ]{0,20}",
        ) {
            let [line, column, end_line, end_column, at, other, other_column, ..] = *numbers else { unreachable!() };
            let mut document: serde_json::Value = serde_json::from_str(&rendered("json", &many(2), ALL)).unwrap();
            for (index, line, column) in [(0, line, column), (1, other, other_column)] {
                document["findings"][index]["place"] = serde_json::json!({
                    "file": HOSTILE, "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                    "excerpt": excerpt, "excerpt_column": at,
                });
            }
            let (report, sources) = read(&document.to_string()).unwrap();
            let set = Set { report, sources };
            for format in &FORMATS {
                rendered(format.name, &set, ALL);
            }
        }
    }
}
