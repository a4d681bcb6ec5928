//! Functions that OPA keeps for policies in Rego v0 only; a v1 policy that calls one is refused.

use std::collections::BTreeSet;

use regorus::Value;

use super::{Fault, Function, elements, expression::compiled, network, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("all", 1, |arguments| Ok(Value::from(elements(arguments, 0)?.into_iter().all(is_true)))),
    ("any", 1, |arguments| Ok(Value::from(elements(arguments, 0)?.into_iter().any(is_true)))),
    ("cast_array", 1, |arguments| {
        Ok(Value::from(elements(arguments, 0)?.into_iter().cloned().collect::<Vec<_>>()))
    }),
    ("cast_set", 1, |arguments| {
        Ok(Value::from(elements(arguments, 0)?.into_iter().cloned().collect::<BTreeSet<_>>()))
    }),
    ("cast_string", 1, |arguments| same(arguments, |value| matches!(value, Value::String(_)))),
    ("cast_boolean", 1, |arguments| same(arguments, |value| matches!(value, Value::Bool(_)))),
    ("cast_null", 1, |arguments| same(arguments, |value| matches!(value, Value::Null))),
    ("cast_object", 1, |arguments| same(arguments, |value| matches!(value, Value::Object(_)))),
    ("net.cidr_overlap", 2, |arguments| {
        Ok(Value::from(network::contains(text(arguments, 0)?, text(arguments, 1)?)?))
    }),
    ("re_match", 2, |arguments| {
        Ok(Value::from(compiled(text(arguments, 0)?)?.is_match(text(arguments, 1)?)))
    }),
    ("set_diff", 2, |arguments| match arguments {
        [Value::Set(a), Value::Set(b)] => {
            let rest = a.iter().filter(|item| !b.contains(item)).cloned();
            Ok(Value::from(rest.collect::<BTreeSet<_>>()))
        }
        _ => Err("an argument is no set".into()),
    }),
];

fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}

fn same(arguments: &[Value], fits: fn(&Value) -> bool) -> Result<Value, Fault> {
    let value = arguments.first().filter(|value| fits(value));
    value.cloned().ok_or_else(|| "the argument has another type".into())
}
