//! Mocked inputs: `with input as X` in a test is checked against the schemas of the selectors of the rules under test,
//! so that a test cannot pass on a fact that no scan would ever make; of `with input.a.b as X` that part is checked.
//!
//! Each `X` is wrapped into a call of an extension before the tests are loaded; lines stay as they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use regorus::{
    Engine, Value,
    unstable::{Expr, Literal, Module, Query, Rule},
};

use super::{
    end_of, new_engine,
    subject::{About, Packages},
};
use crate::policy::{
    builtins::Errors,
    load::{Dialect, PolicyFile},
    schema, syntax,
};

/// Name of the extension: number of the place, mocked value.
const FUNCTION: &str = "probity_mocked_input";

/// Number of arguments of the function that wrapped files call.
pub(super) fn arity(name: &str) -> Option<u8> {
    (name == FUNCTION).then_some(2)
}

/// The mocks of a test run.
#[derive(Debug, Clone, Default)]
pub(super) struct Mocks {
    places: Vec<Place>,
    /// Test files about rules of Conftest alone.
    lenient: BTreeSet<Arc<str>>,
    misfits: Arc<Mutex<Vec<String>>>,
}

/// What a mock stands for.
#[derive(Debug, Clone)]
struct Place {
    /// Of the rules that the test file is about.
    selectors: Arc<[String]>,
    /// Keys below `input`.
    path: Vec<String>,
}

/// A modifier `with input… as X`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Modifier {
    /// Ends of the target and of the whole, in bytes.
    target: usize,
    end: usize,
    path: Vec<String>,
}

impl Mocks {
    /// The files with their mocks wrapped; those that do not parse stay as they are.
    pub(super) fn wrap(files: &[PolicyFile]) -> (Self, Vec<PolicyFile>) {
        let packages = Packages::new(files);
        let mut mocks = Self::default();
        let wrapped = files
            .iter()
            .map(|file| {
                if !file.name.ends_with("_test.rego") {
                    return file.clone();
                }
                let mut parser = new_engine();
                parser.set_rego_v0(file.dialect == Dialect::V0);
                if parser.add_policy(file.name.to_string(), file.text.to_string()).is_err() {
                    return file.clone();
                }
                let modules = parser.get_modules();
                let Some(module) = modules.first() else { return file.clone() };
                let About { selectors, errors } = packages.about(module);
                if errors == Errors::Lenient {
                    mocks.lenient.insert(Arc::clone(&file.name));
                }
                if selectors.is_empty() {
                    return file.clone();
                }
                let text = mocks.rewrite(&file.text, module, &selectors.into());
                PolicyFile { text: text.into(), ..file.clone() }
            })
            .collect();
        (mocks, wrapped)
    }

    /// Gives the engine the function that the wrapped files call.
    pub(super) fn install(&self, engine: &mut Engine) {
        let mocks = self.clone();
        let selectors: BTreeSet<&String> = self.places.iter().flat_map(|place| &*place.selectors).collect();
        let schemas: BTreeMap<String, Option<serde_json::Value>> =
            selectors.into_iter().map(|selector| (selector.clone(), schema::schema(selector))).collect();
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

    /// How a failing built-in ends in the tests of a file: as when a scan asks the rules that it is about.
    pub(super) fn errors(&self, file: &Arc<str>) -> Errors {
        if self.lenient.contains(file) { Errors::Lenient } else { Errors::Strict }
    }

    pub(super) fn any_lenient(&self) -> bool {
        !self.lenient.is_empty()
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
        let Place { selectors, path } = self.places.get(number)?;
        let mut reasons = Vec::new();
        for selector in &**selectors {
            match schema::check_part(path, value.clone(), schemas.get(selector)?.as_ref()?) {
                Ok(()) => return None,
                Err(reason) => reasons.push(format!("does not fit selector `{selector}`: {reason}")),
            }
        }
        let names = selectors.join(" or ");
        Some(format!("{}; `probity facts --selector {names}` prints real ones", reasons.join("; ")))
    }

    /// The text with its mocks wrapped.
    fn rewrite(&mut self, text: &str, module: &Module, selectors: &Arc<[String]>) -> String {
        let mut modifiers = Vec::new();
        for rule in &module.policy {
            let Rule::Spec { bodies, .. } = &**rule else { continue };
            bodies.iter().for_each(|body| mocked(&body.query, &mut modifiers));
        }
        modifiers.sort_unstable();
        modifiers.dedup();
        let mut rewritten = text.to_owned();
        for Modifier { target, end, path } in modifiers.into_iter().rev() {
            let Some((start, end)) = value(text, target, end) else { continue };
            rewritten.insert(end, ')');
            rewritten.insert_str(start, &format!("{FUNCTION}({}, ", self.places.len()));
            self.places.push(Place { selectors: Arc::clone(selectors), path });
        }
        rewritten
    }
}

/// Bytes of `X` in `with input as X`, from the ends of the target and of the whole: the parser's span of an object does
/// not start where the object does.
fn value(text: &str, target: usize, end: usize) -> Option<(usize, usize)> {
    let end = end_of(text, end);
    let rest = text.get(target..end)?;
    let written = rest.trim_start().strip_prefix("as")?.trim();
    let start = end - rest.len() + rest.find(written)?;
    Some((start, start + written.len()))
}

/// Keys of a reference below `input`; `None` where it is another, or one of its keys is not written there.
fn below_input(reference: &Expr) -> Option<Vec<String>> {
    let (refr, key) = match reference {
        Expr::Var { span, .. } => return (span.text() == "input").then(Vec::new),
        Expr::RefDot { refr, field, .. } => (refr, field.0.text()),
        Expr::RefBrack { refr, index, .. } => match &**index {
            Expr::String { span, .. } | Expr::RawString { span, .. } => (refr, span.text()),
            _ => return None,
        },
        _ => return None,
    };
    let mut path = below_input(refr)?;
    path.push(key.to_owned());
    Some(path)
}

fn mocked(query: &Query, modifiers: &mut Vec<Modifier>) {
    for statement in &query.stmts {
        for modifier in &statement.with_mods {
            if let Some(path) = below_input(&modifier.refr) {
                let (target, end) = (modifier.refr.span().end as usize, modifier.span.end as usize);
                modifiers.push(Modifier { target, end, path });
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

fn nested(expression: &Expr, modifiers: &mut Vec<Modifier>) {
    syntax::walk(expression, &mut |expression| match expression {
        Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
            mocked(query, modifiers);
        }
        _ => {}
    });
}
