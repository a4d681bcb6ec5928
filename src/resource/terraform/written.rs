//! Where a planned value is written: the attribute or block of a `.tf` file (contract, "Place").
//!
//! All instances of a block (`count`, `for_each`, instances of its module) are written at one place; what gives an
//! expression its value is another one (see [`Written::given`]).

mod given;
mod inside;
mod mask;
mod reverse;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::OnceLock,
};

use super::{
    Mode, Plan, PlannedResource, address,
    modules::{self, Modules},
};
use crate::{
    document::{Document, NodeRef, Step},
    source::{Place, Problem, Sources},
};

/// The configuration that a plan was made from, as far as it was found.
#[derive(Debug, Default)]
pub struct Written {
    /// By the key of the module (see [`Modules`]); files that override others come last.
    modules: BTreeMap<String, Vec<Document>>,
    /// Files that expressions read (`file("values.yaml")`), by the module's key and the path as it is written.
    files: BTreeMap<(String, String), Vec<Document>>,
    /// Variables of the root module that have their defaults.
    defaults: OnceLock<BTreeSet<String>>,
    /// Files that could not be read: findings in them point at the plan.
    pub problems: Vec<Problem>,
}

impl Written {
    pub fn new(modules: &Modules, sources: &Sources) -> Self {
        let mut by_folder: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (id, source) in sources.iter().filter(|(_, source)| modules::is_terraform(&source.file)) {
            let folder = source.file.rsplit_once('/').map_or("", |(folder, _)| folder);
            by_folder.entry(folder).or_default().push((id, source));
        }
        let mut problems = Vec::new();
        let mut read = |folder: &String| {
            let mut files = by_folder.get(folder.as_str()).cloned().unwrap_or_default();
            files.sort_by_key(|(id, source)| (is_override(&source.file), *id));
            let mut documents = Vec::new();
            for (id, source) in files {
                let (document, problem) = modules::document(id, &source.file, &source.text);
                documents.extend(document);
                problems.extend(problem.map(|error| Problem {
                    place: Some(Place::new(id, error.span)),
                    message: error.message,
                }));
            }
            documents
        };
        let documents: BTreeMap<String, Vec<Document>> =
            modules.0.iter().map(|(key, folder)| (key.clone(), read(folder))).collect();
        let files = given::files(modules, &documents, sources);
        Self { modules: documents, files, defaults: OnceLock::new(), problems }
    }

    /// Where the value at a path of a resource is written: the narrowest scalar or key that is, else the label of its
    /// block, else that of the nearest module call that is known.
    pub fn locate(&self, plan: &Plan, resource: &PlannedResource, path: &[Step]) -> Option<Origin> {
        self.locate_inside(plan, resource, path, &[])
    }

    /// The file of the configuration in which a place lies.
    pub fn document(&self, place: &Place) -> Option<&Document> {
        self.modules.values().flatten().find(|document| document.source == place.source)
    }

    /// Where what stands at a place of the plan is written.
    pub fn locate_place(&self, plan: &Plan, place: &Place) -> Option<Origin> {
        if self.modules.is_empty() {
            return None;
        }
        let origin = reverse::origin(plan, place)?;
        self.locate_inside(plan, origin.resource, &origin.path, &origin.inside)
    }

    fn locate_inside(
        &self,
        plan: &Plan,
        resource: &PlannedResource,
        path: &[Step],
        inside: &[Step],
    ) -> Option<Origin> {
        let mut calls: Vec<&str> =
            address::module_path(&resource.module_address)?.into_iter().map(|call| call.name).collect();
        if let Some(documents) = self.modules.get(&calls.join(".")) {
            let Part { place, expression, rest, .. } = in_module(documents, plan, resource, path, inside)?;
            let value = expression.and_then(|expression| self.given(plan, calls, &expression, &rest, inside));
            return Some(Origin { place, value });
        }
        while let Some(call) = calls.pop() {
            if let Some(documents) = self.modules.get(&calls.join(".")) {
                return documents.iter().find_map(|document| {
                    let span = document.root().get("module")?.key_span(call)?;
                    Some(Origin { place: Place::new(document.source, span), value: None })
                });
            }
        }
        None
    }
}

/// Where a planned value is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub place: Place,
    /// What gives the expression there its value: the argument of a call, the default of a variable, a local, a file.
    pub value: Option<Place>,
}

/// What one block writes of a path.
struct Part {
    depth: usize,
    place: Place,
    /// The text of the expression where the written part ends, and the steps that remain.
    expression: Option<String>,
    rest: Vec<Step>,
}

fn in_module(
    documents: &[Document],
    plan: &Plan,
    resource: &PlannedResource,
    path: &[Step],
    inside: &[Step],
) -> Option<Part> {
    let values = resource.values(plan).ok().and_then(|values| values.document);
    let values = values.as_ref().map(Document::root);
    let mut best: Option<Part> = None;
    for (document, label, body) in blocks(documents, resource) {
        let found = walk::narrowest(body, &label, path, values);
        let deeper = found.value.and_then(|value| inside::narrowest(value, inside));
        let (span, expression) = match deeper {
            Some(inner) => (inner.span, inner.expression),
            None => (found.span, found.expression.map(|expression| expression.raw().to_owned())),
        };
        let place = Place::new(document.source, span);
        // An overriding file comes later, and counts where it says something.
        let narrower = |depth: usize| found.depth > depth || (found.depth == depth && depth > 0);
        if best.as_ref().is_none_or(|best| narrower(best.depth)) {
            let rest = path.get(found.depth..).unwrap_or_default().to_vec();
            best = Some(Part { depth: found.depth, place, expression, rest });
        }
    }
    best
}

/// The bodies that declare a resource in a module, each with its label.
fn blocks<'d>(
    documents: &'d [Document],
    resource: &PlannedResource,
) -> impl Iterator<Item = (&'d Document, Range<usize>, NodeRef<'d>)> {
    let word = if resource.mode == Mode::Data { "data" } else { "resource" };
    documents.iter().flat_map(move |document| {
        let names = document.root().at(&[word, &resource.kind]);
        let label = names.and_then(|names| names.key_span(&resource.name)).unwrap_or_default();
        let block = names.and_then(|names| names.get(&resource.name));
        block.into_iter().flat_map(bodies).map(move |body| (document, label.clone(), body))
    })
}

/// The bodies of a block: a list of them in HCL, one alone or a list in JSON.
pub(super) fn bodies(block: NodeRef<'_>) -> impl Iterator<Item = NodeRef<'_>> {
    let single = Some(block).filter(|block| block.is_mapping());
    single.into_iter().chain(block.items().filter(|item| item.is_mapping()))
}

/// Terraform, "Override Files".
fn is_override(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let name = name.split(".tf").next().unwrap_or_default();
    name == "override" || name.ends_with("_override")
}

#[cfg(test)]
mod tests;
