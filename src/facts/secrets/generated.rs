//! Secrets and `ConfigMaps` that kustomize generates from literals: subjects like those of written ones.

use std::{collections::BTreeMap, sync::Arc};

use super::{Fact, Subject, Value, name};
use crate::{
    config::Secrets,
    document::Document,
    estate::Estate,
    facts::Origin,
    resource::{
        credential::{self, Class},
        kustomization::{Generator, generators},
        shape::{self, Shape},
    },
    source::Place,
};

/// One subject for each generator with literals; a Secret for each of its values, a `ConfigMap` for its credentials.
pub(in crate::facts) fn secrets(estate: &Estate, document: &Document) -> Vec<Subject> {
    let generators = generators(document).into_iter();
    generators.filter_map(|generator| subject(estate, document, generator)).collect()
}

fn subject(estate: &Estate, document: &Document, generator: Generator<'_>) -> Option<Subject> {
    let secrets = &estate.config.secrets;
    let file = &estate.sources.get(document.source).file;
    let is_secret = generator.kind == "Secret";
    let mut values: BTreeMap<Arc<str>, Fact> = BTreeMap::new();
    for literal in generator.literals() {
        let shape = shape::of_text(literal.text);
        let class = match shape {
            Shape::PrivateKey => Some(Class::PrivateKey),
            _ => of_literal(secrets, literal.key, literal.text),
        };
        let class = class.filter(|class| !is_secret || matches!(class, Class::PrivateKey | Class::Weak));
        let is_allowed = || secrets.allows(file, literal.key, &[literal.text.to_owned()]).is_some();
        if (class.is_none() && !is_secret) || is_allowed() {
            continue;
        }
        let at = format!("literals.{}", literal.key);
        let fact = Fact::object([
            ("key", Fact::from(literal.key)),
            ("where", Fact::from(at.as_str())),
            ("field", Fact::from(if is_secret { "stringData" } else { "data" })),
            ("shape", Fact::from(shape.name())),
            ("class", Fact::from(class.map(Class::name))),
            ("issuer", Fact::from(class.and_then(|class| class.issuer(secrets)))),
            ("public", Fact::from(name::is_public_half(literal.key))),
        ]);
        values.insert(at.into(), fact.at(Some(Origin::Place(Place::new(document.source, literal.span)))));
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
        ("values", Fact { value: Value::Object(values), origin: None }),
    ]);
    let place = generator.node.get("name").unwrap_or(generator.node).place();
    Some(Subject {
        resource: format!("{}/{namespace}/{}", generator.kind, generator.name),
        kind: Arc::from(generator.kind),
        fact: fact.at(Some(Origin::Place(place))),
    })
}

/// By its looks, or by a shape that the configuration declares.
pub(super) fn of_literal(secrets: &Secrets, key: &str, text: &str) -> Option<Class> {
    let own = || secrets.tokens_in(text).first().map(|(token, _)| Class::Own(*token));
    credential::of_setting(key, text).or_else(own)
}
