use serde_json::{Value as Json, json};

use super::*;
use crate::{facts::Value, source::SourceId};

/// Each cluster with what is known of its audit log.
fn told(resources: &[(&str, &str, Json, Json, Json)]) -> Vec<(String, String)> {
    let split = |address: &str| {
        let (kind, name) = address.split_once('.').expect("an address");
        (kind.to_owned(), name.to_owned())
    };
    let changes = resources.iter().map(|(address, action, after, unknown, _)| {
        let (kind, name) = split(address);
        json!({"address": address, "mode": "managed", "type": kind, "name": name,
            "change": {"actions": [action], "after": after, "after_unknown": unknown}})
    });
    let blocks = resources.iter().map(|(address, .., written)| {
        let (kind, name) = split(address);
        json!({"address": address, "mode": "managed", "type": kind, "name": name, "expressions": written})
    });
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": {"root_module": {"resources": blocks.collect::<Vec<_>>()}},
    });
    let plan = Plan::parse(SourceId(0), &plan.to_string().as_str().into()).expect("a plan");
    let text = |fact: Option<&Fact>| match fact.map(|fact| &fact.value) {
        Some(Value::Bool(value)) => value.to_string(),
        Some(Value::String(text)) => text.to_string(),
        _ => String::new(),
    };
    let found = subjects(0, &plan);
    found.iter().map(|one| (one.resource.clone(), text(one.fact.get("records_audit")))).collect()
}

#[test]
fn each_cloud_records_in_its_own_way() {
    let none = || json!({});
    let eks = |after: Json, unknown: Json| vec![("aws_eks_cluster.a", "create", after, unknown, json!({}))];
    let aks = |action| {
        ("azurerm_kubernetes_cluster.a", action, json!({"name": "a"}), json!({"id": true}), json!({}))
    };
    let to = |address: &str| {
        json!({"target_resource_id": {"references": [format!("{address}.id"), address]},
        "enabled_log": [{"category": {"constant_value": "x"}}]})
    };
    let setting = |written: Json, logs: Json| {
        (
            "azurerm_monitor_diagnostic_setting.s",
            "create",
            logs,
            json!({"target_resource_id": true, "log": true}),
            written,
        )
    };
    let category = |name: &str| json!({"enabled_log": [{"category": name, "category_group": ""}]});
    let here = || to("azurerm_kubernetes_cluster.a");
    let for_each = || json!({"target_resource_id": {"references": ["local.targets"]}, "enabled_log": [{}]});
    for (case, resources, expected) in [
        ("no types", eks(none(), none()), "false"),
        ("others", eks(json!({"enabled_cluster_log_types": ["api"]}), none()), "false"),
        ("audit", eks(json!({"enabled_cluster_log_types": ["api", "audit"]}), none()), "true"),
        ("after apply", eks(none(), json!({"enabled_cluster_log_types": true})), "unknown"),
        (
            "one after apply",
            eks(
                json!({"enabled_cluster_log_types": ["api", null]}),
                json!({"enabled_cluster_log_types": [false, true]}),
            ),
            "unknown",
        ),
        ("GKE", vec![("google_container_cluster.a", "create", none(), none(), none())], "true"),
        ("new, nothing set", vec![aks("create")], "false"),
        ("old, nothing set", vec![aks("update")], "unknown"),
        ("audit log", vec![aks("create"), setting(here(), category("kube-audit"))], "true"),
        ("what changes things", vec![aks("create"), setting(here(), category("kube-audit-admin"))], "true"),
        ("another log", vec![aks("create"), setting(here(), category("kube-scheduler"))], "false"),
        (
            "a group",
            vec![aks("create"), setting(here(), json!({"enabled_log": [{"category_group": "allLogs"}]}))],
            "true",
        ),
        (
            "switched off",
            vec![
                aks("create"),
                setting(here(), json!({"log": [{"category": "kube-audit", "enabled": false}]})),
            ],
            "false",
        ),
        (
            "of a vault",
            vec![
                aks("create"),
                ("azurerm_key_vault.v", "create", none(), none(), none()),
                setting(to("azurerm_key_vault.v"), category("kube-audit")),
            ],
            "false",
        ),
        ("whose is not told", vec![aks("create"), setting(for_each(), category("kube-audit"))], "unknown"),
        (
            "whose is not told, of another log",
            vec![aks("create"), setting(for_each(), category("other"))],
            "false",
        ),
    ] {
        let found = told(&resources);
        assert_eq!(found.first().map(|(_, recorded)| recorded.as_str()), Some(expected), "{case}");
    }
}

#[test]
fn an_old_cluster_is_known_by_its_id() {
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/a";
    let found = told(&[
        ("azurerm_kubernetes_cluster.a", "no-op", json!({"id": id}), json!({}), json!({})),
        ("azurerm_kubernetes_cluster.b", "no-op", json!({"id": format!("{id}b")}), json!({}), json!({})),
        (
            "azurerm_monitor_diagnostic_setting.s",
            "no-op",
            json!({"target_resource_id": id.to_ascii_lowercase(), "enabled_log": [{"category": "kube-audit"}]}),
            json!({}),
            json!({}),
        ),
    ]);
    let expected = [("azurerm_kubernetes_cluster.a", "true"), ("azurerm_kubernetes_cluster.b", "unknown")];
    assert_eq!(found, expected.map(|(address, recorded)| (address.to_owned(), recorded.to_owned())));
}
