//! The fact `workload`: its mesh, and what each of its ports accepts, with the chain that decided it.
//!
//! | field | value |
//! |---|---|
//! | `id`, `kind`, `namespace`, `name`, `service`, `service_account` | who it is |
//! | `platform` | part of Kubernetes or of a mesh itself |
//! | `mesh`, `missing`, `because` | as in the contract, and what would decide an unknown mesh |
//! | `namespace_meshed` | whether any workload of its namespace is in a mesh, or may be |
//! | `serves` | whether any port is judged |
//! | `labels` | by which its Pods are selected |
//! | `callers` | `[{namespace, service_account, service_name, labels}]`: its known clients whose identity in its mesh it sees |
//! | `others` | `[id]`: known clients without one, or with one that the input does not tell |
//! | `service_name` | the Service that leads to it, by which Consul knows it; null where Consul knows it by several names |
//! | `intentions` | `[id]`: what Consul has about it already |
//! | `waypoint` | `T`: whether it sees the identity of a waypoint instead of that of ambient clients |
//! | `mesh_name`, `mesh_namespace` | the `Mesh` of Kuma that it is in, and where policies for whole Meshes lie, if any does |
//! | `trust_domain` | of Istio, where its configuration names one |
//! | `authorization` | `T`: whether any policy says who may call |
//! | `ports` | `[{port, protocol, judged, mtls, bypasses, identity_required, admitted_by, services, clients, clients_ready, because, missing}]` |
//!
//! `clients_ready`: whether all that are known to call what the same scalar decides speak mTLS to it, so that demanding
//! it cuts nobody off.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Inbound, Mesh, Mode, Standing};
use crate::{
    facts::{
        Because, Fact, Origin, Set, Subject, Truth,
        connections::Transport,
        environment, places,
        workloads::{Workload, WorkloadId},
    },
    source::Place,
};

/// One subject for each workload.
pub(in crate::facts) fn workloads(set: &Set<'_>) -> Vec<Subject> {
    let meshes = set.mesh();
    let inside: BTreeSet<&str> = set
        .workloads()
        .iter()
        .filter(|(id, _)| meshes.of(*id).membership.mesh != Mesh::None)
        .map(|(_, workload)| workload.namespace)
        .collect();
    let clients = clients(set);
    let callers = callers(set);
    let unready = unready(set);
    let subjects = set.workloads().iter().map(|(id, workload)| {
        let standing = meshes.of(id);
        let membership = &standing.membership;
        let ports = standing.ports.iter().map(|inbound| {
            let callers = clients.get(&(id, inbound.port.port)).into_iter().flatten();
            let is_ready = inbound.place.as_ref().is_none_or(|place| !unready.contains(place));
            port(
                set,
                id,
                workload,
                inbound,
                is_ready,
                Fact::array(callers.map(|(client, at)| Fact::from(*client).at(at.clone()))),
            )
        });
        let called = callers.get(&id);
        let mesh_name = (membership.mesh == Mesh::Kuma).then(|| meshes.kuma_mesh(workload));
        let mesh_namespace = mesh_name.as_ref().and_then(|_| meshes.kuma_home());
        let (names, intentions) = if membership.mesh == Mesh::Consul {
            meshes.intentions(workload, &[service_name(set, id, workload)])
        } else {
            (Vec::new(), BTreeSet::new())
        };
        let leading = set.services().of_workload(id).iter().map(|service| set.services().get(*service));
        let waypoint = if membership.mesh == Mesh::IstioAmbient {
            leading.map(|service| meshes.waypoint(service)).fold(Truth::False, Truth::or)
        } else {
            Truth::False
        };
        let mesh = Fact::from(membership.mesh.name()).at(membership.because.origin.clone());
        let own = [
            ("namespace", Fact::from(workload.namespace)),
            ("kind", Fact::from(&*workload.resource.object.kind)),
            ("name", Fact::from(&*workload.resource.object.name)),
            ("platform", Fact::from(standing.is_platform)),
            ("missing", Fact::from(membership.missing.as_deref())),
            ("namespace_meshed", Fact::from(inside.contains(workload.namespace))),
            ("serves", Fact::from(standing.ports.iter().any(|inbound| inbound.is_judged))),
            ("authorization", Fact::from(authorization(standing))),
            ("labels", labels(workload)),
            (
                "callers",
                Fact::array(called.iter().flat_map(|all| &all.named).map(|client| caller(set, *client))),
            ),
            (
                "others",
                Fact::array(called.iter().flat_map(|all| &all.others).map(|other| Fact::from(*other))),
            ),
            ("service_name", Fact::from(Some(service_name(set, id, workload)).filter(|_| names.len() <= 1))),
            ("intentions", Fact::array(intentions.into_iter().map(Fact::from))),
            ("waypoint", Fact::from(waypoint)),
            ("mesh_name", Fact::from(mesh_name.as_deref())),
            ("mesh_namespace", Fact::from(mesh_namespace)),
            ("trust_domain", Fact::from(meshes.configuration.trust_domain.as_deref())),
            ("mesh", mesh),
            ("ports", Fact::array(ports)),
        ];
        let fact = Fact::object(shared(workload, standing).into_iter().chain(own));
        Subject {
            resource: workload.resource.id.to_string(),
            kind: Arc::clone(&workload.resource.object.kind),
            fact: fact.at(Some(places::name(workload.node).into())),
        }
    });
    subjects.collect()
}

