//! What gives an expression its value: the argument of a module call, the default of a variable, a local, a file.
//!
//! Followed is what names one thing and nothing else (`var.password`, `local.settings`, `"${var.password}"`,
//! `file("values.yaml")`), and a template that takes one thing. Deliberately absent: evaluation, and files of variables
//! (`*.tfvars`), of which a plan does not tell which were read.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use regex::Regex;

use super::{Written, bodies, inside};
use crate::{
    document::{Document, NodeRef, Step, yaml},
    resource::{
        render::resolve,
        terraform::{Plan, address, modules::Modules, origins::Origins},
    },
    source::{Place, Sources},
};

/// How many names are followed; deeper than this nobody nests them.
const DEPTH: usize = 32;

/// `var.name` or `local.name`, and the attributes behind.
static NAMED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(var|local)\.([A-Za-z_][A-Za-z0-9_-]*)((?:\.[A-Za-z_][A-Za-z0-9_-]*)*)")
        .expect("it is one")
});

/// A file that is taken as it is; templates are not the text that they become, but their lines are.
static FILE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\b(?:file|templatefile)\(\s*"(?:\$\{path\.(?:module|root)\}/)?([^"$]+)""#)
        .expect("it is one")
});

/// What an expression names.
enum Named {
    Variable(String, Vec<Step>),
    Local(String, Vec<Step>),
    /// The path as it is written.
    File(String),
}

impl Named {
    /// What an expression names, from its text; `None` where it is more than a name, or a template takes several.
    fn of(raw: &str) -> Option<Self> {
        let raw = raw.trim();
        if let Some(file) = FILE.captures(raw).and_then(|captures| captures.get(1)) {
            return Some(Self::File(file.as_str().to_owned()));
        }
        let mut found = NAMED.captures_iter(raw);
        let captures = found.next().filter(|_| found.next().is_none())?;
        let whole = captures.get(0)?.as_str();
        if whole != raw && !(raw.matches("${").count() == 1 && raw.contains(&format!("${{{whole}}}"))) {
            return None;
        }
        let name = captures.get(2)?.as_str().to_owned();
        let attributes = captures.get(3).map_or("", |attributes| attributes.as_str()).split('.');
        let rest = attributes.filter(|key| !key.is_empty()).map(Step::from).collect();
        Some(if &captures[1] == "var" { Self::Variable(name, rest) } else { Self::Local(name, rest) })
    }
}

impl Written {
    /// Where the value of what an expression in a module names is given; `None` where the module was not found.
    pub fn given_in(&self, plan: &Plan, module: &str, expression: &str) -> Option<Place> {
        let calls = address::module_path(module)?.into_iter().map(|call| call.name).collect();
        self.given(plan, calls, expression, &[], &[])
    }

    /// Where the value of an expression in a module is given, if not there; `rest` leads to the value in what the
    /// expression gives, and `inside` from there into YAML in a text.
    pub(super) fn given(
        &self,
        plan: &Plan,
        mut calls: Vec<&str>,
        expression: &str,
        rest: &[Step],
        inside: &[Step],
    ) -> Option<Place> {
        let mut named = Named::of(expression)?;
        let mut rest = rest.to_vec();
        let mut found = None;
        for _ in 0..DEPTH {
            let key = calls.join(".");
            let (value, behind) = match named {
                Named::File(path) => {
                    let documents = self.files.get(&(key, path))?;
                    let span = inside::deepest(documents.iter().map(Document::root), inside)?.span;
                    return Some(Place::new(documents.first()?.source, span));
                }
                Named::Local(name, behind) => (self.local(&key, &name), behind),
                Named::Variable(name, behind) => {
                    let argument = calls.pop().and_then(|call| self.argument(&calls.join("."), call, &name));
                    let default = || {
                        let is_default = || self.has_default(plan, &name);
                        self.default(&key, &name).filter(|_| !key.is_empty() || is_default())
                    };
                    (argument.or_else(default), behind)
                }
            };
            let Some(value) = value else { break };
            rest = behind.into_iter().chain(rest).collect();
            let (place, end) = narrowest(value, &mut rest);
            found = Some(place);
            let Some(next) = end.and_then(|end| Named::of(end.raw())) else { break };
            named = next;
        }
        found
    }

    fn local(&self, module: &str, name: &str) -> Option<NodeRef<'_>> {
        let blocks = self.roots(module).filter_map(|root| root.get("locals"));
        blocks.flat_map(bodies).find_map(|body| body.get(name))
    }

    /// Whether the value of a variable of the root module is its default.
    fn has_default(&self, plan: &Plan, variable: &str) -> bool {
        self.defaults.get_or_init(|| Origins::new(plan).defaults()).contains(variable)
    }

    fn default(&self, module: &str, name: &str) -> Option<NodeRef<'_>> {
        let blocks = self.roots(module).filter_map(|root| root.at(&["variable", name]));
        blocks.flat_map(bodies).find_map(|body| body.get("default"))
    }

    fn argument(&self, module: &str, call: &str, name: &str) -> Option<NodeRef<'_>> {
        let blocks = self.roots(module).filter_map(|root| root.at(&["module", call]));
        blocks.flat_map(bodies).find_map(|body| body.get(name))
    }

    /// Files that override others first.
    fn roots(&self, module: &str) -> impl Iterator<Item = NodeRef<'_>> {
        self.modules.get(module).into_iter().flatten().rev().map(Document::root)
    }
}

/// The deepest that is written of the steps, which are taken away as far as it leads, and the expression there.
fn narrowest<'d>(value: NodeRef<'d>, rest: &mut Vec<Step>) -> (Place, Option<NodeRef<'d>>) {
    let mut here = value;
    let mut taken = 0;
    for step in rest.iter() {
        let next = match step {
            Step::Key(key) => here.get(key),
            Step::Index(index) => here.items().nth(*index),
        };
        let Some(next) = next else { break };
        here = next;
        taken += 1;
    }
    rest.drain(..taken);
    let text = here.raw();
    let first = text.lines().next().map_or(0, str::len);
    let span = here.span();
    let place = Place::new(here.document.source, span.start..span.start + first.min(text.len()));
    (place, Some(here).filter(|here| here.is_scalar()))
}

/// Files of YAML that the expressions of modules name.
pub(super) fn files(
    modules: &Modules,
    documents: &BTreeMap<String, Vec<Document>>,
    sources: &Sources,
) -> BTreeMap<(String, String), Vec<Document>> {
    let mut files = BTreeMap::new();
    for (key, documents) in documents {
        let Some(module) = modules.0.get(key) else { continue };
        for captures in documents.iter().flat_map(|document| FILE.captures_iter(&document.text)) {
            let path = &captures[1];
            let Some(id) = resolve(module, path).and_then(|name| sources.by_file(&name)) else { continue };
            let parsed = yaml::parse(id, &Arc::clone(&sources.get(id).text)).documents;
            files.insert((key.clone(), path.to_owned()), parsed);
        }
    }
    files
}
