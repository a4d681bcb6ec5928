//! Istio's own cases (`../corpora/istio-ambient`): its input, and the denials that it derives.

use std::path::{Path, PathBuf};

use super::*;
use crate::document::NodeRef;

const PORTS: [u16; 3] = [7070, 8080, 9090];

/// Cases whose modes need no derived policy, with what holds for every port.
const STATIC: [(&str, &str); 3] = [
    ("peer-authn-strict", "strict"),
    ("peer-authn-disable", "permissive"),
    ("peer-authn-permissive-root-permissive-workload", "permissive"),
];

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn modes_are_those_that_istio_derives() {
    let Some(folder) = corpora() else {
        eprintln!("SKIPPED: no corpora; set PROBITY_SHARED to judge Istio's own cases");
        return;
    };
    let mut cases = 0;
    for (name, input, derived) in all(&folder) {
        let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: NS}\nspec: {template: {metadata: {labels: {app: a, istio.io/dataplane-mode: ambient}}, spec: {containers: [{name: a, ports: [{containerPort: 7070}, {containerPort: 8080}, {containerPort: 9090}]}]}}}\n";
        let home = if input.contains("namespace: foo") { "foo" } else { "default" };
        let found = standing(&format!("{}---\n{input}", workload.replace("NS", home)));
        let expected = expected(&name, &derived);
        let expected: Vec<String> =
            PORTS.iter().zip(expected).map(|(port, mode)| format!("{port}={mode}")).collect();
        assert_eq!(found, format!("istio-ambient {}", expected.join(" ")), "{name}");
        cases += 1;
    }
    assert!(cases >= 13, "only {cases} cases were found");
}

fn corpora() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the tests' data may be elsewhere")]
    let shared = std::env::var_os("PROBITY_SHARED");
    let shared =
        shared.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    Some(shared.join("corpora/istio-ambient")).filter(|folder| folder.is_dir())
}

/// Name, input and derived policy of each case that has both.
fn all(folder: &Path) -> Vec<(String, String, String)> {
    #[expect(clippy::disallowed_methods, reason = "tests read their data")]
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let mut names: Vec<String> = folder
        .read_dir()
        .expect("a folder of cases")
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .filter_map(|name| Some(name.strip_suffix("-in.yaml")?.to_owned()))
        .collect();
    names.sort();
    let case = |name: String| {
        let (input, derived) = (read(&format!("{name}-in.yaml"))?, read(&format!("{name}.yaml"))?);
        Some((name, input, derived))
    };
    names.into_iter().filter_map(case).collect()
}

fn expected(name: &str, derived: &str) -> Vec<&'static str> {
    if derived.trim().is_empty() {
        let found = STATIC.iter().find(|(case, _)| *case == name);
        let (_, mode) = found.unwrap_or_else(|| panic!("{name} derives nothing, and is no static case"));
        return PORTS.iter().map(|_| *mode).collect();
    }
    let parsed = yaml::parse(crate::source::SourceId(0), &derived.into());
    let root = parsed.documents[0].root();
    let mode = |port: &u16| if is_denied(root, *port) { "strict" } else { "permissive" };
    PORTS.iter().map(mode).collect()
}

fn items<'d>(node: NodeRef<'d>, key: &str) -> Vec<NodeRef<'d>> {
    node.get(key).into_iter().flat_map(NodeRef::items).collect()
}

/// Whether a caller without identity is denied: any group, in which all rules have a match whose fields all hold.
fn is_denied(policy: NodeRef<'_>, port: u16) -> bool {
    let lists = |found: NodeRef<'_>, key: &str| {
        items(found, key).iter().any(|number| number.as_i64() == Some(i64::from(port)))
    };
    let holds = |found: &NodeRef<'_>| {
        found.entries().all(|(key, _, _)| match key {
            "destinationPorts" => lists(*found, key),
            "notDestinationPorts" => !lists(*found, key),
            "notPrincipals" => true,
            other => panic!("`{other}` is new in these cases"),
        })
    };
    let any_match = |rule: &NodeRef<'_>| items(*rule, "matches").iter().any(holds);
    items(policy, "groups").iter().any(|group| items(*group, "rules").iter().all(any_match))
}
