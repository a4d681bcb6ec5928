//! What Kuma's proxies demand: the Mesh's backend, and `MeshTLS` over it (domains.md 1a: C2).

mod permissions;
mod targets;

use self::targets::Target;
pub(super) use self::{permissions::Permissions, targets::Proxy};
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

/// Mode of a Mesh, with what decided it.
#[derive(Debug)]
pub(super) struct Decision {
    pub(super) mode: Mode,
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

pub(super) fn mode(proxy: Proxy<'_, '_>, view: &View<'_>, namespaces: &Namespaces<'_>) -> Decision {
    let name = name(proxy.pod);
    let id = format!("Mesh/{name}");
    let Some(mesh) = view.get(&id).filter(|mesh| &*mesh.object.group == "kuma.io") else {
        let because = vec![Because::default(format!("{id} is not in the input, and it turns mTLS on"))];
        return Decision { mode: Mode::Unknown, place: None, because, missing: Some(id) };
    };
    let mut decision = of_mesh(mesh, view.estate.node(mesh));
    if decision.mode == Mode::Disabled {
        return decision;
    }
    let written = view.of_kind("kuma.io", "MeshTLS").map(|policy| (policy, view.estate.node(policy)));
    let written = written.filter(|(_, node)| mesh_of(*node) == name);
    let mut policies: Vec<_> =
        written.map(|(policy, node)| (Target::new(policy, node, namespaces), policy, node)).collect();
    policies.sort_by_key(|(target, ..)| target.order());
    for (target, policy, node) in policies {
        match target.selects(proxy) {
            Truth::False => {}
            selects => decision = decision.overridden(policy, node, selects == Truth::True),
        }
    }
    decision
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
        return Decision { mode: Mode::Disabled, place: Some(place), because, missing: None };
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
    Decision { mode, because: vec![Because::decided(text, mesh, place.clone())], place: Some(place), missing }
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
