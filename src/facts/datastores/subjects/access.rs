//! The fact `access`, and the lists of databases and accesses of `probity facts`.

use std::{collections::BTreeMap, sync::Arc};

use super::{because, deciding, evidence_name, principal};
use crate::{
    facts::{
        Fact, Origin, Set, Subject,
        connections::Transport as Carrier,
        datastores::{Access, Named, ServedBy, ServerId},
        declared,
        flows::of_database,
        places,
        workloads::WorkloadId,
    },
    resource::connection::Transport,
};

/// One subject for each access.
pub(in crate::facts) fn access_subjects(set: &Set<'_>) -> Vec<Subject> {
    let datastores = set.datastores();
    let mesh = Mesh::new(set);
    let subjects = datastores.accesses().iter().map(|access| {
        let server = datastores.servers.get(access.server);
        let serving = match server.served_by {
            ServedBy::Workload(workload) => {
                let workload = set.workloads().get(workload);
                Fact::from(&*workload.resource.id).at(Origin::Place(places::name(workload.node)))
            }
            _ => Fact::from(server.id.as_str()),
        };
        let origin = deciding(access);
        let fields = [
            ("workload", Fact::from(&*access.caller.id)),
            ("service", Fact::from(&*access.caller.service)),
            ("role", Fact::from(access.caller.role.name())),
            ("datastore", Fact::from(datastores.id(access.server, &access.database))),
            ("engine", Fact::from(server.engine.unwrap_or("unknown"))),
            ("server", Fact::from(server.id.as_str())),
            ("served_by", serving),
            ("database", Fact::from(access.database.known().unwrap_or("unknown"))),
            ("principal", principal(datastores, access)),
            ("transport", Fact::from(transport_name(transport(server.engine, access))).at(origin.clone())),
            ("local", Fact::from(access.stays_in_pod)),
            ("mesh", Fact::from(mesh.of(set, access))),
            ("evidence", Fact::from(evidence_name(access.evidence))),
            ("because", because(&access.because)),
        ];
        let kind = match access.caller.workload {
            Some(workload) => Arc::clone(&set.workloads().get(workload).resource.object.kind),
            None => "".into(),
        };
        Subject { resource: access.caller.id.to_string(), kind, fact: Fact::object(fields).at(origin) }
    });
    subjects.collect()
}

/// What carries the connections of workloads, by the workload that is called, else by the id of what is.
struct Mesh {
    between: BTreeMap<(WorkloadId, WorkloadId), Carrier>,
    to: BTreeMap<(WorkloadId, Arc<str>), Carrier>,
}

impl Mesh {
    fn new(set: &Set<'_>) -> Self {
        let mut mesh = Self { between: BTreeMap::new(), to: BTreeMap::new() };
        if set.mesh().is_there() {
            for one in &set.connections().all {
                match (one.client_workload, one.server_workload) {
                    (Some(client), Some(server)) => {
                        mesh.between.insert((client, server), one.transport);
                    }
                    (Some(client), None) => {
                        mesh.to.insert((client, Arc::clone(&one.server)), one.transport);
                    }
                    (None, _) => {}
                }
            }
        }
        mesh
    }

    /// `encrypted`, `none` or `unknown`.
    fn of(&self, set: &Set<'_>, access: &Access) -> &'static str {
        let server = set.datastores().servers.get(access.server);
        let carrier = access.caller.workload.and_then(|client| match server.served_by {
            _ if access.proxy.is_some() => self.between.get(&(client, access.proxy?)),
            ServedBy::Workload(server) => self.between.get(&(client, server)),
            ServedBy::Operated(index) => {
                let operated = set.hosts().operators().get(index)?;
                self.to.get(&(client, Arc::clone(&operated.resource.id)))
            }
            _ => self.to.get(&(client, server.id.as_str().into())),
        });
        match carrier {
            Some(Carrier::Mtls | Carrier::Tls | Carrier::Encrypted) => "encrypted",
            Some(Carrier::Unknown) => "unknown",
            Some(Carrier::Plaintext | Carrier::Authenticated | Carrier::Broken) | None => "none",
        }
    }
}

/// The list `datastores` of `probity facts`.
pub(in crate::facts) fn datastore_list(set: &Set<'_>) -> Vec<Fact> {
    let datastores = set.datastores();
    let all = datastores.servers.iter().flat_map(|(id, server)| {
        datastores.databases(id).into_iter().map(move |database| {
            Fact::object([
                ("id", Fact::from(datastores.id(id, &database))),
                ("engine", Fact::from(server.engine.unwrap_or("unknown"))),
                ("server", Fact::from(server.id.as_str())),
                ("database", Fact::from(database.known().unwrap_or("unknown"))),
                ("classification", classification(set, id, &database)),
            ])
        })
    });
    all.collect()
}

/// Categories of the data that a database is known to hold.
fn classification(set: &Set<'_>, id: ServerId, database: &Named) -> Fact {
    let held = set.flows().held(&set.datastores().id(id, database)).categories;
    let held = if held.is_empty() { of_database(set, id, database.known()).categories } else { held };
    declared::categories(&held)
}

/// The list `accesses` of `probity facts`.
pub(in crate::facts) fn access_list(set: &Set<'_>) -> Vec<Fact> {
    let datastores = set.datastores();
    let all = datastores.accesses().iter().map(|access| {
        let steps = access.because.iter().chain(&access.database_because).chain(&access.principal_because);
        Fact::object([
            ("service", Fact::from(&*access.caller.id)),
            ("datastore", Fact::from(datastores.id(access.server, &access.database))),
            ("principal", Fact::from(access.principal.known().unwrap_or("unknown"))),
            ("role", Fact::from(access.caller.role.name())),
            ("evidence", Fact::from(evidence_name(access.evidence))),
            ("because", Fact::array(steps.cloned().map(Fact::from))),
        ])
    });
    all.collect()
}

/// What a client demands; those of services that are called by HTTPS do so unless told.
fn transport(engine: Option<&str>, access: &Access) -> Transport {
    match (access.transport, engine) {
        (Transport::Unsaid, Some("dynamodb" | "spanner" | "cosmosdb")) => Transport::Verified,
        (told, _) => told,
    }
}

const fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Unsaid => "unknown",
        Transport::Plain => "plain",
        Transport::Opportunistic => "opportunistic",
        Transport::Unchecked => "unchecked",
        Transport::Unverified => "unverified",
        Transport::Verified => "verified",
    }
}
