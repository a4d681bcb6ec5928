//! YAML, read as Kubernetes reads it.
//!
//! granit-parser yields events; this module turns them into documents as kubectl would (go-yaml 2 below
//! sigs.k8s.io/yaml): scalars and keys resolve as there, aliases are shared, merge keys are applied. What does not
//! parse costs its own document only.
//! Deliberately absent: byte order marks at the start and UTF-16, which [`crate::source`] decodes.

mod cause;
mod mismatch;
mod repair;
mod scalar;
mod tree;

use std::{mem, ops::Range, sync::Arc};

use granit_parser::{Event, Parser, Span, StrInput};

use self::tree::{Failure, Tree};
use super::{Comment, ParseError, Parsed, bytes, json};
use crate::source::SourceId;

/// How many places of one document are repaired before it is given up.
const REPAIRS: usize = 16;

/// Reads all documents of a text. An empty document has a null root; one that does not parse is an error, and its
/// index is left out.
pub fn parse(source: SourceId, text: &Arc<str>) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        let message = "the text is larger than 4 GiB; split it".into();
        return Parsed { documents: Vec::new(), errors: vec![ParseError { span: 0..0, message }] };
    }
    let readable = repair::without_byte_order_marks(text);
    let mut reader = Reader::new(source, text);
    let mut from = Some(0);
    while let Some(start) = from {
        from = reader.read(&readable, start);
    }
    reader.parsed
}

type Events<'t> = Parser<'t, StrInput<'t>>;

fn events(text: &str) -> Events<'_> {
    let options = granit_parser::options! {
        // kubectl does not mind under-indented flow collections either.
        strict_indentation: false,
        emit_anchor_events: true,
        max_buffered_comment_events: usize::MAX,
    };
    Parser::new_from_str_with_options(text, options)
}

struct Reader<'t> {
    source: SourceId,
    text: &'t Arc<str>,
    tree: Tree<'t>,
    comments: Vec<Comment>,
    /// Of the document being read, or of the next one.
    index: usize,
    /// Where the last document begun starts, at its `---` where it has one; until it is given up.
    start: Option<usize>,
    /// Where the document before the next one ended.
    boundary: usize,
    /// A document has been begun and not ended.
    begun: bool,
    /// Where the last document ends that was given up or read in another way: failures before are of no interest.
    settled: usize,
    parsed: Parsed,
}

impl<'t> Reader<'t> {
    fn new(source: SourceId, text: &'t Arc<str>) -> Self {
        Self {
            source,
            text,
            tree: Tree::new(text),
            comments: Vec::new(),
            index: 0,
            start: None,
            boundary: 0,
            begun: false,
            settled: 0,
            parsed: Parsed::default(),
        }
    }

    /// Reads from a byte offset; yields another one where the parser could not go on by itself.
    fn read(&mut self, readable: &str, from: usize) -> Option<usize> {
        let mut events = events(readable.get(from..)?);
        self.start = Some(from);
        self.boundary = from;
        while let Err(failure) = self.read_until_failure(&mut events, from) {
            let offset = failure.span.start;
            self.retry_or_give_up(failure);
            self.boundary = repair::document_end(self.text, offset);
            match events.proceed_next_document() {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => return repair::next_document(self.text, offset),
            }
        }
        None
    }

