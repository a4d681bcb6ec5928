//! Documents of a stream: which are read, counted, repaired, and which are given up.

use serde_json::json;

use super::*;

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
        (
            "---\n---\na: 1\n---\n# nothing\n---\nb: 2\n",
            vec![(0, json!(null)), (1, json!({"a": 1})), (2, json!(null)), (3, json!({"b": 2}))],
            0,
        ),
        (
            "a: 1\n---\nb: [\n---\nc: 3\n---\n@\n---\nd: 4\n",
            vec![(0, json!({"a": 1})), (2, json!({"c": 3})), (4, json!({"d": 4}))],
            2,
        ),
        ("{\"a\": 1}\n---\n@\n---\nb: 2\n", vec![(0, json!({"a": 1})), (2, json!({"b": 2}))], 1),
        ("{\"a\": 1}\n...\n@\n---\nb: 2\n", vec![(0, json!({"a": 1})), (2, json!({"b": 2}))], 1),
        ("{\"a\": 1}\n...\n%YAML 3.0\n---\nb: 2\n", vec![(0, json!({"a": 1}))], 1),
        ("{{ if x }}\na: 1\n{{ end }}\n---\nb: 2\n", vec![(1, json!({"b": 2}))], 1),
        ("a: [\n...\nb: 1\n...\n---\nc: 2\n", vec![(1, json!({"b": 1})), (2, json!({"c": 2}))], 1),
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
