//! Conditions that no test holds a rule to: with one of them replaced by `true`, all tests of the rule still pass, so
//! none has an input for which only that condition fails.
//!
//! Deliberately absent: conditions of helper rules, and statements that only name a value.

use std::{collections::BTreeMap, sync::Arc};

use rayon::prelude::*;
use regorus::{
    Value,
    unstable::{Expr, Literal, LiteralStmt, Module, Rule},
};

use super::{end_of, new_engine, start_of};
use crate::policy::{guarded, load::PolicyFile, syntax};

/// A condition that could be left out without a test noticing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LooseCondition {
    pub file: Arc<str>,
    /// From 1.
    pub line: u32,
    /// As it is written.
    pub text: String,
}

/// Rules whose bodies are looked at.
const VERDICTS: [&str; 2] = ["deny", "not_assessed"];

/// Loose conditions of all rules that have tests which pass; sorted.
pub fn loose_conditions(files: &[PolicyFile]) -> Vec<LooseCondition> {
    let parsed = files.iter().filter_map(|file| {
        let mut engine = new_engine();
        engine.add_policy(file.name.to_string(), file.text.to_string()).ok()?;
        Some((file, engine.get_modules().first()?.clone()))
    });
    let mut libraries = Vec::new();
    let mut rules = Vec::new();
    let mut tests: BTreeMap<String, Vec<&PolicyFile>> = BTreeMap::new();
    for (file, module) in parsed {
        if file.name.ends_with("_test.rego") {
            for import in &module.imports {
                tests.entry(import.refr.span().text().to_owned()).or_default().push(file);
            }
        } else if VERDICTS.iter().any(|verdict| syntax::declares(&module, verdict)) {
            rules.push((file, module));
        } else {
            libraries.push(file);
        }
    }
    let mut loose: Vec<LooseCondition> = rules
        .into_par_iter()
        .flat_map_iter(|(file, module)| {
            let package = format!("data.{}", module.package.refr.span().text());
            let tests = tests.get(&package).map(Vec::as_slice).unwrap_or_default();
            let around: Vec<&PolicyFile> = libraries.iter().chain(tests).copied().collect();
            if tests.is_empty() || !pass(&around, &file.text, file) {
                return Vec::new();
            }
            let conditions = conditions(&module).into_iter().filter_map(|(start, end, line)| {
                let start = start_of(&file.text, start);
                let text = file.text.get(start..end_of(&file.text, end))?.trim_end();
                let (before, after) = (file.text.get(..start)?, file.text.get(start + text.len()..)?);
                let is_loose = pass(&around, &format!("{before}true{after}"), file);
                is_loose.then(|| LooseCondition { file: Arc::clone(&file.name), line, text: text.to_owned() })
            });
            conditions.collect()
        })
        .collect();
    loose.sort();
    loose
}

/// Bytes and line of each condition in the bodies of verdicts.
fn conditions(module: &Module) -> Vec<(usize, usize, u32)> {
    let mut found = Vec::new();
    for rule in &module.policy {
        let Rule::Spec { head, bodies, .. } = &**rule else { continue };
        if !VERDICTS.contains(&syntax::head_name(head).as_str()) {
            continue;
        }
        for statement in bodies.iter().flat_map(|body| &body.query.stmts).filter(|one| is_condition(one)) {
            let span = &statement.span;
            found.push((span.start as usize, span.end as usize, span.line));
        }
    }
    found
}

fn is_condition(statement: &LiteralStmt) -> bool {
    match &statement.literal {
        Literal::SomeVars { .. } | Literal::SomeIn { .. } => false,
        Literal::Expr { expr, .. } => !matches!(&**expr, Expr::AssignExpr { .. }),
        Literal::NotExpr { .. } | Literal::Every { .. } => true,
    }
}

/// Whether all tests pass with this text of a rule.
fn pass(around: &[&PolicyFile], text: &str, file: &PolicyFile) -> bool {
    let mut engine = new_engine();
    if engine.add_policy(file.name.to_string(), text.to_owned()).is_err() {
        return false;
    }
    for other in around {
        if engine.add_policy(other.name.to_string(), other.text.to_string()).is_err() {
            return false;
        }
    }
    let tests = super::tests_of(&mut engine);
    tests.into_iter().all(|test| matches!(guarded::eval_rule(&mut engine, test.name), Ok(Value::Bool(true))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_loose_if_no_test_fails_without_it() {
        let file = |name: &str, text: &str| PolicyFile::new(name, text);
        let rule = "package a.b\nimport rego.v1\ndeny contains \"no\" if {\n\tinput.kind == \"Pod\"\n\tinput.old\n\tnot input.new\n}\n";
        let head = "package a.b_test\nimport rego.v1\nimport data.a.b\n";
        let holds = "test_a if count(b.deny) == 1 with input as {\"kind\": \"Pod\", \"old\": true}\n";
        let kind = "test_b if count(b.deny) == 0 with input as {\"kind\": \"Job\", \"old\": true}\n";
        let new =
            "test_c if count(b.deny) == 0 with input as {\"kind\": \"Pod\", \"old\": true, \"new\": 1}\n";
        let loose = |tests: &[&str]| {
            let test = format!("{head}{}", tests.concat());
            let found = loose_conditions(&[file("b.rego", rule), file("b_test.rego", &test)]);
            found.into_iter().map(|condition| (condition.line, condition.text)).collect::<Vec<_>>()
        };
        let conditions = [(4, "input.kind == \"Pod\""), (5, "input.old"), (6, "not input.new")]
            .map(|(line, text)| (line, text.to_owned()));
        assert_eq!(loose(&[holds]), conditions);
        assert_eq!(loose(&[holds, kind, new]), conditions[1..2]);
    }
}
