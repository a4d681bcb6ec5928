//! One set, with what was worked out about it: each part once, when it is first asked for.
//!
//! Facts build on each other through this: a part may ask for the parts above it in the list, never below.

use std::sync::OnceLock;

use super::{
    connections::Connections,
    environment::Environments,
    hosts::Hosts,
    mesh::{Declared, Meshes},
    network::Network,
    services::Services,
    workloads::Workloads,
};
use crate::estate::View;

/// One set of the estate and what is known about it.
#[derive(Debug)]
pub struct Set<'e> {
    pub view: View<'e>,
    workloads: OnceLock<Workloads<'e>>,
    services: OnceLock<Services<'e>>,
    environments: OnceLock<Environments<'e>>,
    mesh: OnceLock<Meshes<'e>>,
    connections: OnceLock<Connections<'e>>,
    hosts: OnceLock<Hosts<'e>>,
    network: OnceLock<Network<'e>>,
}

impl<'e> Set<'e> {
    pub fn new(view: View<'e>) -> Self {
        Self {
            view,
            workloads: OnceLock::new(),
            services: OnceLock::new(),
            environments: OnceLock::new(),
            mesh: OnceLock::new(),
            connections: OnceLock::new(),
            hosts: OnceLock::new(),
            network: OnceLock::new(),
        }
    }

    /// Everything that runs Pods.
    pub(super) fn workloads(&self) -> &Workloads<'e> {
        self.workloads.get_or_init(|| Workloads::new(&self.view))
    }

    /// Services of Kubernetes, with the workloads that each selects.
    pub(super) fn services(&self) -> &Services<'e> {
        self.services.get_or_init(|| Services::new(&self.view, self.workloads()))
    }

    /// What each workload is told: variables, arguments and configuration files.
    pub(super) fn environments(&self) -> &Environments<'e> {
        self.environments.get_or_init(|| Environments::new(&self.view, self.workloads()))
    }

    /// Which workloads are in which mesh, and what each port accepts.
    pub(super) fn mesh(&self) -> &Meshes<'e> {
        self.mesh.get_or_init(|| {
            Meshes::new(&self.view, self.workloads(), self.services(), &Declared::new(&self.view.estate.mesh))
        })
    }

    /// Everything that names and addresses lead to.
    pub(super) fn hosts(&self) -> &Hosts<'e> {
        self.hosts.get_or_init(|| Hosts::new(&self.view))
    }

    /// Which Pods may talk to which.
    pub(super) fn network(&self) -> &Network<'e> {
        self.network.get_or_init(|| Network::new(&self.view, self.workloads()))
    }

    /// Who calls whom, and what each connection really uses.
    pub(super) fn connections(&self) -> &Connections<'e> {
        self.connections.get_or_init(|| Connections::new(self))
    }
}
