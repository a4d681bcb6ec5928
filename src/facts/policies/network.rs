//! `NetworkPolicy`: one that selects nothing, or names peers that are nobody (domains.md 1a: N3, N8).

use super::Policy;
use crate::{document::NodeRef, facts::Set, resource::selector::Selector, source::Place};

/// Rules of a direction, their peers, and what the peers may do.
const DIRECTIONS: [(&str, &str, &str); 2] = [("ingress", "from", "be called by"), ("egress", "to", "call")];

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
        if policy.dead.is_empty() && policy.open.is_empty() {
            peers(set, &mut policy);
        }
        policy
    });
    policies.collect()
}

/// Peers of the policy's own namespace by labels that none of its workloads has: who was meant is left out.
fn peers(set: &Set<'_>, policy: &mut Policy<'_>) {
    let namespace = policy.namespace();
    if set.workloads().in_namespace(namespace).is_empty()
        || set.unbuilt().of(set.view.estate.file(policy.resource)).is_some()
    {
        return;
    }
    let source = policy.node.document.source;
    for (direction, key, may) in DIRECTIONS {
        let rules = policy.node.at(&["spec", direction]).into_iter().flat_map(NodeRef::items);
        for peer in rules.filter_map(|rule| rule.get(key)).flat_map(NodeRef::items) {
            if peer.get("namespaceSelector").is_some_and(|namespaces| !namespaces.is_null()) {
                continue;
            }
            let Some(pods) = peer.get("podSelector").filter(|pods| !pods.holds_unknown()) else { continue };
            let selector = Selector::of_label_selector(pods).filter(|selector| !selector.is_empty());
            let Some(selector) = selector.filter(is_of_people) else { continue };
            if set.workloads().select(namespace, &selector).is_empty() {
                let place = peer.key_span("podSelector").map(|span| Place::new(source, span));
                let text =
                    format!("lets its Pods {may} Pods by labels that none of namespace {namespace} has");
                let remedy = "Write the labels of the Pods that are meant, as their template has them, or remove the peer.";
                policy.dead(place.unwrap_or_else(|| peer.place()), text, remedy);
            }
        }
    }
}

/// Whether people write such labels. Those of other domains operators put on Pods that no manifest holds.
fn is_of_people(selector: &Selector<'_>) -> bool {
    selector.pairs().all(|(key, _)| !key.contains('/') || key.starts_with("app.kubernetes.io/"))
}
