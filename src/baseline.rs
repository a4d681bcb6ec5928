//! Baselines: findings of some day that do not count until their object changes.
//!
//! An entry is about one finding in one file, and about the object as it was: it lapses when the object changes or when
//! more belongs to the finding, such as a third service at a database that two shared, and it never covers a finding
//! elsewhere. What no finding needs any more is told, so that the file only gets shorter.
//! Deliberately absent: what is not assessed, which nobody can accept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::{
    estate::{Estate, Resource, origin},
    finding::{Finding, hex},
    policy::case::Input,
    source::{Place, SourceId},
};

/// Version of the file's format.
const SCHEMA: &str = "probity.baseline/v1";

/// Where `probity baseline` writes to unless told otherwise.
pub const FILE: &str = "probity-baseline.json";

/// Why a baseline cannot be used; the move of whoever named it.
#[derive(Debug, Error)]
pub enum BaselineError {
    #[error("it is no baseline: {0}")]
    Format(#[from] serde_json::Error),
    #[error("its schema is `{0}`, and this version reads `{SCHEMA}`")]
    Schema(String),
}

/// The file: entries sorted, each once.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: String,
    /// All variants that there were, with findings or without; empty in files that do not say it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    sets: BTreeSet<String>,
    findings: BTreeSet<Entry>,
}

/// One finding. Rule and resource are for whoever reads the file: the fingerprint stands for both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Relative to the base; null for a live object.
    file: Option<String>,
    rule: String,
    resource: String,
    fingerprint: String,
    /// SHA-256 of the object with credentials masked; null where the finding is about none of the input.
    digest: Option<String>,
    /// That of the object in which the deciding value stands, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decided_by: Option<String>,
    /// Variants in which the finding holds.
    #[serde(default)]
    sets: BTreeSet<String>,
    /// Ids of what else belongs to the finding, such as the services that share a database, without what only explains;
    /// files that do not say it cover the finding whatever belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    related: Option<BTreeSet<String>>,
}

/// What a baseline says about the findings of a run, by fingerprint and file.
#[derive(Debug, Default)]
pub struct Standings(BTreeMap<(String, Option<SourceId>), Standing>);

/// What it says about one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Covered,
    /// It was covered, until its object changed or more belonged to it.
    Lapsed,
}

impl Baseline {
    /// Reads the file's text.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let baseline: Self = serde_json::from_str(text)?;
        if baseline.schema == SCHEMA { Ok(baseline) } else { Err(BaselineError::Schema(baseline.schema)) }
    }

    /// The baseline that covers these findings, and no other.
    pub fn of<'f>(findings: impl IntoIterator<Item = &'f Finding>, estate: &Estate) -> Self {
        let objects = Objects::new(estate);
        let findings = findings.into_iter().map(|finding| objects.entry(finding)).collect();
        let sets = estate.sets.iter().map(ToString::to_string).collect();
        Self { schema: SCHEMA.to_owned(), sets, findings }
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("text, lists and nulls are JSON");
        format!("{json}\n")
    }

    pub fn len(&self) -> usize {
        self.findings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }

    /// What it says about findings, and how many of its entries are about none of them. Entries of rules that were not
    /// judged by are not counted.
    pub fn judge(
        &self,
        findings: &[Finding],
        estate: &Estate,
        was_judged: impl Fn(&str) -> bool,
    ) -> (Standings, usize) {
        let objects = Objects::new(estate);
        let mut by_name: BTreeMap<(&str, Option<&str>), Vec<&Entry>> = BTreeMap::new();
        for entry in &self.findings {
            by_name.entry((&entry.fingerprint, entry.file.as_deref())).or_default().push(entry);
        }
        let known = self.findings.iter().flat_map(|entry| &entry.sets).chain(&self.sets);
        let known: BTreeSet<&str> = known.map(String::as_str).collect();
        let mut standings = Standings::default();
        let mut met = BTreeSet::new();
        for finding in findings {
            let found = objects.entry(finding);
            let Some(entries) = by_name.get(&(found.fingerprint.as_str(), found.file.as_deref())) else {
                continue;
            };
            let standing = if entries.iter().any(|entry| entry.covers(&found, &known)) {
                Standing::Covered
            } else {
                Standing::Lapsed
            };
            standings.0.insert((found.fingerprint.clone(), source(finding)), standing);
            met.insert((found.fingerprint, found.file));
        }
        let unmet = self.findings.iter().filter(|entry| {
            was_judged(&entry.rule) && !met.contains(&(entry.fingerprint.clone(), entry.file.clone()))
        });
        (standings, unmet.count())
    }
}

