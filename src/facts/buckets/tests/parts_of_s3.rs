//! What the parts of an S3 bucket say: grants, policies made of data sources, keys.

use super::{
    s3::{block, new, old, ownership},
    *,
};

#[test]
fn grants_of_an_acl_are_judged_by_their_groups() {
    let grant = |group: &str, permission: &str| json!({"grantee": [{"type": "Group", "uri": format!("http://acs.amazonaws.com/groups/{group}")}], "permission": permission});
    let table = [
        (vec![grant("global/AllUsers", "READ")], json!(true), "everyone", "read"),
        (vec![grant("global/AuthenticatedUsers", "WRITE")], json!(true), "every AWS account", "write"),
        (
            vec![grant("global/AuthenticatedUsers", "READ"), grant("global/AllUsers", "WRITE_ACP")],
            json!(true),
            "everyone",
            "read-write",
        ),
        (vec![grant("s3/LogDelivery", "WRITE")], json!(false), "", ""),
        (vec![], json!(false), "", ""),
    ];
    for (grants, public, audience, access) in table {
        let acl = part(
            "aws_s3_bucket_acl",
            "create",
            json!({"acl": null, "access_control_policy": [{"grant": grants}]}),
        );
        let found = bucket(&[new(), acl, ownership("ObjectWriter"), block("create", &[])]);
        assert_eq!(found["public"], public, "{grants:?}");
        assert_eq!(found["public_through"][0]["audience"].as_str().unwrap_or_default(), audience);
        assert_eq!(found["public_through"][0]["access"].as_str().unwrap_or_default(), access);
    }
    let unknown = part(
        "aws_s3_bucket_acl",
        "create",
        json!({"access_control_policy": [{"grant": [{"grantee": [{}]}]}]}),
    )
    .unknown(json!({"access_control_policy": [{"grant": [{"grantee": [{"uri": true}]}]}]}));
    let found = bucket(&[new(), unknown, ownership("ObjectWriter"), block("create", &[])]);
    assert_eq!(found["public"], "unknown");
    assert_eq!(
        found["missing"],
        json!(["aws_s3_bucket_acl.b.access_control_policy.0.grant.0.grantee.0.uri"])
    );
}