/// Entries of `workloads` in the overview.
pub(in crate::facts) fn overview(set: &Set<'_>, each: &mut dyn FnMut(Fact)) {
    for (id, workload) in set.workloads().iter() {
        let standing = set.mesh().of(id);
        let ports = standing.ports.iter().map(|inbound| {
            let mut fields = vec![
                ("port", Fact::from(inbound.port.port.map(i64::from))),
                ("protocol", Fact::from(inbound.port.protocol)),
                ("mtls", Fact::from(inbound.mode.name())),
                ("because", chain(&inbound.because)),
            ];
            if inbound.mode == Mode::Permissive && inbound.admission.identity_required == Truth::True {
                fields.push(("identity_required", Fact::from(true)));
            }
            Fact::object(fields)
        });
        let own = [
            ("mesh", Fact::from(standing.membership.mesh.name())),
            ("ports", Fact::array(ports)),
            ("environment", environment::overview(set, id)),
        ];
        each(Fact::object(shared(workload, standing).into_iter().chain(own)));
    }
}

/// Fields of both.
fn shared(workload: &Workload<'_>, standing: &Standing<'_>) -> [(&'static str, Fact); 4] {
    [
        ("id", Fact::from(&*workload.resource.id)),
        ("service", Fact::from(&*workload.service)),
        ("service_account", Fact::from(workload.service_account)),
        ("because", chain(std::slice::from_ref(&standing.membership.because))),
    ]
}

/// The steps of a chain as a fact.
pub(in crate::facts) fn chain(steps: &[Because]) -> Fact {
    Fact::array(steps.iter().cloned().map(Fact::from))
}

/// Ids of those that call a port of a workload, with where they are declared.
type Clients<'s> = BTreeMap<(WorkloadId, Option<u16>), BTreeMap<&'s str, Option<Origin>>>;

fn clients<'s>(set: &'s Set<'_>) -> Clients<'s> {
    let mut clients = Clients::new();
    for connection in &set.connections().all {
        if let Some(server) = connection.server_workload {
            let callers = clients.entry((server, connection.container_port)).or_default();
            let workload = connection.client_workload.map(|client| set.workloads().get(client));
            callers
                .entry(&connection.client)
                .or_insert_with(|| workload.map(|workload| Origin::Place(places::name(workload.node))));
        }
    }
    clients
}

/// Known clients of a workload.
#[derive(Default)]
struct Callers<'s> {
    /// Those with an identity that its policies can name: it sees none of who speaks plaintext.
    named: BTreeSet<WorkloadId>,
    /// Ids of the rest: workloads that are in no mesh or another one, gateways.
    others: BTreeSet<&'s str>,
}

fn callers<'s>(set: &'s Set<'_>) -> BTreeMap<WorkloadId, Callers<'s>> {
    let mut callers: BTreeMap<_, Callers<'s>> = BTreeMap::new();
    let mesh = |id: WorkloadId| set.mesh().of(id).membership.mesh;
    for connection in &set.connections().all {
        let Some(server) = connection.server_workload else { continue };
        let found = callers.entry(server).or_default();
        let is_known_there = |client: &WorkloadId| {
            let (own, other) = (mesh(server), mesh(*client));
            connection.transport == Transport::Mtls && (own == other || (own.is_istio() && other.is_istio()))
        };
        match connection.client_workload.filter(is_known_there) {
            Some(client) => drop(found.named.insert(client)),
            None => drop(found.others.insert(&connection.client)),
        }
    }
    callers
}

