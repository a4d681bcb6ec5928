//! Ingress: `spec.tls`, and what controllers are told by annotation (networking.k8s.io/v1, and their own references).

mod clouds;
mod redirects;

pub(super) use self::clouds::Clouds;
use super::{Listener, of_controllers::Middlewares};
use crate::{
    document::NodeRef,
    facts::{
        Truth,
        ingress_classes::{self, Controller, IngressClasses},
        places,
    },
    source::Place,
};

/// Annotations that name a certificate, so that no `spec.tls` is needed.
const CERTIFICATES: [&str; 4] = [
    "alb.ingress.kubernetes.io/certificate-arn",
    "appgw.ingress.kubernetes.io/appgw-ssl-certificate",
    "ingress.gcp.kubernetes.io/pre-shared-cert",
    "networking.gke.io/managed-certificates",
];

/// What decides whether a controller serves plaintext beside HTTPS.
struct Beside {
    controller: Controller,
    /// Its name, where the Ingress names no class.
    name: &'static str,
    annotation: &'static str,
    /// The value that stops it, else the one that starts it.
    value: &'static str,
    /// Whether it is served unless the value is there.
    by_default: bool,
    remedy: &'static str,
}

const BESIDE: [Beside; 7] = [
    Beside {
        controller: Controller::Gce,
        name: "gce",
        annotation: "kubernetes.io/ingress.allow-http",
        value: "false",
        by_default: true,
        remedy: "Add the annotation `kubernetes.io/ingress.allow-http: \"false\"`.",
    },
    Beside {
        controller: Controller::Kong,
        name: "kong",
        annotation: "konghq.com/protocols",
        value: "https",
        by_default: true,
        remedy: "Add the annotations `konghq.com/protocols: https` and `konghq.com/https-redirect-status-code: \"301\"`.",
    },
    // No annotation stops it (istio `pilot/pkg/config/kube/ingress`, `ConvertIngressV1alpha3`).
    Beside {
        controller: Controller::Istio,
        name: "istio",
        annotation: "",
        value: "",
        by_default: true,
        remedy: "Use a `Gateway` of Istio, whose server for HTTP says `tls: {httpsRedirect: true}`.",
    },
    Beside {
        controller: Controller::Nginx,
        name: "nginx",
        annotation: "nginx.ingress.kubernetes.io/ssl-redirect",
        value: "false",
        by_default: false,
        remedy: "Remove the annotation `nginx.ingress.kubernetes.io/ssl-redirect`: it redirects by default.",
    },
    Beside {
        controller: Controller::NginxOrg,
        name: "nginx",
        annotation: "ingress.kubernetes.io/ssl-redirect",
        value: "false",
        by_default: false,
        remedy: "Remove the annotation `ingress.kubernetes.io/ssl-redirect`: where there is `tls`, it redirects by default.",
    },
    Beside {
        controller: Controller::Haproxy,
        name: "haproxy",
        annotation: "haproxy.org/ssl-redirect",
        value: "false",
        by_default: false,
        remedy: "Remove the annotation `haproxy.org/ssl-redirect`: where there is `tls`, it redirects by default.",
    },
    Beside {
        controller: Controller::HaproxyIngress,
        name: "haproxy",
        annotation: "haproxy-ingress.github.io/ssl-redirect",
        value: "false",
        by_default: false,
        remedy: "Remove the annotation `haproxy-ingress.github.io/ssl-redirect`: it redirects by default.",
    },
];

/// Names settings of Google's load balancers, `redirectToHttps` among them.
const FRONTEND_CONFIG: &str = "networking.gke.io/v1beta1.FrontendConfig";

/// Entry points of Traefik for which the Ingress is.
const ENTRY_POINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";

const MIDDLEWARES: &str = "traefik.ingress.kubernetes.io/router.middlewares";

/// What lies outside of an Ingress, and tells what it serves.
pub(super) struct Surroundings<'s, 'e> {
    pub(super) classes: &'s IngressClasses<'e>,
    pub(super) clouds: Clouds<'e>,
    pub(super) middlewares: &'s Middlewares<'e>,
}