#[test]
fn a_policy_is_looked_up_where_it_is_made() {
    let reading = |after: Value, unknown: Value| {
        planned("data.aws_iam_policy_document.d", "read", after).unknown(unknown)
    };
    let statement = |who: &str| json!({"effect": null, "actions": ["s3:GetObject"], "principals": [{"type": "AWS", "identifiers": [who]}]});
    let arn = "arn:aws:iam::123456789012:root";
    let table = [
        ("everyone", json!({"statement": [statement("*")]}), json!({"json": true}), json!(true)),
        ("an account", json!({"statement": [statement(arn)]}), json!({"json": true}), json!(false)),
        (
            "resources known after apply",
            json!({"statement": [statement(arn)]}),
            json!({"json": true, "statement": [{"resources": [true]}]}),
            json!(false),
        ),
        (
            "a principal known after apply",
            json!({"statement": [{"principals": [{"type": "AWS", "identifiers": [null]}]}]}),
            json!({"json": true, "statement": [{"principals": [{"identifiers": [true]}]}]}),
            json!("unknown"),
        ),
        ("nothing but its name", json!({}), json!({"statement": true}), json!("unknown")),
        (
            "a document taken in",
            json!({"statement": [statement(arn)], "source_policy_documents": [EVERYONE]}),
            json!({"json": true}),
            json!(true),
        ),
        (
            "a document taken in that is known after apply",
            json!({"statement": [statement(arn)]}),
            json!({"json": true, "source_policy_documents": true}),
            json!("unknown"),
        ),
    ];
    for (name, after, unknown, public) in table {
        let policy = part("aws_s3_bucket_policy", "create", json!({}))
            .unknown(json!({"policy": true}))
            .declares("policy", json!({"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}));
        let found = bucket(&[new(), policy, reading(after, unknown), block("create", &[])]);
        assert_eq!(found["public"], public, "{name}");
    }
}

#[test]
fn a_policy_document_that_is_not_planned_is_read_from_the_configuration() {
    let constant = |value: Value| json!({"constant_value": value});
    let mut text: Value = json!({
        "format_version": "1.2",
        "resource_changes": [
            {"address": "aws_s3_bucket.b", "mode": "managed", "type": "aws_s3_bucket", "name": "b", "change": {"actions": ["create"], "after": {}}},
            {"address": "aws_s3_bucket_policy.b", "mode": "managed", "type": "aws_s3_bucket_policy", "name": "b", "change": {"actions": ["create"], "after": {}, "after_unknown": {"policy": true, "bucket": true}}},
            {"address": "aws_s3_bucket_public_access_block.b", "mode": "managed", "type": "aws_s3_bucket_public_access_block", "name": "b", "change": {"actions": ["create"], "after": {}, "after_unknown": {"bucket": true}}}],
        "configuration": {"root_module": {"resources": [
            {"mode": "managed", "type": "aws_s3_bucket_policy", "name": "b", "expressions": {
                "bucket": {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]},
                "policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}}},
            {"mode": "managed", "type": "aws_s3_bucket_public_access_block", "name": "b", "expressions": {
                "bucket": {"references": ["aws_s3_bucket.b.id", "aws_s3_bucket.b"]}}},
            {"mode": "data", "type": "aws_iam_policy_document", "name": "d", "expressions": {"statement": [{
                "resources": {"references": ["aws_s3_bucket.b.arn"]},
                "principals": [{"type": constant(json!("*")), "identifiers": constant(json!(["*"]))}]}]}}]}},
    });
    let public = |text: &Value| {
        let plan = Plan::parse(SourceId(0), &text.to_string().into()).unwrap();
        json_of(subjects(Vocabulary::default(), 0, &plan)[0].fact.get("public").unwrap())
    };
    assert_eq!(public(&text), json!(true));
    let document = &mut text["configuration"]["root_module"]["resources"][2]["expressions"];
    document["statement"][0]["principals"][0]["identifiers"] = json!({"references": ["var.who"]});
    assert_eq!(public(&text), json!("unknown"));
}

#[test]
fn keys_are_told_apart() {
    let rule = |rule: Value| json!({"rule": [{"apply_server_side_encryption_by_default": [rule]}]});
    let kind = "aws_s3_bucket_server_side_encryption_configuration";
    let split = |values: Value| part(kind, "create", rule(values));
    let key_unknown = || rule(json!({"kms_master_key_id": true}));
    let referring = |to: &str| {
        split(json!({"sse_algorithm": "aws:kms"})).unknown(key_unknown()).declares(
            "rule",
            json!([{"apply_server_side_encryption_by_default": [{"kms_master_key_id": {"references": [format!("{to}.arn"), to]}}]}]),
        )
    };
    let inline = |values: Value| {
        planned("aws_s3_bucket.b", "no-op", json!({"server_side_encryption_configuration": [rule(values)]}))
    };
    let alias = |name: &str| planned("data.aws_kms_alias.k", "read", json!({"name": name}));
    let table = [
        ("row 1: a new bucket", vec![new()], "sse-s3", "none"),
        ("S3's own", vec![new(), split(json!({"sse_algorithm": "AES256"}))], "sse-s3", "none"),
        ("AWS's key", vec![new(), split(json!({"sse_algorithm": "aws:kms"}))], "sse-kms", "aws-managed"),
        (
            "AWS's key by its alias",
            vec![new(), split(json!({"sse_algorithm": "aws:kms", "kms_master_key_id": "alias/aws/s3"}))],
            "sse-kms",
            "aws-managed",
        ),
        (
            "a key by ARN",
            vec![
                new(),
                split(
                    json!({"sse_algorithm": "aws:kms:dsse", "kms_master_key_id": "arn:aws:kms:eu-west-1:123456789012:key/1"}),
                ),
            ],
            "dsse-kms",
            "customer",
        ),
        (
            "a new key",
            vec![new(), referring("aws_kms_key.k"), planned("aws_kms_key.k", "create", json!({}))],
            "sse-kms",
            "customer",
        ),
        (
            "a key of AWS read later",
            vec![new(), referring("data.aws_kms_alias.k"), alias("alias/aws/s3")],
            "sse-kms",
            "aws-managed",
        ),
        (
            "a key read later",
            vec![new(), referring("data.aws_kms_alias.k"), alias("alias/mine")],
            "sse-kms",
            "customer",
        ),
        ("a key known after apply", vec![new(), referring("local.key")], "sse-kms", "unknown"),
        (
            "an algorithm known after apply",
            vec![new(), part(kind, "create", json!({})).unknown(json!({"rule": true}))],
            "unknown",
            "unknown",
        ),
        (
            "inline",
            vec![inline(json!({"sse_algorithm": "aws:kms", "kms_master_key_id": "k"}))],
            "sse-kms",
            "customer",
        ),
        (
            "inline, none",
            vec![planned("aws_s3_bucket.b", "no-op", json!({"server_side_encryption_configuration": []}))],
            "sse-s3",
            "none",
        ),
        ("an old bucket whose plan says nothing", vec![old()], "unknown", "unknown"),
        (
            "a configuration of some bucket",
            vec![new(), planned(kind, "create", rule(json!({}))).unknown(json!({"bucket": true}))],
            "unknown",
            "unknown",
        ),
    ];
    for (name, resources, algorithm, key) in table {
        let found = &bucket(&resources)["encryption"];
        assert_eq!((&found["algorithm"], &found["key"]), (&json!(algorithm), &json!(key)), "{name}");
        assert_eq!(found["missing"].is_string(), key == "unknown", "{name}");
    }
}
