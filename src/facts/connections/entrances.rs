//! What leads into the cluster: Ingress, routes of the Gateway API, `VirtualService`s of Istio's gateways, kinds of single
//! controllers.
//!
//! Each is a client of the Services behind it. Deliberately absent: what the entrances themselves accept.

mod grants;
mod of_controllers;
mod upstream;

use std::sync::Arc;

use self::{grants::Grants, upstream::BackendTls};
use super::{
    service_routes::backends,
    transport::{Client, Open},
    virtual_services::{Asker, VirtualServices, full},
};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Because, Set, Truth,
        ingress_classes::{self, Controller},
        mesh::Mesh,
        refusals,
    },
    resource::selector::{Labels, Selector},
    source::Place,
};

/// One Service that an entrance leads to.
#[derive(Debug)]
pub(in crate::facts) struct Entrance<'e> {
    /// Id of the Ingress or gateway.
    pub(in crate::facts) id: Arc<str>,
    pub(in crate::facts) kind: Arc<str>,
    pub(super) client: Client<'e>,
    /// As rules name it.
    pub(in crate::facts) host: String,
    pub(super) subset: Option<&'e str>,
    pub(in crate::facts) port: Port<'e>,
    pub(super) speaks_tls: Truth,
    /// Whether it takes requests, not whatever comes.
    pub(in crate::facts) is_http: bool,
    /// Why it is not known whether anything gets there; `None`: it does.
    pub(super) open: Option<Open>,
    pub(in crate::facts) place: Place,
}

/// Port of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Port<'e> {
    Number(u16),
    Name(&'e str),
    Unsaid,
}

/// Kinds of routes of the Gateway API.
const ROUTES: [&str; 5] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

pub(super) fn all<'e>(set: &Set<'e>, routes: &VirtualServices<'e>) -> Vec<Entrance<'e>> {
    let mut found = Vec::new();
    ingresses(set, &mut found);
    gateway_routes(set, &mut found);
    virtual_services(set, routes, &mut found);
    of_controllers::all(set, &mut found);
    found
}

/// A client whose proxy is not in the input.
fn elsewhere(namespace: &str, mesh: Mesh, text: String, missing: Option<String>) -> Client<'_> {
    Client {
        namespace,
        labels: Labels::new(),
        mesh,
        workload: None,
        because: Because::default(text),
        missing,
    }
}

fn ingresses<'e>(set: &Set<'e>, found: &mut Vec<Entrance<'e>>) {
    for resource in set.view.of_kind("networking.k8s.io", "Ingress") {
        let node = set.view.estate.node(resource);
        let Some(spec) = node.get("spec") else { continue };
        let namespace = resource.namespace();
        let class = ingress_classes::class(node).and_then(NodeRef::as_str);
        let missing = format!("the controller of IngressClass/{}", class.unwrap_or("(default)"));
        let is_istio = set.ingress_classes().serving(node) == [Controller::Istio];
        let mesh = if is_istio { Mesh::IstioSidecar } else { Mesh::Unknown };
        let text = format!("{} is served by {missing}", resource.id);
        let paths = spec
            .get("rules")
            .into_iter()
            .flat_map(NodeRef::items)
            .flat_map(|rule| rule.at(&["http", "paths"]).into_iter().flat_map(NodeRef::items));
        let backends = paths.filter_map(|path| path.get("backend")).chain(spec.get("defaultBackend"));
        for backend in backends {
            let service = backend.get("service").unwrap_or(backend);
            let Some(name) = service.get("name").or_else(|| backend.get("serviceName")) else { continue };
            let Some(text_of_name) = name.as_str() else { continue };
            let port = service.get("port").or_else(|| backend.get("servicePort"));
            let behind = set.services().named(namespace, text_of_name);
            let behind = behind.map(|service| set.services().get(service));
            found.push(Entrance {
                id: Arc::clone(&resource.id),
                kind: Arc::clone(&resource.object.kind),
                client: elsewhere(namespace, mesh, text.clone(), Some(missing.clone())),
                host: full(text_of_name, namespace),
                subset: None,
                port: port.map_or(Port::Unsaid, port_of),
                speaks_tls: upstream::of_ingress(node, text_of_name, behind),
                is_http: true,
                open: None,
                place: name.place(),
            });
        }
    }
}

