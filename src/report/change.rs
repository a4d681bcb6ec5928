//! What a change brings in and what it repairs: a report held against that of the tree before it.
//!
//! Findings are paired that say the same of the same place, then those that moved within their object or to another
//! file. At one place another message may be about the same thing, but for credentials: of these each is its own. A
//! finding is new if it has no partner, wherever its lines are: a policy that was relaxed, a database that a second
//! service uses, break what no changed line holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

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
        let mut left: Vec<Option<&Judged>> = before.findings.iter().map(Some).collect();
        let mut is_known = vec![false; self.findings.len()];
        for pairing in PAIRINGS {
            let mut partners: BTreeMap<Key<'_>, VecDeque<usize>> = BTreeMap::new();
            for (index, judged) in left.iter().enumerate() {
                let key = judged.and_then(|judged| pairing.key(judged, sources_before));
                key.into_iter().for_each(|key| partners.entry(key).or_default().push_back(index));
            }
            for (judged, known) in self.findings.iter().zip(&mut is_known).filter(|(_, known)| !**known) {
                let partner =
                    pairing.key(judged, sources).and_then(|key| partners.get_mut(&key)?.pop_front());
                if let Some(index) = partner {
                    left[index] = None;
                    *known = true;
                }
            }
        }
        let repaired =
            left.into_iter().flatten().map(|judged| Repaired::new(judged, sources_before)).collect();
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

/// What makes two findings one, the strictest first.
struct Pairing {
    same_place: bool,
    same_file: bool,
    same_message: bool,
}

const PAIRINGS: [Pairing; 5] = [
    Pairing { same_place: true, same_file: true, same_message: true },
    Pairing { same_place: false, same_file: true, same_message: true },
    Pairing { same_place: true, same_file: false, same_message: true },
    Pairing { same_place: true, same_file: true, same_message: false },
    Pairing { same_place: true, same_file: false, same_message: false },
];

/// Fingerprint, or rule and resource; then file and message.
type Key<'r> = (&'r str, &'r str, Option<&'r str>, Option<String>);

impl Pairing {
    /// `None`: the finding has no partner by this pairing.
    fn key<'r>(&self, judged: &'r Judged, sources: &'r Sources) -> Option<Key<'r>> {
        let finding = &judged.finding;
        if !self.same_message && finding.rule.starts_with("secrets/") {
            return None;
        }
        let (what, whose) =
            if self.same_place { (&*judged.fingerprint, "") } else { (&*finding.rule, &*finding.resource) };
        let file = if self.same_file { file(judged, sources) } else { None };
        Some((what, whose, file, self.same_message.then(|| without_positions(&finding.message))))
    }
}

/// A message without positions in lists (`env[1]`), which change when something is put in before.
fn without_positions(message: &str) -> String {
    let mut parts = message.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once(']') {
        Some((position, rest)) if position.bytes().all(|byte| byte.is_ascii_digit()) => text + rest,
        _ => text + "[" + part,
    })
}

fn file<'s>(judged: &Judged, sources: &'s Sources) -> Option<&'s str> {
    judged.finding.place.as_ref().map(|place| &*sources.get(place.source).file)
}

/// What a result leaves open, wherever it stands.
fn question(result: &NotAssessed) -> (&str, &str, Option<&str>, &[String]) {
    (&result.rule, &result.reason, result.missing.as_deref(), &result.resources)
}
