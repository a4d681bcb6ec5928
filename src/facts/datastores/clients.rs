//! Accesses: which workload uses which server, database and principal, and how that is known.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    own::{Own, because},
    planned::{self, Cloud},
    proxies,
    readers::Role,
    servers::{ServedBy, ServerId, Servers, Workload},
};
use crate::{
    estate::Resource,
    facts::{
        Because, Set,
        accesses::{Claim, Part, claims},
        database_containers,
        environment::{Channel, Evidence, Origin, Setting},
        hosts::{Handed, Host, Resolved, referred},
        places,
        workloads::WorkloadId,
    },
    resource::{
        connection::{Password, Transport},
        engine,
    },
    source::Place,
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
    /// The proxy that it is connected to instead, if it is a workload of its own.
    pub(in crate::facts) proxy: Option<WorkloadId>,
    pub(in crate::facts) evidence: Evidence,
    /// What names the server, then what led from that name to it.
    pub(in crate::facts) because: Vec<Because>,
    pub(in crate::facts) database_because: Option<Because>,
    pub(in crate::facts) principal_because: Option<Because>,
    pub(in crate::facts) credential_because: Option<Because>,
}

impl Caller {
    pub(super) fn of(set: &Set<'_>, id: WorkloadId) -> Self {
        let workload = set.workloads().get(id);
        Self {
            id: Arc::clone(&workload.resource.id),
            service: Arc::clone(&workload.service),
            workload: Some(id),
            role: Role::of(workload),
        }
    }
}

impl Access {
    /// One of which only the server is known.
    pub(super) fn to(caller: Caller, server: ServerId, evidence: Evidence, because: Because) -> Self {
        Self {
            caller,
            server,
            database: Named::Unknown,
            principal: Named::Unknown,
            password: None,
            credential: None,
            transport: Transport::Unsaid,
            stays_in_pod: false,
            proxy: None,
            evidence,
            because: vec![because],
            database_because: None,
            principal_because: None,
            credential_because: None,
        }
    }
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
pub(super) fn accesses<'e>(
    set: &Set<'e>,
    cloud: &Cloud,
    own: &BTreeMap<ServerId, Own>,
    servers: &mut Servers<'e>,
) -> Vec<Access> {
    let mut all = Vec::new();
    for (id, _) in set.workloads().iter() {
        let caller = Caller::of(set, id);
        let reader = Reader { set, cloud, own, id, caller: &caller };
        let mut accesses = merged(reader.accesses(servers));
        if proxies::is_proxy(set, id) {
            accesses.iter_mut().for_each(|access| access.caller.role = Role::Server);
        // A replica reads its peers. A cache beside a program makes no server of other databases of it.
        } else if let Some(run) = servers.run_by(id) {
            let engine = servers.get(run).engine;
            let is_peer = |access: &&mut Access| servers.get(access.server).engine == engine;
            accesses.iter_mut().filter(is_peer).for_each(|access| access.caller.role = Role::Server);
        }
        all.append(&mut accesses);
    }
    widen_shared_objects(&mut all);
    all
}

/// Reads what one workload is told.
struct Reader<'r, 'e> {
    set: &'r Set<'e>,
    cloud: &'r Cloud,
    own: &'r BTreeMap<ServerId, Own>,
    id: WorkloadId,
    caller: &'r Caller,
}

