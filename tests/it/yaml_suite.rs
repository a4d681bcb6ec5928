//! The official YAML test suite: accepted and rejected rightly, with the right values, but for the cases below.
//! kubectl's verdicts are those of sigs.k8s.io/yaml 1.6.0 and k8s.io/apimachinery 0.34.1.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use probity::{document::yaml, source::SourceId};
use serde::Deserialize;
use serde_json::Value;

/// Not valid, but kubectl reads it, and so do we.
const LENIENT: [(&str, &str); 9] = [
    ("9C9N", "a flow collection may be indented less than its parent"),
    ("DK95/1", "a line of a quoted string may be indented by a tab"),
    ("QB6E", "a line of a quoted string may be indented too little"),
    ("9JBA", "a comment may follow a bracket without a space"),
    ("CVW2", "a comment may follow a comma without a space"),
    ("SU5Z", "a comment may follow a quoted string without a space"),
    ("X4QW", "a comment may follow the header of a block scalar without a space"),
    ("G5U8", "a lone dash in a flow collection is a string"),
    ("Y79Y/3", "a tab may indent a line of a flow collection"),
];

/// Not valid, kubectl reads a part of it or reads it by chance, we refuse it: the source fails, nothing hides.
const STRICTER: [(&str, &str); 11] = [
    ("3HFZ", "kubectl drops what follows `...`"),
    ("4H7K", "kubectl drops what follows the first value"),
    ("BS4K", "kubectl drops what follows the first value"),
    ("KS4U", "kubectl drops what follows the first value"),
    ("9HCY", "kubectl splits at `---` before it looks at directives"),
    ("EB22", "kubectl splits at `---` before it looks at directives"),
    ("RHX7", "kubectl drops a directive at the end of a document"),
    ("HRE5", "go-yaml knows the escape `\\'`"),
    ("S98Z", "go-yaml does not compare the indentation of empty lines"),
    ("U99R", "go-yaml takes the comma for a part of the tag"),
    ("YJV2", "a document that is nothing but a dash in brackets"),
];

/// Valid, but kubectl refuses it or reads something else, so we refuse it.
const REFUSED: [(&str, &[&str]); 5] = [
    (
        "a key that is a mapping or a sequence has no form in JSON",
        &[
            "4FJ6", "6BFJ", "6PBE", "9MMW", "KK5P", "LX3P", "M2N8/0", "M2N8/1", "M5DY", "Q9WF", "RZP5",
            "SBG9", "V9D5", "X38W", "XW4D",
        ],
    ),
    (
        "a key that is null has no form in JSON",
        &["2JQS", "6M2F", "CFD4", "DFF7", "FH7J", "FRK4", "NHX8", "NKF9", "PW8X", "S3PD", "SM9W/1", "UKK6/0"],
    ),
    (
        "go-yaml ends the name of an anchor early, and takes `?` in a flow collection for the mark of a key",
        &["2SXE", "8XYN", "W5VH", "Y2GN", "652Z", "HM87/1"],
    ),
    (
        "go-yaml takes a colon before a comma for a part of the key, a comma after a tag for a part of it",
        &["4ABK", "WZ62"],
    ),
    ("the parser knows no such directive, and neither does go-yaml", &["ZYU8/2"]),
];

/// Read as kubectl reads it, not as YAML 1.2 does.
const OTHER_VALUE: [(&str, &str); 3] = [
    ("565N", "`!!binary` is decoded"),
    ("C4HZ", "the key `y` is true"),
    ("UKK6/2", "an empty scalar with a tag is a string"),
];

#[derive(Deserialize)]
struct Case {
    id: String,
    yaml: String,
    /// It is not valid YAML.
    fail: bool,
    json: Option<String>,
}

#[test]
fn the_suite_is_read_as_kubectl_reads_it() {
    let Some(cases) = cases() else {
        return;
    };
    let lenient: BTreeSet<_> = LENIENT.iter().map(|(id, _)| *id).collect();
    let refused: BTreeSet<_> = REFUSED.iter().flat_map(|(_, ids)| *ids).copied().collect();
    let other_value: BTreeSet<_> = OTHER_VALUE.iter().map(|(id, _)| *id).collect();
    let mut wrong = Vec::new();
    for case in &cases {
        let id = case.id.as_str();
        let parsed = yaml::parse(SourceId(0), &Arc::from(case.yaml.as_str()));
        let accepted = parsed.errors.is_empty();
        let expected = if case.fail { lenient.contains(id) } else { !refused.contains(id) };
        if accepted != expected {
            wrong.push(format!("{id}: accepted is {accepted}: {:?}", parsed.errors));
        }
        let values: Vec<_> = parsed.documents.iter().map(|document| document.root().to_json()).collect();
        let json = case.json.as_deref().filter(|_| accepted && !case.fail);
        if json.is_some_and(|json| (stream(json) == values) == other_value.contains(id)) {
            wrong.push(format!("{id}: reads {values:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    let known: BTreeSet<_> = cases.iter().map(|case| case.id.as_str()).collect();
    let invalid: BTreeSet<_> = cases.iter().filter(|case| case.fail).map(|case| case.id.as_str()).collect();
    assert!(refused.iter().chain(&other_value).all(|id| known.contains(id) && !invalid.contains(id)));
    assert!(lenient.iter().chain(STRICTER.iter().map(|(id, _)| id)).all(|id| invalid.contains(id)));
}

fn stream(json: &str) -> Vec<Value> {
    serde_json::Deserializer::from_str(json)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("the suite's JSON is JSON")
}

/// `None`, loudly, where the shared corpora are not there.
fn cases() -> Option<Vec<Case>> {
    let path = shared().join("corpora/yaml-test-suite/cases.jsonl");
    #[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
    let Ok(text) = fs::read_to_string(&path) else {
        #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
        {
            eprintln!("SKIPPED: the YAML test suite is not at {}; set PROBITY_SHARED", path.display());
        }
        return None;
    };
    let cases: Vec<_> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line is a case")).collect();
    assert!(cases.len() > 300, "the suite has only {} cases", cases.len());
    Some(cases)
}

fn shared() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the environment says where the shared corpora are")]
    env::var_os("PROBITY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from)
}
