use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::document::{Document, Kind, NodeRef, Text};

/// What sigs.k8s.io/yaml 1.6.0 made of each text, split as kubectl splits streams (k8s.io/apimachinery 0.34.1,
/// `YAMLReader`): documents that are not null, or that it refused.
const KUBECTL: &str = include_str!("tests/kubectl.jsonl");

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
    let mut checked = 0;
    for line in KUBECTL.lines() {
        let case = json::parse_value(SourceId(0), &Arc::from(line), 0..line.len()).expect("a line is JSON");
        let case = case.root();
        let text = case.str_at(&["yaml"]).expect("a case has a text");
        let parsed = read(text);
        if let Some(documents) = case.get("documents") {
            assert_eq!(parsed.errors, [], "{text:?}");
            let found: Vec<_> = values(&parsed).into_iter().filter(|value| !value.is_null()).collect();
            assert_eq!(serde_json::Value::from(found), documents.to_json(), "{text:?}");
        } else {
            assert_eq!(parsed.errors.len(), 1, "{text:?} is refused by kubectl");
        }
        checked += 1;
    }
    assert!(checked > 600);
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
fn documents_are_counted_with_the_empty_and_the_broken_ones() {
    for (text, expected, errors) in [
        ("", vec![], 0),
        ("# only a comment\n", vec![], 0),
        ("a: 1", vec![(0, json!({"a": 1}))], 0),
        ("---\n---\na\n---\n", vec![(0, json!(null)), (1, json!("a")), (2, json!(null))], 0),
        ("a: 1\r\n---\r\nb:\r\n- c\r\n", vec![(0, json!({"a": 1})), (1, json!({"b": ["c"]}))], 0),
        ("a: [1\n---\nb: 2\n", vec![(1, json!({"b": 2}))], 1),
        ("a: 'x\n---\nb: 2\n", vec![(1, json!({"b": 2}))], 1),
        ("a:\n\t- b\n---\nb: 2\n", vec![(1, json!({"b": 2}))], 1),
        ("a: 1\n---\n@\n---\n{b: 2}\n", vec![(0, json!({"a": 1})), (2, json!({"b": 2}))], 1),
        ("a: *b\n---\na: &b [*b]\n---\na: .inf\n---\n? [a]\n: b\n---\nc: 3", vec![(4, json!({"c": 3}))], 4),
        ("%YAML 9.9\n---\na: 1\n---\nb: 2\n", vec![(1, json!({"b": 2}))], 1),
    ] {
        let parsed = read(text);
        let found: Vec<_> =
            parsed.documents.iter().map(|document| (document.index, document.root().to_json())).collect();
        assert_eq!(found, expected, "{text:?}");
        assert_eq!(parsed.errors.len(), errors, "{text:?}: {:?}", parsed.errors);
    }
}

#[test]
fn a_byte_order_mark_may_start_a_line() {
    for (text, expected) in [
        ("\u{feff}a: 1\n", vec![json!({"a": 1})]),
        ("---\n\u{feff}a: 1\nb: é\n", vec![json!({"a": 1, "b": "é"})]),
        ("a: 1\n\u{feff}---\nb: 2\n", vec![json!({"a": 1}), json!({"b": 2})]),
        ("a: [\n---\nb: 1\n---\n\u{feff}c: 2\n", vec![json!({"b": 1}), json!({"c": 2})]),
    ] {
        assert_eq!(values(&read(text)), expected, "{text:?}");
    }
    let document = only("---\n\u{feff}a: one\n");
    assert_eq!(slice(&document, at(&document, &["a"]).span()), "one");
}

#[test]
fn json_is_read_where_it_is_no_yaml() {
    for (text, expected) in [
        ("{\n\t\"a\": [\n\t\t1\n\t]\n}\n", vec![json!({"a": [1]})]),
        ("# why\n{\"a\": \"\\ud83d\"}\n", vec![json!({"a": "\u{fffd}"})]),
        (
            "{}{}\n---\n{\"a\":1} {\"b\":2}\n---\nc: 3\n",
            vec![json!({}), json!({}), json!({"a": 1}), json!({"b": 2}), json!({"c": 3})],
        ),
    ] {
        let parsed = read(text);
        assert_eq!(parsed.errors, [], "{text:?}");
        assert_eq!(values(&parsed), expected, "{text:?}");
        let indices: Vec<_> = parsed.documents.iter().map(|document| document.index).collect();
        assert_eq!(indices, (0..expected.len()).collect::<Vec<_>>(), "{text:?}");
    }
    let long_key = format!("{{\"{}\": 1}}", "k".repeat(2000));
    assert_eq!(read(&long_key).errors, []);
}

