//! What makes an S3 bucket public: rows of settings. Numbers are rows of the table in domains.md section 5.

use proptest::prelude::*;

use super::*;
use crate::facts::Origin;

pub(super) fn new() -> Planning {
    // What a provider of version 4 or later computes, it lists as unknown.
    planned("aws_s3_bucket.b", "create", json!({"bucket": "b"})).unknown(
        json!({"id": true, "policy": true, "acl": true, "grant": true, "server_side_encryption_configuration": true}),
    )
}

/// A bucket as a refresh found it.
pub(super) fn old() -> Planning {
    let grant = json!([{"type": "CanonicalUser", "uri": "", "permissions": ["FULL_CONTROL"]}]);
    planned("aws_s3_bucket.b", "no-op", json!({"bucket": "b", "acl": null, "grant": grant, "policy": ""}))
}

const BLOCK: &str = "aws_s3_bucket_public_access_block";
const OWNERSHIP: &str = "aws_s3_bucket_ownership_controls";

pub(super) fn block(actions: &'static str, on: &[&str]) -> Planning {
    let settings =
        ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
    let after: Value = settings.iter().map(|name| ((*name).to_owned(), json!(on.contains(name)))).collect();
    part(BLOCK, actions, after)
}

pub(super) fn policy(actions: &'static str) -> Planning {
    part("aws_s3_bucket_policy", actions, json!({"policy": EVERYONE}))
}

pub(super) fn acl(actions: &'static str, acl: &str) -> Planning {
    part("aws_s3_bucket_acl", actions, json!({"acl": acl})).unknown(json!({"access_control_policy": true}))
}

pub(super) fn ownership(value: &str) -> Planning {
    part(OWNERSHIP, "create", json!({"rule": [{"object_ownership": value}]}))
}

fn object(acl: &str) -> Planning {
    part("aws_s3_object", "create", json!({"key": "index.html", "acl": acl}))
}

