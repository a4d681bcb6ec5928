//! What Linkerd's servers admit: the default policy, `Server`s and what authorises clients (domains.md 1a: L2–L6).
//!
//! Source: linkerd2 `policy-controller/k8s/index`.

mod authorization;
mod routes;

use std::collections::BTreeMap;

use self::authorization::{Grant, Grants};
pub(in crate::facts) use self::routes::{RouteName, Routes};
use super::{Admission, Mode, configuration::Configuration, membership::Pod, namespaces::Text};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{
        Because, Truth, places, refusals,
        workloads::{Workload, WorkloadId, Workloads},
    },
    resource::selector::Selector,
    source::Place,
};

const DEFAULT_POLICY: &str = "config.linkerd.io/default-inbound-policy";
const REQUIRED_PORTS: &str = "config.linkerd.io/proxy-require-identity-inbound-ports";

/// One `Server`: it replaces the default policy of a port.
#[derive(Debug)]
pub(in crate::facts) struct Server<'e> {
    pub(in crate::facts) resource: &'e Resource,
    pub(in crate::facts) node: NodeRef<'e>,
    pub(in crate::facts) namespace: &'e str,
    /// `None`: half-written, or about machines outside of the cluster.
    pub(in crate::facts) selector: Option<Selector<'e>>,
    port: Option<NodeRef<'e>>,
    access: Option<NodeRef<'e>>,
    created: Option<&'e str>,
}

/// Servers of a set with the workloads that each selects, and what authorises their clients.
#[derive(Debug)]
pub(in crate::facts) struct Servers<'e> {
    pub(in crate::facts) all: Vec<Server<'e>>,
    by_workload: BTreeMap<WorkloadId, Vec<usize>>,
    grants: Grants<'e>,
}

/// What a policy lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Policy {
    Everyone,
    Authenticated,
    Nobody,
}

impl Policy {
    /// L3; `None` for what is no policy, which is ignored.
    fn new(text: &str) -> Option<Self> {
        match text {
            "all-unauthenticated" | "cluster-unauthenticated" | "audit" => Some(Self::Everyone),
            "all-authenticated" | "cluster-authenticated" => Some(Self::Authenticated),
            "deny" => Some(Self::Nobody),
            _ => None,
        }
    }
}

impl<'e> Server<'e> {
    fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        Self {
            resource,
            node,
            namespace: resource.namespace(),
            selector: node.at(&["spec", "podSelector"]).and_then(Selector::of_label_selector),
            port: node.at(&["spec", "port"]),
            access: node.at(&["spec", "accessPolicy"]),
            created: node.str_at(&["metadata", "creationTimestamp"]),
        }
    }

    /// Numbers match whatever is declared; names need a container's port, and a text is a name whatever it holds (L4).
    fn is_about(&self, workload: &Workload<'_>, port: u16) -> bool {
        let Some(named) = self.port else { return false };
        if let Some(number) = named.as_i64() {
            return number == i64::from(port);
        }
        // Several containers of a Pod may use one name.
        workload.declared_ports().any(|declared| {
            named.as_str().is_some_and(|name| declared.str_at(&["name"]) == Some(name))
                && declared.get("containerPort").and_then(NodeRef::as_i64) == Some(i64::from(port))
        })
    }

    /// The port, where it is a number in quotation marks: a name that no port can have.
    pub(in crate::facts) fn quoted_port(&self) -> Option<NodeRef<'e>> {
        self.port.filter(|port| port.as_str().is_some_and(|text| text.parse::<u16>().is_ok()))
    }

    fn place(&self) -> Place {
        self.access.or(self.port).map_or_else(|| places::name(self.node), NodeRef::place)
    }
}

/// A port's mode and what decided it.
pub(super) struct Inbound {
    pub(super) mode: Mode,
    pub(super) place: Option<Place>,
    pub(super) admission: Admission,
    pub(super) because: Vec<Because>,
    pub(super) missing: Option<String>,
}

