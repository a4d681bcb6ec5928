//! Database servers of a set: told by the image that a workload runs, a well-known port that a Service leads to, or
//! the resource of an operator; others come to light because somebody is told to use them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    exposure, opened,
    planned::{self, Cloud},
    ports::{Serves, ServicePort},
    proxies,
};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Fact, Set,
        accesses::Claim,
        database_containers,
        hosts::{Host, Resolved},
        services::{ServiceId, target_port},
        workloads::WorkloadId,
    },
    resource::{
        cloud_endpoint::CloudEndpoint,
        engine::{self, Engine},
        workload::PodTemplate,
    },
};

/// Position of a server among those of its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::facts) struct ServerId(pub(in crate::facts) usize);

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum ServedBy {
    Workload(WorkloadId),
    /// An operator: index into its servers.
    Operated(usize),
    /// A Service whose Pods are not known.
    Service(ServiceId),
    /// A resource of a plan: the plan's index and the resource's position in it.
    Planned {
        plan: u32,
        position: u32,
    },
    /// Something that the input only names.
    Elsewhere,
}

#[derive(Debug)]
pub(in crate::facts) struct Server<'e> {
    /// `Service/ns/name`, a Terraform address, or a host (contract, "Ids").
    pub(in crate::facts) id: String,
    /// `None`: not known.
    pub(in crate::facts) engine: Option<&'static str>,
    pub(in crate::facts) served_by: ServedBy,
    /// Services that lead to it.
    pub(in crate::facts) services: Vec<&'e Resource>,
    pub(super) exposures: Vec<Fact>,
    /// Whether what it stores is encrypted, at what decides that; null where no plan says so.
    pub(super) encrypted: Fact,
    /// Port in its Pods that clients come in by.
    pub(in crate::facts) pod_port: Option<u16>,
    /// Ports that lead to the database, of Pods and of Services.
    ports: BTreeSet<i64>,
    /// Whether it only passes connections on, and to which server is not known: a proxy whose configuration does not
    /// tell, or what listens on the loopback of a Pod.
    pub(super) passes_on: bool,
}

/// A workload that serves as long as it runs.
pub(super) struct Workload<'e> {
    pub(super) resource: &'e Resource,
    pub(super) pod: PodTemplate<'e>,
    /// The first container that runs a database server.
    pub(super) database: Option<(NodeRef<'e>, &'static Engine)>,
}

/// All servers, by what leads to them.
#[derive(Debug, Default)]
pub(in crate::facts) struct Servers<'e> {
    all: Vec<Server<'e>>,
    by_workload: BTreeMap<WorkloadId, ServerId>,
    by_service: BTreeMap<ServiceId, ServerId>,
    by_operated: BTreeMap<usize, ServerId>,
    by_text: BTreeMap<String, ServerId>,
}

/// Engines that pass messages on: meant to be shared, and no datastores.
pub(super) const BROKERS: [&str; 2] = ["kafka", "rabbitmq"];

impl<'e> Workload<'e> {
    pub(super) fn of(set: &Set<'e>, id: WorkloadId) -> Option<Self> {
        let workload = set.workloads().get(id);
        if workload.pod.ends {
            return None;
        }
        let database = workload
            .pod
            .containers()
            .find_map(|container| Some((container, database_containers::served_by(set, id, container)?)));
        Some(Self { resource: workload.resource, pod: workload.pod, database })
    }
}

impl Server<'_> {
    /// Whether nothing of the input serves it: a Service alone, or a host that somebody names.
    pub(super) const fn is_unread(&self) -> bool {
        matches!(self.served_by, ServedBy::Service(_) | ServedBy::Elsewhere)
    }

    pub(super) fn new(id: &str, engine: Option<&'static str>, served_by: ServedBy) -> Self {
        let known = engine.and_then(engine::named);
        Self {
            id: id.to_owned(),
            engine,
            served_by,
            services: Vec::new(),
            exposures: Vec::new(),
            encrypted: Fact::default(),
            pod_port: known.and_then(|engine| u16::try_from(*engine.ports.first()?).ok()),
            ports: known.map(|engine| engine.ports.iter().copied().collect()).unwrap_or_default(),
            passes_on: false,
        }
    }

    /// Whether a port of it, or of a Service of it, leads to the database.
    pub(super) fn serves_at(&self, port: i64) -> bool {
        self.ports.contains(&port)
    }

    /// `engine:server/database`; `*` for all of its databases.
    pub(in crate::facts) fn datastore_id(&self, database: &str) -> String {
        format!("{}:{}/{database}", self.engine.unwrap_or("unknown"), self.id)
    }
}

