//! What collects logs in a set: agents on the nodes, sidecars, and what operators are told to run.

use std::collections::BTreeMap;

use super::{
    operators,
    outputs::{self, Kind, LeftOut, NamespaceRule, Output, ReadFiles, Told},
    products::{self, Product},
};
use crate::{
    document::NodeRef,
    facts::{
        Because, Fact, Origin, Set, places,
        truth::Truth,
        workloads::{Workload, WorkloadId},
    },
    source::Place,
};

/// Whose logs a collector takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Covers {
    /// Those of every Pod.
    Nodes,
    Namespace(String),
    /// Those of the workload that it runs in.
    Workload,
}

/// One collector.
#[derive(Debug)]
pub(super) struct Collector {
    /// Id of the workload, or of the object that an operator makes it from.
    pub(super) resource: String,
    pub(super) product: &'static Product,
    pub(super) covers: Covers,
    pub(super) outputs: Vec<Output>,
    /// Keys of its configuration that are on, in lower case; `None` where it is not in the input.
    pub(super) switches: Option<Vec<String>>,
    /// Namespaces whose files it leaves alone.
    pub(super) left_out: Vec<LeftOut>,
    /// Files that it reads, where they name Pods.
    pub(super) reads: ReadFiles,
    /// Rules by which it drops what namespaces log.
    pub(super) rules: Vec<NamespaceRule>,
    /// Labels of the nodes that it runs on alone.
    pub(super) nodes: Vec<(String, String)>,
    /// What would tell where it sends logs.
    pub(super) missing: String,
    pub(super) origin: Origin,
}

/// All collectors of a set.
#[derive(Debug, Default)]
pub(super) struct Collectors {
    shared: Vec<Collector>,
    by_workload: BTreeMap<WorkloadId, Vec<Collector>>,
}

impl Collectors {
    pub(super) fn new(set: &Set<'_>) -> Self {
        let mut found = Self::default();
        for (id, workload) in set.workloads().iter() {
            let on_nodes = &*workload.resource.object.kind == "DaemonSet";
            let containers: Vec<NodeRef<'_>> = workload.pod.containers().collect();
            if !on_nodes && containers.len() < 2 {
                continue;
            }
            for container in containers {
                let Some(product) = container.str_at(&["image"]).and_then(products::of_image) else {
                    continue;
                };
                let covers = if on_nodes { Covers::Nodes } else { Covers::Workload };
                let Some(collector) = of_container(set, id, container, product, covers) else { continue };
                if on_nodes {
                    found.shared.push(collector);
                } else {
                    found.by_workload.entry(id).or_default().push(collector);
                }
            }
        }
        found.shared.extend(operators::collectors(set));
        found
    }

    /// Those that take the logs of all workloads of a namespace.
    pub(super) fn of_namespace(&self, name: &str) -> impl Iterator<Item = &Collector> {
        self.shared.iter().filter(move |collector| match &collector.covers {
            Covers::Nodes => true,
            Covers::Namespace(namespace) => namespace == name,
            Covers::Workload => false,
        })
    }

    /// Those that run beside a workload, in its Pods.
    pub(super) fn of_workload(&self, id: WorkloadId) -> impl Iterator<Item = &Collector> {
        self.by_workload.get(&id).into_iter().flatten()
    }
}

/// The collector that a container is; `None` where it is known to collect no logs.
fn of_container(
    set: &Set<'_>,
    id: WorkloadId,
    container: NodeRef<'_>,
    product: &'static Product,
    covers: Covers,
) -> Option<Collector> {
    let workload = set.workloads().get(id);
    let name = container.str_at(&["name"]).unwrap_or_default();
    let told = Told::of_settings(set, id, name);
    let image = container.get("image").map_or_else(|| places::name(workload.node), NodeRef::place);
    let outputs = outputs::read(product, &told, covers == Covers::Nodes, image.clone())?;
    let is_read = told.iter().any(|told| told.is_configuration);
    Some(Collector {
        resource: workload.resource.id.to_string(),
        product,
        nodes: if covers == Covers::Nodes { nodes_of(workload) } else { Vec::new() },
        covers,
        switches: is_read.then(|| outputs::switches(&told)),
        left_out: outputs::left_out(&told),
        reads: ReadFiles::of(&told),
        rules: outputs::namespace_rules(&told),
        missing: format!("the configuration of {} in {}", product.name, workload.resource.id),
        outputs,
        origin: image.into(),
    })
}

