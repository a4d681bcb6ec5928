//! Baselines: what they cover, when they lapse, and what they say.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]

use crate::command::{BAD, Folder, SECRET};

fn write(folder: &Folder, file: &str, text: &str) {
    std::fs::write(folder.path().join(file), text).expect("a file");
}

fn scan(folder: &Folder) -> (Vec<String>, Option<i32>, String) {
    let arguments = ["scan", "--audit", "off", "--baseline", "probity-baseline.json", "-f", "json"];
    let output = folder.run(&arguments);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let findings = report["findings"].as_array().expect("a report").iter().map(|finding| {
        let text = |key: &str| finding[key].as_str().expect("a report").to_owned();
        let file = finding["place"]["file"].as_str().expect("a report").to_owned();
        let also = finding["related"]
            .as_array()
            .expect("a report")
            .iter()
            .map(|related| related["label"].as_str().expect("a label"));
        let lapsed = if also.into_iter().any(|label| label.contains("until its object changed")) {
            " lapsed"
        } else {
            ""
        };
        format!("{} {file} {}{lapsed}", text("rule"), text("status"))
    });
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    (findings.collect(), output.status.code(), shown)
}

#[test]
fn findings_of_the_baseline_do_not_count_until_their_object_changes() {
    let folder = Folder::new(&[("a/web.yaml", BAD), ("db.yaml", SECRET)]);
    assert_eq!(folder.code(&["baseline"]), Some(0));
    let covered = ["mtls/plaintext-gateway a/web.yaml baseline", "secrets/committed-secret db.yaml baseline"];
    assert_eq!(scan(&folder), (covered.map(ToOwned::to_owned).to_vec(), Some(0), String::new()));

    // Another place in the file is no change of the object, and the same fault elsewhere is new.
    write(&folder, "a/web.yaml", &format!("# moved\n{BAD}"));
    write(&folder, "a/new.yaml", &BAD.replace("name: web", "name: new"));
    let (found, code, _) = scan(&folder);
    assert_eq!((found[0].as_str(), code), ("mtls/plaintext-gateway a/new.yaml open", Some(1)));
    assert_eq!(found[1..], covered);

    write(&folder, "a/new.yaml", "");
    write(&folder, "a/web.yaml", &BAD.replace("rules: []", "rules: [{host: shop.example}]"));
    let (found, code, _) = scan(&folder);
    assert_eq!((found[0].as_str(), code), ("mtls/plaintext-gateway a/web.yaml open lapsed", Some(1)));
}

#[test]
fn a_baseline_only_gets_shorter() {
    let folder = Folder::new(&[("web.yaml", BAD), ("db.yaml", SECRET)]);
    assert_eq!(folder.code(&["baseline", "."]), Some(0));
    write(&folder, "web.yaml", "");
    let (found, code, shown) = scan(&folder);
    assert_eq!((found.len(), code), (1, Some(0)));
    assert!(shown.contains("1 entry is in the baseline that no finding needs any more"), "{shown}");
    let partial = ["scan", "--audit", "off", "--baseline", "probity-baseline.json", "--rule", "secrets/*"];
    let output = folder.run(&partial);
    assert!(output.stderr.is_empty(), "what was not judged may still be there");
    assert_eq!(folder.code(&["baseline", "."]), Some(0));
    assert!(scan(&folder).2.is_empty());
}

#[test]
fn a_baseline_holds_no_credential_and_is_the_same_twice() {
    let folder = Folder::new(&[("db.yaml", SECRET), ("web.yaml", BAD)]);
    let written = |name: &str| {
        assert_eq!(folder.code(&["baseline", "db.yaml", "web.yaml", "-o", name]), Some(0));
        std::fs::read_to_string(folder.path().join(name)).expect("a baseline")
    };
    let first = written("one.json");
    assert!(first.contains("secrets/committed-secret") && !first.contains("corr3ct"), "{first}");
    assert_eq!(first, written("two.json"));
    // Nor a digest by which one could be guessed.
    write(&folder, "db.yaml", &SECRET.replace("corr3ct-h0rse", "an0ther-h0rse"));
    assert_eq!(first, written("three.json"));
}

