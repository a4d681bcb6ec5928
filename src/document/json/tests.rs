use serde_json::json;

use super::*;
use crate::document::Text;

fn read(text: &str) -> Parsed {
    parse(SourceId(0), &Arc::from(text))
}

#[test]
fn values_are_those_of_json() {
    for (text, expected) in [
        ("null", json!(null)),
        (" true\n", json!(true)),
        ("false", json!(false)),
        ("{}", json!({})),
        ("[ ]", json!([])),
        ("{\"a\": {\"b\": [1, \"x\", null, {}]}}", json!({"a": {"b": [1, "x", null, {}]}})),
        ("{\"\": 1, \"a b\": 2}", json!({"": 1, "a b": 2})),
        ("\r\n[\t1\t,\n2]", json!([1, 2])),
        ("0", json!(0)),
        ("-0", json!(0)),
        ("-12", json!(-12)),
        ("1.5", json!(1.5)),
        ("1e3", json!(1000)),
        ("2.0E+0", json!(2)),
        ("1e-2", json!(0.01)),
        ("9223372036854775807", json!(i64::MAX)),
        ("18446744073709551615", json!(u64::MAX)),
        ("18446744073709551616", json!(18_446_744_073_709_551_616.0)),
        ("-9223372036854775809", json!(-9_223_372_036_854_775_809.0)),
        (r#""\"\\\/\b\f\n\r\t""#, json!("\"\\/\u{8}\u{c}\n\r\t")),
        (r#""\u00e9\ud83d\ude00 é""#, json!("é😀 é")),
        (r#""\ud83d""#, json!("\u{fffd}")),
        (r#""\ude00x""#, json!("\u{fffd}x")),
        (r#""\ud83d\u0041""#, json!("\u{fffd}A")),
        (r#""\ud83d\ud83d\ude00""#, json!("\u{fffd}😀")),
        ("\"\u{2028}\u{7f}\"", json!("\u{2028}\u{7f}")),
    ] {
        let parsed = read(text);
        assert_eq!(parsed.errors, [], "{text:?}");
        assert_eq!(parsed.documents[0].root().to_json(), expected, "{text:?}");
    }
}

#[test]
fn what_is_no_json_is_refused_at_its_place() {
    for (text, place, phrase) in [
        ("{\"a\": 1,}", 8..9, "key"),
        ("[1,]", 3..4, "value"),
        ("[,1]", 1..2, "value"),
        ("{a: 1}", 1..2, "double quotes"),
        ("{\"a\" 1}", 5..6, "`:`"),
        ("{\"a\": 1 \"b\": 2}", 8..11, "`}`"),
        ("[1 2]", 3..4, "`]`"),
        ("[1}", 2..3, "`]`"),
        ("{\"a\": 1]", 7..8, "`}`"),
        ("{1: 2}", 1..2, "key"),
        ("]", 0..1, "value"),
        ("[", 1..1, "ends"),
        ("{\"a\":", 5..5, "ends"),
        ("'a'", 0..1, "double quotes"),
        ("nul", 0..1, "value"),
        ("truex", 0..1, "value"),
        ("// c\n1", 0..1, "value"),
        ("1 /* c */", 2..3, "value"),
        ("\u{a0}1", 0..2, "value"),
        ("NaN", 0..1, "value"),
        ("01", 1..2, "number"),
        ("-", 1..1, "number"),
        ("+1", 0..1, "value"),
        ("1.", 2..2, "number"),
        (".5", 0..1, "value"),
        ("1e", 2..2, "number"),
        ("0x10", 1..2, "number"),
        ("1e400", 0..5, "too large"),
        ("\"a\nb\"", 2..3, "control character"),
        ("\"a\tb\"", 2..3, "control character"),
        ("\"a", 0..1, "not closed"),
        ("\"\\x41\"", 1..2, "escape"),
        ("\"\\'\"", 1..2, "escape"),
        ("\"\\", 1..2, "escape"),
        ("\"\\u12", 1..2, "hexadecimal"),
        ("\"\\u+123\"", 1..2, "hexadecimal"),
    ] {
        let parsed = read(text);
        let [error] = parsed.errors.as_slice() else { panic!("{text:?}: {:?}", parsed.errors) };
        assert_eq!(error.span, place, "{text:?}: {}", error.message);
        assert!(error.message.contains(phrase), "{text:?}: {}", error.message);
    }
}

#[test]
fn texts_follow_each_other() {
    for (text, expected, errors) in [
        ("", vec![], 0),
        (" \n", vec![], 0),
        ("{}{}", vec![json!({}), json!({})], 0),
        (
            "{\"a\":1}\n[2] 3 \"x\"null",
            vec![json!({"a": 1}), json!([2]), json!(3), json!("x"), json!(null)],
            0,
        ),
        ("{} {\"a\": } {}", vec![json!({})], 1),
    ] {
        let parsed = read(text);
        let found: Vec<_> = parsed.documents.iter().map(|document| document.root().to_json()).collect();
        assert_eq!(found, expected, "{text:?}");
        assert!(parsed.documents.iter().enumerate().all(|(index, document)| document.index == index));
        assert_eq!(parsed.errors.len(), errors, "{text:?}");
    }
}

#[test]
fn places_are_those_of_the_whole_text() {
    let text: Arc<str> = r#"{"skip": "é", "change": {"after": {"acl": "private", "tags\n": null}}}"#.into();
    let start = text.find("{\"after").expect("the value is there");
    let document = parse_value(SourceId(3), &text, start..text.len() - 1).expect("the value is JSON");
    let after = document.root().get("after").expect("the key is there");
    assert_eq!(&text[after.get("acl").expect("the key is there").span()], "\"private\"");
    assert_eq!(&text[after.key_span("acl").expect("the key is there")], "\"acl\"");
    assert_eq!(&text[after.key_span("tags\n").expect("the key is there")], "\"tags\\n\"");
    assert_eq!(&text[after.span()], "{\"acl\": \"private\", \"tags\\n\": null}");
    assert_eq!(document.root().place().source, SourceId(3));
}

#[test]
fn a_slice_must_hold_exactly_one_value() {
    let text: Arc<str> = "[1, {}] é".into();
    assert!(parse_value(SourceId(0), &text, 0..7).is_ok());
    for span in [0..0, 0..6, 0..10, 1..5, 0..9, 3..99, 7..8] {
        let error = parse_value(SourceId(0), &text, span.clone()).expect_err("not one value");
        assert!(error.span.end <= text.len(), "{span:?}");
    }
}

#[test]
fn the_last_of_equal_keys_wins_and_is_noted() {
    let parsed = read(r#"{"a": 1, "b": 2, "\u0061": 3}"#);
    assert_eq!(parsed.documents[0].root().to_json(), json!({"b": 2, "a": 3}));
    assert_eq!(parsed.documents[0].duplicate_keys, vec![17..25]);
}

#[test]
fn strings_without_escapes_are_not_copied() {
    let parsed = read(r#"{"kéy": "välue", "k\n": "v\n"}"#);
    let Kind::Mapping(entries) = parsed.documents[0].root().kind() else { panic!("a mapping") };
    let sources: Vec<_> = entries.iter().map(|entry| matches!(entry.key, Text::Source(_))).collect();
    assert_eq!(sources, [true, false]);
}

#[test]
fn nesting_is_limited() {
    for (depth, refused) in [(255, false), (256, true), (100_000, true)] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = if open == "[" { "" } else { "1" };
            let text = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth));
            let parsed = read(&text);
            assert_eq!(!parsed.errors.is_empty(), refused, "{open} {depth}");
            assert_eq!(parsed.documents.len(), usize::from(!refused));
        }
    }
}
