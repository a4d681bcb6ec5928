//! Schemas of selectors: what `input` of a rule looks like, published as JSON Schema (draft 7) in `schemas/selectors`.
//!
//! A reader of the few keywords that they use: a validator for all of JSON Schema would weigh more than the engine.
//! An unknown keyword is an error, so that no schema says more than is checked.

use serde_json::Value;

/// Name of the selector and text of its schema.
const SCHEMAS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemas.rs"));

/// The schema of a selector; `None` where there is no such selector.
pub fn schema(selector: &str) -> Option<Value> {
    let (_, text) = SCHEMAS.iter().find(|(name, _)| *name == selector)?;
    serde_json::from_str(text).ok()
}

/// Why a value does not fit a schema: a lower-case phrase that says where in the value.
pub fn check(value: &Value, schema: &Value) -> Result<(), String> {
    Checker { root: schema, whole_from: 0 }.check(value, schema, &mut Vec::new())
}

/// Why a value does not fit at a path below what the schema describes, of which nothing else is known.
pub fn check_part(path: &[String], value: Value, schema: &Value) -> Result<(), String> {
    let wrap = |value, key: &String| Value::Object([(key.clone(), value)].into_iter().collect());
    let nested = path.iter().rev().fold(value, wrap);
    Checker { root: schema, whole_from: path.len() }.check(&nested, schema, &mut Vec::new())
}

/// Keywords that say something to people only.
const ANNOTATIONS: [&str; 7] =
    ["$schema", "$id", "$comment", "title", "description", "definitions", "additionalProperties"];

struct Checker<'s> {
    root: &'s Value,
    /// Depth from which values are given whole: above it, nothing is missing.
    whole_from: usize,
}

impl Checker<'_> {
    fn check(&self, value: &Value, schema: &Value, path: &mut Vec<String>) -> Result<(), String> {
        let keywords = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Object(keywords) => keywords,
            _ => return Err(format!("{} may not be there", at(path))),
        };
        for (keyword, argument) in keywords {
            match keyword.as_str() {
                "type" => of_type(value, argument, path)?,
                "const" if value != argument => {
                    return Err(format!("{} is {value}, not {argument}", at(path)));
                }
                "enum" if !argument.as_array().is_some_and(|allowed| allowed.contains(value)) => {
                    return Err(format!("{} is {value}, not one of {argument}", at(path)));
                }
                "const" | "enum" => {}
                "required" if path.len() < self.whole_from => {}
                "required" => {
                    let names = argument.as_array().into_iter().flatten().filter_map(Value::as_str);
                    let object = value.as_object();
                    if let Some(name) = names
                        .into_iter()
                        .find(|name| object.is_some_and(|object| !object.contains_key(*name)))
                    {
                        return Err(format!("{} has no `{name}`", at(path)));
                    }
                }
                "properties" => self.properties(value, keywords, path)?,
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        path.push(index.to_string());
                        self.check(item, argument, path)?;
                        path.pop();
                    }
                }
                "anyOf" => self.any_of(value, argument, path)?,
                "$ref" => {
                    let target = argument.as_str().and_then(|reference| reference.strip_prefix('#'));
                    let target = target.and_then(|pointer| self.root.pointer(pointer));
                    let target =
                        target.ok_or_else(|| format!("the schema refers to {argument}, which it lacks"))?;
                    self.check(value, target, path)?;
                }
                other if ANNOTATIONS.contains(&other) => {}
                other => return Err(format!("the schema has the unknown keyword `{other}`")),
            }
        }
        if !keywords.contains_key("properties") {
            self.properties(value, keywords, path)?;
        }
        Ok(())
    }

    /// Known properties, and what `additionalProperties` says of the others.
    fn properties(
        &self,
        value: &Value,
        keywords: &serde_json::Map<String, Value>,
        path: &mut Vec<String>,
    ) -> Result<(), String> {
        let known = keywords.get("properties").and_then(Value::as_object);
        let others = keywords.get("additionalProperties").unwrap_or(&Value::Bool(true));
        for (name, value) in value.as_object().into_iter().flatten() {
            path.push(name.clone());
            self.check(value, known.and_then(|known| known.get(name)).unwrap_or(others), path)?;
            path.pop();
        }
        Ok(())
    }

    fn any_of(&self, value: &Value, alternatives: &Value, path: &mut Vec<String>) -> Result<(), String> {
        let mut reasons = Vec::new();
        for alternative in alternatives.as_array().into_iter().flatten() {
            let depth = path.len();
            match self.check(value, alternative, path) {
                Ok(()) => return Ok(()),
                Err(reason) => reasons.push(reason),
            }
            path.truncate(depth);
        }
        reasons.dedup();
        Err(reasons.join(", and "))
    }
}

