//! Where the values of facts come from, as narrow as it gets (contract, "Place").

use crate::{document::NodeRef, source::Place};

/// `metadata.name`, else the first key of the object.
pub(super) fn name(object: NodeRef<'_>) -> Place {
    let name = object.at(&["metadata", "name"]).filter(|name| is_shown(*name));
    let first_key = || object.entries().next().map(|(_, span, _)| span);
    let span = name.map(NodeRef::span).or_else(first_key).unwrap_or_else(|| object.span());
    Place::new(object.document.source, span)
}

/// The scalar under a key; the key where the value is empty, a collection, or of several lines.
pub(super) fn value(key: Place, value: NodeRef<'_>) -> Place {
    if is_shown(value) { value.place() } else { key }
}

fn is_shown(node: NodeRef<'_>) -> bool {
    node.is_scalar() && !node.span().is_empty() && !node.raw().contains('\n')
}
