//! Plans of a few resources, and the facts of their buckets.

use serde_json::{Value, json};

use super::*;
use crate::{document::Step, facts, source::SourceId};

mod clouds;
mod parts_of_s3;
mod s3;
mod transport;

const EVERYONE: &str =
    r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#;

/// A resource of a plan, with the expressions of its block.
struct Planning {
    address: &'static str,
    actions: &'static str,
    after: Value,
    unknown: Value,
    expressions: Value,
}

fn planned(address: &'static str, actions: &'static str, after: Value) -> Planning {
    Planning { address, actions, after, unknown: json!({}), expressions: json!({}) }
}

/// A part of `aws_s3_bucket.b`, named by reference.
fn part(kind: &'static str, actions: &'static str, after: Value) -> Planning {
    planned(kind, actions, after).refers("bucket", "aws_s3_bucket.b")
}

impl Planning {
    fn unknown(self, unknown: Value) -> Self {
        Self { unknown, ..self }
    }

    fn refers(mut self, attribute: &str, to: &str) -> Self {
        self.expressions[attribute] = json!({"references": [format!("{to}.id"), to]});
        self
    }

    fn declares(mut self, attribute: &str, expression: Value) -> Self {
        self.expressions[attribute] = expression;
        self
    }
}

fn plan(resources: &[Planning]) -> Plan {
    Plan::parse(SourceId(0), &text(resources).into()).unwrap()
}

fn text(resources: &[Planning]) -> String {
    let mut changes = Vec::new();
    let mut blocks = Vec::new();
    for resource in resources {
        let (mode, rest) = match resource.address.strip_prefix("data.") {
            Some(rest) => ("data", rest),
            None => ("managed", resource.address),
        };
        let (kind, name) = rest.split_once('.').unwrap_or((rest, "b"));
        let address = if rest.contains('.') { resource.address.to_owned() } else { format!("{rest}.b") };
        let actions: Vec<&str> = resource.actions.split(' ').collect();
        changes.push(json!({
            "address": address, "mode": mode, "type": kind, "name": name,
            "change": {"actions": actions, "after": resource.after, "after_unknown": resource.unknown},
        }));
        blocks.push(json!({"mode": mode, "type": kind, "name": name, "expressions": resource.expressions}));
    }
    let plan = json!({
        "format_version": "1.2", "resource_changes": changes,
        "configuration": {"root_module": {"resources": blocks}},
    });
    plan.to_string()
}

fn json_of(fact: &Fact) -> Value {
    match &fact.value {
        facts::Value::Null => Value::Null,
        facts::Value::Bool(value) => json!(value),
        facts::Value::Integer(value) => json!(value),
        facts::Value::Float(value) => json!(value),
        facts::Value::String(text) => json!(**text),
        facts::Value::Array(items) => items.iter().map(json_of).collect(),
        facts::Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.to_string(), json_of(value))).collect()
        }
    }
}

/// The fact of the first bucket.
fn bucket(resources: &[Planning]) -> Value {
    json_of(&subjects(Vocabulary::default(), 0, &plan(resources)).first().unwrap().fact)
}
