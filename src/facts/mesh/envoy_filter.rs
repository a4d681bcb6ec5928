//! `EnvoyFilter`s that may change what a listener demands or what clients speak: both are then open (domains.md 1a: P9).

use std::collections::BTreeMap;

use super::{Configuration, Namespaces};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{
        Because, Truth, places,
        workloads::{WorkloadId, Workloads},
    },
    resource::selector::Selector,
    source::Place,
};

/// Workloads whose proxies are patched, with the patch of each direction.
#[derive(Debug)]
pub(in crate::facts) struct EnvoyFilters<'e> {
    inbound: BTreeMap<WorkloadId, (&'e Resource, Place)>,
    outbound: BTreeMap<WorkloadId, Vec<Outbound<'e>>>,
}

/// A patch of the clusters through which a proxy calls.
#[derive(Debug, Clone)]
struct Outbound<'e> {
    resource: &'e Resource,
    place: Place,
    /// Host of the Service; `None`: any.
    service: Option<&'e str>,
    port: Option<i64>,
}

impl<'e> EnvoyFilters<'e> {
    pub(super) fn new(
        view: &View<'e>,
        workloads: &Workloads<'e>,
        namespaces: &Namespaces<'e>,
        configuration: &Configuration,
    ) -> Self {
        let mut inbound = BTreeMap::new();
        let mut outbound: BTreeMap<WorkloadId, Vec<Outbound<'e>>> = BTreeMap::new();
        for resource in view.of_kind("networking.istio.io", "EnvoyFilter") {
            let node = view.estate.node(resource);
            // Those with targets are about gateways and waypoints (istio/api `networking/v1alpha3/envoy_filter.proto`).
            let targets = node.at(&["spec", "targetRefs"]).filter(|refs| refs.items().next().is_some());
            let (listener, clusters) = (listener_patch(node), cluster_patches(resource, node));
            if targets.is_some() || (listener.is_none() && clusters.is_empty()) {
                continue;
            }
            let labels = node.at(&["spec", "workloadSelector", "labels"]);
            let selector = labels.map_or_else(|| Some(Selector::default()), Selector::of_labels);
            let Some(selector) = selector else { continue };
            let namespace = resource.namespace();
            if configuration.discovers(namespace, namespaces) == Truth::False {
                continue;
            }
            let scope = if namespace == configuration.root_namespace {
                workloads.namespaces().collect()
            } else {
                vec![namespace]
            };
            for workload in scope.iter().flat_map(|scope| workloads.select(scope, &selector)) {
                if let Some(place) = &listener {
                    inbound.entry(workload).or_insert_with(|| (resource, place.clone()));
                }
                if !clusters.is_empty() {
                    outbound.entry(workload).or_default().extend(clusters.iter().cloned());
                }
            }
        }
        Self { inbound, outbound }
    }

    pub(super) fn of(&self, workload: WorkloadId) -> Option<Because> {
        let (resource, place) = self.inbound.get(&workload)?;
        let text = format!("{} patches the listener", resource.id);
        Some(Because::decided(text, resource, place.clone()))
    }

    /// What patches the TLS with which a workload's proxy calls a host.
    pub(in crate::facts) fn of_call(
        &self,
        workload: WorkloadId,
        host: &str,
        port: Option<u16>,
    ) -> Option<Because> {
        let is_about = |patch: &&Outbound<'e>| {
            patch.service.is_none_or(|service| service == host)
                && patch.port.is_none_or(|own| port.is_none_or(|port| i64::from(port) == own))
        };
        let patch = self.outbound.get(&workload)?.iter().find(is_about)?;
        let text = format!("{} patches the TLS of the client's proxy", patch.resource.id);
        Some(Because::decided(text, patch.resource, patch.place.clone()))
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

/// Patches that may change what a proxy speaks to servers: settings of the transport, and clusters that are taken away.
fn cluster_patches<'e>(resource: &'e Resource, node: NodeRef<'e>) -> Vec<Outbound<'e>> {
    let patches = node.at(&["spec", "configPatches"]).into_iter().flat_map(NodeRef::items);
    let patches = patches.filter_map(|patch| {
        let kind = patch.get("applyTo").filter(|kind| kind.as_str() == Some("CLUSTER"))?;
        let context = patch.str_at(&["match", "context"]).unwrap_or("ANY");
        if !matches!(context, "ANY" | "SIDECAR_OUTBOUND") {
            return None;
        }
        let operation = patch.str_at(&["patch", "operation"]);
        let value = patch.at(&["patch", "value"]);
        let sets = TRANSPORT.iter().any(|key| value.is_some_and(|value| value.get(key).is_some()));
        if operation == Some("ADD") || !(sets || operation == Some("REMOVE")) {
            return None;
        }
        let cluster = patch.at(&["match", "cluster"]);
        Some(Outbound {
            resource,
            place: places::value(kind.place(), kind),
            service: cluster.and_then(|cluster| cluster.str_at(&["service"])),
            port: cluster.and_then(|cluster| cluster.get("portNumber")).and_then(NodeRef::as_i64),
        })
    });
    patches.collect()
}

/// Fields of Envoy's cluster that say how it connects.
const TRANSPORT: [&str; 4] =
    ["transport_socket", "transportSocket", "transport_socket_matches", "transportSocketMatches"];
