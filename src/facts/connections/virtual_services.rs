//! Where Istio sends what is addressed to a host: `VirtualService` (networking/v1).
//!
//! Deliberately absent: what requests must match; every destination may be reached.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::refusals,
    source::Place,
};

/// One destination of a route.
#[derive(Debug, Clone)]
pub(super) struct Destination<'e> {
    /// As rules name it.
    pub(super) host: String,
    pub(super) subset: Option<&'e str>,
    pub(super) port: Option<u16>,
    /// Whether it is chosen by the name in the TLS of clients, which is passed on.
    pub(super) is_tls: bool,
    pub(super) place: Place,
}

/// One resource with everything that it routes to.
#[derive(Debug)]
pub(super) struct VirtualService<'e> {
    /// Namespace and name of each gateway; without any it is about Pods.
    pub(super) gateways: Vec<(&'e str, &'e str)>,
    pub(super) namespace: &'e str,
    pub(super) hosts: Vec<String>,
    /// Namespaces that see it; none: all.
    export_to: Vec<&'e str>,
    is_for_pods: bool,
    pub(super) destinations: Vec<Destination<'e>>,
}

/// All of a set.
#[derive(Debug)]
pub(super) struct VirtualServices<'e> {
    pub(super) all: Vec<VirtualService<'e>>,
    /// Those about Pods, by host.
    by_host: BTreeMap<String, Vec<usize>>,
    /// Those about Pods, by the hosts of their destinations.
    by_destination: BTreeMap<String, Vec<usize>>,
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
        let written = written.map(|resource| (resource, view.estate.node(resource)));
        let written = written.filter(|(resource, node)| !refusals::is_refused(&resource.object, *node));
        let all: Vec<VirtualService<'e>> =
            written.map(|(resource, node)| VirtualService::new(resource, node)).collect();
        let mut by_host: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_destination: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, service) in all.iter().enumerate().filter(|(_, service)| service.is_for_pods) {
            for host in &service.hosts {
                by_host.entry(host.clone()).or_default().push(index);
            }
            for destination in &service.destinations {
                by_destination.entry(destination.host.clone()).or_default().push(index);
            }
        }
        Self { all, by_host, by_destination }
    }

    /// What routes Pods of a namespace that ask for a host: the first that they see.
    pub(super) fn of_host(&self, host: &str, namespace: &str) -> Option<&VirtualService<'e>> {
        let candidates = self.by_host.get(host)?.iter().filter_map(|index| self.all.get(*index));
        let mut visible = candidates.filter(|service| service.is_visible(namespace));
        visible.find(|service| !service.destinations.is_empty())
    }

    /// Those about Pods that lead to a host.
    pub(super) fn leading_to(&self, host: &str) -> impl Iterator<Item = &VirtualService<'e>> {
        let indices = self.by_destination.get(host).into_iter().flatten();
        indices.filter_map(|index| self.all.get(*index))
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
                let is_tls = protocol == "tls";
                destinations.extend(targets.filter_map(|target| destination(target, namespace, is_tls)));
            }
        }
        Self {
            namespace,
            export_to: list("exportTo"),
            gateways: named.map(|gateway| gateway.split_once('/').unwrap_or((namespace, gateway))).collect(),
            hosts: list("hosts").into_iter().map(|host| full(host, namespace)).collect(),
            is_for_pods: gateways.is_empty() || gateways.contains(&"mesh"),
            destinations,
        }
    }

    /// `exportTo`: by default every namespace; `.` is its own.
    fn is_visible(&self, namespace: &str) -> bool {
        self.export_to.is_empty()
            || self.export_to.iter().any(|to| match *to {
                "*" => true,
                "." => self.namespace == namespace,
                named => named == namespace,
            })
    }
}

fn destination<'e>(target: NodeRef<'e>, namespace: &str, is_tls: bool) -> Option<Destination<'e>> {
    let host = target.get("host")?;
    let port = target.at(&["port", "number"]).and_then(NodeRef::as_i64);
    Some(Destination {
        host: full(host.as_str()?, namespace),
        subset: target.str_at(&["subset"]),
        port: port.and_then(|port| u16::try_from(port).ok()),
        is_tls,
        place: host.place(),
    })
}
