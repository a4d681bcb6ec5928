//! The graph: services, datastores, topics and outside parties, and what goes between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    buckets::{self, Position, User},
    connectors,
    declared::{Parties, of_database, of_topic},
    spread::{Carried, Edge, Node, Spread},
};
use crate::facts::{
    Because, Origin, Set,
    connections::{Connection, Transport},
    datastores::{Access, Named, ServedBy, ServerId},
    declared::Declared,
    topics::{Direction, TopicId},
    workloads::WorkloadId,
};

/// What a point of the graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum What {
    Workload(WorkloadId),
    /// A function or container service of a plan.
    Function(Position),
    Datastore(ServerId),
    Topic(TopicId),
    /// A bucket of a plan.
    Bucket(Position),
    /// A model of dbt that is kept in a bucket.
    Model,
    /// What carries data between topics and other stores.
    Connector,
    Outside,
}

/// How data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Way {
    /// From a datastore or a bucket to the service that uses it.
    Read,
    /// From a service to a datastore or a bucket, or to a topic of which no way is told: what that is declared to hold.
    Store,
    /// From a service to a topic, or to a bucket that it is told to write to; from a datastore to its backups.
    Publish,
    /// From a topic to a service.
    Consume,
    /// From a service to one that calls it.
    Answer,
    /// From a service to one that it calls: what the caller is declared to hold.
    Request,
    /// From a service to an outside party.
    Leave,
}

impl Way {
    pub(in crate::facts) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Store => "store",
            Self::Publish => "publish",
            Self::Consume => "consume",
            Self::Answer => "answer",
            Self::Request => "request",
            Self::Leave => "leave",
        }
    }

    /// Whether what is at one end is known to be at the other.
    const fn spreads(self) -> bool {
        !matches!(self, Self::Store | Self::Request)
    }
}

/// One point of the graph.
#[derive(Debug)]
pub(in crate::facts) struct Point {
    /// An id of the contract.
    pub(in crate::facts) id: Arc<str>,
    pub(in crate::facts) what: What,
    pub(in crate::facts) declared: Declared,
}

/// One way that data goes.
#[derive(Debug)]
pub(in crate::facts) struct Flow {
    pub(in crate::facts) from: usize,
    pub(in crate::facts) to: usize,
    pub(in crate::facts) way: Way,
    pub(in crate::facts) carries: Carried,
    /// What the connection uses; `None`: not over one that is known.
    pub(in crate::facts) transport: Option<Transport>,
    pub(in crate::facts) because: Vec<Because>,
}

/// All flows of a set.
#[derive(Debug)]
pub(in crate::facts) struct Flows {
    pub(in crate::facts) points: Vec<Point>,
    pub(in crate::facts) all: Vec<Flow>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Position in `all` of each edge.
    by_edge: Vec<usize>,
    spread: Spread,
    by_id: BTreeMap<Arc<str>, usize>,
}

#[derive(Default)]
struct Builder {
    points: Vec<Point>,
    by_id: BTreeMap<Arc<str>, usize>,
    flows: Vec<Flow>,
}

impl Builder {
    fn point(&mut self, id: &str, what: What, declared: impl FnOnce() -> Declared) -> usize {
        if let Some(position) = self.by_id.get(id) {
            return *position;
        }
        let id: Arc<str> = id.into();
        self.by_id.insert(Arc::clone(&id), self.points.len());
        self.points.push(Point { id, what, declared: declared() });
        self.points.len() - 1
    }

    fn workload(&mut self, set: &Set<'_>, id: WorkloadId) -> usize {
        let workload = set.workloads().get(id);
        self.point(&workload.resource.id, What::Workload(id), || {
            set.declarations().of(workload.resource).and(set.catalogues().of_service(workload))
        })
    }

    /// A resource of a plan.
    fn planned(&mut self, set: &Set<'_>, (index, position): Position, what: What) -> Option<usize> {
        let plan = set.view.estate.plans.get(index as usize)?;
        let id = Arc::clone(&plan.resource(position)?.address);
        let declared = || Declared::planned(set.view.estate.vocabulary(), index, plan, position);
        Some(self.point(&id, what, declared))
    }

    fn flow(
        &mut self,
        from: usize,
        to: usize,
        way: Way,
        transport: Option<Transport>,
        because: Vec<Because>,
    ) {
        self.flows.push(Flow { from, to, way, carries: Carried::default(), transport, because });
    }
}

