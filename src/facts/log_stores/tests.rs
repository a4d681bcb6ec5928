//! What receives logs, and what keeps them.

use serde_json::{Value, json};

use super::*;
use crate::{facts, source::SourceId};

/// A planned resource with the expressions of its block.
fn resource(
    address: &str,
    actions: &str,
    after: &Value,
    unknown: &Value,
    expressions: &Value,
) -> (Value, Value) {
    let (kind, name) = address.split_once('.').unwrap();
    (
        json!({"address": address, "mode": "managed", "type": kind, "name": name,
            "change": {"actions": [actions], "after": after, "after_unknown": unknown}}),
        json!({"mode": "managed", "type": kind, "name": name, "expressions": expressions}),
    )
}

fn created(address: &str, after: &Value, expressions: &Value) -> (Value, Value) {
    resource(address, "create", after, &json!({}), expressions)
}

fn to(bucket: &str) -> Value {
    json!({"references": [format!("{bucket}.id"), bucket]})
}

fn stores(resources: Vec<(Value, Value)>) -> Vec<Value> {
    let (changes, blocks): (Vec<_>, Vec<_>) = resources.into_iter().unzip();
    let text = json!({"format_version": "1.2", "resource_changes": changes,
        "configuration": {"root_module": {"resources": blocks}}});
    let plan = Plan::parse(SourceId(0), &text.to_string().into()).unwrap();
    subjects(0, &plan).iter().map(|subject| json_of(&subject.fact)).collect()
}

fn json_of(fact: &Fact) -> Value {
    match &fact.value {
        facts::Value::Bool(value) => json!(value),
        facts::Value::Integer(value) => json!(value),
        facts::Value::String(text) => json!(**text),
        facts::Value::Array(items) => items.iter().map(json_of).collect(),
        facts::Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.to_string(), json_of(value))).collect()
        }
        _ => Value::Null,
    }
}

fn trail() -> (Value, Value) {
    created("aws_cloudtrail.t", &json!({}), &json!({"s3_bucket_name": to("aws_s3_bucket.b")}))
}

#[test]
fn what_receives_logs_is_told_by_reference_or_by_name() {
    let bucket = || created("aws_s3_bucket.b", &json!({"bucket": "logs"}), &json!({}));
    let logs = |value: &str, enabled: Value| json!({"access_logs": [{"bucket": value, "enabled": enabled}]});
    let nothing = json!({});
    let table = [
        ("aws_cloudtrail", nothing.clone(), json!({"s3_bucket_name": to("aws_s3_bucket.b")}), true),
        ("aws_cloudtrail", json!({"s3_bucket_name": "logs"}), nothing.clone(), true),
        ("aws_cloudtrail", json!({"s3_bucket_name": "others"}), nothing.clone(), false),
        ("aws_config_delivery_channel", json!({"s3_bucket_name": "logs"}), nothing.clone(), true),
        ("aws_s3_bucket_logging", json!({"bucket": "app", "target_bucket": "logs"}), nothing.clone(), true),
        (
            "aws_s3_bucket_logging",
            json!({"bucket": "logs", "target_bucket": "others"}),
            nothing.clone(),
            false,
        ),
        (
            "aws_s3_bucket",
            json!({"bucket": "app", "logging": [{"target_bucket": "logs"}]}),
            nothing.clone(),
            true,
        ),
        ("aws_flow_log", json!({"log_destination": "arn:aws:s3:::logs/network/"}), nothing.clone(), true),
        (
            "aws_flow_log",
            json!({"log_destination": "arn:aws:logs:eu-west-1:1:log-group:logs"}),
            nothing.clone(),
            false,
        ),
        ("aws_lb", logs("logs", json!(true)), nothing.clone(), true),
        ("aws_lb", logs("logs", Value::Null), nothing.clone(), false),
        ("aws_alb", logs("logs", json!(false)), nothing.clone(), false),
        ("aws_elb", logs("logs", Value::Null), nothing.clone(), true),
        ("aws_s3_object", json!({"bucket": "logs"}), nothing, false),
    ];
    for (kind, after, expressions, expected) in table {
        let source = format!("{kind}.s");
        let found = stores(vec![bucket(), created(&source, &after, &expressions)]);
        let receives: Vec<&Value> = found.iter().map(|store| &store["receives"]).collect();
        let sent = json!([{"resource": source, "type": kind}]);
        assert_eq!(receives, if expected { vec![&sent] } else { vec![] }, "{kind} {after}");
    }
}

