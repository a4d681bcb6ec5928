//! The demo estate tells one story: where personal data is, and everything that happens to it on its way.

use std::path::Path;

use serde_json::Value;

use crate::command::Folder;

/// The demo estate, copied to where a log may be written.
fn shop() -> Folder {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop/k8s");
    let files: Vec<(String, String)> = root
        .read_dir()
        .expect("the demo estate exists")
        .map(|entry| {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            #[expect(clippy::disallowed_methods, reason = "tests read their fixtures")]
            let text = std::fs::read_to_string(&path).expect("manifests are text");
            (name, text)
        })
        .collect();
    Folder::new(&files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect::<Vec<_>>())
}

#[test]
fn the_journey_of_personal_data_through_the_shop_is_found_step_by_step() {
    let folder = shop();
    let shown = folder.run(&["scan", "--audit", "off", "--format", "json", "--rule", "lineage/*"]).stdout;
    let report: Value = serde_json::from_slice(&shown).expect("JSON");
    let findings = report["findings"].as_array().expect("a list");
    for (rule, resource, path) in [
        // The store holds personal data, and is open to the world.
        ("lineage/sensitive-store-unprotected", "StatefulSet/shop/orders-db", ""),
        // A service reads it, in plaintext.
        (
            "lineage/plaintext-sensitive-flow",
            "Deployment/shop/orders",
            "from `postgresql:Service/shop/orders-db/orders` to `Deployment/shop/orders`",
        ),
        // What it writes to the topic reaches a service that is not tagged.
        (
            "lineage/downgraded-flow",
            "Deployment/shop/reports",
            "(postgresql:Service/shop/orders-db/orders -> Deployment/shop/orders -> topic:events/orders -> Deployment/shop/reports)",
        ),
    ] {
        let found = findings.iter().find(|finding| {
            finding["rule"] == rule
                && finding["resource"] == resource
                && finding["message"].as_str().is_some_and(|message| message.contains(path))
        });
        let found = found.unwrap_or_else(|| panic!("{rule} {resource} {path} is not among {findings:#?}"));
        assert!(found["place"]["line"].as_u64().is_some_and(|line| line > 0), "{rule}");
    }
    let of = |rule: &str| findings.iter().filter(|finding| finding["rule"] == rule).count();
    assert_eq!(of("lineage/open-topic"), 0, "the topic is closed");
    assert_eq!(of("lineage/plaintext-sensitive-flow"), 1, "one hop is told once");
}

/// The picture that the README shows.
#[test]
#[expect(clippy::disallowed_methods, reason = "the picture is a file of this repository")]
fn the_picture_of_the_demo_estate_is_the_published_one() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/graph/shop.svg");
    let folder = shop();
    let drawn = folder.run(&["graph", "--format", "svg"]).stdout;
    assert_eq!(folder.run(&["graph", "--format", "svg"]).stdout, drawn);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&golden, &drawn).expect("a file that can be written");
    }
    let drawn = String::from_utf8(drawn).expect("text");
    let published = std::fs::read_to_string(&golden).expect("the picture");
    assert!(drawn == published, "run `UPDATE_DOCS=1 cargo test` and look at the picture");
    for said in
        ["PII, PCI goes from topic:events/orders to Deployment/shop/reports.", "Deployment/shop/web calls"]
    {
        assert!(drawn.contains(said), "{said}");
    }
}

#[test]
fn the_journey_is_in_every_picture() {
    let folder = shop();
    for (format, steps) in [
        ("mermaid", ["==>|\"PII", "orders", "reports"]),
        ("dot", ["penwidth=2", "topic:events/orders", "Deployment/shop/reports"]),
    ] {
        let shown = String::from_utf8(folder.run(&["graph", "--format", format]).stdout).expect("text");
        for step in steps {
            assert!(shown.contains(step), "{format}: {step}\n{shown}");
        }
    }
    let shown = String::from_utf8(folder.run(&["graph", "--format", "openlineage"]).stdout).expect("text");
    let events: Vec<Value> = shown.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let job = |name: &str| events.iter().find(|event| event["job"]["name"] == name).expect("a job").clone();
    let tags = |dataset: &Value| {
        let tags = dataset["facets"]["tags"]["tags"].as_array().cloned().unwrap_or_default();
        tags.iter().map(|tag| tag["value"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    let orders = job("Deployment/orders");
    assert_eq!(orders["job"]["namespace"], "shop");
    let topic = &orders["outputs"].as_array().expect("outputs").iter().find(|one| one["name"] == "orders");
    assert!(topic.is_some(), "{orders}");
    let reports = job("Deployment/reports");
    let read = &reports["inputs"][0];
    assert_eq!((&read["namespace"], &read["name"]), (&"topic://events".into(), &"orders".into()));
    assert_eq!(tags(read), ["PII", "PCI", "restricted"]);
    assert!(events.iter().any(|event| event["dataset"]["namespace"] == "topic://events"));
}

#[test]
fn a_report_holds_the_facts_and_the_events_that_other_commands_print() {
    let folder = shop();
    let report = folder.report(&["--with-facts"]);
    let facts: Value = serde_json::from_slice(&folder.run(&["facts"]).stdout).expect("JSON");
    assert_eq!(report["facts"], facts);
    assert!(folder.report(&[])["facts"].is_null());
    let parts = |arguments: &[&str]| {
        let shown = String::from_utf8(folder.run(arguments).stdout).expect("text");
        let event = |line: &str| -> Value { serde_json::from_str(line).expect("an event") };
        let untimed = |mut event: Value| {
            event["eventTime"] = Value::Null;
            event
        };
        shown.lines().map(event).map(untimed).collect::<Vec<_>>()
    };
    let events = parts(&["scan", "--audit", "off", "-f", "openlineage"]);
    assert!(!events.is_empty());
    assert_eq!(events, parts(&["graph", "--format", "openlineage"]));
}
