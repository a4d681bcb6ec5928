//! What was read of each kind, as a source: its objects as JSON, one on a line.

use sha2::{Digest as _, Sha256};

use crate::source::{Listing, Problem, Source, Status, listing::Outcome};

/// A kind that was read to the end, with its objects in the order of their names.
pub(super) fn read(listing: Listing, text: String) -> Source {
    let digest = Sha256::digest(text.as_bytes()).into();
    let mut source = Source::new(name(&listing), text, Some(digest), Status::Read);
    source.live = Some(Box::new(listing));
    source
}

/// A kind of which nothing is known, with the reason; one that the cluster does not serve has no objects.
pub(super) fn unread(listing: Listing, reason: String) -> Source {
    let status = if listing.outcome == Outcome::Absent {
        Status::Ignored("the cluster does not serve it".to_owned())
    } else {
        Status::Failed(vec![Problem { place: None, message: reason }])
    };
    let mut source = Source::new(name(&listing), "", None, status);
    source.live = Some(Box::new(listing));
    source
}

/// Sources are named so that no file can have their name.
fn name(listing: &Listing) -> String {
    if listing.is_of_everything() { "cluster".to_owned() } else { format!("cluster:{}", listing.name()) }
}
