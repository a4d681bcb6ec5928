//! How often findings about secrets are right on manifests of real projects, as somebody labelled them who had not seen
//! the code.

#![expect(clippy::disallowed_methods, reason = "the manifests lie beside the checkout")]

use std::{collections::BTreeMap, env, path::PathBuf, process::Command};

use serde::Deserialize;

/// Of a hundred findings, at least these many have to be right.
const RIGHT: usize = 95;

#[derive(Deserialize)]
struct Label {
    rule: String,
    resource: String,
    /// Relative to the corpora.
    file: String,
    /// `true` or `false`.
    #[serde(rename = "label")]
    verdict: String,
    /// Why, for whoever reads the labels.
    #[serde(rename = "reason")]
    _reason: String,
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn findings_about_secrets_are_right_on_real_manifests() {
    let corpora = env::var_os("PROBITY_SHARED").map(|shared| PathBuf::from(shared).join("corpora"));
    let Some(corpora) = corpora.filter(|corpora| corpora.is_dir()) else {
        eprintln!("SKIPPED: no corpora; set PROBITY_SHARED to judge findings about secrets by their labels");
        return;
    };
    let labels: Vec<Label> = serde_json::from_str(include_str!("secrets_labels.json")).expect("labels");
    let known: BTreeMap<(&str, &str, &str), bool> = labels
        .iter()
        .map(|label| ((&*label.rule, &*label.resource, &*label.file), label.verdict == "true"))
        .collect();
    let output = Command::new(env!("CARGO_BIN_EXE_probity"))
        .args(["scan", "--audit", "off", "--no-progress", "-f", "json", "--rule", "secrets/*", "."])
        .arg("--root")
        .arg(&corpora)
        .current_dir(&corpora)
        .output()
        .expect("the binary runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let (mut right, mut wrong, mut unlabelled) = (0, Vec::new(), Vec::new());
    for finding in report["findings"].as_array().expect("findings") {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let [rule, resource, file] =
            [&finding["rule"], &finding["resource"], &finding["place"]["file"]].map(text);
        match known.get(&(rule.as_str(), resource.as_str(), file.as_str())) {
            Some(true) => right += 1,
            Some(false) => wrong.push(format!("{rule} {resource} {file}")),
            None => unlabelled.push(format!("{rule} {resource} {file}")),
        }
    }
    assert!(unlabelled.is_empty(), "read these, and label them true or false: {unlabelled:#?}");
    let total = right + wrong.len();
    assert!(total > 40 && right * 100 >= total * RIGHT, "{right} of {total} are right; wrong are {wrong:#?}");
}
