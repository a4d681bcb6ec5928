//! Where the configuration takes a value from: written there, given from outside, or made elsewhere.
//!
//! Deliberately absent: what a `local` holds and how an expression puts its parts together, which no plan tells.

mod held;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::{
    Plan, PlannedResource, address,
    configuration::{self, Block, Module},
    stem,
};
use crate::{document::Step, resource::shape};

/// Where the value of one attribute comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A constant of the configuration.
    Constant,
    /// The default of a variable that nothing else sets.
    Default(String),
    /// A variable that is given from outside.
    Variable(String),
    /// Other resources, data sources, functions: not a constant.
    Reference,
    /// The plan does not tell: a `local`, a `dynamic` block, no configuration.
    Unknown,
}

/// How many module calls are followed; deeper than this nobody nests them.
const DEPTH: usize = 32;

/// Looks origins up in one plan.
#[derive(Debug)]
pub struct Origins<'p> {
    plan: &'p Plan,
    /// Values of the variables of the root module.
    variables: BTreeMap<String, Value>,
}

#[derive(Deserialize, Default)]
struct Outer {
    #[serde(default)]
    variables: BTreeMap<String, Variable>,
}

#[derive(Deserialize)]
struct Variable {
    #[serde(default)]
    value: Value,
}

/// What expressions refer to, in order.
fn references<'v>(parts: &[&'v Value]) -> Vec<&'v str> {
    let references = parts.iter().filter_map(|part| part.get("references")?.as_array()).flatten();
    references.filter_map(Value::as_str).collect()
}

/// Whether expressions refer to several things; a plan names `a.b.c` as `a.b`, too.
fn names_several(parts: &[&Value]) -> bool {
    let references = references(parts);
    references
        .iter()
        .any(|one| references.iter().any(|other| !one.starts_with(other) && !other.starts_with(one)))
}

/// Whether expressions refer to nothing but the folder of the configuration, whose files are kept with it:
/// `file("${path.module}/start.sh")`.
fn is_file_of_the_configuration(parts: &[&Value]) -> bool {
    let references = references(parts);
    !references.is_empty() && references.iter().all(|reference| reference.starts_with("path."))
}

impl<'p> Origins<'p> {
    /// Reads the variables of a plan.
    pub fn new(plan: &'p Plan) -> Self {
        let outer: Outer = serde_json::from_str(&plan.text).unwrap_or_default();
        Self {
            plan,
            variables: outer.variables.into_iter().map(|(name, variable)| (name, variable.value)).collect(),
        }
    }

