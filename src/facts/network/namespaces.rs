//! Labels of namespaces, as far as they are known.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::View,
    facts::{truth::Truth, workloads::Workload},
    resource::selector::{Labels, Selector},
};

/// Set by the API server on every Namespace (kubernetes.io well-known labels).
const NAME: &str = "kubernetes.io/metadata.name";

/// Labels of the Namespaces that are declared.
#[derive(Debug, Default)]
pub(super) struct Namespaces<'e>(BTreeMap<&'e str, Labels<'e>>);

impl<'e> Namespaces<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all: BTreeMap<&'e str, Labels<'e>> = BTreeMap::new();
        for resource in view.of_kind("", "Namespace") {
            let labels = view.estate.node(resource).at(&["metadata", "labels"]);
            let labels = labels.into_iter().flat_map(NodeRef::entries);
            let labels = labels.filter_map(|(key, _, value)| Some((key, value.as_str()?)));
            let name = &*resource.object.name;
            all.entry(name).or_insert_with(|| [(NAME, name)].into()).extend(labels);
        }
        Self(all)
    }

    /// Whether a selector matches a namespace; of one that nobody declared only the name is known.
    pub(super) fn matches(&self, selector: &Selector<'_>, namespace: &str) -> Truth {
        match self.0.get(namespace) {
            Some(labels) => selector.matches(labels).into(),
            None => selector.matches_known(&[(NAME, namespace)].into()).map_or(Truth::Unknown, Truth::from),
        }
    }
}

/// Whether Pods live in the network of their nodes, where plugins differ in what policies mean.
pub(super) fn uses_host(workload: &Workload<'_>) -> bool {
    workload.pod.field("hostNetwork").and_then(NodeRef::as_bool) == Some(true)
}
