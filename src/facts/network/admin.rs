//! The tiers around `NetworkPolicy`: `AdminNetworkPolicy` before it, `BaselineAdminNetworkPolicy` after it
//! (policy.networking.k8s.io/v1alpha1).

use super::{
    Network, Peer, Question,
    namespaces::{Namespaces, uses_host},
    network_policy::{Direction, any, named_port},
    place,
};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Set, truth::Truth, workloads::Workload},
    resource::{cidr::Cidr, selector::Selector},
    source::Place,
};

/// What a tier may come to: several where something is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "a set of four outcomes, each possible or not")]
pub(super) struct Outcomes {
    allow: bool,
    deny: bool,
    /// The next tier decides.
    pass: bool,
    /// No rule of this policy matches.
    silent: bool,
}

impl Outcomes {
    const SILENT: Self = Self { allow: false, deny: false, pass: false, silent: true };

    pub(super) fn of(truth: Truth) -> Self {
        let (allow, deny) = (truth != Truth::False, truth != Truth::True);
        Self { allow, deny, ..Self::default() }
    }

    /// Whether a later tier has a say.
    pub(super) const fn goes_on(self) -> bool {
        self.pass || self.silent
    }

    pub(super) const fn truth(self) -> Truth {
        match (self.allow || self.goes_on(), self.deny) {
            (true, false) => Truth::True,
            (false, _) => Truth::False,
            (true, true) => Truth::Unknown,
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.allow |= other.allow || other.goes_on();
        self.deny |= other.deny;
    }

    /// Puts what later tiers come to in the place of going on.
    pub(super) fn replace_rest(&mut self, later: Self) {
        (self.pass, self.silent) = (false, false);
        self.add(later);
    }

    /// Policies of one priority: which goes first is undefined.
    fn beside(self, other: Self) -> Self {
        Self {
            allow: self.allow || other.allow,
            deny: self.deny || other.deny,
            pass: self.pass || other.pass,
            silent: self.silent && other.silent,
        }
    }

    /// Policies one after another.
    fn then(self, later: Self) -> Self {
        if !self.silent {
            return self;
        }
        Self { silent: later.silent, ..self.beside(later) }
    }
}

/// Both tiers of a cluster.
#[derive(Debug)]
pub(super) struct Admin<'e> {
    /// By priority: the lowest number goes first.
    policies: Vec<(i64, Policy<'e>)>,
    baseline: Vec<Policy<'e>>,
}

#[derive(Debug)]
struct Policy<'e> {
    resource: &'e Resource,
    node: NodeRef<'e>,
}

