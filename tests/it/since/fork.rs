//! Branches that are behind, and clones that lack history: a change is held against the commit at which it left.

use std::process::Command;

use super::{NAMESPACE, ORDERS, STRICT, git, repository, write};
use crate::command::{Folder, GOOD, SECRET};

fn commit(folder: &Folder, message: &str) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message", message]);
}

/// A branch `feat` that only adds `file`, while `main` got `on_main` since.
fn behind(before: &[(&str, &str)], on_main: (&str, &str), file: (&str, &str)) -> Folder {
    let folder = repository(before);
    git(&folder, &["branch", "feat"]);
    write(&folder, on_main.0, on_main.1);
    commit(&folder, "on main");
    git(&folder, &["checkout", "--quiet", "feat"]);
    write(&folder, file.0, file.1);
    commit(&folder, "on feat");
    folder
}

/// Rules of what is new, and the rest of the report.
fn since_main(folder: &Folder, arguments: &[&str]) -> (Vec<String>, serde_json::Value) {
    let all = [&["scan", "--audit", "off", "--since", "main", "-f", "json"], arguments].concat();
    let output = folder.run_with_path(&all);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let found = report["findings"].as_array().expect("findings").iter();
    (found.map(|finding| finding["rule"].as_str().expect("text").to_owned()).collect(), report)
}

#[test]
fn a_branch_that_is_behind_is_not_blamed_for_what_main_repaired() {
    let relaxed = STRICT.replace("STRICT", "PERMISSIVE");
    let before = [("namespace.yaml", NAMESPACE), ("mtls.yaml", &*relaxed), ("orders.yaml", ORDERS)];
    let folder = behind(&before, ("mtls.yaml", STRICT), ("README.md", "Shop.\n"));
    let (new, report) = since_main(&folder, &[]);
    assert_eq!(new, [""; 0]);
    assert_eq!(report["change"]["repaired"].as_array().map(Vec::len), Some(0));
    assert_ne!(report["change"]["commit"], report["change"]["merge_base"]);
    let output = folder.run_with_path(&["scan", "--audit", "off", "--since", "main"]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("1 commit of `main` is not in this branch"), "{told}");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains(", merge base "), "{shown}");
    // While main is merged in, and once it is, what it repaired stays so.
    git(&folder, &["merge", "--quiet", "--no-commit", "main"]);
    write(&folder, "mtls.yaml", &relaxed);
    assert!(since_main(&folder, &["--rule", "mtls/plaintext-accepted"]).0.len() == 1);
    write(&folder, "mtls.yaml", STRICT);
    git(&folder, &["commit", "--quiet", "--all", "--message", "merged"]);
    let (new, report) = since_main(&folder, &[]);
    assert_eq!(new, [""; 0]);
    assert_eq!(report["change"]["commit"], report["change"]["merge_base"]);
}

#[test]
fn what_main_says_decides_about_a_branch_that_is_behind() {
    let before =
        [("a.yaml", GOOD), ("probity.yaml", "rules: {secrets/committed-secret: {enabled: false}}\n")];
    let folder = behind(&before, ("probity.yaml", "fail-on: low\n"), ("s.yaml", SECRET));
    let (new, report) = since_main(&folder, &[]);
    assert_eq!(new, ["secrets/committed-secret"]);
    assert_eq!(
        report["change"]["not_used"].as_array().map(Vec::len),
        Some(0),
        "the branch did nothing to it"
    );
    write(&folder, "probity.yaml", "fail-on: never\n");
    assert_eq!(since_main(&folder, &[]).1["change"]["not_used"][0]["file"], "probity.yaml");
    // Paths of either tree may be missing in the other.
    let folder = behind(&[("a.yaml", GOOD)], ("p.yaml", GOOD), ("s.yaml", SECRET));
    assert_eq!(since_main(&folder, &["s.yaml"]).0, ["secrets/committed-secret"]);
    assert_eq!(since_main(&folder, &["a.yaml"]).0, [""; 0]);
}

/// A clone of the last commit of a branch, and what git and the scan say there.
fn shallow(folder: &Folder, branch: &str, fetched: &str) -> (Option<i32>, String) {
    let (clone, url) = (Folder::new(&[]), format!("file://{}", folder.path().display()));
    git(&clone, &["clone", "--quiet", "--depth", "1", "--branch", branch, &url, "."]);
    git(&clone, &["fetch", "--quiet", "--depth", "1", "origin", fetched]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command.args(["scan", "--audit", "off", "--since", "FETCH_HEAD"]).current_dir(clone.path());
    let output = command.output().expect("the binary runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_shallow_clone_says_what_to_fetch_unless_head_names_its_base() {
    let folder = behind(&[("a.yaml", GOOD)], ("b.yaml", GOOD), ("s.yaml", SECRET));
    let (code, told) = shallow(&folder, "feat", "main");
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("git fetch --unshallow") && told.contains("fetch-depth: 0"), "{told}");
    git(&folder, &["checkout", "--quiet", "-b", "merge", "main"]);
    git(&folder, &["merge", "--quiet", "--no-edit", "feat"]);
    let (code, told) = shallow(&folder, "merge", "main");
    assert_eq!(code, Some(1), "{told}");
}

#[test]
fn histories_with_nothing_in_common_and_ranges_are_refused() {
    let folder = repository(&[("a.yaml", GOOD)]);
    git(&folder, &["checkout", "--quiet", "--orphan", "other"]);
    git(&folder, &["commit", "--quiet", "--message", "other"]);
    let told = |reference: &str| {
        let output = folder.run_with_path(&["scan", "--audit", "off", "--since", reference]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(told("main").contains("no commit in common"), "{}", told("main"));
    assert!(told("main...HEAD").contains("name one commit or branch"), "{}", told("main...HEAD"));
}
