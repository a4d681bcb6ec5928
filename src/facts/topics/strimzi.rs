//! Topics and users of Strimzi (strimzi-kafka-operator `api/src/main/java/io/strimzi/api/kafka/model`).

mod clusters;
mod listeners;

use std::collections::BTreeMap;

pub(super) use self::{
    clusters::Clusters,
    listeners::{carry, cluster},
};
use super::{Direction, Topic, Topics, Use};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Because, Origin, Set, places, truth::Truth, workloads::WorkloadId},
};

const GROUP: &str = "kafka.strimzi.io";

/// Opens topics that no ACL names (Kafka documentation, "Authorization and ACLs").
const EVERYONE: &str = "allow.everyone.if.no.acl.found";

/// What an operation of an ACL lets through; others are about neither reading nor writing.
const OPERATIONS: [(&str, Direction); 3] =
    [("Read", Direction::Reads), ("Write", Direction::Writes), ("All", Direction::Unknown)];

pub(super) fn collect<'e>(set: &Set<'e>, topics: &mut Topics<'e>) {
    let view = &set.view;
    let clusters = Clusters::new(view);
    for resource in view.of_kind(GROUP, "KafkaTopic") {
        let node = view.estate.node(resource);
        let name = node.str_at(&["spec", "topicName"]).unwrap_or(&resource.object.name);
        let Some((cluster, kafka)) = clusters.of(resource, node) else { continue };
        let topic = topics.named(&cluster, name);
        topic.resource = Some(resource);
        if let Some(kafka) = kafka {
            place(set, topic, kafka);
        }
    }
    let mut by_cluster: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, topic) in topics.iter() {
        by_cluster.entry(topic.cluster.clone()).or_default().push(topic.name.clone());
    }
    let consumers = Consumers::new(set);
    for user in view.of_kind(GROUP, "KafkaUser") {
        let node = view.estate.node(user);
        let Some((cluster, kafka)) = clusters.of(user, node) else { continue };
        let workloads = consumers.of(user);
        let entries = || node.at(&["spec", "authorization", "acls"]).into_iter().flat_map(NodeRef::items);
        // Kafka refuses what any entry denies, whatever others allow (Kafka documentation, "Authorization and ACLs").
        let denied: Vec<Grant<'_>> =
            entries().filter(|acl| is_denial(*acl) && is_for_all_hosts(*acl)).filter_map(Grant::of).collect();
        for grant in entries().filter(|acl| !is_denial(*acl)).filter_map(Grant::of) {
            for name in grant.topics(by_cluster.get(&cluster).map(Vec::as_slice).unwrap_or_default()) {
                let is_denied = |way: &Direction| {
                    denied.iter().any(|denial| denial.directions.contains(way) && denial.is_about(&name))
                };
                let directions: Vec<Direction> =
                    grant.directions.iter().filter(|way| !is_denied(way)).copied().collect();
                let Some(first) = directions.first() else { continue };
                let topic = topics.named(&cluster, &name);
                if let Some(kafka) = kafka {
                    place(set, topic, kafka);
                }
                if topic.named_by.is_none() {
                    topic.named_by = Some(grant.because(user, *first, &name));
                }
                for workload in &workloads {
                    let uses = directions
                        .iter()
                        .map(|way| Use::new(*workload, *way, grant.because(user, *way, &name)));
                    topic.uses.extend(uses);
                }
            }
        }
    }
}

/// Puts a topic into a cluster that the input holds.
pub(super) fn place<'e>(set: &Set<'e>, topic: &mut Topic<'e>, kafka: &'e Resource) {
    if topic.kafka.is_none() {
        topic.kafka = Some(kafka);
        (topic.open, topic.open_because) = openness(kafka, set.view.estate.node(kafka));
    }
}

