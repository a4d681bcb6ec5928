//! Reading the syntax trees of the engine: names, and walks over expressions and statements.

use std::collections::BTreeSet;

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Rule, RuleHead};

/// `data.` and the package path.
pub(super) fn package(module: &Module) -> String {
    format!("data.{}", reference(module.package.refr.span().text()))
}

/// A reference in dotted form: `a["b"].c` is `a.b.c`.
pub(super) fn reference(text: &str) -> String {
    text.replace("[\"", ".").replace("\"]", "")
}

pub(super) fn head_name(head: &RuleHead) -> String {
    let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) = head;
    let text = refr.span().text();
    text.split(['[', '(', ' ']).next().unwrap_or(text).to_owned()
}

/// Whether a module has a rule of this name, with or without a suffix (`deny_privileged`).
pub(super) fn declares(module: &Module, name: &str) -> bool {
    module.policy.iter().any(|rule| match &**rule {
        Rule::Spec { head, .. } => {
            let declared = head_name(head);
            declared.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        }
        Rule::Default { .. } => false,
    })
}

/// Visits all expressions of a rule, its head included.
pub(super) fn visit(rule: &Rule, visit: &mut dyn FnMut(&Expr)) {
    let Rule::Spec { head, bodies, .. } = rule else { return };
    head_expressions(head).for_each(|expression| walk(expression, visit));
    for body in bodies {
        if let Some(assign) = &body.assign {
            walk(&assign.value, visit);
        }
        walk_query(&body.query, visit);
    }
}

pub(super) fn head_expressions(head: &RuleHead) -> impl Iterator<Item = &Expr> {
    let (key, assign) = match head {
        RuleHead::Set { key, .. } => (key.as_deref(), None),
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => (None, assign.as_ref()),
    };
    key.into_iter().chain(assign.map(|assign| &*assign.value))
}

/// What a module names below `data`, in dotted form: other packages, or what the user gives. `None` where that cannot be
/// told from the text, or where a query replaces it.
pub(super) fn named_data(module: &Module) -> Option<BTreeSet<String>> {
    let is_data = |expression: &Expr| matches!(expression, Expr::Var { span, .. } if span.text() == "data");
    let mut named = BTreeSet::new();
    let (mut bare, mut replaced) = (0_i32, false);
    let mut look = |expression: &Expr| {
        let text = match expression {
            Expr::Call { fcn, .. } => fcn.span().text(),
            Expr::RefDot { span, refr, .. } => {
                bare -= i32::from(is_data(refr));
                span.text()
            }
            _ => "",
        };
        if let Some(name) = text.strip_prefix("data.") {
            named.insert(format!("data.{}", reference(name)));
        }
        bare += i32::from(is_data(expression));
    };
    for import in &module.imports {
        walk(&import.refr, &mut look);
    }
    for rule in &module.policy {
        visit(rule, &mut look);
        match &**rule {
            Rule::Spec { head, .. } => {
                let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) =
                    head;
                walk(refr, &mut look);
            }
            Rule::Default { value, .. } => walk(value, &mut look),
        }
        visit_statements(rule, &mut |statement| {
            let mut replaces = statement.with_mods.iter().map(|modifier| modifier.refr.span().text());
            replaced |= replaces.any(|text| text.starts_with("data"));
        });
    }
    (bare == 0 && !replaced).then_some(named)
}

/// Whether a module reads some of these parts of its input, and nothing else of it.
pub(super) fn reads_only(module: &Module, parts: &[&str]) -> bool {
    let is_input = |expression: &Expr| matches!(expression, Expr::Var { span, .. } if span.text() == "input");
    let (mut named, mut other) = (0_usize, 0_usize);
    let mut look = |expression: &Expr| match expression {
        Expr::RefDot { refr, field, .. } if is_input(refr) && parts.contains(&field.0.text()) => named += 1,
        expression => other += usize::from(is_input(expression)),
    };
    module.imports.iter().for_each(|import| walk(&import.refr, &mut look));
    module.policy.iter().for_each(|rule| visit(rule, &mut look));
    // Below each part stands `input` itself.
    named > 0 && other == named
}

/// Visits all statements of a rule, those of comprehensions and of `every` included.
pub(super) fn visit_statements(rule: &Rule, visit_statement: &mut dyn FnMut(&LiteralStmt)) {
    let Rule::Spec { bodies, .. } = rule else { return };
    bodies.iter().for_each(|body| statements(&body.query, visit_statement));
    visit(rule, &mut |expression| match expression {
        Expr::ArrayCompr { query, .. } | Expr::SetCompr { query, .. } | Expr::ObjectCompr { query, .. } => {
            statements(query, visit_statement);
        }
        _ => {}
    });
}

fn statements(query: &Query, visit_statement: &mut dyn FnMut(&LiteralStmt)) {
    for statement in &query.stmts {
        visit_statement(statement);
        if let Literal::Every { query, .. } = &statement.literal {
            statements(query, visit_statement);
        }
    }
}

pub(super) fn walk_query(query: &Query, visit: &mut dyn FnMut(&Expr)) {
    query.stmts.iter().for_each(|statement| walk_statement(statement, visit));
}

pub(super) fn walk_statement(statement: &LiteralStmt, visit: &mut dyn FnMut(&Expr)) {
    match &statement.literal {
        Literal::SomeVars { .. } => {}
        Literal::SomeIn { value, collection, .. } => {
            walk(value, visit);
            walk(collection, visit);
        }
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => walk(expr, visit),
        Literal::Every { domain, query, .. } => {
            walk(domain, visit);
            walk_query(query, visit);
        }
    }
    statement.with_mods.iter().for_each(|modifier| walk(&modifier.r#as, visit));
}

pub(super) fn walk(expression: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expression);
    match expression {
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| walk(item, visit));
        }
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
            walk(key, visit);
            walk(value, visit);
        }),
        Expr::ArrayCompr { term, query, .. } | Expr::SetCompr { term, query, .. } => {
            walk(term, visit);
            walk_query(query, visit);
        }
        Expr::ObjectCompr { key, value, query, .. } => {
            walk(key, visit);
            walk(value, visit);
            walk_query(query, visit);
        }
        Expr::Call { params, .. } => params.iter().for_each(|parameter| walk(parameter, visit)),
        Expr::UnaryExpr { expr, .. } => walk(expr, visit),
        Expr::RefDot { refr, .. } => walk(refr, visit),
        Expr::RefBrack { refr, index, .. } => {
            walk(refr, visit);
            walk(index, visit);
        }
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            walk(lhs, visit);
            walk(rhs, visit);
        }
        Expr::Membership { key, value, collection, .. } => {
            key.iter().chain([value, collection]).for_each(|part| walk(part, visit));
        }
        _ => {}
    }
}
