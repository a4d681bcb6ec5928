use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{document::NodeRef, source::SourceId};

pub(in crate::resource::terraform) fn planned(
    kind: &str,
    after: &Value,
    unknown: &Value,
    sensitive: &Value,
    expressions: &Value,
) -> Plan {
    let address = format!("{kind}.it");
    let block = json!({"address": address, "mode": "managed", "type": kind, "name": "it", "expressions": expressions});
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": address, "mode": "managed", "type": kind, "name": "it",
            "change": {"actions": ["create"], "after": after, "after_unknown": unknown, "after_sensitive": sensitive},
        }],
        "configuration": {"root_module": {"resources": [block]}},
    });
    Plan::parse(SourceId(0), &Arc::from(plan.to_string())).unwrap()
}

fn known(kind: &str, after: &Value) -> Plan {
    planned(kind, after, &json!({}), &json!({}), &json!({}))
}

fn only(plan: &Plan) -> Embedded {
    let (mut found, problems) = plan.kubernetes();
    assert_eq!((found.len(), problems.len()), (1, 0), "{problems:?}");
    found.remove(0)
}

fn root(embedded: &Embedded) -> NodeRef<'_> {
    embedded.document.root()
}

#[test]
fn typed_resources_become_the_objects_that_the_provider_makes() {
    let container = json!({
        "name": "web", "image": "web:1", "args": ["-v"], "command": null, "working_dir": "",
        "env": [{"name": "EMPTY", "value": "", "value_from": []},
                {"name": "PASSWORD", "value": null, "value_from": [{"secret_key_ref": [{"name": "db", "key": "password", "optional": false}], "field_ref": []}]}],
        "env_from": [{"prefix": "", "config_map_ref": [{"name": "settings", "optional": null}], "secret_ref": []}],
        "port": [{"name": "http", "container_port": 8080, "host_ip": null, "host_port": 0, "protocol": "TCP"}],
        "liveness_probe": [{"http_get": [{"path": "/health", "port": "8080", "http_header": [{"name": "a", "value": "b"}]}]}],
        "resources": [{"limits": {"cpu": "1"}, "requests": {}}],
        "security_context": [{"run_as_user": "1000", "capabilities": [{"add": [], "drop": ["ALL"]}]}],
        "volume_mount": [{"name": "data", "mount_path": "/data", "read_only": false}],
    });
    let pod = json!({
        "container": [container], "init_container": [], "host_network": false, "host_ipc": true,
        "volume": [{"name": "data", "secret": [{"secret_name": "db", "default_mode": "0400"}], "empty_dir": []}],
        "affinity": [{
            "node_affinity": [{"required_during_scheduling_ignored_during_execution": [{"node_selector_term": [{"match_expressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}]}],
            "pod_affinity": [{"required_during_scheduling_ignored_during_execution": [{"topology_key": "zone"}]}],
        }],
    });
    let metadata = json!([{"name": "web", "namespace": "shop", "labels": {"app.kubernetes.io/name": "web"}, "annotations": null, "generation": 2, "uid": "u"}]);
    let expected_metadata =
        json!({"name": "web", "namespace": "shop", "labels": {"app.kubernetes.io/name": "web"}});
    let expected_pod = json!({
        "containers": [{
            "name": "web", "image": "web:1", "args": ["-v"],
            "env": [{"name": "EMPTY", "value": ""}, {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password", "optional": false}}}],
            "envFrom": [{"configMapRef": {"name": "settings"}}],
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "livenessProbe": {"httpGet": {"path": "/health", "port": 8080, "httpHeaders": [{"name": "a", "value": "b"}]}},
            "resources": {"limits": {"cpu": "1"}, "requests": {}},
            "securityContext": {"runAsUser": 1000, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "data", "mountPath": "/data", "readOnly": false}],
        }],
        "hostNetwork": false, "hostIPC": true,
        "volumes": [{"name": "data", "secret": {"secretName": "db", "defaultMode": 256}}],
        "affinity": {
            "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]}},
            "podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]},
        },
    });
    for (kind, after, expected) in [
        (
            "kubernetes_deployment_v1",
            json!({"id": "shop/web", "metadata": metadata, "timeouts": null, "wait_for_rollout": true,
                "spec": [{"replicas": "2", "selector": [{"match_labels": {"app": "web"}, "match_expressions": []}],
                    "template": [{"metadata": [{"labels": {"app": "web"}}], "spec": [pod]}]}]}),
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": expected_metadata,
                "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
                    "template": {"metadata": {"labels": {"app": "web"}}, "spec": expected_pod}}}),
        ),
        (
            "kubernetes_service",
            json!({"metadata": metadata, "status": [{}], "spec": [{"type": "LoadBalancer", "cluster_ip": "", "external_ips": null, "selector": {"app_name": "web"},
                "port": [{"port": 80, "target_port": "http", "node_port": 0}, {"port": 443, "target_port": "8443"}]}]}),
            json!({"apiVersion": "v1", "kind": "Service", "metadata": expected_metadata,
                "spec": {"type": "LoadBalancer", "selector": {"app_name": "web"}, "ports": [{"port": 80, "targetPort": "http"}, {"port": 443, "targetPort": 8443}]}}),
        ),
        (
            "kubernetes_ingress_v1",
            json!({"metadata": metadata, "spec": [{"tls": [{"hosts": ["a"], "secret_name": "t"}],
                "rule": [{"host": "a", "http": [{"path": [{"path": "/", "path_type": "Prefix", "backend": [{"service": [{"name": "web", "port": [{"number": 80, "name": null}]}]}]}]}]}]}]}),
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": expected_metadata,
                "spec": {"tls": [{"hosts": ["a"], "secretName": "t"}],
                    "rules": [{"host": "a", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]}}),
        ),
        (
            "kubernetes_network_policy",
            json!({"metadata": metadata, "spec": [{"policy_types": ["Ingress"], "pod_selector": [{"match_labels": null, "match_expressions": []}], "egress": [],
                "ingress": [{"ports": [{"port": "8125", "protocol": "UDP"}], "from": [{"namespace_selector": [{"match_labels": {"name": "a"}}], "pod_selector": [], "ip_block": []}]}, {"from": [], "ports": []}]}]}),
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": expected_metadata,
                "spec": {"policyTypes": ["Ingress"], "podSelector": {},
                    "ingress": [{"ports": [{"port": 8125, "protocol": "UDP"}], "from": [{"namespaceSelector": {"matchLabels": {"name": "a"}}}]}, {}]}}),
        ),
        (
            "kubernetes_cluster_role_binding",
            json!({"metadata": [{"name": "all"}], "role_ref": [{"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"}],
                "subject": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop", "api_group": ""}]}),
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "all"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"}]}),
        ),
        (
            "kubernetes_service_account_v1",
            json!({"metadata": metadata, "automount_service_account_token": false, "secret": [{"name": "a"}], "image_pull_secret": [{"name": "b"}], "default_secret_name": "c"}),
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": expected_metadata,
                "automountServiceAccountToken": false, "secrets": [{"name": "a"}], "imagePullSecrets": [{"name": "b"}]}),
        ),
        (
            "kubernetes_secret",
            json!({"metadata": metadata, "data": {"pass_word": "x"}, "binary_data": {"key": "eA=="}, "type": "Opaque", "wait_for_service_account_token": true}),
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": expected_metadata, "stringData": {"pass_word": "x"}, "data": {"key": "eA=="}, "type": "Opaque"}),
        ),
        (
            "kubernetes_persistent_volume_v1",
            json!({"metadata": [{"name": "disk"}], "spec": [{"capacity": {"storage": "1Gi"}, "persistent_volume_source": [{"nfs": [{"path": "/", "server": "s"}]}]}]}),
            json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk"}, "spec": {"capacity": {"storage": "1Gi"}, "nfs": {"path": "/", "server": "s"}}}),
        ),
    ] {
        let plan = known(kind, &after);
        assert_eq!(root(&only(&plan)).to_json(), expected, "{kind}");
    }
}

#[test]
fn every_value_has_its_place_in_the_plan() {
    let service = json!({"metadata": [{"name": "web"}], "spec": [{"port": [{"target_port": "8080"}]}]});
    let body = "kind: Secret\napiVersion: v1\nmetadata:\n  name: \"db\"\nstringData: {note: 'ä\"b'}\n";
    for (name, plan, path, raw) in [
        (
            "typed",
            known("kubernetes_service", &service),
            vec!["spec", "ports", "0", "targetPort"],
            r#""8080""#,
        ),
        (
            "manifest",
            known(
                "kubernetes_manifest",
                &json!({"manifest": {"apiVersion": "v1", "kind": "Pod", "spec": {"hostPID": true}}}),
            ),
            vec!["spec", "hostPID"],
            "true",
        ),
        (
            "YAML",
            known("kubectl_manifest", &json!({"yaml_body": body})),
            vec!["metadata", "name"],
            r#"\"db\""#,
        ),
        (
            "YAML with escapes before",
            known("kubectl_manifest", &json!({"yaml_body": body})),
            vec!["stringData", "note"],
            r#"'ä\"b'"#,
        ),
    ] {
        let steps: Vec<Step> = crate::resource::terraform::tests::steps(&path);
        let embedded = only(&plan);
        assert_eq!(root(&embedded).locate(&steps).node.expect("the path exists").raw(), raw, "{name}");
    }
}

#[test]
fn a_namespace_may_override_that_of_the_yaml() {
    let body = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: written}\n";
    for (values, unknown, expected) in [
        (json!({"yaml_body": body}), json!({}), "written"),
        (json!({"yaml_body": body, "override_namespace": "shop"}), json!({}), "shop"),
        (json!({"yaml_body": body}), json!({"override_namespace": true}), "(unknown)"),
    ] {
        let plan = planned("kubectl_manifest", &values, &unknown, &json!({}), &json!({}));
        assert_eq!(only(&plan).object.namespace.as_deref(), Some(expected), "{values}");
    }
}

