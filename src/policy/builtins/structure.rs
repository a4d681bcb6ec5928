//! Arrays and YAML; and what hosts of OPA add for results.

use std::collections::BTreeMap;

use regorus::Value;

use super::{Fault, Function, array, configuration, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("array.flatten", 1, flatten),
    ("yaml.unmarshal", 1, |arguments| configuration::yaml(text(arguments, 0)?)),
    ("yaml.is_valid", 1, |arguments| {
        let valid = text(arguments, 0).is_ok_and(|text| configuration::yaml(text).is_ok());
        Ok(Value::from(valid))
    }),
    ("result.new", 2, result_new),
];

/// One level, as OPA has it.
fn flatten(arguments: &[Value]) -> Result<Value, Fault> {
    let mut flat = Vec::new();
    for item in array(arguments, 0)? {
        match item {
            Value::Array(items) => flat.extend(items.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(Value::from(flat))
}

/// Trivy's result: the message counts; its cause is an object of Trivy's own data model.
fn result_new(arguments: &[Value]) -> Result<Value, Fault> {
    let message = Value::from(text(arguments, 0)?);
    Ok(Value::from(BTreeMap::from([(Value::from("msg"), message)])))
}
