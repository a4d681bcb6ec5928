//! Namespaces that the input declares, with the labels and annotations that meshes read.

use std::{borrow::Cow, collections::BTreeMap};

use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::places,
    resource::selector::Labels,
    source::Place,
};

/// One declared Namespace; declarations of one name are merged, the later value wins.
#[derive(Debug)]
pub(in crate::facts) struct Namespace<'e> {
    pub(in crate::facts) resource: &'e Resource,
    /// Where it would say more: the key of its labels, else its name.
    pub(in crate::facts) absence: Place,
    labels: BTreeMap<&'e str, Text<'e>>,
    annotations: BTreeMap<&'e str, Text<'e>>,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Text<'e> {
    pub(in crate::facts) text: Cow<'e, str>,
    pub(in crate::facts) place: Place,
}

/// Namespaces by name; what is not in it is declared elsewhere, if at all.
#[derive(Debug)]
pub(in crate::facts) struct Namespaces<'e>(BTreeMap<&'e str, Namespace<'e>>);

impl<'e> Namespaces<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: BTreeMap<&'e str, Namespace<'e>> = BTreeMap::new();
        for resource in view.of_kind("", "Namespace") {
            let node = view.estate.node(resource);
            // What is known only after apply may say anything: as if nobody had declared it yet.
            if ["labels", "annotations"]
                .iter()
                .any(|map| node.at(&["metadata", map]).is_some_and(NodeRef::holds_unknown))
            {
                continue;
            }
            let namespace = all.entry(&*resource.object.name).or_insert_with(|| Namespace {
                resource,
                absence: absence(node),
                labels: BTreeMap::new(),
                annotations: BTreeMap::new(),
            });
            namespace.labels.extend(texts(node.at(&["metadata", "labels"])));
            namespace.annotations.extend(texts(node.at(&["metadata", "annotations"])));
        }
        Self(all)
    }

    pub(in crate::facts) fn get(&self, name: &str) -> Option<&Namespace<'e>> {
        self.0.get(name)
    }

    pub(in crate::facts) fn iter(&self) -> impl Iterator<Item = (&'e str, &Namespace<'e>)> {
        self.0.iter().map(|(name, namespace)| (*name, namespace))
    }
}

impl<'e> Namespace<'e> {
    pub(in crate::facts) fn label(&self, key: &str) -> Option<&Text<'e>> {
        self.labels.get(key)
    }

    pub(in crate::facts) fn annotation(&self, key: &str) -> Option<&Text<'e>> {
        self.annotations.get(key)
    }

    /// Keys of labels and annotations.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'e str> {
        self.labels.keys().chain(self.annotations.keys()).copied()
    }

    pub(super) fn labels(&self) -> Labels<'_> {
        self.labels.iter().map(|(key, value)| (*key, &*value.text)).collect()
    }
}

fn absence(node: NodeRef<'_>) -> Place {
    let key = node.get("metadata").and_then(|metadata| metadata.key_span("labels"));
    key.map_or_else(|| places::name(node), |span| Place::new(node.document.source, span))
}

/// Entries of a map of labels or annotations; a truth value without quotes is what most tools make of it.
pub(in crate::facts) fn texts(map: Option<NodeRef<'_>>) -> impl Iterator<Item = (&str, Text<'_>)> {
    map.into_iter().flat_map(NodeRef::entries).filter_map(|(key, _, value)| {
        let text = match (value.as_str(), value.as_bool()) {
            (Some(text), _) => Cow::Borrowed(text),
            (None, Some(truth)) => Cow::Borrowed(if truth { "true" } else { "false" }),
            (None, None) => Cow::Owned(value.as_i64()?.to_string()),
        };
        Some((key, Text { text, place: value.place() }))
    })
}
