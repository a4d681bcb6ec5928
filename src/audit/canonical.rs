//! Canonical JSON (RFC 8785), as records and commits are written.
//!
//! Only objects, lists, strings and booleans: numbers are decimal strings and keys are ASCII, so that neither the
//! printing of numbers nor sorting by UTF-16 comes into play, and one meaning has exactly one encoding.

use std::borrow::Cow;

use serde::Serializer;

const DEEPEST: usize = 16;

/// Text that is not in canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCanonical {
    /// Byte offset in the text.
    pub offset: usize,
    /// What canonical form has there.
    pub expected: &'static str,
}

/// Reads canonical JSON piece by piece.
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub const fn new(text: &'a str) -> Self {
        Self { text, offset: 0 }
    }

    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Consumes exactly this text.
    pub fn literal(&mut self, literal: &'static str) -> Result<(), NotCanonical> {
        if self.rest().starts_with(literal.as_bytes()) {
            self.offset += literal.len();
            Ok(())
        } else {
            Err(self.error(literal))
        }
    }

    /// Consumes this text if it comes next.
    pub fn accepts(&mut self, literal: &'static str) -> bool {
        self.literal(literal).is_ok()
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), NotCanonical> {
        if self.offset == self.text.len() { Ok(()) } else { Err(self.error("nothing more")) }
    }

    /// Consumes a value and returns its text.
    pub fn value(&mut self) -> Result<&'a str, NotCanonical> {
        let start = self.offset;
        self.nested_value(0)?;
        Ok(self.since(start))
    }

    /// Consumes an object and returns its text.
    pub fn object(&mut self) -> Result<&'a str, NotCanonical> {
        if self.rest().first() == Some(&b'{') { self.value() } else { Err(self.error("an object")) }
    }

    /// Consumes a string and returns its text between the quotes, escapes included (see [`unescape`]).
    pub fn string(&mut self) -> Result<&'a str, NotCanonical> {
        self.literal("\"")?;
        let start = self.offset;
        loop {
            let rest = self.rest();
            let plain = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
            if let Some(control) = rest[..plain].iter().position(|byte| *byte < 0x20) {
                self.offset += control;
                return Err(self.error("a string without control characters"));
            }
            self.offset += plain;
            match rest.get(plain) {
                Some(b'"') => {
                    let text = self.since(start);
                    self.offset += 1;
                    return Ok(text);
                }
                Some(_) => self.escape()?,
                None => return Err(self.error("the end of the string")),
            }
        }
    }

    fn nested_value(&mut self, depth: usize) -> Result<(), NotCanonical> {
        match self.rest().first() {
            _ if depth > DEEPEST => Err(self.error("less nesting")),
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.members(depth),
            Some(b'[') => {
                self.offset += 1;
                if self.accepts("]") {
                    return Ok(());
                }
                loop {
                    self.nested_value(depth + 1)?;
                    if self.accepts("]") {
                        return Ok(());
                    }
                    self.literal(",")?;
                }
            }
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            _ => Err(self.error("a string, a list, an object or a boolean")),
        }
    }

    fn members(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.literal("{")?;
        if self.accepts("}") {
            return Ok(());
        }
        let mut before: Option<&str> = None;
        loop {
            let start = self.offset;
            let key = self.string()?;
            let plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
            if !plain || before.is_some_and(|before| before >= key) {
                self.offset = start;
                return Err(self.error("keys in ASCII, sorted, each once"));
            }
            before = Some(key);
            self.literal(":")?;
            self.nested_value(depth + 1)?;
            if self.accepts("}") {
                return Ok(());
            }
            self.literal(",")?;
        }
    }

    fn escape(&mut self) -> Result<(), NotCanonical> {
        let length = match self.rest() {
            [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            [b'\\', b'u', b'0', b'0', b'0', b'0'..=b'7' | b'b' | b'e' | b'f', ..] => 6,
            [b'\\', b'u', b'0', b'0', b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 6,
            _ => return Err(self.error("the canonical escape")),
        };
        self.offset += length;
        Ok(())
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.offset..).unwrap_or_default()
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.offset).expect("the cursor stands on ASCII where a value starts and ends")
    }

    const fn error(&self, expected: &'static str) -> NotCanonical {
        NotCanonical { offset: self.offset, expected }
    }
}