#[test]
fn what_is_no_baseline_ends_the_run() {
    let folder = Folder::new(&[("web.yaml", BAD), ("other.json", "{}")]);
    for file in ["nowhere.json", "other.json"] {
        let output = folder.run(&["scan", "--audit", "off", "--baseline", file]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("probity baseline -o FILE"), "{file}");
    }
    let output = folder.run(&["baseline", "-o", "nowhere/baseline.json"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_third_service_at_a_database_that_two_share_is_not_absorbed() {
    let service = |name: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      serviceAccountName: {name}\n      containers:\n        - name: a\n          env:\n            - {{name: DATABASE_URL, value: 'postgresql://app@orders-db.shop:5432/orders?sslmode=require'}}\n"
        )
    };
    let database = "apiVersion: v1\nkind: Service\nmetadata: {name: orders-db, namespace: shop}\nspec: {selector: {app: orders-db}, ports: [{port: 5432}]}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: orders-db, namespace: shop}\nspec: {template: {metadata: {labels: {app: orders-db}}, spec: {containers: [{name: db, image: 'postgres:17', ports: [{containerPort: 5432}]}]}}}\n";
    let (orders, billing, web) = (service("orders"), service("billing"), service("web"));
    let folder = Folder::new(&[("db.yaml", database), ("orders.yaml", &orders), ("billing.yaml", &billing)]);
    let code = |command: &[&str]| folder.code(&[command, &["--rule", "datastores/shared-database"]].concat());
    let scan = ["scan", "--audit", "off", "--baseline", "probity-baseline.json"];
    assert_eq!(code(&["baseline"]), Some(0));
    assert_eq!(code(&scan), Some(0));
    write(&folder, "web.yaml", &web);
    assert_eq!(code(&scan), Some(1), "one more");
    assert_eq!(code(&["baseline"]), Some(0));
    std::fs::remove_file(folder.path().join("web.yaml")).expect("removed");
    assert_eq!(code(&scan), Some(0), "one less");
}

#[test]
fn what_decides_elsewhere_is_not_absorbed_when_it_gets_worse() {
    let service = |ranges: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: db, namespace: shop}}\nspec:\n  type: LoadBalancer\n  selector: {{app: db}}\n  ports: [{{port: 5432}}]\n{ranges}"
        )
    };
    let database = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'postgres:17', ports: [{containerPort: 5432}]}]}}}\n";
    let narrow = service("  loadBalancerSourceRanges: [203.0.113.0/24]\n");
    let folder = Folder::new(&[("db.yaml", database), ("service.yaml", &narrow)]);
    assert_eq!(folder.code(&["baseline"]), Some(0));
    let of = |found: Vec<String>| found.into_iter().find(|line| line.starts_with("datastores/exposed"));
    assert_eq!(of(scan(&folder).0).as_deref(), Some("datastores/exposed service.yaml baseline"));
    write(&folder, "service.yaml", &service(""));
    assert_eq!(of(scan(&folder).0).as_deref(), Some("datastores/exposed service.yaml open lapsed"));
}

/// A Deployment that takes plaintext, with its Service.
fn deployment(name: &str, image: &str, env: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  replicas: 1\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      serviceAccountName: {name}\n      containers:\n        - name: {name}\n          image: {image}\n          ports: [{{containerPort: 8080}}]\n          env: [{env}]\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}\n"
    )
}

const MESH: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: PERMISSIVE}}\n";

const CREDENTIAL: &str = "{name: DB_PASSWORD, value: corr3ct-h0rse}";

/// The mesh, a server with a credential, and a baseline of what is found.
fn accepted() -> Folder {
    let cart = deployment("cart", "acme/cart:1", CREDENTIAL);
    let folder = Folder::new(&[("common/mesh.yaml", MESH), ("prod/cart.yaml", &cart)]);
    assert_eq!(folder.code(&["baseline", "-q"]), Some(0));
    let (found, code, _) = scan(&folder);
    assert!(found.len() > 2 && code == Some(0), "{found:?}");
    folder
}

/// Findings that are open, but those in a file.
fn open(folder: &Folder, but: &str) -> Vec<String> {
    let found = scan(folder).0;
    found.into_iter().filter(|line| line.contains(" open") && !line.contains(but)).collect()
}

#[test]
fn a_variant_that_comes_leaves_the_others_as_they_were() {
    let folder = accepted();
    std::fs::create_dir(folder.path().join("staging")).expect("made");
    write(&folder, "staging/cart.yaml", &deployment("cart", "acme/cart:0", CREDENTIAL));
    assert_eq!(open(&folder, " staging/"), [""; 0]);
    assert!(scan(&folder).0.iter().any(|line| line.contains(" staging/cart.yaml open")));
    // Where it was accepted in one variant alone, another one that was there is more.
    std::fs::remove_dir_all(folder.path().join("prod")).expect("removed");
    std::fs::remove_dir_all(folder.path().join("staging")).expect("removed");
    let (namespace, relaxed) = MESH.split_once("---\n").expect("two documents");
    write(&folder, "common/mesh.yaml", namespace);
    write(&folder, "common/cart.yaml", &deployment("cart", "acme/cart:1", ""));
    std::fs::create_dir(folder.path().join("prod")).expect("made");
    std::fs::create_dir(folder.path().join("test")).expect("made");
    write(&folder, "prod/mesh.yaml", &relaxed.replace("PERMISSIVE", "STRICT"));
    write(&folder, "test/mesh.yaml", relaxed);
    assert_eq!(folder.code(&["baseline", "-q"]), Some(0));
    assert_eq!(open(&folder, "nothing"), [""; 0]);
    write(&folder, "prod/mesh.yaml", &relaxed.replace("PERMISSIVE", "DISABLE"));
    assert!(open(&folder, "nothing").iter().any(|line| line.starts_with("mtls/plaintext-accepted")));
}

#[test]
fn one_more_caller_of_a_port_that_takes_plaintext_is_no_growth() {
    let folder = accepted();
    let ads = deployment("ads", "acme/ads:1", "{name: CART_URL, value: 'http://cart'}");
    write(&folder, "prod/ads.yaml", &ads);
    let found = scan(&folder).0;
    assert!(found.iter().all(|line| !line.ends_with("lapsed")), "{found:?}");
}
