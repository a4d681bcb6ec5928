//! The facts that rules see: `datastore`, one database; `database-server`, one server with all of its databases;
//! `access`, one service that uses one database. `T` is true, false or `"unknown"`.
//!
//! | fact | field | value |
//! |---|---|---|
//! | both stores | `id`, `engine`, `server`, `name`, `namespace`, `workload`, `services` | as in the contract; `workload` is what serves, `services` lead to it |
//! | both stores | `passes_on` | a proxy, or a loopback: which server stands behind it is not known |
//! | both stores | `pods` | `{namespace, labels, port}`: labels by which its Pods are selected; null where it has none |
//! | both stores | `classification` | `{declared, level, categories, sanitizes}`; `declared` is `"unknown"` outside the input |
//! | both stores | `users` | by id: `{service, role, evidence, databases, principals: [{name, superuser}], because, pods: {namespace, labels}}` |
//! | `datastore` | `database` | name, or `"unknown"` |
//! | both stores | `by_design` | why several services share it on purpose, or null |
//! | `datastore` | `owner` | the service that is declared to own it, or null |
//! | `datastore` | `shared`, `same_principal` | `T`: several services use it, or one that is not its owner; two of them as one principal |
//! | both stores | `cache` | it is one: meant to be shared by some |
//! | `database-server` | `exposures` | `[{kind, service, port, internal, source_ranges}]`; kinds `NodePort`, `LoadBalancer`, `ExternalIP`, `hostPort`, `hostNetwork`, `PublicAddress`, `Ingress`, `Gateway`, `ConfigMap` (of ingress-nginx), `unknown`; `service` is what opens the way |
//! | `database-server` | `shared_principal`, `shared_server`, `databases_known` | ids of services that meet there with different databases |
//! | `database-server` | `shared_credentials` | `{users}` by principal, or by the key that keeps the credential: several services log in with it |
//! | `database-server` | `unknown_principals` | ids of several services of which it is not known whom they log in as |
//! | `database-server` | `authentication` | `T` at what decides it, null where it is not judged |
//! | `database-server` | `encrypted` | `T` at what decides it, null where it is not judged |
//! | `database-server` | `reach` | null, or `{everyone: T, whom, others: [{id, service, surely: T, because}], users, because}`; `whom` names who everyone is |
//! | `access` | `workload`, `datastore`, `engine`, `server`, `database`, `principal`, `role`, `evidence`, `because` | |
//! | `access` | `transport` | `plain`, `opportunistic`, `unchecked`, `unverified`, `verified` or `"unknown"` |
//! | `access` | `local` | it stays in the Pod, or enters a proxy there |
//! | `access` | `mesh` | `encrypted`, `none` or `"unknown"`: what the mesh makes of it |

mod access;
mod server;

use std::{collections::BTreeMap, sync::Arc};

pub(in crate::facts) use self::{
    access::{access_list, access_subjects, datastore_list},
    server::server_subjects,
};
use super::{Access, Datastores, Named, ServedBy, ServerId, principals::Superuser, sharing};
use crate::{
    document::Path,
    facts::{
        Because, Fact, Origin, Set, Subject, Value, environment::Evidence, flows::of_database, places,
        truth::Truth, workloads::WorkloadId,
    },
    resource::connection::Password,
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
            let declared = set.view.estate.config.datastore(&self.id(id, &database));
            let is_unknown = database == Named::Unknown;
            let sharing = sharing::of_database(&users, &elsewhere, is_unknown, declared.0)
                .behind(self.servers.get(id).passes_on);
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
    let id = datastores.id(server, database);
    let (owner, by_design) = set.view.estate.config.datastore(&id);
    let sharing = sharing::of_database(accesses, elsewhere, is_unknown, owner)
        .behind(datastores.servers.get(server).passes_on);
    let shown = if is_unknown { elsewhere } else { accesses };
    let first = shown.iter().find(|access| sharing::is_owner(access)).or(shown.first());
    let decided = first.and_then(|access| deciding(access));
    let declared = datastores.own(server).and_then(|own| own.databases.get(database.known()?));
    let name = Fact::from(database.known().unwrap_or("unknown"));
    let place = decided.clone().or_else(|| declared.and_then(|because| because.origin.clone()));
    let fields = [
        ("database", name.at(place)),
        ("shared", Fact::from(sharing.shared).at(decided)),
        ("owner", Fact::from(owner)),
        ("by_design", Fact::from(by_design)),
        ("same_principal", Fact::from(sharing.same_principal)),
        ("cache", Fact::from(is_cache(set, server, accesses))),
        ("users", users(set, shown)),
    ];
    subject(set, server, &id, database.known(), fields)
}

/// What both kinds of stores have.
fn subject<'f>(
    set: &Set<'_>,
    id: ServerId,
    datastore: &str,
    database: Option<&str>,
    fields: impl IntoIterator<Item = (&'f str, Fact)>,
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
    let mut declared = of_database(set, id, database).fact();
    // What lies outside the input may be tagged there: a Service alone does not say what its Pods do.
    if matches!(server.served_by, ServedBy::Elsewhere | ServedBy::Service(_))
        && let Value::Object(fields) = &mut declared.value
        && fields.get("declared") == Some(&Fact::from(false))
    {
        fields.insert("declared".into(), Fact::unknown());
    }
    let served = match server.served_by {
        ServedBy::Workload(workload) => {
            let port = Fact::from(server.pod_port.map(i64::from));
            Fact::object(pods(set, workload).into_iter().chain([("port", port)]))
        }
        _ => Fact::default(),
    };
    let shared = [
        ("id", Fact::from(datastore)),
        ("engine", Fact::from(server.engine.unwrap_or("unknown"))),
        ("server", Fact::from(server.id.as_str())),
        ("name", Fact::from(resource.map_or_else(|| last(&server.id), last))),
        ("namespace", Fact::from(namespace)),
        ("workload", resource.map_or_else(Fact::unknown, Fact::from)),
        ("classification", declared),
        ("pods", served),
        ("passes_on", Fact::from(server.passes_on)),
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
    let origin = Origin::Planned { plan, resource: position, path: Path::default() };
    match resource {
        Some(resource) => (Some(&*resource.address), Arc::clone(&resource.kind), Some(origin)),
        None => (None, "".into(), None),
    }
}

/// Users by id: those of several databases or principals once.
fn users(set: &Set<'_>, accesses: &[&Access]) -> Fact {
    let datastores = set.datastores();
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
                ("pods", first.caller.workload.map_or_else(Fact::default, |id| Fact::object(pods(set, id)))),
            ])
            .at(deciding(first)),
        )
    };
    Fact::object(by_id.iter().filter_map(|(id, accesses)| Some((Arc::clone(id), user(accesses)?))))
}

/// Where the Pods of a workload are, and labels that select them.
fn pods(set: &Set<'_>, id: WorkloadId) -> BTreeMap<&'static str, Fact> {
    let workload = set.workloads().get(id);
    let labels = Fact::object(workload.selecting().into_iter().map(|(key, value)| (key, Fact::from(value))));
    [("namespace", Fact::from(workload.namespace)), ("labels", labels)].into()
}

fn principal(datastores: &Datastores<'_>, access: &Access) -> Fact {
    let why = datastores.superuser(access).map(|superuser| match superuser {
        Superuser::BuiltIn => "the engine comes with it",
        Superuser::Made => "the server is told to make it one",
        Superuser::Usual => "clouds give that name to one",
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
