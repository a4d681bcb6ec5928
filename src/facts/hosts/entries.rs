//! `ServiceEntry`s of Istio: hosts that a mesh knows beside its Services (networking/v1 `ServiceEntry`).

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Set, workloads::WorkloadId},
};

/// All entries, by host.
#[derive(Debug)]
pub(super) struct Entries<'e> {
    /// Hosts in lower case; those with a wildcard by what stands behind `*.`.
    exact: BTreeMap<String, Vec<Entry<'e>>>,
    wildcards: BTreeMap<String, Vec<Entry<'e>>>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'e> {
    pub(super) resource: &'e Resource,
    node: NodeRef<'e>,
}

impl<'e> Entries<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut entries = Self { exact: BTreeMap::new(), wildcards: BTreeMap::new() };
        for resource in view.of_kind("networking.istio.io", "ServiceEntry") {
            let node = view.estate.node(resource);
            let hosts = node.at(&["spec", "hosts"]).into_iter().flat_map(NodeRef::items);
            for host in hosts.filter_map(NodeRef::as_str).map(str::to_ascii_lowercase) {
                let (map, key) = match host.strip_prefix("*.") {
                    Some(suffix) => (&mut entries.wildcards, suffix.to_owned()),
                    None => (&mut entries.exact, host),
                };
                map.entry(key).or_default().push(Entry { resource, node });
            }
        }
        entries
    }

    /// The entry that tells Pods of a namespace about a host: an exact one before wildcards, of those the longest.
    pub(super) fn of(&self, host: &str, namespace: &str) -> Option<Entry<'e>> {
        let visible =
            |entries: &Vec<Entry<'e>>| entries.iter().find(|entry| entry.is_visible(namespace)).copied();
        self.exact.get(host).and_then(visible).or_else(|| {
            let suffixes = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
            suffixes.filter_map(|suffix| self.wildcards.get(suffix)).find_map(visible)
        })
    }
}

impl<'e> Entry<'e> {
    /// The one address behind the host; `None` where there are several, or the host is its own.
    pub(super) fn endpoint(&self) -> Option<&'e str> {
        let endpoints = self.node.at(&["spec", "endpoints"])?.items();
        let mut addresses = endpoints.filter_map(|endpoint| endpoint.str_at(&["address"]));
        let first = addresses.next().filter(|address| !address.contains('/'))?;
        addresses.all(|other| other == first).then_some(first)
    }

    /// The one workload of its namespace that its selector picks.
    pub(super) fn workload(&self, set: &Set<'e>) -> Option<WorkloadId> {
        let labels = self.node.at(&["spec", "workloadSelector", "labels"])?;
        let wanted: Vec<(&str, &str)> =
            labels.entries().filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect();
        let namespace = self.resource.identity.namespace.as_deref()?;
        let ids = set.workloads().in_namespace(namespace).iter().copied();
        let mut picked = ids.filter(|id| {
            let has = set.workloads().get(*id);
            wanted.iter().all(|(key, value)| has.labels.get(key).is_some_and(|label| *label == *value))
        });
        let first = picked.next().filter(|_| !wanted.is_empty())?;
        picked.next().is_none().then_some(first)
    }

    /// `exportTo`: by default every namespace; `.` is its own.
    fn is_visible(&self, namespace: &str) -> bool {
        let Some(targets) = self.node.at(&["spec", "exportTo"]).filter(|node| node.items().next().is_some())
        else {
            return true;
        };
        let own = self.resource.identity.namespace.as_deref();
        targets.items().filter_map(NodeRef::as_str).any(|target| match target {
            "*" => true,
            "." => own == Some(namespace),
            named => named == namespace,
        })
    }
}
