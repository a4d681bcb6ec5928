//! The estate as a picture: services, the databases that they use, where services meet, and where data goes.
//!
//! Deliberately absent: how it is drawn.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Set,
    connections::Transport,
    datastores::{self, Access, ServerId},
    environment::Evidence,
    flows::{Way, What},
    truth::Truth,
};
use crate::{
    estate::Estate,
    resource::classification::{Category, Level},
};

/// The picture of one set.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// The set, only where there are several.
    pub name: Option<Arc<str>>,
    pub graph: Graph,
}

/// Services and databases of one set.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Graph {
    pub services: Vec<Service>,
    /// In the order of their servers.
    pub datastores: Vec<Datastore>,
    pub uses: Vec<Use>,
    /// Everything that data is in or goes through: services, databases, topics, buckets, outside parties.
    pub points: Vec<Point>,
    /// What is known to go from one to another, whatever it carries.
    pub flows: Vec<Flow>,
}

/// Something that data is in or goes through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// As in the contract, "Ids".
    pub id: String,
    pub kind: Kind,
    /// What is declared of it or reaches it.
    pub categories: Vec<&'static str>,
    pub level: Option<&'static str>,
}

/// What a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Service,
    Datastore,
    Topic,
    Bucket,
    Outside,
}

/// One way that data goes: positions in the list of points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    pub from: usize,
    pub to: usize,
    pub categories: Vec<&'static str>,
    /// What carries it is known to be readable on the way.
    pub plaintext: bool,
    /// One calls the other; what comes back is a way of its own.
    pub is_call: bool,
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

/// The pictures of all sets.
pub fn graphs(estate: &Estate) -> Vec<Named> {
    let several = estate.sets.len() > 1;
    let named = |(index, name): (usize, &Arc<str>)| Named {
        name: several.then(|| Arc::clone(name)),
        graph: graph(&Set::new(estate.view(index))),
    };
    estate.sets.iter().enumerate().map(named).collect()
}

/// The picture of one set; services that use no database and that no data is known to reach are not in it.
pub fn graph(set: &Set<'_>) -> Graph {
    let datastores = set.datastores();
    let mut graph = Graph::default();
    let mut positions: BTreeMap<(ServerId, datastores::Named), usize> = BTreeMap::new();
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
    journeys(set, &mut graph);
    graph
}

fn journeys(set: &Set<'_>, graph: &mut Graph) {
    let flows = set.flows();
    let names = |categories: &BTreeSet<Category>| categories.iter().map(|category| category.name()).collect();
    graph.points = flows
        .points
        .iter()
        .map(|point| {
            let held = flows.held(&point.id);
            Point {
                id: point.id.to_string(),
                kind: match point.what {
                    What::Workload(_) | What::Function(_) | What::Connector => Kind::Service,
                    What::Datastore(_) | What::Model => Kind::Datastore,
                    What::Bucket(_) => Kind::Bucket,
                    What::Topic(_) => Kind::Topic,
                    What::Outside => Kind::Outside,
                },
                categories: names(&held.categories),
                level: held.effective_level().map(Level::name),
            }
        })
        .collect();
    graph.flows = flows
        .all
        .iter()
        .map(|flow| Flow {
            from: flow.from,
            to: flow.to,
            categories: names(&flow.carries.categories),
            plaintext: flow.transport == Some(Transport::Plaintext),
            is_call: matches!(flow.way, Way::Request | Way::Leave),
        })
        .collect();
}

fn used(access: &Access, service: usize, datastore: usize) -> Use {
    Use {
        service,
        datastore,
        principal: access.principal.known().map(ToOwned::to_owned),
        sure: access.evidence >= Evidence::OwnFile,
    }
}