/// The text that a string of [`Cursor::string`] means.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    if !raw.contains('\\') {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('b') => '\u{8}',
                Some('f') => '\u{c}',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('u') => {
                    let digits = characters.as_str().get(..4).unwrap_or_default();
                    characters = characters.as_str().get(4..).unwrap_or_default().chars();
                    u32::from_str_radix(digits, 16)
                        .ok()
                        .and_then(char::from_u32)
                        .unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                Some(other) => other,
                None => break,
            },
            other => other,
        });
    }
    Cow::Owned(text)
}

/// A number in decimal, without sign or leading zeros.
pub fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

/// For `serde`: a number as a decimal string.
pub fn decimal<N: ToString, S: Serializer>(number: &N, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&number.to_string())
}

/// For `serde`: a number as a decimal string, where it is known.
pub fn decimal_if_known<N: ToString, S: Serializer>(
    number: &Option<N>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => decimal(number, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accepts(text: &str) -> bool {
        let mut cursor = Cursor::new(text);
        cursor.value().is_ok() && cursor.end().is_ok()
    }

    #[test]
    fn canonical_form_is_told_from_everything_else() {
        let table = [
            (r#"{"a":"1","b":["x",true,{}],"c":{}}"#, true),
            (r#"{"a":"\"\\\b\f\n\r\t\u0000\u001f é —"}"#, true),
            (r#"{"b":"1","a":"1"}"#, false),
            (r#"{"a":"1","a":"1"}"#, false),
            (r#"{"a": "1"}"#, false),
            (r#"{"a":"1"} "#, false),
            (r#"{"a":"\u00e9"}"#, false),
            (r#"{"a":"\u0041"}"#, false),
            (r#"{"a":"\u001F"}"#, false),
            (r#"{"a":"\u000a"}"#, false),
            (r#"{"a":"\u0008"}"#, false),
            (r#"{"a":"\/"}"#, false),
            (r#"{"a":"\ud800"}"#, false),
            (r#"{"é":"1"}"#, false),
            (r#"{"a\n":"1"}"#, false),
            (r#"{"a":1}"#, false),
            (r#"{"a":1.0}"#, false),
            (r#"{"a":null}"#, false),
            (r#"{"a":"1",}"#, false),
            ("{\"a\":\"\u{1}\"}", false),
            (r#"{"a":"1""#, false),
            ("", false),
        ];
        for (text, canonical) in table {
            assert_eq!(accepts(text), canonical, "{text}");
        }
    }

    #[test]
    fn nesting_is_limited() {
        assert!(accepts(&format!("{}{}", "[".repeat(17), "]".repeat(17))));
        assert!(!accepts(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))));
    }

    #[test]
    fn numbers_have_one_form() {
        assert_eq!(number("0"), Some(0));
        assert_eq!(number("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1.0", "18446744073709551616", "99999999999999999999"]
        {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from)
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[!#-\\[\\]-~]{0,4}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_the_reference_implementation_writes_is_canonical(value in any_json()) {
            let text = serde_json_canonicalizer::to_string(&value).unwrap();
            prop_assert!(accepts(&text), "{}", text);
        }

        #[test]
        fn what_is_accepted_is_what_the_reference_implementation_writes(value in any_json(), at in any::<prop::sample::Index>(), with in any::<char>()) {
            let mut characters: Vec<char> = serde_json_canonicalizer::to_string(&value).unwrap().chars().collect();
            let at = at.index(characters.len());
            characters[at] = with;
            let text: String = characters.into_iter().collect();
            if accepts(&text) {
                let again: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(serde_json_canonicalizer::to_string(&again).unwrap(), text);
            }
        }

        #[test]
        fn strings_come_back(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let mut cursor = Cursor::new(&json);
            prop_assert_eq!(unescape(cursor.string().unwrap()), text);
            prop_assert!(cursor.end().is_ok());
        }
    }
}
