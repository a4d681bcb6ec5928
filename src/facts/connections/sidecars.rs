//! Which hosts a client's proxy knows: `Sidecar` (networking/v1), and what it does with all others.
//!
//! Source: istio `pilot/pkg/model/sidecar.go` (`ConvertToSidecarScope`, `selectServices`) and `push_context.go`
//! (`getSidecarScope`). Deliberately absent: `ingress`, and gateways, which have no `Sidecar`.

use super::virtual_services::VirtualServices;
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{
        Because,
        mesh::{Meshes, RootSelector, Scopes},
        places, refusals,
        workloads::{WorkloadId, Workloads},
    },
    resource::selector::Selector,
    source::Place,
};

/// Whether a client's proxy knows a host.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    Known,
    /// It does not, and sends on what the program sends.
    PassedThrough(Because),
    /// It does not, and refuses it.
    Refused(Because),
    /// Several `Sidecar`s are about the client; what would decide.
    Unknown(Because, String),
}

/// A host that a client asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    pub(super) host: &'w str,
    /// Of its Service or `ServiceEntry`.
    pub(super) namespace: &'w str,
    /// Port of the Service; `None`: not known.
    pub(super) port: Option<u16>,
}

/// All of a set, by the Pods that they are about.
#[derive(Debug)]
pub(super) struct Sidecars<'e> {
    all: Vec<Sidecar<'e>>,
    scopes: Scopes<'e>,
    /// Whether proxies refuse hosts that they do not know, unless a `Sidecar` says otherwise.
    registry_only: bool,
}

#[derive(Debug)]
struct Sidecar<'e> {
    resource: &'e Resource,
    created: Option<&'e str>,
    listeners: Vec<Listener<'e>>,
    place: Place,
    registry_only: Option<bool>,
}

#[derive(Debug)]
struct Listener<'e> {
    port: Option<u16>,
    /// Namespace and host.
    hosts: Vec<(&'e str, &'e str)>,
}

impl<'e> Sidecars<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>, meshes: &Meshes<'e>) -> Self {
        let configuration = &meshes.configuration;
        let mut all = Vec::new();
        let mut scopes = Scopes::new(configuration, RootSelector::OwnNamespace);
        for resource in view.of_kind("networking.istio.io", "Sidecar") {
            let node = view.estate.node(resource);
            if refusals::is_refused(&resource.object, node) || !meshes.reads(resource) {
                continue;
            }
            let labels = node.at(&["spec", "workloadSelector", "labels"]).and_then(Selector::of_labels);
            scopes.add(all.len(), resource.namespace(), Some(&labels.unwrap_or_default()), workloads);
            all.push(Sidecar::new(resource, node));
        }
        Self { all, scopes, registry_only: configuration.registry_only }
    }

    /// What a Pod's proxy makes of a host.
    pub(super) fn reach(
        &self,
        client: WorkloadId,
        namespace: &str,
        wanted: Wanted<'_>,
        routes: &VirtualServices<'e>,
    ) -> Reach {
        let found = self.of_pod(client, namespace);
        let mut reaches = found.iter().map(|sidecar| {
            if sidecar.imports(namespace, wanted) || sidecar.imports_by_route(namespace, wanted, routes) {
                return Reach::Known;
            }
            let registry_only = sidecar.registry_only.unwrap_or(self.registry_only);
            let id = &sidecar.resource.id;
            let because = |what: &str| {
                let text = format!("{id} tells the client's proxy nothing of {}, which {what}", wanted.host);
                Because::decided(text, sidecar.resource, sidecar.place.clone())
            };
            if registry_only {
                Reach::Refused(because("is refused then"))
            } else {
                Reach::PassedThrough(because("is sent on without mTLS then"))
            }
        });
        let Some(first) = reaches.next() else { return Reach::Known };
        let agrees = |other: &Reach| std::mem::discriminant(other) == std::mem::discriminant(&first);
        if reaches.all(|other| agrees(&other)) {
            return first;
        }
        let names: Vec<&str> = found.iter().map(|sidecar| &*sidecar.resource.id).collect();
        let names = names.join(" and ");
        let text = format!("{names} are about the same Pods, and the oldest holds");
        Reach::Unknown(Because::default(text), format!("metadata.creationTimestamp of {names}"))
    }

    /// Whether a Pod's proxy refuses hosts that the mesh does not know.
    pub(super) fn refuses(&self, client: WorkloadId, namespace: &str) -> bool {
        let found = self.of_pod(client, namespace);
        let mut said = found.iter().map(|sidecar| sidecar.registry_only.unwrap_or(self.registry_only));
        if found.is_empty() { self.registry_only } else { said.all(|registry_only| registry_only) }
    }

    /// The one of a Pod: one that selects it, else that of its namespace, else that of the root namespace; of several
    /// the oldest, without timestamps any.
    fn of_pod(&self, client: WorkloadId, namespace: &str) -> Vec<&Sidecar<'e>> {
        let levels = [self.scopes.selecting(client), self.scopes.whole(namespace), self.scopes.of_mesh()];
        let indices = levels.into_iter().find(|level| !level.is_empty()).unwrap_or_default();
        let mut found: Vec<_> = indices.iter().filter_map(|index| self.all.get(*index)).collect();
        if found.iter().all(|sidecar| sidecar.created.is_some()) {
            found.sort_by_key(|sidecar| (sidecar.created, &sidecar.resource.object.name));
            found.truncate(1);
        }
        found
    }
}

