//! The facts that rules see: `datastore`, one database; `database-server`, one server with all of its databases;
//! `access`, one service that uses one database. `T` is true, false or `"unknown"`.
//!
//! | fact | field | value |
//! |---|---|---|
//! | both stores | `id`, `engine`, `server`, `name`, `namespace`, `workload`, `services` | as in the contract; `workload` is what serves, `services` lead to it |
//! | both stores | `classification` | `{declared, level, categories, sanitizes}`; `declared` is `"unknown"` outside the input |
//! | both stores | `users` | by id: `{service, role, evidence, databases, principals: [{name, superuser}], because}` |
//! | `datastore` | `database` | name, or `"unknown"` |
//! | `datastore` | `shared`, `same_principal` | `T`: several services use it; two of them as one principal |
//! | both stores | `cache` | it is one: meant to be shared by some |
//! | `database-server` | `exposures` | `[{kind, service, port, internal, source_ranges}]`; kinds `NodePort`, `LoadBalancer`, `ExternalIP`, `hostPort`, `hostNetwork`, `PublicAddress`, `unknown` |
//! | `database-server` | `shared_principal`, `shared_server`, `databases_known` | ids of services that meet there with different databases |
//! | `database-server` | `shared_credentials` | `{users}` by principal, or by the key that keeps the credential: several services log in with it |
//! | `database-server` | `unknown_principals` | ids of several services of which it is not known whom they log in as |
//! | `database-server` | `authentication` | `T` at what decides it, null where it is not judged |
//! | `database-server` | `encrypted` | `T` at what decides it, null where it is not judged |
//! | `database-server` | `reach` | null, or `{everyone: T, whom, others: [{id, service, surely: T, because}], users, because}`; `whom` names who everyone is |
//! | `access` | `workload`, `datastore`, `engine`, `server`, `database`, `principal`, `role`, `evidence`, `because` | |
//! | `access` | `transport` | `plain`, `opportunistic`, `unverified`, `verified` or `"unknown"` |
//! | `access` | `local` | it stays in the Pod, or enters a proxy there |
//! | `access` | `mesh` | `encrypted`, `none` or `"unknown"`: what the mesh makes of it |

use std::{collections::BTreeMap, sync::Arc};

use super::{Access, Datastores, Named, ServedBy, ServerId, principals::Superuser, reach::Reach, sharing};
use crate::{
    facts::{
        Because, Fact, Origin, Set, Subject, Value, declared, environment::Evidence, flows::of_server,
        places, truth::Truth,
    },
    resource::connection::{Password, Transport},
};

/// One subject for each database.
pub(in crate::facts) fn datastore_subjects(set: &Set<'_>) -> Vec<Subject> {
    let datastores = set.datastores();
    let mut subjects = Vec::new();
    for (id, _) in datastores.servers.iter() {
        for (database, users, elsewhere) in datastores.by_database(id) {
            subjects.push(datastore(set, id, &database, &users, &elsewhere));
        }
    }
    subjects
}

impl Datastores<'_> {
    /// Each database of a server, with its accesses and those that may be to it: of one that is not known all.
    fn by_database(&self, id: ServerId) -> Vec<(Named, Vec<&Access>, Vec<&Access>)> {
        let all = self.accesses_to(id);
        let unknown: Vec<&Access> =
            all.iter().filter(|access| access.database == Named::Unknown).copied().collect();
        let mut by_database: BTreeMap<&Named, Vec<&Access>> = BTreeMap::new();
        for access in &all {
            by_database.entry(&access.database).or_default().push(access);
        }
        let each = self.databases(id).into_iter().map(|database| {
            let users = by_database.get(&database).cloned().unwrap_or_default();
            let elsewhere = if database == Named::Unknown { all.clone() } else { unknown.clone() };
            (database, users, elsewhere)
        });
        each.collect()
    }

    /// Databases of a server, whether several services use each, and whether it is a cache.
    pub(in crate::facts) fn sharing(&self, set: &Set<'_>, id: ServerId) -> Vec<(Named, Truth, bool)> {
        let each = self.by_database(id).into_iter().map(|(database, users, elsewhere)| {
            let sharing = sharing::of_database(&users, &elsewhere, database == Named::Unknown);
            let cache = is_cache(set, id, &users);
            (database, sharing.shared, cache)
        });
        each.collect()
    }
}