    fn read_until_failure(&mut self, events: &mut Events<'_>, base: usize) -> Result<(), Failure> {
        while let Some(next) = events.next_event() {
            match next {
                Ok((event, span)) => self.event(event, &place(&span, base))?,
                Err(error) => {
                    let offset = base + error.marker().byte_offset().unwrap_or_default();
                    let message = cause::syntax(error.kind());
                    return Err(Failure { span: character(self.text, offset), message });
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, span: &Range<u32>) -> Result<(), Failure> {
        match event {
            Event::DocumentStart(..) => {
                let explicit = self.text.get(bytes(span)) == Some("---");
                self.start = Some(if explicit { span.start as usize } else { self.boundary });
                self.begun = true;
            }
            Event::DocumentEnd => {
                let comments = mem::take(&mut self.comments);
                let document = self.tree.finish(self.source, self.index, self.text, comments);
                self.parsed.documents.extend(document);
                self.index += 1;
                self.begun = false;
                self.boundary = span.end as usize;
            }
            Event::Comment(..) => {
                self.tree.comment(span)?;
                self.comments.push(Comment { span: span.clone() });
            }
            event => self.tree.event(event, span)?,
        }
        Ok(())
    }

    /// kubectl also reads JSON that is no YAML, and some YAML that the parser refuses.
    fn retry_or_give_up(&mut self, failure: Failure) {
        let flow = self.tree.outermost_flow();
        self.tree.reset();
        let begun = mem::take(&mut self.begun);
        let offset = failure.span.start;
        if offset < self.settled {
            self.start = None;
            self.comments.clear();
            return;
        }
        // Where none was begun, the last one may have been taken for whole too early, if the failure lies in it.
        let start =
            self.start.take().filter(|start| begun || offset < repair::document_end(self.text, *start));
        self.settled = repair::document_end(self.text, start.unwrap_or(offset));
        if let Some(start) = start
            && (self.retry_as_json(start, begun) || (begun && self.retry_repaired(start, offset, flow)))
        {
            return;
        }
        self.comments.clear();
        self.parsed.errors.push(ParseError { span: failure.span, message: failure.message.into() });
        self.index += 1;
    }

    /// Where the parser took the first of several JSON texts for a whole document, that one is read again.
    fn retry_as_json(&mut self, start: usize, begun: bool) -> bool {
        let span = repair::content_start(self.text, start)..repair::document_end(self.text, start);
        let content = span.start;
        let first = if begun { self.index } else { self.index.saturating_sub(1) };
        let Some(mut documents) = json::stream(self.source, self.text, span, first) else {
            return false;
        };
        let taken = self.parsed.documents.pop_if(|document| document.index >= first);
        let mut comments = taken.map_or_else(|| mem::take(&mut self.comments), |document| document.comments);
        comments.retain(|comment| comment.span.end as usize <= content);
        self.comments.clear();
        if let Some(document) = documents.first_mut() {
            document.comments = comments;
        }
        self.index = first + documents.len();
        self.parsed.documents.extend(documents);
        true
    }

    /// Repairs the document that starts at `start` where it failed, and reads it again, until nothing helps.
    fn retry_repaired(&mut self, start: usize, mut failed: usize, mut flow: Option<usize>) -> bool {
        let end = repair::document_end(self.text, start);
        let Some(mut document) = self.text.get(start..end).map(str::to_owned) else {
            return false;
        };
        let before = self.comments.iter().take_while(|comment| comment.span.end as usize <= start).count();
        let index = self.index;
        for _ in 0..REPAIRS {
            let flow_in_document = flow.and_then(|flow| flow.checked_sub(start));
            let Some(at) = failed.checked_sub(start) else {
                break;
            };
            match repair::repaired(&document, at, flow_in_document) {
                Some(repaired) => document = repaired,
                None => break,
            }
            self.comments.truncate(before);
            let Err(failure) = self.read_until_failure(&mut events(&document), start) else {
                self.start = None;
                return true;
            };
            failed = failure.span.start;
            flow = self.tree.outermost_flow();
            self.tree.reset();
            self.begun = false;
            if mem::replace(&mut self.index, index) != index {
                // The repaired text was a whole document before it failed.
                self.parsed.documents.pop();
                break;
            }
        }
        self.start = None;
        false
    }
}

/// A byte range of the whole text.
fn place(span: &Span, base: usize) -> Range<u32> {
    let range = span.byte_range().unwrap_or_default();
    offset(range.start + base)..offset(range.end + base)
}

fn offset(offset: usize) -> u32 {
    u32::try_from(offset).expect("a text of more than 4 GiB is refused")
}

/// The character at a byte offset; empty at the end of a line.
fn character(text: &str, offset: usize) -> Range<usize> {
    let start = text.floor_char_boundary(offset);
    let length = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .filter(|character| !matches!(character, '\n' | '\r'))
        .map_or(0, char::len_utf8);
    start..start + length
}

#[cfg(test)]
mod tests;
