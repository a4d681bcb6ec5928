//! The other end of a problem, in words.

use super::visible::one_line;
use crate::{finding::Related, source::Sources};

/// `this policy decides: PeerAuthentication/shop/default`.
pub(crate) fn described(related: &Related) -> String {
    match &related.resource {
        Some(resource) => format!("{}: {}", one_line(&related.label), one_line(resource)),
        None => one_line(&related.label).into_owned(),
    }
}

/// `this policy decides: PeerAuthentication/shop/default (k8s/mesh.yaml:7)`.
pub(crate) fn described_with_place(related: &Related, sources: &Sources) -> String {
    let described = described(related);
    match &related.place {
        Some(place) => {
            let source = sources.get(place.source);
            format!("{described} ({}:{})", one_line(&source.file), source.lines().line(place.start))
        }
        None => described,
    }
}
