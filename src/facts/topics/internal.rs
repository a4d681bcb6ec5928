//! Topics in which parts of Kafka keep their own state: they hold nothing that a service sends.
//!
//! Sources: Kafka documentation, "Connect" (`config.storage.topic` and its like) and "Geo-Replication"
//! (`IdentityReplicationPolicy`); strimzi-kafka-operator, `KafkaMirrorMaker2Cluster` (defaults of the topics).

use std::collections::BTreeSet;

use super::Topic;
use crate::{document::NodeRef, facts::Set};

const GROUP: &str = "kafka.strimzi.io";

/// Settings of Connect that name such a topic, as `config` and as fields of Strimzi.
const SETTINGS: [&str; 6] = [
    "config.storage.topic",
    "offset.storage.topic",
    "status.storage.topic",
    "configStorageTopic",
    "offsetStorageTopic",
    "statusStorageTopic",
];

/// What Strimzi calls those of `MirrorMaker` 2 unless told.
const DEFAULTS: [&str; 3] =
    ["mirrormaker2-cluster-configs", "mirrormaker2-cluster-offsets", "mirrormaker2-cluster-status"];

/// Topics that Connect and `MirrorMaker` are told to keep their state in.
pub(super) struct Storage<'e>(BTreeSet<&'e str>);

impl<'e> Storage<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut names: BTreeSet<&str> = DEFAULTS.into();
        for kind in ["KafkaConnect", "KafkaMirrorMaker2"] {
            for resource in set.view.of_kind(GROUP, kind) {
                let Some(spec) = set.view.estate.node(resource).get("spec") else { continue };
                let clusters = spec.get("clusters").into_iter().flat_map(NodeRef::items);
                let ends = clusters.chain([spec]).chain(spec.get("target"));
                let holders = ends.flat_map(|end| [Some(end), end.get("config")]).flatten();
                names.extend(
                    holders.flat_map(|holder| SETTINGS.iter().filter_map(move |key| holder.str_at(&[*key]))),
                );
            }
        }
        Self(names)
    }

    pub(super) fn has(&self, topic: &Topic<'_>) -> bool {
        let name = &*topic.name;
        let by_replication = (name.starts_with("mm2-") && name.ends_with(".internal"))
            || name.ends_with(".checkpoints.internal")
            || (topic.resource.is_none() && (name == "heartbeats" || name.ends_with(".heartbeats")));
        let by_broker = matches!(name, "__consumer_offsets" | "__transaction_state");
        by_replication || by_broker || self.0.contains(name)
    }
}
