//! `EnvoyFilter`s that may change what a listener demands: its mode is then open (domains.md 1a: P9).

use std::collections::BTreeMap;

use super::Configuration;
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{
        Because, places,
        workloads::{WorkloadId, Workloads},
    },
    resource::selector::Selector,
    source::Place,
};

/// Workloads whose inbound listeners are patched, with the patch.
#[derive(Debug)]
pub(super) struct EnvoyFilters<'e>(BTreeMap<WorkloadId, (&'e Resource, Place)>);

impl<'e> EnvoyFilters<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>, configuration: &Configuration) -> Self {
        let mut all = BTreeMap::new();
        for resource in view.of_kind("networking.istio.io", "EnvoyFilter") {
            let node = view.estate.node(resource);
            let Some(place) = listener_patch(node) else { continue };
            let labels = node.at(&["spec", "workloadSelector", "labels"]);
            let selector = labels.map_or_else(|| Some(Selector::default()), Selector::of_labels);
            let Some(selector) = selector else { continue };
            let namespace = resource.identity.namespace.as_deref().unwrap_or_default();
            let scope = if namespace == configuration.root_namespace {
                workloads.namespaces().collect()
            } else {
                vec![namespace]
            };
            for workload in scope.iter().flat_map(|scope| workloads.select(scope, &selector)) {
                all.entry(workload).or_insert_with(|| (resource, place.clone()));
            }
        }
        Self(all)
    }

    pub(super) fn of(&self, workload: WorkloadId) -> Option<Because> {
        let (resource, place) = self.0.get(&workload)?;
        let text = format!("{} patches the listener", resource.id);
        Some(Because::decided(text, resource, place.clone()))
    }
}

/// The first patch of an inbound listener or filter chain; filters inside of a chain leave its transport alone.
fn listener_patch(node: NodeRef<'_>) -> Option<Place> {
    let mut patches = node.at(&["spec", "configPatches"]).into_iter().flat_map(NodeRef::items);
    patches.find_map(|patch| {
        let kind = patch.get("applyTo")?;
        let context = patch.str_at(&["match", "context"]).unwrap_or("ANY");
        let inbound = matches!(context, "ANY" | "SIDECAR_INBOUND");
        let transport = matches!(kind.as_str(), Some("LISTENER" | "FILTER_CHAIN"));
        (inbound && transport).then(|| places::value(kind.place(), kind))
    })
}
