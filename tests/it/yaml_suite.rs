//! The official YAML test suite, where the shared corpora lie beside the checkout.

use std::path::PathBuf;

use probity::{document::yaml, source::SourceId};

/// Cases that we take otherwise than the suite, as `kubectl` does (sigs.k8s.io/yaml 1.6.0, run on each): ids, reason.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "4FJ6 6BFJ 6PBE 9MMW KK5P LX3P M2N8/0 M2N8/1 M5DY Q9WF RZP5 SBG9 V9D5 X38W XW4D",
        "a mapping or sequence as a key: JSON has none, and kubectl refuses it",
    ),
    (
        "2JQS 6M2F CFD4 DFF7 FH7J FRK4 NHX8 NKF9 PW8X S3PD SM9W/1 UKK6/0",
        "a null key: JSON has none, and kubectl refuses it",
    ),
    ("2SXE 8XYN W5VH", "an anchor's name with special characters, which kubectl refuses"),
    ("ZYU8/2", "a directive that kubectl refuses"),
    ("652Z HM87/1 Y2GN", "kubectl reads another value than the suite: refused rather than misread"),
    ("9C9N DK95/1 QB6E", "kubectl is more lenient about indentation"),
];

#[expect(clippy::disallowed_methods, reason = "the edge that finds the shared corpora")]
fn cases() -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("PROBITY_SHARED").map_or(beside, PathBuf::from);
    std::fs::read_to_string(shared.join("corpora/yaml-test-suite/cases.jsonl")).ok()
}

#[test]
fn every_case_is_accepted_or_rejected_rightly() {
    let Some(cases) = cases() else {
        eprintln!("SKIPPED: the YAML test suite does not lie beside this checkout; set PROBITY_SHARED");
        return;
    };
    let (mut wrong, mut count) = (Vec::new(), 0);
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("one JSON a line");
        let (id, text) = (case["id"].as_str().expect("an id"), case["yaml"].as_str().expect("a text"));
        let must_fail = case["fail"].as_bool().expect("a verdict");
        let parsed = yaml::parse(SourceId(0), &text.into());
        count += 1;
        let deviation = DEVIATIONS.iter().find(|(ids, _)| ids.split(' ').any(|known| known == id));
        if (parsed.errors.is_empty() == must_fail) != deviation.is_some() {
            let messages: Vec<_> = parsed.errors.iter().map(|error| &error.message).collect();
            let reason = deviation.map(|(_, reason)| reason);
            wrong.push(format!(
                "{id} {} must fail: {must_fail}; {messages:?}; listed: {reason:?}",
                case["name"]
            ));
        }
    }
    assert!(count > 400, "{count} cases are too few");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