impl<'e> Servers<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut servers = Self::default();
        for (id, _) in set.workloads().iter() {
            let Some(workload) = Workload::of(set, id) else { continue };
            if let Some((_, engine)) = workload.database {
                let server = servers.of_workload(set, id, engine.name);
                server.exposures = exposure::of_pod(&workload);
            }
        }
        let mut unserved = Vec::new();
        for (id, service) in set.services().iter() {
            // What a proxy leads to is told by those that use it, and by its configuration.
            if proxies::is_behind(set, service) {
                continue;
            }
            let ports: Vec<ServicePort<'_>> = ServicePort::all(service.resource, service.node).collect();
            let running: Vec<(WorkloadId, Workload<'e>)> =
                service.selected.iter().filter_map(|id| Some((*id, Workload::of(set, *id)?))).collect();
            for (workload_id, workload) in &running {
                let Some(serves) = best(&ports, Some(workload)) else { continue };
                let exposures = exposure::of_service(service.resource, service.node, &serves);
                let server = servers.of_workload(set, *workload_id, serves.engine().name);
                server.serve_through(service.resource, &serves, Some(workload));
                server.exposures.extend(exposures);
                let position = servers.by_workload.get(workload_id).copied();
                servers.by_service.extend(position.map(|position| (id, position)));
            }
            if running.is_empty()
                && let Some(serves) = best(&ports, None)
            {
                unserved.push((id, serves));
            }
        }
        for (id, serves) in unserved {
            servers.unserved(set, id, &serves);
        }
        for (index, operated) in set.hosts().operators().iter() {
            if !BROKERS.contains(&operated.engine) {
                let namespace = operated.resource.namespace();
                let id = format!("Service/{namespace}/{}", operated.service);
                let declared = set.services().named(namespace, &operated.service);
                let position = match declared.and_then(|service| servers.by_service.get(&service)) {
                    Some(position) => *position,
                    None => servers.add(Server::new(&id, Some(operated.engine), ServedBy::Operated(index))),
                };
                servers.by_operated.insert(index, position);
                let exposures = servers.all.get(position.0).map(|server| opened::exposures(operated, server));
                if let Some(server) = servers.get_mut(position) {
                    server.exposures.extend(exposures.into_iter().flatten());
                }
            }
        }
        servers
    }

    pub(in crate::facts) fn get(&self, id: ServerId) -> &Server<'e> {
        self.all.get(id.0).expect("a ServerId is only made by the set that it indexes")
    }

    pub(in crate::facts) fn iter(&self) -> impl Iterator<Item = (ServerId, &Server<'e>)> {
        self.all.iter().enumerate().map(|(index, server)| (ServerId(index), server))
    }

    /// The server that an operator runs.
    pub(super) fn operated(&self, index: usize) -> Option<ServerId> {
        self.by_operated.get(&index).copied()
    }

    /// The server that a workload runs.
    pub(in crate::facts) fn run_by(&self, workload: WorkloadId) -> Option<ServerId> {
        self.by_workload.get(&workload).copied()
    }

    /// The server that a host leads to, with what a claim says about it; made where the claim is sure that there is one.
    pub(super) fn claimed(
        &mut self,
        set: &Set<'e>,
        cloud: &Cloud,
        resolved: &Resolved<'e>,
        claim: &Claim<'_, '_>,
    ) -> Option<ServerId> {
        let planned = match &resolved.host {
            Host::Referred(reference) => cloud.referred(set, self, claim, reference),
            _ => planned::identifier(resolved).and_then(|identifier| cloud.named(&identifier)),
        };
        if planned.is_some() {
            return planned;
        }
        let told = claim.port.and_then(|port| engine::of_port(i64::from(port))).map(|engine| engine.name);
        let engine = claim.engine.or(told);
        if let Some(known) = self.at(set, &resolved.host, claim.port) {
            if let Some(server) = self.get_mut(known).filter(|_| claim.is_database) {
                server.learn(engine);
            }
            let server = self.get(known);
            let is_its_port = claim.port.is_none_or(|port| server.ports.contains(&i64::from(port)));
            return (claim.is_database || is_its_port).then_some(known);
        }
        if !claim.is_database {
            let cloud = matches!(&resolved.host, Host::External(name) if CloudEndpoint::of(name).is_some());
            if !cloud || engine.is_none() {
                return None;
            }
        }
        match &resolved.host {
            Host::Service(id) => {
                let service = set.services().get(*id);
                let passes_on = proxies::is_behind(set, service);
                let by = service.selected.first().filter(|_| !passes_on);
                let by = by.map_or(ServedBy::Service(*id), |id| ServedBy::Workload(*id));
                let mut server = Server { passes_on, ..Server::new(&service.resource.id, Some(engine?), by) };
                server.services.push(service.resource);
                let position = self.add(server);
                self.by_service.insert(*id, position);
                if let ServedBy::Workload(workload) = by {
                    self.by_workload.insert(workload, position);
                }
                Some(position)
            }
            Host::Workload { workload, .. } => {
                let id = &*set.workloads().get(*workload).resource.id;
                let passes_on = proxies::is_proxy(set, *workload);
                let by = if passes_on { ServedBy::Elsewhere } else { ServedBy::Workload(*workload) };
                let position = self.add(Server { passes_on, ..Server::new(id, Some(engine?), by) });
                self.by_workload.insert(*workload, position);
                Some(position)
            }
            Host::Undeclared { .. } | Host::External(_) | Host::Referred(_) => {
                let text = text_of(&resolved.host, claim.port)?;
                let cloud = match &resolved.host {
                    Host::External(name) => CloudEndpoint::of(name),
                    _ => None,
                };
                let engine = engine.or_else(|| cloud.and_then(|cloud| cloud.engine));
                let is_any = || claim.is_of_any_engine() || matches!(resolved.host, Host::Referred(_));
                if engine.is_none() && !is_any() {
                    return None;
                }
                let position = self.add(Server::new(&text, engine, ServedBy::Elsewhere));
                self.by_text.insert(text, position);
                Some(position)
            }
            Host::Operated(_) | Host::Loopback | Host::Unknown => None,
        }
    }

    /// What listens on the loopback of a Pod where nothing there is known to: a server of its own for each workload and
    /// port, since the addresses of two Pods are never one (domains.md Q6).
    pub(super) fn in_pod_of(
        &mut self,
        set: &Set<'e>,
        caller: WorkloadId,
        engine: &'static str,
        port: Option<u16>,
    ) -> ServerId {
        let caller = &set.workloads().get(caller).resource.id;
        let usual = engine::named(engine).and_then(|engine| engine.ports.first().copied());
        let port = port.map(i64::from).or(usual);
        let text = port.map_or_else(|| format!("{caller}:localhost"), |port| format!("{caller}:{port}"));
        if let Some(known) = self.by_text.get(&text) {
            return *known;
        }
        let server = Server::new(&text, Some(engine), ServedBy::Elsewhere);
        let position = self.add(Server { passes_on: true, ..server });
        self.by_text.insert(text, position);
        position
    }

    /// The server that a Service of a proxy leads to, with the ways in which the Service opens it; one of its own where
    /// nobody is known to stand behind it.
    pub(super) fn expose(&mut self, set: &Set<'e>, id: ServiceId) {
        let service = set.services().get(id);
        let ports: Vec<ServicePort<'_>> = ServicePort::all(service.resource, service.node).collect();
        let Some(serves) = best(&ports, None) else { return };
        let exposures = exposure::of_service(service.resource, service.node, &serves);
        if exposures.is_empty() {
            return;
        }
        let standing = Resolved { host: Host::Service(id), through: Vec::new() };
        let Some(first) = service.selected.first() else { return };
        let (resolved, passed) = proxies::follow(set, standing, None, None, *first);
        let port = passed.and_then(|passed| passed.port);
        let server = self.at(set, &resolved.host, port).unwrap_or_else(|| {
            let by = ServedBy::Service(id);
            let server = Server::new(&service.resource.id, Some(serves.engine().name), by);
            let position = self.add(Server { passes_on: true, ..server });
            self.by_service.insert(id, position);
            position
        });
        if let Some(server) = self.all.get_mut(server.0) {
            server.exposures.extend(exposures);
        }
    }

    /// The server that a host leads to.
    pub(super) fn at(&self, set: &Set<'_>, host: &Host, port: Option<u16>) -> Option<ServerId> {
        match host {
            Host::Service(service) => self.by_service.get(service).copied().or_else(|| {
                let mut selected = set.services().get(*service).selected.iter();
                selected.find_map(|workload| self.by_workload.get(workload)).copied()
            }),
            Host::Workload { workload, .. } => self.by_workload.get(workload).copied(),
            Host::Operated(index) => self.by_operated.get(index).copied(),
            _ => self.by_text.get(&text_of(host, port)?).copied(),
        }
    }

    /// Names a host by which a server is known too.
    pub(super) fn alias(&mut self, text: String, server: ServerId) {
        self.by_text.entry(text).or_insert(server);
    }

    pub(super) fn add(&mut self, server: Server<'e>) -> ServerId {
        self.all.push(server);
        ServerId(self.all.len() - 1)
    }

    pub(super) fn get_mut(&mut self, id: ServerId) -> Option<&mut Server<'e>> {
        self.all.get_mut(id.0)
    }

    fn of_workload(&mut self, set: &Set<'e>, id: WorkloadId, engine: &'static str) -> &mut Server<'e> {
        let next = ServerId(self.all.len());
        let position = *self.by_workload.entry(id).or_insert(next);
        if position == next {
            let resource = &set.workloads().get(id).resource.id;
            self.all.push(Server::new(resource, Some(engine), ServedBy::Workload(id)));
        }
        self.all.get_mut(position.0).expect("just added")
    }

    fn unserved(&mut self, set: &Set<'e>, id: ServiceId, serves: &Serves<'_>) {
        let service = set.services().get(id);
        let mut server = Server::new(&service.resource.id, Some(serves.engine().name), ServedBy::Service(id));
        server.exposures = exposure::of_service(service.resource, service.node, serves);
        server.serve_through(service.resource, serves, None);
        let position = self.add(server);
        self.by_service.insert(id, position);
        // Endpoints that people made: who uses the address uses the same server.
        let resolved = set.hosts().resolve(set, service.name, service.namespace);
        if let Some(text) = text_of(&resolved.host, None) {
            self.by_text.entry(text).or_insert(position);
        }
    }
}

