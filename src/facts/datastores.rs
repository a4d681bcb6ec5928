//! Datastores of a set: database servers, the databases within, who uses them, and who could (domains.md section 3).
//!
//! [`servers`] finds servers, [`clients`] who is told to use them, [`sharing`] what that comes to, [`subjects`] makes
//! the facts `datastore`, `database-server` and `access` of it.
//! Deliberately absent: message brokers, which are meant to be shared.

mod bindings;
mod clients;
mod connectors;
mod entrances;
mod exposure;
mod opened;
mod operated;
mod own;
mod planned;
mod ports;
mod principals;
mod proxies;
mod reach;
mod readers;
mod servers;
mod sharing;
mod subjects;
#[cfg(test)]
mod tests;
mod volumes;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub(super) use self::{
    clients::{Access, Named},
    own::Own,
    planned::{Service as Function, TASKS, is_conditional},
    servers::{ServedBy, ServerId, Servers},
    subjects::{access_list, access_subjects, datastore_list, datastore_subjects, server_subjects},
};
use self::{planned::Cloud, readers::Role};
use super::Set;
use crate::resource::engine;

/// Everything about databases in a set.
#[derive(Debug)]
pub(super) struct Datastores<'e> {
    pub(super) servers: Servers<'e>,
    accesses: Vec<Access>,
    by_server: BTreeMap<ServerId, Vec<usize>>,
    own: BTreeMap<ServerId, Own>,
    cloud: Cloud,
}

impl<'e> Datastores<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut servers = Servers::new(set);
        let mut own: BTreeMap<ServerId, Own> = BTreeMap::new();
        let mut cloud = Cloud::new(set, &mut servers, &mut own);
        let mut accesses = clients::accesses(set, &cloud, &own, &mut servers);
        let told: BTreeSet<(Arc<str>, ServerId)> =
            accesses.iter().map(|access| (Arc::clone(&access.caller.id), access.server)).collect();
        let bound = bindings::accesses(set, &servers).into_iter();
        accesses
            .extend(bound.filter(|access| !told.contains(&(Arc::clone(&access.caller.id), access.server))));
        accesses.extend(cloud.accesses(set, &mut servers, &own));
        accesses.extend(connectors::accesses(set, &cloud, &own, &mut servers));
        cloud.add_rights(set, &own, &mut accesses);
        for (id, _) in set.services().iter().filter(|(_, service)| proxies::is_behind(set, service)) {
            servers.expose(set, id);
        }
        for (id, exposure) in entrances::exposures(set, &servers) {
            if let Some(server) = servers.get_mut(id) {
                server.exposures.push(exposure);
            }
        }
        let mut by_server: BTreeMap<ServerId, Vec<usize>> = BTreeMap::new();
        for (index, access) in accesses.iter().enumerate() {
            by_server.entry(access.server).or_default().push(index);
        }
        own.extend(servers.iter().filter_map(|(id, server)| match server.served_by {
            ServedBy::Workload(workload) => {
                let engine = engine::named(server.engine?)?;
                Some((id, Own::of(set, workload, &servers::Workload::of(set, workload)?, engine)))
            }
            ServedBy::Operated(index) => Some((id, operated::own(set.hosts().operators().get(index)?))),
            _ => None,
        }));
        Self { servers, accesses, by_server, own, cloud }
    }

    /// All accesses, in the order of their callers.
    pub(super) fn accesses(&self) -> &[Access] {
        &self.accesses
    }

    /// Functions and container services of plans.
    pub(super) fn functions(&self) -> &[Function] {
        self.cloud.services()
    }

    /// Accesses to a server.
    pub(super) fn accesses_to(&self, server: ServerId) -> Vec<&Access> {
        let indices = self.by_server.get(&server).into_iter().flatten();
        indices.filter_map(|index| self.accesses.get(*index)).collect()
    }

    /// What a server's own settings say; `None` where the input does not hold them.
    pub(super) fn own(&self, server: ServerId) -> Option<&Own> {
        self.own.get(&server)
    }

    /// Databases of a server, by their keys: those that it makes itself and those that somebody uses. A Redis has its
    /// first; of a server that nothing is known about there is one, and it is unknown.
    pub(super) fn databases(&self, id: ServerId) -> BTreeSet<Named> {
        let declared =
            self.own(id).into_iter().flat_map(|own| own.databases.keys().cloned().map(Named::Known));
        // A proxy opens whatever its clients ask for.
        let asks = |access: &&Access| access.database != Named::Unknown || access.caller.role != Role::Server;
        let used = self.accesses_to(id).into_iter().filter(asks).map(|access| access.database.clone());
        let mut databases: BTreeSet<Named> = declared.chain(used).collect();
        if databases.is_empty() {
            let index = Named::Known("0".to_owned());
            let is_redis = self.servers.get(id).engine == Some("redis");
            databases.insert(if is_redis { index } else { Named::Unknown });
        }
        databases
    }

    /// The id of a datastore (contract, "Ids").
    pub(super) fn id(&self, server: ServerId, database: &Named) -> String {
        let server = self.servers.get(server);
        // What one value outside the input says of both is named once.
        let key = database.key().filter(|key| *key != server.id);
        server.datastore_id(key.unwrap_or("unknown"))
    }
}
