//! Coverage: what could not be read of a cluster leaves open what depends on it. Nothing passes by not being seen.

use std::{collections::BTreeSet, sync::Arc};

use super::live::needs;
use crate::{
    cluster::kinds::{KINDS, feed_of},
    estate::Estate,
    finding::NotAssessed,
    policy::{Evaluation, metadata::Rule},
    report::{NotApplicable, Parts},
    source::{Listing, listing::Outcome},
};

/// Turns what rests on unread lists into results that are not assessed, and what nothing can be about into rules that
/// are not applicable.
pub(super) fn judge(estate: &Estate, parts: &mut Parts) {
    let listings: Vec<&Listing> = estate.sources.listings().collect();
    if listings.is_empty() {
        return;
    }
    for rule in &parts.rules {
        let relevant = relevant(rule, &listings);
        let unread: Vec<&Listing> = relevant.iter().copied().filter(|listing| listing.is_unread()).collect();
        if !unread.is_empty() {
            open(&mut parts.evaluation, rule, &unread, stands(rule, &unread), &|listing| {
                format!("{} could not be read: {}", listing.name(), why(listing))
            });
            continue;
        }
        let partial: Vec<&Listing> =
            relevant.iter().copied().filter(|listing| !listing.namespaces.is_empty()).collect();
        if !partial.is_empty() && looks_across(rule) {
            open(&mut parts.evaluation, rule, &partial, true, &|listing| {
                let namespaces = listing.namespaces.join(", ");
                format!(
                    "{} could be read in {namespaces} only, and other namespaces decide too",
                    listing.name()
                )
            });
        } else if let Some(reason) = inapplicable(rule, &relevant) {
            parts.not_applicable.push(NotApplicable { rule: Arc::clone(&rule.id), reason });
        }
    }
}

/// Why something was not read; the list of what failed says more.
fn why(listing: &Listing) -> &'static str {
    match listing.outcome {
        _ if listing.is_of_everything() => "nobody answered, or nobody is known to it",
        Outcome::Forbidden => "the server refuses its list to these credentials",
        _ => "its list was not read to the end",
    }
}

/// Listings of the kinds that a rule needs.
fn relevant<'l>(rule: &Rule, listings: &[&'l Listing]) -> Vec<&'l Listing> {
    let (kinds, named) = needs(rule);
    let is_needed = |listing: &&&Listing| {
        listing.is_of_everything()
            || named.contains(&listing.kind)
            || kinds.iter().any(|kind| kind.group == listing.group && kind.kind == listing.kind)
    };
    listings.iter().filter(is_needed).copied().collect()
}

/// Whether what the rule finds is true whatever else the unread lists hold.
fn stands(rule: &Rule, unread: &[&Listing]) -> bool {
    let part = |listing: &Listing| {
        KINDS
            .iter()
            .find(|kind| kind.group == listing.group && kind.kind == listing.kind)
            .map(|kind| kind.part)
    };
    let undoes = |listing: &&Listing| {
        listing.is_of_everything()
            || rule
                .selectors
                .iter()
                .filter_map(|selector| feed_of(&selector.name))
                .any(|feed| part(listing).is_some_and(|part| feed.decides.contains(&part)))
    };
    !unread.iter().any(undoes)
}

fn looks_across(rule: &Rule) -> bool {
    rule.selectors.iter().any(|selector| feed_of(&selector.name).is_some_and(|feed| feed.across))
}

/// Leaves open what a rule passed, and what it found where that may not stand.
fn open(
    evaluation: &mut Evaluation,
    rule: &Rule,
    unread: &[&Listing],
    stands: bool,
    reason: &dyn Fn(&Listing) -> String,
) {
    let mut resources: BTreeSet<String> =
        evaluation.passed.remove(&rule.id).unwrap_or_default().iter().map(ToString::to_string).collect();
    if !stands {
        let found = evaluation.findings.extract_if(.., |finding| finding.rule == rule.id);
        resources.extend(found.map(|finding| finding.resource));
    }
    if let Some(counts) = evaluation.evaluated.iter_mut().find(|counts| counts.rule == rule.id) {
        counts.not_assessed += counts.passed;
        counts.passed = 0;
        if !stands {
            counts.not_assessed += counts.failed;
            counts.failed = 0;
        }
    }
    let names: Vec<String> = unread.iter().map(|listing| listing.name()).collect();
    let reasons: BTreeSet<String> = unread.iter().map(|listing| reason(listing)).collect();
    // What nobody could see has no names: then the lists stand for their objects.
    let resources = if resources.is_empty() { names.clone() } else { resources.into_iter().collect() };
    evaluation.not_assessed.push(NotAssessed {
        rule: Arc::clone(&rule.id),
        reason: reasons.into_iter().collect::<Vec<_>>().join("; "),
        missing: Some(names.join(", ")),
        resources,
        sets: vec![".".into()],
        place: None,
    });
}

/// Why there can be nothing that a rule is about.
fn inapplicable(rule: &Rule, relevant: &[&Listing]) -> Option<String> {
    let is_raw = rule.selectors.iter().all(|selector| selector.name == "kubernetes");
    let are_named = rule.selectors.iter().all(|selector| !selector.kinds.is_empty());
    let wants_secrets = |kind: &String| kind == "Secret";
    if is_raw && are_named && relevant.iter().all(|listing| listing.outcome == Outcome::Absent) {
        let kinds: BTreeSet<&str> =
            rule.selectors.iter().flat_map(|selector| &selector.kinds).map(String::as_str).collect();
        let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
        return Some(format!("the cluster serves no {kinds}"));
    }
    let about_secrets = !rule.selectors.is_empty()
        && rule
            .selectors
            .iter()
            .all(|selector| !selector.kinds.is_empty() && selector.kinds.iter().all(wants_secrets));
    about_secrets.then(|| "Secrets of a cluster are never read".to_owned())
}