#[test]
fn public_is_what_is_granted_and_not_blocked() {
    let all = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
    let text = |policy: &str| json!({"policy": policy});
    let everyone = || planned("aws_s3_bucket.b", "create", text(EVERYONE)).declares("policy", json!({}));
    let table: Vec<(&str, Vec<Planning>, Value, Value)> = vec![
        ("row 1: a new bucket alone", vec![new()], json!(false), json!(false)),
        ("an old bucket alone", vec![old()], json!(false), json!(false)),
        (
            "row 2: a public ACL that a new bucket refuses",
            vec![new(), acl("create", "public-read")],
            json!(false),
            json!(true),
        ),
        (
            "row 3: a public ACL with ACLs on and nothing blocked",
            vec![new(), acl("create", "public-read"), ownership("ObjectWriter"), block("create", &[])],
            json!(true),
            json!(true),
        ),
        (
            "a public ACL of an object",
            vec![new(), object("public-read"), ownership("ObjectWriter"), block("create", &[])],
            json!(true),
            json!(true),
        ),
        (
            "a private object",
            vec![new(), object("private"), ownership("ObjectWriter"), block("create", &[])],
            json!(false),
            json!(false),
        ),
        (
            "a public ACL of an object that a new bucket refuses",
            vec![new(), object("public-read")],
            json!(false),
            json!(true),
        ),
        (
            "a public ACL with ACLs off",
            vec![new(), acl("create", "public-read"), ownership("BucketOwnerEnforced"), block("create", &[])],
            json!(false),
            json!(true),
        ),
        (
            "a public ACL that is ignored",
            vec![
                new(),
                acl("create", "public-read"),
                ownership("ObjectWriter"),
                block("create", &["ignore_public_acls"]),
            ],
            json!(false),
            json!(true),
        ),
        (
            "a public ACL that is refused",
            vec![
                new(),
                acl("create", "public-read"),
                ownership("ObjectWriter"),
                block("create", &["block_public_acls"]),
            ],
            json!(false),
            json!(true),
        ),
        (
            "an old public ACL that would be refused today",
            vec![
                old(),
                acl("no-op", "public-read-write"),
                ownership("ObjectWriter"),
                block("create", &["block_public_acls"]),
            ],
            json!(true),
            json!(true),
        ),
        (
            "row 4: an old public policy that would be refused today",
            vec![old(), policy("no-op"), block("no-op", &["block_public_policy"])],
            json!(true),
            json!(true),
        ),
        (
            "a new public policy that is refused",
            vec![old(), policy("create"), block("no-op", &["block_public_policy"])],
            json!(false),
            json!(true),
        ),
        ("a public policy behind the defaults", vec![new(), policy("create")], json!(false), json!(true)),
        (
            "a public policy behind all blocks",
            vec![old(), policy("no-op"), block("no-op", &all)],
            json!(false),
            json!(true),
        ),
        (
            "a public policy, and blocks unheard of",
            vec![old(), policy("no-op")],
            json!("unknown"),
            json!(true),
        ),
        (
            "blocks left out are off",
            vec![new(), policy("create"), part(BLOCK, "create", json!({}))],
            json!(true),
            json!(true),
        ),
        (
            "a replaced bucket is new",
            vec![planned("aws_s3_bucket.b", "delete create", json!({})), policy("create")],
            json!(false),
            json!(true),
        ),
        (
            "a block known after apply",
            vec![
                new(),
                policy("create"),
                part(BLOCK, "create", json!({})).unknown(json!({"restrict_public_buckets": true})),
            ],
            json!("unknown"),
            json!(true),
        ),
        (
            "a block known after apply of a private bucket",
            vec![new(), part(BLOCK, "create", json!({})).unknown(json!({"restrict_public_buckets": true}))],
            json!(false),
            json!(false),
        ),
        (
            "a policy known after apply",
            vec![
                new(),
                part("aws_s3_bucket_policy", "create", json!({})).unknown(json!({"policy": true})),
                block("create", &[]),
            ],
            json!("unknown"),
            json!("unknown"),
        ),
        (
            "a policy known after apply behind a block",
            vec![
                new(),
                part("aws_s3_bucket_policy", "create", json!({})).unknown(json!({"policy": true})),
                block("create", &["restrict_public_buckets"]),
            ],
            json!(false),
            json!("unknown"),
        ),
        (
            "a policy that is none",
            vec![new(), part("aws_s3_bucket_policy", "create", json!({"policy": "x"})), block("create", &[])],
            json!("unknown"),
            json!("unknown"),
        ),
        (
            "an old bucket whose plan says nothing",
            vec![planned("aws_s3_bucket.b", "no-op", json!({}))],
            json!("unknown"),
            json!("unknown"),
        ),
        (
            "an inline policy of an old bucket",
            vec![
                planned("aws_s3_bucket.b", "no-op", text(EVERYONE)),
                block("no-op", &["block_public_policy"]),
            ],
            json!(true),
            json!(true),
        ),
        (
            "an inline policy of a new bucket",
            vec![everyone(), block("create", &["block_public_policy"])],
            json!(false),
            json!(true),
        ),
        (
            "an inline policy known after apply",
            vec![
                planned("aws_s3_bucket.b", "create", json!({}))
                    .unknown(json!({"policy": true}))
                    .declares("policy", json!({"references": ["local.policy"]})),
                block("create", &[]),
            ],
            json!("unknown"),
            json!("unknown"),
        ),
        (
            "an inline ACL of a new bucket",
            vec![planned("aws_s3_bucket.b", "create", json!({"acl": "public-read", "grant": []}))],
            json!(false),
            json!(true),
        ),
        (
            "an account that restricts all its buckets",
            vec![
                old(),
                policy("no-op"),
                block("no-op", &[]),
                planned(
                    "aws_s3_account_public_access_block",
                    "no-op",
                    json!({"restrict_public_buckets": true}),
                ),
            ],
            json!(false),
            json!(true),
        ),
        (
            "a bucket that is deleted with its parts",
            vec![
                new(),
                planned("aws_s3_bucket_policy.gone", "delete", json!({"policy": EVERYONE, "bucket": "b"})),
                block("create", &[]),
            ],
            json!(false),
            json!(false),
        ),
    ];
    for (name, resources, public, intended) in table {
        let found = bucket(&resources);
        assert_eq!(found["public"], public, "{name}: {found:#}");
        assert_eq!(found["intended_public"], intended, "{name}: {found:#}");
        let open = found["public_through"].as_array().unwrap().len();
        assert_eq!(open > 0, public == json!(true), "{name}");
        assert_eq!(
            !found["missing"].as_array().unwrap().is_empty(),
            public == json!("unknown"),
            "{name}: {found:#}"
        );
    }
}

#[test]
fn a_way_says_what_it_is_and_what_blocks_it() {
    let found = bucket(&[new(), policy("create"), acl("create", "authenticated-read"), block("create", &[])]);
    assert_eq!(
        found["public_through"],
        json!([{"kind": "policy", "resource": "aws_s3_bucket_policy.b", "what": "its policy allows Principal \"*\"",
            "audience": "everyone", "access": "read", "blocked_by": null}])
    );
    assert_eq!(
        found["blocked_through"],
        json!([{"kind": "acl", "resource": "aws_s3_bucket_acl.b", "what": "its ACL is `authenticated-read`",
            "audience": "every AWS account", "access": "read", "blocked_by": "object_ownership"}])
    );
}

