//! The fact `identity`: a `ServiceAccount`, with the services that run as it.
//!
//! `{id, namespace, name, platform, services: [{service, workloads}]}`, or `"unknown"` for `services` where a workload
//! does not say as whom it runs; versions of one service count once, and what runs to its end does not count.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    document::NodeRef,
    facts::{Fact, Set, Subject, places, workloads::Workload},
    source::Place,
};

/// One subject for each `ServiceAccount` that workloads run as.
pub(in crate::facts) fn identities(set: &Set<'_>) -> Vec<Subject> {
    let mut users: BTreeMap<(&str, &str), Vec<&Workload<'_>>> = BTreeMap::new();
    for (_, workload) in set.workloads().iter().filter(|(_, workload)| !workload.pod.ends) {
        users.entry((workload.namespace, workload.service_account)).or_default().push(workload);
    }
    users.into_iter().map(|((namespace, name), users)| identity(set, namespace, name, &users)).collect()
}

fn identity(set: &Set<'_>, namespace: &str, name: &str, users: &[&Workload<'_>]) -> Subject {
    let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for workload in users {
        services.entry(&workload.service).or_default().insert(&workload.resource.id);
    }
    let services = services.into_iter().map(|(service, workloads)| {
        let workloads = Fact::array(workloads.into_iter().map(Fact::from));
        Fact::object([("service", Fact::from(service)), ("workloads", workloads)])
    });
    let is_known = users.iter().all(|workload| !is_unreadable(workload));
    let services = if is_known { Fact::array(services) } else { Fact::unknown() };
    let id = format!("ServiceAccount/{namespace}/{name}");
    let place = match set.view.get(&id) {
        Some(account) => Some(places::name(set.view.estate.node(account))),
        None => users.first().map(|workload| named(workload)),
    };
    let fact = Fact::object([
        ("id", Fact::from(id.as_str())),
        ("namespace", Fact::from(namespace)),
        ("name", Fact::from(name)),
        ("platform", Fact::from(set.mesh().is_platform(namespace))),
        ("services", services),
    ]);
    Subject { resource: id, kind: "ServiceAccount".into(), fact: fact.at(place.map(Into::into)) }
}

fn written<'e>(workload: &Workload<'e>) -> Option<NodeRef<'e>> {
    workload.pod.spec.get("serviceAccountName").filter(|node| !node.is_null())
}

fn is_unreadable(workload: &Workload<'_>) -> bool {
    written(workload).is_some_and(|node| node.as_str().is_none())
}

fn named(workload: &Workload<'_>) -> Place {
    written(workload).map_or_else(|| places::name(workload.node), |node| places::value(node.place(), node))
}
