//! Which policies of Istio are about which workloads: about all of a namespace, about those that a selector selects, or about
//! what is known only after apply.

use std::collections::BTreeMap;

use super::configuration::Configuration;
use crate::{
    facts::workloads::{WorkloadId, Workloads},
    resource::selector::Selector,
};

/// What a selector of a policy in the root namespace selects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum RootSelector {
    Nothing,
    /// As anywhere else.
    OwnNamespace,
    Mesh,
}

/// Policies, by their position in a list of their own.
#[derive(Debug)]
pub(in crate::facts) struct Scopes<'e> {
    root: String,
    root_selector: RootSelector,
    /// Without selector, by namespace; those of the root namespace are about the mesh.
    whole: BTreeMap<&'e str, Vec<usize>>,
    /// With a selector, by the workloads that it selects.
    selecting: BTreeMap<WorkloadId, Vec<usize>>,
    /// With a selector that is known only after apply, by namespace: they may be about any of its workloads.
    open: BTreeMap<&'e str, Vec<usize>>,
}

impl<'e> Scopes<'e> {
    pub(in crate::facts) fn new(configuration: &Configuration, root_selector: RootSelector) -> Self {
        Self {
            root: configuration.root_namespace.clone(),
            root_selector,
            whole: BTreeMap::new(),
            selecting: BTreeMap::new(),
            open: BTreeMap::new(),
        }
    }

    /// `selector`: empty for all; `None`: known only after apply.
    pub(in crate::facts) fn add(
        &mut self,
        position: usize,
        namespace: &'e str,
        selector: Option<&Selector<'e>>,
        workloads: &Workloads<'e>,
    ) {
        let Some(selector) = selector else {
            return self.open.entry(namespace).or_default().push(position);
        };
        if selector.is_empty() {
            return self.whole.entry(namespace).or_default().push(position);
        }
        let among = match self.root_selector {
            RootSelector::Nothing if namespace == self.root => Vec::new(),
            RootSelector::Mesh if namespace == self.root => workloads.namespaces().collect(),
            _ => vec![namespace],
        };
        for workload in among.iter().flat_map(|namespace| workloads.select(namespace, selector)) {
            self.selecting.entry(workload).or_default().push(position);
        }
    }

    /// Without selector in a namespace.
    pub(in crate::facts) fn whole(&self, namespace: &str) -> &[usize] {
        self.whole.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// Without selector in the root namespace.
    pub(in crate::facts) fn of_mesh(&self) -> &[usize] {
        self.whole(&self.root)
    }

    /// With a selector that selects a workload.
    pub(in crate::facts) fn selecting(&self, workload: WorkloadId) -> &[usize] {
        self.selecting.get(&workload).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those in a namespace that may be about any of its workloads.
    pub(super) fn open(&self, namespace: &str) -> &[usize] {
        self.open.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }

    /// Those that may be about a workload of a namespace, where selectors of the root namespace reach it.
    pub(super) fn open_to(&self, namespace: &str) -> impl Iterator<Item = usize> {
        let root = if namespace == self.root { &[] } else { self.open(&self.root) };
        root.iter().chain(self.open(namespace)).copied()
    }

    /// Without selector, about a namespace: those of the mesh, then its own.
    pub(super) fn about_namespace(&self, namespace: &str) -> impl Iterator<Item = usize> {
        let root = if namespace == self.root { &[] } else { self.of_mesh() };
        root.iter().chain(self.whole(namespace)).copied()
    }

    /// All that are sure to be about a workload: those of the mesh, of its namespace, and its own.
    pub(super) fn about(&self, workload: WorkloadId, namespace: &str) -> impl Iterator<Item = usize> {
        self.about_namespace(namespace).chain(self.selecting(workload).iter().copied())
    }

    /// Positions of one level and scope: of each namespace, and of each workload.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[usize]> {
        self.whole.values().chain(self.selecting.values()).map(Vec::as_slice)
    }
}
