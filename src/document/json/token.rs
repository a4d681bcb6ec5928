//! Tokens of JSON (RFC 8259), scalars decoded as Go's `encoding/json` decodes them.

use std::ops::Range;

use crate::document::{Kind, ParseError, Text, builder::Refusal, number};

/// A token; a string is a scalar.
#[derive(Debug)]
pub(super) enum Token {
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    Scalar(Kind),
}

/// Where and why the text is no JSON.
#[derive(Debug)]
pub(super) struct Failure {
    span: Range<usize>,
    message: &'static str,
}

impl Failure {
    pub(super) fn new(span: Range<usize>, message: &'static str) -> Self {
        Self { span, message }
    }

    pub(super) fn refused(span: &Range<u32>, refusal: Refusal) -> Self {
        Self::new(crate::document::bytes(span), refusal.message())
    }
}

impl From<Failure> for ParseError {
    fn from(failure: Failure) -> Self {
        Self { span: failure.span, message: failure.message.into() }
    }
}

/// Reads tokens of a part of a text.
#[derive(Debug)]
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
    end: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str, span: Range<usize>) -> Result<Self, Failure> {
        if u32::try_from(text.len()).is_err() {
            return Err(Failure::new(0..0, "the text is larger than 4 GiB; split it"));
        }
        if text.get(span.clone()).is_none() {
            return Err(Failure::new(0..0, "the value lies outside its text"));
        }
        Ok(Self { text, at: span.start, end: span.end })
    }

    /// The next token with its place; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<(Token, Range<u32>)>, Failure> {
        self.skip_white_space();
        let start = self.at;
        let Some(byte) = self.peek() else {
            return Ok(None);
        };
        let token = match byte {
            b'{' => self.punctuation(Token::OpenBrace),
            b'}' => self.punctuation(Token::CloseBrace),
            b'[' => self.punctuation(Token::OpenBracket),
            b']' => self.punctuation(Token::CloseBracket),
            b',' => self.punctuation(Token::Comma),
            b':' => self.punctuation(Token::Colon),
            b'"' => Token::Scalar(Kind::String(self.string()?)),
            b'-' | b'0'..=b'9' => Token::Scalar(self.number()?),
            _ => Token::Scalar(self.word()?),
        };
        Ok(Some((token, offset(start)..offset(self.at))))
    }

    /// Takes the colon after a key.
    pub(super) fn colon(&mut self) -> Result<(), Failure> {
        self.skip_white_space();
        if self.peek() == Some(b':') {
            self.at += 1;
            return Ok(());
        }
        Err(self.here("`:` is expected here"))
    }

    pub(super) fn at_end(&self, message: &'static str) -> Failure {
        Failure::new(self.end..self.end, message)
    }

    fn here(&self, message: &'static str) -> Failure {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        Failure::new(self.at..self.at + length, message)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        if self.at < self.end { self.text.as_bytes().get(self.at).copied() } else { None }
    }

    fn punctuation(&mut self, token: Token) -> Token {
        self.at += 1;
        token
    }

    fn skip_white_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<Kind, Failure> {
        let word =
            self.rest().split(|character: char| !character.is_alphanumeric()).next().unwrap_or_default();
        let kind = match word {
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            "null" => Kind::Null,
            _ => return Err(self.here("a value is expected here; strings need double quotes")),
        };
        self.at += word.len();
        Ok(kind)
    }

    fn number(&mut self) -> Result<Kind, Failure> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        if self.peek().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-'))
        {
            return Err(self.here("a number is not well-formed"));
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if whole && let Ok(value) = text.parse::<i64>() {
            return Ok(Kind::Integer(value));
        }
        if whole && let Ok(value) = text.parse::<u64>() {
            return Ok(Kind::Unsigned(value));
        }
        let value = text.parse::<f64>().ok().and_then(number::float);
        value.ok_or_else(|| Failure::new(start..self.at, "a number is too large"))
    }

    fn digits(&mut self) -> Result<(), Failure> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.here("a number is not well-formed")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<Text, Failure> {
        let quote = self.at;
        self.at += 1;
        let mut decoded: Option<String> = None;
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            let piece = self.text.get(start..self.at).unwrap_or_default();
            match self.peek() {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(match decoded {
                        Some(decoded) => Text::Owned((decoded + piece).into()),
                        None => Text::Source(offset(start)..offset(end)),
                    });
                }
                Some(b'\\') => {
                    let decoded = decoded.get_or_insert_default();
                    decoded.push_str(piece);
                    decoded.push(self.escape()?);
                }
                Some(_) => return Err(self.here("a control character stands in a string; escape it")),
                None => return Err(Failure::new(quote..quote + 1, "this string is not closed")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        let start = self.at;
        self.at += 1;
        let byte = self.peek();
        self.at += 1;
        let character = match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => self.unicode(start)?,
            _ => return Err(Failure::new(start..start + 1, "this escape is not known in a string")),
        };
        Ok(character)
    }

    /// A surrogate without its other half becomes a replacement character.
    fn unicode(&mut self, start: usize) -> Result<char, Failure> {
        let first = self
            .hexadecimal()
            .ok_or(Failure::new(start..start + 1, "`\\u` wants four hexadecimal digits"))?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            match self.hexadecimal() {
                Some(second @ 0xdc00..0xe000) => units.push(second),
                _ => self.at = before,
            }
        }
        Ok(char::decode_utf16(units).next().and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hexadecimal(&mut self) -> Option<u16> {
        let digits = self.text.get(self.at..self.at + 4).filter(|_| self.at + 4 <= self.end)?;
        let valid = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = valid.then(|| u16::from_str_radix(digits, 16).ok()).flatten()?;
        self.at += 4;
        Some(unit)
    }
}

fn offset(offset: usize) -> u32 {
    u32::try_from(offset).expect("a text of more than 4 GiB is refused")
}
