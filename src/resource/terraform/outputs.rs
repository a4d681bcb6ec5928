//! Outputs of the root module: what a plan writes into the state for others to read.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Plan, configuration, raw};

/// One output of the root module.
#[derive(Debug)]
pub struct PlannedOutput {
    pub name: String,
    /// Whether Terraform hides it; `None` where the plan does not say.
    pub is_sensitive: Option<bool>,
    /// Null where it is known only after apply.
    pub value: Value,
    /// What its expression refers to, as written.
    pub references: Vec<String>,
    /// Bytes of the value, else of what the plan says of the output.
    pub span: Range<usize>,
}

impl Plan {
    /// Outputs by name; none where the plan holds none.
    pub fn outputs(&self) -> Vec<PlannedOutput> {
        let outer: Outer<'_> = serde_json::from_str(&self.text).unwrap_or_default();
        let outputs = outer.planned_values.and_then(|planned| planned.outputs).unwrap_or_default();
        let root = self.configuration().module(&[]);
        let planned = outputs.into_iter().map(|(name, output)| {
            let parsed: RawOutput<'_> = serde_json::from_str(output.get()).unwrap_or_default();
            let expression = root.and_then(|root| root.output(&self.text, &name));
            let shown = parsed.value.filter(|value| !value.get().starts_with(['{', '['])).unwrap_or(output);
            PlannedOutput {
                name: name.into_owned(),
                is_sensitive: parsed.sensitive,
                value: parsed
                    .value
                    .and_then(|value| serde_json::from_str(value.get()).ok())
                    .unwrap_or_default(),
                references: expression
                    .map(|expression| configuration::references(&expression, &[]))
                    .unwrap_or_default(),
                span: raw::span(&self.text, shown),
            }
        });
        planned.collect()
    }
}

#[derive(Deserialize, Default)]
struct Outer<'t> {
    #[serde(borrow)]
    planned_values: Option<PlannedValues<'t>>,
}

#[derive(Deserialize)]
struct PlannedValues<'t> {
    #[serde(borrow)]
    outputs: Option<BTreeMap<Cow<'t, str>, &'t RawValue>>,
}

#[derive(Deserialize, Default)]
struct RawOutput<'t> {
    sensitive: Option<bool>,
    #[serde(borrow)]
    value: Option<&'t RawValue>,
}
