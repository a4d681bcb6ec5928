//! What Consul's proxies demand: `ServiceDefaults` over `ProxyDefaults`, if the `Mesh` allows it (domains.md 1a: C3).

use std::collections::{BTreeMap, BTreeSet};

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

/// Intentions by the name of the service that is called; `*`: any.
#[derive(Debug)]
pub(super) struct Intentions<'e>(BTreeMap<&'e str, Intention<'e>>);

/// What all intentions about a service come to.
#[derive(Debug, Default)]
struct Intention<'e> {
    /// Whether those may call that it does not name; `None`: it does not say.
    others: Option<bool>,
    ids: Vec<&'e str>,
}

impl<'e> Intentions<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: BTreeMap<&'e str, Intention<'e>> = BTreeMap::new();
        for resource in view.of_kind(GROUP, "ServiceIntentions") {
            let node = view.estate.node(resource);
            let Some(name) = node.str_at(&["spec", "destination", "name"]) else { continue };
            let intention = all.entry(name).or_default();
            intention.ids.push(&resource.id);
            for source in node.at(&["spec", "sources"]).into_iter().flat_map(NodeRef::items) {
                if is_everybody(source) {
                    // Instead of an action there may be permissions for single requests.
                    let allows = source.str_at(&["action"]) == Some("allow");
                    intention.others = Some(intention.others.unwrap_or(true) && allows);
                }
            }
        }
        Self(all)
    }

    /// Whether intentions say who may call a service: those who are named apart take nothing from all others.
    ///
    /// Those about the service itself are asked before those about any, and for whom none is, the default of the access
    /// control lists (Consul, "Service intentions", precedence). `denies`: whether that is to deny.
    pub(super) fn limit(&self, pod: Pod<'_, '_>, names: &[String], denies: Truth) -> Truth {
        let limit = |names: &[String]| {
            let own = names.iter().filter_map(|name| self.0.get(&**name));
            let others = own.chain(self.0.get("*")).find_map(|intention| intention.others);
            others.map_or(denies, |allowed| Truth::from(!allowed))
        };
        if pod.annotation(SERVICE).is_some() {
            // Each is a service of its own, and leads to the same Pods.
            names.chunks(1).map(limit).fold(Truth::True, Truth::and)
        } else {
            limit(names)
        }
    }

    /// Ids of those that are about any of some services; Consul takes no second one about a service.
    pub(super) fn about(&self, names: &[String]) -> BTreeSet<&'e str> {
        let found = names.iter().filter_map(|name| self.0.get(&**name));
        found.flat_map(|intention| intention.ids.iter().copied()).collect()
    }
}

/// Whether a source is whoever calls: that of a peer or partition says nothing of those who are here.
fn is_everybody(source: NodeRef<'_>) -> bool {
    let is_part = |key: &&str| source.str_at(&[key]).is_some_and(|text| !text.is_empty());
    let namespace = source.str_at(&["namespace"]);
    source.str_at(&["name"]) == Some("*")
        && !["peer", "partition", "samenessGroup"].iter().any(is_part)
        && matches!(namespace, None | Some("" | "*"))
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
