use std::collections::BTreeSet;

use serde_json::Value;

use super::RESULTS;
use crate::output::{
    Options,
    tests::{Set, many, none, rendered, rich},
};

fn run(set: &Set) -> Value {
    let log: Value = serde_json::from_str(&rendered("sarif", set, Options::default())).unwrap();
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every value of the document under this key.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                if name == key {
                    found.push(value);
                }
                all(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| all(item, key, found)),
        _ => {}
    }
}

#[test]
fn every_run_obeys_the_rules_of_code_scanning() {
    for set in [none(), rich(), many(RESULTS + 100)] {
        let run = run(&set);
        assert!(run["results"].is_array(), "results are there even where there are none");
        assert!(text(&run["automationDetails"]["id"]).ends_with('/'));
        let rules = list(&run["tool"]["driver"]["rules"]);
        for rule in rules {
            rule_is_complete(rule);
        }
        let ids: BTreeSet<&str> = rules.iter().map(|rule| text(&rule["id"])).collect();
        assert_eq!(ids.len(), rules.len(), "ids are unique");
        for result in list(&run["results"]) {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(["error", "warning", "note"].contains(&text(&result["level"])));
            assert!(!text(&result["message"]["text"]).is_empty());
            assert_eq!(list(&result["locations"]).len(), 1);
            assert!(result["locations"][0]["physicalLocation"]["region"].is_object());
            assert!(text(&result["partialFingerprints"]["primaryLocationLineHash"]).contains(':'));
            assert_eq!(text(&result["partialFingerprints"]["probity/v1"]).len(), 64);
            assert!(result.get("suppressions").is_none() && result.get("kind").is_none());
        }
        addresses_are_relative(&run);
        regions_lie_on_one_line(&run);
    }
}

fn rule_is_complete(rule: &Value) {
    for key in ["shortDescription", "fullDescription"] {
        let description = text(&rule[key]["text"]);
        assert!(!description.is_empty() && description.chars().count() <= 1024, "{rule}");
    }
    assert!(!text(&rule["help"]["text"]).is_empty() && !text(&rule["help"]["markdown"]).is_empty());
    assert!(!text(&rule["name"]).is_empty() && rule["name"] != rule["id"]);
    let tags = list(&rule["properties"]["tags"]);
    assert!(tags.len() <= 10 && tags[0] == "security");
    if let Some(severity) = rule["properties"].get("security-severity") {
        assert!(["9.5", "8.0", "5.5", "2.0"].contains(&text(severity)));
    }
}

fn addresses_are_relative(run: &Value) {
    let artifacts = list(&run["artifacts"]);
    let mut locations = Vec::new();
    all(run, "artifactLocation", &mut locations);
    for location in locations {
        let index = usize::try_from(location["index"].as_u64().unwrap()).unwrap();
        assert_eq!(artifacts[index]["location"]["uri"], location["uri"]);
    }
    let mut addresses = Vec::new();
    all(run, "uri", &mut addresses);
    for address in addresses.into_iter().map(text) {
        let encoded = |c: char| c.is_ascii_alphanumeric() || "-._~/%".contains(c);
        assert!(
            !address.is_empty() && !address.starts_with('/') && address.chars().all(encoded),
            "{address}"
        );
    }
}

fn regions_lie_on_one_line(run: &Value) {
    let mut regions = Vec::new();
    all(run, "region", &mut regions);
    for region in regions {
        let number = |key: &str| region[key].as_u64().unwrap();
        assert!(number("startLine") >= 1 && number("startColumn") >= 1);
        assert_eq!(number("startLine"), number("endLine"));
        assert!(number("startColumn") <= number("endColumn"));
    }
}

#[test]
fn a_place_of_several_lines_is_cut_to_its_first() {
    let run = run(&rich());
    let result =
        list(&run["results"]).iter().find(|result| result["properties"]["resource"] == "ConfigMap/shop/crlf");
    let region = &result.unwrap()["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["endColumn"]), (&4.into(), &8.into()));
}

#[test]
fn digests_are_given_only_of_files_that_hold_no_secret() {
    let run = run(&rich());
    for artifact in list(&run["artifacts"]) {
        let secret =
            ["k8s/cart.yaml", "tfplan.json", "k8s/broken.yaml"].contains(&text(&artifact["location"]["uri"]));
        let uri = text(&artifact["location"]["uri"]);
        let unread = uri.starts_with("charts/")
            || uri.starts_with("cluster/")
            || artifact["location"]["uri"] == "k8s/secret.yaml";
        assert_eq!(artifact.get("hashes").is_none(), secret || unread, "{artifact}");
    }
}

#[test]
fn decided_findings_are_no_results() {
    let set = rich();
    let run = run(&set);
    assert_eq!(list(&run["results"]).len(), 8, "eight are open");
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn a_live_object_stands_for_a_file_of_its_own() {
    let run = run(&rich());
    let live = |result: &&Value| result["properties"]["resource"] == "Deployment/shop/live";
    let result = list(&run["results"]).iter().find(live).expect("a result of the live object");
    let location = &result["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "cluster/Deployment/shop/live");
    assert_eq!(location["physicalLocation"]["region"]["startLine"], 1);
    assert_eq!(location["logicalLocations"][0]["fullyQualifiedName"], "Deployment/shop/live");
    let hashes = &result["partialFingerprints"];
    let (own, known) = (text(&hashes["probity/v1"]), text(&hashes["primaryLocationLineHash"]));
    assert_eq!(known, format!("{}:1", &own[..16]));
}

#[test]
fn a_clean_run_is_successful_and_silent() {
    let run = run(&none());
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert!(run["invocations"][0].get("toolExecutionNotifications").is_none());
    assert!(run.get("properties").is_none());
}

#[test]
fn the_worst_results_stay_where_there_are_too_many() {
    let run = run(&many(RESULTS + 100));
    let results = list(&run["results"]);
    assert_eq!(results.len(), RESULTS);
    let infos = results.iter().filter(|result| result["properties"]["severity"] == "info").count();
    assert_eq!(infos, (RESULTS + 100) / 5 - 100, "only the mildest are left out");
    let notifications = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notifications.contains("100 findings left out"));
    let lines: Vec<u64> = results
        .iter()
        .map(|result| result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64().unwrap())
        .collect();
    assert!(lines.is_sorted(), "the order of the report stays");
}

#[test]
fn only_our_links_are_links() {
    let run = run(&rich());
    let mut messages = Vec::new();
    all(&run, "message", &mut messages);
    let linked = messages.iter().filter(|message| text(&message["text"]).contains("](")).count();
    assert_eq!(linked, 4, "four results have a related place");
}

#[test]
fn the_run_names_its_place_in_the_audit_log() {
    let audit = &run(&rich())["properties"]["probity_audit"];
    assert_eq!(audit["start"]["size"], 12);
    assert_eq!(audit["signed"], false);
}
