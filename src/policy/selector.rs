//! Selectors: which subjects there are, by name. A new one is one line in a table.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rayon::prelude::*;

pub use super::case::{Case, Input, WholePlan};
use super::metadata::Selector;
use crate::{
    estate::Estate,
    facts::{FACTS, Fact, Make, Set, Subject},
    resource::kinds,
};

/// Makes the cases of a selector that is no fact.
type MakeCases = for<'e> fn(&'e Estate) -> Vec<Case<'e>>;

/// Selectors over what was read as it is; the others are the facts of [`FACTS`].
const RAW: &[(&str, MakeCases)] =
    &[("kubernetes", kubernetes), ("terraform-plan", plans), ("terraform-resource", planned_resources)];

pub fn is_known(name: &str) -> bool {
    names().contains(&name)
}

/// All names, each once, sorted.
pub fn names() -> Vec<&'static str> {
    let names: BTreeSet<_> =
        RAW.iter().map(|(name, _)| *name).chain(FACTS.iter().map(|(name, _)| *name)).collect();
    names.into_iter().collect()
}

/// Why a selector would never select anything: kinds are names alone, without patterns, groups or versions.
pub(super) fn impossible(selectors: &[Selector]) -> Option<String> {
    let kinds = selectors.iter().flat_map(|selector| selector.kinds.iter().map(move |kind| (selector, kind)));
    let is_name = |kind: &str| {
        !kind.is_empty()
            && kind.chars().all(|character| character.is_alphanumeric() || "_-".contains(character))
    };
    let (selector, kind) = kinds.into_iter().find(|(_, kind)| !is_name(kind))?;
    let instead = match kind.rsplit('/').next() {
        Some(name) if is_name(name) => format!("write `{name}`, and look at `apiVersion` in the rule"),
        _ => "leave `kinds` out to judge every kind".to_owned(),
    };
    Some(format!("selector `{}` names kind `{kind}`, which nothing has: {instead}", selector.name))
}

/// Kinds that no manifest has and that are a slip away from one that many have: a rule on them would never judge.
pub(super) fn misspelt(selectors: &[Selector]) -> Vec<String> {
    let kinds = selectors.iter().filter(|selector| selector.name == "kubernetes");
    let slips = kinds.flat_map(|selector| &selector.kinds).filter_map(|kind| {
        let mut known = kinds::all();
        if known.clone().any(|known| known == kind) {
            return None;
        }
        let meant = known.find(|known| is_slip(kind, known))?;
        Some(format!("the selector names kind `{kind}`: did you mean `{meant}`?"))
    });
    slips.collect()
}

/// Short kinds are like others by chance, so only the plural and the case of these are slips.
fn is_slip(kind: &str, known: &str) -> bool {
    kind.trim_end_matches('s').eq_ignore_ascii_case(known.trim_end_matches('s'))
        || strsim::osa_distance(kind, known) <= kind.len() / 5
}

/// The subjects of all wanted selectors, in a fixed order.
///
/// Sets and facts are worked out side by side: nothing below [`Set`] may start threads of its own, or one that waits
/// for a part of a set could be given work that waits for the same part.
pub fn cases(estate: &Estate, wanted: impl Fn(&str) -> bool + Sync) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for (name, make) in RAW.iter().filter(|(name, _)| wanted(name)) {
        let from = cases.len();
        cases.extend(make(estate));
        debug_assert!(
            cases[from..].iter().all(|case: &Case<'_>| case.selector == *name),
            "a table line names its cases"
        );
    }
    let sets: Vec<Set<'_>> = (0..estate.sets.len()).map(|set| Set::new(estate.view(set))).collect();
    let facts: Vec<Vec<Case<'_>>> = FACTS
        .par_iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, make)| fact_cases(estate, &sets, name, make))
        .collect();
    cases.extend(facts.into_iter().flatten());
    cases
}

/// The cases of one kind of fact.
fn fact_cases<'e>(estate: &'e Estate, sets: &[Set<'e>], name: &'static str, make: &Make) -> Vec<Case<'e>> {
    match make {
        Make::Resource(make) => {
            let subjects =
                estate.resources.iter().filter_map(|resource| Some((resource, make(estate, resource)?)));
            subjects.map(|(resource, subject)| case(name, subject, estate.sets_of(resource))).collect()
        }
        Make::Document(make) => {
            let subjects = estate.documents.iter().flat_map(|document| {
                let subjects = make(estate, document).into_iter();
                subjects.map(|subject| (document.source, subject))
            });
            subjects.map(|(source, subject)| case(name, subject, estate.sets_of_file(source))).collect()
        }
        Make::Set(make) => {
            let of_sets: Vec<Vec<Subject>> = sets.par_iter().map(make).collect();
            let subjects = sets.iter().zip(of_sets).flat_map(|(set, subjects)| {
                subjects.into_iter().map(|subject| (Arc::clone(&set.view.set), subject))
            });
            merge(subjects).into_iter().map(|(subject, sets)| case(name, subject, sets)).collect()
        }
        Make::Plan(make) => {
            let subjects = (0..).zip(&estate.plans).flat_map(|(index, plan)| make(estate, index, plan));
            subjects.map(|subject| case(name, subject, estate.sets.clone())).collect()
        }
    }
}

