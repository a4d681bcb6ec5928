//! `EnvoyFilter`s that may change what a listener demands or what clients speak: both are then open (domains.md 1a: P9).

use super::{
    Configuration, Namespaces,
    scopes::{RootSelector, Scopes},
};
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

/// All that patch what proxies take or send, by the workloads that they are about.
#[derive(Debug)]
pub(in crate::facts) struct EnvoyFilters<'e> {
    all: Vec<EnvoyFilter<'e>>,
    scopes: Scopes<'e>,
}

/// One of them.
#[derive(Debug)]
struct EnvoyFilter<'e> {
    resource: &'e Resource,
    /// Of a patch of what a listener demands.
    listener: Option<Place>,
    clusters: Vec<Outbound<'e>>,
}

/// A patch of the clusters through which a proxy calls.
#[derive(Debug)]
struct Outbound<'e> {
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
        let mut all = Vec::new();
        let mut scopes = Scopes::new(configuration, RootSelector::Mesh);
        for resource in view.of_kind("networking.istio.io", "EnvoyFilter") {
            let node = view.estate.node(resource);
            // Those with targets are about gateways and waypoints (istio/api `networking/v1alpha3/envoy_filter.proto`).
            let targets = node.at(&["spec", "targetRefs"]).filter(|refs| refs.items().next().is_some());
            let (listener, clusters) = (listener_patch(node), cluster_patches(node));
            let namespace = resource.namespace();
            if targets.is_some()
                || (listener.is_none() && clusters.is_empty())
                || configuration.discovers(namespace, namespaces) == Truth::False
            {
                continue;
            }
            let labels = node.at(&["spec", "workloadSelector", "labels"]);
            let selector = labels.map_or_else(|| Some(Selector::default()), Selector::of_labels);
            // What is half-written patches nobody.
            if selector.is_none() && !labels.is_some_and(NodeRef::holds_unknown) {
                continue;
            }
            scopes.add(all.len(), namespace, selector.as_ref(), workloads);
            all.push(EnvoyFilter { resource, listener, clusters });
        }
        Self { all, scopes }
    }

    /// Those that are about a workload, or may be.
    fn about(&self, id: WorkloadId, namespace: &str) -> impl Iterator<Item = &EnvoyFilter<'e>> {
        let positions = self.scopes.about(id, namespace).chain(self.scopes.open_to(namespace));
        positions.filter_map(|position| self.all.get(position))
    }

    /// What patches the listener of a workload of a namespace.
    pub(super) fn of(&self, id: WorkloadId, namespace: &str) -> Option<Because> {
        let mut patches =
            self.about(id, namespace).filter_map(|filter| Some((filter.resource, filter.listener.as_ref()?)));
        let (resource, place) = patches.next()?;
        let text = format!("{} patches the listener", resource.id);
        Some(Because::decided(text, resource, place.clone()))
    }

    /// What patches the TLS with which the proxy of a workload of a namespace calls a host.
    pub(in crate::facts) fn of_call(
        &self,
        (id, namespace): (WorkloadId, &str),
        host: &str,
        port: Option<u16>,
    ) -> Option<Because> {
        let is_about = |patch: &&Outbound<'e>| {
            patch.service.is_none_or(|service| service == host)
                && patch.port.is_none_or(|own| port.is_none_or(|port| i64::from(port) == own))
        };
        let mut patches = self.about(id, namespace).filter_map(|filter| {
            filter.clusters.iter().find(is_about).map(|patch| (filter.resource, &patch.place))
        });
        let (resource, place) = patches.next()?;
        let text = format!("{} patches the TLS of the client's proxy", resource.id);
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

/// Patches that may change what a proxy speaks to servers: settings of the transport, and clusters that are taken away.
fn cluster_patches(node: NodeRef<'_>) -> Vec<Outbound<'_>> {
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
