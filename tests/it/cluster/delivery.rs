//! What a run gives to others: policy reports into the cluster, metrics to a Pushgateway.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{
    faults::SHOP,
    server::{Answer, Objects, Request, Server, TOKEN},
};
use crate::command::Folder;

/// Requests that are no reading.
type Sent = Arc<Mutex<Vec<Request>>>;

/// A cluster that serves a group of policy reports, in which `gone` and `shop` have one of ours, and `gone` one of others.
fn cluster(group: &'static str, status: u16) -> (Server, Sent) {
    cluster_without(None, group, status)
}

/// One that refuses a list, by the end of its path.
fn cluster_without(refused: Option<&'static str>, group: &'static str, status: u16) -> (Server, Sent) {
    let sent = Sent::default();
    let kept = Arc::clone(&sent);
    let fault = move |request: &Request| {
        if request.method != "GET" {
            kept.lock().expect("no test panics with it").push(request.clone());
            return Some(if status < 300 {
                Answer::status(status, "{}".into())
            } else {
                Answer::refusal(status)
            });
        }
        if refused.is_some_and(|refused| request.path.ends_with(refused)) {
            return Some(Answer::refusal(403));
        }
        let rest = request.path.strip_prefix(&format!("/apis/{group}/v1alpha"))?;
        let of = |namespace: &str| json!({"metadata": {"name": "probity", "namespace": namespace}});
        let foreign = json!({"metadata": {"name": "of-somebody", "namespace": "gone"}});
        Some(match rest.split_once('/') {
            None => Answer::json(
                &json!({"kind": "APIResourceList", "resources": [{"name": "policyreports"}, {"name": "reports"}]}),
            ),
            Some(_) => Answer::json(&json!({"metadata": {}, "items": [of("gone"), of("shop"), foreign]})),
        })
    };
    (Server::new(Objects::of_text(SHOP), Box::new(fault)), sent)
}

fn scan(server: &Server, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = Folder::new(&[]);
    let kubeconfig = server.kubeconfig();
    let kubeconfig = kubeconfig.to_str().expect("a path of text");
    let arguments = ["scan", "--cluster", "--kubeconfig", kubeconfig, "--audit", "off"];
    let output = folder.run(&[&arguments, more].concat());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn lines(sent: &Sent) -> Vec<String> {
    let sent = sent.lock().expect("no test panics with it");
    sent.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
}

#[test]
fn policy_reports_are_applied_and_those_of_former_runs_removed() {
    let (server, sent) = cluster("wgpolicyk8s.io", 200);
    let (code, text, stderr) = scan(&server, &["--write-policy-reports"]);
    assert_eq!(code, Some(1), "{text}{stderr}");
    let root = "/apis/wgpolicyk8s.io/v1alpha2";
    assert_eq!(
        lines(&sent),
        [
            format!("PATCH {root}/clusterpolicyreports/probity"),
            format!("PATCH {root}/namespaces/shop/policyreports/probity"),
            format!("DELETE {root}/namespaces/gone/policyreports/probity"),
        ]
    );
    let sent = sent.lock().expect("no test panics with it");
    let applied = &sent[1];
    assert_eq!(applied.content_type, "application/apply-patch+yaml");
    assert_eq!(
        (applied.query["fieldManager"].as_str(), applied.query["force"].as_str()),
        ("probity", "true")
    );
    let report: Value = serde_json::from_str(&applied.body).expect("JSON");
    assert_eq!(report["kind"], "PolicyReport");
    assert!(report["summary"]["fail"].as_u64() > Some(0), "{report}");
    assert!(!applied.body.contains("corr3ct-h0rse") && !applied.body.contains(TOKEN));
    let listed =
        server.requests().into_iter().find(|request| request.contains("labelSelector")).expect("a list");
    assert!(listed.contains("app.kubernetes.io%2Fmanaged-by%3Dprobity"), "{listed}");
}

#[test]
fn a_run_that_could_not_read_everything_removes_no_report() {
    let (server, sent) = cluster_without(Some("/configmaps"), "wgpolicyk8s.io", 200);
    let (code, ..) = scan(&server, &["--write-policy-reports"]);
    assert_eq!(code, Some(3));
    let lines = lines(&sent);
    assert!(lines.iter().all(|line| line.starts_with("PATCH ")) && !lines.is_empty(), "{lines:?}");
}

#[test]
fn a_cluster_with_open_reports_gets_those() {
    let (server, sent) = cluster("openreports.io", 201);
    let (code, ..) = scan(&server, &["--write-policy-reports"]);
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&sent.lock().expect("no panic")[1].body).expect("JSON");
    assert_eq!(
        (&report["apiVersion"], &report["kind"]),
        (&"openreports.io/v1alpha1".into(), &"Report".into())
    );
}

