//! Kinds of single controllers for what an Ingress does: `OpenShift`'s `Route`, Contour's `HTTPProxy`, Traefik's
//! `IngressRoute` with its `Middleware`s.
//!
//! Sources: openshift/api `route/v1`; Contour, "TLS Termination"; Traefik, "Kubernetes `IngressRoute`", "`RedirectScheme`".
//! Deliberately absent: what they lead to.

use std::collections::BTreeMap;

use super::{Listener, ingress};
use crate::{document::NodeRef, estate::View, facts::Truth};

/// Groups of Traefik's kinds, the later before version 3.
pub(super) const TRAEFIK: [&str; 2] = ["traefik.io", "traefik.containo.us"];

/// Without `tls`, or with plaintext that is allowed beside it.
pub(super) fn of_openshift(node: NodeRef<'_>) -> Vec<Listener> {
    let host = node.at(&["spec", "host"]).and_then(NodeRef::as_str);
    let hosts: Vec<String> = host.map(ToOwned::to_owned).into_iter().collect();
    let tls = node.at(&["spec", "tls"]).filter(|tls| !tls.is_null());
    let Some(tls) = tls else {
        let mut listener = ingress::plaintext(node, "it has no `tls`");
        listener.remedy = Some(
            "Add `tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}` to its `spec`."
                .to_owned(),
        );
        return vec![Listener { hosts, ..listener }];
    };
    let allows = tls.get("insecureEdgeTerminationPolicy").filter(|policy| policy.as_str() == Some("Allow"));
    let listener = allows.map(|policy| {
        let mut listener = Listener::new("HTTP".to_owned(), Truth::False, policy.place().into());
        listener.note = Some("`insecureEdgeTerminationPolicy: Allow` serves it beside HTTPS".to_owned());
        listener.remedy = Some("Set `insecureEdgeTerminationPolicy: Redirect`.".to_owned());
        Listener { hosts, ..listener }
    });
    listener.into_iter().collect()
}

/// A virtual host without `tls`, or routes that permit plaintext beside it. What another includes has none of its own.
pub(super) fn of_contour(node: NodeRef<'_>) -> Vec<Listener> {
    let Some(host) = node.at(&["spec", "virtualhost"]) else { return Vec::new() };
    if host.get("tls").is_none_or(NodeRef::is_null) {
        let mut listener = ingress::plaintext(node, "its `virtualhost` has no `tls`");
        listener.remedy = Some("Add `tls: {secretName: …}` to its `virtualhost`.".to_owned());
        return vec![listener];
    }
    let routes = node.at(&["spec", "routes"]).into_iter().flat_map(NodeRef::items);
    let permitted = routes
        .filter_map(|route| route.get("permitInsecure").filter(|permits| permits.as_bool() == Some(true)));
    let listeners = permitted.map(|permits| {
        let mut listener = Listener::new("HTTP".to_owned(), Truth::False, permits.place().into());
        listener.note = Some("a route with `permitInsecure` serves it beside HTTPS".to_owned());
        listener.remedy = Some("Remove `permitInsecure` from the route: it redirects by default.".to_owned());
        listener
    });
    listeners.collect()
}

/// Whether each `Middleware` of Traefik redirects to HTTPS.
#[derive(Debug, Default)]
pub(super) struct Middlewares<'e> {
    by_name: BTreeMap<(&'e str, &'e str), Truth>,
    /// By namespace and name as Traefik joins them, `shop-https`; several are one.
    joined: BTreeMap<String, Truth>,
}

impl<'e> Middlewares<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all = Self::default();
        for resource in TRAEFIK.iter().flat_map(|group| view.of_kind(group, "Middleware")) {
            let spec = view.estate.node(resource).get("spec");
            // Where an expression or a chain of others leads is not followed.
            let may_redirect = ["chain", "plugin", "redirectRegex"]
                .iter()
                .any(|kind| spec.is_some_and(|spec| spec.get(kind).is_some()));
            let redirects = match spec.and_then(|spec| spec.str_at(&["redirectScheme", "scheme"])) {
                Some("https") => Truth::True,
                _ if may_redirect => Truth::Unknown,
                _ => Truth::False,
            };
            let (namespace, name) = (resource.namespace(), &*resource.object.name);
            all.by_name.insert((namespace, name), redirects);
            let joined = all.joined.entry(format!("{namespace}-{name}")).or_insert(Truth::True);
            *joined = (*joined).and(redirects);
        }
        all
    }

    fn redirects(&self, namespace: &str, name: &str) -> Truth {
        self.by_name.get(&(namespace, name)).copied().unwrap_or(Truth::Unknown)
    }

    /// Of an annotation of an Ingress: `shop-https@kubernetescrd, default-auth@kubernetescrd`.
    pub(super) fn listed(&self, text: &str) -> Truth {
        let names = text.split(',').map(str::trim).filter_map(|one| one.strip_suffix("@kubernetescrd"));
        let found = names.map(|name| self.joined.get(name).copied().unwrap_or(Truth::Unknown));
        found.fold(Truth::False, Truth::or)
    }

    /// What routes without `tls` answer at their entry points.
    pub(super) fn routes(&self, node: NodeRef<'_>, namespace: &str) -> Vec<Listener> {
        let spec = node.get("spec");
        if spec.and_then(|spec| spec.get("tls")).is_some_and(|tls| !tls.is_null()) {
            return Vec::new();
        }
        let points = spec.and_then(|spec| spec.get("entryPoints"));
        let names: Vec<&str> =
            points.into_iter().flat_map(NodeRef::items).filter_map(NodeRef::as_str).collect();
        if let Some(points) = points.filter(|_| !names.is_empty())
            && let Some(listener) = ingress::of_entry_points(points, &names)
        {
            return vec![listener];
        }
        let mut listener = ingress::plaintext(node, "it has no `tls`");
        let routes = spec.and_then(|spec| spec.get("routes")).into_iter().flat_map(NodeRef::items);
        let redirects = routes.map(|route| {
            let named = route.get("middlewares").into_iter().flat_map(NodeRef::items);
            let found = named.filter_map(|middleware| {
                let home = middleware.str_at(&["namespace"]).unwrap_or(namespace);
                Some(self.redirects(home, middleware.str_at(&["name"])?))
            });
            found.fold(Truth::False, Truth::or)
        });
        listener.redirects = redirects.reduce(Truth::and).unwrap_or(Truth::False);
        listener.missing =
            (listener.redirects == Truth::Unknown).then(|| "the middlewares of its routes".to_owned());
        listener.remedy = Some(
            "Add `tls: {}` with a certificate, and let plaintext be redirected (`redirectScheme`)."
                .to_owned(),
        );
        vec![listener]
    }
}
