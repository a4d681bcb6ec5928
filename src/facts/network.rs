//! The network of a cluster: which Pods may open connections to which, as its policies have it (domains.md N1 to N9).
//!
//! `NetworkPolicy` with the tiers around it, `AdminNetworkPolicy` and `BaselineAdminNetworkPolicy`, as any conforming
//! plugin enforces them; where policies of Cilium or Calico speak too, the answer is unknown.
//! Deliberately absent: whether a plugin enforces policies at all, and what a mesh demands beyond the network.

mod admin;
mod admitted;
mod namespaces;
mod network_policy;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, net::IpAddr};

pub(super) use self::admitted::Admitted;
use self::{
    admin::{Admin, Outcomes},
    namespaces::Namespaces,
    network_policy::{Direction, Policy},
};
use super::{
    Set,
    truth::Truth,
    workloads::{WorkloadId, Workloads},
};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    resource::selector::Selector,
    source::Place,
};

/// Who opens a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Workload(WorkloadId),
    /// An address outside the cluster.
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "policies are evaluated as the API defines them; no fact asks for addresses"
        )
    )]
    Address(IpAddr),
}

/// A port of the Pod that is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Port<'p> {
    /// `None`: not known.
    pub(super) number: Option<u16>,
    /// `TCP`, `UDP` or `SCTP`.
    pub(super) protocol: &'p str,
}

/// Whether a connection is allowed, and what decides that.
#[derive(Debug, Clone)]
pub(super) struct Allowed<'e> {
    pub(super) truth: Truth,
    /// Policies that decide, each with the rule, or its name where none of its rules allows; none where nothing
    /// isolates either end.
    pub(super) by: Vec<(&'e Resource, Place)>,
}

/// All policies of a set.
#[derive(Debug)]
pub(super) struct Network<'e> {
    policies: Vec<Policy<'e>>,
    selecting: BTreeMap<WorkloadId, Vec<usize>>,
    /// Policies whose selector is half-written, by namespace.
    unclear: BTreeMap<&'e str, Vec<usize>>,
    admin: Admin<'e>,
    foreign: Foreign<'e>,
    namespaces: Namespaces<'e>,
    by_label: BTreeMap<(&'e str, &'e str), Vec<WorkloadId>>,
    /// Workloads whose Pods live in the network of their nodes.
    on_host: Vec<WorkloadId>,
}

/// Policies of plugins, which speak beside those of Kubernetes.
#[derive(Debug, Default)]
struct Foreign<'e> {
    by_namespace: BTreeMap<&'e str, Vec<(&'e Resource, Option<Selector<'e>>)>>,
    everywhere: Vec<&'e Resource>,
}

/// One side of a connection, asked about the other.
#[derive(Clone, Copy)]
struct Question<'q> {
    direction: Direction,
    /// Whose policies are asked.
    subject: WorkloadId,
    other: Peer,
    /// The workload whose Pods are called: named ports are its.
    called: WorkloadId,
    port: Port<'q>,
}

