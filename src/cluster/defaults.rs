//! Bindings of RBAC that every cluster has: nobody declared them, and they are the control plane's own.
//!
//! Source: kubernetes/kubernetes `plugin/pkg/auth/authorizer/rbac/bootstrappolicy` (v1.37). The label that the API server
//! sets proves nothing, since whoever writes bindings writes labels: role and subjects must be the known ones, too. What
//! is not known here is judged. Roles are never left out.

use serde_json::{Map, Value};

/// Set by the API server.
const BOOTSTRAPPING: (&str, &str) = ("kubernetes.io/bootstrapping", "rbac-defaults");

/// Bindings to a role of their own name, with their one subject: kind and name.
const BINDINGS: [(&str, &str, &str); 7] = [
    ("cluster-admin", "Group", "system:masters"),
    ("system:kube-controller-manager", "User", "system:kube-controller-manager"),
    ("system:kube-dns", "ServiceAccount", "kube-dns"),
    ("system:kube-scheduler", "User", "system:kube-scheduler"),
    ("system:monitoring", "Group", "system:monitoring"),
    ("system:node-proxier", "User", "system:kube-proxy"),
    ("system:volume-scheduler", "User", "system:kube-scheduler"),
];

/// Before the name of a controller.
const CONTROLLER: &str = "system:controller:";

/// Controllers that run as a `ServiceAccount` of their name.
const CONTROLLERS: [&str; 48] = [
    "attachdetach-controller",
    "bootstrap-signer",
    "certificate-controller",
    "cloud-provider",
    "clusterrole-aggregation-controller",
    "cronjob-controller",
    "daemon-set-controller",
    "deployment-controller",
    "device-taint-eviction-controller",
    "disruption-controller",
    "endpoint-controller",
    "endpointslice-controller",
    "endpointslicemirroring-controller",
    "ephemeral-volume-controller",
    "expand-controller",
    "generic-garbage-collector",
    "horizontal-pod-autoscaler",
    "job-controller",
    "kube-apiserver-serving-clustertrustbundle-publisher",
    "legacy-service-account-token-cleaner",
    "namespace-controller",
    "node-controller",
    "persistent-volume-binder",
    "pod-garbage-collector",
    "podcertificaterequestcleaner",
    "podgroup-protection-controller",
    "pv-protection-controller",
    "pvc-protection-controller",
    "replicaset-controller",
    "replication-controller",
    "resource-claim-controller",
    "resourcepoolstatusrequest-controller",
    "resourcequota-controller",
    "root-ca-cert-publisher",
    "route-controller",
    "selinux-warning-controller",
    "service-account-controller",
    "service-cidrs-controller",
    "service-controller",
    "statefulset-controller",
    "storage-version-garbage-collector",
    "storage-version-migrator-controller",
    "taint-eviction-controller",
    "token-cleaner",
    "ttl-after-finished-controller",
    "ttl-controller",
    "validatingadmissionpolicy-status-controller",
    "volumeattributesclass-protection-controller",
];

/// Whether an object is a binding that the API server made, and gives nobody else anything.
pub(super) fn is_default(name: &str, object: &Map<String, Value>) -> bool {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let label = object.get("metadata").and_then(|metadata| metadata.get("labels")?.get(BOOTSTRAPPING.0));
    let role = object.get("roleRef").and_then(|role| text(role, "name"));
    let subjects = object.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let (Some(role), [subject]) = (role, subjects) else { return false };
    if label.and_then(Value::as_str) != Some(BOOTSTRAPPING.1) || role != name {
        return false;
    }
    let (kind, subject_name) = (text(subject, "kind"), text(subject, "name"));
    let (Some(kind), Some(subject_name)) = (kind, subject_name) else { return false };
    if kind == "ServiceAccount" && text(subject, "namespace").as_deref() != Some("kube-system") {
        return false;
    }
    let controller = name.strip_prefix(CONTROLLER).filter(|controller| CONTROLLERS.contains(controller));
    let expected = BINDINGS.iter().find(|(binding, _, _)| *binding == name);
    match (controller, expected) {
        (Some(controller), _) => kind == "ServiceAccount" && subject_name == controller,
        (None, Some((_, known_kind, known_name))) => kind == *known_kind && subject_name == *known_name,
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn binding(name: &str, role: &str, subjects: &Value, label: &str) -> bool {
        let object = json!({"metadata": {"name": name, "labels": {BOOTSTRAPPING.0: label}},
            "roleRef": {"kind": "ClusterRole", "name": role}, "subjects": subjects});
        is_default(name, object.as_object().unwrap())
    }

    #[test]
    fn a_label_hides_nothing() {
        let account = |name: &str, namespace: &str| json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]);
        let masters = json!({"kind": "Group", "name": "system:masters"});
        let job = "system:controller:job-controller";
        let of_job = account("job-controller", "kube-system");
        for (name, role, subjects, label, is_left_out) in [
            ("cluster-admin", "cluster-admin", json!([masters]), "rbac-defaults", true),
            (job, job, of_job.clone(), "rbac-defaults", true),
            ("hidden", "hidden", account("portal", "clinic"), "rbac-defaults", false),
            (
                "cluster-admin",
                "cluster-admin",
                json!([masters, account("portal", "clinic")[0]]),
                "rbac-defaults",
                false,
            ),
            (
                "cluster-admin",
                "cluster-admin",
                json!([{"kind": "User", "name": "system:masters"}]),
                "rbac-defaults",
                false,
            ),
            ("cluster-admin", "cluster-admin", json!([]), "rbac-defaults", false),
            ("cluster-admin", "cluster-admin", json!([masters]), "no", false),
            (job, "cluster-admin", of_job, "rbac-defaults", false),
            (job, job, account("job-controller", "clinic"), "rbac-defaults", false),
            (job, job, account("portal", "kube-system"), "rbac-defaults", false),
            (
                "system:controller:mine",
                "system:controller:mine",
                account("mine", "kube-system"),
                "rbac-defaults",
                false,
            ),
        ] {
            assert_eq!(binding(name, role, &subjects, label), is_left_out, "{name} to {role} for {subjects}");
        }
        let role =
            json!({"metadata": {"name": "admin", "labels": {BOOTSTRAPPING.0: BOOTSTRAPPING.1}}, "rules": []});
        assert!(!is_default("admin", role.as_object().unwrap()), "roles are judged as they are");
    }
}
