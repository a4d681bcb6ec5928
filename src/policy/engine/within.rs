//! Which subjects can be about some files: a result points at origins of its input, so that rules need not be asked about a
//! subject that has none there. A hook judges one file against thousands.

use std::collections::BTreeSet;

use crate::{
    estate::Estate,
    facts::{Fact, Origin, Value},
    policy::case::{Case, Input},
    source::SourceId,
};

/// The files that a report is limited to.
#[derive(Debug, Clone, Default)]
pub struct Within(BTreeSet<SourceId>);

impl Within {
    pub fn new(sources: impl IntoIterator<Item = SourceId>) -> Self {
        Self(sources.into_iter().collect())
    }

    pub fn contains(&self, source: SourceId) -> bool {
        self.0.contains(&source)
    }

    /// Whether a result about a subject may point into one of the files.
    pub(super) fn concerns(&self, case: &Case<'_>, estate: &Estate) -> bool {
        match &case.input {
            Input::Object(resource) => self.may_show(estate.file(resource), estate),
            Input::Fact(fact) => self.holds(fact, estate),
            Input::Node(_, node) => self.may_show(node.document.source, estate),
            Input::Nothing(source) => self.contains(*source),
            // What a plan holds is shown where the configuration says it.
            Input::Planned(..) | Input::Plan(_) | Input::Combined(_) => true,
        }
    }

    fn holds(&self, fact: &Fact, estate: &Estate) -> bool {
        let here = match &fact.origin {
            Some(Origin::Place(place)) => self.may_show(place.source, estate),
            Some(Origin::Planned { .. }) => true,
            None => false,
        };
        here || match &fact.value {
            Value::Array(items) => items.iter().any(|item| self.holds(item, estate)),
            Value::Object(fields) => fields.values().any(|field| self.holds(field, estate)),
            _ => false,
        }
    }

    fn may_show(&self, source: SourceId, estate: &Estate) -> bool {
        self.contains(source) || estate.is_shown_elsewhere(source)
    }
}
