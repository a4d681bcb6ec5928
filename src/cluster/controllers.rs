//! Controllers: a live workload is its topmost one, and what its Pods show belongs to it.
//!
//! A `ReplicaSet` folds into its Deployment, a Job into its `CronJob`, a Pod into whatever runs it, if that writes Pods:
//! what stands nowhere else is kept, or nobody would judge it. Of Pods of one controller and the same content one stands
//! for all, except on nodes, where each static Pod is a workload of its own.

use std::{cell::RefCell, collections::BTreeMap};

use super::{
    discovery::Served,
    kinds::{KINDS, Part},
    redact::{Content, Item},
};
use crate::{
    document::json,
    estate::Observed,
    resource::{
        kubernetes::{Identity, objects},
        workload::PodTemplate,
    },
    source::SourceId,
};

/// Items of one kind. Pods of one controller and the same content are held once, with what all of them show.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) items: Vec<Item>,
    /// By the uid of their controller, and their content.
    pods: BTreeMap<(String, Option<Content>), Item>,
    /// Uid of the Namespace `kube-system`, where a shard saw it.
    pub(super) cluster: Option<String>,
}

/// How many owners above each other are looked at.
const DEEPEST: usize = 8;

impl Collected {
    pub(super) fn add(&mut self, item: Item) {
        let controller = item.controller.as_ref().filter(|controller| controller.kind != "Node");
        let (Some(shown), Some(controller)) = (&item.observed, controller) else {
            self.items.push(item);
            return;
        };
        let key = (controller.uid.clone(), item.content);
        match self.pods.get_mut(&key) {
            None => drop(self.pods.insert(key, item)),
            Some(held) => {
                let mut shown = shown.clone();
                shown.add(held.observed.as_ref().unwrap_or(&Observed::default()));
                // The same Pod stands for the others, whatever their order.
                if item.name < held.name {
                    *held = item;
                }
                held.observed = Some(shown);
            }
        }
    }

