//! Properties of the parsers: no text makes them panic, and every span lies inside of it.

use std::{ops::Range, sync::Arc};

use probity::{
    document::{NodeRef, Parsed, json, yaml},
    source::SourceId,
};
use proptest::prelude::*;

const MANIFEST: &str = "# comment\napiVersion: v1\nkind: Pod\nmetadata: &meta\n  name: 'wéb'\n  labels: {app: web, \"x\": ~}\nspec:\n  containers:\n  - name: a\n    <<: {image: b}\n    args: [--x, \"y\\n\"]\n    script: |\n      one\n      two\n  copy: *meta\n---\nkind: List\nitems: []\n";

fn spans(node: NodeRef<'_>, found: &mut Vec<Range<usize>>, budget: &mut usize) {
    *budget = budget.saturating_sub(1);
    if *budget == 0 {
        return;
    }
    found.push(node.span());
    for (_, key, value) in node.entries() {
        found.push(key);
        spans(value, found, budget);
    }
    node.items().for_each(|item| spans(item, found, budget));
}

fn check(text: &str, parsed: &Parsed) -> Result<(), TestCaseError> {
    let mut found = Vec::new();
    for document in &parsed.documents {
        spans(document.root(), &mut found, &mut 100_000);
        let wide = |span: &Range<u32>| span.start as usize..span.end as usize;
        found.extend(document.comments.iter().map(|comment| wide(&comment.span)));
        found.extend(document.duplicate_keys.iter().map(wide));
    }
    found.extend(parsed.errors.iter().map(|error| error.span.clone()));
    for span in found {
        prop_assert!(text.get(span.clone()).is_some(), "{span:?} of {} bytes", text.len());
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_text_is_parsed_without_panic(text in "[ -~äß\t\n\r\u{feff}]{0,80}") {
        let text: Arc<str> = text.into();
        check(&text, &yaml::parse(SourceId(0), &text))?;
        check(&text, &json::parse(SourceId(0), &text))?;
    }

    #[test]
    fn any_yaml_like_text_is_parsed_without_panic(text in "(- |\\? |: |\\[|\\]|\\{|\\}|,|&a |\\*a|<<: |\\||>|\"|'|#| |\n|a|é|!!int |---\n|\\.\\.\\.\n|\t){0,60}") {
        let text: Arc<str> = text.into();
        check(&text, &yaml::parse(SourceId(0), &text))?;
    }

    #[test]
    fn a_mutated_manifest_is_parsed_without_panic(at in 0usize..400, length in 0usize..8, insert in "[\\[\\]{}:,&*!|>'\"#\n\t -]{0,5}") {
        let boundary = |at: usize| (0..=at.min(MANIFEST.len())).rev().find(|at| MANIFEST.is_char_boundary(*at)).unwrap_or(0);
        let mut text = MANIFEST.to_owned();
        text.replace_range(boundary(at)..boundary(at + length), &insert);
        let text: Arc<str> = text.into();
        check(&text, &yaml::parse(SourceId(0), &text))?;
    }

    #[test]
    fn one_broken_document_hides_no_other(broken in "(a: \\[|\\{a: 1|\"open|a: b: c|\\]|- a\n b: 1)") {
        let text: Arc<str> = format!("kind: A\n---\n{broken}\n---\nkind: B\n").into();
        let parsed = yaml::parse(SourceId(0), &text);
        let kinds: Vec<_> = parsed.documents.iter().filter_map(|document| document.root().str_at(&["kind"])).collect();
        prop_assert_eq!(kinds, ["A", "B"], "{}", &text);
        prop_assert_eq!(parsed.errors.len(), 1);
    }
}

#[test]
fn hostile_input_is_bounded() {
    let laughs: String = (1..10)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(",")))
        .collect();
    let laughs: Arc<str> = format!("a0: &a0 [x]\n{laughs}").into();
    let parsed = yaml::parse(SourceId(0), &laughs);
    assert_eq!(parsed.errors.len(), 1, "an expansion of 9^9 is refused");
    for deep in ["[".repeat(100_000), "{a: ".repeat(5_000), "- ".repeat(5_000)] {
        assert_eq!(yaml::parse(SourceId(0), &deep.into()).errors.len(), 1);
    }
    let itself: Arc<str> = "a: &a [*a]\n".into();
    assert_eq!(yaml::parse(SourceId(0), &itself).errors.len(), 1, "an alias inside of its own anchor");
}

#[test]
fn scalars_resolve_as_kubectl_resolves_them() {
    for (scalar, expected) in [
        ("yes", "true"),
        ("on", "true"),
        ("y", "true"),
        ("Yes", "true"),
        ("no", "false"),
        ("off", "false"),
        ("NO", "false"),
        ("TRUE", "true"),
        ("0644", "420"),
        ("0o644", "420"),
        ("007", "7"),
        ("0899", "899"),
        ("1_000", "1000"),
        ("0b11", "3"),
        ("0x1F", "31"),
        ("-0x1F", "-31"),
        ("12:30:45", "\"12:30:45\""),
        ("2024-01-02", "\"2024-01-02\""),
        ("~", "null"),
        ("null", "null"),
        ("Null", "null"),
        ("", "null"),
        ("'yes'", "\"yes\""),
        ("\"0644\"", "\"0644\""),
        ("!Ref X", "\"X\""),
        ("!!str 12", "\"12\""),
        ("1e3", "1000"),
        ("1.5", "1.5"),
        ("+1", "1"),
        ("12345678901234567890123", "1.2345678901234568e22"),
        ("18446744073709551615", "18446744073709551615"),
        ("nope", "\"nope\""),
    ] {
        let text: Arc<str> = format!("key: {scalar}\n").into();
        let parsed = yaml::parse(SourceId(0), &text);
        let value = parsed.documents[0].root().get("key").expect("the key").to_json();
        let expected: serde_json::Value = serde_json::from_str(expected).expect("JSON");
        assert_eq!(value, expected, "{scalar}");
    }
    for (key, expected) in [("y", "true"), ("on", "true"), ("1", "1"), ("'y'", "y")] {
        let parsed = yaml::parse(SourceId(0), &format!("{key}: 1\n").into());
        let keys: Vec<_> = parsed.documents[0].root().entries().map(|(key, _, _)| key.to_owned()).collect();
        assert_eq!(keys, [expected], "{key}");
    }
    assert_eq!(yaml::parse(SourceId(0), &"null: 1\n".into()).errors.len(), 1, "JSON has no null keys");
    assert_eq!(yaml::parse(SourceId(0), &"a: .inf\n".into()).errors.len(), 1, "JSON has no infinity");
}
