//! Variables that the kubelet makes of Services.

use std::borrow::Cow;

use super::Container;
use crate::document::NodeRef;

/// Variables that the kubelet makes of the Services of the namespace (kubelet `envvars.FromServices`): the address stands
/// for the Service's name, which leads to the same.
pub(super) fn of_service<'e>(container: &Container<'_, 'e>, name: &str) -> Option<Cow<'e, str>> {
    let links = container.workload.pod.field("enableServiceLinks").and_then(NodeRef::as_bool);
    if links == Some(false) {
        return None;
    }
    if let Some(of) = name.strip_suffix("_SERVICE_HOST") {
        return Some(Cow::Borrowed(service(container, of)?.0));
    }
    // A Service may be called `port`, or have that in its name.
    let mut parts = name.match_indices("_PORT").map(|(at, part)| (&name[..at], &name[at + part.len()..]));
    parts.find_map(|(of, rest)| {
        let Some(of) = of.strip_suffix("_SERVICE") else {
            let (host, ports) = service(container, of)?;
            return link(host, &ports, rest);
        };
        let (_, ports) = service(container, of)?;
        let port = match rest.strip_prefix('_') {
            Some(wanted) => ports
                .into_iter()
                .find(|port| port.str_at(&["name"]).map(variable_name).as_deref() == Some(wanted)),
            None => ports.into_iter().next().filter(|_| rest.is_empty()),
        };
        port?.get("port").map(|port| Cow::Borrowed(port.raw()))
    })
}

/// Address and ports of a Service that is called so in variables, and has an address.
fn service<'e>(container: &Container<'_, 'e>, of: &str) -> Option<(&'e str, Vec<NodeRef<'e>>)> {
    let id = format!("Service/{}/{}", container.namespace, of.to_ascii_lowercase().replace('_', "-"));
    let service = container.view.get(&id)?;
    let node = container.view.estate.node(service);
    if node.str_at(&["spec", "clusterIP"]) == Some("None")
        || node.str_at(&["spec", "type"]) == Some("ExternalName")
    {
        return None;
    }
    let ports = node.at(&["spec", "ports"]).into_iter().flat_map(NodeRef::items).collect();
    Some((&service.object.name, ports))
}

/// What Docker's links would say: `tcp://orders-db:5432` for `_PORT` and `_PORT_5432_TCP`, and the parts of it.
fn link<'e>(host: &'e str, ports: &[NodeRef<'e>], rest: &str) -> Option<Cow<'e, str>> {
    let number = |port: &NodeRef<'e>| port.get("port").map(NodeRef::raw);
    let protocol = |port: &NodeRef<'e>| port.str_at(&["protocol"]).unwrap_or("TCP");
    let url = |port: &NodeRef<'e>| {
        Some(Cow::Owned(format!("{}://{host}:{}", protocol(port).to_ascii_lowercase(), number(port)?)))
    };
    if rest.is_empty() {
        return url(ports.first()?);
    }
    ports.iter().find_map(|port| {
        let behind = rest.strip_prefix('_')?.strip_prefix(number(port)?)?.strip_prefix('_')?;
        match behind.strip_prefix(protocol(port))? {
            "" => url(port),
            "_ADDR" => Some(Cow::Borrowed(host)),
            "_PORT" => number(port).map(Cow::Borrowed),
            "_PROTO" => Some(Cow::Owned(protocol(port).to_ascii_lowercase())),
            _ => None,
        }
    })
}

fn variable_name(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}
