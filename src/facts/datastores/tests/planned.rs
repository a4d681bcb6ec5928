//! What plans say of servers: encryption at rest (domains.md W10, and row 10 of section 5), and what they hold.

mod encryption;
mod groups;
mod rights;

use serde_json::{Value as Json, json};

use super::super::*;
use crate::{
    document::Step,
    estate::Estate,
    facts::{Fact, Set, Value},
    resource::terraform::Plan,
    source::{Source, SourceId, Sources, Status},
};

/// Type, action, values, what is unknown of them, and what the block says.
type Planned<'p> = (&'p str, &'p str, Json, Json, Json);

/// A plan of one resource `x`.
fn estate(kind: &str, action: &str, after: &Json, unknown: &Json, written: &Json) -> Estate {
    estate_of(&[(kind, action, after.clone(), unknown.clone(), written.clone())])
}

/// A plan of resources that are all called `x`.
fn estate_of(resources: &[Planned<'_>]) -> Estate {
    let changes = resources.iter().map(|(kind, action, after, unknown, _)| {
        json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x",
            "change": {"actions": [action], "after": after, "after_unknown": unknown}})
    });
    let blocks = resources.iter().map(|(kind, .., written)| {
        json!({"address": format!("{kind}.x"), "mode": "managed", "type": kind, "name": "x",
            "expressions": written})
    });
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": {"root_module": {"resources": blocks.collect::<Vec<_>>()}},
    });
    let text = plan.to_string();
    let sources = Sources::new(vec![Source::new("tfplan.json", text.as_str(), None, Status::Read)]);
    let plan = Plan::parse(SourceId(0), &text.as_str().into()).expect("a plan");
    Estate::new(sources, Vec::new(), vec![plan], "shop")
}

#[test]
fn a_public_instance_opens_its_cluster() {
    let cluster = json!({"engine": "aurora-postgresql", "vpc_security_group_ids": []});
    let groups = json!({"vpc_security_group_ids": {"references": ["aws_security_group.x.id", "aws_security_group.x"]}});
    let open = json!({"ingress": [{"from_port": 5432, "to_port": 5432, "protocol": "tcp", "cidr_blocks": ["0.0.0.0/0"], "ipv6_cidr_blocks": [], "security_groups": [], "self": false}]});
    let of = |name: &str| json!({"cluster_identifier": {"references": [format!("{name}.x.id"), format!("{name}.x")]}});
    for (case, public, cluster_of, expected) in [
        ("public", true, "aws_rds_cluster", 1),
        ("private", false, "aws_rds_cluster", 0),
        ("of another cluster", true, "aws_docdb_cluster", 0),
    ] {
        let estate = estate_of(&[
            (
                "aws_rds_cluster",
                "create",
                cluster.clone(),
                json!({"vpc_security_group_ids": true}),
                groups.clone(),
            ),
            ("aws_security_group", "create", open.clone(), json!({}), json!({})),
            (
                "aws_rds_cluster_instance",
                "create",
                json!({"publicly_accessible": public}),
                json!({}),
                of(cluster_of),
            ),
        ]);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [found] = subjects.as_slice() else { panic!("{case}: {} servers", subjects.len()) };
        let Value::Array(exposures) = field(&found.fact, &["exposures"]) else { panic!("{case}") };
        assert_eq!(exposures.len(), expected, "{case}");
    }
}

