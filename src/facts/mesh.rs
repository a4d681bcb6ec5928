//! Meshes: which workloads are in which, and what each of their ports accepts (domains.md section 1).
//!
//! Deliberately absent: what clients do (see [`super::connections`]).

mod authorization;
mod capture;
mod charts;
mod cilium;
mod configuration;
mod consul;
mod envoy_filter;
mod hints;
mod identity_subjects;
mod kuma;
mod linkerd;
mod membership;
mod namespace_subjects;
mod namespaces;
mod peer_authentication;
mod port_list;
mod scopes;
#[cfg(test)]
mod tests;
mod tunnel;
mod waypoints;
mod workload_subjects;

use std::collections::BTreeSet;

pub use self::configuration::ROOT;
pub(super) use self::{
    authorization::{Admission, Authorizations},
    capture::{LINKERD_IGNORED, intercepts_nothing},
    configuration::{Capture, Configuration, Declared},
    identity_subjects::identities,
    linkerd::{RouteName, Servers},
    membership::{Membership, Mesh},
    namespace_subjects::namespaces,
    namespaces::{Namespace, Namespaces, texts},
    peer_authentication::{PeerAuthentication, PeerAuthentications},
    port_list::PortList,
    scopes::{RootSelector, Scopes},
    tunnel::{sends as sends_tunnel, takes as takes_tunnel},
    workload_subjects::{chain, overview as workload_overview, workloads},
};
use self::{
    capture::Bypass, cilium::Authentications, configuration::Flavour, envoy_filter::EnvoyFilters,
    hints::Hints, membership::Pod,
};
use super::{
    Because, Truth,
    services::{ContainerPort, Service, Services},
    workloads::{Workload, WorkloadId, Workloads},
};
use crate::{
    estate::{Resource, View},
    source::Place,
};

/// What a server's port accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// mTLS alone.
    Strict,
    /// Both mTLS and plaintext.
    Permissive,
    /// Plaintext alone.
    Disabled,
    Unknown,
}

impl Mode {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Permissive => "permissive",
            Self::Disabled => "disabled",
            Self::Unknown => "unknown",
        }
    }

    /// As Istio's policies write it.
    const fn istio_name(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Permissive => "PERMISSIVE",
            Self::Disabled => "DISABLE",
            Self::Unknown => "something unknown",
        }
    }
}

/// What the mesh does for one workload.
#[derive(Debug)]
pub(super) struct Standing<'e> {
    pub(super) membership: Membership,
    pub(super) ports: Vec<Inbound<'e>>,
    /// Whether it is part of Kubernetes or of a mesh itself.
    pub(super) is_platform: bool,
}

/// What one port of a workload accepts.
#[derive(Debug)]
pub(super) struct Inbound<'e> {
    pub(super) port: ContainerPort<'e>,
    pub(super) mode: Mode,
    /// The scalar that decides; `None`: nothing says anything.
    pub(super) place: Option<Place>,
    /// Whether connections reach the program without its proxy.
    pub(super) bypasses: Truth,
    pub(super) admission: Admission,
    /// Whether anybody can be meant to call it: a TCP port of the program, that is declared or selected.
    pub(super) is_judged: bool,
    pub(super) because: Vec<Because>,
    /// What would decide, where the mode is unknown.
    pub(super) missing: Option<String>,
}

/// The meshes of a set.
#[derive(Debug)]
pub(super) struct Meshes<'e> {
    pub(super) configuration: Configuration,
    pub(super) namespaces: Namespaces<'e>,
    peers: PeerAuthentications<'e>,
    authorizations: Authorizations<'e>,
    servers: Servers<'e>,
    authentications: Authentications<'e>,
    filters: EnvoyFilters<'e>,
    permissions: kuma::Permissions<'e>,
    tls: kuma::MeshTls<'e>,
    intentions: consul::Intentions<'e>,
    standings: Vec<Standing<'e>>,
}

/// Namespaces of the meshes' own control planes, beside Istio's root namespace.
const PLATFORM: [&str; 10] = [
    "istio-system",
    "istio-operator",
    "linkerd",
    "linkerd-viz",
    "linkerd-jaeger",
    "linkerd-multicluster",
    "kuma-system",
    "kong-mesh-system",
    "cert-manager",
    "cilium",
];

