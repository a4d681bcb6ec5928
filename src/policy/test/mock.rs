//! Mocked inputs: `with input as X` in a test is checked against the schemas of the selectors of the rules under test,
//! so that a test cannot pass on a fact that no scan would ever make.
//!
//! Each `X` is wrapped into a call of an extension before the tests are loaded; lines stay as they are.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use regorus::{
    Engine, Value,
    unstable::{Expr, Literal, Module, Query, Rule},
};

use super::{end_of, new_engine};
use crate::policy::{load::PolicyFile, metadata, schema, syntax};

/// Name of the extension: number of the schema list, mocked value.
const FUNCTION: &str = "probity_mocked_input";

/// Number of arguments of the function that wrapped files call.
pub(super) fn arity(name: &str) -> Option<u8> {
    (name == FUNCTION).then_some(2)
}

/// The mocks of a test run.
#[derive(Debug, Clone, Default)]
pub(super) struct Mocks {
    /// Selectors of the rules that each test file is about.
    selectors: Vec<Vec<String>>,
    misfits: Arc<Mutex<Vec<String>>>,
}

impl Mocks {
    /// The files with their mocks wrapped; those that do not parse stay as they are.
    pub(super) fn wrap(files: &[PolicyFile]) -> (Self, Vec<PolicyFile>) {
        let selected = selectors_by_package(files);
        let mut mocks = Self::default();
        let wrapped = files
            .iter()
            .map(|file| {
                if !file.name.ends_with("_test.rego") {
                    return file.clone();
                }
                let mut parser = new_engine();
                if parser.add_policy(file.name.to_string(), file.text.to_string()).is_err() {
                    return file.clone();
                }
                let modules = parser.get_modules();
                let Some(module) = modules.first() else { return file.clone() };
                let selectors = selectors(module, &selected);
                if selectors.is_empty() {
                    return file.clone();
                }
                let number = mocks.selectors.len();
                mocks.selectors.push(selectors);
                PolicyFile { text: rewrite(&file.text, module, number).into(), ..file.clone() }
            })
            .collect();
        (mocks, wrapped)
    }

    /// Gives the engine the function that the wrapped files call.
    pub(super) fn install(&self, engine: &mut Engine) {
        let mocks = self.clone();
        let schemas: BTreeMap<String, Option<serde_json::Value>> = (self.selectors.iter().flatten())
            .map(|selector| (selector.clone(), schema::schema(selector)))
            .collect();
        let extension = move |arguments: Vec<Value>| {
            if let [number, value] = arguments.as_slice()
                && let Some(reason) = mocks.misfit(number, value, &schemas)
            {
                mocks.misfits.lock().unwrap_or_else(PoisonError::into_inner).push(reason);
            }
            Ok(arguments.into_iter().next_back().unwrap_or(Value::Undefined))
        };
        // Fails only if the engine has such a function already.
        drop(engine.add_extension(FUNCTION.to_owned(), 2, Box::new(extension)));
    }

    /// The first mock that did not fit since the last call.
    pub(super) fn take_misfit(&self) -> Option<String> {
        std::mem::take(&mut *self.misfits.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().next()
    }

    fn misfit(
        &self,
        number: &Value,
        value: &Value,
        schemas: &BTreeMap<String, Option<serde_json::Value>>,
    ) -> Option<String> {
        let number = number.as_u32().ok().and_then(|number| usize::try_from(number).ok())?;
        let value: serde_json::Value = serde_json::from_str(&value.to_json_str().ok()?).ok()?;
        let selectors = self.selectors.get(number)?;
        let mut reasons = Vec::new();
        for selector in selectors {
            match schema::check(&value, schemas.get(selector)?.as_ref()?) {
                Ok(()) => return None,
                Err(reason) => reasons.push(format!("does not fit selector `{selector}`: {reason}")),
            }
        }
        let names = selectors.join(" or ");
        Some(format!("{}; `probity facts --selector {names}` prints real ones", reasons.join("; ")))
    }
}

/// Package of each rule (`data.` in front) with its selectors.
fn selectors_by_package(files: &[PolicyFile]) -> BTreeMap<String, Vec<String>> {
    let rules = files.iter().filter(|file| !file.name.ends_with("_test.rego"));
    let selected = rules.filter_map(|file| {
        let annotations = metadata::annotations(&file.text).ok()??;
        let package = file.text.lines().find_map(|line| line.strip_prefix("package "))?;
        let selectors = annotations.selectors.into_iter().map(|selector| selector.name).collect();
        Some((format!("data.{}", package.trim()), selectors))
    });
    selected.collect()
}

/// Selectors of the rules that a test imports, or whose package it extends by `_test`.
fn selectors(module: &Module, selected: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let package = format!("data.{}", module.package.refr.span().text());
    let imports = module.imports.iter().map(|import| import.refr.span().text().to_owned());
    let packages = imports.chain(package.strip_suffix("_test").map(ToOwned::to_owned));
    let mut selectors: Vec<String> =
        packages.filter_map(|package| selected.get(&package)).flatten().cloned().collect();
    selectors.sort();
    selectors.dedup();
    selectors
}

fn rewrite(text: &str, module: &Module, number: usize) -> String {
    let mut modifiers = Vec::new();
    for rule in &module.policy {
        let Rule::Spec { bodies, .. } = &**rule else { continue };
        bodies.iter().for_each(|body| mocked(&body.query, &mut modifiers));
    }
    modifiers.sort_unstable();
    modifiers.dedup();
    let spans = modifiers.into_iter().filter_map(|(target, end)| value(text, target, end));
    let spans: Vec<(usize, usize)> = spans.collect();
    let mut rewritten = text.to_owned();
    for (start, end) in spans.into_iter().rev() {
        rewritten.insert(end, ')');
        rewritten.insert_str(start, &format!("{FUNCTION}({number}, "));
    }
    rewritten
}

/// Bytes of `X` in `with input as X`, from the ends of `input` and of the whole: the parser's span of an object does
/// not start where the object does.
fn value(text: &str, target: usize, end: usize) -> Option<(usize, usize)> {
    let end = end_of(text, end);
    let rest = text.get(target..end)?;
    let written = rest.trim_start().strip_prefix("as")?.trim();
    let start = end - rest.len() + rest.find(written)?;
    Some((start, start + written.len()))
}

/// Ends of `input` and of the whole in each `with input as X`.
fn mocked(query: &Query, modifiers: &mut Vec<(usize, usize)>) {
    for statement in &query.stmts {
        for modifier in &statement.with_mods {
            if modifier.refr.span().text() == "input" {
                modifiers.push((modifier.refr.span().end as usize, modifier.span.end as usize));
            }
        }
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { value, collection, .. } => {
                nested(value, modifiers);
                nested(collection, modifiers);
            }
            Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => nested(expr, modifiers),
            Literal::Every { domain, query, .. } => {
                nested(domain, modifiers);
                mocked(query, modifiers);
            }
        }
    }
}

fn nested(expression: &Expr, modifiers: &mut Vec<(usize, usize)>) {
    syntax::walk(expression, &mut |expression| match expression {
        Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
            mocked(query, modifiers);
        }
        _ => {}
    });
}
