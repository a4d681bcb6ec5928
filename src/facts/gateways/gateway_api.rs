//! The Gateway API's `Gateway`: a listener of plaintext is harmless where all its routes redirect
//! (gateway.networking.k8s.io/v1).

use std::collections::BTreeMap;

use super::Listener;
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Truth, places},
};

pub(super) const GROUP: &str = "gateway.networking.k8s.io";

/// Routes by the namespace and name of the gateway that each is attached to.
pub(super) struct Routes<'e>(BTreeMap<(&'e str, &'e str), Vec<Route<'e>>>);

struct Route<'e> {
    namespace: &'e str,
    /// Name of the listener; `None`: all.
    section: Option<&'e str>,
    /// Port of the listener; `None`: any.
    port: Option<i64>,
    /// None: any.
    hosts: Vec<&'e str>,
    redirects: bool,
}

impl<'e> Routes<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: BTreeMap<_, Vec<Route<'e>>> = BTreeMap::new();
        for resource in ["HTTPRoute", "GRPCRoute"].iter().flat_map(|kind| view.of_kind(GROUP, kind)) {
            let node = view.estate.node(resource);
            let redirects = redirects(node);
            for parent in node.at(&["spec", "parentRefs"]).into_iter().flat_map(NodeRef::items) {
                let Some(name) = parent.str_at(&["name"]) else { continue };
                let own = resource.namespace();
                let namespace = parent.str_at(&["namespace"]).unwrap_or(own);
                let hosts = node.at(&["spec", "hostnames"]).into_iter().flat_map(NodeRef::items);
                all.entry((namespace, name)).or_default().push(Route {
                    namespace: own,
                    section: parent.str_at(&["sectionName"]),
                    port: parent.get("port").and_then(NodeRef::as_i64),
                    hosts: hosts.filter_map(NodeRef::as_str).collect(),
                    redirects,
                });
            }
        }
        Self(all)
    }

    pub(super) fn listeners(&self, node: NodeRef<'_>, resource: &Resource) -> Vec<Listener> {
        // A waypoint takes what ztunnel brings it: mTLS.
        if node.str_at(&["spec", "gatewayClassName"]) == Some("istio-waypoint") {
            return Vec::new();
        }
        let namespace = resource.namespace();
        let routes = self.0.get(&(namespace, &*resource.object.name)).map(Vec::as_slice).unwrap_or_default();
        let listeners = node.at(&["spec", "listeners"]).into_iter().flat_map(NodeRef::items);
        listeners.map(|listener| describe(listener, routes, node, namespace)).collect()
    }
}

impl Route<'_> {
    /// Whether it belongs to a listener of a gateway in a namespace (gateway.networking.k8s.io/v1 `ParentReference`,
    /// `AllowedRoutes`, `Listener.hostname`).
    fn is_attached(&self, listener: NodeRef<'_>, namespace: &str) -> bool {
        let name = listener.str_at(&["name"]);
        let port = listener.get("port").and_then(NodeRef::as_i64);
        let is_allowed = match listener.str_at(&["allowedRoutes", "namespaces", "from"]) {
            None | Some("Same") => self.namespace == namespace,
            Some("None") => false,
            _ => true,
        };
        let host = listener.str_at(&["hostname"]).filter(|host| !host.is_empty());
        is_allowed
            && (self.section.is_none() || self.section == name)
            && (self.port.is_none() || self.port == port)
            && host.is_none_or(|host| self.hosts.is_empty() || self.hosts.iter().any(|own| share(host, own)))
    }
}

/// Whether two names of hosts, either of which may begin with `*.`, have a host in common.
fn share(one: &str, other: &str) -> bool {
    let within = |pattern: &str, host: &str| {
        pattern.strip_prefix('*').is_some_and(|end| host.trim_start_matches('*').ends_with(end))
    };
    one == other || within(one, other) || within(other, one)
}

fn describe(node: NodeRef<'_>, routes: &[Route<'_>], gateway: NodeRef<'_>, namespace: &str) -> Listener {
    let written = node.get("protocol");
    let protocol = written.and_then(NodeRef::as_str).unwrap_or_default();
    let encrypted = match protocol {
        "HTTP" | "TCP" => Truth::False,
        "HTTPS" | "TLS" => Truth::True,
        // What UDP carries is not said, nor what other protocols are.
        _ => Truth::Unknown,
    };
    let place = written.map_or_else(|| places::name(gateway), NodeRef::place);
    let mut listener = Listener::new(protocol.to_owned(), encrypted, place.into());
    let name = node.str_at(&["name"]);
    listener.name = name.map(ToOwned::to_owned);
    listener.port = node.get("port").and_then(NodeRef::as_i64);
    listener.hosts = node.str_at(&["hostname"]).map(ToOwned::to_owned).into_iter().collect();
    let mut attached = routes.iter().filter(|route| route.is_attached(node, namespace)).peekable();
    if encrypted == Truth::Unknown {
        let what =
            if protocol.is_empty() { "the protocol of a listener" } else { "what the protocol encrypts" };
        listener.missing = Some(what.to_owned());
    } else if protocol == "HTTP" && attached.peek().is_none() {
        listener.redirects = Truth::Unknown;
        listener.missing = Some(format!("routes of listener {}", name.unwrap_or_default()));
    } else if protocol == "HTTP" {
        listener.redirects = Truth::from(attached.all(|route| route.redirects));
    }
    listener
}

/// Whether every rule of a route answers with a redirect to HTTPS.
fn redirects(route: NodeRef<'_>) -> bool {
    let mut rules = route.at(&["spec", "rules"]).into_iter().flat_map(NodeRef::items).peekable();
    let to_https = |rule: NodeRef<'_>| {
        rule.get("filters").into_iter().flat_map(NodeRef::items).any(|filter| {
            filter.str_at(&["type"]) == Some("RequestRedirect")
                && filter.str_at(&["requestRedirect", "scheme"]) == Some("https")
        })
    };
    rules.peek().is_some() && rules.all(to_https)
}
