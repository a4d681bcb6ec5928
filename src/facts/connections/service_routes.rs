//! Routes of the Gateway API whose parent is a Service: what is addressed to it goes where they say (GEP-1324, GEP-1294).
//!
//! A route beside its Service holds for everybody, one of another namespace for the clients of that namespace alone; several
//! of one parent add up. Sources: gateway.networking.k8s.io/v1 `ParentReference`; istio `pilot/pkg/config/kube/gateway`.

use std::collections::BTreeMap;

use super::virtual_services::{Destination, Matches, VirtualService, full};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::refusals,
};

const GROUP: &str = "gateway.networking.k8s.io";

const KINDS: [&str; 4] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"];

/// The host of a Service, and the namespace that keeps a route for its own clients.
type Parent<'e> = (String, Option<&'e str>);

/// One for each Service and namespace whose clients it holds for.
pub(super) fn all<'e>(view: &View<'e>) -> Vec<VirtualService<'e>> {
    let mut all: BTreeMap<Parent<'e>, (&'e Resource, Vec<Destination<'e>>)> = BTreeMap::new();
    for resource in KINDS.iter().flat_map(|kind| view.of_kind(GROUP, kind)) {
        let node = view.estate.node(resource);
        if refusals::is_refused(&resource.object, node) {
            continue;
        }
        let own = resource.namespace();
        for parent in node.at(&["spec", "parentRefs"]).into_iter().flat_map(NodeRef::items) {
            let Some(name) = parent.str_at(&["name"]).filter(|_| parent.str_at(&["kind"]) == Some("Service"))
            else {
                continue;
            };
            let home = parent.str_at(&["namespace"]).unwrap_or(own);
            let asked = Matches::of_port(parent.get("port").and_then(NodeRef::as_i64));
            let keeper = (home != own).then_some(own);
            let (_, destinations) =
                all.entry((full(name, home), keeper)).or_insert_with(|| (resource, Vec::new()));
            destinations.extend(
                backends(node)
                    .into_iter()
                    .filter_map(|backend| destination(backend, own, &resource.object.kind, &asked)),
            );
        }
    }
    let routes = all.into_iter().map(|((host, keeper), (resource, destinations))| {
        VirtualService::of_service(resource, host, keeper, destinations)
    });
    routes.collect()
}

/// Services to which the rules of a route send requests or copies of them.
pub(super) fn backends(route: NodeRef<'_>) -> Vec<NodeRef<'_>> {
    let rules = route.at(&["spec", "rules"]).into_iter().flat_map(NodeRef::items);
    let backends = rules.flat_map(|rule| {
        let routed = rule.get("backendRefs").into_iter().flat_map(NodeRef::items);
        let filters = rule.get("filters").into_iter().flat_map(NodeRef::items);
        let mirrors = filters.filter(|filter| filter.str_at(&["type"]) == Some("RequestMirror"));
        routed
            .filter(|backend| backend.get("weight").and_then(NodeRef::as_i64) != Some(0))
            .chain(mirrors.filter_map(|filter| filter.at(&["requestMirror", "backendRef"])))
            .collect::<Vec<_>>()
    });
    backends.filter(|backend| matches!(backend.str_at(&["kind"]), None | Some("Service"))).collect()
}

fn destination<'e>(
    backend: NodeRef<'e>,
    namespace: &'e str,
    kind: &str,
    asked: &Matches<'e>,
) -> Option<Destination<'e>> {
    let name = backend.get("name")?;
    let home = backend.str_at(&["namespace"]).unwrap_or(namespace);
    let port = backend.get("port").and_then(NodeRef::as_i64);
    Some(Destination {
        host: full(name.as_str()?, home),
        subset: None,
        port: port.and_then(|port| u16::try_from(port).ok()),
        is_http: matches!(kind, "HTTPRoute" | "GRPCRoute"),
        is_tls: kind == "TLSRoute",
        rule: 0,
        asked: asked.clone(),
        place: name.place(),
    })
}
