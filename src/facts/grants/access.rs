//! What the rules of a role let somebody do to Secrets: read them, or make something that reads them.

use crate::{document::NodeRef, source::Place};

/// A way to the values of Secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// Reads all Secrets in reach.
    Read(Verb),
    /// Reads single ones, by name.
    ReadNamed,
    /// Writes roles beyond its own, or binds them: gives itself the right to read.
    Escalate,
    /// Acts as somebody else.
    Impersonate,
    /// Asks for a token of a `ServiceAccount`.
    Token,
    /// Runs a Pod that mounts what it wants.
    Run,
    /// Runs a command where Secrets are mounted.
    Execute,
}

/// What gives the values: `list` and `watch` return them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Any,
    Get,
    List,
    Watch,
}

impl Access {
    pub(super) const fn how(self) -> &'static str {
        match self {
            Self::Read(_) => "direct",
            Self::ReadNamed => "named",
            _ => "indirect",
        }
    }

    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Read(Verb::Any) => "do anything with Secrets",
            Self::Read(Verb::Get) => "get every Secret",
            Self::Read(Verb::List) => "list Secrets with their values",
            Self::Read(Verb::Watch) => "watch Secrets with their values",
            Self::ReadNamed => "get single Secrets",
            Self::Escalate => "give itself more rights",
            Self::Impersonate => "act as others",
            Self::Token => "ask for the tokens of ServiceAccounts",
            Self::Run => "run Pods that mount any Secret",
            Self::Execute => "run commands in Pods that hold Secrets",
        }
    }
}

/// One rule of a role (rbac/v1 `PolicyRule`).
pub(super) struct Rule<'e>(NodeRef<'e>);

impl<'e> Rule<'e> {
    pub(super) fn all(role: NodeRef<'e>) -> impl Iterator<Item = Self> {
        role.get("rules").into_iter().flat_map(NodeRef::items).map(Self)
    }

    /// Every way to Secrets that the rule opens, with what opens it.
    pub(super) fn access(&self) -> Vec<(Access, Place)> {
        let mut found = Vec::new();
        let is_named = self.0.get("resourceNames").is_some_and(|names| names.items().next().is_some());
        if let Some(place) = self.resource("", &["secrets"]) {
            for (verb, name) in
                [(Verb::Any, "*"), (Verb::Get, "get"), (Verb::List, "list"), (Verb::Watch, "watch")]
            {
                if self.has("verbs", name) {
                    let access = if is_named { Access::ReadNamed } else { Access::Read(verb) };
                    found.push((access, place.clone()));
                    break;
                }
            }
        }
        if is_named {
            return found;
        }
        for (group, resources, verbs, access) in INDIRECT {
            if let Some(place) = self.resource(group, resources)
                && verbs.iter().chain(["*"].iter()).any(|verb| self.has("verbs", verb))
            {
                found.push((*access, place));
            }
        }
        found
    }

    /// Where the rule names one of some resources of a group.
    fn resource(&self, group: &str, resources: &[&str]) -> Option<Place> {
        if !self.has("apiGroups", group) && !self.has("apiGroups", "*") {
            return None;
        }
        let named = |item: &NodeRef<'_>| {
            item.as_str().is_some_and(|name| {
                // `*/exec` is that part of every resource.
                let part = |resource: &str| {
                    resource.rsplit_once('/').is_some_and(|(_, part)| name == format!("*/{part}"))
                };
                name == "*" || resources.iter().any(|resource| *resource == name || part(resource))
            })
        };
        self.items("resources").find(named).map(NodeRef::place)
    }

    fn has(&self, field: &str, wanted: &str) -> bool {
        self.items(field).any(|item| item.as_str() == Some(wanted))
    }

    fn items(&self, field: &str) -> impl Iterator<Item = NodeRef<'e>> + use<'e> {
        self.0.get(field).into_iter().flat_map(NodeRef::items)
    }
}

/// Group, resources and verbs, and where they lead.
const INDIRECT: &[(&str, &[&str], &[&str], Access)] = &[
    ("", &["pods", "replicationcontrollers"], &["create", "patch", "update"], Access::Run),
    (
        "apps",
        &["deployments", "statefulsets", "daemonsets", "replicasets"],
        &["create", "patch", "update"],
        Access::Run,
    ),
    ("batch", &["jobs", "cronjobs"], &["create", "patch", "update"], Access::Run),
    ("", &["pods/exec", "pods/attach"], &["create", "get"], Access::Execute),
    ("", &["pods/ephemeralcontainers"], &["patch", "update"], Access::Execute),
    ("", &["serviceaccounts/token"], &["create"], Access::Token),
    ("", &["users", "groups", "serviceaccounts"], &["impersonate"], Access::Impersonate),
    ("rbac.authorization.k8s.io", &["roles", "clusterroles"], &["escalate", "bind"], Access::Escalate),
];

/// Roles of every cluster that say something about Secrets; the others of those names (`system:…`) are its own.
pub(super) fn is_built_in(kind: &str, name: &str) -> bool {
    kind == "ClusterRole"
        && (matches!(name, "cluster-admin" | "admin" | "edit" | "view") || name.starts_with("system:"))
}

/// What the built-in roles give (kubernetes/kubernetes `bootstrappolicy/policy.go`).
pub(super) fn of_built_in(name: &str) -> Option<Access> {
    matches!(name, "cluster-admin" | "admin" | "edit").then_some(Access::Read(Verb::Any))
}
