//! What OPA's compiler does and this engine does not: done to the text before it is loaded, each line for itself, so that
//! places in policies stay right.
//!
//! `rego.metadata.rule()` and `rego.metadata.chain()` become their value, as OPA's compiler does it;
//! `parse_config_file` and `parse_combined_config_files` get the name of their file as first argument; ranges of numbers
//! are made by functions that bound them, and other functions by ours (see [`super::builtins`]). Variables that hide others: see [`scope`]. Negated calls: see [`negation`].

mod negation;
mod scope;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use regorus::unstable::{Expr, Module, Rule};

use super::{annotations::Annotated, builtins, guard, load, syntax};

const FILE_FUNCTIONS: [&str; 2] = ["parse_config_file", "parse_combined_config_files"];

type Edit = (Range<usize>, String);

/// More passes than any policy needs: each unfolds one level of nesting.
const PASSES: usize = 16;

/// A text without `import data` and `import input`, which say nothing, and which the engine refuses. Lines and columns
/// stay.
pub(super) fn without_idle_imports(text: &str) -> Cow<'_, str> {
    let is_idle = |line: &str| {
        let code = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = code.split_whitespace().collect();
        matches!(words.as_slice(), ["import", "data" | "input"])
    };
    // Imports stand between `package` and the first rule.
    let is_head = |line: &&str| {
        let word = line.split_whitespace().next().unwrap_or("#");
        word.starts_with('#') || ["package", "import"].contains(&word)
    };
    let head = text.split_inclusive('\n').take_while(is_head);
    if !head.clone().any(is_idle) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    for line in head {
        if is_idle(line) {
            written.extend(
                line.chars().map(|character| if character.is_whitespace() { character } else { ' ' }),
            );
        } else {
            written.push_str(line);
        }
    }
    written.push_str(text.get(written.len()..).unwrap_or_default());
    Cow::Owned(written)
}

/// The text that is loaded for a module, which was read from `text`.
///
/// # Errors
/// What the parser says about a text that was rewritten.
pub(super) fn rewritten<'t>(module: &Module, text: &'t str, v0: bool) -> Result<Cow<'t, str>, String> {
    let annotated = text.contains("rego.metadata.").then(|| Annotated::new(text));
    let mut current = match apply(text, local_edits(module, text, annotated.as_ref())) {
        Some(changed) => changed,
        None => match apply(text, negation::edits(module, text)) {
            Some(changed) => changed,
            None => return Ok(Cow::Borrowed(text)),
        },
    };
    for _ in 0..PASSES {
        let mut engine = load::parser();
        engine.set_rego_v0(v0);
        let file = module.package.span.source.file().clone();
        engine.add_policy(file, current.clone()).map_err(|error| error.to_string())?;
        let again =
            engine.get_modules().last().and_then(|module| apply(&current, negation::edits(module, &current)));
        match again {
            Some(changed) => current = changed,
            None => break,
        }
    }
    Ok(Cow::Owned(current))
}

fn local_edits(module: &Module, text: &str, annotated: Option<&Annotated>) -> Vec<Edit> {
    let mut edits = Vec::new();
    for rule in &module.policy {
        scope::edits(rule, &mut edits);
        let stated = guard::stated_calls(rule);
        syntax::visit(rule, &mut |expression| {
            edits.extend(call(module, rule, expression, text, annotated));
            edits.extend(substituted(module, expression, text, &stated));
            edits.extend(walk(expression, text).into_iter().flatten());
        });
    }
    edits
}

/// Applies edits that do not overlap; of two at one place the later one counts, of an inner query.
fn apply(text: &str, edits: Vec<Edit>) -> Option<String> {
    let mut by_place: BTreeMap<(usize, usize), String> = BTreeMap::new();
    for (range, replacement) in edits {
        by_place.insert((range.start, range.end), replacement);
    }
    let mut result = String::with_capacity(text.len() * 2);
    let mut done = 0;
    for ((start, end), replacement) in &by_place {
        // Inside of what was replaced already: the next pass finds it.
        if *start < done {
            continue;
        }
        result.push_str(text.get(done..*start)?);
        result.push_str(replacement);
        done = *end;
    }
    result.push_str(text.get(done..)?);
    (!by_place.is_empty()).then_some(result)
}

/// The edit of a call, if it needs to know where it stands.
fn call(
    module: &Module,
    rule: &Rule,
    call: &Expr,
    text: &str,
    annotated: Option<&Annotated>,
) -> Option<Edit> {
    let (Expr::Call { span, fcn, .. }, Rule::Spec { span: rule_span, head, .. }) = (call, rule) else {
        return None;
    };
    let name = fcn.span();
    if FILE_FUNCTIONS.contains(&name.text()) {
        let end = name.end as usize;
        let at = end + text.get(end..)?.find('(')? + 1;
        return Some((at..at, format!("{}, ", literal(module.package.span.source.file()))));
    }
    let package = module.package.refr.span().text();
    let value = match name.text() {
        "rego.metadata.rule" => annotated?.rule(rule_span.line),
        "rego.metadata.chain" => annotated?.chain(package, syntax::head_name(head), rule_span.line),
        _ => return None,
    };
    let value = format!("json.unmarshal({})", literal(&value.to_string()));
    Some((span.start as usize..span.end as usize, value))
}

