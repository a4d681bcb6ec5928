//! Connections: who calls whom, and what each really uses (domains.md section 1).
//!
//! Callers are told by what workloads are told ([`calls`]) and by what leads into the cluster ([`entrances`]); routes of
//! the mesh may send them elsewhere. One connection for each client, server, Service and port: the worst of several.
//! Deliberately absent: what the network lets through.

mod calls;
mod destination_rules;
mod entrances;
mod entries;
mod exclusions;
mod routed;
mod service_routes;
mod sidecars;
#[cfg(test)]
mod tests;
mod tls_beside;
mod transport;
mod virtual_services;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use self::{
    calls::Call,
    sidecars::Sidecars,
    transport::{Client, Decision, Destination, Transports, target},
    virtual_services::VirtualServices,
};
pub(super) use self::{
    destination_rules::{DestinationRule, DestinationRules, TlsMode},
    entrances::{Entrance, Port},
    transport::Transport,
};
use super::{
    Because, Fact, Origin, Set, Subject, Truth,
    hosts::Host,
    mesh::{self, Mesh, Mode},
    services::ServiceId,
    workloads::{Workload, WorkloadId},
};
use crate::source::Place;

/// One connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Arc<str>,
    client_kind: Arc<str>,
    /// `None`: a gateway or Ingress.
    pub(super) client_workload: Option<WorkloadId>,
    client_mesh: Mesh,
    /// A workload; where none is known the Service, the server of an operator, or `external:host`.
    pub(super) server: Arc<str>,
    pub(super) server_workload: Option<WorkloadId>,
    pub(super) service: Option<Arc<str>>,
    pub(super) port: Option<u16>,
    /// The server's own port; `None`: not known.
    pub(super) container_port: Option<u16>,
    pub(super) transport: Transport,
    pub(super) is_database: bool,
    pub(super) because: Vec<Because>,
    missing: Option<String>,
    /// What decides the transport, where a policy or annotation does.
    decided: Option<Place>,
    /// What names the server.
    pub(super) place: Place,
}

/// The connections of a set.
#[derive(Debug)]
pub(super) struct Connections<'e> {
    pub(super) all: Vec<Connection>,
    pub(super) rules: DestinationRules<'e>,
}

type Key = (Arc<str>, Arc<str>, Option<Arc<str>>, Option<u16>);

/// Who calls, and where that is written.
struct Caller<'c, 'e> {
    id: &'c Arc<str>,
    kind: &'c Arc<str>,
    workload: Option<WorkloadId>,
    client: &'c Client<'e>,
    is_database: bool,
    place: &'c Place,
}

impl<'e> Connections<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let rules = DestinationRules::new(&set.view, set.mesh());
        let routes = routes(set);
        let sidecars = Sidecars::new(&set.view, set.workloads(), set.mesh());
        let mut finder = Finder {
            set,
            routes: &routes,
            transports: Transports { set, rules: &rules, routes: &routes, sidecars: &sidecars },
            found: BTreeMap::new(),
        };
        for (id, workload) in set.workloads().iter() {
            let client = finder.client(id, workload);
            for call in calls::calls(set.environments().of(id)) {
                finder.call(id, workload, &client, &call);
            }
        }
        for entrance in entrances::all(set, &routes) {
            finder.enter(&entrance);
        }
        let all = finder.found.into_values().collect();
        Self { all, rules }
    }
}

/// What leads into the cluster, and to which Services.
pub(super) fn entrances<'e>(set: &Set<'e>) -> Vec<Entrance<'e>> {
    entrances::all(set, &routes(set))
}

fn routes<'e>(set: &Set<'e>) -> VirtualServices<'e> {
    VirtualServices::new(&set.view, set.mesh())
}

struct Finder<'s, 'e> {
    set: &'s Set<'e>,
    routes: &'s VirtualServices<'e>,
    transports: Transports<'s, 'e>,
    found: BTreeMap<Key, Connection>,
}

impl<'s, 'e> Finder<'s, 'e> {
    fn client<'c>(&self, id: WorkloadId, workload: &'c Workload<'e>) -> Client<'c>
    where
        's: 'c,
    {
        let membership = &self.set.mesh().of(id).membership;
        Client {
            namespace: workload.namespace,
            labels: workload.labels.clone(),
            mesh: membership.mesh,
            workload: Some((id, workload)),
            because: membership.because.clone(),
            missing: membership.missing.clone(),
        }
    }

