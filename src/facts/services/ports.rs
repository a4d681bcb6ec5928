//! Ports: those of a Service, and those that a workload serves on (contract, "`probity facts`").

use std::collections::BTreeMap;

use super::Services;
use crate::{
    document::NodeRef,
    facts::workloads::{Workload, WorkloadId},
    source::Place,
};

/// One port of a Service.
#[derive(Debug)]
pub(in crate::facts) struct ServicePort<'e> {
    pub(in crate::facts) node: NodeRef<'e>,
    pub(in crate::facts) name: Option<&'e str>,
    pub(in crate::facts) port: Option<u16>,
    /// `TCP` unless the port says otherwise.
    pub(in crate::facts) protocol: &'e str,
    pub(in crate::facts) target: Target<'e>,
}

/// Which port of a Pod a Service's port leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Target<'e> {
    Number(u16),
    /// Name of a container's port.
    Name(&'e str),
    /// Half-written.
    Unknown,
}

/// One port that a workload serves on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::facts) struct ContainerPort<'e> {
    /// Number in the Pod; `None`: any port, since nothing tells.
    pub(in crate::facts) port: Option<u16>,
    pub(in crate::facts) protocol: &'e str,
    /// What told of it: the container's port, the Service's, or the probe's.
    pub(in crate::facts) place: Option<Place>,
}

/// A port number.
fn number(node: NodeRef<'_>) -> Option<u16> {
    node.as_i64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number != 0)
}

/// The `targetPort` of a Service's port. One that is null, 0 or empty is by default `port` (kubernetes/kubernetes,
/// `pkg/apis/core/v1/defaults.go`, `SetDefaults_Service`).
pub(in crate::facts) fn target_port(port: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let says =
        |target: &NodeRef<'_>| !target.is_null() && target.as_i64() != Some(0) && target.as_str() != Some("");
    port.get("targetPort").filter(says)
}

impl<'e> ServicePort<'e> {
    pub(in crate::facts) fn all(service: NodeRef<'e>) -> impl Iterator<Item = Self> {
        service.at(&["spec", "ports"]).into_iter().flat_map(NodeRef::items).map(Self::new)
    }

    fn new(node: NodeRef<'e>) -> Self {
        let port = node.get("port").and_then(number);
        let target = match target_port(node) {
            Some(target) => match (number(target), target.as_str()) {
                (Some(number), _) => Target::Number(number),
                (None, Some(name)) => Target::Name(name),
                (None, None) => Target::Unknown,
            },
            None => port.map_or(Target::Unknown, Target::Number),
        };
        let protocol = node.str_at(&["protocol"]).unwrap_or("TCP");
        Self { node, name: node.str_at(&["name"]), port, protocol, target }
    }

    /// The port in a workload's Pods.
    pub(in crate::facts) fn container_port(&self, workload: &Workload<'_>) -> Option<u16> {
        match self.target {
            Target::Number(number) => Some(number),
            Target::Name(name) => workload.named_port(name),
            Target::Unknown => None,
        }
    }
}

impl<'e> Workload<'e> {
    /// Ports that its containers declare.
    pub(in crate::facts) fn declared_ports(&self) -> impl Iterator<Item = NodeRef<'e>> {
        self.pod
            .containers()
            .flat_map(|container| container.get("ports").into_iter().flat_map(NodeRef::items))
    }

    /// Number of a named port.
    pub(in crate::facts) fn named_port(&self, name: &str) -> Option<u16> {
        let mut named = self.declared_ports().filter(|port| port.str_at(&["name"]) == Some(name));
        number(named.next()?.get("containerPort")?)
    }

    /// Paths that the kubelet asks for on a port.
    pub(in crate::facts) fn probed_paths(&self, port: u16) -> Vec<&'e str> {
        let containers = self.pod.containers();
        let probes = containers.flat_map(|container| PROBES.iter().filter_map(move |key| container.get(key)));
        let requests = probes.filter_map(|probe| probe.get("httpGet"));
        let on_port = requests.filter(|request| {
            let Some(written) = request.get("port") else { return false };
            number(written).or_else(|| self.named_port(written.as_str()?)) == Some(port)
        });
        on_port.map(|request| request.str_at(&["path"]).unwrap_or("/")).collect()
    }
}

/// Probes of a container that a port may be read from.
const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

impl<'e> Services<'e> {
    /// Ports of a workload: declared ones, those that Services lead to, and those that probes ask; sorted. None of
    /// them: one entry for any port.
    pub(in crate::facts) fn ports_of(
        &self,
        id: WorkloadId,
        workload: &Workload<'e>,
    ) -> Vec<ContainerPort<'e>> {
        let mut found: BTreeMap<(u16, &'e str), Place> = BTreeMap::new();
        for declared in workload.declared_ports() {
            if let Some(port) = declared.get("containerPort")
                && let Some(number) = number(port)
            {
                let protocol = declared.str_at(&["protocol"]).unwrap_or("TCP");
                found.entry((number, protocol)).or_insert_with(|| port.place());
            }
        }
        for service in self.of_workload(id).iter().map(|service| self.get(*service)) {
            for port in &service.ports {
                let node = target_port(port.node).or_else(|| port.node.get("port")).unwrap_or(port.node);
                if let Some(number) = port.container_port(workload) {
                    found.entry((number, port.protocol)).or_insert_with(|| node.place());
                }
            }
        }
        for container in workload.pod.containers() {
            for probe in PROBES.iter().filter_map(|probe| container.get(probe)) {
                for kind in ["httpGet", "tcpSocket", "grpc"] {
                    let Some(port) = probe.at(&[kind, "port"]) else { continue };
                    let named = || workload.named_port(port.as_str()?);
                    if let Some(number) = number(port).or_else(named) {
                        found.entry((number, "TCP")).or_insert_with(|| port.place());
                    }
                }
            }
        }
        if found.is_empty() {
            return vec![ContainerPort { port: None, protocol: "TCP", place: None }];
        }
        found
            .into_iter()
            .map(|((port, protocol), place)| ContainerPort { port: Some(port), protocol, place: Some(place) })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn a_target_port_that_says_nothing_is_the_port() {
        for (port, expected) in [
            ("{port: 80}", Target::Number(80)),
            ("{port: 80, targetPort: }", Target::Number(80)),
            ("{port: 80, targetPort: 0}", Target::Number(80)),
            ("{port: 80, targetPort: ''}", Target::Number(80)),
            ("{port: 80, targetPort: 8080}", Target::Number(8080)),
            ("{port: 80, targetPort: http}", Target::Name("http")),
        ] {
            let parsed = yaml::parse(SourceId(0), &port.into());
            let document = &parsed.documents[0];
            assert_eq!(ServicePort::new(document.root()).target, expected, "{port}");
        }
    }
}
