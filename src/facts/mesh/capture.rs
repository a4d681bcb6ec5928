//! Ports that reach the program without the proxy of its mesh (domains.md 1a: B1, B2, L2, C2).
//!
//! Source: istio `injection-template.yaml` and `api/annotation/annotations.yaml`; the annotations of the other meshes.

use super::{
    Mesh,
    configuration::{Capture, Configuration},
    membership::Pod,
    namespaces::{Text, texts},
    port_list::PortList,
};
use crate::{
    document::yaml,
    facts::{Because, Truth, workloads::Workload},
    source::SourceId,
};

/// Ports of Istio's own proxy: they are served by it, never by the program.
const PROXY_PORTS: [u16; 6] = [15001, 15006, 15008, 15020, 15021, 15090];

/// Ports that Linkerd leaves alone unless told otherwise: Galera's, whose server speaks first.
pub(in crate::facts) const LINKERD_IGNORED: &str = "4567,4568";

const EXCLUDE: &str = "traffic.sidecar.istio.io/excludeInboundPorts";
const INCLUDE: &str = "traffic.sidecar.istio.io/includeInboundPorts";
const INTERFACES: &str = "traffic.sidecar.istio.io/excludeInterfaces";
const INTERCEPTION: &str = "sidecar.istio.io/interceptionMode";
pub(super) const PROXY_CONFIG: &str = "proxy.istio.io/config";
const AMBIENT_BYPASS: &str = "ambient.istio.io/bypass-inbound-capture";
const LINKERD_SKIP: &str = "config.linkerd.io/skip-inbound-ports";
/// Clients of these addresses are let past the proxy of the server (linkerd2-proxy-init `iptables.go`,
/// `makeIgnoreSubnet`, which matches sources).
const LINKERD_SUBNETS: &str = "config.linkerd.io/skip-subnets";
const KUMA_EXCLUDE: &str = "traffic.kuma.io/exclude-inbound-ports";
const CONSUL_CAPTURE: &str = "consul.hashicorp.com/transparent-proxy";
const CONSUL_EXCLUDE: &str = "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports";

/// Whether a port bypasses the proxy, and what says so.
#[derive(Debug)]
pub(super) struct Bypass {
    pub(super) bypasses: Truth,
    pub(super) because: Option<Because>,
}

impl Bypass {
    const NO: Self = Self { bypasses: Truth::False, because: None };

    fn said(bypasses: Truth, pod: Pod<'_, '_>, key: &str, text: Text<'_>) -> Self {
        let owner = pod.workload.resource;
        let said = format!("{} says `{key}: {}`", owner.id, text.text);
        Self { bypasses, because: Some(Because::decided(said, owner, text.place)) }
    }

    /// What would decide, where it is open.
    pub(super) const fn missing(mesh: Mesh) -> &'static str {
        match mesh {
            Mesh::Linkerd => "the addresses of its clients",
            Mesh::Consul => "whether the program listens for its proxy alone",
            _ => "which interface clients reach",
        }
    }
}

/// Whether a port belongs to the proxy itself, and is nobody's business.
pub(super) fn is_of_proxy(mesh: Mesh, port: u16) -> bool {
    match mesh {
        Mesh::IstioSidecar => PROXY_PORTS.contains(&port),
        Mesh::IstioAmbient => matches!(port, 15008 | 15020 | 15021),
        Mesh::Linkerd => matches!(port, 4143 | 4191),
        _ => false,
    }
}

/// `port`: the container's; `None`: any.
pub(super) fn bypass(
    pod: Pod<'_, '_>,
    mesh: Mesh,
    port: Option<u16>,
    configuration: &Configuration,
) -> Bypass {
    match mesh {
        Mesh::IstioSidecar => sidecar(pod, port, configuration),
        Mesh::IstioAmbient => match pod.annotation(AMBIENT_BYPASS) {
            Some(text) if text.text == "true" => Bypass::said(Truth::True, pod, AMBIENT_BYPASS, text),
            _ => Bypass::NO,
        },
        Mesh::Linkerd => linkerd(pod, port, configuration),
        Mesh::Kuma => excluded(pod, port, KUMA_EXCLUDE).unwrap_or(Bypass::NO),
        Mesh::Consul => consul(pod, port),
        Mesh::Cilium | Mesh::None | Mesh::Unknown => Bypass::NO,
    }
}

/// Whether the proxy of a Pod captures nothing, and what says so: its annotation, else its `ProxyConfig`, else that of the
/// mesh (istio `injection-template.yaml`).
pub(in crate::facts) fn intercepts_nothing(workload: &Workload<'_>, capture: &Capture) -> Option<Because> {
    let owner = workload.resource;
    let mut of_proxy = None;
    for (key, text) in texts_of_pod(workload, "annotations") {
        let because = |value: &str| {
            Because::decided(format!("{} says `{key}: {value}`", owner.id), owner, text.place.clone())
        };
        if key == INTERCEPTION {
            return (text.text == "NONE").then(|| because(&text.text));
        }
        if key == PROXY_CONFIG {
            let parsed = yaml::parse(SourceId(0), &(&*text.text).into());
            let mode =
                parsed.documents.first().and_then(|config| config.root().str_at(&["interceptionMode"]));
            of_proxy = mode.map(|mode| (mode == "NONE").then(|| because("interceptionMode: NONE")));
        }
    }
    of_proxy.unwrap_or_else(|| {
        let is_none = capture.interception.as_deref() == Some("NONE");
        is_none.then(|| Because::default("the mesh sets `interceptionMode: NONE` for all sidecars"))
    })
}

