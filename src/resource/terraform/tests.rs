use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::document::Step;

fn parse(text: &str) -> Result<Plan, PlanError> {
    Plan::parse(SourceId(0), &Arc::from(text))
}

pub(super) fn plan(value: &Value) -> Plan {
    parse(&value.to_string()).unwrap()
}

fn change(address: &str, actions: &[&str], after: &Value) -> Value {
    let names = address::segments(address).unwrap();
    let modules = names.iter().filter(|name| name.name == "module").count();
    let own = &names[modules * 2..];
    let data = own[0].name == "data";
    let (kind, name) = (&own[usize::from(data)], &own[usize::from(data) + 1]);
    let module = &address[..own[0].start.saturating_sub(1)];
    let index = match &name.key {
        None => Value::Null,
        Some(InstanceKey::Integer(index)) => json!(index),
        Some(InstanceKey::String(key)) => json!(key),
    };
    json!({
        "address": address, "module_address": module, "mode": if data { "data" } else { "managed" },
        "type": kind.name, "name": name.name, "index": index, "provider_name": "aws",
        "change": {"actions": actions, "before": null, "after": after, "after_unknown": {}},
    })
}

pub(super) fn create(address: &str) -> Value {
    change(address, &["create"], &json!({}))
}

pub(super) fn steps(path: &[&str]) -> Vec<Step> {
    path.iter().map(|step| step.parse::<usize>().map_or_else(|_| (*step).into(), Step::Index)).collect()
}

fn addresses(plan: &Plan) -> Vec<&str> {
    plan.resources.iter().map(|resource| &*resource.address).collect()
}

