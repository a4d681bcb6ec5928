//! What keeps a run from being the whole truth, as notifications: a file without results is not yet a pass.

use std::collections::BTreeMap;

use super::{
    RESULTS, Selection,
    location::{Artifacts, without_links},
    model::{Location, Notification, Text},
};
use crate::{
    output::{
        summary::{UNUSED, counted, first_few, since, unused},
        visible::{one_line, visible},
    },
    report::{Outcome, Report},
    source::{Place, SourceId, Sources, Status},
};

/// Locations of one notification that are given.
const LOCATIONS: usize = 100;

/// Whether all that was asked for was judged.
pub(super) fn is_successful(report: &Report, sources: &Sources) -> bool {
    report.outcome != Outcome::Incomplete
        && report.errors.is_empty()
        && !sources.as_slice().iter().any(|source| matches!(source.status, Status::Failed(_)))
}

pub(super) fn notifications(
    report: &Report,
    sources: &Sources,
    selection: &Selection<'_>,
    artifacts: &mut Artifacts<'_>,
) -> Vec<Notification> {
    let mut all = Vec::new();
    for error in &report.errors {
        let text = format!("policy {}: {}", one_line(&error.policy), visible(&error.message));
        all.push(notification("error", &text, Vec::new()));
    }
    for (id, source) in sources.iter() {
        if let Status::Failed(problems) = &source.status {
            for problem in problems {
                let (location, text) = match (&problem.place, &source.live) {
                    (Some(place), _) => (vec![artifacts.location(place)], problem.message.clone()),
                    (None, None) => (vec![artifacts.file(id)], problem.message.clone()),
                    // No file is there to be looked at.
                    (None, Some(listing)) => (Vec::new(), format!("{}: {}", listing.name(), problem.message)),
                };
                all.push(notification("error", &visible(&text), location));
            }
        }
    }
    for reason in &report.incomplete {
        all.push(notification("error", &format!("incomplete: {}", visible(reason)), Vec::new()));
    }
    all.extend(skipped(sources, artifacts));
    all.extend(noticed(sources, artifacts));
    if let Some(change) = &report.change {
        all.push(notification("note", &one_line(&since(change)), Vec::new()));
        if !change.unused.is_empty() {
            let files: Vec<String> = change.unused.iter().map(unused).collect();
            let files = first_few(files.iter().map(String::as_str), LOCATIONS);
            all.push(notification("warning", &format!("{UNUSED}: {}", one_line(&files)), Vec::new()));
        }
    }
    let expired = report.expired_waivers.iter().map(|waiver| (waiver, "ran out"));
    let unused = report.unused_waivers.iter().map(|waiver| (waiver, "is about no finding"));
    for (waiver, why) in expired.chain(unused) {
        let [id, rule, owner, source] =
            [&waiver.id, &waiver.rule, &waiver.owner, &waiver.source].map(|text| one_line(text));
        let text = format!("waiver `{id}` of {owner} for {rule} {why} ({source}, until {})", waiver.until);
        all.push(notification("note", &text, Vec::new()));
    }
    if !report.not_assessed.is_empty() {
        let count = counted(report.not_assessed.len(), "result");
        let text = format!("{count} not assessed: what would decide is not in the input");
        all.push(notification("warning", &text, Vec::new()));
    }
    if selection.beyond_limit > 0 {
        let text = format!(
            "{} left out: code scanning keeps {RESULTS} results, the worst are here",
            counted(selection.beyond_limit, "finding")
        );
        all.push(notification("warning", &text, Vec::new()));
    }
    all
}

/// One notification for each reason, with the files.
fn skipped(sources: &Sources, artifacts: &mut Artifacts<'_>) -> Vec<Notification> {
    let mut reasons: BTreeMap<&str, Vec<SourceId>> = BTreeMap::new();
    for (id, source) in sources.iter() {
        if let Status::Skipped(reason) = &source.status {
            reasons.entry(reason).or_default().push(id);
        }
    }
    reasons
        .into_iter()
        .map(|(reason, files)| {
            let text = format!("{} skipped: {}", counted(files.len(), "file"), visible(reason));
            let locations = files.into_iter().take(LOCATIONS).map(|id| artifacts.file(id)).collect();
            notification("warning", &text, locations)
        })
        .collect()
}

/// One notification for each message, with the places.
fn noticed(sources: &Sources, artifacts: &mut Artifacts<'_>) -> Vec<Notification> {
    let mut messages: BTreeMap<&str, Vec<(SourceId, Option<&Place>)>> = BTreeMap::new();
    for (id, source) in sources.iter() {
        for notice in &source.notices {
            messages.entry(&notice.message).or_default().push((id, notice.place.as_ref()));
        }
    }
    messages
        .into_iter()
        .map(|(message, places)| {
            let locations = places.into_iter().take(LOCATIONS).map(|(id, place)| match place {
                Some(place) => artifacts.location(place),
                None => artifacts.file(id),
            });
            notification("note", &visible(message), locations.collect())
        })
        .collect()
}

fn notification(level: &'static str, text: &str, locations: Vec<Location>) -> Notification {
    Notification { level, message: Text { text: without_links(text) }, locations }
}
