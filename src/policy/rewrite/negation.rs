//! `not f(input.x)` where `input.x` is undefined: OPA moves references and calls out of a negated call, so that the
//! whole is undefined; this engine has it true. The same is moved out here, in the text.
//!
//! As OPA's compiler does it (`expandExpr`, `rewriteDynamics`): operands of calls and operators other than `==` and `=`;
//! of these, and of a plain reference, only what stands inside of brackets.

use std::{collections::BTreeSet, ops::Range};

use regorus::unstable::{BoolOp, Expr, Literal, LiteralStmt, Module, Rule, RuleHead};

use super::Edit;
use crate::policy::syntax;

/// Edits of one module.
pub(super) fn edits(module: &Module, text: &str) -> Vec<Edit> {
    let mut edits = Vec::new();
    let globals = globals(module);
    for rule in &module.policy {
        let mut locals = locals(rule);
        iterated(rule, &globals, &mut locals);
        syntax::visit_statements(rule, &mut |statement| {
            let Literal::NotExpr { expr, .. } = &statement.literal else { return };
            let mut moved = Vec::new();
            operands(expr, &locals, &mut moved);
            // Inside of one that is moved there may be others: they are found when the result is read again.
            moved.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
            moved.dedup_by(|next, kept| next.start < kept.end);
            if !moved.is_empty() {
                edits.extend(moving(statement, &moved, text));
            }
        });
    }
    edits
}

fn moving(statement: &LiteralStmt, moved: &[Range<usize>], text: &str) -> Vec<Edit> {
    let from = statement.span.start as usize;
    let end = end(statement.span.end, text);
    // Modifiers hold for what is moved, too.
    let modifiers = statement.with_mods.first().and_then(|with| text.get(with.span.start as usize..end));
    let modifiers = modifiers.map(|modifiers| format!(" {modifiers}")).unwrap_or_default();
    let mut before = String::new();
    let mut edits = Vec::new();
    for range in moved {
        let name = format!("__moved{}", range.start);
        let value = text.get(range.clone()).unwrap_or_default();
        before.extend([&*name, " := ", value, &*modifiers, "; "]);
        edits.push((range.clone(), name));
    }
    if is_whole_body(text.get(..from).unwrap_or_default()) {
        before.insert_str(0, "{ ");
        edits.push((end..end, " }".to_owned()));
    }
    edits.push((from..from, before));
    edits
}

/// Whether a statement after this text is a body without braces.
fn is_whole_body(before: &str) -> bool {
    before.trim_end().strip_suffix("if").is_some_and(|rest| rest.ends_with(char::is_whitespace))
}

/// The engine's spans leave out the quote that a string ends with.
fn end(end: u32, text: &str) -> usize {
    let end = end as usize;
    let is_quote = text.get(end..).is_some_and(|rest| rest.starts_with(['"', '`']));
    end + usize::from(is_quote)
}

/// What OPA moves out of a negated expression.
fn operands(expression: &Expr, locals: &BTreeSet<String>, moved: &mut Vec<Range<usize>>) {
    match expression {
        Expr::Call { params, .. } => {
            params.iter().for_each(|operand| operand_of_call(operand, locals, moved));
        }
        Expr::BoolExpr { op: BoolOp::Eq, lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
            side_of_equality(lhs, locals, moved);
            side_of_equality(rhs, locals, moved);
        }
        Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::BinExpr { lhs, rhs, .. } => {
            operand_of_call(lhs, locals, moved);
            operand_of_call(rhs, locals, moved);
        }
        Expr::Membership { key, value, collection, .. } => {
            let parts = key.iter().chain([value, collection]);
            parts.for_each(|operand| operand_of_call(operand, locals, moved));
        }
        _ => inside_brackets(expression, locals, moved),
    }
}

fn side_of_equality(side: &Expr, locals: &BTreeSet<String>, moved: &mut Vec<Range<usize>>) {
    match side {
        Expr::RefDot { .. } | Expr::RefBrack { .. } | Expr::Var { .. } => {
            inside_brackets(side, locals, moved);
        }
        _ => operand_of_call(side, locals, moved),
    }
}

