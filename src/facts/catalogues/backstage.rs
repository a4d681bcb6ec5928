//! Backstage: labels and annotations of components and resources.
//!
//! Deliberately absent: the systems that they are part of.

use super::{About, Statement, said, together};
use crate::{
    document::{Document, NodeRef},
    facts::declared::Declared,
    resource::classification::Vocabulary,
};

pub(super) fn statements(document: &Document, vocabulary: Vocabulary<'_>) -> Vec<Statement> {
    let root = document.root();
    if !root.str_at(&["apiVersion"]).is_some_and(|version| version.starts_with("backstage.io/")) {
        return Vec::new();
    }
    let about = match root.str_at(&["kind"]) {
        Some("Component") => About::Service,
        Some("Resource") => About::Data,
        _ => return Vec::new(),
    };
    let Some(name) = root.str_at(&["metadata", "name"]) else { return Vec::new() };
    let of = format!("`{name}` in Backstage");
    let Some(declared) = together(own(vocabulary, root, &of)) else { return Vec::new() };
    let identity = root.at(&["metadata", "annotations"]);
    let identity = identity.and_then(|annotations| annotations.str_at(&["backstage.io/kubernetes-id"]));
    let names = [Some(name), identity].into_iter().flatten().map(ToOwned::to_owned).collect();
    vec![Statement { about, names, server: None, declared }]
}

fn own(vocabulary: Vocabulary<'_>, entity: NodeRef<'_>, of: &str) -> Vec<Declared> {
    let fields = ["annotations", "labels"].into_iter().filter_map(|field| entity.at(&["metadata", field]));
    let declared =
        fields.flat_map(NodeRef::entries).filter_map(|(key, _, value)| said(vocabulary, key, value, of));
    declared.collect()
}
