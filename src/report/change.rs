//! What a change brings in and what it repairs: a report held against that of the tree before it.
//!
//! Findings are paired by fingerprint, those of one file first; what is left over may have moved to another file. A
//! finding is new if it has no partner, wherever its lines are: a policy that was relaxed, a database that a second
//! service uses, break what no changed line holds.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judged, Report};
use crate::{
    finding::{NotAssessed, Severity},
    source::Sources,
};

/// The change that a report is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// As it was given, such as `origin/main`.
    pub reference: String,
    /// The commit that it names.
    pub commit: String,
    /// Findings that were there before, and are not in the report.
    pub known: usize,
    /// In the order of the report before the change.
    pub repaired: Vec<Repaired>,
}

/// A finding that the change makes disappear, with where it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    pub rule: String,
    pub severity: Severity,
    pub resource: String,
    pub message: String,
    pub fingerprint: String,
    pub file: Option<String>,
    pub line: Option<usize>,
}

impl Report {
    /// Keeps what the tree before did not have. Each report comes with its own sources.
    pub fn limit_to_change(
        &mut self,
        sources: &Sources,
        before: &Self,
        sources_before: &Sources,
        (reference, commit): (String, String),
    ) {
        let mut partners: BTreeMap<&str, Vec<(Option<&str>, usize)>> = BTreeMap::new();
        for (index, judged) in before.findings.iter().enumerate() {
            partners.entry(&judged.fingerprint).or_default().push((file(judged, sources_before), index));
        }
        let mut is_known = vec![false; self.findings.len()];
        for same_file in [true, false] {
            for (judged, known) in self.findings.iter().zip(&mut is_known).filter(|(_, known)| !**known) {
                let Some(left) = partners.get_mut(judged.fingerprint.as_str()) else { continue };
                let here = file(judged, sources);
                if let Some(index) = left.iter().position(|(there, _)| !same_file || *there == here) {
                    left.remove(index);
                    *known = true;
                }
            }
        }
        let mut repaired: Vec<usize> = partners.into_values().flatten().map(|(_, index)| index).collect();
        repaired.sort_unstable();
        let repaired = repaired.into_iter().filter_map(|index| before.findings.get(index));
        let repaired = repaired.map(|judged| Repaired::new(judged, sources_before)).collect();
        let known = is_known.iter().filter(|known| **known).count();
        let mut is_known = is_known.into_iter();
        self.findings.retain(|_| !is_known.next().unwrap_or_default());
        let open_before: BTreeSet<_> = before.not_assessed.iter().map(question).collect();
        self.not_assessed.retain(|result| !open_before.contains(&question(result)));
        self.change = Some(Change { reference, commit, known, repaired });
        self.outcome = self.decide();
    }
}

impl Repaired {
    fn new(judged: &Judged, sources: &Sources) -> Self {
        let finding = &judged.finding;
        let place = finding.place.as_ref().map(|place| (sources.get(place.source), place));
        Self {
            rule: finding.rule.to_string(),
            severity: finding.severity,
            resource: finding.resource.clone(),
            message: finding.message.clone(),
            fingerprint: judged.fingerprint.clone(),
            file: place.map(|(source, _)| source.file.to_string()),
            line: place.map(|(source, place)| source.region(&place.span()).line),
        }
    }
}

fn file<'s>(judged: &Judged, sources: &'s Sources) -> Option<&'s str> {
    judged.finding.place.as_ref().map(|place| &*sources.get(place.source).file)
}

/// What a result leaves open, wherever it stands.
fn question(result: &NotAssessed) -> (&str, &str, Option<&str>, &[String]) {
    (&result.rule, &result.reason, result.missing.as_deref(), &result.resources)
}
