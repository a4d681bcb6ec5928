//! Traffic that leaves a client without its proxy (domains.md 1a: B3, L2, C2).

use crate::{
    document::NodeRef,
    facts::{
        Because, Truth,
        mesh::{Mesh, PortList},
        services::Service,
        workloads::Workload,
    },
};

const ISTIO_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
const ISTIO_RANGES: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const ISTIO_ONLY_RANGES: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const ISTIO_ONLY_PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";
const INTERCEPTION: &str = "sidecar.istio.io/interceptionMode";

/// Annotations that list ports.
const PORTS: [(Mesh, &str); 4] = [
    (Mesh::IstioSidecar, ISTIO_PORTS),
    (Mesh::Linkerd, "config.linkerd.io/skip-outbound-ports"),
    (Mesh::Kuma, "traffic.kuma.io/exclude-outbound-ports"),
    (Mesh::Consul, "consul.hashicorp.com/transparent-proxy-exclude-outbound-ports"),
];

/// Beginnings of ranges in which Services may have their addresses.
const PRIVATE: [&str; 5] = ["10.", "172.", "192.168.", "100.", "fd"];

/// Whether what a client sends to a port leaves its proxy, and what says so; `None`: it does not.
pub(super) fn leaves_proxy(
    client: &Workload<'_>,
    mesh: Mesh,
    port: Option<u16>,
    service: Option<&Service<'_>>,
) -> Option<(Truth, Because)> {
    let annotations = client.pod.metadata?.get("annotations")?;
    let annotation = |key: &str| Some((annotations.get(key)?, annotations.str_at(&[key])?));
    let say = |node: NodeRef<'_>, key: &str, text: &str| {
        let said = format!("{} says `{key}: {text}`", client.resource.id);
        Because::decided(said, client.resource, node.place())
    };
    for (_, key) in PORTS.iter().filter(|(owner, _)| *owner == mesh) {
        if let Some((node, text)) = annotation(key)
            && port.is_some_and(|port| PortList::new(text).contains(port))
        {
            return Some((Truth::True, say(node, key, text)));
        }
    }
    if mesh != Mesh::IstioSidecar {
        return None;
    }
    if let Some((node, text)) = annotation(INTERCEPTION).filter(|(_, text)| *text == "NONE") {
        return Some((Truth::True, say(node, INTERCEPTION, text)));
    }
    if let Some((node, text)) = annotation(ISTIO_ONLY_RANGES).filter(|(_, text)| *text != "*") {
        let listed = annotation(ISTIO_ONLY_PORTS).map(|(_, text)| PortList::new(text));
        if listed.is_some_and(|ports| port.is_some_and(|port| ports.contains(port))) {
            return None;
        }
        let leaves = if text.trim().is_empty() { Truth::True } else { Truth::Unknown };
        return Some((leaves, say(node, ISTIO_ONLY_RANGES, text)));
    }
    let (node, text) = annotation(ISTIO_RANGES)?;
    let address = service.and_then(|service| service.node.str_at(&["spec", "clusterIP"]));
    let leaves = excluded(text, address);
    (leaves != Truth::False).then(|| (leaves, say(node, ISTIO_RANGES, text)))
}

/// Whether ranges hold the address of a Service, which manifests seldom tell.
fn excluded(ranges: &str, address: Option<&str>) -> Truth {
    let ranges: Vec<&str> = ranges.split(',').map(str::trim).collect();
    if ranges.contains(&"0.0.0.0/0") {
        return Truth::True;
    }
    let exact =
        address.is_some_and(|address| ranges.iter().any(|range| range.strip_suffix("/32") == Some(address)));
    let possible = ranges
        .iter()
        .any(|range| !range.ends_with("/32") && PRIVATE.iter().any(|private| range.starts_with(private)));
    match (exact, possible) {
        (true, _) => Truth::True,
        (false, true) => Truth::Unknown,
        (false, false) => Truth::False,
    }
}
