//! The server's end of a connection: what it makes of what arrives.

use super::{Client, Decision, Destination, Tls, TlsMode, Transport};
use crate::{
    document::NodeRef,
    facts::{
        Because, Set, Truth,
        mesh::{Inbound, Mesh, Mode, Standing, takes_tunnel},
        network::{Peer, Port},
        places,
        workloads::WorkloadId,
    },
    source::Place,
};

/// Port on which ambient proxies take connections.
const TUNNEL: u16 = 15008;

/// A server as a client meets it.
pub(super) struct Server<'s, 'e> {
    /// `None`: no workload of the input.
    standing: Option<(WorkloadId, &'s Standing<'e>)>,
    inbound: Option<&'s Inbound<'e>>,
    is_external: bool,
    host: String,
}

impl<'s, 'e> Server<'s, 'e> {
    pub(super) fn new(set: &'s Set<'e>, destination: &Destination) -> Self {
        let standing = destination.server.map(|id| (id, set.mesh().of(id)));
        let target = destination.server.and_then(|id| target(set, id, destination));
        let inbound = standing.and_then(|(_, standing)| {
            let mut ports = standing.ports.iter();
            match target {
                Some(target) => {
                    ports.find(|inbound| inbound.port.port == Some(target) || inbound.port.port.is_none())
                }
                None if is_lost(set, destination) => None,
                None => standing.ports.first().filter(|_| standing.ports.len() == 1),
            }
        });
        Self { standing, inbound, is_external: destination.is_external, host: destination.host.clone() }
    }

    pub(super) fn mesh(&self) -> Option<Mesh> {
        self.standing.map(|(_, standing)| standing.membership.mesh)
    }

    /// What decides what its port takes.
    pub(super) fn place(&self) -> Option<Place> {
        self.inbound?.place.clone()
    }

    /// What the input does not hold of it, if anything.
    fn unknown(&self, because: Vec<Because>) -> Decision {
        let missing = match (self.standing, self.inbound) {
            (None, _) => format!("what serves {}", self.host),
            (Some(_), None) => format!("the port of {}", self.host),
            (Some((_, standing)), Some(inbound)) => {
                let missing = inbound.missing.clone().or_else(|| standing.membership.missing.clone());
                missing.unwrap_or_else(|| format!("what {} accepts", self.host))
            }
        };
        Decision::unknown(missing, because)
    }

    fn chain(&self, mut because: Vec<Because>) -> Vec<Because> {
        if let Some((_, standing)) = self.standing
            && !matches!(standing.membership.mesh, Mesh::None)
        {
            because.extend(self.inbound.into_iter().flat_map(|inbound| inbound.because.iter().cloned()));
        } else if let Some((_, standing)) = self.standing {
            because.push(standing.membership.because.clone());
        }
        because
    }

    pub(super) fn takes_plaintext(&self, destination: &Destination, because: Vec<Because>) -> Decision {
        let own = |because| match destination.speaks_tls {
            Truth::True => Decision::new(Transport::Tls, because)
                .with(Because::default("the client's program speaks TLS itself")),
            Truth::False => Decision::new(Transport::Plaintext, because),
            Truth::Unknown => Decision::unknown("whether the client's program speaks TLS itself", because),
        };
        if self.is_external {
            return own(because);
        }
        let Some(inbound) = self.inbound else {
            return match self.mesh() {
                Some(Mesh::None) => own(self.chain(because)),
                _ => self.unknown(because),
            };
        };
        let chain = self.chain(because);
        match inbound.mode {
            Mode::Strict => {
                Decision::new(Transport::Broken, chain).with(Because::default("the server refuses plaintext"))
            }
            Mode::Permissive if inbound.admission.identity_required == Truth::True => {
                Decision::new(Transport::Broken, chain)
                    .with(Because::default("the server refuses callers without an identity"))
            }
            Mode::Permissive | Mode::Disabled => own(chain),
            Mode::Unknown => self.unknown(chain),
        }
    }

