//! Accesses: which workload uses which server, database and principal, and how that is known.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    own::because,
    planned::Cloud,
    readers::Role,
    servers::{ServedBy, ServerId, Servers, Workload},
};
use crate::{
    facts::{
        Because, Set,
        accesses::{Claim, Part, claims},
        environment::{Evidence, Origin, Setting},
        hosts::{Host, Resolved, referred},
        workloads::WorkloadId,
    },
    resource::connection::{Password, Transport},
};

/// A database or principal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Named {
    Unknown,
    Known(String),
    /// What a value outside the input says: `Secret/shop/db#name`. Equal references are equal names.
    Referred(String),
}

/// Who uses a datastore.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Caller {
    pub(in crate::facts) id: Arc<str>,
    /// The logical service that it is a version of.
    pub(in crate::facts) service: Arc<str>,
    pub(in crate::facts) workload: Option<WorkloadId>,
    pub(in crate::facts) role: Role,
}

/// One use of one database.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Access {
    pub(in crate::facts) caller: Caller,
    pub(in crate::facts) server: ServerId,
    pub(in crate::facts) database: Named,
    pub(in crate::facts) principal: Named,
    /// `None`: not known.
    pub(in crate::facts) password: Option<Password>,
    /// Where the credential is kept, for comparing: `Secret/shop/db#password`; `None` where it is the workload's own.
    pub(in crate::facts) credential: Option<String>,
    pub(in crate::facts) transport: Transport,
    /// Whether the connection stays in the Pod, or enters a proxy there that encrypts.
    pub(in crate::facts) stays_in_pod: bool,
    pub(in crate::facts) evidence: Evidence,
    /// What names the server, then what led from that name to it.
    pub(in crate::facts) because: Vec<Because>,
    pub(in crate::facts) database_because: Option<Because>,
    pub(in crate::facts) principal_because: Option<Because>,
    pub(in crate::facts) credential_because: Option<Because>,
}

impl Named {
    fn of(part: &Part<'_>) -> Self {
        match part {
            Part::Text(text) => Self::Known(text.to_string()),
            Part::Referred(reference) => Self::Referred(reference.clone()),
            Part::Absent | Part::Unknown => Self::Unknown,
        }
    }

    /// Equal for equal names.
    pub(in crate::facts) fn key(&self) -> Option<&str> {
        match self {
            Self::Known(text) | Self::Referred(text) => Some(text),
            Self::Unknown => None,
        }
    }

    pub(in crate::facts) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            _ => None,
        }
    }
}

/// Accesses of all workloads of a set; servers that come to light are added.
pub(super) fn accesses<'e>(set: &Set<'e>, cloud: &Cloud, servers: &mut Servers<'e>) -> Vec<Access> {
    let mut all = Vec::new();
    for (id, workload) in set.workloads().iter() {
        let serving =
            Workload::of(set, id).and_then(|workload| workload.database).map(|(container, _)| container);
        let serving = serving.and_then(|container| container.str_at(&["name"]));
        let role = if servers.run_by(id).is_some() { Role::Server } else { Role::of(workload) };
        let caller = Caller {
            id: Arc::clone(&workload.resource.id),
            service: Arc::clone(&workload.service),
            workload: Some(id),
            role,
        };
        let settings = set.environments().of(id);
        let mut own: Vec<Access> = Vec::new();
        for of_container in settings.chunk_by(|a, b| a.container == b.container) {
            // The environment of a server makes databases; it uses none.
            if of_container.first().is_some_and(|setting| serving == Some(setting.container)) {
                continue;
            }
            for claim in claims(of_container, workload.namespace) {
                own.extend(access(set, cloud, servers, id, &caller, &claim));
            }
        }
        all.extend(merged(own));
    }
    widen_shared_objects(&mut all);
    all
}

