//! Load balancers of clouds: what an Ingress's annotations, and settings beside it, make them serve.
//!
//! Sources: aws-load-balancer-controller `docs/guide/ingress/{annotations,cert_discovery,ingress_class}.md`; GKE, "Ingress
//! configuration".

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CERTIFICATES, Listener, plaintext,
    redirects::{self, Plaintext},
};
use crate::{
    document::NodeRef,
    estate::View,
    facts::{Truth, ingress_classes::Parameters},
};

/// Ports of a load balancer of AWS: `[{"HTTP": 80}, {"HTTPS": 443}]`; without it HTTPS alone where a certificate is named,
/// else HTTP alone (aws-load-balancer-controller `docs/guide/ingress/annotations.md`, "Traffic Listening").
const LISTEN_PORTS: &str = "alb.ingress.kubernetes.io/listen-ports";
const ALB_REDIRECT: &str = "alb.ingress.kubernetes.io/ssl-redirect";
/// Ingresses with one name share a load balancer, and one of them redirects for all.
const ALB_GROUP: &str = "alb.ingress.kubernetes.io/group.name";

/// Settings of load balancers that lie beside the Ingresses.
#[derive(Debug)]
pub(in crate::facts::gateways) struct Clouds<'e> {
    /// Whether each `FrontendConfig` of Google redirects to HTTPS, by its namespace and name.
    redirects: BTreeMap<(&'e str, &'e str), bool>,
    /// What `IngressClassParams` of AWS say, by their names.
    parameters: BTreeMap<&'e str, ClassParameters<'e>>,
    /// Groups of which an Ingress redirects, for all of them.
    redirecting: BTreeSet<&'e str>,
}

/// What all `IngressClassParams` with a name say.
#[derive(Debug, Clone, Copy)]
struct ClassParameters<'e> {
    has_certificates: bool,
    redirects: bool,
    group: Option<&'e str>,
}

impl<'e> Clouds<'e> {
    pub(in crate::facts::gateways) fn new(view: &View<'e>) -> Self {
        let (redirects, parameters) = (BTreeMap::new(), BTreeMap::new());
        let mut clouds = Self { redirects, parameters, redirecting: BTreeSet::new() };
        for settings in view.of_kind("networking.gke.io", "FrontendConfig") {
            let enabled = view.estate.node(settings).at(&["spec", "redirectToHttps", "enabled"]);
            let redirects = enabled.and_then(NodeRef::as_bool) == Some(true);
            clouds.redirects.insert((settings.namespace(), &settings.object.name), redirects);
        }
        // Those of EKS call the list otherwise.
        for (group, key) in [("elbv2.k8s.aws", "certificateArn"), ("eks.amazonaws.com", "certificateARNs")] {
            for settings in view.of_kind(group, "IngressClassParams") {
                let node = view.estate.node(settings);
                let listed = node.at(&["spec", key]);
                let port = node.at(&["spec", "sslRedirectPort"]).filter(|port| !port.is_null());
                let own = ClassParameters {
                    has_certificates: listed.is_some_and(|listed| listed.items().next().is_some()),
                    redirects: port.is_some_and(|port| port.as_str() != Some("")),
                    group: node.str_at(&["spec", "group", "name"]),
                };
                let all = clouds.parameters.entry(&settings.object.name).or_insert(own);
                all.has_certificates &= own.has_certificates;
                all.redirects &= own.redirects;
            }
        }
        for ingress in view.of_kind("networking.k8s.io", "Ingress") {
            let annotations = view.estate.node(ingress).at(&["metadata", "annotations"]);
            let group = annotations.and_then(|map| map.str_at(&[ALB_GROUP]));
            if let Some(group) = group
                && annotations.is_some_and(|map| map.get(ALB_REDIRECT).is_some())
            {
                clouds.redirecting.insert(group);
            }
        }
        clouds
    }

    /// Whether a `FrontendConfig` makes a load balancer answer HTTP with a redirect.
    pub(super) fn redirects(&self, namespace: &str, name: &str) -> Truth {
        self.redirects.get(&(namespace, name)).map_or(Truth::Unknown, |redirects| Truth::from(*redirects))
    }

