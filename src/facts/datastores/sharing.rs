//! Sharing: which services meet in one database, or on one server (domains.md Q9).
//!
//! Versions of one service are one, readers that are no owners do not count, and what only may be used makes sharing
//! unknown at most (Q10).

use std::collections::{BTreeMap, BTreeSet};

use super::{
    clients::{Access, Named},
    readers::Role,
};
use crate::facts::{environment::Evidence, truth::Truth};

/// How services meet in one database.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OfDatabase {
    pub(super) shared: Truth,
    /// Whether two of them log in as one principal.
    pub(super) same_principal: Truth,
}

/// How services with different databases meet on one server.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OfServer {
    /// One principal, or a superuser, reaches the databases of several services: positions of the accesses.
    pub(super) by_principal: BTreeSet<usize>,
    /// Several services with databases and principals of their own.
    pub(super) by_server: BTreeSet<usize>,
    /// Whether the members of `by_server` are known to use different databases.
    pub(super) databases_known: bool,
}

impl OfDatabase {
    /// Behind a proxy that does not tell, others may come to the same database in another way.
    pub(super) fn behind(mut self, passes_on: bool) -> Self {
        if passes_on && self.shared == Truth::False {
            self.shared = Truth::Unknown;
        }
        self
    }
}

impl OfServer {
    /// Behind a proxy that does not tell, databases with names of their own may be on servers of their own.
    pub(super) fn behind(mut self, passes_on: bool) -> Self {
        if passes_on {
            self.by_server.append(&mut self.by_principal);
            self.databases_known = false;
        }
        self
    }
}

/// Whether it counts as a service that works with the data, for sure.
pub(super) fn is_owner(access: &Access) -> bool {
    access.caller.role == Role::Service && access.evidence >= Evidence::OwnFile
}

/// `accesses` are all that use the database; `elsewhere` those to databases of the server that are not known. Where an
/// owner is declared, one service that is another is enough.
pub(super) fn of_database(
    accesses: &[&Access],
    elsewhere: &[&Access],
    is_unknown: bool,
    owner: Option<&str>,
) -> OfDatabase {
    let services = |accesses: &[&Access], sure: bool| -> BTreeSet<String> {
        let counted = accesses.iter().filter(|access| access.caller.role == Role::Service);
        let counted = counted.filter(|access| !sure || is_owner(access));
        let services = counted.map(|access| access.caller.service.to_string());
        // The owner counts whether it is seen to use it or not.
        owner.map(ToOwned::to_owned).into_iter().chain(services).collect()
    };
    let sure = services(accesses, true);
    let possible: BTreeSet<String> =
        services(accesses, false).into_iter().chain(services(elsewhere, true)).collect();
    let shared = if sure.len() > 1 && !is_unknown {
        Truth::True
    } else if possible.len() > 1 {
        Truth::Unknown
    } else {
        Truth::False
    };
    let mut by_principal: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut unknown = false;
    for access in accesses.iter().filter(|access| is_owner(access)) {
        match access.principal.key() {
            Some(key) => {
                by_principal.entry(key).or_default().insert(&access.caller.service);
            }
            None => unknown = true,
        }
    }
    let same_principal = if by_principal.values().any(|services| services.len() > 1) {
        Truth::True
    } else if unknown {
        Truth::Unknown
    } else {
        Truth::False
    };
    OfDatabase { shared, same_principal }
}

/// `accesses` are those to one server; all meet in a cache, whatever their databases; `is_superuser` says whether the principal of one may do everything.
pub(super) fn of_server(
    accesses: &[&Access],
    is_cache: bool,
    is_redis: bool,
    is_superuser: impl Fn(&Access) -> bool,
) -> OfServer {
    let owners: Vec<(usize, &Access)> = accesses
        .iter()
        .enumerate()
        .filter(|(_, access)| is_owner(access))
        .map(|(at, access)| (at, *access))
        .collect();
    let mut sharing = OfServer { databases_known: true, ..OfServer::default() };
    let services: BTreeSet<&str> = owners.iter().map(|(_, access)| &*access.caller.service).collect();
    if is_cache {
        if services.len() > 1 {
            sharing.by_server.extend(owners.iter().map(|(at, _)| *at));
        }
        return sharing;
    }
    // Services of one principal, each with its databases.
    let mut by_principal: BTreeMap<&str, Vec<(usize, &Access)>> = BTreeMap::new();
    for (at, access) in &owners {
        // Who gives Redis no name is `default`, who may `SELECT` every index (Redis, "ACL").
        let default = || (is_redis && access.password.is_some()).then_some("default");
        if let Some(key) = access.principal.key().or_else(default) {
            by_principal.entry(key).or_default().push((*at, access));
        }
    }
    for members in by_principal.values().filter(|members| meet_across_databases(members)) {
        sharing.by_principal.extend(members.iter().map(|(at, _)| *at));
    }
    let superusers: Vec<(usize, &Access)> =
        owners.iter().filter(|(_, access)| is_superuser(access)).copied().collect();
    if !superusers.is_empty() {
        let reach = Reach::new(superusers.iter().map(|(_, access)| *access));
        let met: Vec<usize> =
            owners.iter().filter(|(_, access)| reach.meets(access)).map(|(at, _)| *at).collect();
        if !met.is_empty() {
            sharing.by_principal.extend(met);
            sharing.by_principal.extend(superusers.iter().map(|(at, _)| *at));
        }
    }
    let databases: BTreeSet<Option<&str>> = owners.iter().map(|(_, access)| access.database.key()).collect();
    let meet = services.len() > 1 && (databases.len() > 1 || databases.contains(&None));
    if meet && sharing.by_principal.is_empty() {
        sharing.by_server.extend(owners.iter().map(|(at, _)| *at));
        sharing.databases_known = !databases.contains(&None);
    }
    sharing
}

/// Whether two services among them use two databases.
fn meet_across_databases(members: &[(usize, &Access)]) -> bool {
    let mut by_database: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (_, access) in members {
        if let Some(database) = access.database.key() {
            by_database.entry(database).or_default().insert(&access.caller.service);
        }
    }
    let services: BTreeSet<&str> = by_database.values().flatten().copied().collect();
    by_database.len() > 1 && services.len() > 1
}

/// Services and databases of superusers, counted: whoever is of another service and database meets one of them.
#[derive(Default)]
struct Reach<'a> {
    all: BTreeSet<(&'a str, &'a str)>,
    by_service: BTreeMap<&'a str, usize>,
    by_database: BTreeMap<&'a str, usize>,
}

impl<'a> Reach<'a> {
    fn new(superusers: impl Iterator<Item = &'a Access>) -> Self {
        let mut reach = Self::default();
        for access in superusers {
            // A reference may turn out to be anything.
            let Named::Known(database) = &access.database else { continue };
            if reach.all.insert((&access.caller.service, database)) {
                *reach.by_service.entry(&access.caller.service).or_default() += 1;
                *reach.by_database.entry(database).or_default() += 1;
            }
        }
        reach
    }

    fn meets(&self, access: &Access) -> bool {
        let Named::Known(database) = &access.database else { return false };
        let service = &*access.caller.service;
        let same_service = self.by_service.get(service).copied().unwrap_or_default();
        let same_database = self.by_database.get(&**database).copied().unwrap_or_default();
        let both = usize::from(self.all.contains(&(service, database)));
        self.all.len() + both > same_service + same_database
    }
}
