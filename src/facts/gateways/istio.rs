//! Istio's `Gateway`: one listener for each server (networking/v1 `Server`, `ServerTLSSettings`).

use super::Listener;
use crate::{document::NodeRef, facts::Truth, source::Place};

const PLAINTEXT: [&str; 8] = ["HTTP", "HTTP2", "GRPC", "GRPC-WEB", "TCP", "MONGO", "MYSQL", "REDIS"];

/// Modes that make a server of any protocol one of TLS.
const TLS_MODES: [&str; 6] =
    ["SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"];

pub(super) fn listeners(node: NodeRef<'_>) -> Vec<Listener> {
    node.at(&["spec", "servers"]).into_iter().flat_map(NodeRef::items).map(listener).collect()
}

fn listener(server: NodeRef<'_>) -> Listener {
    let port = server.get("port");
    let written = port.and_then(|port| port.get("protocol"));
    let protocol = written.and_then(NodeRef::as_str).map(str::to_ascii_uppercase);
    let terminates = server.at(&["tls", "mode"]).and_then(NodeRef::as_str);
    let encrypted = match protocol.as_deref() {
        _ if terminates.is_some_and(|mode| TLS_MODES.contains(&mode)) => Truth::True,
        Some(protocol) => Truth::from(!PLAINTEXT.contains(&protocol)),
        None => Truth::Unknown,
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
    listener.missing = (encrypted == Truth::Unknown).then(|| "the protocol of a server".to_owned());
    listener
}