    /// `ISTIO_MUTUAL`: whatever the server is.
    pub(super) fn takes_mtls(&self, because: Vec<Because>) -> Decision {
        let refuses = "the server does not speak the mesh's mTLS";
        match (self.mesh(), self.inbound) {
            (Some(mesh), Some(inbound)) if mesh.is_istio() => match inbound.mode {
                Mode::Disabled if mesh == Mesh::IstioSidecar => {
                    Decision::new(Transport::Broken, self.chain(because)).with(Because::default(refuses))
                }
                // Outside of the tunnel, ambient proxies hand what arrives to the program.
                _ if mesh == Mesh::IstioAmbient => {
                    Decision::new(Transport::Broken, because).with(Because::default(refuses))
                }
                Mode::Unknown => self.unknown(self.chain(because)),
                _ => Decision::new(Transport::Mtls, because),
            },
            (Some(Mesh::Unknown) | None, _) | (Some(_), None) if !self.is_external => self.unknown(because),
            _ => Decision::new(Transport::Broken, self.chain(because)).with(Because::default(refuses)),
        }
    }

    /// SIMPLE and MUTUAL: TLS with certificates that are not the mesh's.
    pub(super) fn takes_tls(&self, tls: &Tls<'_>, mut because: Vec<Because>) -> Decision {
        let mode = self.inbound.map(|inbound| inbound.mode);
        let in_istio = self.mesh().is_some_and(Mesh::is_istio);
        if in_istio && mode == Some(Mode::Strict) {
            if tls.mode == TlsMode::Mutual {
                return Decision::unknown(
                    "whether the mesh's authority signed the client's certificate",
                    because,
                );
            }
            let refuses = Because::default("the server demands a certificate of the mesh");
            return Decision::new(Transport::Broken, self.chain(because)).with(refuses);
        }
        if let (Some(place), [step, ..]) = (tls.skips_verification(), because.as_mut_slice()) {
            step.text = format!("{}, without verifying the server", step.text);
            step.origin = Some(place.clone().into());
            return Decision { place: Some(place), ..Decision::new(Transport::Encrypted, because) };
        }
        let transport = if tls.mode == TlsMode::Mutual { Transport::Mtls } else { Transport::Tls };
        Decision::new(transport, because)
    }

    /// D11–D14: automatic mTLS, if the server can.
    pub(super) fn takes_automatic(
        &self,
        set: &Set<'_>,
        client: &Client<'_>,
        destination: &Destination,
        direct: bool,
        mut because: Vec<Because>,
    ) -> Decision {
        let (Some((id, standing)), false) = (self.standing, self.is_external) else {
            if self.is_external {
                because.push(Because::default("automatic mTLS does not reach servers outside the mesh"));
                return self.takes_plaintext(destination, because);
            }
            return self.unknown(because);
        };
        let mesh = standing.membership.mesh;
        if mesh == Mesh::Unknown {
            return self.unknown(because);
        }
        let same = mesh == client.mesh || (mesh.is_istio() && client.mesh.is_istio());
        if let Some(step) = other_mesh_of_kuma(set, client, id) {
            because.push(step);
            return self.takes_plaintext(destination, because);
        }
        if !same {
            because.push(client.because.clone());
            return self.takes_plaintext(destination, because);
        }
        let Some(inbound) = self.inbound else { return self.unknown(because) };
        if !mesh.is_istio() {
            return match (inbound.bypasses, inbound.mode) {
                (Truth::True, _) | (_, Mode::Disabled) => self.takes_plaintext(destination, because),
                (Truth::Unknown, _) if mesh == Mesh::Linkerd => self.unknown(self.chain(because)),
                _ => Decision::new(Transport::Mtls, because),
            };
        }
        if client.mesh == Mesh::IstioAmbient {
            return self.takes_ambient(set, client, destination, because);
        }
        if mesh == Mesh::IstioAmbient {
            let text = "ambient servers take mTLS in their tunnel alone (HBONE), which the client's proxy does not use";
            because.push(Because::default(text));
            return self.takes_plaintext(destination, because);
        }
        if let Some(undecided) = &set.mesh().configuration.undecided {
            return Decision::unknown(undecided.clone(), because);
        }
        if client.mesh == Mesh::IstioSidecar
            && let Some(step) = plaintext_for_all(set, id, destination, direct)
        {
            because.push(step);
            return self.takes_plaintext(destination, because);
        }
        if inbound.bypasses == Truth::True {
            return match set.mesh().peer_mode(set.workloads(), id, inbound.port.port) {
                Mode::Disabled => self.takes_plaintext(destination, because),
                Mode::Unknown => self.unknown(self.chain(because)),
                _ => Decision::new(Transport::Broken, self.chain(because)).with(Because::default(
                    "clients send mTLS all the same, which the program does not understand",
                )),
            };
        }
        match inbound.mode {
            Mode::Disabled if direct => Decision::new(Transport::Broken, self.chain(because))
                .with(Because::default("clients that reach single Pods send mTLS all the same")),
            Mode::Disabled => self.takes_plaintext(destination, because),
            Mode::Unknown => self.unknown(self.chain(because)),
            Mode::Strict | Mode::Permissive => {
                because.push(Because::default("both sides are in the mesh: automatic mTLS"));
                Decision::new(Transport::Mtls, because)
            }
        }
    }