fn datastore(
    set: &Set<'_>,
    server: ServerId,
    database: &Named,
    accesses: &[&Access],
    elsewhere: &[&Access],
) -> Subject {
    let datastores = set.datastores();
    let is_unknown = *database == Named::Unknown;
    let sharing = sharing::of_database(accesses, elsewhere, is_unknown);
    let shown = if is_unknown { elsewhere } else { accesses };
    let first = shown.iter().find(|access| sharing::is_owner(access)).or(shown.first());
    let decided = first.and_then(|access| deciding(access));
    let declared = datastores.own(server).and_then(|own| own.databases.get(database.known()?));
    let name = Fact::from(database.known().unwrap_or("unknown"));
    let place = decided.clone().or_else(|| declared.and_then(|because| because.origin.clone()));
    let fields = [
        ("database", name.at(place)),
        ("shared", Fact::from(sharing.shared).at(decided)),
        ("same_principal", Fact::from(sharing.same_principal)),
        ("cache", Fact::from(is_cache(set, server, accesses))),
        ("users", users(datastores, shown)),
    ];
    let id = datastores.id(server, database);
    subject(set, server, &id, fields)
}

/// One subject for each server.
pub(in crate::facts) fn server_subjects(set: &Set<'_>) -> Vec<Subject> {
    let datastores = set.datastores();
    datastores.servers.iter().map(|(id, _)| server(set, id)).collect()
}

fn server(set: &Set<'_>, id: ServerId) -> Subject {
    let datastores = set.datastores();
    let accesses = datastores.accesses_to(id);
    let cache = is_cache(set, id, &accesses);
    let sharing = sharing::of_server(&accesses, cache, |access| datastores.superuser(access).is_some());
    let names = |positions: &std::collections::BTreeSet<usize>| {
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
        ("users", users(datastores, &accesses)),
        ("shared_principal", names(&sharing.by_principal)),
        ("shared_server", names(&sharing.by_server)),
        ("databases_known", Fact::from(sharing.databases_known)),
        ("cache", Fact::from(cache)),
        ("shared_credentials", shared_credentials(datastores, &accesses)),
        ("unknown_principals", unknown_principals(&accesses)),
        ("authentication", authentication),
        ("encrypted", datastores.servers.get(id).encrypted.clone()),
        ("reach", reach(set, id)),
    ];
    let mut databases = datastores.databases(id).into_iter();
    let datastore = match (databases.next(), databases.next()) {
        (Some(database), None) => datastores.id(id, &database),
        _ => datastores.servers.get(id).datastore_id("*"),
    };
    subject(set, id, &datastore, fields)
}

/// What both kinds of stores have.
fn subject<const N: usize>(
    set: &Set<'_>,
    id: ServerId,
    datastore: &str,
    fields: [(&str, Fact); N],
) -> Subject {
    let server = set.datastores().servers.get(id);
    let (resource, kind, place) = match server.served_by {
        ServedBy::Workload(workload) => {
            let workload = set.workloads().get(workload);
            let kind = Arc::clone(&workload.resource.object.kind);
            (Some(&*workload.resource.id), kind, Some(places::name(workload.node).into()))
        }
        ServedBy::Operated(index) => match set.hosts().operators().get(index) {
            Some(operated) => (
                Some(&*operated.resource.id),
                Arc::clone(&operated.resource.object.kind),
                Some(places::name(operated.node).into()),
            ),
            None => (None, "".into(), None),
        },
        ServedBy::Service(service) => {
            let service = set.services().get(service);
            (None, Arc::clone(&service.resource.object.kind), Some(places::name(service.node).into()))
        }
        ServedBy::Planned { plan, position } => planned(set, plan, position),
        ServedBy::Elsewhere => {
            let first = set.datastores().accesses_to(id).first().and_then(|access| deciding(access));
            (None, "".into(), first)
        }
    };
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let namespace = match server.id.split('/').collect::<Vec<_>>().as_slice() {
        [_, namespace, _] if server.id.starts_with("Service/") || resource.is_some() => {
            Some((*namespace).to_owned())
        }
        _ => None,
    };
    let mut declared = of_server(set, id).fact();
    // What lies outside the input may be tagged there.
    if server.served_by == ServedBy::Elsewhere
        && let Value::Object(fields) = &mut declared.value
        && fields.get("declared") == Some(&Fact::from(false))
    {
        fields.insert("declared".into(), Fact::unknown());
    }
    let shared = [
        ("id", Fact::from(datastore)),
        ("engine", Fact::from(server.engine.unwrap_or("unknown"))),
        ("server", Fact::from(server.id.as_str())),
        ("name", Fact::from(resource.map_or_else(|| last(&server.id), last))),
        ("namespace", Fact::from(namespace)),
        ("workload", resource.map_or_else(Fact::unknown, Fact::from)),
        ("classification", declared),
        ("services", Fact::array(server.services.iter().map(|service| Fact::from(&*service.id)))),
    ];
    Subject {
        resource: resource.unwrap_or(datastore).to_owned(),
        kind,
        fact: Fact::object(shared.into_iter().chain(fields)).at(place),
    }
}

