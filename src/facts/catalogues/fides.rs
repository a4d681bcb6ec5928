//! Fides: `dataset` and `system` of a manifest, with the categories of their fields and of their purposes (fideslang).

use super::{About, Statement, declared, together};
use crate::{
    document::{Document, NodeRef},
    facts::declared::Declared,
    resource::classification::{Key, Vocabulary},
};

pub(super) fn statements(document: &Document, vocabulary: Vocabulary<'_>) -> Vec<Statement> {
    let root = document.root();
    let mut found = Vec::new();
    for (key, about) in [("dataset", About::Data), ("system", About::Service)] {
        for object in root.get(key).into_iter().flat_map(NodeRef::items) {
            let Some(name) = object.str_at(&["fides_key"]) else { continue };
            let mut all = Vec::new();
            collect(vocabulary, object, &format!("the {key} `{name}`"), &mut all);
            let Some(declared) = together(all) else { continue };
            let names = [Some(name), object.str_at(&["name"])];
            let names = names.into_iter().flatten().map(ToOwned::to_owned).collect();
            found.push(Statement { about, names, server: None, declared });
        }
    }
    found
}

/// Categories of an object, of its collections, fields and declarations, however deep.
fn collect(vocabulary: Vocabulary<'_>, node: NodeRef<'_>, of: &str, found: &mut Vec<Declared>) {
    for category in node.get("data_categories").into_iter().flat_map(NodeRef::items) {
        let Some(text) = category.as_str() else { continue };
        if let Some(meaning) = vocabulary.meaning(Key::Categories, text) {
            let said = format!("a data category of {of} is `{text}`");
            found.push(declared(meaning, said, category.place()));
        }
    }
    for key in ["collections", "fields", "privacy_declarations"] {
        for part in node.get(key).into_iter().flat_map(NodeRef::items) {
            collect(vocabulary, part, of, found);
        }
    }
}