#[test]
fn a_cache_asks_for_a_credential_where_its_provider_is_told_to() {
    let none = || json!({});
    let group = "aws_elasticache_replication_group";
    let unknown = || Value::String("unknown".into());
    for (kind, action, after, mask, written, expected) in [
        (group, "create", none(), json!({"auth_token": true}), none(), Value::Bool(false)),
        (
            group,
            "create",
            none(),
            json!({"auth_token": true}),
            json!({"auth_token": {"references": ["var.token"]}}),
            Value::Bool(true),
        ),
        (group, "create", json!({"user_group_ids": ["users"]}), none(), none(), Value::Bool(true)),
        ("aws_elasticache_cluster", "create", json!({"engine": "redis"}), none(), none(), Value::Bool(false)),
        (
            "aws_elasticache_cluster",
            "create",
            json!({"engine": "redis", "replication_group_id": "sessions"}),
            none(),
            none(),
            Value::Null,
        ),
        ("aws_elasticache_cluster", "create", json!({"engine": "memcached"}), none(), none(), Value::Null),
        (
            "aws_memorydb_cluster",
            "create",
            json!({"acl_name": "open-access"}),
            none(),
            none(),
            Value::Bool(false),
        ),
        ("aws_memorydb_cluster", "create", json!({"acl_name": "shop"}), none(), none(), Value::Bool(true)),
        ("google_redis_instance", "create", none(), none(), none(), Value::Bool(false)),
        ("google_redis_instance", "create", json!({"auth_enabled": true}), none(), none(), Value::Bool(true)),
        (
            "google_redis_instance",
            "create",
            none(),
            json!({"auth_enabled": true}),
            json!({"auth_enabled": {"references": ["var.auth"]}}),
            unknown(),
        ),
        (
            "google_redis_cluster",
            "create",
            none(),
            json!({"authorization_mode": true}),
            none(),
            Value::Bool(false),
        ),
        (
            "google_redis_cluster",
            "create",
            json!({"authorization_mode": "AUTH_MODE_DISABLED"}),
            none(),
            none(),
            Value::Bool(false),
        ),
        (
            "google_memorystore_instance",
            "create",
            json!({"authorization_mode": "IAM_AUTH"}),
            none(),
            none(),
            Value::Bool(true),
        ),
        (
            "google_memorystore_instance",
            "create",
            none(),
            json!({"authorization_mode": true}),
            json!({"authorization_mode": {"references": ["var.mode"]}}),
            unknown(),
        ),
        (
            "aws_elasticache_serverless_cache",
            "create",
            json!({"engine": "valkey"}),
            none(),
            none(),
            Value::Bool(false),
        ),
        (
            "aws_elasticache_serverless_cache",
            "create",
            json!({"engine": "redis", "user_group_id": "users"}),
            none(),
            none(),
            Value::Bool(true),
        ),
        (
            "aws_elasticache_serverless_cache",
            "create",
            json!({"engine": "memcached"}),
            none(),
            none(),
            Value::Null,
        ),
        (
            group,
            "create",
            none(),
            json!({"global_replication_group_id": true}),
            json!({"global_replication_group_id": {"references": ["var.global"]}}),
            unknown(),
        ),
        ("azurerm_redis_cache", "create", none(), none(), none(), Value::Bool(true)),
        (
            "azurerm_redis_cache",
            "create",
            json!({"redis_configuration": [{"authentication_enabled": false}]}),
            none(),
            none(),
            Value::Bool(false),
        ),
        ("aws_db_instance", "create", json!({"engine": "postgres"}), none(), none(), Value::Null),
    ] {
        let estate = estate(kind, action, &after, &mask, &written);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [found] = subjects.as_slice() else { panic!("{kind}: {} servers", subjects.len()) };
        assert_eq!(field(&found.fact, &["authentication"]), expected, "{kind} {after}");
    }
}

