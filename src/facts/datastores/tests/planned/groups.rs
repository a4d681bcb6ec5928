//! Security groups and addresses of servers in plans.

use serde_json::{Value as Json, json};

use super::{super::super::*, estate_of, field};
use crate::facts::{Fact, Set, Value};

/// Security groups: what a rule leaves open is not known, and what it does not open is not (domains.md Q11).
#[test]
fn rules_of_groups_say_whom_they_admit_or_that_nobody_knows() {
    let refers = |names: &[&str]| json!({"references": names});
    let server = json!({"engine": "postgres", "port": 5432, "publicly_accessible": true});
    let of_group =
        json!({"vpc_security_group_ids": refers(&["aws_security_group.x.id", "aws_security_group.x"])});
    let tcp = json!({"ip_protocol": "tcp", "from_port": 5432, "to_port": 5432});
    let with = |more: Json| {
        let mut rule = tcp.clone();
        for (key, value) in more.as_object().into_iter().flatten() {
            rule[key] = value.clone();
        }
        rule
    };
    let nothing = json!({});
    let unknown = || Value::String("unknown".into());
    let only_unknown: &[&str] = &["unknown"];
    for (case, rule, mask, written, everyone, ranges) in [
        ("nobody", with(nothing.clone()), nothing.clone(), nothing.clone(), Value::Bool(false), &[][..]),
        (
            "a group of elsewhere",
            with(json!({"referenced_security_group_id": "sg-0deadbeef"})),
            nothing.clone(),
            nothing.clone(),
            unknown(),
            &[],
        ),
        (
            "a group that a variable names",
            with(nothing.clone()),
            json!({"referenced_security_group_id": true}),
            json!({"referenced_security_group_id": refers(&["var.bastion"])}),
            unknown(),
            &[],
        ),
        (
            "the group itself, by its id",
            with(json!({"referenced_security_group_id": "sg-1"})),
            nothing.clone(),
            nothing.clone(),
            Value::Bool(false),
            &[],
        ),
        (
            "a range known after apply",
            with(nothing.clone()),
            json!({"cidr_ipv4": true}),
            json!({"cidr_ipv4": refers(&["aws_eip.x.public_ip", "aws_eip.x"])}),
            unknown(),
            only_unknown,
        ),
        (
            "a prefix list",
            with(json!({"prefix_list_id": "pl-1"})),
            nothing.clone(),
            nothing.clone(),
            unknown(),
            only_unknown,
        ),
        (
            "everybody, by UDP",
            with(json!({"ip_protocol": "17", "cidr_ipv4": "0.0.0.0/0"})),
            nothing.clone(),
            nothing.clone(),
            Value::Bool(false),
            &[],
        ),
        (
            "everybody, by TCP",
            with(json!({"ip_protocol": "6", "cidr_ipv4": "0.0.0.0/0"})),
            nothing.clone(),
            nothing.clone(),
            Value::Bool(true),
            &["0.0.0.0/0"],
        ),
    ] {
        let mut block =
            json!({"security_group_id": refers(&["aws_security_group.x.id", "aws_security_group.x"])});
        for (key, value) in written.as_object().into_iter().flatten() {
            block[key] = value.clone();
        }
        let ids = json!({"vpc_security_group_ids": true});
        let estate = estate_of(&[
            ("aws_db_instance", "create", server.clone(), ids, of_group.clone()),
            ("aws_security_group", "no-op", json!({"id": "sg-1"}), json!({}), json!({})),
            ("aws_vpc_security_group_ingress_rule", "create", rule, mask, block),
        ]);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let [found] = subjects.as_slice() else { panic!("{case}: {} servers", subjects.len()) };
        assert_eq!(field(&found.fact, &["reach", "everyone"]), everyone, "{case}");
        let Value::Array(exposures) = field(&found.fact, &["exposures"]) else { panic!("{case}") };
        let found: Vec<Value> = exposures.iter().map(|one| field(one, &["source_ranges"])).collect();
        let expected = (!ranges.is_empty())
            .then(|| Value::Array(ranges.iter().map(|range| Fact::from(*range)).collect()));
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{case}");
    }
}

/// What a service of Azure or Google lets in that has a public address.
#[test]
fn filters_say_who_comes_in_where_a_service_is_open_by_default() {
    let cosmos = "azurerm_cosmosdb_account";
    let network = |networks: Json| json!({"network_config": [{"enable_public_ip": true, "authorized_external_networks": networks}]});
    for (case, kind, values, expected) in [
        ("nothing written", cosmos, json!({}), &["0.0.0.0/0"][..]),
        ("closed", cosmos, json!({"public_network_access_enabled": false}), &[]),
        ("one address", cosmos, json!({"ip_range_filter": ["198.51.100.7"]}), &["198.51.100.7/32"]),
        (
            "as text",
            cosmos,
            json!({"ip_range_filter": "198.51.100.7,10.0.0.0/8"}),
            &["198.51.100.7/32", "10.0.0.0/8"],
        ),
        ("virtual networks", cosmos, json!({"is_virtual_network_filter_enabled": true}), &[]),
        ("a cache", "azurerm_redis_cache", json!({}), &["0.0.0.0/0"]),
        ("a cache in a network", "azurerm_redis_cache", json!({"subnet_id": "s"}), &[]),
        ("AlloyDB", "google_alloydb_instance", network(json!([{"cidr_range": "0.0.0.0/0"}])), &["0.0.0.0/0"]),
        ("AlloyDB for nobody", "google_alloydb_instance", network(json!([])), &[]),
        ("AlloyDB without address", "google_alloydb_instance", json!({}), &[]),
    ] {
        let refers =
            json!({"cluster": {"references": ["google_alloydb_cluster.x.name", "google_alloydb_cluster.x"]}});
        let estate = estate_of(&[
            (kind, "create", values, json!({}), refers),
            ("google_alloydb_cluster", "create", json!({"cluster_id": "orders"}), json!({}), json!({})),
        ]);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let all = subjects.iter().flat_map(|subject| match field(&subject.fact, &["exposures"]) {
            Value::Array(exposures) => exposures,
            other => panic!("{case}: {other:?}"),
        });
        let ranges: Vec<Value> = all.map(|one| field(&one, &["source_ranges"])).collect();
        let expected = Value::Array(expected.iter().map(|range| Fact::from(*range)).collect());
        match expected {
            Value::Array(none) if none.is_empty() => assert!(ranges.is_empty(), "{case}: {ranges:?}"),
            expected => assert_eq!(ranges, [expected], "{case}"),
        }
    }
}
