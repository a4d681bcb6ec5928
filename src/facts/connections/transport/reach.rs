//! Whether a client's proxy knows where a connection leads; what it does not know it sends on as it is.

use super::{Client, Destination, Transports};
use crate::facts::{
    Because, Truth,
    connections::sidecars::{Reach, Wanted},
    mesh::texts,
    places,
    services::ServiceId,
};

/// Namespaces whose proxies know a Service.
const EXPORT_TO: &str = "networking.istio.io/exportTo";

impl Transports<'_, '_> {
    /// Whether the client's proxy knows where the connection leads.
    pub(super) fn reach(&self, client: &Client<'_>, destination: &Destination) -> Reach {
        let Some((pod, _)) = client.workload else { return Reach::Known };
        if let Some(step) = destination.service.and_then(|service| self.kept(service, client.namespace)) {
            return Reach::PassedThrough(step);
        }
        if let Some(reach) = destination.service.and_then(|service| self.unseen(service)) {
            return reach;
        }
        let entry = || self.set.hosts().entry(&destination.host, client.namespace);
        let namespace = match destination.service {
            Some(service) => Some(self.set.services().get(service).namespace),
            None => entry().and_then(|entry| entry.identity.namespace.as_deref()),
        };
        // What the mesh has no name for is sent on by every proxy, unless it is told to refuse that.
        let Some(namespace) = namespace else {
            let refuses = destination.is_external && self.sidecars.refuses(pod, client.namespace);
            let text = format!(
                "{} is in no ServiceEntry, and REGISTRY_ONLY has the client's proxy refuse such hosts",
                destination.host
            );
            return if refuses { Reach::Refused(Because::default(text)) } else { Reach::Known };
        };
        if let Some(step) = destination.service.and_then(|service| self.undeclared_port(service, destination))
        {
            return Reach::PassedThrough(step);
        }
        let wanted = Wanted { host: &destination.host, namespace, port: destination.port };
        self.sidecars.reach(pod, client.namespace, wanted, self.routes)
    }

    /// A Service of a namespace that the control plane does not look at, or may not (I8).
    fn unseen(&self, service: ServiceId) -> Option<Reach> {
        let service = self.set.services().get(service);
        let meshes = self.set.mesh();
        let namespace = format!("Namespace/{}", service.namespace);
        match meshes.configuration.discovers(service.namespace, &meshes.namespaces) {
            Truth::True => None,
            Truth::False => {
                let text = format!(
                    "`discoverySelectors` leave out {namespace}, so the client's proxy sends on what it gets"
                );
                Some(Reach::PassedThrough(Because::default(text)))
            }
            Truth::Unknown => {
                let text = format!("whether `discoverySelectors` leave out {namespace} is not known");
                Some(Reach::Unknown(Because::default(text), namespace))
            }
        }
    }

    /// A Service that other namespaces' proxies are not told of (istio/api `annotation/annotations.yaml`).
    fn kept(&self, service: ServiceId, namespace: &str) -> Option<Because> {
        let service = self.set.services().get(service);
        let own = texts(service.node.at(&["metadata", "annotations"])).find(|(key, _)| *key == EXPORT_TO);
        let Some((_, list)) = own else {
            let default = &self.set.mesh().configuration.default_service_export_to;
            let is_told = service.namespace == namespace || !default.iter().any(|to| to == ".");
            let text = format!(
                "the mesh keeps {} in its namespace (`defaultServiceExportTo`), so the client's proxy sends on what it gets",
                service.resource.id
            );
            return (!is_told).then(|| Because::default(text));
        };
        let is_told = list.text.split(',').map(str::trim).any(|to| match to {
            "*" => true,
            "." => service.namespace == namespace,
            named => named == namespace,
        });
        let text = format!(
            "{} is exported to `{}`, so the client's proxy sends on what it gets",
            service.resource.id, list.text
        );
        (!is_told).then(|| Because::decided(text, service.resource, list.place))
    }

    /// A port that a headless Service does not declare: its Pods are reached all the same, but not as part of the mesh.
    fn undeclared_port(&self, service: ServiceId, destination: &Destination) -> Option<Because> {
        let port = destination.port?;
        let service = self.set.services().get(service);
        if service.ports.is_empty() || service.ports.iter().any(|declared| declared.port == Some(port)) {
            return None;
        }
        let text = format!(
            "{} declares no port {port}, so clients' proxies send it on as it is",
            service.resource.id
        );
        Some(Because::decided(text, service.resource, places::name(service.node)))
    }
}
