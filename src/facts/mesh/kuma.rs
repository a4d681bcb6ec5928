//! What Kuma's proxies demand: the Mesh's backend, and `MeshTLS` over it (domains.md 1a: C2).
//!
//! Deliberately absent: `MeshTLS` that targets a part of the mesh, which leaves the mode open.

use std::collections::BTreeMap;

use super::{Mode, membership::Pod};
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

/// Whether permissions say who may call, by the Mesh that they are of; which workloads each is about is left open.
#[derive(Debug)]
pub(super) struct Permissions<'e>(BTreeMap<&'e str, Permitted>);

/// What all permissions of a Mesh come to.
#[derive(Debug, Default)]
struct Permitted {
    /// Whether one lets everybody call everybody.
    all: bool,
    /// Whether one denies anything.
    denies: bool,
}

impl<'e> Permissions<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: BTreeMap<&'e str, Permitted> = BTreeMap::new();
        for permission in view.of_kind("kuma.io", "MeshTrafficPermission") {
            let node = view.estate.node(permission);
            let entries = || node.at(&["spec", "from"]).into_iter().flat_map(NodeRef::items);
            let actions =
                || entries().filter_map(|entry| Some((entry, entry.str_at(&["default", "action"])?)));
            let permitted = all.entry(mesh_of(node)).or_default();
            permitted.all |= is_of_mesh(node.get("spec"))
                && actions().any(|(entry, action)| action.starts_with("Allow") && is_of_mesh(Some(entry)));
            // Since Kuma 2.12 there are lists of identities beside.
            let rules = node.at(&["spec", "rules"]).into_iter().flat_map(NodeRef::items);
            let mut denied = rules.filter_map(|rule| rule.at(&["default", "deny"]));
            permitted.denies |= actions().any(|(_, action)| action == "Deny") || denied.next().is_some();
        }
        for permission in view.of_kind("kuma.io", "TrafficPermission") {
            let node = view.estate.node(permission);
            let is_all = |list: &str| {
                let mut ends = node.at(&["spec", list]).into_iter().flat_map(NodeRef::items);
                ends.any(|end| {
                    let tags = end.get("match");
                    tags.is_some_and(|tags| tags.entries().all(|(_, _, value)| value.as_str() == Some("*")))
                })
            };
            all.entry(mesh_of(node)).or_default().all |= is_all("sources") && is_all("destinations");
        }
        Self(all)
    }

    pub(super) fn limit(&self, pod: Pod<'_, '_>) -> Truth {
        match self.0.get(&*name(pod)) {
            None => Truth::Unknown,
            Some(permitted) => Truth::from(!permitted.all || permitted.denies),
        }
    }
}

/// Name of the Mesh of a policy: a label, or, before there was one, a field beside its `spec`.
fn mesh_of(policy: NodeRef<'_>) -> &str {
    let label = policy.at(&["metadata", "labels"]).and_then(|map| map.str_at(&[MESH]));
    label.or_else(|| policy.str_at(&["mesh"])).unwrap_or(DEFAULT)
}

/// Whether a `targetRef` is about the whole of its Mesh.
fn is_of_mesh(owner: Option<NodeRef<'_>>) -> bool {
    let target = owner.and_then(|owner| owner.get("targetRef"));
    target.is_none_or(|target| target.str_at(&["kind"]) == Some("Mesh") && target.get("tags").is_none())
}

/// Name of the Mesh that a Pod is in, if it is in any.
pub(super) fn name(pod: Pod<'_, '_>) -> String {
    let own = pod.label(MESH).or_else(|| pod.annotation(MESH));
    let inherited =
        || pod.namespace.and_then(|namespace| namespace.label(MESH).or(namespace.annotation(MESH)));
    own.as_ref().or_else(inherited).map_or(DEFAULT, |text| &*text.text).to_owned()
}

pub(super) fn mode(pod: Pod<'_, '_>, view: &View<'_>) -> Decision {
    let name = name(pod);
    let id = format!("Mesh/{name}");
    let Some(mesh) = view.get(&id).filter(|mesh| &*mesh.object.group == "kuma.io") else {
        let because = vec![Because::default(format!("{id} is not in the input, and it turns mTLS on"))];
        return Decision { mode: Mode::Unknown, place: None, because, missing: Some(id) };
    };
    let mut decision = of_mesh(mesh, view.estate.node(mesh));
    if decision.mode == Mode::Disabled {
        return decision;
    }
    for policy in view.of_kind("kuma.io", "MeshTLS") {
        let node = view.estate.node(policy);
        if mesh_of(node) == name {
            decision = decision.overridden(policy, node);
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
    fn overridden(mut self, policy: &Resource, node: NodeRef<'_>) -> Self {
        // Kuma 2.10 calls the list `rules`, and has `from` for policies of before.
        let lists = ["rules", "from"].into_iter().filter_map(|list| node.at(&["spec", list]));
        let mut written = lists.flat_map(NodeRef::items).filter_map(|rule| rule.at(&["default", "mode"]));
        let written = written.next();
        let Some(written) = written.or_else(|| node.at(&["spec", "default", "mode"])) else { return self };
        let mode = match written.as_str() {
            Some("Strict") => Mode::Strict,
            Some("Permissive") => Mode::Permissive,
            _ => Mode::Unknown,
        };
        let target = node.str_at(&["spec", "targetRef", "kind"]);
        if matches!(target, None | Some("Mesh")) {
            let text = format!("{} sets {} for the mesh", policy.id, mode.istio_name());
            self.because.push(Because::decided(text, policy, written.place()));
            (self.mode, self.place) = (mode, Some(written.place()));
        } else if mode != self.mode {
            let text = format!("{} sets {} for a part of the mesh", policy.id, mode.istio_name());
            self.because.push(Because::decided(text, policy, written.place()));
            self.missing = Some(format!("what {} selects", policy.id));
            self.mode = Mode::Unknown;
        }
        self
    }
}
