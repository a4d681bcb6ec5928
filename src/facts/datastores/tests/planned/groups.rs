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
