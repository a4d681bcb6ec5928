//! Test results as the XML of `JUnit`, as CI systems read it: a suite for each file, a case for each test.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::reason;
use crate::policy::test::{TestCase, TestOutcome, TestRun};

pub(super) fn render(run: &TestRun, out: &mut dyn Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, Vec<&TestCase>> = BTreeMap::new();
    for test in &run.tests {
        suites.entry(&test.file).or_default().push(test);
    }
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<testsuites name="probity test">"#)?;
    for (file, error) in &run.errors {
        writeln!(out, r#"  <testsuite name="{}" tests="1" failures="0" errors="1">"#, escape(file))?;
        writeln!(out, r#"    <testcase name="loads" classname="{0}" file="{0}">"#, escape(file))?;
        writeln!(out, r#"      <error message="cannot be loaded">{}</error>"#, escape(error))?;
        writeln!(out, "    </testcase>\n  </testsuite>")?;
    }
    for (file, tests) in suites {
        let count =
            |wanted: fn(&TestOutcome) -> bool| tests.iter().filter(|test| wanted(&test.outcome)).count();
        let errors = count(|outcome| matches!(outcome, TestOutcome::Error(_)));
        let failures = count(|outcome| !matches!(outcome, TestOutcome::Passed | TestOutcome::Error(_)));
        let name = escape(file);
        let total = tests.len();
        writeln!(
            out,
            r#"  <testsuite name="{name}" tests="{total}" failures="{failures}" errors="{errors}">"#
        )?;
        for test in tests {
            case(test, &name, out)?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn case(test: &TestCase, file: &str, out: &mut dyn Write) -> io::Result<()> {
    let (class, name) = test.name.rsplit_once('.').unwrap_or(("", &test.name));
    let (class, name) = (escape(class), escape(name));
    write!(out, r#"    <testcase name="{name}" classname="{class}" file="{file}" line="{}""#, test.line)?;
    let Some((verdict, reason)) = reason(test) else { return writeln!(out, "/>") };
    let element = if matches!(test.outcome, TestOutcome::Error(_)) { "error" } else { "failure" };
    writeln!(out, ">")?;
    writeln!(out, r#"      <{element} message="{verdict}">{}</{element}>"#, escape(reason.trim_start()))?;
    writeln!(out, "    </testcase>")
}

/// Characters that XML 1.0 does not allow are replaced, whatever a policy holds.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() || matches!(control, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::test::Expression;

    #[test]
    fn every_outcome_is_a_case_and_text_is_escaped() {
        let test = |name: &str, outcome| TestCase {
            file: "a_test.rego".into(),
            name: format!("data.a_test.{name}"),
            line: 3,
            outcome,
        };
        let expression = Expression { line: 5, text: "x < \"1\"".into() };
        let run = TestRun {
            tests: vec![
                test("test_a", TestOutcome::Passed),
                test("test_b", TestOutcome::Failed(Some(expression))),
                test("test_c", TestOutcome::Refused("does not fit".into())),
                test("test_d", TestOutcome::Error("bad\u{1b}".into())),
            ],
            errors: vec![("b.rego".into(), "no & more".into())],
            coverage: Vec::new(),
        };
        let mut out = Vec::new();
        render(&run, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
