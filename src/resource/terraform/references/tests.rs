use serde_json::{Value, json};

use super::*;
use crate::resource::terraform::tests::{create, plan, steps};

fn expression(references: &[&str]) -> Value {
    json!({"references": references})
}

fn block(address: &str, expressions: &Value) -> Value {
    let names: Vec<&str> = address.split('.').collect();
    let (mode, names) = if names[0] == "data" { ("data", &names[1..]) } else { ("managed", &names[..]) };
    json!({"address": address, "mode": mode, "type": names[0], "name": names[1], "expressions": expressions})
}

/// What `bucket` of the resource at `from` refers to in a plan of these resources.
fn referred(addresses: &[&str], root_module: &Value, from: &str) -> (Vec<String>, Vec<String>) {
    let changes: Vec<Value> = addresses.iter().map(|address| create(address)).collect();
    let plan = plan(&json!({
        "format_version": "1.2", "resource_changes": changes,
        "configuration": {"root_module": root_module},
    }));
    let resource = plan.resource(plan.position(from).unwrap()).unwrap();
    let referred = plan.referred(resource, &steps(&["bucket"]));
    let targets = referred.targets.iter().map(|target| {
        let attribute = target.attribute.as_deref().unwrap_or("?");
        format!("{} {attribute}", plan.resource(target.resource).unwrap().address)
    });
    (targets.collect(), referred.unresolved)
}

