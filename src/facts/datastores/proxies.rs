//! Proxies and poolers that run as workloads of their own: which server they pass connections on to (domains.md Q6).
//!
//! Sources: `config.md` of `PgBouncer`, "Backend Settings" of Pgpool-II, `configuration.md` of Odyssey, `CONFIG.md` of
//! `PgCat`, "Configuration file" of `ProxySQL`, the manual of `HAProxy`, socat(1), the README of each image.
//! Deliberately absent: proxies beside their client, as far as [`crate::facts::hosts`] resolves a loopback itself.

mod configured;

use std::collections::BTreeSet;

use self::configured::{Target, targets};
use super::Named;
use crate::{
    document::NodeRef,
    facts::{
        Set, database_containers,
        hosts::{Host, Resolved},
        services::Service,
        workloads::WorkloadId,
    },
};

/// Words of image names that pass connections on.
const NAMES: &[&str] = &[
    "pgbouncer",
    "pgpool",
    "pgcat",
    "odyssey",
    "supavisor",
    "proxysql",
    "maxscale",
    "mysqlrouter",
    "haproxy",
    "twemproxy",
    "nutcracker",
    "predixy",
    "envoy",
    "nginx",
    "socat",
];

/// Proxies of clouds, whose names have several words.
const CLOUD: &[&str] = &["cloud-sql-proxy", "cloudsql-proxy", "gce-proxy", "alloydb-auth-proxy"];

/// What may run beside a proxy.
const BESIDE: &[&str] = &["exporter", "metrics"];

/// More proxies in a row than anybody sets up.
const CHAIN: usize = 8;

/// What proxies make of a connection.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// The proxy that the client connects to.
    pub(super) first: Option<WorkloadId>,
    /// Port of the server behind.
    pub(super) port: Option<u16>,
    /// The database behind, where the proxy gives it another name, or may.
    pub(super) database: Option<Named>,
    /// Whom the proxy logs in as, whoever comes.
    pub(super) principal: Option<String>,
}

/// Whether all that a workload runs is a proxy.
pub(super) fn is_proxy(set: &Set<'_>, id: WorkloadId) -> bool {
    let workload = set.workloads().get(id);
    let mut passes = false;
    for container in workload.pod.containers() {
        if database_containers::served_by(set, id, container).is_some() {
            return false;
        }
        let words = Words::of(container);
        if words.holds(BESIDE) {
            continue;
        }
        if !words.is_proxy() {
            return false;
        }
        passes = true;
    }
    passes && !workload.pod.ends
}

/// Whether all that a Service leads to are proxies.
pub(super) fn is_behind(set: &Set<'_>, service: &Service<'_>) -> bool {
    !service.selected.is_empty() && service.selected.iter().all(|workload| is_proxy(set, *workload))
}

/// Follows a connection of `caller` through proxies to the server behind them. Where one does not tell, the host stays
/// that of the proxy.
pub(super) fn follow<'e>(
    set: &Set<'e>,
    mut resolved: Resolved<'e>,
    port: Option<u16>,
    database: Option<&str>,
    caller: WorkloadId,
) -> (Resolved<'e>, Option<Passed>) {
    let mut passed: Option<Passed> = None;
    let mut seen: BTreeSet<WorkloadId> = BTreeSet::new();
    while seen.len() < CHAIN {
        let here = passed.as_ref().map_or(port, |passed| passed.port);
        let Some((proxy, inside)) = entered(set, &resolved.host, here, caller) else { break };
        if proxy == caller && resolved.host != Host::Loopback || !seen.insert(proxy) {
            break;
        }
        let wanted = match passed.as_ref().and_then(|passed| passed.database.as_ref()) {
            Some(renamed) => renamed.known().map(ToOwned::to_owned),
            None => database.map(ToOwned::to_owned),
        };
        let Some((target, behind)) = beyond(set, proxy, inside, wanted.as_deref()) else { break };
        let mut through = std::mem::take(&mut resolved.through);
        through.push(set.workloads().get(proxy).resource);
        through
            .extend(behind.through.into_iter().filter(|by| by.id != set.workloads().get(proxy).resource.id));
        resolved = Resolved { host: behind.host, through };
        let earlier = passed.take().unwrap_or_default();
        passed = Some(Passed {
            first: earlier.first.or(Some(proxy)),
            port: target.port,
            database: target.database.or(earlier.database),
            principal: target.principal.or(earlier.principal),
        });
    }
    (resolved, passed)
}

