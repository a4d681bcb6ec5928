//! Policies of a Mesh in the order in which they count, found by what they select: asking all for each proxy would cost
//! their product.

use std::collections::{BTreeMap, BTreeSet};

use super::targets::{Proxy, Tag, Target};
use crate::facts::Truth;

/// Policies of one kind and Mesh, what counts least first.
#[derive(Debug)]
pub(super) struct Policies<'e, T> {
    all: Vec<(Target<'e>, T)>,
    /// Indices of those that select by a tag.
    by_tag: BTreeMap<Tag<'e>, Vec<usize>>,
    /// Indices of those that may be about any proxy.
    rest: Vec<usize>,
}

/// Policies with their Mesh and `targetRef`, by Mesh.
pub(super) fn by_mesh<'e, T>(
    written: impl Iterator<Item = (&'e str, Target<'e>, T)>,
) -> BTreeMap<&'e str, Policies<'e, T>> {
    let mut all: BTreeMap<&'e str, Vec<(Target<'e>, T)>> = BTreeMap::new();
    for (mesh, target, policy) in written {
        all.entry(mesh).or_default().push((target, policy));
    }
    all.into_iter().map(|(mesh, policies)| (mesh, Policies::new(policies))).collect()
}

impl<'e, T> Policies<'e, T> {
    fn new(mut all: Vec<(Target<'e>, T)>) -> Self {
        all.sort_by_key(|(target, _)| target.order());
        let mut by_tag: BTreeMap<Tag<'e>, Vec<usize>> = BTreeMap::new();
        let mut rest = Vec::new();
        for (index, (target, _)) in all.iter().enumerate() {
            match target.tag() {
                Some(tag) => by_tag.entry(tag).or_default().push(index),
                None => rest.push(index),
            }
        }
        Self { all, by_tag, rest }
    }

    /// Namespace of a control plane in which one of them lies.
    pub(super) fn home(&self) -> Option<&'e str> {
        self.all.iter().find_map(|(target, _)| target.system())
    }

    /// Those that are about a proxy, or may be, with whether they are.
    pub(super) fn about(&self, proxy: Proxy<'_, '_>) -> impl Iterator<Item = (Truth, &T)> {
        let by_tag: &BTreeMap<Tag<'_>, Vec<usize>> = &self.by_tag;
        let tagged = proxy.tags().filter_map(|tag| by_tag.get(&tag)).flatten();
        let asked: BTreeSet<usize> = tagged.chain(&self.rest).copied().collect();
        asked.into_iter().filter_map(move |index| {
            let (target, policy) = self.all.get(index)?;
            let selects = target.selects(proxy);
            (selects != Truth::False).then_some((selects, policy))
        })
    }
}
