//! Buckets of Google Cloud and containers of Azure. Numbers are rows of the table in domains.md section 5.

use super::*;

fn google(values: Value) -> Planning {
    planned("google_storage_bucket.b", "create", values)
}

fn grant(kind: &'static str, values: Value) -> Planning {
    planned(kind, "create", values).refers("bucket", "google_storage_bucket.b")
}

fn viewer(member: &str) -> Planning {
    grant("google_storage_bucket_iam_member", json!({"role": "roles/storage.objectViewer", "member": member}))
}

#[test]
fn a_google_bucket_is_public_through_iam_or_an_acl() {
    let enforced = || google(json!({"public_access_prevention": "enforced"}));
    let inherited = || google(json!({"public_access_prevention": "inherited"}));
    let policy = |members: Value| {
        json!({"bindings": [{"role": "roles/storage.admin", "members": members}]}).to_string()
    };
    let entries = |entry: &str| grant("google_storage_bucket_acl", json!({"role_entity": [entry]}));
    let table = vec![
        ("alone", vec![inherited()], json!(false)),
        ("row 8: everyone views", vec![inherited(), viewer("allUsers")], json!(true)),
        ("every account views", vec![google(json!({})), viewer("allAuthenticatedUsers")], json!(true)),
        (
            "someone with a public name views",
            vec![inherited(), viewer("user:public@example.org")],
            json!(false),
        ),
        ("row 8: everyone, prevented", vec![enforced(), viewer("allUsers")], json!(false)),
        (
            "a prevention that is computed",
            vec![google(json!({})).unknown(json!({"public_access_prevention": true})), viewer("allUsers")],
            json!(true),
        ),
        (
            "a prevention known after apply",
            vec![
                google(json!({}))
                    .unknown(json!({"public_access_prevention": true}))
                    .declares("public_access_prevention", json!({"references": ["var.p"]})),
                viewer("allUsers"),
            ],
            json!("unknown"),
        ),
        (
            "a prevention of the organisation",
            vec![
                inherited(),
                viewer("allUsers"),
                planned(
                    "google_org_policy_policy.p",
                    "create",
                    json!({"name": "projects/p/policies/storage.publicAccessPrevention"}),
                ),
            ],
            json!("unknown"),
        ),
        (
            "an object",
            vec![
                google(json!({"uniform_bucket_level_access": false})),
                grant(
                    "google_storage_object_access_control",
                    json!({"role": "READER", "entity": "allUsers", "object": "a"}),
                ),
            ],
            json!(true),
        ),
        (
            "an object, with ACLs off",
            vec![
                google(json!({"uniform_bucket_level_access": true})),
                grant("google_storage_object_acl", json!({"predefined_acl": "publicRead", "object": "a"})),
            ],
            json!(false),
        ),
        (
            "a folder",
            vec![
                inherited(),
                grant(
                    "google_storage_managed_folder_iam_member",
                    json!({"role": "roles/storage.objectViewer", "member": "allUsers"}),
                ),
            ],
            json!(true),
        ),
        (
            "a binding",
            vec![
                inherited(),
                grant(
                    "google_storage_bucket_iam_binding",
                    json!({"role": "roles/storage.objectAdmin", "members": ["user:a@example.org", "allUsers"]}),
                ),
            ],
            json!(true),
        ),
        (
            "a policy",
            vec![
                inherited(),
                grant(
                    "google_storage_bucket_iam_policy",
                    json!({"policy_data": policy(json!(["allUsers"]))}),
                ),
            ],
            json!(true),
        ),
        (
            "a policy for some",
            vec![
                inherited(),
                grant(
                    "google_storage_bucket_iam_policy",
                    json!({"policy_data": policy(json!(["user:a@example.org"]))}),
                ),
            ],
            json!(false),
        ),
        (
            "a policy known after apply",
            vec![
                inherited(),
                grant("google_storage_bucket_iam_policy", json!({}))
                    .unknown(json!({"policy_data": true}))
                    .declares("policy_data", json!({"references": ["data.google_iam_policy.p"]})),
            ],
            json!("unknown"),
        ),
        (
            "an ACL",
            vec![google(json!({"uniform_bucket_level_access": false})), entries("READER:allUsers")],
            json!(true),
        ),
        ("an ACL for some", vec![google(json!({})), entries("READER:user-a@example.org")], json!(false)),
        (
            "an ACL that is off",
            vec![google(json!({"uniform_bucket_level_access": true})), entries("READER:allUsers")],
            json!(false),
        ),
        (
            "a predefined ACL",
            vec![
                google(json!({})),
                grant("google_storage_bucket_acl", json!({"predefined_acl": "publicReadWrite"})),
            ],
            json!(true),
        ),
        (
            "one entity",
            vec![
                google(json!({})),
                grant(
                    "google_storage_bucket_access_control",
                    json!({"role": "READER", "entity": "allUsers"}),
                ),
            ],
            json!(true),
        ),
        (
            "a grant on some bucket",
            vec![
                inherited(),
                planned(
                    "google_storage_bucket_iam_member",
                    "create",
                    json!({"role": "x", "member": "allUsers"}),
                )
                .unknown(json!({"bucket": true})),
            ],
            json!("unknown"),
        ),
        (
            "a grant on some bucket, prevented",
            vec![
                enforced(),
                planned(
                    "google_storage_bucket_iam_member",
                    "create",
                    json!({"role": "x", "member": "allUsers"}),
                )
                .unknown(json!({"bucket": true})),
            ],
            json!(false),
        ),
    ];
    for (name, resources, public) in table {
        let found = bucket(&resources);
        assert_eq!(found["public"], public, "{name}: {found:#}");
        assert_eq!(found["provider"], "gcp");
        assert_eq!(!found["missing"].as_array().unwrap().is_empty(), public == json!("unknown"), "{name}");
    }
}