#[test]
fn what_kubectl_accepts_is_repaired_with_places_kept() {
    for (text, keys, expected) in [
        ("b: 1\na: {\n\t\tx: one,\n\t\ty: [\n\t\t\t2] }\n", ["a", "x"].as_slice(), "one"),
        ("  a:\n  b: [-]\n  c: one\n", &["c"], "one"),
        ("---\n  a:\n  b: [\n\t1]\n  c: one\n", &["c"], "one"),
        ("a: [cat, -]\nb: é\nc: two # d\n", &["c"], "two"),
        ("a: \"v\"# comment\nb: two\n", &["b"], "two"),
        ("a: [\n\t'it''s # [no]', \"\\\"}\", it's ]\nb: {\n\tc: two}\n", &["b", "c"], "two"),
        ("a: |\n  if {\n  \tx\n  }\nb: [\n\t1]\nc: two", &["c"], "two"),
    ] {
        let document = only(text);
        assert_eq!(slice(&document, at(&document, keys).span()), expected, "{text:?}");
    }
    assert_eq!(only("a: [cat, -, -]").root().to_json(), json!({"a": ["cat", "-", "-"]}));
    assert_eq!(
        only("a: |\n  if {\n  \tx\n  }\nb: [\n\t1]").root().to_json(),
        json!({"a": "if {\n\tx\n}\n", "b": [1]})
    );
    let document = only("# before\n---\n# first\na: [\n\t1]\nb: 2 # last\n");
    let comments: Vec<_> = document.comments.iter().map(|comment| document.comment(comment)).collect();
    assert_eq!(comments, [" before", " first", " last"]);
}

