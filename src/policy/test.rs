//! Unit tests of policies: `test_*` rules in `*_test.rego`, as OPA and Conftest have them.
//!
//! A mocked input that no scan would make fails its test, and a failed test says which expression did not hold.

mod conditions;
mod coverage;
mod failure;
mod mock;
mod subject;

use std::sync::Arc;

use regorus::{Engine, Value};
use serde_json::Map;

pub use self::{
    conditions::{LooseCondition, loose_conditions},
    coverage::Coverage,
};
use self::{
    failure::{Suite, holds},
    mock::Mocks,
};
use super::{
    builtins::{self, Errors},
    guard, guarded,
    load::{self, Dialect, PolicyFile, add, new_engine, prepare},
};

/// One `test_` rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    pub file: Arc<str>,
    /// Package and rule, such as `data.probity.mtls.plaintext_gateway_test.test_silent`; for a case of a data-driven
    /// test its keys too (`…test_x/a label is missing`).
    pub name: String,
    /// Line of the rule, from 1.
    pub line: u32,
    pub outcome: TestOutcome,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestOutcome {
    Passed,
    /// The rule is undefined, because of this expression where it is known.
    Failed(Option<Expression>),
    /// The body of the rule holds, but it has this value instead of `true`.
    Untrue(String),
    /// The input that it mocks does not fit the selector of the rule under test, for this reason.
    Refused(String),
    Error(String),
}

/// A statement of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// From 1.
    pub line: u32,
    /// As it is written.
    pub text: String,
}

/// Results of a test run.
#[derive(Debug, Default)]
pub struct TestRun {
    pub tests: Vec<TestCase>,
    /// Files that could not be loaded, with the reason.
    pub errors: Vec<(Arc<str>, String)>,
    pub coverage: Vec<Coverage>,
}

/// Runs all tests of the given files, which see `data` as `data`.
pub fn run(files: &[PolicyFile], data: &Map<String, serde_json::Value>) -> TestRun {
    let data = Value::from(serde_json::Value::Object(data.clone()));
    let (mocks, wrapped) = Mocks::wrap(files);
    let mut run = TestRun::default();
    let suite = Suite { files, wrapped: &wrapped, mocks: &mocks, data: &data };
    let mut strict = loaded(&suite, Errors::Strict, &mut run.errors);
    // What cannot be loaded is told already.
    let mut lenient = mocks.any_lenient().then(|| loaded(&suite, Errors::Lenient, &mut Vec::new()));
    let tests = tests_of(&mut strict);
    for pair in tests.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        let [Test { line: one, .. }, Test { file, name, line }] = pair else { continue };
        let why = format!(
            "line {line}: `{name}` is a test already (line {one} of {}): one could hide that the other fails",
            pair[0].file
        );
        run.errors.push((Arc::clone(file), why));
    }
    for test in tests {
        let engine = match (mocks.errors(&test.file), &mut lenient) {
            (Errors::Lenient, Some(lenient)) => lenient,
            _ => &mut strict,
        };
        engine.set_input(Value::Undefined);
        let result = guarded::eval_reference(engine, test.name.clone());
        run.tests.extend(outcomes(&suite, &test, mocks.take_misfit(), result));
        // Those of its shortened forms.
        drop(mocks.take_misfit());
    }
    run.coverage = coverage::of([Some(strict), lenient].into_iter().flatten());
    run
}

