//! Databases and who uses them, through the command: declared owners, facts, pictures.

use serde_json::Value;

use crate::command::Folder;

const SHOP: &str = "
{apiVersion: apps/v1, kind: Deployment, metadata: {name: carts}, spec: {template: {metadata: {labels: {app: carts}}, spec: {containers: [{name: a, image: carts, env: [{name: DATABASE_URL, value: 'postgres://carts:hunter2hunter2@db/shop'}]}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: orders}, spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: a, image: orders, env: [{name: DATABASE_URL, value: 'postgres://orders@db.default.svc/shop'}]}]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: postgres}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}
";

const DATASTORE: &str = "postgresql:Service/default/db/shop";

/// Messages of the open findings of one rule.
fn messages(configuration: &str, rule: &str) -> Vec<String> {
    let folder = Folder::new(&[("shop.yaml", SHOP), ("probity.yaml", configuration)]);
    let report = folder.report(&[]);
    let all = report["findings"].as_array().expect("a list").iter();
    let of_rule = all.filter(|finding| finding["rule"] == rule);
    of_rule.map(|finding| finding["message"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn declared_owners_and_designs_decide_what_sharing_means() {
    let rule = "datastores/shared-database";
    let ours = "workloads: [Deployment/default/carts, Deployment/default/orders]";
    for (configuration, expected) in [
        ("{}".to_owned(), Some("2 services use postgresql database `shop`")),
        (format!("services: {{shop: {{{ours}}}}}"), None),
        (format!("datastores: {{'{DATASTORE}': {{shared-by-design: one team owns both}}}}"), None),
        (
            format!("services: {{shop: {{{ours}}}}}\ndatastores: {{'{DATASTORE}': {{owner: billing}}}}"),
            Some("belongs to `billing`, and others use it: shop"),
        ),
        (
            format!(
                "services: {{shop: {{workloads: [Deployment/default/orders], datastores: ['{DATASTORE}']}}}}"
            ),
            Some("belongs to `shop`, and others use it: default/carts"),
        ),
    ] {
        let found = messages(&configuration, rule);
        match expected {
            Some(text) => assert!(found.len() == 1 && found[0].contains(text), "{configuration}: {found:?}"),
            None => assert!(found.is_empty(), "{configuration}: {found:?}"),
        }
    }
}

#[test]
fn facts_hold_servers_databases_and_principals_and_no_password() {
    let folder = Folder::new(&[("shop.yaml", SHOP)]);
    let shown = String::from_utf8(folder.run(&["facts", "-f", "json"]).stdout).expect("text");
    assert!(!shown.contains("hunter2"), "{shown}");
    let facts: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(facts["datastores"][0]["id"], DATASTORE);
    let accesses = facts["accesses"].as_array().expect("a list");
    let of = |access: &Value| (access["service"].clone(), access["principal"].clone());
    assert_eq!(
        accesses.iter().map(of).collect::<Vec<_>>(),
        [
            ("Deployment/default/carts".into(), "carts".into()),
            ("Deployment/default/orders".into(), "orders".into())
        ]
    );
    assert_eq!(accesses[0]["because"][0]["place"]["line"], 2);
    for selector in ["datastore", "database-server", "access"] {
        let shown = String::from_utf8(folder.run(&["facts", "--selector", selector]).stdout).expect("text");
        assert!(!shown.is_empty() && !shown.contains("hunter2"), "{selector}: {shown}");
    }
}

#[test]
fn a_picture_shows_what_is_shared() {
    let folder = Folder::new(&[("shop.yaml", SHOP)]);
    for (format, start) in [("mermaid", "flowchart LR"), ("dot", "digraph probity {")] {
        let shown = String::from_utf8(folder.run(&["graph", "--format", format]).stdout).expect("text");
        assert!(shown.starts_with(start) && shown.contains("SHARED"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
