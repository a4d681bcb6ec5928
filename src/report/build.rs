//! Building the report: equal findings become one, everything gets its total order, the outcome is decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{AuditReference, Judged, NotApplicable, Outcome, Override, PolicyError, Report, Status};
use crate::{
    baseline::{Standing, Standings},
    finding::{Finding, NotAssessed, Related, Severity},
    policy::{Evaluation, metadata::Rule},
    source::Place,
    waiver::{Decision, Waiver, Waivers},
};

/// What a report is made of.
#[derive(Debug, Default)]
pub struct Parts {
    pub evaluation: Evaluation,
    pub rules: Vec<Arc<Rule>>,
    /// Policies that could not be loaded.
    pub errors: Vec<PolicyError>,
    pub not_applicable: Vec<NotApplicable>,
    /// What the configuration changed.
    pub overrides: Vec<Override>,
    pub waivers: Waivers,
    /// Waivers that are about no finding at all, reported or not.
    pub unused_waivers: Vec<Waiver>,
    /// What the baseline says about findings.
    pub baseline: Standings,
    /// Entries of the baseline that are about no finding at all.
    pub unmet_baseline: usize,
    /// Why the run is incomplete whatever the rules said.
    pub incomplete: Vec<String>,
    pub fail_on: Option<Severity>,
    /// Results that are not assessed make the run incomplete.
    pub strict: bool,
    pub audit: Option<AuditReference>,
}

impl Report {
    pub fn new(parts: Parts) -> Self {
        let Parts {
            mut evaluation,
            rules,
            mut errors,
            mut not_applicable,
            mut overrides,
            waivers,
            unused_waivers,
            baseline,
            unmet_baseline,
            mut incomplete,
            fail_on,
            strict,
            audit,
        } = parts;
        let mut expired_waivers = BTreeSet::new();
        let findings: Vec<Judged> = merge(std::mem::take(&mut evaluation.findings))
            .into_iter()
            .map(|finding| decided(finding, &waivers, &baseline, &mut expired_waivers))
            .collect();
        let not_assessed = merge_not_assessed(std::mem::take(&mut evaluation.not_assessed));
        if strict && !not_assessed.is_empty() {
            incomplete
                .push(format!("{} results are not assessed, and `--strict` is set", not_assessed.len()));
        }
        errors.append(&mut evaluation.errors);
        not_applicable.append(&mut evaluation.excepted);
        errors.sort();
        errors.dedup();
        not_applicable.sort();
        overrides.sort();
        let Evaluation { evaluated, passed, notices, .. } = evaluation;
        let mut report = Self {
            outcome: Outcome::Pass,
            findings,
            not_assessed,
            not_applicable,
            overrides,
            expired_waivers: expired_waivers.into_iter().collect(),
            unused_waivers,
            unmet_baseline,
            notices,
            passed,
            evaluated,
            errors,
            incomplete,
            rules,
            time: jiff::Timestamp::UNIX_EPOCH,
            graphs: Vec::new(),
            facts: None,
            change: None,
            drift: None,
            audit,
            fail_on,
        };
        report.outcome = report.decide();
        report
    }

    /// Exit code of the run (contract, "Exit codes"), as far as the report decides it.
    pub fn exit_code(&self) -> u8 {
        if !self.errors.is_empty() {
            2
        } else if !self.incomplete.is_empty() {
            3
        } else {
            u8::from(self.outcome == Outcome::Fail)
        }
    }
}

/// A finding that a waiver covered until its last day says so.
fn decided(
    mut finding: Finding,
    waivers: &Waivers,
    baseline: &Standings,
    expired: &mut BTreeSet<Waiver>,
) -> Judged {
    let fingerprint = finding.fingerprint();
    let mut status = match waivers.decide(&finding) {
        Decision::Open => Status::Open,
        Decision::Waived(waiver) => Status::Waived(waiver),
        Decision::Expired { waiver, place } => {
            let Waiver { id, owner, until, source, .. } = &waiver;
            let label = format!("waiver `{id}` of {owner} ran out on {until} ({source})");
            finding.related.push(Related { place, ..Related::remark(label) });
            expired.insert(waiver);
            Status::Open
        }
    };
    if status == Status::Open {
        match baseline.of(&finding, &fingerprint) {
            Some(Standing::Covered) => status = Status::Baseline,
            Some(Standing::Lapsed) => {
                let label =
                    "it was in the baseline until its object changed, or more belonged to it".to_owned();
                finding.related.push(Related::remark(label));
            }
            None => {}
        }
    }
    Judged { finding, fingerprint, status }
}

