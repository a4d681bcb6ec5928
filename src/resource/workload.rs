//! Workloads: kinds that run Pods, and where each keeps the Pod that it runs.
//!
//! Deliberately absent: workloads that operators make without a Pod being written anywhere.

use super::kubernetes::Object;
use crate::document::NodeRef;

/// The Pod that a workload runs, as written.
#[derive(Debug, Clone, Copy)]
pub struct PodTemplate<'d> {
    /// Labels and annotations of the Pod.
    pub metadata: Option<NodeRef<'d>>,
    pub spec: NodeRef<'d>,
    /// Whether the Pod runs to its end, and serves nobody.
    pub ends: bool,
}

impl<'d> PodTemplate<'d> {
    /// The Pod of an object, given its root; `None` where it is no workload, or has no Pod yet.
    pub fn of(object: &Object, root: NodeRef<'d>) -> Option<Self> {
        let (keys, ends): (&[&str], bool) = match (&*object.group, &*object.kind) {
            ("", "Pod") | ("serving.knative.dev", "Revision") => (&[], false),
            ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
            | ("", "ReplicationController")
            | ("argoproj.io", "Rollout")
            | ("serving.knative.dev", "Service" | "Configuration")
            | ("apps.openshift.io", "DeploymentConfig") => (&["spec", "template"], false),
            ("batch", "Job") | ("apps.kruise.io", "BroadcastJob") => (&["spec", "template"], true),
            ("batch", "CronJob") => (&["spec", "jobTemplate", "spec", "template"], true),
            ("keda.sh", "ScaledJob") => (&["spec", "jobTargetRef", "template"], true),
            (group, _) if group.contains('.') && is_pod_template(root.at(&["spec", "template"])) => {
                (&["spec", "template"], false)
            }
            _ => return None,
        };
        let pod = root.at(keys)?;
        Some(Self { metadata: pod.get("metadata"), spec: pod.get("spec")?, ends })
    }

    /// Key and value of each label that is text.
    pub fn labels(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let labels = self.metadata.and_then(|metadata| metadata.get("labels"));
        let labels = labels.into_iter().flat_map(NodeRef::entries);
        labels.filter_map(|(key, _, value)| Some((key, value.as_str()?)))
    }

    /// Containers that run as long as the Pod does, sidecars among the initial ones included
    /// (core/v1 `Container.restartPolicy`).
    pub fn containers(self) -> impl Iterator<Item = NodeRef<'d>> {
        let items = move |key| self.spec.get(key).into_iter().flat_map(NodeRef::items);
        let sidecars = items("initContainers")
            .filter(|container| container.str_at(&["restartPolicy"]) == Some("Always"));
        items("containers").chain(sidecars)
    }

    /// Containers of every kind: initial ones, those that run, and ephemeral ones.
    pub fn all_containers(self) -> impl Iterator<Item = NodeRef<'d>> {
        let kinds = ["initContainers", "containers", "ephemeralContainers"];
        kinds.into_iter().flat_map(move |key| self.spec.get(key).into_iter().flat_map(NodeRef::items))
    }
}

/// Whether a custom resource writes a Pod there, as operators' kinds for workloads do: containers with images.
fn is_pod_template(node: Option<NodeRef<'_>>) -> bool {
    let containers = node.and_then(|node| node.at(&["spec", "containers"]));
    containers.is_some_and(|containers| containers.items().any(|container| container.get("image").is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, resource::kubernetes::objects, source::SourceId};

    #[test]
    fn the_pod_of_each_kind_is_found() {
        for (name, text, expected) in [
            (
                "a Pod",
                "apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: b}}\nspec: {containers: [{}]}",
                Some((1, false)),
            ),
            (
                "a CronJob",
                "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{}, {}]}}}}}",
                Some((2, true)),
            ),
            (
                "a sidecar",
                "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{}], initContainers: [{}, {restartPolicy: Always}]}}}",
                Some((2, false)),
            ),
            (
                "a Knative Service",
                "apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{}]}}}",
                Some((1, false)),
            ),
            (
                "an operator's kind with a Pod",
                "apiVersion: apps.kruise.io/v1alpha1\nkind: CloneSet\nspec: {template: {metadata: {labels: {a: b}}, spec: {containers: [{image: a}]}}}",
                Some((1, false)),
            ),
            (
                "an operator's kind without one",
                "apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nspec: {template: {spec: {}}}",
                None,
            ),
            ("another group", "apiVersion: example.com/v1\nkind: Pod\nspec: {}", None),
            ("no Pod", "apiVersion: apps/v1\nkind: Deployment\nspec: {template: null}", None),
        ] {
            let parsed = yaml::parse(SourceId(0), &text.into());
            let objects = objects(&parsed.documents[0]);
            let pod = PodTemplate::of(&objects[0], parsed.documents[0].root());
            assert_eq!(pod.map(|pod| (pod.containers().count(), pod.ends)), expected, "{name}");
            assert!(pod.is_none_or(|pod| pod.labels().eq([("a", "b")])), "{name}");
        }
    }
}