#[test]
fn a_document_that_repairs_do_not_help_is_an_error() {
    for text in ["---\n[# c", "---\n[]# c\nb: 1", "---\n&x \n\u{feff}# c\u{2028}", "---\na: [\n\t1\n\tb: {"] {
        let parsed = read(&format!("{text}\n---\nfine: 1\n"));
        assert_eq!(parsed.errors.len(), 1, "{text:?}");
        let found: Vec<_> =
            parsed.documents.iter().map(|document| (document.index, document.root().to_json())).collect();
        assert_eq!(found, [(1, json!({"fine": 1}))], "{text:?}");
    }
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
fn comments_keep_their_place() {
    let document = only("# one\n---\na: 1 # two\n#three\nb: |\n  # text\n# four\n");
    let comments: Vec<_> = document.comments.iter().map(|comment| document.comment(comment)).collect();
    assert_eq!(comments, [" one", " two", "three", " four"]);
    let many = format!("a:\n{}b: 1\n", "# note\n".repeat(5000));
    assert_eq!(only(&many).comments.len(), 5000);
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
fn merged_entries_keep_the_place_where_they_were_written() {
    let text = "base: &base\n  image: app:1\nuse:\n  <<: *base\n  name: x\n";
    let document = only(text);
    let used = at(&document, &["use"]);
    let keys: Vec<_> =
        used.entries().map(|(key, span, _)| (key, slice(&document, span).to_owned())).collect();
    assert_eq!(keys, [("image", "image".to_owned()), ("name", "name".to_owned())]);
    assert_eq!(used.key_span("image"), Some(14..19));
    assert_eq!(at(&document, &["use", "image"]).id, at(&document, &["base", "image"]).id);
}

#[test]
fn aliases_share_the_node() {
    let document = only("a: &x {b: [1, 2]}\nc: *x\nd: [*x]\n");
    assert_eq!(at(&document, &["a"]).id, at(&document, &["c"]).id);
    assert_eq!(document.root().to_json()["d"][0], json!({"b": [1, 2]}));
    assert_eq!(document.root().span(), 0..31);
}

#[test]
fn values_have_narrow_places() {
    for (text, keys, expected) in [
        ("a: one # c\n", ["a"].as_slice(), 3..6),
        ("a: 'one'\n", &["a"], 3..8),
        ("a: one\n  two\n\nb: 1", &["a"], 3..12),
        ("a: !!str 12\n", &["a"], 9..11),
        ("a: |\n  one\n  two\n\n\n# c\n", &["a"], 7..16),
        ("a: >-\n\n\nb: 1\n", &["a"], 2..2),
        ("a: |\nb: 1\n", &["a"], 2..2),
        ("a:\nb: 1\n", &["a"], 2..2),
        ("a :   # c\n", &["a"], 3..3),
        ("a: &x\nb: 1\n", &["a"], 2..2),
        ("'a':\n", &["a"], 4..4),
        ("{a: , b}\n", &["a"], 3..3),
        ("{a: , b}\n", &["b"], 7..7),
        ("? a\n\n\n", &["a"], 3..3),
        ("a:\n  b: 1\n\n\n\nc: 2\n", &["a"], 5..9),
        ("a:\n  b:\n\n\nc: 2\n", &["a"], 5..7),
        ("a:\n- 1\n- 2\n\n# c\nc: 2\n", &["a"], 3..10),
        ("a: { b: 1 }\n", &["a"], 3..11),
        ("a:\n  b: |\n    x\n\n\nc: 2\n", &["a"], 5..15),
        ("a:\n  b: [1,\n 2]\n\n", &["a"], 5..15),
    ] {
        let document = only(text);
        assert_eq!(at(&document, keys).span(), expected, "{text:?} {keys:?}");
    }
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

#[test]
fn nesting_is_limited_in_every_style_and_through_aliases() {
    let block = |depth: usize| lines(0..depth, |level| format!("{}a:\n", " ".repeat(level)));
    let chain = |length: usize| {
        let links: String = lines(1..length, |link| format!("a{link}: &a{link} [*a{}]\n", link - 1));
        format!("a0: &a0 []\n{links}")
    };
    let mixed = |depth: usize| {
        format!("{}{}{}", "- ".repeat(depth / 2), "[".repeat(depth / 2), "]".repeat(depth / 2))
    };
    for (text, deep) in [
        (format!("{}{}", "[".repeat(255), "]".repeat(255)), false),
        (format!("{}{}", "[".repeat(256), "]".repeat(256)), true),
        ("[".repeat(100_000), true),
        ("{a: ".repeat(100_000), true),
        ("- ".repeat(100_000), true),
        (block(255), false),
        (block(256), true),
        (mixed(254), false),
        (mixed(300), true),
        (chain(254), false),
        (chain(255), true),
    ] {
        let parsed = read(&text);
        let refused = parsed.errors.iter().any(|error| error.message.contains("255 deep"));
        assert_eq!(refused, deep, "{} bytes, {:?}", text.len(), parsed.errors);
        // Walking what was accepted must not exhaust the stack.
        assert_eq!(values(&parsed).len(), usize::from(!deep));
    }
}

#[test]
fn aliases_stand_for_a_limited_number_of_values() {
    let laughs = lines(1..10, |level| {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        format!("a{level}: &a{level} [{aliases}]\n")
    });
    let laughs = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{laughs}");
    let keys: String = lines(0..5000, |key| format!("k{key}: 1, "));
    let merges: String = lines(0..5000, |merge| format!("m{merge}:\n  <<: *b\n"));
    for text in [laughs, format!("b: &b {{{keys}}}\n{merges}")] {
        let parsed = read(&format!("{text}---\nfine: 1\n"));
        assert_eq!(parsed.errors.len(), 1);
        assert!(parsed.errors[0].message.contains("1,000,000 values"), "{:?}", parsed.errors);
        assert_eq!(values(&parsed), [json!({"fine": 1})]);
    }
    let merges: String = lines(1..300, |link| format!("m{link}: &m{link}\n  <<: *m{}\n", link - 1));
    let chain = format!("m0: &m0 {{a: 1}}\n{merges}");
    assert_eq!(read(&chain).errors, [], "merging does not nest");
}

#[test]
fn errors_stand_at_their_cause_and_show_no_text() {
    for (text, place, phrase) in [
        ("password: [hunter2\n", 10..11, "not closed"),
        ("password: hunter2\n user: x\n", 23..24, "not allowed here"),
        ("password: 'hunter2\n", 10..11, "not closed"),
        ("a: *hunter2\n", 3..4, "not defined"),
        ("a: !!int hunter2\n", 9..16, "not what its tag says"),
        ("a: &x [*x]\n", 7..9, "part of"),
        ("a: .inf\n", 3..7, "infinity"),
        ("~: a\n", 0..1, "null"),
        ("a:\n  <<: hunter2\n", 9..16, "merge key"),
    ] {
        let parsed = read(text);
        let [error] = parsed.errors.as_slice() else { panic!("{text:?}: {:?}", parsed.errors) };
        assert!(error.message.contains(phrase), "{text:?}: {}", error.message);
        assert!(!error.message.contains("hunter2"), "{text:?}");
        assert!(
            error.message.starts_with(|first: char| !first.is_ascii_uppercase())
                || error.message.starts_with("Kubernetes")
        );
        assert_eq!(error.span, place, "{text:?}: {}", error.message);
    }
}
