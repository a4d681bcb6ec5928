//! Queues of RabbitMQ's messaging topology operator (`rabbitmq.com/v1beta1`): `Queue`, `Exchange`,
//! `Binding`, `Permission`, `User`. What is declared of an exchange holds for the queues that are bound to it.

use std::collections::BTreeMap;

use regex::Regex;

use super::{Direction, Topics, Use};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{Because, Origin, Set, workloads::WorkloadId},
};

const GROUP: &str = "rabbitmq.com";

pub(super) fn collect<'e>(set: &Set<'e>, topics: &mut Topics<'e>) {
    let view = &set.view;
    // By cluster and virtual host: a permission is for one of them.
    let mut queues: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    let host = |node: NodeRef<'e>| node.str_at(&["spec", "vhost"]).unwrap_or("/");
    for resource in view.of_kind(GROUP, "Queue") {
        let node = view.estate.node(resource);
        let (Some(cluster), Some(name)) =
            (node.str_at(&["spec", "rabbitmqClusterReference", "name"]), node.str_at(&["spec", "name"]))
        else {
            continue;
        };
        topics.named(cluster, name).resource = Some(resource);
        queues.entry((cluster, host(node))).or_default().push(name);
    }
    if queues.is_empty() {
        return;
    }
    let holders = holders(set);
    let bindings = Bindings::new(view);
    let exchanges: BTreeMap<(&str, &str, &str), &'e Resource> = view
        .of_kind(GROUP, "Exchange")
        .filter_map(|resource| {
            let node = view.estate.node(resource);
            let cluster = node.str_at(&["spec", "rabbitmqClusterReference", "name"])?;
            Some(((cluster, host(node), node.str_at(&["spec", "name"])?), resource))
        })
        .collect();
    for ((cluster, host), queues) in &queues {
        for queue in queues {
            let bound = bindings.of(cluster, host, queue).iter();
            let bound = bound.filter_map(|exchange| exchanges.get(&(*cluster, *host, *exchange)).copied());
            topics.named(cluster, queue).exchanges.extend(bound);
        }
    }
    for permission in view.of_kind(GROUP, "Permission") {
        let node = view.estate.node(permission);
        let Some(cluster) = node.str_at(&["spec", "rabbitmqClusterReference", "name"]) else { continue };
        let user = node.str_at(&["spec", "userReference", "name"]).or_else(|| node.str_at(&["spec", "user"]));
        let Some(user) = user else { continue };
        let workloads = workloads(permission, user, &holders);
        for (field, direction) in [("read", Direction::Reads), ("write", Direction::Writes)] {
            let Some(pattern) = node.at(&["spec", "permissions", field]) else { continue };
            // RabbitMQ matches the whole of a name only where the pattern is anchored.
            let Some(matcher) =
                pattern.as_str().filter(|text| !text.is_empty()).and_then(|text| Regex::new(text).ok())
            else {
                continue;
            };
            let here = queues.get(&(cluster, host(node))).into_iter().flatten();
            // Who publishes needs to write to an exchange, not to the queue that it is bound to.
            let is_met = |queue: &&&str| match bindings.of(cluster, host(node), queue) {
                [] => matcher.is_match(queue),
                exchanges if direction == Direction::Writes => {
                    exchanges.iter().any(|exchange| matcher.is_match(exchange))
                }
                _ => matcher.is_match(queue),
            };
            for queue in here.filter(is_met) {
                let because = because(permission, pattern, user, field, queue);
                let uses = workloads.iter().map(|workload| Use::new(*workload, direction, because.clone()));
                topics.named(cluster, queue).uses.extend(uses);
            }
        }
    }
}

/// Exchanges that each queue is bound to, by cluster, virtual host and queue (RabbitMQ documentation, "Authorisation").
struct Bindings<'e>(BTreeMap<(&'e str, &'e str, &'e str), Vec<&'e str>>);

impl<'e> Bindings<'e> {
    fn new(view: &View<'e>) -> Self {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for binding in view.of_kind(GROUP, "Binding") {
            let node = view.estate.node(binding);
            let text = |key: &str| node.str_at(&["spec", key]);
            let cluster = node.str_at(&["spec", "rabbitmqClusterReference", "name"]);
            if let (Some(cluster), Some(source), Some(queue), Some("queue")) =
                (cluster, text("source"), text("destination"), text("destinationType"))
            {
                let key = (cluster, text("vhost").unwrap_or("/"), queue);
                found.entry(key).or_default().push(source);
            }
        }
        Self(found)
    }

    fn of(&self, cluster: &'e str, host: &'e str, queue: &'e str) -> &[&'e str] {
        self.0.get(&(cluster, host, queue)).map(Vec::as_slice).unwrap_or_default()
    }
}

fn because(permission: &Resource, pattern: NodeRef<'_>, user: &str, verb: &str, queue: &str) -> Because {
    Because {
        text: format!("{} lets user `{user}` {verb} queue `{queue}`", permission.id),
        resource: Some(permission.id.clone()),
        origin: Some(Origin::Place(pattern.place())),
    }
}

/// Workloads by the Secrets that they hold.
fn holders<'e>(set: &Set<'e>) -> BTreeMap<(&'e str, &'e str), Vec<WorkloadId>> {
    let mut holders: BTreeMap<(&str, &str), Vec<WorkloadId>> = BTreeMap::new();
    for (id, workload) in set.workloads().iter() {
        for secret in super::bindings::secrets(workload) {
            let held = holders.entry((workload.namespace, secret)).or_default();
            if held.last() != Some(&id) {
                held.push(id);
            }
        }
    }
    holders
}

/// The operator writes the credentials of a user into `<user>-user-credentials`.
fn workloads(
    permission: &Resource,
    user: &str,
    holders: &BTreeMap<(&str, &str), Vec<WorkloadId>>,
) -> Vec<WorkloadId> {
    let namespace = permission.namespace();
    let secret = format!("{user}-user-credentials");
    holders.get(&(namespace, secret.as_str())).cloned().unwrap_or_default()
}
