//! What a connection really uses: what the client sends, met by what the server takes (domains.md 1a: D5–D14, B3).

mod reach;
mod server;

use self::server::Server;
pub(super) use self::server::target;
use super::{
    destination_rules::{Caller, Choice, DestinationRules, Tls, TlsMode},
    exclusions,
    sidecars::{Reach, Sidecars},
    virtual_services::VirtualServices,
};
use crate::{
    facts::{
        Because, Set, Truth,
        mesh::{Mesh, sends_tunnel},
        services::ServiceId,
        workloads::{Workload, WorkloadId},
    },
    resource::selector::Labels,
    source::Place,
};

/// What carries a connection (contract, "`probity facts`"), worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Transport {
    Plaintext,
    Authenticated,
    Broken,
    Encrypted,
    Unknown,
    Tls,
    Mtls,
}

impl Transport {
    pub(in crate::facts) const fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Authenticated => "authenticated",
            Self::Broken => "broken",
            Self::Encrypted => "encrypted",
            Self::Unknown => "unknown",
            Self::Tls => "tls",
            Self::Mtls => "mtls",
        }
    }
}

/// Who opens a connection.
#[derive(Debug, Clone)]
pub(super) struct Client<'c> {
    pub(super) namespace: &'c str,
    pub(super) labels: Labels<'c>,
    pub(super) mesh: Mesh,
    /// `None`: a gateway or Ingress whose proxy is not in the input.
    pub(super) workload: Option<(WorkloadId, &'c Workload<'c>)>,
    /// What says in which mesh it is, and what would where nothing does.
    pub(super) because: Because,
    pub(super) missing: Option<String>,
}

/// Where it leads.
#[derive(Debug, Clone)]
pub(super) struct Destination {
    /// As rules name it.
    pub(super) host: String,
    pub(super) service: Option<ServiceId>,
    /// `None`: outside the cluster, or not in the input.
    pub(super) server: Option<WorkloadId>,
    pub(super) is_external: bool,
    /// Port of the Service.
    pub(super) port: Option<u16>,
    /// Subset that a route names.
    pub(super) subset: Option<String>,
    /// Whether the program speaks TLS itself.
    pub(super) speaks_tls: Truth,
    /// Whether the client's proxy chose it, so that what proxies are told to leave alone is behind it.
    pub(super) is_routed: bool,
    /// Why it is not known whether anything gets there; `None`: it does.
    pub(super) open: Option<Open>,
}

/// What leaves it open where a connection leads.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub(super) because: Because,
    pub(super) missing: String,
}

/// A transport and what decided it.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    pub(super) transport: Transport,
    pub(super) because: Vec<Because>,
    pub(super) missing: Option<String>,
    /// The scalar of a policy or annotation that decides; `None`: that the two sides are where they are.
    pub(super) place: Option<Place>,
}

/// What leaves the client.
#[derive(Debug)]
enum Sent<'e> {
    Plaintext,
    /// What automatic mTLS makes of it; `direct`: towards single addresses, as a rule has it.
    Automatic {
        direct: bool,
    },
    Mtls,
    /// The client's proxy wraps it into TLS of its own.
    Tls(Tls<'e>),
    /// HBONE, whatever is inside of it.
    Tunnel,
    Broken,
    Unknown(String),
}

impl Decision {
    fn new(transport: Transport, because: Vec<Because>) -> Self {
        Self { transport, because, missing: None, place: None }
    }

    fn unknown(missing: impl Into<String>, because: Vec<Because>) -> Self {
        Self { transport: Transport::Unknown, because, missing: Some(missing.into()), place: None }
    }

    fn with(mut self, because: Because) -> Self {
        self.because.push(because);
        self
    }
}

/// What connections of a set use.
pub(super) struct Transports<'s, 'e> {
    pub(super) set: &'s Set<'e>,
    pub(super) rules: &'s DestinationRules<'e>,
    pub(super) routes: &'s VirtualServices<'e>,
    pub(super) sidecars: &'s Sidecars<'e>,
}