    /// What comes from a ztunnel: the tunnel where the server has one, else plaintext.
    fn takes_ambient(
        &self,
        set: &Set<'_>,
        client: &Client<'_>,
        destination: &Destination,
        mut because: Vec<Because>,
    ) -> Decision {
        let Some((id, standing)) = self.standing else { return self.unknown(because) };
        if standing.membership.mesh == Mesh::IstioAmbient {
            return self.takes_tunnel(set, client, because);
        }
        let (takes, step) = takes_tunnel(set.workloads().get(id), &set.mesh().configuration);
        because.push(step);
        match takes {
            Truth::True => self.takes_tunnel(set, client, because),
            Truth::False => self.takes_plaintext(destination, because),
            Truth::Unknown => {
                Decision::unknown("`ISTIO_META_ENABLE_HBONE` in the `defaultConfig` of the mesh", because)
            }
        }
    }

    /// HBONE, which ambient proxies take whatever policies say.
    pub(super) fn takes_tunnel(
        &self,
        set: &Set<'_>,
        client: &Client<'_>,
        mut because: Vec<Because>,
    ) -> Decision {
        let blocked = self.standing.zip(self.inbound);
        if let Some(step) = blocked.and_then(|((id, _), inbound)| blocks_tunnel(set, client, id, inbound)) {
            because.push(step);
            return Decision::new(Transport::Broken, because);
        }
        because.push(Because::default("proxies always speak mTLS in the tunnel of ambient (HBONE)"));
        Decision::new(Transport::Mtls, because)
    }

    pub(super) fn by_cilium(&self, set: &Set<'_>, destination: &Destination) -> Decision {
        let authenticated =
            self.inbound.is_some_and(|inbound| inbound.admission.identity_required == Truth::True);
        let chain = self.chain(Vec::new());
        match (set.mesh().configuration.cilium_encrypts, authenticated) {
            (Truth::True, true) => Decision::new(Transport::Mtls, chain),
            (Truth::True, false) => Decision::new(Transport::Encrypted, chain),
            (Truth::False, true) if destination.speaks_tls == Truth::False => {
                Decision::new(Transport::Authenticated, chain)
            }
            (Truth::False, _) => self.takes_own(destination, chain),
            (Truth::Unknown, _) => Decision::unknown("ConfigMap/kube-system/cilium-config", chain),
        }
    }

    fn takes_own(&self, destination: &Destination, because: Vec<Because>) -> Decision {
        match destination.speaks_tls {
            Truth::True => Decision::new(Transport::Tls, because),
            Truth::False => Decision::new(Transport::Plaintext, because),
            Truth::Unknown => Decision::unknown(format!("what clients speak to {}", self.host), because),
        }
    }
}

/// Why Istio's clients send plaintext to every endpoint, where they do.
fn plaintext_for_all(
    set: &Set<'_>,
    id: WorkloadId,
    destination: &Destination,
    direct: bool,
) -> Option<Because> {
    let meshes = set.mesh();
    if !meshes.configuration.auto_mtls {
        return Some(Because::default("the mesh turns automatic mTLS off"));
    }
    let workload = set.workloads().get(id);
    if workload.labels.get("security.istio.io/tlsMode").is_some_and(|mode| *mode != "istio") {
        let text = format!("{} tells clients to speak plaintext", workload.resource.id);
        return Some(Because::default(text));
    }
    // D12: clients look at the namespace before they look at the workload.
    if meshes.mode_of_namespace(workload.namespace) == Mode::Disabled && !direct {
        let text = format!("Namespace/{} is set to DISABLE, which clients follow", workload.namespace);
        return Some(Because::default(text));
    }
    if direct {
        let service = set.services().get(destination.service?);
        let has_sidecar = |id: &WorkloadId| meshes.of(*id).membership.mesh == Mesh::IstioSidecar;
        let outside = service.selected.iter().find(|id| !has_sidecar(id));
        let outside = set.workloads().get(*outside?);
        let text = format!(
            "{} is behind the same Service, whose Pods clients reach themselves, and has no sidecar, so clients \
             speak plaintext to all",
            outside.resource.id
        );
        return Some(Because::default(text));
    }
    None
}

