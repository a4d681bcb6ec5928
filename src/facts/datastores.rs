//! The fact `datastore`: database servers of a set, with every way in which each is reached from outside the cluster.
//!
//! A server is told by the image that a workload runs, else by a well-known port that a Service leads to.
//! Deliberately absent: databases within a server, who uses them, and databases of operators and clouds.

mod exposure;
mod ports;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use self::ports::{Serves, ServicePort};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Fact, Set, Subject, places},
    resource::{
        engine::{self, Engine},
        workload::PodTemplate,
    },
};

/// `{id, engine, server, name, namespace, workload, services, exposures: [{kind, service, port, internal,
/// source_ranges}]}`; `kind` is `NodePort`, `LoadBalancer`, `ExternalIP`, `hostPort`, `hostNetwork` or `unknown`. Each
/// exposure stands at the scalar that brings it about, its `port` at that port.
pub(super) fn datastores(set: &Set<'_>) -> Vec<Subject> {
    let view = &set.view;
    let workloads = workloads(view);
    let by_label = index(&workloads);
    let mut found: BTreeMap<usize, Datastore<'_>> = BTreeMap::new();
    let mut unserved = Vec::new();
    for (index, workload) in workloads.iter().enumerate() {
        if let Some((_, engine)) = workload.database {
            let exposures = exposure::of_pod(workload);
            found.insert(index, Datastore { engine, services: Vec::new(), exposures });
        }
    }
    for service in view.of_kind("", "Service") {
        let node = view.estate.node(service);
        let selected = selected(service, node, &workloads, &by_label);
        let ports: Vec<ServicePort<'_>> = ServicePort::all(service, node).collect();
        for index in &selected {
            let Some(serves) = best(&ports, workloads.get(*index)) else { continue };
            let datastore = found.entry(*index).or_insert_with(|| Datastore::new(serves.engine()));
            datastore.services.push(service);
            datastore.exposures.extend(exposure::of_service(service, node, &serves));
        }
        if selected.is_empty()
            && let Some(serves) = best(&ports, None)
        {
            let mut datastore = Datastore::new(serves.engine());
            datastore.services.push(service);
            datastore.exposures = exposure::of_service(service, node, &serves);
            unserved.push((service, datastore));
        }
    }
    let served = found.into_iter().filter_map(|(index, datastore)| {
        let workload = workloads.get(index)?;
        Some(datastore.subject(workload.resource, view, true))
    });
    served.chain(unserved.into_iter().map(|(service, store)| store.subject(service, view, false))).collect()
}

/// A workload that serves as long as it runs.
struct Workload<'e> {
    resource: &'e Resource,
    pod: PodTemplate<'e>,
    /// The first container that runs a database server.
    database: Option<(NodeRef<'e>, &'static Engine)>,
}

struct Datastore<'e> {
    engine: &'static Engine,
    services: Vec<&'e Resource>,
    exposures: Vec<Fact>,
}

impl Datastore<'_> {
    const fn new(engine: &'static Engine) -> Self {
        Self { engine, services: Vec::new(), exposures: Vec::new() }
    }

    /// `resource`: the workload, or the Service where no workload is known.
    fn subject(self, resource: &Resource, view: &View<'_>, is_workload: bool) -> Subject {
        let server = self.services.first().map_or(&resource.id, |service| &service.id);
        let database = if self.engine.name == "redis" { "0" } else { "unknown" };
        let id = format!("{}:{server}/{database}", self.engine.name);
        let workload = if is_workload { Fact::from(&*resource.id) } else { Fact::unknown() };
        let fact = Fact::object([
            ("id", Fact::from(id.as_str())),
            ("engine", Fact::from(self.engine.name)),
            ("server", Fact::from(self.services.first().map(|service| &*service.id))),
            ("name", Fact::from(&*resource.object.name)),
            ("namespace", Fact::from(resource.identity.namespace.as_deref())),
            ("workload", workload),
            ("services", Fact::array(self.services.iter().map(|service| Fact::from(&*service.id)))),
            ("exposures", Fact::array(self.exposures)),
        ]);
        let place = places::name(view.estate.node(resource));
        Subject {
            resource: if is_workload { resource.id.to_string() } else { id },
            kind: Arc::clone(&resource.object.kind),
            fact: fact.at(Some(place.into())),
        }
    }
}

fn workloads<'e>(view: &View<'e>) -> Vec<Workload<'e>> {
    let workloads = view.resources().filter_map(|resource| {
        let pod = PodTemplate::of(&resource.object, view.estate.node(resource)).filter(|pod| !pod.ends)?;
        let database = pod.containers().find_map(|container| {
            let engine = engine::of_image(container.str_at(&["image"])?)?;
            Some((container, engine))
        });
        Some(Workload { resource, pod, database })
    });
    workloads.collect()
}

type ByLabel<'e> = BTreeMap<(Option<&'e str>, &'e str, &'e str), Vec<usize>>;

fn index<'w, 'e: 'w>(workloads: &'w [Workload<'e>]) -> ByLabel<'w> {
    let mut by_label: ByLabel<'w> = BTreeMap::new();
    for (index, workload) in workloads.iter().enumerate() {
        let namespace = workload.resource.identity.namespace.as_deref();
        for (key, value) in workload.pod.labels() {
            by_label.entry((namespace, key, value)).or_default().push(index);
        }
    }
    by_label
}

/// Workloads whose Pods a Service selects. Only those with its rarest label are looked at.
fn selected(
    service: &Resource,
    node: NodeRef<'_>,
    workloads: &[Workload<'_>],
    by_label: &ByLabel<'_>,
) -> Vec<usize> {
    let namespace = service.identity.namespace.as_deref();
    let selector = node.at(&["spec", "selector"]).into_iter().flat_map(NodeRef::entries);
    let Some(pairs) =
        selector.map(|(key, _, value)| Some((key, value.as_str()?))).collect::<Option<Vec<_>>>()
    else {
        return Vec::new();
    };
    let candidates = pairs
        .iter()
        .map(|(key, value)| by_label.get(&(namespace, *key, *value)).map(Vec::as_slice).unwrap_or_default());
    let Some(rarest) = candidates.min_by_key(|candidates| candidates.len()) else { return Vec::new() };
    let matches = |index: &&usize| {
        workloads.get(**index).is_some_and(|workload| {
            pairs.iter().all(|pair| workload.pod.labels().any(|label| label == *pair))
        })
    };
    rarest.iter().filter(matches).copied().collect()
}

/// The first port that leads to a database, else the first that may.
fn best<'d>(ports: &[ServicePort<'d>], workload: Option<&Workload<'d>>) -> Option<Serves<'d>> {
    let serves = || ports.iter().filter_map(|port| port.serves(workload));
    serves().find(|serves| matches!(serves, Serves::Database(..))).or_else(|| serves().next())
}
