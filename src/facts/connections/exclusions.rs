//! Traffic that leaves a client without its proxy (domains.md 1a: B3, L2, C2).

use crate::facts::{
    Because, Truth,
    mesh::{Capture, LINKERD_IGNORED, Mesh, Namespace, PortList, intercepts_nothing, texts},
    services::Service,
    workloads::Workload,
};

const ISTIO_PORTS: &str = "traffic.sidecar.istio.io/excludeOutboundPorts";
const ISTIO_RANGES: &str = "traffic.sidecar.istio.io/excludeOutboundIPRanges";
const ISTIO_ONLY_RANGES: &str = "traffic.sidecar.istio.io/includeOutboundIPRanges";
const ISTIO_ONLY_PORTS: &str = "traffic.sidecar.istio.io/includeOutboundPorts";

const CONSUL_CAPTURE: &str = "consul.hashicorp.com/transparent-proxy";

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
    home: Option<&Namespace<'_>>,
    mesh: Mesh,
    port: Option<u16>,
    service: Option<&Service<'_>>,
    capture: &Capture,
) -> Option<(Truth, Because)> {
    let annotations = client.pod.metadata.and_then(|metadata| metadata.get("annotations"));
    // That of the Pod, else of the installation.
    let said = |key: &str, installed: Option<&str>| {
        if let Some((_, text)) = texts(annotations).find(|(name, _)| *name == key) {
            let said = format!("{} says `{key}: {}`", client.resource.id, text.text);
            return Some((text.text.into_owned(), Because::decided(said, client.resource, text.place)));
        }
        // Linkerd's annotations count on the Namespace, too (L2).
        if let Some(home) = home.filter(|_| mesh == Mesh::Linkerd)
            && let Some(text) = home.annotation(key)
        {
            let said = format!("{} says `{key}: {}`", home.resource.id, text.text);
            let because = Because::decided(said, home.resource, text.place.clone());
            return Some((text.text.clone().into_owned(), because));
        }
        let text = installed?;
        Some((text.to_owned(), Because::default(format!("the installation sets `{text}` for `{key}`"))))
    };
    for (_, key) in PORTS.iter().filter(|(owner, _)| *owner == mesh) {
        let installed = match mesh {
            Mesh::IstioSidecar => capture.exclude_outbound.as_deref(),
            Mesh::Linkerd => Some(capture.linkerd_outbound.as_deref().unwrap_or(LINKERD_IGNORED)),
            _ => None,
        };
        if let Some((text, step)) = said(key, installed)
            && port.is_some_and(|port| PortList::new(&text).contains(port))
        {
            return Some((Truth::True, step));
        }
    }
    // Without it a proxy takes only what programs send to its own address.
    if mesh == Mesh::Consul
        && let Some((text, step)) = said(CONSUL_CAPTURE, None)
        && text == "false"
    {
        return Some((Truth::True, step));
    }
    if mesh != Mesh::IstioSidecar {
        return None;
    }
    if let Some(step) = intercepts_nothing(client, capture) {
        return Some((Truth::True, step));
    }
    let only_ranges = said(ISTIO_ONLY_RANGES, capture.include_ranges.as_deref());
    if let Some((text, step)) = only_ranges.filter(|(text, _)| text != "*") {
        let listed = said(ISTIO_ONLY_PORTS, capture.include_outbound.as_deref());
        let listed = listed.map(|(text, _)| PortList::new(&text));
        if listed.is_some_and(|ports| port.is_some_and(|port| ports.contains(port))) {
            return None;
        }
        let leaves = if text.trim().is_empty() { Truth::True } else { Truth::Unknown };
        return Some((leaves, step));
    }
    let (text, step) = said(ISTIO_RANGES, capture.exclude_ranges.as_deref())?;
    let address = service.and_then(|service| service.node.str_at(&["spec", "clusterIP"]));
    let leaves = excluded(&text, address);
    (leaves != Truth::False).then_some((leaves, step))
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
