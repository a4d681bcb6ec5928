//! From the events of one document to its arena: styles, tags, anchors, aliases, keys.

use std::{borrow::Cow, collections::HashMap, ops::Range, sync::Arc};

use granit_parser::{Event, ScalarStyle, Tag};

use super::{
    mismatch::{self, Mismatch},
    repair,
    scalar::{self, Scalar},
};
use crate::{
    document::{
        Comment, Document, Kind, Text,
        builder::{Builder, Refusal, Value},
        bytes, number,
    },
    source::SourceId,
};

/// Why a document is given up.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) span: Range<usize>,
    pub(super) message: &'static str,
}

impl Failure {
    fn new(span: &Range<u32>, message: &'static str) -> Self {
        Self { span: bytes(span), message }
    }
}

struct Open {
    /// 0 where it has no anchor.
    anchor: usize,
    flow: bool,
    start: u32,
}

pub(super) struct Tree<'t> {
    text: &'t str,
    builder: Builder<'t>,
    open: Vec<Open>,
    /// Complete values by anchor.
    anchors: HashMap<usize, Value>,
    mismatch: Mismatch<'t>,
}

impl<'t> Tree<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            builder: Builder::new(text),
            open: Vec::new(),
            anchors: HashMap::new(),
            mismatch: Mismatch::new(text),
        }
    }

    /// Where the outermost flow collection starts that is open.
    pub(super) fn outermost_flow(&self) -> Option<usize> {
        self.open.iter().find(|open| open.flow).map(|open| open.start as usize)
    }

    /// Forgets an unfinished document.
    pub(super) fn reset(&mut self) {
        self.builder.reset();
        self.open.clear();
        self.anchors.clear();
    }

    pub(super) fn finish(
        &mut self,
        source: SourceId,
        index: usize,
        text: &Arc<str>,
        comments: Vec<Comment>,
    ) -> Option<Document> {
        let document = self.builder.finish(source, index, text, comments);
        self.reset();
        document
    }

    /// Takes an event that belongs to a node; others mean nothing here.
    pub(super) fn event(&mut self, event: Event<'_>, span: &Range<u32>) -> Result<(), Failure> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                self.scalar(&value, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(_, anchor, _) => self.open(false, anchor, &self.with_dash(span)),
            Event::MappingStart(_, anchor, _) => self.open(true, anchor, span),
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Anchor(_, name) => {
                mismatch::of_anchor(&name).map_or(Ok(()), |message| Err(Failure::new(span, message)))
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, mapping: bool, anchor: usize, span: &Range<u32>) -> Result<(), Failure> {
        if self.builder.expects_key() {
            return Err(Failure::new(span, COLLECTION_KEY));
        }
        self.builder.open(mapping, span.clone()).map_err(|refusal| refused(span, refusal))?;
        self.open.push(Open { anchor, flow: !span.is_empty(), start: span.start });
        Ok(())
    }

    /// The parser starts a block sequence that is not indented at its first value instead of its first dash.
    fn with_dash(&self, span: &Range<u32>) -> Range<u32> {
        let before = self.text.get(..span.start as usize).unwrap_or_default();
        let starts_late = span.is_empty() && self.text.as_bytes().get(span.start as usize) != Some(&b'-');
        match before.trim_end().strip_suffix('-') {
            Some(before) if starts_late => {
                let start = u32::try_from(before.len()).unwrap_or(span.start);
                start..start
            }
            _ => span.clone(),
        }
    }

    fn close(&mut self, span: &Range<u32>) -> Result<(), Failure> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let end = open.flow.then_some(span.end);
        let value = self.builder.close(end).map_err(|refusal| Failure {
            span: open.start as usize..open.start as usize,
            message: refusal.message(),
        })?;
        self.remember(open.anchor, value);
        Ok(())
    }

    fn remember(&mut self, anchor: usize, value: Option<Value>) {
        if let (1.., Some(value)) = (anchor, value) {
            self.anchors.insert(anchor, value);
        }
    }

    fn alias(&mut self, anchor: usize, span: &Range<u32>) -> Result<(), Failure> {
        let Some(value) = self.anchors.get(&anchor).copied() else {
            return Err(Failure::new(span, "this alias names a value that it is part of"));
        };
        if !self.builder.expects_key() {
            return self.builder.alias(value, span.end).map_err(|refusal| refused(span, refusal));
        }
        let name = match self.builder.kind(value.id) {
            Kind::String(text) => text.clone(),
            Kind::Bool(value) => Text::Owned(value.to_string().into()),
            Kind::Integer(value) => Text::Owned(value.to_string().into()),
            Kind::Float(value) => Text::Owned(number::float_key(*value).into()),
            Kind::Null => return Err(Failure::new(span, NULL_KEY)),
            Kind::Unsigned(_) => return Err(Failure::new(span, LARGE_KEY)),
            Kind::Sequence(_) | Kind::Mapping(_) | Kind::Unknown => {
                return Err(Failure::new(span, COLLECTION_KEY));
            }
        };
        self.builder.key(name, span.clone());
        Ok(())
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: &Range<u32>,
    ) -> Result<(), Failure> {
        // The parser reports an empty plain scalar as `~` of no length.
        let value = if style == ScalarStyle::Plain && span.is_empty() { "" } else { value };
        self.check_reading(value, style, tag.is_some(), span)?;
        let core = tag.and_then(core_tag);
        let plain = tag.is_none() && style == ScalarStyle::Plain;
        let is_key = self.builder.expects_key();
        if is_key && value == "<<" && is_merge(tag, style) {
            self.builder.merge_key(span);
            return Ok(());
        }
        let scalar = match (core.as_deref(), plain) {
            (_, true) => scalar::plain(value),
            (Some(tag), _) => scalar::tagged(tag, value)
                .map_err(|_| Failure::new(span, "this value is not what its tag says"))?,
            (None, false) => Scalar::String(value.into()),
        };
        let place = self.place(value, style, span);
        if is_key {
            let kind = anchor.ne(&0).then(|| self.kind(scalar.clone(), span, style)).transpose()?;
            let name = self.name(scalar, span, style)?;
            self.builder.key(name, span.clone());
            let value = kind.map(|kind| self.builder.detached(kind, span.clone()));
            self.remember(anchor, value);
            return Ok(());
        }
        let kind = self.kind(scalar, span, style)?;
        let value = self.builder.scalar(kind, place).map_err(|refusal| refused(span, refusal))?;
        self.remember(anchor, Some(value));
        Ok(())
    }

    fn check_reading(
        &self,
        value: &str,
        style: ScalarStyle,
        tagged: bool,
        span: &Range<u32>,
    ) -> Result<(), Failure> {
        let plain_in_flow = style == ScalarStyle::Plain && self.open.last().is_some_and(|open| open.flow);
        let mismatch = self.mismatch.of_scalar(value, style).or_else(|| {
            let colon_end = if value.is_empty() {
                self.builder.awaited_by().and_then(|key| self.colon(key))
            } else {
                None
            };
            if plain_in_flow { self.mismatch.of_plain_in_flow(value, tagged, colon_end) } else { None }
        });
        mismatch.map_or(Ok(()), |message| Err(Failure::new(span, message)))
    }

    /// Takes the place of a comment.
    pub(super) fn comment(&self, span: &Range<u32>) -> Result<(), Failure> {
        self.mismatch.of_comment(span).map_or(Ok(()), |message| Err(Failure::new(span, message)))
    }

    fn kind(&self, scalar: Scalar<'_>, span: &Range<u32>, style: ScalarStyle) -> Result<Kind, Failure> {
        Ok(match scalar {
            Scalar::Null => Kind::Null,
            Scalar::Bool(value) => Kind::Bool(value),
            Scalar::Integer(value) => Kind::Integer(value),
            Scalar::Unsigned(value) => Kind::Unsigned(value),
            Scalar::Float(value) => number::float(value)
                .ok_or_else(|| Failure::new(span, "infinity and not-a-number have no form in JSON"))?,
            Scalar::String(value) => Kind::String(self.text(value, span, style)),
        })
    }

    fn name(&self, scalar: Scalar<'_>, span: &Range<u32>, style: ScalarStyle) -> Result<Text, Failure> {
        let name = match scalar {
            Scalar::String(value) => value,
            Scalar::Bool(value) => if value { "true" } else { "false" }.into(),
            Scalar::Integer(value) => value.to_string().into(),
            Scalar::Float(value) => number::float_key(value).into(),
            Scalar::Null => return Err(Failure::new(span, NULL_KEY)),
            Scalar::Unsigned(_) => return Err(Failure::new(span, LARGE_KEY)),
        };
        Ok(self.text(name, span, style))
    }

    /// A range of the source where the text stands there as it is, else its own. Where the source was repaired
    /// ([`repair::repaired`]), the source is right.
    fn text(&self, value: Cow<'_, str>, span: &Range<u32>, style: ScalarStyle) -> Text {
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        let start = span.start + u32::from(quoted);
        match u32::try_from(value.len()).ok().and_then(|length| start.checked_add(length)) {
            Some(end) if self.text.get(bytes(&(start..end))) == Some(&*value) => Text::Source(start..end),
            _ if &*value == repair::STRING && style == ScalarStyle::Plain => Text::Source(span.clone()),
            _ => Text::Owned(value.into()),
        }
    }

    /// Where a value is shown: without the white space that a block scalar ends with, and for an empty one right
    /// after the colon of its key.
    fn place(&self, value: &str, style: ScalarStyle, span: &Range<u32>) -> Range<u32> {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if value.is_empty() && (block || span.is_empty()) {
            let at = self
                .builder
                .awaited_by()
                .map_or(span.start, |key_end| self.colon(key_end).unwrap_or(key_end));
            return at..at;
        }
        if !block {
            return span.clone();
        }
        let content = self.text.get(bytes(span)).unwrap_or_default();
        let trailing = u32::try_from(content.len() - content.trim_end().len()).unwrap_or_default();
        span.start..span.end - trailing
    }

    /// Where the colon of a key ends that ends at `key_end`, if it has one on its line.
    fn colon(&self, key_end: u32) -> Option<u32> {
        let rest = self.text.get(key_end as usize..)?;
        let blanks = rest.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let colon = rest.as_bytes().get(blanks) == Some(&b':');
        colon.then(|| u32::try_from(blanks).map_or(key_end, |blanks| key_end + blanks + 1))
    }
}

const NULL_KEY: &str = "a key is null; quote it or name it";
const LARGE_KEY: &str = "a key is an integer too large for Kubernetes; quote it";
const COLLECTION_KEY: &str = "a mapping or a sequence cannot be a key";

fn refused(span: &Range<u32>, refusal: Refusal) -> Failure {
    Failure::new(span, refusal.message())
}

/// Name of a tag of the YAML repository: `int` for `!!int`.
fn core_tag(tag: &Tag) -> Option<Cow<'_, str>> {
    tag.suffix_in_namespace("tag:yaml.org,2002:")
}

/// go-yaml takes `<<` without quotes, and with a tag that says so.
fn is_merge(tag: Option<&Tag>, style: ScalarStyle) -> bool {
    tag.map_or(style == ScalarStyle::Plain, |tag| {
        core_tag(tag).as_deref() == Some("merge") || tag.original() == "!"
    })
}
