//! Policies of Linkerd: a `Server` that selects nothing, an `AuthorizationPolicy` whose referents are missing.

use super::Policy;
use crate::{
    document::NodeRef,
    facts::{Set, mesh::RouteName, places},
};

const GROUP: &str = "policy.linkerd.io";

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let view = &set.view;
    let servers = set.mesh().servers().all.iter().map(|server| {
        let mut policy = Policy::new(server.resource, server.node);
        if policy.refuse(set) {
            return policy;
        }
        let names = |key: &str| server.node.at(&["spec", key]).is_some();
        if !names("podSelector") && !names("externalWorkloadSelector") {
            let text = "selects nothing: it has no `spec.podSelector`";
            policy.dead(policy.key(&["spec"]), text, "Write `podSelector` with the labels of the Pods.");
        }
        if let Some(port) = server.quoted_port() {
            let text = "is about no port: a number in quotation marks is a name, and no port has one without a letter";
            policy.dead(port.place(), text, "Write `port` as a number, without quotation marks.");
        }
        if names("podSelector") {
            policy.selecting(set, server.selector.as_ref(), &["spec", "podSelector"]);
        }
        policy
    });
    let mut all: Vec<Policy<'e>> = servers.collect();
    for resource in view.of_kind(GROUP, "AuthorizationPolicy") {
        let node = view.estate.node(resource);
        let mut policy = Policy::new(resource, node);
        if policy.refuse(set) {
            all.push(policy);
            continue;
        }
        let namespace = policy.namespace();
        if let Some(target) = node.at(&["spec", "targetRef"]) {
            of_target(set, &mut policy, target);
        }
        let required = node.at(&["spec", "requiredAuthenticationRefs"]);
        let references = node.at(&["spec", "targetRef"]).into_iter();
        for reference in references.chain(required.into_iter().flat_map(NodeRef::items)) {
            let Some(name) = reference.get("name") else { continue };
            let kind = reference.str_at(&["kind"]).unwrap_or_default();
            if !matches!(kind, "Server" | "MeshTLSAuthentication" | "NetworkAuthentication") {
                continue;
            }
            let home = reference.str_at(&["namespace"]).unwrap_or(namespace);
            let id = format!("{kind}/{home}/{}", name.as_str().unwrap_or_default());
            if view.get(&id).is_none() {
                let text = "refers to what is not in the input; without it the policy is ignored";
                policy.open(places::value(name.place(), name), text, id);
            }
        }
        all.push(policy);
    }
    all
}

/// A route that a policy targets: without a server it authorises nobody.
fn of_target<'e>(set: &Set<'e>, policy: &mut Policy<'e>, target: NodeRef<'e>) {
    let (Some(route), Some(name)) = (RouteName::of(target, policy.namespace()), target.get("name")) else {
        return;
    };
    let place = places::value(name.place(), name);
    let Some(found) = set.mesh().servers().routes().get(&route) else {
        policy.open(place, "authorizes requests of a route that is not in the input", route.id());
        return;
    };
    let Some(server) = found.servers.first() else {
        let text = format!("authorizes requests of {}, which belongs to no Server", route.id());
        let remedy = format!(
            "Name a Server in `parentRefs` of {}: `{{group: policy.linkerd.io, kind: Server, name: …}}`, without \
             `port` or `sectionName`.",
            route.id()
        );
        policy.dead(place, text, remedy);
        return;
    };
    let ids = found.servers.iter().map(|server| format!("Server/{}/{server}", route.namespace));
    if ids.into_iter().all(|id| set.view.get(&id).is_none()) {
        let text = format!("authorizes requests of {}, whose Server is not in the input", route.id());
        policy.open(place, text, format!("Server/{}/{server}", route.namespace));
    }
}
