//! The fact `secret-store`: stores and generators of External Secrets, with whether they hand out what they say
//! themselves (external-secrets `apis/externalsecrets/v1/secretstore_fake_types.go`).
//!
//! Deliberately absent: how a store reaches its vault, which its manifest says.

use std::sync::Arc;

use super::{Fact, Subject, places};
use crate::{
    document::NodeRef,
    estate::{Estate, Resource},
    source::Place,
};

/// Folders of what is installed for tests alone.
const TESTS: [&str; 6] = ["__tests__", "e2e", "test", "testdata", "testing", "tests"];

/// `{kind, name, fake, tests}`: `fake` is `"store"` or `"generator"`, shown at the key of what it hands out, or null;
/// `tests` whether its manifest lies in a folder of tests.
pub(super) fn subject(estate: &Estate, resource: &Resource) -> Option<Subject> {
    let node = estate.node(resource);
    let kind = &*resource.object.kind;
    let fake = match (&*resource.object.group, kind) {
        ("external-secrets.io", "SecretStore" | "ClusterSecretStore") => {
            key(node.at(&["spec", "provider"]), "fake").map(|place| ("store", place))
        }
        ("generators.external-secrets.io", "Fake") => {
            key(node.get("spec"), "data").map(|place| ("generator", place))
        }
        _ => return None,
    };
    let file = &estate.sources.get(estate.file(resource)).file;
    let is_of_tests = file.rsplit('/').skip(1).any(|folder| TESTS.contains(&folder));
    let fake = fake.map_or_else(Fact::default, |(what, place)| Fact::from(what).at(Some(place.into())));
    let fact = Fact::object([
        ("kind", Fact::from(kind)),
        ("name", Fact::from(&*resource.object.name)),
        ("fake", fake),
        ("tests", Fact::from(is_of_tests)),
    ]);
    let fact = fact.at(Some(places::name(node).into()));
    Some(Subject { resource: resource.id.to_string(), kind: Arc::clone(&resource.object.kind), fact })
}

fn key(node: Option<NodeRef<'_>>, key: &str) -> Option<Place> {
    let (_, span, value) = node?.entries().find(|(known, ..)| *known == key)?;
    (!value.is_null()).then(|| Place::new(value.document.source, span))
}
