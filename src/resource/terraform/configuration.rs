//! The plan's `configuration`: which module calls and blocks there are, and which expressions stand in them.
//!
//! Expressions stay byte ranges until they are asked for. Deliberately absent: what references lead to.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::address::Segment;
use crate::document::{Path, Step};

/// The configuration of a plan; empty where a plan holds none, or one of another shape.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    root: Module,
}

#[derive(Debug, Default)]
pub(super) struct Module {
    /// By address within the module.
    blocks: BTreeMap<String, Block>,
    calls: BTreeMap<String, Call>,
    outputs: BTreeMap<String, Range<usize>>,
    /// Input variables that are declared sensitive.
    pub(super) sensitive_variables: Vec<String>,
    defaults: BTreeMap<String, Range<usize>>,
}

#[derive(Debug, Default)]
struct Call {
    block: Block,
    module: Module,
}

/// A `resource`, `data` or `module` block.
#[derive(Debug, Default)]
pub(super) struct Block {
    expressions: Option<Range<usize>>,
    for_each: Option<Range<usize>>,
    pub(super) provider_key: Option<String>,
}

impl Configuration {
    pub(super) fn parse(text: &str, span: Range<usize>) -> Self {
        let part = text.get(span.clone()).unwrap_or_default();
        let raw: RawConfiguration<'_> = serde_json::from_str(part).unwrap_or_default();
        Self { root: Builder { part, offset: span.start }.module(raw.root_module.unwrap_or_default()) }
    }

    /// The module that a module address is an instance of.
    pub(super) fn module(&self, path: &[Segment<'_>]) -> Option<&Module> {
        path.iter().try_fold(&self.root, |module, call| Some(&module.calls.get(call.name)?.module))
    }
}

impl Module {
    /// The block of an address within the module, such as `data.aws_kms_key.k`.
    pub(super) fn block(&self, address: &str) -> Option<&Block> {
        self.blocks.get(address)
    }

    /// Addresses of all blocks and calls.
    pub(super) fn addresses(&self) -> impl Iterator<Item = String> {
        let calls = self.calls.keys().map(|name| format!("module.{name}"));
        self.blocks.keys().cloned().chain(calls)
    }

    pub(super) fn call(&self, name: &str) -> Option<&Block> {
        self.calls.get(name).map(|call| &call.block)
    }

    /// Default of an input variable; null is none.
    pub(super) fn default_of(&self, text: &str, variable: &str) -> Option<Value> {
        read(text, self.defaults.get(variable)?).filter(|value: &Value| !value.is_null())
    }

    /// Expression of an output.
    pub(super) fn output(&self, text: &str, name: &str) -> Option<Value> {
        read(text, self.outputs.get(name)?)
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.keys().map(String::as_str)
    }
}

impl Block {
    /// All expressions of the block, as the plan holds them.
    pub(super) fn expressions(&self, text: &str) -> Value {
        self.expressions.as_ref().and_then(|span| read(text, span)).unwrap_or_default()
    }

    /// What the block's `for_each` refers to.
    pub(super) fn for_each(&self, text: &str) -> Vec<String> {
        let expression: Option<Value> = self.for_each.as_ref().and_then(|span| read(text, span));
        expression.map(|expression| references(&expression, &[])).unwrap_or_default()
    }
}

/// References of the expression at a path, and of everything in it. Where a block stands several times, those of all:
/// the plan sorts nested blocks, the configuration does not.
pub(super) fn references(expressions: &Value, path: &[Step]) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |_: &Path, written: Vec<String>| found.extend(written);
    for part in parts(expressions, path) {
        each_expression(part, &mut Path::default(), &mut add);
    }
    found
}

/// Whether the configuration says anything at a path. What `dynamic` blocks say is not in a plan.
pub(super) fn declares(expressions: &Value, path: &[Step]) -> bool {
    parts(expressions, path).iter().any(|part| !part.is_null())
}

/// Calls back for every expression that refers to something, with its path and its references as written.
pub(super) fn each_expression(value: &Value, path: &mut Path, found: &mut impl FnMut(&Path, Vec<String>)) {
    match value {
        Value::Object(fields) if is_expression(value) => {
            let written = fields.get("references").and_then(Value::as_array).into_iter().flatten();
            found(path, written.filter_map(Value::as_str).map(ToOwned::to_owned).collect());
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                path.0.push(key.as_str().into());
                each_expression(value, path, found);
                path.0.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.0.push(index.into());
                each_expression(value, path, found);
                path.0.pop();
            }
        }
        _ => {}
    }
}

