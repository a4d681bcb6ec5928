//! The role of the chart lists what a scan of a cluster reads, and nothing else.

#![expect(
    clippy::disallowed_methods,
    reason = "the chart is a file of this repository, and is written when asked"
)]

use std::{fmt::Write as _, path::Path};

use probity::cluster::kinds::{KINDS, resources_by_group};

const FILE: &str = "deploy/chart/files/resources.yaml";

#[test]
fn the_role_of_the_chart_lists_the_kinds_that_are_read() {
    let mut text = String::from(
        "# Generated from the table of kinds that rules read (`UPDATE_DOCS=1 cargo test` writes it): what the audit lists.\n\
         resources:\n",
    );
    for (group, resources) in resources_by_group() {
        let group = if group.is_empty() { "\"\"" } else { group };
        let resources: Vec<&str> = resources.into_iter().collect();
        writeln!(text, "  - apiGroups: [{group}]\n    resources: [{}]", resources.join(", "))
            .expect("a string takes all");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).expect("a file that can be written");
    }
    let published = std::fs::read_to_string(&path).expect("the chart has the file");
    assert_eq!(
        published, text,
        "{FILE}: run `UPDATE_DOCS=1 cargo test`, then `UPDATE_DOCS=1 tests/e2e/run chart`"
    );
}

#[test]
fn the_plain_manifests_allow_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/manifests/probity.yaml");
    let manifests = std::fs::read_to_string(root).expect("the manifests are there");
    let role = manifests.split("---\n").find(|part| part.contains("\nkind: ClusterRole\n")).expect("a role");
    for kind in KINDS {
        let rule = format!("- apiGroups: [\"{}\"]", kind.group);
        let resources = role.split(&rule).nth(1).and_then(|rest| rest.lines().nth(1)).unwrap_or_default();
        assert!(resources.contains(&format!("\"{}\"", kind.resource)), "{kind:?} is not in the plain role");
    }
    for forbidden in ["\"*\"", "\"secrets\"", "create", "update", "patch", "delete", "watch"] {
        assert!(!role.contains(forbidden), "the plain role has {forbidden}");
    }
}

#[test]
fn shards_of_the_chart_keep_no_log_of_the_audits_key_and_fit_a_name() {
    let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/chart/templates");
    let text = |name: &str| std::fs::read_to_string(templates.join(name)).expect("the chart has the file");
    let arguments = text("_arguments.tpl");
    let (_, of_shards) =
        arguments.split_once("define \"probity.shardArguments\"").expect("shards have arguments");
    assert!(of_shards.contains("\n- --audit=off\n"), "{of_shards}");
    assert_eq!(of_shards.matches("--audit").count(), 1, "{of_shards}");
    assert!(text("_pod.tpl").contains("{{- if and .audits $root.Values.audit.signingKey.secretName }}"));
    assert!(text("cronjob.yaml").contains("\"audits\" true"));
    let shards = text("shards.yaml");
    assert!(shards.contains("\"audits\" false"));
    let length =
        shards.split_once("| trunc ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<usize>().ok());
    // As `completions` allows: 1000 of them, of which the last is 999.
    let longest = length.expect("the name is cut") + "-shards".len() + "-29784756".len() + "-999".len();
    assert!(longest <= 63, "{longest} characters are no label of DNS");
}
