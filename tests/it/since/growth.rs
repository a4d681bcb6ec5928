//! What grows within a finding is new; what shrinks is not.

use super::{NAMESPACE, git, report, repository, since, write};

const DATABASE: &str = "\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'postgres:17', ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec:
  type: LoadBalancer
  selector: {app: db}
  ports: [{port: 5432}]
";

#[test]
fn a_load_balancer_that_admits_more_is_new_and_one_that_admits_less_is_not() {
    let open = DATABASE.to_owned();
    let wide = format!("{DATABASE}  loadBalancerSourceRanges: [203.0.113.0/24]\n");
    let narrow = format!("{DATABASE}  loadBalancerSourceRanges: [203.0.113.128/25]\n");
    for (name, before, now, is_new) in [
        ("ranges that are removed", &wide, &open, true),
        ("ranges that widen", &narrow, &wide, true),
        ("ranges that come", &open, &narrow, false),
        ("ranges that narrow", &wide, &narrow, false),
    ] {
        let folder = repository(&[("db.yaml", before)]);
        write(&folder, "db.yaml", now);
        let found = report(&folder, &["--rule", "datastores/exposed"]);
        let expected = usize::from(is_new);
        assert_eq!(found["findings"].as_array().expect("a list").len(), expected, "{name}");
        assert_eq!(found["change"]["known"], 1 - expected, "{name}");
        assert_eq!(found["change"]["repaired"].as_array().expect("a list").len(), 0, "{name}");
    }
}

#[test]
fn a_mode_that_gets_better_is_not_new() {
    let estate = |mode: &str| {
        format!(
            "{NAMESPACE}---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {{mtls: {{mode: {mode}}}}}\n---\n{DATABASE}"
        )
    };
    let arguments = ["--rule", "mtls/plaintext-accepted"];
    for (before, now, expected) in [("DISABLE", "PERMISSIVE", 0), ("PERMISSIVE", "DISABLE", 1)] {
        let folder = repository(&[("shop.yaml", &estate(before))]);
        write(&folder, "shop.yaml", &estate(now));
        let (new, repaired) = since(&folder, &arguments);
        assert_eq!((new.len(), repaired.len()), (expected, 0), "{before} to {now}");
    }
}

#[test]
fn a_sparse_checkout_is_refused() {
    let folder = repository(&[("a.yaml", NAMESPACE), ("db/db.yaml", DATABASE)]);
    git(&folder, &["sparse-checkout", "set", "other"]);
    let output = folder.run_with_path(&["scan", "--audit", "off", "--since", "HEAD"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("sparse checkout"));
}
