//! Kinds that Kubernetes and its well-known extensions define: which are cluster-scoped, which names are taken.
//!
//! Source: kubernetes/kubernetes `api/openapi-spec/swagger.json` (v1.37), istio/api, and the definitions of the
//! extensions named below.

/// Kinds of Kubernetes itself, with `true` for the cluster-scoped ones.
const BUILT_IN: &[(&str, bool)] = &[
    ("APIService", true),
    ("Binding", false),
    ("CSIDriver", true),
    ("CSINode", true),
    ("CSIStorageCapacity", false),
    ("CertificateSigningRequest", true),
    ("ClusterRole", true),
    ("ClusterRoleBinding", true),
    ("ClusterTrustBundle", true),
    ("ComponentStatus", true),
    ("ConfigMap", false),
    ("ControllerRevision", false),
    ("CronJob", false),
    ("CustomResourceDefinition", true),
    ("DaemonSet", false),
    ("Deployment", false),
    ("DeviceClass", true),
    ("EndpointSlice", false),
    ("Endpoints", false),
    ("Event", false),
    ("FlowSchema", true),
    ("HorizontalPodAutoscaler", false),
    ("IPAddress", true),
    ("Ingress", false),
    ("IngressClass", true),
    ("Job", false),
    ("Lease", false),
    ("LimitRange", false),
    ("MutatingAdmissionPolicy", true),
    ("MutatingAdmissionPolicyBinding", true),
    ("MutatingWebhookConfiguration", true),
    ("Namespace", true),
    ("NetworkPolicy", false),
    ("Node", true),
    ("PersistentVolume", true),
    ("PersistentVolumeClaim", false),
    ("Pod", false),
    ("PodDisruptionBudget", false),
    ("PodSecurityPolicy", true),
    ("PodTemplate", false),
    ("PriorityClass", true),
    ("PriorityLevelConfiguration", true),
    ("ReplicaSet", false),
    ("ReplicationController", false),
    ("ResourceClaim", false),
    ("ResourceClaimTemplate", false),
    ("ResourceQuota", false),
    ("ResourceSlice", true),
    ("Role", false),
    ("RoleBinding", false),
    ("RuntimeClass", true),
    ("Secret", false),
    ("Service", false),
    ("ServiceAccount", false),
    ("ServiceCIDR", true),
    ("StatefulSet", false),
    ("StorageClass", true),
    ("ValidatingAdmissionPolicy", true),
    ("ValidatingAdmissionPolicyBinding", true),
    ("ValidatingWebhookConfiguration", true),
    ("VolumeAttachment", true),
    ("VolumeAttributesClass", true),
];

/// Kinds of `*.istio.io`, all namespaced.
const ISTIO: &[&str] = &[
    "AuthorizationPolicy",
    "DestinationRule",
    "EnvoyFilter",
    "Gateway",
    "IstioOperator",
    "PeerAuthentication",
    "ProxyConfig",
    "RequestAuthentication",
    "ServiceEntry",
    "Sidecar",
    "Telemetry",
    "VirtualService",
    "WasmPlugin",
    "WorkloadEntry",
    "WorkloadGroup",
];

