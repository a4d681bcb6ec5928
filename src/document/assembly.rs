//! Documents that are put together from values of another text, each with the place that it was taken from.
//! Deliberately absent: parsing, and any idea of what the values mean.

use std::{ops::Range, sync::Arc};

use super::{Document, Entry, Kind, Node, NodeId, NodeRef, Text};
use crate::source::SourceId;

/// A document in the making; children come before parents.
#[derive(Debug)]
pub(crate) struct Assembly {
    source: SourceId,
    text: Arc<str>,
    nodes: Vec<Node>,
}

impl Assembly {
    /// `text` is that of the source: all spans are ranges of it.
    pub(crate) fn new(source: SourceId, text: &Arc<str>) -> Self {
        Self { source, text: Arc::clone(text), nodes: Vec::new() }
    }

    pub(crate) fn add(&mut self, kind: Kind, span: Range<usize>) -> NodeId {
        let id = NodeId(short(self.nodes.len()));
        self.nodes.push(Node { kind, span: short(span.start)..short(span.end) });
        id
    }

    pub(crate) fn string(&mut self, value: impl Into<Box<str>>, span: Range<usize>) -> NodeId {
        self.add(Kind::String(Text::Owned(value.into())), span)
    }

    pub(crate) fn sequence(&mut self, items: Vec<NodeId>, span: Range<usize>) -> NodeId {
        self.add(Kind::Sequence(items.into()), span)
    }

    pub(crate) fn mapping(&mut self, entries: Vec<Entry>, span: Range<usize>) -> NodeId {
        self.add(Kind::Mapping(entries.into()), span)
    }

    /// A copy of a value of a document over the same text.
    pub(crate) fn copy(&mut self, value: NodeRef<'_>) -> NodeId {
        let kind = match value.kind() {
            Kind::Sequence(_) => Kind::Sequence(value.items().map(|item| self.copy(item)).collect()),
            Kind::Mapping(_) => {
                let entries = value.entries().map(|(key, span, value)| entry(key, span, self.copy(value)));
                Kind::Mapping(entries.collect())
            }
            scalar => scalar.clone(),
        };
        self.add(kind, value.span())
    }

    pub(crate) fn finish(self, root: NodeId) -> Document {
        Document {
            source: self.source,
            index: 0,
            text: self.text,
            nodes: self.nodes,
            root,
            comments: Vec::new(),
            duplicate_keys: Vec::new(),
            is_template: false,
        }
    }
}

pub(crate) fn entry(key: &str, span: Range<usize>, value: NodeId) -> Entry {
    Entry { key: Text::Owned(key.into()), key_span: short(span.start)..short(span.end), value }
}

impl Document {
    /// Makes values unknown.
    pub(crate) fn forget(&mut self, values: &[NodeId]) {
        for id in values {
            if let Some(node) = self.nodes.get_mut(id.0 as usize) {
                node.kind = Kind::Unknown;
            }
        }
    }

    /// The same document over the text that its own text was taken from: `place` tells where an offset lies there.
    pub(crate) fn transplant(mut self, text: &Arc<str>, place: impl Fn(usize) -> usize) -> Self {
        let own = Arc::clone(&self.text);
        let moved = |span: &Range<u32>| short(place(span.start as usize))..short(place(span.end as usize));
        let detached = |text: &mut Text| {
            if let Text::Source(range) = text {
                let copy: Box<str> = own.get(super::bytes(range)).unwrap_or_default().into();
                *text = Text::Owned(copy);
            }
        };
        for node in &mut self.nodes {
            node.span = moved(&node.span);
            match &mut node.kind {
                Kind::String(text) => detached(text),
                Kind::Mapping(entries) => entries.iter_mut().for_each(|entry| {
                    detached(&mut entry.key);
                    entry.key_span = moved(&entry.key_span);
                }),
                _ => {}
            }
        }
        self.comments.clear();
        self.duplicate_keys.clear();
        self.text = Arc::clone(text);
        self
    }
}

fn short(offset: usize) -> u32 {
    u32::try_from(offset).expect("a text of more than 4 GiB is refused where it is parsed")
}
