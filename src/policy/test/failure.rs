//! A test taken apart: which of its statements did not hold, and which cases it goes through.
//!
//! Its body is evaluated again, one statement longer each time. Cases are those of OPA's data-driven tests (OPA
//! documentation, "Policy Testing"): the keys in the head of `test_x[name]`, once the body has bound them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use regorus::{
    Engine, Value,
    unstable::{Expr, Literal, Rule, RuleHead},
};

use super::{Expression, Test, end_of, mock::Mocks, new_engine, start_of};
use crate::policy::{
    builtins::Errors,
    guarded,
    load::{PolicyFile, add, engine_with, prepare},
    syntax,
};

/// What tests are evaluated with.
pub(super) struct Suite<'s> {
    /// As given.
    pub(super) files: &'s [PolicyFile],
    /// The same with their mocks wrapped.
    pub(super) wrapped: &'s [PolicyFile],
    pub(super) mocks: &'s Mocks,
    pub(super) data: &'s Value,
}

/// A statement of a body: its bytes, its line, and the variables that it names.
struct Statement {
    start: usize,
    end: usize,
    line: u32,
    names: BTreeSet<String>,
}

/// A test taken apart. What its body is worth up to each statement is worked out once, for all of its cases.
pub(super) struct Taken<'s> {
    suite: &'s Suite<'s>,
    test: &'s Test,
    original: &'s PolicyFile,
    tested: &'s PolicyFile,
    /// As they are written.
    statements: Vec<Statement>,
    /// The same where mocks are wrapped.
    cuts: Vec<Statement>,
    values: BTreeMap<usize, Result<Value, String>>,
}

impl<'s> Suite<'s> {
    /// An engine without policies.
    pub(super) fn engine(&self, errors: Errors) -> Engine {
        let mut engine = engine_with(errors, None);
        self.mocks.install(&mut engine);
        // An object without clashes always fits into an engine without data.
        drop(engine.add_data(self.data.clone()));
        engine
    }

    /// `None` where the body of a test cannot be taken apart.
    pub(super) fn take_apart(&'s self, test: &'s Test) -> Option<Taken<'s>> {
        let (original, tested) = (by_name(self.files, &test.file)?, by_name(self.wrapped, &test.file)?);
        let (statements, cuts) = (statements(original, test.line)?, statements(tested, test.line)?);
        let is_whole = !cuts.is_empty() && cuts.len() == statements.len();
        let taken = Taken { suite: self, test, original, tested, statements, cuts, values: BTreeMap::new() };
        is_whole.then_some(taken)
    }
}

impl Taken<'_> {
    /// The last statement of the shortest part of the body for which a case does not hold; a test without cases has the
    /// empty one.
    pub(super) fn failing(&mut self, case: &[Value]) -> Option<Expression> {
        let numbers = 0..self.cuts.len();
        let number =
            numbers.into_iter().find(|number| self.value(*number).is_ok_and(|value| !holds(&value, case)))?;
        let statement = self.statements.get(number)?;
        let text = self.original.text.get(statement.start..statement.end)?.to_owned();
        Some(Expression { line: statement.line, text })
    }

    /// The cases that the test goes through, in order; `None` where it has none, or where they cannot be told.
    pub(super) fn cases(&mut self) -> Option<Vec<Vec<Value>>> {
        let keys = keys(self.original, self.test.line)?;
        let mut missing = keys.names;
        for number in 0..self.cuts.len() {
            missing.retain(|name| !self.cuts[number].names.contains(name));
            let Some(value @ Value::Object(_)) =
                missing.is_empty().then(|| self.value(number).ok()).flatten()
            else {
                continue;
            };
            let mut cases = vec![(Vec::new(), value)];
            for _ in 0..keys.depth {
                cases = cases.into_iter().flat_map(|(path, value)| below(&path, &value)).collect();
            }
            if !cases.is_empty() {
                return Some(cases.into_iter().map(|(path, _)| path).collect());
            }
        }
        None
    }

    /// Value of the test if its body ended after the statement of this number.
    fn value(&mut self, number: usize) -> Result<Value, String> {
        if let Some(known) = self.values.get(&number) {
            return known.clone();
        }
        let value = self.shortened(number);
        self.values.insert(number, value.clone());
        value
    }

    fn shortened(&self, number: usize) -> Result<Value, String> {
        let range = self.cuts.get(number).zip(self.cuts.last()).map(|(cut, last)| cut.end..last.end);
        let mut text = self.tested.text.to_string();
        text.replace_range(range.ok_or_else(String::new)?, "");
        let shortened = PolicyFile { text: text.into(), ..self.tested.clone() };
        let mut engine = self.suite.engine(self.suite.mocks.errors(&self.test.file));
        for other in self.suite.wrapped {
            let other = if other.name == self.test.file { &shortened } else { other };
            drop(prepare(other).and_then(|other| add(&mut engine, &other)));
        }
        guarded::eval_reference(&mut engine, self.test.name.clone())
    }
}

