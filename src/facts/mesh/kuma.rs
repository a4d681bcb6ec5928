//! What Kuma's proxies demand: the Mesh's backend, and `MeshTLS` over it (domains.md 1a: C2).

mod permissions;
mod selection;
mod targets;

use std::collections::BTreeMap;

pub(super) use self::{permissions::Permissions, targets::Proxy};
use self::{
    selection::{Policies, by_mesh},
    targets::Target,
};
use super::{Mode, Namespaces, membership::Pod};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Because, Truth, places},
    source::Place,
};

/// Key of the label or annotation that names the Mesh of a Pod or Namespace.
const MESH: &str = "kuma.io/mesh";
const DEFAULT: &str = "default";

/// `MeshTLS` by the Mesh that they are of.
#[derive(Debug)]
pub(super) struct MeshTls<'e>(BTreeMap<&'e str, Policies<'e, (&'e Resource, NodeRef<'e>)>>);

/// Mode of a Mesh, with what decided it.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) mode: Mode,
    /// Whether the Mesh has mTLS at all.
    pub(super) is_on: Truth,
    pub(super) place: Option<Place>,
    pub(super) because: Vec<Because>,
    pub(super) missing: Option<String>,
}

/// Name of the Mesh of a policy: a label, or, before there was one, a field beside its `spec`.
fn mesh_of(policy: NodeRef<'_>) -> &str {
    let label = policy.at(&["metadata", "labels"]).and_then(|map| map.str_at(&[MESH]));
    label.or_else(|| policy.str_at(&["mesh"])).unwrap_or(DEFAULT)
}

/// Name of the Mesh that a Pod is in, if it is in any.
pub(super) fn name(pod: Pod<'_, '_>) -> String {
    let own = pod.label(MESH).or_else(|| pod.annotation(MESH));
    let inherited =
        || pod.namespace.and_then(|namespace| namespace.label(MESH).or(namespace.annotation(MESH)));
    own.as_ref().or_else(inherited).map_or(DEFAULT, |text| &*text.text).to_owned()
}

impl<'e> MeshTls<'e> {
    pub(super) fn new(view: &View<'e>, namespaces: &Namespaces<'e>) -> Self {
        let written = view.of_kind("kuma.io", "MeshTLS").map(|policy| {
            let node = view.estate.node(policy);
            (mesh_of(node), Target::new(policy, node, namespaces), (policy, node))
        });
        Self(by_mesh(written))
    }

    /// Namespace of a control plane in which one of them lies.
    pub(super) fn home(&self) -> Option<&'e str> {
        self.0.values().find_map(Policies::home)
    }

    pub(super) fn mode(&self, proxy: Proxy<'_, '_>, view: &View<'_>) -> Decision {
        let name = name(proxy.pod);
        let id = format!("Mesh/{name}");
        let Some(mesh) = view.get(&id).filter(|mesh| &*mesh.object.group == "kuma.io") else {
            let because = vec![Because::default(format!("{id} is not in the input, and it turns mTLS on"))];
            let (mode, is_on) = (Mode::Unknown, Truth::Unknown);
            return Decision { mode, is_on, place: None, because, missing: Some(id) };
        };
        let mut decision = of_mesh(mesh, view.estate.node(mesh));
        if decision.is_on == Truth::False {
            return decision;
        }
        for (selects, (policy, node)) in self.0.get(&*name).into_iter().flat_map(|all| all.about(proxy)) {
            decision = decision.overridden(policy, *node, selects == Truth::True);
        }
        decision
    }
}

fn of_mesh(mesh: &Resource, node: NodeRef<'_>) -> Decision {
    let mtls = node.at(&["spec", "mtls"]);
    let enabled = mtls.and_then(|mtls| mtls.get("enabledBackend")).filter(|name| !name.is_null());
    let enabled = enabled.filter(|name| name.as_str() != Some(""));
    let Some(name) = enabled else {
        let key = node.get("spec").and_then(|spec| spec.key_span("mtls")).or_else(|| node.key_span("spec"));
        let place = key.map_or_else(|| places::name(node), |span| Place::new(node.document.source, span));
        let text = format!("{} enables no backend, so it has no mTLS", mesh.id);
        let because = vec![Because::decided(text, mesh, place.clone())];
        let (mode, is_on) = (Mode::Disabled, Truth::False);
        return Decision { mode, is_on, place: Some(place), because, missing: None };
    };
    let mut backends = mtls.and_then(|mtls| mtls.get("backends")).into_iter().flat_map(NodeRef::items);
    let backend = backends.find(|backend| backend.str_at(&["name"]) == name.as_str());
    let written = backend.and_then(|backend| backend.get("mode"));
    let mode = match written.map(NodeRef::as_str) {
        // Kuma refuses a Mesh that enables what it does not list.
        None if backend.is_none() => Mode::Unknown,
        None | Some(Some("STRICT")) => Mode::Strict,
        Some(Some("PERMISSIVE")) => Mode::Permissive,
        Some(_) => Mode::Unknown,
    };
    let place = written.unwrap_or(name).place();
    let text = format!("{} sets {} for the mesh", mesh.id, mode.istio_name());
    let what = if backend.is_none() { "the enabled backend" } else { "a valid mode" };
    let missing = (mode == Mode::Unknown).then(|| format!("{what} in {}", mesh.id));
    let because = vec![Because::decided(text, mesh, place.clone())];
    Decision { mode, is_on: Truth::True, because, place: Some(place), missing }
}

impl Decision {
    /// `is_sure`: whether the policy is about the proxy.
    fn overridden(mut self, policy: &Resource, node: NodeRef<'_>, is_sure: bool) -> Self {
        // Kuma 2.10 calls the list `rules`, and has `from` for policies of before.
        let lists = ["rules", "from"].into_iter().filter_map(|list| node.at(&["spec", list]));
        let written = lists.flat_map(NodeRef::items).filter_map(|rule| rule.at(&["default", "mode"]));
        let Some(written) = written.last().or_else(|| node.at(&["spec", "default", "mode"])) else {
            return self;
        };
        let mode = match written.as_str() {
            Some("Strict") => Mode::Strict,
            Some("Permissive") => Mode::Permissive,
            _ => Mode::Unknown,
        };
        let whole = matches!(node.str_at(&["spec", "targetRef", "kind"]), None | Some("Mesh"));
        let part = if whole { "the mesh" } else { "a part of the mesh" };
        let text = format!("{} sets {} for {part}", policy.id, mode.istio_name());
        if is_sure {
            self.because.push(Because::decided(text, policy, written.place()));
            (self.mode, self.place) = (mode, Some(written.place()));
            self.missing = (mode == Mode::Unknown).then(|| format!("a valid mode in {}", policy.id));
        } else if mode != self.mode {
            self.because.push(Because::decided(text, policy, written.place()));
            self.missing = Some(format!("what {} selects", policy.id));
            self.mode = Mode::Unknown;
        }
        self
    }
}
