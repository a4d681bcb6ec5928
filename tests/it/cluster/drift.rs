//! Manifests held against a cluster: what is on one side only, and where verdicts differ, at the manifest's line.

use serde_json::Value;

use super::server::{Answer, Fault, Objects, Server};
use crate::command::Folder;

/// A namespace with one workload, which takes its password from a Secret.
const DECLARED: &str = "apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1
          env:
            - name: DB_HOST
              value: db
            - name: DB_PASSWORD
              valueFrom: {secretKeyRef: {name: db, key: password}}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: only-declared
  namespace: shop
";

/// The same as somebody changed it by hand: a webhook put a container before, and a password stands in the open.
const LIVE: &str = "apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: proxy, image: proxy:1}
        - name: web
          image: web:1
          env:
            - {name: DB_HOST, value: db}
            - {name: DB_PASSWORD, value: corr3ct-h0rse-battery}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: only-live, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-root-ca.crt, namespace: shop}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-abc, namespace: shop, ownerReferences: [{apiVersion: v1, kind: Service, name: web, uid: '1'}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: extension-apiserver-authentication, namespace: kube-system}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
";

fn nothing_wrong() -> Fault {
    Box::new(|_| None)
}

/// A scan with `--drift` of one file.
struct Scan {
    folder: Folder,
    server: Server,
}

impl Scan {
    fn new(declared: &str, live: &str, fault: Fault) -> Self {
        // Values of a chart are no object that could be live.
        let values = ("k8s/values.yaml", "db: {password: corr3ct-h0rse-of-values}\n");
        let folder = Folder::new(&[("k8s/shop.yaml", declared), values]);
        Self { folder, server: Server::new(Objects::of_text(live), fault) }
    }

    fn run(&self, more: &[&str]) -> (Option<i32>, String, String) {
        let kubeconfig = self.server.kubeconfig();
        let kubeconfig = kubeconfig.to_str().expect("a path of text");
        let arguments = ["scan", "k8s", "--cluster", "--drift", "--kubeconfig", kubeconfig, "--audit", "off"];
        let output = self.folder.run(&[&arguments, more].concat());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn report(&self, more: &[&str]) -> (Option<i32>, Value) {
        let (code, text, stderr) = self.run(&[&["-f", "json"], more].concat());
        (code, serde_json::from_str(&text).unwrap_or_else(|_| panic!("{stderr}")))
    }
}

/// Rule, resource, and line of each finding.
fn found(report: &Value) -> Vec<(String, String, Option<u64>)> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let mut found: Vec<_> = findings
        .map(|finding| (text(finding, "rule"), text(finding, "resource"), finding["place"]["line"].as_u64()))
        .collect();
    found.sort();
    found
}

fn expected(of: &[(&str, &str, Option<u64>)]) -> Vec<(String, String, Option<u64>)> {
    of.iter().map(|(rule, id, line)| ((*rule).to_owned(), (*id).to_owned(), *line)).collect()
}

/// What every test leaves out: rules about what a test's estate has by the way.
const ABOUT: [&str; 4] = ["--rule", "secrets/plaintext-credential", "--rule", "drift/*"];

#[test]
fn differences_stand_at_the_line_of_the_manifest_and_what_a_cluster_makes_is_none() {
    let scan = Scan::new(DECLARED, LIVE, nothing_wrong());
    let (code, report) = scan.report(&ABOUT);
    assert_eq!(
        found(&report),
        expected(&[
            ("drift/missing-object", "ConfigMap/shop/only-declared", Some(28)),
            ("drift/undeclared-object", "ConfigMap/shop/only-live", None),
            ("secrets/plaintext-credential", "Deployment/shop/web", Some(22)),
        ])
    );
    assert_eq!((code, &report["outcome"]), (Some(1), &"fail".into()));
    let findings = report["findings"].as_array().expect("findings");
    let credential =
        findings.iter().find(|one| one["rule"] == "secrets/plaintext-credential").expect("found");
    assert_eq!(credential["metadata"]["drift"], serde_json::json!({"declared": "pass", "live": "fail"}));
    assert_eq!(credential["place"]["file"], "k8s/shop.yaml");
    assert_eq!(report["drift"]["paired"], 2);
    let sources = report["sources"].as_array().expect("sources");
    assert!(sources.iter().any(|source| source["file"] == "k8s/shop.yaml"));
    assert!(sources.iter().any(|source| source["kind"] == "Deployment" && source["objects"] == 1));
}

#[test]
fn no_format_shows_what_is_secret_on_either_side_and_all_tell_of_the_line() {
    let scan = Scan::new(DECLARED, LIVE, nothing_wrong());
    for format in
        ["text", "json", "sarif", "github", "junit", "markdown", "html", "csv", "gitlab", "policyreport"]
    {
        let (code, text, stderr) = scan.run(&["-f", format, "-v"]);
        assert_eq!(code, Some(1), "{format}: {stderr}");
        assert!(!text.contains("corr3ct-h0rse"), "{format}");
    }
    let (_, text, _) = scan.run(&ABOUT);
    assert!(text.contains("k8s/shop.yaml:22:"), "{text}");
    assert!(text.contains("it is live, and the manifests pass"), "{text}");
    assert!(text.contains("drift: 2 objects declared and live; 0 findings of both, not shown"), "{text}");
    let (_, sarif, _) = scan.run(&[&ABOUT[..], &["-f", "sarif"]].concat());
    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    let missing = results.iter().find(|one| one["ruleId"] == "drift/missing-object").expect("a result");
    assert_eq!(missing["locations"][0]["physicalLocation"]["region"]["startLine"], 28);
}

