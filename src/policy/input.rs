//! Values for the engine: documents and facts as Rego sees them.

use std::{collections::BTreeMap, sync::Arc};

use regorus::Value;

use super::case::Input;
use crate::{
    document::{Kind, NodeRef},
    estate::Estate,
    facts::{self, Fact},
};

impl Input<'_> {
    /// `input` of a rule.
    pub(super) fn to_rego(&self, estate: &Estate) -> Value {
        match self {
            Self::Object(resource) => document(estate.node(resource)),
            Self::Fact(fact) => self::fact(fact),
        }
    }
}

/// The depth of documents is bounded where they are parsed, so recursion is safe here.
pub(super) fn document(node: NodeRef<'_>) -> Value {
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Integer(value) => Value::from(*value),
        Kind::Unsigned(value) => Value::from(*value),
        Kind::Float(value) => Value::from(*value),
        Kind::String(_) => Value::from(node.as_str().unwrap_or_default()),
        Kind::Sequence(_) => Value::from(node.items().map(document).collect::<Vec<_>>()),
        Kind::Mapping(_) => {
            let entries = node.entries().map(|(key, _, value)| (Value::from(key), document(value)));
            Value::from(entries.collect::<BTreeMap<_, _>>())
        }
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
