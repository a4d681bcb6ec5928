//! dbt: `meta` and `tags` of sources and models, of their tables and columns. A source names its database.

use super::{About, Statement, said, together};
use crate::{
    document::{Document, NodeRef},
    facts::declared::Declared,
    resource::classification::{Key, Vocabulary},
};

pub(super) fn statements(document: &Document, vocabulary: Vocabulary<'_>) -> Vec<Statement> {
    let root = document.root();
    if root.get("apiVersion").is_some() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for key in ["sources", "models"] {
        for object in root.get(key).into_iter().flat_map(NodeRef::items) {
            let Some(name) = object.str_at(&["name"]) else { continue };
            let database = [&["database"][..], &["config", "database"]];
            let database = database.iter().find_map(|path| object.str_at(path));
            let names = match (key, database) {
                (_, Some(database)) => vec![database.to_owned()],
                ("sources", None) => vec![name.to_owned()],
                _ => continue,
            };
            let mut all = Vec::new();
            collect(vocabulary, object, name, &mut all);
            if let Some(declared) = together(all) {
                found.push(Statement { about: About::Data, names, server: None, declared });
            }
        }
    }
    found
}

fn collect(vocabulary: Vocabulary<'_>, node: NodeRef<'_>, of: &str, found: &mut Vec<Declared>) {
    let of = node.str_at(&["name"]).unwrap_or(of);
    let described = format!("`{of}` in dbt");
    for holder in [Some(node), node.get("config")].into_iter().flatten() {
        for (key, _, value) in holder.get("meta").into_iter().flat_map(NodeRef::entries) {
            found.extend(said(vocabulary, key, value, &described));
        }
        for tag in holder.get("tags").into_iter().flat_map(NodeRef::items) {
            let meaning = |text: &str| vocabulary.meaning(Key::Categories, text);
            let is_known = tag.as_str().is_some_and(|text| meaning(text).is_some());
            found.extend(is_known.then(|| said(vocabulary, "data-categories", tag, &described)).flatten());
        }
    }
    for key in ["tables", "columns"] {
        for part in node.get(key).into_iter().flat_map(NodeRef::items) {
            collect(vocabulary, part, of, found);
        }
    }
}