fn caller(set: &Set<'_>, id: WorkloadId) -> Fact {
    let workload = set.workloads().get(id);
    Fact::object([
        ("namespace", Fact::from(workload.namespace)),
        ("service_account", Fact::from(workload.service_account)),
        ("service_name", Fact::from(service_name(set, id, workload))),
        ("labels", labels(workload)),
    ])
}

fn labels(workload: &Workload<'_>) -> Fact {
    Fact::object(workload.selecting().into_iter().map(|(key, value)| (key, Fact::from(value))))
}

/// Name under which Consul registers a workload.
fn service_name<'s>(set: &'s Set<'_>, id: WorkloadId, workload: &'s Workload<'_>) -> &'s str {
    let written = workload.annotation("consul.hashicorp.com/connect-service");
    let written = written.and_then(|names| names.split(',').next()).map(str::trim);
    let leading = || set.services().of_workload(id).first().map(|service| set.services().get(*service).name);
    written.or_else(leading).unwrap_or(&workload.resource.object.name)
}

/// What decides ports that are called without mTLS, or by what may have none: whoever comes from outside of the cluster
/// through a Service has none.
fn unready<'s>(set: &'s Set<'_>) -> BTreeSet<&'s Place> {
    let mut unready = BTreeSet::new();
    for connection in &set.connections().all {
        if let Some(server) = connection.server_workload
            && !matches!(connection.transport, Transport::Mtls | Transport::Broken)
        {
            let ports = set.mesh().of(server).ports.iter().filter(|inbound| {
                connection.container_port.is_none_or(|port| inbound.port.port.is_none_or(|own| own == port))
            });
            unready.extend(ports.filter_map(|inbound| inbound.place.as_ref()));
        }
    }
    for (_, service) in set.services().iter().filter(|(_, service)| service.is_open()) {
        for id in &service.selected {
            let workload = set.workloads().get(*id);
            let leads_to = |inbound: &&Inbound<'_>| {
                inbound.is_judged
                    && service.ports.iter().any(|port| {
                        inbound.port.port.is_none() || port.container_port(workload) == inbound.port.port
                    })
            };
            let ports = set.mesh().of(*id).ports.iter().filter(leads_to);
            unready.extend(ports.filter_map(|inbound| inbound.place.as_ref()));
        }
    }
    unready
}

/// Whether any policy says who may call the ports that are judged. No policy is asked about one that bypasses the proxy.
fn authorization(standing: &Standing<'_>) -> Truth {
    let judged = standing.ports.iter().filter(|inbound| inbound.is_judged && inbound.bypasses != Truth::True);
    let limited = judged.map(|inbound| {
        let admits = inbound.mode != Mode::Strict && inbound.admission.admits.is_some();
        inbound.admission.is_limited.or(Truth::from(admits))
    });
    limited.fold(Truth::False, Truth::or)
}

fn port(
    set: &Set<'_>,
    id: WorkloadId,
    workload: &Workload<'_>,
    inbound: &Inbound<'_>,
    is_ready: bool,
    clients: Fact,
) -> Fact {
    let number = inbound.port.port;
    let services = set.services();
    let leading = services.of_workload(id).iter().map(|service| services.get(*service)).filter(|service| {
        number.is_none() || service.ports.iter().any(|port| port.container_port(workload) == number)
    });
    let origin = |place: &Option<Place>| place.clone().map(Origin::Place);
    let identity = inbound.admission.identity_required;
    let fields = [
        ("port", Fact::from(number.map(i64::from)).at(origin(&inbound.port.place))),
        ("protocol", Fact::from(inbound.port.protocol)),
        ("judged", Fact::from(inbound.is_judged)),
        ("mtls", Fact::from(inbound.mode.name()).at(origin(&inbound.place))),
        ("bypasses", Fact::from(inbound.bypasses)),
        ("identity_required", Fact::from(identity)),
        ("admitted_by", inbound.admission.admits.clone().map_or_else(Fact::default, Fact::from)),
        (
            "services",
            Fact::array(leading.map(|service| {
                let place = places::name(set.view.estate.node(service.resource));
                Fact::from(&*service.resource.id).at(Origin::Place(place))
            })),
        ),
        ("clients", clients),
        ("clients_ready", Fact::from(is_ready)),
        ("because", chain(&inbound.because)),
        ("missing", Fact::from(inbound.missing.as_deref())),
    ];
    Fact::object(fields).at(origin(&inbound.port.place))
}
