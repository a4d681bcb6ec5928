//! Where Istio sends what is addressed to a host: `VirtualService` (networking/v1).
//!
//! Deliberately absent: what requests must match; every destination may be reached.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::{Resource, View},
    source::Place,
};

/// One destination of a route.
#[derive(Debug, Clone)]
pub(super) struct Destination<'e> {
    /// As rules name it.
    pub(super) host: String,
    pub(super) subset: Option<&'e str>,
    pub(super) port: Option<u16>,
    pub(super) place: Place,
}

/// One resource with everything that it routes to.
#[derive(Debug)]
pub(super) struct VirtualService<'e> {
    /// Namespace and name of each gateway; without any it is about Pods.
    pub(super) gateways: Vec<(&'e str, &'e str)>,
    hosts: Vec<String>,
    is_for_pods: bool,
    pub(super) destinations: Vec<Destination<'e>>,
}

/// All of a set.
#[derive(Debug)]
pub(super) struct VirtualServices<'e> {
    pub(super) all: Vec<VirtualService<'e>>,
    /// Those about Pods, by host.
    by_host: BTreeMap<String, usize>,
}

/// D1 holds for all of Istio: a host without dot is a Service of the resource's own namespace.
pub(super) fn full(host: &str, namespace: &str) -> String {
    if host.contains('.') || host.contains('*') {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.cluster.local")
    }
}

impl<'e> VirtualServices<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let written = view.of_kind("networking.istio.io", "VirtualService");
        let all: Vec<VirtualService<'e>> =
            written.map(|resource| VirtualService::new(resource, view.estate.node(resource))).collect();
        let mut by_host = BTreeMap::new();
        for (index, service) in all.iter().enumerate().filter(|(_, service)| service.is_for_pods) {
            for host in &service.hosts {
                by_host.entry(host.clone()).or_insert(index);
            }
        }
        Self { all, by_host }
    }

    /// What routes Pods that ask for a host.
    pub(super) fn of_host(&self, host: &str) -> Option<&VirtualService<'e>> {
        let found = self.all.get(*self.by_host.get(host)?)?;
        (!found.destinations.is_empty()).then_some(found)
    }
}

impl<'e> VirtualService<'e> {
    fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        let namespace = resource.identity.namespace.as_deref().unwrap_or_default();
        let list = |key: &str| {
            let items = node.at(&["spec", key]).into_iter().flat_map(NodeRef::items);
            items.filter_map(NodeRef::as_str).collect::<Vec<_>>()
        };
        let gateways = list("gateways");
        let named = gateways.iter().filter(|gateway| **gateway != "mesh");
        let mut destinations = Vec::new();
        for protocol in ["http", "tcp", "tls"] {
            for rule in node.at(&["spec", protocol]).into_iter().flat_map(NodeRef::items) {
                let routes = rule.get("route").into_iter().flat_map(NodeRef::items);
                let targets = routes.filter_map(|route| route.get("destination")).chain(rule.get("mirror"));
                destinations.extend(targets.filter_map(|target| destination(target, namespace)));
            }
        }
        Self {
            gateways: named.map(|gateway| gateway.split_once('/').unwrap_or((namespace, gateway))).collect(),
            hosts: list("hosts").into_iter().map(|host| full(host, namespace)).collect(),
            is_for_pods: gateways.is_empty() || gateways.contains(&"mesh"),
            destinations,
        }
    }
}

fn destination<'e>(target: NodeRef<'e>, namespace: &str) -> Option<Destination<'e>> {
    let host = target.get("host")?;
    let port = target.at(&["port", "number"]).and_then(NodeRef::as_i64);
    Some(Destination {
        host: full(host.as_str()?, namespace),
        subset: target.str_at(&["subset"]),
        port: port.and_then(|port| u16::try_from(port).ok()),
        place: host.place(),
    })
}
