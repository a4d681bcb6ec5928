//! Variables of a query that hide those of an outer one: OPA's compiler tells them apart, this engine refuses or mixes
//! them. They get names of their own.

use std::{collections::BTreeMap, ops::Range};

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Rule, Span};

use super::Edit;
use crate::policy::syntax;

/// Edits of one rule.
pub(super) fn edits(rule: &Rule, edits: &mut Vec<Edit>) {
    let declared = declared(rule);
    let Rule::Spec { bodies, .. } = rule else { return };
    bodies.iter().for_each(|body| idle(&body.query, edits));
    syntax::visit(rule, &mut |expression| match expression {
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            hiding(query, &[term], &declared, edits);
        }
        Expr::ObjectCompr { key, value, query, .. } => hiding(query, &[key, value], &declared, edits),
        _ => {}
    });
}

/// How often each name is declared in a rule.
fn declared(rule: &Rule) -> BTreeMap<String, usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    syntax::visit_statements(rule, &mut |statement| {
        declarations(statement)
            .iter()
            .for_each(|name| *counts.entry(name.text().to_owned()).or_default() += 1);
    });
    counts
}

/// Names that a statement declares.
fn declarations(statement: &LiteralStmt) -> Vec<&Span> {
    let mut names = Vec::new();
    match &statement.literal {
        Literal::SomeVars { vars, .. } => names.extend(vars),
        Literal::SomeIn { key, value, .. } => {
            names.extend(key.iter().chain([value]).filter_map(|part| variable(part)));
        }
        Literal::Expr { expr, .. } => {
            if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = &**expr {
                names.extend(variable(lhs));
            }
        }
        _ => {}
    }
    names
}

fn variable(expression: &Expr) -> Option<&Span> {
    match expression {
        Expr::Var { span, .. } if span.text() != "_" => Some(span),
        _ => None,
    }
}

/// `some i` where only comprehensions use `i`: each has one of its own, and the engine refuses the outer one in a loop.
fn idle(query: &Query, edits: &mut Vec<Edit>) {
    let mut comprehensions = Vec::new();
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    query.stmts.iter().for_each(|statement| {
        syntax::walk_statement(statement, &mut |expression| match expression {
            Expr::ArrayCompr { span, .. } | Expr::SetCompr { span, .. } | Expr::ObjectCompr { span, .. } => {
                comprehensions.push(range(span));
            }
            Expr::Var { span, .. } => found.push((span.text().to_owned(), range(span))),
            _ => {}
        });
    });
    for statement in &query.stmts {
        let Literal::SomeVars { vars, span } = &statement.literal else { continue };
        let is_idle = |name: &&Span| {
            let inner: Vec<&Range<usize>> =
                found.iter().filter(|(used, _)| used == name.text()).map(|(_, place)| place).collect();
            let inside = |place: &&Range<usize>| {
                comprehensions.iter().any(|outer| outer.start <= place.start && place.end <= outer.end)
            };
            !inner.is_empty() && inner.iter().all(inside)
        };
        if vars.iter().all(|name| is_idle(&name)) {
            edits.push((range(span).start..statement.span.end as usize, "true".to_owned()));
        }
    }
}

/// `[name | f(name); name := g(x)]`: the first `name` is that of an outer query. And declarations inside of a query that
/// has one of the same name.
fn hiding(query: &Query, terms: &[&Expr], declared: &BTreeMap<String, usize>, edits: &mut Vec<Edit>) {
    for (index, statement) in query.stmts.iter().enumerate() {
        let (before, after) = query.stmts.split_at(index);
        let by_some = matches!(statement.literal, Literal::SomeVars { .. } | Literal::SomeIn { .. });
        for hidden in declarations(statement) {
            let name = hidden.text();
            let mut uses = Vec::new();
            let mut use_before = |expression: &Expr| named(expression, name, &mut uses);
            before.iter().for_each(|statement| syntax::walk_statement(statement, &mut use_before));
            let is_repeated = declared.get(name).is_some_and(|count| *count > 1);
            if uses.is_empty() && !(by_some && is_repeated) {
                continue;
            }
            let mut renamed = vec![range(hidden)];
            let mut rename = |expression: &Expr| named(expression, name, &mut renamed);
            after.iter().skip(1).for_each(|statement| syntax::walk_statement(statement, &mut rename));
            terms.iter().for_each(|term| syntax::walk(term, &mut rename));
            let replacement = format!("{name}__{}", hidden.start);
            edits.extend(renamed.into_iter().map(|range| (range, replacement.clone())));
        }
    }
}

fn named(expression: &Expr, name: &str, uses: &mut Vec<Range<usize>>) {
    if let Expr::Var { span, .. } = expression
        && span.text() == name
    {
        uses.push(range(span));
    }
}

fn range(span: &Span) -> Range<usize> {
    span.start as usize..span.end as usize
}