impl Flows {
    pub(in crate::facts) fn new(set: &Set<'_>) -> Self {
        let mut builder = Builder::default();
        accesses(set, &mut builder);
        topics(set, &mut builder);
        connectors(set, &mut builder);
        connections(set, &mut builder);
        buckets(set, &mut builder);
        let Builder { points, by_id, mut flows } = builder;
        let nodes: Vec<Node> = points
            .iter()
            .map(|point| Node { own: carried(&point.declared), sanitizes: point.declared.sanitizes })
            .collect();
        let by_edge: Vec<usize> = (0..flows.len())
            .filter(|index| flows.get(*index).is_some_and(|flow| flow.way.spreads()))
            .collect();
        let edges: Vec<Edge> = by_edge
            .iter()
            .filter_map(|index| flows.get(*index))
            .map(|flow| Edge { from: flow.from, to: flow.to })
            .collect();
        let spread = Spread::new(&nodes, &edges);
        for flow in &mut flows {
            let decides = if flow.way == Way::Store { flow.to } else { flow.from };
            let Some(node) = nodes.get(decides) else { continue };
            flow.carries = if flow.way.spreads() {
                spread.emitted(decides, node)
            } else if node.sanitizes {
                Carried::default()
            } else {
                node.own.clone()
            };
        }
        Self { points, all: flows, nodes, edges, by_edge, spread, by_id }
    }

    pub(in crate::facts) fn point(&self, position: usize) -> &Point {
        self.points.get(position).expect("positions are made with the points that they name")
    }

    /// What is at a point: what is declared, and what reaches it.
    pub(in crate::facts) fn held(&self, id: &str) -> Carried {
        let Some(position) = self.by_id.get(id).copied() else { return Carried::default() };
        let own = self.nodes.get(position).map(|node| node.own.clone()).unwrap_or_default();
        own.joined(self.spread.inherited(position))
    }

    /// Ids from the source of what a flow carries to where the flow ends: the shortest way, on which nothing stands twice;
    /// `…` for steps that are left out.
    pub(in crate::facts) fn path(&self, flow: &Flow) -> Vec<Arc<str>> {
        let before = self.spread.path(flow.from, &self.nodes, &self.edges);
        let through = before.edges.iter().filter_map(|edge| self.all.get(*self.by_edge.get(*edge)?));
        let mut path: Vec<usize> = through.map(|flow| flow.from).collect();
        path.push(flow.from);
        let mut source = before.from;
        // What goes back to where it came from starts there.
        if let Some(earlier) = path.iter().position(|point| *point == flow.to) {
            path.drain(..=earlier);
            source = None;
        }
        path.push(flow.to);
        let id = |position: usize| Arc::clone(&self.point(position).id);
        let left_out = source.map(|source| [id(source), "…".into()]);
        left_out.into_iter().flatten().chain(path.into_iter().map(id)).collect()
    }
}

fn carried(declared: &Declared) -> Carried {
    Carried { level: declared.level, categories: declared.categories.clone() }
}

/// Between services and datastores. The transport is the one of the connection to the server.
fn accesses(set: &Set<'_>, builder: &mut Builder) {
    let transports: BTreeMap<(WorkloadId, WorkloadId), Transport> = set
        .connections()
        .all
        .iter()
        .filter_map(|connection| {
            Some(((connection.client_workload?, connection.server_workload?), connection.transport))
        })
        .collect();
    let datastores = set.datastores();
    let functions: BTreeMap<&str, Position> = datastores
        .functions()
        .iter()
        .map(|function| (&*function.id, (function.plan, function.position)))
        .collect();
    for access in datastores.accesses() {
        let service = match access.caller.workload {
            Some(workload) => Some(builder.workload(set, workload)),
            None => functions
                .get(&*access.caller.id)
                .and_then(|position| builder.planned(set, *position, What::Function(*position))),
        };
        let Some(service) = service else { continue };
        let server = datastores.servers.get(access.server);
        let id = datastores.id(access.server, &access.database);
        let declared = || of_database(set, access.server, access.database.known());
        let store = builder.point(&id, What::Datastore(access.server), declared);
        let called = match (access.proxy, server.served_by) {
            (Some(proxy), _) => Some(proxy),
            (None, ServedBy::Workload(server)) => Some(server),
            (None, _) => None,
        };
        let ends = access.caller.workload.zip(called);
        let transport = ends.and_then(|ends| transports.get(&ends).copied());
        builder.flow(store, service, Way::Read, transport, access.because.clone());
        builder.flow(service, store, Way::Store, transport, access.because.clone());
    }
}

fn topics(set: &Set<'_>, builder: &mut Builder) {
    for (id, topic) in set.topics().iter() {
        let declared = || of_topic(set, topic);
        let at = builder.point(&topic.id(), What::Topic(id), declared);
        for used in &topic.uses {
            let service = builder.workload(set, used.workload);
            let because: Vec<Because> =
                std::iter::once(&used.because).chain(&used.carried_by).cloned().collect();
            let transport = Some(used.transport);
            match used.direction {
                Direction::Reads => builder.flow(at, service, Way::Consume, transport, because),
                Direction::Writes => builder.flow(service, at, Way::Publish, transport, because),
                // Who is not told which way may do both, as with a database.
                Direction::Unknown => {
                    builder.flow(at, service, Way::Consume, transport, because.clone());
                    builder.flow(service, at, Way::Store, transport, because);
                }
            }
        }
    }
}

