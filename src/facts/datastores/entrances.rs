//! Ways into the cluster that lead to a database: an Ingress, routes of the Gateway API and of Istio's gateways, and the
//! `ConfigMap` by which ingress-nginx passes on TCP.
//!
//! Sources: Kubernetes, "Ingress"; Gateway API, "TCP routing"; Istio, "Gateway"; ingress-nginx, "Exposing TCP and UDP
//! services"; AWS Load Balancer Controller, "Ingress annotations". An Ingress carries HTTP only, and so leads to no
//! database that speaks anything else.

use std::sync::Arc;

use super::{
    exposure::{is_internal, is_public, source_ranges},
    servers::{ServerId, Servers},
};
use crate::{
    document::NodeRef,
    facts::{
        Fact, Set,
        connections::{Entrance, Port, entrances},
        hosts::Resolved,
        ingress_classes::{self, Controller},
        services::Service,
    },
    resource::selector::Selector,
    source::Place,
};

/// Engines that answer requests of HTTP.
const OF_HTTP: &[&str] = &["elasticsearch", "opensearch", "couchdb", "clickhouse", "influxdb", "neo4j"];

/// Where the controllers of cloud load balancers take their scheme from.
const ALB_SCHEME: &str = "alb.ingress.kubernetes.io/scheme";
const AZURE_PRIVATE: &str = "appgw.ingress.kubernetes.io/use-private-ip";

/// Annotations of ingress-nginx that list who is let in.
const ADMITTED: [&str; 2] = [
    "nginx.ingress.kubernetes.io/whitelist-source-range",
    "nginx.ingress.kubernetes.io/allowlist-source-range",
];

/// Classes whose address is in the network of the account.
const PRIVATE_CLASSES: [&str; 3] =
    ["gce-internal", "gke-l7-rilb", "gke-l7-cross-regional-internal-managed-mc"];

/// From where an entrance lets callers in.
enum From {
    Outside(Vec<Fact>),
    Inside,
}

/// Exposures through entrances, each with the server that it opens.
pub(super) fn exposures(set: &Set<'_>, servers: &Servers<'_>) -> Vec<(ServerId, Fact)> {
    let mut found = Vec::new();
    for entrance in entrances(set) {
        let Some((server, port)) = led_to(set, servers, &entrance) else { continue };
        let speaks_http = servers.get(server).engine.is_some_and(|engine| OF_HTTP.contains(&engine));
        if entrance.is_http && !speaks_http {
            continue;
        }
        if let From::Outside(ranges) = from(set, &entrance.id) {
            let kind = &*entrance.kind;
            found.push((server, exposure(kind, &entrance.id, port, ranges, entrance.place)));
        }
    }
    found.extend(passed_on(set, servers));
    found
}

fn exposure(kind: &str, by: &Arc<str>, port: i64, ranges: Vec<Fact>, place: Place) -> Fact {
    let fields = [
        ("kind", Fact::from(kind)),
        ("service", Fact::from(&**by)),
        ("port", Fact::from(port)),
        ("internal", Fact::from(false)),
        ("source_ranges", Fact::array(ranges)),
    ];
    Fact::object(fields).at(Some(place.into()))
}

/// The server behind a Service and port; `None` where the port leads to something else.
fn led_to(set: &Set<'_>, servers: &Servers<'_>, entrance: &Entrance<'_>) -> Option<(ServerId, i64)> {
    let resolved = set.hosts().resolve(set, &entrance.host, "");
    let (name, namespace) = entrance.host.split_once('.').unwrap_or((&entrance.host, ""));
    let namespace = namespace.split('.').next().unwrap_or_default();
    let service = set.services().named(namespace, name).map(|id| set.services().get(id));
    let port = match entrance.port {
        Port::Number(number) => i64::from(number),
        Port::Name(name) => number(service?, |port| port.str_at(&["name"]) == Some(name))?,
        // Of one port there is no choice.
        Port::Unsaid => {
            let only = service.is_some_and(|service| service.ports.len() == 1);
            number(service?, |_| only)?
        }
    };
    Some((at(set, servers, &resolved, port)?, port))
}

fn at(set: &Set<'_>, servers: &Servers<'_>, resolved: &Resolved<'_>, port: i64) -> Option<ServerId> {
    let server = servers.at(set, &resolved.host, u16::try_from(port).ok())?;
    servers.get(server).serves_at(port).then_some(server)
}

fn number(service: &Service<'_>, is_meant: impl Fn(NodeRef<'_>) -> bool) -> Option<i64> {
    let mut ports = service.node.at(&["spec", "ports"])?.items();
    ports.find(|port| is_meant(*port))?.get("port")?.as_i64()
}