    fn call(&mut self, id: WorkloadId, workload: &Workload<'e>, client: &Client<'_>, call: &Call) {
        let resolved = self.set.hosts().resolve_from(self.set, &call.host, call.port, id);
        let caller = Caller {
            id: &workload.resource.id,
            kind: &workload.resource.object.kind,
            workload: Some(id),
            client,
            is_database: call.is_database,
            place: &call.place,
        };
        match resolved.host {
            Host::Service(service) => {
                self.call_service(&caller, service, call.port, call.speaks_tls);
            }
            Host::Workload { workload, service } => {
                let destination = self.destination(service, call.port, call.speaks_tls);
                self.add(&caller, &Destination { server: Some(workload), ..destination }, None);
            }
            Host::Operated(index) if !call.is_bare => {
                let operated = self.set.hosts().operators().get(index);
                let server = operated.map(|operated| Arc::clone(&operated.resource.id));
                let destination = self.destination(None, call.port, call.speaks_tls);
                self.add(&caller, &destination, server);
            }
            Host::Undeclared { namespace, name } if !call.is_bare => {
                let mut destination = self.destination(None, call.port, call.speaks_tls);
                destination.host = format!("{name}.{namespace}.svc.cluster.local");
                self.add(&caller, &destination, Some(format!("Service/{namespace}/{name}").into()));
            }
            Host::External(host) if self.is_inside(&host, workload.namespace) => {
                self.call_entry(&caller, &host, call);
            }
            Host::External(host) if !call.is_bare && !call.is_aside => {
                // Routes for requests do not see into the TLS of programs.
                let routed = call.speaks_tls != Truth::True;
                if !(routed && self.follow(&caller, &host, call.port, call.speaks_tls)) {
                    self.add_external(&caller, &host, call.port, call.speaks_tls);
                }
            }
            _ => {}
        }
    }

    fn enter(&mut self, entrance: &Entrance<'e>) {
        let caller = Caller {
            id: &entrance.id,
            kind: &entrance.kind,
            workload: None,
            client: &entrance.client,
            is_database: false,
            place: &entrance.place,
        };
        let Some(service) = self.named(&entrance.host) else { return };
        let ports = &self.set.services().get(service).ports;
        let port = match entrance.port {
            Port::Number(number) => Some(number),
            Port::Name(name) => ports.iter().find(|port| port.name == Some(name)).and_then(|port| port.port),
            Port::Unsaid => None,
        };
        let mut destination = self.destination(Some(service), port, entrance.speaks_tls);
        destination.subset = entrance.subset.map(ToOwned::to_owned);
        destination.open = entrance.open.clone();
        self.call_subset(&caller, service, destination);
    }

    /// The Service with a full name.
    fn named(&self, host: &str) -> Option<ServiceId> {
        let (name, rest) = host.split_once('.')?;
        let (namespace, _) = rest.split_once(".svc")?;
        self.set.services().named(namespace, name)
    }

    fn host(&self, service: ServiceId) -> String {
        let service = self.set.services().get(service);
        format!("{}.{}.svc.cluster.local", service.name, service.namespace)
    }

    fn destination(&self, service: Option<ServiceId>, port: Option<u16>, speaks_tls: Truth) -> Destination {
        Destination {
            host: service.map(|service| self.host(service)).unwrap_or_default(),
            service,
            server: None,
            is_external: false,
            port,
            subset: None,
            speaks_tls,
            is_routed: false,
            open: None,
        }
    }

    /// Connections to every workload of a Service, or to where routes of the mesh send them.
    fn call_service(
        &mut self,
        caller: &Caller<'_, '_>,
        service: ServiceId,
        port: Option<u16>,
        speaks_tls: Truth,
    ) {
        let ports = &self.set.services().get(service).ports;
        let single = || ports.first().filter(|_| ports.len() == 1)?.port;
        let port = port.or_else(single);
        if !self.follow(caller, &self.host(service), port, speaks_tls) {
            let destination = self.destination(Some(service), port, speaks_tls);
            self.call_subset(caller, service, destination);
        }
    }

    /// Connections to every workload of a Service.
    fn call_subset(&mut self, caller: &Caller<'_, '_>, service: ServiceId, mut destination: Destination) {
        let found = self.set.services().get(service);
        let single = || found.ports.first().filter(|_| found.ports.len() == 1)?.port;
        destination.port = destination.port.or_else(single);
        let selected = found.selected.clone();
        if selected.is_empty() {
            self.add(caller, &destination, Some(Arc::clone(&found.resource.id)));
            return;
        }
        for server in selected {
            self.add(caller, &Destination { server: Some(server), ..destination.clone() }, None);
        }
    }

