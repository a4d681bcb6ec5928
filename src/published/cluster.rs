//! The kinds that are read of a cluster, against what the facts ask an estate for: a new one cannot be forgotten.

use std::{collections::BTreeSet, path::Path};

use crate::{
    cluster::kinds::{FEEDS, FILES, KINDS, feed_of, resources_by_group},
    config::Day,
    estate::Estate,
    facts::{FACTS, Make, Set},
    policy::{Policies, built_in},
    resource::workload::PodTemplate,
    scan::{Settings, read_estate},
    source::base::Base,
};

fn estates() -> Vec<Estate> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let folders = ["rules/mtls", "rules/secrets", "rules/datastores", "rules/lineage", "rules/audit", "shop"];
    let read = |folder: &&str| {
        let folder = root.join(folder);
        let base = Base::new(&[], Some(&folder), &folder).expect("fixtures exist");
        let settings = Settings::new(base, Day::parse("2026-01-01").expect("a day"));
        read_estate(&settings, &|_, _| {}).expect("fixtures can be read")
    };
    folders.iter().map(read).collect()
}

/// Kinds that no API server has: files of tools, and Secrets, which are not read.
fn is_no_kind_of_a_cluster(group: &str, kind: &str) -> bool {
    matches!((group, kind), ("", "Secret"))
}

#[test]
fn what_the_facts_of_a_selector_ask_for_is_read_for_it() {
    let mut missing = BTreeSet::new();
    for estate in estates() {
        for (name, make) in FACTS {
            let Make::Set(make) = make else { continue };
            for set in 0..estate.sets.len() {
                // Each anew: what one fact worked out the next would not ask for again.
                let set = Set::new(estate.view(set));
                make(&set);
                let feed = feed_of(name).unwrap_or_else(|| panic!("{name} is no feed"));
                for (group, kind) in set.view.asked() {
                    let known = KINDS.iter().find(|known| *known.group == group && *known.kind == kind);
                    let is_fed = known.is_some_and(|known| feed.parts.contains(&known.part));
                    if !is_fed && !is_no_kind_of_a_cluster(&group, &kind) {
                        missing.insert(format!("{name} asks for {kind} of {group:?}"));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_fact_of_kubernetes_objects_is_a_feed() {
    for (name, make) in FACTS {
        let of_plans = FACTS.iter().all(|(other, make)| other != name || matches!(make, Make::Plan(_)));
        assert!(of_plans || feed_of(name).is_some(), "{name} is no feed");
        let _ = make;
    }
    for feed in FEEDS {
        assert!(FACTS.iter().any(|(name, _)| *name == feed.selector), "{} is no fact", feed.selector);
    }
}

#[test]
fn the_kinds_of_the_fixtures_and_of_selectors_are_read() {
    let mut missing = BTreeSet::new();
    let is_read = |group: &str, kind: &str| {
        KINDS.iter().any(|known| known.group == group && known.kind == kind)
            || is_no_kind_of_a_cluster(group, kind)
    };
    for estate in estates() {
        for resource in &estate.resources {
            let (group, kind) = (&*resource.object.group, &*resource.object.kind);
            if !PodTemplate::all(&resource.object, estate.node(resource)).is_empty() && !is_read(group, kind)
            {
                missing.insert(format!("{kind} of {group:?} runs Pods"));
            }
        }
    }
    for rule in Policies::new(&built_in(), |_| true).rules {
        let selectors = rule.selectors.iter().filter(|selector| selector.name == "kubernetes");
        for kind in selectors.flat_map(|selector| &selector.kinds) {
            let is_file = FILES.contains(&kind.as_str());
            if !is_file && !KINDS.iter().any(|known| known.kind == kind) {
                missing.insert(format!("{} selects {kind}", rule.id));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Pairs of a group and a kind that are written in tables and patterns, whose look-ups need objects to be seen.
#[test]
fn the_kinds_that_the_code_names_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let pair =
        regex::Regex::new(r#"\(\s*"([a-z0-9.-]*)",\s*"([A-Z][A-Za-z0-9]+|postgresql)""#).expect("a pattern");
    let mut missing = BTreeSet::new();
    let mut folders = vec![root.join("facts"), root.join("resource/workload.rs")];
    while let Some(path) = folders.pop() {
        if path.is_dir() {
            folders.extend(path.read_dir().expect("a folder").flatten().map(|entry| entry.path()));
            continue;
        }
        if path.to_string_lossy().contains("tests") {
            continue;
        }
        #[expect(clippy::disallowed_methods, reason = "the test reads the crate's own source")]
        let text = std::fs::read_to_string(&path).expect("source is text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for found in pair.captures_iter(code) {
            let (group, kind) = (&found[1], &found[2]);
            let is_group = group.is_empty() || group.contains('.') || ["apps", "batch"].contains(&group);
            // The table of makers names groups by their end.
            let ends = |known: &str| known == group || known.ends_with(&format!(".{group}"));
            let is_read = KINDS.iter().any(|known| known.kind == kind && ends(known.group));
            if is_group && !is_read && !is_no_kind_of_a_cluster(group, kind) {
                missing.insert(format!("{kind} of {group:?} in {}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_table_has_no_secrets_no_wildcards_and_nothing_twice() {
    let mut seen = BTreeSet::new();
    for kind in KINDS {
        assert!(seen.insert((kind.group, kind.kind)), "{kind:?} stands twice");
        assert!(seen.insert((kind.group, kind.resource)), "{kind:?} stands twice");
        assert!(kind.resource != "secrets" && !kind.resource.contains(['*', '/']), "{kind:?}");
        assert_eq!(kind.resource, kind.resource.to_lowercase());
    }
    assert_eq!(resources_by_group().values().map(BTreeSet::len).sum::<usize>(), KINDS.len());
}