/// `namespace`: its own.
pub(super) fn listeners(
    node: NodeRef<'_>,
    namespace: &str,
    surroundings: &Surroundings<'_, '_>,
) -> Vec<Listener> {
    let Surroundings { classes, clouds, middlewares } = surroundings;
    let served_by = classes.serving(node);
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
    // nginx redirects then even where it has no certificate (ingress-nginx `annotations.md`, "Server-side HTTPS
    // enforcement through redirect").
    let is_nginx = served_by.contains(&Controller::Nginx);
    if is_nginx && is_true("nginx.ingress.kubernetes.io/force-ssl-redirect") {
        return Vec::new();
    }
    let class = ingress_classes::class(node);
    let name = class.and_then(NodeRef::as_str);
    if served_by == [Controller::Aws] {
        return clouds.of_aws(node, name.unwrap_or("alb"), classes.parameters(node)).into_iter().collect();
    }
    if tls.is_none() && !certificate && !kong_only {
        let mut listener = plaintext(node, "it has no `tls`");
        if served_by.contains(&Controller::Traefik) {
            if let Some(listed) = annotation(ENTRY_POINTS)
                && let Some(open) = of_entry_points(listed, &names(listed))
            {
                return vec![open];
            }
            listener.redirects = text(MIDDLEWARES).map_or(Truth::False, |listed| middlewares.listed(listed));
            listener.missing = (listener.redirects == Truth::Unknown).then(|| "its middlewares".to_owned());
        }
        return vec![listener];
    }
    let said = |beside: &Beside| {
        annotation(beside.annotation).is_some_and(|node| {
            node.as_str() == Some(beside.value)
                || node.as_bool().is_some_and(|truth| truth.to_string() == beside.value)
        })
    };
    // Where several may serve it, only what is written for one of them counts.
    let is_meant = |beside: &&Beside| {
        served_by.contains(&beside.controller) && (served_by.len() == 1 || !beside.by_default)
    };
    let served = BESIDE.iter().filter(is_meant).find(|beside| said(beside) != beside.by_default);
    // Of an Ingress with `tls`, nginx has the default certificate for hosts that none is for, and redirects them too
    // (ingress-nginx `internal/ingress/controller/controller.go`, `createServers`).
    let Some(beside) = served else { return Vec::new() };
    let place = annotation(beside.annotation).or(class).map_or_else(|| places::name(node), NodeRef::place);
    let mut listener = Listener::new("HTTP".to_owned(), Truth::False, place.into());
    if let Some(settings) = text(FRONTEND_CONFIG).filter(|_| beside.controller == Controller::Gce) {
        listener.redirects = clouds.redirects(namespace, settings);
        listener.missing =
            (listener.redirects == Truth::Unknown).then(|| format!("FrontendConfig/{namespace}/{settings}"));
    }
    listener.note = Some(format!("class `{}` serves it beside HTTPS", name.unwrap_or(beside.name)));
    listener.remedy = Some(beside.remedy.to_owned());
    vec![listener]
}

/// Entry points of Traefik beside the one for plaintext, whose TLS its installation says; its chart has it for `websecure`
/// (traefik-helm-chart `values.yaml`, `ports.websecure.tls.enabled`).
pub(super) fn of_entry_points(listed: NodeRef<'_>, names: &[&str]) -> Option<Listener> {
    if names.is_empty() || names.iter().any(|name| matches!(*name, "web" | "http")) {
        return None;
    }
    let mut listener = Listener::new("HTTP".to_owned(), Truth::Unknown, listed.place().into());
    let names = names.join(", ");
    listener.missing = Some(format!("whether Traefik has TLS at its entry point `{names}`"));
    Some(listener)
}

/// Names in a list with commas.
fn names(listed: NodeRef<'_>) -> Vec<&str> {
    let names = listed.as_str().unwrap_or_default().split(',').map(str::trim);
    names.filter(|name| !name.is_empty()).collect()
}

/// Nothing encrypts: shown at the key of `tls`, else of `spec`.
pub(super) fn plaintext(node: NodeRef<'_>, why: &str) -> Listener {
    let source = node.document.source;
    let key = node.get("spec").and_then(|spec| spec.key_span("tls")).or_else(|| node.key_span("spec"));
    let place = key.map_or_else(|| places::name(node), |span| Place::new(source, span));
    let mut listener = Listener::new("HTTP".to_owned(), Truth::False, place.into());
    listener.note = Some(why.to_owned());
    listener
}
