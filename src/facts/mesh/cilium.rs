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

/// Workloads whose clients must prove who they are, with the policy and the scalar that demand it.
#[derive(Debug)]
pub(super) struct Authentications<'e>(BTreeMap<WorkloadId, (&'e Resource, Place)>);

impl<'e> Authentications<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let mut all = BTreeMap::new();
        let own = view.of_kind("cilium.io", "CiliumNetworkPolicy");
        for resource in own.chain(view.of_kind("cilium.io", "CiliumClusterwideNetworkPolicy")) {
            let node = view.estate.node(resource);
            let many = node.get("specs").into_iter().flat_map(NodeRef::items);
            for spec in node.get("spec").into_iter().chain(many) {
                let Some(mode) = required(spec) else { continue };
                let selector = spec.get("endpointSelector").and_then(Selector::of_label_selector);
                let Some(selector) = selector else { continue };
                let scope = match resource.identity.namespace.as_deref() {
                    Some(namespace) => vec![namespace],
                    None => workloads.namespaces().collect(),
                };
                for workload in scope.iter().flat_map(|scope| workloads.select(scope, &selector)) {
                    all.entry(workload).or_insert_with(|| (resource, mode.place()));
                }
            }
        }
        Self(all)
    }

    pub(super) fn of(&self, workload: WorkloadId) -> Option<Because> {
        let (resource, place) = self.0.get(&workload)?;
        let text = format!("{} makes its clients prove who they are", resource.id);
        Some(Because::decided(text, resource, place.clone()))
    }

    pub(super) fn contains(&self, workload: WorkloadId) -> bool {
        self.0.contains_key(&workload)
    }
}

/// The scalar that demands it for what comes in.
fn required(spec: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let mut modes = spec.get("ingress").into_iter().flat_map(NodeRef::items).filter_map(|rule| {
        let mode = rule.at(&["authentication", "mode"])?;
        (mode.as_str() == Some("required")).then_some(mode)
    });
    modes.next()
}