#[test]
fn a_role_tells_what_everyone_may_do() {
    let table = [
        ("roles/storage.objectViewer", "read"),
        ("roles/storage.legacyBucketReader", "read"),
        ("roles/storage.objectCreator", "write"),
        ("roles/storage.objectAdmin", "read-write"),
        ("projects/p/roles/own", "read-write"),
    ];
    for (role, access) in table {
        let member = grant("google_storage_bucket_iam_member", json!({"role": role, "member": "allUsers"}));
        let found = bucket(&[google(json!({})), member]);
        assert_eq!(found["public_through"][0]["access"], access, "{role}");
        assert_eq!(found["public_through"][0]["what"], "an IAM grant names `allUsers`");
    }
}

#[test]
fn a_google_bucket_with_a_default_key_has_the_customers() {
    let key = |bucket: Planning| super::bucket(&[bucket])["encryption"]["key"].clone();
    assert_eq!(key(google(json!({"encryption": []}))), "provider-managed");
    assert_eq!(key(google(json!({"encryption": [{"default_kms_key_name": "k"}]}))), "customer");
    let later = google(json!({"encryption": [{}]}))
        .unknown(json!({"encryption": [{"default_kms_key_name": true}]}))
        .declares(
            "encryption",
            json!([{"default_kms_key_name": {"references": ["google_kms_crypto_key.k"]}}]),
        );
    assert_eq!(key(later), "customer");
}

fn azure(account: Value, container: Value) -> Vec<Planning> {
    vec![
        planned("azurerm_storage_container.c", "create", container)
            .refers("storage_account_name", "azurerm_storage_account.a"),
        planned("azurerm_storage_account.a", "create", account),
    ]
}

#[test]
fn a_container_is_public_where_its_account_and_network_let_it() {
    let open = || json!({"container_access_type": "blob"});
    let rules = |action: &str| {
        planned("azurerm_storage_account_network_rules.r", "create", json!({"default_action": action}))
            .refers("storage_account_id", "azurerm_storage_account.a")
    };
    let with = |account: Value, more: Planning| {
        let mut all = azure(account, open());
        all.push(more);
        all
    };
    let table = vec![
        ("private by default", azure(json!({}), json!({})), json!(false)),
        ("private", azure(json!({}), json!({"container_access_type": "private"})), json!(false)),
        ("open", azure(json!({}), open()), json!(true)),
        ("the whole container", azure(json!({}), json!({"container_access_type": "container"})), json!(true)),
        (
            "row 9: an account that forbids it",
            azure(json!({"allow_nested_items_to_be_public": false}), open()),
            json!(false),
        ),
        ("an old account's default", azure(json!({"allow_blob_public_access": false}), open()), json!(false)),
        ("a private network", azure(json!({"public_network_access_enabled": false}), open()), json!(false)),
        (
            "rules that deny",
            azure(json!({"network_rules": [{"default_action": "Deny"}]}), open()),
            json!(false),
        ),
        ("rules beside that deny", with(json!({}), rules("Deny")), json!(false)),
        ("rules beside that allow", with(json!({}), rules("Allow")), json!(true)),
        ("an account elsewhere", azure(json!({}), open()).into_iter().take(1).collect(), json!("unknown")),
        (
            "private in an account elsewhere",
            azure(json!({}), json!({})).into_iter().take(1).collect(),
            json!(false),
        ),
    ];
    for (name, resources, public) in table {
        let found = bucket(&resources);
        assert_eq!(found["type"], "azurerm_storage_container");
        assert_eq!(found["public"], public, "{name}: {found:#}");
        assert_eq!(found["encryption"], Value::Null, "{name}");
    }
}

#[test]
fn a_container_is_classified_as_its_account() {
    let account = json!({"tags": {"data-classification": "public"}});
    let found = bucket(&azure(account, json!({"container_access_type": "blob"})));
    assert_eq!(found["classification"], "public");
    assert_eq!(bucket(&azure(json!({}), json!({})))["classification"], Value::Null);
}

#[test]
fn an_account_has_the_customers_key_where_one_is_named() {
    let key = |resources: Vec<Planning>| {
        let plan = plan(&resources);
        let subjects = subjects(Vocabulary::default(), 0, &plan);
        let account = subjects.iter().find(|subject| &*subject.kind == "azurerm_storage_account").unwrap();
        assert!(account.fact.get("public").is_none());
        json_of(account.fact.get("encryption").unwrap())["key"].clone()
    };
    assert_eq!(key(azure(json!({}), json!({}))), "provider-managed");
    assert_eq!(
        key(azure(json!({"customer_managed_key": [{"key_vault_key_id": "k"}]}), json!({}))),
        "customer"
    );
    let mut split = azure(json!({}), json!({}));
    split.push(
        planned("azurerm_storage_account_customer_managed_key.k", "create", json!({"key_name": "k"}))
            .refers("storage_account_id", "azurerm_storage_account.a"),
    );
    assert_eq!(key(split), "customer");
}
