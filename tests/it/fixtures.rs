//! The fixtures of every rule, found by walking: findings exactly where they are marked, and nowhere else.
//!
//! A manifest marks a line with `# finding`; JSON has no comments, so a plan has `expected.txt` beside it, with a
//! `file:line` a line.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use probity::{
    config::Day,
    estate::Estate,
    policy::{Policies, built_in},
    report::Report,
    scan::{Settings, judge, read_estate},
    source::base::Base,
};

const MARK: &str = "# finding";

#[test]
fn findings_are_exactly_where_the_fixtures_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut wrong = Vec::new();
    for domain in children(&root) {
        for rule in children(&domain) {
            let id = format!("{}/{}", name(&domain), name(&rule));
            for case in children(&rule) {
                let policies = Policies::new(&built_in(), |rule| rule == id);
                assert_eq!(policies.rules.len(), 1, "{id} has fixtures, but is no rule");
                let case_name = name(&case);
                let (estate, report) = scan(&case, policies);
                assert!(!estate.sources.is_empty(), "{id}/{case_name} is empty");
                assert_eq!(report.not_assessed, [], "{id}/{case_name}");
                let expected = marked(&case);
                assert_eq!(case_name.starts_with("fail-"), !expected.is_empty(), "{id}/{case_name}: marks");
                let found = found(&estate, &report);
                if found != expected {
                    wrong.push(format!("{id}/{case_name}: found {found:?}, expected {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_demo_estate_has_something_for_every_domain_and_most_of_it_is_right() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop");
    let policies = Policies::new(&built_in(), |_| true);
    let domain = |rule: &str| rule.split_once('/').map(|(domain, _)| domain.to_owned());
    let domains: BTreeSet<_> = policies.rules.iter().map(|rule| domain(&rule.id)).collect();
    let (_, report) = scan(&shop, policies);
    let found: BTreeSet<_> = report.findings.iter().map(|judged| domain(&judged.finding.rule)).collect();
    assert_eq!(found, domains);
    let passed: usize = report.evaluated.iter().map(|rule| rule.passed).sum();
    assert!(passed > 2 * report.findings.len(), "most things are right");
}

fn scan(folder: &Path, policies: Policies) -> (Estate, Report) {
    let settings = Settings {
        fail_on: None,
        ..Settings::new(
            Base::new(&[], Some(folder), folder).expect("fixtures exist"),
            Day::parse("2026-01-01").expect("a day"),
        )
    };
    let mut estate = read_estate(&settings, &|_, _| {}).expect("fixtures can be read");
    let report = judge(&settings, &mut estate, policies, &|_, _| {});
    assert_eq!(report.errors, []);
    (estate, report)
}

/// File and line of every finding.
fn found(estate: &Estate, report: &Report) -> BTreeSet<String> {
    let places = report.findings.iter().map(|judged| {
        let place = judged.finding.place.clone().expect("findings in files have a place");
        let source = estate.sources.get(place.source);
        format!("{}:{}", source.file, source.region(&place.span()).line)
    });
    places.collect()
}

fn marked(folder: &Path) -> BTreeSet<String> {
    let mut marks = BTreeSet::new();
    for path in children(folder) {
        #[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
        let text = std::fs::read_to_string(&path).expect("fixtures are text");
        if name(&path) == "expected.txt" {
            marks.extend(text.lines().map(ToOwned::to_owned));
        }
        let lines = text.lines().enumerate().filter(|(_, line)| line.trim_end().ends_with(MARK));
        marks.extend(lines.map(|(index, _)| format!("{}:{}", name(&path), index + 1)));
    }
    marks
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

fn name(path: &Path) -> String {
    path.file_name().expect("a named file").to_string_lossy().into_owned()
}
