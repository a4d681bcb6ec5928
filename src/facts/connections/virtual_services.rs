//! Where Istio sends what is addressed to a host: `VirtualService` (networking/v1).
//!
//! Deliberately absent: what requests must hold; every destination of a rule that is for a client may be reached.

mod matches;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::matches::{Asker, Matches};
use super::service_routes;
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{mesh::Meshes, refusals},
    source::Place,
};

/// One destination of a route.
#[derive(Debug, Clone)]
pub(super) struct Destination<'e> {
    /// As rules name it.
    pub(super) host: String,
    pub(super) subset: Option<&'e str>,
    pub(super) port: Option<u16>,
    /// Whether it is chosen by the name in the TLS of clients, which is passed on.
    pub(super) is_tls: bool,
    /// Whether it takes requests, not whatever comes.
    pub(super) is_http: bool,
    /// Position of its rule.
    pub(super) rule: usize,
    /// Whom it is for, beside what its rule says.
    pub(super) asked: Matches<'e>,
    pub(super) place: Place,
}

/// What tells destinations apart: host, subset and port.
type Endpoint<'d> = (&'d str, Option<&'d str>, Option<u16>);

/// How a namespace comes to see a resource, what counts first first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// It is kept in the namespace.
    Own,
    /// It is exported to the namespace by name.
    Exported,
    Everybody,
}

/// Where what is addressed to one host goes.
#[derive(Debug)]
pub(super) struct Route<'r, 'e> {
    /// Each with what would tell whether it is one, where that is open.
    pub(super) destinations: Vec<(&'r Destination<'e>, Option<String>)>,
    /// Resources to which it is delegated that the input does not hold, each with the one that does so.
    pub(super) absent: Vec<(&'r Resource, String)>,
}

/// One resource with everything that it routes to.
#[derive(Debug)]
pub(super) struct VirtualService<'e> {
    pub(super) resource: &'e Resource,
    created: Option<&'e str>,
    /// Namespace and name of each gateway; without any it is about Pods.
    pub(super) gateways: Vec<(&'e str, &'e str)>,
    pub(super) namespace: &'e str,
    pub(super) hosts: Vec<String>,
    /// Namespaces that see it, as written or as the mesh has it; none: all.
    export_to: Vec<String>,
    is_for_pods: bool,
    /// Whether it is of the Gateway API, which other meshes know too.
    is_common: bool,
    /// In the order in which they are asked, those of each protocol by themselves.
    rules: Vec<Rule<'e>>,
    pub(super) destinations: Vec<Destination<'e>>,
    /// Ids of those that hold more of its destinations, with the positions of the rules that say so.
    delegates: Vec<(String, usize)>,
    /// Of these, those that the input does not hold.
    absent: Vec<String>,
}

#[derive(Debug)]
struct Rule<'e> {
    protocol: &'static str,
    matches: Matches<'e>,
}

/// All of a set.
#[derive(Debug)]
pub(super) struct VirtualServices<'e> {
    pub(super) all: Vec<VirtualService<'e>>,
    /// Those about Pods, by host.
    by_host: BTreeMap<String, Vec<usize>>,
    /// Those about Pods, by the hosts of their destinations.
    by_destination: BTreeMap<String, Vec<usize>>,
}

/// D1 holds for all of Istio: a host without dot is a Service of the resource's own namespace.
pub(super) fn full(host: &str, namespace: &str) -> String {
    if host.contains('.') || host.contains('*') {
        host.to_owned()
    } else {
        format!("{host}.{namespace}.svc.cluster.local")
    }
}

