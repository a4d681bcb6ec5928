//! What running Pods show wins over what is asked for, both ways; who runs them is one workload.

use std::collections::BTreeSet;

use probity::report::Report;

use super::{
    faults::{found, scan},
    server::Objects,
};

/// A Deployment in a namespace with these labels, with a `ReplicaSet` of now and one of before.
fn web(labels: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{{labels}}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, uid: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template: &pod
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: "example.com/web:1", ports: [{{containerPort: 8080}}]}}]}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-2
  namespace: shop
  uid: web-2
  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: web, controller: true}}]
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, image: "example.com/web:1"}}]}}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: web-1
  namespace: shop
  uid: web-1
  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: web, controller: true}}]
spec:
  replicas: 0
  selector: {{matchLabels: {{app: web}}}}
  template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: web, image: "example.com/web:0"}}]}}}}
"#
    )
}

fn pod(name: &str, phase: &str, annotations: &str, containers: &[&str]) -> String {
    let containers: Vec<String> =
        containers.iter().map(|name| format!("{{name: {name}, image: example.com/{name}}}")).collect();
    format!(
        "---
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: shop
  labels: {{app: web}}
  annotations: {{{annotations}}}
  ownerReferences: [{{apiVersion: apps/v1, kind: ReplicaSet, name: web-2, uid: web-2, controller: true}}]
spec: {{containers: [{}]}}
status: {{phase: {phase}}}
",
        containers.join(", ")
    )
}

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
";

fn judged(labels: &str, pods: &[String]) -> Report {
    let text = format!("{}{}{SERVICE}", web(labels), pods.concat());
    scan(Objects::of_text(&text), |_| None).1
}

const OUTSIDE: &str = "mtls/workload-not-in-mesh";

fn message(report: &Report) -> Option<&str> {
    let finding = report.findings.iter().find(|judged| &*judged.finding.rule == OUTSIDE)?;
    Some(&finding.finding.message)
}

#[test]
fn what_runs_decides_whether_a_workload_is_in_the_mesh() {
    let asked = "istio-injection: enabled";
    let plain = |name| pod(name, "Running", "", &["web"]);
    let meshed = |name| pod(name, "Running", "", &["web", "istio-proxy"]);
    let ambient = |name| pod(name, "Running", "ambient.istio.io/redirection: enabled", &["web"]);
    let pending = |name| pod(name, "Pending", "", &["web"]);
    for (name, labels, pods, is_outside) in [
        ("labels ask and no Pod runs", asked, vec![], false),
        ("labels ask and no Pod is ready to say", asked, vec![pending("a")], false),
        ("labels ask and Pods obey", asked, vec![meshed("a"), meshed("b")], false),
        ("labels ask and Pods are older", asked, vec![plain("a"), plain("b")], true),
        ("labels ask and one Pod is older", asked, vec![meshed("a"), plain("b")], true),
        ("nothing asks and Pods have it", "a: b", vec![meshed("a")], false),
        ("nothing asks and Pods have none", "a: b", vec![plain("a")], true),
        ("the node takes Pods in", "a: b", vec![ambient("a"), ambient("b")], false),
        ("the node takes one of them in", "a: b", vec![ambient("a"), plain("b")], true),
    ] {
        let report = judged(labels, &pods);
        assert_eq!(message(&report).is_some(), is_outside, "{name}: {:?}", message(&report));
    }
}

#[test]
fn a_workload_is_reported_once_as_its_topmost_controller() {
    let pods = ["a", "b", "c"].map(|name| pod(name, "Running", "", &["web"]));
    let report = judged("istio-injection: enabled", &pods);
    let resources: BTreeSet<String> = found(&report).into_iter().map(|(_, resource)| resource).collect();
    assert!(resources.contains("Deployment/shop/web"), "{resources:?}");
    assert!(
        resources
            .iter()
            .all(|resource| !resource.starts_with("Pod/") && !resource.starts_with("ReplicaSet/")),
        "{resources:?}"
    );
    let because = report.findings.iter().flat_map(|judged| {
        let finding = &judged.finding;
        finding.related.iter().map(|related| related.label.clone()).chain([finding.message.clone()])
    });
    let because: Vec<String> = because.collect();
    assert!(because.iter().any(|text| text.contains("none of the 3 running Pods")), "{because:#?}");
}
