//! TLS between an entrance and the Services behind it: what annotations of Ingress and Service and a
//! `BackendTLSPolicy` say (ingress-nginx, AWS, Azure, `HAProxy`, Kong, Traefik and GKE; Gateway API GEP-1897).
//!
//! Deliberately absent: what gateways of Istio speak, which rules of the mesh decide.

use std::collections::BTreeSet;

use super::Port;
use crate::{
    document::NodeRef,
    facts::{Set, Truth, mesh::texts, services::Service},
};

/// Annotations of an Ingress that name a protocol.
const PROTOCOLS: [&str; 3] = [
    "nginx.ingress.kubernetes.io/backend-protocol",
    "alb.ingress.kubernetes.io/backend-protocol",
    "appgw.ingress.kubernetes.io/backend-protocol",
];

/// Annotations of an Ingress that turn TLS on, or pass on that of clients.
const SWITCHES: [&str; 4] = [
    "nginx.ingress.kubernetes.io/ssl-passthrough",
    "haproxy.org/server-ssl",
    "haproxy.org/ssl-passthrough",
    "ingress.kubernetes.io/secure-backends",
];

/// An annotation of an Ingress that lists Services.
const LISTED: &str = "nginx.org/ssl-services";

/// Annotations of a Service that name a protocol.
const OF_SERVICE: [&str; 3] = [
    "konghq.com/protocol",
    "traefik.ingress.kubernetes.io/service.serversscheme",
    "cloud.google.com/app-protocols",
];

/// Annotations of a Service that list ports to which Contour speaks TLS.
const CONTOUR: [&str; 2] =
    ["projectcontour.io/upstream-protocol.tls", "projectcontour.io/upstream-protocol.h2"];

fn is_tls(protocol: &str) -> bool {
    ["https", "grpcs", "tls", "wss", "kubernetes.io/wss"].iter().any(|tls| protocol.eq_ignore_ascii_case(tls))
}

/// What an Ingress speaks to a Service.
pub(super) fn of_ingress(ingress: NodeRef<'_>, name: &str, service: Option<&Service<'_>>) -> Truth {
    let annotations = || texts(ingress.at(&["metadata", "annotations"]));
    let mut speaks = Truth::False;
    for (key, text) in annotations() {
        let text = text.text.trim();
        let said = if PROTOCOLS.contains(&key) {
            if text.eq_ignore_ascii_case("AUTO_HTTP") { Truth::Unknown } else { Truth::from(is_tls(text)) }
        } else if SWITCHES.contains(&key) {
            Truth::from(text == "true")
        } else {
            Truth::from(key == LISTED && text.split(',').any(|listed| listed.trim() == name))
        };
        speaks = speaks.or(said);
    }
    speaks.or(Truth::from(service.is_some_and(by_service)))
}

/// What a Service asks its entrances to speak.
pub(super) fn by_service(service: &Service<'_>) -> bool {
    let annotated = texts(service.node.at(&["metadata", "annotations"])).any(|(key, text)| {
        // A list of protocols by port, as JSON.
        let listed = text.text.contains("\"HTTPS\"");
        (OF_SERVICE.contains(&key) && (is_tls(text.text.trim()) || listed))
            || (CONTOUR.contains(&key) && !text.text.trim().is_empty())
    });
    let mut protocols = service.ports.iter().filter_map(|port| port.node.str_at(&["appProtocol"]));
    annotated || (service.ports.len() == 1 && protocols.any(is_tls))
}

/// Services to which gateways speak TLS, by namespace, name and the name of a port; `None`: all of its ports.
pub(super) struct BackendTls<'e>(BTreeSet<(&'e str, &'e str, Option<&'e str>)>);

impl<'e> BackendTls<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut all = BTreeSet::new();
        for policy in set.view.of_kind("gateway.networking.k8s.io", "BackendTLSPolicy") {
            let namespace = policy.namespace();
            let spec = set.view.estate.node(policy).get("spec");
            let of = |key: &str| spec.and_then(|spec| spec.get(key));
            // v1alpha2 had one alone.
            let targets = of("targetRefs").into_iter().flat_map(NodeRef::items).chain(of("targetRef"));
            let services = targets.filter(|target| target.str_at(&["kind"]) == Some("Service"));
            all.extend(services.filter_map(|target| {
                let section = target.str_at(&["sectionName"]).filter(|name| !name.is_empty());
                Some((namespace, target.str_at(&["name"])?, section))
            }));
        }
        Self(all)
    }

    /// What a gateway speaks to a Service.
    pub(super) fn to(
        &self,
        namespace: &str,
        name: &str,
        service: Option<&Service<'_>>,
        port: Port<'_>,
    ) -> Truth {
        // Targets name the ports of Services.
        let section = service.and_then(|service| {
            let mut ports = service.ports.iter();
            match port {
                Port::Number(number) => ports.find(|port| port.port == Some(number))?.name,
                Port::Name(name) => ports.find(|port| port.name == Some(name))?.name,
                Port::Unsaid => None,
            }
        });
        let is_targeted = self.0.contains(&(namespace, name, None))
            || section.is_some_and(|section| self.0.contains(&(namespace, name, Some(section))));
        Truth::from(is_targeted || service.is_some_and(by_service))
    }
}
