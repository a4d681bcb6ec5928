//! What of `probity.report/v1` is read, owned; keys of later versions are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::Severity;

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) schema: String,
    pub(super) outcome: String,
    pub(super) findings: Vec<SavedFinding>,
    #[serde(default)]
    pub(super) not_assessed: Vec<SavedNotAssessed>,
    #[serde(default)]
    pub(super) not_applicable: Vec<SavedNotApplicable>,
    #[serde(default)]
    pub(super) evaluated: Vec<SavedEvaluated>,
    #[serde(default)]
    pub(super) sources: Vec<SavedSource>,
    #[serde(default)]
    pub(super) errors: Vec<SavedError>,
    pub(super) audit: Option<SavedAudit>,
    #[serde(default)]
    pub(super) incomplete: Vec<String>,
    #[serde(default)]
    pub(super) overrides: Vec<SavedOverride>,
    #[serde(default)]
    pub(super) waivers: SavedWaivers,
    #[serde(default)]
    pub(super) rules: Vec<SavedRule>,
    pub(super) change: Option<SavedChange>,
    pub(super) drift: Option<SavedDrift>,
    pub(super) fail_on: Option<Severity>,
    pub(super) facts: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Document {
    /// Every place that it names.
    pub(super) fn places(&self) -> impl Iterator<Item = &SavedPlace> {
        let of_findings = self.findings.iter().flat_map(|finding| {
            let related = finding.related.iter().filter_map(|related| related.place.as_ref());
            let fix = finding.fix.as_ref().map(|fix| &fix.place);
            finding.place.iter().chain(related).chain(fix)
        });
        of_findings.chain(self.not_assessed.iter().filter_map(|result| result.place.as_ref()))
    }
}

#[derive(Deserialize)]
pub(super) struct SavedFinding {
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) status: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) sets: Vec<String>,
    pub(super) resource: String,
    pub(super) place: Option<SavedPlace>,
    #[serde(default)]
    pub(super) related: Vec<SavedRelated>,
    pub(super) waiver: Option<SavedWaiver>,
    pub(super) fingerprint: String,
    pub(super) remedy: Option<String>,
    pub(super) peer: Option<String>,
    pub(super) fix: Option<SavedFix>,
    pub(super) via: Option<String>,
    #[serde(default)]
    pub(super) metadata: serde_json::Map<String, serde_json::Value>,
}

#[derive(Deserialize)]
pub(super) struct SavedPlace {
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
    #[serde(default)]
    pub(super) excerpt: String,
    #[serde(default)]
    pub(super) excerpt_column: usize,
}

#[derive(Deserialize)]
pub(super) struct SavedFix {
    pub(super) place: SavedPlace,
    pub(super) replacement: String,
}

#[derive(Deserialize)]
pub(super) struct SavedRelated {
    pub(super) label: String,
    pub(super) resource: Option<String>,
    pub(super) place: Option<SavedPlace>,
    pub(super) via: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct SavedWaiver {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) reason: String,
    pub(super) until: String,
    pub(super) source: String,
    #[serde(default)]
    pub(super) rule: String,
    pub(super) ticket: Option<String>,
    #[serde(default)]
    pub(super) in_source: bool,
}

#[derive(Deserialize, Default)]
pub(super) struct SavedWaivers {
    #[serde(default)]
    pub(super) expired: Vec<SavedWaiver>,
    #[serde(default)]
    pub(super) unused: Vec<SavedWaiver>,
}

#[derive(Deserialize)]
pub(super) struct SavedNotAssessed {
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) missing: Option<String>,
    #[serde(default)]
    pub(super) resources: Vec<String>,
    #[serde(default)]
    pub(super) sets: Vec<String>,
    pub(super) place: Option<SavedPlace>,
}

#[derive(Deserialize)]
pub(super) struct SavedNotApplicable {
    pub(super) rule: String,
    pub(super) reason: String,
}

#[derive(Deserialize)]
pub(super) struct SavedEvaluated {
    pub(super) rule: String,
    pub(super) subjects: usize,
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) not_assessed: usize,
}

/// A file, or a kind of a cluster, which has no file.
#[derive(Deserialize)]
pub(super) struct SavedSource {
    #[serde(default)]
    pub(super) file: String,
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) group: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) resource: String,
    #[serde(default)]
    pub(super) objects: usize,
    pub(super) resource_version: Option<String>,
    #[serde(default)]
    pub(super) pages: usize,
    #[serde(default)]
    pub(super) restarts: usize,
    #[serde(default)]
    pub(super) namespaces: Vec<String>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) documents: usize,
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) notices: Vec<SavedNotice>,
}

#[derive(Deserialize)]
pub(super) struct SavedNotice {
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) message: String,
}

#[derive(Deserialize)]
pub(super) struct SavedError {
    pub(super) policy: String,
    pub(super) message: String,
}

#[derive(Deserialize)]
pub(super) struct SavedAudit {
    pub(super) origin: String,
    pub(super) run: String,
    pub(super) start: SavedHead,
    pub(super) signed: bool,
}

#[derive(Deserialize)]
pub(super) struct SavedHead {
    pub(super) size: u64,
    pub(super) root: String,
}

#[derive(Deserialize)]
pub(super) struct SavedOverride {
    pub(super) rule: String,
    pub(super) setting: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) source: String,
}

#[derive(Deserialize)]
pub(super) struct SavedRule {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) severity: Severity,
    pub(super) recommended_action: String,
    #[serde(default)]
    pub(super) controls: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) related_resources: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct SavedChange {
    pub(super) since: String,
    pub(super) commit: String,
    pub(super) merge_base: Option<String>,
    pub(super) known: usize,
    #[serde(default)]
    pub(super) repaired: Vec<SavedRepaired>,
    #[serde(default)]
    pub(super) not_used: Vec<SavedUnused>,
}

#[derive(Deserialize)]
pub(super) struct SavedUnused {
    pub(super) file: String,
    pub(super) line: Option<usize>,
    pub(super) role: String,
}

#[derive(Deserialize)]
pub(super) struct SavedDrift {
    pub(super) paired: usize,
    pub(super) in_both: usize,
    #[serde(default)]
    pub(super) not_compared: BTreeMap<String, usize>,
}

#[derive(Deserialize)]
pub(super) struct SavedRepaired {
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) resource: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<usize>,
    pub(super) fingerprint: String,
}
