//! What the expressions of a resource refer to, followed through module calls and outputs to planned resources.
//!
//! A plan names references but not the expression around them: what several references make together, and what a
//! `local` holds, cannot be known.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    InstanceKey, Mode, Plan, PlannedResource,
    address::{self, Segment},
    configuration::{self, Block},
    stem,
};
use crate::document::{Path, Step};

/// What an expression refers to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Referred {
    /// Planned resources, each once, by position. Where an instance cannot be told, all instances.
    pub targets: Vec<Target>,
    /// References that lead to nothing in the plan: locals, variables of the root, what is not planned.
    pub unresolved: Vec<String>,
}

/// A planned resource that an expression refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// Position in [`Plan::resources`].
    pub resource: u32,
    /// The attribute that is used, `id`; `None` where the plan does not say.
    pub attribute: Option<String>,
}

/// More instances of one block than an expression can sensibly mean.
const INSTANCES: usize = 256;

/// How many calls and outputs may stand between an expression and a resource, and how many expressions may be
/// followed for one: Terraform refuses cycles, a hostile file may hold some.
const DEPTH: usize = 64;
const EXPRESSIONS: usize = 10_000;

impl Plan {
    /// What the expression at a path of a resource refers to; nothing where it is a constant.
    pub fn referred(&self, resource: &PlannedResource, path: &[Step]) -> Referred {
        let Some(block) = self.block(resource) else {
            return Referred::default();
        };
        self.follow(resource, block, &configuration::references(&block.expressions(&self.text), path))
    }

    /// Whether the configuration gives a value at a path; `None` where the plan does not hold the resource's block.
    pub fn declares(&self, resource: &PlannedResource, path: &[Step]) -> Option<bool> {
        let block = self.block(resource)?;
        Some(configuration::declares(&block.expressions(&self.text), path))
    }

    /// Expressions of a `data` block of a module, as the plan's `configuration` holds them; it need not be planned.
    pub fn data_expressions(
        &self,
        module_address: &str,
        kind: &str,
        name: &str,
    ) -> Option<serde_json::Value> {
        let module = self.configuration().module(&address::module_path(module_address)?)?;
        Some(module.block(&stem("", Mode::Data, kind, name))?.expressions(&self.text))
    }

    /// Name of the provider configuration that a resource uses, such as `aws.frankfurt`.
    pub fn provider_key(&self, resource: &PlannedResource) -> Option<&str> {
        self.block(resource)?.provider_key.as_deref()
    }

    /// Every path of a resource whose expression refers to something, with the addresses of what is planned and, as
    /// written, what is not.
    pub fn references(&self, resource: &PlannedResource) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        let Some(block) = self.block(resource) else {
            return found;
        };
        let mut add = |path: &Path, written: Vec<String>| {
            let referred = self.follow(resource, block, &written);
            let planned = referred.targets.iter().filter_map(|target| self.resource(target.resource));
            let mut names: Vec<String> = planned.map(|target| target.address.to_string()).collect();
            names.extend(referred.unresolved);
            names.sort_unstable();
            names.dedup();
            if !names.is_empty() {
                found.insert(path.to_string(), names);
            }
        };
        configuration::each_expression(&block.expressions(&self.text), &mut Path::default(), &mut add);
        found
    }

    fn block(&self, resource: &PlannedResource) -> Option<&Block> {
        let path = address::module_path(&resource.module_address)?;
        self.configuration().module(&path)?.block(&stem("", resource.mode, &resource.kind, &resource.name))
    }

    fn follow(&self, resource: &PlannedResource, block: &Block, references: &[String]) -> Referred {
        let mut resolver = Resolver { plan: self, seen: BTreeSet::new(), referred: Referred::default() };
        let scope = Scope {
            module: &resource.module_address,
            block: Some(block),
            key: resource.key.clone(),
            depth: 0,
        };
        resolver.follow(&scope, &[], references);
        let mut referred = resolver.referred;
        referred.targets.sort_unstable();
        referred.targets.dedup_by_key(|target| target.resource);
        referred.unresolved.sort_unstable();
        referred.unresolved.dedup();
        referred
    }
}

/// Where an expression is evaluated.
struct Scope<'p> {
    /// Address of the module instance.
    module: &'p str,
    /// The block that it stands in, for `each.value`.
    block: Option<&'p Block>,
    /// What `each.key` and `count.index` are there.
    key: Option<InstanceKey>,
    /// How many expressions led here.
    depth: usize,
}

impl<'p> Scope<'p> {
    fn next(&self, module: &'p str, block: Option<&'p Block>, key: Option<InstanceKey>) -> Self {
        Self { module, block, key, depth: self.depth + 1 }
    }
}

struct Resolver<'p> {
    plan: &'p Plan,
    /// What was followed already.
    seen: BTreeSet<(&'p str, String, Vec<InstanceKey>)>,
    referred: Referred,
}

