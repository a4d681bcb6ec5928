//! Queues of RabbitMQ's messaging topology operator (`rabbitmq.com/v1beta1`): `Queue`, `Permission`, `User`.

use std::collections::BTreeMap;

use regex::Regex;

use super::{Direction, Topics, Use};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Because, Origin, Set, workloads::WorkloadId},
};

const GROUP: &str = "rabbitmq.com";

pub(super) fn collect<'e>(set: &Set<'e>, topics: &mut Topics<'e>) {
    let view = &set.view;
    let mut queues: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for resource in view.of_kind(GROUP, "Queue") {
        let node = view.estate.node(resource);
        let (Some(cluster), Some(name)) =
            (node.str_at(&["spec", "rabbitmqClusterReference", "name"]), node.str_at(&["spec", "name"]))
        else {
            continue;
        };
        topics.named(cluster, name).resource = Some(resource);
        queues.entry(cluster).or_default().push(name);
    }
    if queues.is_empty() {
        return;
    }
    let holders = holders(set);
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
            for queue in queues.get(cluster).into_iter().flatten().filter(|queue| matcher.is_match(queue)) {
                let because = because(permission, pattern, user, field, queue);
                let uses = workloads.iter().map(|workload| Use {
                    workload: *workload,
                    direction,
                    because: because.clone(),
                });
                topics.named(cluster, queue).uses.extend(uses);
            }
        }
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
    let namespace = permission.identity.namespace.as_deref().unwrap_or_default();
    let secret = format!("{user}-user-credentials");
    holders.get(&(namespace, secret.as_str())).cloned().unwrap_or_default()
}
