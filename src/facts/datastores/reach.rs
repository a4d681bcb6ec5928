//! Reach: who could open a connection to a database server, beside who is told to (domains.md Q11).

use std::{collections::BTreeSet, sync::Arc};

use super::{Datastores, ServedBy, ServerId, planned, readers::Role};
use crate::{
    estate::Resource,
    facts::{
        Because, Set,
        network::{Admitted, Port},
        truth::Truth,
        workloads::WorkloadId,
    },
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
pub(super) const MOST: usize = 20;

impl Reach {
    /// `None` where nothing of a plan says who could.
    pub(super) fn of(set: &Set<'_>, datastores: &Datastores<'_>, server: ServerId) -> Option<Self> {
        let to = match datastores.servers.get(server).served_by {
            ServedBy::Workload(to) => to,
            ServedBy::Planned { .. } => return planned::reach(set, datastores, server),
            _ => return Some(Self::unread(set, datastores, server)),
        };
        let port = Port { number: datastores.servers.get(server).pod_port, protocol: "TCP" };
        let needed = datastores.needed(set, server);
        let own = &set.workloads().get(to).service;
        let Admitted { mut everyone, by, callers } =
            set.network().admitted(set, to, port, MOST + needed.len());
        let mut because: Vec<Because> =
            by.into_iter().map(|(policy, place)| decides(policy, place)).collect();
        if everyone != Truth::False
            && let Some(policies) = limits(set, to, port.number)
        {
            everyone = Truth::Unknown;
            because.extend(policies);
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

impl Reach {
    /// Of a server whose Pods are not in the input: what guards them is not known.
    fn unread(set: &Set<'_>, datastores: &Datastores<'_>, server: ServerId) -> Self {
        let text = format!("what serves {}", datastores.servers.get(server).id);
        Self {
            everyone: Truth::Unknown,
            whom: String::new(),
            because: vec![Because { text, resource: None, origin: None }],
            others: Vec::new(),
            users: datastores.needed(set, server).len(),
        }
    }
}

fn decides(policy: &Resource, place: Place) -> Because {
    Because {
        text: format!("{} decides who may connect", policy.id),
        resource: Some(Arc::clone(&policy.id)),
        origin: Some(place.into()),
    }
}

impl Datastores<'_> {
    /// Services that need to reach a server: declared owners, else all that use it.
    pub(super) fn needed<'s>(&'s self, set: &'s Set<'_>, server: ServerId) -> BTreeSet<&'s str> {
        let config = &set.view.estate.config;
        let databases = self.databases(server);
        let owners: BTreeSet<&str> =
            databases.iter().filter_map(|database| config.datastore(&self.id(server, database)).0).collect();
        if !owners.is_empty() {
            return owners;
        }
        self.accesses_to(server).into_iter().map(|access| &*access.caller.service).collect()
    }
}

/// What a mesh makes of callers of a port: that it admits some by their identity, and not others.
fn limits(set: &Set<'_>, to: WorkloadId, port: Option<u16>) -> Option<Vec<Because>> {
    let ports = &set.mesh().of(to).ports;
    let of_port = ports.iter().filter(|inbound| inbound.port.port.is_none_or(|other| Some(other) == port));
    let mut limited = of_port.filter(|inbound| inbound.admission.is_limited != Truth::False);
    let limited = limited.next().map(|inbound| inbound.admission.because.clone());
    limited.or_else(|| set.mesh().may_limit(set.workloads(), to, port))
}
