//! `NetworkPolicy` (networking/v1): what its rules match.

use super::{Peer, Question, namespaces, namespaces::Namespaces, rule_place};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Set, places, truth::Truth, workloads::Workload},
    resource::{cidr::Cidr, selector::Selector},
    source::Place,
};

/// Which way a connection goes, seen from the Pods that a policy selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

#[derive(Debug)]
pub(super) struct Policy<'e> {
    pub(super) resource: &'e Resource,
    pub(super) namespace: &'e str,
    /// `None`: half-written.
    pub(super) selector: Option<Selector<'e>>,
    ingress: Option<Vec<Rule<'e>>>,
    egress: Option<Vec<Rule<'e>>>,
}

#[derive(Debug)]
pub(super) struct Rule<'e> {
    /// `None`: everybody.
    pub(super) peers: Option<Vec<PeerMatch<'e>>>,
    /// `None`: every port.
    pub(super) ports: Option<Vec<PortMatch<'e>>>,
    pub(super) place: Place,
}

#[derive(Debug)]
pub(super) enum PeerMatch<'e> {
    Pods {
        /// `None`: the namespace of the policy.
        namespaces: Option<Selector<'e>>,
        pods: Selector<'e>,
    },
    Block {
        range: Cidr,
        except: Vec<Cidr>,
    },
    /// Half-written.
    Unclear,
}

#[derive(Debug)]
pub(super) enum PortMatch<'e> {
    All(&'e str),
    Range(&'e str, u16, u16),
    Name(&'e str, &'e str),
    /// Half-written, or what the API server refuses, such as a number as text.
    Unclear,
}

impl<'e> Policy<'e> {
    pub(super) fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        let spec = node.get("spec");
        let selector = match spec.and_then(|spec| spec.get("podSelector")) {
            Some(selector) => Selector::of_label_selector(selector),
            None => Some(Selector::default()),
        };
        let (ingress, egress) = directions(spec);
        let rules = |wanted: bool, direction: &str, peers: &str| {
            let rules = spec.and_then(|spec| spec.get(direction)).into_iter().flat_map(NodeRef::items);
            wanted.then(|| rules.map(|rule| Rule::new(rule, node, spec, direction, peers)).collect())
        };
        Self {
            resource,
            namespace: resource.namespace(),
            selector,
            ingress: rules(ingress, "ingress", "from"),
            egress: rules(egress, "egress", "to"),
        }
    }

    /// Rules of a direction; `None` where it says nothing about it.
    pub(super) fn rules(&self, direction: Direction) -> Option<&Vec<Rule<'e>>> {
        match direction {
            Direction::Ingress => self.ingress.as_ref(),
            Direction::Egress => self.egress.as_ref(),
        }
    }
}

/// `policyTypes`; by default ingress, and egress where there are such rules.
fn directions(spec: Option<NodeRef<'_>>) -> (bool, bool) {
    let items = |key: &str| spec.and_then(|spec| spec.get(key)).into_iter().flat_map(NodeRef::items);
    let types: Vec<&str> = items("policyTypes").filter_map(NodeRef::as_str).collect();
    if types.is_empty() {
        return (true, items("egress").next().is_some());
    }
    (types.contains(&"Ingress"), types.contains(&"Egress"))
}

impl<'e> Rule<'e> {
    fn new(
        rule: NodeRef<'e>,
        policy: NodeRef<'e>,
        spec: Option<NodeRef<'e>>,
        direction: &str,
        peers: &str,
    ) -> Self {
        let place = rule_place(rule, &[peers, "ports"])
            .or_else(|| rule_place(spec?, &[direction]))
            .unwrap_or_else(|| places::name(policy));
        Self { peers: list(rule, peers, PeerMatch::new), ports: list(rule, "ports", PortMatch::new), place }
    }

    pub(super) fn matches(
        &self,
        namespaces: &Namespaces<'e>,
        set: &Set<'e>,
        policy_namespace: &str,
        question: Question<'_>,
    ) -> Truth {
        let port = self.matches_port(set, question);
        if port == Truth::False {
            return port;
        }
        let peer = self.peers.as_ref().map_or(Truth::True, |peers| {
            any(peers.iter().map(|peer| peer.matches(namespaces, set, policy_namespace, question.other)))
        });
        port.and(peer)
    }

    pub(super) fn matches_port(&self, set: &Set<'e>, question: Question<'_>) -> Truth {
        let called = set.workloads().get(question.called);
        self.ports
            .as_ref()
            .map_or(Truth::True, |ports| any(ports.iter().map(|port| port.matches(called, question))))
    }
}

/// Elements of a list; `None` where it is missing or empty.
fn list<'e, T>(rule: NodeRef<'e>, key: &str, make: fn(NodeRef<'e>) -> T) -> Option<Vec<T>> {
    let items: Vec<T> = rule.get(key)?.items().map(make).collect();
    (!items.is_empty()).then_some(items)
}

