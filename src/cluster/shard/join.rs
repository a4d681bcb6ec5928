//! Joining: what all shards read is what one process would have read. A kind that one of them did not read is unread,
//! since what is missing of it may decide about what the others hold.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;

use super::Shard;
use crate::{
    cluster::{
        Reading,
        reading::{read, unread},
    },
    source::{Listing, Source, Status, listing::Outcome},
};

/// All shards of one scan, in their order, as one reading.
pub fn join(shards: Vec<(Shard, Reading)>) -> Reading {
    let mut joined = Reading::default();
    let mut kinds: BTreeMap<(String, String), Vec<(Shard, Source)>> = BTreeMap::new();
    let mut blind: Vec<(Shard, Source)> = Vec::new();
    let mut versions: Vec<String> = Vec::new();
    let all: Vec<Shard> = shards.iter().map(|(shard, _)| *shard).collect();
    for (shard, reading) in shards {
        joined.observed.extend(reading.observed);
        joined.cluster = joined.cluster.or(reading.cluster);
        versions.extend(reading.server_version);
        for source in reading.sources {
            let Some(listing) = source.live.clone() else { continue };
            if listing.is_of_everything() {
                blind.push((shard, source));
            } else {
                kinds.entry((listing.group, listing.kind)).or_default().push((shard, source));
            }
        }
    }
    // Workloads lie in one shard each.
    joined.observed.sort_by(|(a, _), (b, _)| a.cmp(b));
    joined.server_version = distinct(versions);
    joined.sources = if blind.is_empty() {
        kinds.into_values().map(|of_kind| kind(&all, &of_kind)).collect()
    } else {
        // What the others read is a part of nobody knows what.
        vec![unread(Listing::of_everything(), reason(&all, &blind))]
    };
    let decides = |listing: &Listing| {
        listing.is_of_everything()
            || (listing.group.is_empty() && listing.kind == "Pod" && listing.is_unread())
    };
    if joined.sources.iter().any(|source| source.live.as_deref().is_some_and(decides)) {
        joined.observed.clear();
    }
    joined
}

/// One kind, as far as all have it.
fn kind(all: &[Shard], sources: &[(Shard, Source)]) -> Source {
    let listings: Vec<&Listing> = sources.iter().filter_map(|(_, source)| source.live.as_deref()).collect();
    let [first, others @ ..] = listings.as_slice() else {
        return unread(Listing::of_everything(), String::new());
    };
    let unread_ones = listings.iter().filter(|listing| listing.is_unread());
    let worst = unread_ones.map(|listing| listing.outcome).max();
    let mut listing = Listing {
        resource_version: distinct(listings.iter().filter_map(|listing| listing.resource_version.clone())),
        // Each asked for the whole list.
        pages: listings.iter().map(|listing| listing.pages).max().unwrap_or_default(),
        restarts: listings.iter().map(|listing| listing.restarts).sum(),
        objects: 0,
        ..(*first).clone()
    };
    let is_same = |other: &&&Listing| {
        (&other.version, &other.resource, &other.namespaces)
            == (&first.version, &first.resource, &first.namespaces)
            && (other.outcome == Outcome::Absent) == (first.outcome == Outcome::Absent)
    };
    if let Some(worst) = worst {
        listing.outcome = worst;
        return unread(listing, reason(all, sources));
    }
    if sources.len() < all.len() || !others.iter().all(|other| is_same(&other)) {
        listing.outcome = Outcome::Failed;
        let reason = "the server did not serve it alike to all shards; read all of them again";
        return unread(listing, reason.to_owned());
    }
    if listing.outcome == Outcome::Absent {
        return unread(listing, String::new());
    }
    listing.objects = listings.iter().map(|listing| listing.objects).sum();
    let texts = sources.iter().map(|(_, source)| &*source.text);
    read(listing, in_order(texts))
}

/// Why something is unread; if not for all alike, with whom.
fn reason(all: &[Shard], sources: &[(Shard, Source)]) -> String {
    let told = |source: &Source| match &source.status {
        Status::Failed(problems) => problems.first().map(|problem| problem.message.clone()),
        _ => None,
    };
    let mut reasons = sources.iter().filter_map(|(shard, source)| Some((*shard, told(source)?)));
    let Some((shard, reason)) = reasons.next() else { return String::new() };
    let is_same =
        sources.len() == all.len() && sources.iter().all(|(_, other)| told(other).as_ref() == Some(&reason));
    if is_same { reason } else { format!("shard {shard}: {reason}") }
}

/// What all say, or all that is said.
fn distinct(said: impl IntoIterator<Item = String>) -> Option<String> {
    let mut all: Vec<String> = Vec::new();
    for one in said {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    (!all.is_empty()).then(|| all.join(", "))
}

#[derive(Deserialize)]
struct Object<'t> {
    #[serde(borrow, default)]
    metadata: Name<'t>,
}

#[derive(Deserialize, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'t> {
    #[serde(borrow, default)]
    namespace: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'t, str>>,
}

