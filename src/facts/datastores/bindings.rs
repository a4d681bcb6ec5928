//! Service bindings (servicebinding.io/v1): a workload is bound to a server by name, whatever it is told besides.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    clients::{Access, Caller},
    servers::{ServerId, Servers},
};
use crate::{
    document::NodeRef,
    facts::{Because, Set, environment::Evidence, places, workloads::WorkloadId},
    resource::{kubernetes::id_of, selector::Selector},
};

/// One access for each workload of each binding to a server that an operator runs.
pub(super) fn accesses(set: &Set<'_>, servers: &Servers<'_>) -> Vec<Access> {
    let mut found = Vec::new();
    let mut by_id: BTreeMap<&str, WorkloadId> = BTreeMap::new();
    for binding in set.view.of_kind("servicebinding.io", "ServiceBinding") {
        let node = set.view.estate.node(binding);
        let namespace = binding.namespace();
        let Some(server) = bound(set, servers, namespace, node.at(&["spec", "service"])) else { continue };
        let place = node.at(&["spec", "service", "name"]).map_or_else(|| places::name(node), NodeRef::place);
        if by_id.is_empty() {
            by_id.extend(set.workloads().iter().map(|(id, workload)| (&*workload.resource.id, id)));
        }
        for id in workloads(set, &by_id, namespace, node.at(&["spec", "workload"])) {
            let because = Because {
                text: format!("{} binds it to {}", binding.id, servers.get(server).id),
                resource: Some(Arc::clone(&binding.id)),
                origin: Some(place.clone().into()),
            };
            found.push(Access::to(Caller::of(set, id), server, Evidence::Explicit, because));
        }
    }
    found
}

/// The server behind `{apiVersion, kind, name}`.
fn bound(
    set: &Set<'_>,
    servers: &Servers<'_>,
    namespace: &str,
    service: Option<NodeRef<'_>>,
) -> Option<ServerId> {
    let service = service?;
    let group = service.str_at(&["apiVersion"])?.rsplit_once('/').map_or("", |(group, _)| group);
    let id = id_of(group, service.str_at(&["kind"])?, namespace, service.str_at(&["name"])?);
    servers.operated(set.hosts().operators().by_id(&id)?)
}

/// Workloads that `{kind, name}` or `{kind, selector}` mean; the selector is on their own labels.
fn workloads(
    set: &Set<'_>,
    by_id: &BTreeMap<&str, WorkloadId>,
    namespace: &str,
    workload: Option<NodeRef<'_>>,
) -> Vec<WorkloadId> {
    let Some(workload) = workload else { return Vec::new() };
    let kind = workload.str_at(&["kind"]).unwrap_or_default();
    if let Some(name) = workload.str_at(&["name"]) {
        let group = workload.str_at(&["apiVersion"]).and_then(|version| version.rsplit_once('/'));
        let id = id_of(group.map_or("", |(group, _)| group), kind, namespace, name);
        return by_id.get(&*id).copied().into_iter().collect();
    }
    let Some(selector) = workload.get("selector").and_then(Selector::of_label_selector) else {
        return Vec::new();
    };
    let own = set.workloads().in_namespace(namespace).iter();
    let matches = |id: &&WorkloadId| {
        let candidate = set.workloads().get(**id);
        let labels = candidate.node.at(&["metadata", "labels"]).into_iter().flat_map(NodeRef::entries);
        let labels = labels.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect();
        &*candidate.resource.object.kind == kind && selector.matches(&labels)
    };
    own.filter(matches).copied().collect()
}
