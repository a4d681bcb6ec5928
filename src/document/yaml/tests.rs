use std::fmt::Write as _;

use super::*;
use crate::document::Document;

/// A line is a document of one key, a tab, and the JSON that kubectl makes of it (sigs.k8s.io/yaml 1.6.0) or `error`.
const SCALARS: &str = include_str!("../../../fixtures/inputs/yaml/scalars.tsv");

fn read(text: &str) -> Parsed {
    parse(SourceId(0), &text.into())
}

fn only(text: &str) -> Document {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, [], "{text:?}");
    assert_eq!(parsed.documents.len(), 1, "{text:?}");
    parsed.documents.remove(0)
}

fn json(text: &str) -> serde_json::Value {
    only(text).root().to_json()
}

fn messages(text: &str) -> Vec<String> {
    let parsed = read(text);
    assert!(parsed.documents.is_empty(), "{text:?}");
    parsed.errors.into_iter().map(|error| error.message).collect()
}

fn indices(text: &str) -> (Vec<usize>, usize) {
    let parsed = read(text);
    (parsed.documents.iter().map(|document| document.index).collect(), parsed.errors.len())
}

#[test]
fn scalars_and_keys_resolve_as_in_kubectl() {
    let mut wrong = Vec::new();
    for line in SCALARS.lines() {
        let (text, expected) = line.split_once('\t').unwrap();
        let parsed = read(text);
        let found = match (&*parsed.documents, &*parsed.errors) {
            ([document], []) => Some(document.root().to_json()),
            _ => None,
        };
        let expected = (expected != "error").then(|| serde_json::from_str(expected).unwrap());
        if found != expected && !found.as_ref().zip(expected.as_ref()).is_some_and(same_large_float) {
            wrong.push((text, expected, found));
        }
    }
    assert!(wrong.is_empty(), "document, kubectl, found: {wrong:#?}");
    assert!(SCALARS.lines().count() >= 300);
}

/// Go writes floats below 1e21 without exponent, and `serde_json` reads them as integers where 64 bits can hold them.
fn same_large_float((found, expected): (&serde_json::Value, &serde_json::Value)) -> bool {
    let (Some(found), Some(expected)) = (found.get("a"), expected.get("a")) else {
        return false;
    };
    found.is_f64() && !expected.is_i64() && expected.is_u64() && found.as_f64() == expected.as_f64()
}

#[test]
fn structures_are_those_of_kubectl() {
    for (text, expected) in [
        ("base: &b {a: 1, b: 2}\nc:\n  a: 9\n  <<: *b\n", r#"{"base":{"a":1,"b":2},"c":{"a":1,"b":2}}"#),
        ("base: &b {a: 1, b: 2}\nc:\n  <<: *b\n  a: 9\n", r#"{"base":{"a":1,"b":2},"c":{"a":9,"b":2}}"#),
        ("c:\n  <<: [{a: 1}, {a: 2, b: 3}]\n", r#"{"c":{"a":1,"b":3}}"#),
        ("c:\n  \"<<\": {a: 1}\n", r#"{"c":{"<<":{"a":1}}}"#),
        ("a: 1\r\nb:\r\n- x\r\n- |\r\n  one\r\n  two\r\n", r#"{"a":1,"b":["x","one\ntwo\n"]}"#),
        ("a: {\n\tb: 1,\n\tc: [\n\t\t2]\n}\n", r#"{"a":{"b":1,"c":[2]}}"#),
        ("a: |\n  x", r#"{"a":"x"}"#),
        ("a: |+\n  x\n   ", r#"{"a":"x\n "}"#),
        ("a: |\n  x\n ", r#"{"a":"x\n"}"#),
        ("a: >\n  x", r#"{"a":"x"}"#),
        ("a: &x [1]\nb: *x\n", r#"{"a":[1],"b":[1]}"#),
        ("a: 1\na: 2\n", r#"{"a":2}"#),
    ] {
        assert_eq!(json(text), serde_json::from_str::<serde_json::Value>(expected).unwrap(), "{text:?}");
    }
}

#[test]
fn aliases_of_aliases_are_refused_once_they_stand_for_too_much() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        writeln!(text, "a{level}: &a{level} [{}]", [&*alias; 9].join(", ")).unwrap();
    }
    let message = "the aliases of this document stand for more than 1,000,000 values";
    assert_eq!(messages(&text), [message]);
    let merged: String = text.replace('[', "{<<: [").replace(']', "]}");
    assert!(!read(&merged).errors.is_empty());
}

#[test]
fn an_alias_within_its_own_value_is_refused() {
    for text in ["a: &a [*a]\n", "a: &a\n  b: *a\n", "a: &a {<<: *a}\n"] {
        assert_eq!(messages(text), ["this alias names a value that it is part of"], "{text:?}");
    }
    assert_eq!(messages("a: *b\n"), ["this alias names an anchor that is not defined before it"]);
}

#[test]
fn a_merge_key_wants_mappings() {
    for text in ["<<: 1\n", "<<: [1]\n", "a: &a 1\nb:\n  <<: *a\n"] {
        assert_eq!(messages(text).len(), 1, "{text:?}");
    }
}

#[test]
#[expect(clippy::single_range_in_vec_init, reason = "these are lists of spans")]
fn later_of_equal_keys_are_recorded_and_merged_ones_are_not() {
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\n", &[10..11][..]),
        ("y: 1\ntrue: 2\n", &[5..9][..]),
        ("a: 1\na: 2\na: 3\n", &[5..6, 10..11][..]),
        ("a: &b {k: 1}\nc: {<<: *b, k: 2}\n", &[][..]),
    ] {
        assert_eq!(only(text).duplicate_keys, expected, "{text:?}");
    }
    let mut many: String = (0..40).fold(String::new(), |text, key| text + &format!("k{key}: 1\n"));
    let at = u32::try_from(many.len()).unwrap();
    many.push_str("k7: 2\n");
    assert_eq!(only(&many).duplicate_keys, [at..at + 2]);
}

#[test]
fn byte_order_marks_at_the_start_of_a_line_are_skipped_and_offsets_stay() {
    let text = "a: 1\n---\n\u{feff}b: 2\n";
    let parsed = read(text);
    assert_eq!(parsed.errors, []);
    let last = parsed.documents.last().unwrap();
    assert_eq!(last.root().to_json(), serde_json::json!({"b": 2}));
    assert_eq!(last.root().get("b").unwrap().span(), text.len() - 2..text.len() - 1);
}

#[test]
fn nesting_ends_at_the_limit() {
    let brackets = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(read(&brackets(200)).errors, []);
    assert_eq!(messages(&brackets(256)), ["values are nested more than 255 deep"]);
    assert_eq!(messages(&brackets(50_000)).len(), 1);
    let mappings = (0..300).fold(String::new(), |text, depth| text + &" ".repeat(depth) + "k:\n");
    assert_eq!(messages(&mappings), ["values are nested more than 255 deep"]);
}

#[test]
fn empty_and_broken_documents_count_in_the_index() {
    assert_eq!(indices("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n"), (vec![0, 1, 2, 3], 0));
    assert_eq!(indices("a: 1\n---\nb: [\n---\nc: 3\n---\n@\n---\nd: 4\n"), (vec![0, 2, 4], 2));
    assert_eq!(indices("{\"a\": 1}\n---\n@\n---\nb: 2\n"), (vec![0, 2], 1));
    assert_eq!(indices("{{ if x }}\na: 1\n{{ end }}\n---\nb: 2\n"), (vec![1], 1));
}