/// From where an Ingress or gateway lets callers in.
fn from(set: &Set<'_>, id: &str) -> From {
    let Some(resource) = set.view.get(id) else {
        return From::Outside(vec![Fact::unknown()]);
    };
    let node = set.view.estate.node(resource);
    let annotation = |key: &str| node.at(&["metadata", "annotations"])?.str_at(&[key]);
    let class = |path: &[&str]| node.str_at(path).unwrap_or_default();
    match (&*resource.object.group, &*resource.object.kind) {
        (_, "Ingress") => {
            let class = ingress_classes::class(node).and_then(NodeRef::as_str).unwrap_or_default();
            // The AWS Load Balancer Controller makes internal ones unless told otherwise.
            let of_aws = set.ingress_classes().serving(node) == [Controller::Aws]
                && annotation(ALB_SCHEME) != Some("internet-facing");
            let inside = of_aws
                || PRIVATE_CLASSES.contains(&class)
                || annotation(ALB_SCHEME) == Some("internal")
                || annotation(AZURE_PRIVATE) == Some("true");
            let listed = ADMITTED.iter().find_map(|key| annotation(key)).unwrap_or_default();
            let ranges = listed.split(',').map(str::trim).filter(|range| !range.is_empty());
            if inside { From::Inside } else { named(class, ranges.map(Fact::from).collect()) }
        }
        ("gateway.networking.k8s.io", _) => {
            let class = class(&["spec", "gatewayClassName"]);
            let infrastructure = node.at(&["spec", "infrastructure", "annotations"]);
            let own = node.at(&["metadata", "annotations"]);
            let type_of = |annotations: Option<NodeRef<'_>>| {
                annotations?.str_at(&["networking.istio.io/service-type"]).map(ToOwned::to_owned)
            };
            let in_cluster = [own, infrastructure].into_iter().find_map(type_of);
            let inside = class == "istio-waypoint"
                || in_cluster.as_deref() == Some("ClusterIP")
                || PRIVATE_CLASSES.contains(&class)
                || is_internal(infrastructure, node)
                || is_internal(own, node);
            if inside { From::Inside } else { named(class, Vec::new()) }
        }
        _ => of_istio(set, node),
    }
}

/// Outside, unless the name of a class leaves it open.
fn named(class: &str, ranges: Vec<Fact>) -> From {
    let is_open = ["internal", "private", "intranet"].iter().any(|word| class.contains(word));
    From::Outside(if is_open { vec![Fact::unknown()] } else { ranges })
}

/// What the Services of Istio's gateway open; unknown where the input has none.
fn of_istio(set: &Set<'_>, node: NodeRef<'_>) -> From {
    let selector = node.at(&["spec", "selector"]).and_then(Selector::of_labels);
    let Some(selector) = selector.filter(|selector| !selector.is_empty()) else {
        return From::Outside(vec![Fact::unknown()]);
    };
    let pods = set.workloads().namespaces().flat_map(|home| set.workloads().select(home, &selector));
    let services: Vec<&Service<'_>> = pods
        .flat_map(|pods| set.services().of_workload(pods).iter())
        .map(|id| set.services().get(*id))
        .collect();
    if services.is_empty() {
        return From::Outside(vec![Fact::unknown()]);
    }
    let mut open = services.iter().filter(|service| is_public(service.node));
    open.next().map_or(From::Inside, |service| From::Outside(source_ranges(service.node)))
}

/// Ports of ingress-nginx: `"5432": shop/db:5432`, in the `ConfigMap` that its controller is told, else in one that is
/// called as usual.
fn passed_on(set: &Set<'_>, servers: &Servers<'_>) -> Vec<(ServerId, Fact)> {
    let mut found = Vec::new();
    for map in set.view.of_kind("", "ConfigMap") {
        let name = &*map.object.name;
        if name != "tcp-services" && !name.ends_with("-tcp") && !name.ends_with("-tcp-services") {
            continue;
        }
        let data = set.view.estate.node(map).get("data");
        for (outer, _, value) in data.into_iter().flat_map(NodeRef::entries) {
            let Some((namespace, service, port)) = value.as_str().and_then(target) else { continue };
            let Ok(outer) = outer.parse::<i64>() else { continue };
            let resolved = set.hosts().resolve(set, &format!("{service}.{namespace}.svc"), namespace);
            if let Some(server) = at(set, servers, &resolved, port) {
                found.push((server, exposure("ConfigMap", &map.id, outer, Vec::new(), value.place())));
            }
        }
    }
    found
}

/// `namespace/service:port`, with `:PROXY` behind.
fn target(text: &str) -> Option<(&str, &str, i64)> {
    let (namespace, rest) = text.split_once('/')?;
    let mut parts = rest.split(':');
    Some((namespace, parts.next()?, parts.next()?.parse().ok()?))
}
