//! JSON with places.
//!
//! A small reader of RFC 8259 of our own: `jsonc-parser` accepts raw control characters in strings and any Unicode
//! white space, refuses lone surrogates, which Go replaces, reads one text only, and builds a tree of its own first.
//! Deliberately absent: comments, trailing commas and every other extension.

mod token;

use std::{ops::Range, sync::Arc};

use self::token::{Failure, Token, Tokens};
use super::{
    Document, Kind, ParseError, Parsed,
    builder::{Builder, Refusal},
};
use crate::source::SourceId;

/// Reads JSON texts that follow each other, with or without white space between them, as kubectl does. After one that
/// does not parse nothing more is read.
pub fn parse(source: SourceId, text: &Arc<str>) -> Parsed {
    let mut parsed = Parsed::default();
    let mut reader = match Reader::new(text, 0..text.len()) {
        Ok(reader) => reader,
        Err(failure) => return Parsed { errors: vec![failure.into()], ..parsed },
    };
    loop {
        match reader.next(source, text, parsed.documents.len()) {
            Ok(Some(document)) => parsed.documents.push(document),
            Ok(None) => return parsed,
            Err(failure) => {
                parsed.errors.push(failure.into());
                return parsed;
            }
        }
    }
}

/// Reads one JSON value that stands at `span` of a larger text; places are those of the larger text.
pub fn parse_value(source: SourceId, text: &Arc<str>, span: Range<usize>) -> Result<Document, ParseError> {
    let end = span.end;
    let mut reader = Reader::new(text, span)?;
    let document = reader.next(source, text, 0)?.ok_or(Failure::new(end..end, "a value is missing here"))?;
    match reader.tokens.next()? {
        None => Ok(document),
        Some((_, span)) => Err(Failure::new(super::bytes(&span), "more text follows the value").into()),
    }
}

/// All JSON texts in `span`, counted from `first`; `None` where it does not hold JSON objects or arrays only.
pub(super) fn stream(
    source: SourceId,
    text: &Arc<str>,
    span: Range<usize>,
    first: usize,
) -> Option<Vec<Document>> {
    let mut reader = Reader::new(text, span).ok()?;
    let mut documents = Vec::new();
    while let Some(document) = reader.next(source, text, first + documents.len()).ok()? {
        if document.root().is_scalar() {
            return None;
        }
        documents.push(document);
    }
    (!documents.is_empty()).then_some(documents)
}

struct Reader<'t> {
    tokens: Tokens<'t>,
    builder: Builder<'t>,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Value,
    /// A value, or the end of an array that is empty.
    FirstItem,
    Key,
    /// A key, or the end of an object that is empty.
    FirstKey,
    Separator,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, span: Range<usize>) -> Result<Self, Failure> {
        Ok(Self { tokens: Tokens::new(text, span)?, builder: Builder::new(text) })
    }

    /// The next JSON text; `None` at the end.
    fn next(&mut self, source: SourceId, text: &Arc<str>, index: usize) -> Result<Option<Document>, Failure> {
        let mut expected = Expected::Value;
        let mut begun = false;
        while !begun || self.builder.in_mapping().is_some() {
            let Some((token, span)) = self.tokens.next()? else {
                return if begun {
                    Err(self.tokens.at_end("the text ends in the middle of a value"))
                } else {
                    Ok(None)
                };
            };
            begun = true;
            expected = self.take(expected, token, &span)?;
        }
        Ok(self.builder.finish(source, index, text, Vec::new()))
    }

    fn take(&mut self, expected: Expected, token: Token, span: &Range<u32>) -> Result<Expected, Failure> {
        let mapping = self.builder.in_mapping();
        let refused = |refusal: Refusal| Failure::refused(span, refusal);
        match (expected, token) {
            (Expected::Key | Expected::FirstKey, Token::Scalar(Kind::String(name))) => {
                self.builder.key(name, span.clone());
                self.tokens.colon()?;
                Ok(Expected::Value)
            }
            (Expected::Value | Expected::FirstItem, Token::Scalar(kind)) => {
                self.builder.scalar(kind, span.clone()).map_err(refused)?;
                Ok(Expected::Separator)
            }
            (Expected::Value | Expected::FirstItem, Token::OpenBrace) => {
                self.builder.open(true, span.clone()).map_err(refused)?;
                Ok(Expected::FirstKey)
            }
            (Expected::Value | Expected::FirstItem, Token::OpenBracket) => {
                self.builder.open(false, span.clone()).map_err(refused)?;
                Ok(Expected::FirstItem)
            }
            (Expected::FirstKey, Token::CloseBrace) | (Expected::FirstItem, Token::CloseBracket) => {
                self.close(span)
            }
            (Expected::Separator, Token::CloseBrace) if mapping == Some(true) => self.close(span),
            (Expected::Separator, Token::CloseBracket) if mapping == Some(false) => self.close(span),
            (Expected::Separator, Token::Comma) => {
                Ok(if mapping == Some(true) { Expected::Key } else { Expected::Value })
            }
            (Expected::Separator, _) => Err(Failure::new(
                super::bytes(span),
                if mapping == Some(true) {
                    "`,` or `}` is expected here"
                } else {
                    "`,` or `]` is expected here"
                },
            )),
            (Expected::Key | Expected::FirstKey, _) => {
                Err(Failure::new(super::bytes(span), "a key in double quotes is expected here"))
            }
            (Expected::Value | Expected::FirstItem, _) => {
                Err(Failure::new(super::bytes(span), "a value is expected here"))
            }
        }
    }

    fn close(&mut self, span: &Range<u32>) -> Result<Expected, Failure> {
        self.builder.close(Some(span.end)).map_err(|refusal| Failure::refused(span, refusal))?;
        Ok(Expected::Separator)
    }
}

#[cfg(test)]
mod tests;
