//! Unit tests of policies: `test_*` rules in `*_test.rego`, as OPA and Conftest have them.

use std::sync::Arc;

use regorus::Value;

use super::load::{PolicyFile, add, new_engine, prepare};

/// One `test_` rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestCase {
    pub file: Arc<str>,
    /// Package and rule, such as `data.probity.mtls.plaintext_gateway_test.test_silent`.
    pub name: String,
    /// Line of the rule, from 1.
    pub line: u32,
    pub outcome: TestOutcome,
}

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestOutcome {
    Passed,
    /// The rule is undefined or false.
    Failed,
    Error(String),
}

/// Lines of a policy that no test reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub file: Arc<str>,
    pub covered: usize,
    pub not_covered: Vec<u32>,
}

/// Results of a test run.
#[derive(Debug, Default)]
pub struct TestRun {
    pub tests: Vec<TestCase>,
    /// Files that could not be loaded, with the reason.
    pub errors: Vec<(Arc<str>, String)>,
    pub coverage: Vec<Coverage>,
}

/// Runs all tests of the given files.
pub fn run(files: &[PolicyFile]) -> TestRun {
    let (mut parser, mut engine) = (new_engine(), new_engine());
    engine.set_enable_coverage(true);
    let mut run = TestRun::default();
    for file in files {
        if let Err(error) = prepare(&mut parser, file).and_then(|file| add(&mut engine, &file)) {
            run.errors.push((Arc::clone(&file.name), error));
        }
    }
    let mut found = Vec::new();
    for module in engine.get_modules() {
        let file: Arc<str> = module.package.span.source.file().as_str().into();
        let package = module.package.refr.span().text().to_owned();
        for rule in &module.policy {
            let span = rule.span();
            let name: String = span.text().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.starts_with("test_") && file.ends_with("_test.rego") {
                found.push((Arc::clone(&file), format!("data.{package}.{name}"), span.line));
            }
        }
    }
    found.sort();
    for (file, name, line) in found {
        engine.set_input(Value::Undefined);
        let outcome = match engine.eval_rule(name.clone()) {
            Ok(Value::Bool(true)) => TestOutcome::Passed,
            Ok(_) => TestOutcome::Failed,
            Err(error) => TestOutcome::Error(error.to_string()),
        };
        run.tests.push(TestCase { file, name, line, outcome });
    }
    if let Ok(report) = engine.get_coverage_report() {
        let measured = report.files.into_iter().filter(|file| !file.path.ends_with("_test.rego"));
        run.coverage = measured
            .map(|file| Coverage {
                file: file.path.into(),
                covered: file.covered.len(),
                not_covered: file.not_covered.into_iter().collect(),
            })
            .collect();
        run.coverage.sort_by(|a, b| a.file.cmp(&b.file));
    }
    run
}