#[test]
fn what_is_known_only_after_apply_is_neither_absent_nor_a_value() {
    let typed = planned(
        "kubernetes_service",
        &json!({"metadata": [{"name": "web", "labels": {}}], "spec": [{"port": [{"port": 80}]}]}),
        &json!({"id": true, "metadata": [{"namespace": true, "uid": true, "labels": {"team": true}}], "spec": [{"type": true, "port": [{"node_port": true}]}], "status": true}),
        &json!({}),
        &json!({}),
    );
    let manifest = planned(
        "kubernetes_manifest",
        &json!({"manifest": {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}, "object": null}),
        &json!({"manifest": {"metadata": {"namespace": true, "labels": {"team": true}}, "spec": {"type": true, "ports": [{"nodePort": true}]}}, "object": true}),
        &json!({}),
        &json!({}),
    );
    for plan in [typed, manifest] {
        let embedded = only(&plan);
        let unknown = |path: &[&str]| {
            let steps = crate::resource::terraform::tests::steps(path);
            root(&embedded).locate(&steps).node.map(|node| (node.is_unknown(), node.raw()))
        };
        let kind = &plan.resources[0].kind;
        assert_eq!(unknown(&["spec", "type"]), Some((true, "true")), "{kind}");
        assert_eq!(unknown(&["spec", "ports", "0", "nodePort"]), Some((true, "true")), "{kind}");
        assert_eq!(unknown(&["spec", "ports", "0", "port"]), Some((false, "80")), "{kind}");
        assert_eq!(
            unknown(&["metadata", "uid"]),
            None,
            "{kind}: what the server adds is no field of a manifest"
        );
        assert_eq!(embedded.object.namespace.as_deref(), Some("(unknown)"), "{kind}");
    }
}

