//! Settings that name a topic: Spring Cloud Stream, `KAFKA_TOPIC` and its like; and the Secrets that a Pod holds.

use std::collections::BTreeSet;

use super::{Direction, Topics, Use, strimzi};
use crate::{
    document::NodeRef,
    facts::{
        Because, Origin, Set,
        environment::Setting,
        workloads::{Workload, WorkloadId},
    },
};

/// Cluster of a topic where nothing tells.
const UNKNOWN_CLUSTER: &str = "unknown";

/// Words of a setting's name that tell the way of the messages.
const READ_WORDS: [&str; 7] = ["in", "input", "consume", "consumer", "subscribe", "source", "read"];
const WRITE_WORDS: [&str; 7] = ["out", "output", "produce", "producer", "publish", "sink", "write"];

pub(super) fn collect<'e>(set: &Set<'e>, topics: &mut Topics<'e>) {
    let clusters = strimzi::Clusters::new(&set.view);
    for (id, workload) in set.workloads().iter() {
        let told: Vec<_> = set
            .environments()
            .of(id)
            .iter()
            .filter_map(|setting| topics_of(setting).map(|(names, direction)| (setting, names, direction)))
            .collect();
        // A client that is told one cluster means the topics there.
        let kafka = if told.is_empty() { None } else { strimzi::cluster(set, id) };
        for (setting, names, direction) in told {
            let kafka = kafka.filter(|_| !is_queue(&setting.name));
            for name in names {
                let cluster = match (kafka, topics.clusters_of(&name)) {
                    (Some(kafka), _) => clusters.name(kafka),
                    (None, []) => UNKNOWN_CLUSTER.to_owned(),
                    (None, [cluster]) => cluster.clone(),
                    // Two clusters with one topic of this name: which is meant is not known.
                    (None, _) => continue,
                };
                let because = because(workload, setting, &name);
                let topic = topics.named(&cluster, &name);
                if let Some(kafka) = kafka {
                    strimzi::place(set, topic, kafka);
                }
                if !is_told(&topic.uses, id, direction) {
                    topic.uses.push(Use::new(id, direction, because));
                }
            }
        }
    }
    for topic in topics.iter_mut() {
        let told = topic.uses.iter().filter(|used| used.direction != Direction::Unknown);
        let told: BTreeSet<WorkloadId> = told.map(|used| used.workload).collect();
        topic.uses.retain(|used| used.direction != Direction::Unknown || !told.contains(&used.workload));
    }
}

/// Whether the use is known already, and better.
fn is_told(uses: &[Use], workload: WorkloadId, direction: Direction) -> bool {
    uses.iter().any(|known| {
        known.workload == workload && (direction == Direction::Unknown || known.direction == direction)
    })
}

fn because(workload: &Workload<'_>, setting: &Setting<'_>, topic: &str) -> Because {
    Because {
        text: format!("`{}` of {} names topic `{topic}`", setting.name, workload.resource.id),
        resource: Some(workload.resource.id.clone()),
        origin: Some(Origin::Place(setting.place.clone())),
    }
}

/// The topics that a setting names, and which way its messages go.
fn topics_of(setting: &Setting<'_>) -> Option<(Vec<String>, Direction)> {
    let words = words(&setting.name);
    let last = words.last()?.as_str();
    let is_spring = last == "destination" && words.iter().any(|word| word == "bindings");
    let is_topic = matches!(last, "topic" | "topics" | "queue")
        || (matches!(last, "name" | "names")
            && words.iter().rev().nth(1).is_some_and(|word| word == "topic"));
    if !is_spring && !is_topic {
        return None;
    }
    let text = setting.text.as_deref()?;
    let names: Vec<String> = text.split(',').map(str::trim).map(ToOwned::to_owned).collect();
    // A topic's name is letters, digits, `.`, `_` and `-` (Kafka `Topic.java`); a URL or a flag is none.
    let is_name = |name: &String| {
        (1..=249).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            && !matches!(name.as_str(), "true" | "false")
            && name.parse::<f64>().is_err()
    };
    names.iter().all(is_name).then(|| (names, direction(&words)))
}

/// Whether a setting speaks of a broker with queues, and so not of Kafka.
fn is_queue(name: &str) -> bool {
    words(name).last().is_some_and(|word| word == "queue")
}

fn direction(words: &[String]) -> Direction {
    let has = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    match (has(&READ_WORDS), has(&WRITE_WORDS)) {
        (true, false) => Direction::Reads,
        (false, true) => Direction::Writes,
        _ => Direction::Unknown,
    }
}

/// Words of a setting's name, in lower case.
pub(in crate::facts) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut begins = true;
    let mut lower = false;
    for character in name.chars() {
        if !character.is_ascii_alphanumeric() {
            begins = true;
            continue;
        }
        if begins || (lower && character.is_ascii_uppercase()) {
            words.push(String::new());
        }
        begins = false;
        lower = character.is_ascii_lowercase();
        if let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
    }
    words
}

/// Names of the Secrets that the Pods of a workload hold, by variables and by volumes.
pub(super) fn secrets<'e>(workload: &Workload<'e>) -> impl Iterator<Item = &'e str> {
    let items = |node: NodeRef<'e>, key: &'static str| node.get(key).into_iter().flat_map(NodeRef::items);
    let containers = || workload.pod.all_containers();
    let variables = containers().flat_map(move |container| items(container, "env"));
    let by_key = variables.filter_map(|variable| variable.str_at(&["valueFrom", "secretKeyRef", "name"]));
    let sources = containers().flat_map(move |container| items(container, "envFrom"));
    let whole = sources.filter_map(|source| source.str_at(&["secretRef", "name"]));
    let volumes = workload.pod.volumes().filter_map(|volume| volume.str_at(&["secret", "secretName"]));
    by_key.chain(whole).chain(volumes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_of_messages_is_told_by_the_words_of_a_name() {
        for (name, expected) in [
            ("SPRING_CLOUD_STREAM_BINDINGS_ORDERS_OUT_0_DESTINATION", Direction::Writes),
            ("spring.cloud.stream.bindings.audit-in-0.destination", Direction::Reads),
            ("KAFKA_INPUT_TOPIC", Direction::Reads),
            ("orderProducerTopic", Direction::Writes),
            ("KAFKA_TOPIC", Direction::Unknown),
        ] {
            assert_eq!(direction(&words(name)), expected, "{name}");
        }
    }
}