impl<'e> Servers<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let all: Vec<Server<'e>> = view
            .of_kind("policy.linkerd.io", "Server")
            .map(|resource| Server::new(resource, view.estate.node(resource)))
            .collect();
        let mut by_workload: BTreeMap<WorkloadId, Vec<usize>> = BTreeMap::new();
        for (index, server) in all.iter().enumerate() {
            if refusals::is_refused(&server.resource.object, server.node) {
                continue;
            }
            let selected =
                server.selector.as_ref().map(|selector| workloads.select(server.namespace, selector));
            for workload in selected.into_iter().flatten() {
                by_workload.entry(workload).or_default().push(index);
            }
        }
        Self { all, by_workload, grants: Grants::new(view) }
    }

    pub(in crate::facts) const fn routes(&self) -> &Routes<'e> {
        &self.grants.routes
    }

    /// What a meshed workload admits on a port.
    pub(super) fn inbound(
        &self,
        id: WorkloadId,
        pod: Pod<'_, 'e>,
        port: Option<u16>,
        configuration: &Configuration,
    ) -> Inbound {
        let servers =
            self.by_workload.get(&id).into_iter().flatten().filter_map(|index| self.all.get(*index));
        let mut servers: Vec<&Server<'e>> =
            servers.filter(|server| port.is_some_and(|port| server.is_about(pod.workload, port))).collect();
        if servers.iter().all(|server| server.created.is_some()) {
            servers.sort_by_key(|server| (server.created, &server.resource.object.name));
            servers.truncate(1);
        }
        let mut found = servers.iter().map(|server| self.of_server(server, pod, port));
        let Some(first) = found.next() else { return default(pod, port, configuration) };
        if found.all(|other| other.mode == first.mode) {
            return first;
        }
        let names: Vec<&str> = servers.iter().map(|server| &*server.resource.id).collect();
        let missing = format!("metadata.creationTimestamp of {}", names.join(" and "));
        Inbound { mode: Mode::Unknown, missing: Some(missing), ..first }
    }

    /// L5, L6: a server lets in whom any of its grants lets in.
    fn of_server(&self, server: &Server<'e>, pod: Pod<'_, 'e>, port: Option<u16>) -> Inbound {
        let access = server.access.and_then(NodeRef::as_str).and_then(Policy::new);
        let id = &server.resource.id;
        let mut because =
            vec![Because::decided(format!("{id} is about the port"), server.resource, server.place())];
        let probes = port.map(|port| pod.workload.probed_paths(port)).unwrap_or_default();
        let grants = self.grants.of(server.namespace, server.resource, server.node, &probes);
        let open = grants.iter().find(|grant| grant.admits_anonymous == Truth::True);
        let admits = match (open, access) {
            (Some(grant), _) => Some(grant.because()),
            (None, Some(Policy::Everyone)) => {
                let text = format!("{id} lets in clients without an identity");
                Some(Because::decided(text, server.resource, server.place()))
            }
            _ => None,
        };
        let unknown = grants.iter().find(|grant| grant.admits_anonymous == Truth::Unknown);
        let missing = unknown.filter(|_| admits.is_none()).and_then(|grant| grant.missing.clone());
        let is_valid = access.is_some() || server.access.is_none_or(NodeRef::is_null);
        let missing = missing
            .or_else(|| (admits.is_none() && !is_valid).then(|| format!("a valid `accessPolicy` in {id}")));
        because.extend(grants.iter().map(Grant::because));
        let is_limited = Truth::from(!matches!(access, Some(Policy::Everyone | Policy::Authenticated)));
        let mode = match (&admits, &missing) {
            (Some(_), _) => Mode::Permissive,
            (None, Some(_)) => Mode::Unknown,
            (None, None) => Mode::Strict,
        };
        let place = admits.as_ref().map_or_else(|| Some(server.place()), Because::place);
        let admission = Admission { is_limited, admits, ..Admission::default() };
        debug_assert!(pod.workload.namespace == server.namespace, "servers select in their namespace");
        Inbound { mode, place, admission, because, missing }
    }
}

/// L3: the annotation of the Pod, else of its Namespace, else of the installation.
fn default(pod: Pod<'_, '_>, port: Option<u16>, configuration: &Configuration) -> Inbound {
    let valid = |text: &Text<'_>| Policy::new(&text.text).is_some();
    let own = pod.annotation(DEFAULT_POLICY).filter(valid);
    let inherited = || pod.namespace?.annotation(DEFAULT_POLICY).cloned().filter(valid);
    let (mut policy, mut place, mut because, mut missing) = (Policy::Everyone, None, Vec::new(), None);
    let owner = pod.workload.resource;
    let found = own.map(|text| (text, owner));
    if let Some((text, owner)) = found.or_else(|| Some((inherited()?, pod.namespace?.resource))) {
        policy = Policy::new(&text.text).unwrap_or(Policy::Everyone);
        let said = format!("the default policy is `{}`", text.text);
        because.push(Because::decided(said, owner, text.place.clone()));
        place = Some(text.place);
    } else if let Some(installed) = configuration.linkerd_policy.as_deref().and_then(Policy::new) {
        policy = installed;
        because.push(Because::default("the installation sets the default policy"));
    } else {
        because.push(Because::default("Linkerd lets in everyone by default"));
        if pod.namespace.is_none() {
            missing = Some(format!("Namespace/{}", pod.workload.namespace));
        }
    }
    let required = pod.inherited(REQUIRED_PORTS);
    if policy == Policy::Everyone
        && let Some(list) = required
        && port.is_some_and(|port| super::PortList::new(&list.text).contains(port))
    {
        policy = Policy::Authenticated;
        missing = None;
        because.push(Because {
            text: format!("`{REQUIRED_PORTS}` demands an identity"),
            resource: None,
            origin: Some(list.place.clone().into()),
        });
        place = Some(list.place);
    }
    let mode = match (policy, &missing) {
        (_, Some(_)) => Mode::Unknown,
        (Policy::Everyone, None) => Mode::Permissive,
        (Policy::Authenticated | Policy::Nobody, None) => Mode::Strict,
    };
    let is_limited = Truth::from(policy == Policy::Nobody);
    Inbound { mode, place, admission: Admission { is_limited, ..Admission::default() }, because, missing }
}