#[test]
fn a_bucket_keeps_its_logs_by_versions_or_by_a_default_retention() {
    let computed =
        json!({"versioning": true, "object_lock_enabled": true, "object_lock_configuration": true});
    let new = || resource("aws_s3_bucket.b", "create", &json!({"bucket": "b"}), &computed, &json!({}));
    let inline = |after: Value| created("aws_s3_bucket.b", &after, &json!({"versioning": [{}]}));
    let old = |after: Value| resource("aws_s3_bucket.b", "no-op", &after, &json!({}), &json!({}));
    let of = |kind: &str, after: Value, unknown: Value| {
        resource(&format!("{kind}.b"), "create", &after, &unknown, &json!({"bucket": to("aws_s3_bucket.b")}))
    };
    let versioning = |status: &str| {
        of("aws_s3_bucket_versioning", json!({"versioning_configuration": [{"status": status}]}), json!({}))
    };
    let lock = |rule: Value| of("aws_s3_bucket_object_lock_configuration", json!({"rule": rule}), json!({}));
    let retention = json!([{"default_retention": [{"mode": "GOVERNANCE", "years": 2}]}]);
    let table = [
        ("new", vec![new()], json!(false), json!(null)),
        ("versioned", vec![new(), versioning("Enabled")], json!(true), json!(null)),
        ("suspended", vec![new(), versioning("Suspended")], json!(false), json!(null)),
        ("locked", vec![new(), lock(retention)], json!(true), json!(730)),
        ("a lock without a default retention", vec![new(), lock(json!([]))], json!(false), json!(null)),
        (
            "object lock alone versions",
            vec![inline(json!({"object_lock_enabled": true}))],
            json!(true),
            json!(null),
        ),
        ("inline", vec![inline(json!({"versioning": [{"enabled": true}]}))], json!(true), json!(null)),
        ("old, versioned", vec![old(json!({"versioning": [{"enabled": true}]}))], json!(true), json!(null)),
        (
            "old, read as without",
            vec![old(json!({"versioning": [{"enabled": false}], "object_lock_configuration": []}))],
            json!(false),
            json!(null),
        ),
        ("old, not read", vec![old(json!({}))], json!("unknown"), json!(null)),
        (
            "versioning known after apply",
            vec![new(), of("aws_s3_bucket_versioning", json!({}), json!({"versioning_configuration": true}))],
            json!("unknown"),
            json!(null),
        ),
    ];
    for (case, mut resources, immutable, days) in table {
        resources.push(trail());
        let found = stores(resources);
        let store = found.first().unwrap();
        assert_eq!((&store["immutable"], &store["object_lock"]["days"]), (&immutable, &days), "{case}");
        assert_eq!(
            store["missing"] == json!([]),
            immutable != json!("unknown"),
            "{case}: {}",
            store["missing"]
        );
    }
}

