//! Whether Kuma's permissions say who may call: `MeshTrafficPermission`, and `TrafficPermission` of before.
//!
//! All policies about a proxy are one list, the least special first; for each client the last entry about it holds, and
//! nobody may call whom no entry lets in. Lists of identities of several policies are joined instead. What is asked here is
//! how it is for those whom no entry names.
//! Sources: kuma `pkg/plugins/policies/core/rules`, `meshtrafficpermission/plugin/v1alpha1`.

use std::collections::BTreeMap;

use super::{
    mesh_of, name,
    selection::{Policies, by_mesh},
    targets::{Proxy, Target},
};
use crate::{
    document::NodeRef,
    estate::View,
    facts::{Truth, mesh::Namespaces},
};

/// Permissions by the Mesh that they are of.
#[derive(Debug)]
pub(in crate::facts::mesh) struct Permissions<'e> {
    policies: BTreeMap<&'e str, Policies<'e, Said>>,
    /// Whether one of before lets everybody call everybody, where there is any of before.
    before: BTreeMap<&'e str, bool>,
}

/// What a policy says of clients that it does not name.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// By its list `from`: whether they may call; `None`: nothing.
    List(Option<Truth>),
    /// By identities: whether it allows all, and whether it denies all.
    Identities { allows: bool, denies: bool },
}

impl<'e> Permissions<'e> {
    pub(in crate::facts::mesh) fn new(view: &View<'e>, namespaces: &Namespaces<'e>) -> Self {
        let written = view.of_kind("kuma.io", "MeshTrafficPermission").map(|policy| {
            let node = view.estate.node(policy);
            (mesh_of(node), Target::new(policy, node, namespaces), said(node))
        });
        let policies = by_mesh(written);
        let mut before = BTreeMap::new();
        for policy in view.of_kind("kuma.io", "TrafficPermission") {
            let node = view.estate.node(policy);
            let is_all = |list: &str| {
                let mut ends = node.at(&["spec", list]).into_iter().flat_map(NodeRef::items);
                ends.any(|end| {
                    let tags = end.get("match");
                    tags.is_some_and(|tags| tags.entries().all(|(_, _, value)| value.as_str() == Some("*")))
                })
            };
            *before.entry(mesh_of(node)).or_default() |= is_all("sources") && is_all("destinations");
        }
        Self { policies, before }
    }

    /// Namespace of a control plane in which one of them lies.
    pub(in crate::facts::mesh) fn home(&self) -> Option<&'e str> {
        self.policies.values().find_map(Policies::home)
    }

    pub(in crate::facts::mesh) fn limit(&self, proxy: Proxy<'_, '_>) -> Truth {
        let mesh = name(proxy.pod);
        let (policies, before) = (self.policies.get(&*mesh), self.before.get(&*mesh));
        if policies.is_none() && before.is_none() {
            return Truth::Unknown;
        }
        let mut found = Found {
            // Without a policy about it, what was written before holds, else nobody is let in.
            listed: Truth::from(before == Some(&true)),
            is_first: true,
            is_denied: false,
            allowed: Truth::False,
            denied: Truth::False,
        };
        for (selects, said) in policies.into_iter().flat_map(|policies| policies.about(proxy)) {
            found.add(selects == Truth::True, *said);
        }
        found.admits().not()
    }
}

/// What all policies about a proxy say of clients that none names.
struct Found {
    /// What the lists `from` come to.
    listed: Truth,
    /// Whether no policy is known to be about the proxy yet.
    is_first: bool,
    /// Whether the lists deny, rather than let nobody in.
    is_denied: bool,
    /// By identities.
    allowed: Truth,
    denied: Truth,
}

impl Found {
    /// `is_sure`: whether the policy is about the proxy.
    fn add(&mut self, is_sure: bool, said: Said) {
        let default = self.is_first.then_some(Truth::False);
        let listed = match said {
            Said::List(others) => others.or(default),
            Said::Identities { allows, denies } => {
                let selects = if is_sure { Truth::True } else { Truth::Unknown };
                self.allowed = self.allowed.or(selects.and(allows.into()));
                self.denied = self.denied.or(selects.and(denies.into()));
                default
            }
        };
        if is_sure {
            self.is_first = false;
            self.listed = listed.unwrap_or(self.listed);
            if let Said::List(Some(others)) = said {
                self.is_denied = others == Truth::False;
            }
        } else if listed.is_some_and(|listed| listed != self.listed) {
            // Whatever it may say holds or does not.
            self.listed = Truth::Unknown;
        }
    }

    /// What any denies is denied, else what any allows is allowed (kuma `pkg/plugins/policies/meshtrafficpermission/xds`,
    /// `createMatcher`).
    fn admits(&self) -> Truth {
        // How a list that denies all stands to identities that are allowed, nobody says.
        let allowed = if self.is_denied { self.allowed.and(Truth::Unknown) } else { self.allowed };
        self.denied.not().and(self.listed.or(allowed))
    }
}

fn said(policy: NodeRef<'_>) -> Said {
    let from = policy.at(&["spec", "from"]).into_iter().flat_map(NodeRef::items);
    // The last entry about everybody holds.
    let others = from.fold(None, |said, entry| {
        let says = match entry.at(&["default", "action"]).map(NodeRef::as_str) {
            Some(Some("Allow" | "AllowWithShadowDeny")) => Truth::True,
            Some(Some("Deny")) => Truth::False,
            _ => Truth::Unknown,
        };
        match is_about_all(entry.get("targetRef")) {
            Truth::True => Some(says),
            Truth::Unknown if said != Some(says) => Some(Truth::Unknown),
            Truth::Unknown | Truth::False => said,
        }
    });
    others.map_or_else(|| by_identity(policy), |others| Said::List(Some(others)))
}

/// Whether an entry is about all of the mesh. A subset without tags is; that of a zone may be all that there is.
fn is_about_all(target: Option<NodeRef<'_>>) -> Truth {
    let Some(target) = target else { return Truth::True };
    let asks = |(_, _, value): &(_, _, NodeRef<'_>)| value.as_str() != Some("*");
    let mut tags = target.get("tags").into_iter().flat_map(NodeRef::entries).filter(asks).peekable();
    match target.str_at(&["kind"]) {
        Some("Mesh" | "MeshSubset") if tags.peek().is_none() => Truth::True,
        Some("MeshSubset") if tags.all(|(key, ..)| key == "kuma.io/zone") => Truth::Unknown,
        _ => Truth::False,
    }
}

/// Since Kuma 2.12 there are lists of identities instead, where what is denied counts more.
fn by_identity(policy: NodeRef<'_>) -> Said {
    let rules = || policy.at(&["spec", "rules"]).into_iter().flat_map(NodeRef::items);
    if rules().next().is_none() {
        return Said::List(None);
    }
    let names_all = |list: &str| {
        let lists = rules().filter_map(|rule| rule.at(&["default", list]));
        lists.flat_map(NodeRef::items).any(is_everybody)
    };
    let allows = names_all("allow") || names_all("allowWithShadowDeny");
    Said::Identities { allows, denies: names_all("deny") }
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