#[test]
fn firewalls_of_azure_say_who_comes_in_from_outside() {
    let server = |more: &Json| {
        let mut after = json!({"name": "orders"});
        for (key, value) in more.as_object().into_iter().flatten() {
            after[key] = value.clone();
        }
        after
    };
    let open = json!({});
    for (case, more, first, last, range) in [
        ("everybody", &open, json!("0.0.0.0"), json!("255.255.255.255"), Some("0.0.0.0/0")),
        ("all of Azure", &open, json!("0.0.0.0"), json!("0.0.0.0"), Some("0.0.0.0/32")),
        ("an office", &open, json!("198.51.100.7"), json!("198.51.100.7"), Some("198.51.100.7/32")),
        ("a range", &open, json!("10.1.0.0"), json!("10.1.3.255"), Some("10.1.0.0/22")),
        ("not known", &open, Json::Null, Json::Null, Some("unknown")),
        (
            "a private server",
            &json!({"public_network_access_enabled": false}),
            json!("0.0.0.0"),
            json!("255.255.255.255"),
            None,
        ),
    ] {
        let (kind, rule) =
            ("azurerm_postgresql_flexible_server", "azurerm_postgresql_flexible_server_firewall_rule");
        let refers = json!({"server_id": {"references": [format!("{kind}.x.id"), format!("{kind}.x")]}});
        let estate = estate_of(&[
            (kind, "create", server(more), json!({}), json!({})),
            (rule, "create", json!({"start_ip_address": first, "end_ip_address": last}), json!({}), refers),
        ]);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [found] = subjects.as_slice() else { panic!("{case}: {} servers", subjects.len()) };
        let Value::Array(exposures) = field(&found.fact, &["exposures"]) else { panic!("{case}") };
        let ranges: Vec<Value> = exposures.iter().map(|one| field(one, &["source_ranges"])).collect();
        let expected = range.map(|range| Value::Array(vec![Fact::from(range)]));
        assert_eq!(ranges, expected.into_iter().collect::<Vec<_>>(), "{case}");
    }
}

fn field(fact: &Fact, path: &[&str]) -> Value {
    let found = path.iter().try_fold(fact, |fact, key| fact.get(key));
    found.map_or_else(|| panic!("{path:?} is not there"), |fact| fact.value.clone())
}

#[test]
fn encryption_at_rest_is_what_is_written_else_what_the_provider_does() {
    let unknown = || Value::String("unknown".into());
    let nothing = json!({});
    let reference = json!({"references": ["var.e"]});
    for (case, kind, action, after, mask, written, expected) in [
        (
            "row 10",
            "aws_rds_cluster",
            "create",
            json!({"engine": "aurora-postgresql"}),
            json!({"storage_encrypted": true}),
            nothing.clone(),
            Value::Bool(true),
        ),
        (
            "row 10, made before",
            "aws_rds_cluster",
            "no-op",
            json!({"engine": "aurora-postgresql"}),
            nothing.clone(),
            nothing.clone(),
            unknown(),
        ),
        (
            "row 10, turned off",
            "aws_rds_cluster",
            "create",
            json!({"engine": "aurora-mysql", "storage_encrypted": false}),
            nothing.clone(),
            json!({"storage_encrypted": {"constant_value": false}}),
            Value::Bool(false),
        ),
        (
            "an instance",
            "aws_db_instance",
            "create",
            json!({"engine": "postgres"}),
            nothing.clone(),
            nothing.clone(),
            Value::Bool(false),
        ),
        (
            "an instance, known after apply",
            "aws_db_instance",
            "create",
            json!({"engine": "postgres"}),
            json!({"storage_encrypted": true}),
            json!({"storage_encrypted": reference}),
            unknown(),
        ),
        (
            "a table",
            "aws_dynamodb_table",
            "create",
            json!({"name": "t"}),
            nothing.clone(),
            nothing.clone(),
            Value::Bool(true),
        ),
        (
            "a domain, nothing written",
            "aws_opensearch_domain",
            "create",
            json!({"domain_name": "d"}),
            json!({"encrypt_at_rest": true}),
            nothing.clone(),
            Value::Bool(false),
        ),
        (
            "a domain, known after apply",
            "aws_opensearch_domain",
            "create",
            json!({"domain_name": "d", "encrypt_at_rest": [{}]}),
            json!({"encrypt_at_rest": [{"enabled": true}]}),
            json!({"encrypt_at_rest": [{"enabled": reference}]}),
            unknown(),
        ),
        (
            "Redis, nothing written",
            "aws_elasticache_replication_group",
            "create",
            json!({"engine": "redis"}),
            json!({"at_rest_encryption_enabled": true}),
            nothing.clone(),
            Value::Bool(false),
        ),
        (
            "Valkey, nothing written",
            "aws_elasticache_replication_group",
            "create",
            json!({"engine": "valkey"}),
            json!({"at_rest_encryption_enabled": true}),
            nothing.clone(),
            Value::Bool(true),
        ),
        (
            "Cloud SQL",
            "google_sql_database_instance",
            "create",
            json!({"database_version": "POSTGRES_16"}),
            nothing.clone(),
            nothing.clone(),
            Value::Bool(true),
        ),
    ] {
        let estate = estate(kind, action, &after, &mask, &written);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [server] = subjects.as_slice() else { panic!("{case}: {} servers", subjects.len()) };
        assert_eq!(field(&server.fact, &["encrypted"]), expected, "{case}");
    }
}

