//! Whom a rule of a route is for: ports, namespaces, labels and gateways that it names (istio
//! `pilot/pkg/networking/core/route/route.go`, `sourceMatchHTTP`).

use std::collections::BTreeMap;

use crate::{document::NodeRef, resource::selector::Labels};

/// Who asks, and for which port.
#[derive(Debug, Clone, Copy)]
pub(in crate::facts::connections) struct Asker<'a> {
    pub(in crate::facts::connections) port: Option<u16>,
    pub(in crate::facts::connections) namespace: &'a str,
    pub(in crate::facts::connections) labels: &'a Labels<'a>,
    /// Namespace and name of a gateway; `None`: a Pod.
    pub(in crate::facts::connections) gateway: Option<(&'a str, &'a str)>,
}

/// What a rule asks of those whom it is for; one of several is enough, and without any it is for everybody.
#[derive(Debug, Clone, Default)]
pub(in crate::facts::connections) struct Matches<'e>(Vec<Match<'e>>);

#[derive(Debug, Clone, Default)]
struct Match<'e> {
    port: Option<i64>,
    gateways: Vec<(&'e str, &'e str)>,
    /// Whether Pods are among its gateways.
    is_for_pods: bool,
    labels: BTreeMap<&'e str, &'e str>,
    namespace: Option<&'e str>,
    /// Whether it asks for nothing else, such as a path.
    is_whole: bool,
}

/// Keys that leave out no request of those whom a match is for.
const OF_SOURCE: [&str; 7] =
    ["port", "gateways", "sourceLabels", "sourceNamespace", "name", "statPrefix", "ignoreUriCase"];

impl<'e> Matches<'e> {
    /// `namespace`: that of the resource, in which a gateway without one lies.
    pub(super) fn new(rule: NodeRef<'e>, namespace: &'e str) -> Self {
        let matches = rule.get("match").into_iter().flat_map(NodeRef::items);
        Self(matches.map(|condition| Match::new(condition, namespace)).collect())
    }

    pub(in crate::facts::connections) fn of_port(port: Option<i64>) -> Self {
        let one = |port| Match { port: Some(port), is_whole: true, ..Match::default() };
        Self(port.map(one).into_iter().collect())
    }

    pub(super) fn may_match(&self, asker: Asker<'_>) -> bool {
        self.0.is_empty() || self.0.iter().any(|one| one.may_match(asker))
    }

    /// Whether nothing of who may match is left to later rules.
    pub(super) fn takes_all(&self, asker: Asker<'_>) -> bool {
        let takes = |one: &Match<'_>| {
            one.is_whole && one.may_match(asker) && (one.port.is_none() || asker.port.is_some())
        };
        self.0.is_empty() || self.0.iter().any(takes)
    }
}

impl<'e> Match<'e> {
    fn new(condition: NodeRef<'e>, namespace: &'e str) -> Self {
        let gateways = condition.get("gateways").into_iter().flat_map(NodeRef::items);
        let gateways: Vec<&str> = gateways.filter_map(NodeRef::as_str).collect();
        let named = gateways.iter().filter(|gateway| **gateway != "mesh");
        let labels = condition.get("sourceLabels").into_iter().flat_map(NodeRef::entries);
        let is_any_path = |node: NodeRef<'_>| {
            node.str_at(&["prefix"]) == Some("/") || node.str_at(&["regex"]) == Some(".*")
        };
        Self {
            port: condition.get("port").and_then(NodeRef::as_i64),
            gateways: named.map(|gateway| gateway.split_once('/').unwrap_or((namespace, gateway))).collect(),
            is_for_pods: gateways.contains(&"mesh"),
            labels: labels.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect(),
            namespace: condition.str_at(&["sourceNamespace"]).filter(|name| !name.is_empty()),
            is_whole: condition
                .entries()
                .all(|(key, _, value)| OF_SOURCE.contains(&key) || (key == "uri" && is_any_path(value))),
        }
    }

    fn may_match(&self, asker: Asker<'_>) -> bool {
        if let (Some(asked), Some(port)) = (self.port, asker.port)
            && asked != i64::from(port)
        {
            return false;
        }
        // What names gateways is not asked for labels.
        if self.is_for_pods || !self.gateways.is_empty() {
            return match asker.gateway {
                Some(gateway) => self.gateways.contains(&gateway),
                None => self.is_for_pods,
            };
        }
        self.labels.iter().all(|(key, value)| asker.labels.get(key) == Some(value))
            && self.namespace.is_none_or(|namespace| namespace == asker.namespace)
    }
}
