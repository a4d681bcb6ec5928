//! Which meshes an estate is about at all: an undeclared Namespace leaves only those open.

use std::collections::BTreeSet;

use super::{Flavour, charts, namespaces::Namespaces};
use crate::{
    document::NodeRef, estate::View, facts::workloads::Workloads, resource::terraform::releases::Release,
};

/// Meshes that anything in the estate names.
#[derive(Debug, Default)]
pub(super) struct Hints {
    pub(super) flavours: BTreeSet<Flavour>,
    /// Istio without sidecars.
    pub(super) ambient: bool,
}

/// Keys of labels and annotations by their prefix.
const KEYS: [(&str, Flavour); 6] = [
    ("sidecar.istio.io/", Flavour::Istio),
    ("istio.io/", Flavour::Istio),
    ("istio-injection", Flavour::Istio),
    ("linkerd.io/", Flavour::Linkerd),
    ("kuma.io/", Flavour::Kuma),
    ("consul.hashicorp.com/", Flavour::Consul),
];

/// API groups by their end.
const GROUPS: [(&str, Flavour); 7] = [
    ("sailoperator.io", Flavour::Istio),
    ("maistra.io", Flavour::OpenShift),
    ("istio.io", Flavour::Istio),
    ("linkerd.io", Flavour::Linkerd),
    ("kuma.io", Flavour::Kuma),
    ("consul.hashicorp.com", Flavour::Consul),
    ("cilium.io", Flavour::Cilium),
];

impl Hints {
    pub(super) fn new(
        view: &View<'_>,
        workloads: &Workloads<'_>,
        namespaces: &Namespaces<'_>,
        releases: &[Release],
    ) -> Self {
        let mut hints = Self::default();
        for resource in view.resources() {
            let group = &*resource.object.group;
            let flavour = GROUPS.iter().find(|(end, _)| {
                group.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            });
            hints.flavours.extend(flavour.map(|(_, flavour)| *flavour));
            hints.ambient |= group == "gateway.networking.k8s.io"
                && view.estate.node(resource).str_at(&["spec", "gatewayClassName"]) == Some("istio-waypoint");
        }
        for (_, workload) in workloads.iter() {
            for map in ["labels", "annotations"] {
                let map = workload.pod.metadata.and_then(|metadata| metadata.get(map));
                map.into_iter().flat_map(NodeRef::entries).for_each(|(key, _, _)| hints.key(key));
            }
        }
        for (_, namespace) in namespaces.iter() {
            namespace.keys().for_each(|key| hints.key(key));
        }
        hints.flavours.extend(releases.iter().filter_map(|release| charts::flavour(&release.chart)));
        if hints.flavours.contains(&Flavour::OpenShift) {
            hints.flavours.remove(&Flavour::Istio);
        }
        if hints.ambient {
            hints.flavours.insert(Flavour::Istio);
        }
        hints
    }

    fn key(&mut self, key: &str) {
        let named = |prefix: &str| {
            key.starts_with(prefix) || key.split_once('.').is_some_and(|(_, rest)| rest.starts_with(prefix))
        };
        let flavour = KEYS.iter().find(|(prefix, _)| named(prefix));
        self.flavours.extend(flavour.map(|(_, flavour)| *flavour));
        self.ambient |= key == "istio.io/dataplane-mode" || key.starts_with("ambient.istio.io/");
    }
}
