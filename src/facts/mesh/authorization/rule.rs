//! One rule of an `AuthorizationPolicy`: whether it takes an identity to match it.

use crate::{document::NodeRef, source::Place};

/// Fields of a source that only a caller with a peer identity has.
const IDENTITIES: [&str; 3] = ["principals", "namespaces", "serviceAccounts"];
/// Fields of a source that exclude callers by their peer identity.
const NEGATIVE_IDENTITIES: [&str; 3] = ["notPrincipals", "notNamespaces", "notServiceAccounts"];
/// Attributes of a condition that only a caller with a peer identity has.
const IDENTITY_ATTRIBUTES: [&str; 3] = ["source.principal", "source.namespace", "source.serviceAccount"];
/// The attribute of a condition that is the port which a request reaches.
const PORT: &str = "destination.port";
/// Fields of an operation that are read from HTTP.
const HTTP_OPERATIONS: [&str; 6] = ["hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"];
/// Fields of a source that are read from HTTP.
const HTTP_SOURCES: [&str; 4] =
    ["requestPrincipals", "notRequestPrincipals", "remoteIpBlocks", "notRemoteIpBlocks"];

/// Its parts are all needed; the elements of each part are alternatives.
#[expect(clippy::struct_excessive_bools, reason = "each answers another question about the same text")]
#[derive(Debug)]
pub(super) struct Rule<'e> {
    node: NodeRef<'e>,
    /// Whether no caller without a peer identity matches.
    pub(super) needs_identity: bool,
    /// Whether it cannot be decided without HTTP.
    pub(super) needs_http: bool,
    /// Whether one of its sources is every caller without a peer identity.
    is_anonymous: bool,
    /// Whether anything but ports narrows it besides its source.
    is_narrow: bool,
    operations: Vec<NodeRef<'e>>,
    /// Conditions on the port.
    ports: Vec<NodeRef<'e>>,
}

fn items<'e>(node: NodeRef<'e>, key: &str) -> Vec<NodeRef<'e>> {
    node.get(key).into_iter().flat_map(NodeRef::items).collect()
}

fn is_given(node: NodeRef<'_>, key: &str) -> bool {
    node.get(key).is_some_and(|list| list.items().next().is_some())
}

fn any_given(node: NodeRef<'_>, keys: &[&str]) -> bool {
    keys.iter().any(|key| is_given(node, key))
}

/// Whether a list of a node names a port.
fn names(node: NodeRef<'_>, key: &str, port: u16) -> bool {
    let number = |item: &NodeRef<'_>| item.as_str().and_then(|text| text.parse().ok());
    items(node, key).iter().any(|item| number(item) == Some(port))
}

impl<'e> Rule<'e> {
    pub(super) fn new(node: NodeRef<'e>) -> Self {
        let sources: Vec<_> = items(node, "from").iter().filter_map(|from| from.get("source")).collect();
        let operations: Vec<_> = items(node, "to").iter().filter_map(|to| to.get("operation")).collect();
        let conditions = items(node, "when");
        let of_identity = |condition: &NodeRef<'_>| {
            condition.str_at(&["key"]).is_some_and(|key| IDENTITY_ATTRIBUTES.contains(&key))
        };
        let of_port = |condition: &NodeRef<'_>| condition.str_at(&["key"]) == Some(PORT);
        let by_source = !sources.is_empty() && sources.iter().all(|source| any_given(*source, &IDENTITIES));
        let by_condition =
            conditions.iter().any(|condition| of_identity(condition) && is_given(*condition, "values"));
        // A caller without an identity has an empty one, which no negative match excludes (ISTIO-SECURITY-2021-004).
        let anonymous_source = |source: &NodeRef<'_>| {
            any_given(*source, &NEGATIVE_IDENTITIES)
                && source.entries().all(|(key, _, _)| NEGATIVE_IDENTITIES.contains(&key))
        };
        let anonymous_condition = |condition: &NodeRef<'_>| {
            of_identity(condition) && is_given(*condition, "notValues") && !is_given(*condition, "values")
        };
        let http_condition = |condition: &NodeRef<'_>| {
            condition.str_at(&["key"]).is_some_and(|key| key.starts_with("request."))
        };
        Self {
            node,
            needs_identity: by_source || by_condition,
            needs_http: operations.iter().any(|operation| any_given(*operation, &HTTP_OPERATIONS))
                || sources.iter().any(|source| any_given(*source, &HTTP_SOURCES))
                || conditions.iter().any(http_condition),
            is_anonymous: sources.iter().any(anonymous_source)
                || (sources.is_empty() && conditions.iter().any(anonymous_condition)),
            is_narrow: operations.iter().any(|operation| any_given(*operation, &HTTP_OPERATIONS))
                || conditions.iter().any(|condition| !anonymous_condition(condition) && !of_port(condition)),
            operations,
            ports: conditions.iter().copied().filter(of_port).collect(),
        }
    }

    /// Whether nothing narrows it.
    pub(super) fn matches_all(&self) -> bool {
        ["from", "to", "when"].iter().all(|key| !is_given(self.node, key))
    }

    /// Whether a request on a port may match it.
    pub(super) fn may_match(&self, port: Option<u16>) -> bool {
        let Some(port) = port else { return true };
        let matches = |node: NodeRef<'_>, listed: &str, others: &str| {
            (!is_given(node, listed) || names(node, listed, port)) && !names(node, others, port)
        };
        let operation = self.operations.is_empty()
            || self.operations.iter().any(|operation| matches(*operation, "ports", "notPorts"));
        operation && self.ports.iter().all(|condition| matches(*condition, "values", "notValues"))
    }

    /// Whether a DENY with it refuses every caller without an identity on a port; `None` for the port: on all.
    pub(super) fn refuses_anonymous(&self, port: Option<u16>) -> bool {
        let everywhere = self.ports.is_empty()
            && self.operations.iter().all(|operation| !any_given(*operation, &["ports", "notPorts"]));
        self.is_anonymous && !self.is_narrow && self.may_match(port) && (port.is_some() || everywhere)
    }

    /// The first key of the rule.
    pub(super) fn place(&self) -> Place {
        let key = self.node.entries().next().map(|(_, span, _)| span);
        Place::new(self.node.document.source, key.unwrap_or_else(|| self.node.span()))
    }
}