impl<'e> Transports<'_, 'e> {
    pub(super) fn decide(&self, client: &Client<'_>, destination: &Destination) -> Decision {
        if let Some(Open { because, missing }) = &destination.open {
            return Decision::unknown(missing.clone(), vec![because.clone()]);
        }
        if client.mesh != Mesh::Unknown {
            return self.as_client(client, destination);
        }
        // Whatever mesh the client is in: where all possibilities agree, that is how it is.
        let inside = self.as_client(&Client { mesh: Mesh::IstioSidecar, ..client.clone() }, destination);
        let outside = self.as_client(&Client { mesh: Mesh::None, ..client.clone() }, destination);
        if inside.transport == outside.transport && outside.transport != Transport::Unknown {
            return outside;
        }
        let missing = client.missing.clone().or(outside.missing).or(inside.missing);
        Decision::unknown(missing.unwrap_or_default(), vec![client.because.clone()])
    }

    fn as_client(&self, client: &Client<'_>, destination: &Destination) -> Decision {
        let server = Server::new(self.set, destination);
        if let Some((because, port)) = server::missing_port(self.set, destination) {
            return Decision::unknown(port, vec![because]);
        }
        if client.mesh == Mesh::Cilium || server.mesh() == Some(Mesh::Cilium) {
            return server.by_cilium(self.set, destination);
        }
        let mut because = Vec::new();
        let sent = self.sent(client, destination, &mut because);
        let inside = client.mesh != Mesh::None;
        let place = because.iter().find_map(Because::place).or_else(|| server.place()).filter(|_| inside);
        let decision = match sent {
            Sent::Broken => Decision::new(Transport::Broken, because),
            Sent::Unknown(missing) => Decision::unknown(missing, because),
            Sent::Plaintext => server.takes_plaintext(destination, because),
            Sent::Mtls => server.takes_mtls(because),
            Sent::Tunnel => server.takes_tunnel(self.set, client, because),
            Sent::Tls(tls) => server.takes_tls(&tls, because),
            Sent::Automatic { direct } => {
                let direct = direct || server::is_direct(self.set, destination);
                server.takes_automatic(self.set, client, destination, direct, because)
            }
        };
        Decision { place: decision.place.clone().or(place), ..decision }
    }

    fn sent(&self, client: &Client<'_>, destination: &Destination, because: &mut Vec<Because>) -> Sent<'e> {
        if client.mesh == Mesh::None {
            because.push(client.because.clone());
            return Sent::Plaintext;
        }
        let left = (!destination.is_routed)
            .then(|| self.leaves(client, destination.service, destination.port))
            .flatten();
        match left {
            Some((Truth::True, step)) => {
                because.push(step);
                return Sent::Plaintext;
            }
            Some((_, step)) => {
                because.push(step);
                return Sent::Unknown(format!("the address of {}", destination.host));
            }
            None => {}
        }
        // A4: only sidecars and gateways read DestinationRules.
        if client.mesh != Mesh::IstioSidecar {
            return Sent::Automatic { direct: false };
        }
        match self.reach(client, destination) {
            Reach::Known => {
                let patch = client.workload.and_then(|(id, _)| {
                    let filters = self.set.mesh().filters();
                    filters.of_call((id, client.namespace), &destination.host, destination.port)
                });
                if let Some(step) = patch {
                    let id = step.resource.as_deref().unwrap_or_default();
                    let missing = format!("what {id} makes of the cluster");
                    because.push(step);
                    return Sent::Unknown(missing);
                }
                let sent = self.by_rule(client, destination, because);
                let is_open = matches!(sent, Sent::Broken | Sent::Unknown(_));
                if is_open || !self.is_tunnelled(client, destination) { sent } else { Sent::Tunnel }
            }
            Reach::PassedThrough(step) => {
                because.push(step);
                Sent::Plaintext
            }
            Reach::Refused(step) => {
                because.push(step);
                Sent::Broken
            }
            Reach::Unknown(step, missing) => {
                because.push(step);
                Sent::Unknown(missing)
            }
        }
    }

    /// Whether a sidecar or gateway reaches a server through the tunnel of ambient proxies, which carries whatever rules
    /// make of the rest (istio `pilot/pkg/networking/core/cluster_tls.go`, `applyHBONETransportSocketMatches`).
    fn is_tunnelled(&self, client: &Client<'_>, destination: &Destination) -> bool {
        let is_ambient = |id: &WorkloadId| self.set.mesh().of(*id).membership.mesh == Mesh::IstioAmbient;
        // Towards single Pods it is all of them or none.
        let behind = destination.service.filter(|_| server::is_direct(self.set, destination));
        let all =
            behind.is_none_or(|service| self.set.services().get(service).selected.iter().all(is_ambient));
        destination.server.as_ref().is_some_and(is_ambient)
            && all
            && sends_tunnel(client.workload.map(|(_, workload)| workload))
    }

    /// Whether what a client dials leaves its proxy; `port`: as the program asks for it.
    pub(super) fn leaves(
        &self,
        client: &Client<'_>,
        service: Option<ServiceId>,
        port: Option<u16>,
    ) -> Option<(Truth, Because)> {
        let (_, workload) = client.workload?;
        let meshes = self.set.mesh();
        let service = service.map(|service| self.set.services().get(service));
        let home = meshes.namespaces.get(workload.namespace);
        // Of a client whose mesh is open, what Istio's sidecar would make of it.
        let mesh = if client.mesh == Mesh::Unknown { Mesh::IstioSidecar } else { client.mesh };
        exclusions::leaves_proxy(workload, home, mesh, port, service, &meshes.configuration.capture)
    }

    fn by_rule(
        &self,
        client: &Client<'_>,
        destination: &Destination,
        because: &mut Vec<Because>,
    ) -> Sent<'e> {
        let caller = Caller { namespace: client.namespace, labels: &client.labels };
        let entry = self.set.hosts().entry(&destination.host, client.namespace);
        let namespace = match destination.service {
            Some(service) => Some(self.set.services().get(service).namespace),
            None => entry.and_then(|entry| entry.identity.namespace.as_deref()),
        };
        let found = self.rules.look_up(caller, &destination.host, namespace);
        let subset = destination.subset.as_deref();
        let host = &destination.host;
        if let Some(subset) = subset.filter(|subset| !self.rules.define(host, subset)) {
            because.push(Because::default(format!("a route names the subset `{subset}` of {host}")));
            return Sent::Unknown(format!("a DestinationRule of {host} with the subset `{subset}`"));
        }
        let choices = found.iter().map(|rule| (*rule, rule.choice(destination.port, subset)));
        let mut choices: Vec<_> = choices.collect();
        let Some((rule, choice)) = choices.pop() else { return Sent::Automatic { direct: false } };
        let differs = choices.iter().any(|(_, other)| !other.agrees(&choice));
        if differs {
            let names: Vec<&str> = found.iter().map(|rule| &*rule.resource.id).collect();
            return Sent::Unknown(format!("metadata.creationTimestamp of {}", names.join(" and ")));
        }
        let id = &rule.resource.id;
        let (tls, plaintext) = match choice {
            Choice::Automatic => return Sent::Automatic { direct: rule.passes_through(subset) },
            Choice::Plaintext(tls) => (tls, true),
            Choice::Tls(tls) => (tls, tls.mode == TlsMode::Disable),
        };
        let mut say = |text: String| because.push(Because::decided(text, rule.resource, tls.place()));
        if plaintext {
            say(match choice {
                Choice::Plaintext(_) => {
                    format!(
                        "{id} sets {} for the host, and its settings of the port leave TLS out",
                        tls.name()
                    )
                }
                _ => format!("{id} sets DISABLE for the client"),
            });
            return Sent::Plaintext;
        }
        let is_gateway = client.workload.is_none();
        let wraps = matches!(tls.mode, TlsMode::Simple | TlsMode::Mutual);
        if let Some(credential) = tls.credential().filter(|_| wraps && !is_gateway && rule.selector.is_none())
        {
            let text =
                format!("{id} has no `workloadSelector`, so sidecars drop its `credentialName` and all TLS");
            because.push(Because::decided(text, rule.resource, credential.place()));
            return Sent::Plaintext;
        }
        // A rule is about what the mesh has a name for; what it gets wrong it gets wrong wherever that is declared.
        let is_named = !destination.is_external || entry.is_some();
        if !is_named && tls.skips_verification().is_none() {
            return Sent::Unknown(format!("a ServiceEntry with the host {}", destination.host));
        }
        say(format!("{id} sets {} for the client", tls.name()));
        match tls.mode {
            TlsMode::IstioMutual => Sent::Mtls,
            TlsMode::Mutual if !tls.has_certificates() => Sent::Broken,
            TlsMode::Simple | TlsMode::Mutual => Sent::Tls(tls),
            TlsMode::Disable => Sent::Plaintext,
            TlsMode::Unknown => Sent::Unknown(format!("the TLS mode of {id}")),
        }
    }
}

impl Choice<'_> {
    fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Automatic, Self::Automatic) => true,
            (Self::Tls(one), Self::Tls(two)) => one.mode == two.mode,
            (Self::Plaintext(_), Self::Plaintext(_)) => true,
            (Self::Plaintext(_), Self::Tls(tls)) | (Self::Tls(tls), Self::Plaintext(_)) => {
                tls.mode == TlsMode::Disable
            }
            _ => false,
        }
    }
}
