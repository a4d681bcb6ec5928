//! `NetworkPolicy`: one that selects nothing (domains.md 1a: N3, N8).

use super::Policy;
use crate::{facts::Set, resource::selector::Selector};

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let written = set.view.of_kind("networking.k8s.io", "NetworkPolicy");
    let policies = written.map(|resource| {
        let node = set.view.estate.node(resource);
        let mut policy = Policy::new(resource, node);
        let selector = match node.at(&["spec", "podSelector"]) {
            Some(selector) => Selector::of_label_selector(selector),
            None => Some(Selector::default()),
        };
        policy.selecting(set, selector.as_ref(), &["spec", "podSelector"]);
        policy
    });
    policies.collect()
}
