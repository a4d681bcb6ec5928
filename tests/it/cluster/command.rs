//! `probity scan --cluster` as its users run it: what is printed, recorded and refused.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    faults::SHOP,
    server::{Answer, Objects, Server, TOKEN},
};
use crate::command::{Folder, GOOD};

fn scan(server: &Server, folder: &Folder, more: &[&str]) -> (Option<i32>, String, String) {
    let kubeconfig = server.kubeconfig();
    let kubeconfig = kubeconfig.to_str().expect("a path of text");
    let output = folder.run(&[&["scan", "--cluster", "--kubeconfig", kubeconfig], more].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn live_objects_are_named_by_their_id_and_every_kind_is_told() {
    let folder = Folder::new(&[("a.yaml", "this: [is no manifest")]);
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| None));
    let (code, json, _) = scan(&server, &folder, &["--audit", "off", "-f", "json"]);
    let report: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((code, &report["outcome"]), (Some(1), &"fail".into()));
    let findings = report["findings"].as_array().expect("findings");
    let credential = |finding: &&Value| finding["rule"] == "secrets/plaintext-credential";
    let finding = findings.iter().find(credential).expect("the credential is found");
    assert_eq!((&finding["resource"], &finding["place"]), (&"Deployment/shop/web".into(), &Value::Null));
    let kind = |name: &str| {
        report["sources"]
            .as_array()
            .expect("sources")
            .iter()
            .find(|source| source["kind"] == name)
            .expect("a kind")
    };
    let deployments = kind("Deployment");
    for (key, value) in [
        ("group", Value::from("apps")),
        ("status", "read".into()),
        ("objects", 1.into()),
        ("resource_version", "4711".into()),
    ] {
        assert_eq!(deployments[key], value, "{key}");
    }
    assert_eq!(kind("VirtualService")["status"], "absent");
    assert!(report["sources"].as_array().expect("sources").iter().all(|source| source["kind"] != "Secret"));
    for said in [&json, &scan(&server, &folder, &["--audit", "off", "-v"]).1] {
        for secret in ["corr3ct-h0rse-battery", "never-to-be-read-4711", TOKEN, "a.yaml"] {
            assert!(!said.contains(secret), "{secret} shows");
        }
    }
}

/// Records, and the lists that lie beside them.
pub(super) fn everything(folder: &Path) -> String {
    let mut text = String::new();
    let mut paths: Vec<PathBuf> =
        folder.read_dir().expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            text.push_str(&everything(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

#[test]
fn the_log_holds_the_version_of_the_server_and_what_was_read() {
    let folder = Folder::new(&[]);
    let fault = |request: &super::server::Request| {
        request.path.ends_with("/configmaps").then(|| Answer::refusal(403))
    };
    let server = Server::new(Objects::of_text(SHOP), Box::new(fault));
    let (code, text, _) = scan(&server, &folder, &["--audit", "log"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("configmaps"), "{text}");
    let shown = everything(&folder.path().join("log"));
    for part in [
        r#""cluster_version":"v1.37.2""#,
        r#""mode":"cluster""#,
        r#""name":"cluster:deployments.apps","objects":"1","resource_version":"4711""#,
        r#""name":"cluster:configmaps","objects":"0","status":"forbidden""#,
        r#""--cluster""#,
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(!shown.contains(TOKEN));
}

#[test]
fn what_is_about_files_is_refused_with_a_reason() {
    let folder = Folder::new(&[("k8s/a.yaml", GOOD), ("broken", "{a: [corr3ct-h0rse"), ("empty", "{}")]);
    for (arguments, said) in [
        (&["k8s"][..], "files and a cluster are never one estate"),
        (&["--root", "k8s"], "`--root`"),
        (&["--fix"], "no live object is ever changed"),
        (&["--since", "HEAD"], "it compares commits"),
        (&["--baseline", "b.json"], "accept findings with `waivers`"),
        (&["--render"], "`--render`"),
        (&["--exclude", "x"], "`--exclude`"),
        (&["--cluster-deadline", "never"], "such as 90s"),
        (&["--kubeconfig", "nowhere"], "`--kubeconfig nowhere` cannot be read"),
        (&["--kubeconfig", "broken"], "`--kubeconfig broken` is no YAML of a kubeconfig"),
        (&["--kubeconfig", "empty"], "no current context"),
        (&["--kubeconfig", "empty", "--context", "prod"], "no context `prod`"),
        (&[], "runs in no cluster"),
    ] {
        let output = folder.run(&[&["scan", "--audit", "off", "--cluster"], arguments].concat());
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("corr3ct-h0rse"), "{stderr}");
    }
    for arguments in [&["--context", "a"][..], &["-n", "a", "-n", "b"]] {
        let output = folder.run(&[&["scan", "--audit", "off", "k8s"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(folder.code(&["scan", "--audit", "off", "k8s", "-n", "a"]), Some(0));
}

#[test]
fn nobody_at_the_address_is_told_soon() {
    let folder = Folder::new(&[]);
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| None));
    let text = std::fs::read_to_string(server.kubeconfig()).expect("a kubeconfig");
    drop(server);
    std::fs::write(folder.path().join("kubeconfig"), text).expect("a file");
    let output = folder.run(&[
        "scan",
        "--audit",
        "off",
        "--cluster",
        "--kubeconfig",
        "kubeconfig",
        "--cluster-deadline",
        "1",
    ]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("the server cannot be reached: Connection refused"), "{text}");
    assert!(text.contains("the deadline of 1 s is over"), "{text}");
}

#[test]
fn a_namespace_that_is_not_there_is_a_typing_error() {
    let folder = Folder::new(&[]);
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| None));
    let (code, _, stderr) = scan(&server, &folder, &["--audit", "off", "-n", "shpo"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("the cluster has no namespace `shpo`"), "{stderr}");
}

#[test]
fn files_of_the_environment_that_are_not_there_are_left_out() {
    let folder = Folder::new(&[]);
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| None));
    let scan = |first: &std::path::Path| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_probity"));
        command.args(["scan", "--audit", "off", "--cluster"]).current_dir(folder.path()).env_clear();
        command
            .env("HOME", folder.path())
            .env("KUBECONFIG", format!("{}:{}", first.display(), server.kubeconfig().display()));
        let output = command.output().expect("the binary runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, stderr) = scan(std::path::Path::new("/nowhere"));
    assert_eq!(code, Some(1), "{stderr}");
    // What is there and cannot be read is told: it may hold the context that is meant.
    let (code, stderr) = scan(folder.path());
    assert_eq!(code, Some(2), "{stderr}");
}

#[test]
fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let folder = Folder::new(&[]);
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| None));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_probity"));
    command.args(["scan", "--audit", "off", "--cluster", "--kubeconfig"]).arg(server.kubeconfig());
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path());
    command.env("HTTPS_PROXY", "http://127.0.0.1:9/");
    let output = command.output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_server_that_nobody_can_reach_makes_the_run_incomplete() {
    let folder = Folder::new(&[]);
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| Some(Answer::refusal(401))));
    let (code, text, stderr) = scan(&server, &folder, &["--audit", "off"]);
    assert_eq!(code, Some(3), "{text}{stderr}");
    assert!(text.contains("does not accept the credentials (401)"), "{text}");
    assert!(!format!("{text}{stderr}").contains(TOKEN));
    assert!(!text.contains("corr3ct-h0rse"), "what the server says of a refusal is not told: {text}");
    for format in ["json", "sarif", "junit", "html", "markdown", "csv", "policyreport", "gitlab", "github"] {
        let (code, text, stderr) = scan(&server, &folder, &["--audit", "off", "-f", format]);
        assert_eq!(code, Some(3), "{format}: {text}{stderr}");
    }
}

