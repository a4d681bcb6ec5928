//! Credentials in values of charts: a subject for each file, named by it, since a chart has no id.
//!
//! A template that takes one is skipped where it is not rendered, and shows no finding of its own (domains.md 2a', 13).

use std::sync::Arc;

use super::{Fact, Found, Subject, values, with_own};
use crate::{
    document::{Document, NodeRef},
    estate::Estate,
    resource::{chart_values, credential, kubernetes},
    source::Place,
};

/// `kind` of the subjects.
pub(in crate::facts) const KIND: &str = "HelmValues";

/// One subject for a file of values that holds credentials; none for other documents.
pub(in crate::facts) fn secrets(estate: &Estate, document: &Document) -> Vec<Subject> {
    let file = &estate.sources.get(document.source).file;
    let mut found = all(estate, document);
    found.retain(|found| estate.config.secrets.allows(file, &found.key, &found.values).is_none());
    let Some(first) = found.first() else { return Vec::new() };
    let place = Place::new(document.source, first.shown.clone());
    let fact = Fact::object([
        ("kind", Fact::from(KIND)),
        ("namespace", Fact::default()),
        ("name", Fact::from(&**file)),
        ("type", Fact::from("Opaque")),
        ("sops", Fact::from(document.root().at(&["sops", "mac"]).is_some())),
        ("owner", Fact::default()),
        ("labels", Fact::object::<&str>([])),
        ("values", values(estate, document.root(), &found)),
    ]);
    vec![Subject { resource: file.to_string(), kind: Arc::from(KIND), fact: fact.at(Some(place.into())) }]
}

/// What of the values of a chart has to be kept, whether or not the configuration allows it.
pub(super) fn all(estate: &Estate, document: &Document) -> Vec<Found> {
    let root = document.root();
    if !is_values(estate, document) {
        return Vec::new();
    }
    let mut found = with_own(estate, root, credential::find_in_values(root));
    found.retain(|found| !estate.is_taken(&Place::new(document.source, found.shown.clone())));
    found
}

fn is_values(estate: &Estate, document: &Document) -> bool {
    let file = &estate.sources.get(document.source).file;
    let is_tested =
        || chart_values::tested_chart(file).is_some_and(|chart| estate.sources.by_file(&chart).is_some());
    (chart_values::is_named_so(file) || estate.config.render.takes(file))
        && NodeRef::is_mapping(document.root())
        && kubernetes::objects(document).is_empty()
        && !is_tested()
}
