//! The fact `gateway`: where requests enter, and whether each way in is encrypted.
//!
//! `{id, kind, name, listeners: [{name, port, protocol, hosts, encrypted: T, redirects: T, note, remedy, missing}]}`;
//! `redirects`: whether plaintext is only told to come back encrypted; `note` says in words what a bare protocol does
//! not. `encrypted` stands at what decides it.
//! Deliberately absent: what lies behind a gateway (see [`super::connections`]).

mod gateway_api;
mod ingress;
mod istio;
mod of_controllers;
mod planned;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::of_controllers::{Middlewares, TRAEFIK};
pub(super) use self::planned::planned;
use super::{Fact, Origin, Set, Subject, Truth, places, refusals};
use crate::{document::NodeRef, estate::Resource};

/// One way in.
#[derive(Debug)]
struct Listener {
    name: Option<String>,
    port: Option<i64>,
    protocol: String,
    hosts: Vec<String>,
    encrypted: Truth,
    redirects: Truth,
    /// A clause: `class `gce` serves HTTP beside HTTPS`.
    note: Option<String>,
    /// What to do, where it is not what the rule says anyway.
    remedy: Option<String>,
    missing: Option<String>,
    origin: Origin,
}

impl Listener {
    const fn new(protocol: String, encrypted: Truth, origin: Origin) -> Self {
        Self {
            name: None,
            port: None,
            protocol,
            hosts: Vec::new(),
            encrypted,
            redirects: Truth::False,
            note: None,
            remedy: None,
            missing: None,
            origin,
        }
    }

    fn fact(self) -> Fact {
        let encrypted = Fact::from(self.encrypted).at(Some(self.origin.clone()));
        Fact::object([
            ("name", Fact::from(self.name)),
            ("port", Fact::from(self.port)),
            ("protocol", Fact::from(self.protocol)),
            ("hosts", Fact::array(self.hosts.into_iter().map(Fact::from))),
            ("encrypted", encrypted),
            ("redirects", Fact::from(self.redirects)),
            ("note", Fact::from(self.note)),
            ("remedy", Fact::from(self.remedy)),
            ("missing", Fact::from(self.missing)),
        ])
        .at(Some(self.origin))
    }
}

/// One subject for each Ingress and gateway of Kubernetes.
pub(super) fn gateways(set: &Set<'_>) -> Vec<Subject> {
    let view = &set.view;
    let all = |group: &str, kind: &str, make: &dyn Fn(NodeRef<'_>, &Resource) -> Vec<Listener>| {
        let resources = view.of_kind(group, kind);
        let subjects = resources.map(|resource| {
            let node = view.estate.node(resource);
            subject(resource, node, make(node, resource))
        });
        subjects.collect::<Vec<_>>()
    };
    let routes = gateway_api::Routes::new(view);
    let classes = set.ingress_classes();
    let middlewares = Middlewares::new(view);
    let surroundings =
        ingress::Surroundings { classes, clouds: ingress::Clouds::new(view), middlewares: &middlewares };
    let mut subjects = all("networking.k8s.io", "Ingress", &|node, resource| {
        ingress::listeners(node, resource.namespace(), &surroundings)
    });
    subjects.extend(all("route.openshift.io", "Route", &|node, _| of_controllers::of_openshift(node)));
    subjects.extend(all("projectcontour.io", "HTTPProxy", &|node, _| of_controllers::of_contour(node)));
    for group in TRAEFIK {
        subjects.extend(all(group, "IngressRoute", &|node, resource| {
            middlewares.routes(node, resource.namespace())
        }));
    }
    // What the API server refuses opens no port; it is reported as such.
    subjects.extend(all("networking.istio.io", "Gateway", &|node, resource| {
        if refusals::is_refused(&resource.object, node) { Vec::new() } else { istio::listeners(node) }
    }));
    subjects.extend(all(gateway_api::GROUP, "Gateway", &|node, resource| {
        if refusals::is_refused(&resource.object, node) {
            Vec::new()
        } else {
            routes.listeners(node, resource)
        }
    }));
    subjects
}

fn subject(resource: &Resource, node: NodeRef<'_>, listeners: Vec<Listener>) -> Subject {
    let fact = Fact::object([
        ("id", Fact::from(&*resource.id)),
        ("kind", Fact::from(&*resource.object.kind)),
        ("name", Fact::from(&*resource.object.name)),
        ("listeners", Fact::array(listeners.into_iter().map(Listener::fact))),
    ]);
    Subject {
        resource: resource.id.to_string(),
        kind: Arc::clone(&resource.object.kind),
        fact: fact.at(Some(places::name(node).into())),
    }
}
