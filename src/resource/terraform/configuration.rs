//! The `configuration` of a plan: which expression refers to what, before any value is known.
//!
//! Source: Terraform, "JSON Output Format", section "Configuration Representation".

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value;

/// The configuration, parsed at first use; empty where the plan has none.
#[derive(Debug, Default)]
pub(super) struct Configuration(Value);

impl Configuration {
    pub(super) fn parse(text: &str, span: Range<usize>) -> Self {
        Self(text.get(span).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default())
    }

    /// The module reached by a path of call names.
    pub(super) fn module<'c>(&'c self, calls: &[&str]) -> Option<Module<'c>> {
        let root = self.0.get("root_module").map(Module)?;
        calls.iter().try_fold(root, |module, call| module.call(call)?.get("module").map(Module))
    }
}

/// One module of the configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Module<'c>(&'c Value);

impl<'c> Module<'c> {
    fn call(self, name: &str) -> Option<&'c Value> {
        self.0.get("module_calls")?.get(name)
    }

    /// References of an argument of a module call.
    pub(super) fn argument(self, call: &str, name: &str) -> Vec<&'c str> {
        let expression =
            self.call(call).and_then(|call| call.get("expressions")).and_then(|all| all.get(name));
        expression.map(references).unwrap_or_default()
    }

    /// References of an output.
    pub(super) fn output(self, name: &str) -> Vec<&'c str> {
        let output = self.0.get("outputs").and_then(|outputs| outputs.get(name));
        output.and_then(|output| output.get("expression")).map(references).unwrap_or_default()
    }

    /// References of each argument of a resource; those of `for_each` and `count` under these names.
    pub(super) fn resource(self, mode: &str, kind: &str, name: &str) -> BTreeMap<&'c str, Vec<&'c str>> {
        let is = |resource: &&Value, key: &str, value: &str| {
            resource.get(key).and_then(Value::as_str) == Some(value)
        };
        let resources =
            self.0.get("resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let found = resources.iter().find(|resource| {
            is(resource, "mode", mode) && is(resource, "type", kind) && is(resource, "name", name)
        });
        let Some(found) = found else { return BTreeMap::new() };
        let arguments = found.get("expressions").and_then(Value::as_object).into_iter().flatten();
        let meta = [("for_each", "for_each_expression"), ("count", "count_expression")];
        let meta = meta.into_iter().filter_map(|(name, key)| Some((name, found.get(key)?)));
        let all = arguments.map(|(name, expression)| (name.as_str(), expression)).chain(meta);
        all.map(|(name, expression)| (name, references(expression)))
            .filter(|(_, found)| !found.is_empty())
            .collect()
    }
}

/// All references in an expression, however deep its blocks are; the depth of JSON is bounded by its parser.
fn references(expression: &Value) -> Vec<&str> {
    match expression {
        Value::Object(fields) => match fields.get("references").and_then(Value::as_array) {
            Some(found) => found.iter().filter_map(Value::as_str).collect(),
            None => fields.values().flat_map(references).collect(),
        },
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
