//! Ingress: `spec.tls`, and what controllers are told by annotation (networking.k8s.io/v1, and their own references).

use super::Listener;
use crate::{
    document::NodeRef,
    facts::{Truth, places},
    source::Place,
};

/// Annotations that name a certificate, so that no `spec.tls` is needed.
const CERTIFICATES: [&str; 4] = [
    "alb.ingress.kubernetes.io/certificate-arn",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/managed-certificates",
];

/// Where it is said that plaintext is served beside HTTPS: class, annotation, the value that stops it (else the one that
/// starts it), whether it is served unless that is there, and what to do.
const BESIDE: [(&str, &str, &str, bool, &str); 4] = [
    (
        "gce",
        "kubernetes.io/ingress.allow-http",
        "false",
        true,
        "Add the annotation `kubernetes.io/ingress.allow-http: \"false\"`.",
    ),
    (
        "kong",
        "konghq.com/protocols",
        "https",
        true,
        "Add the annotations `konghq.com/protocols: https` and `konghq.com/https-redirect-status-code: \"301\"`.",
    ),
    // No annotation stops it (istio `pilot/pkg/config/kube/ingress`, `ConvertIngressV1alpha3`).
    (
        "istio",
        "",
        "",
        true,
        "Use a `Gateway` of Istio, whose server for HTTP says `tls: {httpsRedirect: true}`.",
    ),
    (
        "nginx",
        "nginx.ingress.kubernetes.io/ssl-redirect",
        "false",
        false,
        "Remove the annotation `nginx.ingress.kubernetes.io/ssl-redirect`: it redirects by default.",
    ),
];

pub(super) fn listeners(node: NodeRef<'_>) -> Vec<Listener> {
    let annotations = node.at(&["metadata", "annotations"]);
    let annotation = |key: &str| annotations.and_then(|map| map.get(key));
    let text = |key: &str| annotation(key).and_then(NodeRef::as_str).filter(|text| !text.is_empty());
    let spec = node.get("spec");
    let tls = spec.and_then(|spec| spec.get("tls"));
    if let Some(unknown) = tls.filter(|tls| tls.is_unknown()) {
        let mut listener = Listener::new("HTTP".to_owned(), Truth::Unknown, unknown.place().into());
        listener.missing = Some("spec.tls".to_owned());
        return vec![listener];
    }
    let tls = tls.filter(|tls| tls.items().next().is_some());
    let certificate = CERTIFICATES.iter().any(|key| text(key).is_some());
    let kong_only = text("konghq.com/protocols") == Some("https");
    let is_true = |key: &str| {
        annotation(key).is_some_and(|node| node.as_str() == Some("true") || node.as_bool() == Some(true))
    };
    // A router of Traefik with TLS answers nothing else.
    if is_true("traefik.ingress.kubernetes.io/router.tls") {
        return Vec::new();
    }
    if tls.is_none() && !certificate && !kong_only {
        return vec![plaintext(node, "it has no `tls`")];
    }
    let class = spec.and_then(|spec| spec.get("ingressClassName")).filter(|class| !class.is_null());
    let class = class.or_else(|| annotation("kubernetes.io/ingress.class"));
    let name = class.and_then(NodeRef::as_str);
    let beside = BESIDE.iter().find(|(beside, ..)| name == Some(beside) && tls.is_some());
    let Some((name, key, value, unless, remedy)) = beside else { return Vec::new() };
    let said = annotation(key).is_some_and(|node| {
        node.as_str() == Some(value) || node.as_bool().is_some_and(|truth| truth.to_string() == *value)
    });
    let redirects = *name == "nginx" && is_true("nginx.ingress.kubernetes.io/force-ssl-redirect");
    if said == *unless || redirects {
        return Vec::new();
    }
    let place = annotation(key).or(class).map_or_else(|| places::name(node), NodeRef::place);
    let mut listener = Listener::new("HTTP".to_owned(), Truth::False, place.into());
    listener.note = Some(format!("class `{name}` serves it beside HTTPS"));
    listener.remedy = Some((*remedy).to_owned());
    vec![listener]
}

/// Nothing encrypts: shown at the key of `tls`, else of `spec`.
fn plaintext(node: NodeRef<'_>, why: &str) -> Listener {
    let source = node.document.source;
    let key = node.get("spec").and_then(|spec| spec.key_span("tls")).or_else(|| node.key_span("spec"));
    let place = key.map_or_else(|| places::name(node), |span| Place::new(source, span));
    let mut listener = Listener::new("HTTP".to_owned(), Truth::False, place.into());
    listener.note = Some(why.to_owned());
    listener
}