#[test]
fn formats_0_1_to_1_x_are_read_and_others_refused() {
    let table = [
        (r#""0.1""#, "read"),
        (r#""0.2""#, "read"),
        (r#""1.2""#, "read"),
        (r#""1.99""#, "read"),
        (r#""2.0""#, "version"),
        (r#""10.0""#, "version"),
        (r#""0.0""#, "version"),
        (r#""""#, "version"),
        (r#""s3cret""#, "version"),
        ("1", "shape"),
    ];
    for (version, expected) in table {
        let text = format!("{{\"format_version\":{version},\"resource_changes\":[]}}");
        let found = match parse(&text) {
            Ok(_) => "read",
            Err(PlanError::Version { .. }) => "version",
            Err(PlanError::Shape { .. }) => "shape",
            Err(PlanError::Json { .. }) => "json",
            Err(PlanError::TooDeep { .. }) => "deep",
        };
        assert_eq!(found, expected, "{version}");
        if let Err(error) = parse(&text) {
            assert_eq!(&text[error.span()], version);
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}

#[test]
fn values_too_deep_to_be_judged_are_refused_and_never_taken_for_unknown() {
    let nested = |levels: usize| format!("{}\"[[\\\"[\"{}", "[".repeat(levels), "]".repeat(levels));
    let flat = format!("[{}]", vec!["[]"; 500].join(","));
    for key in ["after", "after_unknown", "after_sensitive"] {
        for (value, refused) in
            [(nested(120), false), (nested(121), true), (nested(100_000), true), (flat.clone(), false)]
        {
            let text = format!(
                r#"{{"format_version":"1.2","resource_changes":[{{"address":"a.b","type":"a","name":"b","change":{{"actions":["create"],"{key}":{value}}}}}]}}"#
            );
            match parse(&text) {
                Err(error @ PlanError::TooDeep { .. }) => {
                    assert!(refused);
                    assert_eq!(text[error.span()], value);
                }
                read => assert!(read.is_ok() && !refused, "{key}"),
            }
        }
    }
}

#[test]
fn an_error_points_at_its_cause_and_never_quotes_the_text() {
    let table = [
        ("{\"format_version\":\"1.0\",\n\"resource_changes\":[", "json"),
        ("{\"format_version\":\"1.0\",\n \"errored\":\"s3cret\"}", "shape"),
        ("{\"format_version\":\"1.0\",\"terraform_version\":é}", "json"),
        ("{\"terraform_version\":\"1.0\"}", "shape"),
    ];
    for (text, expected) in table {
        let error = parse(text).unwrap_err();
        let found = if matches!(error, PlanError::Json { .. }) { "json" } else { "shape" };
        assert_eq!(found, expected, "{text}");
        assert!(text.get(error.span()).is_some(), "{text}");
        assert!(!error.to_string().contains("s3cret") && error.to_string().contains("terraform show -json"));
    }
}

#[test]
fn every_end_state_is_a_resource_and_nothing_else() {
    let mut deposed = create("a.deposed");
    deposed["deposed"] = json!("12ab");
    let mut ephemeral = create("a.ephemeral");
    ephemeral["mode"] = json!("ephemeral");
    let plan = plan(&json!({"format_version": "1.2", "resource_changes": [
        change("a.kept", &["no-op"], &json!({})),
        change("a.changed", &["update"], &json!({})),
        change("a.replaced", &["delete", "create"], &json!({})),
        change("a.moved_out", &["create", "forget"], &json!({})),
        change("data.a.read", &["read"], &json!({})),
        change("a.new_action", &["revive"], &json!({})),
        change("a.deleted", &["delete"], &json!(null)),
        change("a.forgotten", &["forget"], &json!(null)),
        deposed, ephemeral,
    ]}));
    assert_eq!(
        addresses(&plan),
        ["a.kept", "a.changed", "a.replaced", "a.moved_out", "data.a.read", "a.new_action"]
    );
    let created: Vec<bool> = plan.resources.iter().map(PlannedResource::is_created).collect();
    assert_eq!(created, [false, false, true, true, false, false]);
    assert_eq!(plan.resources[4].mode, Mode::Data);
}

#[test]
fn an_old_plan_also_holds_what_only_planned_values_list() {
    let planned = json!({"root_module": {
        "resources": [{"address": "a.one", "mode": "managed", "type": "a", "name": "one", "values": {"x": 1}}],
        "child_modules": [{"address": "module.m", "resources": [
            {"address": "module.m.a.two[0]", "mode": "managed", "type": "a", "name": "two", "index": 0, "values": {}},
        ]}],
    }});
    let changes = json!([create("a.one")]);
    let old = plan(&json!({"format_version": "0.1", "resource_changes": changes, "planned_values": planned}));
    assert_eq!(addresses(&old), ["a.one", "module.m.a.two[0]"]);
    assert_eq!(old.resources[0].actions, [Action::Create]);
    assert_eq!(old.resources[1].actions, [Action::NoOp]);
    assert_eq!(&*old.resources[1].module_address, "module.m");
    let new = plan(&json!({"format_version": "1.0", "resource_changes": changes, "planned_values": planned}));
    assert_eq!(addresses(&new), ["a.one"]);
    for changes in [json!(null), json!([])] {
        let reduced =
            plan(&json!({"format_version": "1.2", "resource_changes": changes, "planned_values": planned}));
        assert_eq!(addresses(&reduced).len(), 2);
        assert_eq!(reduced.resources[0].actions, []);
    }
}

#[test]
fn a_plan_that_failed_or_leaves_something_out_is_incomplete() {
    let table = [
        (json!({}), None),
        (json!({"errored": false, "complete": true}), None),
        (json!({"errored": true, "complete": false}), Some("error")),
        (json!({"complete": false}), Some("-target")),
    ];
    for (flags, expected) in table {
        let mut text = json!({"format_version": "1.2", "resource_changes": []});
        text.as_object_mut().unwrap().extend(flags.as_object().unwrap().clone());
        let found = plan(&text).incomplete();
        assert_eq!(found.is_some(), expected.is_some(), "{flags}");
        assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{flags}");
    }
}

fn masked() -> Plan {
    let mut changed = change(
        "aws_s3_bucket.b",
        &["create"],
        &json!({"acl": null, "bucket": "logs", "grant": [{"uri": "x", "id": null}], "password": "s3cret",
               "nested": {"pin": 4711, "on": true, "empty": ""}, "tags": {}}),
    );
    changed["change"]["after_unknown"] = json!({"acl": true, "grant": [{"id": true}], "arn": true});
    changed["change"]["after_sensitive"] = json!({"password": true, "nested": true});
    plan(&json!({"format_version": "1.2", "resource_changes": [changed]}))
}

#[test]
fn masks_cover_leaves_and_subtrees() {
    let plan = masked();
    let values = plan.resources[0].values(&plan).unwrap();
    let table: [(&[&str], bool, bool, bool); 8] = [
        (&["acl"], true, true, false),
        (&["arn"], true, true, false),
        (&["arn", "deeper"], true, true, false),
        (&["bucket"], false, false, false),
        (&["grant"], false, true, false),
        (&["grant", "0", "id"], true, true, false),
        (&["nested", "pin"], false, false, true),
        (&["password"], false, false, true),
    ];
    for (path, unknown, holds_unknown, sensitive) in table {
        let path = steps(path);
        assert_eq!(values.is_unknown(&path), unknown, "{path:?}");
        assert_eq!(values.holds_unknown(&path), holds_unknown, "{path:?}");
        assert_eq!(values.is_sensitive(&path), sensitive, "{path:?}");
    }
    assert!(matches!(values.attribute(&steps(&["acl"])), Attribute::Unknown));
    assert!(matches!(values.attribute(&steps(&["nothing"])), Attribute::Absent));
    assert!(
        matches!(values.attribute(&steps(&["bucket"])), Attribute::Known(node) if node.as_str() == Some("logs"))
    );
    assert_eq!(values.sensitive_texts(), ["4711", "s3cret"]);
    assert_eq!(plan.sensitive_texts(), ["4711", "s3cret"]);
}

#[test]
fn sensitive_variables_and_outputs_are_among_the_sensitive_texts() {
    let plan = plan(&json!({
        "format_version": "1.2", "resource_changes": [],
        "variables": {"open": {"value": "shown"}, "secret": {"value": {"a": ["hidden"]}}},
        "planned_values": {"outputs": {"o": {"sensitive": true, "value": "also"}, "p": {"sensitive": false, "value": "not"}}},
        "configuration": {"root_module": {"variables": {"open": {}, "secret": {"sensitive": true}}}},
    }));
    assert_eq!(plan.sensitive_texts(), ["also", "hidden"]);
}

#[test]
fn a_place_is_a_scalar_or_a_key_or_the_address() {
    let plan = masked();
    let resource = &plan.resources[0];
    let table: [(&[&str], &str); 9] = [
        (&["bucket"], "\"logs\""),
        (&["acl"], "null"),
        (&["grant"], "\"grant\""),
        (&["grant", "0"], "\"grant\""),
        (&["grant", "0", "uri"], "\"x\""),
        (&["grant", "7", "uri"], "\"grant\""),
        (&["nested", "absent"], "\"nested\""),
        (&["policy"], "\"aws_s3_bucket.b\""),
        (&[], "\"aws_s3_bucket.b\""),
    ];
    for (path, expected) in table {
        let place = resource.locate(&plan, &steps(path));
        assert_eq!(&plan.text[place.span()], expected, "{path:?}");
    }
}

proptest! {
    #[test]
    fn a_mutated_plan_never_panics_and_its_spans_lie_inside(
        at in 0_usize..2000, with in "[\\{\\}\\[\\]\",:0-9a-zé\\\\]{0,3}", cut in 0_usize..4,
    ) {
        let mut text = sample().to_string();
        let mut start = at % text.len();
        while !text.is_char_boundary(start) {
            start += 1;
        }
        let mut end = (start + cut).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        text.replace_range(start..end, &with);
        let _ = recognise(&text);
        exercise(&text)?;
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in "\\PC{0,64}") {
        let _ = recognise(&text);
        exercise(&text)?;
    }
}

/// Reads everything that can be read of a text.
fn exercise(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Err(error) => prop_assert!(text.get(error.span()).is_some()),
        Ok(plan) => {
            let _ = plan.sensitive_texts();
            for resource in &plan.resources {
                let _ = plan.references(resource);
                for path in [vec![], steps(&["bucket"]), steps(&["grant", "0", "id"])] {
                    let place = resource.locate(&plan, &path);
                    prop_assert!(text.get(place.span()).is_some());
                    let _ = plan.referred(resource, &path);
                }
            }
        }
    }
    Ok(())
}

fn sample() -> Value {
    json!({
        "format_version": "0.2", "terraform_version": "1.0.2",
        "variables": {"v": {"value": "x"}},
        "planned_values": {"root_module": {"resources": [
            {"address": "a.n", "mode": "managed", "type": "a", "name": "n", "values": {"bucket": "é"}}]}},
        "resource_changes": [
            change("module.m[\"k\"].aws_s3_bucket.b[0]", &["create"], &json!({"bucket": "b", "grant": [{"id": 1}]})),
            create("aws_s3_bucket_policy.p"),
        ],
        "configuration": {"root_module": {
            "resources": [{"mode": "managed", "type": "aws_s3_bucket_policy", "name": "p",
                "expressions": {"bucket": {"references": ["module.m[\"k\"].id", "module.m"]}}}],
            "module_calls": {"m": {"for_each_expression": {"references": ["var.v"]}, "module": {
                "outputs": {"id": {"expression": {"references": ["aws_s3_bucket.b[0].id", "aws_s3_bucket.b"]}}},
                "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "b", "expressions": {}}]}}}}},
    })
}

#[test]
fn the_sample_of_the_property_tests_is_read() {
    let plan = plan(&sample());
    assert_eq!(plan.resources.len(), 3);
    let policy = &plan.resources[1];
    assert_eq!(plan.referred(policy, &steps(&["bucket"])).targets.len(), 1);
}
