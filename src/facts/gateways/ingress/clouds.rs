//! Load balancers of clouds: what an Ingress's annotations, and settings beside it, make them serve.
//!
//! Sources: aws-load-balancer-controller `docs/guide/ingress/{annotations,cert_discovery,ingress_class}.md`; GKE, "Ingress
//! configuration".

use std::collections::BTreeMap;

use super::{CERTIFICATES, Listener, plaintext};
use crate::{
    document::NodeRef,
    estate::View,
    facts::{Truth, ingress_classes::Parameters, mesh::texts},
};

/// Ports of a load balancer of AWS: `[{"HTTP": 80}, {"HTTPS": 443}]`; without it HTTPS alone where a certificate is named,
/// else HTTP alone (aws-load-balancer-controller `docs/guide/ingress/annotations.md`, "Traffic Listening").
const LISTEN_PORTS: &str = "alb.ingress.kubernetes.io/listen-ports";
const ALB_REDIRECT: &str = "alb.ingress.kubernetes.io/ssl-redirect";
const ALB_ACTIONS: &str = "alb.ingress.kubernetes.io/actions.";
/// Ingresses with one name share a load balancer, and one of them redirects for all.
const ALB_GROUP: &str = "alb.ingress.kubernetes.io/group.name";

/// Settings of load balancers that lie beside the Ingresses.
#[derive(Debug)]
pub(in crate::facts::gateways) struct Clouds<'e> {
    /// Whether each `FrontendConfig` of Google redirects to HTTPS, by its namespace and name.
    redirects: BTreeMap<(&'e str, &'e str), bool>,
    /// Whether all `IngressClassParams` of AWS with a name have certificates.
    certificates: BTreeMap<&'e str, bool>,
}

impl<'e> Clouds<'e> {
    pub(in crate::facts::gateways) fn new(view: &View<'e>) -> Self {
        let mut clouds = Self { redirects: BTreeMap::new(), certificates: BTreeMap::new() };
        for settings in view.of_kind("networking.gke.io", "FrontendConfig") {
            let enabled = view.estate.node(settings).at(&["spec", "redirectToHttps", "enabled"]);
            let redirects = enabled.and_then(NodeRef::as_bool) == Some(true);
            clouds.redirects.insert((settings.namespace(), &settings.object.name), redirects);
        }
        // Those of EKS call the list otherwise.
        for (group, key) in [("elbv2.k8s.aws", "certificateArn"), ("eks.amazonaws.com", "certificateARNs")] {
            for settings in view.of_kind(group, "IngressClassParams") {
                let listed = view.estate.node(settings).at(&["spec", key]);
                let certified = listed.is_some_and(|listed| listed.items().next().is_some());
                let all = clouds.certificates.entry(&settings.object.name).or_insert(true);
                *all &= certified;
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
        if annotation(ALB_REDIRECT).is_some() {
            return None;
        }
        // As before there was an annotation for it: a first rule that redirects.
        let redirects = texts(annotations).any(|(key, text)| {
            key.starts_with(ALB_ACTIONS) && text.text.contains("redirect") && text.text.contains("HTTPS")
        });
        if redirects {
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
        if let Some(group) = annotation(ALB_GROUP).and_then(NodeRef::as_str) {
            listener.redirects = Truth::Unknown;
            listener.missing = Some(format!("whether an Ingress of the group `{group}` redirects"));
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
                self.certificates.get(name).map_or(Truth::Unknown, |certified| Truth::from(*certified))
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
