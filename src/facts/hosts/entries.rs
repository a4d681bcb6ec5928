//! `ServiceEntry`s of Istio: hosts that a mesh knows beside its Services (networking/v1 `ServiceEntry`).

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::{Resource, View},
};

/// All entries, by host.
#[derive(Debug)]
pub(super) struct Entries<'e> {
    /// Hosts in lower case; those with a wildcard by what stands behind `*.`.
    exact: BTreeMap<String, Vec<Entry<'e>>>,
    wildcards: BTreeMap<String, Vec<Entry<'e>>>,
}

#[derive(Debug)]
struct Entry<'e> {
    resource: &'e Resource,
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
    pub(super) fn of(&self, host: &str, namespace: &str) -> Option<&'e Resource> {
        let visible = |entries: &Vec<Entry<'e>>| {
            entries.iter().find(|entry| entry.is_visible(namespace)).map(|entry| entry.resource)
        };
        self.exact.get(host).and_then(visible).or_else(|| {
            let suffixes = host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
            suffixes.filter_map(|suffix| self.wildcards.get(suffix)).find_map(visible)
        })
    }
}

impl Entry<'_> {
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