    fn block(&self, resource: &PlannedResource) -> Option<&'p Block> {
        let module = self.module(&resource.module_address)?;
        module.block(&stem("", resource.mode, &resource.kind, &resource.name))
    }

    fn module(&self, address: &str) -> Option<&'p Module> {
        self.plan.configuration().module(&address::module_path(address)?)
    }

    /// What a module says that one of its variables is if nobody sets it.
    fn default_of(&self, module: &str, variable: &str) -> Option<Value> {
        self.module(module)?.default_of(&self.plan.text, variable)
    }

    /// Expressions with which a module is called; `None` where the plan does not have the call.
    fn call(&self, parent: &str, name: &str) -> Option<Value> {
        Some(self.module(parent)?.call(name)?.expressions(&self.plan.text))
    }

    /// Where a known value at a path comes from. An expression may put many together (`jsonencode`, a map, a template), and
    /// a plan names all that it refers to: then the values of variables and constants tell, and what neither they nor
    /// anything that the plan does not know can hold is written in the expression.
    pub fn of_value(&self, resource: &PlannedResource, path: &[Step], text: &str) -> Origin {
        let Some(block) = self.block(resource) else { return Origin::Unknown };
        let expressions = block.expressions(&self.plan.text);
        let parts = configuration::parts(&expressions, path);
        let named = self.of_parts(&parts, &resource.module_address, 0);
        let is_constant = |part: &&Value| part.as_object().is_some_and(serde_json::Map::is_empty);
        let has_lines = |text: &str| text.contains('\n');
        if is_file_of_the_configuration(&parts)
            && (has_lines(text) || shape::decoded(text).is_some_and(|text| has_lines(&text)))
        {
            return Origin::Constant;
        }
        if parts.iter().any(|part| part.get("references").is_some()) {
            let above = path.split_last().map(|(_, above)| configuration::parts(&expressions, above));
            let is_shared = above.is_some_and(|above| {
                above.first().zip(parts.first()).is_some_and(|(one, other)| std::ptr::eq(*one, *other))
            });
            let makes_more = is_shared || text.contains('\n');
            if makes_more || names_several(&parts) {
                self.told(&parts, &resource.module_address, text, named, makes_more)
            } else {
                named
            }
        } else if !parts.is_empty() && parts.iter().all(is_constant) {
            // Functions of constants, which refer to nothing.
            Origin::Constant
        } else {
            named
        }
    }

    /// A text that an expression of a module is, where the configuration writes it out: a constant, or the default of a
    /// variable that nothing else sets.
    pub fn text_of(&self, expression: &Value, module: &str) -> Option<(Origin, String)> {
        let origin = self.of_parts(&[expression], module, 0);
        let value = match &origin {
            Origin::Constant => expression.get("constant_value").cloned(),
            Origin::Default(variable) => self.default_of(module, variable),
            _ => None,
        };
        Some((origin, value?.as_str()?.to_owned()))
    }

    /// Constants of a resource's configuration under a key, such as the whole text of `user_data`, which a plan may hold
    /// as a digest only.
    pub fn constants(&self, resource: &PlannedResource, key: &str) -> Vec<String> {
        let block = self.block(resource);
        let expressions = block.map(|block| block.expressions(&self.plan.text)).unwrap_or_default();
        let parts = configuration::parts(&expressions, &[Step::from(key)]);
        let constants = parts.iter().filter_map(|part| part.get("constant_value")?.as_str());
        constants.map(ToOwned::to_owned).collect()
    }

    /// What the configuration writes out for attributes that a provider only takes (`password_wo`), by the attribute: no
    /// plan and no state has their values. Blocks within the resource have none.
    pub fn write_only(&self, resource: &PlannedResource) -> Vec<(String, Origin, String)> {
        let block = self.block(resource);
        let expressions = block.map(|block| block.expressions(&self.plan.text)).unwrap_or_default();
        let attributes =
            expressions.as_object().into_iter().flatten().filter(|(key, _)| key.ends_with("_wo"));
        let written = attributes.filter_map(|(key, expression)| {
            let (origin, text) = self.text_of(expression, &resource.module_address)?;
            Some((key.clone(), origin, text))
        });
        written.collect()
    }

    fn of_parts(&self, parts: &[&Value], module: &str, depth: usize) -> Origin {
        if depth > DEPTH {
            return Origin::Unknown;
        }
        if parts.iter().any(|part| part.get("constant_value").is_some()) {
            return Origin::Constant;
        }
        let references = references(parts);
        if references.is_empty() {
            // A nested object without expressions at this path: the block is there, the value is not.
            return if parts.is_empty() { Origin::Unknown } else { Origin::Reference };
        }
        let mut worst = Origin::Reference;
        for reference in references {
            let origin = self.of_reference(reference, module, depth);
            match (&worst, &origin) {
                (_, Origin::Constant | Origin::Default(_)) => return origin,
                (Origin::Reference, _) | (Origin::Variable(_), Origin::Unknown) => worst = origin,
                _ => {}
            }
        }
        worst
    }

    /// Whether the value of a variable of the root module is its default: it may be set from outside.
    fn is_default(&self, variable: &str) -> bool {
        let default = self.default_of("", variable);
        default.is_some_and(|default| self.variables.get(variable).is_none_or(|value| *value == default))
    }

    /// Variables of the root module that have their defaults.
    pub fn defaults(&self) -> BTreeSet<String> {
        self.variables.keys().filter(|variable| self.is_default(variable)).cloned().collect()
    }

    fn of_reference(&self, reference: &str, module: &str, depth: usize) -> Origin {
        if reference.starts_with("local.") || reference.starts_with("each.") {
            return Origin::Unknown;
        }
        let Some(name) = reference.strip_prefix("var.") else { return Origin::Reference };
        let name = name.split(['.', '[']).next().unwrap_or(name);
        let default = || self.default_of(module, name);
        let Some((parent, call)) = address::parent(module) else {
            return if self.is_default(name) {
                Origin::Default(name.to_owned())
            } else {
                Origin::Variable(name.to_owned())
            };
        };
        let Some(expressions) = self.call(parent, call.name) else { return Origin::Unknown };
        let parts = configuration::parts(&expressions, &[Step::from(name)]);
        if !parts.is_empty() {
            return self.of_parts(&parts, parent, depth + 1);
        }
        match default() {
            Some(_) => Origin::Default(name.to_owned()),
            None => Origin::Variable(name.to_owned()),
        }
    }
}
