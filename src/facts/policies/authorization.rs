//! `AuthorizationPolicy` of Istio: what of it has no effect.

use super::Policy;
use crate::{
    document::NodeRef,
    facts::{Set, mesh::Action, places},
};

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let root = &set.mesh().configuration.root_namespace;
    let policies = set.mesh().authorizations().all.iter().map(|authorization| {
        let mut policy = Policy::new(authorization.resource, authorization.node);
        // A selector in the root namespace reaches every namespace, and so may reach what is not in the input.
        if authorization.namespace != root || authorization.selector.is_none() {
            policy.selecting(set, authorization.selector.as_ref(), &["spec", "selector"]);
        }
        let written = authorization.node.at(&["spec", "action"]);
        if authorization.action == Action::Unreadable && !written.is_some_and(NodeRef::is_unknown) {
            let key = policy.key(&["spec", "action"]);
            let place = written.map_or_else(|| key.clone(), |node| places::value(key.clone(), node));
            let text = "has an action that is none, so the API server refuses it";
            policy.dead(place, text, "Write `ALLOW`, `DENY`, `AUDIT` or `CUSTOM`.");
        }
        policy
    });
    policies.collect()
}