fn kubernetes(estate: &Estate) -> Vec<Case<'_>> {
    let case = |resource| Case {
        selector: "kubernetes",
        kind: Arc::clone(&estate.resource(resource).object.kind),
        resource: Arc::clone(&estate.resource(resource).id),
        sets: estate.sets_of(estate.resource(resource)),
        input: Input::Object(estate.resource(resource)),
    };
    (0..estate.resources.len()).map(case).collect()
}

fn plans(estate: &Estate) -> Vec<Case<'_>> {
    let case = |index: usize| Case {
        selector: "terraform-plan",
        kind: "".into(),
        resource: Arc::clone(&estate.sources.get(estate.plans[index].source).file),
        sets: estate.sets.clone(),
        input: Input::Plan(WholePlan::new(index)),
    };
    (0..estate.plans.len()).map(case).collect()
}

fn planned_resources(estate: &Estate) -> Vec<Case<'_>> {
    let plans = estate.plans.iter().enumerate();
    let cases = plans.flat_map(|(index, plan)| {
        (0..).zip(&plan.resources).map(move |(position, resource)| Case {
            selector: "terraform-resource",
            kind: Arc::clone(&resource.kind),
            resource: Arc::clone(&resource.address),
            sets: estate.sets.clone(),
            input: Input::Planned(index, position),
        })
    });
    cases.collect()
}

fn case<'e>(selector: &'static str, subject: Subject, sets: Vec<Arc<str>>) -> Case<'e> {
    Case {
        selector,
        kind: subject.kind,
        resource: subject.resource.into(),
        sets,
        input: Input::Fact(subject.fact),
    }
}

/// Subjects that are equal in several sets are judged once.
fn merge(subjects: impl Iterator<Item = (Arc<str>, Subject)>) -> Vec<(Subject, Vec<Arc<str>>)> {
    let mut merged: Vec<(Subject, Vec<Arc<str>>)> = Vec::new();
    let mut known: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (set, subject) in subjects {
        let candidates = known.entry(subject.resource.clone()).or_default();
        let equal = |index: &&usize| {
            let other: &Fact = &merged[**index].0.fact;
            *other == subject.fact
        };
        if let Some(index) = candidates.iter().find(equal) {
            merged[*index].1.push(set);
        } else {
            candidates.push(merged.len());
            merged.push((subject, vec![set]));
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_no_names_are_refused() {
        for (kind, expected) in [
            ("*", Some("leave `kinds` out")),
            ("", Some("leave `kinds` out")),
            ("apps/v1/Deployment", Some("write `Deployment`")),
            ("apps/*", Some("leave `kinds` out")),
            ("Deployment", None),
            ("aws_s3_bucket", None),
            ("aiven-kafka", None),
        ] {
            let told =
                impossible(&[Selector { name: "kubernetes".to_owned(), kinds: vec![kind.to_owned()] }]);
            assert_eq!(told.is_some(), expected.is_some(), "{kind}: {told:?}");
            assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{kind}");
        }
    }

    #[test]
    fn kinds_that_are_a_slip_away_from_known_ones_are_told() {
        for (kind, expected) in [
            ("Deploymnt", Some("Deployment")),
            ("deployment", Some("Deployment")),
            ("Pods", Some("Pod")),
            ("NetworkPolicies", Some("NetworkPolicy")),
            ("Deployment", None),
            ("VirtualService", None),
            ("ServiceMonitor", None),
            ("Pool", None),
            ("Rule", None),
        ] {
            let selector = |name: &str| Selector { name: name.to_owned(), kinds: vec![kind.to_owned()] };
            let told = misspelt(&[selector("kubernetes")]);
            let meant = told.first().and_then(|told| told.split('`').nth(3));
            assert_eq!(meant, expected, "{told:?}");
            assert!(misspelt(&[selector("terraform-resource")]).is_empty());
        }
    }
}