#[test]
fn a_run_about_a_namespace_touches_only_its_report() {
    let (server, sent) = cluster("wgpolicyk8s.io", 200);
    scan(&server, &["--write-policy-reports", "-n", "shop"]);
    assert_eq!(lines(&sent), ["PATCH /apis/wgpolicyk8s.io/v1alpha2/namespaces/shop/policyreports/probity"]);
}

#[test]
fn what_is_not_taken_is_said_and_the_report_is_there() {
    for (group, status, said) in [
        ("wgpolicyk8s.io", 403, "grant `patch` on policyreports and clusterpolicyreports of wgpolicyk8s.io"),
        ("wgpolicyk8s.io", 400, "the server answers 400"),
        ("example.com", 200, "the cluster has no kind for policy reports"),
    ] {
        let (server, _) = cluster(group, status);
        let (code, text, stderr) = scan(&server, &["--write-policy-reports"]);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
        assert!(text.contains("outcome: fail"), "{text}");
        assert!(!stderr.contains("corr3ct-h0rse"), "what the server says is not told: {stderr}");
    }
}

#[test]
fn nothing_is_written_unless_it_is_asked_for() {
    let (server, sent) = cluster("wgpolicyk8s.io", 200);
    scan(&server, &["-f", "policyreport"]);
    assert!(lines(&sent).is_empty());
    let folder = Folder::new(&[("a.yaml", SHOP)]);
    assert_eq!(folder.code(&["scan", "a.yaml", "--audit", "off", "--write-policy-reports"]), Some(2));
}

#[test]
fn metrics_are_pushed_to_the_group_of_the_job_without_any_credential() {
    let (gateway, sent) = cluster("example.com", 202);
    let folder = Folder::new(&[("a.yaml", SHOP)]);
    let push = format!("{}/metrics/job/audit/cluster/prod", gateway.address());
    let output = folder.run(&["scan", "a.yaml", "--audit", "off", "--push-metrics", &push]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lines(&sent), ["POST /metrics/job/audit/cluster/prod"]);
    let sent = sent.lock().expect("no test panics with it");
    assert!(sent[0].content_type.starts_with("text/plain; version=0.0.4"), "{}", sent[0].content_type);
    assert!(sent[0].body.contains("probity_outcome{outcome=\"fail\"} 1\n"), "{}", sent[0].body);
    let written = folder.run(&["scan", "a.yaml", "--audit", "off", "-f", "prometheus"]);
    let written = String::from_utf8_lossy(&written.stdout).into_owned();
    let untimed =
        |text: &str| text.lines().filter(|line| !line.contains("timestamp")).collect::<Vec<_>>().join("\n");
    assert_eq!(untimed(&written), untimed(&sent[0].body), "what is pushed is what the format writes");
}

#[test]
fn a_gateway_that_takes_nothing_fails_the_run_after_its_report() {
    let (gateway, _) = cluster("example.com", 400);
    let folder = Folder::new(&[("a.yaml", SHOP)]);
    for (push, said) in [
        (gateway.address(), "the metrics were not taken: the server answers 400"),
        ("http://me:corr3ct-h0rse@gateway:9091".to_owned(), "holds credentials"),
    ] {
        let output = folder.run(&["scan", "a.yaml", "--audit", "off", "--push-metrics", &push]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said) && !stderr.contains("corr3ct-h0rse"), "{stderr}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("outcome: fail"));
    }
}
