//! Policies of Linkerd: a `Server` that selects nothing, an `AuthorizationPolicy` whose referents are missing.

use super::Policy;
use crate::{
    document::NodeRef,
    facts::{Set, places},
};

const GROUP: &str = "policy.linkerd.io";

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let view = &set.view;
    let servers = set.mesh().servers().all.iter().map(|server| {
        let mut policy = Policy::new(server.resource, server.node);
        if server.node.at(&["spec", "podSelector"]).is_some() {
            policy.selecting(set, server.selector.as_ref(), &["spec", "podSelector"]);
        }
        policy
    });
    let mut all: Vec<Policy<'e>> = servers.collect();
    for resource in view.of_kind(GROUP, "AuthorizationPolicy") {
        let node = view.estate.node(resource);
        let mut policy = Policy::new(resource, node);
        let namespace = policy.namespace();
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
