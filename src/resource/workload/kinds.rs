//! Kinds that are known to run Pods, and the path of each to them.
//!
//! Deliberately absent: templates of the whole cluster, such as `ClusterWorkflowTemplate`, whose Pods run in whatever
//! namespace asks for them.
//!
//! Sources: the Kubernetes API reference and, for custom resources, the Go types of each project's API.

use super::PodTemplate;
use crate::document::NodeRef;

/// One place of Pods in a kind.
pub(super) struct Kind {
    group: &'static str,
    kinds: &'static [&'static str],
    /// Keys from the root; `*` is every element of a list and every value of a mapping.
    path: &'static [&'static str],
    form: Form,
    /// Whether the Pods run to their end.
    ends: bool,
}

/// What stands at the end of a path.
#[derive(Clone, Copy)]
enum Form {
    /// core/v1 `PodTemplateSpec`.
    Template,
    /// Containers beside what all Pods of the workload share, which stands so many keys from the root.
    Containers { common: usize },
    /// A container that stands for its Pod as well, beside what all of them share (Spark operator, `SparkPodSpec`).
    Container { common: usize },
}

const SERVES: Kind = Kind { group: "", kinds: &[], path: &[], form: Form::Template, ends: false };
const ENDS: Kind = Kind { ends: true, ..SERVES };
const WORKFLOW: Kind = Kind { group: "argoproj.io", form: Form::Containers { common: 1 }, ..ENDS };
const CRON_WORKFLOW: Kind =
    Kind { kinds: &["CronWorkflow"], form: Form::Containers { common: 2 }, ..WORKFLOW };
const TASK: Kind = Kind { group: "tekton.dev", form: Form::Containers { common: 1 }, ..ENDS };
const REPLICAS: Kind = Kind { group: "kubeflow.org", ..ENDS };
const SPARK: Kind = Kind { group: "sparkoperator.k8s.io", form: Form::Container { common: 1 }, ..ENDS };
const SCHEDULED_SPARK: Kind =
    Kind { kinds: &["ScheduledSparkApplication"], form: Form::Container { common: 2 }, ..SPARK };
const UNITED: Kind = Kind { group: "apps.kruise.io", kinds: &["UnitedDeployment"], ..SERVES };
const RAY: Kind = Kind { group: "ray.io", ..SERVES };

const TEMPLATE: &[&str] = &["spec", "template"];

/// Kinds of Argo that keep templates in the same place.
const WORKFLOWS: &[&str] = &["Workflow", "WorkflowTemplate"];

