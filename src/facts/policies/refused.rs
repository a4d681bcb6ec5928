//! What is no policy of its own, but decides about connections: judged only where the API server refuses it.

use super::Policy;
use crate::facts::Set;

/// Groups and kinds.
const KINDS: [(&str, &str); 7] = [
    ("networking.istio.io", "VirtualService"),
    ("policy.linkerd.io", "ServerAuthorization"),
    ("policy.linkerd.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("networking.istio.io", "Sidecar"),
    ("networking.istio.io", "Gateway"),
];

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let all = KINDS.iter().flat_map(|(group, kind)| set.view.of_kind(group, kind));
    let refused = all.filter_map(|resource| {
        let node = set.view.estate.node(resource);
        let mut policy = Policy::new(resource, node);
        policy.refuse(set).then_some(policy)
    });
    refused.collect()
}
