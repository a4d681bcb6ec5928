//! How the Terraform provider names what Kubernetes names otherwise.
//!
//! Source: hashicorp/terraform-provider-kubernetes, `kubernetes/schema_*.go` and `structures_*.go`, beside the API
//! reference of Kubernetes 1.37. Names that are no exception become camel case; a block becomes an object.

/// API version and kind of a resource type, without `kubernetes_` and a version at its end.
const KINDS: &[(&str, &str, &str)] = &[
    ("api_service", "apiregistration.k8s.io/v1", "APIService"),
    ("certificate_signing_request", "certificates.k8s.io/v1", "CertificateSigningRequest"),
    ("cluster_role", "rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("cluster_role_binding", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("config_map", "v1", "ConfigMap"),
    ("cron_job", "batch/v1", "CronJob"),
    ("csi_driver", "storage.k8s.io/v1", "CSIDriver"),
    ("daemon_set", "apps/v1", "DaemonSet"),
    ("daemonset", "apps/v1", "DaemonSet"),
    ("deployment", "apps/v1", "Deployment"),
    ("endpoint_slice", "discovery.k8s.io/v1", "EndpointSlice"),
    ("endpoints", "v1", "Endpoints"),
    ("horizontal_pod_autoscaler", "autoscaling/v2", "HorizontalPodAutoscaler"),
    ("ingress", "networking.k8s.io/v1", "Ingress"),
    ("ingress_class", "networking.k8s.io/v1", "IngressClass"),
    ("job", "batch/v1", "Job"),
    ("limit_range", "v1", "LimitRange"),
    ("mutating_webhook_configuration", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    ("namespace", "v1", "Namespace"),
    ("network_policy", "networking.k8s.io/v1", "NetworkPolicy"),
    ("persistent_volume", "v1", "PersistentVolume"),
    ("persistent_volume_claim", "v1", "PersistentVolumeClaim"),
    ("pod", "v1", "Pod"),
    ("pod_disruption_budget", "policy/v1", "PodDisruptionBudget"),
    ("pod_security_policy", "policy/v1beta1", "PodSecurityPolicy"),
    ("priority_class", "scheduling.k8s.io/v1", "PriorityClass"),
    ("replication_controller", "v1", "ReplicationController"),
    ("resource_quota", "v1", "ResourceQuota"),
    ("role", "rbac.authorization.k8s.io/v1", "Role"),
    ("role_binding", "rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("runtime_class", "node.k8s.io/v1", "RuntimeClass"),
    ("secret", "v1", "Secret"),
    ("service", "v1", "Service"),
    ("service_account", "v1", "ServiceAccount"),
    ("stateful_set", "apps/v1", "StatefulSet"),
    ("storage_class", "storage.k8s.io/v1", "StorageClass"),
    ("validating_webhook_configuration", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
];

const VERSIONS: [&str; 6] = ["_v1", "_v2", "_v1beta1", "_v1beta2", "_v2beta1", "_v2beta2"];

/// API version and kind of the object that a resource type stands for; `None` where it stands for none of its own.
pub(super) fn kind(resource_type: &str) -> Option<(&'static str, &'static str)> {
    let name = resource_type.strip_prefix("kubernetes_")?;
    let name = VERSIONS.iter().find_map(|version| name.strip_suffix(version)).unwrap_or(name);
    let index = KINDS.binary_search_by(|(known, _, _)| (*known).cmp(name)).ok()?;
    KINDS.get(index).map(|(_, version, kind)| (*version, *kind))
}

/// Parent (empty: any), block, and the key of the list that the blocks make. The first line that fits counts.
const LISTS: &[(&str, &str, Option<&str>)] = &[
    ("ephemeral", "volume_claim_template", None),
    ("node_affinity", "required_during_scheduling_ignored_during_execution", None),
    ("resource", "secret", Some("secrets")),
    ("service", "port", None),
    ("", "address", Some("addresses")),
    ("", "allowed_topologies", Some("allowedTopologies")),
    ("", "cluster_role_selectors", Some("clusterRoleSelectors")),
    ("", "condition", Some("conditions")),
    ("", "container", Some("containers")),
    ("", "egress", Some("egress")),
    ("", "endpoint", Some("endpoints")),
    ("", "env", Some("env")),
    ("", "env_from", Some("envFrom")),
    ("", "from", Some("from")),
    ("", "host_aliases", Some("hostAliases")),
    ("", "http_header", Some("httpHeaders")),
    ("", "image_pull_secret", Some("imagePullSecrets")),
    ("", "image_pull_secrets", Some("imagePullSecrets")),
    ("", "ingress", Some("ingress")),
    ("", "init_container", Some("initContainers")),
    ("", "items", Some("items")),
    ("", "limit", Some("limits")),
    ("", "match_expressions", Some("matchExpressions")),
    ("", "match_fields", Some("matchFields")),
    ("", "match_label_expressions", Some("matchLabelExpressions")),
    ("", "metric", Some("metrics")),
    ("", "node_selector_term", Some("nodeSelectorTerms")),
    ("", "not_ready_address", Some("notReadyAddresses")),
    ("", "on_pod_condition", Some("onPodConditions")),
    ("", "option", Some("options")),
    ("", "path", Some("paths")),
    ("", "policy", Some("policies")),
    ("", "port", Some("ports")),
    ("", "ports", Some("ports")),
    (
        "",
        "preferred_during_scheduling_ignored_during_execution",
        Some("preferredDuringSchedulingIgnoredDuringExecution"),
    ),
    ("", "readiness_gate", Some("readinessGates")),
    (
        "",
        "required_during_scheduling_ignored_during_execution",
        Some("requiredDuringSchedulingIgnoredDuringExecution"),
    ),
    ("", "rule", Some("rules")),
    ("", "sources", Some("sources")),
    ("", "subject", Some("subjects")),
    ("", "subset", Some("subsets")),
    ("", "sysctl", Some("sysctls")),
    ("", "tls", Some("tls")),
    ("", "to", Some("to")),
    ("", "toleration", Some("tolerations")),
    ("", "topology_spread_constraint", Some("topologySpreadConstraints")),
    ("", "volume", Some("volumes")),
    ("", "volume_claim_template", Some("volumeClaimTemplates")),
    ("", "volume_device", Some("volumeDevices")),
    ("", "volume_mount", Some("volumeMounts")),
    ("", "webhook", Some("webhooks")),
];

/// The key of the list that blocks make; `None` where the block stands for one object.
pub(super) fn list(parent: &str, block: &str) -> Option<&'static str> {
    let line =
        LISTS.iter().find(|(around, name, _)| (around.is_empty() || *around == parent) && *name == block);
    line.and_then(|(_, _, key)| *key)
}

/// Names that camel case does not give.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("cluster_ip", "clusterIP"),
    ("cluster_ips", "clusterIPs"),
    ("data_disk_uri", "diskURI"),
    ("disk_uri", "diskURI"),
    ("downward_api", "downwardAPI"),
    ("external_ips", "externalIPs"),
    ("host_ip", "hostIP"),
    ("host_ipc", "hostIPC"),
    ("host_pid", "hostPID"),
    ("load_balancer_ip", "loadBalancerIP"),
    ("non_resource_urls", "nonResourceURLs"),
    ("pod_cidr", "podCIDR"),
    ("storage_provisioner", "provisioner"),
    ("target_ww_ns", "targetWWNs"),
];

/// Name of a field in Kubernetes.
pub(super) fn field(name: &str) -> String {
    if let Some((_, exception)) = EXCEPTIONS.iter().find(|(known, _)| *known == name) {
        return (*exception).to_owned();
    }
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut all, word| {
        let mut letters = word.chars();
        all.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        all + letters.as_str()
    })
}

/// What the server or Terraform adds, at the top of a resource or in its metadata.
pub(super) fn is_added(parent: &str, name: &str) -> bool {
    match parent {
        "resource" => {
            matches!(name, "id" | "status" | "timeouts" | "default_secret_name")
                || name.starts_with("wait_for_")
        }
        "metadata" => matches!(name, "generation" | "resource_version" | "self_link" | "uid"),
        _ => false,
    }
}

/// Fields that are numbers in Kubernetes, or a number or a name, and may be strings in Terraform.
pub(super) fn is_number(name: &str) -> bool {
    matches!(
        name,
        "container_port"
            | "fs_group"
            | "host_port"
            | "max_surge"
            | "max_unavailable"
            | "min_available"
            | "node_port"
            | "port"
            | "replicas"
            | "run_as_group"
            | "run_as_user"
            | "service_port"
            | "target_port"
    )
}

/// Modes of files: octal text in Terraform, a number in Kubernetes.
pub(super) fn is_mode(name: &str) -> bool {
    matches!(name, "default_mode" | "mode")
}

/// Whether a value is what the provider keeps for a field that nobody set.
pub(super) fn means_unset(name: &str, text: &str) -> bool {
    match text {
        "" => !matches!(name, "value" | "storage_class_name"),
        "0" => matches!(name, "host_port" | "node_port" | "health_check_node_port"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_that_are_searched_are_sorted() {
        assert!(KINDS.is_sorted_by_key(|(name, _, _)| *name));
        assert!(LISTS.iter().filter(|line| line.0.is_empty()).is_sorted_by_key(|line| line.1));
        assert!(EXCEPTIONS.is_sorted());
    }

    #[test]
    fn types_stand_for_kinds_whatever_their_version() {
        for (name, expected) in [
            ("kubernetes_deployment", Some(("apps/v1", "Deployment"))),
            ("kubernetes_deployment_v1", Some(("apps/v1", "Deployment"))),
            (
                "kubernetes_horizontal_pod_autoscaler_v2beta2",
                Some(("autoscaling/v2", "HorizontalPodAutoscaler")),
            ),
            ("kubernetes_secret_v1_data", None),
            ("kubernetes_labels", None),
            ("aws_iam_role", None),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn fields_are_camel_case_but_for_initials() {
        for (name, expected) in [
            ("name", "name"),
            ("config_map_key_ref", "configMapKeyRef"),
            ("se_linux_options", "seLinuxOptions"),
            ("cluster_ip", "clusterIP"),
            ("tcp_socket", "tcpSocket"),
        ] {
            assert_eq!(field(name), expected);
        }
    }
}
