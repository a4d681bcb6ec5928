//! Where the values of facts come from, as narrow as it gets (contract, "Place").

use crate::{
    document::NodeRef,
    resource::kubernetes::{is_shown, name_span},
    source::Place,
};

/// `metadata.name`, else the first key of the object.
pub(super) fn name(object: NodeRef<'_>) -> Place {
    Place::new(object.document.source, name_span(object))
}

/// The scalar under a key; the key where the value is empty, a collection, or of several lines.
pub(super) fn value(key: Place, value: NodeRef<'_>) -> Place {
    if is_shown(value) { value.place() } else { key }
}
