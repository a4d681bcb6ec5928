//! The public shape of `probity.report/v1` (contract, section "`-f json`"), in its order.
//!
//! Keys that the contract does not show come last in their object.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    finding::Severity,
    policy::metadata::{Control, FRAMEWORKS, Rule},
};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    pub(super) schema: &'static str,
    pub(super) outcome: &'static str,
    pub(super) tool: Tool,
    pub(super) summary: Counts,
    pub(super) findings: Vec<PublicFinding<'a>>,
    pub(super) not_assessed: Vec<PublicNotAssessed<'a>>,
    pub(super) not_applicable: Vec<NotApplicable<'a>>,
    pub(super) evaluated: Vec<Evaluated<'a>>,
    pub(super) sources: Vec<PublicSource<'a>>,
    pub(super) errors: Vec<PolicyError<'a>>,
    pub(super) audit: Option<Audit<'a>>,
    /// Open findings at or above it make the run fail; null: none does.
    pub(super) fail_on: Option<Severity>,
    pub(super) incomplete: &'a [String],
    pub(super) overrides: Vec<Override<'a>>,
    pub(super) waivers: Waivers<'a>,
    pub(super) rules: Vec<PublicRule<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) change: Option<Change<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) drift: Option<Drift<'a>>,
    /// With `--with-facts`: `probity.facts/v1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) facts: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

/// With `--since`: what the change repairs, and how much it leaves as it was.
#[derive(Serialize)]
pub(super) struct Change<'a> {
    pub(super) since: &'a str,
    pub(super) commit: &'a str,
    /// The commit whose findings are known, where the change left the history of `commit`: mostly the same.
    pub(super) merge_base: &'a str,
    pub(super) known: usize,
    pub(super) repaired: Vec<Repaired<'a>>,
    /// What the change did to what decides; that of the tree before counts.
    pub(super) not_used: Vec<Unused<'a>>,
}

#[derive(Serialize)]
pub(super) struct Unused<'a> {
    pub(super) file: &'a str,
    pub(super) line: Option<usize>,
    /// `configuration`, `policy`, `data`, `baseline` or `waiver`.
    pub(super) role: &'static str,
}

/// With `--drift`: how the comparison went that the findings are limited to.
#[derive(Serialize)]
pub(super) struct Drift<'a> {
    /// Objects that are declared and live.
    pub(super) paired: usize,
    /// Findings that both have, which are no difference.
    pub(super) in_both: usize,
    /// Objects by the reason why the other side need not have them.
    pub(super) not_compared: &'a BTreeMap<String, usize>,
}

#[derive(Serialize)]
pub(super) struct Repaired<'a> {
    pub(super) rule: &'a str,
    pub(super) severity: Severity,
    pub(super) message: &'a str,
    pub(super) resource: &'a str,
    pub(super) file: Option<&'a str>,
    pub(super) line: Option<usize>,
    pub(super) fingerprint: &'a str,
}

#[derive(Serialize)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
}

#[derive(Serialize)]
pub(super) struct Counts {
    pub(super) open: BySeverity,
    pub(super) waived: usize,
    pub(super) baseline: usize,
    pub(super) not_assessed: usize,
}

pub(super) struct BySeverity(pub(super) [(Severity, usize); Severity::ALL.len()]);

#[derive(Serialize)]
pub(super) struct PublicFinding<'a> {
    pub(super) rule: &'a str,
    pub(super) severity: Severity,
    pub(super) status: &'static str,
    pub(super) message: &'a str,
    pub(super) sets: Vec<&'a str>,
    pub(super) resource: &'a str,
    pub(super) place: Option<Place<'a>>,
    pub(super) related: Vec<PublicRelated<'a>>,
    pub(super) controls: Controls<'a>,
    pub(super) waiver: Option<Waiver<'a>>,
    pub(super) fingerprint: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) remedy: Option<&'a str>,
    pub(super) peer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fix: Option<Fix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) via: Option<&'a str>,
    #[serde(skip_serializing_if = "serde_json::Map::is_empty")]
    pub(super) metadata: &'a serde_json::Map<String, serde_json::Value>,
}