impl<'p> Resolver<'p> {
    /// Follows the references of one expression. `inherited` are keys by which the expression that led here picks.
    fn follow(&mut self, scope: &Scope<'p>, inherited: &[InstanceKey], references: &[String]) {
        let parsed: Vec<(&String, Vec<Segment<'_>>)> = references
            .iter()
            .filter_map(|reference| Some((reference, address::segments(reference)?)))
            .collect();
        let picks = parsed.iter().any(|(_, names)| {
            names.first().is_some_and(|name| name.name == "each")
                || names.iter().map(|segment| segment.name).eq(["count", "index"])
        });
        let keys = with(scope.key.as_ref().filter(|_| picks), inherited);
        for (reference, names) in &parsed {
            // Beside `aws_s3_bucket.b[0].id` stand its beginnings, which mean nothing more.
            let shortened = parsed.iter().any(|(_, longer)| is_beginning(names, longer));
            if shortened {
                continue;
            }
            if scope.depth > DEPTH || self.seen.len() > EXPRESSIONS {
                self.referred.unresolved.push((*reference).clone());
            } else if self.seen.insert((scope.module, (*reference).clone(), keys.clone())) {
                self.resolve(scope, &keys, reference, names);
            }
        }
    }

    fn resolve(&mut self, scope: &Scope<'p>, keys: &[InstanceKey], reference: &str, names: &[Segment<'_>]) {
        let words: Vec<&str> = names.iter().map(|segment| segment.name).collect();
        match (words.as_slice(), names) {
            (["each", "value", ..], _) => {
                let references = scope.block.map(|block| block.for_each(&self.plan.text)).unwrap_or_default();
                self.follow(&scope.next(scope.module, None, None), keys, &references);
            }
            (["each" | "count" | "path" | "terraform" | "self", ..], _) => {}
            (["var", name, ..], [_, variable, ..]) => {
                if !self.variable(scope, &with(variable.key.as_ref(), keys), name) {
                    self.referred.unresolved.push(reference.to_owned());
                }
            }
            (["module", ..], [_, call, outputs @ ..]) => {
                if !self.outputs(scope, keys, call, outputs.first()) {
                    self.referred.unresolved.push(reference.to_owned());
                }
            }
            (["local" | "ephemeral", ..], _) => self.referred.unresolved.push(reference.to_owned()),
            (["data", kind, name, ..], [_, _, block, attributes @ ..]) => {
                let stem = stem(scope.module, Mode::Data, kind, name);
                self.instances(&stem, block.key.as_ref(), keys, attributes.first(), reference);
            }
            ([kind, name, ..], [_, block, attributes @ ..]) => {
                let stem = stem(scope.module, Mode::Managed, kind, name);
                self.instances(&stem, block.key.as_ref(), keys, attributes.first(), reference);
            }
            _ => self.referred.unresolved.push(reference.to_owned()),
        }
    }

    /// A variable is what the call of the module says.
    fn variable(&mut self, scope: &Scope<'p>, keys: &[InstanceKey], name: &str) -> bool {
        let plan = self.plan;
        let Some((parent, call)) = address::parent(scope.module) else {
            return false;
        };
        let block = address::module_path(parent)
            .and_then(|path| plan.configuration().module(&path))
            .and_then(|module| module.call(call.name));
        let Some(block) = block else {
            return false;
        };
        let expressions = block.expressions(&plan.text);
        let path = [name.into()];
        let references = configuration::references(&expressions, &path);
        self.follow(&scope.next(parent, Some(block), call.key), keys, &references);
        configuration::declares(&expressions, &path)
    }

    /// An output of a child module; all of them where the plan does not say which.
    fn outputs(
        &mut self,
        scope: &Scope<'p>,
        keys: &[InstanceKey],
        call: &Segment<'_>,
        output: Option<&Segment<'_>>,
    ) -> bool {
        let plan = self.plan;
        let instances = plan.index().calls(scope.module, call, keys, INSTANCES + 1);
        if instances.len() > INSTANCES {
            return false;
        }
        for module in &instances {
            let configured = address::module_path(module).and_then(|path| plan.configuration().module(&path));
            let Some(configured) = configured else {
                return false;
            };
            let (names, keys) = match output {
                Some(output) => (vec![output.name], with(output.key.as_ref(), keys)),
                None => (configured.outputs().collect(), keys.to_vec()),
            };
            for name in names {
                let expression = configured.output(&plan.text, name).unwrap_or_default();
                let references = configuration::references(&expression, &[]);
                self.follow(&scope.next(module, None, None), &keys, &references);
            }
        }
        !instances.is_empty()
    }

    fn instances(
        &mut self,
        stem: &str,
        key: Option<&InstanceKey>,
        keys: &[InstanceKey],
        attribute: Option<&Segment<'_>>,
        reference: &str,
    ) {
        let index = self.plan.index();
        let exact = |key: &InstanceKey| index.by_address.get(&*format!("{stem}{key}")).copied();
        let all = index.by_stem.get(stem).map(Vec::as_slice).unwrap_or_default();
        let found = match (key, all) {
            (Some(key), _) => exact(key).into_iter().collect(),
            (None, [_]) => all.to_vec(),
            (None, _) => match keys.iter().find_map(exact) {
                Some(instance) => vec![instance],
                None if all.len() > INSTANCES => Vec::new(),
                None => all.to_vec(),
            },
        };
        if found.is_empty() {
            self.referred.unresolved.push(reference.to_owned());
            return;
        }
        let attribute = attribute.map(|segment| segment.name.to_owned());
        self.referred
            .targets
            .extend(found.into_iter().map(|resource| Target { resource, attribute: attribute.clone() }));
    }
}

/// The nearest key comes first.
fn with(key: Option<&InstanceKey>, keys: &[InstanceKey]) -> Vec<InstanceKey> {
    key.into_iter().filter(|key| !keys.contains(key)).chain(keys).cloned().collect()
}

/// Whether a reference is a proper beginning of another: `a.b` and `a.b[0]` of `a.b[0].id`.
fn is_beginning(short: &[Segment<'_>], long: &[Segment<'_>]) -> bool {
    let Some((last, names)) = short.split_last() else {
        return true;
    };
    let same = |(a, b): (&Segment<'_>, &Segment<'_>)| a.name == b.name && a.key == b.key;
    names.len() < long.len()
        && names.iter().zip(long).all(same)
        && long.get(names.len()).is_some_and(|other| {
            last.name == other.name
                && if last.key == other.key { short.len() < long.len() } else { last.key.is_none() }
        })
}

#[cfg(test)]
mod tests;