pub(super) fn any(truths: impl Iterator<Item = Truth>) -> Truth {
    truths.fold(Truth::False, Truth::or)
}

impl<'e> PeerMatch<'e> {
    fn new(node: NodeRef<'e>) -> Self {
        let given = |key| node.get(key).filter(|value| !value.is_null());
        if let Some(block) = given("ipBlock") {
            let except = block.get("except").into_iter().flat_map(NodeRef::items);
            let except = except.map(|range| range.as_str().and_then(Cidr::parse)).collect::<Option<_>>();
            return match (block.str_at(&["cidr"]).and_then(Cidr::parse), except) {
                (Some(range), Some(except)) => Self::Block { range, except },
                _ => Self::Unclear,
            };
        }
        let (namespaces, pods) = (given("namespaceSelector"), given("podSelector"));
        if namespaces.is_none() && pods.is_none() {
            return Self::Unclear;
        }
        let selector = |node: Option<NodeRef<'e>>| node.map(Selector::of_label_selector);
        match (selector(namespaces), selector(pods)) {
            (Some(None), _) | (_, Some(None)) => Self::Unclear,
            (namespaces, pods) => {
                Self::Pods { namespaces: namespaces.flatten(), pods: pods.flatten().unwrap_or_default() }
            }
        }
    }

    pub(super) fn matches(
        &self,
        namespaces: &Namespaces<'e>,
        set: &Set<'e>,
        policy_namespace: &str,
        peer: Peer,
    ) -> Truth {
        match (self, peer) {
            (Self::Unclear, _) => Truth::Unknown,
            (Self::Pods { .. }, Peer::Address(_)) => Truth::False,
            (Self::Pods { namespaces: scope, pods }, Peer::Workload(id)) => {
                let workload = set.workloads().get(id);
                // It comes from the address of its node.
                if namespaces::uses_host(workload) {
                    return Truth::Unknown;
                }
                let pod = Truth::from(pods.matches(&workload.labels));
                let namespace = match scope {
                    None => (workload.namespace == policy_namespace).into(),
                    Some(selector) => namespaces.matches(selector, workload.namespace),
                };
                pod.and(namespace)
            }
            // Plugins differ in whether a block covers the addresses of Pods.
            (Self::Block { .. }, Peer::Workload(_)) => Truth::Unknown,
            (Self::Block { range, except }, Peer::Address(address)) => {
                (range.contains(address) && !except.iter().any(|range| range.contains(address))).into()
            }
        }
    }

    /// Whether it covers every Pod of the cluster.
    pub(super) fn is_everyone(&self) -> bool {
        matches!(self, Self::Pods { namespaces: Some(namespaces), pods } if namespaces.is_empty() && pods.is_empty())
    }
}

impl<'e> PortMatch<'e> {
    fn new(node: NodeRef<'e>) -> Self {
        let protocol = node.str_at(&["protocol"]).unwrap_or("TCP");
        let number = |node: NodeRef<'_>| node.as_i64().and_then(|number| u16::try_from(number).ok());
        let Some(port) = node.get("port").filter(|port| !port.is_null()) else { return Self::All(protocol) };
        let end = node.get("endPort").filter(|end| !end.is_null());
        match (number(port), port.as_str(), end.map(number)) {
            (Some(first), _, None) => Self::Range(protocol, first, first),
            (Some(first), _, Some(Some(last))) => Self::Range(protocol, first, last),
            (None, Some(name), None) if is_port_name(name) => Self::Name(protocol, name),
            _ => Self::Unclear,
        }
    }

    fn matches(&self, called: &Workload<'_>, question: Question<'_>) -> Truth {
        let (protocol, range) = match self {
            Self::Unclear => return Truth::Unknown,
            Self::All(protocol) => return (*protocol == question.port.protocol).into(),
            Self::Range(protocol, first, last) => (*protocol, Some((*first, *last))),
            Self::Name(protocol, name) => {
                (*protocol, named_port(called, name, protocol).map(|port| (port, port)))
            }
        };
        if protocol != question.port.protocol {
            return Truth::False;
        }
        match (range, question.port.number) {
            (Some((first, last)), Some(number)) => (first <= number && number <= last).into(),
            (Some(_), None) => Truth::Unknown,
            // A name that no container of the Pod has matches nothing.
            (None, _) => Truth::False,
        }
    }
}

/// Whether the API server takes a name for a port (apimachinery `IsValidPortName`).
fn is_port_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 15
        && name.bytes().all(is_part)
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !(name.starts_with('-') || name.ends_with('-') || name.contains("--"))
}

/// Number of a port that a container names, with that protocol.
pub(super) fn named_port(workload: &Workload<'_>, name: &str, protocol: &str) -> Option<u16> {
    let mut named = workload.declared_ports().filter(|port| {
        port.str_at(&["name"]) == Some(name) && port.str_at(&["protocol"]).unwrap_or("TCP") == protocol
    });
    named.next()?.get("containerPort")?.as_i64().and_then(|number| u16::try_from(number).ok())
}
