//! Removes secret values from what policies say: a policy may print whatever it was given, encoded or hashed too.
//!
//! Deliberately absent: whatever a policy takes apart itself (single characters, a keyed digest). A policy is code
//! that its user trusts; this is for mistakes, not for malice.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::{finding::hex, source::place::MASK};

/// Shorter values are removed only where they stand alone; they may be part of any word.
const DISTINCTIVE: usize = 8;

/// Removes the secret values of one subject from texts.
#[derive(Default)]
pub(super) struct Redactor(Vec<String>);

impl Redactor {
    pub(super) fn new(mut values: Vec<String>) -> Self {
        values =
            values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect();
        // Values of several lines may be quoted line by line.
        let lines: Vec<String> =
            values.iter().flat_map(|value| value.lines()).map(|line| line.trim().to_owned()).collect();
        values.extend(lines.into_iter().filter(|line| line.len() >= DISTINCTIVE));
        // Within a message an object is printed as JSON, with escapes.
        let escaped = values.iter().filter_map(|value| {
            let json = serde_json::to_string(value).ok()?;
            json.get(1..json.len() - 1).filter(|inside| inside != value).map(ToOwned::to_owned)
        });
        let escaped: Vec<String> = escaped.collect();
        let encoded: Vec<String> = values.iter().flat_map(|value| encodings(value)).collect();
        values.extend(escaped);
        values.extend(encoded);
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self(values)
    }

    pub(super) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, value| {
            if !text.contains(value.as_str()) {
                return text;
            }
            if value.len() >= DISTINCTIVE {
                text.replace(value.as_str(), MASK)
            } else {
                replace_words(&text, value)
            }
        })
    }

    pub(super) fn json(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            serde_json::Value::Object(fields) => {
                let redacted = std::mem::take(fields).into_iter().map(|(key, mut value)| {
                    self.json(&mut value);
                    (self.text(&key), value)
                });
                *fields = redacted.collect();
            }
            serde_json::Value::Number(number) => {
                let text = number.to_string();
                if self.0.contains(&text) {
                    *value = MASK.into();
                }
            }
            _ => {}
        }
    }
}

/// What the built-ins of Rego make of a value: `base64`, `base64url`, `hex`, `urlquery` and `crypto`; `upper`, `lower` and
/// `strings.reverse`.
fn encodings(value: &str) -> Vec<String> {
    let bytes = value.as_bytes();
    let mut encoded = vec![
        hex(&Md5::digest(bytes)),
        hex(&Sha1::digest(bytes)),
        hex(&Sha256::digest(bytes)),
        hex(&Sha512::digest(bytes)),
        STANDARD.encode(bytes).trim_end_matches('=').to_owned(),
        URL_SAFE.encode(bytes).trim_end_matches('=').to_owned(),
        hex(bytes),
    ];
    // As OPA's `urlquery.encode` writes it, and as a path has it.
    let query: String = form_urlencoded::byte_serialize(bytes).collect();
    let path = query.replace('+', "%20");
    encoded.extend([query, path].into_iter().filter(|quoted| quoted != value));
    let turned = [value.to_uppercase(), value.to_lowercase(), value.chars().rev().collect()];
    encoded.extend(turned.into_iter().filter(|turned| turned != value));
    if bytes.len() >= DISTINCTIVE {
        encoded.extend((1..=2).flat_map(|before| within(bytes, before)));
    }
    encoded
}

/// The base64 of a value that follows `before` other bytes (`user:password`), without what neighbours change.
fn within(value: &[u8], before: usize) -> [String; 2] {
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(value.iter().copied()).collect();
    // Three bytes make four characters: the first group holds foreign bytes, and the last one may.
    let whole = padded.len() / 3 * 4;
    [STANDARD.encode(&padded), URL_SAFE.encode(&padded)]
        .map(|text| text.get(4..whole).unwrap_or_default().to_owned())
}

fn replace_words(text: &str, word: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(word) {
        let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        if at >= done && !is_word(before) && !is_word(after) {
            result.push_str(&text[done..at]);
            result.push_str(MASK);
            done = at + word.len();
        }
    }
    result.push_str(&text[done..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_removed_everywhere_and_short_ones_where_they_stand_alone() {
        let redactor = Redactor::new(vec![
            "hunter22".into(),
            "root".into(),
            "root-of-all-evil".into(),
            "say \"hello\" twice".into(),
        ]);
        for (text, expected) in [
            ("it is xhunter22y", "it is x********y"),
            ("password `root` of rooted and root", "password `********` of rooted and ********"),
            ("root-of-all-evil", "********"),
            ("nothing", "nothing"),
            (r#"{"a": "say \"hello\" twice"}"#, r#"{"a": "********"}"#),
        ] {
            assert_eq!(redactor.text(text), expected);
        }
        let redactor = Redactor::new(vec!["hunter2 & friends".into(), "pw".into()]);
        for (text, expected) in [
            ("x aHVudGVyMiAmIGZyaWVuZHM= y", "x ********= y"),
            ("YTpodW50ZXIyICYgZnJpZW5kcw==", "YTpo********cw=="),
            ("68756e74657232202620667269656e6473", "********"),
            ("hunter2+%26+friends, hunter2%20%26%20friends", "********, ********"),
            ("HUNTER2 & FRIENDS, sdneirf & 2retnuh", "********, ********"),
            ("sha1 of pw: 1a91d62f7ca67399625a4368a6ab5d4a3baa6073", "sha1 of ********: ********"),
        ] {
            assert_eq!(redactor.text(text), expected);
        }
    }

    #[test]
    fn json_is_redacted_in_keys_too() {
        let redactor = Redactor::new(vec!["hunter22".into(), "root".into()]);
        let mut value = serde_json::json!({"a": ["hunter22"], "root": 1});
        redactor.json(&mut value);
        assert_eq!(value, serde_json::json!({"a": [MASK], MASK: 1}));
    }
}
