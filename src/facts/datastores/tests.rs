mod clients;
mod entrances;
mod planned;
mod table;

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::{Fact, Value},
    source::{Source, Sources, Status},
};

const POSTGRES: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {template: {metadata: {labels: {app: db, tier: data}}, spec: {containers: [{name: a, image: 'postgres:16', ports: [{name: sql, containerPort: 5432}]}, {name: b, image: exporter, ports: [{name: metrics, containerPort: 9187}]}]}}}\n---\n";

/// Resource, engine, and kind and port of each exposure.
fn found(text: &str) -> Vec<(String, String, Vec<String>)> {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    let estate = Estate::new(sources, documents, Vec::new(), "shop");
    let subjects = server_subjects(&Set::new(estate.view(0))).into_iter().map(|subject| {
        let Some(Value::Array(exposures)) = subject.fact.get("exposures").map(|field| &field.value) else {
            panic!("`exposures` is no array");
        };
        let exposures = exposures
            .iter()
            .map(|exposure| format!("{} {}", text_of(exposure, "kind"), text_of(exposure, "port")));
        (subject.resource, text_of(&subject.fact, "engine"), exposures.collect())
    });
    subjects.collect()
}

fn text_of(fact: &Fact, key: &str) -> String {
    match fact.get(key).map(|field| &field.value) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Integer(number)) => number.to_string(),
        other => panic!("`{key}` is {other:?}"),
    }
}

fn service(kind: &str, selector: &str, ports: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: db}}\nspec: {{type: {kind}, selector: {selector}, ports: {ports}}}\n"
    )
}

#[test]
fn a_service_exposes_the_database_that_it_leads_to() {
    for (name, kind, selector, ports, exposures) in [
        ("a named port", "NodePort", "{app: db}", "[{port: 80, targetPort: sql}]", &["NodePort 80"][..]),
        ("the port itself", "LoadBalancer", "{app: db}", "[{port: 5432}]", &["LoadBalancer 5432"]),
        ("inside", "ClusterIP", "{app: db}", "[{port: 5432}]", &[]),
        ("its neighbour", "NodePort", "{app: db}", "[{port: 9187, targetPort: metrics}]", &[]),
        ("the second port", "NodePort", "{app: db}", "[{port: 9187}, {port: 5432}]", &["NodePort 5432"]),
        ("an unknown type", "'{{ .type }}'", "{app: db}", "[{port: 5432}]", &["unknown 5432"]),
        ("an unknown port", "NodePort", "{app: db}", "[{port: 80, targetPort: lost}]", &["NodePort unknown"]),
        (
            "a name lost, a port that tells",
            "NodePort",
            "{app: db}",
            "[{port: 5432, targetPort: lost}]",
            &["NodePort 5432"],
        ),
        ("all labels", "NodePort", "{app: db, tier: data}", "[{port: 5432}]", &["NodePort 5432"]),
    ] {
        let found = found(&format!("{POSTGRES}{}", service(kind, selector, ports)));
        let exposures = exposures.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(found, [("StatefulSet/shop/db".into(), "postgresql".into(), exposures)], "{name}");
    }
}

#[test]
fn a_service_that_selects_no_known_pod_is_told_by_its_port() {
    let id = "mysql:Service/shop/db/unknown".to_owned();
    for (name, selector, ports, expected) in [
        (
            "a port that tells",
            "{app: other}",
            "[{port: 3306}]",
            vec![(id.clone(), "mysql".to_owned(), vec!["NodePort 3306".to_owned()])],
        ),
        (
            "no selector",
            "null",
            "[{port: 3306}]",
            vec![(id, "mysql".to_owned(), vec!["NodePort 3306".to_owned()])],
        ),
        ("a port in wide use", "{app: other}", "[{port: 9200}, {port: 8080}]", vec![]),
        ("no port", "{app: other}", "null", vec![]),
    ] {
        assert_eq!(found(&service("NodePort", selector, ports)), expected, "{name}");
    }
}

#[test]
fn labels_of_which_only_some_match_select_nothing() {
    let found =
        found(&format!("{POSTGRES}{}", service("NodePort", "{app: db, tier: web}", "[{port: 5432}]")));
    let resources: Vec<_> = found.into_iter().map(|(resource, ..)| resource).collect();
    assert_eq!(resources, ["StatefulSet/shop/db", "postgresql:Service/shop/db/unknown"]);
}
