use serde_json::{Value as Json, json};

use super::*;
use crate::{
    estate::Estate,
    facts::Value,
    source::{SourceId, Sources},
};

/// `encrypted` and whose key of the first store; `None`: null.
fn told(resources: &[(&str, &str, Json, Json, Json)]) -> (Option<String>, Option<String>) {
    let changes = resources.iter().map(|(kind, action, after, unknown, _)| {
        json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x",
            "change": {"actions": [action], "after": after, "after_unknown": unknown}})
    });
    let blocks = resources.iter().map(|(kind, .., written)| {
        json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x", "expressions": written})
    });
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": {"root_module": {"resources": blocks.collect::<Vec<_>>()}},
    });
    let plan = Plan::parse(SourceId(0), &plan.to_string().as_str().into()).expect("a plan");
    let estate = Estate::new(Sources::new(Vec::new()), Vec::new(), Vec::new(), "shop");
    let subjects = subjects(estate.vocabulary(), 0, &plan);
    let fact = &subjects.first().expect("a store").fact;
    let text = |fact: Option<&Fact>| {
        let value = fact.map(|fact| &fact.value);
        value.and_then(|value| match value {
            Value::Bool(value) => Some(value.to_string()),
            Value::String(text) => Some(text.to_string()),
            _ => None,
        })
    };
    (text(fact.get("encrypted")), text(fact.get("encryption").and_then(|fact| fact.get("key"))))
}

/// What machines are made of later says nothing of disks that it does not speak of.
#[test]
fn a_template_without_disks_is_no_store() {
    let plan = json!({"format_version": "1.2", "resource_changes": [{
        "address": "aws_launch_template.x", "mode": "managed", "type": "aws_launch_template", "name": "x",
        "change": {"actions": ["create"], "after": {"block_device_mappings": []}, "after_unknown": {}},
    }]});
    let plan = Plan::parse(SourceId(0), &plan.to_string().as_str().into()).expect("a plan");
    let estate = Estate::new(Sources::new(Vec::new()), Vec::new(), Vec::new(), "shop");
    assert!(subjects(estate.vocabulary(), 0, &plan).is_empty());
}

#[test]
fn what_a_plan_leaves_out_is_as_the_provider_has_it() {
    let none = || json!({});
    let constant = |name: &str| json!({name: {"constant_value": true}});
    let key = || json!({"kms_key_id": {"references": ["aws_kms_key.x.arn", "aws_kms_key.x"]}});
    let on = || ("aws_ebs_encryption_by_default", "create", json!({"enabled": true}), none(), none());
    for (case, resources, encrypted, held) in [
        (
            "a volume",
            vec![("aws_ebs_volume", "create", none(), json!({"encrypted": true}), none())],
            Some("unknown"),
            Some("unknown"),
        ),
        (
            "a volume by default",
            vec![("aws_ebs_volume", "create", none(), json!({"encrypted": true}), none()), on()],
            Some("true"),
            Some("unknown"),
        ),
        (
            "a plain volume",
            vec![("aws_ebs_volume", "create", json!({"encrypted": false}), none(), constant("encrypted"))],
            Some("false"),
            None,
        ),
        (
            "a volume with a key",
            vec![(
                "aws_ebs_volume",
                "create",
                json!({"encrypted": true}),
                json!({"kms_key_id": true}),
                json!({"encrypted": {"constant_value": true}, "kms_key_id": key()["kms_key_id"]}),
            )],
            Some("true"),
            Some("customer"),
        ),
        (
            "a machine, of which the image decides",
            vec![(
                "aws_instance",
                "create",
                none(),
                json!({"root_block_device": true, "ebs_block_device": true}),
                none(),
            )],
            Some("unknown"),
            None,
        ),
        (
            "a machine by default",
            vec![("aws_instance", "create", none(), json!({"root_block_device": true}), none()), on()],
            Some("true"),
            None,
        ),
        (
            "a machine with one plain disk of two",
            vec![(
                "aws_instance",
                "create",
                json!({"root_block_device": [{"encrypted": true}], "ebs_block_device": [{"encrypted": false}]}),
                none(),
                json!({"root_block_device": [constant("encrypted")], "ebs_block_device": [constant("encrypted")]}),
            )],
            Some("false"),
            None,
        ),
        (
            "a machine of which one disk says nothing",
            vec![(
                "aws_instance",
                "create",
                json!({"root_block_device": [{"encrypted": true}], "ebs_block_device": [{"volume_size": 8}]}),
                json!({"ebs_block_device": [{"encrypted": true}]}),
                json!({"root_block_device": [constant("encrypted")], "ebs_block_device": [constant("volume_size")]}),
            )],
            Some("unknown"),
            None,
        ),
        (
            "a template with a plain disk",
            vec![(
                "aws_launch_template",
                "create",
                json!({"block_device_mappings": [{"ebs": [{"encrypted": "false"}]}]}),
                none(),
                json!({"block_device_mappings": [{"ebs": [constant("encrypted")]}]}),
            )],
            Some("false"),
            None,
        ),
        (
            "a file system",
            vec![("aws_efs_file_system", "create", none(), json!({"encrypted": true}), none())],
            Some("false"),
            None,
        ),
        (
            "an encrypted one",
            vec![(
                "aws_efs_file_system",
                "create",
                json!({"encrypted": true}),
                none(),
                constant("encrypted"),
            )],
            Some("true"),
            Some("aws-managed"),
        ),
        (
            "a queue",
            vec![("aws_sqs_queue", "create", none(), json!({"sqs_managed_sse_enabled": true}), none())],
            Some("true"),
            Some("provider-managed"),
        ),
        (
            "a queue without",
            vec![(
                "aws_sqs_queue",
                "create",
                json!({"sqs_managed_sse_enabled": false}),
                none(),
                constant("sqs_managed_sse_enabled"),
            )],
            Some("false"),
            None,
        ),
        (
            "a queue with a key of AWS",
            vec![(
                "aws_sqs_queue",
                "create",
                json!({"kms_master_key_id": "alias/aws/sqs"}),
                none(),
                constant("kms_master_key_id"),
            )],
            Some("true"),
            Some("aws-managed"),
        ),
        ("a stream", vec![("aws_kinesis_stream", "create", none(), none(), none())], Some("false"), None),
        (
            "a topic",
            vec![("aws_sns_topic", "create", none(), none(), none())],
            None,
            Some("provider-managed"),
        ),
        (
            "a disk of Google",
            vec![("google_compute_disk", "create", none(), none(), none())],
            None,
            Some("provider-managed"),
        ),
        (
            "a disk of Azure",
            vec![(
                "azurerm_managed_disk",
                "create",
                json!({"disk_encryption_set_id": "/set"}),
                none(),
                constant("disk_encryption_set_id"),
            )],
            None,
            Some("customer"),
        ),
        // domains.md section 5, row 10
        (
            "a new cluster",
            vec![(
                "aws_rds_cluster",
                "create",
                none(),
                json!({"storage_encrypted": true, "kms_key_id": true}),
                none(),
            )],
            None,
            Some("provider-managed"),
        ),
        (
            "a plain database",
            vec![(
                "aws_db_instance",
                "create",
                json!({"storage_encrypted": false}),
                none(),
                constant("storage_encrypted"),
            )],
            None,
            None,
        ),
        (
            "a table",
            vec![("aws_dynamodb_table", "create", none(), none(), none())],
            None,
            Some("provider-managed"),
        ),
    ] {
        let (found_encrypted, found_key) = told(&resources);
        assert_eq!((found_encrypted.as_deref(), found_key.as_deref()), (encrypted, held), "{case}");
    }
}