impl<'e> Reader<'_, 'e> {
    fn accesses(&self, servers: &mut Servers<'e>) -> Vec<Access> {
        let namespace = self.set.workloads().get(self.id).namespace;
        let serving = Workload::of(self.set, self.id).and_then(|workload| workload.database);
        let serving = serving.and_then(|(container, _)| container.str_at(&["name"]));
        let settings = self.set.environments().of(self.id);
        let of_containers = settings.chunk_by(|a, b| a.container == b.container);
        // The environment of a server makes databases; it uses none.
        let of_clients = of_containers
            .filter(|settings| settings.first().is_some_and(|setting| serving != Some(setting.container)));
        let claims = of_clients.flat_map(|settings| claims(settings, namespace));
        let mut found: Vec<Access> =
            claims.filter_map(|claim| self.access(servers, namespace, &claim)).collect();
        found.extend(self.referred(servers, &found));
        found
    }

    /// Servers of plans that it is told of as a whole, where no setting says which value names one: its own
    /// configuration refers to them, or that of an object which it takes all values of.
    fn referred(&self, servers: &Servers<'e>, told: &[Access]) -> Vec<Access> {
        let workload = self.set.workloads().get(self.id);
        let settings = self.set.environments().of(self.id);
        let unknown = |setting: &&Setting<'_>| matches!(setting.origin, Origin::AfterApply(_));
        let own = settings
            .iter()
            .find(unknown)
            .map_or_else(|| places::name(workload.node), |setting| setting.place.clone());
        let mut sources: Vec<(&Resource, Place, Evidence)> =
            vec![(workload.resource, own, Evidence::Explicit)];
        for setting in settings.iter().filter(|setting| setting.text.is_none()) {
            let (Origin::ConfigMap(object) | Origin::Secret(object)) = setting.origin else { continue };
            if setting.channel == Channel::File || setting.name.ends_with('*') {
                sources.push((object, setting.reference.clone(), setting.evidence));
            }
        }
        let mut found: BTreeMap<ServerId, Access> = BTreeMap::new();
        for (object, place, evidence) in sources {
            for server in self.cloud.linked(object) {
                if told.iter().any(|access| access.server == server) {
                    continue;
                }
                let by = if object.id == self.caller.id { "its configuration" } else { &object.id };
                let because = Because {
                    text: format!("{by} refers to {}", servers.get(server).id),
                    resource: Some(Arc::clone(&self.caller.id)),
                    origin: Some(place.clone().into()),
                };
                found.entry(server).or_insert_with(|| Access {
                    database: planned::database(self.own, server, Named::Unknown),
                    ..Access::to(self.caller.clone(), server, evidence, because)
                });
            }
        }
        found.into_values().collect()
    }

    /// Whether a container is what its Pod is about, and the database beside it its own: not a part of the database such
    /// as an exporter, which comes after it.
    fn stands_before_database(&self, container: &str) -> bool {
        let pod = &self.set.workloads().get(self.id).pod;
        let own = pod.containers().position(|other| other.str_at(&["name"]) == Some(container));
        let serving = pod
            .containers()
            .position(|other| database_containers::served_by(self.set, self.id, other).is_some());
        own.zip(serving).is_some_and(|(own, serving)| own < serving)
    }

    fn access(&self, servers: &mut Servers<'e>, namespace: &str, claim: &Claim<'_, 'e>) -> Option<Access> {
        let Self { set, id, caller, .. } = *self;
        let operators = set.hosts().operators();
        let resolved = match &claim.host {
            Part::Text(host) => set.hosts().resolve_from(set, host, claim.port, id),
            Part::Referred(reference) => Resolved {
                host: operators.handed(reference).map_or_else(
                    || Host::Referred(reference.clone()),
                    |handed| Host::Operated(handed.server),
                ),
                through: Vec::new(),
            },
            Part::Absent | Part::Unknown => return None,
        };
        let resolved = set.hosts().behind(set, resolved, namespace);
        let asked = claim.database.known();
        let (resolved, passed) = proxies::follow(set, resolved, claim.port, asked, id);
        let through_own_pod = resolved.through.iter().any(|by| by.id == caller.id);
        // The port of a proxy in the Pod is not that of the server.
        let outside = Claim {
            engine: claim
                .engine
                .or_else(|| engine::of_port(i64::from(claim.port?)).map(|engine| engine.name)),
            port: match &passed {
                Some(passed) => passed.port,
                None => claim.port.filter(|_| !through_own_pod),
            },
            ..claim.clone()
        };
        let server = match (&resolved.host, outside.engine) {
            (Host::Loopback, Some(engine)) if claim.is_database => {
                servers.in_pod_of(set, id, engine, claim.port)
            }
            _ => servers.claimed(set, self.cloud, &resolved, &outside)?,
        };
        let served_by = servers.get(server).served_by;
        let is_own = served_by == ServedBy::Workload(id);
        if is_own && !self.stands_before_database(claim.by.container) {
            return None;
        }
        let passed = passed.unwrap_or_default();
        let mut database = handed(set, claim, &claim.database, |handed| handed.database.clone());
        if let Some(renamed) = passed.database {
            database = renamed;
        }
        let is_redis = servers.get(server).engine == Some("redis");
        if database == Named::Unknown && is_redis && claim.database == Part::Absent {
            database = Named::Known("0".to_owned());
        }
        if matches!(served_by, ServedBy::Planned { .. }) {
            database = planned::database(self.own, server, database);
        }
        let step = |setting: &Setting<'e>, what: &str| {
            because(set, id, setting, format!("`{}` {what}", setting.name))
        };
        let mut chain = vec![step(claim.by, "names the server")];
        chain.extend(resolved.through.iter().map(|by| Because {
            text: format!("{} leads to {}", by.id, servers.get(server).id),
            resource: Some(Arc::clone(&by.id)),
            origin: Some(places::name(set.view.estate.node(by)).into()),
        }));
        let local = matches!(resolved.host, Host::Workload { workload, .. } if workload == id);
        let principal = passed.principal.map_or_else(
            || handed(set, claim, &claim.principal, |handed| Some(handed.principal.clone())),
            Named::Known,
        );
        let mut caller = caller.clone();
        if is_own {
            caller.role = Role::of(set.workloads().get(id));
        }
        Some(Access {
            caller,
            server,
            database,
            principal,
            password: claim.password,
            credential: claim.password_by.and_then(|setting| credential(setting, namespace)),
            transport: claim.transport,
            stays_in_pod: through_own_pod || local || resolved.host == Host::Loopback,
            proxy: passed.first.filter(|proxy| *proxy != id),
            evidence: claim.by.evidence,
            because: chain,
            database_because: claim.database_by.map(|setting| step(setting, "names the database")),
            principal_because: claim.principal_by.map(|setting| step(setting, "names the principal")),
            credential_because: claim.password_by.map(|setting| step(setting, "holds the credential")),
        })
    }
}

