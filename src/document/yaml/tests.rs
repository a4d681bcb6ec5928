mod documents;
mod limits;
mod places;

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::document::{Document, Kind, NodeRef, Text};

/// What sigs.k8s.io/yaml 1.6.0 made of each text, split as kubectl splits streams (k8s.io/apimachinery 0.34.1,
/// `YAMLReader`): documents that are not null, or that it refused.
const KUBECTL: &str = include_str!("../../../fixtures/inputs/yaml/kubectl.jsonl");

fn read(text: &str) -> Parsed {
    parse(SourceId(0), &Arc::from(text))
}

fn only(text: &str) -> Document {
    let mut parsed = read(text);
    assert_eq!(parsed.errors, [], "{text:?}");
    assert_eq!(parsed.documents.len(), 1, "{text:?}");
    parsed.documents.remove(0)
}

fn lines(count: Range<usize>, line: impl Fn(usize) -> String) -> String {
    count.map(line).collect::<Vec<_>>().concat()
}

fn values(parsed: &Parsed) -> Vec<serde_json::Value> {
    parsed.documents.iter().map(|document| document.root().to_json()).collect()
}

fn slice(document: &Document, span: Range<usize>) -> &str {
    &document.text[span]
}

fn at<'d>(document: &'d Document, keys: &[&str]) -> NodeRef<'d> {
    document.root().at(keys).expect("the keys exist")
}

#[test]
fn values_and_keys_are_those_that_kubectl_reads() {
    let mut wrong = Vec::new();
    for line in KUBECTL.lines() {
        let case = json::parse_value(SourceId(0), &Arc::from(line), 0..line.len()).expect("a line is JSON");
        let case = case.root();
        let text = case.str_at(&["yaml"]).expect("a case has a text");
        let parsed = read(text);
        let found: Vec<_> = values(&parsed).into_iter().filter(|value| !value.is_null()).collect();
        let right = match case.get("documents") {
            Some(documents) => parsed.errors.is_empty() && documents.to_json().as_array() == Some(&found),
            None => parsed.errors.len() == 1,
        };
        if !right {
            wrong.push((text.to_owned(), found, parsed.errors));
        }
    }
    assert!(wrong.is_empty(), "document, found: {wrong:#?}");
    assert!(KUBECTL.lines().count() > 800);
}

#[test]
fn more_is_read_than_kubectl_reads_where_nothing_can_hide() {
    for (text, expected, _reason) in [
        (r#"{"a": "\/"}"#, json!({"a": "/"}), "kubectl reads this as JSON first"),
        (r#"{"a": "\ud83d"}"#, json!({"a": "\u{fffd}"}), "and Go's JSON replaces half a character"),
        (r#"a: "\/""#, json!({"a": "/"}), "an escape of YAML 1.2"),
        (r#"a: "\ud83d\ude00""#, json!({"a": "😀"}), "an escape of JSON"),
        ("\ta: 1", json!({"a": 1}), "a tab before the first key"),
        (
            "a: [\n\t1\n\t]\nb: {\n\t\tc: d }",
            json!({"a": [1], "b": {"c": "d"}}),
            "tabs before a bracket that closes",
        ),
    ] {
        assert_eq!(only(text).root().to_json(), expected, "{text:?}");
    }
}

#[test]
fn numbers_that_fit_no_integer_are_floats() {
    for (text, expected) in [
        ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ("-9223372036854775809", -9_223_372_036_854_775_808.0),
        ("+9223372036854775808", 9_223_372_036_854_775_808.0),
        ("1e19", 1e19),
    ] {
        let document = only(text);
        assert!(
            matches!(document.root().kind(), Kind::Float(value) if value.to_bits() == f64::to_bits(expected)),
            "{text}"
        );
    }
    assert!(matches!(only("18446744073709551615").root().kind(), Kind::Unsigned(u64::MAX)));
}

#[test]
fn text_that_kubernetes_reads_as_something_else_is_refused() {
    for text in [
        "a: 1 # note\u{2028}hostNetwork: true",
        "# note\u{85}b: 1\na: 1",
        "a: |\n  x\u{2029}hostNetwork: true",
        "a: x\u{2028}b",
        "a: {?hostNetwork: true}",
        "a: [?b]",
        "a: {on: off, hostNetwork:,}",
        "a: {hostNetwork:}",
        "a: [!, b]",
        "a: &b:c true",
        "a: &ä true",
    ] {
        assert_eq!(read(text).errors.len(), 1, "{text:?}");
    }
    assert_eq!(only("a: \"x\u{2028}y\"").root().to_json(), json!({"a": "x\u{2028}y"}));
    assert_eq!(only("{a: , \"b\" : , c, d: ! x}").root().entries().count(), 4);
    assert_eq!(only("a: ?b\nc: &d-e_1 f").root().to_json(), json!({"a": "?b", "c": "f"}));
}

#[test]
fn the_last_of_equal_keys_wins_and_is_noted() {
    for (text, expected, noted) in [
        ("a: 1\nb: 2\na: 3\n", json!({"b": 2, "a": 3}), vec![(10, 11)]),
        ("a: 1\na: 2\na: 3\n", json!({"a": 3}), vec![(5, 6), (10, 11)]),
        ("yes: 1\ntrue: 2\n", json!({"true": 2}), vec![(7, 11)]),
        ("1: a\n'1': b\n", json!({"1": "b"}), vec![(5, 8)]),
        ("a: {b: 1, \"b\": 2}\n", json!({"a": {"b": 2}}), vec![(10, 13)]),
        ("x: &x {a: 1}\nz: {a: 2, <<: *x}\n", json!({"x": {"a": 1}, "z": {"a": 1}}), vec![]),
        ("x: &x {a: 1}\nz: {<<: *x, a: 2}\n", json!({"x": {"a": 1}, "z": {"a": 2}}), vec![]),
    ] {
        let document = only(text);
        assert_eq!(document.root().to_json(), expected, "{text:?}");
        let places: Vec<_> = document.duplicate_keys.iter().map(|key| (key.start, key.end)).collect();
        assert_eq!(places, noted, "{text:?}");
    }
    let many: String = lines(0..100, |number| format!("k{}: {number}\n", number % 60));
    let document = only(&many);
    assert_eq!(document.duplicate_keys.len(), 40);
    assert_eq!(document.root().entries().count(), 60);
    assert_eq!(at(&document, &["k0"]).as_i64(), Some(60));
    assert_eq!(at(&document, &["k59"]).as_i64(), Some(59));
}

#[test]
fn scalars_that_stand_in_the_source_are_not_copied() {
    let text = "a: one\nb: 'two'\nc: \"three é\"\n8080: x\ntrue: 5m\n";
    let document = only(text);
    for (key, _, value) in document.root().entries() {
        assert!(matches!(value.kind(), Kind::String(Text::Source(_))), "{key}");
    }
    let Kind::Mapping(entries) = document.root().kind() else { panic!("a mapping") };
    assert!(entries.iter().all(|entry| matches!(entry.key, Text::Source(_))));
    for text in ["'it''s'", "\"a\\nb\"", "one\n two", "|\n  a\n  b\n"] {
        assert!(matches!(only(text).root().kind(), Kind::String(Text::Owned(_))), "{text:?}");
    }
}
