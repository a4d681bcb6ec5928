//! Places of values, keys, comments and errors.

use serde_json::json;

use super::*;

#[test]
fn comments_keep_their_place() {
    let document = only("# one\n---\na: 1 # two\n#three\nb: |\n  # text\n# four\n");
    let comments: Vec<_> = document.comments.iter().map(|comment| document.comment(comment)).collect();
    assert_eq!(comments, [" one", " two", "three", " four"]);
    let many = format!("a:\n{}b: 1\n", "# note\n".repeat(5000));
    assert_eq!(only(&many).comments.len(), 5000);
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
fn errors_stand_at_their_cause_and_show_no_text() {
    for (text, place, phrase) in [
        ("password: [hunter2\n", 10..11, "not closed"),
        ("password: hunter2\n user: x\n", 23..24, "not allowed here"),
        ("password: 'hunter2\n", 10..11, "not closed"),
        ("a: *hunter2\n", 3..4, "not defined"),
        ("a: !!int hunter2\n", 9..16, "not what its tag says"),
        ("a: &x [*x]\n", 7..9, "part of"),
        ("a: &x\n  b: *x\n", 11..13, "part of"),
        ("a: &x {<<: *x}\n", 11..13, "part of"),
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