/// Through connectors, and from cluster to cluster.
fn connectors(set: &Set<'_>, builder: &mut Builder) {
    let topic = |builder: &mut Builder, id: TopicId| {
        let topic = set.topics().get(id);
        let declared = || of_topic(set, topic);
        builder.point(&topic.id(), What::Topic(id), declared)
    };
    let datastores = set.datastores();
    let mut accesses: BTreeMap<&str, Vec<&Access>> = BTreeMap::new();
    for access in datastores.accesses().iter().filter(|access| access.caller.workload.is_none()) {
        accesses.entry(&access.caller.id).or_default().push(access);
    }
    for connector in connectors::connectors(set) {
        let declared = || set.declarations().of(connector.resource);
        let at = builder.point(&connector.resource.id, What::Connector, declared);
        for (read, because) in connector.reads {
            let from = topic(builder, read);
            builder.flow(from, at, Way::Consume, None, vec![because]);
        }
        for (written, because) in connector.writes {
            let to = topic(builder, written);
            builder.flow(at, to, Way::Publish, None, vec![because]);
        }
        // What a sink writes into databases is not known.
        let captured = accesses.get(&*connector.resource.id).filter(|_| !connector.is_sink);
        for access in captured.into_iter().flatten() {
            let server = access.server;
            let all = datastores.databases(server);
            // Of which database is not told it may capture any that is known.
            let is_meant = |one: &Named| match access.database {
                Named::Unknown => *one != Named::Unknown || all.len() == 1,
                _ => *one == access.database,
            };
            for one in all.iter().filter(|one| is_meant(one)) {
                let declared = || of_database(set, server, one.known());
                let from = builder.point(&datastores.id(server, one), What::Datastore(server), declared);
                builder.flow(from, at, Way::Read, None, access.because.clone());
            }
        }
    }
    for mirrored in connectors::mirrored(set) {
        let (from, to) = (topic(builder, mirrored.from), topic(builder, mirrored.to));
        builder.flow(from, to, Way::Publish, None, vec![mirrored.because]);
    }
}

fn connections(set: &Set<'_>, builder: &mut Builder) {
    let parties = Parties::new(set);
    // What a client has of a database is told by its access, which knows which database.
    let datastores = set.datastores();
    let accessed: BTreeSet<_> = datastores
        .accesses()
        .iter()
        .filter_map(|access| match (access.proxy, datastores.servers.get(access.server).served_by) {
            (Some(server), _) | (None, ServedBy::Workload(server)) => Some((access.caller.workload?, server)),
            (None, _) => None,
        })
        .collect();
    let is_access = |connection: &Connection| {
        let ends = connection.client_workload.zip(connection.server_workload);
        connection.is_database || ends.is_some_and(|ends| accessed.contains(&ends))
    };
    for connection in set.connections().all.iter().filter(|connection| !is_access(connection)) {
        let Some(client) = connection.client_workload else { continue };
        let transport = Some(connection.transport);
        let named = Because {
            text: format!("{} is told `{}`", connection.client, connection.server),
            resource: Some(Arc::clone(&connection.client)),
            origin: Some(Origin::Place(connection.place.clone())),
        };
        let because = connection.because.clone();
        match connection.server_workload {
            Some(server) => {
                let (client, server) = (builder.workload(set, client), builder.workload(set, server));
                let because: Vec<Because> = because.into_iter().chain(std::iter::once(named)).collect();
                builder.flow(server, client, Way::Answer, transport, because.clone());
                builder.flow(client, server, Way::Request, transport, because);
            }
            None if connection.server.starts_with("external:") => {
                let because = std::iter::once(named).chain(because).collect();
                let client = builder.workload(set, client);
                let outside =
                    builder.point(&connection.server, What::Outside, || parties.of(set, &connection.server));
                builder.flow(client, outside, Way::Leave, transport, because);
            }
            None => {}
        }
    }
}

/// Between buckets and whoever is told of them. Who is not told which way may do both, as with a database.
fn buckets(set: &Set<'_>, builder: &mut Builder) {
    let datastores = set.datastores();
    for used in buckets::uses(set) {
        let by: Vec<usize> = match used.by {
            User::Workload(workload) => vec![builder.workload(set, workload)],
            User::Function(position) => {
                builder.planned(set, position, What::Function(position)).into_iter().collect()
            }
            User::Server(server) => {
                let databases = datastores.databases(server).into_iter().map(|database| {
                    let declared = || of_database(set, server, database.known());
                    builder.point(&datastores.id(server, &database), What::Datastore(server), declared)
                });
                databases.collect()
            }
            User::Connector(id) => builder.by_id.get(&*id).copied().into_iter().collect(),
            User::Model(name) => {
                let declared = || set.catalogues().of_model(&name);
                vec![builder.point(&format!("dbt:{name}"), What::Model, declared)]
            }
        };
        let Some(bucket) = builder.planned(set, used.bucket, What::Bucket(used.bucket)) else { continue };
        for by in by {
            let because = vec![used.because.clone()];
            if used.direction != Direction::Writes {
                builder.flow(bucket, by, Way::Read, None, because.clone());
            }
            match used.direction {
                Direction::Reads => {}
                Direction::Writes => builder.flow(by, bucket, Way::Publish, None, because),
                Direction::Unknown => builder.flow(by, bucket, Way::Store, None, because),
            }
        }
    }
}