/// A name; one that the input does not hold is what the operator puts into the Secret that is referred to.
fn handed(
    set: &Set<'_>,
    claim: &Claim<'_, '_>,
    part: &Part<'_>,
    pick: impl Fn(&Handed) -> Option<String>,
) -> Named {
    let reference = match (part, &claim.host) {
        (Part::Referred(reference), _) => reference,
        // One Secret tells all.
        (Part::Absent | Part::Unknown, Part::Referred(reference)) => reference,
        _ => return Named::of(part),
    };
    match set.hosts().operators().handed(reference) {
        Some(handed) => pick(handed).map_or(Named::Unknown, Named::Known),
        None => Named::of(part),
    }
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

/// Whether a transport counts beside another one of the same access: what is said counts over what is not.
fn decides(transport: Transport, other: Transport) -> bool {
    transport != Transport::Unsaid && (other == Transport::Unsaid || transport < other)
}

/// Equal accesses of one workload once, the surest, and of equally sure ones what says the worst of its transport; one without database or principal only where none has them.
fn merged(accesses: Vec<Access>) -> Vec<Access> {
    let mut kept: BTreeMap<(ServerId, Named, Named), Access> = BTreeMap::new();
    for access in accesses {
        let key = (access.server, access.database.clone(), access.principal.clone());
        match kept.get(&key) {
            Some(other) if other.evidence > access.evidence => {}
            Some(other)
                if other.evidence == access.evidence && !decides(access.transport, other.transport) => {}
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