impl Entry {
    /// Whether the object and what decides are the same, the finding holds in no more of the variants that there were, and
    /// nothing more belongs to it. A variant that is new is another deployment of what was accepted.
    fn covers(&self, found: &Self, variants: &BTreeSet<&str>) -> bool {
        let mut origins = found.sets.iter().filter_map(|set| origin(set, variants));
        let is_part =
            |known: &BTreeSet<String>| found.related.as_ref().is_none_or(|now| now.is_subset(known));
        self.digest == found.digest
            && self.decided_by == found.decided_by
            && origins.all(|set| self.sets.contains(set))
            && self.related.as_ref().is_none_or(is_part)
    }
}

impl Standings {
    /// `None`: the baseline does not know the finding.
    pub fn of(&self, finding: &Finding, fingerprint: &str) -> Option<Standing> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(fingerprint.to_owned(), source(finding))).copied()
    }
}

fn source(finding: &Finding) -> Option<SourceId> {
    finding.place.as_ref().map(|place| place.source)
}

/// Objects of the estate by what findings call them, and by where they stand.
struct Objects<'e> {
    estate: &'e Estate,
    resources: BTreeMap<&'e str, &'e Resource>,
    /// Plans and positions in them, by address: several plans may have one.
    planned: BTreeMap<&'e str, Vec<(usize, u32)>>,
    /// By source and first byte.
    places: BTreeMap<(SourceId, usize), &'e Resource>,
}

impl<'e> Objects<'e> {
    fn new(estate: &'e Estate) -> Self {
        let (mut resources, mut places) = (BTreeMap::new(), BTreeMap::new());
        let mut planned: BTreeMap<&str, Vec<(usize, u32)>> = BTreeMap::new();
        for resource in &estate.resources {
            resources.entry(&*resource.id).or_insert(resource);
            places.insert((estate.file(resource), estate.node(resource).span().start), resource);
        }
        for (index, plan) in estate.plans.iter().enumerate() {
            for (position, resource) in (0_u32..).zip(&plan.resources) {
                planned.entry(&*resource.address).or_default().push((index, position));
            }
        }
        Self { estate, resources, planned, places }
    }

    fn entry(&self, finding: &Finding) -> Entry {
        let file = source(finding).map(|id| self.estate.sources.get(id).file.to_string());
        let digest = |objects: &[Input<'_>]| {
            let mut hash = Sha256::new();
            objects.iter().for_each(|object| hash.update(object.masked_json(self.estate).to_string()));
            hex(&hash.finalize())
        };
        let objects = self.objects(finding);
        let around = finding.place.as_ref().and_then(|place| self.around(place));
        let is_it = |object: &Input<'_>, around| matches!(object, Input::Object(known) if std::ptr::eq(*known, around));
        let decider = around.filter(|around| !objects.iter().any(|object| is_it(object, *around)));
        Entry {
            file,
            rule: finding.rule.to_string(),
            resource: finding.resource.clone(),
            fingerprint: finding.fingerprint(),
            digest: (!objects.is_empty()).then(|| digest(&objects)),
            decided_by: decider.map(|object| digest(&[Input::Object(object)])),
            sets: finding.sets.iter().map(ToString::to_string).collect(),
            related: Some(finding.members().map(ToOwned::to_owned).collect()),
        }
    }

    /// The object that a finding is about; where its id is that of a database or a topic, the one in which it lies. A
    /// planned one is that of every plan that has it.
    fn objects(&self, finding: &Finding) -> Vec<Input<'e>> {
        let around = finding.place.as_ref().and_then(|place| self.around(place));
        let named = self.resources.get(finding.resource.as_str()).copied();
        let object = match (around, named) {
            (Some(around), Some(_)) if *around.id == *finding.resource => Some(around),
            (_, Some(named)) => Some(named),
            (around, None) => match self.planned.get(finding.resource.as_str()) {
                Some(planned) => {
                    return planned.iter().map(|(plan, position)| Input::Planned(*plan, *position)).collect();
                }
                None => around,
            },
        };
        object.map(Input::Object).into_iter().collect()
    }

    fn around(&self, place: &Place) -> Option<&'e Resource> {
        let before = self.places.range(..=(place.source, place.start)).next_back();
        let ((source, _), resource) = before?;
        let holds = *source == place.source && self.estate.node(resource).span().contains(&place.start);
        holds.then_some(*resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_this_format_is_read() {
        let written = Baseline { schema: SCHEMA.to_owned(), ..Baseline::default() }.to_json();
        assert!(Baseline::read(&written).is_ok_and(|baseline| baseline.is_empty()));
        for (text, expected) in [
            ("[]", "it is no baseline"),
            (r#"{"schema": "probity.baseline/v2", "findings": []}"#, "`probity.baseline/v2`"),
            (r#"{"schema": "probity.baseline/v1", "findings": [{"rule": "a/b"}]}"#, "missing field"),
            (r#"{"schema": "probity.baseline/v1", "findings": [], "more": 1}"#, "unknown field"),
        ] {
            let error = Baseline::read(text).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
