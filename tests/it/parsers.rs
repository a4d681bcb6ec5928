//! Whatever the bytes, the parsers do not panic, and every place lies inside the text.

use std::{ops::Range, sync::Arc};

use probity::{
    document::{Document, Parsed, json, yaml},
    source::SourceId,
};
use proptest::prelude::*;

/// Pieces that mean something to one of the parsers.
const PIECES: [&str; 64] = [
    "a",
    "b: ",
    "kind: ",
    "1",
    "0644",
    "yes",
    "~",
    ".inf",
    "<<",
    ": ",
    "- ",
    "? ",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\r\n",
    "\t",
    " ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    ":",
    "\"",
    "\"",
    "'",
    "'",
    "|",
    ">-",
    "|2",
    "&x ",
    "*x",
    "&y ",
    "*y",
    "!!int ",
    "!!str ",
    "!!binary ",
    "!t ",
    "! ",
    "# c",
    " # c",
    "#",
    "---\n",
    "\n---\n",
    "--- ",
    "\n...\n",
    "%YAML 1.2\n",
    "\\",
    "\\u00e9",
    "\\ud83d",
    "é",
    "😀",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\u{0}",
    "-",
    "null",
    "{\"a\": 1}",
    "1e3",
    "@",
];

const MANIFEST: &str = "# head\napiVersion: v1\nkind: Service\nmetadata: &m\n  name: wéb\n  labels: {app: web, \"tier\": 'é'}\nspec:\n  ports:\n  - port: 80 # http\n    targetPort: 0x50\n  - {<<: *m, port: 443}\n  empty:\n  text: |\n    one\n\n    two\n  folded: >-\n    a\n    b\n---\n{\"a\": [1, 2.5, null, \"\\u00e9\\n\"],\n\t\"b\": {}}\n";

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn text_of_meaningful_pieces_is_read_without_panic(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
        check(&pieces.concat())?;
    }

    #[test]
    fn a_mutated_manifest_is_read_without_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..6, prop::sample::select(&PIECES[..])), 1..8),
    ) {
        let mut text = MANIFEST.to_owned();
        for (position, removed, inserted) in edits {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let first = position.index(starts.len());
            let last = (first + removed).min(starts.len() - 1);
            text.replace_range(starts[first]..starts[last], inserted);
        }
        check(&text)?;
    }

    #[test]
    fn json_reads_back_what_was_written(value in values()) {
        let text: Arc<str> = value.to_string().into();
        let parsed = json::parse(SourceId(0), &text);
        prop_assert_eq!(&parsed.errors, &[]);
        prop_assert_eq!(parsed.documents[0].root().to_json(), value.clone());
        let parsed = yaml::parse(SourceId(0), &text);
        prop_assert_eq!(&parsed.errors, &[], "JSON is YAML");
        prop_assert_eq!(parsed.documents[0].root().to_json(), value);
    }
}

fn check(text: &str) -> Result<(), TestCaseError> {
    let text: Arc<str> = text.into();
    let yaml = yaml::parse(SourceId(0), &text);
    check_places(&text, &yaml)?;
    check_places(&text, &json::parse(SourceId(0), &text))?;
    prop_assert!(yaml.documents.windows(2).all(|pair| pair[0].index < pair[1].index));
    let middle = text.floor_char_boundary(text.len() / 2);
    for span in [0..middle, middle..text.len()] {
        match json::parse_value(SourceId(0), &text, span) {
            Ok(document) => check_document(&text, &document)?,
            Err(error) => check_span(&text, &error.span)?,
        }
    }
    Ok(())
}

fn check_places(text: &str, parsed: &Parsed) -> Result<(), TestCaseError> {
    for error in &parsed.errors {
        check_span(text, &error.span)?;
        prop_assert!(!error.message.is_empty());
    }
    parsed.documents.iter().try_for_each(|document| check_document(text, document))
}

fn check_document(text: &str, document: &Document) -> Result<(), TestCaseError> {
    let mut open = vec![document.root()];
    let mut budget = 10_000;
    while let Some(node) = open.pop() {
        check_span(text, &node.span())?;
        for (_, key, value) in node.entries() {
            check_span(text, &key)?;
            open.push(value);
        }
        open.extend(node.items());
        budget -= 1;
        if budget == 0 {
            break;
        }
    }
    for comment in &document.comments {
        check_span(text, &(comment.span.start as usize..comment.span.end as usize))?;
    }
    for key in &document.duplicate_keys {
        check_span(text, &(key.start as usize..key.end as usize))?;
    }
    Ok(())
}

fn check_span(text: &str, span: &Range<usize>) -> Result<(), TestCaseError> {
    prop_assert!(text.get(span.clone()).is_some(), "{span:?} of {} bytes", text.len());
    Ok(())
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
