//! Where what was planned or rendered is written, and what of it must not be shown.

use std::collections::{BTreeMap, BTreeSet};

use super::Estate;
use crate::{
    document::{Document, Step},
    resource::{
        credential,
        render::Rendered,
        terraform::written::{self, Written},
    },
    source::{Place, SourceId},
};

/// Where something that is no file of its own is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub place: Place,
    /// Other places that belong to it, with what they are.
    pub also: Vec<(&'static str, Place)>,
}

/// What is said of the value of a chart that a template takes, or that a variable has.
pub const GIVEN: &str = "its value is given here";

/// What is written in a configuration, and `planned` in its plan.
fn in_configuration(origin: written::Origin, planned: Option<&Place>) -> Shown {
    let value = origin.value.map(|value| (GIVEN, value));
    let planned = planned.map(|place| ("as planned", place.clone()));
    Shown { place: origin.place, also: value.into_iter().chain(planned).collect() }
}

/// What the configuration of a plan gives a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A text that it writes out.
    Text(String, Place),
    /// Anything else.
    Expression,
    /// The configuration is not in the input.
    Unknown,
}

impl Estate {
    /// Takes the configuration of each plan, and hides what must not be shown of it.
    pub fn attach(&mut self, written: Vec<Written>) {
        let pairs = self.plans.iter().zip(&written);
        let secrets: Vec<Place> = pairs.flat_map(|(plan, written)| written.secrets(plan)).collect();
        self.sources.mask(secrets);
        for problem in written.iter().flat_map(|written| &written.problems) {
            if let Some(source) = problem.place.as_ref().map(|place| self.sources.get_mut(place.source))
                && !source.notices.contains(problem)
            {
                source.notices.push(problem.clone());
            }
        }
        self.written = written;
    }

    /// The file of a plan's configuration in which a place lies.
    pub fn configuration(&self, place: &Place) -> Option<&Document> {
        self.written.iter().find_map(|written| written.document(place))
    }

    /// Where in the configuration a value of a planned resource is written; `place` is where the plan has it.
    pub fn written(&self, plan: usize, resource: u32, path: &[Step], place: Option<&Place>) -> Option<Shown> {
        let (written, plan) = (self.written.get(plan)?, self.plans.get(plan)?);
        let origin = written.locate(plan, plan.resource(resource)?, path)?;
        Some(in_configuration(origin, place))
    }

    /// Whether the configuration writes out a text, or a good part of it, where the value of a planned resource is given.
    pub fn writes_out(&self, plan: usize, resource: u32, path: &[Step], text: &str) -> bool {
        const DISTINCTIVE: usize = 6;
        let Some(shown) = self.written(plan, resource, path, None) else { return false };
        let given = shown.also.iter().map(|(_, place)| place).chain([&shown.place]);
        given.filter_map(|place| self.sources.get(place.source).text.get(place.span())).any(|written| {
            let quoted = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let part = quoted.filter(|part| part.len() >= DISTINCTIVE && !part.contains("${"));
            quoted.unwrap_or(written) == text || part.is_some_and(|part| text.contains(part))
        })
    }

    /// What the configuration gives a name (`local.password`) in a module.
    pub fn given(&self, plan: usize, module: &str, reference: &str) -> Given {
        let found = || {
            let (written, plan) = (self.written.get(plan)?, self.plans.get(plan)?);
            let place = written.given_in(plan, module, reference)?;
            Some((self.sources.get(place.source).text.get(place.span())?, place))
        };
        let Some((written, place)) = found() else { return Given::Unknown };
        let quoted = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        match quoted.filter(|text| !text.contains(['"', '\\']) && !text.contains("${")) {
            Some(text) => Given::Text(text.to_owned(), place),
            None => Given::Expression,
        }
    }

    /// Takes what was rendered, and hides what must not be shown of its parts. Call after the masks of the output.
    pub fn attach_rendered(&mut self, rendered: Vec<Rendered>) {
        let rendered = rendered.into_iter();
        let by_output = rendered.filter_map(|one| Some((self.sources.by_file(&one.root.output())?, one)));
        self.rendered = by_output.collect();
        let (mut hidden, mut taken) = (Vec::new(), BTreeSet::new());
        let mut texts: BTreeMap<SourceId, BTreeSet<String>> = BTreeMap::new();
        for resource in &self.resources {
            let output = self.file(resource);
            let Some(rendered) = self.rendered.get(&output) else { continue };
            for secret in credential::secrets(&resource.object, self.node(resource)) {
                let place = Place::new(output, secret.span);
                if let Some(origin) = rendered.locate(&self.sources, &place) {
                    hidden.extend(Some(origin.place).filter(|_| origin.is_exact));
                    taken.extend(origin.value);
                }
                texts.entry(output).or_default().extend(secret.values);
            }
        }
        for (output, rendered) in &self.rendered {
            hidden.extend(rendered.secrets(&self.sources, &texts.remove(output).unwrap_or_default()));
        }
        self.sources.mask(hidden);
        self.taken = taken;
    }

    /// Where what stands in a plan, or was rendered, is written.
    pub fn shown(&self, place: &Place) -> Option<Shown> {
        if let Some(rendered) = self.rendered.get(&place.source) {
            let origin = rendered.locate(&self.sources, place)?;
            let also = origin.value.map(|value| (GIVEN, value)).into_iter().collect();
            return Some(Shown { place: origin.place, also });
        }
        Some(in_configuration(self.written_place(place)?, Some(place)))
    }

    /// Whether what stands at a place of an output is made anew each time.
    pub fn is_made(&self, place: &Place) -> bool {
        let made = self.rendered.get(&place.source).map(|rendered| &rendered.made);
        let line = || self.sources.get(place.source).region(&place.span()).line;
        made.is_some_and(|made| !made.is_empty() && made.contains(&line().saturating_sub(1)))
    }

    /// Whether a value of a chart was rendered into a secret of an object, which is judged in its stead. `shown` is the
    /// value, or its key where it has several lines.
    pub fn is_taken(&self, shown: &Place) -> bool {
        let mut before = self.taken.range(..Place::new(shown.source, shown.end..0));
        before.next_back().is_some_and(|taken| taken.source == shown.source && shown.start < taken.end)
    }

    /// Whether what stands in a source may be shown in others: it was rendered or planned.
    pub fn is_shown_elsewhere(&self, source: SourceId) -> bool {
        self.rendered.contains_key(&source) || self.plans.iter().any(|plan| plan.source == source)
    }

    /// Where in the configuration is written what stands at a place of a plan.
    fn written_place(&self, place: &Place) -> Option<written::Origin> {
        let position = self.plans.iter().position(|plan| plan.source == place.source)?;
        self.written.get(position)?.locate_place(self.plans.get(position)?, place)
    }
}
