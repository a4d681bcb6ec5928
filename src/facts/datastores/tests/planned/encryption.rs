//! Encryption of servers that are made from others, and of those without a switch.

use serde_json::json;

use super::{super::super::*, estate_of, field};
use crate::facts::{Fact, Set, Value};

#[test]
fn what_a_server_is_made_from_decides_where_nothing_is_written() {
    let unknown = || Value::String("unknown".into());
    let nothing = json!({});
    for (case, kind, after, expected) in [
        (
            "a replica of elsewhere",
            "aws_db_instance",
            json!({"engine": "postgres", "replicate_source_db": "arn:aws:rds:us-east-1:1:db:x"}),
            unknown(),
        ),
        (
            "a snapshot",
            "aws_db_instance",
            json!({"engine": "postgres", "snapshot_identifier": "s"}),
            unknown(),
        ),
        (
            "a point in time",
            "aws_db_instance",
            json!({"engine": "postgres", "restore_to_point_in_time": [{"use_latest_restorable_time": true}]}),
            unknown(),
        ),
        (
            "a snapshot, and told",
            "aws_db_instance",
            json!({"engine": "postgres", "snapshot_identifier": "s", "storage_encrypted": true}),
            Value::Bool(true),
        ),
        ("a snapshot of DocumentDB", "aws_docdb_cluster", json!({"snapshot_identifier": "s"}), unknown()),
        (
            "a Multi-AZ cluster",
            "aws_rds_cluster",
            json!({"engine": "mysql", "db_cluster_instance_class": "db.r6gd.xlarge"}),
            Value::Bool(false),
        ),
        (
            "a Multi-AZ cluster, told",
            "aws_rds_cluster",
            json!({"engine": "mysql", "storage_encrypted": true}),
            Value::Bool(true),
        ),
        ("Redis by itself", "aws_elasticache_cluster", json!({"engine": "redis"}), Value::Bool(false)),
        (
            "Redis of a group",
            "aws_elasticache_cluster",
            json!({"engine": "redis", "replication_group_id": "g"}),
            Value::Null,
        ),
        ("Memcached", "aws_elasticache_cluster", json!({"engine": "memcached"}), Value::Null),
    ] {
        let estate = estate_of(&[(kind, "create", after, nothing.clone(), nothing.clone())]);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [server] = subjects.as_slice() else { panic!("{case}: {} servers", subjects.len()) };
        assert_eq!(field(&server.fact, &["encrypted"]), expected, "{case}");
    }
}

#[test]
fn a_replica_is_as_encrypted_as_its_source() {
    for (written, expected) in [
        (json!({"engine": "postgres", "storage_encrypted": true}), Value::Bool(true)),
        (json!({"engine": "postgres"}), Value::Bool(false)),
        (json!({"engine": "postgres", "snapshot_identifier": "s"}), Value::String("unknown".into())),
    ] {
        let names = ["aws_rds_cluster.x.cluster_identifier", "aws_rds_cluster.x"];
        let (source, replica) = ("aws_db_instance", "aws_docdb_cluster");
        let of = |kind: &str| names.map(|name| name.replace("aws_rds_cluster", kind));
        let estate = estate_of(&[
            (source, "create", written, json!({}), json!({})),
            (
                replica,
                "create",
                json!({}),
                json!({"replication_source_identifier": true}),
                json!({"replication_source_identifier": {"references": of(source)}}),
            ),
        ]);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let found = subjects.iter().find(|found| {
            found.fact.get("server").is_some_and(|server| server == &Fact::from("aws_docdb_cluster.x"))
        });
        let found = found.unwrap_or_else(|| panic!("no replica"));
        assert_eq!(field(&found.fact, &["encrypted"]), expected);
    }
}
