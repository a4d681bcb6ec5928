//! The official YAML test suite: each case is accepted or rejected as it says, but for a table of deviations.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use probity::{document::yaml, source::SourceId};

/// Cases that deviate from YAML 1.2, each with its reason.
const DEVIATIONS: &[(&str, &str)] = &[
    ("2JQS", NULL_KEY),
    ("2SXE", ANCHOR),
    ("4FJ6", COLLECTION_KEY),
    ("652Z", QUESTION_MARK),
    ("6BFJ", COLLECTION_KEY),
    ("6M2F", NULL_KEY),
    ("6PBE", COLLECTION_KEY),
    ("8XYN", ANCHOR),
    ("9C9N", INDENTATION),
    ("9MMW", COLLECTION_KEY),
    ("CFD4", NULL_KEY),
    ("DFF7", NULL_KEY),
    ("DK95/1", INDENTATION),
    ("FH7J", NULL_KEY),
    ("FRK4", NULL_KEY),
    ("HM87/1", QUESTION_MARK),
    ("KK5P", COLLECTION_KEY),
    ("LX3P", COLLECTION_KEY),
    ("M2N8/0", COLLECTION_KEY),
    ("M2N8/1", COLLECTION_KEY),
    ("M5DY", COLLECTION_KEY),
    ("NHX8", NULL_KEY),
    ("NKF9", NULL_KEY),
    ("PW8X", NULL_KEY),
    ("Q9WF", COLLECTION_KEY),
    ("QB6E", INDENTATION),
    ("RZP5", COLLECTION_KEY),
    ("S3PD", NULL_KEY),
    ("SBG9", COLLECTION_KEY),
    ("SM9W/1", NULL_KEY),
    ("UKK6/0", NULL_KEY),
    ("V9D5", COLLECTION_KEY),
    ("W5VH", ANCHOR),
    ("X38W", COLLECTION_KEY),
    ("XW4D", COLLECTION_KEY),
    ("Y2GN", ANCHOR),
    ("ZYU8/2", DIRECTIVE),
];

const NULL_KEY: &str = "kubectl rejects it: a key that is null has no name in JSON";
const COLLECTION_KEY: &str = "kubectl rejects it: a collection has no name in JSON";
const ANCHOR: &str = "kubectl ends the name of an anchor early, and then rejects it or reads another value";
const QUESTION_MARK: &str = "kubectl reads another value: `?` marks a key even with no space after it";
const INDENTATION: &str =
    "kubectl accepts it: flow collections and quoted strings may be indented too little";
const DIRECTIVE: &str = "kubectl rejects it: `%YAML` takes one version";

#[test]
fn each_case_is_accepted_or_rejected_as_the_suite_says() {
    let Some(cases) = cases() else {
        return;
    };
    let mut wrong = Vec::new();
    let mut deviating = Vec::new();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let text: Arc<str> = case["yaml"].as_str().unwrap().into();
        let parsed = yaml::parse(SourceId(0), &text);
        if parsed.errors.is_empty() == case["fail"].as_bool().unwrap() {
            match DEVIATIONS.iter().find(|(deviation, _)| *deviation == id) {
                Some(_) => deviating.push(id),
                None => wrong.push((id, case["name"].clone(), parsed.errors)),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases: {wrong:#?}", wrong.len(), cases.len());
    let stale: Vec<_> = DEVIATIONS.iter().filter(|(id, _)| !deviating.contains(id)).collect();
    assert!(stale.is_empty(), "these no longer deviate: {stale:#?}");
}

/// `None`, with a loud line, where the folder of shared corpora is not there.
#[expect(clippy::disallowed_methods, reason = "the corpora lie outside the repository")]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn cases() -> Option<Vec<serde_json::Value>> {
    let file = shared().join("corpora/yaml-test-suite/cases.jsonl");
    let Ok(lines) = fs::read_to_string(&file) else {
        eprintln!("SKIPPED: the YAML test suite is not checked, as {} cannot be read", file.display());
        return None;
    };
    let cases: Vec<_> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line of the suite is JSON"))
        .collect();
    assert!(cases.len() > 300, "the suite has only {} cases", cases.len());
    Some(cases)
}

#[expect(clippy::disallowed_methods, reason = "the corpora lie outside the repository")]
fn shared() -> PathBuf {
    env::var_os("PROBITY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}
