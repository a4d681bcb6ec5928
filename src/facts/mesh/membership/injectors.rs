//! The injectors of the meshes, one function each: what they make of a Pod in its Namespace.
//!
//! Sources: istio `mutatingwebhook.yaml`, `inject.go`; `cni/pkg/util`; linkerd2 `pkg/inject/report.go`; the
//! references of Kuma and Consul.

use super::{Injection, Pod, RESERVED};
use crate::{
    estate::Resource,
    facts::{
        Because, Truth,
        mesh::{
            configuration::{Configuration, Flavour},
            namespaces::{Namespace, Text},
        },
    },
};

const SIDECAR: &str = "sidecar.istio.io/inject";
const INJECTION: &str = "istio-injection";
const REVISION: &str = "istio.io/rev";
const DATAPLANE: &str = "istio.io/dataplane-mode";
const LINKERD: &str = "linkerd.io/inject";
const KUMA: &str = "kuma.io/sidecar-injection";
const CONSUL: &str = "consul.hashicorp.com/connect-inject";

/// Namespaces whose Pods Linkerd leaves alone.
const LINKERD_RESERVED: [&str; 2] = ["kube-system", "cert-manager"];

impl Injection {
    const fn new(injects: Truth, because: Because) -> Self {
        Self { injects, because, missing: None, said: true }
    }

    fn of_label(injects: bool, owner: &Resource, key: &str, text: &Text<'_>) -> Self {
        let said = format!("{} says `{key}: {}`", owner.id, text.text);
        Self::new(Truth::from(injects), Because::decided(said, owner, text.place.clone()))
    }

    fn host_network(pod: Pod<'_, '_>) -> Option<Self> {
        let node = pod.host_network()?;
        let owner = pod.workload.resource;
        let text = format!("{} says `hostNetwork: true`, with which no proxy is injected", owner.id);
        Some(Self::new(Truth::False, Because::decided(text, owner, node.place())))
    }

    fn reserved(pod: Pod<'_, '_>, namespaces: &[&str]) -> Option<Self> {
        let namespace = pod.workload.namespace;
        let text = format!("nothing is injected into namespace {namespace}");
        namespaces.contains(&namespace).then(|| Self::new(Truth::False, Because::default(text)))
    }

    /// Nobody declared the Namespace, whose labels or annotations decide.
    fn undeclared(pod: Pod<'_, '_>) -> Self {
        let missing = format!("Namespace/{}", pod.workload.namespace);
        let text = format!("{missing} is not in the input, and its labels decide");
        Self { injects: Truth::Unknown, because: Because::default(text), missing: Some(missing), said: false }
    }

    fn unlabelled(namespace: &Namespace<'_>, what: &str) -> Self {
        let text = format!("{} does not say `{what}`", namespace.resource.id);
        let because = Because::decided(text, namespace.resource, namespace.absence.clone());
        Self { said: false, ..Self::new(Truth::False, because) }
    }
}

/// Istio's sidecar: the webhook's selectors, then the injector (I1–I6).
pub(super) fn sidecar(pod: Pod<'_, '_>, configuration: &Configuration) -> Injection {
    let owner = pod.workload.resource;
    if let Some(text) = pod.annotation("sidecar.istio.io/status") {
        return Injection::of_label(true, owner, "sidecar.istio.io/status", &text);
    }
    if let Some(no) = Injection::host_network(pod).or_else(|| Injection::reserved(pod, &RESERVED)) {
        return no;
    }
    if is_openshift(configuration) {
        return openshift(pod, configuration);
    }
    let label = pod.label(SIDECAR);
    if let Some(no) = label.as_ref().filter(|label| label.text == "false") {
        return Injection::of_label(false, owner, SIDECAR, no);
    }
    let wants = label.as_ref().filter(|label| label.text == "true");
    if label.is_none()
        && let Some(no) = pod.annotation(SIDECAR).filter(|annotation| annotation.text == "false")
    {
        return Injection::of_label(false, owner, SIDECAR, &no);
    }
    let asks = || pod.annotation(SIDECAR).filter(|_| label.is_none()).is_some_and(|text| text.text == "true");
    let selected = || configuration.injects_by_selector(&pod.workload.labels);
    let selected = if wants.is_some() || asks() { None } else { Some(selected()) };
    if selected == Some(Some(false)) {
        return Injection::new(
            Truth::False,
            Because::default("`neverInjectSelector` of Istio's injector selects it"),
        );
    }
    if configuration.injects_on_request && selected == Some(None) {
        return Injection::new(Truth::False, Because::default("Istio injects only where a Pod asks for it"));
    }
    let Some(namespace) = pod.namespace else { return Injection::undeclared(pod) };
    if let Some(injection) = namespace.label(INJECTION) {
        return Injection::of_label(injection.text == "enabled", namespace.resource, INJECTION, injection);
    }
    if let Some(revision) = namespace.label(REVISION) {
        return of_revision(namespace.resource, revision, configuration);
    }
    if let Some(revision) = pod.label(REVISION) {
        return of_revision(owner, &revision, configuration);
    }
    if let Some(wants) = wants {
        return Injection::of_label(true, owner, SIDECAR, wants);
    }
    if configuration.inject_by_default {
        return Injection::new(Truth::True, Because::default("Istio injects wherever nothing forbids it"));
    }
    if let Some(annotation) = pod.annotation(SIDECAR) {
        // The webhook sees labels only, so an annotation reaches no injector.
        let text = format!("{} asks for a proxy by annotation, which no webhook reads", owner.id);
        return Injection::new(Truth::False, Because::decided(text, owner, annotation.place));
    }
    Injection::unlabelled(namespace, "istio-injection: enabled")
}