#[test]
fn a_part_belongs_to_the_bucket_that_it_names() {
    let named = |kind: &'static str, bucket: &str, after: Value| {
        let mut after = after;
        after["bucket"] = json!(bucket);
        planned(kind, "create", after)
    };
    let two = || planned("aws_s3_bucket.other", "create", json!({"bucket": "other"}));
    let open = |bucket: &str| named(BLOCK, bucket, json!({}));
    let table = [
        (
            "by name",
            vec![new(), two(), named("aws_s3_bucket_policy", "b", json!({"policy": EVERYONE})), open("b")],
            json!(true),
        ),
        (
            "by another's name",
            vec![
                new(),
                two(),
                named("aws_s3_bucket_policy", "other", json!({"policy": EVERYONE})),
                open("other"),
            ],
            json!(false),
        ),
        (
            "by a name that nobody has",
            vec![new(), two(), named("aws_s3_bucket_policy", "x", json!({"policy": EVERYONE})), open("b")],
            json!(false),
        ),
        (
            "by another part",
            vec![
                new(),
                two(),
                policy("create"),
                planned(BLOCK, "create", json!({})).refers("bucket", "aws_s3_bucket_policy.b"),
            ],
            json!(true),
        ),
        (
            "by nothing that can be told",
            vec![
                new(),
                two(),
                planned("aws_s3_bucket_policy", "create", json!({"policy": EVERYONE}))
                    .unknown(json!({"bucket": true})),
                open("b"),
            ],
            json!("unknown"),
        ),
        (
            "by nothing that can be told, saying nothing new",
            vec![
                new(),
                two(),
                planned("aws_s3_bucket_policy", "create", json!({"policy": "{\"Statement\":[]}"}))
                    .unknown(json!({"bucket": true})),
                open("b"),
            ],
            json!(false),
        ),
    ];
    for (name, resources, public) in table {
        let found = bucket(&resources);
        assert_eq!(found["public"], public, "{name}: {found:#}");
    }
}

#[test]
fn the_origin_of_a_way_is_what_grants_it() {
    let plan = plan(&[new(), policy("create"), block("create", &[])]);
    let subject = subjects(Vocabulary::default(), 0, &plan).remove(0);
    let at = |path: &[Step]| {
        let (Some(Origin::Planned { resource, path, .. }), true) = subject.fact.locate(path) else {
            panic!("{path:?}")
        };
        format!("{} {path}", plan.resource(*resource).unwrap().address)
    };
    assert_eq!(at(&["public_through".into(), 0.into()]), "aws_s3_bucket_policy.b policy");
    assert_eq!(
        at(&["restrict_public_buckets".into()]),
        "aws_s3_bucket_public_access_block.b restrict_public_buckets"
    );
    assert_eq!(
        at(&["encryption".into(), "algorithm".into()]),
        "aws_s3_bucket.b server_side_encryption_configuration.sse_algorithm"
    );
    assert_eq!(at(&[]), "aws_s3_bucket.b ");
}

#[test]
fn omitted_arguments_of_a_public_access_block_are_told() {
    let part = part(BLOCK, "create", json!({"block_public_acls": true}))
        .declares("block_public_acls", json!({"constant_value": true}));
    let found = bucket(&[new(), part]);
    assert_eq!(
        found["public_access_block"],
        json!({"resource": "aws_s3_bucket_public_access_block.b", "omitted": ["block_public_policy", "ignore_public_acls", "restrict_public_buckets"]})
    );
    assert_eq!(bucket(&[new()])["public_access_block"], Value::Null);
}

#[test]
fn a_sensitive_name_is_not_told_and_a_declared_level_is() {
    let text = json!({"format_version": "1.2", "resource_changes": [{"address": "aws_s3_bucket.b", "mode": "managed",
        "type": "aws_s3_bucket", "name": "b", "change": {"actions": ["create"],
        "after": {"bucket": "s3cret", "tags": {"Data.Classification": "no level", "data-classification": "Public"}}, "after_sensitive": {"bucket": true}}}]});
    let plan = Plan::parse(SourceId(0), &text.to_string().into()).unwrap();
    let found = json_of(&subjects(Vocabulary::default(), 0, &plan)[0].fact);
    assert_eq!(found["name"], "unknown");
    assert_eq!(found["classification"], "public");
    assert!(!found.to_string().contains("s3cret"));
}

proptest! {
    #[test]
    fn a_mutated_plan_makes_no_fact_panic(at in 0_usize..4000, with in "[\\{\\}\\[\\],\":*a0]{0,3}", cut in 0_usize..6) {
        let mut text = text(&[new(), policy("create"), acl("no-op", "public-read"), ownership("ObjectWriter"), block("create", &[])]);
        let start = at % text.len();
        let end = (start + cut).min(text.len());
        text.replace_range(start..end, &with);
        if let Ok(plan) = Plan::parse(SourceId(0), &text.as_str().into()) {
            for subject in subjects(Vocabulary::default(), 0, &plan) {
                prop_assert!(plan.position(&subject.resource).is_some());
            }
        }
    }
}
