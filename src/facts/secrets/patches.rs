//! Credentials in patches of kustomizations that are no objects by themselves: a subject for each, since a component is
//! built only as part of something else.

use std::sync::Arc;

use super::{Fact, Found, Subject, values, with_own};
use crate::{
    document::Document,
    estate::Estate,
    resource::{
        credential,
        kustomization::{Patch, patch},
    },
    source::Place,
};

/// `kind` of the subject where a patch does not say what it is about.
const KIND: &str = "KustomizePatch";

/// One subject for a patch that holds credentials; none for other documents.
pub(in crate::facts) fn secrets(estate: &Estate, document: &Document) -> Vec<Subject> {
    let Some(Patch { kind, name, namespace }) = patch(document) else { return Vec::new() };
    let file = &estate.sources.get(document.source).file;
    let mut found = all(estate, document);
    found.retain(|found| estate.config.secrets.allows(file, &found.key, &found.values).is_none());
    let Some(first) = found.first() else { return Vec::new() };
    let place = Place::new(document.source, first.shown.clone());
    let namespace = kind.map(|_| namespace.unwrap_or(&estate.namespace));
    let fact = Fact::object([
        ("kind", Fact::from(kind.unwrap_or(KIND))),
        ("namespace", Fact::from(namespace)),
        ("name", Fact::from(name.unwrap_or(file))),
        ("type", Fact::from("Opaque")),
        ("sops", Fact::from(document.root().at(&["sops", "mac"]).is_some())),
        ("owner", Fact::default()),
        ("labels", Fact::object::<&str>([])),
        ("values", values(estate, document.source, &found)),
    ]);
    let resource = match (kind, namespace, name) {
        (Some(kind), Some(namespace), Some(name)) => format!("{kind}/{namespace}/{name}"),
        _ => file.to_string(),
    };
    vec![Subject { resource, kind: Arc::from(kind.unwrap_or(KIND)), fact: fact.at(Some(place.into())) }]
}

/// What of a patch has to be kept, whether or not the configuration allows it.
pub(super) fn all(estate: &Estate, document: &Document) -> Vec<Found> {
    if patch(document).is_none() {
        return Vec::new();
    }
    let root = document.root();
    with_own(estate, root, credential::find_in_settings(root))
}
