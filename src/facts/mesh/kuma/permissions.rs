//! Whether Kuma's permissions say who may call: `MeshTrafficPermission`, and `TrafficPermission` of before.
//!
//! All policies about a proxy are one list, the least special first; for each client the last entry about it holds, and
//! nobody may call whom no entry lets in. What is asked here is how it is for those whom no entry names.
//! Sources: kuma `pkg/plugins/policies/core/rules`, `meshtrafficpermission/plugin/v1alpha1`.

use std::collections::BTreeMap;

use super::{
    mesh_of, name,
    targets::{Proxy, Target},
};
use crate::{
    document::NodeRef,
    estate::View,
    facts::{Truth, mesh::Namespaces},
};

/// Permissions by the Mesh that they are of.
#[derive(Debug)]
pub(in crate::facts::mesh) struct Permissions<'e>(BTreeMap<&'e str, Permitted<'e>>);

/// All permissions of a Mesh.
#[derive(Debug, Default)]
struct Permitted<'e> {
    /// Those for whole namespaces or the Mesh, and the rest; what counts least first.
    policies: Vec<Permission<'e>>,
    /// Whether one of before lets everybody call everybody; `None`: there is none of before.
    before: Option<bool>,
}

#[derive(Debug)]
struct Permission<'e> {
    target: Target<'e>,
    /// Whether clients that no entry names may call; `None`: it says nothing of them.
    others: Option<Truth>,
}

impl<'e> Permissions<'e> {
    pub(in crate::facts::mesh) fn new(view: &View<'e>, namespaces: &Namespaces<'e>) -> Self {
        let mut all: BTreeMap<&'e str, Permitted<'e>> = BTreeMap::new();
        for policy in view.of_kind("kuma.io", "MeshTrafficPermission") {
            let node = view.estate.node(policy);
            let permission =
                Permission { target: Target::new(policy, node, namespaces), others: others(node) };
            all.entry(mesh_of(node)).or_default().policies.push(permission);
        }
        for policy in view.of_kind("kuma.io", "TrafficPermission") {
            let node = view.estate.node(policy);
            let is_all = |list: &str| {
                let mut ends = node.at(&["spec", list]).into_iter().flat_map(NodeRef::items);
                ends.any(|end| {
                    let tags = end.get("match");
                    tags.is_some_and(|tags| tags.entries().all(|(_, _, value)| value.as_str() == Some("*")))
                })
            };
            let before = &mut all.entry(mesh_of(node)).or_default().before;
            *before = Some(before.unwrap_or(false) || (is_all("sources") && is_all("destinations")));
        }
        for permitted in all.values_mut() {
            permitted.policies.sort_by_key(|policy| policy.target.order());
        }
        Self(all)
    }

    pub(in crate::facts::mesh) fn limit(&self, proxy: Proxy<'_, '_>) -> Truth {
        let Some(permitted) = self.0.get(&*name(proxy.pod)) else { return Truth::Unknown };
        // Without a policy about it, what was written before holds, else nobody is let in.
        let mut admits = Truth::from(permitted.before == Some(true));
        let mut is_first = true;
        for policy in &permitted.policies {
            let said = match policy.target.selects(proxy) {
                Truth::False => continue,
                Truth::True => policy.others.or(is_first.then_some(Truth::False)),
                // Whatever it may say holds or does not.
                Truth::Unknown => {
                    let said = policy.others.or(is_first.then_some(Truth::False));
                    if said.is_some_and(|said| said != admits) {
                        admits = Truth::Unknown;
                    }
                    continue;
                }
            };
            is_first = false;
            admits = said.unwrap_or(admits);
        }
        admits.not()
    }
}

/// What a policy says of clients that it does not name. The last entry about all of the mesh holds.
fn others(policy: NodeRef<'_>) -> Option<Truth> {
    let from = policy.at(&["spec", "from"]).into_iter().flat_map(NodeRef::items);
    let about_all = from.filter(|entry| {
        let target = entry.get("targetRef");
        target.is_none_or(|target| target.str_at(&["kind"]) == Some("Mesh") && target.get("tags").is_none())
    });
    let said = about_all.last().map(|entry| match entry.at(&["default", "action"]).map(NodeRef::as_str) {
        Some(Some("Allow" | "AllowWithShadowDeny")) => Truth::True,
        Some(Some("Deny")) => Truth::False,
        _ => Truth::Unknown,
    });
    said.or_else(|| by_identity(policy))
}

/// Since Kuma 2.12 there are lists of identities instead, where what is denied counts more.
fn by_identity(policy: NodeRef<'_>) -> Option<Truth> {
    let rules = || policy.at(&["spec", "rules"]).into_iter().flat_map(NodeRef::items);
    rules().next()?;
    let names_all = |list: &str| {
        let lists = rules().filter_map(|rule| rule.at(&["default", list]));
        lists.flat_map(NodeRef::items).any(is_everybody)
    };
    let is_let_in = names_all("allow") || names_all("allowWithShadowDeny");
    Some(Truth::from(is_let_in && !names_all("deny")))
}

/// Whether an entry is about every identity of a trust domain: `{}`, or a prefix without a namespace.
fn is_everybody(entry: NodeRef<'_>) -> bool {
    let Some(identity) = entry.get("spiffeID") else { return entry.entries().next().is_none() };
    let is_prefix = identity.str_at(&["type"]) == Some("Prefix");
    is_prefix
        && identity.str_at(&["value"]).is_some_and(|value| {
            let path = value.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/'));
            path.is_none_or(|(_, path)| path.trim_matches('/').is_empty() || path == "ns/")
        })
}
