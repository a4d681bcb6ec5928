//! What holds for every text, however broken: no panic, places within the text, and documents that fail alone.

use std::{ops::Range, sync::Arc};

use probity::{
    document::{Document, NodeRef, Parsed, json, yaml},
    source::SourceId,
};
use proptest::prelude::*;

const MANIFESTS: [&str; 3] = [
    "apiVersion: apps/v1\nkind: Deployment # café\nmetadata:\n  name: web\n  labels: &labels {app: web, \"tier\": 'front'}\nspec:\n  replicas: 0o3\n  template:\n    metadata:\n      labels:\n        <<: *labels\n        on: yes\n    spec:\n      containers:\n      - name: web\n        image: registry/web:1.0\n        args: [--a, \"b\\n\", !!str 3]\n        env:\n        - {name: A, value: ~}\n",
    "%YAML 1.1\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  file.conf: |-\n    # not a comment\n    key=ü\n  other: >\n    folded\n    text\n\n  ? long key\n  : value\r\n...\n---\n{\n\t\"kind\": \"List\",\n\t\"items\": [1.5e3, -7, null, true]\n}\n",
    "{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"data\": {\"a\\u00e9\": \"cGFzcw==\", \"b\": [1, 2.5, -3e2, {}]}, \"x\": null}\n{\"kind\": \"Other\", \"ok\": [true, false]}\n",
];

const TOKENS: [&str; 52] = [
    ":",
    ": ",
    "-",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "&a ",
    "*a",
    "&b ",
    "*b",
    "!!int ",
    "!!str ",
    "!!binary ",
    "!x ",
    "! ",
    "|",
    "|\n",
    "|2",
    ">-\n",
    "\"",
    "'",
    "#",
    " #",
    "\t",
    "\n  ",
    "\r\n",
    "--- ",
    "\n---\n",
    "\n...\n",
    "%YAML 1.2\n",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{0}",
    "é",
    "😀",
    "<<",
    "<<: ",
    "? ",
    "\\",
    "\\u",
    "\\ud83d",
    "@",
    ".inf",
    "yes",
    "~",
    "0644",
    "{\"a\": 1}",
];

/// A manifest with pieces cut out and tokens put in.
fn mutated() -> impl Strategy<Value = String> {
    let edit =
        (any::<prop::sample::Index>(), 0usize..12, prop::option::of(prop::sample::select(&TOKENS[..])));
    (prop::sample::select(&MANIFESTS[..]), prop::collection::vec(edit, 1..8)).prop_map(|(manifest, edits)| {
        let mut characters: Vec<char> = manifest.chars().collect();
        for (at, cut, token) in edits {
            let start = at.index(characters.len() + 1);
            let end = (start + cut).min(characters.len());
            characters.splice(start..end, token.unwrap_or_default().chars());
        }
        characters.into_iter().collect()
    })
}

/// Pieces of syntax in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![prop::sample::select(&TOKENS[..]).prop_map(str::to_owned), "[a-c0-9 \n]{0,4}"];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn values() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        "[a-z0-9 \"\\\\/\n\té😀:#-]{0,12}".prop_map(Into::into),
    ];
    let nested = scalar.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map("[a-zé]{1,6}", inner, 0..6)
                .prop_map(|entries| entries.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    });
    prop::collection::vec(nested, 1..4).prop_map(Into::into)
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let text: Arc<str> = text.into();
    for parsed in [yaml::parse(SourceId(0), &text), json::parse(SourceId(0), &text)] {
        check_places(&text, &parsed)?;
    }
    let middle = text.floor_char_boundary(text.len() / 2);
    for span in [0..text.len(), 0..middle, middle..text.len()] {
        match json::parse_value(SourceId(0), &text, span) {
            Ok(document) => check_document(&text, &document)?,
            Err(error) => inside(&text, &error.span)?,
        }
    }
    Ok(())
}

