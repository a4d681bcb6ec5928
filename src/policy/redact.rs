//! Removes secret values from what policies say: a policy may print whatever it was given, encoded or hashed too, and
//! pieces of what nothing else can look like.
//!
//! Deliberately absent: whatever a policy takes apart itself (single characters, a keyed digest), and pieces of a value that
//! is made of words, which would make names of services unreadable. A policy is code that its user trusts; this is
//! for mistakes, not for malice.

use std::collections::HashSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::{finding::hex, resource::credential::is_random, source::place::MASK};

/// Shorter values are removed only where they stand alone; they may be part of any word.
const DISTINCTIVE: usize = 8;

/// Longer texts are removed as a whole only: key stores, whose pieces nobody prints.
const PIECED: usize = 16 << 10;

/// Removes the secret values of one subject from texts.
#[derive(Default)]
pub(super) struct Redactor {
    /// What is removed as it is, longest first.
    whole: Vec<String>,
    /// Every [`DISTINCTIVE`] bytes in a row of what is random, or became so by an encoding or a digest.
    pieces: HashSet<Piece>,
}

type Piece = [u8; DISTINCTIVE];

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
        let turned: Vec<String> = values.iter().flat_map(|value| turned(value)).collect();
        let random = values.iter().flat_map(|value| value.split_whitespace()).filter(|word| is_random(word));
        let pieced = random.chain(encoded.iter().map(String::as_str)).filter(|text| text.len() <= PIECED);
        let pieces = pieced.flat_map(|text| text.as_bytes().windows(DISTINCTIVE)).filter_map(piece).collect();
        values.extend(escaped);
        values.extend(encoded);
        values.extend(turned);
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { whole: values, pieces }
    }

    pub(super) fn text(&self, text: &str) -> String {
        let text = self.whole.iter().fold(text.to_owned(), |text, value| {
            if !text.contains(value.as_str()) {
                return text;
            }
            if value.len() >= DISTINCTIVE {
                text.replace(value.as_str(), MASK)
            } else {
                replace_words(&text, value)
            }
        });
        self.without_pieces(text)
    }

    /// Without what a policy cut out of a random value: `substring(token, 0, 12)`.
    fn without_pieces(&self, text: String) -> String {
        if self.pieces.is_empty() || text.len() < DISTINCTIVE {
            return text;
        }
        let starts = text.as_bytes().windows(DISTINCTIVE).enumerate();
        let starts =
            starts.filter(|(_, bytes)| piece(bytes).is_some_and(|piece| self.pieces.contains(&piece)));
        let (mut result, mut done) = (String::new(), 0);
        for (start, _) in starts {
            if start >= done {
                // Pieces are ASCII, so that they begin and end where a character does.
                result.push_str(&text[done..start]);
                result.push_str(MASK);
            }
            done = start + DISTINCTIVE;
        }
        result.push_str(&text[done..]);
        result
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
                if self.whole.contains(&text) {
                    *value = MASK.into();
                }
            }
            _ => {}
        }
    }
}

/// A piece that nothing else looks like: letters with digits among them, or with cases that change like nowhere in a word.
fn piece(bytes: &[u8]) -> Option<Piece> {
    let piece: Piece = bytes.try_into().ok()?;
    let is_of_token =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
    if !piece.iter().all(is_of_token) {
        return None;
    }
    let digits = piece.iter().filter(|byte| byte.is_ascii_digit()).count();
    let has_letters = piece.iter().any(u8::is_ascii_alphabetic);
    let changes =
        piece.windows(2).filter(|pair| pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase());
    (has_letters && (digits > 0 || changes.count() >= 4)).then_some(piece)
}

/// What the built-ins of Rego make of a value: `base64`, `base64url`, `hex` and `crypto`.
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
    if bytes.len() >= DISTINCTIVE {
        encoded.extend((1..=2).flat_map(|before| within(bytes, before)));
    }
    encoded
}

/// What they make of it that is still readable: `urlquery`, `upper`, `lower` and `strings.reverse`.
fn turned(value: &str) -> Vec<String> {
    // As OPA's `urlquery.encode` writes it, and as a path has it.
    let query: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let path = query.replace('+', "%20");
    let turned = [query, path, value.to_uppercase(), value.to_lowercase(), value.chars().rev().collect()];
    turned.into_iter().filter(|turned| turned != value).collect()
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
    fn pieces_of_what_is_random_are_removed_and_words_are_left() {
        let redactor = Redactor::new(vec![
            "q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5".into(),
            "accounts-password".into(),
            "postgresql://accounts-db.shop.svc.cluster.local/accounts".into(),
        ]);
        for (text, expected) in [
            ("begins with q7Zk2Wv9", "begins with ********"),
            (
                "`q7Zk2Wv9Lx4` and 3Rm6Yp1Jd5, in one: x2Wv9Lx4Tb8y",
                "`********` and ********, in one: x********y",
            ),
            ("q7Zk2Wv", "q7Zk2Wv"),
            (
                "ConfigMap accounts of accounts-db.shop has accounts-pass",
                "ConfigMap accounts of accounts-db.shop has accounts-pass",
            ),
            // `base64.encode(substring(value, 0, 9))`, and the first digits of a digest, which would confirm a guess.
            ("YWNjb3VudHMt", "********"),
            ("sha256 642242cdf3ec…", "sha256 ********…"),
            ("größer q7Zk2Wv9Lx größer", "größer ******** größer"),
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