/// A kind may have several lines.
const KINDS: &[Kind] = &[
    Kind { kinds: &["Pod"], path: &[], ..SERVES },
    Kind { kinds: &["ReplicationController"], path: TEMPLATE, ..SERVES },
    Kind {
        group: "apps",
        kinds: &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
        path: TEMPLATE,
        ..SERVES
    },
    Kind { group: "batch", kinds: &["Job"], path: TEMPLATE, ..ENDS },
    Kind { group: "batch", kinds: &["CronJob"], path: &["spec", "jobTemplate", "spec", "template"], ..ENDS },
    Kind { group: "argoproj.io", kinds: &["Rollout"], path: TEMPLATE, ..SERVES },
    Kind { group: "serving.knative.dev", kinds: &["Revision"], path: &[], ..SERVES },
    Kind { group: "serving.knative.dev", kinds: &["Service", "Configuration"], path: TEMPLATE, ..SERVES },
    Kind { group: "apps.openshift.io", kinds: &["DeploymentConfig"], path: TEMPLATE, ..SERVES },
    Kind { group: "apps.kruise.io", kinds: &["BroadcastJob"], path: TEMPLATE, ..ENDS },
    Kind { path: &["spec", "template", "advancedStatefulSetTemplate", "spec", "template"], ..UNITED },
    Kind { path: &["spec", "template", "cloneSetTemplate", "spec", "template"], ..UNITED },
    Kind { path: &["spec", "template", "deploymentTemplate", "spec", "template"], ..UNITED },
    Kind { path: &["spec", "template", "statefulSetTemplate", "spec", "template"], ..UNITED },
    Kind { kinds: &["SparkApplication"], path: &["spec", "driver"], ..SPARK },
    Kind { kinds: &["SparkApplication"], path: &["spec", "executor"], ..SPARK },
    Kind { path: &["spec", "template", "driver"], ..SCHEDULED_SPARK },
    Kind { path: &["spec", "template", "executor"], ..SCHEDULED_SPARK },
    Kind { group: "keda.sh", kinds: &["ScaledJob"], path: &["spec", "jobTargetRef", "template"], ..ENDS },
    Kind {
        group: "jobset.x-k8s.io",
        kinds: &["JobSet"],
        path: &["spec", "replicatedJobs", "*", "template", "spec", "template"],
        ..ENDS
    },
    Kind {
        group: "leaderworkerset.x-k8s.io",
        kinds: &["LeaderWorkerSet"],
        path: &["spec", "leaderWorkerTemplate", "leaderTemplate"],
        ..SERVES
    },
    Kind {
        group: "leaderworkerset.x-k8s.io",
        kinds: &["LeaderWorkerSet"],
        path: &["spec", "leaderWorkerTemplate", "workerTemplate"],
        ..SERVES
    },
    Kind { group: "batch.volcano.sh", kinds: &["Job"], path: &["spec", "tasks", "*", "template"], ..ENDS },
    Kind { kinds: &["TFJob"], path: &["spec", "tfReplicaSpecs", "*", "template"], ..REPLICAS },
    Kind { kinds: &["PyTorchJob"], path: &["spec", "pytorchReplicaSpecs", "*", "template"], ..REPLICAS },
    Kind { kinds: &["MPIJob"], path: &["spec", "mpiReplicaSpecs", "*", "template"], ..REPLICAS },
    Kind { kinds: &["XGBoostJob"], path: &["spec", "xgbReplicaSpecs", "*", "template"], ..REPLICAS },
    Kind { kinds: &["PaddleJob"], path: &["spec", "paddleReplicaSpecs", "*", "template"], ..REPLICAS },
    Kind { kinds: &["JAXJob"], path: &["spec", "jaxReplicaSpecs", "*", "template"], ..REPLICAS },
    Kind { kinds: &["RayCluster"], path: &["spec", "headGroupSpec", "template"], ..RAY },
    Kind { kinds: &["RayCluster"], path: &["spec", "workerGroupSpecs", "*", "template"], ..RAY },
    Kind { kinds: &["RayService"], path: &["spec", "rayClusterConfig", "headGroupSpec", "template"], ..RAY },
    Kind {
        kinds: &["RayService"],
        path: &["spec", "rayClusterConfig", "workerGroupSpecs", "*", "template"],
        ..RAY
    },
    Kind {
        kinds: &["RayJob"],
        path: &["spec", "rayClusterSpec", "headGroupSpec", "template"],
        ends: true,
        ..RAY
    },
    Kind {
        kinds: &["RayJob"],
        path: &["spec", "rayClusterSpec", "workerGroupSpecs", "*", "template"],
        ends: true,
        ..RAY
    },
    Kind { kinds: &["RayJob"], path: &["spec", "submitterPodTemplate"], ends: true, ..RAY },
    Kind { kinds: WORKFLOWS, path: &["spec", "templates", "*"], ..WORKFLOW },
    Kind { kinds: WORKFLOWS, path: &["spec", "templates", "*", "steps", "*", "*", "inline"], ..WORKFLOW },
    Kind { kinds: WORKFLOWS, path: &["spec", "templates", "*", "dag", "tasks", "*", "inline"], ..WORKFLOW },
    Kind { path: &["spec", "workflowSpec", "templates", "*"], ..CRON_WORKFLOW },
    Kind { path: &["spec", "workflowSpec", "templates", "*", "steps", "*", "*", "inline"], ..CRON_WORKFLOW },
    Kind {
        path: &["spec", "workflowSpec", "templates", "*", "dag", "tasks", "*", "inline"],
        ..CRON_WORKFLOW
    },
    Kind {
        group: "argoproj.io",
        kinds: &["AnalysisTemplate"],
        path: &["spec", "metrics", "*", "provider", "job", "spec", "template"],
        ..ENDS
    },
    Kind { kinds: &["Task"], path: &["spec"], ..TASK },
    Kind { kinds: &["TaskRun"], path: &["spec", "taskSpec"], ..TASK },
    Kind { kinds: &["Pipeline"], path: &["spec", "tasks", "*", "taskSpec"], ..TASK },
    Kind { kinds: &["Pipeline"], path: &["spec", "finally", "*", "taskSpec"], ..TASK },
    Kind { kinds: &["PipelineRun"], path: &["spec", "pipelineSpec", "tasks", "*", "taskSpec"], ..TASK },
    Kind { kinds: &["PipelineRun"], path: &["spec", "pipelineSpec", "finally", "*", "taskSpec"], ..TASK },
];

/// The places of a kind, none if it is not known to run Pods.
pub(super) fn of(group: &str, kind: &str) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |known| known.group == group && known.kinds.contains(&kind))
}

impl Kind {
    pub(super) fn pods<'d>(&self, root: NodeRef<'d>) -> Vec<PodTemplate<'d>> {
        let mut places = vec![root];
        for key in self.path {
            places = places.into_iter().flat_map(|place| below(place, key)).collect();
        }
        let pods = places.into_iter().filter_map(|place| match self.form {
            Form::Template => PodTemplate::written(place, None, self.ends),
            Form::Containers { common } => {
                let common = root.at(&self.path[..common]);
                let pod = PodTemplate {
                    metadata: place.get("metadata"),
                    spec: place,
                    common,
                    defaults: common.and_then(|common| common.get("templateDefaults")),
                    is_container: false,
                    ends: self.ends,
                };
                pod.all_containers().next().map(|_| pod)
            }
            Form::Container { common } => place.is_mapping().then(|| PodTemplate {
                metadata: Some(place),
                spec: place,
                common: root.at(&self.path[..common]),
                defaults: None,
                is_container: true,
                ends: self.ends,
            }),
        });
        pods.collect()
    }
}

fn below<'d>(place: NodeRef<'d>, key: &str) -> Vec<NodeRef<'d>> {
    if key == "*" {
        place.items().chain(place.entries().map(|(_, _, value)| value)).collect()
    } else {
        place.get(key).into_iter().collect()
    }
}
