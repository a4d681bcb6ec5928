//! Routes of Linkerd's servers: requests that a policy of their own may authorise.
//!
//! A request that no route takes is refused where its `Server` has any, so that a server lets in whom its own policies
//! or those of one of its routes let in. Source: linkerd2 `policy-controller/k8s/index/src/inbound/{index,routes}.rs`,
//! linkerd2-proxy `linkerd/proxy/server-policy/src/authz.rs` (a route's authorizations are followed by its server's).

use std::collections::BTreeMap;

use crate::{document::NodeRef, estate::View, facts::refusals};

const POLICY: &str = "policy.linkerd.io";
const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// Groups and kinds of routes that a policy may target.
const KINDS: [(&str, &str); 3] =
    [(POLICY, "HTTPRoute"), (GATEWAY_API, "HTTPRoute"), (GATEWAY_API, "GRPCRoute")];

/// What a policy names a route by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) struct RouteName<'e> {
    pub(in crate::facts) group: &'e str,
    pub(in crate::facts) kind: &'e str,
    pub(in crate::facts) namespace: &'e str,
    pub(in crate::facts) name: &'e str,
}

/// One route with the servers that it belongs to.
#[derive(Debug)]
pub(in crate::facts) struct Route<'e> {
    /// Names of servers of its own namespace; none where Linkerd ignores the route.
    pub(in crate::facts) servers: Vec<&'e str>,
    /// Paths that it takes as they are; `None`: others, too.
    paths: Option<Vec<&'e str>>,
}

/// All routes of a set.
#[derive(Debug)]
pub(in crate::facts) struct Routes<'e>(BTreeMap<RouteName<'e>, Route<'e>>);

impl<'e> RouteName<'e> {
    /// The route that a reference of a namespace names; `None`: it names no route.
    pub(in crate::facts) fn of(reference: NodeRef<'e>, namespace: &'e str) -> Option<Self> {
        let group = reference.str_at(&["group"])?;
        let kind = reference.str_at(&["kind"])?;
        let (group, kind) = KINDS
            .iter()
            .find(|(known, name)| known.eq_ignore_ascii_case(group) && name.eq_ignore_ascii_case(kind))?;
        Some(Self { group, kind, namespace, name: reference.str_at(&["name"])? })
    }

    pub(in crate::facts) fn id(&self) -> String {
        format!("{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

impl<'e> Routes<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all = BTreeMap::new();
        for (group, kind) in KINDS {
            for resource in view.of_kind(group, kind) {
                let node = view.estate.node(resource);
                if refusals::is_refused(&resource.object, node) {
                    continue;
                }
                let namespace = resource.namespace();
                let name = RouteName { group, kind, namespace, name: &resource.object.name };
                all.insert(name, Route::new(node, namespace));
            }
        }
        Self(all)
    }

    pub(in crate::facts) fn get(&self, name: &RouteName<'e>) -> Option<&Route<'e>> {
        self.0.get(name)
    }
}

impl<'e> Route<'e> {
    fn new(node: NodeRef<'e>, namespace: &str) -> Self {
        let items = |key: &str| node.at(&["spec", key]).into_iter().flat_map(NodeRef::items);
        let parents = items("parentRefs").filter(|parent| {
            parent.str_at(&["group"]) == Some(POLICY) && parent.str_at(&["kind"]) == Some("Server")
        });
        // One parent that cannot be, and the whole route is ignored.
        let name = |parent: NodeRef<'e>| {
            let home = parent.str_at(&["namespace"]).unwrap_or(namespace);
            let is_whole = parent.get("port").is_none() && parent.get("sectionName").is_none();
            parent.str_at(&["name"]).filter(|_| is_whole && home == namespace)
        };
        let servers = parents.map(name).collect::<Option<Vec<_>>>().unwrap_or_default();
        let paths = items("rules").map(|rule| {
            let matches: Vec<_> = rule.get("matches").into_iter().flat_map(NodeRef::items).collect();
            let exact = |request: &NodeRef<'e>| {
                let path = request.get("path").filter(|path| path.str_at(&["type"]) == Some("Exact"));
                path.and_then(|path| path.str_at(&["value"]))
            };
            if matches.is_empty() { None } else { matches.iter().map(exact).collect::<Option<Vec<_>>>() }
        });
        let paths = paths.collect::<Option<Vec<_>>>().map(|paths| paths.concat());
        Self { servers, paths: paths.filter(|paths| !paths.is_empty()) }
    }

    /// Whether it takes nothing but what probes ask for, which Linkerd lets in for servers without routes, too.
    pub(super) fn is_of_probes(&self, probes: &[&str]) -> bool {
        self.paths.as_ref().is_some_and(|paths| paths.iter().all(|path| probes.contains(path)))
    }
}
