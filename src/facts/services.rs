//! Services of a set: what each selects, and where its ports lead.
//!
//! Deliberately absent: names and addresses that lead to Services.

mod ports;

use std::collections::BTreeMap;

pub(super) use self::ports::{ContainerPort, ServicePort, Target, target_port};
use super::workloads::{WorkloadId, Workloads};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    resource::selector::Selector,
};

/// Position of a Service among those of its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ServiceId(pub(super) usize);

/// One Service of Kubernetes itself.
#[derive(Debug)]
pub(super) struct Service<'e> {
    pub(super) resource: &'e Resource,
    pub(super) node: NodeRef<'e>,
    pub(super) namespace: &'e str,
    pub(super) name: &'e str,
    pub(super) ports: Vec<ServicePort<'e>>,
    /// Workloads whose Pods it selects; none for a Service without selector.
    pub(super) selected: Vec<WorkloadId>,
    /// Target of an `ExternalName` Service.
    pub(super) external_name: Option<&'e str>,
}

/// All Services of a set.
#[derive(Debug)]
pub(super) struct Services<'e> {
    all: Vec<Service<'e>>,
    by_name: BTreeMap<(&'e str, &'e str), ServiceId>,
    by_workload: BTreeMap<WorkloadId, Vec<ServiceId>>,
}

impl Service<'_> {
    /// Whether it may be reached from outside of the cluster (core/v1 `ServiceSpec.type` and `externalIPs`).
    pub(super) fn is_open(&self) -> bool {
        let addresses = self.node.at(&["spec", "externalIPs"]).into_iter().flat_map(NodeRef::items);
        matches!(self.node.str_at(&["spec", "type"]), Some("LoadBalancer" | "NodePort"))
            || addresses.count() > 0
    }
}

impl<'e> Service<'e> {
    fn new(resource: &'e Resource, node: NodeRef<'e>, workloads: &Workloads<'e>) -> Self {
        let namespace = resource.namespace();
        let external_name = (node.str_at(&["spec", "type"]) == Some("ExternalName"))
            .then(|| node.str_at(&["spec", "externalName"]).unwrap_or_default());
        let selector = node.at(&["spec", "selector"]).and_then(Selector::of_labels);
        let selected = match selector.filter(|selector| !selector.is_empty() && external_name.is_none()) {
            Some(selector) => workloads.select(namespace, &selector),
            None => Vec::new(),
        };
        let ports = ServicePort::all(node).collect();
        Self { resource, node, namespace, name: &resource.object.name, ports, selected, external_name }
    }
}

impl<'e> Services<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let all: Vec<Service<'e>> = view
            .of_kind("", "Service")
            .map(|resource| Service::new(resource, view.estate.node(resource), workloads))
            .collect();
        let mut by_workload: BTreeMap<WorkloadId, Vec<ServiceId>> = BTreeMap::new();
        for (index, service) in all.iter().enumerate() {
            for workload in &service.selected {
                by_workload.entry(*workload).or_default().push(ServiceId(index));
            }
        }
        let by_name = all
            .iter()
            .enumerate()
            .map(|(index, service)| ((service.namespace, service.name), ServiceId(index)))
            .collect();
        Self { all, by_name, by_workload }
    }

    pub(super) fn get(&self, id: ServiceId) -> &Service<'e> {
        self.all.get(id.0).expect("a ServiceId is only made by the set that it indexes")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ServiceId, &Service<'e>)> {
        self.all.iter().enumerate().map(|(index, service)| (ServiceId(index), service))
    }

    pub(super) fn named(&self, namespace: &str, name: &str) -> Option<ServiceId> {
        self.by_name.get(&(namespace, name)).copied()
    }

    /// Services that select a workload.
    pub(super) fn of_workload(&self, workload: WorkloadId) -> &[ServiceId] {
        self.by_workload.get(&workload).map(Vec::as_slice).unwrap_or_default()
    }
}