#[test]
fn an_object_that_a_plan_does_not_know_is_said_to_be_missing() {
    let all = json!({});
    for (kind, after, unknown, says) in [
        ("kubernetes_manifest", json!({}), json!({"manifest": true}), "known only after apply"),
        ("kubectl_manifest", json!({}), json!({"yaml_body": true}), "known only after apply"),
        ("kubectl_manifest", json!({"yaml_body": "a: [\n"}), json!({}), "cannot be parsed"),
        ("helm_release", json!({"chart": "redis"}), json!({}), "helm template"),
        ("helm_release", json!({"chart": "redis"}), json!({"values": [true]}), "known only after apply"),
    ] {
        let plan = planned(kind, &after, &unknown, &all, &all);
        let (found, problems) = plan.kubernetes();
        assert!(
            found.is_empty() && problems.len() == 1 && problems[0].message.contains(says),
            "{problems:?}"
        );
        assert_eq!(problems[0].place, Some(plan.resources[0].place(&plan)));
    }
    for (kind, after) in [
        ("kubernetes_manifest", json!({"manifest": null})),
        ("kubernetes_labels", json!({"metadata": [{"name": "web"}]})),
        ("kubectl_manifest", json!({"yaml_body": "a: 1\n"})),
        ("aws_s3_bucket", json!({"bucket": "logs"})),
    ] {
        let (found, problems) = known(kind, &after).kubernetes();
        assert!(found.is_empty() && problems.is_empty(), "{kind} stands for no object");
    }
}

#[test]
fn values_of_a_secret_that_come_from_elsewhere_are_unknown_and_their_keys_are_not() {
    let body = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: x}\n";
    let manifest = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": "x"}});
    let referred = json!({"references": ["var.password"]});
    for (kind, after, attribute) in [
        ("kubernetes_secret", json!({"metadata": [{"name": "db"}], "data": {"password": "x"}}), "data"),
        ("kubernetes_manifest", json!({"manifest": manifest}), "manifest"),
        ("kubectl_manifest", json!({"yaml_body": body}), "yaml_body"),
    ] {
        for (expression, expected) in
            [(&referred, true), (&json!({"constant_value": {}}), false), (&json!({}), false)]
        {
            let plan = planned(kind, &after, &json!({}), &json!({}), &json!({attribute: expression}));
            let embedded = only(&plan);
            let value = root(&embedded).at(&["stringData", "password"]).expect("the key stays");
            assert_eq!(value.is_unknown(), expected, "{kind} with {expression}");
        }
    }
}

#[test]
fn what_a_plan_marks_as_sensitive_is_told() {
    let body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, labels: {a: b}}\ndata: {one: first, two: 'second'}\n";
    let shown = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  labels:\n    a: b\ndata:\n  one: (sensitive value)\n  two: second\n";
    let secret = json!({"metadata": [{"name": "db"}], "data": {"password": "x"}});
    for (kind, after, sensitive, expected) in [
        (
            "kubectl_manifest",
            json!({"yaml_body": body, "yaml_body_parsed": shown}),
            json!({"yaml_body": true}),
            vec!["first"],
        ),
        (
            "kubectl_manifest",
            json!({"yaml_body": body}),
            json!({"yaml_body": true}),
            vec!["b", "first", "second"],
        ),
        ("kubernetes_secret", secret, json!({"data": true}), vec!["x"]),
    ] {
        let plan = planned(kind, &after, &json!({}), &sensitive, &json!({}));
        let embedded = only(&plan);
        assert_eq!(secret_texts(&plan, &plan.resources[0], root(&embedded)), expected, "{kind}");
    }
}
