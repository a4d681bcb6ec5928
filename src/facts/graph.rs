//! The estate as a picture: services, the databases that they use, and where services meet.
//!
//! Deliberately absent: how it is drawn.

use std::collections::BTreeMap;

use super::{
    Set,
    datastores::{Access, Named, ServerId},
    environment::Evidence,
    truth::Truth,
};

/// Services and databases of one set.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub services: Vec<Service>,
    /// In the order of their servers.
    pub datastores: Vec<Datastore>,
    pub uses: Vec<Use>,
}

/// What uses a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub id: String,
    /// Whether it works with the data; others look in: exporters, backups, migrations.
    pub is_owner: bool,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datastore {
    /// As in the contract, "Ids".
    pub id: String,
    pub engine: String,
    pub server: String,
    pub database: String,
    pub sharing: Sharing,
}

/// How services meet in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// At most one service uses it.
    Own,
    /// Whether several do is not known.
    Unknown,
    /// Several services use it.
    Shared,
    /// Several services use it, and it is a cache.
    Cache,
}

/// One service uses one database: positions in the lists above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub service: usize,
    pub datastore: usize,
    /// Whom it logs in as, where that is known.
    pub principal: Option<String>,
    /// Whether it is told of the database by more than a file that it shares with others.
    pub sure: bool,
}

/// The picture of one set; services that use no database are not in it.
pub fn graph(set: &Set<'_>) -> Graph {
    let datastores = set.datastores();
    let mut graph = Graph::default();
    let mut positions: BTreeMap<(ServerId, Named), usize> = BTreeMap::new();
    for (id, server) in datastores.servers.iter() {
        for (database, shared, cache) in datastores.sharing(set, id) {
            positions.insert((id, database.clone()), graph.datastores.len());
            graph.datastores.push(Datastore {
                id: datastores.id(id, &database),
                engine: server.engine.unwrap_or("unknown").to_owned(),
                server: server.id.clone(),
                database: database.known().unwrap_or("unknown").to_owned(),
                sharing: match (shared, cache) {
                    (Truth::False, _) => Sharing::Own,
                    (Truth::Unknown, _) => Sharing::Unknown,
                    (Truth::True, false) => Sharing::Shared,
                    (Truth::True, true) => Sharing::Cache,
                },
            });
        }
    }
    let mut services: BTreeMap<&str, usize> = BTreeMap::new();
    for access in datastores.accesses() {
        let Some(datastore) = positions.get(&(access.server, access.database.clone())) else { continue };
        let service = *services.entry(&access.caller.id).or_insert_with(|| {
            let is_owner = access.caller.role.name() == "service";
            graph.services.push(Service { id: access.caller.id.to_string(), is_owner });
            graph.services.len() - 1
        });
        graph.uses.push(used(access, service, *datastore));
    }
    graph
}

fn used(access: &Access, service: usize, datastore: usize) -> Use {
    Use {
        service,
        datastore,
        principal: access.principal.known().map(ToOwned::to_owned),
        sure: access.evidence >= Evidence::OwnFile,
    }
}
