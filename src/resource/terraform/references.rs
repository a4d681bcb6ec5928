//! What the arguments of a planned resource refer to, resolved through modules to planned resources.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

use super::{
    InstanceKey, Mode, Plan, PlannedResource,
    address::{Segment, module_path, parent, segments},
    stem,
};

/// Longest chain of variables and outputs that is followed; configurations have a handful of levels.
const LONGEST_CHAIN: usize = 32;

impl Plan {
    /// References of each argument as the configuration writes them.
    pub fn references(&self, resource: &PlannedResource) -> BTreeMap<&str, Vec<&str>> {
        let mode = if resource.mode == Mode::Data { "data" } else { "managed" };
        self.module(&resource.module_address)
            .map(|module| module.resource(mode, &resource.kind, &resource.name))
            .unwrap_or_default()
    }

    /// Positions of the planned resources that an argument refers to.
    ///
    /// Of several instances those with the key of `resource` are meant, if there is one: `bucket =
    /// aws_s3_bucket.b[each.key].id` is written in the plan without the key.
    pub fn referred(&self, resource: &PlannedResource, argument: &str) -> Vec<u32> {
        let mut search = Search { plan: self, key: resource.key.as_ref(), found: BTreeSet::new() };
        for reference in self.references(resource).get(argument).into_iter().flatten() {
            search.follow(reference, &resource.module_address, Some(resource), 0);
        }
        search.found.into_iter().collect()
    }

    fn module(&self, address: &str) -> Option<super::configuration::Module<'_>> {
        let path = module_path(address)?;
        self.configuration().module(&path.iter().map(|call| call.name).collect::<Vec<_>>())
    }
}

struct Search<'p> {
    plan: &'p Plan,
    key: Option<&'p InstanceKey>,
    found: BTreeSet<u32>,
}

impl<'p> Search<'p> {
    /// Follows a reference that stands in the module at `module_address`.
    fn follow(
        &mut self,
        reference: &str,
        module_address: &str,
        of: Option<&'p PlannedResource>,
        depth: usize,
    ) {
        let Some(parts) = segments(reference).filter(|_| depth < LONGEST_CHAIN) else { return };
        match parts.as_slice() {
            [first, name, ..] if first.name == "var" => {
                let Some((outer, call)) = parent(module_address) else { return };
                let references = self.plan.module(outer).map(|module| module.argument(call.name, name.name));
                for reference in references.unwrap_or_default() {
                    self.follow(reference, outer, None, depth + 1);
                }
            }
            [first, call, output, ..] if first.name == "module" => {
                self.output(module_address, call, output.name, depth);
            }
            [first, ..] if first.name == "each" => {
                let references = of.map(|resource| self.plan.references(resource));
                for reference in references.and_then(|mut all| all.remove("for_each")).unwrap_or_default() {
                    self.follow(reference, module_address, None, depth + 1);
                }
            }
            [first, kind, name, ..] if first.name == "data" => {
                self.resource(module_address, Mode::Data, kind.name, name);
            }
            [kind, name, ..] if !matches!(kind.name, "local" | "path" | "terraform" | "self" | "count") => {
                self.resource(module_address, Mode::Managed, kind.name, name);
            }
            _ => {}
        }
    }

    fn resource(&mut self, module_address: &str, mode: Mode, kind: &str, name: &Segment<'_>) {
        let index = self.plan.index();
        let Some(instances) = index.by_stem.get(&stem(module_address, mode, kind, name.name)) else { return };
        let wanted = name.key.as_ref().or(self.key);
        let key = |position: &&u32| self.plan.resource(**position).and_then(|resource| resource.key.as_ref());
        let exact: Vec<u32> = instances
            .iter()
            .filter(|position| wanted.is_some() && key(position) == wanted)
            .copied()
            .collect();
        self.found.extend(if exact.is_empty() { instances.clone() } else { exact });
    }

    fn output(&mut self, module_address: &str, call: &Segment<'_>, output: &str, depth: usize) {
        let dot = if module_address.is_empty() { "" } else { "." };
        let prefix = format!("{module_address}{dot}module.{}", call.name);
        let instances: Vec<String> = if let Some(key) = &call.key {
            vec![format!("{prefix}{key}")]
        } else {
            let known = self
                .plan
                .index()
                .modules
                .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded));
            let same = known.take_while(|address| address.starts_with(&prefix));
            let rest = |address: &str| address.get(prefix.len()..).unwrap_or_default().to_owned();
            let same = same.filter(|address| {
                let rest = rest(address);
                rest.is_empty() || (rest.starts_with('[') && !rest.contains("].module."))
            });
            same.map(ToString::to_string).collect()
        };
        for instance in instances {
            let references =
                self.plan.module(&instance).map(|module| module.output(output)).unwrap_or_default();
            for reference in references {
                self.follow(reference, &instance, None, depth + 1);
            }
        }
    }
}
