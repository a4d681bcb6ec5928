//! The fact `secret`: what stands readable in a manifest and has to be kept, by shape; the values themselves never
//! enter it.
//!
//! One subject for each Secret of Kubernetes, and one for every other object, generator and file of values of a chart in
//! which something like a credential stands. Deliberately absent: who uses it.

mod allowed;
mod chart_values;
mod generated;
mod patches;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

pub use self::allowed::allowed;
pub(super) use self::{
    chart_values::secrets as of_charts, generated::secrets as generated, patches::secrets as of_patches,
};
use crate::{
    document::{NodeId, NodeRef, Path, Step},
    estate::{Estate, Resource},
    facts::{Fact, Subject, places},
    resource::{
        credential::{self, Class, Found, name},
        shape::Shape,
    },
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

/// `{kind, namespace, name, type, sops, owner, labels, values: {where: {key, where, field, shape, class, issuer,
/// public}}}`;
/// `owner` is the kind that fills the Secret in, or null. `public` says that the key is
/// that of a user or a host. `field` is the first key on the way to the value, `class` what
/// kind of credential it is: `private-key`, `connection-string`, `weak`, `named`, `token`, `random`; null for a value
/// of a Secret, which has to be kept whatever it is.
pub(super) fn secret(estate: &Estate, resource: &Resource) -> Option<Subject> {
    let node = estate.node(resource);
    let found = judged(estate, resource);
    if found.is_empty() && !resource.is_secret() {
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
        ("values", values(estate, node, &found)),
    ]);
    let fact = fact.at(Some(places::name(node).into()));
    Some(Subject { resource: resource.id.to_string(), kind: Arc::clone(&resource.object.kind), fact })
}

/// What of an object has to be kept, and is not allowed by the configuration.
fn judged(estate: &Estate, resource: &Resource) -> Vec<Found> {
    let mut found = all(estate, resource);
    let file = &estate.sources.get(estate.file(resource)).file;
    found.retain(|found| estate.config.secrets.allows(file, &found.key, &found.values).is_none());
    found
}

/// What of an object has to be kept by its looks, or by a shape that the configuration declares.
fn all(estate: &Estate, resource: &Resource) -> Vec<Found> {
    let node = estate.node(resource);
    let mut found = credential::find(&resource.object, node);
    let source = estate.file(resource);
    let is_made = |found: &Found| estate.is_made(&Place::new(source, found.span.clone()));
    // A value of a Secret that nobody wrote down is one still; elsewhere it is no credential that anybody knows.
    found.retain_mut(|found| {
        if !matches!(found.shape, Shape::Text | Shape::PrivateKey) || !is_made(found) {
            return true;
        }
        (found.shape, found.class) = (Shape::Generated, None);
        resource.is_secret()
    });
    // Schemas describe keys; they hold none.
    if &*resource.object.kind == "CustomResourceDefinition" {
        return found;
    }
    with_own(estate, node, found)
}

/// What was found by its looks, and besides that what has a shape that the configuration declares.
fn with_own(estate: &Estate, root: NodeRef<'_>, mut found: Vec<Found>) -> Vec<Found> {
    let own = credential::find_own(root, &estate.config.secrets);
    let is_new = |own: &Found| {
        !found.iter().any(|known| known.span.start < own.span.end && own.span.start < known.span.end)
    };
    let own: Vec<Found> = own.into_iter().filter(is_new).collect();
    found.extend(own);
    found
}

/// The API server's default is `Opaque` (core/v1 `SecretType`).
fn kind_of_secret(node: NodeRef<'_>) -> Fact {
    match node.get("type") {
        Some(value) if !value.is_null() => value.as_str().map_or_else(Fact::unknown, Fact::from),
        _ => Fact::from("Opaque"),
    }
}

