//! Secrets and `ConfigMaps` that kustomize generates from literals and files: subjects like those of written ones.

use std::{collections::BTreeMap, sync::Arc};

use super::{Fact, Subject, name};
use crate::{
    config::Secrets,
    document::Document,
    estate::Estate,
    facts::Origin,
    resource::{
        credential::{self, Class},
        kustomization::{Entry, Generator, generators},
        shape::{self, Shape},
    },
    source::Place,
};

/// One subject for each generator; a Secret for each of its values, a `ConfigMap` for its credentials.
pub(in crate::facts) fn secrets(estate: &Estate, document: &Document) -> Vec<Subject> {
    let generators = generators(document).into_iter();
    generators.filter_map(|generator| subject(estate, generator)).collect()
}

fn subject(estate: &Estate, generator: Generator<'_>) -> Option<Subject> {
    let secrets = &estate.config.secrets;
    let is_secret = generator.kind == "Secret";
    let mut values: BTreeMap<Arc<str>, Fact> = BTreeMap::new();
    for entry in generator.entries(&estate.sources) {
        let file = &estate.sources.get(entry.place.source).file;
        for one in judged(secrets, &entry, is_secret) {
            if secrets.allows(file, &one.key, &[one.text]).is_some() {
                continue;
            }
            let fact = Fact::object([
                ("key", Fact::from(&*one.key)),
                ("where", Fact::from(one.at.as_str())),
                ("field", Fact::from(if is_secret { "stringData" } else { "data" })),
                ("shape", Fact::from(one.shape.name())),
                ("class", Fact::from(one.class.map(Class::name))),
                ("issuer", Fact::from(one.class.and_then(|class| class.issuer(secrets)))),
                ("public", Fact::from(name::is_public_half(&one.key))),
            ]);
            values.insert(one.at.into(), fact.at(Some(Origin::Place(one.place))));
        }
    }
    if values.is_empty() {
        return None;
    }
    let namespace = generator.namespace.unwrap_or(&estate.namespace);
    let kind = generator.node.str_at(&["type"]).unwrap_or("Opaque");
    let fact = Fact::object([
        ("kind", Fact::from(generator.kind)),
        ("namespace", Fact::from(namespace)),
        ("name", Fact::from(generator.name)),
        ("type", Fact::from(kind)),
        ("sops", Fact::from(false)),
        ("owner", Fact::default()),
        ("labels", Fact::object::<&str>([])),
        ("values", Fact::object(values)),
    ]);
    let place = generator.node.get("name").unwrap_or(generator.node).place();
    Some(Subject {
        resource: format!("{}/{namespace}/{}", generator.kind, generator.name),
        kind: Arc::from(generator.kind),
        fact: fact.at(Some(Origin::Place(place))),
    })
}

/// One value of what a generator makes.
pub(super) struct Judged {
    pub(super) key: String,
    at: String,
    pub(super) shape: Shape,
    class: Option<Class>,
    place: Place,
    pub(super) text: String,
}

/// What of an entry is to be kept: every value of a Secret; of a `ConfigMap` a value by its name and looks, and what stands
/// in a file.
pub(super) fn judged(secrets: &Secrets, entry: &Entry<'_>, is_secret: bool) -> Vec<Judged> {
    let (key, text) = (&*entry.key, entry.text.as_deref());
    let one = |shape: Shape, class: Option<Class>| {
        let at = if text.is_some() { format!("{}.{key}", entry.field) } else { key.to_owned() };
        let text = text.unwrap_or_default().to_owned();
        Judged { key: key.to_owned(), at, shape, class, place: entry.place.clone(), text }
    };
    let Some(text) = text else { return is_secret.then(|| one(Shape::Unknown, None)).into_iter().collect() };
    if is_secret {
        let (shape, class) = credential::of_kept(key, text);
        return vec![one(shape, class)];
    }
    if entry.field != "files" {
        let own = || secrets.tokens_in(text).first().map(|(token, _)| Class::Own(*token));
        let class = credential::of_setting(key, text).or_else(own);
        return class.map(|class| one(shape::of_text(text), Some(class))).into_iter().collect();
    }
    let own = secrets.tokens_in(text).into_iter();
    let own = own.map(|(token, range)| (Class::Own(token), String::new(), range));
    let held = credential::in_file(key, text).into_iter().map(|held| (held.class, held.name, held.range));
    let all = held.chain(own).map(|(class, name, range)| {
        let at = format!("files.{key}{}{name}", if name.is_empty() { "" } else { ":" });
        let source = entry.place.source;
        // Of several lines the first is shown.
        let first = text.get(range.clone()).and_then(|held| held.lines().next()).map_or(0, str::len);
        let place = Place::new(source, range.start..range.start + first);
        let key = if name.is_empty() { key.to_owned() } else { name };
        let text = text.get(range).unwrap_or_default().to_owned();
        Judged { key, at, shape: shape::of_text(&text), class: Some(class), place, text }
    });
    all.collect()
}