/// The proxy that a host is, and the port of its Pod that a connection comes in by.
fn entered(
    set: &Set<'_>,
    host: &Host,
    port: Option<u16>,
    caller: WorkloadId,
) -> Option<(WorkloadId, Option<u16>)> {
    match host {
        Host::Service(id) => {
            let service = set.services().get(*id);
            let first = *service.selected.first().filter(|_| is_behind(set, service))?;
            let mut ports = service.ports.iter().filter(|own| port.is_none() || own.port == port);
            let inside = ports.next().and_then(|own| own.container_port(set.workloads().get(first)));
            Some((first, inside))
        }
        Host::Workload { workload, .. } if is_proxy(set, *workload) => Some((*workload, port)),
        Host::Loopback => {
            let mut containers = set.workloads().get(caller).pod.containers();
            containers.any(|container| Words::of(container).is_proxy()).then_some((caller, port))
        }
        _ => None,
    }
}

/// Where a proxy passes on what comes in by a port for a database; `None` where that is not told, or several servers.
fn beyond<'e>(
    set: &Set<'e>,
    proxy: WorkloadId,
    inside: Option<u16>,
    database: Option<&str>,
) -> Option<(Target, Resolved<'e>)> {
    let all = targets(set, proxy);
    let called = |alias: Option<&str>| -> Vec<&Target> {
        all.iter().filter(|target| target.alias.as_deref() == alias).collect()
    };
    let mut fitting: Vec<&Target> = match database {
        Some(name) => called(Some(name)),
        None => all.iter().filter(|target| target.alias.is_some()).collect(),
    };
    if fitting.is_empty() {
        fitting = called(Some("*"));
    }
    if fitting.is_empty() {
        fitting = called(None);
    }
    let hosts = set.hosts();
    if fitting.is_empty() && all.is_empty() {
        let resolved = hosts.resolve_from(set, "localhost", inside, proxy);
        let is_known = !matches!(resolved.host, Host::Loopback | Host::Unknown);
        return is_known.then(|| (Target::default(), resolved));
    }
    let mut found: Option<(Target, Resolved<'e>)> = None;
    for target in fitting {
        let resolved = match &target.referred {
            Some(reference) => Resolved { host: Host::Referred(reference.clone()), through: Vec::new() },
            None => hosts.resolve_from(set, &target.host, target.port, proxy),
        };
        if matches!(resolved.host, Host::Loopback | Host::Unknown) {
            return None;
        }
        match &mut found {
            None => found = Some((target.clone(), resolved)),
            Some((first, other)) if end(set, &other.host) == end(set, &resolved.host) => {
                // Without a name of its own, which of several databases is meant is not known.
                if first.database != target.database {
                    first.database = Some(Named::Unknown);
                }
                if first.principal != target.principal {
                    first.principal = None;
                }
            }
            Some(_) => return None,
        }
    }
    found
}

/// Hosts that one workload stands behind are one.
fn end(set: &Set<'_>, host: &Host) -> Host {
    let workload = match host {
        Host::Service(service) => set.services().get(*service).selected.first().copied(),
        Host::Workload { workload, .. } => Some(*workload),
        _ => None,
    };
    workload.map_or_else(|| host.clone(), |workload| Host::Workload { workload, service: None })
}

/// Words of the last part of an image's name.
struct Words(String);

impl Words {
    fn of(container: NodeRef<'_>) -> Self {
        let image = container.str_at(&["image"]).unwrap_or_default();
        let last = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        Self(last.split(':').next().unwrap_or_default().to_ascii_lowercase())
    }

    fn holds(&self, words: &[&str]) -> bool {
        self.0.split(['-', '_', '.']).any(|word| words.contains(&word))
    }

    fn is_proxy(&self) -> bool {
        !self.holds(BESIDE) && (self.holds(NAMES) || CLOUD.iter().any(|name| self.0.contains(name)))
    }
}
