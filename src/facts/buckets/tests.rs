//! The rows of what makes a bucket public.

use std::sync::Arc;

use super::*;
use crate::{facts::Value, source::SourceId};

const EVERYONE: &str =
    r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}"#;

/// A plan with one bucket and the given parts: type, values, unknown.
fn plan(actions: &str, bucket: &str, parts: &[(&str, &str, &str)]) -> Plan {
    let resource = |kind: &str, values: &str, unknown: &str, actions: &str| {
        format!(
            r#"{{"address":"{kind}.b","mode":"managed","type":"{kind}","name":"b","change":{{"actions":["{actions}"],"after":{values},"after_unknown":{unknown}}}}}"#
        )
    };
    let mut resources =
        vec![resource("aws_s3_bucket", bucket, r#"{"id":true,"policy":true,"acl":true}"#, actions)];
    resources.extend(parts.iter().map(|(kind, values, unknown)| resource(kind, values, unknown, "create")));
    let references = parts.iter().map(|(kind, _, _)| {
        format!(r#"{{"mode":"managed","type":"{kind}","name":"b","expressions":{{"bucket":{{"references":["aws_s3_bucket.b.id","aws_s3_bucket.b"]}}}}}}"#)
    });
    let references: Vec<String> = references.collect();
    let text: Arc<str> = format!(
        r#"{{"format_version":"1.2","resource_changes":[{}],"configuration":{{"root_module":{{"resources":[{}]}}}}}}"#,
        resources.join(","),
        references.join(",")
    )
    .into();
    Plan::parse(SourceId(0), &text).unwrap()
}

fn field(subject: &Subject, name: &str) -> String {
    match &subject.fact.get(name).unwrap().value {
        Value::Bool(value) => value.to_string(),
        Value::String(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}

#[test]
fn public_is_what_aws_makes_of_policy_acl_blocks_and_ownership() {
    let policy = format!(r#"{{"policy":{}}}"#, serde_json::to_string(EVERYONE).unwrap());
    let policy = policy.as_str();
    let open = r#"{"block_public_acls":false,"block_public_policy":true,"ignore_public_acls":false,"restrict_public_buckets":false}"#;
    let (acl, writer) = (r#"{"acl":"public-read"}"#, r#"{"rule":[{"object_ownership":"ObjectWriter"}]}"#);
    let block = "aws_s3_bucket_public_access_block";
    for (name, actions, parts, public, intended) in [
        ("a new bucket alone", "create", vec![], "false", "false"),
        (
            "a public ACL that a new bucket refuses",
            "create",
            vec![("aws_s3_bucket_acl", acl, "{}")],
            "false",
            "true",
        ),
        (
            "a public ACL with ACLs on and no block",
            "create",
            vec![
                ("aws_s3_bucket_acl", acl, "{}"),
                ("aws_s3_bucket_ownership_controls", writer, "{}"),
                (block, open, "{}"),
            ],
            "true",
            "true",
        ),
        (
            "a public policy that is not restricted",
            "no-op",
            vec![("aws_s3_bucket_policy", policy, "{}"), (block, open, "{}")],
            "true",
            "true",
        ),
        (
            "blocks whose arguments default to false",
            "create",
            vec![("aws_s3_bucket_policy", policy, "{}"), (block, "{}", "{}")],
            "true",
            "true",
        ),
        (
            "a public policy behind the defaults",
            "create",
            vec![("aws_s3_bucket_policy", policy, "{}")],
            "false",
            "true",
        ),
        (
            "a public policy on an old bucket",
            "no-op",
            vec![("aws_s3_bucket_policy", policy, "{}")],
            "unknown",
            "true",
        ),
        (
            "a policy known after apply",
            "create",
            vec![("aws_s3_bucket_policy", "{}", r#"{"policy":true}"#), (block, open, "{}")],
            "unknown",
            "unknown",
        ),
        (
            "a block known after apply",
            "create",
            vec![
                ("aws_s3_bucket_policy", policy, "{}"),
                (block, "{}", r#"{"restrict_public_buckets":true}"#),
            ],
            "unknown",
            "true",
        ),
    ] {
        let plan = plan(actions, r#"{"bucket":"b"}"#, &parts);
        let subjects = subjects(0, &plan);
        assert_eq!(subjects.len(), 1, "{name}");
        assert_eq!(field(&subjects[0], "public"), public, "{name}");
        assert_eq!(field(&subjects[0], "intended_public"), intended, "{name}");
    }
}

#[test]
fn the_deciding_value_is_the_origin() {
    let open = r#"{"restrict_public_buckets":false}"#;
    let policy = format!(r#"{{"policy":{}}}"#, serde_json::to_string(EVERYONE).unwrap());
    let plan = plan(
        "create",
        r#"{"bucket":"b"}"#,
        &[("aws_s3_bucket_policy", &policy, "{}"), ("aws_s3_bucket_public_access_block", open, "{}")],
    );
    let subject = subjects(0, &plan).remove(0);
    let (origin, exists) = subject.fact.locate(&[Step::from("public_through"), Step::from(0)]);
    let Some(Origin::Planned { resource, path, .. }) = origin else { panic!("{origin:?}") };
    assert!(exists);
    assert_eq!(
        (&*plan.resources[*resource as usize].address, path.to_string().as_str()),
        ("aws_s3_bucket_policy.b", "policy")
    );
}

#[test]
fn keys_are_told_apart() {
    let kms = |key: &str| {
        format!(
            r#"{{"rule":[{{"apply_server_side_encryption_by_default":[{{"sse_algorithm":"aws:kms"{key}}}]}}]}}"#
        )
    };
    let (customer, managed) = (kms(r#","kms_master_key_id":"arn:aws:kms:eu-west-1:1:key/a""#), kms(""));
    let kind = "aws_s3_bucket_server_side_encryption_configuration";
    let unknown = r#"{"rule":[{"apply_server_side_encryption_by_default":[{"kms_master_key_id":true}]}]}"#;
    for (name, parts, key) in [
        ("the default of new buckets", vec![], "none"),
        ("a key of the customer", vec![(kind, customer.as_str(), "{}")], "customer"),
        ("the key of AWS", vec![(kind, managed.as_str(), "{}")], "aws-managed"),
        ("a key known after apply", vec![(kind, managed.as_str(), unknown)], "unknown"),
    ] {
        let plan = plan("create", r#"{"bucket":"b"}"#, &parts);
        let subject = subjects(0, &plan).remove(0);
        let Some(found) = subject.fact.get("encryption").and_then(|encryption| encryption.get("key")) else {
            panic!("{name}")
        };
        assert_eq!(found.value, Value::String(key.into()), "{name}");
    }
}
