//! What is declared and what is live get the same verdicts from the same rules.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use probity::{
    cluster::{Target, kinds::FILES},
    config::Day,
    estate::{Estate, Resource},
    policy::{Policies, PolicyFile, built_in},
    report::Report,
    scan::{Settings, judge, read_for},
    source::base::Base,
};

use super::server::{Objects, Server};

fn children(folder: &Path) -> Vec<PathBuf> {
    let mut children: Vec<PathBuf> =
        folder.read_dir().expect("a folder").flatten().map(|one| one.path()).collect();
    children.retain(|path| path.is_dir());
    children.sort();
    children
}

pub(super) fn judged(policies: Policies, settings: &Settings) -> (Estate, Report) {
    let mut estate = read_for(&policies, settings, &|_, _| {}).expect("it can be read");
    let report = judge(settings, &mut estate, policies, &|_, _| {});
    (estate, report)
}

pub(super) fn settings(folder: &Path) -> Settings {
    let base = Base::new(&[], Some(folder), folder).expect("a folder");
    Settings::new(base, Day::parse("2026-01-01").expect("a day"))
}

/// Rule, resource and message of each finding that is not about a Secret, which nobody reads of a cluster.
fn found(report: &Report) -> BTreeSet<(String, String, String)> {
    let found = report.findings.iter().map(|judged| &judged.finding);
    let found =
        found.map(|finding| (finding.rule.to_string(), finding.resource.clone(), finding.message.clone()));
    found.filter(|(_, resource, _)| !resource.starts_with("Secret/")).collect()
}

/// Fixtures about what only files have: variants, plans, text that no API server takes, Secrets themselves.
fn is_about_files(estate: &Estate) -> bool {
    let has_secret = estate.resources.iter().any(Resource::is_secret);
    let ids: BTreeSet<_> = estate.resources.iter().map(|resource| &resource.id).collect();
    estate.sets.len() > 1
        || !estate.plans.is_empty()
        || has_secret
        || ids.len() < estate.resources.len()
        || estate.resources.is_empty()
        || estate.resources.iter().any(|resource| resource.object.is_named_later)
        || estate.resources.iter().any(|resource| FILES.contains(&&*resource.object.kind))
        // A kind of nobody's, which stands for any: no rule is about it, so no list of it is asked for.
        || estate.resources.iter().any(|resource| &*resource.object.group == "example.com")
}

/// One rule with what rules share: to load all of them for each fixture takes minutes.
fn files_of(id: &str) -> Vec<PolicyFile> {
    let mut files = built_in();
    files.retain(|file| file.name.contains(&format!("{id}/")) || file.name.contains("lib/"));
    files
}

/// Calls `look` with the id of a rule and one of its fixtures: its folder, its estate and report, and a cluster that holds
/// its objects.
pub(super) fn each_fixture(mut look: impl FnMut(&str, &Path, &Estate, &Report, &Server)) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut looked_at = 0;
    for rule in children(&root).iter().flat_map(|domain| children(domain)) {
        let id: Vec<_> = rule.iter().rev().take(2).map(|part| part.to_string_lossy().into_owned()).collect();
        let id = format!("{}/{}", id[1], id[0]);
        for case in children(&rule) {
            let (estate, declared) = judged(only(&id), &settings(&case));
            if !is_about_files(&estate) {
                looked_at += 1;
                let server = Server::new(Objects::of(&estate), Box::new(|_| None));
                look(&id, &case, &estate, &declared, &server);
            }
        }
    }
    looked_at
}

/// Policies that judge by one rule.
pub(super) fn only(id: &str) -> Policies {
    Policies::new(&files_of(id), |rule| rule == id)
}

#[test]
fn every_fixture_has_the_same_findings_as_files_and_live() {
    let mut wrong = Vec::new();
    let compared = each_fixture(|id, case, _, declared, server| {
        let target = Target { kubeconfig: Some(server.kubeconfig()), ..Target::default() };
        let (_, live) = judged(only(id), &Settings { cluster: Some(target), ..settings(case) });
        if found(&live) != found(declared) {
            wrong.push(format!(
                "{}: live {:#?}, declared {:#?}",
                case.display(),
                found(&live),
                found(declared)
            ));
        }
        assert!(live.findings.iter().all(|judged| judged.finding.place.is_none()));
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 100, "only {compared} fixtures were compared");
}