impl<'e> Network<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let policies: Vec<Policy<'e>> = view
            .of_kind("networking.k8s.io", "NetworkPolicy")
            .map(|resource| Policy::new(resource, view.estate.node(resource)))
            .collect();
        let mut selecting: BTreeMap<WorkloadId, Vec<usize>> = BTreeMap::new();
        let mut unclear: BTreeMap<&'e str, Vec<usize>> = BTreeMap::new();
        for (index, policy) in policies.iter().enumerate() {
            match &policy.selector {
                Some(selector) => {
                    for workload in workloads.select(policy.namespace, selector) {
                        selecting.entry(workload).or_default().push(index);
                    }
                }
                None => unclear.entry(policy.namespace).or_default().push(index),
            }
        }
        let mut by_label: BTreeMap<_, Vec<WorkloadId>> = BTreeMap::new();
        for (id, workload) in workloads.iter() {
            for (key, value) in &workload.labels {
                by_label.entry((*key, *value)).or_default().push(id);
            }
        }
        let on_host = workloads.iter().filter(|(_, workload)| namespaces::uses_host(workload));
        let on_host = on_host.map(|(id, _)| id).collect();
        let namespaces = Namespaces::new(view);
        let admin = Admin::new(view);
        Self {
            policies,
            selecting,
            unclear,
            admin,
            foreign: Foreign::new(view),
            namespaces,
            by_label,
            on_host,
        }
    }

    /// Whether Pods may connect to a port of a workload's Pods: the policies of both ends must allow it.
    pub(super) fn allowed(&self, set: &Set<'e>, from: Peer, to: WorkloadId, port: Port<'_>) -> Allowed<'e> {
        let ingress = Question { direction: Direction::Ingress, subject: to, other: from, called: to, port };
        let mut allowed = self.answer(set, ingress);
        if let Peer::Workload(source) = from {
            let egress = Question {
                direction: Direction::Egress,
                subject: source,
                other: Peer::Workload(to),
                ..ingress
            };
            allowed = allowed.and(self.answer(set, egress));
        }
        allowed
    }

    /// Whether anything isolates the Pods of a workload from callers.
    pub(super) fn is_isolated(&self, set: &Set<'e>, to: WorkloadId) -> Truth {
        let workload = set.workloads().get(to);
        let of_ingress = |index: &usize| {
            self.policies.get(*index).is_some_and(|policy| policy.rules(Direction::Ingress).is_some())
        };
        let selected = self.selecting.get(&to).is_some_and(|policies| policies.iter().any(of_ingress));
        let unclear =
            self.unclear.get(workload.namespace).is_some_and(|policies| policies.iter().any(of_ingress));
        let by_policy = Truth::from(selected).or(if unclear { Truth::Unknown } else { Truth::False });
        let others = !self.admin.is_empty() || self.foreign.of(workload).next().is_some();
        let by_policy =
            if namespaces::uses_host(workload) { by_policy.and(Truth::Unknown) } else { by_policy };
        by_policy.or(if others { Truth::Unknown } else { Truth::False })
    }

    fn answer(&self, set: &Set<'e>, question: Question<'_>) -> Allowed<'e> {
        let workload = set.workloads().get(question.subject);
        let foreign: Vec<&'e Resource> = self.foreign.of(workload).collect();
        if !foreign.is_empty() {
            let by = foreign.into_iter().map(|policy| (policy, place(set, policy)));
            return Allowed { truth: Truth::Unknown, by: by.collect() };
        }
        let mut by = Vec::new();
        let mut outcomes = self.admin.first(self, set, question, &mut by);
        if outcomes.goes_on() {
            let isolated = self.isolation(set, question);
            if isolated != Truth::False {
                let allowed = self.by_rules(set, question, &mut by);
                outcomes.replace_rest(allowed);
            }
            if isolated != Truth::True {
                let baseline = self.admin.baseline(self, set, question, &mut by);
                if isolated == Truth::False {
                    outcomes.replace_rest(baseline);
                } else {
                    outcomes.add(baseline);
                }
            }
        }
        by.sort_unstable_by(|a, b| (&a.0.id, &a.1).cmp(&(&b.0.id, &b.1)));
        by.dedup_by(|a, b| a.0.id == b.0.id);
        Allowed { truth: outcomes.truth(), by }
    }

    /// Policies that bear on one direction of a workload, and whether each surely does.
    fn bearing<'s>(
        &'s self,
        set: &'s Set<'e>,
        question: Question<'_>,
    ) -> impl Iterator<Item = (&'s Policy<'e>, Truth)> + use<'s, 'e> {
        let workload = set.workloads().get(question.subject);
        let surely = if namespaces::uses_host(workload) { Truth::Unknown } else { Truth::True };
        let selecting = self.selecting.get(&question.subject).into_iter().flatten();
        let unclear = self.unclear.get(workload.namespace).into_iter().flatten();
        selecting
            .map(move |index| (index, surely))
            .chain(unclear.map(|index| (index, Truth::Unknown)))
            .filter_map(|(index, truth)| Some((self.policies.get(*index)?, truth)))
            .filter(move |(policy, _)| policy.rules(question.direction).is_some())
    }

    fn isolation(&self, set: &Set<'e>, question: Question<'_>) -> Truth {
        self.bearing(set, question).fold(Truth::False, |isolated, (_, surely)| isolated.or(surely))
    }

    /// What the rules of all policies allow together.
    fn by_rules(
        &self,
        set: &Set<'e>,
        question: Question<'_>,
        by: &mut Vec<(&'e Resource, Place)>,
    ) -> Outcomes {
        let mut allowed = Truth::False;
        let mut rules = Vec::new();
        let mut silent = Vec::new();
        for (policy, surely) in self.bearing(set, question) {
            let mut best = (Truth::False, None);
            for rule in policy.rules(question.direction).into_iter().flatten() {
                let matched = rule.matches(&self.namespaces, set, policy.namespace, question);
                if matched > best.0 {
                    best = (matched, Some(rule.place.clone()));
                }
            }
            let truth = best.0.and(surely);
            match best.1 {
                Some(place) => rules.push((truth, policy.resource, place)),
                None => silent.push((policy.resource, place(set, policy.resource))),
            }
            allowed = allowed.or(truth);
        }
        match allowed {
            Truth::False => by.append(&mut silent),
            decided => {
                let deciding = rules.into_iter().filter(|(truth, _, _)| *truth == decided);
                by.extend(deciding.map(|(_, resource, place)| (resource, place)));
            }
        }
        Outcomes::of(allowed)
    }
}