/// What Istio injects into a Pod; `gateway` makes it one (istio `manifests/charts/gateway`).
const TEMPLATES: &str = "inject.istio.io/templates";

impl<'e> Meshes<'e> {
    pub(super) fn new(
        view: &View<'e>,
        workloads: &Workloads<'e>,
        services: &Services<'e>,
        declared: &Declared,
    ) -> Self {
        let namespaces = Namespaces::new(view);
        let releases = charts::installed(view);
        let hints = Hints::new(view, workloads, &namespaces, &releases);
        let configuration = Configuration::new(view, &releases, hints, declared);
        let mut meshes = Self {
            peers: PeerAuthentications::new(view, workloads, &namespaces, &configuration),
            authorizations: Authorizations::new(view, workloads, &namespaces, &configuration),
            servers: Servers::new(view, workloads),
            authentications: Authentications::new(view, workloads),
            filters: EnvoyFilters::new(view, workloads, &namespaces, &configuration),
            permissions: kuma::Permissions::new(view, &namespaces),
            tls: kuma::MeshTls::new(view, &namespaces),
            intentions: consul::Intentions::new(view),
            standings: Vec::new(),
            configuration,
            namespaces,
        };
        meshes.standings =
            workloads.iter().map(|(id, workload)| meshes.standing(view, services, id, workload)).collect();
        meshes
    }

    /// Whether anything in the estate is about a mesh.
    pub(super) fn is_there(&self) -> bool {
        !self.configuration.hints.is_empty()
    }

