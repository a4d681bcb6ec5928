//! What decides is of the tree before the change, however it is named, and what the change did to it is told.

use super::{git, report, repository, write};
use crate::command::{Folder, GOOD, SECRET};

const POLICY: &str = "# METADATA\n# title: No ConfigMap\n# description: Settings belong elsewhere.\n# custom:\n#   severity: HIGH\n#   recommended_action: Move it.\n#   input:\n#     selector: [{type: kubernetes, kinds: [ConfigMap]}]\npackage team.rules.noconfig\n\nimport rego.v1\n\ndeny contains {\"msg\": \"no\", \"path\": [\"kind\"]} if input.kind == \"ConfigMap\"\n";

/// One that never denies.
fn weakened() -> String {
    POLICY.replace("== \"ConfigMap\"", "== \"Nothing\"")
}

/// Rules of what is new, and `file role` of what is not used.
fn told(folder: &Folder, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let report = report(folder, arguments);
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let new = report["findings"].as_array().expect("findings").iter().map(|finding| text(&finding["rule"]));
    let unused = report["change"]["not_used"].as_array().expect("a list").iter();
    let unused = unused.map(|unused| format!("{} {}", text(&unused["file"]), text(&unused["role"])));
    (new.collect(), unused.collect())
}

fn one(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

#[test]
fn configuration_policies_and_baselines_of_the_change_are_told_and_not_used() {
    let off = "rules: {secrets/committed-secret: {enabled: false}}\n";
    let found = one("secrets/committed-secret");
    let named = ["--config", "c.yaml"];
    for (before, after, arguments, unused) in [
        (None, ("probity.yaml", off), &[][..], "probity.yaml configuration"),
        (Some(("probity.yaml", "fail-on: low\n")), ("probity.yaml", off), &[], "probity.yaml configuration"),
        (None, ("c.yaml", off), &named, "c.yaml configuration"),
        (Some(("c.yaml", "fail-on: low\n")), ("c.yaml", off), &named, "c.yaml configuration"),
    ] {
        let files: Vec<(&str, &str)> = [("a.yaml", GOOD)].into_iter().chain(before).collect();
        let folder = repository(&files);
        write(&folder, after.0, after.1);
        write(&folder, "s.yaml", SECRET);
        assert_eq!(told(&folder, arguments), (found.clone(), one(unused)), "{before:?} {after:?}");
    }
    let folder = repository(&[("a.yaml", GOOD)]);
    write(&folder, "s.yaml", SECRET);
    assert_eq!(folder.code(&["baseline", "-q"]), Some(0));
    let unused = one("probity-baseline.json baseline");
    assert_eq!(told(&folder, &["--baseline", "probity-baseline.json"]), (found, unused));
}

#[test]
fn policies_are_those_before_wherever_they_are_named() {
    let found = one("rules/noconfig");
    let other = GOOD.replace("name: a", "name: b");
    let folder =
        repository(&[("probity.yaml", "policies: [p]\n"), ("p/a.rego", POLICY), ("sub/a.yaml", GOOD)]);
    write(&folder, "p/a.rego", &weakened());
    write(&folder, "p/more.rego", &weakened().replace("noconfig", "more"));
    write(&folder, "b.yaml", &other);
    let unused = vec!["p/a.rego policy".to_owned(), "p/more.rego policy".to_owned()];
    assert_eq!(told(&folder, &[]), (found.clone(), unused.clone()));
    let absolute = folder.path().join("p").to_string_lossy().into_owned();
    assert_eq!(told(&folder, &["--no-config", "-p", &absolute]), (found, unused));
    let folder = repository(&[("a.yaml", GOOD)]);
    std::fs::create_dir(folder.path().join("p")).expect("made");
    write(&folder, "p/a.rego", POLICY);
    assert_eq!(told(&folder, &["-p", "p"]), (Vec::new(), one("p/a.rego policy")), "none before");
}

#[test]
fn paths_that_are_new_or_lead_through_links_are_new() {
    let folder = repository(&[("a.yaml", GOOD)]);
    std::fs::create_dir(folder.path().join("deploy")).expect("made");
    write(&folder, "deploy/s.yaml", SECRET);
    let absolute = folder.path().join("deploy").to_string_lossy().into_owned();
    for arguments in [&["--root", "deploy"][..], &["deploy"], &[&absolute], &["--root", &absolute]] {
        assert_eq!(told(&folder, arguments).0, ["secrets/committed-secret"], "{arguments:?}");
    }
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "deploy"]);
    for arguments in [&["--root", "deploy"][..], &["deploy"], &[&absolute], &["--root", &absolute]] {
        assert_eq!(told(&folder, arguments).0, [""; 0], "{arguments:?}");
    }
}

#[test]
fn formats_tell_the_reference_what_is_repaired_and_what_is_not_used() {
    let folder = repository(&[("a.yaml", GOOD), ("s.yaml", SECRET)]);
    write(&folder, "s.yaml", GOOD);
    write(&folder, "probity.yaml", "fail-on: never\n");
    let waived = SECRET
        .replace("name: db", "name: other")
        .replace("h0rse", "h0rse # probity: ignore[secrets/committed-secret] mine until=2099-01-01 owner=me");
    write(&folder, "t.yaml", &waived);
    for (format, options) in [
        ("text", &[][..]),
        ("text", &["-q"]),
        ("json", &[]),
        ("sarif", &[]),
        ("github", &[]),
        ("junit", &[]),
        ("markdown", &[]),
        ("html", &[]),
    ] {
        let arguments = [&["scan", "--audit", "off", "--since", "HEAD", "-f", format], options].concat();
        let output = folder.run_with_path(&arguments);
        assert_eq!(output.status.code(), Some(1), "{format}");
        let shown = String::from_utf8_lossy(&output.stdout);
        let parts: &[&str] = match format {
            "json" => &["\"since\": \"HEAD\"", "\"configuration\"", "\"waiver\"", "\"repaired\": [\n"],
            _ if options == ["-q"] => &["probity.yaml (configuration)", "t.yaml:6 (waiver)"],
            "markdown" => {
                &["since HEAD", "1 finding repaired", "`probity.yaml` | configuration", "`t.yaml:6` | waiver"]
            }
            "text" => &["1 finding since HEAD", "probity.yaml (configuration)", "t.yaml:6 (waiver)"],
            _ => &["since HEAD", "1 finding repaired", "probity.yaml (configuration)", "t.yaml:6 (waiver)"],
        };
        for part in parts {
            assert!(shown.contains(part), "{format} {options:?}: {part} in {shown}");
        }
    }
    folder.run_with_path(&["scan", "--audit", "off", "--since", "HEAD", "-f", "json", "-o", "r.json"]);
    let again = folder.run(&["report", "r.json", "-f", "markdown"]);
    let again = String::from_utf8_lossy(&again.stdout);
    assert!(again.contains("`probity.yaml` | configuration"), "{again}");
}
