//! Istio's `Gateway`: one listener for each server (networking/v1 `Server`, `ServerTLSSettings`).

use super::Listener;
use crate::{document::NodeRef, facts::Truth, source::Place};

/// Protocols of which gateways heed no TLS but the redirect (istio `pkg/config/gateway`, `IsTLSServer`).
const HTTP: [&str; 4] = ["HTTP", "HTTP2", "GRPC", "GRPC-WEB"];

/// Other protocols without TLS, for which Istio's webhook takes no `tls` (`ValidateGateway`).
const PLAINTEXT: [&str; 4] = ["TCP", "MONGO", "MYSQL", "REDIS"];

const ENCRYPTED: [&str; 2] = ["HTTPS", "TLS"];

pub(super) fn listeners(node: NodeRef<'_>) -> Vec<Listener> {
    node.at(&["spec", "servers"]).into_iter().flat_map(NodeRef::items).map(listener).collect()
}

fn listener(server: NodeRef<'_>) -> Listener {
    let port = server.get("port");
    let written = port.and_then(|port| port.get("protocol"));
    let protocol = written.and_then(NodeRef::as_str).map(str::to_ascii_uppercase);
    let has_tls = server.get("tls").is_some_and(|tls| !tls.is_null());
    let (encrypted, missing) = match protocol.as_deref() {
        Some(protocol) if HTTP.contains(&protocol) => (Truth::False, None),
        Some(protocol) if ENCRYPTED.contains(&protocol) => (Truth::True, None),
        Some(protocol) if PLAINTEXT.contains(&protocol) && has_tls => {
            (Truth::Unknown, Some("a protocol for which Istio takes `tls`"))
        }
        Some(protocol) if PLAINTEXT.contains(&protocol) => (Truth::False, None),
        Some(_) => (Truth::Unknown, Some("a protocol that Istio knows")),
        None => (Truth::Unknown, Some("the protocol of a server")),
    };
    let source = server.document.source;
    let key = server.key_span("port").map(|span| Place::new(source, span));
    let place = written.map(NodeRef::place).or(key).unwrap_or_else(|| server.place());
    let mut listener = Listener::new(protocol.unwrap_or_default(), encrypted, place.into());
    listener.name = port.and_then(|port| port.str_at(&["name"])).map(ToOwned::to_owned);
    listener.port = port.and_then(|port| port.get("number")).and_then(NodeRef::as_i64);
    let hosts = server.get("hosts").into_iter().flat_map(NodeRef::items);
    listener.hosts = hosts.filter_map(NodeRef::as_str).map(ToOwned::to_owned).collect();
    let redirect = server.at(&["tls", "httpsRedirect"]).and_then(NodeRef::as_bool);
    listener.redirects = Truth::from(redirect == Some(true));
    if encrypted == Truth::False && server.at(&["tls", "mode"]).is_some_and(|mode| !mode.is_null()) {
        let port = listener.port.map_or_else(String::new, |port| format!(" on port {port}"));
        listener.note = Some(format!("its `tls`{port} counts for HTTPS alone"));
        listener.remedy = Some("Set `protocol: HTTPS` beside the `tls` of the server.".to_owned());
    }
    listener.missing = missing.map(ToOwned::to_owned);
    listener
}
