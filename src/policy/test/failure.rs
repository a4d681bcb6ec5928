//! A test taken apart: which of its statements did not hold, and which cases it goes through.
//!
//! Its body is evaluated again, one statement longer each time. Cases are those of OPA's data-driven tests (OPA
//! documentation, "Policy Testing"): the keys in the head of `test_x[name]`, once the body has bound them.

use std::{collections::BTreeSet, sync::Arc};

use regorus::{
    Value,
    unstable::{Expr, Rule, RuleHead},
};

use super::{Expression, Test, end_of, mock::Mocks, new_engine, start_of};
use crate::policy::{
    guarded,
    load::{PolicyFile, add, prepare},
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

impl Suite<'_> {
    /// The first statement of a test's body without which `case` of it would hold; `None` where the body cannot be
    /// taken apart. A test without cases has the empty one.
    pub(super) fn failing(&self, test: &Test, case: &[Value]) -> Option<Expression> {
        let (original, cuts) = (by_name(self.files, &test.file)?, self.cuts(test)?);
        let written = statements(original, test.line)?;
        let fails = |number| self.shortened(test, &cuts, number).is_ok_and(|value| !holds(&value, case));
        let (_, statement) = written.iter().enumerate().find(|(number, _)| fails(*number))?;
        let text = original.text.get(statement.start..statement.end)?.to_owned();
        Some(Expression { line: statement.line, text })
    }

    /// The cases that a test goes through, in order; `None` where it has none, or where they cannot be told.
    pub(super) fn cases(&self, test: &Test) -> Option<Vec<Vec<Value>>> {
        let keys = keys(by_name(self.files, &test.file)?, test.line)?;
        let cuts = self.cuts(test)?;
        let mut missing = keys.names;
        let bound = cuts.iter().position(|statement| {
            missing.retain(|name| !statement.names.contains(name));
            missing.is_empty()
        })?;
        let value = self.shortened(test, &cuts, bound).ok()?;
        let mut cases = vec![(Vec::new(), value)];
        for _ in 0..keys.depth {
            cases = cases.into_iter().flat_map(|(path, value)| below(&path, &value)).collect();
        }
        Some(cases.into_iter().map(|(path, _)| path).collect())
    }

    fn cuts(&self, test: &Test) -> Option<Vec<Statement>> {
        statements(by_name(self.wrapped, &test.file)?, test.line).filter(|cuts| !cuts.is_empty())
    }

    /// Value of a test whose body ends after the statement of this number.
    fn shortened(&self, test: &Test, cuts: &[Statement], number: usize) -> Result<Value, String> {
        let tested = by_name(self.wrapped, &test.file).ok_or_else(String::new)?;
        let range = cuts.get(number).zip(cuts.last()).map(|(cut, last)| cut.end..last.end);
        let mut text = tested.text.to_string();
        text.replace_range(range.ok_or_else(String::new)?, "");
        let shortened = PolicyFile { text: text.into(), ..tested.clone() };
        let (mut parser, mut engine) = (new_engine(), new_engine());
        self.mocks.install(&mut engine);
        drop(engine.add_data(self.data.clone()));
        for other in self.wrapped {
            let other = if other.name == test.file { &shortened } else { other };
            drop(prepare(&mut parser, other).and_then(|other| add(&mut engine, &other)));
        }
        guarded::eval_reference(&mut engine, test.name.clone())
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
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').map(ToOwned::to_owned);
            Statement { start, end: start + text.trim_end().len(), line: span.line, names: words.collect() }
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