/// Objects of all shards, in the order of their names.
fn in_order<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let texts: Vec<&str> = texts.collect();
    let lines = texts.iter().flat_map(|text| text.lines());
    let name =
        |line| serde_json::from_str::<Object<'_>>(line).map(|object| object.metadata).unwrap_or_default();
    let mut lines: Vec<(Name<'_>, &str)> = lines.map(|line| (name(line), line)).collect();
    lines.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut joined = String::with_capacity(texts.iter().map(|text| text.len()).sum());
    for (_, line) in lines {
        joined.push_str(line);
        joined.push('\n');
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "ConfigMap";

    fn listing(outcome: Outcome, objects: usize, version: &str) -> Listing {
        Listing {
            outcome,
            objects,
            pages: 1,
            version: "v1".to_owned(),
            resource_version: Some(version.to_owned()),
            ..Listing::absent(String::new(), KIND.to_owned(), "configmaps".to_owned())
        }
    }

    fn objects(names: &[(&str, &str)]) -> String {
        let object = |(namespace, name): &(&str, &str)| {
            format!("{{\"metadata\":{{\"name\":\"{name}\",\"namespace\":\"{namespace}\"}}}}\n")
        };
        names.iter().map(object).collect()
    }

    fn joined(sources: Vec<Vec<Source>>) -> Reading {
        let count = u32::try_from(sources.len()).unwrap();
        let shards = (0..).zip(sources).map(|(index, sources)| {
            let reading =
                Reading { sources, server_version: Some("v1.37.2".to_owned()), ..Reading::default() };
            (Shard { index, count }, reading)
        });
        join(shards.collect())
    }

    /// Outcome, number of objects, reason.
    fn of_kind(reading: &Reading) -> (Outcome, usize, String) {
        let [source] = reading.sources.as_slice() else { panic!("one kind") };
        let listing = source.live.as_ref().unwrap();
        let reason = match &source.status {
            Status::Failed(problems) => problems[0].message.clone(),
            _ => String::new(),
        };
        (listing.outcome, listing.objects, reason)
    }

    #[test]
    fn objects_stand_in_the_order_of_one_reading() {
        let first = read(listing(Outcome::Read, 2, "7"), objects(&[("a", "x"), ("c", "x")]));
        let second = read(listing(Outcome::Read, 2, "9"), objects(&[("b", "x"), ("b", "y")]));
        let reading = joined(vec![vec![first], vec![second]]);
        let source = &reading.sources[0];
        assert_eq!(*source.text, objects(&[("a", "x"), ("b", "x"), ("b", "y"), ("c", "x")]));
        let listing = source.live.as_ref().unwrap();
        assert_eq!((listing.objects, listing.pages), (4, 1));
        assert_eq!(listing.resource_version.as_deref(), Some("7, 9"));
        assert_eq!(reading.server_version.as_deref(), Some("v1.37.2"));
    }

    #[test]
    fn what_one_shard_did_not_read_nobody_has() {
        let whole = || read(listing(Outcome::Read, 1, "7"), objects(&[("a", "x")]));
        for outcome in [Outcome::Forbidden, Outcome::Failed] {
            let blind_to_all = || vec![unread(listing(outcome, 0, "7"), "because".to_owned())];
            let (found, _, reason) = of_kind(&joined(vec![blind_to_all(), blind_to_all()]));
            assert_eq!((found, &*reason), (outcome, "because"), "as one process would say it");
            let blind = || unread(listing(outcome, 0, "7"), "because".to_owned());
            for sources in [vec![vec![whole()], vec![blind()]], vec![vec![blind()], vec![whole()]]] {
                let (found, objects, reason) = of_kind(&joined(sources));
                assert_eq!((found, objects), (outcome, 0));
                assert!(reason.ends_with(": because") && reason.starts_with("shard "), "{reason}");
            }
        }
        let absent = || unread(listing(Outcome::Absent, 0, ""), String::new());
        let elsewhere = {
            let mut listing = listing(Outcome::Read, 1, "7");
            listing.namespaces.push("shop".to_owned());
            read(listing, objects(&[("shop", "x")]))
        };
        for sources in [
            vec![vec![whole()], vec![]],
            vec![vec![whole()], vec![absent()]],
            vec![vec![absent()], vec![whole()]],
            vec![vec![whole()], vec![elsewhere]],
        ] {
            let (found, objects, reason) = of_kind(&joined(sources));
            assert_eq!((found, objects), (Outcome::Failed, 0));
            assert!(reason.contains("read all of them again"), "{reason}");
        }
        assert_eq!(of_kind(&joined(vec![vec![absent()], vec![absent()]])).0, Outcome::Absent);
    }

    #[test]
    fn one_shard_that_saw_nothing_leaves_everything_open() {
        let whole = read(listing(Outcome::Read, 1, "7"), objects(&[("a", "x")]));
        let blind = unread(Listing::of_everything(), "nobody answers".to_owned());
        let reading = joined(vec![vec![whole], vec![blind]]);
        let (outcome, _, reason) = of_kind(&reading);
        assert_eq!((outcome, &*reason), (Outcome::Failed, "shard 1/2: nobody answers"));
        assert!(reading.sources[0].live.as_ref().unwrap().is_of_everything());
    }
}
