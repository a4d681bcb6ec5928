//! Workloads of a set: everything that runs Pods, with the labels that select it and the service it belongs to.
//!
//! Deliberately absent: ports, which Services decide too (see [`super::services`]).

mod logical_services;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    document::NodeRef,
    estate::{Estate, Observed, Resource, View},
    resource::{
        selector::{Labels, Selector},
        workload::PodTemplate,
    },
};

/// Position of a workload among those of its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct WorkloadId(pub(super) usize);

/// One owner of Pods, and one of the Pods that it writes: most kinds write a single one.
#[derive(Debug)]
pub(super) struct Workload<'e> {
    pub(super) resource: &'e Resource,
    pub(super) node: NodeRef<'e>,
    pub(super) pod: PodTemplate<'e>,
    pub(super) namespace: &'e str,
    /// Labels of its Pods: what everything selects by.
    pub(super) labels: Labels<'e>,
    /// Name of the `ServiceAccount` that its Pods run as.
    pub(super) service_account: &'e str,
    /// The logical service: the name that the configuration gives it, else `namespace/name`; equal for versions of one
    /// service (domains.md Q7).
    pub(super) service: Arc<str>,
    /// What its running Pods show, where it is live.
    pub(super) observed: Option<&'e Observed>,
}

/// All workloads of a set, indexed by the labels of their Pods.
#[derive(Debug)]
pub(super) struct Workloads<'e> {
    all: Vec<Workload<'e>>,
    by_label: BTreeMap<(&'e str, &'e str, &'e str), Vec<WorkloadId>>,
    by_namespace: BTreeMap<&'e str, Vec<WorkloadId>>,
}

impl<'e> Workload<'e> {
    /// All of an object: its Pods are one service, by their labels where these agree.
    fn all(resource: &'e Resource, node: NodeRef<'e>, estate: &'e Estate) -> Vec<Self> {
        let pods = PodTemplate::all(&resource.object, node);
        let mut all: Vec<Self> = pods.into_iter().map(|pod| Self::new(resource, node, pod, estate)).collect();
        if let Some((first, others)) = all.split_first()
            && others.iter().any(|other| other.service != first.service)
        {
            let service = logical_services::named(first.namespace, &resource.object.name, &Labels::default());
            all.iter_mut().for_each(|workload| workload.service = Arc::clone(&service));
        }
        all
    }

    fn new(resource: &'e Resource, node: NodeRef<'e>, pod: PodTemplate<'e>, estate: &'e Estate) -> Self {
        let namespace = resource.namespace();
        let labels: Labels<'e> = pod.labels().collect();
        // `serviceAccount` is the deprecated alias, and the API server lets `serviceAccountName` win.
        let service_account =
            pod.text("serviceAccountName").or_else(|| pod.text("serviceAccount")).unwrap_or("default");
        let service = match estate.config.service_of(&resource.id) {
            Some(declared) => declared.into(),
            None => logical_services::named(namespace, &resource.object.name, &labels),
        };
        let observed = estate.observed(&resource.id);
        Self { resource, node, pod, namespace, labels, service_account, service, observed }
    }

    /// Labels by which its Pods are told from others: those that it selects by, else all that they have.
    pub(super) fn selecting(&self) -> BTreeMap<&'e str, &'e str> {
        let selector = self.node.at(&["spec", "selector", "matchLabels"]);
        let selected = selector.into_iter().flat_map(NodeRef::entries);
        let selected: BTreeMap<&str, &str> =
            selected.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect();
        if selected.is_empty() {
            self.labels.iter().map(|(key, value)| (*key, *value)).collect()
        } else {
            selected
        }
    }

    /// Value of an annotation of its Pods.
    pub(super) fn annotation(&self, key: &str) -> Option<&'e str> {
        self.pod.metadata?.get("annotations")?.str_at(&[key])
    }
}

impl<'e> Workloads<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: Vec<Workload<'e>> = view
            .resources()
            .flat_map(|resource| Workload::all(resource, view.estate.node(resource), view.estate))
            .collect();
        logical_services::join(&mut all, |id| view.estate.config.service_of(id).is_some());
        let mut by_label: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut by_namespace: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (index, workload) in all.iter().enumerate() {
            by_namespace.entry(workload.namespace).or_default().push(WorkloadId(index));
            for (key, value) in &workload.labels {
                by_label.entry((workload.namespace, *key, *value)).or_default().push(WorkloadId(index));
            }
        }
        Self { all, by_label, by_namespace }
    }

    pub(super) fn get(&self, id: WorkloadId) -> &Workload<'e> {
        self.all.get(id.0).expect("a WorkloadId is only made by the set that it indexes")
    }

    /// The workload with an id of the contract.
    #[cfg(test)]
    pub(super) fn by_id(&self, id: &str) -> Option<WorkloadId> {
        self.iter().find(|(_, workload)| &*workload.resource.id == id).map(|(id, _)| id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (WorkloadId, &Workload<'e>)> {
        self.all.iter().enumerate().map(|(index, workload)| (WorkloadId(index), workload))
    }

    /// Namespaces in which workloads are, sorted.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &'e str> {
        self.by_namespace.keys().copied()
    }

    pub(super) fn in_namespace(&self, namespace: &str) -> &[WorkloadId] {
        self.by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// Workloads of a namespace whose Pods a selector matches; an empty selector matches all. Only those with its
    /// rarest label are looked at.
    pub(super) fn select(&self, namespace: &str, selector: &Selector<'_>) -> Vec<WorkloadId> {
        let candidates = selector
            .pairs()
            .map(|(key, value)| {
                self.by_label.get(&(namespace, key, value)).map(Vec::as_slice).unwrap_or_default()
            })
            .min_by_key(|candidates| candidates.len())
            .unwrap_or_else(|| self.in_namespace(namespace));
        candidates.iter().filter(|id| selector.matches(&self.get(**id).labels)).copied().collect()
    }
}
