//! `OpenLineage` events: tags of the datasets that a job reads and writes (spec `TagsDatasetFacet`).

use super::{About, Statement, said, together};
use crate::{
    document::{Document, NodeRef},
    resource::classification::Vocabulary,
};

pub(super) fn statements(document: &Document, vocabulary: Vocabulary<'_>) -> Vec<Statement> {
    let root = document.root();
    let events = if root.is_mapping() { vec![root] } else { root.items().collect() };
    let is_event = |event: &NodeRef<'_>| {
        event.str_at(&["schemaURL"]).is_some_and(|schema| schema.contains("openlineage.io"))
    };
    let datasets = events.into_iter().filter(is_event).flat_map(|event| {
        let listed = ["inputs", "outputs"].into_iter().filter_map(move |key| event.get(key));
        listed.flat_map(NodeRef::items).chain(event.get("dataset"))
    });
    datasets.filter_map(|dataset| statement(vocabulary, dataset)).collect()
}

/// A dataset of a database: `postgres://host:port` and `database.schema.table`.
fn statement(vocabulary: Vocabulary<'_>, dataset: NodeRef<'_>) -> Option<Statement> {
    let (namespace, name) = (dataset.str_at(&["namespace"])?, dataset.str_at(&["name"])?);
    let of = format!("the dataset `{name}`");
    let tags = dataset.at(&["facets", "tags", "tags"]).into_iter().flat_map(NodeRef::items);
    let declared =
        together(tags.filter_map(|tag| said(vocabulary, tag.str_at(&["key"])?, tag.get("value")?, &of)))?;
    let server = namespace.split_once("://").map(|(_, host)| super::short(host).to_owned());
    let database = name.split('.').next().unwrap_or(name);
    Some(Statement { about: About::Data, names: vec![database.to_owned()], server, declared })
}
