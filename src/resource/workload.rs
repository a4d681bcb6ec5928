//! Workloads: kinds that run Pods, and where each keeps the Pods that it runs.
//!
//! Deliberately absent: workloads that operators make without a Pod being written anywhere.

mod kinds;

use super::kubernetes::Object;
use crate::document::NodeRef;

/// A Pod that a workload runs, as written.
#[derive(Debug, Clone, Copy)]
pub struct PodTemplate<'d> {
    /// Labels and annotations of the Pod.
    pub metadata: Option<NodeRef<'d>>,
    spec: NodeRef<'d>,
    /// What is written once for all Pods of a workload that has several, such as the service account of a workflow.
    common: Option<NodeRef<'d>>,
    /// What the templates of a workflow take where they say nothing else (Argo Workflows, `templateDefaults`).
    defaults: Option<NodeRef<'d>>,
    /// Whether what stands for the Pod is its one container as well (Spark operator, `driver`).
    is_container: bool,
    /// Whether the Pod runs to its end, and serves nobody.
    pub ends: bool,
}

/// Lists of containers that run as long as the Pod does: of core/v1 `PodSpec`, of a workflow's template (Argo Workflows,
/// `Template.sidecars`), of a task (Tekton, `TaskSpec.steps` and `sidecars`).
const LISTS: [&str; 3] = ["containers", "steps", "sidecars"];

/// Where a workflow's template has its one container (Argo Workflows, `Template.container` and `script`).
const SINGLE: [&str; 2] = ["container", "script"];

impl<'d> PodTemplate<'d> {
    /// The Pods of an object, given its root, in the order of the document; none where it is no workload, or has no Pod
    /// yet.
    pub fn all(object: &Object, root: NodeRef<'d>) -> Vec<Self> {
        let known: Vec<_> = kinds::of(&object.group, &object.kind).collect();
        if !known.is_empty() {
            return known.into_iter().flat_map(|kind| kind.pods(root)).collect();
        }
        let pod = root.at(&["spec", "template"]).filter(|_| object.group.contains('.'));
        let pod = pod.filter(|pod| has_images(*pod));
        pod.and_then(|pod| Self::written(pod, None, false)).into_iter().collect()
    }

    /// Whether an object runs Pods beside those that it writes: a workflow that refers to templates of others (Argo
    /// Workflows, `templateRef` of steps, tasks and hooks, `workflowTemplateRef`).
    pub fn are_elsewhere(object: &Object, root: NodeRef<'_>) -> bool {
        &*object.group == "argoproj.io"
            && &*object.kind == "Workflow"
            && root.get("spec").is_some_and(|spec| has_key(spec, &["templateRef", "workflowTemplateRef"]))
    }

    /// A Pod with `metadata` and `spec`.
    fn written(pod: NodeRef<'d>, common: Option<NodeRef<'d>>, ends: bool) -> Option<Self> {
        let metadata = pod.get("metadata");
        Some(Self { metadata, spec: pod.get("spec")?, common, defaults: None, is_container: false, ends })
    }

    /// Key and value of each label that is text.
    pub fn labels(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let labels = self.metadata.and_then(|metadata| metadata.get("labels"));
        let labels = labels.into_iter().flat_map(NodeRef::entries);
        labels.filter_map(|(key, _, value)| Some((key, value.as_str()?)))
    }

    /// A field of core/v1 `PodSpec` that is no list.
    pub fn field(self, key: &str) -> Option<NodeRef<'d>> {
        self.spec.get(key).or_else(|| self.defaults?.get(key)).or_else(|| self.common?.get(key))
    }

    /// Text of a field of core/v1 `PodSpec`, unless it is empty.
    pub fn text(self, key: &str) -> Option<&'d str> {
        self.field(key).and_then(NodeRef::as_str).filter(|text| !text.is_empty())
    }

    /// Elements of `volumes`.
    pub fn volumes(self) -> impl Iterator<Item = NodeRef<'d>> {
        let places = [Some(self.spec), self.defaults, self.common].into_iter().flatten();
        places.filter_map(|place| place.get("volumes")).flat_map(NodeRef::items)
    }

    /// Containers that run as long as the Pod does, sidecars among the initial ones included
    /// (core/v1 `Container.restartPolicy`).
    pub fn containers(self) -> impl Iterator<Item = NodeRef<'d>> {
        let sidecars = self
            .items("initContainers")
            .filter(|container| container.str_at(&["restartPolicy"]) == Some("Always"));
        self.lasting().chain(sidecars)
    }

    /// Containers of every kind: initial ones, those that run, and ephemeral ones.
    pub fn all_containers(self) -> impl Iterator<Item = NodeRef<'d>> {
        self.items("initContainers").chain(self.lasting()).chain(self.items("ephemeralContainers"))
    }

    /// What a container takes from a template of containers where it says nothing itself: a step from `stepTemplate` (Tekton,
    /// `TaskSpec`), the container of a workflow's template from `templateDefaults` (Argo Workflows, `WorkflowSpec`).
    pub fn inherited(self, container: NodeRef<'d>) -> Option<NodeRef<'d>> {
        if self.items("steps").any(|step| step.id == container.id) {
            return self.spec.get("stepTemplate");
        }
        let is_it = |key: &&str| self.spec.get(key).is_some_and(|single| single.id == container.id);
        let key = SINGLE.into_iter().find(is_it)?;
        self.defaults?.get(key)
    }

    fn lasting(self) -> impl Iterator<Item = NodeRef<'d>> {
        let itself = self.is_container.then_some(self.spec);
        let set = self.spec.at(&["containerSet", "containers"]).into_iter().flat_map(NodeRef::items);
        let single = SINGLE
            .into_iter()
            .filter_map(move |key| {
                Some((self.spec.get(key)?, self.defaults.and_then(|defaults| defaults.get(key))))
            })
            .filter(|(node, default)| {
                [Some(*node), *default].into_iter().flatten().any(|node| node.get("image").is_some())
            })
            .map(|(node, _)| node);
        // A workflow's `steps` are lists of what runs at once, and no containers.
        let lists = LISTS.into_iter().flat_map(move |key| self.items(key)).filter(|node| node.is_mapping());
        lists.chain(single).chain(set).chain(itself)
    }

    fn items(self, key: &str) -> impl Iterator<Item = NodeRef<'d>> + use<'d> {
        self.spec.get(key).into_iter().flat_map(NodeRef::items)
    }
}

