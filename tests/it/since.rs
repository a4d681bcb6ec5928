//! `--since`: what a change brings in and repairs, though no changed line may hold it; judged by the tree before it.

mod decides;
mod fork;
mod growth;
mod hidden;
mod variants;

use std::process::Command;

use crate::command::Folder;

const NAMESPACE: &str =
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n";
const STRICT: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\nspec: {mtls: {mode: STRICT}}\n";
const ORDERS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders, namespace: shop, labels: {data-classification: internal}}\nspec:\n  template:\n    metadata: {labels: {app: orders}}\n    spec:\n      serviceAccountName: orders\n      containers:\n        - name: orders\n          ports: [{containerPort: 8080}]\n          env:\n            - {name: DATABASE_URL, value: 'postgresql://orders@orders-db.shop:5432/orders?sslmode=require'}\n";
const DATABASE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: orders-db, namespace: shop, labels: {data-classification: confidential}}\nspec: {selector: {app: orders-db}, ports: [{port: 5432}]}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: orders-db, namespace: shop}\nspec: {template: {metadata: {labels: {app: orders-db}}, spec: {containers: [{name: db, image: 'postgres:17', ports: [{containerPort: 5432}]}]}}}\n";

fn git(folder: &Folder, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(arguments)
        .current_dir(folder.path());
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = git.output().expect("git runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn repository(files: &[(&str, &str)]) -> Folder {
    let folder = Folder::new(files);
    git(&folder, &["init", "--quiet", "--initial-branch", "main"]);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "before"]);
    folder
}

fn write(folder: &Folder, file: &str, text: &str) {
    std::fs::write(folder.path().join(file), text).expect("a file");
}

/// The report on what is not committed.
fn report(folder: &Folder, arguments: &[&str]) -> serde_json::Value {
    let output = folder
        .run_with_path(&[&["scan", "--audit", "off", "--since", "HEAD", "-f", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

/// Rules and files of what is new, then of what is repaired.
fn since(folder: &Folder, arguments: &[&str]) -> (Vec<String>, Vec<String>) {
    let report = report(folder, arguments);
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let new = report["findings"].as_array().expect("findings").iter();
    let new = new.map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["place"]["file"])));
    let repaired = report["change"]["repaired"].as_array().expect("repaired").iter();
    let repaired = repaired.map(|finding| format!("{} {}", text(&finding["rule"]), text(&finding["file"])));
    (new.collect(), repaired.collect())
}

#[test]
fn a_policy_that_is_relaxed_breaks_what_no_changed_line_holds() {
    let folder = repository(&[("namespace.yaml", NAMESPACE), ("mtls.yaml", STRICT), ("orders.yaml", ORDERS)]);
    assert_eq!(since(&folder, &[]), (Vec::new(), Vec::new()), "nothing is changed");
    write(&folder, "mtls.yaml", &STRICT.replace("STRICT", "PERMISSIVE"));
    let (new, repaired) = since(&folder, &["--rule", "mtls/plaintext-accepted"]);
    assert_eq!((new.len(), repaired.len()), (1, 0), "{new:?}");
    assert!(new[0].starts_with("mtls/plaintext-accepted"), "{new:?}");
    git(&folder, &["commit", "--quiet", "--all", "--message", "relaxed"]);
    write(&folder, "mtls.yaml", STRICT);
    let (new, repaired) = since(&folder, &["--rule", "mtls/plaintext-accepted"]);
    assert_eq!((new.len(), repaired.len()), (0, 1), "{repaired:?}");
}

#[test]
fn a_second_service_at_a_database_and_a_tag_that_is_removed_are_named() {
    let folder = repository(&[("namespace.yaml", NAMESPACE), ("db.yaml", DATABASE), ("orders.yaml", ORDERS)]);
    write(
        &folder,
        "billing.yaml",
        &ORDERS
            .replace("name: orders,", "name: billing,")
            .replace("app: orders}", "app: billing}")
            .replace("serviceAccountName: orders", "serviceAccountName: billing"),
    );
    let (new, _) = since(&folder, &["--rule", "datastores/shared-*"]);
    assert!(new.iter().any(|found| found.starts_with("datastores/shared-database")), "{new:?}");
    std::fs::remove_file(folder.path().join("billing.yaml")).expect("removed");
    write(&folder, "db.yaml", &DATABASE.replace(", labels: {data-classification: confidential}", ""));
    let (new, _) = since(&folder, &["--rule", "lineage/*"]);
    assert!(new.iter().any(|found| found.starts_with("lineage/unclassified-datastore")), "{new:?}");
}

#[test]
fn another_credential_at_the_place_of_one_is_new() {
    let pod = |env: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec:\n  containers:\n    - name: a\n      image: a:1\n      env:\n{env}"
        )
    };
    let entry = |name: &str| format!("        - {{name: {name}, value: corr3ct-h0rse-{}}}\n", name.len());
    let folder = repository(&[("pod.yaml", &pod(&entry("DB_PASSWORD")))]);
    let new = |env: &str| {
        write(&folder, "pod.yaml", &pod(env));
        let arguments =
            ["scan", "--audit", "off", "--since", "HEAD", "-f", "json", "--rule", "secrets/plaintext-*"];
        let output = folder.run_with_path(&arguments);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let found = report["findings"].as_array().expect("findings").iter();
        found.map(|finding| finding["place"]["line"].as_u64().expect("a line")).collect::<Vec<_>>()
    };
    assert_eq!(new(&entry("DB_PASSWORD")), [0; 0], "the same");
    assert_eq!(new(&entry("ADMIN_PASSWORD")), [9], "another at its place");
    assert_eq!(new(&(entry("ADMIN_PASSWORD") + &entry("DB_PASSWORD"))), [9], "one before it");
}

