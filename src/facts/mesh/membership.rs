//! Whether a workload's Pods are in a mesh, and in which (domains.md 1a: I1–I8, A1, L1, C1–C3).
//!
//! Each mesh's injector is asked; what a Pod says is final only where its own injector has it so. A Namespace that
//! nobody declared leaves the answer open, unless the Pod alone decides.

mod injectors;

use std::sync::Arc;

use self::injectors::{ambient, consul, kuma, linkerd, sidecar};
use super::{
    configuration::{Configuration, Flavour},
    namespaces::{Namespace, Text, texts},
};
use crate::{
    document::NodeRef,
    estate::Observed,
    facts::{Because, Truth, places, workloads::Workload},
};

/// What carries the connections of a workload (contract, "`probity facts`").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Mesh {
    IstioSidecar,
    IstioAmbient,
    Linkerd,
    Kuma,
    Consul,
    Cilium,
    None,
    Unknown,
}

impl Mesh {
    pub(in crate::facts) const fn name(self) -> &'static str {
        match self {
            Self::IstioSidecar => "istio-sidecar",
            Self::IstioAmbient => "istio-ambient",
            Self::Linkerd => "linkerd",
            Self::Kuma => "kuma",
            Self::Consul => "consul",
            Self::Cilium => "cilium",
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }

    pub(in crate::facts) const fn is_istio(self) -> bool {
        matches!(self, Self::IstioSidecar | Self::IstioAmbient)
    }
}

/// A workload's mesh with what decided it.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Membership {
    pub(in crate::facts) mesh: Mesh,
    pub(in crate::facts) because: Because,
    /// What would decide, where the mesh is unknown.
    pub(in crate::facts) missing: Option<String>,
}

/// What one injector makes of a Pod.
#[derive(Debug)]
struct Injection {
    injects: Truth,
    because: Because,
    missing: Option<String>,
    /// Whether something says so, rather than nothing saying otherwise.
    said: bool,
}

/// A Pod as injectors see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pod<'w, 'e> {
    pub(super) workload: &'w Workload<'e>,
    /// `None`: nobody declared it.
    pub(super) namespace: Option<&'w Namespace<'e>>,
}

/// Namespaces that belong to Kubernetes, where nothing is injected.
pub(super) const RESERVED: [&str; 4] =
    ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"];

/// Containers that are proxies of a mesh.
const PROXIES: [(&str, Mesh); 5] = [
    ("istio-proxy", Mesh::IstioSidecar),
    ("linkerd-proxy", Mesh::Linkerd),
    ("kuma-sidecar", Mesh::Kuma),
    ("consul-dataplane", Mesh::Consul),
    ("envoy-sidecar", Mesh::Consul),
];

/// An injector with its mesh.
type Injector = (Flavour, Mesh, fn(Pod<'_, '_>, &Configuration) -> Injection);

const INJECTORS: [Injector; 5] = [
    (Flavour::Istio, Mesh::IstioSidecar, sidecar),
    (Flavour::Istio, Mesh::IstioAmbient, ambient),
    (Flavour::Linkerd, Mesh::Linkerd, linkerd),
    (Flavour::Kuma, Mesh::Kuma, kuma),
    (Flavour::Consul, Mesh::Consul, consul),
];

impl<'e> Pod<'_, 'e> {
    pub(super) fn label(&self, key: &str) -> Option<Text<'e>> {
        self.text("labels", key)
    }

    pub(super) fn annotation(&self, key: &str) -> Option<Text<'e>> {
        self.text("annotations", key)
    }

    fn text(&self, map: &str, key: &str) -> Option<Text<'e>> {
        let map = self.workload.pod.metadata.and_then(|metadata| metadata.get(map));
        texts(map).find(|(name, _)| *name == key).map(|(_, text)| text)
    }

    /// Value of an annotation of the Pod, else of its Namespace.
    pub(super) fn inherited(&self, key: &str) -> Option<Text<'e>> {
        self.annotation(key).or_else(|| self.namespace?.annotation(key).cloned())
    }

    pub(super) fn host_network(&self) -> Option<NodeRef<'e>> {
        self.workload.pod.field("hostNetwork").filter(|node| node.as_bool() == Some(true))
    }

    /// Whether it runs Istio's proxy as a gateway of its own: `proxy router`.
    pub(super) fn routes_itself(&self) -> bool {
        let mut proxies = self
            .workload
            .pod
            .containers()
            .filter(|container| container.str_at(&["name"]) == Some("istio-proxy"));
        proxies.any(|proxy| {
            let mut words = ["command", "args"]
                .into_iter()
                .filter_map(|key| proxy.get(key))
                .flat_map(NodeRef::items)
                .filter_map(NodeRef::as_str);
            words.any(|word| word == "router")
        })
    }

    fn proxy(&self) -> Option<(Mesh, NodeRef<'e>)> {
        self.workload.pod.containers().find_map(|container| {
            let name = container.get("name")?;
            let (_, mesh) = PROXIES.iter().find(|(proxy, _)| name.as_str() == Some(proxy))?;
            Some((*mesh, name))
        })
    }
}