/// Meshes of Kuma have certificates of their own, and what leads to another is sent on as it is.
fn other_mesh_of_kuma(set: &Set<'_>, client: &Client<'_>, server: WorkloadId) -> Option<Because> {
    let (_, workload) = client.workload?;
    let meshes = set.mesh();
    if client.mesh != Mesh::Kuma || meshes.of(server).membership.mesh != Mesh::Kuma {
        return None;
    }
    let (own, other) = (meshes.kuma_mesh(workload), meshes.kuma_mesh(set.workloads().get(server)));
    let text = format!("the client is in Mesh/{own}, and the server in Mesh/{other}");
    (own != other).then(|| Because::default(text))
}

/// A5: a network policy that lets the port through, but not the tunnel in which ambient proxies carry it.
fn blocks_tunnel(
    set: &Set<'_>,
    client: &Client<'_>,
    server: WorkloadId,
    inbound: &Inbound<'_>,
) -> Option<Because> {
    let (client, _) = client.workload?;
    let ask = |port: u16| {
        let port = Port { number: Some(port), protocol: "TCP" };
        set.network().allowed(set, Peer::Workload(client), server, port)
    };
    let tunnel = ask(TUNNEL);
    if tunnel.truth != Truth::False || ask(inbound.port.port?).truth != Truth::True {
        return None;
    }
    let (policy, place) = tunnel.by.into_iter().next()?;
    let text = format!("{} lets through the port, but not {TUNNEL}, in which ambient carries it", policy.id);
    Some(Because::decided(text, policy, place))
}

/// D13: Istio's clients reach the Pods of a headless Service themselves.
pub(super) fn is_direct(set: &Set<'_>, destination: &Destination) -> bool {
    destination.service.is_some_and(|service| {
        set.services().get(service).node.at(&["spec", "clusterIP"]).and_then(NodeRef::as_str) == Some("None")
    })
}

/// A port that clients ask a Service for and that it does not have, where its address answers on declared ones alone.
pub(super) fn missing_port(set: &Set<'_>, destination: &Destination) -> Option<(Because, String)> {
    let (service, port) = (set.services().get(destination.service?), destination.port?);
    let is_missing =
        !service.ports.is_empty() && service.ports.iter().all(|declared| declared.port != Some(port));
    let id = &service.resource.id;
    (is_missing && !is_direct(set, destination)).then(|| {
        let place = places::name(service.node);
        let because = Because::decided(format!("{id} has no port {port}"), service.resource, place);
        (because, format!("port {port} of {id}"))
    })
}

/// Whether a Service's port leads to a name that no container of the server declares.
fn is_lost(set: &Set<'_>, destination: &Destination) -> bool {
    let (Some(service), Some(server)) = (destination.service, destination.server) else { return false };
    let workload = set.workloads().get(server);
    let mut ports = set.services().get(service).ports.iter();
    let port = ports.find(|port| port.port.is_some() && port.port == destination.port);
    port.is_some_and(|port| port.container_port(workload).is_none())
}

/// The container's port that a Service's port leads to; without a Service, the port itself.
pub(in crate::facts::connections) fn target(
    set: &Set<'_>,
    server: WorkloadId,
    destination: &Destination,
) -> Option<u16> {
    let Some(service) = destination.service else { return destination.port };
    let service = set.services().get(service);
    let workload = set.workloads().get(server);
    let mut ports = service.ports.iter();
    let port = match destination.port {
        Some(number) => ports.find(|port| port.port == Some(number)),
        None => service.ports.first().filter(|_| service.ports.len() == 1),
    };
    match port {
        Some(port) => port.container_port(workload),
        // Pods of a headless Service are asked for any of their ports.
        None => destination.port.filter(|_| is_direct(set, destination)),
    }
}
