//! Unit tests of policies: `test_*` rules in `*_test.rego`, as OPA and Conftest have them.
//!
//! A mocked input that no scan would make fails its test, and a failed test says which expression did not hold.

mod conditions;
mod failure;
mod mock;

use std::sync::Arc;

use regorus::{Engine, Value};
use serde_json::Map;

pub use self::conditions::{LooseCondition, loose_conditions};
use self::{
    failure::{Suite, holds},
    mock::Mocks,
};
use super::{
    builtins, guard, guarded,
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
    /// The rule is undefined or false, because of this expression where it is known.
    Failed(Option<Expression>),
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

/// Runs all tests of the given files, which see `data` as `data`.
pub fn run(files: &[PolicyFile], data: &Map<String, serde_json::Value>) -> TestRun {
    let data = Value::from(serde_json::Value::Object(data.clone()));
    let (mocks, wrapped) = Mocks::wrap(files);
    let mut run = TestRun::default();
    let mut engine = loaded(&wrapped, &mocks, &data, &mut run.errors);
    let suite = Suite { files, wrapped: &wrapped, mocks: &mocks, data: &data };
    let tests = tests_of(&mut engine);
    for pair in tests.windows(2).filter(|pair| pair[0].name == pair[1].name) {
        let [Test { line: one, .. }, Test { file, name, line }] = pair else { continue };
        let why = format!(
            "line {line}: `{name}` is a test already (line {one} of {}): one could hide that the other fails",
            pair[0].file
        );
        run.errors.push((Arc::clone(file), why));
    }
    for test in tests {
        engine.set_input(Value::Undefined);
        let result = guarded::eval_reference(&mut engine, test.name.clone());
        run.tests.extend(outcomes(&suite, &test, mocks.take_misfit(), result));
        // Those of its shortened forms.
        drop(mocks.take_misfit());
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
        let outcome = if all_hold(&value) {
            TestOutcome::Passed
        } else {
            TestOutcome::Failed(taken.and_then(|mut taken| taken.failing(&[])))
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

/// An engine with all files that can be evaluated together. The others are added to `errors`.
fn loaded(files: &[PolicyFile], mocks: &Mocks, data: &Value, errors: &mut Vec<(Arc<str>, String)>) -> Engine {
    let mut parser = new_engine();
    let mut rest = Vec::new();
    for file in files {
        match prepare(&mut parser, file) {
            Ok(prepared) => rest.push(prepared),
            Err(error) => errors.push((Arc::clone(&file.name), error)),
        }
    }
    let is_old = |file: &str| files.iter().any(|one| &*one.name == file && one.dialect == Dialect::V0);
    let added = |file: &str, name: &str| mock::arity(name).or_else(|| builtins::arity(name, is_old(file)));
    loop {
        let mut engine = new_engine();
        engine.set_enable_coverage(true);
        mocks.install(&mut engine);
        // An object without clashes always fits into an engine without data.
        drop(engine.add_data(data.clone()));
        // They were parsed before, as they are now.
        rest.iter().for_each(|file| drop(add(&mut engine, file)));
        let refused = guard::functions(engine.get_modules(), &added);
        if refused.is_empty() {
            return engine;
        }
        rest.retain(|file| !refused.contains_key(&*file.name));
        errors.extend(refused.into_iter().map(|(file, error)| (file.into(), error)));
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
mod tests {
    use super::*;

    const RULE: &str = "# METADATA\n# title: t\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\npackage a.b\nimport rego.v1\ndeny contains \"no\" if input.kind == \"Pod\"\n";

    fn outcomes(tests: &str) -> Vec<TestOutcome> {
        let file = |name: &str, text: String| PolicyFile::new(name, text);
        let head = "package a.b_test\nimport rego.v1\nimport data.a.b as rule\n";
        let files = [file("b.rego", RULE.to_owned()), file("b_test.rego", format!("{head}{tests}"))];
        let run = run(&files, &Map::new());
        assert_eq!(run.errors, []);
        run.tests.into_iter().map(|test| test.outcome).collect()
    }

    #[test]
    fn a_failed_test_names_the_expression_that_did_not_hold() {
        for (body, expected) in [
            ("test_x if {\n\tx := 1\n\tx == 2\n\tx == 3\n}\n", Some((6, "x == 2"))),
            ("test_x if 1 == 2\n", Some((4, "1 == 2"))),
            ("test_x if {\n\t\"a\" == \"b\"\n\t1 == 2\n}\n", Some((5, "\"a\" == \"b\""))),
            ("test_x if {\n\tx := \"a\"\n\tx == `b`\n}\n", Some((6, "x == `b`"))),
            (
                "test_x if {\n\tcount(rule.deny) == 0 with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n}\n",
                Some((5, "count(rule.deny) == 0 with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}")),
            ),
            ("test_x if {\n\tsome x in [1, 2]\n\tx > 5\n}\n", Some((6, "x > 5"))),
            ("test_x := false\n", None),
        ] {
            let expected =
                expected.map(|(line, text): (u32, &str)| Expression { line, text: text.to_owned() });
            assert_eq!(outcomes(body), [TestOutcome::Failed(expected)], "{body}");
        }
    }

    #[test]
    fn what_a_scan_refuses_is_refused_and_other_tests_run() {
        let test = |body: &str| format!("package a.c_test\nimport rego.v1\ntest_x if {{ {body} }}\n");
        for (body, expected) in [
            ("not mising", "variable `mising` is unsafe"),
            ("f(1)", "unknown function `f`"),
            ("crypto.x509.parse_keypair(1, 2)", "unknown function"),
        ] {
            let files =
                [PolicyFile::new("a_test.rego", test("1 == 1")), PolicyFile::new("b_test.rego", test(body))];
            let run = run(&files, &Map::new());
            assert_eq!(run.tests.len(), 1, "{body}");
            let [(file, error)] = run.errors.as_slice() else { panic!("{body}: {:?}", run.errors) };
            assert!(&**file == "b_test.rego" && error.contains(expected), "{body}: {error}");
        }
    }

    #[test]
    fn an_input_that_no_scan_would_make_is_refused() {
        let refused = |mock: &str| {
            let tests = format!(
                "test_x if count(rule.deny) < 2 with input as {mock}\n_pod(kind) := {{\"apiVersion\": \"v1\", \"kind\": kind}}\n"
            );
            match outcomes(&tests).as_slice() {
                [TestOutcome::Refused(reason)] => Some(reason.clone()),
                [TestOutcome::Passed] => None,
                other => panic!("{mock}: {other:?}"),
            }
        };
        assert_eq!(refused("_pod(\"Pod\")"), None);
        assert_eq!(refused("object.union(_pod(\"Pod\"), {\"spec\": {}})"), None);
        let reason = refused("{\"kind\": \"Pod\"}").unwrap();
        assert!(
            reason.starts_with("does not fit selector `kubernetes`: `input` has no `apiVersion`;"),
            "{reason}"
        );
        assert!(refused("_pod(1)").unwrap().contains("`input.kind` is a number"));
    }

    #[test]
    fn each_case_of_a_data_driven_test_is_told() {
        let named = |tests: &str| -> Vec<(String, TestOutcome)> {
            let text = format!("package a.b_test\nimport rego.v1\n{tests}");
            let run = run(&[PolicyFile::new("b_test.rego", text)], &Map::new());
            assert_eq!(run.errors, []);
            run.tests
                .into_iter()
                .map(|test| (test.name.replace("data.a.b_test.", ""), test.outcome))
                .collect()
        };
        let failed = |line, text: &str| TestOutcome::Failed(Some(Expression { line, text: text.to_owned() }));
        let cases = "test_sum[note] if {\n\tsome note, tc in {\"a b\": [1, 1], \"c\": [1, 2], \"d\": [2, 2]}\n\ttc[0] > 0\n\ttc[0] == tc[1]\n}\n";
        assert_eq!(
            named(cases),
            [
                ("test_sum/a b".to_owned(), TestOutcome::Passed),
                ("test_sum/c".to_owned(), failed(6, "tc[0] == tc[1]")),
                ("test_sum/d".to_owned(), TestOutcome::Passed),
            ]
        );
        let nested = "test_n[one][two] if {\n\tsome one, inner in {\"x\": {\"1\": true, \"2\": false}}\n\tsome two, ok in inner\n\tok\n}\n";
        assert_eq!(
            named(nested),
            [("test_n/x/1".to_owned(), TestOutcome::Passed), ("test_n/x/2".to_owned(), failed(6, "ok"))]
        );
        // The key is bound by what looks like text elsewhere, or after a bare `some`.
        let late = "test_l[name] if {\n\tsome tc in [{\"name\": \"one\", \"ok\": true}]\n\tname := tc.name\n\ttc.ok\n}\n";
        assert_eq!(named(late), [("test_l/one".to_owned(), TestOutcome::Passed)]);
        let bare = "test_s[name] if {\n\tsome name\n\t{\"a\": true, \"b\": false}[name]\n}\n";
        assert_eq!(named(bare), [("test_s/a".to_owned(), TestOutcome::Passed)]);
        let none = "test_none[note] if {\n\tsome note, tc in {}\n\ttc\n}\n";
        assert_eq!(named(none), [("test_none".to_owned(), failed(4, "some note, tc in {}"))]);
    }

    #[test]
    fn two_tests_of_one_name_are_told() {
        let file = |name: &str, body: &str| {
            PolicyFile::new(name, format!("package a.x_test\nimport rego.v1\n{body}\n"))
        };
        let files = [file("a_test.rego", "test_x if 1 == 2"), file("b_test.rego", "test_x if 1 == 1")];
        let errors = run(&files, &Map::new()).errors;
        let [(file, why)] = errors.as_slice() else { panic!("{errors:?}") };
        assert!(&**file == "b_test.rego" && why.contains("a test already (line 3 of a_test.rego)"), "{why}");
    }

    #[test]
    fn a_mock_in_a_comprehension_is_checked_too() {
        let tests =
            "test_x if {1 | some kind in [\"Pod\"]; rule.deny with input as {\"kind\": kind}} == set()\n";
        assert!(matches!(outcomes(tests).as_slice(), [TestOutcome::Refused(_)]));
    }
}