/// Labels or annotations of Pods.
pub(super) fn texts_of_pod<'w>(
    workload: &'w Workload<'_>,
    map: &str,
) -> impl Iterator<Item = (&'w str, Text<'w>)> {
    texts(workload.pod.metadata.and_then(|metadata| metadata.get(map)))
}

fn sidecar(pod: Pod<'_, '_>, port: Option<u16>, configuration: &Configuration) -> Bypass {
    if let Some(because) = intercepts_nothing(pod.workload, &configuration.capture) {
        return Bypass { bypasses: Truth::True, because: Some(because) };
    }
    let installed = |text: &str| Bypass { bypasses: Truth::True, because: Some(Because::default(text)) };
    let lists = |text: &str| port.is_some_and(|port| PortList::new(text).contains(port));
    match (pod.annotation(EXCLUDE), &configuration.capture.exclude_inbound) {
        (Some(text), _) if lists(&text.text) => return Bypass::said(Truth::True, pod, EXCLUDE, text),
        (None, Some(text)) if lists(text) => {
            return installed("the installation excludes the port from all sidecars");
        }
        _ => {}
    }
    let captures = |text: &str| {
        let list = PortList::new(text);
        port.map_or(!list.is_empty(), |port| list.contains(port))
    };
    match (pod.annotation(INCLUDE), &configuration.capture.include_inbound) {
        (Some(text), _) if !captures(&text.text) => return Bypass::said(Truth::True, pod, INCLUDE, text),
        (None, Some(text)) if !captures(text) => {
            return installed("the installation has sidecars capture other ports alone");
        }
        _ => {}
    }
    // Which network a client comes from is not in a manifest.
    match pod.annotation(INTERFACES).filter(|text| !text.text.trim().is_empty()) {
        Some(text) => Bypass::said(Truth::Unknown, pod, INTERFACES, text),
        None => Bypass::NO,
    }
}

/// The annotation of the Pod replaces that of its Namespace (L2).
fn linkerd(pod: Pod<'_, '_>, port: Option<u16>, configuration: &Configuration) -> Bypass {
    let Some(text) = pod.inherited(LINKERD_SKIP) else {
        let installed = configuration.capture.linkerd_inbound.as_deref();
        if port.is_some_and(|port| PortList::new(installed.unwrap_or(LINKERD_IGNORED)).contains(port)) {
            let text = match installed {
                Some(ports) => format!("the installation has Linkerd leave {ports} alone"),
                None => format!("Linkerd leaves {LINKERD_IGNORED} alone by default"),
            };
            return Bypass { bypasses: Truth::True, because: Some(Because::default(text)) };
        }
        return by_subnets(pod);
    };
    if port.is_some_and(|port| PortList::new(&text.text).contains(port)) {
        return Bypass::said(Truth::True, pod, LINKERD_SKIP, text);
    }
    by_subnets(pod)
}

fn by_subnets(pod: Pod<'_, '_>) -> Bypass {
    let Some(text) = pod.inherited(LINKERD_SUBNETS) else { return Bypass::NO };
    // Nobody but the Pod and its node has such addresses.
    let is_local =
        |subnet: &str| ["127.", "169.254.", "fe80:", "::1"].iter().any(|own| subnet.starts_with(own));
    let foreign =
        text.text.split(',').map(str::trim).filter(|subnet| !subnet.is_empty() && !is_local(subnet));
    let bypasses = foreign.map(|subnet| match subnet {
        "0.0.0.0/0" | "::/0" => Truth::True,
        _ => Truth::Unknown,
    });
    match bypasses.fold(Truth::False, Truth::or) {
        Truth::False => Bypass::NO,
        bypasses => Bypass::said(bypasses, pod, LINKERD_SUBNETS, text),
    }
}

/// Without transparent proxying, a program that listens to more than its own address is reached past the proxy.
fn consul(pod: Pod<'_, '_>, port: Option<u16>) -> Bypass {
    match pod.annotation(CONSUL_CAPTURE).filter(|text| text.text == "false") {
        Some(text) => Bypass::said(Truth::Unknown, pod, CONSUL_CAPTURE, text),
        None => excluded(pod, port, CONSUL_EXCLUDE).unwrap_or(Bypass::NO),
    }
}

fn excluded(pod: Pod<'_, '_>, port: Option<u16>, key: &str) -> Option<Bypass> {
    let text = pod.annotation(key)?;
    let is_listed = port.is_some_and(|port| PortList::new(&text.text).contains(port));
    is_listed.then(|| Bypass::said(Truth::True, pod, key, text))
}
