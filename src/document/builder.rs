//! The arena of a document, built from a stream of values: one builder for YAML and JSON, so that both share the
//! limits, the treatment of equal keys and the spans of collections.
//! Deliberately absent: any syntax.

use std::{collections::HashMap, mem, ops::Range, sync::Arc};

use super::{Comment, Document, Entry, Kind, Node, NodeId, Text, resolve};
use crate::source::SourceId;

/// How deep collections may nest, aliases expanded. Everything that walks a document may recurse this far.
pub(super) const NESTING: u32 = 255;

/// How many nodes the aliases of one document may stand for.
pub(super) const EXPANSION: u64 = 1_000_000;

/// Up to this many keys are compared with each other, more are looked up.
const FEW: usize = 16;

/// A complete value: its node, how many nodes it stands for and how deep it is, aliases expanded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) id: NodeId,
    size: u64,
    height: u32,
}

/// Why a value cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    TooDeep,
    TooManyAliases,
    MergeWantsMapping,
}

impl Refusal {
    /// A lower-case phrase for the user.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::TooDeep => "values are nested more than 255 deep",
            Self::TooManyAliases => "the aliases of this document stand for more than 1,000,000 values",
            Self::MergeWantsMapping => "a merge key `<<` wants a mapping or a sequence of mappings",
        }
    }
}

#[derive(Debug)]
enum Key {
    Name(Text, Range<u32>),
    Merge,
}

#[derive(Debug)]
struct Open {
    mapping: bool,
    span: Range<u32>,
    /// Where its children start on the stack of its kind.
    first: usize,
    key: Option<Key>,
    size: u64,
    height: u32,
}

#[derive(Debug)]
struct Pending {
    entry: Entry,
    merged: bool,
}

