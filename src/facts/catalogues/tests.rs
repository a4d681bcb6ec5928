//! What each notation says, and of what.

use super::*;
use crate::{
    document::{json, yaml},
    estate::Estate,
    facts::Set,
    resource::classification::{Category, Level},
    source::{Source, Sources, Status},
};

fn estate(files: &[(&str, &str)]) -> Estate {
    let sources = files.iter().map(|(name, text)| Source::new(*name, *text, None, Status::Read));
    let sources = Sources::new(sources.collect());
    let documents = sources.iter().flat_map(|(id, source)| {
        if source.file.ends_with(".json") {
            json::parse(id, &source.text).documents
        } else {
            yaml::parse(id, &source.text).documents
        }
    });
    let documents = documents.collect();
    Estate::new(sources, documents, Vec::new(), "shop")
}

fn names(declared: &Declared) -> (Option<&'static str>, Vec<&'static str>) {
    let categories = declared.categories.iter().map(|category| Category::name(*category)).collect();
    (declared.effective_level().map(Level::name), categories)
}

const FIDES: &str = "dataset:\n  - fides_key: orders_db\n    collections:\n      - name: customers\n        fields:\n          - {name: id, data_categories: [system.operations]}\n          - name: contact\n            fields: [{name: email, data_categories: [user.contact.email]}]\nsystem:\n  - fides_key: clinic\n    privacy_declarations:\n      - {data_use: essential, data_categories: [user.health_and_medical]}\n";
const DBT: &str = "version: 2\nsources:\n  - name: raw\n    database: billing\n    tables:\n      - name: cards\n        columns: [{name: number, tags: [pci]}, {name: holder, meta: {contains_pii: true}}]\nmodels:\n  - name: daily\n    meta: {contains_phi: true}\n";
const EVENT: &str = r#"[{"eventTime": "2026-01-01T00:00:00Z", "producer": "https://example.com", "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent",
  "job": {"namespace": "a", "name": "b"},
  "inputs": [{"namespace": "postgres://users-db.shop:5432", "name": "users.public.people", "facets": {"tags": {"tags": [{"key": "pii", "value": "true"}]}}}]}]"#;
const BACKSTAGE: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: the-mailer\n  annotations: {backstage.io/kubernetes-id: mailer, data-classification: confidential}\nspec: {type: service}\n---\napiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: mail-db, labels: {data-classification: restricted}}\nspec: {type: database}\n";

#[test]
fn databases_are_called_by_their_own_name_or_their_servers() {
    let estate = estate(&[("a.yml", FIDES), ("b.yml", DBT), ("c.json", EVENT), ("d.yaml", BACKSTAGE)]);
    let catalogues = Catalogues::new(&estate.view(0));
    for (server, database, expected) in [
        ("Service/shop/orders-db", Some("main"), (Some("confidential"), vec!["PII"])),
        ("aws_db_instance.orders_db", None, (Some("confidential"), vec!["PII"])),
        ("db.example.com", Some("OrdersDb"), (Some("confidential"), vec!["PII"])),
        ("Service/shop/warehouse", Some("billing"), (Some("restricted"), vec!["PII", "PCI"])),
        ("Service/shop/users-db", Some("users"), (Some("confidential"), vec!["PII"])),
        ("Service/shop/other-db", Some("users"), (None, vec![])),
        ("mail-db.shop.svc:5432", Some("m"), (Some("restricted"), vec![])),
        ("Service/shop/db", Some("daily"), (None, vec![])),
        ("Service/shop/orders", Some("orders"), (None, vec![])),
    ] {
        assert_eq!(names(&catalogues.of_database(server, database)), expected, "{server} {database:?}");
    }
}

#[test]
fn services_are_called_by_their_name_or_the_label_of_backstage() {
    let workload = |name: &str, labels: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a}}]}}}}}}\n"
        )
    };
    let manifests =
        [workload("clinic", ""), workload("post", "backstage.io/kubernetes-id: mailer"), workload("x", "")];
    let estate = estate(&[("a.yml", FIDES), ("d.yaml", BACKSTAGE), ("m.yaml", &manifests.join("---\n"))]);
    let set = Set::new(estate.view(0));
    for (id, expected) in [
        ("Deployment/shop/clinic", (Some("restricted"), vec!["PHI"])),
        ("Deployment/shop/post", (Some("confidential"), vec![])),
        ("Deployment/shop/x", (None, vec![])),
    ] {
        let workload = set.workloads().get(set.workloads().by_id(id).expect(id));
        let said = set.catalogues().of_service(workload);
        assert_eq!(names(&said), expected, "{id}");
        assert_eq!(said.is_declared(), expected.0.is_some(), "{id}");
    }
}

#[test]
fn what_only_looks_like_a_catalogue_says_nothing() {
    let estate = estate(&[
        (
            "compose.yaml",
            "services: {a: {image: b}}\nmodels:\n  a: {model: b}\nsystem: true\ndataset: [1, {name: a}]\n",
        ),
        (
            "other.json",
            r#"{"inputs": [{"namespace": "postgres://a", "name": "users", "facets": {"tags": {"tags": [{"key": "pii", "value": "true"}]}}}]}"#,
        ),
        (
            "object.yaml",
            "apiVersion: example.com/v1\nkind: Set\nmetadata: {name: a}\nsources: [{name: users, meta: {pii: true}}]\n",
        ),
        ("unknown.yaml", "dataset: [{fides_key: users, data_categories: [something.else]}]\n"),
    ]);
    let catalogues = Catalogues::new(&estate.view(0));
    assert_eq!(names(&catalogues.of_database("a", Some("users"))), (None, vec![]));
}