#[test]
fn versions_are_kept_until_a_rule_for_all_objects_deletes_them() {
    let bucket = || created("aws_s3_bucket.b", &json!({"bucket": "b"}), &json!({}));
    let split = |rule: Value| {
        let rules = json!({"rule": [rule]});
        vec![
            bucket(),
            created(
                "aws_s3_bucket_lifecycle_configuration.b",
                &rules,
                &json!({"bucket": to("aws_s3_bucket.b")}),
            ),
        ]
    };
    let days = || json!([{"noncurrent_days": 30}]);
    let inline = json!({"bucket": "b", "lifecycle_rule": [{"enabled": true, "noncurrent_version_expiration": [{"days": 7}]}]});
    for (case, mut resources, expected) in [
        ("none", vec![bucket()], json!(null)),
        ("all", split(json!({"status": "Enabled", "noncurrent_version_expiration": days()})), json!(30)),
        (
            "all, by an empty filter",
            split(
                json!({"status": "Enabled", "filter": [{"prefix": "", "tag": [], "and": []}], "noncurrent_version_expiration": days()}),
            ),
            json!(30),
        ),
        ("off", split(json!({"status": "Disabled", "noncurrent_version_expiration": days()})), json!(null)),
        (
            "some",
            split(
                json!({"status": "Enabled", "filter": [{"prefix": "tmp/"}], "noncurrent_version_expiration": days()}),
            ),
            json!(null),
        ),
        (
            "but the last three",
            split(
                json!({"status": "Enabled", "noncurrent_version_expiration": [{"noncurrent_days": 30, "newer_noncurrent_versions": 3}]}),
            ),
            json!(null),
        ),
        ("current ones", split(json!({"status": "Enabled", "expiration": [{"days": 30}]})), json!(null)),
        ("inline", vec![created("aws_s3_bucket.b", &inline, &json!({}))], json!(7)),
    ] {
        resources.push(trail());
        assert_eq!(stores(resources).first().unwrap()["version_days"], expected, "{case}");
    }
    let google = |condition: Value| {
        let rule = json!([{"action": [{"type": "Delete"}], "condition": [condition]}]);
        let sink = json!({"destination": "storage.googleapis.com/logs"});
        stores(vec![
            created("google_logging_project_sink.s", &sink, &json!({})),
            created("google_storage_bucket.b", &json!({"name": "logs", "lifecycle_rule": rule}), &json!({})),
        ])
    };
    for (condition, expected) in [
        (json!({"days_since_noncurrent_time": 14}), json!(14)),
        (json!({"days_since_noncurrent_time": 14, "num_newer_versions": 2}), json!(null)),
        (json!({"days_since_noncurrent_time": 14, "matches_prefix": ["tmp/"]}), json!(null)),
        (json!({"age": 14}), json!(null)),
    ] {
        assert_eq!(google(condition.clone()).first().unwrap()["version_days"], expected, "{condition}");
    }
}

#[test]
fn other_clouds_keep_by_retention_or_versions() {
    let sink = |disabled: bool| {
        created(
            "google_logging_project_sink.s",
            &json!({"destination": "storage.googleapis.com/logs", "disabled": disabled}),
            &json!({}),
        )
    };
    let google = |after: Value| {
        let mut after = after;
        after["name"] = json!("logs");
        created("google_storage_bucket.b", &after, &json!({}))
    };
    let account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/logs";
    let diagnostics = || {
        created("azurerm_monitor_diagnostic_setting.d", &json!({"storage_account_id": account}), &json!({}))
    };
    let azure = |after: Value| {
        let mut after = after;
        after["name"] = json!("logs");
        created("azurerm_storage_account.b", &after, &json!({}))
    };
    let policy = (
        created(
            "azurerm_storage_container.c",
            &json!({"name": "c", "storage_account_name": "logs"}),
            &json!({"storage_account_name": to("azurerm_storage_account.b")}),
        ),
        created(
            "azurerm_storage_container_immutability_policy.p",
            &json!({}),
            &json!({"storage_container_resource_manager_id": to("azurerm_storage_container.c")}),
        ),
    );
    let table = [
        (vec![sink(false), google(json!({}))], json!(false)),
        (vec![sink(false), google(json!({"versioning": [{"enabled": true}]}))], json!(true)),
        (
            vec![
                sink(false),
                google(json!({"retention_policy": [{"retention_period": 86400, "is_locked": true}]})),
            ],
            json!(true),
        ),
        // Whoever may change the bucket lifts it.
        (vec![sink(false), google(json!({"retention_policy": [{"retention_period": 86400}]}))], json!(false)),
        (vec![diagnostics(), azure(json!({}))], json!(false)),
        (vec![diagnostics(), azure(json!({"immutability_policy": [{"state": "Locked"}]}))], json!(true)),
        (vec![diagnostics(), azure(json!({"immutability_policy": [{"state": "Unlocked"}]}))], json!(false)),
        (vec![diagnostics(), azure(json!({"immutability_policy": [{"state": "Disabled"}]}))], json!(false)),
        (vec![diagnostics(), azure(json!({"blob_properties": [{"versioning_enabled": true}]}))], json!(true)),
        (vec![diagnostics(), azure(json!({})), policy.0, policy.1], json!("unknown")),
    ];
    for (index, (resources, immutable)) in table.into_iter().enumerate() {
        let found = stores(resources);
        assert_eq!(found.first().unwrap()["immutable"], immutable, "{index}");
    }
    assert_eq!(stores(vec![sink(true), google(json!({}))]), Vec::<Value>::new());
}