    /// What was read of another page or namespace.
    pub(super) fn absorb(&mut self, other: Self) {
        self.items.extend(other.items);
        other.pods.into_values().for_each(|pod| self.add(pod));
        self.cluster = self.cluster.take().or(other.cluster);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Kinds whose controllers make Pods themselves: API group and kinds. A Pod that names another one as its controller, such
/// as a suspended `CronJob`, was not made by it.
const MAKERS: [(&str, &[&str]); 10] = [
    ("", &["ReplicationController"]),
    ("apps", &["DaemonSet", "ReplicaSet", "StatefulSet"]),
    ("apps.kruise.io", &["BroadcastJob"]),
    ("argoproj.io", &["Workflow"]),
    ("batch", &["Job"]),
    ("batch.volcano.sh", &["Job"]),
    ("kubeflow.org", &["JAXJob", "MPIJob", "PaddleJob", "PyTorchJob", "TFJob", "XGBoostJob"]),
    ("ray.io", &["RayCluster"]),
    ("sparkoperator.k8s.io", &["SparkApplication"]),
    ("tekton.dev", &["TaskRun"]),
];

fn makes_pods(served: &Served) -> bool {
    MAKERS.iter().any(|(group, kinds)| *group == served.group && kinds.contains(&&*served.kind))
}

/// Whether objects of a kind run Pods.
fn runs(served: &Served) -> bool {
    KINDS
        .iter()
        .any(|kind| kind.part == Part::Workload && kind.group == served.group && kind.kind == served.kind)
}

/// What stays of each kind, and what the Pods of each workload show.
pub(super) fn fold(kinds: &mut [(Served, Collected)]) -> Vec<(Identity, Observed)> {
    for (_, collected) in kinds.iter_mut() {
        let pods = std::mem::take(&mut collected.pods);
        collected.items.extend(pods.into_values());
    }
    let workloads = kinds.iter().filter(|(served, _)| runs(served));
    let all: BTreeMap<&str, (&Served, &Item)> = workloads
        .flat_map(|(served, collected)| collected.items.iter().map(move |item| (&*item.uid, (served, item))))
        .filter(|(uid, _)| !uid.is_empty())
        .collect();
    let all = Owners { all, write: RefCell::default() };
    let mut observed: BTreeMap<(String, String, Option<String>, String), Observed> = BTreeMap::new();
    let mut folded: Vec<Vec<bool>> = Vec::new();
    for (served, collected) in kinds.iter() {
        let runs = runs(served);
        folded.push(Vec::with_capacity(collected.items.len()));
        for item in &collected.items {
            let (top_kind, top) = if runs { all.top(served, item) } else { (served, item) };
            folded.last_mut().expect("pushed above").push(item.is_spare || !std::ptr::eq(top, item));
            if let Some(shown) = &item.observed {
                let (group, kind) = (top_kind.group.clone(), top_kind.kind.clone());
                let key = (group, kind, top.namespace.clone(), top.name.clone());
                observed.entry(key).or_default().add(shown);
            }
        }
    }
    drop(all);
    for ((_, collected), folded) in kinds.iter_mut().zip(folded) {
        let mut folded = folded.into_iter();
        collected.items.retain(|_| !folded.next().unwrap_or_default());
        collected.items.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    }
    let identity = |(group, kind, namespace, name): (String, String, Option<String>, String)| Identity {
        group: group.into(),
        kind: kind.into(),
        namespace: namespace.map(Into::into),
        name: name.into(),
    };
    observed.into_iter().map(|(key, observed)| (identity(key), observed)).collect()
}

/// What may own something, by its uid.
struct Owners<'i> {
    all: BTreeMap<&'i str, (&'i Served, &'i Item)>,
    /// Whether those that were looked at write Pods.
    write: RefCell<BTreeMap<&'i str, bool>>,
}

impl<'i> Owners<'i> {
    /// The topmost controller that is read and writes the Pods that it runs, each on the way there included: a `TaskRun`
    /// of a task that stands elsewhere says nothing of its Pod, and neither does who runs the `TaskRun`.
    fn top(&self, served: &'i Served, item: &'i Item) -> (&'i Served, &'i Item) {
        let (mut here, mut top) = ((served, item), (served, item));
        for _ in 0..DEEPEST {
            let above = here.1.controller.as_ref().and_then(|controller| self.all.get(&*controller.uid));
            let Some(above) = above else { break };
            let is_pod = here.0.group.is_empty() && here.0.kind == "Pod";
            if is_pod && !makes_pods(above.0) {
                break;
            }
            here = *above;
            // A `ReplicaSet` of no Pods is not kept either: only what is above it can stand for something.
            if here.1.is_spare {
                continue;
            }
            if !self.writes_pods(here.1) {
                break;
            }
            top = here;
        }
        top
    }

    fn writes_pods(&self, item: &'i Item) -> bool {
        if let Some(known) = self.write.borrow().get(&*item.uid) {
            return *known;
        }
        let parsed = json::parse(SourceId(0), &item.text.as_str().into());
        let writes = parsed.documents.iter().any(|document| {
            let root = document.root();
            // Where it cannot be told which of its Pods it writes, none of them may vanish in it.
            let writes = |object| {
                !PodTemplate::all(object, root).is_empty() && !PodTemplate::are_elsewhere(object, root)
            };
            objects(document).iter().any(writes)
        });
        self.write.borrow_mut().insert(&item.uid, writes);
        writes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::redact::Controller, *};

    fn served(group: &str, kind: &str) -> Served {
        let text = |text: &str| text.to_owned();
        Served {
            group: text(group),
            version: text("v1"),
            kind: text(kind),
            resource: text("x"),
            namespaced: true,
        }
    }