/// How a test ended, or each of its cases.
fn outcomes(
    suite: &Suite<'_>,
    test: &Test,
    misfit: Option<String>,
    result: Result<Value, String>,
) -> Vec<TestCase> {
    let ended =
        |name: String, outcome| TestCase { file: Arc::clone(&test.file), name, line: test.line, outcome };
    let value = match (misfit, result) {
        (Some(reason), _) => return vec![ended(test.name.clone(), TestOutcome::Refused(reason))],
        (None, Err(error)) => {
            return vec![ended(test.name.clone(), TestOutcome::Error(load::reason(&error)))];
        }
        (None, Ok(Value::Bool(true))) => return vec![ended(test.name.clone(), TestOutcome::Passed)],
        (None, Ok(value)) => value,
    };
    let mut taken = suite.take_apart(test);
    let Some(cases) = taken.as_mut().and_then(failure::Taken::cases) else {
        // A collection of which no case holds is as good as none.
        let is_nothing = match &value {
            Value::Undefined => true,
            Value::Object(cases) => cases.is_empty(),
            _ => false,
        };
        let outcome = if is_nothing {
            TestOutcome::Failed(taken.and_then(|mut taken| taken.failing(&[])))
        } else if all_hold(&value) {
            TestOutcome::Passed
        } else {
            TestOutcome::Untrue(value.to_string())
        };
        return vec![ended(test.name.clone(), outcome)];
    };
    let mut case = |case: &Vec<Value>| {
        let outcome = if holds(&value, case) {
            TestOutcome::Passed
        } else {
            TestOutcome::Failed(taken.as_mut().and_then(|taken| taken.failing(case)))
        };
        let key = |key: &Value| key.as_string().map_or_else(|_| key.to_string(), ToString::to_string);
        let keys = case.iter().map(key).collect::<Vec<_>>().join("/");
        ended(format!("{}/{keys}", test.name), outcome)
    };
    cases.iter().map(&mut case).collect()
}

/// Whether a value is an object that holds `true` and nothing else: cases of a test that cannot be told one by one.
fn all_hold(value: &Value) -> bool {
    match value {
        Value::Object(fields) => {
            !fields.is_empty()
                && fields.iter().all(|(_, value)| *value == Value::Bool(true) || all_hold(value))
        }
        _ => false,
    }
}

/// An engine with all files that can be evaluated together. The others are added to `refused`.
fn loaded(suite: &Suite<'_>, errors: Errors, refused: &mut Vec<(Arc<str>, String)>) -> Engine {
    let mut rest = Vec::new();
    for file in suite.wrapped {
        match prepare(file) {
            Ok(prepared) => rest.push(prepared),
            Err(error) => refused.push((Arc::clone(&file.name), error)),
        }
    }
    let is_old =
        |file: &str| suite.wrapped.iter().any(|one| &*one.name == file && one.dialect == Dialect::V0);
    let added = |file: &str, name: &str| mock::arity(name).or_else(|| builtins::arity(name, is_old(file)));
    loop {
        let mut engine = suite.engine(errors);
        engine.set_enable_coverage(true);
        // They were parsed before, as they are now.
        rest.iter().for_each(|file| drop(add(&mut engine, file)));
        let wrong = guard::functions(engine.get_modules(), &added);
        if wrong.is_empty() {
            return engine;
        }
        rest.retain(|file| !wrong.contains_key(&*file.name));
        refused.extend(wrong.into_iter().map(|(file, error)| (file.into(), error)));
    }
}

/// Where something starts that the parser says starts at `start`: it leaves out the quotes of a string.
fn start_of(text: &str, start: usize) -> usize {
    let before = start.checked_sub(1);
    before.filter(|before| matches!(text.as_bytes().get(*before), Some(b'"' | b'`'))).unwrap_or(start)
}

/// Where something ends that the parser says ends at `end`.
fn end_of(text: &str, end: usize) -> usize {
    if matches!(text.as_bytes().get(end), Some(b'"' | b'`')) { end + 1 } else { end }
}

/// Where a test is.
struct Test {
    file: Arc<str>,
    name: String,
    line: u32,
}

/// All tests of the loaded files, in the order of their names.
fn tests_of(engine: &mut Engine) -> Vec<Test> {
    let mut found = Vec::new();
    for module in engine.get_modules() {
        let file: Arc<str> = module.package.span.source.file().as_str().into();
        let package = module.package.refr.span().text().to_owned();
        for rule in &module.policy {
            let span = rule.span();
            let name: String = span.text().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.starts_with("test_") && file.ends_with("_test.rego") {
                let name = format!("data.{package}.{name}");
                found.push(Test { file: Arc::clone(&file), name, line: span.line });
            }
        }
    }
    found.sort_by(|one, other| (&one.name, &one.file, one.line).cmp(&(&other.name, &other.file, other.line)));
    found
}

#[cfg(test)]
mod tests;
