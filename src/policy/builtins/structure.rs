//! Arrays and YAML; and what hosts of OPA add for results.

use std::collections::BTreeMap;

use regorus::Value;

use super::{Fault, Function, array, configuration, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("array.flatten", 1, flatten),
    ("object.within", 2, subset),
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

/// `object.subset`, after `topdown/subset.go` of OPA: whether the second is part of the first.
fn subset(arguments: &[Value]) -> Result<Value, Fault> {
    let (Some(whole), Some(part)) = (arguments.first(), arguments.get(1)) else {
        return Err("two arguments are needed".into());
    };
    part_of(whole, part).map(Value::from).ok_or_else(|| {
        "the arguments are neither of one kind (objects, sets, arrays) nor an array and a set".into()
    })
}

/// `None` where the two cannot be compared.
fn part_of(whole: &Value, part: &Value) -> Option<bool> {
    Some(match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => part.iter().all(|(key, value)| {
            whole.get(key).is_some_and(|of| part_of(of, value).unwrap_or_else(|| of == value))
        }),
        (Value::Set(whole), Value::Set(part)) => part.iter().all(|item| whole.contains(item)),
        (Value::Array(whole), Value::Array(part)) => {
            let (whole, part): (Vec<&Value>, Vec<&Value>) = (whole.iter().collect(), part.iter().collect());
            part.is_empty() || whole.windows(part.len()).any(|window| window == part)
        }
        (Value::Array(whole), Value::Set(part)) => part.iter().all(|item| whole.contains(item)),
        _ => return None,
    })
}

/// Trivy's result: the message counts; its cause is an object of Trivy's own data model.
fn result_new(arguments: &[Value]) -> Result<Value, Fault> {
    let message = Value::from(text(arguments, 0)?);
    Ok(Value::from(BTreeMap::from([(Value::from("msg"), message)])))
}
