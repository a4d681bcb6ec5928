//! The fact `log-pipeline`: whether what the workloads of a namespace log leaves the cluster's own disks.
//!
//! One subject for each namespace that has workloads. Fields, where `T` is true, false or `"unknown"`:
//!
//! | field | value |
//! |---|---|
//! | `id`, `name`, `workloads` | `Namespace/shop`, `shop`, and how many workloads it has |
//! | `collectors` | `[{workload, product, covers: "nodes"\|"namespace"\|"workload", central: T, outputs}]` that may cover it |
//! | `outputs` of a collector | `[{name, kind: "central"\|"local"\|"unknown", target}]`; the target is a host, a bucket, a group |
//! | `central` | `T`: what every workload logs, the excluded ones aside, is sent to a central store |
//! | `excluded` | `[{workload, because}]`: workloads that opt out of every collector |
//! | `missing` | what would decide `central` |
//!
//! A collector whose configuration is not in the input sends logs somewhere unknown; without any collector in the input
//! it is unknown who collects. Files that a collector is told to leave alone, or not told to read, and namespaces that
//! Fluent Bit's `grep` drops are left out; one that is kept to some nodes may not run beside a workload. Deliberately
//! absent are other filters, and tags by which it picks what it sends where.

mod collectors;
mod operators;
mod outputs;
mod products;

use std::collections::BTreeSet;

use self::collectors::{Collector, Collectors};
use super::{Because, Fact, Set, Subject, places, truth::Truth, workloads::WorkloadId};
use crate::{document::NodeRef, source::Place};

/// What would have to be in the input where no collector is.
const NO_COLLECTOR: &str =
    "what collects logs on the nodes: a DaemonSet, or the logging of the cluster itself";

/// One subject for each namespace with workloads.
pub(super) fn subjects(set: &Set<'_>) -> Vec<Subject> {
    let collectors = Collectors::new(set);
    let names = set.workloads().namespaces();
    names.filter_map(|name| subject(set, &collectors, name)).collect()
}

fn subject(set: &Set<'_>, collectors: &Collectors, name: &str) -> Option<Subject> {
    let ids = set.workloads().in_namespace(name);
    let first = set.workloads().get(*ids.first()?);
    let shared: Vec<&Collector> = collectors.of_namespace(name).collect();
    let own: Vec<&Collector> = ids.iter().flat_map(|id| collectors.of_workload(*id)).collect();
    let mut excluded = Vec::new();
    let mut central = Truth::True;
    for id in ids {
        let covered = Coverage::of(set, *id, &shared, collectors);
        if let Some(because) = covered.excluded {
            let workload = &*set.workloads().get(*id).resource.id;
            let origin = because.origin.clone();
            let fields = [("workload", Fact::from(workload)), ("because", Fact::from(because))];
            excluded.push(Fact::object(fields).at(origin));
        } else {
            central = central.and(covered.central);
        }
    }
    let mut missing: BTreeSet<String> = BTreeSet::new();
    if central == Truth::Unknown {
        let open = shared.iter().chain(&own).filter(|collector| collector.central() == Truth::Unknown);
        missing.extend(open.map(|collector| collector.missing.clone()));
        missing.extend(shared.iter().filter_map(|collector| collector.missing_nodes()));
        if missing.is_empty() {
            missing.insert(NO_COLLECTOR.to_owned());
        }
    }
    let id = format!("Namespace/{name}");
    let fact = Fact::object([
        ("id", Fact::from(id.as_str())),
        ("name", Fact::from(name)),
        ("workloads", Fact::from(i64::try_from(ids.len()).unwrap_or(i64::MAX))),
        ("collectors", Fact::array(shared.iter().chain(&own).map(|collector| collector.fact()))),
        ("central", Fact::from(central)),
        ("excluded", Fact::array(excluded)),
        ("missing", Fact::array(missing.into_iter().map(Fact::from))),
    ]);
    let declared = set.mesh().namespaces.get(name).map(|namespace| namespace.resource);
    let place =
        declared.map_or_else(|| named(first.node), |namespace| places::name(set.view.estate.node(namespace)));
    Some(Subject { resource: id, kind: "Namespace".into(), fact: fact.at(Some(place.into())) })
}

/// What becomes of the logs of one workload.
struct Coverage {
    central: Truth,
    /// It opts out of everything that would collect them.
    excluded: Option<Because>,
}

impl Coverage {
    fn of(set: &Set<'_>, id: WorkloadId, shared: &[&Collector], collectors: &Collectors) -> Self {
        let workload = set.workloads().get(id);
        let mut left_in: Vec<Truth> = collectors.of_workload(id).map(Collector::central).collect();
        if shared.is_empty() && left_in.is_empty() {
            // The nodes may have a collector that is not in the input.
            return Self { central: Truth::Unknown, excluded: products::any_opt_out(workload) };
        }
        let mut opted_out = None;
        for collector in shared {
            match collector.opt_out(workload) {
                Some(because) => opted_out = opted_out.or(Some(because)),
                None if collector.is_beside(workload) => left_in.push(collector.central()),
                None => left_in.push(collector.central().and(Truth::Unknown)),
            }
        }
        let excluded = opted_out.filter(|_| left_in.is_empty());
        Self { central: left_in.into_iter().fold(Truth::False, Truth::or), excluded }
    }
}

/// The namespace as its first workload names it.
fn named(node: NodeRef<'_>) -> Place {
    node.at(&["metadata", "namespace"]).map_or_else(|| places::name(node), NodeRef::place)
}

#[cfg(test)]
mod tests;