fn is_openshift(configuration: &Configuration) -> bool {
    configuration.declared.flavour == Some(Flavour::OpenShift)
        || configuration.hints.contains(&Flavour::OpenShift)
}

/// A revision injects only where a control plane or a tag has that name (I5).
fn of_revision(owner: &Resource, revision: &Text<'_>, configuration: &Configuration) -> Injection {
    let mut injection = Injection::of_label(true, owner, REVISION, revision);
    if !configuration.revisions.contains(&*revision.text) {
        injection.injects = Truth::Unknown;
        injection.missing = Some(format!("a control plane or tag of Istio named `{}`", revision.text));
    }
    injection
}

/// `OpenShift` Service Mesh 2: members of the roll, whose Pods ask by annotation (I6).
fn openshift(pod: Pod<'_, '_>, configuration: &Configuration) -> Injection {
    let owner = pod.workload.resource;
    let Some(asks) = pod.annotation(SIDECAR) else {
        let text = format!("{} does not ask for a proxy by annotation", owner.id);
        return Injection { said: false, ..Injection::new(Truth::False, Because::default(text)) };
    };
    let mut injection = Injection::of_label(asks.text == "true", owner, SIDECAR, &asks);
    if injection.injects == Truth::True && !configuration.members.contains(pod.workload.namespace) {
        injection.injects = Truth::Unknown;
        injection.missing = Some("ServiceMeshMemberRoll".to_owned());
    }
    injection
}

/// Istio without sidecars (A1).
pub(super) fn ambient(pod: Pod<'_, '_>, _: &Configuration) -> Injection {
    let owner = pod.workload.resource;
    if let Some(no) = Injection::host_network(pod) {
        return no;
    }
    if let Some(text) = pod.annotation("ambient.istio.io/redirection") {
        let key = "ambient.istio.io/redirection";
        return Injection::of_label(text.text == "enabled", owner, key, &text);
    }
    if let Some(mode) = pod.label(DATAPLANE)
        && (mode.text == "ambient" || mode.text == "none")
    {
        return Injection::of_label(mode.text == "ambient", owner, DATAPLANE, &mode);
    }
    let Some(namespace) = pod.namespace else { return Injection::undeclared(pod) };
    match namespace.label(DATAPLANE) {
        Some(mode) => Injection::of_label(mode.text == "ambient", namespace.resource, DATAPLANE, mode),
        None => Injection::unlabelled(namespace, "istio.io/dataplane-mode: ambient"),
    }
}

/// Linkerd's proxy (L1): annotations, where an invalid value injects nothing.
pub(super) fn linkerd(pod: Pod<'_, '_>, _: &Configuration) -> Injection {
    let owner = pod.workload.resource;
    let refused = Injection::host_network(pod).or_else(|| Injection::reserved(pod, &LINKERD_RESERVED));
    if let Some(no) = refused {
        return no;
    }
    if let Some(skips) = pod.namespace.and_then(|namespace| {
        namespace.label("config.linkerd.io/admission-webhooks").filter(|value| value.text == "disabled")
    }) && let Some(namespace) = pod.namespace
    {
        let key = "config.linkerd.io/admission-webhooks";
        return Injection::of_label(false, namespace.resource, key, skips);
    }
    let wants = |text: &Text<'_>| matches!(&*text.text, "enabled" | "ingress");
    if let Some(text) = pod.annotation(LINKERD) {
        let broken = pod.namespace.and_then(|namespace| namespace.annotation(LINKERD));
        if let Some(broken) = broken.filter(|text| !wants(text) && text.text != "disabled")
            && let Some(namespace) = pod.namespace
        {
            return Injection::of_label(false, namespace.resource, LINKERD, broken);
        }
        return Injection::of_label(wants(&text), owner, LINKERD, &text);
    }
    let Some(namespace) = pod.namespace else { return Injection::undeclared(pod) };
    match namespace.annotation(LINKERD) {
        Some(text) => Injection::of_label(wants(text), namespace.resource, LINKERD, text),
        None => Injection::unlabelled(namespace, "linkerd.io/inject: enabled"),
    }
}

/// Kuma's sidecar (C2): a label, formerly an annotation, of the Pod before that of its Namespace.
pub(super) fn kuma(pod: Pod<'_, '_>, _: &Configuration) -> Injection {
    let wants = |text: &Text<'_>| matches!(&*text.text, "enabled" | "true");
    if let Some(no) = Injection::host_network(pod) {
        return no;
    }
    if let Some(text) = pod.label(KUMA).or_else(|| pod.annotation(KUMA)) {
        return Injection::of_label(wants(&text), pod.workload.resource, KUMA, &text);
    }
    let Some(namespace) = pod.namespace else { return Injection::undeclared(pod) };
    match namespace.label(KUMA).or_else(|| namespace.annotation(KUMA)) {
        Some(text) => Injection::of_label(wants(text), namespace.resource, KUMA, text),
        None => Injection::unlabelled(namespace, "kuma.io/sidecar-injection: enabled"),
    }
}

/// Consul's proxy (C3): an annotation of the Pod, else the default of the installation.
pub(super) fn consul(pod: Pod<'_, '_>, configuration: &Configuration) -> Injection {
    if let Some(text) = pod.annotation(CONSUL) {
        return Injection::of_label(text.text == "true", pod.workload.resource, CONSUL, &text);
    }
    let because = Because::default("Consul's default is what `connectInject.default` says");
    Injection { said: false, ..Injection::new(Truth::from(configuration.consul_injects), because) }
}