fn is_expression(value: &Value) -> bool {
    value.get("references").is_some_and(Value::is_array) || value.get("constant_value").is_some()
}

pub(super) fn parts<'v>(expressions: &'v Value, path: &[Step]) -> Vec<&'v Value> {
    let mut here = vec![expressions];
    for step in path {
        here = here
            .into_iter()
            .flat_map(|value| match (value, step) {
                (value, _) if is_expression(value) => vec![value],
                (Value::Object(fields), Step::Key(key)) => fields.get(&**key).into_iter().collect(),
                (Value::Array(items), Step::Index(_)) => items.iter().collect(),
                // A block that may stand once only is no array here, though its values may be one.
                (Value::Object(_), Step::Index(_)) => vec![value],
                _ => Vec::new(),
            })
            .collect();
    }
    here
}

fn read(text: &str, span: &Range<usize>) -> Option<Value> {
    serde_json::from_str(text.get(span.clone())?).ok()
}

#[derive(Deserialize, Default)]
struct RawConfiguration<'t> {
    #[serde(borrow)]
    root_module: Option<RawModule<'t>>,
}

#[derive(Deserialize, Default)]
struct RawModule<'t> {
    #[serde(borrow)]
    resources: Option<Vec<RawBlock<'t>>>,
    #[serde(borrow)]
    module_calls: Option<BTreeMap<Cow<'t, str>, RawCall<'t>>>,
    #[serde(borrow)]
    outputs: Option<BTreeMap<Cow<'t, str>, RawOutput<'t>>>,
    #[serde(borrow)]
    variables: Option<BTreeMap<Cow<'t, str>, RawVariable<'t>>>,
}

#[derive(Deserialize)]
struct RawBlock<'t> {
    #[serde(borrow)]
    mode: Option<Cow<'t, str>>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'t, str>,
    #[serde(borrow)]
    name: Cow<'t, str>,
    #[serde(borrow)]
    expressions: Option<&'t RawValue>,
    #[serde(borrow)]
    for_each_expression: Option<&'t RawValue>,
    #[serde(borrow)]
    provider_config_key: Option<Cow<'t, str>>,
}

#[derive(Deserialize)]
struct RawCall<'t> {
    #[serde(borrow)]
    expressions: Option<&'t RawValue>,
    #[serde(borrow)]
    for_each_expression: Option<&'t RawValue>,
    #[serde(borrow)]
    module: Option<RawModule<'t>>,
}

#[derive(Deserialize)]
struct RawOutput<'t> {
    #[serde(borrow)]
    expression: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct RawVariable<'t> {
    sensitive: Option<bool>,
    #[serde(borrow)]
    default: Option<&'t RawValue>,
}

struct Builder<'t> {
    part: &'t str,
    offset: usize,
}

impl Builder<'_> {
    fn module(&self, raw: RawModule<'_>) -> Module {
        let blocks = raw.resources.into_iter().flatten().map(|block| {
            let data = if block.mode.as_deref() == Some("data") { "data." } else { "" };
            let provider_key = block.provider_config_key.map(Cow::into_owned);
            let address = format!("{data}{}.{}", block.kind, block.name);
            (address, self.block(block.expressions, block.for_each_expression, provider_key))
        });
        let calls = raw.module_calls.into_iter().flatten().map(|(name, call)| {
            let block = self.block(call.expressions, call.for_each_expression, None);
            (name.into_owned(), Call { block, module: self.module(call.module.unwrap_or_default()) })
        });
        let outputs = raw.outputs.into_iter().flatten();
        let variables: Vec<_> = raw.variables.into_iter().flatten().collect();
        Module {
            blocks: blocks.collect(),
            calls: calls.collect(),
            outputs: outputs
                .filter_map(|(name, output)| Some((name.into_owned(), self.span(output.expression?))))
                .collect(),
            sensitive_variables: variables
                .iter()
                .filter(|(_, variable)| variable.sensitive == Some(true))
                .map(|(name, _)| name.to_string())
                .collect(),
            defaults: variables
                .iter()
                .filter_map(|(name, variable)| Some((name.to_string(), self.span(variable.default?))))
                .collect(),
        }
    }

    fn block(
        &self,
        expressions: Option<&RawValue>,
        for_each: Option<&RawValue>,
        provider_key: Option<String>,
    ) -> Block {
        Block {
            expressions: expressions.map(|value| self.span(value)),
            for_each: for_each.map(|value| self.span(value)),
            provider_key,
        }
    }

    fn span(&self, value: &RawValue) -> Range<usize> {
        let span = super::raw::span(self.part, value);
        span.start + self.offset..span.end + self.offset
    }
}