/// By where each stands below `root`, so that a finding keeps its name when others come and go.
fn values(estate: &Estate, root: NodeRef<'_>, found: &[Found]) -> Fact {
    let mut values: BTreeMap<Arc<str>, Fact> = BTreeMap::new();
    let mut names = Names::default();
    for found in found {
        let whole = address(root, found, &mut names);
        let mut at = whole.clone();
        // Several credentials in one string.
        for number in 2.. {
            if !values.contains_key(at.as_str()) {
                break;
            }
            at = format!("{whole}#{number}");
        }
        let field = match found.path.first() {
            Some(Step::Key(key)) => Some(&**key),
            _ => None,
        };
        let fact = Fact::object([
            ("key", Fact::from(found.key.as_str())),
            ("where", Fact::from(at.as_str())),
            ("field", Fact::from(field)),
            ("shape", Fact::from(found.shape.name())),
            ("class", Fact::from(found.class.map(Class::name))),
            ("issuer", Fact::from(found.class.and_then(|class| class.issuer(&estate.config.secrets)))),
            ("public", Fact::from(name::is_public_half(&found.key))),
        ]);
        let place = Place::new(root.document.source, found.shown.clone());
        values.insert(at.into(), fact.at(Some(place.into())));
    }
    Fact::object(values)
}

/// Where something stands, with elements of lists by their names where these tell them apart, as in lists that Kubernetes
/// merges by `name`: `spec.template.spec.containers[web].env[DB_PASSWORD].value`. Positions change with every entry before them.
fn address<'d>(root: NodeRef<'d>, found: &Found, names: &mut Names<'d>) -> String {
    let written = Path(found.path.clone()).to_string();
    let Some(rest) = found.at.strip_prefix(&written) else { return found.at.clone() };
    let (mut here, mut text) = (Some(root), String::with_capacity(found.at.len()));
    for step in &found.path {
        match step {
            Step::Key(_) => {
                let key = Path(vec![step.clone()]).to_string();
                text.push_str(if text.is_empty() || key.starts_with('[') { "" } else { "." });
                text.push_str(&key);
            }
            Step::Index(index) => {
                let _ = match here.and_then(|list| names.of(list, *index)) {
                    Some(name) => write!(text, "[{name}]"),
                    None => write!(text, "[{index}]"),
                };
            }
        }
        here = here.and_then(|node| match step {
            Step::Key(key) => node.get(key),
            Step::Index(index) => node.items().nth(*index),
        });
    }
    text + rest
}

/// How often each name stands in a list, counted once for all that stands in it.
#[derive(Default)]
struct Names<'d>(BTreeMap<NodeId, BTreeMap<&'d str, usize>>);

impl<'d> Names<'d> {
    /// The name of an element of a list that no other one has.
    fn of(&mut self, list: NodeRef<'d>, index: usize) -> Option<&'d str> {
        let name = list.items().nth(index)?.str_at(&["name"])?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let is_name = !name.is_empty() && name.len() < 254 && name.chars().all(is_plain);
        let counts = self.0.entry(list.id).or_insert_with(|| {
            let mut counts = BTreeMap::new();
            for name in list.items().filter_map(|item| item.str_at(&["name"])) {
                *counts.entry(name).or_default() += 1;
            }
            counts
        });
        (is_name && counts.get(name) == Some(&1)).then_some(name)
    }
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
        let Some(Value::Object(values)) = fact.get("values").map(|field| &field.value) else {
            panic!("`values` is no object");
        };
        values.values().map(|value| (text(value, "where"), text(value, "shape"))).collect()
    }

    fn expected(shapes: &[(&str, &str)]) -> Vec<(String, String)> {
        shapes.iter().map(|(place, shape)| ((*place).to_owned(), (*shape).to_owned())).collect()
    }

    #[test]
    fn elements_of_lists_are_called_by_names_that_are_theirs_alone() {
        let pod = |env: &str| {
            let facts = facts(&format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - name: web\n    env: [{env}]\n"
            ));
            shapes(&facts[0]).into_iter().map(|(at, _)| at).collect::<Vec<_>>()
        };
        let password = "{name: DB_PASSWORD, value: corr3ct-h0rse}";
        assert_eq!(pod(password), ["spec.containers[web].env[DB_PASSWORD].value"]);
        assert_eq!(pod(&format!("{{name: A, value: b}}, {password}")), pod(password));
        let twice = pod(&format!("{password}, {password}"));
        assert_eq!(twice, ["spec.containers[web].env[0].value", "spec.containers[web].env[1].value"]);
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
                ("data.e", "empty"),
                ("data.five", "unknown"),
                ("data.p", "text"),
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
    fn other_objects_matter_where_they_hold_a_credential() {
        let facts = facts(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {host: db}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata:\n  list: [x, \"-----BEGIN PRIVATE KEY-----\\nZmFrZQ==\\n\"]\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, annotations: {note: \"-----BEGIN PRIVATE KEY-----\\nZmFrZQ==\\n\"}}\n",
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
