//! What authorises clients of a `Server`: `ServerAuthorization` and `AuthorizationPolicy` (domains.md 1a: L5).

use std::collections::BTreeMap;

use super::routes::{RouteName, Routes};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Because, Truth, places, refusals},
    resource::selector::{Labels, Selector},
    source::Place,
};

const GROUP: &str = "policy.linkerd.io";

/// One policy that lets clients in.
#[derive(Debug, Clone)]
pub(super) struct Grant<'e> {
    resource: &'e Resource,
    target: Target<'e>,
    /// Whether it lets in clients without an identity.
    pub(super) admits_anonymous: Truth,
    pub(super) missing: Option<String>,
    place: Place,
}

#[derive(Debug, Clone)]
enum Target<'e> {
    Server(&'e str),
    Servers(Selector<'e>),
    Namespace,
    /// Requests of a route, on the servers that it belongs to.
    Route(RouteName<'e>),
}

/// All grants by namespace, and the routes that they may be about.
#[derive(Debug)]
pub(super) struct Grants<'e> {
    by_namespace: BTreeMap<&'e str, Vec<Grant<'e>>>,
    pub(super) routes: Routes<'e>,
}

impl<'e> Grants<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: BTreeMap<&'e str, Vec<Grant<'e>>> = BTreeMap::new();
        let mut add = |resource: &'e Resource, grant: Option<Grant<'e>>| {
            let namespace = resource.namespace();
            let is_refused = refusals::is_refused(&resource.object, view.estate.node(resource));
            all.entry(namespace).or_default().extend(grant.filter(|_| !is_refused));
        };
        for resource in view.of_kind(GROUP, "ServerAuthorization") {
            add(resource, of_server_authorization(resource, view.estate.node(resource)));
        }
        for resource in view.of_kind(GROUP, "AuthorizationPolicy") {
            add(resource, of_authorization_policy(resource, view.estate.node(resource), view));
        }
        Self { by_namespace: all, routes: Routes::new(view) }
    }

    /// Those that are about a server. `probes`: paths of its port that the kubelet asks for, which need no identity.
    pub(super) fn of(
        &self,
        namespace: &str,
        server: &Resource,
        node: NodeRef<'_>,
        probes: &[&str],
    ) -> Vec<Grant<'e>> {
        let labels = node.at(&["metadata", "labels"]).into_iter().flat_map(NodeRef::entries);
        let labels: Labels<'_> = labels.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect();
        let grants = self.by_namespace.get(namespace).into_iter().flatten();
        let about = grants.filter_map(|grant| match &grant.target {
            Target::Server(name) => (*name == &*server.object.name).then(|| grant.clone()),
            Target::Servers(selector) => selector.matches(&labels).then(|| grant.clone()),
            Target::Namespace => Some(grant.clone()),
            Target::Route(name) => self.of_route(grant, name, server, probes),
        });
        about.collect()
    }

    /// A grant for the requests of a route, if the route belongs to a server, or may.
    fn of_route(
        &self,
        grant: &Grant<'e>,
        name: &RouteName<'e>,
        server: &Resource,
        probes: &[&str],
    ) -> Option<Grant<'e>> {
        let Some(route) = self.routes.get(name) else {
            let missing = grant.missing.clone().or_else(|| Some(name.id()));
            let open = Grant { admits_anonymous: Truth::Unknown, missing, ..grant.clone() };
            return (grant.admits_anonymous != Truth::False).then_some(open);
        };
        let is_about = route.servers.contains(&&*server.object.name) && !route.is_of_probes(probes);
        is_about.then(|| grant.clone())
    }
}

impl Grant<'_> {
    pub(super) fn because(&self) -> Because {
        let whom = match self.admits_anonymous {
            Truth::True => "lets in clients without an identity",
            Truth::False => "lets in clients with an identity",
            Truth::Unknown => "lets in clients that the input does not tell",
        };
        let of_route = match &self.target {
            Target::Route(name) => format!(" for requests of {}", name.id()),
            _ => String::new(),
        };
        let text = format!("{} {whom}{of_route}", self.resource.id);
        Because::decided(text, self.resource, self.place.clone())
    }
}

fn of_server_authorization<'e>(resource: &'e Resource, node: NodeRef<'e>) -> Option<Grant<'e>> {
    let server = node.at(&["spec", "server"])?;
    let target = match server.str_at(&["name"]) {
        Some(name) => Target::Server(name),
        None => Target::Servers(Selector::of_label_selector(server.get("selector")?)?),
    };
    let client = node.at(&["spec", "client"]);
    let flag = |keys: &[&str]| client?.at(keys).filter(|node| node.as_bool() == Some(true));
    let open = flag(&["unauthenticated"]).or_else(|| flag(&["meshTLS", "unauthenticatedTLS"]));
    let place = open.or(client).map_or_else(|| places::name(node), |node| first(node));
    Some(Grant { resource, target, admits_anonymous: Truth::from(open.is_some()), missing: None, place })
}

fn of_authorization_policy<'e>(
    resource: &'e Resource,
    node: NodeRef<'e>,
    view: &View<'e>,
) -> Option<Grant<'e>> {
    let reference = node.at(&["spec", "targetRef"])?;
    let namespace = resource.namespace();
    let target = match reference.str_at(&["kind"])? {
        "Server" => Target::Server(reference.str_at(&["name"])?),
        "Namespace" => Target::Namespace,
        _ => Target::Route(RouteName::of(reference, namespace)?),
    };
    let required = node.at(&["spec", "requiredAuthenticationRefs"]);
    let mut identified = false;
    let mut missing = None;
    for reference in required.into_iter().flat_map(NodeRef::items) {
        let name = reference.str_at(&["name"]).unwrap_or_default();
        let namespace = reference.str_at(&["namespace"]).unwrap_or(namespace);
        match reference.str_at(&["kind"]).unwrap_or_default() {
            "ServiceAccount" => identified = true,
            "MeshTLSAuthentication" => {
                identified = true;
                missing = missing.or(referent(view, "MeshTLSAuthentication", namespace, name));
            }
            "NetworkAuthentication" => {
                missing = missing.or(referent(view, "NetworkAuthentication", namespace, name));
            }
            _ => {}
        }
    }
    // Without what it refers to, the policy is ignored.
    let admits_anonymous = match (identified, &missing) {
        (true, _) => Truth::False,
        (false, Some(_)) => Truth::Unknown,
        (false, None) => Truth::True,
    };
    let key = node.get("spec").and_then(|spec| spec.key_span("requiredAuthenticationRefs"));
    let place = key.map_or_else(|| places::name(node), |span| Place::new(node.document.source, span));
    Some(Grant { resource, target, admits_anonymous, missing, place })
}

/// What is not in the input of what a policy refers to.
fn referent(view: &View<'_>, kind: &str, namespace: &str, name: &str) -> Option<String> {
    let id = format!("{kind}/{namespace}/{name}");
    view.get(&id).is_none().then_some(id)
}

fn first(node: NodeRef<'_>) -> Place {
    let key = node.entries().next().map(|(_, span, _)| Place::new(node.document.source, span));
    key.unwrap_or_else(|| node.place())
}