impl<'e> VirtualServices<'e> {
    pub(super) fn new(view: &View<'e>, meshes: &Meshes<'e>) -> Self {
        let default_export = &meshes.configuration.default_route_export_to;
        let written = view.of_kind("networking.istio.io", "VirtualService");
        let written = written.map(|resource| (resource, view.estate.node(resource)));
        let written = written.filter(|(resource, node)| {
            !refusals::is_refused(&resource.object, *node) && meshes.reads(resource)
        });
        let mut all: Vec<VirtualService<'e>> =
            written.map(|(resource, node)| VirtualService::new(resource, node, default_export)).collect();
        delegate(&mut all);
        all.extend(service_routes::all(view));
        let mut by_host: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut by_destination: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, service) in all.iter().enumerate().filter(|(_, service)| service.is_for_pods) {
            for host in &service.hosts {
                by_host.entry(host.clone()).or_default().push(index);
            }
            for destination in &service.destinations {
                by_destination.entry(destination.host.clone()).or_default().push(index);
            }
        }
        Self { all, by_host, by_destination }
    }

    /// What routes Pods that ask for a port of a host: those that name the host, else its longest wildcard.
    ///
    /// Of several one holds whole, since sidecars merge nothing: what only the namespace sees before what is exported to it
    /// and what all see (istio `pilot/pkg/model/virtualservice.go`, `SelectVirtualServices`), then the oldest; without
    /// timestamps only what all of them lead to is sure.
    /// `is_istio`: whether the client knows more than the Gateway API.
    pub(super) fn of_host(&self, host: &str, asker: Asker<'_>, is_istio: bool) -> Option<Route<'_, 'e>> {
        let wildcards =
            host.match_indices('.').map(|(at, _)| format!("*{}", host.get(at..).unwrap_or_default()));
        let names = std::iter::once(host.to_owned()).chain(wildcards);
        let mut found = names.map(|name| {
            let indices = self.by_host.get(&name).into_iter().flatten();
            let services = indices.filter_map(|index| self.all.get(*index));
            let services =
                services.filter(|service| service.routes(asker) && (is_istio || service.is_common));
            let seen = services.filter_map(|service| Some((service.scope(asker.namespace)?, service)));
            let seen: Vec<_> = seen.collect();
            let first = seen.iter().map(|(scope, _)| *scope).min();
            let first = seen.into_iter().filter(|(scope, _)| Some(*scope) == first);
            first.map(|(_, service)| service).collect::<Vec<_>>()
        });
        let mut services = found.find(|services| !services.is_empty())?;
        if services.iter().all(|service| service.created.is_some()) {
            services.sort_by_key(|service| (service.created, &service.resource.object.name));
            services.truncate(1);
        }
        let names: Vec<&str> = services.iter().map(|service| &*service.resource.id).collect();
        let open = format!("metadata.creationTimestamp of {}", names.join(" and "));
        let reached = services
            .iter()
            .map(|service| service.at(asker).map(Destination::endpoint).collect::<BTreeSet<Endpoint<'_>>>());
        let sure = reached.reduce(|all, one| &all & &one).unwrap_or_default();
        let destinations = services.iter().flat_map(|service| service.at(asker)).map(|destination| {
            let is_sure = sure.contains(&destination.endpoint());
            (destination, (!is_sure).then(|| open.clone()))
        });
        let destinations = destinations.collect();
        let absent = services
            .iter()
            .flat_map(|service| service.absent.iter().map(|absent| (service.resource, absent.clone())));
        Some(Route { destinations, absent: absent.collect() })
    }

    /// Those about Pods that lead to a host.
    pub(super) fn leading_to(&self, host: &str) -> impl Iterator<Item = &VirtualService<'e>> {
        let indices = self.by_destination.get(host).into_iter().flatten();
        indices.filter_map(|index| self.all.get(*index))
    }
}

impl Destination<'_> {
    fn endpoint(&self) -> Endpoint<'_> {
        (&self.host, self.subset, self.port)
    }
}

