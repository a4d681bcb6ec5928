//! What is refused when a policy is loaded, because the engine would answer wrongly or not at all.
//!
//! Each guard stands for a measured defect of regorus 0.14.1: literals nested deeply take exponential time to parse,
//! a recursive function overflows the stack, an unknown function is noticed only when it is reached.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{BUILTINS, Expr, Literal, Module, Query, Rule, RuleHead};

/// Deepest nesting of array and object literals; each level doubles the time to parse.
const DEEPEST_LITERAL: usize = 10;

/// Functions that the parser or interpreter knows without a table.
const SPECIAL: [&str; 3] = ["print", "walk", "set"];

/// Refuses literals that would take exponential time to parse. Strings and comments do not count.
pub(super) fn literal_depth(text: &str) -> Result<(), String> {
    let (mut depth, mut line) = (0_usize, 1);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            '#' => while characters.next_if(|next| *next != '\n').is_some() {},
            '`' => {
                line +=
                    characters.by_ref().take_while(|next| *next != '`').filter(|next| *next == '\n').count();
            }
            '"' => {
                while let Some(next) = characters.next() {
                    match next {
                        '\\' => drop(characters.next()),
                        '"' | '\n' => break,
                        _ => {}
                    }
                }
            }
            '[' | '{' => {
                depth += 1;
                if depth > DEEPEST_LITERAL {
                    return Err(format!(
                        "line {line}: brackets are nested more than {DEEPEST_LITERAL} deep; keep deep tables in data files"
                    ));
                }
            }
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// Refuses unknown functions and functions that reach themselves. `extensions` are functions that the host adds.
/// Returns one message for each offending file.
pub(super) fn functions(
    modules: &[regorus::unstable::Ref<Module>],
    extensions: &[&str],
) -> BTreeMap<String, String> {
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut functions = BTreeSet::new();
    for module in modules {
        for rule in &module.policy {
            if let Rule::Spec { head, .. } = &**rule {
                let name = format!("{}.{}", package(module), head_name(head));
                files.insert(name.clone(), module.package.span.source.file().clone());
                if matches!(head, RuleHead::Func { .. }) {
                    functions.insert(name.clone());
                }
                calls.entry(name).or_default();
            }
        }
    }
    let mut errors = BTreeMap::new();
    for module in modules {
        let scope = Scope::new(module, &files);
        for rule in &module.policy {
            let Rule::Spec { head, bodies, .. } = &**rule else { continue };
            let name = format!("{}.{}", package(module), head_name(head));
            let mut visit = |expression: &Expr| match expression {
                Expr::Call { fcn, span, .. } => match scope.resolve(fcn.span().text()) {
                    Some(target) => drop(calls.entry(name.clone()).or_default().insert(target)),
                    None if is_built_in(fcn.span().text(), extensions) => {}
                    None => {
                        let message = format!(
                            "line {}: unknown function `{}`; this engine does not have it",
                            span.line,
                            fcn.span().text()
                        );
                        errors.entry(module.package.span.source.file().clone()).or_insert(message);
                    }
                },
                Expr::Var { span, .. } => {
                    if let Some(target) = scope.resolve(span.text()) {
                        calls.entry(name.clone()).or_default().insert(target);
                    }
                }
                _ => {}
            };
            head_expressions(head).for_each(|expression| walk(expression, &mut visit));
            for body in bodies {
                if let Some(assign) = &body.assign {
                    walk(&assign.value, &mut visit);
                }
                walk_query(&body.query, &mut visit);
            }
        }
    }
    for function in &functions {
        if reaches(function, function, &calls) {
            let file = files.get(function).cloned().unwrap_or_default();
            let name = function.rsplit('.').next().unwrap_or(function);
            errors
                .entry(file)
                .or_insert_with(|| format!("function `{name}` calls itself; Rego does not allow recursion"));
        }
    }
    errors
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

fn is_built_in(name: &str, extensions: &[&str]) -> bool {
    BUILTINS.contains_key(name) || SPECIAL.contains(&name) || extensions.contains(&name)
}

/// `data.` and the package path.
fn package(module: &Module) -> String {
    format!("data.{}", reference(module.package.refr.span().text()))
}

/// A reference in dotted form: `a["b"].c` is `a.b.c`.
fn reference(text: &str) -> String {
    text.replace("[\"", ".").replace("\"]", "")
}

pub(super) fn head_name(head: &RuleHead) -> String {
    let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) = head;
    let text = refr.span().text();
    text.split(['[', '(', ' ']).next().unwrap_or(text).to_owned()
}

/// What names mean in one module.
struct Scope<'m> {
    package: String,
    /// Alias to full reference.
    imports: BTreeMap<String, String>,
    declared: &'m BTreeMap<String, String>,
}

