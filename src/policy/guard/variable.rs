//! Variables that mean something else than they seem to.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Literal, Rule};

use crate::policy::syntax::{head_expressions, visit_statements, walk, walk_query};

/// `not xs[_] == 1`, which OPA refuses and which means something else than it seems to.
pub(super) fn wildcard_in_negation(rule: &Rule) -> bool {
    let mut found = false;
    visit_statements(rule, &mut |statement| {
        if let Literal::NotExpr { expr, .. } = &statement.literal {
            found |= has_wildcard(expr);
        }
    });
    found
}

/// Whether an expression iterates by `_`, other than inside of a comprehension.
fn has_wildcard(expression: &Expr) -> bool {
    match expression {
        Expr::Var { span, .. } => span.text() == "_",
        Expr::RefDot { refr, .. } => has_wildcard(refr),
        Expr::RefBrack { refr, index, .. } => has_wildcard(refr) || has_wildcard(index),
        Expr::Call { params, .. } => params.iter().any(|part| has_wildcard(part)),
        Expr::Array { items, .. } | Expr::Set { items, .. } => items.iter().any(|part| has_wildcard(part)),
        Expr::Object { fields, .. } => {
            fields.iter().any(|(_, key, value)| has_wildcard(key) || has_wildcard(value))
        }
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => has_wildcard(lhs) || has_wildcard(rhs),
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).any(|part| has_wildcard(part))
        }
        _ => false,
    }
}

/// A variable that `some` declares and only the head uses: OPA iterates over it, this engine has no value for it.
pub(super) fn unbound_in_head(rule: &Rule) -> Option<String> {
    let Rule::Spec { head, bodies, .. } = rule else { return None };
    let mut in_head = BTreeSet::new();
    head_expressions(head).for_each(|part| walk(part, &mut |expression| variable(expression, &mut in_head)));
    bodies.iter().find_map(|body| {
        let mut in_body = BTreeSet::new();
        walk_query(&body.query, &mut |expression| variable(expression, &mut in_body));
        let mut declared = body.query.stmts.iter().flat_map(|statement| match &statement.literal {
            Literal::SomeVars { vars, .. } => vars.iter().map(|name| name.text().to_owned()).collect(),
            _ => Vec::new(),
        });
        declared.find(|name| in_head.contains(name) && !in_body.contains(name))
    })
}

fn variable(expression: &Expr, names: &mut BTreeSet<String>) {
    if let Expr::Var { span, .. } = expression {
        names.insert(span.text().to_owned());
    }
}
