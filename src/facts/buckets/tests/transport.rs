//! Whether only TLS is let in.

use super::{
    s3::{new, old},
    *,
};

fn statement(changes: &[(&str, Value)]) -> String {
    let mut statement = json!({
        "Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    });
    for (key, value) in changes {
        statement[*key] = value.clone();
    }
    json!({"Statement": [statement]}).to_string()
}

fn policy(text: &str) -> Planning {
    part("aws_s3_bucket_policy", "create", json!({"policy": text}))
}

#[test]
fn a_policy_refuses_plaintext_where_it_denies_everyone_over_the_bucket_and_its_objects() {
    let condition = |operator: &str, key: &str, value: Value| json!({operator: {key: value}});
    let table = [
        (vec![], true),
        (vec![("Principal", json!({"AWS": ["*"]}))], true),
        (vec![("Principal", json!({"AWS": "arn:aws:iam::123456789012:root"}))], false),
        (vec![("Principal", json!({"AWS": "arn:aws:iam::*:root"}))], false),
        (vec![("Principal", Value::Null), ("NotPrincipal", json!("*"))], false),
        (vec![("Effect", json!("Allow"))], false),
        (vec![("Action", json!("*"))], true),
        (vec![("Action", json!(["S3:Get*", "s3:Put*", "s3:List*"]))], true),
        (vec![("Action", json!("s3:PutObject"))], false),
        (vec![("Action", Value::Null), ("NotAction", json!("s3:DeleteBucket"))], true),
        (vec![("Action", Value::Null), ("NotAction", json!("s3:Get*"))], false),
        (vec![("Resource", json!("*"))], true),
        (vec![("Resource", json!("arn:aws:s3:::b*"))], true),
        (vec![("Resource", json!("arn:aws-cn:s3:::*"))], true),
        (vec![("Resource", json!("arn:aws:s3:::b/*"))], false),
        (vec![("Resource", json!("arn:aws:s3:::b"))], false),
        (vec![("Resource", json!(["arn:aws:s3:::b", "arn:aws:s3:::b/logs/*"]))], false),
        (vec![("Resource", json!(["arn:aws:s3:::c", "arn:aws:s3:::c/*"]))], false),
        (vec![("Condition", Value::Null)], true),
        (vec![("Condition", condition("bool", "AWS:SECURETRANSPORT", json!(false)))], true),
        (vec![("Condition", condition("Bool", "aws:SecureTransport", json!("true")))], false),
        (vec![("Condition", condition("Bool", "aws:SecureTransport", json!([])))], false),
        (vec![("Condition", condition("Null", "aws:SecureTransport", json!("false")))], false),
        (vec![("Condition", condition("Bool", "aws:ViaAWSService", json!("false")))], false),
        (
            vec![(
                "Condition",
                json!({"Bool": {"aws:SecureTransport": "false"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
            )],
            false,
        ),
    ];
    for (changes, expected) in table {
        let found = bucket(&[new(), policy(&statement(&changes))]);
        assert_eq!(found["secure_transport"], json!(expected), "{changes:?}");
    }
}

#[test]
fn two_statements_may_refuse_it_together() {
    let parts = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"].map(|resource| {
        let text = statement(&[("Resource", json!(resource))]);
        serde_json::from_str::<Value>(&text).unwrap()["Statement"][0].clone()
    });
    let found = bucket(&[new(), policy(&json!({"Statement": parts}).to_string())]);
    assert_eq!(found["secure_transport"], json!(true));
}

#[test]
fn without_a_policy_a_new_bucket_takes_plaintext_and_of_an_old_one_the_plan_decides() {
    let silent = || planned("aws_s3_bucket.b", "no-op", json!({"bucket": "b"}));
    let inline = |text: &str| planned("aws_s3_bucket.b", "no-op", json!({"bucket": "b", "policy": text}));
    let unknown = part("aws_s3_bucket_policy", "create", json!({})).unknown(json!({"policy": true}));
    let table = [
        ("new", vec![new()], json!(false), json!([])),
        ("old, and read as without a policy", vec![old()], json!(false), json!([])),
        ("old, and read with a policy", vec![inline(&statement(&[]))], json!(true), json!([])),
        ("old, and not read", vec![silent()], json!("unknown"), json!(["aws_s3_bucket.b.policy"])),
        ("a policy of its own", vec![silent(), policy(&statement(&[]))], json!(true), json!([])),
        (
            "a policy known after apply",
            vec![new(), unknown],
            json!("unknown"),
            json!(["aws_s3_bucket_policy.b.policy"]),
        ),
        (
            "no policy at all",
            vec![new(), policy("no JSON")],
            json!("unknown"),
            json!(["aws_s3_bucket_policy.b.policy"]),
        ),
    ];
    for (case, resources, expected, missing) in table {
        let found = bucket(&resources);
        assert_eq!(
            (&found["secure_transport"], &found["secure_transport_missing"]),
            (&expected, &missing),
            "{case}"
        );
    }
}

#[test]
fn a_policy_document_is_judged_as_far_as_it_is_known() {
    let document = |resources: Value, mask: Value| {
        let after = json!({"statement": [{
            "effect": "Deny", "actions": ["s3:*"], "resources": resources,
            "principals": [{"type": "*", "identifiers": ["*"]}],
            "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}],
        }]});
        planned("data.aws_iam_policy_document.d", "read", after)
            .unknown(json!({"json": true, "statement": [{"resources": mask}]}))
    };
    let policy = || {
        part("aws_s3_bucket_policy", "create", json!({})).unknown(json!({"policy": true})).declares(
            "policy",
            json!({"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}),
        )
    };
    let both = json!(["arn:aws:s3:::b", "arn:aws:s3:::b/*"]);
    for (resources, mask, expected) in [
        (both, json!([false, false]), json!(true)),
        (json!(["arn:aws:s3:::b/*"]), json!([false]), json!(false)),
        (Value::Null, json!(true), json!("unknown")),
    ] {
        let found = bucket(&[new(), policy(), document(resources, mask.clone())]);
        assert_eq!(found["secure_transport"], expected, "{mask}");
    }
}

#[test]
fn an_azure_account_takes_tls_only_unless_it_says_otherwise() {
    for (after, expected) in [
        (json!({}), true),
        (json!({"https_traffic_only_enabled": true}), true),
        (json!({"https_traffic_only_enabled": false}), false),
        (json!({"enable_https_traffic_only": false}), false),
        (json!({"enable_https_traffic_only": true}), true),
    ] {
        let found = bucket(&[planned("azurerm_storage_account.b", "create", after.clone())]);
        assert_eq!(found["secure_transport"], json!(expected), "{after}");
    }
    let found = bucket(&[planned("google_storage_bucket.b", "create", json!({}))]);
    assert_eq!(found["secure_transport"], Value::Null);
}
