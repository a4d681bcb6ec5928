//! A run and what it decided.

use std::collections::BTreeMap;

use serde::Serialize;

use super::digest::{Digest, List};
use crate::audit::canonical::{decimal, decimal_if_known};

/// A run begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ScanStart {
    /// Who ran it, as far as anybody says so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<Actor>,
    /// Options as given, of the allow-list only: never a value that could be a secret.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// SHA-256 of the baseline file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci: Option<Ci>,
    /// By how much the clock is behind the record before; set by the writer.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal_if_known")]
    pub clock_back_ms: Option<u64>,
    /// Version of the API server whose objects were judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster_version: Option<String>,
    /// SHA-256 of the configuration file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// `scan`, `hook`, `cluster`, `drift`; `shard` reads a part of a cluster, `merge` judges all parts.
    pub mode: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyDigest>,
    pub tool: Tool,
    /// SHA-256 of the canonical list of waivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waivers: Option<String>,
}

/// What was read, before anybody knows which of it holds a credential: [`ScanInputs`] names it when that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manifest {
    #[serde(serialize_with = "decimal")]
    pub count: usize,
    /// Keyed digest over the sorted lines of `sha256sum` of all inputs.
    pub hmac: String,
}

/// What a run read, once its credentials are known: a plain digest of a file with a credential could be guessed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScanInputs {
    /// A list of [`super::Input`].
    pub inputs: List,
}

/// The program that ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tool {
    /// SHA-256 of the executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executable: Option<String>,
    pub name: String,
    pub version: String,
}

/// A bundle of policies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PolicyDigest {
    /// Folder, or `built-in`.
    pub name: String,
    /// SHA-256 over the sorted lines of `sha256sum` of its files.
    pub sha256: String,
}

/// Who ran it, and how far that can be believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Actor {
    pub id: String,
    /// `oidc-verified`, `env-claimed`, `os-user`, `k8s-serviceaccount`.
    pub source: String,
}

/// The automation in which it ran, as its environment claims.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Ci {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
    pub provider: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
}

/// The work tree that was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Git {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Without user or password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// A decision that is not a pass.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Decision {
    /// Class of an evaluation error, never its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Keyed digest of the deciding value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Digest of the file with the deciding value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<Digest>,
    /// `fail`, `waived`, `baseline`, `not_assessed`, `error`, `skipped`.
    pub outcome: String,
    /// Where in the input the deciding value is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub resource: String,
    pub rule: String,
    /// SHA-256 of the policy that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiver: Option<String>,
}

/// All passes of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionBatch {
    pub outcome: String,
    /// Ids of the resources that passed.
    pub resources: List,
    pub rule: String,
}

/// A setting changed what a rule would have said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Override {
    /// What it would have been.
    pub from: String,
    pub rule: String,
    /// `severity`, `enabled`.
    pub setting: String,
    /// Where it is set, `probity.yaml:12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    pub to: String,
}

/// A run ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ScanEnd {
    /// By how much the clock is behind the record before; set by the writer.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal_if_known")]
    pub clock_back_ms: Option<u64>,
    pub counts: Outcomes,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal_if_known")]
    pub duration_ms: Option<u64>,
    #[serde(serialize_with = "decimal")]
    pub exit: u8,
    /// Limits that were hit, so that something was left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// `pass`, `fail`, `incomplete`; `read` of a shard, which decides nothing.
    pub outcome: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reports: Vec<ReportDigest>,
}

/// How many decisions of each outcome; printed as decimal strings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcomes(pub BTreeMap<&'static str, u64>);

impl Serialize for Outcomes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(outcome, count)| (outcome, count.to_string())))
    }
}

/// A limit that was hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limit {
    pub name: String,
    #[serde(serialize_with = "decimal")]
    pub value: u64,
}

/// A report as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReportDigest {
    /// `sarif`, `json`, …
    pub format: String,
    pub sha256: String,
    /// Size in bytes.
    #[serde(serialize_with = "decimal")]
    pub size: u64,
}
