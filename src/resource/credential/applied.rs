//! What `kubectl apply` keeps of an object in an annotation: the object once more, with what was taken out of it since.

use std::sync::Arc;

use super::{Found, Secret, find_in_settings, find_itself};
use crate::{
    document::{Document, NodeRef, Path, Step, json},
    resource::kubernetes,
    source::SourceId,
};

/// The annotation; the object is JSON.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

const AT: [&str; 3] = ["metadata", "annotations", LAST_APPLIED];

/// The whole annotation as something that must not be shown.
pub(super) fn secret(root: NodeRef<'_>) -> Option<Secret> {
    let applied = root.at(&AT)?;
    let text = applied.as_str().unwrap_or_default();
    let inner = documents(text).into_iter().flat_map(|document| {
        let of_objects = of_objects(&document);
        of_objects.into_iter().chain(find_in_settings(document.root()))
    });
    let values = std::iter::once(text.to_owned()).chain(inner.flat_map(|found| found.values)).collect();
    Some(Secret { span: applied.span(), values })
}

/// Adds the credentials that stand in the annotation alone. A Secret is its values, so one that still has the same ones is
/// found there.
pub(super) fn find(root: NodeRef<'_>, found: &mut Vec<Found>) {
    let Some((key_span, applied)) = annotation(root) else { return };
    let text = applied.as_str().unwrap_or_default();
    let source = applied.document;
    let path: Vec<Step> = AT.into_iter().map(Step::from).collect();
    for document in documents(text) {
        for inner in of_objects(&document) {
            let is_known = |known: &Found| known.values.iter().any(|value| inner.values.contains(value));
            if found.iter().any(is_known) || inner.span.is_empty() {
                continue;
            }
            let span = applied.part(inner.span);
            let shown =
                if span.is_empty() || source.has_line_break(&span) { key_span.clone() } else { span.clone() };
            let at = format!("{}:{}", Path(path.clone()), inner.at);
            found.push(Found { at, path: path.clone(), span, shown, ..inner });
        }
    }
}

fn annotation(root: NodeRef<'_>) -> Option<(std::ops::Range<usize>, NodeRef<'_>)> {
    let annotations = root.at(&["metadata", "annotations"])?;
    annotations.entries().find(|(key, ..)| *key == LAST_APPLIED).map(|(_, span, value)| (span, value))
}

fn documents(text: &str) -> Vec<Document> {
    json::parse(SourceId(0), &Arc::from(text)).documents
}

fn of_objects(document: &Document) -> Vec<Found> {
    let objects = kubernetes::objects(document);
    objects.iter().flat_map(|object| find_itself(object, document.node(object.node))).collect()
}