/// `is_authenticated`: whether a Cilium policy demands that clients of the workload prove who they are.
pub(super) fn membership(
    pod: Pod<'_, '_>,
    configuration: &Configuration,
    is_authenticated: bool,
) -> Membership {
    let id = &pod.workload.resource;
    if let Some(mesh) = pod.workload.observed.and_then(|observed| observed_mesh(pod, observed)) {
        return mesh;
    }
    if let Some((mesh, name)) = pod.proxy().filter(|_| pod.workload.observed.is_none()) {
        let text = format!("{} runs the proxy itself", id.id);
        return Membership { mesh, because: Because::decided(text, id, name.place()), missing: None };
    }
    let declared = configuration.declared.flavour;
    let is_cilium = is_authenticated || declared == Some(Flavour::Cilium);
    let cilium = || {
        let because = Because::default("Cilium carries its connections without a proxy of their own");
        Membership { mesh: Mesh::Cilium, because, missing: None }
    };
    // What runs wins over what labels ask for.
    if let Some(observed) = pod.workload.observed {
        let none = || Membership { mesh: Mesh::None, because: shown(pod, observed), missing: None };
        return if is_cilium { cilium() } else { none() };
    }
    let mut refused: Vec<(bool, Injection)> = Vec::new();
    let mut open: Option<Injection> = None;
    for (flavour, mesh, injector) in INJECTORS {
        if declared.is_some_and(|declared| !declared.runs(flavour)) {
            continue;
        }
        let injection = injector(pod, configuration);
        match injection.injects {
            Truth::True => return Membership { mesh, because: injection.because, missing: None },
            Truth::False => {
                let is_named = !configuration.hints.is_empty() || declared.is_some();
                refused.push((is_named && is_in_play(flavour, mesh, configuration), injection));
            }
            Truth::Unknown if is_in_play(flavour, mesh, configuration) => {
                open = open.or(Some(injection));
            }
            Truth::Unknown => {}
        }
    }
    if is_cilium {
        return cilium();
    }
    if let Some(open) = open {
        return Membership { mesh: Mesh::Unknown, because: open.because, missing: open.missing };
    }
    Membership { mesh: Mesh::None, because: refusal(pod, refused), missing: None }
}

/// The mesh that all running Pods are in; `None`: some are in none, so that what talks to them may be in clear.
fn observed_mesh(pod: Pod<'_, '_>, observed: &Observed) -> Option<Membership> {
    let proxies = PROXIES.iter().map(|(proxy, mesh)| (*mesh, observed.with(proxy)));
    let ambient = [(Mesh::IstioAmbient, observed.redirected)];
    let (mesh, _) = proxies.chain(ambient).find(|(_, count)| *count == observed.running)?;
    let id = &pod.workload.resource.id;
    let because = Because {
        text: match observed.running {
            1 => format!("the running Pod of {id} is in the mesh"),
            running => format!("all {running} running Pods of {id} are in the mesh"),
        },
        resource: Some(Arc::clone(id)),
        origin: Some(places::name(pod.workload.node).into()),
    };
    Some(Membership { mesh, because, missing: None })
}

/// How many running Pods are in no mesh, whatever labels ask for.
fn shown(pod: Pod<'_, '_>, observed: &Observed) -> Because {
    let proxied: usize = PROXIES.iter().map(|(proxy, _)| observed.with(proxy)).sum();
    let without = observed.running.saturating_sub(proxied.max(observed.redirected));
    let (id, running) = (&pod.workload.resource.id, observed.running);
    let text = match (without, running) {
        (_, 1) => format!("the running Pod of {id} has no proxy"),
        (0, _) => format!("the {running} running Pods of {id} are not all in one mesh"),
        (_, _) if without == running => format!("none of the {running} running Pods of {id} has a proxy"),
        (_, _) => format!("{without} of the {running} running Pods of {id} have no proxy"),
    };
    let resource = Some(Arc::clone(id));
    Because { text, resource, origin: Some(places::name(pod.workload.node).into()) }
}

/// Why no mesh takes a Pod: what was said, else the Namespace that asks for none.
fn refusal(pod: Pod<'_, '_>, refused: Vec<(bool, Injection)>) -> Because {
    let is_named = refused.iter().any(|(in_play, injection)| *in_play || injection.said);
    if let Some(namespace) = pod.namespace.filter(|_| !is_named) {
        let text = format!("{} asks for no mesh", namespace.resource.id);
        return Because::decided(text, namespace.resource, namespace.absence.clone());
    }
    let best = refused.into_iter().min_by_key(|(in_play, injection)| (!injection.said, !in_play));
    best.map_or_else(|| Because::default("no mesh takes it"), |(_, injection)| injection.because)
}

/// Whether a mesh may be there at all. An estate that names no mesh leaves all of them possible; ambient Istio is
/// possible only where something names it, since it is off unless it was chosen.
fn is_in_play(flavour: Flavour, mesh: Mesh, configuration: &Configuration) -> bool {
    if mesh == Mesh::IstioAmbient {
        return configuration.ambient;
    }
    let hints = &configuration.hints;
    configuration.declared.flavour.is_some_and(|declared| declared.runs(flavour))
        || hints.is_empty()
        || hints.iter().any(|hint| hint.runs(flavour))
}

impl Flavour {
    /// Whether a mesh works by the rules of another.
    fn runs(self, other: Self) -> bool {
        self == other || (self == Self::OpenShift && other == Self::Istio)
    }
}
