//! The fact `database-server`: one server, how services meet on it, and how it is guarded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{because, deciding, is_cache, subject, users};
use crate::{
    facts::{
        Fact, Set, Subject,
        datastores::{
            Access, Datastores, Named, ServedBy, ServerId, reach::Reach, servers::Workload, sharing, volumes,
        },
        environment::Evidence,
        truth::Truth,
    },
    resource::connection::Password,
};

/// One subject for each server.
pub(in crate::facts) fn server_subjects(set: &Set<'_>) -> Vec<Subject> {
    let datastores = set.datastores();
    datastores.servers.iter().map(|(id, _)| server(set, id)).collect()
}

fn server(set: &Set<'_>, id: ServerId) -> Subject {
    let datastores = set.datastores();
    let accesses = datastores.accesses_to(id);
    let cache = is_cache(set, id, &accesses);
    let passes_on = datastores.servers.get(id).passes_on;
    let is_redis = datastores.servers.get(id).engine == Some("redis");
    let sharing =
        sharing::of_server(&accesses, cache, is_redis, |access| datastores.superuser(access).is_some())
            .behind(passes_on);
    let names = |positions: &BTreeSet<usize>| {
        let mut ids: Vec<&str> = positions
            .iter()
            .filter_map(|position| accesses.get(*position))
            .map(|access| &*access.caller.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let first = positions.first().and_then(|position| accesses.get(*position));
        Fact::array(ids.into_iter().map(Fact::from)).at(first.and_then(|access| deciding(access)))
    };
    let authentication = authentication(datastores, id, &accesses);
    let fields = [
        ("exposures", Fact::array(datastores.servers.get(id).exposures.iter().cloned())),
        ("users", users(set, &accesses)),
        ("shared_principal", names(&sharing.by_principal)),
        ("shared_server", names(&sharing.by_server)),
        ("databases_known", Fact::from(sharing.databases_known)),
        ("cache", Fact::from(cache)),
        ("shared_credentials", shared_credentials(datastores, &accesses)),
        ("unknown_principals", unknown_principals(&accesses)),
        ("authentication", authentication),
        ("encrypted", encrypted(set, id)),
        ("reach", reach(set, id)),
    ];
    let by_design = datastores.databases(id).into_iter().find_map(|database| {
        set.view.estate.config.datastore(&datastores.id(id, &database)).1.map(ToOwned::to_owned)
    });
    let fields: Vec<_> = fields.into_iter().chain([("by_design", Fact::from(by_design))]).collect();
    let mut databases = datastores.databases(id).into_iter();
    // A catalogue speaks of a database: of the only one it says what the server holds.
    let (datastore, only) = match (databases.next(), databases.next()) {
        (Some(database), None) => (datastores.id(id, &database), Some(database)),
        _ => (datastores.servers.get(id).datastore_id("*"), None),
    };
    subject(set, id, &datastore, only.as_ref().and_then(Named::known), fields)
}

/// Credentials that several services log in with: a principal has one, and so has a key of one object.
fn shared_credentials(datastores: &Datastores<'_>, accesses: &[&Access]) -> Fact {
    let mut by_credential: BTreeMap<String, Vec<&Access>> = BTreeMap::new();
    for access in accesses.iter().filter(|access| sharing::is_owner(access)) {
        let is_redis = datastores.servers.get(access.server).engine == Some("redis");
        let principal = match access.principal.key() {
            // Who gives Redis no name logs in as `default` (Redis, "ACL").
            None if is_redis && access.password == Some(Password::Given) => Some("default"),
            key => key.filter(|_| access.password != Some(Password::Absent)),
        };
        match (principal, &access.credential) {
            (Some(principal), _) => by_credential.entry(principal.to_owned()).or_default().push(access),
            (None, Some(credential)) => by_credential.entry(credential.clone()).or_default().push(access),
            (None, None) => {}
        }
    }
    let shared = by_credential.into_iter().filter_map(|(credential, users)| {
        let first = users.first()?;
        let several = users.iter().any(|access| access.caller.service != first.caller.service);
        let step = first.credential_because.as_ref().or(first.principal_because.as_ref());
        let origin = step.and_then(|because| because.origin.clone());
        several.then(|| {
            let ids = users.iter().map(|access| Fact::from(&*access.caller.id));
            (Arc::from(credential), Fact::object([("users", Fact::array(ids))]).at(origin))
        })
    });
    Fact::object(shared)
}

/// Services whose principal the input does not hold: who may share a credential with others.
fn unknown_principals(accesses: &[&Access]) -> Fact {
    let unknown: Vec<&&Access> = accesses
        .iter()
        .filter(|access| sharing::is_owner(access) && access.principal == Named::Unknown)
        .filter(|access| access.password == Some(Password::Given) && access.credential.is_none())
        .collect();
    let several = unknown
        .first()
        .is_some_and(|first| unknown.iter().any(|access| access.caller.service != first.caller.service));
    let ids = unknown.iter().filter(|_| several).map(|access| Fact::from(&*access.caller.id));
    Fact::array(ids)
}

/// Whether clients must log in: what the server says; else it shows in what clients do.
fn authentication(datastores: &Datastores<'_>, id: ServerId, accesses: &[&Access]) -> Fact {
    let own = datastores.own(id).and_then(|own| own.authentication.as_ref());
    let judged = matches!(datastores.servers.get(id).engine, Some("mongodb" | "redis"));
    let required = own.map(|authentication| authentication.required);
    if judged && matches!(required, None | Some(Truth::Unknown)) {
        // A whole connection string without a credential works only where none is asked for.
        let without = accesses.iter().find(|access| {
            access.password == Some(Password::Absent)
                && access.principal == Named::Unknown
                && access.evidence >= Evidence::OwnFile
                && !access.stays_in_pod
        });
        if let Some(access) = without {
            return Fact::from(false).at(deciding(access));
        }
        if accesses.iter().any(|access| access.password == Some(Password::Given)) {
            return Fact::from(true);
        }
    }
    match own {
        Some(own) => Fact::from(own.required).at(own.because.origin.clone()),
        None if !datastores.servers.get(id).is_unread() => Fact::default(),
        None if accesses.iter().any(|access| access.password == Some(Password::Given)) => Fact::from(true),
        None => Fact::unknown(),
    }
}

/// Whether what it stores is encrypted: a plan says so of its own; in a cluster the volumes decide.
fn encrypted(set: &Set<'_>, id: ServerId) -> Fact {
    let server = set.datastores().servers.get(id);
    match server.served_by {
        ServedBy::Planned { .. } => server.encrypted.clone(),
        ServedBy::Workload(workload) => Workload::of(set, workload)
            .map_or_else(Fact::unknown, |workload| volumes::encrypted(set, &workload)),
        ServedBy::Operated(_) | ServedBy::Service(_) | ServedBy::Elsewhere => Fact::unknown(),
    }
}

fn reach(set: &Set<'_>, id: ServerId) -> Fact {
    let Some(reach) = Reach::of(set, set.datastores(), id) else { return Fact::default() };
    let others = reach.others.iter().map(|other| {
        let origin = other.because.first().and_then(|because| because.origin.clone());
        Fact::object([
            ("id", Fact::from(other.id.as_str())),
            ("service", Fact::from(other.service.as_str())),
            ("surely", Fact::from(other.surely)),
            ("because", because(&other.because)),
        ])
        .at(origin)
    });
    let origin = reach.because.first().and_then(|because| because.origin.clone());
    let first = reach.others.iter().find(|other| other.surely == Truth::True).or(reach.others.first());
    let first = first.and_then(|other| other.because.first()?.origin.clone());
    Fact::object([
        ("everyone", Fact::from(reach.everyone).at(origin)),
        ("whom", Fact::from(reach.whom)),
        ("others", Fact::array(others).at(first)),
        ("users", Fact::from(i64::try_from(reach.users).unwrap_or(i64::MAX))),
        ("because", because(&reach.because)),
    ])
}