impl<'e> Admin<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        const GROUP: &str = "policy.networking.k8s.io";
        let policy = |resource| Policy { resource, node: view.estate.node(resource) };
        let mut policies: Vec<(i64, Policy<'e>)> = view
            .of_kind(GROUP, "AdminNetworkPolicy")
            .map(policy)
            .map(|policy| {
                let priority = policy.node.at(&["spec", "priority"]).and_then(NodeRef::as_i64);
                (priority.unwrap_or_default(), policy)
            })
            .collect();
        policies.sort_by_key(|(priority, _)| *priority);
        Self { policies, baseline: view.of_kind(GROUP, "BaselineAdminNetworkPolicy").map(policy).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.policies.is_empty() && self.baseline.is_empty()
    }

    /// Rules of the first tier that may admit callers of a workload, whatever later tiers say: those that allow, and those
    /// that nobody can read.
    pub(super) fn admitting(
        &self,
        network: &Network<'e>,
        set: &Set<'e>,
        question: Question<'_>,
    ) -> Vec<(&'e Resource, Place)> {
        let workload = set.workloads().get(question.called);
        let mut found = Vec::new();
        for (_, policy) in &self.policies {
            let subject = policy.node.at(&["spec", "subject"]);
            let selected =
                subject.map_or(Truth::Unknown, |subject| selects(subject, &network.namespaces, workload));
            let rules = policy.node.at(&["spec", "ingress"]).into_iter().flat_map(NodeRef::items);
            let admits = |rule: &NodeRef<'e>| {
                !matches!(rule.str_at(&["action"]), Some("Deny" | "Pass"))
                    && selected.and(matches_ports(*rule, set, question)) != Truth::False
            };
            found.extend(rules.filter(admits).map(|rule| {
                let place = super::rule_place(rule, &["action"]);
                (policy.resource, place.unwrap_or_else(|| super::place(set, policy.resource)))
            }));
        }
        found
    }

    /// What the first tier comes to.
    pub(super) fn first(
        &self,
        network: &Network<'e>,
        set: &Set<'e>,
        question: Question<'_>,
        by: &mut Vec<(&'e Resource, Place)>,
    ) -> Outcomes {
        let mut outcomes = Outcomes::SILENT;
        for group in self.policies.chunk_by(|a, b| a.0 == b.0) {
            let together = group.iter().fold(Outcomes::SILENT, |together, (_, policy)| {
                together.beside(policy.outcomes(network, set, question, by))
            });
            outcomes = outcomes.then(together);
            if !outcomes.silent {
                break;
            }
        }
        outcomes
    }

    /// What the last tier comes to; without it everything is allowed.
    pub(super) fn baseline(
        &self,
        network: &Network<'e>,
        set: &Set<'e>,
        question: Question<'_>,
        by: &mut Vec<(&'e Resource, Place)>,
    ) -> Outcomes {
        let all = self.baseline.iter();
        let mut outcomes = all.fold(Outcomes::SILENT, |together, policy| {
            together.beside(policy.outcomes(network, set, question, by))
        });
        outcomes.replace_rest(if outcomes.goes_on() {
            Outcomes::of(Truth::True)
        } else {
            Outcomes::default()
        });
        outcomes
    }
}

impl<'e> Policy<'e> {
    /// What the first rule that matches says.
    fn outcomes(
        &self,
        network: &Network<'e>,
        set: &Set<'e>,
        question: Question<'_>,
        by: &mut Vec<(&'e Resource, Place)>,
    ) -> Outcomes {
        let namespaces = &network.namespaces;
        let subject = set.workloads().get(question.subject);
        let selected = self
            .node
            .at(&["spec", "subject"])
            .map_or(Truth::Unknown, |subject_node| selects(subject_node, namespaces, subject));
        let (rules, peers) = match question.direction {
            Direction::Ingress => ("ingress", "from"),
            Direction::Egress => ("egress", "to"),
        };
        let mut outcomes = Outcomes::SILENT;
        for rule in self.node.at(&["spec", rules]).into_iter().flat_map(NodeRef::items) {
            let listed = rule.get(peers).into_iter().flat_map(NodeRef::items);
            let peer = any(listed.map(|peer| matches_peer(peer, namespaces, set, question.other)));
            let matched = selected.and(peer).and(matches_ports(rule, set, question));
            if matched == Truth::False {
                continue;
            }
            by.push((
                self.resource,
                super::rule_place(rule, &["action"]).unwrap_or_else(|| place(set, self.resource)),
            ));
            let said = match rule.str_at(&["action"]) {
                Some("Allow") => Outcomes { allow: true, ..Outcomes::default() },
                Some("Deny") => Outcomes { deny: true, ..Outcomes::default() },
                Some("Pass") => Outcomes { pass: true, ..Outcomes::default() },
                _ => Outcomes { allow: true, deny: true, ..Outcomes::default() },
            };
            outcomes = outcomes.then(Outcomes { silent: matched == Truth::Unknown, ..said });
            if matched == Truth::True {
                break;
            }
        }
        outcomes
    }
}

/// `{namespaces: LabelSelector}` or `{pods: {namespaceSelector, podSelector}}`.
fn selects(node: NodeRef<'_>, namespaces: &Namespaces<'_>, workload: &Workload<'_>) -> Truth {
    let namespace = |selector: NodeRef<'_>| {
        Selector::of_label_selector(selector)
            .map_or(Truth::Unknown, |selector| namespaces.matches(&selector, workload.namespace))
    };
    let matched = if let Some(selector) = node.get("namespaces") {
        namespace(selector)
    } else if let Some(pods) = node.get("pods") {
        let pod = match pods.get("podSelector").map(Selector::of_label_selector) {
            Some(Some(selector)) => selector.matches(&workload.labels).into(),
            Some(None) => Truth::Unknown,
            None => Truth::True,
        };
        pods.get("namespaceSelector").map_or(Truth::True, namespace).and(pod)
    } else {
        return Truth::False;
    };
    if uses_host(workload) { matched.and(Truth::Unknown) } else { matched }
}

fn matches_peer(node: NodeRef<'_>, namespaces: &Namespaces<'_>, set: &Set<'_>, peer: Peer) -> Truth {
    match peer {
        Peer::Workload(id) => {
            let workload = set.workloads().get(id);
            // It comes from the address of its node.
            let by_labels =
                if uses_host(workload) { Truth::Unknown } else { selects(node, namespaces, workload) };
            let by_place = node.get("networks").is_some() || node.get("nodes").is_some();
            by_labels.or(if by_place { Truth::Unknown } else { Truth::False })
        }
        Peer::Address(address) => {
            let networks = node.get("networks").into_iter().flat_map(NodeRef::items);
            any(networks.map(|range| {
                let range = range.as_str().and_then(Cidr::parse);
                range.map_or(Truth::Unknown, |range| range.contains(address).into())
            }))
        }
    }
}

/// `portNumber`, `portRange` or `namedPort`; without `ports` all match.
fn matches_ports(rule: NodeRef<'_>, set: &Set<'_>, question: Question<'_>) -> Truth {
    let Some(ports) = rule.get("ports").filter(|ports| ports.items().next().is_some()) else {
        return Truth::True;
    };
    let number = |node: Option<NodeRef<'_>>| u16::try_from(node?.as_i64()?).ok();
    any(ports.items().map(|port| {
        let (protocol, first, last) = if let Some(one) = port.get("portNumber") {
            (one.str_at(&["protocol"]), number(one.get("port")), number(one.get("port")))
        } else if let Some(range) = port.get("portRange") {
            (range.str_at(&["protocol"]), number(range.get("start")), number(range.get("end")))
        } else if let Some(name) = port.str_at(&["namedPort"]) {
            let called = set.workloads().get(question.called);
            let Some(number) = named_port(called, name, question.port.protocol) else { return Truth::False };
            (Some(question.port.protocol), Some(number), Some(number))
        } else {
            return Truth::Unknown;
        };
        if protocol.unwrap_or("TCP") != question.port.protocol {
            return Truth::False;
        }
        match (first, last, question.port.number) {
            (Some(first), Some(last), Some(number)) => (first <= number && number <= last).into(),
            _ => Truth::Unknown,
        }
    }))
}