#[test]
fn equal_estates_do_not_differ_whatever_they_are_judged() {
    let scan = Scan::new(LIVE, LIVE, nothing_wrong());
    let (code, report) = scan.report(&[]);
    assert_eq!(found(&report), [], "{report:#}");
    assert_eq!(code, Some(0));
    assert!(report["drift"]["in_both"].as_u64() > Some(0), "{report:#}");
    assert_eq!(
        scan.folder.code(&["scan", "k8s", "--audit", "off"]),
        Some(1),
        "the manifests alone have findings"
    );
}

#[test]
fn what_comes_with_the_next_application_is_a_difference_too() {
    let scan = Scan::new(&LIVE.replace("proxy:1", "proxy:2"), DECLARED, nothing_wrong());
    let (_, report) = scan.report(&["--rule", "secrets/plaintext-credential"]);
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{report:#}");
    assert_eq!(findings[0]["metadata"]["drift"], serde_json::json!({"declared": "fail", "live": "pass"}));
}

#[test]
fn what_could_not_be_read_is_not_missing() {
    let fault = |request: &super::server::Request| {
        request.path.ends_with("/configmaps").then(|| Answer::refusal(403))
    };
    let scan = Scan::new(DECLARED, LIVE, Box::new(fault));
    let (code, report) = scan.report(&["--rule", "drift/*"]);
    assert_eq!(found(&report), [], "{report:#}");
    assert_eq!(code, Some(3), "a refused list is incomplete");
    let open = &report["not_assessed"][0];
    assert_eq!(
        (&open["rule"], &open["missing"], &open["resources"][0]),
        (&"drift/missing-object".into(), &"configmaps".into(), &"ConfigMap/shop/only-declared".into())
    );
}

#[test]
fn a_workload_that_could_not_be_read_does_not_pass() {
    let other = "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec: {template: \
                 {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'db:1', env: [{name: DB_PASSWORD, \
                 valueFrom: {secretKeyRef: {name: db, key: password}}}]}]}}}\n";
    for more in ["", other] {
        let fault = |request: &super::server::Request| {
            request.path.ends_with("/deployments").then(|| Answer::refusal(403))
        };
        let (declared, live) = (format!("{LIVE}{more}"), format!("{DECLARED}{more}"));
        let scan = Scan::new(&declared, &live, Box::new(fault));
        let (code, report) = scan.report(&["--rule", "secrets/plaintext-credential"]);
        assert_eq!(found(&report), [], "{report:#}");
        assert_eq!(code, Some(3));
        assert!(
            report["not_assessed"]
                .as_array()
                .expect("results")
                .iter()
                .any(|open| open["missing"] == "deployments.apps")
        );
    }
}

#[test]
fn what_manifests_hide_in_a_chart_is_not_undeclared() {
    let scan = Scan::new(DECLARED, LIVE, nothing_wrong());
    std::fs::create_dir_all(scan.folder.path().join("k8s/chart/templates")).expect("a folder");
    std::fs::write(
        scan.folder.path().join("k8s/chart/Chart.yaml"),
        "name: c\nversion: 1.0.0\napiVersion: v2\n",
    )
    .expect("a file");
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.name }}\n";
    std::fs::write(scan.folder.path().join("k8s/chart/templates/a.yaml"), template).expect("a file");
    let (_, report) = scan.report(&["--rule", "drift/undeclared-object"]);
    assert_eq!(found(&report), [], "{report:#}");
    let open = report["not_assessed"].as_array().expect("results");
    assert!(open.iter().any(|one| one["resources"][0] == "ConfigMap/shop/only-live"), "{report:#}");
}

#[test]
fn a_waiver_and_a_disabled_rule_hold_for_differences() {
    let scan = Scan::new(DECLARED, LIVE, nothing_wrong());
    let configuration = "rules: {drift/missing-object: {enabled: false}, drift/undeclared-object: {severity: high}}
waivers:
  - {id: w, rule: drift/undeclared-object, resource: ConfigMap/shop/only-live, owner: me, reason: test, until: 2999-01-01}
";
    std::fs::write(scan.folder.path().join("probity.yaml"), configuration).expect("a file");
    let (code, report) = scan.report(&["--rule", "drift/*"]);
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{report:#}");
    assert_eq!((&findings[0]["status"], &findings[0]["severity"]), (&"waived".into(), &"high".into()));
    assert_eq!(code, Some(0));
}

#[test]
fn variants_are_no_estate_that_a_cluster_runs() {
    let scan = Scan::new(DECLARED, LIVE, nothing_wrong());
    for (folder, replicas) in [("k8s/a", 1), ("k8s/b", 2)] {
        let folder = scan.folder.path().join(folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        let text = DECLARED.replace("  selector", &format!("  replicas: {replicas}\n  selector"));
        std::fs::write(folder.join("web.yaml"), text).expect("a file");
    }
    std::fs::remove_file(scan.folder.path().join("k8s/shop.yaml")).expect("a file");
    let (code, _, stderr) = scan.run(&[]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("2 variants (k8s/a, k8s/b)"), "{stderr}");
    let output = scan.folder.run(&["scan", "--cluster", "--drift", "--audit", "off"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no PATH"));
}

#[test]
fn the_log_tells_that_both_were_read() {
    let scan = Scan::new(DECLARED, LIVE, nothing_wrong());
    let kubeconfig = scan.server.kubeconfig();
    let kubeconfig = kubeconfig.to_str().expect("a path of text");
    let output = scan.folder.run(&[
        "scan",
        "k8s",
        "--cluster",
        "--drift",
        "--kubeconfig",
        kubeconfig,
        "--audit",
        "log",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = super::command::everything(&scan.folder.path().join("log"));
    for part in [
        r#""mode":"drift""#,
        r#""--drift""#,
        r#""PATH=k8s""#,
        r#""name":"k8s/shop.yaml""#,
        "cluster:deployments.apps",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}