fn check_places(text: &str, parsed: &Parsed) -> Result<(), TestCaseError> {
    for error in &parsed.errors {
        inside(text, &error.span)?;
        prop_assert!(!error.message.is_empty());
    }
    for document in &parsed.documents {
        check_document(text, document)?;
    }
    let indices: Vec<_> = parsed.documents.iter().map(|document| document.index).collect();
    prop_assert!(indices.is_sorted_by(|a, b| a < b), "indices rise: {:?}", indices);
    Ok(())
}

fn check_document(text: &str, document: &Document) -> Result<(), TestCaseError> {
    let comments = document.comments.iter().map(|comment| &comment.span);
    for span in comments.chain(&document.duplicate_keys) {
        inside(text, &(span.start as usize..span.end as usize))?;
    }
    check_node(text, document.root())
}

fn check_node(text: &str, node: NodeRef<'_>) -> Result<(), TestCaseError> {
    inside(text, &node.span())?;
    for (_, key, value) in node.entries() {
        inside(text, &key)?;
        check_node(text, value)?;
    }
    node.items().try_for_each(|item| check_node(text, item))
}

fn inside(text: &str, span: &Range<usize>) -> Result<(), TestCaseError> {
    prop_assert!(text.get(span.clone()).is_some(), "{:?} is no piece of {:?}", span, text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_read_without_panic_and_places_lie_within(text in "\\PC{0,80}|[ -~\n\t\r]{0,120}") {
        check(&text)?;
    }

    #[test]
    fn mutated_manifests_are_read_without_panic_and_places_lie_within(text in mutated()) {
        check(&text)?;
    }

    #[test]
    fn pieces_of_syntax_are_read_without_panic_and_places_lie_within(text in soup()) {
        check(&text)?;
    }

    #[test]
    fn json_reads_back_what_was_written_and_is_yaml(value in values()) {
        let text: Arc<str> = value.to_string().into();
        for parsed in [json::parse(SourceId(0), &text), yaml::parse(SourceId(0), &text)] {
            prop_assert_eq!(&parsed.errors, &[]);
            prop_assert_eq!(parsed.documents[0].root().to_json(), value.clone());
        }
    }

    #[test]
    fn a_broken_document_hides_no_other(
        kinds in prop::collection::vec(
            prop::option::of(prop::sample::select(&BROKEN[..])),
            1..8,
        ),
    ) {
        let documents: Vec<String> = kinds
            .iter()
            .enumerate()
            .map(|(number, broken)| broken.map_or_else(|| format!("number: {number}\n"), str::to_owned))
            .collect();
        let text: Arc<str> = documents.join("---\n").into();
        let parsed = yaml::parse(SourceId(0), &text);
        let found: Vec<_> = parsed
            .documents
            .iter()
            .map(|document| document.root().get("number").and_then(NodeRef::as_i64))
            .collect();
        let expected: Vec<_> = (0..)
            .zip(&kinds)
            .filter(|(_, broken)| broken.is_none())
            .map(|(number, _)| Some(number))
            .collect();
        prop_assert_eq!(found, expected, "{}", text);
        prop_assert_eq!(parsed.errors.len(), kinds.iter().flatten().count(), "{}", text);
        for document in &parsed.documents {
            prop_assert_eq!(document.root().get("number").and_then(NodeRef::as_i64), i64::try_from(document.index).ok());
        }
    }
}

const BROKEN: [&str; 13] = [
    "a: [1, 2\n",
    "a: {b: 1\n",
    "a: \"open\n",
    "a: 'open\n",
    "a:\n\tb: 1\n",
    "a: 1\n  b: 2\n",
    "a: @b\n",
    "a: *nowhere\n",
    "a: &a [*a]\n",
    "{{ if .Values.x }}\na: 1\n{{ end }}\n",
    "a: .inf\n",
    "? [a]\n: 1\n",
    "a: ]\n",
];