impl<'e> Sidecar<'e> {
    fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        let outbound = node.at(&["spec", "outboundTrafficPolicy"]).filter(|policy| !policy.is_null());
        let egress = node.at(&["spec", "egress"]).into_iter().flat_map(NodeRef::items);
        let listeners = egress.map(|listener| {
            let hosts = listener.get("hosts").into_iter().flat_map(NodeRef::items);
            // A proxy for any destination is no port of Services.
            let is_proxy = listener.str_at(&["port", "protocol"]) == Some("HTTP_PROXY");
            let port = listener.at(&["port", "number"]).and_then(NodeRef::as_i64).filter(|_| !is_proxy);
            Listener {
                port: port.and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0),
                hosts: hosts.filter_map(|host| host.as_str()?.split_once('/')).collect(),
            }
        });
        let key = node.get("spec").and_then(|spec| spec.key_span("egress"));
        Self {
            resource,
            created: node.str_at(&["metadata", "creationTimestamp"]),
            listeners: listeners.collect(),
            place: key.map_or_else(|| places::name(node), |key| Place::new(node.document.source, key)),
            // The first value of the enumeration.
            registry_only: outbound.map(|policy| policy.str_at(&["mode"]) != Some("ALLOW_ANY")),
        }
    }

    /// `own`: namespace of the client, which `.` stands for.
    fn imports(&self, own: &str, wanted: Wanted<'_>) -> bool {
        // Without `egress`, everything is known.
        self.listeners.is_empty()
            || self.listeners.iter().any(|listener| {
                listener.port.is_none_or(|port| wanted.port.is_none_or(|wanted| wanted == port))
                    && listener.names(own, wanted.namespace, wanted.host)
            })
    }

    /// Destinations of a `VirtualService` are known where its host is.
    fn imports_by_route(&self, own: &str, wanted: Wanted<'_>, routes: &VirtualServices<'e>) -> bool {
        routes.leading_to(wanted.host).any(|route| {
            let hosts = route.hosts.iter();
            let mut known =
                hosts.flat_map(|host| self.listeners.iter().map(move |listener| (host, listener)));
            known.any(|(host, listener)| listener.names(own, route.namespace, host))
        })
    }
}

impl Listener<'_> {
    fn names(&self, own: &str, namespace: &str, host: &str) -> bool {
        self.hosts.iter().any(|(scope, pattern)| {
            let in_scope = match *scope {
                "*" => true,
                "." => namespace == own,
                "~" => false,
                named => named == namespace,
            };
            in_scope && pattern.strip_prefix('*').map_or(*pattern == host, |suffix| host.ends_with(suffix))
        })
    }
}