fn by_name<'f>(files: &'f [PolicyFile], name: &Arc<str>) -> Option<&'f PolicyFile> {
    files.iter().find(|file| file.name == *name)
}

/// Whether a case of a test's value is true.
pub(super) fn holds(value: &Value, case: &[Value]) -> bool {
    let found = case.iter().try_fold(value, |value, key| match value {
        Value::Object(fields) => fields.get(key),
        _ => None,
    });
    found == Some(&Value::Bool(true))
}

fn below(path: &[Value], value: &Value) -> Vec<(Vec<Value>, Value)> {
    let Value::Object(fields) = value else { return Vec::new() };
    fields.iter().map(|(key, value)| ([path, std::slice::from_ref(key)].concat(), value.clone())).collect()
}

/// The keys in the head of a test.
struct Keys {
    depth: usize,
    /// Variables among them.
    names: BTreeSet<String>,
}

/// The keys in the head of the rule that starts in a line; `None` where it has no variable among them.
fn keys(file: &PolicyFile, line: u32) -> Option<Keys> {
    let mut keys = Keys { depth: 0, names: BTreeSet::new() };
    with_rule(file, line, |rule| {
        let Rule::Spec { head: RuleHead::Compr { refr, .. }, .. } = rule else { return };
        let mut expression = refr;
        while let Expr::RefBrack { refr, index, .. } = &**expression {
            keys.depth += 1;
            syntax::walk(index, &mut |expression| {
                if let Expr::Var { span, .. } = expression {
                    keys.names.insert(span.text().to_owned());
                }
            });
            expression = refr;
        }
    })?;
    (!keys.names.is_empty()).then_some(keys)
}

fn statements(file: &PolicyFile, line: u32) -> Option<Vec<Statement>> {
    let mut found = None;
    with_rule(file, line, |rule| {
        let Rule::Spec { bodies, .. } = rule else { return };
        let [body] = bodies.as_slice() else { return };
        let statement = |statement: &regorus::unstable::LiteralStmt| {
            let span = &statement.span;
            let start = start_of(&file.text, span.start as usize);
            let text = file.text.get(start..end_of(&file.text, span.end as usize)).unwrap_or_default();
            let mut names = BTreeSet::new();
            syntax::walk_statement(statement, &mut |expression| {
                if let Expr::Var { span, .. } = expression {
                    names.insert(span.text().to_owned());
                }
            });
            if let Literal::SomeIn { key, .. } = &statement.literal {
                names.extend(key.iter().map(|key| key.span().text().to_owned()));
            }
            Statement { start, end: start + text.trim_end().len(), line: span.line, names }
        };
        found = Some(body.query.stmts.iter().map(statement).collect());
    })?;
    found
}

/// Looks at the rule that starts in a line.
fn with_rule(file: &PolicyFile, line: u32, look: impl FnOnce(&Rule)) -> Option<()> {
    let mut engine = new_engine();
    engine.add_policy(file.name.to_string(), file.text.to_string()).ok()?;
    let modules = engine.get_modules();
    let mut rules = modules.iter().flat_map(|module| &module.policy);
    look(rules.find(|rule| rule.span().line == line)?);
    Some(())
}