fn port_of(node: NodeRef<'_>) -> Port<'_> {
    let number = |node: NodeRef<'_>| node.as_i64().and_then(|number| u16::try_from(number).ok());
    if let Some(number) = number(node).or_else(|| node.get("number").and_then(number)) {
        return Port::Number(number);
    }
    node.as_str().or_else(|| node.str_at(&["name"])).map_or(Port::Unsaid, Port::Name)
}

fn gateway_routes<'e>(set: &Set<'e>, found: &mut Vec<Entrance<'e>>) {
    let group = "gateway.networking.k8s.io";
    let (backend_tls, grants) = (BackendTls::new(set), Grants::new(set));
    for resource in ROUTES.iter().flat_map(|kind| set.view.of_kind(group, kind)) {
        let node = set.view.estate.node(resource);
        if refusals::is_refused(&resource.object, node) {
            continue;
        }
        let namespace = resource.namespace();
        let items = |key: &str| node.at(&["spec", key]).into_iter().flat_map(NodeRef::items);
        let backends = backends(node);
        for parent in
            items("parentRefs").filter(|parent| matches!(parent.str_at(&["kind"]), None | Some("Gateway")))
        {
            let Some(name) = parent.str_at(&["name"]) else { continue };
            let home = parent.str_at(&["namespace"]).unwrap_or(namespace);
            let id = format!("Gateway.{group}/{home}/{name}");
            let client = gateway(set, &id, home);
            let passed_on = match &*resource.object.kind {
                "TLSRoute" => passes_on_tls(set, &id),
                _ => Truth::False,
            };
            for backend in &backends {
                let Some(service) = backend.get("name") else { continue };
                let Some(text) = service.as_str() else { continue };
                let scope = backend.str_at(&["namespace"]).unwrap_or(namespace);
                let behind = set.services().named(scope, text).map(|service| set.services().get(service));
                let port = backend.get("port").map_or(Port::Unsaid, port_of);
                let speaks_tls = backend_tls.to(scope, text, behind, port);
                found.push(Entrance {
                    id: id.as_str().into(),
                    kind: "Gateway".into(),
                    client: client.clone(),
                    host: full(text, scope),
                    subset: None,
                    port,
                    speaks_tls: speaks_tls.or(passed_on),
                    is_http: matches!(&*resource.object.kind, "HTTPRoute" | "GRPCRoute"),
                    open: grants.refusal(resource, scope, text),
                    place: service.place(),
                });
            }
        }
    }
}

/// Whether a Gateway passes on the TLS of its clients, as its listeners for TLS say (default: they end it).
fn passes_on_tls(set: &Set<'_>, id: &str) -> Truth {
    let Some(resource) = set.view.get(id) else { return Truth::Unknown };
    let listeners = set.view.estate.node(resource).at(&["spec", "listeners"]);
    let listeners = listeners.into_iter().flat_map(NodeRef::items);
    let mut of_tls = listeners.filter(|listener| listener.str_at(&["protocol"]) == Some("TLS"));
    Truth::from(of_tls.any(|listener| listener.str_at(&["tls", "mode"]) == Some("Passthrough")))
}

/// The proxy of a Gateway: Istio's, or one that the input does not tell.
fn gateway<'e>(set: &Set<'e>, id: &str, namespace: &'e str) -> Client<'e> {
    let Some(resource) = set.view.get(id) else {
        return elsewhere(namespace, Mesh::Unknown, format!("{id} is not in the input"), Some(id.to_owned()));
    };
    let class = set.view.estate.node(resource).str_at(&["spec", "gatewayClassName"]).unwrap_or_default();
    match class {
        "istio" | "istio-waypoint" | "istio-remote" => {
            elsewhere(namespace, Mesh::IstioSidecar, format!("{id} is a gateway of Istio"), None)
        }
        class => {
            let missing = format!("the controller of GatewayClass/{class}");
            elsewhere(namespace, Mesh::Unknown, format!("{id} is served by {missing}"), Some(missing))
        }
    }
}

fn virtual_services<'e>(set: &Set<'e>, routes: &VirtualServices<'e>, found: &mut Vec<Entrance<'e>>) {
    for service in &routes.all {
        for (namespace, name) in &service.gateways {
            let id: Arc<str> = format!("Gateway/{namespace}/{name}").into();
            let (client, is_located) = istio_gateway(set, set.view.get(&id), namespace, &id);
            // Gateways see what is exported to the namespace of their Pods.
            if is_located && service.scope(client.namespace).is_none() {
                continue;
            }
            let asker = Asker {
                port: None,
                namespace: client.namespace,
                labels: &client.labels,
                gateway: Some((namespace, name)),
            };
            for destination in service.at(asker) {
                found.push(Entrance {
                    id: Arc::clone(&id),
                    kind: "Gateway".into(),
                    client: client.clone(),
                    host: destination.host.clone(),
                    subset: destination.subset,
                    port: destination.port.map_or(Port::Unsaid, Port::Number),
                    speaks_tls: Truth::from(destination.is_tls),
                    is_http: destination.is_http,
                    open: None,
                    place: destination.place.clone(),
                });
            }
        }
    }
}

/// Istio's own gateway: it is in the mesh, and reads rules in the namespace of its Pods, which the input seldom holds; with
/// whether it does.
fn istio_gateway<'e>(
    set: &Set<'e>,
    resource: Option<&'e Resource>,
    namespace: &'e str,
    id: &str,
) -> (Client<'e>, bool) {
    let selector = resource.and_then(|resource| set.view.estate.node(resource).at(&["spec", "selector"]));
    let selector = selector.and_then(Selector::of_labels).filter(|selector| !selector.is_empty());
    let selected = selector.as_ref().map(|selector| selector.pairs().collect::<Vec<_>>());
    let pods = selector.and_then(|selector| {
        let mut namespaces = set.workloads().namespaces();
        namespaces.find_map(|home| set.workloads().select(home, &selector).into_iter().next())
    });
    let pods = pods.map(|pods| set.workloads().get(pods));
    let home = pods.map_or(namespace, |pods| pods.namespace);
    let client = elsewhere(home, Mesh::IstioSidecar, format!("{id} is a gateway of Istio"), None);
    // What selects its Pods is known of their labels, and without them nothing more.
    let labels = pods.map_or_else(|| selected.into_iter().flatten().collect(), |pods| pods.labels.clone());
    (Client { labels, ..client }, pods.is_some())
}
