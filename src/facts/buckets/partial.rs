//! Values of which parts may be unknown: one shape for a policy's JSON, a planned data source and its configuration.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{Kind, NodeRef};

/// A JSON value; what no policy holds (numbers) is text.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::facts) enum Partial {
    Unknown,
    Absent,
    Text(String),
    List(Vec<Self>),
    Fields(BTreeMap<String, Self>),
}

impl Partial {
    /// Plain JSON: everything is known.
    pub(in crate::facts) fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Absent,
            Value::Bool(value) => Self::Text(value.to_string()),
            Value::Number(number) => Self::Text(number.to_string()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from_json).collect()),
            Value::Object(fields) => Self::Fields(
                fields.iter().map(|(key, value)| (key.clone(), Self::from_json(value))).collect(),
            ),
        }
    }

    /// A planned value under its `after_unknown`.
    pub(in crate::facts) fn from_planned(node: NodeRef<'_>, unknown: &Value) -> Self {
        if *unknown == Value::Bool(true) {
            return Self::Unknown;
        }
        match node.kind() {
            Kind::Null => Self::Absent,
            Kind::Sequence(_) => {
                let items = node.items().enumerate();
                Self::List(
                    items
                        .map(|(index, item)| {
                            Self::from_planned(item, unknown.get(index).unwrap_or(&Value::Null))
                        })
                        .collect(),
                )
            }
            Kind::Mapping(_) => {
                let known = node.entries().map(|(key, _, value)| {
                    (key.to_owned(), Self::from_planned(value, unknown.get(key).unwrap_or(&Value::Null)))
                });
                // What is unknown altogether is left out of the values.
                let masks = unknown.as_object().into_iter().flatten();
                let left_out = masks.filter(|(_, mask)| **mask == Value::Bool(true));
                Self::Fields(known.chain(left_out.map(|(key, _)| (key.clone(), Self::Unknown))).collect())
            }
            Kind::String(_) => Self::Text(node.as_str().unwrap_or_default().to_owned()),
            _ => Self::Text(node.raw().to_owned()),
        }
    }

    /// Expressions of a configuration block: what refers to something is unknown.
    pub(in crate::facts) fn from_expressions(value: &Value) -> Self {
        match value {
            Value::Object(fields) => match fields.get("constant_value") {
                Some(constant) => Self::from_json(constant),
                None if fields.get("references").is_some_and(Value::is_array) => Self::Unknown,
                // An expression without references and constants is made by functions alone.
                None if fields.is_empty() => Self::Unknown,
                None => Self::Fields(
                    fields.iter().map(|(key, value)| (key.clone(), Self::from_expressions(value))).collect(),
                ),
            },
            Value::Array(items) => Self::List(items.iter().map(Self::from_expressions).collect()),
            _ => Self::Absent,
        }
    }

    /// A field; absent where there is none, unknown where the whole is.
    pub(in crate::facts) fn field(&self, name: &str) -> &Self {
        match self {
            Self::Fields(fields) => fields.get(name).unwrap_or(&Self::Absent),
            Self::Unknown => &Self::Unknown,
            _ => &Self::Absent,
        }
    }

    /// Elements; one value stands for a list of one, as policies have it. `None` where it is unknown.
    pub(in crate::facts) fn items(&self) -> Option<Vec<&Self>> {
        match self {
            Self::Unknown => None,
            Self::Absent => Some(Vec::new()),
            Self::List(items) => Some(items.iter().collect()),
            single => Some(vec![single]),
        }
    }

    /// The text, if it is a known one.
    pub(in crate::facts) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
