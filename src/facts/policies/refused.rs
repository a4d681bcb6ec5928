//! What is no policy of its own, but decides about connections: judged only where the API server refuses it, or where it
//! lacks what makes it work.

use super::Policy;
use crate::{document::NodeRef, facts::Set, source::Place};

/// Groups and kinds.
const KINDS: [(&str, &str); 15] = [
    ("networking.istio.io", "VirtualService"),
    ("policy.linkerd.io", "ServerAuthorization"),
    ("policy.linkerd.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("gateway.networking.k8s.io", "GRPCRoute"),
    ("networking.istio.io", "Sidecar"),
    ("networking.istio.io", "Gateway"),
    ("networking.istio.io", "ServiceEntry"),
    ("kuma.io", "Mesh"),
    ("kuma.io", "MeshTLS"),
    ("consul.hashicorp.com", "ServiceDefaults"),
    ("consul.hashicorp.com", "ProxyDefaults"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
];

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let all = KINDS.iter().flat_map(|(group, kind)| set.view.of_kind(group, kind));
    let refused = all.filter_map(|resource| {
        let node = set.view.estate.node(resource);
        let mut policy = Policy::new(resource, node);
        let is_refused = policy.refuse(set);
        let is_gateway = &*resource.object.kind == "Gateway";
        (is_refused || (is_gateway && lacks_tls(set, &mut policy))).then_some(policy)
    });
    refused.collect()
}

/// Servers and listeners for HTTPS without a certificate, which open no port: Istio's webhook refuses the whole Gateway
/// (`ValidateGateway`), others leave out the listener (gateway.networking.k8s.io/v1 `Listener.tls`).
fn lacks_tls(set: &Set<'_>, policy: &mut Policy<'_>) -> bool {
    // A patch of a kustomization leaves out what it does not change.
    if set.unbuilt().of(set.view.estate.file(policy.resource)).is_some() {
        return false;
    }
    let is_istio = &*policy.resource.object.group == "networking.istio.io";
    let (list, what, remedy) = if is_istio {
        ("servers", "server", "Add `tls` to the server: `{mode: SIMPLE, credentialName: …}`.")
    } else {
        (
            "listeners",
            "listener",
            "Add `tls` to the listener: `{mode: Terminate, certificateRefs: [{name: …}]}`.",
        )
    };
    let ways = policy.node.at(&["spec", list]).into_iter().flat_map(NodeRef::items);
    let mut places: Vec<(String, Place)> = Vec::new();
    for way in ways.filter(|way| way.get("tls").is_none_or(NodeRef::is_null)) {
        let protocol = if is_istio { way.at(&["port", "protocol"]) } else { way.get("protocol") };
        let Some(protocol) = protocol else { continue };
        let name = protocol.as_str().map(str::to_ascii_uppercase).unwrap_or_default();
        if matches!(name.as_str(), "HTTPS" | "TLS") {
            places.push((name, protocol.place()));
        }
    }
    let lacks = !places.is_empty();
    for (name, place) in places {
        policy.dead(place, format!("has a {what} for {name} without `tls`, which opens no port"), remedy);
    }
    lacks
}
