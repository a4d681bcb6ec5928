//! What is refused when a policy is loaded, because the engine would answer wrongly or not at all.
//!
//! Each guard stands for a measured defect of regorus 0.14.1: literals nested deeply take exponential time to parse,
//! a recursive function overflows the stack, an unknown function or one argument too few is noticed only when it is
//! reached.

mod oddity;
mod safety;
mod signature;
mod variable;

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{BUILTINS, Expr, Literal, Module, Rule, RuleHead};

pub(super) use self::oddity::oddities;
use self::variable::{unbound_in_head, wildcard_in_negation};
use super::{
    builtins,
    syntax::{head_name, package, reference, visit, visit_statements},
};

/// Deepest nesting of array and object literals; each level doubles the time to parse.
const DEEPEST_LITERAL: usize = 10;

/// Functions that the parser or interpreter knows without a table.
const SPECIAL: [&str; 2] = ["print", "set"];

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

/// Refuses unknown functions, wrong numbers of arguments, and functions that reach themselves. `added` gives the number
/// of arguments of a function that the host adds for a file. Returns one message for each offending file.
pub(super) fn functions(
    modules: &[regorus::unstable::Ref<Module>],
    added: &dyn Fn(&str, &str) -> Option<u8>,
) -> BTreeMap<String, String> {
    let mut calls: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut functions = BTreeMap::new();
    for module in modules {
        for rule in &module.policy {
            if let Rule::Spec { head, .. } = &**rule {
                let name = format!("{}.{}", package(module), head_name(head));
                files.insert(name.clone(), module.package.span.source.file().clone());
                if let RuleHead::Func { args, .. } = head {
                    functions.insert(name.clone(), args.len());
                }
                calls.entry(name).or_default();
            }
        }
    }
    let declared = names_by_package(modules);
    let mut errors = BTreeMap::new();
    for module in modules {
        let scope = Scope::new(module, &files);
        let file = module.package.span.source.file();
        let known = known_names(&scope, declared.get(&scope.package));
        let arity = |called: &str| match scope.resolve(called) {
            Some(target) => functions.get(&target).copied(),
            None if called == "walk" => Some(1),
            None if SPECIAL.contains(&called) => Some(usize::MAX),
            None => {
                added(file, called).or_else(|| BUILTINS.get(called).map(|(_, arity)| *arity)).map(usize::from)
            }
        };
        let names = safety::Names { known: &known, arity: &arity };
        for rule in &module.policy {
            let Rule::Spec { head, span, .. } = &**rule else { continue };
            if wildcard_in_negation(rule) {
                errors.entry(file.clone()).or_insert_with(|| {
                    format!(
                        "line {}: `_` in a negated expression is unsafe; iterate in a rule of its own",
                        span.line
                    )
                });
            }
            visit_statements(rule, &mut |statement| {
                let replaced = statement.with_mods.iter().map(|modifier| modifier.refr.span());
                for span in replaced.filter(|span| builtins::substitute(span.text()).is_some()) {
                    let (line, name) = (span.line, span.text());
                    errors.entry(file.clone()).or_insert_with(|| {
                        format!("line {line}: `{name}` cannot be replaced by `with` here; call it in a function of your own, and replace that")
                    });
                }
            });
            if let Some(variable) = unbound_in_head(rule) {
                errors.entry(file.clone()).or_insert_with(|| {
                    let line = span.line;
                    format!("line {line}: `some {variable}` is used in the head only; use `{variable}` in the body")
                });
            }
            if let Some(variable) = safety::unbound(rule, &names) {
                let (line, name) = (variable.line, variable.text());
                errors.entry(file.clone()).or_insert_with(|| {
                    format!(
                        "line {line}: variable `{name}` is unsafe: nothing binds it, and no loaded rule has this name"
                    )
                });
            }
            let name = format!("{}.{}", package(module), head_name(head));
            let stated = stated_calls(rule);
            visit(rule, &mut |expression| match expression {
                Expr::Call { fcn, span, params, .. } => {
                    let called = fcn.span();
                    let is_statement = stated.contains(&(span.start, span.end));
                    let problem = if let Some(target) = scope.resolve(called.text()) {
                        let wanted = functions.get(&target).copied();
                        calls.entry(name.clone()).or_default().insert(target);
                        wanted.and_then(|wanted| {
                            let most = wanted + usize::from(is_statement);
                            misfit(called.text(), params.len(), wanted..=most)
                        })
                    } else {
                        let added = added(file, called.text());
                        call_problem(called.text(), params.len(), added, is_statement)
                            .or_else(|| signature::problem(called.text(), params))
                    };
                    if let Some(problem) = problem {
                        errors
                            .entry(file.clone())
                            .or_insert_with(|| format!("line {}: {problem}", span.line));
                    }
                }
                Expr::Var { span, .. } => {
                    if let Some(target) = scope.resolve(span.text()) {
                        calls.entry(name.clone()).or_default().insert(target);
                    }
                }
                _ => {}
            });
        }
    }
    for function in functions.keys() {
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

/// Names of the rules of each package.
fn names_by_package(modules: &[regorus::unstable::Ref<Module>]) -> BTreeMap<String, BTreeSet<String>> {
    let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for module in modules {
        let declared = module.policy.iter().map(|rule| {
            let name = match &**rule {
                Rule::Spec { head, .. } => head_name(head),
                Rule::Default { refr, .. } => refr.span().text().to_owned(),
            };
            name.split(['.', '[', '(', ' ']).next().unwrap_or_default().to_owned()
        });
        names.entry(package(module)).or_default().extend(declared);
    }
    names
}

/// What has a meaning everywhere in a module.
fn known_names(scope: &Scope<'_>, rules: Option<&BTreeSet<String>>) -> BTreeSet<String> {
    let documents = ["input", "data"].map(str::to_owned);
    let imports = scope.imports.keys().cloned();
    imports.chain(documents).chain(rules.into_iter().flatten().cloned()).collect()
}

/// Calls that are statements of their own, by their bytes: only there may one more argument take the value.
pub(super) fn stated_calls(rule: &Rule) -> BTreeSet<(u32, u32)> {
    let mut calls = BTreeSet::new();
    visit_statements(rule, &mut |statement| {
        if let Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } = &statement.literal
            && let Expr::Call { span, .. } = &**expr
        {
            calls.insert((span.start, span.end));
        }
    });
    calls
}

fn misfit(name: &str, given: usize, wanted: std::ops::RangeInclusive<usize>) -> Option<String> {
    let fits = wanted.contains(&given);
    let name = builtins::written(name);
    (!fits).then(|| format!("`{name}` is called with {given} arguments instead of {}", wanted.start()))
}

/// Why a call of a function that no policy declares cannot be evaluated.
fn call_problem(name: &str, given: usize, added: Option<u8>, is_statement: bool) -> Option<String> {
    if name == "walk" {
        let misused = given != 2;
        return misused.then(|| {
            "`walk` has many values; write `walk(x, [path, value])` or `[path, value] := walk(x)`".to_owned()
        });
    }
    let wanted = match (added, BUILTINS.get(name)) {
        (Some(wanted), known) => {
            // The engine gives the value to one more argument only where it knows the function itself.
            let most = wanted + u8::from(known.is_some() && is_statement);
            wanted..=most
        }
        // Variadic.
        (None, Some((_, u8::MAX))) => return None,
        (None, Some((_, wanted))) => *wanted..=wanted.saturating_add(u8::from(is_statement)),
        (None, None) if SPECIAL.contains(&name) => return None,
        (None, None) => return Some(format!("unknown function `{name}`; this engine does not have it")),
    };
    misfit(name, given, usize::from(*wanted.start())..=usize::from(*wanted.end()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Option<String> {
        let mut engine = regorus::Engine::new();
        engine.add_policy("a.rego".into(), format!("package a\nimport rego.v1\n{text}")).unwrap();
        let added = |_: &str, name: &str| (name == "parse_config").then_some(2);
        functions(engine.get_modules(), &added).remove("a.rego")
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
    fn a_variable_that_nothing_binds_is_refused() {
        for (text, variable) in [
            ("helper := x", "x"),
            ("helper := [x | true]", "x"),
            ("helper := {x: 1 | y := 1}", "x"),
            ("helper contains x", "x"),
            ("helper[x] := 1", "x"),
            ("helper if { y := x; y > 1 }", "x"),
            ("helper if x > 1", "x"),
            ("helper if x in [1]", "x"),
            ("helper if { x = y }", "y"),
            ("helper if { [x, 1] = [y, 1] }", "y"),
            ("helper if { some x; x > 1 }", "x"),
            ("helper if { some x in y }", "y"),
            ("helper if { not input.xs[x] }", "x"),
            ("helper if { {x} = {1} }", "x"),
            ("helper if { {x: 1} = {1: 1} }", "x"),
            ("helper if { every y in [1] { y > x } }", "x"),
            ("helper if { input.a with input as x }", "x"),
            ("helper if { xs[y] }", "xs"),
            ("helper if { count(x) }", "x"),
            ("helper := y if { y := 1 } else := y", "y"),
            ("f(y) := x", "x"),
            ("f(y) := y if { startswith(y, prefix) }", "prefix"),
            ("helper if { y := [z | z := 1]; z > 1 }", "z"),
            ("helper := sprintf(\"%s\", [mesage]) if { message := \"a\" }", "mesage"),
            ("helper := -x", "x"),
            ("helper if { print(x) }", "x"),
        ] {
            let error = check(text).unwrap_or_else(|| panic!("{text} is accepted"));
            assert!(error.contains(&format!("line 3: variable `{variable}` is unsafe")), "{text}: {error}");
        }
    }

    #[test]
    fn whatever_binds_a_variable_makes_it_safe() {
        for text in [
            "helper := x if { x := 1 }",
            "helper := x if { x = 1 }",
            "helper := x if { 1 = x }",
            "helper := y if { y = x; x = 1 }",
            "helper := x if { [x, _] = input.pair }",
            "helper := x if { {\"a\": [x]} = input.pair }",
            "helper := [x, y] if { [x, 1] = [2, y] }",
            "helper := x if { {\"a\": x, \"b\": 1} = {\"a\": 1, \"b\": 1} }",
            "helper contains x if { some x in input.xs }",
            "helper contains [x, y] if { some x, y in input.xs }",
            "helper contains x if { some [x, \"a\"] in input.xs }",
            "helper contains x if { input.xs[x] }",
            "helper contains x if { input.xs[x].y[_] == 1 }",
            "helper contains x if { count(input.xs[x]) > 1 }",
            "helper contains x if { input.xs[[x, 1]] }",
            "helper contains [x, y] if { input.xs[input.ys[x]][y] }",
            "helper contains x if { [1, 2][x] > 1 }",
            "helper[x] := y if { y := input.xs[x] }",
            "helper := [x | x := input.xs[_]]",
            "helper := {x: y | some x, y in input.xs}",
            "helper := y if { y := [x | input.xs[x]] }",
            "helper := [x |\n\tsome y\n\tx := input.xs[y]\n]",
            "helper if { every x, y in input.xs { x > y } }",
            "helper contains x if { walk(input, [x, _]) }",
            "helper contains x if { split(\"a,b\", \",\", y); x := y[_] }",
            "f(x) := x\nhelper := y if { f(1, y) }",
            "f([x, {\"a\": y}], _) := [x, y]",
            "f(x) := 1 if { x > 1 } else := x",
            "f(xs) if { some x in xs; x > 1 }",
            "import input.review as review\nhelper := review.object",
            "import data.lib.names\nhelper := names.all",
            "helper if { x; other }\nx := 1\ndefault other := false",
            "a.b.c := 1\nhelper := a.b",
            "helper if { input.a with input as x }\nx := 1",
            "helper if { time.now_ns() > 1 with time.now_ns as now }\nnow() := 2",
            "helper if { count([1]) == 1 with count as sum }",
            "helper if { not _moved(input.x) }\n_moved(x) if x",
            "helper contains x if { x := input.xs[y].z; y != 1 }",
            "helper := {\"a\": x} if { x := max({y | y := input.ys[_]}) }",
            "helper := object.get(input, [\"a\", x], 1) if { some x in [1] }",
        ] {
            assert_eq!(check(text), None, "{text}");
        }
    }

    #[test]
    fn unknown_functions_are_refused_and_known_ones_are_not() {
        assert!(check("r := crypto.x509.parse_certificates(1)").unwrap().contains("crypto.x509"));
        assert!(check("r := x if { io.jwt.decode(input, x) }").unwrap().contains("unknown function"));
        assert!(check("r if { not missing(1) }").unwrap().contains("`missing`"));
        assert!(check("r := count(1)").unwrap().contains("not a number"));
        assert!(check("r := startswith(count([1]), \"a\")").unwrap().contains("argument 1"));
        assert_eq!(
            check("r := max({1, 2})\ns := count(\"x\")\nt := concat(\"\", split(input.x, \"\"))"),
            None
        );
        assert!(check("r := count([1], 2, 3)").unwrap().contains("3 arguments instead of 1"));
        assert!(check("r := lower(\"A\", 1)").unwrap().contains("2 arguments instead of 1"));
        assert!(check("f(x) := x\nr if f(1, 2) == 1").unwrap().contains("`f` is called with 2 arguments"));
        assert_eq!(check("f(x) := x\nr if { f(1, y); lower(\"A\", z); y == z }"), None);
        assert!(check("r if walk(input)[1] == 2").unwrap().contains("[path, value] := walk(x)"));
        assert_eq!(check("r if { walk(input, [_, v]); v == 1 }"), None);
        assert!(check("r contains input[i] if { some i }").unwrap().contains("`some i`"));
        assert_eq!(check("r contains input[i] if { some i; input[i] > 1 }"), None);
        assert!(check("r := parse_config(1)").unwrap().contains("1 arguments instead of 2"));
        assert_eq!(
            check(
                "r := parse_config(1, 2)\ns := sprintf(\"%v\", [1])\nt if { walk(input, [p, v]) }\nu if { regex.match(`a`, \"a\") }"
            ),
            None
        );
    }
}
