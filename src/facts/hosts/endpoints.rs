//! Addresses: those that Services have, and those that people put behind Services without a selector.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    document::NodeRef,
    estate::View,
    facts::services::{Service, ServiceId, Services},
};

/// Hand-made endpoints by Service, and the addresses of Services.
#[derive(Debug)]
pub(super) struct Addresses<'e> {
    behind: BTreeMap<(&'e str, &'e str), BTreeSet<&'e str>>,
    of_services: BTreeMap<&'e str, (&'e str, &'e str)>,
}

impl<'e> Addresses<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut behind: BTreeMap<_, BTreeSet<&'e str>> = BTreeMap::new();
        for resource in view.of_kind("", "Endpoints") {
            let namespace = resource.namespace();
            let subsets = view.estate.node(resource).get("subsets").into_iter().flat_map(NodeRef::items);
            let addresses =
                subsets.flat_map(|subset| subset.get("addresses").into_iter().flat_map(NodeRef::items));
            let texts = addresses.filter_map(|address| address.str_at(&["ip"]));
            behind.entry((namespace, &*resource.object.name)).or_default().extend(texts);
        }
        for resource in view.of_kind("discovery.k8s.io", "EndpointSlice") {
            let node = view.estate.node(resource);
            let namespace = resource.namespace();
            let Some(service) = node.str_at(&["metadata", "labels", "kubernetes.io/service-name"]) else {
                continue;
            };
            let endpoints = node.get("endpoints").into_iter().flat_map(NodeRef::items);
            let addresses =
                endpoints.flat_map(|endpoint| endpoint.get("addresses").into_iter().flat_map(NodeRef::items));
            behind.entry((namespace, service)).or_default().extend(addresses.filter_map(NodeRef::as_str));
        }
        let mut of_services = BTreeMap::new();
        for resource in view.of_kind("", "Service") {
            let namespace = resource.namespace();
            let node = view.estate.node(resource);
            if let Some(text) = node.str_at(&["spec", "clusterIP"]).filter(|address| *address != "None") {
                of_services.insert(text, (namespace, &*resource.object.name));
            }
        }
        Self { behind, of_services }
    }

    /// The one address or name behind a Service without selector.
    pub(super) fn only_address(&self, service: &Service<'e>) -> Option<&'e str> {
        let has_selector = service
            .node
            .at(&["spec", "selector"])
            .is_some_and(|selector| selector.entries().next().is_some());
        if has_selector {
            return None;
        }
        let mut addresses = self.behind.get(&(service.namespace, service.name))?.iter();
        let only = addresses.next()?;
        addresses.next().is_none().then_some(*only)
    }

    pub(super) fn service_at(&self, services: &Services<'e>, address: &str) -> Option<ServiceId> {
        let (namespace, name) = self.of_services.get(address)?;
        services.named(namespace, name)
    }
}
