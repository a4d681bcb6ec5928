//! One set, with what was worked out about it: each part once, when it is first asked for.
//!
//! Facts build on each other through this: a part may ask for the parts above it in the list, never below.

use std::sync::OnceLock;

use super::{
    catalogues::Catalogues,
    connections::Connections,
    credentials::Credentials,
    datastores::Datastores,
    declared::Declarations,
    environment::Environments,
    flows::Flows,
    hosts::Hosts,
    ingress_classes::IngressClasses,
    mesh::{Declared, Meshes},
    network::Network,
    services::Services,
    topics::Topics,
    unbuilt::Unbuilt,
    workloads::Workloads,
};
use crate::estate::View;

/// One set of the estate and what is known about it.
#[derive(Debug)]
pub struct Set<'e> {
    pub view: View<'e>,
    unbuilt: OnceLock<Unbuilt<'e>>,
    workloads: OnceLock<Workloads<'e>>,
    services: OnceLock<Services<'e>>,
    environments: OnceLock<Environments<'e>>,
    mesh: OnceLock<Meshes<'e>>,
    connections: OnceLock<Connections<'e>>,
    hosts: OnceLock<Hosts<'e>>,
    network: OnceLock<Network<'e>>,
    ingress_classes: OnceLock<IngressClasses<'e>>,
    declarations: OnceLock<Declarations<'e>>,
    catalogues: OnceLock<Catalogues>,
    topics: OnceLock<Topics<'e>>,
    flows: OnceLock<Flows>,
    datastores: OnceLock<Datastores<'e>>,
    credentials: OnceLock<Credentials<'e>>,
}

impl<'e> Set<'e> {
    pub fn new(view: View<'e>) -> Self {
        Self {
            view,
            unbuilt: OnceLock::new(),
            workloads: OnceLock::new(),
            services: OnceLock::new(),
            environments: OnceLock::new(),
            mesh: OnceLock::new(),
            connections: OnceLock::new(),
            hosts: OnceLock::new(),
            network: OnceLock::new(),
            ingress_classes: OnceLock::new(),
            declarations: OnceLock::new(),
            catalogues: OnceLock::new(),
            topics: OnceLock::new(),
            flows: OnceLock::new(),
            datastores: OnceLock::new(),
            credentials: OnceLock::new(),
        }
    }

    /// Folders whose manifests are only part of what is deployed.
    pub(super) fn unbuilt(&self) -> &Unbuilt<'e> {
        self.unbuilt.get_or_init(|| Unbuilt::new(self.view.estate))
    }

    /// Everything that runs Pods.
    pub(super) fn workloads(&self) -> &Workloads<'e> {
        self.workloads.get_or_init(|| Workloads::new(&self.view))
    }

    /// Services of Kubernetes, with the workloads that each selects.
    pub(super) fn services(&self) -> &Services<'e> {
        self.services.get_or_init(|| Services::new(&self.view, self.workloads()))
    }

    /// How many settings all containers are told: variables, arguments and keys of mounted files.
    pub fn settings(&self) -> usize {
        self.workloads().iter().map(|(id, _)| self.environments().of(id).len()).sum()
    }

    /// What each workload is told: variables, arguments and configuration files.
    pub(super) fn environments(&self) -> &Environments<'e> {
        self.environments.get_or_init(|| Environments::new(&self.view, self.workloads()))
    }

    /// Which workloads are in which mesh, and what each port accepts.
    pub(super) fn mesh(&self) -> &Meshes<'e> {
        self.mesh.get_or_init(|| {
            Meshes::new(
                &self.view,
                self.workloads(),
                self.services(),
                &Declared::new(&self.view.estate.config.mesh),
            )
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

    /// Which controller serves an Ingress.
    pub(super) fn ingress_classes(&self) -> &IngressClasses<'e> {
        self.ingress_classes.get_or_init(|| IngressClasses::new(&self.view))
    }

    /// What objects say of their data.
    pub(super) fn declarations(&self) -> &Declarations<'e> {
        self.declarations.get_or_init(|| Declarations::new(&self.view))
    }

    /// What catalogues beside the manifests say of data.
    pub(super) fn catalogues(&self) -> &Catalogues {
        self.catalogues.get_or_init(|| Catalogues::new(&self.view))
    }

    /// What services send to each other through brokers.
    pub(super) fn topics(&self) -> &Topics<'e> {
        self.topics.get_or_init(|| Topics::new(self))
    }

    /// Where data goes, and what it is.
    pub(super) fn flows(&self) -> &Flows {
        self.flows.get_or_init(|| Flows::new(self))
    }

    /// Who calls whom, and what each connection really uses.
    pub(super) fn connections(&self) -> &Connections<'e> {
        self.connections.get_or_init(|| Connections::new(self))
    }

    /// Database servers and who uses them.
    pub(super) fn datastores(&self) -> &Datastores<'e> {
        self.datastores.get_or_init(|| Datastores::new(self))
    }

    /// Credentials that each workload consumes, with where they come from.
    pub(super) fn credentials(&self) -> &Credentials<'e> {
        self.credentials.get_or_init(|| Credentials::new(self))
    }
}
