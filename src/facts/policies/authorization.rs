//! `AuthorizationPolicy` of Istio: what of it has no effect.

use super::Policy;
use crate::facts::Set;

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let root = &set.mesh().configuration.root_namespace;
    let policies = set.mesh().authorizations().all.iter().map(|authorization| {
        let mut policy = Policy::new(authorization.resource, authorization.node);
        if policy.refuse(set) {
            return policy;
        }
        // A selector in the root namespace reaches every namespace, and so may reach what is not in the input.
        if authorization.namespace != root || authorization.selector.is_none() {
            policy.selecting(set, authorization.selector.as_ref(), &["spec", "selector"]);
        }
        policy
    });
    policies.collect()
}
