//! `schemas/selectors`: each schema holds for every subject of the fixtures. With `UPDATE_DOCS=1` a missing one is
//! drafted from them, to be completed by hand: descriptions, names of values, what may be absent.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Map, Value, json};

use super::check;
use crate::{
    config::Day,
    policy::{schema, selector},
    scan::{Settings, read_estate},
    source::base::Base,
};

/// Inputs of a selector in all fixtures.
fn inputs(name: &str) -> Vec<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = ["rules", "shop"].map(|folder| root.join(folder));
    let mut inputs = Vec::new();
    for folder in folders {
        let settings = Settings {
            fail_on: None,
            ..Settings::new(
                Base::new(&[], Some(&folder), &folder).expect("fixtures exist"),
                Day::parse("2026-01-01").expect("a day"),
            )
        };
        let estate = read_estate(&settings, &|_, _| {}).expect("fixtures can be read");
        let cases = selector::cases(&estate, |selector| selector == name);
        inputs.extend(cases.iter().map(|case| case.masked_json(&estate)));
    }
    inputs
}

#[test]
fn every_subject_of_the_fixtures_fits_the_schema_of_its_selector() {
    let mut wrong = BTreeSet::new();
    for name in selector::names() {
        let inputs = inputs(name);
        if let Some(schema) = schema::schema(name) {
            let reasons = inputs.iter().filter_map(|input| schema::check(input, &schema).err());
            wrong.extend(reasons.map(|reason| format!("{name}: {reason}")));
        } else {
            let draft = serde_json::to_string_pretty(&draft(name, &inputs)).expect("JSON");
            check(&format!("schemas/selectors/{name}.json"), &format!("{draft}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn draft(name: &str, inputs: &[Value]) -> Value {
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": format!("probity.selector/v1/{name}"),
        "title": format!("`input` of a rule that selects `{name}`"),
    });
    let drafted = infer(&inputs.iter().collect::<Vec<_>>());
    if let (Value::Object(schema), Value::Object(drafted)) = (&mut schema, drafted) {
        schema.extend(drafted);
    }
    schema
}

/// What all values have in common.
fn infer(values: &[&Value]) -> Value {
    let kind = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let kinds: BTreeSet<&str> = values.iter().map(|value| kind(value)).collect();
    let mut schema = Map::new();
    match kinds.iter().collect::<Vec<_>>().as_slice() {
        [] => {}
        [one] => drop(schema.insert("type".into(), json!(one))),
        several => drop(schema.insert("type".into(), json!(several))),
    }
    let items: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
    if kinds.contains("array") {
        schema.insert("items".into(), infer(&items));
    }
    let objects: Vec<&Map<String, Value>> = values.iter().filter_map(|value| value.as_object()).collect();
    if !objects.is_empty() {
        let names: BTreeSet<&String> = objects.iter().flat_map(|object| object.keys()).collect();
        let required: Vec<&&String> =
            names.iter().filter(|name| objects.iter().all(|object| object.contains_key(**name))).collect();
        let property = |name: &&String| {
            let values: Vec<&Value> = objects.iter().filter_map(|object| object.get(*name)).collect();
            ((*name).clone(), infer(&values))
        };
        schema.insert("required".into(), json!(required));
        schema.insert("additionalProperties".into(), json!(false));
        schema.insert("properties".into(), Value::Object(names.iter().map(property).collect()));
    }
    Value::Object(schema)
}
