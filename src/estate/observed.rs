//! What running Pods show of the workload that they belong to: it wins over what its manifest asks for.

use std::{collections::BTreeMap, sync::Arc};

/// Counts over the running Pods of one workload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// Pods that run.
    pub running: usize,
    /// How many of them run a container of this name, initial ones that stay on included.
    pub containers: BTreeMap<Arc<str>, usize>,
    /// How many of them Istio's node agent takes into its ambient mesh.
    pub redirected: usize,
}

impl Observed {
    pub fn add(&mut self, other: &Self) {
        self.running += other.running;
        self.redirected += other.redirected;
        for (name, count) in &other.containers {
            *self.containers.entry(Arc::clone(name)).or_default() += count;
        }
    }

    /// How many of the running Pods have a container of this name.
    pub fn with(&self, container: &str) -> usize {
        self.containers.get(container).copied().unwrap_or_default()
    }
}