impl<'e> Server<'e> {
    /// What somebody says of its engine, where nobody did before.
    fn learn(&mut self, engine: Option<&'static str>) {
        if self.engine.is_none() && engine.is_some() {
            let known = Self::new(&self.id, engine, self.served_by);
            (self.engine, self.pod_port) = (known.engine, known.pod_port);
            self.ports.extend(known.ports);
        }
    }

    /// One more Service leads to it; the first gives it its id.
    fn serve_through(&mut self, service: &'e Resource, serves: &Serves<'_>, workload: Option<&Workload<'_>>) {
        if self.services.is_empty() {
            self.id = service.id.to_string();
        }
        self.services.push(service);
        if let Serves::Database(_, port) = serves {
            self.ports.extend(port.get("port").and_then(NodeRef::as_i64));
            let target = target_port(*port).or_else(|| port.get("port"));
            let number = target.and_then(|target| {
                target.as_i64().or_else(|| super::ports::container_port(workload?, target.as_str()?))
            });
            if let Some(number) = number.and_then(|number| u16::try_from(number).ok()) {
                self.pod_port = Some(number);
                self.ports.insert(i64::from(number));
            }
        }
    }
}

/// How a server that is no object of the set is called; the port only where it is not the engine's own.
fn text_of(host: &Host, port: Option<u16>) -> Option<String> {
    match host {
        Host::Undeclared { namespace, name } => Some(format!("Service/{namespace}/{name}")),
        Host::Referred(reference) => Some(reference.clone()),
        Host::External(name) => {
            let server = CloudEndpoint::of(name).map_or_else(|| name.clone(), |cloud| cloud.server);
            let unusual = port.filter(|port| engine::of_default_port(i64::from(*port)).is_none());
            Some(unusual.map_or_else(|| server.clone(), |port| format!("{server}:{port}")))
        }
        _ => None,
    }
}

/// The first port that leads to a database, else the first that may.
fn best<'d>(ports: &[ServicePort<'d>], workload: Option<&Workload<'d>>) -> Option<Serves<'d>> {
    let serves = || ports.iter().filter_map(|port| port.serves(workload));
    serves().find(|serves| matches!(serves, Serves::Database(..))).or_else(|| serves().next())
}
