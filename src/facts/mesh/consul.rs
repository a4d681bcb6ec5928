//! What Consul's proxies demand: `ServiceDefaults` over `ProxyDefaults`, if the `Mesh` allows it (domains.md 1a: C3).

use super::{Mode, membership::Pod};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Because, Truth},
    source::Place,
};

const GROUP: &str = "consul.hashicorp.com";

/// Annotation of a Pod with the name of its service, and what names it else: its Services and itself.
const SERVICE: &str = "consul.hashicorp.com/connect-service";

/// Names under which a Pod may be a service.
pub(super) fn names<'n>(pod: Pod<'_, 'n>, otherwise: &[&'n str]) -> Vec<String> {
    match pod.annotation(SERVICE) {
        Some(name) => name.text.split(',').map(|name| name.trim().to_owned()).collect(),
        None => otherwise.iter().map(|name| (*name).to_owned()).collect(),
    }
}

/// Mode of a service and what decided it; strict unless something says otherwise.
///
/// Without enterprise namespaces, entries count wherever they lie (consul-k8s `control-plane/api/common`,
/// `ConsulNamespace`): one beside the service is asked before one of another namespace.
pub(super) fn mode(
    namespace: &str,
    names: &[String],
    view: &View<'_>,
) -> (Mode, Option<Place>, Vec<Because>) {
    let defaults = view
        .of_kind(GROUP, "ServiceDefaults")
        .filter(|resource| names.iter().any(|name| **name == *resource.object.name));
    let defaults = defaults.min_by_key(|resource| resource.identity.namespace.as_deref() != Some(namespace));
    let proxies = view.of_kind(GROUP, "ProxyDefaults").find(|resource| &*resource.object.name == "global");
    let said = [defaults, proxies].into_iter().flatten().find_map(|resource| {
        let mode = view.estate.node(resource).at(&["spec", "mutualTLSMode"])?;
        mode.as_str().filter(|mode| !mode.is_empty()).map(|_| (resource, mode))
    });
    let Some((resource, written)) = said else {
        return (Mode::Strict, None, vec![Because::default("Consul demands mTLS by default")]);
    };
    let mode = match written.as_str() {
        Some("permissive") if allows_permissive(view) => Mode::Permissive,
        Some("strict" | "permissive") => Mode::Strict,
        _ => Mode::Unknown,
    };
    let because = said_by(resource, written, mode);
    (mode, Some(written.place()), vec![because])
}

/// Whether intentions say who may call a service; without any, the default of the access control lists does.
pub(super) fn is_limited(names: &[String], view: &View<'_>) -> Truth {
    let mut intentions = view.of_kind(GROUP, "ServiceIntentions").filter(|resource| {
        let name = view.estate.node(resource).str_at(&["spec", "destination", "name"]);
        name.is_some_and(|name| name == "*" || names.iter().any(|own| own == name))
    });
    if intentions.next().is_some() { Truth::True } else { Truth::Unknown }
}

fn said_by(resource: &Resource, written: NodeRef<'_>, mode: Mode) -> Because {
    let text = format!("{} leads to {}", resource.id, mode.istio_name());
    Because::decided(text, resource, written.place())
}

fn allows_permissive(view: &View<'_>) -> bool {
    let mut meshes = view.of_kind(GROUP, "Mesh");
    meshes.any(|mesh| {
        let allowed = view.estate.node(mesh).at(&["spec", "allowEnablingPermissiveMutualTLS"]);
        allowed.and_then(NodeRef::as_bool) == Some(true)
    })
}
