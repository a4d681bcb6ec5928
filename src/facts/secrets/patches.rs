//! Credentials in documents that are no objects by themselves: templates that were not rendered, patches of kustomizations, in
//! files and within the kustomization, since a component is built only as part of something else, values that a kustomization
//! gives to charts, and what clients log in with (a kubeconfig, the configuration of Docker). A subject for each.

use std::{ops::Range, sync::Arc};

use super::{Fact, Found, Subject, chart_values, kind_of_secret, values, with_own};
use crate::{
    document::{Document, Step},
    estate::Estate,
    resource::{
        client,
        credential::{self, Class, name},
        kubernetes::objects,
        kustomization::{self, INLINE, Patch},
        shape::Shape,
        template,
    },
    source::Place,
};

/// `kind` of the subject where a patch does not say what it is about.
const KIND: &str = "KustomizePatch";

/// `kind` of the subject for what clients log in with.
const CLIENT: &str = "ClientConfiguration";

/// One subject for a document that holds credentials; none for others.
pub(in crate::facts) fn secrets(estate: &Estate, document: &Document) -> Vec<Subject> {
    let file = &estate.sources.get(document.source).file;
    let mut found = all(estate, document);
    found.retain(|found| estate.config.secrets.allows(file, &found.key, &found.values).is_none());
    let Some(first) = found.first() else { return Vec::new() };
    let Patch { kind, name, namespace } = estate.part(document).unwrap_or_default();
    // What an action makes of a name is not known.
    let named = document.root().at(&["metadata", "name"]);
    let name = name.filter(|_| named.is_none_or(|named| is_literal(estate, document, named.span())));
    let unnamed = match first.path.first() {
        _ if client::is_configuration(document.root()) => CLIENT,
        Some(Step::Key(key)) if **key == *"helmCharts" => chart_values::KIND,
        _ => KIND,
    };
    let place = Place::new(document.source, first.shown.clone());
    let namespace = kind.map(|_| namespace.unwrap_or(&estate.namespace));
    let fact = Fact::object([
        ("kind", Fact::from(kind.unwrap_or(unnamed))),
        ("namespace", Fact::from(namespace)),
        ("name", Fact::from(name.unwrap_or(file))),
        ("type", kind_of_secret(document.root())),
        ("sops", Fact::from(document.root().at(&["sops", "mac"]).is_some())),
        ("owner", Fact::default()),
        ("labels", Fact::object::<&str>([])),
        ("values", values(estate, document.root(), &found)),
    ]);
    let resource = match (kind, namespace, name) {
        (Some(kind), Some(namespace), Some(name)) => format!("{kind}/{namespace}/{name}"),
        _ => file.to_string(),
    };
    vec![Subject { resource, kind: Arc::from(kind.unwrap_or(unnamed)), fact: fact.at(Some(place.into())) }]
}

/// What of such a document has to be kept, whether or not the configuration allows it.
pub(super) fn all(estate: &Estate, document: &Document) -> Vec<Found> {
    let mut found = readable(estate, document);
    if document.is_template {
        found.retain(|found| {
            is_literal(estate, document, found.span.clone())
                && is_kept(found)
                && !matches!(found.shape, Shape::Empty | Shape::Unknown)
        });
    }
    found
}

fn readable(estate: &Estate, document: &Document) -> Vec<Found> {
    let root = document.root();
    let is_part = estate.part(document).is_some();
    // A patch that a kustomization names, or a template, may be written as an object, whose kind tells what has to be kept.
    let objects = if is_part { objects(document) } else { Vec::new() };
    if !objects.is_empty() {
        let found = objects.iter().flat_map(|one| credential::find(one, document.node(one.node)));
        return with_own(estate, root, found.collect());
    }
    if is_part || client::is_configuration(root) {
        return with_own(estate, root, credential::find_in_settings(root));
    }
    let file = &estate.sources.get(document.source).file;
    if !kustomization::is_named_so(file) {
        return Vec::new();
    }
    let mut found = credential::find_in_inline_values(root);
    if kustomization::has_inline_patches(root) {
        found.extend(credential::find_in_settings(root).into_iter().filter(|found| {
            let is_inline = matches!(found.path.first(), Some(Step::Key(key)) if INLINE.contains(&&**key));
            // Of a Secret every value is one that is kept; its users and hosts are no credentials.
            let is_credential = found.class != Some(Class::Named) || name::promise(&found.key).is_some();
            is_inline && is_credential
        }));
    }
    let is_inline = |found: &Found| matches!(found.path.first(), Some(Step::Key(key)) if INLINE.contains(&&**key) || **key == *"helmCharts");
    let mut found = with_own(estate, root, found);
    found.retain(is_inline);
    found
}

/// Whether no action of a template stands in a range of its source.
fn is_literal(estate: &Estate, document: &Document, range: Range<usize>) -> bool {
    let text = estate.sources.get(document.source).text.get(range);
    text.is_some_and(|text| !template::has_action(text))
}

/// Whether it is a credential by itself: where the values of a Secret come from actions, what stands beside them is its users,
/// hosts and settings.
fn is_kept(found: &Found) -> bool {
    name::promise(&found.key).is_some() || found.class.is_some_and(|class| class != Class::Named)
}