/// Without authorization every client reads every topic; a listener without authentication lets in everyone.
fn openness(kafka: &Resource, node: NodeRef<'_>) -> (Truth, Option<Because>) {
    let because = |text: String, node: NodeRef<'_>| {
        let origin = Some(Origin::Place(node.place()));
        Some(Because { text, resource: Some(kafka.id.clone()), origin })
    };
    let Some(broker) = node.at(&["spec", "kafka"]) else { return (Truth::Unknown, None) };
    let listeners = broker.get("listeners").into_iter().flat_map(NodeRef::items);
    let anonymous = listeners
        .filter(|listener| listener.get("authentication").is_none_or(NodeRef::is_null))
        .find_map(|listener| {
            let name = listener.get("name")?;
            Some((name, name.as_str()?.to_owned()))
        });
    if broker.get("authorization").is_none_or(NodeRef::is_null) {
        let at = anonymous.as_ref().map_or_else(|| places::name(node), |(name, _)| name.place());
        let text = match &anonymous {
            Some((_, name)) => format!(
                "listener `{name}` of {} asks for no authentication, and nothing is authorized",
                kafka.id
            ),
            None => format!("{} has no `authorization`: every client reads every topic", kafka.id),
        };
        return (
            Truth::True,
            Some(Because { text, resource: Some(kafka.id.clone()), origin: Some(Origin::Place(at)) }),
        );
    }
    if let Some(node) = broker.at(&["config"]).and_then(|config| config.get(EVERYONE))
        && node.as_bool() != Some(false)
        && node.as_str() != Some("false")
    {
        return (Truth::Unknown, because(format!("`{EVERYONE}` of {}", kafka.id), node));
    }
    let Some((node, name)) = anonymous else { return (Truth::False, None) };
    let authorization = broker.get("authorization");
    let is_simple = authorization.and_then(|node| node.str_at(&["type"])) == Some("simple");
    let mut superusers =
        authorization.and_then(|node| node.get("superUsers")).into_iter().flat_map(NodeRef::items);
    let anonymous = superusers
        .find(|user| user.as_str().is_some_and(|user| user.trim_start_matches("User:") == "ANONYMOUS"));
    let text = format!("listener `{name}` of {} asks for no authentication", kafka.id);
    match anonymous {
        Some(user) => (Truth::True, because(format!("{text}, and who is not known may do everything"), user)),
        // Kafka's own authorizer lets nobody do what no ACL allows; a `KafkaUser` allows those that it names.
        None if is_simple => (Truth::False, None),
        // What anonymous clients may do depends on the authorizer.
        None => (Truth::Unknown, because(text, node)),
    }
}

fn is_denial(acl: NodeRef<'_>) -> bool {
    acl.str_at(&["type"]).is_some_and(|kind| kind != "allow")
}

fn is_for_all_hosts(acl: NodeRef<'_>) -> bool {
    acl.str_at(&["host"]).is_none_or(|host| host == "*")
}

/// What one ACL is about.
struct Grant<'e> {
    name: &'e str,
    is_prefix: bool,
    directions: Vec<Direction>,
    place: NodeRef<'e>,
}

impl<'e> Grant<'e> {
    /// `None` for what is about no topic, or is half-written.
    fn of(acl: NodeRef<'e>) -> Option<Self> {
        let resource = acl.get("resource").filter(|resource| resource.str_at(&["type"]) == Some("topic"))?;
        let name = resource.get("name")?;
        let listed = acl.get("operations").into_iter().flat_map(NodeRef::items);
        let operations = listed.chain(acl.get("operation")).filter_map(NodeRef::as_str);
        let mut directions: Vec<Direction> = operations
            .flat_map(|operation| OPERATIONS.iter().filter(move |(known, _)| *known == operation))
            .flat_map(|(_, direction)| match direction {
                Direction::Unknown => vec![Direction::Reads, Direction::Writes],
                known => vec![*known],
            })
            .collect();
        directions.sort_unstable();
        directions.dedup();
        (!directions.is_empty()).then_some(Self {
            name: name.as_str()?,
            is_prefix: resource.str_at(&["patternType"]) == Some("prefix"),
            directions,
            place: name,
        })
    }

    fn is_about(&self, topic: &str) -> bool {
        self.name == "*" || topic == self.name || (self.is_prefix && topic.starts_with(self.name))
    }

    fn topics(&self, known: &[String]) -> Vec<String> {
        if self.name == "*" {
            return known.to_vec();
        }
        if self.is_prefix {
            return known.iter().filter(|topic| topic.starts_with(self.name)).cloned().collect();
        }
        vec![self.name.to_owned()]
    }

    fn because(&self, user: &Resource, direction: Direction, topic: &str) -> Because {
        let verb = if direction == Direction::Reads { "read" } else { "write" };
        Because {
            text: format!("{} may {verb} topic `{topic}`", user.id),
            resource: Some(user.id.clone()),
            origin: Some(Origin::Place(self.place.place())),
        }
    }
}

/// Which workloads hold the Secret of a user, which Strimzi names after it.
struct Consumers<'s, 'e> {
    set: &'s Set<'e>,
    by_secret: BTreeMap<(&'e str, String), Vec<WorkloadId>>,
}

impl<'s, 'e> Consumers<'s, 'e> {
    fn new(set: &'s Set<'e>) -> Self {
        let mut by_secret: BTreeMap<(&'e str, String), Vec<WorkloadId>> = BTreeMap::new();
        for (id, workload) in set.workloads().iter() {
            for secret in super::bindings::secrets(workload) {
                let holders = by_secret.entry((workload.namespace, secret.to_owned())).or_default();
                if holders.last() != Some(&id) {
                    holders.push(id);
                }
            }
        }
        Self { set, by_secret }
    }

    /// Those that hold its Secret, else the workload of its name beside it.
    fn of(&self, user: &Resource) -> Vec<WorkloadId> {
        let namespace = user.namespace();
        let name = &*user.object.name;
        if let Some(holders) = self.by_secret.get(&(namespace, name.to_owned())) {
            return holders.clone();
        }
        let workloads = self.set.workloads();
        let named = workloads.in_namespace(namespace).iter().copied();
        named.filter(|id| &*workloads.get(*id).resource.object.name == name).collect()
    }
}
