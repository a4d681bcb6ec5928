use super::*;
use crate::{
    facts::Value,
    source::{SourceId, Sources},
};

fn plan(text: &str) -> Plan {
    Plan::parse(SourceId(0), &Arc::from(text)).expect("a plan")
}

fn resource(values: &str, expressions: &str, variables: &str, module: &str) -> String {
    format!(
        r#"{{"format_version":"1.2","variables":{{"given":{{"value":"p4ss-word"}},"kept":{{"value":"p4ss-word"}}}},
        "resource_changes":[{{"address":"aws_db_instance.a","mode":"managed","type":"aws_db_instance","name":"a",
        "change":{{"actions":["create"],"after":{values},"after_unknown":{{}},"after_sensitive":{{}}}}}}],
        "configuration":{{"root_module":{{"variables":{variables},"resources":[{{"address":"aws_db_instance.a","mode":"managed",
        "type":"aws_db_instance","name":"a","expressions":{expressions}}}]{module}}}}}}}"#
    )
}

/// `path: origin` of each value.
fn origins(text: &str) -> Vec<String> {
    let plan = plan(text);
    let text = |fact: &Fact, key| match fact.get(key).map(|field| &field.value) {
        Some(Value::String(text)) => text.to_string(),
        other => panic!("`{key}` is {other:?}"),
    };
    let estate = Estate::new(Sources::default(), Vec::new(), Vec::new(), "default");
    resources(&estate, "plan.json", 0, &plan)
        .iter()
        .flat_map(|subject| match subject.fact.get("values").map(|values| &values.value) {
            Some(Value::Object(values)) => values
                .iter()
                .map(|(path, value)| format!("{path}: {}", text(value, "origin")))
                .collect::<Vec<_>>(),
            other => panic!("`values` is {other:?}"),
        })
        .collect()
}

