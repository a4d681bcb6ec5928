//! Hosts: what a name or address in the text of a workload leads to (domains.md Q5 and Q6).
//!
//! Names are looked up as a Pod's resolver does: those of the namespace first, then those of the cluster, then those of
//! the world; `ExternalName` Services and hand-made endpoints are followed.
//! Deliberately absent: ports of Services, and what is served there.

mod endpoints;
mod entries;
mod loopback;
mod operators;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::{endpoints::Addresses, entries::Entries, operators::Operators};
pub(super) use self::{
    loopback::{referred, referred_by_name},
    operators::{Handed, Operated},
};
use super::{
    Set,
    services::{Service, ServiceId},
    workloads::WorkloadId,
};
use crate::{
    estate::{Resource, View},
    resource::kubernetes::UNKNOWN,
};

/// What a host leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Host {
    /// A Service of Kubernetes that the input declares.
    Service(ServiceId),
    /// Pods of one workload: one Pod behind a headless Service, or the caller's own Pod.
    Workload { workload: WorkloadId, service: Option<ServiceId> },
    /// A Service that an operator makes: index into [`Operators`].
    Operated(usize),
    /// A Service of the cluster that the input does not declare.
    Undeclared { namespace: String, name: String },
    /// A name or address outside the cluster, in lower case; an instance of a cloud (`project:region:instance`).
    External(String),
    /// What a value outside the input says: `Secret/shop/sql#connectionName`. Equal texts lead to one host.
    Referred(String),
    /// The caller's own Pod, and what listens there is not known.
    Loopback,
    /// Not determined: a template, nonsense, a chain of names without end.
    Unknown,
}

/// A host with the resources that led to it.
#[derive(Debug, Clone)]
pub(super) struct Resolved<'e> {
    pub(super) host: Host,
    /// `ExternalName` Services, Services with hand-made endpoints, `ServiceEntry`s, proxies: in their order.
    pub(super) through: Vec<&'e Resource>,
}

/// Everything that names lead to, indexed.
#[derive(Debug)]
pub(super) struct Hosts<'e> {
    operators: Operators<'e>,
    entries: Entries<'e>,
    addresses: Addresses<'e>,
    namespaces: BTreeSet<&'e str>,
}

/// More `ExternalName`s in a row than any resolver follows.
const CHAIN: usize = 16;

/// Endings of names of the world that companies use. A name of two labels that ends otherwise is one of the cluster.
const TOP_LEVEL: &[&str] = &[
    "ai", "app", "ar", "at", "au", "be", "biz", "br", "ca", "cc", "ch", "cloud", "cn", "co", "com", "cz",
    "de", "dev", "dk", "edu", "es", "eu", "fi", "fr", "gg", "gov", "gr", "hk", "hu", "ie", "il", "in",
    "info", "int", "internal", "io", "it", "jp", "kr", "lan", "local", "ly", "me", "mil", "mx", "net", "nl",
    "no", "nz", "org", "pl", "pt", "ro", "ru", "se", "sg", "sh", "tech", "to", "tr", "tv", "tw", "ua", "uk",
    "us", "xyz", "za",
];

/// One step of a resolution.
enum Step<'e> {
    Found(Host),
    /// Goes on with an absolute name.
    Follow(&'e Resource, &'e str),
}