    pub(super) fn of(&self, id: WorkloadId) -> &Standing<'e> {
        self.standings.get(id.0).expect("a WorkloadId is only made by the set that it indexes")
    }

    pub(super) const fn peers(&self) -> &PeerAuthentications<'e> {
        &self.peers
    }

    pub(super) const fn authorizations(&self) -> &Authorizations<'e> {
        &self.authorizations
    }

    pub(super) const fn filters(&self) -> &EnvoyFilters<'e> {
        &self.filters
    }

    pub(super) const fn servers(&self) -> &Servers<'e> {
        &self.servers
    }

    /// Name of the Mesh of Kuma that a workload is in, if it is in any.
    pub(super) fn kuma_mesh(&self, workload: &Workload<'e>) -> String {
        kuma::name(Pod { workload, namespace: self.namespaces.get(workload.namespace) })
    }

    /// Where policies for a whole Mesh of Kuma lie, if any does.
    pub(super) fn kuma_home(&self) -> Option<&'e str> {
        self.permissions.home().or(self.tls.home())
    }

    /// Names under which Consul may know a workload, with ids of the intentions about any of them.
    pub(super) fn intentions(
        &self,
        workload: &Workload<'e>,
        names: &[&str],
    ) -> (Vec<String>, BTreeSet<&'e str>) {
        let pod = Pod { workload, namespace: self.namespaces.get(workload.namespace) };
        let names = consul::names(pod, names);
        let found = self.intentions.about(&names);
        (names, found)
    }

    /// Whether ambient clients reach a Service through a waypoint.
    pub(super) fn waypoint(&self, service: &Service<'_>) -> Truth {
        waypoints::is_behind(service, &self.namespaces)
    }

    /// What Istio's policies without selector make of a namespace.
    pub(super) fn mode_of_namespace(&self, namespace: &str) -> Mode {
        self.peers.of_namespace(namespace, &self.configuration).mode
    }

    /// What Istio's policies demand on a port, whether the proxy sees it or not.
    pub(super) fn peer_mode(&self, workloads: &Workloads<'e>, id: WorkloadId, port: Option<u16>) -> Mode {
        self.peers.of_port((id, workloads.get(id)), port, false, &self.configuration).mode
    }

    /// Policies of Istio that admit some callers of a port and not others, where nobody knows whether the workload is in
    /// the mesh.
    pub(super) fn may_limit(
        &self,
        workloads: &Workloads<'e>,
        id: WorkloadId,
        port: Option<u16>,
    ) -> Option<Vec<Because>> {
        let is_unknown = self.of(id).membership.mesh == Mesh::Unknown;
        let admission =
            is_unknown.then(|| self.authorizations.admission(id, workloads.get(id), port, false))?;
        (admission.is_limited != Truth::False).then_some(admission.because)
    }

    /// Whether Istio's control plane reads what lies where a resource does, as far as is known.
    pub(super) fn reads(&self, resource: &Resource) -> bool {
        let namespace = resource.namespace();
        self.configuration.discovers(namespace, &self.namespaces) != Truth::False
    }

    pub(super) fn is_platform(&self, namespace: &str) -> bool {
        namespace == self.configuration.root_namespace
            || membership::RESERVED.contains(&namespace)
            || PLATFORM.contains(&namespace)
    }

    fn standing(
        &self,
        view: &View<'e>,
        services: &Services<'e>,
        id: WorkloadId,
        workload: &Workload<'e>,
    ) -> Standing<'e> {
        let pod = Pod { workload, namespace: self.namespaces.get(workload.namespace) };
        let is_authenticated = self.authentications.contains(id);
        let membership = membership::membership(pod, &self.configuration, is_authenticated);
        // What gateways take is what `Gateway`s say: no PeerAuthentication is about their listeners.
        let is_gateway = membership.mesh == Mesh::IstioSidecar
            && (pod
                .annotation(TEMPLATES)
                .is_some_and(|list| list.text.split(',').any(|one| one.trim() == "gateway"))
                || pod.routes_itself());
        let selected = services.of_workload(id);
        let names = selected.iter().map(|service| services.get(*service).name);
        let names: Vec<&str> = names.chain([&*workload.resource.object.name]).collect();
        let ports = services.ports_of(id, workload).into_iter().map(|port| {
            let number = port.port;
            let of_proxy = number.is_some_and(|number| capture::is_of_proxy(membership.mesh, number));
            let is_judged = port.protocol == "TCP"
                && !of_proxy
                && !is_gateway
                && (!selected.is_empty() || (number.is_some() && !workload.pod.ends));
            let mut inbound = self.inbound(view, id, pod, &membership, port, &names);
            inbound.is_judged = is_judged;
            if membership.mesh == Mesh::IstioAmbient {
                let limits = selected.iter().map(|service| {
                    self.authorizations.waypoints.limit(services.get(*service), &self.namespaces)
                });
                inbound.admission.is_limited = limits.fold(inbound.admission.is_limited, Truth::or);
            }
            inbound
        });
        let ports = ports.collect();
        Standing { ports, is_platform: self.is_platform(workload.namespace), membership }
    }

    fn inbound(
        &self,
        view: &View<'e>,
        id: WorkloadId,
        pod: Pod<'_, 'e>,
        membership: &Membership,
        port: ContainerPort<'e>,
        names: &[&str],
    ) -> Inbound<'e> {
        let mesh = membership.mesh;
        let mut inbound = Inbound {
            mode: Mode::Unknown,
            place: None,
            bypasses: Truth::False,
            admission: Admission::default(),
            is_judged: true,
            because: Vec::new(),
            missing: membership.missing.clone(),
            port,
        };
        let number = inbound.port.port;
        let bypass = capture::bypass(pod, mesh, number, &self.configuration);
        inbound.bypasses = bypass.bypasses;
        if inbound.port.protocol != "TCP" || bypass.bypasses == Truth::True || mesh == Mesh::None {
            inbound.mode = Mode::Disabled;
            inbound.place = bypass.because.as_ref().and_then(Because::place);
            inbound.because.extend(bypass.because);
            return inbound;
        }
        match mesh {
            Mesh::IstioSidecar | Mesh::IstioAmbient => self.istio(&mut inbound, id, pod, mesh),
            Mesh::Linkerd => {
                let found = self.servers.inbound(id, pod, number, &self.configuration);
                (inbound.mode, inbound.place, inbound.missing) = (found.mode, found.place, found.missing);
                (inbound.admission, inbound.because) = (found.admission, found.because);
            }
            Mesh::Kuma => {
                let proxy = kuma::Proxy { pod, names, port: number };
                let found = self.tls.mode(proxy, view);
                (inbound.mode, inbound.place, inbound.missing) = (found.mode, found.place, found.missing);
                inbound.because = found.because;
                // Without mTLS permissions are skipped (kuma `meshtrafficpermission/plugin/v1alpha1/plugin.go`).
                inbound.admission.is_limited = self.permissions.limit(proxy).and(found.is_on);
            }
            Mesh::Consul => {
                let names = consul::names(pod, names);
                let (mode, place, because) = consul::mode(pod.workload.namespace, &names, view);
                let decider = because.iter().find_map(|step| step.resource.as_deref());
                inbound.missing = decider
                    .filter(|_| mode == Mode::Unknown)
                    .map(|resource| format!("a valid `mutualTLSMode` in {resource}"));
                (inbound.mode, inbound.place, inbound.because) = (mode, place, because);
                inbound.admission.is_limited =
                    self.intentions.limit(pod, &names, self.configuration.consul_denies);
            }
            Mesh::Cilium => self.cilium(&mut inbound, id),
            Mesh::None | Mesh::Unknown => {}
        }
        // What takes plaintext through its proxy takes it past it, too.
        if bypass.bypasses == Truth::Unknown && matches!(inbound.mode, Mode::Strict | Mode::Unknown) {
            inbound.mode = Mode::Unknown;
            inbound.missing = inbound.missing.or_else(|| Some(Bypass::missing(mesh).to_owned()));
            inbound.because.extend(bypass.because);
        }
        inbound
    }

    fn istio(&self, inbound: &mut Inbound<'e>, id: WorkloadId, pod: Pod<'_, 'e>, mesh: Mesh) {
        let number = inbound.port.port;
        let ambient = mesh == Mesh::IstioAmbient;
        let decision = self.peers.of_port((id, pod.workload), number, ambient, &self.configuration);
        (inbound.mode, inbound.place, inbound.missing) = (decision.mode, decision.place, decision.missing);
        inbound.because = decision.because;
        if inbound.because.is_empty() {
            let text = "no PeerAuthentication is about it, and Istio's default is PERMISSIVE";
            inbound.because.push(Because::default(text));
        }
        if let Some(filter) = self.filters.of(id, pod.workload.namespace).filter(|_| !ambient) {
            inbound.missing = filter.resource.as_ref().map(|id| format!("what {id} makes of the listener"));
            inbound.mode = Mode::Unknown;
            inbound.because.push(filter);
        }
        inbound.admission = self.authorizations.admission(id, pod.workload, number, ambient);
        if inbound.mode == Mode::Permissive {
            inbound.because.extend(inbound.admission.because.iter().cloned());
            let open = inbound.admission.because.last().and_then(|step| step.resource.as_deref());
            if let Some(id) = open.filter(|_| inbound.admission.identity_required == Truth::Unknown) {
                inbound.missing = Some(format!("what is known of {id} only after apply"));
            }
        }
    }

    fn cilium(&self, inbound: &mut Inbound<'e>, id: WorkloadId) {
        let authentication = self.authentications.of(id, inbound.port.port);
        let encrypts = self.configuration.cilium_encrypts;
        inbound.admission.identity_required = Truth::from(authentication.is_some());
        inbound.admission.is_limited = Truth::from(authentication.is_some());
        inbound.mode = match (&authentication, encrypts) {
            (None, _) | (Some(_), Truth::False) => Mode::Permissive,
            (Some(_), Truth::True) => Mode::Strict,
            (Some(_), Truth::Unknown) => Mode::Unknown,
        };
        if inbound.mode == Mode::Unknown {
            inbound.missing = Some("ConfigMap/kube-system/cilium-config".to_owned());
        }
        inbound.place = authentication.as_ref().and_then(Because::place);
        inbound.because.extend(authentication);
        let encryption = match encrypts {
            Truth::True => "Cilium encrypts between nodes",
            Truth::False => "Cilium encrypts nothing",
            Truth::Unknown => "whether Cilium encrypts is not in the input",
        };
        inbound.because.push(Because::default(encryption));
    }
}
