//! What a change brings in and what it repairs: a report held against that of the tree before it.
//!
//! Findings are paired that say the same of the same place, then those that moved within their object or to another
//! file. At one place another message is about the same thing: it is known if it says less than before, and new if it says
//! more, such as a third service at a database that two shared. Of credentials each is its own, and another value at the
//! same place is another one. A finding is new if it has no partner, wherever its lines are: a policy
//! that was relaxed, a database that a second service uses, break what no changed line holds.
//!
//! Values are compared here, where both are at hand, and kept nowhere.

mod growth;
mod pairing;
mod unread;
mod variants;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Range,
    sync::Arc,
};

use growth::{belongs_to_more, says_more};
use pairing::{Credential, Key, PAIRINGS, Pairing, file};
use unread::Unread;
use variants::Variants;

use super::{Judged, Report};
use crate::{
    finding::{Finding, NotAssessed, Related, Severity},
    policy::metadata::Rule,
    source::{Mask, Place, Sources},
};

/// The change that a report is limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub compared: Compared,
    /// Findings that were there before, and are not in the report.
    pub known: usize,
    /// In the order of the report before the change.
    pub repaired: Vec<Repaired>,
    /// What decides how the change is judged, as the change has it: that of the tree before counts. Sorted.
    pub unused: Vec<Unused>,
}

/// What a change is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// As it was given, such as `origin/main`.
    pub reference: String,
    /// The commit that it names, which decides.
    pub commit: String,
    /// The commit at which the change left its history, whose findings are known: mostly the same.
    pub merge_base: String,
}

/// A file that would decide, did not the tree before the change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unused {
    /// Relative to the base.
    pub file: String,
    /// Of a comment.
    pub line: Option<usize>,
    pub role: Role,
}

/// What a file decides by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Configuration,
    Policy,
    /// Data for policies.
    Data,
    Baseline,
    /// A comment beside what it accepts.
    Waiver,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Configuration, Self::Policy, Self::Data, Self::Baseline, Self::Waiver];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Policy => "policy",
            Self::Data => "data",
            Self::Baseline => "baseline",
            Self::Waiver => "waiver",
        }
    }
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
    /// Keeps what the tree before did not have. Each report comes with its own sources, the one before with the names of
    /// its sets, too.
    pub fn limit_to_change(
        &mut self,
        sources: &Sources,
        (before, sources_before, sets_before): (&Self, &Sources, &[Arc<str>]),
        compared: Compared,
        unused: Vec<Unused>,
    ) {
        let old: Vec<Credential<'_>> =
            before.findings.iter().map(|judged| before.credential(judged, sources_before)).collect();
        let new: Vec<Credential<'_>> =
            self.findings.iter().map(|judged| self.credential(judged, sources)).collect();
        let trees =
            Trees { sources, sources_before, variants_before: Variants::new(sets_before, sources_before) };
        let mut left: Vec<Option<&Judged>> = before.findings.iter().map(Some).collect();
        let mut fate = vec![Fate::New; self.findings.len()];
        for pairing in PAIRINGS {
            let mut partners: BTreeMap<Key<'_>, VecDeque<usize>> = BTreeMap::new();
            for (index, (judged, credential)) in left.iter().zip(&old).enumerate() {
                let key = judged.and_then(|judged| pairing.key(judged, credential, sources_before));
                key.into_iter().for_each(|key| partners.entry(key).or_default().push_back(index));
            }
            let open = self.findings.iter().zip(&new).zip(&mut fate);
            for ((judged, credential), fate) in open.filter(|(_, fate)| **fate == Fate::New) {
                let key = pairing.key(judged, credential, sources);
                let partner = key.and_then(|key| partners.get_mut(&key)?.pop_front());
                if let Some(partner) = partner.and_then(|index| left.get_mut(index)?.take()) {
                    *fate = trees.fate(pairing, &judged.finding, &partner.finding);
                }
            }
        }
        trees.keep_what_lost_values((&self.findings, &new, &mut fate), (&mut left, &old));
        // What nobody can say any more is not repaired.
        let of_results = self.not_assessed.iter().flat_map(|result| {
            result.resources.iter().map(move |resource| (&*result.rule, resource.as_str()))
        });
        let open: BTreeSet<(&str, &str)> = of_results.collect();
        let is_open =
            |judged: &Judged| open.contains(&(&*judged.finding.rule, judged.finding.resource.as_str()));
        let unread = Unread::new(sources, sources_before);
        let repaired = left
            .into_iter()
            .flatten()
            .filter(|judged| !is_open(judged) && !unread.hides(judged, sources_before))
            .map(|judged| Repaired::new(judged, sources_before))
            .collect();
        let known = fate.iter().filter(|fate| **fate == Fate::Known).count();
        for (judged, fate) in self.findings.iter_mut().zip(&fate) {
            let label = match fate {
                Fate::New | Fate::Known => continue,
                Fate::Grown(how) => how.clone(),
                Fate::Exchanged => "another credential stood here before the change".to_owned(),
            };
            judged.finding.related.push(Related::remark(label));
        }
        let mut fate = fate.into_iter();
        self.findings.retain(|_| fate.next() != Some(Fate::Known));
        let open_before: BTreeSet<_> = before.not_assessed.iter().map(question).collect();
        self.not_assessed.retain(|result| !open_before.contains(&question(result)));
        self.change = Some(Change { compared, known, repaired, unused });
        self.outcome = self.decide();
    }

    /// The values that a finding about credentials is about; `None` for all others.
    fn credential<'s>(&self, judged: &Judged, sources: &'s Sources) -> Credential<'s> {
        let finding = &judged.finding;
        if !self.rule(&finding.rule).is_some_and(Rule::points_at_secrets) {
            return None;
        }
        let related = finding.related.iter().filter_map(|related| related.place.as_ref());
        let mut values: Vec<&str> =
            finding.place.iter().chain(related).flat_map(|place| secrets(place, sources)).collect();
        values.sort_unstable();
        Some(values)
    }
}

