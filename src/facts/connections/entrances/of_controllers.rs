//! Services behind kinds of single controllers: `OpenShift`'s `Route`, Contour's `HTTPProxy`, Traefik's `IngressRoute`.
//!
//! Sources: openshift/api `route/v1`; projectcontour.io/v1 `HTTPProxy`; Traefik, "Kubernetes `IngressRoute`".
//! Deliberately absent: `IngressRouteTCP`, and Services of Traefik's own.

use std::sync::Arc;

use super::{Entrance, Port, elsewhere, port_of, upstream};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Set, Truth, connections::virtual_services::full, mesh::Mesh, services::Target},
};

/// One Service that an object leads to.
struct Backend<'e> {
    name: NodeRef<'e>,
    namespace: &'e str,
    port: Port<'e>,
    speaks_tls: Truth,
    is_http: bool,
}

pub(super) fn all<'e>(set: &Set<'e>, found: &mut Vec<Entrance<'e>>) {
    for (group, kind, controller) in [
        ("route.openshift.io", "Route", "the router of OpenShift"),
        ("projectcontour.io", "HTTPProxy", "the Envoy of Contour"),
        ("traefik.io", "IngressRoute", "Traefik"),
        ("traefik.containo.us", "IngressRoute", "Traefik"),
    ] {
        for resource in set.view.of_kind(group, kind) {
            let node = set.view.estate.node(resource);
            let namespace = resource.namespace();
            let backends = match kind {
                "Route" => of_openshift(set, node, namespace),
                "HTTPProxy" => of_contour(node, namespace),
                _ => of_traefik(node, namespace),
            };
            found.extend(
                backends.into_iter().filter_map(|backend| entrance(set, resource, controller, &backend)),
            );
        }
    }
}

fn entrance<'e>(
    set: &Set<'e>,
    resource: &'e Resource,
    controller: &str,
    backend: &Backend<'e>,
) -> Option<Entrance<'e>> {
    let name = backend.name.as_str()?;
    let service = set.services().named(backend.namespace, name).map(|service| set.services().get(service));
    let missing = format!("the mesh of {controller}");
    let text = format!("{} is served by {controller}, which is not in the input", resource.id);
    Some(Entrance {
        id: Arc::clone(&resource.id),
        kind: Arc::clone(&resource.object.kind),
        client: elsewhere(resource.namespace(), Mesh::Unknown, text, Some(missing)),
        host: full(name, backend.namespace),
        subset: None,
        port: backend.port,
        speaks_tls: backend.speaks_tls.or(Truth::from(service.is_some_and(upstream::by_service))),
        is_http: backend.is_http,
        open: None,
        place: backend.name.place(),
    })
}

/// Where there are several, one without weight gets nothing.
fn is_idle(backend: NodeRef<'_>) -> bool {
    backend.get("weight").and_then(NodeRef::as_i64) == Some(0)
}

/// Its port is that of the Pods.
fn of_openshift<'e>(set: &Set<'e>, node: NodeRef<'e>, namespace: &'e str) -> Vec<Backend<'e>> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let termination = spec.str_at(&["tls", "termination"]);
    let speaks_tls = Truth::from(matches!(termination, Some("reencrypt" | "passthrough")));
    let asked = spec.at(&["port", "targetPort"]).map_or(Port::Unsaid, port_of);
    let others = spec.get("alternateBackends").into_iter().flat_map(NodeRef::items);
    let backends =
        spec.get("to").into_iter().chain(others).filter(|backend| {
            matches!(backend.str_at(&["kind"]), None | Some("Service")) && !is_idle(*backend)
        });
    let backends = backends.filter_map(|backend| {
        let name = backend.get("name")?;
        let service = set.services().named(namespace, name.as_str()?);
        let port = match (asked, service.map(|service| set.services().get(service))) {
            (Port::Number(number), Some(service)) => {
                let leads = service.ports.iter().find(|port| port.target == Target::Number(number));
                leads.and_then(|port| port.port).map_or(asked, Port::Number)
            }
            _ => asked,
        };
        let is_http = termination != Some("passthrough");
        Some(Backend { name, namespace, port, speaks_tls, is_http })
    });
    backends.collect()
}

fn of_contour<'e>(node: NodeRef<'e>, namespace: &'e str) -> Vec<Backend<'e>> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let is_passed_on =
        spec.at(&["virtualhost", "tls", "passthrough"]).and_then(NodeRef::as_bool) == Some(true);
    let services = |owner: NodeRef<'e>| {
        let all: Vec<_> = owner.get("services").into_iter().flat_map(NodeRef::items).collect();
        // One alone gets everything.
        let several = all.len() > 1;
        all.into_iter().filter(move |service| !(several && is_idle(*service)))
    };
    let routes = spec.get("routes").into_iter().flat_map(NodeRef::items);
    let of_routes = routes.flat_map(services).map(|service| (service, true));
    let of_tcp = spec.get("tcpproxy").into_iter().flat_map(services).map(|service| (service, false));
    let backends = of_routes.chain(of_tcp).filter_map(|(service, is_http)| {
        let by_protocol = matches!(service.str_at(&["protocol"]), Some("tls" | "h2"));
        Some(Backend {
            name: service.get("name")?,
            namespace,
            port: service.get("port").map_or(Port::Unsaid, port_of),
            speaks_tls: Truth::from(by_protocol || (is_passed_on && !is_http)),
            is_http,
        })
    });
    backends.collect()
}

fn of_traefik<'e>(node: NodeRef<'e>, namespace: &'e str) -> Vec<Backend<'e>> {
    let routes = node.at(&["spec", "routes"]).into_iter().flat_map(NodeRef::items);
    let services = routes.flat_map(|route| route.get("services").into_iter().flat_map(NodeRef::items));
    let services = services
        .filter(|service| matches!(service.str_at(&["kind"]), None | Some("Service")) && !is_idle(*service));
    let backends = services.filter_map(|service| {
        let port = service.get("port").map_or(Port::Unsaid, port_of);
        // Without a scheme it goes by the port.
        let speaks_tls = match service.str_at(&["scheme"]) {
            Some(scheme) => scheme == "https",
            None => match port {
                Port::Number(number) => number == 443,
                Port::Name(name) => name.starts_with("https"),
                Port::Unsaid => false,
            },
        };
        Some(Backend {
            name: service.get("name")?,
            namespace: service.str_at(&["namespace"]).unwrap_or(namespace),
            port,
            speaks_tls: Truth::from(speaks_tls),
            is_http: true,
        })
    });
    backends.collect()
}