    fn add(&mut self, caller: &Caller<'_, '_>, destination: &Destination, server: Option<Arc<str>>) {
        if destination.server.is_some() && destination.server == caller.workload {
            return;
        }
        let workload = destination.server.map(|id| self.set.workloads().get(id));
        let Some(server) = workload.map(|workload| Arc::clone(&workload.resource.id)).or(server) else {
            return;
        };
        let service =
            destination.service.map(|service| Arc::clone(&self.set.services().get(service).resource.id));
        // What has no name in the network is told by its own.
        let named = destination
            .host
            .is_empty()
            .then(|| Destination { host: server.to_string(), ..destination.clone() });
        let Decision { transport, because, missing, place } =
            self.transports.decide(caller.client, named.as_ref().unwrap_or(destination));
        let connection = Connection {
            client: Arc::clone(caller.id),
            client_kind: Arc::clone(caller.kind),
            client_workload: caller.workload,
            client_mesh: caller.client.mesh,
            server: Arc::clone(&server),
            server_workload: destination.server,
            service: service.clone(),
            port: destination.port,
            container_port: destination.server.and_then(|server| target(self.set, server, destination)),
            transport,
            is_database: caller.is_database,
            because,
            missing,
            decided: place,
            place: caller.place.clone(),
        };
        let key = (Arc::clone(caller.id), server, service, destination.port);
        match self.found.get_mut(&key) {
            Some(other) if other.transport <= connection.transport => {}
            Some(other) => *other = connection,
            None => {
                self.found.insert(key, connection);
            }
        }
    }
}

/// `{client, client_mesh, server, server_mesh, servers_ready, service, port, transport, database, platform, because,
/// missing}`, one subject for each connection; `platform`: an end is part of Kubernetes or of a mesh itself;
/// `servers_ready`: every server towards which the same rule decides takes the mesh's mTLS. The transport stands at what decides it, the server at what names it.
pub(super) fn connections(set: &Set<'_>) -> Vec<Subject> {
    let unready = unready(set);
    let subjects = set.connections().all.iter().map(|connection| {
        let mesh = connection.server_workload.map(|id| set.mesh().of(id).membership.mesh);
        let mut ends = [connection.client_workload, connection.server_workload].into_iter().flatten();
        let is_platform = ends.any(|end| set.mesh().of(end).is_platform);
        let own = [
            ("client_mesh", Fact::from(connection.client_mesh.name())),
            ("server_mesh", mesh.map_or_else(Fact::default, |mesh| Fact::from(mesh.name()))),
            (
                "servers_ready",
                Fact::from(connection.decided.as_ref().is_none_or(|place| !unready.contains(place))),
            ),
            ("database", Fact::from(connection.is_database)),
            ("platform", Fact::from(is_platform)),
            ("missing", Fact::from(connection.missing.as_deref())),
        ];
        let fact = Fact::object(shared(connection).into_iter().chain(own));
        Subject {
            resource: connection.client.to_string(),
            kind: Arc::clone(&connection.client_kind),
            fact: fact.at(Some(Origin::Place(connection.place.clone()))),
        }
    });
    subjects.collect()
}

/// What decides connections to servers that may not take the mesh's mTLS, and rules for whole domains, which are about
/// more servers than the input shows.
fn unready<'s>(set: &'s Set<'_>) -> BTreeSet<&'s Place> {
    let wide = set.connections().rules.all.iter().filter(|rule| rule.written_host.starts_with('*'));
    let wide: BTreeSet<&str> = wide.map(|rule| &*rule.resource.id).collect();
    let unready = set.connections().all.iter().filter(|connection| {
        let is_wide = connection
            .because
            .iter()
            .any(|step| step.resource.as_deref().is_some_and(|resource| wide.contains(resource)));
        is_wide || !takes_mtls(set, connection)
    });
    unready.filter_map(|connection| connection.decided.as_ref()).collect()
}

fn takes_mtls(set: &Set<'_>, connection: &Connection) -> bool {
    let Some(server) = connection.server_workload else { return false };
    let standing = set.mesh().of(server);
    let mut ports = standing.ports.iter().filter(|inbound| {
        connection.container_port.is_none_or(|port| inbound.port.port.is_none_or(|own| own == port))
    });
    standing.membership.mesh.is_istio()
        && ports.all(|inbound| matches!(inbound.mode, Mode::Strict | Mode::Permissive))
}

/// Entries of `connections` in the overview.
pub(super) fn overview(set: &Set<'_>) -> Vec<Fact> {
    set.connections().all.iter().map(|connection| Fact::object(shared(connection))).collect()
}

fn shared(connection: &Connection) -> [(&'static str, Fact); 6] {
    [
        ("client", Fact::from(&*connection.client)),
        ("server", Fact::from(&*connection.server)),
        ("service", Fact::from(connection.service.as_deref())),
        ("port", Fact::from(connection.port.map(i64::from))),
        (
            "transport",
            Fact::from(connection.transport.name()).at(connection.decided.clone().map(Origin::Place)),
        ),
        ("because", mesh::chain(&connection.because)),
    ]
}
