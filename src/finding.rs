//! Findings: what a rule said about a subject, before waivers and output.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{document::Path, source::Place};

/// How bad a finding is, from the least to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Info];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is no severity: use info, low, medium, high or critical"))
    }
}

/// Another place that belongs to a finding: the other end of the problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// Lower-case phrase, such as `this policy decides`.
    pub label: String,
    pub resource: Option<String>,
    pub place: Option<Place>,
    /// Address of the planned resource in which a Kubernetes object stands.
    pub via: Option<Arc<str>>,
    /// Whether it only explains, such as who calls a port: one more of these makes the finding no other one.
    pub is_context: bool,
}

/// One scalar of a source, replaced; all other bytes stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub place: Place,
    /// Text that takes the place of what stands there, quotes and all.
    pub replacement: String,
    /// What reading the replacement yields.
    pub value: serde_json::Value,
}

impl Related {
    /// A remark without a place of its own.
    pub fn remark(label: String) -> Self {
        Self { label, resource: None, place: None, via: None, is_context: true }
    }
}

/// A rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: Arc<str>,
    pub severity: Severity,
    pub message: String,
    /// Names of the sets in which it holds, sorted.
    pub sets: Vec<Arc<str>>,
    /// Id of the resource that it is about (contract, "Whose finding").
    pub resource: String,
    /// Address of the planned resource in which a Kubernetes object stands.
    pub via: Option<Arc<str>>,
    /// The narrowest scalar or key that decides; `None` only for live objects.
    pub place: Option<Place>,
    pub related: Vec<Related>,
    /// Where in the rule's input the deciding value is.
    pub path: Path,
    /// The other side of a connection, access or flow; for a result of Conftest's without a path, its message: whatever
    /// else tells it from others of its rule and resource.
    pub peer: Option<String>,
    /// What to do about this one, where the rule knows it better than its `recommended_action`.
    pub remedy: Option<String>,
    /// The mechanical remedy, where there is a safe one.
    pub fix: Option<Edit>,
    /// Other keys of the policy's result, as JSON.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl Finding {
    /// Ids of what belongs to it, such as the services that share a database.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        let members = self.related.iter().filter(|related| !related.is_context);
        members.filter_map(|related| related.resource.as_deref())
    }

    /// Stable name of the finding across runs (contract, "Fingerprint"): never a set, a line or a value.
    pub fn fingerprint(&self) -> String {
        let path = self.path.to_string();
        let mut hash = Sha256::new();
        for part in ["probity/v1", &self.rule, &self.resource, &path].into_iter().chain(self.peer.as_deref())
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex(&hash.finalize())
    }
}

/// The deciding fact is not in the input: neither a pass nor a finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotAssessed {
    pub rule: Arc<str>,
    pub reason: String,
    /// What would decide, if it were in the input.
    pub missing: Option<String>,
    /// Ids of the resources that it is about, sorted.
    pub resources: Vec<String>,
    pub sets: Vec<Arc<str>>,
    pub place: Option<Place>,
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