    /// Writes no Pods unless `collected` gives it some.
    fn object(name: &str, owner: Option<(&str, &str)>) -> Item {
        let controller = owner.map(|(kind, uid)| Controller { uid: uid.to_owned(), kind: kind.to_owned() });
        Item {
            namespace: Some("shop".to_owned()),
            name: name.to_owned(),
            uid: name.to_owned(),
            controller,
            text: String::new(),
            is_spare: false,
            observed: None,
            content: None,
        }
    }

    fn pod(name: &str, owner: Option<(&str, &str)>, containers: &[&str]) -> Item {
        let containers = containers.iter().map(|name| ((*name).into(), 1)).collect();
        let observed = Some(Observed { running: 1, containers, redirected: 0 });
        Item { observed, ..object(name, owner) }
    }

    /// Items that say nothing of Pods.
    fn blank(group: &str, kind: &str, items: impl IntoIterator<Item = Item>) -> (Served, Collected) {
        let mut collected = Collected::default();
        items.into_iter().for_each(|item| collected.add(item));
        (served(group, kind), collected)
    }

    /// Items of a kind with a Pod where built-in kinds have it.
    fn written(group: &str, kind: &str, items: impl IntoIterator<Item = Item>) -> (Served, Collected) {
        let served = served(group, kind);
        let pod = json!({"spec": {"containers": [{"image": "a"}], "steps": [{"image": "a"}]}});
        let spec = json!({"template": pod, "jobTemplate": {"spec": {"template": pod}}, "taskSpec": pod["spec"],
            "containers": [{"image": "a"}], "pipelineSpec": {"tasks": [{"taskSpec": pod["spec"]}]}});
        let text = json!({"apiVersion": served.api_version(), "kind": kind, "spec": spec}).to_string();
        blank(group, kind, items.into_iter().map(|item| Item { text: text.clone(), ..item }))
    }

    fn left(kinds: &[(Served, Collected)]) -> Vec<Vec<&str>> {
        let left =
            kinds.iter().map(|(_, collected)| collected.items.iter().map(|item| &*item.name).collect());
        left.collect()
    }

    #[test]
    fn a_workload_is_its_topmost_controller_with_what_its_pods_show() {
        let mut spare = object("web-0", Some(("Deployment", "web")));
        spare.is_spare = true;
        let mut kinds = [
            written(
                "",
                "Pod",
                [
                    pod("web-1-b", Some(("ReplicaSet", "web-1")), &["web"]),
                    pod("web-1-a", Some(("ReplicaSet", "web-1")), &["web", "istio-proxy"]),
                    pod("alone", None, &["sh"]),
                    pod("set-1", Some(("StrimziPodSet", "unread")), &["kafka"]),
                    pod("set-0", Some(("StrimziPodSet", "unread")), &["kafka"]),
                    pod("apiserver-a", Some(("Node", "a")), &["kube-apiserver"]),
                    pod("apiserver-b", Some(("Node", "a")), &["kube-apiserver"]),
                ],
            ),
            written("apps", "Deployment", [object("web", None)]),
            written("apps", "ReplicaSet", [object("web-1", Some(("Deployment", "web"))), spare]),
            written("batch", "CronJob", [object("nightly", None)]),
            written("batch", "Job", [object("nightly-1", Some(("CronJob", "nightly")))]),
        ];
        let observed = fold(&mut kinds);
        let pods = vec!["alone", "apiserver-a", "apiserver-b", "set-0"];
        assert_eq!(left(&kinds), [pods, vec!["web"], vec![], vec!["nightly"], vec![]]);
        let of = |id: &str| &observed.iter().find(|(identity, _)| identity.id() == id).unwrap().1;
        let web = of("Deployment/shop/web");
        assert_eq!((web.running, web.with("web"), web.with("istio-proxy")), (2, 2, 1));
        assert_eq!(of("Pod/shop/set-0").running, 2, "one stands for all of an unread controller");
        assert_eq!(of("Pod/shop/alone").running, 1);
    }

