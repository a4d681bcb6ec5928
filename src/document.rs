//! Documents: values with a place for every key and scalar.
//!
//! A [`Document`] is one YAML document or one JSON text, as an arena of nodes. Aliases share the node that they
//! name, so the arena is a directed acyclic graph; its expanded size is bounded when it is built. Scalars that
//! stand in the source as they are cost no allocation.
//! Deliberately absent: what a document is about (that is [`crate::resource`]) and Rego values (that is
//! [`crate::policy`]).

pub mod assembly;
mod builder;
pub mod hcl;
pub mod json;
mod number;
mod part;
pub mod typed;
pub mod yaml;

use std::{fmt, ops::Range, sync::Arc};

use sha2::{Digest as _, Sha256};

pub use self::part::Parts;
use crate::source::{Place, SourceId};

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Key(Arc<str>),
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// Where in a value: keys and indices from the root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Path(pub Vec<Step>);

impl fmt::Display for Path {
    /// `spec.template.spec.containers[0].env[2].value`; keys with other characters are quoted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') => {
                    write!(f, "{}{key}", if position == 0 { "" } else { "." })?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// Position of a node in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// Text of a scalar or key: a range of the source where it stands there as it is, else its own.
#[derive(Debug, Clone)]
pub enum Text {
    Source(Range<u32>),
    Owned(Box<str>),
}

/// What a node holds, resolved as Kubernetes resolves it.
#[derive(Debug, Clone)]
pub enum Kind {
    Null,
    Bool(bool),
    Integer(i64),
    /// Above [`i64::MAX`].
    Unsigned(u64),
    Float(f64),
    String(Text),
    Sequence(Box<[NodeId]>),
    /// In the order of the source; keys are unique (the last of equal keys wins), merge keys are applied.
    Mapping(Box<[Entry]>),
    /// Decided outside of the document, such as a value of a plan that is known only after apply: there, but neither
    /// absent nor any value. No YAML or JSON text holds one.
    Unknown,
}

/// One key of a mapping with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: Text,
    pub key_span: Range<u32>,
    pub value: NodeId,
}

/// One value of a document.
#[derive(Debug, Clone)]
pub struct Node {
    pub kind: Kind,
    /// Bytes of the value; a block scalar starts at its first line of content.
    pub span: Range<u32>,
}

/// A comment, with its text after `#`.
#[derive(Debug, Clone)]
pub struct Comment {
    pub span: Range<u32>,
}

/// One YAML document or one JSON text.
#[derive(Debug)]
pub struct Document {
    pub source: SourceId,
    /// Position in its source, from 0; empty documents count.
    pub index: usize,
    pub(crate) text: Arc<str>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub comments: Vec<Comment>,
    /// Later of two equal keys of one mapping: its place, for the notice that the earlier one has no effect.
    pub duplicate_keys: Vec<Range<u32>>,
    /// Other characters stand where its source has actions of a template: what it holds is part of an object at most.
    pub is_template: bool,
}

impl Document {
    pub fn root(&self) -> NodeRef<'_> {
        NodeRef { document: self, id: self.root }
    }

    pub fn node(&self, id: NodeId) -> NodeRef<'_> {
        NodeRef { document: self, id }
    }

    /// Text of a comment after its `#`.
    pub fn comment(&self, comment: &Comment) -> &str {
        self.slice(&comment.span).trim_start_matches('#')
    }

    /// Whether a byte range of its source goes over the end of a line.
    pub fn has_line_break(&self, span: &Range<usize>) -> bool {
        self.text.get(span.clone()).is_none_or(|text| text.contains(['\n', '\r']))
    }

    fn slice(&self, range: &Range<u32>) -> &str {
        self.text.get(bytes(range)).unwrap_or_default()
    }

    fn resolve<'d>(&'d self, text: &'d Text) -> &'d str {
        resolve(&self.text, text)
    }
}

fn resolve<'d>(source: &'d str, text: &'d Text) -> &'d str {
    match text {
        Text::Source(range) => source.get(bytes(range)).unwrap_or_default(),
        Text::Owned(text) => text,
    }
}

