//! YAML that is written in a heredoc, such as the manifest of a `kubectl_manifest`.

use std::{ops::Range, sync::Arc};

use crate::document::{NodeRef, Step, yaml};

/// Where a path of the YAML in a text leads; `None` where the text is none that can be read.
///
/// What a template leaves open (`${var.name}`) mostly stands where a plain scalar may; where it does not, the text
/// is not read.
pub(super) fn narrowest(text: NodeRef<'_>, path: &[Step]) -> Option<Range<usize>> {
    if path.is_empty() || !text.is_scalar() || !text.raw().contains('\n') {
        return None;
    }
    let raw: Arc<str> = text.raw().into();
    let parsed = yaml::parse(text.document.source, &raw);
    let located = parsed.documents.iter().map(|document| document.root().locate(path));
    let deepest = located.max_by_key(|located| located.depth).filter(|located| located.depth > 0)?;
    let scalar = deepest.node.filter(|node| node.is_scalar() && !node.span().is_empty());
    let span = match scalar.filter(|node| !node.raw().contains('\n')) {
        Some(node) => node.span(),
        None => deepest.key?,
    };
    let start = text.span().start;
    Some(start + span.start..start + span.end)
}
