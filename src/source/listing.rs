//! Listings: what was read of one kind of a cluster, or why it was not.

use serde::{Deserialize, Serialize};

/// Stands for all kinds, as in RBAC.
const EVERYTHING: &str = "*";

/// Coverage of one kind (contract, "Place").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listing {
    pub group: String,
    /// As the server prefers it; empty where the server does not serve the kind.
    pub version: String,
    pub kind: String,
    /// Plural name, as RBAC and addresses have it.
    pub resource: String,
    pub outcome: Outcome,
    /// How many objects were kept.
    pub objects: usize,
    /// Of the list; different kinds have different ones, since no snapshot of a cluster is atomic.
    pub resource_version: Option<String>,
    pub pages: usize,
    /// How often the list expired while it was read, and was begun anew.
    pub restarts: usize,
    /// Namespaces that were read, where a list of all of them was refused.
    pub namespaces: Vec<String>,
}

/// What became of the list of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Read,
    /// The server refused it to these credentials.
    Forbidden,
    /// The server does not serve the kind: no such `CustomResourceDefinition`.
    Absent,
    /// It was not read to its end.
    Failed,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Forbidden => "forbidden",
            Self::Absent => "absent",
            Self::Failed => "failed",
        }
    }
}

impl Listing {
    /// Whether there may be objects of the kind that were not read.
    pub const fn is_unread(&self) -> bool {
        matches!(self.outcome, Outcome::Forbidden | Outcome::Failed)
    }

    /// Of a cluster of which nothing could be read.
    pub fn of_everything() -> Self {
        let everything = EVERYTHING.to_owned();
        Self { outcome: Outcome::Failed, ..Self::absent(everything.clone(), everything.clone(), everything) }
    }

    pub const fn absent(group: String, kind: String, resource: String) -> Self {
        Self {
            group,
            version: String::new(),
            kind,
            resource,
            outcome: Outcome::Absent,
            objects: 0,
            resource_version: None,
            pages: 0,
            restarts: 0,
            namespaces: Vec::new(),
        }
    }

    pub fn is_of_everything(&self) -> bool {
        self.kind == EVERYTHING
    }

    /// `networkpolicies.networking.k8s.io`, as `kubectl` names it.
    pub fn name(&self) -> String {
        if self.is_of_everything() {
            return "the cluster".to_owned();
        }
        qualified(&self.resource, &self.group)
    }
}

/// A plural name with its group.
pub fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}
