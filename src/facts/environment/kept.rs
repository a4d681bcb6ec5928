//! What `ConfigMaps` and Secrets keep, by key, decoded.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};

use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::places,
    source::Place,
};

/// The two kinds that keep values for Pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Keeper {
    ConfigMap,
    Secret,
}

impl Keeper {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// The id that an object of this kind has.
    pub(super) fn id(self, namespace: &str, name: &str) -> String {
        format!("{}/{namespace}/{name}", self.kind())
    }

    pub(super) fn find<'e>(self, view: &View<'e>, namespace: &str, name: &str) -> Option<&'e Resource> {
        view.get(&self.id(namespace, name))
    }

    /// Where a volume of this kind names the object; sources of projected volumes say `name`.
    pub(super) const fn name_in_volume(self) -> &'static str {
        match self {
            Self::ConfigMap => "name",
            Self::Secret => "secretName",
        }
    }

    /// Fields that it keeps values in, the one that wins first, and whether they are base64. The API server writes
    /// `stringData` over `data`; `binaryData` is for files only.
    const fn fields(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::ConfigMap => &[("data", false), ("binaryData", true)],
            Self::Secret => &[("stringData", false), ("data", true)],
        }
    }

    /// One value of an object for a variable. Where a plan knows none of its keys, any may be there.
    pub(super) fn value<'e>(self, object: NodeRef<'e>, key: &'e str) -> Option<Kept<'e>> {
        let mut fields = self.fields().iter().filter(|(field, _)| *field != "binaryData");
        let known = fields.find_map(|(field, encoded)| {
            let (key, key_span, node) = object.get(field)?.entries().find(|(name, _, _)| *name == key)?;
            Some(Kept { key, key_span: (key_span.start, key_span.end), node, encoded: *encoded })
        });
        known.or_else(|| {
            let node = self.after_apply(object)?;
            let span = node.span();
            Some(Kept { key, key_span: (span.start, span.end), node, encoded: false })
        })
    }

    /// The field of an object whose keys a plan does not know.
    pub(super) fn after_apply(self, object: NodeRef<'_>) -> Option<NodeRef<'_>> {
        let fields = self.fields().iter().filter_map(|(field, _)| object.get(field));
        fields.into_iter().find(|field| field.is_unknown())
    }

    /// All values of an object; those for files have `binaryData` too.
    pub(super) fn values(self, object: NodeRef<'_>, for_files: bool) -> Vec<Kept<'_>> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut kept = Vec::new();
        for (field, encoded) in self.fields().iter().filter(|(field, _)| for_files || *field != "binaryData")
        {
            for (key, key_span, node) in object.get(field).into_iter().flat_map(NodeRef::entries) {
                if seen.insert(key) {
                    let key_span = (key_span.start, key_span.end);
                    kept.push(Kept { key, key_span, node, encoded: *encoded });
                }
            }
        }
        kept
    }
}

/// One value of a `ConfigMap` or Secret.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'e> {
    pub(super) key: &'e str,
    key_span: (usize, usize),
    pub(super) node: NodeRef<'e>,
    /// Whether it is written in base64.
    pub(super) encoded: bool,
}

impl<'e> Kept<'e> {
    /// The text that a container gets; `None` where it is none.
    pub(super) fn text(self) -> Option<Cow<'e, str>> {
        let text = scalar(self.node)?;
        if self.encoded { decode(text).map(Cow::Owned) } else { Some(Cow::Borrowed(text)) }
    }

    /// The whole value as it may be shown: its key where it has several lines.
    pub(super) fn place(self) -> Place {
        places::value(self.key_place(), self.node)
    }

    pub(super) fn key_place(self) -> Place {
        Place::new(self.node.document.source, self.key_span.0..self.key_span.1)
    }

    /// Where parts of the text stand; the whole value where it is written in base64 or in another way.
    pub(super) fn places_of(self) -> impl Fn(&Range<usize>) -> Place {
        let parts = self.node.parts();
        move |part| {
            let span = parts.of(part.clone());
            if self.encoded || span == self.node.span() {
                return self.place();
            }
            Place::new(self.node.document.source, span)
        }
    }
}

/// Text of a scalar as written; a number that should have been quoted is what it looks like.
pub(super) fn scalar(node: NodeRef<'_>) -> Option<&str> {
    node.as_str().or_else(|| (node.is_scalar() && !node.is_null() && !node.is_unknown()).then(|| node.raw()))
}

fn decode(text: &str) -> Option<String> {
    let compact: String = text.split_ascii_whitespace().collect();
    String::from_utf8(BASE64.decode(compact).ok()?).ok()
}
