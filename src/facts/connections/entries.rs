//! Calls of hosts that a `ServiceEntry` makes part of the mesh (domains.md 1a: D14).

use std::sync::Arc;

use super::{Caller, Finder, calls::Call, transport::Destination};
use crate::{document::NodeRef, resource::selector::Selector};

impl Finder<'_, '_> {
    /// Whether a `ServiceEntry` says that a host is part of the mesh.
    pub(super) fn is_inside(&self, host: &str, namespace: &str) -> bool {
        let entry = self.set.hosts().entry(host, namespace);
        let node = entry.map(|entry| self.set.view.estate.node(entry));
        node.and_then(|node| node.str_at(&["spec", "location"])) == Some("MESH_INTERNAL")
    }

    /// It leads to the Pods that it selects, or to machines that the input does not hold.
    pub(super) fn call_entry(&mut self, caller: &Caller<'_, '_>, host: &str, call: &Call) {
        let Some(entry) = self.set.hosts().entry(host, caller.client.namespace) else { return };
        let node = self.set.view.estate.node(entry);
        let labels = node.at(&["spec", "workloadSelector", "labels"]).and_then(Selector::of_labels);
        let namespace = entry.namespace();
        let selected =
            labels.map(|labels| self.set.workloads().select(namespace, &labels)).unwrap_or_default();
        let ports = node.at(&["spec", "ports"]).into_iter().flat_map(NodeRef::items);
        let mut asked = ports.filter(|port| {
            call.port
                .is_none_or(|asked| port.get("number").and_then(NodeRef::as_i64) == Some(i64::from(asked)))
        });
        let target = asked.next().and_then(|port| port.get("targetPort").or_else(|| port.get("number")));
        let target = target.and_then(NodeRef::as_i64).and_then(|port| u16::try_from(port).ok());
        let mut destination = self.destination(None, call.port, call.speaks_tls);
        host.clone_into(&mut destination.host);
        if selected.is_empty() {
            self.add(caller, &destination, Some(Arc::clone(&entry.id)));
        }
        for server in selected {
            let server = Some(server);
            self.add(
                caller,
                &Destination { server, port: target.or(call.port), ..destination.clone() },
                None,
            );
        }
    }
}