/// Cluster-scoped kinds of extensions whose definitions are seldom in the same repository.
const CLUSTER_SCOPED_EXTENSIONS: &[(&str, &str)] = &[
    ("apiextensions.crossplane.io", "*"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("cert-manager.io", "ClusterIssuer"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("constraints.gatekeeper.sh", "*"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkSet"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("generators.external-secrets.io", "ClusterGenerator"),
    ("karpenter.k8s.aws", "*"),
    ("karpenter.sh", "*"),
    ("kuma.io", "Mesh"),
    ("kyverno.io", "ClusterCleanupPolicy"),
    ("kyverno.io", "ClusterPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("pkg.crossplane.io", "*"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkSet"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ("tekton.dev", "ClusterTask"),
    ("templates.gatekeeper.sh", "ConstraintTemplate"),
    ("wgpolicyk8s.io", "ClusterPolicyReport"),
    ("openreports.io", "ClusterReport"),
];

/// Groups of Kubernetes itself; other groups without a dot (`skaffold`) are no cluster APIs.
const BUILT_IN_GROUPS: &[&str] = &["", "apps", "autoscaling", "batch", "extensions", "policy"];

/// Groups whose objects no API server takes: they configure tools on a developer's machine.
const TOOL_GROUPS: &[&str] =
    &["backstage.io", "kustomize.config.k8s.io", "kind.x-k8s.io", "k3d.io", "config.kubernetes.io"];

/// Kinds of Kubernetes itself and of Istio.
pub(crate) fn all() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|(kind, _)| *kind).chain(ISTIO.iter().copied())
}

/// Whether an API version can belong to an object of a cluster.
pub(super) fn is_cluster_api(group: &str, version: &str) -> bool {
    let digits =
        version.strip_prefix('v').and_then(|rest| rest.chars().next()).is_some_and(|c| c.is_ascii_digit());
    digits && (BUILT_IN_GROUPS.contains(&group) || (group.contains('.') && !TOOL_GROUPS.contains(&group)))
}

/// Whether a group is that of kustomize's own files.
pub(super) fn is_kustomization(group: &str) -> bool {
    group == "kustomize.config.k8s.io"
}

/// The group where a kind of the retired group `extensions` lives today.
pub(super) fn present_group<'g>(group: &'g str, kind: &str) -> &'g str {
    match (group, kind) {
        ("extensions", "Ingress" | "NetworkPolicy") => "networking.k8s.io",
        ("extensions", "PodSecurityPolicy") => "policy",
        ("extensions", _) => "apps",
        _ => group,
    }
}

/// Whether a kind of the core group configures a client and is never sent to an API server.
pub(super) fn is_client_configuration(group: &str, kind: &str) -> bool {
    group.is_empty() && matches!(kind, "Config" | "Status")
}

pub(super) fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    if is_built_in_group(group) {
        return BUILT_IN.iter().any(|(known, cluster)| *known == kind && *cluster);
    }
    CLUSTER_SCOPED_EXTENSIONS.iter().any(|(known, name)| *known == group && (*name == "*" || *name == kind))
}

/// Whether the kind alone would be mistaken for one of Kubernetes or Istio.
pub(super) fn needs_group(group: &str, kind: &str) -> bool {
    let taken = BUILT_IN.iter().any(|(known, _)| *known == kind) || ISTIO.contains(&kind);
    taken && !is_built_in_group(group) && !is_istio_group(group)
}

fn is_built_in_group(group: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group)
        || [
            "admissionregistration.k8s.io",
            "apiextensions.k8s.io",
            "apiregistration.k8s.io",
            "certificates.k8s.io",
            "coordination.k8s.io",
            "discovery.k8s.io",
            "events.k8s.io",
            "flowcontrol.apiserver.k8s.io",
            "networking.k8s.io",
            "node.k8s.io",
            "rbac.authorization.k8s.io",
            "resource.k8s.io",
            "scheduling.k8s.io",
            "storage.k8s.io",
        ]
        .contains(&group)
}

fn is_istio_group(group: &str) -> bool {
    group.ends_with(".istio.io")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_shown_only_where_the_kind_is_taken() {
        for (group, kind, shown) in [
            ("", "Service", false),
            ("serving.knative.dev", "Service", true),
            ("security.istio.io", "AuthorizationPolicy", false),
            ("policy.linkerd.io", "AuthorizationPolicy", true),
            ("gateway.networking.k8s.io", "Gateway", true),
            ("networking.istio.io", "Gateway", false),
            ("kafka.strimzi.io", "KafkaTopic", false),
        ] {
            assert_eq!(needs_group(group, kind), shown, "{group} {kind}");
        }
    }

    #[test]
    fn only_cluster_apis_make_objects() {
        for (group, version, ours) in [
            ("", "v1", true),
            ("apps", "v1", true),
            ("kafka.strimzi.io", "v1beta2", true),
            ("skaffold", "v4beta1", false),
            ("", "3.8", false),
            ("kustomize.config.k8s.io", "v1beta1", false),
        ] {
            assert_eq!(is_cluster_api(group, version), ours, "{group}/{version}");
        }
    }
}