/// The mechanical remedy that `--fix` writes where the finding is open: what takes the place of what stands there.
#[derive(Serialize)]
pub(super) struct Fix<'a> {
    pub(super) place: Place<'a>,
    pub(super) replacement: &'a str,
}

#[derive(Serialize)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
    pub(super) excerpt: String,
    /// Where in the excerpt the place begins, from 1.
    pub(super) excerpt_column: usize,
}

#[derive(Serialize)]
pub(super) struct PublicRelated<'a> {
    pub(super) label: &'a str,
    pub(super) resource: Option<&'a str>,
    pub(super) place: Option<Place<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) via: Option<&'a str>,
}

/// Every framework of the contract is there, with an empty list where a rule says nothing about it.
pub(super) struct Controls<'a>(pub(super) Option<&'a Rule>);

#[derive(Serialize)]
pub(super) struct Waiver<'a> {
    pub(super) id: &'a str,
    pub(super) owner: &'a str,
    pub(super) reason: &'a str,
    pub(super) until: &'a str,
    pub(super) source: &'a str,
    pub(super) rule: &'a str,
    pub(super) ticket: Option<&'a str>,
    /// It is a comment beside what it is about.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) in_source: bool,
}

/// Waivers that do nothing, beside those that stand with their findings.
#[derive(Serialize)]
pub(super) struct Waivers<'a> {
    pub(super) expired: Vec<Waiver<'a>>,
    pub(super) unused: Vec<Waiver<'a>>,
}

#[derive(Serialize)]
pub(super) struct PublicNotAssessed<'a> {
    pub(super) rule: &'a str,
    pub(super) reason: &'a str,
    pub(super) missing: Option<&'a str>,
    pub(super) resources: &'a [String],
    pub(super) sets: Vec<&'a str>,
    pub(super) place: Option<Place<'a>>,
}

#[derive(Serialize)]
pub(super) struct NotApplicable<'a> {
    pub(super) rule: &'a str,
    pub(super) reason: &'a str,
}

#[derive(Serialize)]
pub(super) struct Override<'a> {
    pub(super) rule: &'a str,
    pub(super) setting: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) source: &'a str,
}

#[derive(Serialize)]
pub(super) struct Evaluated<'a> {
    pub(super) rule: &'a str,
    pub(super) subjects: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) not_assessed: usize,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PublicSource<'a> {
    File {
        file: &'a str,
        status: &'static str,
        documents: usize,
        reason: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notices: Vec<Notice<'a>>,
    },
    /// A kind of a cluster.
    Kind {
        kind: &'a str,
        group: &'a str,
        version: &'a str,
        resource: &'a str,
        status: &'static str,
        objects: usize,
        resource_version: Option<&'a str>,
        pages: usize,
        restarts: usize,
        /// Those that were read, where the list of all was refused.
        #[serde(skip_serializing_if = "<[String]>::is_empty")]
        namespaces: &'a [String],
        reason: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        notices: Vec<Notice<'a>>,
    },
}

/// No excerpt: what is odd about a source may be what kept it from being masked.
#[derive(Serialize)]
pub(super) struct Notice<'a> {
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) message: &'a str,
}

#[derive(Serialize)]
pub(super) struct PolicyError<'a> {
    pub(super) policy: &'a str,
    pub(super) message: &'a str,
}

#[derive(Serialize)]
pub(super) struct Audit<'a> {
    pub(super) origin: &'a str,
    pub(super) run: &'a str,
    pub(super) start: TreeHead<'a>,
    pub(super) signed: bool,
}

#[derive(Serialize)]
pub(super) struct TreeHead<'a> {
    pub(super) size: u64,
    pub(super) root: &'a str,
}

#[derive(Serialize)]
pub(super) struct PublicRule<'a> {
    pub(super) id: &'a str,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) severity: Severity,
    pub(super) recommended_action: &'a str,
    pub(super) controls: Controls<'a>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) related_resources: &'a [String],
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
