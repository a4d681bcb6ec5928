//! What a cluster makes itself: no manifest has to declare it, and nobody misses what has ended.

use crate::{
    document::NodeRef,
    estate::View,
    resource::kubernetes::{Identity, id_of},
};

/// Annotations by which installers run an object once and remove it.
const HOOKS: [&str; 2] = ["argocd.argoproj.io/hook", "helm.sh/hook"];

/// Maps that controllers put into every namespace: those of Kubernetes, Istio and `OpenShift`.
const IN_EVERY_NAMESPACE: [&str; 4] =
    ["istio-ca-crl", "istio-ca-root-cert", "kube-root-ca.crt", "openshift-service-ca.crt"];

/// Namespaces that an API server makes.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Kept by programs that elect a leader among themselves.
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";

/// Of the API server's own roles and bindings.
const BOOTSTRAPPING: &str = "kubernetes.io/bootstrapping";

/// Whether an object is removed when it is done.
pub(super) fn ends(node: NodeRef<'_>, kind: &str) -> bool {
    let annotation = |name: &&str| node.at(&["metadata", "annotations", name]).is_some();
    let has_end = node.at(&["spec", "ttlSecondsAfterFinished"]).is_some();
    HOOKS.iter().any(annotation) || (kind == "Job" && has_end)
}

/// Whether another object made it and is answerable for it.
pub(super) fn has_owner(node: NodeRef<'_>) -> bool {
    node.at(&["metadata", "ownerReferences"]).is_some_and(|owners| owners.items().next().is_some())
}

/// Whether every cluster has such an object.
pub(super) fn is_of_every_cluster(identity: &Identity, node: NodeRef<'_>) -> bool {
    let name = &*identity.name;
    let is_default = identity.namespace.as_deref() == Some("default") && name == "kubernetes";
    match (&*identity.group, &*identity.kind) {
        ("", "ConfigMap") => {
            IN_EVERY_NAMESPACE.contains(&name) || node.at(&["metadata", "annotations", LEADER]).is_some()
        }
        ("", "Namespace") => NAMESPACES.contains(&name),
        ("", "Service" | "Endpoints") | ("discovery.k8s.io", "EndpointSlice") => is_default,
        ("rbac.authorization.k8s.io", _) => node.at(&["metadata", "labels", BOOTSTRAPPING]).is_some(),
        _ => false,
    }
}

/// Whether it comes with another object, which does not own it: `Endpoints` with the Service of their name, a claim with
/// the `StatefulSet` whose template it was made from.
pub(super) fn is_made_beside_others(live: &View<'_>, identity: &Identity) -> bool {
    let Some(namespace) = identity.namespace.as_deref() else { return false };
    match (&*identity.group, &*identity.kind) {
        ("", "Endpoints") => live.get(&id_of("", "Service", namespace, &identity.name)).is_some(),
        ("", "PersistentVolumeClaim") => live.of_kind("apps", "StatefulSet").any(|set| {
            set.identity.namespace.as_deref() == Some(namespace)
                && is_claim_of(&identity.name, &set.object.name, live.estate.node(set))
        }),
        _ => false,
    }
}

/// `TEMPLATE-SET-ORDINAL` (`getPersistentVolumeClaimName` in kubernetes/kubernetes, `pkg/controller/statefulset`).
fn is_claim_of(claim: &str, set: &str, node: NodeRef<'_>) -> bool {
    let templates = node.at(&["spec", "volumeClaimTemplates"]).into_iter().flat_map(NodeRef::items);
    let mut names = templates.filter_map(|template| template.str_at(&["metadata", "name"]));
    names.any(|template| {
        let rest = claim.strip_prefix(template).and_then(|rest| rest.strip_prefix('-'));
        let ordinal = rest.and_then(|rest| rest.strip_prefix(set)).and_then(|rest| rest.strip_prefix('-'));
        ordinal
            .is_some_and(|ordinal| !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit()))
    })
}