/// A node together with its document.
#[derive(Clone, Copy)]
pub struct NodeRef<'d> {
    pub document: &'d Document,
    pub id: NodeId,
}

impl fmt::Debug for NodeRef<'_> {
    /// Shape only: a value may be a credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "node {} of document {}", self.id.0, self.document.index)
    }
}

impl<'d> NodeRef<'d> {
    fn node(self) -> &'d Node {
        self.document
            .nodes
            .get(self.id.0 as usize)
            .expect("a NodeId is only made by the document that it indexes")
    }

    pub fn kind(self) -> &'d Kind {
        &self.node().kind
    }

    /// Bytes of the value in its source.
    pub fn span(self) -> Range<usize> {
        bytes(&self.node().span)
    }

    pub fn place(self) -> Place {
        Place::new(self.document.source, self.span())
    }

    /// Text of the source at the value, quotes and all.
    pub fn raw(self) -> &'d str {
        self.document.slice(&self.node().span)
    }

    pub fn as_str(self) -> Option<&'d str> {
        match self.kind() {
            Kind::String(text) => Some(self.document.resolve(text)),
            _ => None,
        }
    }

    pub fn as_bool(self) -> Option<bool> {
        match self.kind() {
            Kind::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub fn as_i64(self) -> Option<i64> {
        match self.kind() {
            Kind::Integer(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether the value is decided outside of the document: a rule that wants it is not assessed.
    pub fn is_unknown(self) -> bool {
        matches!(self.kind(), Kind::Unknown)
    }

    /// Whether the value, or anything in it, is unknown.
    pub fn holds_unknown(self) -> bool {
        self.is_unknown()
            || self.entries().any(|(_, _, value)| value.holds_unknown())
            || self.items().any(Self::holds_unknown)
    }

    pub fn is_null(self) -> bool {
        matches!(self.kind(), Kind::Null)
    }

    pub fn is_mapping(self) -> bool {
        matches!(self.kind(), Kind::Mapping(_))
    }

    pub fn is_scalar(self) -> bool {
        !matches!(self.kind(), Kind::Mapping(_) | Kind::Sequence(_))
    }

    /// Key, bytes of the key, value: nothing where this is no mapping.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Range<usize>, NodeRef<'d>)> {
        let entries: &'d [Entry] = match self.kind() {
            Kind::Mapping(entries) => entries,
            _ => &[],
        };
        let document = self.document;
        entries.iter().map(move |entry| {
            (document.resolve(&entry.key), bytes(&entry.key_span), document.node(entry.value))
        })
    }

    /// Elements: nothing where this is no sequence.
    pub fn items(self) -> impl Iterator<Item = NodeRef<'d>> {
        let items: &'d [NodeId] = match self.kind() {
            Kind::Sequence(items) => items,
            _ => &[],
        };
        let document = self.document;
        items.iter().map(move |id| document.node(*id))
    }

    /// Value of a key; `None` where there is no such key or this is no mapping.
    pub fn get(self, key: &str) -> Option<Self> {
        self.entries().find(|(name, _, _)| *name == key).map(|(_, _, value)| value)
    }

    /// Bytes of a key.
    pub fn key_span(self, key: &str) -> Option<Range<usize>> {
        self.entries().find(|(name, _, _)| *name == key).map(|(_, span, _)| span)
    }

    /// Value under several keys.
    pub fn at(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// String under several keys.
    pub fn str_at(self, keys: &[&str]) -> Option<&'d str> {
        self.at(keys)?.as_str()
    }

    /// The value without its places; what is unknown is null. Aliases are expanded, so it may be much larger than the text (see the limits in
    /// [`yaml`]); it may hold credentials, so it is not for display.
    pub fn to_json(self) -> serde_json::Value {
        match self.kind() {
            Kind::Null | Kind::Unknown => serde_json::Value::Null,
            Kind::Bool(value) => (*value).into(),
            Kind::Integer(value) => (*value).into(),
            Kind::Unsigned(value) => (*value).into(),
            Kind::Float(value) => (*value).into(),
            Kind::String(text) => self.document.resolve(text).into(),
            Kind::Sequence(_) => self.items().map(Self::to_json).collect(),
            Kind::Mapping(_) => {
                self.entries().map(|(key, _, value)| (key.to_owned(), value.to_json())).collect()
            }
        }
    }

    /// The longest path to a value or key that stands at a span: a sequence of one element may stand where that does.
    pub fn path_of(self, span: &Range<usize>) -> Option<Vec<Step>> {
        let mut path = Vec::new();
        self.find(span, &mut path).then_some(path)
    }

    fn find(self, span: &Range<usize>, path: &mut Vec<Step>) -> bool {
        for (key, key_span, value) in self.entries() {
            path.push(key.into());
            if key_span == *span || value.find(span, path) {
                return true;
            }
            path.pop();
        }
        for (index, item) in self.items().enumerate() {
            path.push(index.into());
            if item.find(span, path) {
                return true;
            }
            path.pop();
        }
        self.span() == *span
    }

    /// Where a path leads: see [`Located`].
    pub fn locate(self, path: &[Step]) -> Located<'d> {
        let mut found = Located { node: Some(self), key: None, depth: 0 };
        let mut here = self;
        for step in path {
            let next = match step {
                Step::Key(name) => here
                    .entries()
                    .find(|(key, _, _)| *key == &**name)
                    .map(|(_, span, value)| (Some(span), value)),
                Step::Index(index) => here.items().nth(*index).map(|value| (None, value)),
            };
            let Some((key, value)) = next else {
                return Located { node: None, ..found };
            };
            found = Located { node: Some(value), key: key.or(found.key), depth: found.depth + 1 };
            here = value;
        }
        found
    }
}