/// Row 4 of section 4: tags with the provider's own, wherever the provider keeps them.
#[test]
fn a_store_is_classified_by_the_tags_of_its_provider() {
    let at = |keys: &[Step]| keys.to_vec();
    let postgres = |more: Json| {
        let mut after = json!({"engine": "postgres", "database_version": "POSTGRES_16"});
        for (key, value) in more.as_object().into_iter().flatten() {
            after[key] = value.clone();
        }
        after
    };
    let tag = json!({"DataClassification": "Confidential"});
    let (instance, sql) = ("aws_db_instance", "google_sql_database_instance");
    for (case, kind, after, mask, declared, level, path) in [
        (
            "row 4",
            instance,
            postgres(json!({"tags": null, "tags_all": tag})),
            json!({}),
            Value::Bool(true),
            Value::String("confidential".into()),
            at(&["tags_all".into(), "DataClassification".into()]),
        ),
        (
            "tags, while the provider's are computed",
            instance,
            postgres(json!({"tags": tag})),
            json!({"tags_all": true}),
            Value::Bool(true),
            Value::String("confidential".into()),
            at(&["tags".into(), "DataClassification".into()]),
        ),
        (
            "labels of Cloud SQL",
            sql,
            postgres(json!({"settings": [{"user_labels": {"data-classification": "restricted"}}]})),
            json!({}),
            Value::Bool(true),
            Value::String("restricted".into()),
            at(&["settings".into(), 0.into(), "user_labels".into(), "data-classification".into()]),
        ),
        (
            "a category",
            instance,
            postgres(json!({"tags_all": {"contains-phi": "true"}})),
            json!({}),
            Value::Bool(true),
            Value::String("restricted".into()),
            at(&["tags_all".into(), "contains-phi".into()]),
        ),
        (
            "no tags",
            instance,
            postgres(json!({"tags_all": {}})),
            json!({}),
            Value::Bool(false),
            Value::Null,
            vec![],
        ),
        (
            "no tags, computed",
            instance,
            postgres(json!({})),
            json!({"tags_all": true}),
            Value::Bool(false),
            Value::Null,
            vec![],
        ),
        (
            "tags known after apply",
            instance,
            postgres(json!({})),
            json!({"tags": true, "tags_all": true}),
            Value::String("unknown".into()),
            Value::String("unknown".into()),
            vec![],
        ),
        (
            "a value known after apply",
            instance,
            postgres(json!({"tags": {}})),
            json!({"tags": {"DataClassification": true}, "tags_all": true}),
            Value::String("unknown".into()),
            Value::String("unknown".into()),
            vec![],
        ),
        (
            "row 5",
            instance,
            postgres(json!({"tags_all": {"DataClassification": "5"}})),
            json!({}),
            Value::String("unknown".into()),
            Value::String("unknown".into()),
            vec![],
        ),
    ] {
        let estate = estate(kind, "create", &after, &mask, &json!({}));
        let subjects = datastore_subjects(&Set::new(estate.view(0)));
        let [store] = subjects.as_slice() else { panic!("{case}: {} stores", subjects.len()) };
        assert_eq!(field(&store.fact, &["classification", "declared"]), declared, "{case}");
        assert_eq!(field(&store.fact, &["classification", "level"]), level, "{case}");
        let origin = store.fact.get("classification").and_then(|fact| fact.origin.clone());
        let found = match origin {
            Some(crate::facts::Origin::Planned { path, .. }) => path.0,
            _ => Vec::new(),
        };
        assert_eq!(found, path, "{case}");
    }
}