/// Whether a custom resource writes a Pod there, as operators' kinds for workloads do: containers with images.
fn has_images(pod: NodeRef<'_>) -> bool {
    let containers = pod.at(&["spec", "containers"]);
    containers.is_some_and(|containers| containers.items().any(|container| container.get("image").is_some()))
}

/// Whether a mapping at or below a node has one of the keys.
fn has_key(node: NodeRef<'_>, keys: &[&str]) -> bool {
    node.entries().any(|(key, _, value)| keys.contains(&key) || has_key(value, keys))
        || node.items().any(|item| has_key(item, keys))
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
            let pods = PodTemplate::all(&objects[0], parsed.documents[0].root());
            assert!(pods.len() < 2, "{name}");
            let pod = pods.first();
            assert_eq!(pod.map(|pod| (pod.containers().count(), pod.ends)), expected, "{name}");
            assert!(pod.is_none_or(|pod| pod.labels().eq([("a", "b")])), "{name}");
        }
    }

    #[test]
    fn kinds_with_several_pods_have_all_of_them() {
        for (kind, spec, expected) in [
            (
                "jobset.x-k8s.io/v1alpha2 JobSet",
                "{replicatedJobs: [{template: {spec: {template: {spec: {containers: [{image: a}]}}}}}, {template: {spec: {template: {spec: {serviceAccountName: s, containers: [{image: b}]}}}}}]}",
                vec![("a", None), ("b", Some("s"))],
            ),
            (
                "leaderworkerset.x-k8s.io/v1 LeaderWorkerSet",
                "{leaderWorkerTemplate: {workerTemplate: {spec: {containers: [{image: b}]}}, leaderTemplate: {spec: {containers: [{image: a}]}}}}",
                vec![("a", None), ("b", None)],
            ),
            (
                "kubeflow.org/v1 PyTorchJob",
                "{pytorchReplicaSpecs: {Master: {template: {spec: {containers: [{image: a}]}}}, Worker: {template: {spec: {containers: [{image: b}]}}}}}",
                vec![("a", None), ("b", None)],
            ),
            (
                "argoproj.io/v1alpha1 Workflow",
                "{serviceAccountName: s, templates: [{name: all, steps: [[{name: x, template: a}]]}, {name: a, container: {image: a}}, {name: b, script: {image: b, source: x}, serviceAccountName: t}]}",
                vec![("a", Some("s")), ("b", Some("t"))],
            ),
            (
                "argoproj.io/v1alpha1 CronWorkflow",
                "{workflowSpec: {serviceAccountName: s, templates: [{containerSet: {containers: [{image: a}]}}]}}",
                vec![("a", Some("s"))],
            ),
            (
                "argoproj.io/v1alpha1 WorkflowTemplate",
                "{templates: [{name: all, steps: [[{name: x, inline: {container: {image: a}}}]]}, {name: graph, dag: {tasks: [{name: y, inline: {script: {image: b}}}]}}]}",
                vec![("a", None), ("b", None)],
            ),
            (
                "argoproj.io/v1alpha1 CronWorkflow",
                "{workflowSpec: {serviceAccountName: s, templates: [{dag: {tasks: [{inline: {container: {image: a}}}]}}]}}",
                vec![("a", Some("s"))],
            ),
            (
                "ray.io/v1 RayJob",
                "{submitterPodTemplate: {spec: {containers: [{image: a}]}}}",
                vec![("a", None)],
            ),
            (
                "tekton.dev/v1 Pipeline",
                "{tasks: [{taskSpec: {steps: [{image: a}]}}], finally: [{taskSpec: {steps: [{image: b}]}}]}",
                vec![("a", None), ("b", None)],
            ),
            (
                "tekton.dev/v1 PipelineRun",
                "{pipelineSpec: {finally: [{taskSpec: {steps: [{image: b}]}}]}}",
                vec![("b", None)],
            ),
            (
                "argoproj.io/v1alpha1 Workflow",
                "{serviceAccountName: s, templateDefaults: {serviceAccountName: t, container: {image: x}}, templates: [{container: {command: [a], image: a}}, {steps: []}]}",
                vec![("a", Some("t"))],
            ),
            (
                "sparkoperator.k8s.io/v1beta2 SparkApplication",
                "{image: x, driver: {image: a, serviceAccount: s}, executor: {image: b}}",
                vec![("a", None), ("b", None)],
            ),
            (
                "sparkoperator.k8s.io/v1beta2 ScheduledSparkApplication",
                "{template: {driver: {image: a}, executor: {image: b}}}",
                vec![("a", None), ("b", None)],
            ),
            (
                "apps.kruise.io/v1alpha1 UnitedDeployment",
                "{template: {cloneSetTemplate: {spec: {template: {spec: {containers: [{image: a}]}}}}}}",
                vec![("a", None)],
            ),
            ("tekton.dev/v1 Task", "{steps: [{image: a}], sidecars: [{image: b}]}", vec![("a", None)]),
            (
                "tekton.dev/v1 TaskRun",
                "{serviceAccountName: s, taskSpec: {steps: [{image: a}]}}",
                vec![("a", Some("s"))],
            ),
        ] {
            let (version, kind) = kind.split_once(' ').expect("a version and a kind");
            let text = format!("apiVersion: {version}\nkind: {kind}\nspec: {spec}");
            let parsed = yaml::parse(SourceId(0), &text.into());
            let objects = objects(&parsed.documents[0]);
            let pods = PodTemplate::all(&objects[0], parsed.documents[0].root());
            let image =
                |pod: &PodTemplate<'_>| pod.all_containers().next()?.str_at(&["image"]).map(str::to_owned);
            let found: Vec<_> = pods.iter().map(|pod| (image(pod), pod.text("serviceAccountName"))).collect();
            let expected: Vec<_> =
                expected.into_iter().map(|(image, account)| (Some(image.to_owned()), account)).collect();
            assert_eq!(found, expected, "{kind}");
        }
    }

    #[test]
    fn containers_take_what_they_do_not_say_from_templates_of_containers() {
        for (kind, spec, expected) in [
            (
                "tekton.dev/v1 Task",
                "{stepTemplate: {workingDir: x}, steps: [{image: a}], sidecars: [{image: b}]}",
                &[Some("x"), None][..],
            ),
            (
                "argoproj.io/v1alpha1 Workflow",
                "{templateDefaults: {container: {workingDir: x, image: y}, script: {workingDir: z}}, templates: [{container: {command: [a]}}, {script: {image: b}}, {containerSet: {containers: [{image: c}]}}]}",
                &[Some("x"), Some("z"), None],
            ),
            ("tekton.dev/v1 Task", "{steps: [{image: a}]}", &[None]),
        ] {
            let (version, kind) = kind.split_once(' ').expect("a version and a kind");
            let text = format!("apiVersion: {version}\nkind: {kind}\nspec: {spec}");
            let parsed = yaml::parse(SourceId(0), &text.into());
            let objects = objects(&parsed.documents[0]);
            let pods = PodTemplate::all(&objects[0], parsed.documents[0].root());
            let found = pods.iter().flat_map(|pod| {
                pod.all_containers().map(|container| pod.inherited(container)?.str_at(&["workingDir"]))
            });
            assert_eq!(found.collect::<Vec<_>>(), expected, "{kind} {spec}");
        }
    }

    #[test]
    fn a_workflow_may_run_pods_of_others() {
        for (kind, spec, expected) in [
            ("Workflow", "{templates: [{container: {image: a}}]}", false),
            (
                "Workflow",
                "{templates: [{steps: [[{templateRef: {name: a, template: b}}]]}, {container: {image: a}}]}",
                true,
            ),
            ("Workflow", "{workflowTemplateRef: {name: a}, templates: [{container: {image: a}}]}", true),
            ("WorkflowTemplate", "{templates: [{dag: {tasks: [{templateRef: {name: a}}]}}]}", false),
        ] {
            let text = format!("apiVersion: argoproj.io/v1alpha1\nkind: {kind}\nspec: {spec}");
            let parsed = yaml::parse(SourceId(0), &text.into());
            let objects = objects(&parsed.documents[0]);
            let are_elsewhere = PodTemplate::are_elsewhere(&objects[0], parsed.documents[0].root());
            assert_eq!(are_elsewhere, expected, "{kind} {spec}");
        }
    }
}