impl NodeRef<'_> {
    /// SHA-256 of the value: equal for equal values, whatever their spelling, place or order of keys.
    pub fn digest(self) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.hash_into(&mut hash);
        hash.finalize().into()
    }

    fn hash_into(self, hash: &mut Sha256) {
        let mut part = |tag: u8, bytes: &[u8]| {
            hash.update([tag]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        match self.kind() {
            Kind::Null => part(0, &[]),
            Kind::Unknown => part(8, &[]),
            Kind::Bool(value) => part(1, &[u8::from(*value)]),
            Kind::Integer(value) => part(2, &value.to_be_bytes()),
            Kind::Unsigned(value) => part(3, &value.to_be_bytes()),
            Kind::Float(value) => part(4, &value.to_bits().to_be_bytes()),
            Kind::String(text) => part(5, self.document.resolve(text).as_bytes()),
            Kind::Sequence(items) => {
                part(6, &items.len().to_be_bytes());
                self.items().for_each(|item| item.hash_into(hash));
            }
            Kind::Mapping(entries) => {
                part(7, &entries.len().to_be_bytes());
                let mut entries: Vec<_> = self.entries().collect();
                entries.sort_unstable_by_key(|(key, _, _)| *key);
                for (key, _, value) in entries {
                    hash.update((key.len() as u64).to_be_bytes());
                    hash.update(key.as_bytes());
                    value.hash_into(hash);
                }
            }
        }
    }
}

/// How far a path leads.
#[derive(Debug, Clone)]
pub struct Located<'d> {
    /// The value, if the whole path exists.
    pub node: Option<NodeRef<'d>>,
    /// The key nearest to the end of the part that exists: an absence is shown there.
    pub key: Option<Range<usize>>,
    /// Number of steps that exist.
    pub depth: usize,
}

fn bytes(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// One document that could not be parsed; the others of its source are unaffected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Byte range of the cause.
    pub span: Range<usize>,
    /// Lower-case phrase; never holds text of the source.
    pub message: String,
}

/// All documents of one source.
#[derive(Debug, Default)]
pub struct Parsed {
    pub documents: Vec<Document>,
    pub errors: Vec<ParseError>,
}
