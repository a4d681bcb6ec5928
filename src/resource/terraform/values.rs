//! The values of one planned resource, with their masks and places.

use serde_json::{Map, Value as Mask};

use super::{Plan, PlannedResource};
use crate::{
    document::{Document, NodeRef, ParseError, Step, json},
    source::Place,
};

/// The values of one planned resource, parsed, with what the plan does not know or does not want shown.
#[derive(Debug)]
pub struct Values {
    /// `None` where the plan holds no values of it.
    pub document: Option<Document>,
    /// `true` at what is known only after apply, at leaves or whole subtrees; shaped like the values.
    pub unknown: Mask,
    /// `true` at what must not be shown, at leaves or whole subtrees; shaped like the values.
    pub sensitive: Mask,
}

/// A value of a planned resource, three-valued.
#[derive(Debug, Clone, Copy)]
pub enum Attribute<'v> {
    Known(NodeRef<'v>),
    /// Known only after apply.
    Unknown,
    /// Not there, or null.
    Absent,
}

impl PlannedResource {
    /// Parses its values and masks. A mask that is too deep to be read covers everything.
    pub fn values(&self, plan: &Plan) -> Result<Values, ParseError> {
        let document = self
            .values
            .as_ref()
            .map(|span| json::parse_value(plan.source, &plan.text, span.clone()))
            .transpose()?;
        let mask = |span: &Option<_>| {
            let mask = span.as_ref().map(|span| serde_json::from_str(plan.slice(span)));
            match mask {
                Some(Ok(Mask::Bool(false))) | None => Mask::Object(Map::new()),
                Some(mask) => mask.unwrap_or(Mask::Bool(true)),
            }
        };
        Ok(Values { document, unknown: mask(&self.unknown), sensitive: mask(&self.sensitive) })
    }

    /// The narrowest scalar or key that a path names, or that shows its absence (contract, "Place"): the scalar, the
    /// key of a collection, the key of the nearest ancestor, the address.
    pub fn locate(&self, plan: &Plan, path: &[Step]) -> Place {
        self.values(plan).ok().and_then(|values| values.locate(path)).unwrap_or_else(|| self.place(plan))
    }
}

impl Values {
    /// Three-valued: what `after_unknown` covers is unknown even where the plan shows null.
    pub fn attribute(&self, path: &[Step]) -> Attribute<'_> {
        if self.is_unknown(path) {
            return Attribute::Unknown;
        }
        let node = self.document.as_ref().and_then(|document| document.root().locate(path).node);
        node.filter(|node| !node.is_null()).map_or(Attribute::Absent, Attribute::Known)
    }

    /// Whether a value, or what holds it, is known only after apply.
    pub fn is_unknown(&self, path: &[Step]) -> bool {
        covers(&self.unknown, path)
    }

    /// Whether a value, or anything in it, is known only after apply.
    pub fn holds_unknown(&self, path: &[Step]) -> bool {
        self.is_unknown(path) || subtree(&self.unknown, path).is_some_and(holds_true)
    }

    /// Whether a value, or what holds it, must not be shown.
    pub fn is_sensitive(&self, path: &[Step]) -> bool {
        covers(&self.sensitive, path)
    }

    /// Strings and numbers that must not be shown, as text: distinct, in order, none empty.
    pub fn sensitive_texts(&self) -> Vec<String> {
        let mut texts = Vec::new();
        if let Some(document) = &self.document {
            collect(document.root(), &self.sensitive, &mut texts);
        }
        texts.sort_unstable();
        texts.dedup();
        texts
    }

    fn locate(&self, path: &[Step]) -> Option<Place> {
        let document = self.document.as_ref()?;
        let located = document.root().locate(path);
        if let Some(node) = located.node.filter(|node| node.is_scalar() && located.depth > 0) {
            return Some(node.place());
        }
        Some(Place::new(document.source, located.key?))
    }
}

fn covers(mask: &Mask, path: &[Step]) -> bool {
    let mut here = mask;
    for step in path {
        if *here == Mask::Bool(true) {
            return true;
        }
        match child(here, step) {
            Some(next) => here = next,
            None => return false,
        }
    }
    *here == Mask::Bool(true)
}

fn subtree<'m>(mask: &'m Mask, path: &[Step]) -> Option<&'m Mask> {
    path.iter().try_fold(mask, child)
}

fn child<'m>(mask: &'m Mask, step: &Step) -> Option<&'m Mask> {
    match step {
        Step::Key(key) => mask.get(&**key),
        Step::Index(index) => mask.get(index),
    }
}

fn holds_true(mask: &Mask) -> bool {
    match mask {
        Mask::Bool(value) => *value,
        Mask::Array(items) => items.iter().any(holds_true),
        Mask::Object(fields) => fields.values().any(holds_true),
        _ => false,
    }
}

fn collect(node: NodeRef<'_>, mask: &Mask, texts: &mut Vec<String>) {
    let whole = *mask == Mask::Bool(true);
    let inner = |step: Step| if whole { Some(mask) } else { child(mask, &step) };
    if whole && node.is_scalar() && !node.is_null() && node.as_bool().is_none() {
        let text = node.as_str().or_else(|| node.document.text.get(node.span()));
        texts.extend(text.filter(|text| !text.is_empty()).map(ToOwned::to_owned));
    }
    for (key, _, value) in node.entries() {
        if let Some(mask) = inner(key.into()) {
            collect(value, mask, texts);
        }
    }
    for (index, item) in node.items().enumerate() {
        if let Some(mask) = inner(index.into()) {
            collect(item, mask, texts);
        }
    }
}
