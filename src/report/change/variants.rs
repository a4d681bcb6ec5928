//! The variants of a tree, and whether a finding holds in more of them than before.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    estate::origin,
    finding::Finding,
    source::{Source, Sources},
};

/// The variants of a tree: sets of manifests, and plans by their files.
pub(super) struct Variants<'s> {
    sets: BTreeSet<&'s str>,
    plans: BTreeSet<&'s str>,
}

impl<'s> Variants<'s> {
    /// All of the tree.
    pub(super) fn new(sets: &'s [Arc<str>], sources: &'s Sources) -> Self {
        let sources = sources.iter().map(|(_, source)| source);
        Self { sets: sets.iter().map(|set| &**set).collect(), plans: plans(sources) }
    }

    /// Those in which a finding holds.
    fn of(finding: &'s Finding, sources: &'s Sources) -> Self {
        let related = finding.related.iter().filter_map(|related| related.place.as_ref());
        let sources = finding.place.iter().chain(related).map(|place| sources.get(place.source));
        Self { sets: finding.sets.iter().map(|set| &**set).collect(), plans: plans(sources) }
    }

    /// Whether a finding holds in one of these, all those of the tree before, in which its partner did not hold. What a
    /// variant was made of counts as the same.
    pub(super) fn spreads(
        &self,
        (finding, sources): (&Finding, &Sources),
        (partner, sources_before): (&Finding, &Sources),
    ) -> bool {
        let (now, known) = (Variants::of(finding, sources), Variants::of(partner, sources_before));
        let mut before = now.sets.iter().filter_map(|set| origin(set, &self.sets));
        before.any(|set| !known.sets.contains(set))
            || now.plans.iter().any(|plan| self.plans.contains(plan) && !known.plans.contains(plan))
    }
}

fn plans<'s>(sources: impl Iterator<Item = &'s Source>) -> BTreeSet<&'s str> {
    sources.filter(|source| source.mask.is_every_value()).map(|source| &*source.file).collect()
}
