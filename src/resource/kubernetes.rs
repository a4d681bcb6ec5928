//! Kubernetes objects: what a document declares, and the ids of the contract.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use super::kinds;
use crate::document::{Document, NodeId, NodeRef};

/// One Kubernetes object as written.
#[derive(Debug, Clone)]
pub struct Object {
    /// API group, empty for the core group; groups that an object moved away from are given as the present one.
    pub group: Arc<str>,
    pub version: Arc<str>,
    pub kind: Arc<str>,
    /// As written; `None` where the manifest names none; [`UNKNOWN`] where a plan does not know it.
    pub namespace: Option<Arc<str>>,
    /// `metadata.name`, else `metadata.generateName`, else empty.
    pub name: Arc<str>,
    /// The API server gives it a name of its own: no other object is the same.
    pub is_named_later: bool,
    pub node: NodeId,
}

/// Which kinds are cluster-scoped: the built-in ones, well-known custom ones, and those whose definitions are read.
#[derive(Debug, Default)]
pub struct Scopes(BTreeSet<(Arc<str>, Arc<str>)>);

impl Scopes {
    /// Learns the scope of the kind that a `CustomResourceDefinition` defines.
    pub fn learn(&mut self, object: &Object, document: &Document) {
        if &*object.kind != "CustomResourceDefinition" {
            return;
        }
        let spec = document.node(object.node).get("spec");
        let text = |keys: &[&str]| spec.and_then(|spec| spec.str_at(keys));
        if let (Some("Cluster"), Some(group), Some(kind)) =
            (text(&["scope"]), text(&["group"]), text(&["names", "kind"]))
        {
            self.0.insert((group.into(), kind.into()));
        }
    }

    fn is_cluster_scoped(&self, object: &Object) -> bool {
        kinds::is_cluster_scoped(&object.group, &object.kind)
            || self.0.contains(&(Arc::clone(&object.group), Arc::clone(&object.kind)))
    }
}

/// Where an object is shown as a whole: `metadata.name` as the contract has it ("Place"), else its first key.
pub fn name_span(object: NodeRef<'_>) -> Range<usize> {
    let name = object.at(&["metadata", "name"]).filter(|name| is_shown(*name));
    name.map(NodeRef::span).or_else(|| first_key(object)).unwrap_or_else(|| object.span())
}

/// The first key of a mapping, or of the first mapping within lists.
pub fn first_key(node: NodeRef<'_>) -> Option<Range<usize>> {
    node.entries().next().map(|(_, span, _)| span).or_else(|| node.items().next().and_then(first_key))
}

/// Whether a value can be pointed at: a scalar with bytes, on one line.
pub fn is_shown(node: NodeRef<'_>) -> bool {
    node.is_scalar() && !node.span().is_empty() && !node.raw().contains('\n')
}

/// Stands for a name that is known only after apply; no object can have it.
pub const UNKNOWN: &str = "(unknown)";

/// The part of an id that says where an object lives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub group: Arc<str>,
    pub kind: Arc<str>,
    /// `None`: cluster-scoped.
    pub namespace: Option<Arc<str>>,
    pub name: Arc<str>,
}

impl Identity {
    pub fn new(object: &Object, scopes: &Scopes, default_namespace: &Arc<str>) -> Self {
        let namespace = (!scopes.is_cluster_scoped(object))
            .then(|| object.namespace.clone().unwrap_or_else(|| Arc::clone(default_namespace)));
        let (group, kind, name) =
            (Arc::clone(&object.group), Arc::clone(&object.kind), Arc::clone(&object.name));
        Self { group, kind, namespace, name }
    }

    /// `Kind/namespace/name`, cluster-scoped `Kind/name`; the group is added where the kind alone would be
    /// mistaken for a core or Istio kind (contract, "Ids").
    pub fn id(&self) -> String {
        let mut id = self.kind.to_string();
        if kinds::needs_group(&self.group, &self.kind) {
            id = format!("{id}.{}", self.group);
        }
        match &self.namespace {
            Some(namespace) => format!("{id}/{namespace}/{}", self.name),
            None => format!("{id}/{}", self.name),
        }
    }
}

/// The id of a namespaced object that something names.
pub fn id_of(group: &str, kind: &str, namespace: &str, name: &str) -> String {
    let (group, kind, name) = (group.into(), kind.into(), name.into());
    Identity { group, kind, namespace: Some(namespace.into()), name }.id()
}

/// The objects that a document declares: one, the items of a List, or none if it is not Kubernetes.
pub fn objects(document: &Document) -> Vec<Object> {
    let mut objects = Vec::new();
    collect(document.root(), None, &mut objects, 0);
    objects
}

/// Lists may hold Lists; deeper than this nobody means it.
const DEEPEST_LIST: usize = 4;

/// `of_list`: version and kind of the items of a typed list, which need not name them (apimachinery,
/// `pkg/apis/meta/v1/unstructured/helpers.go`, `decodeToList`).
fn collect(node: NodeRef<'_>, of_list: Option<(&str, &str)>, objects: &mut Vec<Object>, depth: usize) {
    let own = (node.str_at(&["apiVersion"]), node.str_at(&["kind"]));
    let (api_version, kind) = match (own, of_list) {
        ((Some(api_version), Some(kind)), _) => (api_version, kind),
        ((None, None), Some(of_list)) => of_list,
        _ => return,
    };
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    if kind.is_empty()
        || !kinds::is_cluster_api(group, version)
        || kinds::is_client_configuration(group, kind)
    {
        return;
    }
    let items = node.get("items").filter(|_| kind.ends_with("List") && depth < DEEPEST_LIST);
    if let Some(items) = items.filter(|items| items.items().next().is_some() || kind == "List") {
        let of_list =
            kind.strip_suffix("List").filter(|kind| !kind.is_empty()).map(|kind| (api_version, kind));
        items.items().for_each(|item| collect(item, of_list, objects, depth + 1));
        return;
    }
    let metadata = node.get("metadata");
    let text = |key: &str| match metadata.and_then(|metadata| metadata.get(key)) {
        Some(value) if value.is_unknown() => Some(UNKNOWN),
        value => value.and_then(NodeRef::as_str).filter(|text| !text.is_empty()),
    };
    objects.push(Object {
        group: kinds::present_group(group, kind).into(),
        version: version.into(),
        kind: kind.into(),
        namespace: text("namespace").map(Into::into),
        name: text("name").or_else(|| text("generateName")).unwrap_or_default().into(),
        is_named_later: text("name").is_none(),
        node: node.id,
    });
}
