//! Values for the engine: documents and facts as Rego sees them.

use std::{collections::BTreeMap, sync::Arc};

use regorus::Value;

use super::case::{Input, Part};
use crate::{
    document::{Document, Kind, NodeRef, json, yaml},
    estate::Estate,
    facts::{self, Fact},
    resource::terraform::Plan,
    source::SourceId,
};

impl Input<'_> {
    /// `input` of a rule.
    pub(super) fn to_rego(&self, estate: &Estate) -> Value {
        match self {
            Self::Object(resource) => document(estate.node(resource)),
            Self::Fact(fact) => self::fact(fact),
            Self::Planned(plan, resource) => {
                estate.plans.get(*plan).map_or(Value::Null, |plan| planned(plan, *resource))
            }
            Self::Plan(whole) => {
                let source = estate.plans.get(whole.plan).map(|plan| estate.sources.get(plan.source));
                source.and_then(|source| Value::from_json_str(&source.text).ok()).unwrap_or(Value::Null)
            }
            Self::Node(_, node) => document(*node),
            Self::Nothing(_) => Value::Null,
            Self::Combined(parts) => {
                Value::from(parts.iter().map(|part| combined(part, estate)).collect::<Vec<_>>())
            }
        }
    }
}

fn combined(part: &Part<'_>, estate: &Estate) -> Value {
    let fields = [("path", Value::from(&*part.path)), ("contents", part.contents.to_rego(estate))];
    Value::from(fields.into_iter().map(|(key, value)| (Value::from(key), value)).collect::<BTreeMap<_, _>>())
}

/// One planned resource (contract, "Policies", selector `terraform-resource`).
fn planned(plan: &Plan, position: u32) -> Value {
    let Some(resource) = plan.resource(position) else { return Value::Null };
    let values = resource.values(plan).ok();
    let json = |value: serde_json::Result<serde_json::Value>| Value::from(value.unwrap_or_default());
    let mask = |mask: Option<&serde_json::Value>| Value::from(mask.cloned().unwrap_or_default());
    let root = values.as_ref().and_then(|values| values.document.as_ref()).map(Document::root);
    let fields = [
        ("address", Value::from(&*resource.address)),
        ("type", Value::from(&*resource.kind)),
        ("name", Value::from(&*resource.name)),
        ("mode", json(serde_json::to_value(resource.mode))),
        ("provider", resource.provider_name.as_deref().map_or(Value::Null, Value::from)),
        ("actions", json(serde_json::to_value(&resource.actions))),
        ("values", root.map_or(Value::Null, document)),
        ("unknown", mask(values.as_ref().map(|values| &values.unknown))),
        ("sensitive", mask(values.as_ref().map(|values| &values.sensitive))),
        ("references", json(serde_json::to_value(plan.references(resource)))),
    ];
    Value::from(fields.into_iter().map(|(key, value)| (Value::from(key), value)).collect::<BTreeMap<_, _>>())
}

/// What is unknown is left out; in a sequence it is null, so that the others keep their index.
pub(super) fn document(node: NodeRef<'_>) -> Value {
    with_unknown(node, None)
}

/// The same with a value in the place of each unknown one. The depth of documents is bounded where they are parsed,
/// so recursion is safe here.
pub(super) fn with_unknown(node: NodeRef<'_>, placeholder: Option<&Value>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Unknown => placeholder.cloned().unwrap_or(Value::Null),
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Integer(value) => Value::from(*value),
        Kind::Unsigned(value) => Value::from(*value),
        Kind::Float(value) => Value::from(*value),
        Kind::String(_) => Value::from(node.as_str().unwrap_or_default()),
        Kind::Sequence(_) => {
            Value::from(node.items().map(|item| with_unknown(item, placeholder)).collect::<Vec<_>>())
        }
        Kind::Mapping(_) => {
            let entries = node.entries().filter(|(_, _, value)| placeholder.is_some() || !value.is_unknown());
            let entries = entries.map(|(key, _, value)| (Value::from(key), with_unknown(value, placeholder)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        }
    }
}

/// The first document of a file with data, `null` without one.
///
/// # Errors
/// What the parser says; never text of the file.
pub fn parse_data(text: &Arc<str>, is_json: bool) -> Result<serde_json::Value, String> {
    let parsed = if is_json { json::parse(SourceId(0), text) } else { yaml::parse(SourceId(0), text) };
    match parsed.errors.first() {
        Some(error) => Err(error.message.clone()),
        None => {
            Ok(parsed.documents.first().map_or(serde_json::Value::Null, |document| data(document.root())))
        }
    }
}

/// A YAML document as OPA reads data and texts (go-yaml 3): `yes`, `on` and their like are strings there, where
/// manifests have booleans.
pub(super) fn data(node: NodeRef<'_>) -> serde_json::Value {
    let is_word = |text: &str| !["true", "false"].contains(&text.to_ascii_lowercase().as_str());
    match node.kind() {
        Kind::Bool(_) if !node.raw().is_empty() && is_word(node.raw()) => node.raw().into(),
        Kind::Sequence(_) => node.items().map(data).collect(),
        Kind::Mapping(_) => {
            let entries = node.entries().map(|(key, span, value)| {
                let raw = node.document.text.get(span).filter(|raw| raw.chars().all(char::is_alphabetic));
                let key = raw.filter(|_| matches!(key, "true" | "false")).unwrap_or(key);
                (key.to_owned(), data(value))
            });
            entries.collect()
        }
        _ => node.to_json(),
    }
}

fn fact(fact: &Fact) -> Value {
    match &fact.value {
        facts::Value::Null => Value::Null,
        facts::Value::Bool(value) => Value::Bool(*value),
        facts::Value::Integer(value) => Value::from(*value),
        facts::Value::Float(value) => Value::from(*value),
        facts::Value::String(text) => Value::String(Arc::clone(text)),
        facts::Value::Array(items) => Value::from(items.iter().map(self::fact).collect::<Vec<_>>()),
        facts::Value::Object(fields) => {
            let fields =
                fields.iter().map(|(key, value)| (Value::String(Arc::clone(key)), self::fact(value)));
            Value::from(fields.collect::<BTreeMap<_, _>>())
        }
    }
}