#[test]
fn references_within_a_module_find_their_instance() {
    const BUCKETS: [&str; 6] =
        ["b.one", "b.many[0]", "b.many[1]", r#"b.each["x.y"]"#, r#"b.each["z"]"#, "data.b.one"];
    type Case<'c> = (&'c [&'c str], &'c str, &'c [&'c str], &'c [&'c str]);
    let table: [Case<'_>; 14] = [
        (&["b.one.id", "b.one"], "p.p", &["b.one id"], &[]),
        (&["b.one"], "p.p", &["b.one ?"], &[]),
        (&["data.b.one.id", "data.b.one"], "p.p", &["data.b.one id"], &[]),
        (&["b.many[1].id", "b.many[1]", "b.many"], "p.p", &["b.many[1] id"], &[]),
        (&["b.many", "count.index"], "p.p[1]", &["b.many[1] ?"], &[]),
        (&["b.many"], "p.p[1]", &["b.many[0] ?", "b.many[1] ?"], &[]),
        (&["b.each", "each.key"], r#"p.p["x.y"]"#, &[r#"b.each["x.y"] ?"#], &[]),
        (&["b.each", "each.key"], r#"p.p["other"]"#, &[r#"b.each["x.y"] ?"#, r#"b.each["z"] ?"#], &[]),
        (&[r#"b.each["x.y"].id"#, r#"b.each["x.y"]"#, "b.each"], "p.p", &[r#"b.each["x.y"] id"#], &[]),
        (&["each.value.id", "each.value"], r#"p.p["z"]"#, &[r#"b.each["z"] ?"#], &[]),
        (&["b.one.id", "b.one", "b.many[0].id"], "p.p", &["b.one id", "b.many[0] id"], &[]),
        (&["b.gone.id", "b.gone"], "p.p", &[], &["b.gone.id"]),
        (&["local.name", "path.module", "terraform.workspace"], "p.p", &[], &["local.name"]),
        (&["var.name"], "p.p", &[], &["var.name"]),
    ];
    for (references, from, targets, unresolved) in table {
        let mut policy = block("p.p", &json!({"bucket": expression(references)}));
        policy["for_each_expression"] = expression(&["b.each"]);
        let mut addresses = BUCKETS.to_vec();
        addresses.push(from);
        let found = referred(&addresses, &json!({"resources": [policy]}), from);
        assert_eq!(
            found,
            (
                targets.iter().map(ToString::to_string).collect(),
                unresolved.iter().map(ToString::to_string).collect()
            ),
            "{references:?} from {from}"
        );
    }
}

#[test]
fn a_variable_of_a_module_is_what_its_call_says() {
    let inner = json!({"resources": [block("p.p", &json!({"bucket": expression(&["var.bucket"])}))]});
    let middle = json!({
        "module_calls": {"inner": {"expressions": {"bucket": expression(&["var.name"])}, "module": inner}},
    });
    let table: [(&[&str], &[&str], &[&str]); 4] = [
        (&["b.each", "each.key"], &[r#"b.each["k"] ?"#], &[]),
        (&["b.one.id", "b.one"], &["b.one id"], &[]),
        (&["module.other.id", "module.other"], &["module.other.b.this[0] id"], &[]),
        (&["local.x"], &[], &["local.x"]),
    ];
    for (references, targets, unresolved) in table {
        let root = json!({
            "module_calls": {
                "outer": {"expressions": {"name": expression(references)}, "module": middle},
                "other": {"module": {
                    "outputs": {"id": {"expression": expression(&["b.this[0].id", "b.this[0]", "b.this"])}},
                }},
            },
        });
        let from = r#"module.outer["k"].module.inner.p.p"#;
        let addresses = [
            from,
            "b.one",
            r#"b.each["k"]"#,
            r#"b.each["l"]"#,
            "module.other.b.this[0]",
            "module.other.b.that",
        ];
        let (found, rest) = referred(&addresses, &root, from);
        assert_eq!(found, targets, "{references:?}");
        assert_eq!(rest, unresolved, "{references:?}");
    }
}

#[test]
fn an_output_is_followed_into_the_instance_that_is_meant() {
    let buckets = json!({"outputs": {
        "id": {"expression": expression(&["b.this.id", "b.this"])},
        "key": {"expression": expression(&["k.this.arn", "k.this"])},
    }});
    let table: [(&[&str], &str, &[&str]); 5] = [
        (&[r#"module.m["a"].id"#, r#"module.m["a"]"#], "p.p", &[r#"module.m["a"].b.this id"#]),
        (
            &["module.m", "each.key"],
            r#"p.p["b"]"#,
            &[r#"module.m["b"].b.this id"#, r#"module.m["b"].k.this arn"#],
        ),
        (
            &["module.m", "each.value.id"],
            r#"p.p["b"]"#,
            &[r#"module.m["b"].b.this id"#, r#"module.m["b"].k.this arn"#],
        ),
        (&["module.m.id"], "p.p", &[r#"module.m["a"].b.this id"#, r#"module.m["b"].b.this id"#]),
        (&["module.gone.id"], "p.p", &[]),
    ];
    for (references, from, targets) in table {
        let root = json!({
            "resources": [block("p.p", &json!({"bucket": expression(references)}))],
            "module_calls": {"m": {"module": buckets}},
        });
        let addresses = [
            r#"module.m["a"].b.this"#,
            r#"module.m["b"].b.this"#,
            r#"module.m["a"].k.this"#,
            r#"module.m["b"].k.this"#,
            from,
        ];
        assert_eq!(referred(&addresses, &root, from).0, targets, "{references:?} from {from}");
    }
}

#[test]
fn a_cycle_of_a_hostile_plan_ends() {
    let root = json!({
        "resources": [block("p.p", &json!({"bucket": expression(&["module.m.o"])}))],
        "module_calls": {"m": {
            "expressions": {"v": expression(&["module.m.o[0]", "module.m.o[\"x\"]", "b.one.id"])},
            "module": {"outputs": {"o": {"expression": expression(&["var.v"])}}},
        }},
    });
    let (targets, _) = referred(&["p.p", "b.one", "module.m.b.two"], &root, "p.p");
    assert_eq!(targets, ["b.one id"]);
}

#[test]
fn a_chain_that_is_too_long_is_unresolved() {
    let outputs: serde_json::Map<String, Value> = (0..2000)
        .map(|link| (format!("o{link}"), json!({"expression": expression(&[&format!("var.v{link}")])})))
        .collect();
    let arguments: serde_json::Map<String, Value> = (0..2000)
        .map(|link| (format!("v{link}"), expression(&[&format!("module.m.o{}", link + 1)])))
        .collect();
    let root = json!({
        "resources": [block("p.p", &json!({"bucket": expression(&["module.m.o0"])}))],
        "module_calls": {"m": {"expressions": arguments, "module": {"outputs": outputs}}},
    });
    let (targets, unresolved) = referred(&["p.p", "module.m.b.two"], &root, "p.p");
    assert!(targets.is_empty());
    assert_eq!(unresolved.len(), 1);
}

#[test]
fn nested_blocks_are_found_wherever_they_stand() {
    let expressions = json!({
        "rule": [{"by_default": [{"key": expression(&["k.one.arn"])}]}, {"by_default": [{"key": expression(&["k.two.arn"])}]}],
        "single": {"key": expression(&["k.one.arn"])},
        "constant": {"constant_value": {"references": ["not one"]}},
    });
    let plan = plan(&json!({
        "format_version": "1.2",
        "resource_changes": [create("p.p"), create("k.one"), create("k.two")],
        "configuration": {"root_module": {"resources": [block("p.p", &expressions)]}},
    }));
    let resource = &plan.resources[0];
    let table: [(&[&str], &[u32], Option<bool>); 6] = [
        (&["rule", "0", "by_default", "0", "key"], &[1, 2], Some(true)),
        (&["rule"], &[1, 2], Some(true)),
        (&["single", "0", "key"], &[1], Some(true)),
        (&["single", "key", "deeper"], &[1], Some(true)),
        (&["constant"], &[], Some(true)),
        (&["absent"], &[], Some(false)),
    ];
    for (path, targets, declared) in table {
        let found: Vec<u32> =
            plan.referred(resource, &steps(path)).targets.iter().map(|target| target.resource).collect();
        assert_eq!(found, targets, "{path:?}");
        assert_eq!(plan.declares(resource, &steps(path)), declared, "{path:?}");
    }
    assert_eq!(plan.declares(&plan.resources[1], &steps(&["x"])), None);
    assert_eq!(
        plan.references(resource),
        BTreeMap::from([
            ("rule[0].by_default[0].key".into(), vec!["k.one".into()]),
            ("rule[1].by_default[0].key".into(), vec!["k.two".into()]),
            ("single.key".into(), vec!["k.one".into()]),
        ])
    );
}