/// Labels of the nodes that an agent is kept to; every node has an operating system and an architecture.
fn nodes_of(workload: &Workload<'_>) -> Vec<(String, String)> {
    const COMMON: [&str; 4] =
        ["kubernetes.io/os", "beta.kubernetes.io/os", "kubernetes.io/arch", "beta.kubernetes.io/arch"];
    let labels = workload.pod.field("nodeSelector").into_iter().flat_map(NodeRef::entries);
    labels
        .filter(|(key, ..)| !COMMON.contains(key))
        .filter_map(|(key, _, value)| Some((key.to_owned(), value.as_str()?.to_owned())))
        .collect()
}

impl Collector {
    /// Whether what it collects gets to a central store.
    pub(super) fn central(&self) -> Truth {
        let kinds = || self.outputs.iter().map(|output| output.kind);
        if kinds().any(|kind| kind == Kind::Central) {
            Truth::True
        } else if self.outputs.is_empty() || kinds().any(|kind| kind == Kind::Unknown) {
            Truth::Unknown
        } else {
            Truth::False
        }
    }

    /// What keeps the logs of a workload from it.
    pub(super) fn opt_out(&self, workload: &Workload<'_>) -> Option<Because> {
        let named = self.product.opt_out(workload, |key| {
            self.switches.as_ref().is_none_or(|switches| switches.iter().any(|switch| switch.ends_with(key)))
        });
        let because = |text: String, place: &Place| Because {
            text: format!("{} {text}", self.resource),
            resource: Some(self.resource.as_str().into()),
            origin: Some(place.clone().into()),
        };
        let passed_over = || {
            let (pattern, place) = self.reads.passes_over(workload)?;
            Some(because(format!("reads `{pattern}`, and nothing of it"), place))
        };
        let dropped = || {
            let rule = self.rules.iter().find(|rule| rule.drops(workload.namespace))?;
            Some(because(format!("drops it by `{}`", rule.text), &rule.place))
        };
        let named = named.or_else(passed_over).or_else(dropped);
        named.or_else(|| {
            let left_out = self.left_out.iter().find(|left_out| left_out.namespace == workload.namespace)?;
            Some(because(format!("leaves out `{}`", left_out.pattern), &left_out.place))
        })
    }

    /// Whether it surely runs on the nodes of a workload.
    pub(super) fn is_beside(&self, workload: &Workload<'_>) -> bool {
        let selected = workload.pod.field("nodeSelector");
        self.nodes.iter().all(|(key, value)| selected.and_then(|node| node.str_at(&[key])) == Some(value))
    }

    /// What would tell whether it runs beside every workload.
    pub(super) fn missing_nodes(&self) -> Option<String> {
        let labels: Vec<String> = self.nodes.iter().map(|(key, value)| format!("`{key}: {value}`")).collect();
        (!labels.is_empty())
            .then(|| format!("whether all nodes have {}, as {} asks", labels.join(", "), self.resource))
    }

    pub(super) fn fact(&self) -> Fact {
        let covers = match self.covers {
            Covers::Nodes => "nodes",
            Covers::Namespace(_) => "namespace",
            Covers::Workload => "workload",
        };
        Fact::object([
            ("workload", Fact::from(self.resource.as_str())),
            ("product", Fact::from(self.product.name)),
            ("covers", Fact::from(covers)),
            ("central", Fact::from(self.central())),
            ("outputs", Fact::array(self.outputs.iter().map(Output::fact))),
        ])
        .at(Some(self.origin.clone()))
    }
}