#[test]
#[cfg(unix)]
fn a_program_for_credentials_that_hangs_is_not_waited_for() {
    let program = json!({"apiVersion": "client.authentication.k8s.io/v1", "command": "sleep", "args": ["7"],
        "interactiveMode": "Never"});
    let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "a", "user": {"exec": program}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}]});
    let folder = Folder::new(&[("kubeconfig", &kubeconfig.to_string())]);
    let began = std::time::Instant::now();
    let arguments =
        ["scan", "--audit", "off", "--cluster", "--kubeconfig", "kubeconfig", "--cluster-deadline", "1s"];
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_probity"));
    // Its program has the same output open, and lives on: the end of the scan is what is waited for.
    let file = std::fs::File::create(folder.path().join("stderr")).expect("a file");
    command.args(arguments).current_dir(folder.path()).stdout(std::process::Stdio::null()).stderr(file);
    let status = command.status().expect("the binary runs");
    let stderr = std::fs::read_to_string(folder.path().join("stderr")).expect("a file");
    assert_eq!(status.code(), Some(2), "{stderr}");
    assert!(
        stderr.contains("the program `sleep`") && stderr.contains("did not answer within 1 s"),
        "{stderr}"
    );
    assert!(began.elapsed() < std::time::Duration::from_secs(6), "{:?}", began.elapsed());
}

#[test]
fn a_kind_that_a_policy_selects_is_read_of_every_group() {
    let policy = r#"# METADATA
# scope: package
# title: A policy of Calico is not known
# description: It is none of the mesh's.
# custom:
#   severity: high
#   recommended_action: Take it away.
#   input: {selector: [{type: kubernetes, kinds: [NetworkPolicy]}]}
package user.calico

deny contains res if {
    startswith(input.apiVersion, "crd.projectcalico.org/")
    res := {"msg": "it is there", "path": ["spec"]}
}
"#;
    let text = "---\napiVersion: crd.projectcalico.org/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: shop}\nspec: {}\n";
    let folder = Folder::new(&[("policies/calico.rego", policy)]);
    let server = Server::new(Objects::of_text(&format!("{SHOP}{text}")), Box::new(|_| None));
    let (_, json, stderr) = scan(&server, &folder, &["--audit", "off", "-f", "json", "--policy", "policies"]);
    let report: Value = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{stderr}"));
    let findings = report["findings"].as_array().expect("findings");
    assert!(findings.iter().any(|finding| finding["message"] == "it is there"), "{stderr}{findings:#?}");
}