fn planned<'e>(set: &Set<'e>, plan: u32, position: u32) -> (Option<&'e str>, Arc<str>, Option<Origin>) {
    let resource = set.view.estate.plans.get(plan as usize).and_then(|plan| plan.resource(position));
    let origin = Origin::Planned { plan, resource: position, path: crate::document::Path::default() };
    match resource {
        Some(resource) => (Some(&*resource.address), Arc::clone(&resource.kind), Some(origin)),
        None => (None, "".into(), None),
    }
}

/// Users by id: those of several databases or principals once.
fn users(datastores: &Datastores<'_>, accesses: &[&Access]) -> Fact {
    let mut by_id: BTreeMap<Arc<str>, Vec<&Access>> = BTreeMap::new();
    for access in accesses {
        by_id.entry(Arc::clone(&access.caller.id)).or_default().push(access);
    }
    let user = |accesses: &[&Access]| {
        let first = accesses.first()?;
        let mut databases: Vec<&Named> = accesses.iter().map(|access| &access.database).collect();
        databases.sort_unstable();
        databases.dedup();
        let databases =
            databases.into_iter().map(|database| Fact::from(database.known().unwrap_or("unknown")));
        let principals = accesses.iter().map(|access| principal(datastores, access));
        let evidence = accesses.iter().map(|access| access.evidence).max().unwrap_or(first.evidence);
        Some(
            Fact::object([
                ("service", Fact::from(&*first.caller.service)),
                ("role", Fact::from(first.caller.role.name())),
                ("evidence", Fact::from(evidence_name(evidence))),
                ("databases", Fact::array(databases)),
                ("principals", Fact::array(principals)),
                ("because", because(&first.because)),
            ])
            .at(deciding(first)),
        )
    };
    Fact::object(by_id.iter().filter_map(|(id, accesses)| Some((Arc::clone(id), user(accesses)?))))
}

fn principal(datastores: &Datastores<'_>, access: &Access) -> Fact {
    let why = datastores.superuser(access).map(|superuser| match superuser {
        Superuser::BuiltIn => "every server of this engine has it",
        Superuser::Made => "the server makes it one",
        Superuser::Usual => "it is called like one",
    });
    let origin = access.principal_because.as_ref().and_then(|because| because.origin.clone());
    // A whole connection string without a credential: nobody logs in.
    let nobody = access.principal == Named::Unknown && access.password == Some(Password::Absent);
    let name = (!nobody).then(|| access.principal.known().unwrap_or("unknown"));
    Fact::object([
        ("name", Fact::from(name)),
        (
            "missing",
            Fact::from(match &access.principal {
                Named::Referred(reference) => Some(reference.as_str()),
                _ => None,
            }),
        ),
        ("superuser", Fact::from(why.is_some())),
        ("why", Fact::from(why)),
    ])
    .at(origin)
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
        None => Fact::default(),
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

/// A store that holds copies for speed, told by its engine or by what it is called.
fn is_cache(set: &Set<'_>, id: ServerId, accesses: &[&Access]) -> bool {
    let server = set.datastores().servers.get(id);
    let named = |text: &str| {
        let lower = text.to_ascii_lowercase();
        ["cache", "session", "celery", "queue"].iter().any(|word| lower.contains(word))
    };
    match server.engine {
        Some("memcached") => true,
        Some("redis") => {
            named(server.id.rsplit('/').next().unwrap_or_default())
                || (!accesses.is_empty()
                    && accesses
                        .iter()
                        .all(|access| access.because.first().is_some_and(|step| named(&step.text))))
        }
        _ => false,
    }
}

/// One subject for each access.
pub(in crate::facts) fn access_subjects(set: &Set<'_>) -> Vec<Subject> {
    let datastores = set.datastores();
    let subjects = datastores.accesses().iter().map(|access| {
        let server = datastores.servers.get(access.server);
        let serving = match server.served_by {
            ServedBy::Workload(workload) => Fact::from(&*set.workloads().get(workload).resource.id),
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
            ("transport", Fact::from(transport_name(access.transport)).at(origin.clone())),
            ("local", Fact::from(access.stays_in_pod)),
            ("mesh", Fact::from("none")),
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
    let held = if held.is_empty() { of_server(set, id).categories } else { held };
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

fn because(steps: &[Because]) -> Fact {
    Fact::array(steps.iter().cloned().map(Fact::from))
}

/// The setting that names the server.
fn deciding(access: &Access) -> Option<Origin> {
    access.because.first()?.origin.clone()
}

const fn evidence_name(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::SharedFile => "shared-file",
        Evidence::OwnFile => "own-file",
        Evidence::Explicit => "explicit",
    }
}

const fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Unsaid => "unknown",
        Transport::Plain => "plain",
        Transport::Opportunistic => "opportunistic",
        Transport::Unverified => "unverified",
        Transport::Verified => "verified",
    }
}
