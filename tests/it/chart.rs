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