fn operand_of_call(operand: &Expr, locals: &BTreeSet<String>, moved: &mut Vec<Range<usize>>) {
    match operand {
        Expr::RefDot { .. }
        | Expr::RefBrack { .. }
        | Expr::Call { .. }
        | Expr::ArithExpr { .. }
        | Expr::BinExpr { .. } => moved.push(range(operand)),
        Expr::Var { span, .. } if !locals.contains(span.text()) && !span.text().starts_with('_') => {
            moved.push(range(operand));
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| operand_of_call(item, locals, moved));
        }
        Expr::Object { fields, .. } => fields.iter().for_each(|(_, key, value)| {
            operand_of_call(key, locals, moved);
            operand_of_call(value, locals, moved);
        }),
        _ => {}
    }
}

fn inside_brackets(reference: &Expr, locals: &BTreeSet<String>, moved: &mut Vec<Range<usize>>) {
    match reference {
        Expr::RefDot { refr, .. } => inside_brackets(refr, locals, moved),
        Expr::RefBrack { refr, index, .. } => {
            inside_brackets(refr, locals, moved);
            operand_of_call(index, locals, moved);
        }
        _ => {}
    }
}

fn range(expression: &Expr) -> Range<usize> {
    expression.span().start as usize..expression.span().end as usize
}

/// Names that a rule binds itself; any other name is that of a rule or an import.
fn locals(rule: &Rule) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Rule::Spec { head, .. } = rule else { return names };
    let mut pattern = |expression: &Expr| {
        syntax::walk(expression, &mut |part| {
            if let Expr::Var { span, .. } = part {
                names.insert(span.text().to_owned());
            }
        });
    };
    if let RuleHead::Func { args, .. } = head {
        args.iter().for_each(|argument| pattern(argument));
    }
    let mut declared = Vec::new();
    let mut statement = |statement: &LiteralStmt| match &statement.literal {
        Literal::SomeVars { vars, .. } => declared.extend(vars.iter().map(|name| name.text().to_owned())),
        Literal::SomeIn { key, value, .. } => key.iter().chain([value]).for_each(|part| pattern(part)),
        Literal::Every { key, value, .. } => {
            declared.extend(key.iter().chain([value]).map(|name| name.text().to_owned()));
        }
        Literal::Expr { expr, .. } => {
            if let Expr::AssignExpr { lhs, rhs, .. } = &**expr {
                [lhs, rhs].into_iter().filter(|side| is_pattern(side)).for_each(|side| pattern(side));
            }
        }
        Literal::NotExpr { .. } => {}
    };
    syntax::visit_statements(rule, &mut statement);
    names.extend(declared);
    names
}

/// Names of the rules and imports of a module.
fn globals(module: &Module) -> BTreeSet<String> {
    let rules = module.policy.iter().filter_map(|rule| match &**rule {
        Rule::Spec { head, .. } => Some(syntax::head_name(head)),
        Rule::Default { .. } => None,
    });
    let imports = module.imports.iter().map(|import| {
        let path = syntax::reference(import.refr.span().text());
        let last = path.rsplit('.').next().unwrap_or_default().to_owned();
        import.r#as.as_ref().map_or(last, |alias| alias.text().to_owned())
    });
    rules.chain(imports).collect()
}

/// Adds names that a rule binds without declaring them, as `i` of `xs[i]`.
fn iterated(rule: &Rule, globals: &BTreeSet<String>, locals: &mut BTreeSet<String>) {
    syntax::visit(rule, &mut |expression| {
        let Expr::RefBrack { index, .. } = expression else { return };
        let is_pattern = is_pattern(index);
        syntax::walk(index, &mut |part| match part {
            Expr::Var { span, .. } if is_pattern && !globals.contains(span.text()) => {
                locals.insert(span.text().to_owned());
            }
            _ => {}
        });
    });
}

fn is_pattern(side: &Expr) -> bool {
    matches!(side, Expr::Var { .. } | Expr::Array { .. } | Expr::Object { .. })
}