/// Findings equal in rule, resource, place and message are one, with all its sets.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    type Key = (bool, Option<Place>, Arc<str>, String, String, String);
    let mut merged: BTreeMap<Key, Finding> = BTreeMap::new();
    for mut finding in findings {
        let key = (
            finding.place.is_none(),
            finding.place.clone(),
            Arc::clone(&finding.rule),
            finding.resource.clone(),
            finding.message.clone(),
            finding.path.to_string(),
        );
        merged
            .entry(key)
            .and_modify(|known| {
                join(&mut known.sets, &mut finding.sets);
                join(&mut known.related, &mut finding.related);
                // What is refused in one variant would harm it.
                if known.fix != finding.fix {
                    known.fix = None;
                }
            })
            .or_insert(finding);
    }
    merged.into_values().collect()
}

/// Results that miss the same for the same reason are one, with all their resources.
fn merge_not_assessed(results: Vec<NotAssessed>) -> Vec<NotAssessed> {
    type Key = (Arc<str>, String, Option<String>, Option<Place>);
    let mut merged: BTreeMap<Key, NotAssessed> = BTreeMap::new();
    for mut result in results {
        let key =
            (Arc::clone(&result.rule), result.reason.clone(), result.missing.clone(), result.place.clone());
        merged
            .entry(key)
            .and_modify(|known| {
                join(&mut known.resources, &mut result.resources);
                join(&mut known.sets, &mut result.sets);
            })
            .or_insert(result);
    }
    merged.into_values().collect()
}

/// Adds to a sorted list without repeating.
fn join<T: Ord>(known: &mut Vec<T>, more: &mut Vec<T>) {
    known.append(more);
    known.sort();
    known.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::Path, source::SourceId};

    fn finding(start: usize, set: &str) -> Finding {
        Finding {
            rule: "a/b".into(),
            severity: Severity::Medium,
            message: "m".into(),
            sets: vec![set.into()],
            resource: "Pod/default/a".into(),
            via: None,
            place: Some(Place::new(SourceId(0), start..start + 1)),
            related: Vec::new(),
            path: Path::default(),
            peer: None,
            remedy: None,
            fix: None,
            metadata: serde_json::Map::new(),
        }
    }

    fn report(fail_on: Option<Severity>, incomplete: &[&str], errors: &[&str]) -> Report {
        let errors =
            errors.iter().map(|message| PolicyError { policy: "p".into(), message: (*message).into() });
        let findings = vec![finding(5, "b"), finding(2, "a"), finding(5, "a")];
        Report::new(Parts {
            evaluation: Evaluation { findings, ..Evaluation::default() },
            incomplete: incomplete.iter().map(|reason| (*reason).to_owned()).collect(),
            errors: errors.collect(),
            fail_on,
            ..Parts::default()
        })
    }

    #[test]
    fn equal_findings_of_several_sets_are_one_in_the_order_of_places() {
        let report = report(Some(Severity::Low), &[], &[]);
        let found = report.findings.iter().map(|judged| &judged.finding);
        let found: Vec<_> =
            found.map(|finding| (finding.place.as_ref().unwrap().start, finding.sets.len())).collect();
        assert_eq!(found, [(2, 1), (5, 2)]);
    }

    #[test]
    fn policy_errors_beat_incompleteness_which_beats_findings() {
        for (report, outcome, code) in [
            (report(Some(Severity::Low), &[], &[]), Outcome::Fail, 1),
            (report(Some(Severity::High), &[], &[]), Outcome::Pass, 0),
            (report(None, &[], &[]), Outcome::Pass, 0),
            (report(None, &["a source failed"], &[]), Outcome::Incomplete, 3),
            (report(Some(Severity::Low), &["a source failed"], &["broken"]), Outcome::Incomplete, 2),
        ] {
            assert_eq!((report.outcome, report.exit_code()), (outcome, code));
        }
    }
}
