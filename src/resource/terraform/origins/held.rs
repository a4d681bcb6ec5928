//! Which part of an expression a text comes from, where the expression puts many values together.
//!
//! A plan names what an expression refers to, not how it joins that. But it tells the values of variables and
//! constants, so that a text is theirs or is not; what none of them holds is written in the expression itself.

use serde_json::Value;

use super::{DEPTH, Origin, Origins, references};
use crate::{
    document::Step,
    resource::terraform::{PlannedResource, address, configuration},
};

/// Whether something that an expression refers to holds a text.
enum Held {
    By(Origin),
    Not,
    /// The plan does not tell.
    Perhaps,
}

impl Origins<'_> {
    /// Where a text comes from that stands within the value at a path, such as a line of YAML.
    pub fn of_text(&self, resource: &PlannedResource, path: &[Step], text: &str) -> Origin {
        let Some(block) = self.block(resource) else { return Origin::Unknown };
        let expressions = block.expressions(&self.plan.text);
        self.settle(&configuration::parts(&expressions, path), &resource.module_address, text)
    }

    /// Where the value of an entry `{name, value}` of a field comes from. Plans sort blocks, so that the name tells.
    pub fn of_entry(&self, resource: &PlannedResource, field: &str, name: &str, text: &str) -> Origin {
        let Some(block) = self.block(resource) else { return Origin::Unknown };
        let expressions = block.expressions(&self.plan.text);
        let parts: Vec<&Value> = match expressions.get(field) {
            Some(Value::Array(entries)) => {
                let constant = |entry: &Value| entry.pointer("/name/constant_value").cloned();
                let named = |entry: &&Value| constant(entry).is_some_and(|constant| constant == name);
                let open = |entry: &&Value| constant(entry).is_none();
                let mut parts: Vec<&Value> = entries.iter().filter(named).collect();
                if parts.is_empty() {
                    parts.extend(entries.iter().filter(open));
                }
                parts.into_iter().filter_map(|entry| entry.get("value")).collect()
            }
            // The whole list is one expression.
            other => other.into_iter().collect(),
        };
        self.settle(&parts, &resource.module_address, text)
    }

    /// `named` is what the references alone tell; `is_shared`: the expression makes more than this value.
    pub(super) fn told(
        &self,
        parts: &[&Value],
        module: &str,
        text: &str,
        named: Origin,
        is_shared: bool,
    ) -> Origin {
        match (self.held(parts, module, text, 0), named) {
            (Held::By(origin), _) => origin,
            (Held::Not, _) => Origin::Constant,
            (Held::Perhaps, Origin::Default(_) | Origin::Variable(_)) => Origin::Unknown,
            (Held::Perhaps, Origin::Reference) if is_shared => Origin::Unknown,
            (Held::Perhaps, named) => named,
        }
    }

    fn settle(&self, parts: &[&Value], module: &str, text: &str) -> Origin {
        if parts.is_empty() {
            return Origin::Unknown;
        }
        self.told(parts, module, text, Origin::Unknown, true)
    }

    fn held(&self, parts: &[&Value], module: &str, text: &str, depth: usize) -> Held {
        if depth > DEPTH {
            return Held::Perhaps;
        }
        let constants = || parts.iter().filter_map(|part| part.get("constant_value"));
        if constants().any(|constant| holds(constant, text)) {
            return Held::By(Origin::Constant);
        }
        let mut found = Held::Not;
        for reference in references(parts) {
            match self.held_by(reference, module, text, depth) {
                Held::By(origin) => return Held::By(origin),
                Held::Perhaps => found = Held::Perhaps,
                Held::Not => {}
            }
        }
        found
    }

    fn held_by(&self, reference: &str, module: &str, text: &str, depth: usize) -> Held {
        // Folders, whose files are part of the configuration, and the workspace.
        if ["path.", "terraform.", "count."].iter().any(|start| reference.starts_with(start)) {
            return Held::Not;
        }
        let Some(name) = reference.strip_prefix("var.") else { return Held::Perhaps };
        let name = name.split(['.', '[']).next().unwrap_or(name);
        let default = self.default_of(module, name);
        let by_default = || match &default {
            Some(value) if holds(value, text) => Held::By(Origin::Default(name.to_owned())),
            _ => Held::Not,
        };
        let Some((parent, call)) = address::parent(module) else {
            return match self.variables.get(name) {
                Some(value) if !holds(value, text) => Held::Not,
                Some(value) if default.as_ref().is_none_or(|default| default != value) => {
                    Held::By(Origin::Variable(name.to_owned()))
                }
                None if default.is_none() => Held::Perhaps,
                _ => by_default(),
            };
        };
        let Some(expressions) = self.call(parent, call.name) else { return Held::Perhaps };
        let parts = configuration::parts(&expressions, &[Step::from(name)]);
        if parts.is_empty() { by_default() } else { self.held(&parts, parent, text, depth + 1) }
    }
}

/// Shorter values may be part of any text.
const DISTINCTIVE: usize = 6;

/// Whether a text is part of any string or number in a value, or the other way round.
fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(known) => {
            known.contains(text) || (known.len() >= DISTINCTIVE && text.contains(known.as_str()))
        }
        Value::Number(known) => known.to_string() == text,
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(fields) => fields.values().any(|field| holds(field, text)),
        Value::Null | Value::Bool(_) => false,
    }
}