impl<'e> Hosts<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        Self {
            operators: Operators::new(view),
            entries: Entries::new(view),
            addresses: Addresses::new(view),
            namespaces: view
                .resources()
                .filter_map(|resource| resource.identity.namespace.as_deref())
                .chain(view.of_kind("", "Namespace").map(|namespace| &*namespace.object.name))
                .collect(),
        }
    }

    /// Servers that operators run.
    pub(super) const fn operators(&self) -> &Operators<'e> {
        &self.operators
    }

    /// The `ServiceEntry` that tells the proxies of a namespace about a host.
    pub(super) fn entry(&self, host: &str, namespace: &str) -> Option<&'e Resource> {
        self.entries.of(host, namespace).map(|entry| entry.resource)
    }

    /// What a host without port means to Pods of a namespace.
    pub(super) fn resolve(&self, set: &Set<'e>, host: &str, namespace: &str) -> Resolved<'e> {
        let mut through: Vec<&'e Resource> = Vec::new();
        let found = self.follow(set, self.look_up(set, host, Some(namespace)), &mut through);
        // A short name is one of the caller's namespace.
        if namespace == UNKNOWN && !host.contains('.') && found != Host::Loopback {
            return Resolved { host: Host::Unknown, through };
        }
        if let Some(entry) = name_of(&found).and_then(|name| self.entries.of(&name, namespace)) {
            through.push(entry.resource);
        }
        Resolved { host: found, through }
    }

    /// What stands behind a host that a `ServiceEntry` declares for Pods of a namespace: its one endpoint, or the one
    /// workload that it picks. What a mesh makes of a connection is decided by the host itself.
    pub(super) fn behind(&self, set: &Set<'e>, resolved: Resolved<'e>, namespace: &str) -> Resolved<'e> {
        let entry = name_of(&resolved.host).and_then(|name| self.entries.of(&name, namespace));
        let Some(entry) = entry else { return resolved };
        let mut through = resolved.through;
        let host = match (entry.endpoint(), entry.workload(set)) {
            (Some(address), _) => self.follow(set, self.look_up(set, address, None), &mut through),
            (None, Some(workload)) => Host::Workload { workload, service: None },
            (None, None) => resolved.host,
        };
        Resolved { host, through }
    }

    /// Follows what leads to other names.
    fn follow(&self, set: &Set<'e>, mut step: Step<'e>, through: &mut Vec<&'e Resource>) -> Host {
        while let Step::Follow(by, to) = step {
            let seen = through.iter().any(|earlier| earlier.id == by.id);
            if seen || through.len() == CHAIN {
                return Host::Unknown;
            }
            through.push(by);
            step = self.look_up(set, to, None);
        }
        if let Step::Found(host) = step { host } else { Host::Unknown }
    }

    /// What a host and port mean to one workload: its `hostAliases`, its own Pod and the proxies there count too.
    pub(super) fn resolve_from(
        &self,
        set: &Set<'e>,
        host: &str,
        port: Option<u16>,
        caller: WorkloadId,
    ) -> Resolved<'e> {
        let workload = set.workloads().get(caller);
        let alias = loopback::alias(workload, host);
        let resolved = self.resolve(set, alias.unwrap_or(host), workload.namespace);
        if resolved.host != Host::Loopback {
            return resolved;
        }
        loopback::resolve(self, set, port, caller)
    }

    /// `namespace`: where the search for the name starts; `None`: the name is absolute.
    fn look_up(&self, set: &Set<'e>, host: &str, namespace: Option<&str>) -> Step<'e> {
        let name = canonical(host);
        if !is_host(&name) {
            return Step::Found(Host::Unknown);
        }
        if is_loopback(&name) {
            return Step::Found(Host::Loopback);
        }
        // An address to listen on, which nobody calls.
        if is_unspecified(&name) {
            return Step::Found(Host::Unknown);
        }
        if is_address(&name) {
            return Step::Found(match self.addresses.service_at(set.services(), &name) {
                Some(service) => Host::Service(service),
                None => Host::External(name),
            });
        }
        let relative = namespace.filter(|_| !host.trim().ends_with('.'));
        let labels: Vec<&str> = name.split('.').collect();
        match (labels.as_slice(), relative) {
            ([service, namespace, "svc", ..], _) => self.service(set, namespace, service),
            ([pod, service, namespace, "svc", ..], _) => self.pod(set, namespace, service, pod),
            ([service], Some(namespace)) => self.service(set, namespace, service),
            ([first, second], Some(namespace)) => {
                if let Some(host) = Self::stateful_pod(set, namespace, second, first) {
                    return Step::Found(host);
                }
                if set.services().named(second, first).is_some()
                    || self.operators.named(second, first).is_some()
                    || self.namespaces.contains(second)
                    || !is_top_level(second)
                {
                    return self.service(set, second, first);
                }
                Step::Found(Host::External(name))
            }
            ([pod, service, namespace], Some(_)) if set.services().named(namespace, service).is_some() => {
                self.pod(set, namespace, service, pod)
            }
            _ => Step::Found(Host::External(name)),
        }
    }

    fn service(&self, set: &Set<'e>, namespace: &str, name: &str) -> Step<'e> {
        if let Some(id) = set.services().named(namespace, name) {
            let service = set.services().get(id);
            if let Some(to) = service.external_name {
                return Step::Follow(service.resource, to);
            }
            return match self.addresses.only_address(service) {
                Some(to) => Step::Follow(service.resource, to),
                None => Step::Found(Host::Service(id)),
            };
        }
        Step::Found(match self.operators.named(namespace, name) {
            Some(operated) => Host::Operated(operated),
            None => Host::Undeclared { namespace: namespace.to_owned(), name: name.to_owned() },
        })
    }

    fn pod(&self, set: &Set<'e>, namespace: &str, service: &str, pod: &str) -> Step<'e> {
        match Self::stateful_pod(set, namespace, service, pod) {
            Some(host) => Step::Found(host),
            None => self.service(set, namespace, service),
        }
    }

    /// The workload of a Pod that a headless Service gives a name of its own.
    fn stateful_pod(set: &Set<'e>, namespace: &str, service: &str, pod: &str) -> Option<Host> {
        let id = set.services().named(namespace, service)?;
        let service = set.services().get(id);
        if !is_headless(service) {
            return None;
        }
        let is_of = |workload: &&WorkloadId| {
            let name = &*set.workloads().get(**workload).resource.object.name;
            let ordinal = pod.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
            ordinal.is_some_and(|ordinal| {
                !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let workload = service.selected.iter().find(is_of)?;
        Some(Host::Workload { workload: *workload, service: Some(id) })
    }
}

/// Whether the names of a Service's Pods can be looked up.
fn is_headless(service: &Service<'_>) -> bool {
    service.node.str_at(&["spec", "clusterIP"]) == Some("None")
}

/// The name under which a `ServiceEntry` may know a host.
fn name_of(host: &Host) -> Option<String> {
    match host {
        Host::External(name) => Some(name.clone()),
        Host::Undeclared { namespace, name } => Some(format!("{name}.{namespace}.svc.cluster.local")),
        _ => None,
    }
}

/// Lower case, without the dot of an absolute name and the brackets of an IPv6 address.
fn canonical(host: &str) -> String {
    let host = host.trim().trim_end_matches('.');
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    inner.to_ascii_lowercase()
}

/// Whether a text can be a host at all; templates and expansions cannot. A name of the Pod's own network may hold `_`.
fn is_host(name: &str) -> bool {
    !name.is_empty()
        && !name.contains("..")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':'))
        && (!name.contains(':') || is_address(name) || is_instance(name))
}

/// `project:region:instance` of Cloud SQL.
fn is_instance(name: &str) -> bool {
    let parts: Vec<&str> = name.split(':').collect();
    matches!(parts.as_slice(), [.., region, instance] if parts.len() <= 4 && region.contains('-') && !instance.is_empty())
}

fn is_address(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_unspecified(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_unspecified())
}

fn is_top_level(label: &str) -> bool {
    TOP_LEVEL.contains(&label)
}
