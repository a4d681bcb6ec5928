//! Secrets that External Secrets makes in many namespaces (external-secrets `clusterexternalsecret_types.go`): in those that
//! are named, and in those whose labels a selector matches; without either, in none.

use std::collections::BTreeMap;

use super::{keys::Keys, makers::Maker};
use crate::{
    document::NodeRef,
    estate::View,
    facts::places,
    resource::selector::{Labels, Selector},
};

/// By the name of the Secret.
#[derive(Debug, Default)]
pub(super) struct ClusterSecrets<'e> {
    made: BTreeMap<&'e str, Vec<Made<'e>>>,
    /// Labels of the namespaces that the input declares.
    labels: BTreeMap<&'e str, Labels<'e>>,
}

#[derive(Debug)]
struct Made<'e> {
    maker: Maker<'e>,
    namespaces: Vec<&'e str>,
    selectors: Vec<Selector<'e>>,
}

impl<'e> ClusterSecrets<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut all = Self::default();
        for resource in view.of_kind("external-secrets.io", "ClusterExternalSecret") {
            let node = view.estate.node(resource);
            let target = |key: &str| node.str_at(&["spec", "externalSecretSpec", "target", key]);
            if target("creationPolicy") == Some("None") {
                continue;
            }
            let named = target("name").or_else(|| node.str_at(&["spec", "externalSecretName"]));
            let name = named.filter(|name| !name.is_empty()).unwrap_or(&resource.object.name);
            let spec = |key: &str| node.at(&["spec", key]);
            let several = spec("namespaceSelectors").into_iter().flat_map(NodeRef::items);
            let selectors = several.chain(spec("namespaceSelector")).filter_map(Selector::of_label_selector);
            let namespaces = spec("namespaces").into_iter().flat_map(NodeRef::items);
            all.made.entry(name).or_default().push(Made {
                maker: Maker {
                    resource,
                    place: places::name(node),
                    keys: spec("externalSecretSpec").map(Keys::of_external).unwrap_or_default(),
                },
                namespaces: namespaces.filter_map(NodeRef::as_str).collect(),
                selectors: selectors.collect(),
            });
        }
        for resource in view.of_kind("", "Namespace").filter(|_| !all.made.is_empty()) {
            let labels = view.estate.node(resource).at(&["metadata", "labels"]);
            let labels = labels.into_iter().flat_map(NodeRef::entries);
            let known = labels.filter_map(|(key, _, value)| Some((key, value.as_str()?)));
            all.labels.entry(&*resource.object.name).or_default().extend(known);
        }
        all
    }

    /// Who makes a Secret in a namespace, as far as the input tells.
    pub(super) fn maker(&self, namespace: &str, name: &str) -> Option<&Maker<'e>> {
        let made = self.made.get(name)?.iter().find(|made| self.reaches(made, namespace));
        made.map(|made| &made.maker)
    }

    fn reaches(&self, made: &Made<'e>, namespace: &str) -> bool {
        // The API server labels every namespace with its name.
        let own = ("kubernetes.io/metadata.name", namespace);
        let declared = self.labels.get(namespace);
        let labels: Labels<'_> =
            declared.into_iter().flatten().map(|(key, value)| (*key, *value)).chain([own]).collect();
        let matches = |selector: &Selector<'_>| match declared {
            Some(_) => selector.matches(&labels),
            None => selector.matches_known(&labels) == Some(true),
        };
        made.namespaces.contains(&namespace) || made.selectors.iter().any(matches)
    }
}
