//! Reach: who could open a connection to a database server, beside who is told to (domains.md Q11).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Datastores, ServedBy, ServerId, planned, readers::Role};
use crate::{
    estate::Resource,
    facts::{
        Because, Set,
        network::{Admitted, Port},
        places,
        truth::Truth,
        workloads::WorkloadId,
    },
    resource::selector::Selector,
    source::Place,
};

/// Who could connect.
#[derive(Debug)]
pub(super) struct Reach {
    /// Everybody whom `whom` names.
    pub(super) everyone: Truth,
    pub(super) whom: String,
    pub(super) because: Vec<Because>,
    /// Others than its users, where not everyone could.
    pub(super) others: Vec<Other>,
    /// Services that are known to use it.
    pub(super) users: usize,
}

/// Who could connect, and is not known to need it.
#[derive(Debug)]
pub(super) struct Other {
    /// Id of a workload or of a planned resource.
    pub(super) id: String,
    /// The logical service that it is a version of.
    pub(super) service: String,
    pub(super) surely: Truth,
    pub(super) because: Vec<Because>,
}

/// More callers than anybody reads; one is enough for a finding.
const MOST: usize = 20;

impl Reach {
    /// `None` where the Pods that serve are not known.
    pub(super) fn of(set: &Set<'_>, datastores: &Datastores<'_>, server: ServerId) -> Option<Self> {
        let ServedBy::Workload(to) = datastores.servers.get(server).served_by else {
            return planned::reach(set, datastores, server);
        };
        let port = Port { number: datastores.servers.get(server).pod_port, protocol: "TCP" };
        let users = datastores.accesses_to(server);
        let needed: BTreeSet<&str> = users.iter().map(|access| &*access.caller.service).collect();
        let own = &set.workloads().get(to).service;
        let Admitted { mut everyone, by, callers } =
            set.network().admitted(set, to, port, MOST + needed.len());
        let mut because: Vec<Because> =
            by.into_iter().map(|(policy, place)| decides(policy, place)).collect();
        if everyone != Truth::False
            && let Some(policy) = datastores.identity_policy(set, to)
        {
            everyone = Truth::Unknown;
            because.push(policy);
        }
        let is_other = |id: &WorkloadId| {
            let workload = set.workloads().get(*id);
            !needed.contains(&*workload.service)
                && workload.service != *own
                && Role::of(workload) == Role::Service
                && datastores.servers.run_by(*id).is_none()
        };
        let others = callers.into_iter().filter(|(id, _)| is_other(id)).map(|(id, allowed)| Other {
            id: set.workloads().get(id).resource.id.to_string(),
            service: set.workloads().get(id).service.to_string(),
            surely: allowed.truth,
            because: allowed.by.into_iter().map(|(policy, place)| decides(policy, place)).collect(),
        });
        Some(Self {
            everyone,
            whom: "every Pod".to_owned(),
            because,
            others: others.take(MOST).collect(),
            users: needed.len(),
        })
    }
}

fn decides(policy: &Resource, place: Place) -> Because {
    Because {
        text: format!("{} decides who may connect", policy.id),
        resource: Some(Arc::clone(&policy.id)),
        origin: Some(place.into()),
    }
}

/// Policies of meshes that admit callers by identity, by namespace.
pub(super) fn identity_policies<'e>(set: &Set<'e>) -> BTreeMap<&'e str, Vec<&'e Resource>> {
    let mut by_namespace: BTreeMap<&'e str, Vec<&'e Resource>> = BTreeMap::new();
    let istio = set.view.of_kind("security.istio.io", "AuthorizationPolicy");
    for policy in istio.chain(set.view.of_kind("policy.linkerd.io", "Server")) {
        let namespace = policy.identity.namespace.as_deref().unwrap_or_default();
        by_namespace.entry(namespace).or_default().push(policy);
    }
    by_namespace
}

impl Datastores<'_> {
    /// A policy of a mesh that admits callers of a workload by identity: whom, is not worked out here.
    fn identity_policy(&self, set: &Set<'_>, to: WorkloadId) -> Option<Because> {
        let workload = set.workloads().get(to);
        let mut selecting = self.identity_policies.get(workload.namespace)?.iter().filter(|policy| {
            let node = set.view.estate.node(policy);
            let selector = match &*policy.object.kind {
                "Server" => node.at(&["spec", "podSelector"]).and_then(Selector::of_label_selector),
                _ if node.str_at(&["spec", "action"]).is_some_and(|action| action != "ALLOW") => {
                    return false;
                }
                _ => match node.at(&["spec", "selector", "matchLabels"]) {
                    Some(labels) => Selector::of_labels(labels),
                    None => Some(Selector::default()),
                },
            };
            selector.is_none_or(|selector| selector.matches(&workload.labels))
        });
        let policy = selecting.next()?;
        Some(decides(policy, places::name(set.view.estate.node(policy))))
    }
}