/// What findings of the two trees are held against each other by.
struct Trees<'s> {
    sources: &'s Sources,
    sources_before: &'s Sources,
    variants_before: Variants<'s>,
}

impl Trees<'_> {
    /// What became of a finding that has a partner.
    fn fate(&self, pairing: Pairing, finding: &Finding, partner: &Finding) -> Fate {
        let grows = if pairing.same_message { belongs_to_more } else { says_more };
        if !pairing.same_value {
            Fate::Exchanged
        } else if grows(finding, partner) {
            Fate::Grown(format!("before the change it said: {}", partner.message))
        } else if self.spreads(finding, partner) {
            Fate::Grown("before the change it did not hold in all of these variants".to_owned())
        } else {
            Fate::Known
        }
    }

    /// Whether a finding holds in a variant that was there before, and in which its partner did not hold.
    fn spreads(&self, finding: &Finding, partner: &Finding) -> bool {
        self.variants_before.spreads((finding, self.sources), (partner, self.sources_before))
    }

    /// Of what is still new, findings about some of the credentials that one at the same place was about are known.
    fn keep_what_lost_values(
        &self,
        (findings, new, fate): (&[Judged], &[Credential<'_>], &mut [Fate]),
        (left, old): (&mut [Option<&Judged>], &[Credential<'_>]),
    ) {
        let mut partners: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
        for (index, judged) in left.iter().enumerate() {
            let key = judged.map(|judged| (&*judged.fingerprint, file(judged, self.sources_before)));
            key.into_iter().for_each(|key| partners.entry(key).or_default().push(index));
        }
        for ((judged, credential), fate) in findings.iter().zip(new).zip(fate) {
            let values = credential.as_deref().unwrap_or_default();
            if *fate != Fate::New || values.is_empty() {
                continue;
            }
            let same = partners.get(&(&*judged.fingerprint, file(judged, self.sources)));
            let of_more = same.into_iter().flatten().find(|index| {
                let held = old.get(**index).and_then(Option::as_deref).unwrap_or_default();
                let partner = left.get(**index).copied().flatten();
                partner.is_some_and(|partner| {
                    values.iter().all(|value| held.contains(value))
                        && !says_more(&judged.finding, &partner.finding)
                        && !self.spreads(&judged.finding, &partner.finding)
                })
            });
            if let Some(place) = of_more.and_then(|index| left.get_mut(*index)) {
                *place = None;
                *fate = Fate::Known;
            }
        }
    }
}

/// What became of a finding of the tree after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    New,
    Known,
    /// It says more than it did: how, for the reader.
    Grown(String),
    /// A credential that another one was put in the place of.
    Exchanged,
}

/// What of a place must not be shown, word by word and without quotes, so that only another value is another one. Where
/// the place is a key, what is masked of the value that follows it.
fn secrets<'s>(place: &Place, sources: &'s Sources) -> Vec<&'s str> {
    let source = sources.get(place.source);
    let text = |span: Range<usize>| source.text.get(span).unwrap_or_default();
    let words = |span: Range<usize>| {
        text(span).trim().trim_matches(['"', '\'']).split_whitespace().collect::<Vec<_>>()
    };
    let Mask::Spans(spans) = &source.mask else {
        return if source.mask.is_every_value() { words(place.span()) } else { Vec::new() };
    };
    let mut spans = spans.iter().skip(spans.partition_point(|secret| secret.end <= place.start)).peekable();
    if let Some(next) = spans.next_if(|secret| secret.start >= place.end) {
        let is_between = |c: char| c.is_whitespace() || c.is_ascii_digit() || "\"':=|>+-".contains(c);
        let is_value = text(place.end..next.start).chars().all(is_between);
        return if is_value { words(next.clone()) } else { Vec::new() };
    }
    let inside = spans.take_while(|secret| secret.start < place.end);
    inside.flat_map(|secret| words(secret.start.max(place.start)..secret.end.min(place.end))).collect()
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

/// What a result leaves open, wherever it stands.
fn question(result: &NotAssessed) -> (&str, &str, Option<&str>, &[String]) {
    (&result.rule, &result.reason, result.missing.as_deref(), &result.resources)
}
