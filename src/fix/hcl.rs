//! Fixes of Terraform: a literal of a resource, in a file of this tree rather than of a module that was downloaded.
//!
//! What is judged is a plan, which stays what it is: another one shows what the fix does.

use super::{Offer, has_key, holds, only_path, spelled};
use crate::{
    document::{Document, Step},
    finding::Edit,
    source::{Place, Source, Status},
};

/// Where `terraform init` puts modules, which the next one replaces.
const DOWNLOADED: &str = ".terraform";

/// Whether a file is written in HCL.
pub fn is_written_in(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, extension)| ["tf", "tofu"].contains(&extension))
}

/// Whether a source is such a file, for which a plan stands, and not downloaded.
pub(super) fn is_own(source: &Source) -> bool {
    is_written_in(&source.file)
        && matches!(source.status, Status::Read | Status::Ignored(_))
        && source.file.split('/').all(|part| part != DOWNLOADED)
}

/// The edit of the literal at a place, in the block of a resource.
pub(super) fn edit(document: &Document, place: &Place, offers: &[Offer]) -> Option<Edit> {
    offers.iter().find_map(|offer| {
        let blocks = document.root().at(&["resource", &offer.kind])?;
        let mut bodies = blocks.entries().flat_map(|(_, _, bodies)| bodies.items());
        let (body, path) = bodies.find_map(|body| Some((body, only_path(body, &place.span())?)))?;
        let node = body.locate(&path).node?;
        let is_meant = matches!(path.last(), Some(Step::Key(key)) if **key == *offer.key)
            && holds(node, &offer.from)
            && !has_key(body, &offer.without);
        let replacement = is_meant.then(|| spelled(node.raw(), &offer.from, &offer.to))??;
        Some(Edit { place: place.clone(), replacement, value: offer.to.clone() })
    })
}