impl<'m> Scope<'m> {
    fn new(module: &Module, declared: &'m BTreeMap<String, String>) -> Self {
        let imports = module.imports.iter().map(|import| {
            let target = reference(import.refr.span().text());
            let alias = import.r#as.as_ref().map_or_else(
                || target.rsplit('.').next().unwrap_or_default().to_owned(),
                |alias| alias.text().to_owned(),
            );
            (alias, target)
        });
        Self { package: package(module), imports: imports.collect(), declared }
    }

    /// Full name of the rule or function that a reference leads to, if one is declared.
    fn resolve(&self, text: &str) -> Option<String> {
        let text = reference(text);
        let (first, rest) =
            text.split_once('.').map_or((text.as_str(), None), |(first, rest)| (first, Some(rest)));
        let join = |head: &str| rest.map_or_else(|| head.to_owned(), |rest| format!("{head}.{rest}"));
        let candidates = [
            self.imports.get(first).map(|target| join(target)),
            Some(format!("{}.{text}", self.package)),
            (first == "data").then(|| text.clone()),
        ];
        candidates.into_iter().flatten().find(|candidate| self.declared.contains_key(candidate))
    }
}

fn reaches(from: &str, target: &str, calls: &BTreeMap<String, BTreeSet<String>>) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending: Vec<&str> = calls.get(from).into_iter().flatten().map(String::as_str).collect();
    while let Some(name) = pending.pop() {
        if name == target {
            return true;
        }
        if seen.insert(name) {
            pending.extend(calls.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

fn head_expressions(head: &RuleHead) -> impl Iterator<Item = &Expr> {
    let (key, assign) = match head {
        RuleHead::Set { key, .. } => (key.as_deref(), None),
        RuleHead::Compr { assign, .. } | RuleHead::Func { assign, .. } => (None, assign.as_ref()),
    };
    key.into_iter().chain(assign.map(|assign| &*assign.value))
}

fn walk_query(query: &Query, visit: &mut dyn FnMut(&Expr)) {
    for statement in &query.stmts {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<String> {
        let mut engine = regorus::Engine::new();
        engine.add_policy("a.rego".into(), format!("package a\nimport rego.v1\n{text}")).unwrap();
        functions(engine.get_modules(), &["parse_config"]).remove("a.rego")
    }

    #[test]
    fn deep_literals_are_refused_but_strings_and_comments_do_not_count() {
        assert!(
            literal_depth(&format!("x := {}1{}", "[".repeat(11), "]".repeat(11)))
                .unwrap_err()
                .contains("line 1")
        );
        for text in [
            "x := \"[[[[[[[[[[[[\\\"[\"",
            "# [[[[[[[[[[[[",
            "x := `[[[[[[[[[[[[`",
            "x := [[[[[1]]]]]\ny := [[[[[[1]]]]]]",
        ] {
            assert_eq!(literal_depth(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn recursion_of_functions_is_refused() {
        for text in [
            "f(x) := f(x)",
            "f(x) := g(x)\ng(x) := y if { y := [1 | f(x)] }",
            "f(x) := r if { x }\nr if { f(1) }",
            "f(x) := data.a.f(x)",
        ] {
            assert!(check(text).unwrap().contains("recursion"), "{text}");
        }
        assert_eq!(check("f(x) := g(x)\ng(x) := count(x)\nr := f([1])"), None);
    }

    #[test]
    fn unknown_functions_are_refused_and_known_ones_are_not() {
        assert!(check("r := crypto.x509.parse_certificates(1)").unwrap().contains("crypto.x509"));
        assert!(check("r if { not missing(1) }").unwrap().contains("`missing`"));
        assert_eq!(
            check(
                "r := parse_config(1, 2)\ns := sprintf(\"%v\", [1])\nt if { walk(input, [p, v]) }\nu if { regex.match(`a`, \"a\") }"
            ),
            None
        );
    }
}