#[test]
fn a_change_cannot_accept_its_own_findings() {
    let bad = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: corr3ct-h0rse # probity: ignore[secrets/committed-secret] mine until=2099-01-01 owner=me\n";
    let folder = repository(&[("probity.yaml", "fail-on: medium\n"), ("a.yaml", NAMESPACE)]);
    write(&folder, "b.yaml", bad);
    write(
        &folder,
        "probity.yaml",
        "exclude: [b.yaml]\nrules: {secrets/committed-secret: {enabled: false}}\n",
    );
    assert_eq!(since(&folder, &[]).0, ["secrets/committed-secret b.yaml"]);
    let output = folder.run_with_path(&["scan", "--audit", "off", "--since", "HEAD"]);
    assert_eq!(output.status.code(), Some(1));
    // A file that moves brings in nothing, nor does one path of many that was not there before.
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "accepted"]);
    std::fs::rename(folder.path().join("b.yaml"), folder.path().join("c.yaml")).expect("renamed");
    write(&folder, "probity.yaml", "");
    assert_eq!(
        since(&folder, &["--no-config", "c.yaml", "a.yaml"]),
        (vec!["secrets/committed-secret c.yaml".to_owned()], Vec::new())
    );
    assert_eq!(since(&folder, &["--no-config"]), (Vec::new(), Vec::new()));
}

#[test]
fn a_third_service_at_a_shared_database_is_new_and_one_that_leaves_is_not() {
    let service = |name: &str| {
        ORDERS
            .replace("name: orders,", &format!("name: {name},"))
            .replace("app: orders}", &format!("app: {name}}}"))
            .replace("serviceAccountName: orders", &format!("serviceAccountName: {name}"))
    };
    let (billing, web) = (service("billing"), service("web"));
    let folder = repository(&[("db.yaml", DATABASE), ("orders.yaml", ORDERS), ("billing.yaml", &billing)]);
    let arguments = ["--rule", "datastores/shared-database"];
    write(&folder, "web.yaml", &web);
    let found = report(&folder, &arguments);
    let related = found["findings"][0]["related"].as_array().expect("one finding");
    let label = related.last().expect("what it was")["label"].as_str().expect("text");
    assert!(label.starts_with("before the change it said: 2 services use"), "{label}");
    assert_eq!(found["change"]["repaired"].as_array().expect("a list").len(), 0);
    git(&folder, &["add", "--all"]);
    git(&folder, &["commit", "--quiet", "--message", "three"]);
    std::fs::remove_file(folder.path().join("web.yaml")).expect("removed");
    assert_eq!(since(&folder, &arguments), (Vec::new(), Vec::new()));
}

#[test]
fn another_value_of_a_credential_is_new_and_another_spelling_is_not() {
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db, namespace: shop}}\nstringData:\n  user: app\n  password: {value}\n"
        )
    };
    let key = |part: &str, indent: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: tls, namespace: shop}}\ndata:\n  tls.key: |\n{indent}-----BEGIN RSA PRIVATE KEY-----\n{indent}MIIEowIBAAKCAQEA{part}z0D3fJ8abcdEFGH1234\n{indent}-----END RSA PRIVATE KEY-----\n"
        )
    };
    let settings = |password: &str, mode: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: app, namespace: shop}}\ndata:\n  application.properties: |\n    mode={mode}\n    spring.datasource.password={password}\n"
        )
    };
    for (before, after, new) in [
        (secret("corr3ct-h0rse"), secret("\"corr3ct-h0rse\""), None),
        (secret("corr3ct-h0rse"), secret("an0ther-h0rse"), Some("secrets/committed-secret")),
        (key("q5x", "    "), key("q5x", "        "), None),
        (key("q5x", "    "), key("r6y", "    "), Some("secrets/private-key")),
        (settings("corr3ct-h0rse", "fast"), settings("corr3ct-h0rse", "slow"), None),
        (
            settings("corr3ct-h0rse", "fast"),
            settings("an0ther-h0rse", "fast"),
            Some("secrets/plaintext-credential"),
        ),
    ] {
        let folder = repository(&[("a.yaml", &before)]);
        write(&folder, "a.yaml", &after);
        let found = report(&folder, &["--rule", "secrets/*"]);
        let findings = found["findings"].as_array().expect("a list");
        let rules: Vec<_> = findings.iter().filter_map(|finding| finding["rule"].as_str()).collect();
        assert_eq!(rules, new.into_iter().collect::<Vec<_>>(), "{before}{after}");
        assert_eq!(found["change"]["repaired"].as_array().expect("a list").len(), 0, "{before}{after}");
        for finding in findings {
            assert!(finding["related"].to_string().contains("another credential stood here"), "{finding}");
        }
        let text = found.to_string();
        assert!(!text.contains("h0rse") && !text.contains("MIIEow"), "{text}");
    }
}

#[test]
fn what_git_cannot_give_ends_the_run() {
    let folder = Folder::new(&[("a.yaml", NAMESPACE)]);
    let output = folder.run_with_path(&["scan", "--audit", "off", "--since", "main"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("needs a git work tree"));
    let folder = repository(&[("a.yaml", NAMESPACE)]);
    for reference in ["nowhere", "--output=x", "HEAD:a.yaml"] {
        let reference = format!("--since={reference}");
        let output = folder.run_with_path(&["scan", "--audit", "off", &reference]);
        assert_eq!(output.status.code(), Some(2), "{reference}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("names no commit"), "{reference}");
    }
}