    #[test]
    fn a_pod_stays_whose_controller_does_not_write_it() {
        type Write<'w> = &'w dyn Fn(&str, &str, Vec<Item>) -> (Served, Collected);
        let runs = |write: Write<'_>| {
            let mut kinds = [
                written("", "Pod", [pod("build-pod", Some(("TaskRun", "build")), &["step"])]),
                write("tekton.dev", "TaskRun", vec![object("build", Some(("PipelineRun", "all")))]),
                written("tekton.dev", "PipelineRun", [object("all", None)]),
            ];
            let observed = fold(&mut kinds);
            let left: Vec<Vec<String>> = left(&kinds)
                .into_iter()
                .map(|names| names.into_iter().map(str::to_owned).collect())
                .collect();
            (left, observed[0].0.id())
        };
        let (left, shows) = runs(&|group, kind, items| written(group, kind, items));
        assert_eq!((left, &*shows), (vec![vec![], vec![], vec!["all".into()]], "PipelineRun/shop/all"));
        let (left, shows) = runs(&|group, kind, items| blank(group, kind, items));
        let expected = vec![vec!["build-pod".into()], vec![], vec!["all".into()]];
        assert_eq!((left, &*shows), (expected, "Pod/shop/build-pod"), "its task stands elsewhere");
    }

    #[test]
    fn a_pod_stays_that_names_a_controller_which_makes_none() {
        let mut kinds = [
            written("", "Pod", [pod("forged", Some(("CronJob", "nightly")), &["sh"])]),
            written("batch", "CronJob", [object("nightly", None)]),
        ];
        fold(&mut kinds);
        assert_eq!(left(&kinds), [vec!["forged"], vec!["nightly"]]);
    }

    #[test]
    fn pods_of_one_controller_that_differ_all_stay() {
        let of = |name: &str, content: u8| {
            let pod = pod(name, Some(("Workflow", "steps")), &["main"]);
            Item { content: Some([content; 32]), ..pod }
        };
        let mut kinds = [
            written("", "Pod", [of("a-1", 1), of("b-1", 2), of("b-0", 2)]),
            blank("argoproj.io", "Workflow", [object("steps", None)]),
        ];
        fold(&mut kinds);
        assert_eq!(left(&kinds), [vec!["a-1", "b-0"], vec!["steps"]]);
    }

    #[test]
    fn pods_of_a_workflow_that_runs_templates_of_others_stay() {
        for (step, expected) in
            [(json!({"template": "own"}), vec![]), (json!({"templateRef": {"name": "a"}}), vec!["steps-1"])]
        {
            let templates = json!([{"steps": [[step]]}, {"name": "own", "container": {"image": "a"}}]);
            let text =
                json!({"apiVersion": "argoproj.io/v1", "kind": "Workflow", "spec": {"templates": templates}});
            let workflow = Item { text: text.to_string(), ..object("steps", None) };
            let mut kinds = [
                written("", "Pod", [pod("steps-1", Some(("Workflow", "steps")), &["main"])]),
                blank("argoproj.io", "Workflow", [workflow]),
            ];
            fold(&mut kinds);
            assert_eq!(left(&kinds), [expected, vec!["steps"]]);
        }
    }

    #[test]
    fn objects_without_a_uid_own_nothing_and_stay() {
        let mut nameless = object("web", None);
        nameless.uid = String::new();
        let owned = pod("web-1", Some(("ReplicaSet", "")), &["web"]);
        let mut kinds = [written("", "Pod", [owned]), written("apps", "ReplicaSet", [nameless])];
        fold(&mut kinds);
        assert_eq!(left(&kinds), [vec!["web-1"], vec!["web"]]);
    }

    #[test]
    fn owners_in_a_circle_end() {
        let circle = [object("a", Some(("Job", "b"))), object("b", Some(("Job", "a")))];
        let mut kinds = [written("batch", "Job", circle)];
        fold(&mut kinds);
        assert_eq!(
            kinds[0].1.items.len(),
            2,
            "none of them is above itself: after eight steps each is where it began"
        );
    }
}
