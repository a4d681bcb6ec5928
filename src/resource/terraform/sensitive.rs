//! What a plan does not want shown, as texts, so that no message can repeat it.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::Value;

use super::Plan;

impl Plan {
    /// Strings and numbers that the plan marks sensitive anywhere, as text: values of resources, of variables and of
    /// outputs; distinct, in order, none empty. Reads all values: for rules that see the whole plan.
    pub fn sensitive_texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        for resource in &self.resources {
            texts.extend(resource.values(self).map(|values| values.sensitive_texts()).unwrap_or_default());
        }
        let outer: Outer<'_> = serde_json::from_str(&self.text).unwrap_or_default();
        let root = self.configuration().module(&[]);
        for name in root.map(|root| root.sensitive_variables.as_slice()).unwrap_or_default() {
            if let Some(variable) = outer.variables.as_ref().and_then(|all| all.get(name.as_str())) {
                collect(&variable.value, &mut texts);
            }
        }
        let outputs = outer.planned_values.and_then(|planned| planned.outputs);
        for output in outputs.into_iter().flat_map(BTreeMap::into_values) {
            if output.sensitive == Some(true) {
                collect(&output.value, &mut texts);
            }
        }
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

#[derive(Deserialize, Default)]
struct Outer<'t> {
    #[serde(borrow)]
    variables: Option<BTreeMap<Cow<'t, str>, Output>>,
    #[serde(borrow)]
    planned_values: Option<PlannedValues<'t>>,
}

#[derive(Deserialize)]
struct PlannedValues<'t> {
    #[serde(borrow)]
    outputs: Option<BTreeMap<Cow<'t, str>, Output>>,
}

#[derive(Deserialize)]
struct Output {
    sensitive: Option<bool>,
    #[serde(default)]
    value: Value,
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.is_empty() => texts.push(text.clone()),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, texts)),
        _ => {}
    }
}