/// The edits of a call for which another function is called. A last argument that takes the value (`to_number(x, y)`) is
/// put in front, since the engine gives it to its own functions only.
fn substituted(module: &Module, call: &Expr, text: &str, stated: &BTreeSet<(u32, u32)>) -> Vec<Edit> {
    let Expr::Call { span, fcn, params, .. } = call else { return Vec::new() };
    let name = fcn.span();
    let Some(instead) = builtins::substitute(name.text()) else { return Vec::new() };
    let is_own =
        |rule: &Rule| matches!(rule, Rule::Spec { head, .. } if syntax::head_name(head) == name.text());
    if module.policy.iter().any(|rule| is_own(rule)) {
        return Vec::new();
    }
    let at = name.start as usize..name.end as usize;
    let arity = builtins::arity(instead, false).map(usize::from);
    if let [.., value] = params.as_slice()
        && arity == Some(params.len() - 1)
        && stated.contains(&(span.start, span.end))
        && let Some(comma) = text.get(..value.span().start as usize).and_then(|before| before.rfind(','))
    {
        let end = (span.end as usize).saturating_sub(1);
        // Lines must stay.
        let lines = "\n".repeat(text.get(comma..end).unwrap_or_default().matches('\n').count());
        return vec![(at, format!("{} = {instead}", value.span().text())), (comma..end, lines)];
    }
    vec![(at, instead.to_owned())]
}

/// `[path, value] := walk(x)` becomes `walk(x, [path, value])`: the engine has no value for the first.
fn walk(expression: &Expr, text: &str) -> Option<[Edit; 2]> {
    let Expr::AssignExpr { lhs, rhs, .. } = expression else { return None };
    let Expr::Call { span, fcn, params, .. } = &**rhs else { return None };
    let [whole] = params.as_slice() else { return None };
    let (left, whole) = (lhs.span(), whole.span());
    let given = text.get(whole.start as usize..whole.end as usize)?;
    let between = text.get(left.end as usize..span.end as usize)?;
    // Lines must stay; whoever breaks them there is told the other form.
    if fcn.span().text() != "walk" || between.contains('\n') {
        return None;
    }
    let (start, end) = (left.start as usize, left.end as usize);
    Some([(start..start, format!("walk({given}, ")), (end..span.end as usize, ")".to_owned())])
}

