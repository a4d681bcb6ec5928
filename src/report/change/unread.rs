//! What was read before the change and is there still, but cannot be read any more: what was found in it is not repaired.

use std::collections::BTreeSet;

use super::Judged;
use crate::source::{Sources, Status};

/// Variants and files that are no longer read.
pub(super) struct Unread<'s> {
    /// Roots that were rendered, and whose files lie there unrendered now.
    roots: BTreeSet<&'s str>,
    files: BTreeSet<&'s str>,
}

impl<'s> Unread<'s> {
    pub(super) fn new(sources: &'s Sources, before: &'s Sources) -> Self {
        let rendered = |sources: &'s Sources| -> BTreeSet<&'s str> {
            sources.iter().filter_map(|(_, source)| source.rendered.as_deref()).collect()
        };
        let now = rendered(sources);
        let is_there = |root: &&str| {
            let is_below = |file: &str| file.strip_prefix(*root).is_some_and(|rest| rest.starts_with('/'));
            *root == "." || sources.iter().any(|(_, source)| is_below(&source.file))
        };
        let roots = rendered(before).into_iter().filter(|root| !now.contains(root) && is_there(root));
        let files = sources.iter().filter_map(|(_, source)| {
            let is_lost = matches!(source.status, Status::Failed(_) | Status::Skipped(_))
                && before.by_file(&source.file).is_some_and(|id| before.get(id).status == Status::Read);
            is_lost.then_some(&*source.file)
        });
        Self { roots: roots.collect(), files: files.collect() }
    }

    /// Whether nobody can say any more that a finding of the tree before holds.
    pub(super) fn hides(&self, judged: &Judged, before: &Sources) -> bool {
        let finding = &judged.finding;
        let file = finding.place.as_ref().map(|place| &*before.get(place.source).file);
        finding.sets.iter().any(|set| self.roots.contains(&**set))
            || file.is_some_and(|file| self.files.contains(file))
    }
}
