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
    /// Name of the listener; `None`: all.
    section: Option<&'e str>,
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
                let own = resource.identity.namespace.as_deref().unwrap_or_default();
                let namespace = parent.str_at(&["namespace"]).unwrap_or(own);
                let section = parent.str_at(&["sectionName"]);
                all.entry((namespace, name)).or_default().push(Route { section, redirects });
            }
        }
        Self(all)
    }

    pub(super) fn listeners(&self, node: NodeRef<'_>, resource: &Resource) -> Vec<Listener> {
        // A waypoint takes what ztunnel brings it: mTLS.
        if node.str_at(&["spec", "gatewayClassName"]) == Some("istio-waypoint") {
            return Vec::new();
        }
        let namespace = resource.identity.namespace.as_deref().unwrap_or_default();
        let routes = self.0.get(&(namespace, &*resource.object.name)).map(Vec::as_slice).unwrap_or_default();
        let listeners = node.at(&["spec", "listeners"]).into_iter().flat_map(NodeRef::items);
        listeners.map(|listener| describe(listener, routes, node)).collect()
    }
}

fn describe(node: NodeRef<'_>, routes: &[Route<'_>], gateway: NodeRef<'_>) -> Listener {
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
    let mut attached =
        routes.iter().filter(|route| route.section.is_none() || route.section == name).peekable();
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