/// A string of Rego, which is one of JSON.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use regorus::Engine;

    use super::*;

    fn prepared(file: &str, rego: &str) -> String {
        let mut engine = Engine::new();
        engine.add_policy(file.into(), rego.into()).unwrap();
        rewritten(&engine.get_modules()[0], rego, false).unwrap().into_owned()
    }

    fn value(rego: &str) -> serde_json::Value {
        let mut engine = Engine::new();
        engine.add_policy("a.rego".into(), prepared("a.rego", rego)).unwrap();
        serde_json::to_value(engine.eval_rule("data.team.checks.r".into()).unwrap()).unwrap()
    }

    #[test]
    fn metadata_of_the_calling_rule_is_its_value() {
        let package = "# METADATA\n# title: Checks\n# custom:\n#   owner: core\npackage team.checks\n";
        let rule = "# METADATA\n# title: \"A \\\"rule\\\"\"\n# custom: {severity: HIGH}\n";
        let found = value(&format!("{package}\n{rule}r := rego.metadata.rule()\n"));
        assert_eq!(
            found,
            serde_json::json!({"scope": "rule", "title": "A \"rule\"", "custom": {"severity": "HIGH"}})
        );
        assert_eq!(value(&format!("{package}\nr := rego.metadata.rule()\n")), serde_json::json!({}));
        let chain = value(&format!(
            "{package}\n{rule}r := x if {{\n\tx := [entry.path | some entry in rego.metadata.chain()]\n}}\n"
        ));
        assert_eq!(chain, serde_json::json!([["team", "checks", "r"], ["team", "checks"]]));
    }

    #[test]
    fn imports_that_say_nothing_are_left_out() {
        let text = "# x\npackage a\n\nimport data # all\n import  input\nimport input as i\nimport data.b\nr := `\nimport data\n`\n";
        let expected = "# x\npackage a\n\n                 \n              \nimport input as i\nimport data.b\nr := `\nimport data\n`\n";
        assert_eq!(without_idle_imports(text), expected);
        assert!(matches!(without_idle_imports("package a\nimport data.b\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_calling_file_is_the_first_argument() {
        let text =
            "package a\nr := parse_config_file(\"x.yaml\")\ns := [parse_combined_config_files( [\"y\"] )]\n";
        let expected = "package a\nr := parse_config_file(\"p/a.rego\", \"x.yaml\")\ns := [parse_combined_config_files(\"p/a.rego\",  [\"y\"] )]\n";
        assert_eq!(prepared("p/a.rego", text), expected);
        assert_eq!(prepared("a.rego", "package a\nr := 1\n"), "package a\nr := 1\n");
    }

    #[test]
    fn ranges_of_numbers_are_bounded() {
        let rego = "package a\nr := numbers.range(1, 2)\ns if not numbers.range_step(1, 9, 3)[3]\n";
        let text = prepared("a.rego", rego);
        assert!(text.contains("r := numbers.array(1, 2)\n"), "{text}");
        assert!(text.contains("numbers.array_step(1, 9, 3)"), "{text}");
        assert!(!text.contains("numbers.range"), "{text}");
    }

    #[test]
    fn a_last_argument_may_take_the_value_and_own_functions_stay() {
        let rego = "package a\nr := n if to_number(\"1\", n)\ns if { some i; indexof(\"ab\", `b`, i) }\n";
        let text = prepared("a.rego", rego);
        let expected =
            "package a\nr := n if n = as_number(\"1\")\ns if { some i; i = indexed(\"ab\", `b`) }\n";
        assert_eq!(text, expected);
        let lines = prepared("a.rego", "package a\nr := n if {\n\tto_number(\n\t\t(\"1\"),\n\t\tn\n\t)\n}\n");
        assert_eq!(lines, "package a\nr := n if {\n\tn = as_number(\n\t\t(\"1\")\n\n)\n}\n");
        let own = "package a\nindexof(x) := x\nr := indexof(1)\n";
        assert_eq!(prepared("a.rego", own), own);
    }

    #[test]
    fn a_variable_may_hide_one_that_its_query_used_before() {
        let rego = "package team.checks\nr := found if {\n\tname := 2\n\tfound := [name | some i; [1, 2, 3][i] >= name; name := i * 10]\n}\n";
        assert_eq!(value(rego), serde_json::json!([10, 20]));
        for (body, expected) in [
            ("some i; x := [1, 2][i]; x == 2; found := [y | some i; y := [1, 2, 3][i]; y > x]", "[3]"),
            ("some x in [1, 2]; x == 2; found := [x | some x in [1, 2, 3]; x > 1]", "[2, 3]"),
            ("_ := [1, 2][_]; some i; found := [y | y := [4, 5][i]]", "[4, 5]"),
        ] {
            let rego = format!("package team.checks\nr := found if {{ {body} }}\n");
            let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
            assert_eq!(value(&rego), expected, "{body}");
        }
    }

    #[test]
    fn what_a_negated_call_needs_is_moved_out_of_it() {
        for (body, expected) in [
            ("r if not is_string(input.x.y)", false),
            ("r if not lower(input.x) == \"a\"", false),
            ("r if not (input.x > 1)", false),
            ("r if not \"x\" in input.x", false),
            ("r if not input[input.x]", false),
            ("r if { not f([input.x]) }\nf(_) := true", false),
            ("r if not other == 1\nother := 1 if false", true),
            ("r if not is_string(other)\nother := 1 if false", false),
            ("r if not is_string(data.q) with data.q as 1", true),
            ("r if not input.x == 1", true),
            ("r if not input.x", true),
            ("r if { xs := {\"a\": 1}; xs[k]; not input.x[k] == xs[k] }", true),
            ("r if { xs := {\"a\": 1}; xs[k]; not xs[k] }", false),
            ("r if { xs := [1, 2]; xs[k]; not xs[k] == f(k + 1) }\nf(x) := x", false),
            ("r if { xs := [1, 1]; xs[k]; not xs[k] == f(k + 1) }\nf(x) := x", true),
            ("r if { xs := [1]; xs[k] > 0; not is_string(xs[k]) }", true),
            ("r if { xs := [1]; xs[k] > 0; not xs[o] == 1 }\no := 0", false),
            ("r if { x := 1; not is_string(x) }", true),
            ("r if count([x | some x in [1, 2]; not x > 1]) == 1", true),
            ("r if { [p, v] := walk({\"a\": {\"b\": 1}}); v == 1; p == [\"a\", \"b\"] }", true),
            ("r if { [_, \"x\"] = walk(input) }", false),
            ("r if count([v | [_, v] := walk([1, 2]); v == 2]) == 1", true),
            ("r if not f([2])\nf(x) if { [_, v] := walk(x); v == 2 }", false),
            ("default r := false\nr if not is_string(count([1 | not is_string(input.x)])) ", true),
        ] {
            let rego = format!("package team.checks\n{body}\n");
            let mut engine = Engine::new();
            let text = prepared("a.rego", &rego);
            assert_eq!(text.lines().count(), rego.lines().count(), "{body}");
            engine.add_policy("a.rego".into(), text).unwrap();
            engine.set_input(regorus::Value::new_object());
            let found = engine.eval_rule("data.team.checks.r".into()).unwrap() == regorus::Value::from(true);
            assert_eq!(found, expected, "{body}");
        }
    }
}