impl Allowed<'_> {
    /// Both must allow; what decides is what denies, else all.
    fn and(mut self, mut other: Self) -> Self {
        let truth = self.truth.and(other.truth);
        if self.truth == other.truth || truth == Truth::True {
            self.by.append(&mut other.by);
            return Self { truth, by: self.by };
        }
        if self.truth == truth { self } else { other }
    }
}

impl<'e> Foreign<'e> {
    /// Policies of Cilium and Calico.
    fn new(view: &View<'e>) -> Self {
        let mut foreign = Self::default();
        for resource in view.of_kind("cilium.io", "CiliumNetworkPolicy") {
            let selector = view.estate.node(resource).at(&["spec", "endpointSelector"]);
            let selector = selector.and_then(Selector::of_label_selector);
            foreign.add(resource, selector);
        }
        for group in ["crd.projectcalico.org", "projectcalico.org"] {
            view.of_kind(group, "NetworkPolicy").for_each(|resource| foreign.add(resource, None));
            foreign.everywhere.extend(view.of_kind(group, "GlobalNetworkPolicy"));
        }
        foreign.everywhere.extend(view.of_kind("cilium.io", "CiliumClusterwideNetworkPolicy"));
        foreign
    }

    fn add(&mut self, resource: &'e Resource, selector: Option<Selector<'e>>) {
        let namespace = resource.namespace();
        // Cilium's keys may name their source: `k8s:app`.
        let plain = selector.filter(|selector| selector.pairs().all(|(key, _)| !key.contains(':')));
        self.by_namespace.entry(namespace).or_default().push((resource, plain));
    }

    /// Those that may select a workload.
    fn of<'s>(
        &'s self,
        workload: &'s super::workloads::Workload<'e>,
    ) -> impl Iterator<Item = &'e Resource> + use<'s, 'e> {
        let own = self.by_namespace.get(workload.namespace).into_iter().flatten();
        let selecting = own.filter(|(_, selector)| {
            selector.as_ref().is_none_or(|selector| selector.matches(&workload.labels))
        });
        selecting.map(|(resource, _)| *resource).chain(self.everywhere.iter().copied())
    }
}

/// Where a policy is shown as a whole.
fn place(set: &Set<'_>, policy: &Resource) -> Place {
    super::places::name(set.view.estate.node(policy))
}

/// The first key under which a rule says something.
fn rule_place(rule: NodeRef<'_>, keys: &[&str]) -> Option<Place> {
    let span = keys.iter().find_map(|key| rule.key_span(key))?;
    Some(Place::new(rule.document.source, span))
}
