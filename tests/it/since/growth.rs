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

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: [{port: 8080}]}\n";

fn peers(mode: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: default, namespace: shop}}\nspec: {{mtls: {{mode: {mode}}}}}\n"
    )
}

#[test]
fn what_spreads_to_another_variant_is_new_though_the_first_has_it() {
    let settings = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: shop}}\ndata: {{of: {name}}}\n"
        )
    };
    let base = format!("{NAMESPACE}---\n{WEB}");
    let (strict, staging, production) = (peers("STRICT"), settings("staging"), settings("production"));
    let kustomization = |files: &str| format!("resources: [../../base, {files}]\n");
    let folder = repository(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", &base),
        ("overlays/staging/kustomization.yaml", &kustomization("settings.yaml")),
        ("overlays/staging/settings.yaml", &staging),
        ("overlays/production/kustomization.yaml", &kustomization("settings.yaml, mtls.yaml")),
        ("overlays/production/settings.yaml", &production),
        ("overlays/production/mtls.yaml", &strict),
    ]);
    let arguments = ["--rule", "mtls/plaintext-accepted"];
    assert_eq!(since(&folder, &arguments), (Vec::new(), Vec::new()), "nothing is changed");
    std::fs::remove_file(folder.path().join("overlays/production/mtls.yaml")).expect("removed");
    write(&folder, "overlays/production/kustomization.yaml", &kustomization("settings.yaml"));
    let (new, repaired) = since(&folder, &arguments);
    assert_eq!(new, ["mtls/plaintext-accepted base/web.yaml"]);
    assert_eq!(repaired, Vec::<String>::new());
}

#[test]
fn variants_that_change_places_are_told() {
    let estate = |mode: &str| format!("{NAMESPACE}---\n{WEB}---\n{}", peers(mode));
    let (strict, permissive) = (estate("STRICT"), estate("PERMISSIVE"));
    let folder = repository(&[("a/all.yaml", &strict), ("b/all.yaml", &permissive)]);
    write(&folder, "a/all.yaml", &permissive);
    write(&folder, "b/all.yaml", &strict);
    let (new, _) = since(&folder, &["--rule", "mtls/plaintext-accepted"]);
    assert_eq!(new, ["mtls/plaintext-accepted a/all.yaml"]);
}

#[test]
fn what_nobody_can_say_any_more_is_not_repaired() {
    let off = NAMESPACE.replace("enabled", "disabled");
    let folder = repository(&[("namespace.yaml", &off), ("web.yaml", WEB)]);
    std::fs::remove_file(folder.path().join("namespace.yaml")).expect("removed");
    let report = report(&folder, &["--rule", "mtls/workload-not-in-mesh"]);
    assert_eq!(report["change"]["repaired"].as_array().expect("a list").len(), 0);
    assert_eq!(report["not_assessed"].as_array().expect("a list").len(), 1);
}

#[test]
fn a_secret_with_fewer_values_is_known_and_one_with_more_is_not() {
    let secret = |values: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\nstringData: {{{values}}}\n"
        )
    };
    let (one, two) = (secret("a: h0rse-battery-77"), secret("a: h0rse-battery-77, b: staple-correct-91"));
    for (before, now, expected) in [(&two, &one, 0), (&one, &two, 1)] {
        let folder = repository(&[("secret.yaml", before)]);
        write(&folder, "secret.yaml", now);
        let (new, _) = since(&folder, &["--rule", "secrets/committed-secret"]);
        assert_eq!(new.len(), expected, "{now}");
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

#[test]
fn values_of_a_chart_move_with_it_and_a_copy_is_new() {
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
    let values = "database:\n  password: h0rse-battery-77\n";
    let folder = repository(&[("chart/Chart.yaml", chart), ("chart/values.yaml", values)]);
    git(&folder, &["mv", "chart", "helm"]);
    let arguments = ["--rule", "secrets/*"];
    assert_eq!(since(&folder, &arguments), (Vec::new(), Vec::new()));
    std::fs::create_dir(folder.path().join("other")).expect("a folder");
    write(&folder, "other/Chart.yaml", chart);
    write(&folder, "other/values.yaml", values);
    let (new, repaired) = since(&folder, &arguments);
    assert_eq!((new.len(), repaired.len()), (1, 0), "{new:?}");
}