fn access<'e>(
    set: &Set<'e>,
    cloud: &Cloud,
    servers: &mut Servers<'e>,
    id: WorkloadId,
    caller: &Caller,
    claim: &Claim<'_, 'e>,
) -> Option<Access> {
    let namespace = set.workloads().get(id).namespace;
    let resolved = match &claim.host {
        Part::Text(host) => set.hosts().resolve_from(set, host, claim.port, id),
        Part::Referred(reference) => {
            Resolved { host: Host::Referred(reference.clone()), through: Vec::new() }
        }
        Part::Absent | Part::Unknown => return None,
    };
    let server = servers.claimed(set, cloud, &resolved, claim)?;
    if servers.get(server).served_by == ServedBy::Workload(id) {
        return None;
    }
    let engine = servers.get(server).engine;
    let mut database = Named::of(&claim.database);
    if database == Named::Unknown && engine == Some("redis") && claim.database == Part::Absent {
        database = Named::Known("0".to_owned());
    }
    let step = |setting: &Setting<'e>, text: String| because(set, id, setting, text);
    let mut chain = vec![step(claim.by, format!("`{}` names the server", claim.by.name))];
    chain.extend(resolved.through.iter().map(|by| Because {
        text: format!("{} leads to {}", by.id, servers.get(server).id),
        resource: Some(Arc::clone(&by.id)),
        origin: Some(crate::facts::places::name(set.view.estate.node(by)).into()),
    }));
    let through_own_pod = resolved.through.iter().any(|by| by.id == caller.id);
    let credential = claim.password_by.and_then(|setting| credential(setting, namespace));
    Some(Access {
        caller: caller.clone(),
        server,
        database,
        principal: Named::of(&claim.principal),
        password: claim.password,
        credential,
        transport: claim.transport,
        stays_in_pod: through_own_pod
            || matches!(resolved.host, Host::Workload { workload, .. } if workload == id),
        evidence: claim.by.evidence,
        because: chain,
        database_because: claim
            .database_by
            .map(|setting| step(setting, format!("`{}` names the database", setting.name))),
        principal_because: claim
            .principal_by
            .map(|setting| step(setting, format!("`{}` names the principal", setting.name))),
        credential_because: claim
            .password_by
            .map(|setting| step(setting, format!("`{}` holds the credential", setting.name))),
    })
}

/// Where a credential is kept, if others may take it from there too.
fn credential(setting: &Setting<'_>, namespace: &str) -> Option<String> {
    match &setting.origin {
        Origin::ConfigMap(resource) | Origin::Secret(resource) => {
            Some(format!("{}#{}", resource.id, setting.key.unwrap_or(&setting.name)))
        }
        _ => referred(setting, namespace),
    }
}

/// Equal accesses of one workload once, the surest; one without database or principal only where none has them.
fn merged(accesses: Vec<Access>) -> Vec<Access> {
    let mut kept: BTreeMap<(ServerId, Named, Named), Access> = BTreeMap::new();
    for access in accesses {
        let key = (access.server, access.database.clone(), access.principal.clone());
        match kept.get(&key) {
            Some(other) if other.evidence >= access.evidence => {}
            _ => {
                kept.insert(key, access);
            }
        }
    }
    let all: Vec<Access> = kept.into_values().collect();
    let says_more = |access: &Access, other: &Access| {
        let covers = |mine: &Named, theirs: &Named| *mine == Named::Unknown || mine == theirs;
        access.server == other.server
            && (&access.database, &access.principal) != (&other.database, &other.principal)
            && covers(&access.database, &other.database)
            && covers(&access.principal, &other.principal)
    };
    all.iter().filter(|access| !all.iter().any(|other| says_more(access, other))).cloned().collect()
}

/// A ConfigMap or Secret that tells several services of several servers tells each of more than it uses: it is no better
/// than a file that all of them mount (domains.md Q10).
fn widen_shared_objects(accesses: &mut [Access]) {
    use std::collections::BTreeSet;
    let mut told: BTreeMap<Arc<str>, BTreeMap<Arc<str>, BTreeSet<ServerId>>> = BTreeMap::new();
    let keeper = |access: &Access| {
        let resource = access.because.first()?.resource.clone()?;
        (*resource != *access.caller.id).then_some(resource)
    };
    for access in accesses.iter() {
        if let Some(keeper) = keeper(access) {
            let by_service = told.entry(keeper).or_default();
            by_service.entry(Arc::clone(&access.caller.service)).or_default().insert(access.server);
        }
    }
    let wide: BTreeSet<Arc<str>> = told
        .into_iter()
        .filter(|(_, by_service)| by_service.values().filter(|servers| servers.len() > 1).count() > 1)
        .map(|(keeper, _)| keeper)
        .collect();
    for access in accesses {
        if keeper(access).is_some_and(|keeper| wide.contains(&keeper)) {
            access.evidence = Evidence::SharedFile;
        }
    }
}
