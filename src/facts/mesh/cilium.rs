//! Whom Cilium makes prove who they are: `authentication.mode` of its network policies (domains.md 1a: C1).
//!
//! It is a handshake beside the connection, and encrypts nothing: `WireGuard` and `IPsec` do that.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{
        Because,
        workloads::{WorkloadId, Workloads},
    },
    resource::selector::Selector,
    source::Place,
};

/// Workloads whose clients must prove who they are, with what demands it.
#[derive(Debug)]
pub(super) struct Authentications<'e>(BTreeMap<WorkloadId, Vec<Demand<'e>>>);

/// What one rule of a policy demands.
#[derive(Debug, Clone)]
struct Demand<'e> {
    policy: &'e Resource,
    /// Of the scalar that demands it.
    place: Place,
    /// First and last of each range of ports; `None`: all, or some that have names.
    ports: Option<Vec<(u16, u16)>>,
}

impl<'e> Authentications<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let mut all: BTreeMap<WorkloadId, Vec<Demand<'e>>> = BTreeMap::new();
        let own = view.of_kind("cilium.io", "CiliumNetworkPolicy");
        for resource in own.chain(view.of_kind("cilium.io", "CiliumClusterwideNetworkPolicy")) {
            let node = view.estate.node(resource);
            let many = node.get("specs").into_iter().flat_map(NodeRef::items);
            for spec in node.get("spec").into_iter().chain(many) {
                let demands = demands(resource, spec);
                if demands.is_empty() {
                    continue;
                }
                let selector = spec.get("endpointSelector").and_then(Selector::of_label_selector);
                let Some(selector) = selector else { continue };
                let scope = match resource.identity.namespace.as_deref() {
                    Some(namespace) => vec![namespace],
                    None => workloads.namespaces().collect(),
                };
                for workload in scope.iter().flat_map(|scope| workloads.select(scope, &selector)) {
                    all.entry(workload).or_default().extend(demands.iter().cloned());
                }
            }
        }
        Self(all)
    }

    /// What demands it on a port; `None` for the port: on any.
    pub(super) fn of(&self, workload: WorkloadId, port: Option<u16>) -> Option<Because> {
        let holds = |demand: &&Demand<'e>| {
            let (Some(ports), Some(port)) = (&demand.ports, port) else { return true };
            ports.iter().any(|(first, last)| (*first..=*last).contains(&port))
        };
        let demand = self.0.get(&workload)?.iter().find(holds)?;
        let text = format!("{} makes its clients prove who they are", demand.policy.id);
        Some(Because::decided(text, demand.policy, demand.place.clone()))
    }

    pub(super) fn contains(&self, workload: WorkloadId) -> bool {
        self.0.contains_key(&workload)
    }
}

/// What rules demand of what comes in.
fn demands<'e>(policy: &'e Resource, spec: NodeRef<'e>) -> Vec<Demand<'e>> {
    let rules = spec.get("ingress").into_iter().flat_map(NodeRef::items);
    let demands = rules.filter_map(|rule| {
        let mode = rule.at(&["authentication", "mode"])?;
        (mode.as_str() == Some("required")).then(|| Demand {
            policy,
            place: mode.place(),
            ports: ports(rule),
        })
    });
    demands.collect()
}

fn ports(rule: NodeRef<'_>) -> Option<Vec<(u16, u16)>> {
    let lists = rule.get("toPorts").filter(|lists| lists.items().next().is_some())?;
    let ports = lists.items().flat_map(|list| list.get("ports").into_iter().flat_map(NodeRef::items));
    let number = |node: NodeRef<'_>| {
        let number = node.as_i64().or_else(|| node.as_str()?.parse().ok());
        number.and_then(|number| u16::try_from(number).ok())
    };
    ports
        .map(|port| {
            // Zero stands for every port.
            let first = port.get("port").and_then(number).filter(|first| *first != 0)?;
            Some((first, port.get("endPort").and_then(number).unwrap_or(first)))
        })
        .collect()
}
