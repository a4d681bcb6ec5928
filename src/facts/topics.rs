//! Topics of a set: what services send to each other through a broker, who writes and who reads (domains.md T6).
//!
//! Told by `KafkaTopic`, `KafkaUser` (Strimzi), `Queue` and `Exchange` (RabbitMQ) and by settings that name a topic.
//! Deliberately absent: what the messages carry (see [`super::flows`]).

mod bindings;
mod internal;
mod rabbitmq;
mod strimzi;

use std::collections::BTreeMap;

pub(super) use self::bindings::words;
use super::{Because, Set, connections::Transport, truth::Truth, workloads::WorkloadId};
use crate::estate::Resource;

/// Position of a topic among those of its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct TopicId(pub(super) usize);

/// Which way messages go between a service and a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Reads,
    Writes,
    /// A setting names the topic, and not what for.
    Unknown,
}

/// One topic or queue.
#[derive(Debug)]
pub(super) struct Topic<'e> {
    pub(super) cluster: String,
    pub(super) name: String,
    /// Its own object.
    pub(super) resource: Option<&'e Resource>,
    /// Exchanges of RabbitMQ whose messages it gets.
    pub(super) exchanges: Vec<&'e Resource>,
    /// The cluster of Strimzi that it is in, where the input holds it.
    kafka: Option<&'e Resource>,
    /// The grant that names it, where one does.
    pub(super) named_by: Option<Because>,
    /// Whether a part of Kafka keeps its own state there.
    pub(super) is_internal: bool,
    pub(super) uses: Vec<Use>,
    /// Whether everyone who reaches the broker may read it.
    pub(super) open: Truth,
    /// Why it is open, or what is not known.
    pub(super) open_because: Option<Because>,
}

/// A service uses a topic.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) workload: WorkloadId,
    pub(super) direction: Direction,
    pub(super) because: Because,
    /// What carries its messages to or from the broker, and what tells that.
    pub(super) transport: Transport,
    pub(super) carried_by: Vec<Because>,
}

impl Use {
    /// One whose transport is not known yet.
    const fn new(workload: WorkloadId, direction: Direction, because: Because) -> Self {
        Self { workload, direction, because, transport: Transport::Unknown, carried_by: Vec::new() }
    }
}

/// All topics of a set.
#[derive(Debug, Default)]
pub(super) struct Topics<'e> {
    all: Vec<Topic<'e>>,
    by_name: BTreeMap<(String, String), TopicId>,
    clusters: BTreeMap<String, Vec<String>>,
}

impl Topic<'_> {
    /// `topic:cluster/name`.
    pub(super) fn id(&self) -> String {
        format!("topic:{}/{}", self.cluster, self.name)
    }
}

impl<'e> Topics<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut topics = Self::default();
        strimzi::collect(set, &mut topics);
        rabbitmq::collect(set, &mut topics);
        bindings::collect(set, &mut topics);
        strimzi::carry(set, &mut topics);
        let storage = internal::Storage::new(set);
        for topic in &mut topics.all {
            topic.is_internal = storage.has(topic);
        }
        topics
    }

    pub(super) fn get(&self, id: TopicId) -> &Topic<'e> {
        self.all.get(id.0).expect("a TopicId is only made by the set that it indexes")
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TopicId, &Topic<'e>)> {
        self.all.iter().enumerate().map(|(index, topic)| (TopicId(index), topic))
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Topic<'e>> {
        self.all.iter_mut()
    }

    /// The topic of a cluster, made where it is not yet known.
    fn named(&mut self, cluster: &str, name: &str) -> &mut Topic<'e> {
        let key = (cluster.to_owned(), name.to_owned());
        let next = TopicId(self.all.len());
        let id = *self.by_name.entry(key).or_insert(next);
        if id == next {
            self.clusters.entry(name.to_owned()).or_default().push(cluster.to_owned());
            self.all.push(Topic {
                cluster: cluster.to_owned(),
                name: name.to_owned(),
                resource: None,
                exchanges: Vec::new(),
                kafka: None,
                named_by: None,
                is_internal: false,
                uses: Vec::new(),
                open: Truth::Unknown,
                open_because: None,
            });
        }
        self.all.get_mut(id.0).expect("the position was just made or looked up")
    }

    /// Clusters with a topic of this name, where a setting does not say which.
    fn clusters_of(&self, name: &str) -> &[String] {
        self.clusters.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
