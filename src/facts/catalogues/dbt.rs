//! dbt: `meta` and `tags` of sources and models, of their tables and columns. A source names its database; a model's
//! configuration, or an exposure of it, may name the bucket that it is kept in.
//!
//! Sources: dbt documentation, "Model properties", "Exposure properties"; for the location of a model the adapters for
//! Spark (`location_root`), Athena (`s3_data_dir`, `external_location`) and `DuckDB` (`location`).

use super::{About, Export, Statement, said, together};
use crate::{
    document::{Document, NodeRef},
    facts::{Because, Origin, declared::Declared},
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

/// Names of models, and what is said of each.
pub(super) fn models(document: &Document, vocabulary: Vocabulary<'_>) -> Vec<(String, Declared)> {
    let found = all_models(document).filter_map(|(name, model)| {
        let mut all = Vec::new();
        collect(vocabulary, model, name, &mut all);
        Some((name.to_owned(), together(all)?))
    });
    found.collect()
}

fn all_models(document: &Document) -> impl Iterator<Item = (&str, NodeRef<'_>)> {
    let root = document.root();
    let models = root.get("models").filter(|_| root.get("apiVersion").is_none());
    let models = models.into_iter().flat_map(NodeRef::items);
    models.filter_map(|model| Some((model.str_at(&["name"])?, model)))
}

/// Settings of a model that name where its data is kept.
const LOCATIONS: [&str; 4] = ["location", "location_root", "external_location", "s3_data_dir"];

/// Models that are kept in a bucket, by their own configuration or by an exposure that names one.
pub(super) fn exports(document: &Document) -> Vec<Export> {
    let export = |model: &str, of: &str, location: NodeRef<'_>| {
        let bucket = location.as_str().filter(|text| text.contains("://"))?.to_owned();
        let because = Because {
            text: format!("{of} in dbt names the bucket"),
            resource: None,
            origin: Some(Origin::Place(location.place())),
        };
        Some(Export { model: model.to_owned(), bucket, because })
    };
    let own = all_models(document).flat_map(|(name, model)| {
        let config = model.get("config");
        let locations =
            config.into_iter().flat_map(|config| LOCATIONS.iter().filter_map(move |key| config.get(key)));
        locations.filter_map(move |location| export(name, &format!("the model `{name}`"), location))
    });
    let mut found: Vec<Export> = own.collect();
    let root = document.root();
    let exposures = root.get("exposures").filter(|_| root.get("apiVersion").is_none());
    for exposure in exposures.into_iter().flat_map(NodeRef::items) {
        let (Some(name), Some(url)) = (exposure.str_at(&["name"]), exposure.get("url")) else { continue };
        for reference in exposure.get("depends_on").into_iter().flat_map(NodeRef::items) {
            let model = reference.as_str().and_then(referred);
            found.extend(model.and_then(|model| export(model, &format!("the exposure `{name}`"), url)));
        }
    }
    found
}

/// The model of `ref('customers')`, or of `ref('package', 'customers')`.
fn referred(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("ref(")?.strip_suffix(')')?;
    let last = inner.rsplit(',').next()?.trim();
    Some(last.trim_matches(['\'', '"'])).filter(|name| !name.is_empty())
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
