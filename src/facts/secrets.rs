//! The fact `secret`: what a manifest holds where secrets are, by shape; the values themselves never enter it.
//!
//! One subject for each Secret of Kubernetes, and one for every other object in which a private key stands.
//! Deliberately absent: credentials by name, and who uses a Secret.

use crate::{
    document::{NodeRef, Path, Step},
    estate::{Estate, Resource},
    facts::{Fact, Subject, places},
    resource::shape::{self, Shape},
    source::Place,
};

/// Kinds that make Secrets from values kept elsewhere; an owner of one of these fills the Secret in.
const MAKERS: [&str; 8] = [
    "Certificate",
    "ClusterExternalSecret",
    "ExternalSecret",
    "HCPVaultSecretsApp",
    "SealedSecret",
    "VaultDynamicSecret",
    "VaultPKISecret",
    "VaultStaticSecret",
];

/// `{kind, namespace, name, type, sops, owner, labels, values: [{key, path, shape}]}`; `owner` is the kind that fills
/// the Secret in, or null.
pub(super) fn secret(estate: &Estate, resource: &Resource) -> Option<Subject> {
    // Schemas describe keys; they hold none.
    if &*resource.object.kind == "CustomResourceDefinition" {
        return None;
    }
    let node = estate.node(resource);
    let mut values = Vec::new();
    if resource.is_secret() {
        entries(node, "data", shape::of_base64, &mut values);
        entries(node, "stringData", shape::of_text, &mut values);
    }
    if shape::may_hold_private_key(node.raw()) {
        let mut path = Vec::new();
        for (key, span, value) in node.entries() {
            if !(resource.is_secret() && matches!(key, "data" | "stringData")) {
                path.push(Step::from(key));
                private_keys(value, &Place::new(node.document.source, span), &mut path, &mut values);
                path.pop();
            }
        }
    }
    if values.is_empty() && !resource.is_secret() {
        return None;
    }
    let owners = node.at(&["metadata", "ownerReferences"]).into_iter().flat_map(NodeRef::items);
    let owner = owners.filter_map(|owner| owner.str_at(&["kind"])).find(|kind| MAKERS.contains(kind));
    let labels = node.at(&["metadata", "labels"]).into_iter().flat_map(NodeRef::entries);
    let labels = labels.filter_map(|(key, _, value)| Some((key, Fact::from(value.as_str()?))));
    let fact = Fact::object([
        ("kind", Fact::from(&*resource.object.kind)),
        ("namespace", Fact::from(resource.identity.namespace.as_deref())),
        ("name", Fact::from(&*resource.object.name)),
        ("type", kind_of_secret(node)),
        ("sops", Fact::from(node.at(&["sops", "mac"]).is_some())),
        ("owner", Fact::from(owner)),
        ("labels", Fact::object(labels)),
        ("values", Fact::array(values)),
    ]);
    let fact = fact.at(Some(places::name(node).into()));
    Some(Subject { resource: resource.id.to_string(), kind: resource.object.kind.clone(), fact })
}

/// The API server's default is `Opaque` (core/v1 `SecretType`).
fn kind_of_secret(node: NodeRef<'_>) -> Fact {
    match node.get("type") {
        Some(value) if !value.is_null() => value.as_str().map_or_else(Fact::unknown, Fact::from),
        _ => Fact::from("Opaque"),
    }
}

fn entries(secret: NodeRef<'_>, field: &str, shape: fn(&str) -> Shape, values: &mut Vec<Fact>) {
    let Some(node) = secret.get(field).filter(|node| !node.is_null()) else { return };
    if !node.is_mapping() {
        let span = secret.key_span(field).unwrap_or_else(|| node.span());
        let place = Place::new(node.document.source, span);
        values.push(value(field, &[Step::from(field)], "unknown", place));
    }
    for (key, span, entry) in node.entries() {
        let shape = match entry.as_str() {
            Some(text) => shape(text).name(),
            None if entry.is_null() => Shape::Empty.name(),
            None => "unknown",
        };
        let place = places::value(Place::new(node.document.source, span), entry);
        values.push(value(key, &[Step::from(field), Step::from(key)], shape, place));
    }
}

