//! What is declared of the data at points of the graph: of topics, databases and outside parties.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Set,
        datastores::{ServedBy, ServerId},
        declared::Declared,
        topics::Topic,
    },
    resource::terraform::Plan,
};

/// Outside parties that a `ServiceEntry` names, by host; a wildcard is kept as `*.example.com`.
pub(super) struct Parties<'e>(BTreeMap<&'e str, Vec<&'e Resource>>);

impl<'e> Parties<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut parties: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for entry in set.view.of_kind("networking.istio.io", "ServiceEntry") {
            let hosts = set.view.estate.node(entry).at(&["spec", "hosts"]);
            for host in hosts.into_iter().flat_map(NodeRef::items).filter_map(NodeRef::as_str) {
                parties.entry(host).or_default().push(entry);
            }
        }
        Self(parties)
    }

    /// What is declared of the party behind `external:host`.
    pub(super) fn of(&self, set: &Set<'_>, id: &str) -> Declared {
        let host = id.trim_start_matches("external:");
        let above = host.match_indices('.').map(|(dot, _)| format!("*{}", &host[dot..]));
        let names = std::iter::once(host.to_owned()).chain(above);
        let entries = names.filter_map(|name| self.0.get(name.as_str())).flatten();
        entries.map(|entry| set.declarations().of(entry)).fold(Declared::default(), Declared::and)
    }
}

/// What is declared of the messages of a topic: by its object, and by the exchanges that it gets them from.
pub(in crate::facts) fn of_topic(set: &Set<'_>, topic: &Topic<'_>) -> Declared {
    let objects = topic.resource.iter().chain(&topic.exchanges);
    objects.map(|object| set.declarations().of(object)).fold(Declared::default(), Declared::and)
}

/// What is declared of the data of a database: by its server, and by catalogues that name it.
pub(in crate::facts) fn of_database(set: &Set<'_>, id: ServerId, database: Option<&str>) -> Declared {
    let server = set.datastores().servers.get(id);
    of_server(set, id).and(set.catalogues().of_database(&server.id, database))
}

/// What is declared of the data of a server: by what serves it, and by the Services that lead to it.
fn of_server(set: &Set<'_>, id: ServerId) -> Declared {
    let server = set.datastores().servers.get(id);
    let declarations = set.declarations();
    let served_by = match server.served_by {
        ServedBy::Workload(workload) => declarations.of(set.workloads().get(workload).resource),
        ServedBy::Operated(index) => {
            let operated = set.hosts().operators().get(index);
            operated.map(|operated| declarations.of(operated.resource)).unwrap_or_default()
        }
        ServedBy::Service(service) => declarations.of(set.services().get(service).resource),
        ServedBy::Planned { plan, position } => {
            let planned: Option<&Plan> = set.view.estate.plans.get(plan as usize);
            let vocabulary = set.view.estate.vocabulary();
            planned.map(|planned| Declared::planned(vocabulary, plan, planned, position)).unwrap_or_default()
        }
        ServedBy::Elsewhere => Declared::default(),
    };
    server.services.iter().map(|service| declarations.of(service)).fold(served_by, Declared::and)
}