fn of_type(value: &Value, types: &Value, path: &[String]) -> Result<(), String> {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    };
    let fits = match types {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{} is {}, not {}", at(path), kind(value), words(types))) }
}

/// `input.ports.0.port`.
fn at(path: &[String]) -> String {
    std::iter::once("`input").chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(".") + "`"
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn words(types: &Value) -> String {
    match types {
        Value::String(name) => name.clone(),
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_fits_or_it_is_said_where_it_does_not() {
        let schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "string"},
                "public": {"$ref": "#/definitions/truth"},
                "mode": {"enum": ["strict", "unknown"]},
                "ports": {"type": "array", "items": {"type": ["integer", "null"]}},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "definitions": {"truth": {"anyOf": [{"type": "boolean"}, {"const": "unknown"}]}},
        });
        for (value, expected) in [
            (json!({"id": "a"}), None),
            (
                json!({"id": "a", "public": true, "mode": "strict", "ports": [1, null], "labels": {"x": "y"}}),
                None,
            ),
            (json!({"id": "a", "public": "unknown"}), None),
            (json!([]), Some("`input` is an array, not object")),
            (json!({}), Some("`input` has no `id`")),
            (json!({"id": 1}), Some("`input.id` is a number, not string")),
            (json!({"id": "a", "publik": true}), Some("`input.publik` may not be there")),
            (
                json!({"id": "a", "public": "yes"}),
                Some(
                    "`input.public` is a string, not boolean, and `input.public` is \"yes\", not \"unknown\"",
                ),
            ),
            (
                json!({"id": "a", "mode": "on"}),
                Some("`input.mode` is \"on\", not one of [\"strict\",\"unknown\"]"),
            ),
            (json!({"id": "a", "ports": [1, "x"]}), Some("`input.ports.1` is a string, not integer or null")),
            (json!({"id": "a", "labels": {"x": 1}}), Some("`input.labels.x` is a number, not string")),
        ] {
            assert_eq!(check(&value, &schema).err().as_deref(), expected, "{value}");
        }
        let unknown = json!({"minimum": 1});
        assert_eq!(
            check(&json!(1), &unknown),
            Err("the schema has the unknown keyword `minimum`".to_owned())
        );
    }

    #[test]
    fn a_part_is_held_against_its_place_and_nothing_else_is_missing() {
        let schema = json!({
            "type": "object",
            "required": ["id", "spec"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "string"},
                "spec": {"$ref": "#/definitions/spec"},
            },
            "definitions": {
                "spec": {"type": "object", "required": ["mode", "port"], "properties": {"port": {
                    "type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}},
                }}},
            },
        });
        for (path, value, expected) in [
            (&["spec", "port"][..], json!({"number": 1}), None),
            (&["spec", "port", "number"], json!(1), None),
            (&["spec", "port"], json!({}), Some("`input.spec.port` has no `number`")),
            (
                &["spec", "port", "number"],
                json!("1"),
                Some("`input.spec.port.number` is a string, not integer"),
            ),
            (&["spek"], json!({}), Some("`input.spek` may not be there")),
            (&["id", "x"], json!(1), Some("`input.id` is an object, not string")),
        ] {
            let path: Vec<String> = path.iter().map(|&key| key.to_owned()).collect();
            assert_eq!(check_part(&path, value, &schema).err().as_deref(), expected, "{path:?}");
        }
    }

    #[test]
    fn every_selector_has_a_schema_that_names_itself_and_its_version() {
        for name in crate::policy::selector::names() {
            let schema = schema(name).unwrap_or_else(|| {
                panic!("`schemas/selectors/{name}.json` is missing: `UPDATE_DOCS=1 cargo test` drafts it")
            });
            assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#", "{name}");
            assert_eq!(schema["$id"], format!("probity.selector/v1/{name}"));
            assert!(schema["description"].is_string(), "{name}");
        }
    }
}