/// Private keys in all strings below a node; `named` is the nearest key above it.
fn private_keys(node: NodeRef<'_>, named: &Place, path: &mut Vec<Step>, values: &mut Vec<Fact>) {
    if let Some(text) = node.as_str() {
        if shape::holds_private_key(text) {
            let keys = path.iter().rev().filter_map(|step| match step {
                Step::Key(key) => Some(&**key),
                Step::Index(_) => None,
            });
            let key = keys.into_iter().next().unwrap_or_default().to_owned();
            let place = places::value(named.clone(), node);
            values.push(value(&key, path, Shape::PrivateKey.name(), place));
        }
        return;
    }
    for (key, span, entry) in node.entries() {
        path.push(Step::from(key));
        private_keys(entry, &Place::new(node.document.source, span), path, values);
        path.pop();
    }
    for (index, item) in node.items().enumerate() {
        path.push(Step::from(index));
        private_keys(item, named, path, values);
        path.pop();
    }
}

fn value(key: &str, path: &[Step], shape: &str, place: Place) -> Fact {
    let steps = path.iter().map(|step| match step {
        Step::Key(key) => Fact::from(&**key),
        Step::Index(index) => Fact::from(i64::try_from(*index).unwrap_or(i64::MAX)),
    });
    let fields = [
        ("key", Fact::from(key)),
        ("path", Fact::array(steps)),
        ("where", Fact::from(Path(path.to_vec()).to_string())),
        ("shape", Fact::from(shape)),
    ];
    Fact::object(fields).at(Some(place.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        facts::Value,
        source::{Source, Sources, Status},
    };

    fn facts(text: &str) -> Vec<Fact> {
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        let estate = Estate::new(sources, documents, Vec::new(), "default");
        estate.resources.iter().filter_map(|resource| Some(secret(&estate, resource)?.fact)).collect()
    }

    /// Where each value stands, and its shape.
    fn shapes(fact: &Fact) -> Vec<(String, String)> {
        let text = |value: &Fact, key| match value.get(key).map(|field| &field.value) {
            Some(Value::String(text)) => text.to_string(),
            other => panic!("`{key}` is {other:?}"),
        };
        let Some(Value::Array(values)) = fact.get("values").map(|field| &field.value) else {
            panic!("`values` is no array");
        };
        values.iter().map(|value| (text(value, "where"), text(value, "shape"))).collect()
    }

    fn expected(shapes: &[(&str, &str)]) -> Vec<(String, String)> {
        shapes.iter().map(|(place, shape)| ((*place).to_owned(), (*shape).to_owned())).collect()
    }

    #[test]
    fn a_secret_is_described_by_shape_and_its_values_stay_outside() {
        let facts = facts(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {p: aHVudGVyMg==, e: '', five: 5}\nstringData: {s: hunter2}\n",
        );
        let [fact] = facts.as_slice() else { panic!("one Secret") };
        assert_eq!(
            shapes(fact),
            expected(&[
                ("data.p", "text"),
                ("data.e", "empty"),
                ("data.five", "unknown"),
                ("stringData.s", "text")
            ])
        );
        let debug = format!("{fact:?}");
        assert!(!debug.contains("hunter2") && !debug.contains("aHVudGVyMg"), "{debug}");
    }

    #[test]
    fn data_that_is_no_mapping_is_unknown_and_none_is_nothing() {
        let facts = facts(
            "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: later\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\ndata:\n",
        );
        assert_eq!(
            facts.iter().map(shapes).collect::<Vec<_>>(),
            [expected(&[("data", "unknown")]), expected(&[])]
        );
    }

    #[test]
    fn other_objects_matter_only_for_private_keys() {
        let facts = facts(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {password: hunter2}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  list: [x, \"-----BEGIN PRIVATE KEY-----\\nZmFrZQ==\\n\"]\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, annotations: {note: \"-----BEGIN PRIVATE KEY-----\\nZmFrZQ==\\n\"}}\n",
        );
        assert_eq!(
            facts.iter().map(shapes).collect::<Vec<_>>(),
            [
                expected(&[("data.list[1]", "private-key")]),
                expected(&[("metadata.annotations.note", "private-key")])
            ]
        );
    }
}