#[test]
fn a_value_comes_from_what_its_expression_says() {
    let variables = r#"{"kept":{"default":"p4ss-word"},"given":{"default":"another"},"required":{},"empty":{"default":null}}"#;
    for (name, expression, expected) in [
        ("a constant", r#"{"constant_value":"p4ss-word"}"#, "constant"),
        ("a default", r#"{"references":["var.kept"]}"#, "default"),
        ("a variable that is given another value", r#"{"references":["var.given"]}"#, "variable"),
        ("a variable without default", r#"{"references":["var.required"]}"#, "variable"),
        ("a variable whose default is none", r#"{"references":["var.empty"]}"#, "variable"),
        (
            "another resource",
            r#"{"references":["random_password.a.result","random_password.a"]}"#,
            "reference",
        ),
        ("a local", r#"{"references":["local.password"]}"#, "unknown"),
        ("a variable and a local", r#"{"references":["local.a","var.kept"]}"#, "default"),
    ] {
        let text = resource(
            r#"{"password":"p4ss-word"}"#,
            &format!(r#"{{"password":{expression}}}"#),
            variables,
            "",
        );
        assert_eq!(origins(&text), [format!("password: {expected}")], "{name}");
    }
    // One expression for several values, or for more than the value.
    for (name, values, expression, expected) in [
        (
            "a function of constants",
            r#"{"tags_json":"{\"password\":\"p4ss-w0rd\"}"}"#,
            r#"{"tags_json":{}}"#,
            "tags_json: constant",
        ),
        (
            "a literal beside a variable",
            r#"{"environment":{"PASSWORD":"l1teral-word"}}"#,
            r#"{"environment":{"references":["var.kept"]}}"#,
            "environment.PASSWORD: constant",
        ),
        (
            "a variable that is given beside one with a default",
            r#"{"environment":{"PASSWORD":"p4ss-word"}}"#,
            r#"{"environment":{"references":["var.given","var.other"]}}"#,
            "environment.PASSWORD: variable",
        ),
        (
            "a value beside what the plan does not know",
            r#"{"environment":{"PASSWORD":"l1teral-word"}}"#,
            r#"{"environment":{"references":["aws_table.a.id","aws_table.a"]}}"#,
            "environment.PASSWORD: unknown",
        ),
        (
            "a script with a reference",
            r#"{"user_data":"a\nexport DB_PASSWORD=l1teral-word\n"}"#,
            r#"{"user_data":{"references":["aws_table.a.id","aws_table.a"]}}"#,
            "user_data: unknown",
        ),
        (
            "a script in base64",
            r#"{"user_data_base64":"IyEvYmluL3NoCmV4cG9ydCBEQl9QQVNTV09SRD1sMXRlcmFsLXdvcmQK"}"#,
            r#"{"user_data_base64":{}}"#,
            "user_data_base64: constant",
        ),
    ] {
        let variables = r#"{"kept":{"default":"p4ss-word"},"given":{},"other":{"default":"eu-west-1"}}"#;
        assert_eq!(origins(&resource(values, expression, variables, "")), [expected], "{name}");
    }
    let without = resource(r#"{"password":"p4ss-word"}"#, "{}", "{}", "");
    assert_eq!(origins(&without), ["password: unknown"]);
}

#[test]
fn values_are_found_in_settings_texts_and_lists() {
    for (name, values, expected) in [
        ("nothing", r#"{"username":"root","password":"","token_ttl":"30","name":"password"}"#, &[][..]),
        (
            "a variable of a function",
            r#"{"environment":[{"variables":{"DB_PASSWORD":"p4ss-word"}}]}"#,
            &["environment[0].variables.DB_PASSWORD"],
        ),
        (
            "a setting of a chart",
            r#"{"set":[{"name":"db.password","value":"p4ss-word"},{"name":"db.host","value":"db"}]}"#,
            &["set[0].value"],
        ),
        (
            "a JSON text",
            r#"{"definitions":"[{\"environment\":[{\"name\":\"A_TOKEN\",\"value\":\"tok-word\"}]}]"}"#,
            &["definitions"],
        ),
        ("a script", r#"{"script":"set -e\nexport DB_PASSWORD=p4ss-word\n"}"#, &["script"]),
        ("a connection string", r#"{"uri":"postgres://u:p4ss@db/x"}"#, &["uri"]),
        ("tags", r#"{"tags":{"password":"p4ss-word"}}"#, &[]),
    ] {
        let found: Vec<String> = origins(&resource(values, "{}", "{}", ""))
            .iter()
            .filter_map(|line| Some(line.split_once(": ")?.0.to_owned()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// A plan of a release with these values and expressions, in a module that is called with `call`.
fn release(after: &serde_json::Value, expressions: &serde_json::Value, call: &serde_json::Value) -> String {
    serde_json::json!({
        "format_version": "1.2",
        "variables": {"given": {"value": "fr0m-outside"}, "kept": {"value": "by-d3fault"}},
        "resource_changes": [{
            "address": "module.m.helm_release.a", "module_address": "module.m", "mode": "managed",
            "type": "helm_release", "name": "a", "change": {"actions": ["create"], "after": after},
        }],
        "configuration": {"root_module": {
            "variables": {"given": {}, "kept": {"default": "by-d3fault"}},
            "module_calls": {"m": {"expressions": call, "module": {
                "variables": {"outer": {}, "own": {"default": {"a": "0wn-default"}}},
                "resources": [{
                    "address": "helm_release.a", "mode": "managed", "type": "helm_release", "name": "a",
                    "expressions": expressions,
                }],
            }}},
        }},
    })
    .to_string()
}

#[test]
fn values_of_a_release_are_read_and_each_comes_from_what_holds_it() {
    use serde_json::json;
    let yaml = |password: &str| json!({"values": [format!("auth:\n  password: {password}\nhost: db\n")]});
    let all = ["var.outer", "var.own", "path.module"];
    for (name, password, references, call, expected) in [
        ("a text without references", "lit3ral-word", json!({}), json!({}), "constant"),
        ("a file", "lit3ral-word", json!({"references": ["path.module"]}), json!({}), "constant"),
        ("variables that hold another", "lit3ral-word", json!({"references": all}), json!({}), "constant"),
        ("its own default", "0wn-default", json!({"references": all}), json!({}), "default"),
        (
            "a constant of the call",
            "lit3ral-word",
            json!({"references": all}),
            json!({"outer": {"constant_value": {"password": "lit3ral-word"}}}),
            "constant",
        ),
        (
            "given from outside",
            "fr0m-outside",
            json!({"references": all}),
            json!({"outer": {"references": ["var.given"]}}),
            "variable",
        ),
        (
            "a default of the root",
            "by-d3fault",
            json!({"references": all}),
            json!({"outer": {"references": ["var.kept"]}}),
            "default",
        ),
        ("a local", "lit3ral-word", json!({"references": ["local.a", "var.own"]}), json!({}), "unknown"),
        (
            "a variable beside a local",
            "0wn-default",
            json!({"references": ["local.a", "var.own"]}),
            json!({}),
            "default",
        ),
    ] {
        let text = release(&yaml(password), &json!({"values": references}), &call);
        assert_eq!(origins(&text), [format!("values[0].auth.password: {expected}")], "{name}");
    }
    let constant = json!({"values": {"constant_value": [yaml("lit3ral-word")["values"][0]]}});
    let text = release(&yaml("lit3ral-word"), &constant, &json!({}));
    assert_eq!(origins(&text), ["values[0].auth.password: constant"]);
}

#[test]
fn what_is_set_one_by_one_is_told_by_its_name() {
    use serde_json::json;
    // Plans sort blocks, the configuration does not.
    let after = json!({
        "set": [{"name": "auth.password", "value": "fr0m-outside"}, {"name": "host", "value": "db"}],
        "set_sensitive": [{"name": "token", "value": "lit3ral-word"}],
        "set_list": [{"name": "keys.secretKey", "value": ["lit3ral-word"]}],
        "metadata": [{"values": "{\"auth\":{\"password\":\"fr0m-outside\"}}"}],
    });
    let constant = |text: &str| json!({"constant_value": text});
    let blocks = json!({
        "set": [
            {"name": constant("host"), "value": constant("db")},
            {"name": constant("auth.password"), "value": {"references": ["var.outer"]}},
        ],
        "set_sensitive": [{"name": constant("token"), "value": constant("lit3ral-word")}],
        "set_list": [{"name": constant("keys.secretKey"), "value": json!({"constant_value": ["lit3ral-word"]})}],
    });
    let call = json!({"outer": {"references": ["var.given"]}});
    assert_eq!(
        origins(&release(&after, &blocks, &call)),
        ["set[0].value: variable", "set_list[0].value[0]: constant", "set_sensitive[0].value: constant"]
    );
    // From version 3 of the provider on they are one expression, and what `dynamic` blocks say is in no plan.
    let list = json!({"set": {"references": ["var.outer"]}, "set_list": {}});
    assert_eq!(
        origins(&release(&after, &list, &call)),
        ["set[0].value: variable", "set_list[0].value[0]: constant", "set_sensitive[0].value: unknown"]
    );
}

#[test]
fn what_a_provider_only_takes_is_told_by_the_configuration() {
    for (name, expressions, expected) in [
        ("a constant", r#"{"password_wo":{"constant_value":"p4ss-word"}}"#, &["password_wo: constant"][..]),
        ("a default", r#"{"password_wo":{"references":["var.kept"]}}"#, &["password_wo: default"]),
        ("what is given from outside", r#"{"password_wo":{"references":["var.given"]}}"#, &[]),
        (
            "an ephemeral resource",
            r#"{"password_wo":{"references":["ephemeral.random_password.a.result","ephemeral.random_password.a"]}}"#,
            &[],
        ),
        ("its version", r#"{"password_wo_version":{"constant_value":"1"}}"#, &[]),
        ("another one", r#"{"policy_wo":{"constant_value":"p4ss-word"}}"#, &[]),
    ] {
        let variables = r#"{"kept":{"default":"p4ss-word"},"given":{}}"#;
        let text = resource(r#"{"password_wo":null}"#, expressions, variables, "");
        assert_eq!(origins(&text), expected, "{name}");
    }
}

#[test]
fn values_of_secret_blocks_are_credentials_whatever_they_are_called() {
    let of = |kind: &str, values: &str| {
        let expressions =
            r#"{"secret":[{"name":{"constant_value":"db"},"value":{"constant_value":"p4ssword"}}]}"#;
        origins(&resource(values, expressions, "{}", "").replace("aws_db_instance", kind))
    };
    let values = r#"{"secret":[{"name":"db","value":"p4ssword"}]}"#;
    assert_eq!(of("azurerm_container_app", values), ["secret[0].value: constant"]);
    assert_eq!(of("azurerm_kubernetes_cluster", values), [""; 0]);
    let elsewhere = r#"{"secret":[{"name":"db","key_vault_secret_id":"https://a","value":""}]}"#;
    assert_eq!(of("azurerm_container_app", elsewhere), [""; 0]);
}

#[test]
fn outputs_leak_by_what_they_refer_to_or_hold() {
    for (name, output, expression, expected) in [
        (
            "a password",
            r#"{"sensitive":false}"#,
            r#"{"references":["aws_db_instance.a.password","aws_db_instance.a"]}"#,
            Some("aws_db_instance.a.password"),
        ),
        (
            "a generated password",
            r#"{"sensitive":false}"#,
            r#"{"references":["random_password.a.result"]}"#,
            Some("random_password.a.result"),
        ),
        (
            "a secret of a data source",
            r#"{"sensitive":false}"#,
            r#"{"references":["data.aws_secretsmanager_secret_version.a.secret_string"]}"#,
            Some("data.aws_secretsmanager_secret_version.a.secret_string"),
        ),
        (
            "a connection string",
            r#"{"sensitive":false,"value":{"url":"postgres://u:p4ss@db/x"}}"#,
            r#"{"references":["local.url"]}"#,
            Some("value"),
        ),
        (
            "an address",
            r#"{"sensitive":false,"value":"db"}"#,
            r#"{"references":["aws_db_instance.a.address"]}"#,
            None,
        ),
        (
            "the place of a secret",
            r#"{"sensitive":false,"value":"arn:aws:secretsmanager:x"}"#,
            r#"{"references":["aws_secretsmanager_secret.a.arn"]}"#,
            None,
        ),
    ] {
        let plan = plan(&format!(
            r#"{{"format_version":"1.2","planned_values":{{"outputs":{{"o":{output}}}}},"resource_changes":[],
            "configuration":{{"root_module":{{"outputs":{{"o":{{"expression":{expression}}}}}}}}}}}"#
        ));
        let subjects = outputs(0, &plan);
        let leaks = subjects.first().and_then(|subject| subject.fact.get("leaks").cloned());
        assert_eq!(leaks.map(|leaks| leaks.value), Some(Fact::from(expected).value), "{name}");
        assert!(!format!("{subjects:?}").contains("p4ss"), "{name}");
    }
}
