//! Credentials of a cluster, and of whoever reads it: in reports, records, policy reports that are written into it, and metrics.

use std::sync::{Arc, Mutex};

use serde_json::json;

use super::{FORMATS, Run, into, places, rules, with};
use crate::cluster::server::{Answer, Objects, Request, Server, TOKEN};

#[test]
fn no_credential_of_a_cluster_comes_out() {
    let mut run = Run::new();
    let cluster = "{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, uid: the-cluster}}\n---\n";
    let objects = cluster.to_owned() + &run.canaries.fill(places::MANIFESTS);
    let sent: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let kept = Arc::clone(&sent);
    // Reports are kept; what the server says of one is not for anybody.
    let refused = run.canaries.fill("the password %% is wrong");
    let fault = move |request: &Request| {
        if request.method != "GET" {
            let name = format!("{} {}", request.method, request.path);
            kept.lock().expect("no test panics with it").push((name, request.body.clone()));
            let is_metric = request.path.starts_with("/metrics");
            return Some(if is_metric {
                Answer::status(500, refused.clone())
            } else {
                Answer::status(200, "{}".into())
            });
        }
        let kinds = json!({"kind": "APIResourceList", "resources": [{"name": "policyreports"}]});
        let reports = json!({"metadata": {}, "items": []});
        let path = request.path.strip_prefix("/apis/wgpolicyk8s.io/v1alpha2")?;
        Some(Answer::json(if path.is_empty() { &kinds } else { &reports }))
    };
    let server = Server::new(Objects::of_text(&objects), Box::new(fault));
    let kubeconfig = server.kubeconfig();
    let kubeconfig = kubeconfig.to_str().expect("a path of text").to_owned();
    run.write("policies/everything.rego", rules::TALKATIVE);
    run.write("policies/encoded.rego", rules::ENCODING);
    run.plant("k8s/second.yaml", places::SECOND);
    std::fs::create_dir_all(run.base().join("out")).expect("a folder");
    let live = ["scan", "--cluster", "--kubeconfig", &kubeconfig, "-v", "-p", "policies"];
    let pushed = format!("{}/metrics", server.address());
    let deliver =
        [&live[..], &["--with-facts", "--write-policy-reports", "--push-metrics", &pushed]].concat();
    run.probity(&with(&deliver, &into("out", &FORMATS)));
    run.keep("out");
    let drift = [&live[..], &["--drift", "k8s"]].concat();
    run.probity(&drift);
    run.probity(&[&drift[..], &["-f", "json"]].concat());
    // Read in parts, which others may see, and judged as one.
    let key = run.canaries.fill("%random%%random%");
    run.write("key", &key);
    super::permit(&run.base().join("key"), 0o600);
    std::fs::create_dir_all(run.base().join("parts")).expect("a folder");
    let part = ["scan", "--cluster", "--kubeconfig", &kubeconfig, "-p", "policies", "--shard-key", "key"];
    for (shard, file) in [("0/2", "parts/0.shard"), ("1/2", "parts/1.shard")] {
        assert_eq!(run.probity(&[&part[..], &["--shard", shard, "-o", file]].concat()), Some(0));
    }
    let merge = ["merge", "parts", "--shard-key", "key", "-p", "policies", "-v", "-f", "json"];
    assert_eq!(run.probity(&merge), Some(1), "{:?}", run.written.last());
    run.keep("parts");
    run.keep(".probity");
    for format in FORMATS {
        assert!(run.text(&format!("out/{format}")).len() > 100, "{format} is empty");
    }
    let sent = std::mem::take(&mut *sent.lock().expect("no test panics with it"));
    assert!(sent.iter().any(|(name, _)| name.starts_with("PATCH")), "a policy report was written");
    run.written.extend(sent);
    run.assert_silent();
    assert!(run.written.iter().all(|(_, text)| !text.contains(TOKEN)), "the token of the reader shows");
}