impl<'e> VirtualService<'e> {
    fn new(resource: &'e Resource, node: NodeRef<'e>, default_export: &[String]) -> Self {
        let namespace = resource.namespace();
        let list = |key: &str| {
            let items = node.at(&["spec", key]).into_iter().flat_map(NodeRef::items);
            items.filter_map(NodeRef::as_str).collect::<Vec<_>>()
        };
        let gateways = list("gateways");
        let named = gateways.iter().filter(|gateway| **gateway != "mesh");
        let (mut rules, mut destinations, mut delegates) = (Vec::new(), Vec::new(), Vec::new());
        for protocol in ["http", "tcp", "tls"] {
            for rule in node.at(&["spec", protocol]).into_iter().flat_map(NodeRef::items) {
                let position = rules.len();
                rules.push(Rule { protocol, matches: Matches::new(rule, namespace) });
                let routes: Vec<_> = rule.get("route").into_iter().flat_map(NodeRef::items).collect();
                // Where there are several, one without weight gets nothing.
                let idle = |route: &NodeRef<'e>| {
                    let weight = route.get("weight").and_then(NodeRef::as_i64);
                    routes.len() > 1 && weight == Some(0)
                };
                let routes = routes.iter().filter(|route| !idle(route));
                let mirrors = rule.get("mirrors").into_iter().flat_map(NodeRef::items);
                let targets = routes.copied().chain(mirrors).filter_map(|route| route.get("destination"));
                let targets = targets.chain(rule.get("mirror"));
                destinations
                    .extend(targets.filter_map(|target| destination(target, namespace, protocol, position)));
                if let Some(delegate) = rule.get("delegate")
                    && let Some(name) = delegate.str_at(&["name"])
                {
                    let home = delegate.str_at(&["namespace"]).unwrap_or(namespace);
                    delegates.push((format!("VirtualService/{home}/{name}"), position));
                }
            }
        }
        Self {
            resource,
            created: node.str_at(&["metadata", "creationTimestamp"]),
            namespace,
            export_to: match list("exportTo") {
                own if own.is_empty() => default_export.to_vec(),
                own => own.into_iter().map(ToOwned::to_owned).collect(),
            },
            gateways: named.map(|gateway| gateway.split_once('/').unwrap_or((namespace, gateway))).collect(),
            hosts: list("hosts").into_iter().map(|host| full(host, namespace)).collect(),
            is_for_pods: gateways.is_empty() || gateways.contains(&"mesh"),
            is_common: false,
            rules,
            destinations,
            delegates,
            absent: Vec::new(),
        }
    }

    /// Routes of the Gateway API for a Service; `keeper`: the namespace to which they are limited.
    pub(super) fn of_service(
        resource: &'e Resource,
        host: String,
        keeper: Option<&'e str>,
        destinations: Vec<Destination<'e>>,
    ) -> Self {
        Self {
            resource,
            created: None,
            gateways: Vec::new(),
            namespace: keeper.unwrap_or_default(),
            hosts: vec![host],
            export_to: keeper.map(|_| ".".to_owned()).into_iter().collect(),
            is_for_pods: true,
            is_common: true,
            rules: Vec::new(),
            destinations,
            delegates: Vec::new(),
            absent: Vec::new(),
        }
    }

    /// Its destinations for somebody: those of the rules that may be for them, up to the one that is whatever they ask.
    pub(super) fn at(&self, asker: Asker<'_>) -> impl Iterator<Item = &Destination<'e>> {
        let mut closed = BTreeSet::new();
        let open: Vec<bool> = self
            .rules
            .iter()
            .map(|rule| {
                let is_open = !closed.contains(rule.protocol) && rule.matches.may_match(asker);
                // Names in TLS always tell rules apart.
                if is_open && rule.protocol != "tls" && rule.matches.takes_all(asker) {
                    closed.insert(rule.protocol);
                }
                is_open
            })
            .collect();
        self.destinations.iter().filter(move |destination| {
            open.get(destination.rule).copied().unwrap_or(true) && destination.asked.may_match(asker)
        })
    }

    fn routes(&self, asker: Asker<'_>) -> bool {
        self.at(asker).next().is_some() || !self.absent.is_empty()
    }

    /// How a namespace comes to see it; `None`: it does not. `*` outdoes all else, then `~` hides it from everybody.
    pub(super) fn scope(&self, namespace: &str) -> Option<Scope> {
        let says = |to: &str| self.export_to.iter().any(|written| written == to);
        let is_own = self.namespace == namespace;
        if self.export_to.is_empty() || says("*") {
            Some(Scope::Everybody)
        } else if says("~") {
            None
        } else if is_own {
            (says(".") || says(namespace)).then_some(Scope::Own)
        } else {
            says(namespace).then_some(Scope::Exported)
        }
    }
}

/// Gives those that delegate the destinations of those that they name, which have no hosts of their own.
fn delegate(all: &mut [VirtualService<'_>]) {
    for index in 0..all.len() {
        let Some(service) = all.get(index).filter(|service| !service.delegates.is_empty()) else { continue };
        let (mut destinations, mut absent) = (Vec::new(), Vec::new());
        for (id, rule) in &service.delegates {
            let Some(other) = all.iter().find(|other| *other.resource.id == **id && other.hosts.is_empty())
            else {
                absent.push(id.clone());
                continue;
            };
            // One that its root does not see leaves its rule without effect.
            if other.scope(service.namespace).is_none() {
                continue;
            }
            destinations.extend(other.destinations.iter().map(|destination| {
                let own = other.rules.get(destination.rule).map(|rule| rule.matches.clone());
                Destination { rule: *rule, asked: own.unwrap_or_default(), ..destination.clone() }
            }));
        }
        if let Some(service) = all.get_mut(index) {
            service.destinations.extend(destinations);
            service.absent = absent;
        }
    }
}

fn destination<'e>(
    target: NodeRef<'e>,
    namespace: &str,
    protocol: &str,
    rule: usize,
) -> Option<Destination<'e>> {
    let host = target.get("host")?;
    let port = target.at(&["port", "number"]).and_then(NodeRef::as_i64);
    Some(Destination {
        host: full(host.as_str()?, namespace),
        subset: target.str_at(&["subset"]),
        port: port.and_then(|port| u16::try_from(port).ok()),
        is_tls: protocol == "tls",
        is_http: protocol == "http",
        rule,
        asked: Matches::default(),
        place: host.place(),
    })
}
