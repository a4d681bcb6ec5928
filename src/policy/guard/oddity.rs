//! What a policy computes otherwise than OPA without being wrong: it is loaded, and said.

use std::collections::BTreeMap;

use regorus::unstable::{Expr, Module, Ref};

use crate::policy::syntax::visit;

/// What a module computes otherwise than OPA, though it is not wrong: numbers are binary fractions here.
pub(in crate::policy) fn oddities(module: &Module) -> Vec<String> {
    let mut found = BTreeMap::new();
    for rule in &module.policy {
        visit(rule, &mut |expression| match expression {
            Expr::ArithExpr { span, lhs, rhs, .. }
                if [lhs, rhs].into_iter().any(|side| is_fraction(side)) =>
            {
                found.insert(span.line, "fractions are binary here: 0.1 + 0.2 is not 0.3, as it is in OPA");
            }
            Expr::Number { span, .. } if is_odd_number(span.text()) => {
                found.insert(span.line, "numbers lose zeros and exponents here when they become text");
            }
            Expr::Set { span, items, .. } if is_mixed(items) => {
                found.insert(span.line, "sets sort before objects here, after them in OPA");
            }
            _ => {}
        });
    }
    found.into_iter().map(|(line, oddity)| format!("line {line}: {oddity}")).collect()
}

fn is_fraction(expression: &Expr) -> bool {
    matches!(expression, Expr::Number { span, .. } if span.text().contains('.'))
}

fn is_odd_number(text: &str) -> bool {
    text.contains(['e', 'E']) || (text.contains('.') && text.ends_with('0'))
}

fn is_mixed(items: &[Ref<Expr>]) -> bool {
    let any = |wanted: fn(&Expr) -> bool| items.iter().any(|item| wanted(item));
    any(|item| matches!(item, Expr::Set { .. })) && any(|item| matches!(item, Expr::Object { .. }))
}