/// Stacks of open collections; what is complete lies in `nodes`, children before parents.
#[derive(Debug)]
pub(super) struct Builder<'t> {
    text: &'t str,
    nodes: Vec<Node>,
    open: Vec<Open>,
    items: Vec<NodeId>,
    entries: Vec<Pending>,
    duplicate_keys: Vec<Range<u32>>,
    expansion: u64,
    root: Option<NodeId>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            nodes: Vec::new(),
            open: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            duplicate_keys: Vec::new(),
            expansion: 0,
            root: None,
        }
    }

    /// Whether the next value is the key of a mapping.
    pub(super) fn expects_key(&self) -> bool {
        self.open.last().is_some_and(|open| open.mapping && open.key.is_none())
    }

    /// Whether the innermost open collection is a mapping; `None` where nothing is open.
    pub(super) fn in_mapping(&self) -> Option<bool> {
        self.open.last().map(|open| open.mapping)
    }

    /// End of the key whose value is awaited.
    pub(super) fn awaited_by(&self) -> Option<u32> {
        self.open.last().filter(|open| open.key.is_some()).map(|open| open.span.end)
    }

    /// Takes the key of the next entry.
    pub(super) fn key(&mut self, name: Text, span: Range<u32>) {
        if let Some(open) = self.open.last_mut() {
            open.span.end = open.span.end.max(span.end);
            open.key = Some(Key::Name(name, span));
        }
    }

    /// Takes a merge key: the next value must be a mapping or a sequence of mappings.
    pub(super) fn merge_key(&mut self, span: &Range<u32>) {
        if let Some(open) = self.open.last_mut() {
            open.span.end = open.span.end.max(span.end);
            open.key = Some(Key::Merge);
        }
    }

    /// A node outside the tree, for a key that an alias may name.
    pub(super) fn detached(&mut self, kind: Kind, span: Range<u32>) -> Value {
        Value { id: self.push(kind, span), size: 1, height: 0 }
    }

    pub(super) fn scalar(&mut self, kind: Kind, span: Range<u32>) -> Result<Value, Refusal> {
        let end = span.end;
        let value = self.detached(kind, span);
        self.place(value, end)?;
        Ok(value)
    }

    /// Opens a mapping or a sequence whose span starts as given and for now ends there.
    pub(super) fn open(&mut self, mapping: bool, span: Range<u32>) -> Result<(), Refusal> {
        if self.open.len() >= NESTING as usize {
            return Err(Refusal::TooDeep);
        }
        let first = if mapping { self.entries.len() } else { self.items.len() };
        self.open.push(Open { mapping, span, first, key: None, size: 1, height: 0 });
        Ok(())
    }

    /// Closes the innermost collection; it ends at `end`, else where its last child ends.
    pub(super) fn close(&mut self, end: Option<u32>) -> Result<Option<Value>, Refusal> {
        let Some(open) = self.open.pop() else {
            return Ok(None);
        };
        let kind = if open.mapping {
            self.keep_last_of_equal_keys(open.first);
            Kind::Mapping(self.entries.drain(open.first..).map(|pending| pending.entry).collect())
        } else {
            Kind::Sequence(self.items.drain(open.first..).collect())
        };
        let end = end.unwrap_or(open.span.end).max(open.span.start);
        let id = self.push(kind, open.span.start..end);
        let value = Value { id, size: open.size, height: open.height + 1 };
        self.place(value, end)?;
        Ok(Some(value))
    }

    /// Takes an alias: the value that it names is shared.
    pub(super) fn alias(&mut self, value: Value, end: u32) -> Result<(), Refusal> {
        self.expansion = self.expansion.saturating_add(value.size);
        if self.expansion > EXPANSION {
            return Err(Refusal::TooManyAliases);
        }
        let merge = self.open.last().is_some_and(|open| matches!(open.key, Some(Key::Merge)));
        if merge && !matches!(self.kind(value.id), Kind::Mapping(_)) {
            return Err(Refusal::MergeWantsMapping);
        }
        if value.height as usize + self.open.len() > NESTING as usize + usize::from(merge) {
            return Err(Refusal::TooDeep);
        }
        self.place(value, end)
    }

    /// What a complete value holds.
    pub(super) fn kind(&self, id: NodeId) -> &Kind {
        &self.nodes.get(id.0 as usize).expect("a NodeId is only made by the builder that it indexes").kind
    }

    /// Ends the document and makes the builder ready for the next one.
    pub(super) fn finish(
        &mut self,
        source: SourceId,
        index: usize,
        text: &Arc<str>,
        comments: Vec<Comment>,
    ) -> Option<Document> {
        let root = self.root;
        let mut nodes = mem::take(&mut self.nodes);
        nodes.shrink_to_fit();
        let duplicate_keys = mem::take(&mut self.duplicate_keys);
        self.reset();
        root.map(|root| Document {
            source,
            index,
            text: Arc::clone(text),
            nodes,
            root,
            comments,
            duplicate_keys,
            is_template: false,
        })
    }

    /// Forgets an unfinished document.
    pub(super) fn reset(&mut self) {
        self.nodes.clear();
        self.open.clear();
        self.items.clear();
        self.entries.clear();
        self.duplicate_keys.clear();
        self.expansion = 0;
        self.root = None;
    }

    fn push(&mut self, kind: Kind, span: Range<u32>) -> NodeId {
        let id =
            u32::try_from(self.nodes.len()).expect("a node takes a byte of a text of less than 2^32 bytes");
        self.nodes.push(Node { kind, span });
        NodeId(id)
    }

    fn place(&mut self, value: Value, end: u32) -> Result<(), Refusal> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(value.id);
            return Ok(());
        };
        open.span.end = open.span.end.max(end);
        open.size = open.size.saturating_add(value.size);
        // What is merged comes to lie one level higher.
        let merged = u32::from(matches!(open.key, Some(Key::Merge)));
        open.height = open.height.max(value.height.saturating_sub(merged));
        if !open.mapping {
            self.items.push(value.id);
            return Ok(());
        }
        match open.key.take() {
            Some(Key::Name(key, key_span)) => {
                let entry = Entry { key, key_span, value: value.id };
                self.entries.push(Pending { entry, merged: false });
                Ok(())
            }
            Some(Key::Merge) => self.merge(value.id),
            None => Ok(()),
        }
    }

    /// Entries are taken over at the place of the merge key and later keys win, as in go-yaml 2 (decode.go, `merge`).
    fn merge(&mut self, id: NodeId) -> Result<(), Refusal> {
        match self.kind(id) {
            Kind::Mapping(_) => self.take_over(id),
            Kind::Sequence(items) => items.clone().iter().rev().try_for_each(|item| self.take_over(*item)),
            _ => Err(Refusal::MergeWantsMapping),
        }
    }

    fn take_over(&mut self, id: NodeId) -> Result<(), Refusal> {
        let Kind::Mapping(entries) = self.kind(id) else {
            return Err(Refusal::MergeWantsMapping);
        };
        let entries = entries.clone();
        self.entries.extend(entries.into_iter().map(|entry| Pending { entry, merged: true }));
        Ok(())
    }

    /// Drops every entry that a later one with the same key supersedes, and notes two written keys that are equal.
    fn keep_last_of_equal_keys(&mut self, first: usize) {
        let entries = &self.entries[first..];
        let superseded = superseded(self.text, entries);
        if superseded.is_empty() {
            return;
        }
        let mut dropped = vec![false; entries.len()];
        for (earlier, later) in superseded {
            dropped[earlier] = true;
            if !entries[earlier].merged && !entries[later].merged {
                self.duplicate_keys.push(entries[later].entry.key_span.clone());
            }
        }
        let kept = self.entries.split_off(first);
        self.entries
            .extend(kept.into_iter().zip(dropped).filter(|(_, drop)| !drop).map(|(pending, _)| pending));
    }
}

/// Pairs of (earlier, later) entries with equal keys, neighbours only: of three, the first and the second pair.
fn superseded(text: &str, entries: &[Pending]) -> Vec<(usize, usize)> {
    if entries.len() <= FEW {
        let mut pairs = Vec::new();
        for (later, pending) in entries.iter().enumerate().skip(1) {
            let name = resolve(text, &pending.entry.key);
            if let Some(earlier) =
                entries[..later].iter().rposition(|other| resolve(text, &other.entry.key) == name)
            {
                pairs.push((earlier, later));
            }
        }
        return pairs;
    }
    let mut last = HashMap::with_capacity(entries.len());
    entries
        .iter()
        .enumerate()
        .filter_map(|(later, pending)| {
            last.insert(resolve(text, &pending.entry.key), later).map(|earlier| (earlier, later))
        })
        .collect()
}