    /// Plaintext that a load balancer of AWS serves for an Ingress of a class; `None`: it serves none.
    pub(super) fn of_aws(
        &self,
        node: NodeRef<'_>,
        class: &str,
        parameters: Parameters<'_>,
    ) -> Option<Listener> {
        let annotations = node.at(&["metadata", "annotations"]);
        let annotation = |key: &str| annotations.and_then(|map| map.get(key));
        let settings = match parameters {
            Parameters::Named(name) => self.parameters.get(name),
            Parameters::None | Parameters::Elsewhere => None,
        };
        if annotation(ALB_REDIRECT).is_some() || settings.is_some_and(|settings| settings.redirects) {
            return None;
        }
        let plain = redirects::plaintext(node);
        if matches!(plain, Plaintext::Nothing) {
            return None;
        }
        let Some(listed) = annotation(LISTEN_PORTS) else {
            if CERTIFICATES.iter().any(|key| annotation(key).is_some()) {
                return None;
            }
            return self.without_certificate(node, class, parameters);
        };
        let ports = listed.as_str().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
        let protocols = || {
            let ports = ports.iter().filter_map(serde_json::Value::as_array).flatten();
            ports.filter_map(serde_json::Value::as_object)
        };
        let serves = |protocol: &str| protocols().any(|port| port.contains_key(protocol));
        // Certificates for HTTPS are found by the hosts, where none is named.
        if !serves("HTTP") {
            return None;
        }
        let mut listener = Listener::new("HTTP".to_owned(), Truth::False, listed.place().into());
        if !serves("HTTPS") {
            listener.note = Some(format!("class `{class}` serves HTTP alone"));
            listener.remedy = Some(HTTPS.to_owned());
            return Some(listener);
        }
        listener.note = Some(format!("class `{class}` serves it beside HTTPS"));
        listener.remedy = Some(format!("Add the annotation `{ALB_REDIRECT}: \"443\"`."));
        if let Plaintext::Some(backend) = plain {
            let name = backend.at(&["service", "name"]).or_else(|| backend.get("serviceName"));
            let place = name.unwrap_or(backend).place();
            listener.origin = place.into();
            listener.note = Some(format!("class `{class}` serves it before its action redirects"));
        }
        let group = settings.and_then(|settings| settings.group);
        let group = group.or_else(|| annotation(ALB_GROUP).and_then(NodeRef::as_str));
        if let Some(group) = group {
            if self.redirecting.contains(group) {
                return None;
            }
            listener.redirects = Truth::Unknown;
            listener.missing = Some(format!("whether an Ingress of the group `{group}` redirects"));
        } else if let Parameters::Named(name) = parameters
            && settings.is_none()
        {
            listener.redirects = Truth::Unknown;
            listener.missing = Some(format!("IngressClassParams/{name}"));
        }
        Some(listener)
    }

    /// Neither ports nor a certificate are named: HTTP alone, unless the parameters of the class have certificates.
    fn without_certificate(
        &self,
        node: NodeRef<'_>,
        class: &str,
        parameters: Parameters<'_>,
    ) -> Option<Listener> {
        let certified = match parameters {
            Parameters::None => Truth::False,
            Parameters::Named(name) => {
                let settings = self.parameters.get(name);
                settings.map_or(Truth::Unknown, |settings| Truth::from(settings.has_certificates))
            }
            // `tls` tells that somebody counts on a certificate.
            Parameters::Elsewhere => {
                let tls = node.at(&["spec", "tls"]).filter(|tls| tls.items().next().is_some());
                if tls.is_some() { Truth::Unknown } else { Truth::False }
            }
        };
        if certified == Truth::True {
            return None;
        }
        let why = format!("without `certificate-arn` or `listen-ports`, class `{class}` serves HTTP alone");
        let mut listener = plaintext(node, &why);
        listener.remedy = Some(HTTPS.to_owned());
        if certified == Truth::Unknown {
            let missing = format!("`certificateArn` of the IngressClassParams of class `{class}`");
            (listener.encrypted, listener.missing) = (Truth::Unknown, Some(missing));
        }
        Some(listener)
    }
}

/// What makes a load balancer of AWS serve HTTPS.
const HTTPS: &str = "Add the annotation `alb.ingress.kubernetes.io/listen-ports: '[{\"HTTPS\": 443}]'`, with \
                     `certificate-arn` or a certificate in ACM for its hosts.";
