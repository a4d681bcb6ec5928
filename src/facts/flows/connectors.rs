//! What carries data between topics and other stores on its own: `KafkaConnector` and `KafkaMirrorMaker2` of Strimzi
//! (domains.md T6).
//!
//! Sources: Strimzi, "Deploying and managing", `KafkaConnectorSpec`, `KafkaMirrorMaker2MirrorSpec`; Debezium, "Topic
//! names"; Kafka Connect, `topics` and `topics.regex`. Deliberately absent: the databases that connectors use (see
//! [`crate::facts::datastores`]), topics that the input does not name, and transforms that give records another topic.

use std::collections::BTreeMap;

use regex::Regex;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Because, Origin, Set, topics::TopicId},
};

const GROUP: &str = "kafka.strimzi.io";

/// Names the `KafkaConnect` that runs a connector.
const CLUSTER_LABEL: &str = "strimzi.io/cluster";

/// Settings that name a topic, and those that name what topics begin with.
const TOPIC: [&str; 2] = ["topic", "kafka.topic"];
const PREFIX: [&str; 2] = ["topic.prefix", "database.server.name"];

/// Settings that name the tables of a source of Debezium.
const TABLES: [&str; 2] = ["table.include.list", "collection.include.list"];

/// Settings that name a bucket.
const BUCKET: [&str; 3] = ["s3.bucket.name", "aws.s3.bucket.name", "gcs.bucket.name"];

/// Transforms that give records another topic.
const ROUTERS: [&str; 4] = ["RegexRouter", "ByLogicalTableRouter", "EventRouter", "TimestampRouter"];

/// One connector, with what it reads and writes.
pub(super) struct Connector<'e> {
    pub(super) resource: &'e Resource,
    pub(super) reads: Vec<(TopicId, Because)>,
    pub(super) writes: Vec<(TopicId, Because)>,
    /// Whether it reads topics; one that does not captures the databases that it accesses.
    pub(super) is_sink: bool,
    /// The name of a bucket that it fills.
    pub(super) fills: Option<(String, Because)>,
}

/// A topic that is copied to another cluster.
pub(super) struct Mirrored {
    pub(super) from: TopicId,
    pub(super) to: TopicId,
    pub(super) because: Because,
}

/// Topics of a set, by cluster.
struct Known<'s>(BTreeMap<&'s str, Vec<(&'s str, TopicId)>>);

impl<'s> Known<'s> {
    fn new(set: &'s Set<'_>) -> Self {
        let mut known: BTreeMap<&str, Vec<(&str, TopicId)>> = BTreeMap::new();
        for (id, topic) in set.topics().iter().filter(|(_, topic)| !topic.is_internal) {
            known.entry(&topic.cluster).or_default().push((&topic.name, id));
        }
        Self(known)
    }

    /// Topics of the cluster behind a bootstrap address: `events-kafka-bootstrap.shop:9093`.
    fn behind(&self, address: &str, namespace: &str) -> &[(&'s str, TopicId)] {
        let host = address.split([':', ',']).next().unwrap_or_default();
        let mut labels = host.split('.');
        let name = labels.next().and_then(|label| Some(label.split_once("-kafka-")?.0)).unwrap_or_default();
        let namespace = labels.next().unwrap_or(namespace);
        let shared = format!("{namespace}/{name}");
        let found = self.0.get(shared.as_str()).or_else(|| self.0.get(name));
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

/// All connectors of a set.
pub(super) fn connectors<'e>(set: &Set<'e>) -> Vec<Connector<'e>> {
    let view = &set.view;
    let mut all = view.of_kind(GROUP, "KafkaConnector").peekable();
    if all.peek().is_none() {
        return Vec::new();
    }
    let known = Known::new(set);
    let clusters: BTreeMap<(&str, &str), NodeRef<'e>> = view
        .of_kind(GROUP, "KafkaConnect")
        .map(|resource| ((resource.namespace(), &*resource.object.name), view.estate.node(resource)))
        .collect();
    let found = all.filter_map(|resource| {
        let node = view.estate.node(resource);
        let home = resource.namespace();
        let label = node.at(&["metadata", "labels"])?.str_at(&[CLUSTER_LABEL])?;
        let address = clusters.get(&(home, label))?.str_at(&["spec", "bootstrapServers"])?;
        let config = node.at(&["spec", "config"])?;
        Some(connector(resource, config, known.behind(address, home)))
    });
    found.collect()
}

fn connector<'e>(resource: &'e Resource, config: NodeRef<'e>, topics: &[(&str, TopicId)]) -> Connector<'e> {
    let text = |key: &str| config.str_at(&[key]).filter(|text| !text.contains("${"));
    let because = |key: &str, what: &str| Because {
        text: format!("`{key}` of {} names {what}", resource.id),
        resource: Some(resource.id.clone()),
        origin: config.get(key).map(|node| Origin::Place(node.place())),
    };
    let chosen = |key: &str, fits: &dyn Fn(&str) -> bool| -> Vec<(TopicId, Because)> {
        let fitting = topics.iter().filter(|(name, _)| fits(name));
        fitting.map(|(name, id)| (*id, because(key, &format!("topic `{name}`")))).collect()
    };
    let mut reads = Vec::new();
    if let Some(list) = text("topics") {
        reads.extend(chosen("topics", &|name| list.split(',').any(|listed| listed.trim() == name)));
    } else if let Some(pattern) = text("topics.regex").and_then(whole) {
        reads.extend(chosen("topics.regex", &|name| pattern.is_match(name)));
    }
    let is_sink = text("topics").or(text("topics.regex")).is_some();
    let is_routed = config.entries().any(|(key, _, value)| {
        key.starts_with("transforms.")
            && value.as_str().is_some_and(|class| ROUTERS.iter().any(|router| class.ends_with(router)))
    });
    let mut writes = Vec::new();
    if !is_sink && !is_routed {
        let tables = TABLES.iter().find_map(|key| text(key));
        for key in TOPIC {
            writes.extend(text(key).map(|topic| chosen(key, &|name| name == topic)).unwrap_or_default());
        }
        for key in PREFIX {
            let Some(prefix) = text(key).filter(|prefix| !prefix.is_empty()) else { continue };
            writes.extend(chosen(key, &|name| {
                let rest = name.strip_prefix(prefix);
                rest.is_some_and(|rest| {
                    tables.is_none_or(|tables| is_listed(tables, rest.trim_start_matches('.')))
                })
            }));
        }
    }
    let fills = BUCKET.iter().find_map(|key| Some((text(key)?.to_owned(), because(key, "the bucket"))));
    Connector { resource, reads, writes, is_sink, fills: fills.filter(|_| is_sink) }
}

/// Whether a list of expressions (`public\.orders,public\.users`) has a table; one that cannot be read may.
fn is_listed(tables: &str, table: &str) -> bool {
    tables.split(',').any(|listed| whole(listed.trim()).is_none_or(|listed| listed.is_match(table)))
}

/// Both Debezium and Connect match the whole of a name.
fn whole(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{pattern})$")).ok()
}

/// Topics that `MirrorMaker` 2 copies, where the input names both.
pub(super) fn mirrored(set: &Set<'_>) -> Vec<Mirrored> {
    let mut found = Vec::new();
    let mut all = set.view.of_kind(GROUP, "KafkaMirrorMaker2").peekable();
    if all.peek().is_none() {
        return found;
    }
    let known = Known::new(set);
    for resource in all {
        let Some(spec) = set.view.estate.node(resource).get("spec") else { continue };
        let home = resource.namespace();
        let clusters = spec.get("clusters").into_iter().flat_map(NodeRef::items);
        let addresses: BTreeMap<&str, &str> = clusters
            .chain(spec.get("target"))
            .filter_map(|end| Some((end.str_at(&["alias"])?, end.str_at(&["bootstrapServers"])?)))
            .collect();
        for mirror in spec.get("mirrors").into_iter().flat_map(NodeRef::items) {
            let own = mirror.get("source");
            let alias =
                own.and_then(|end| end.str_at(&["alias"])).or_else(|| mirror.str_at(&["sourceCluster"]));
            let source = own.and_then(|end| end.str_at(&["bootstrapServers"]));
            let source = source.or_else(|| addresses.get(alias?).copied());
            let target = spec.get("target").and_then(|end| end.str_at(&["bootstrapServers"]));
            let target = target.or_else(|| addresses.get(mirror.str_at(&["targetCluster"])?).copied());
            let (Some(alias), Some(source), Some(target)) = (alias, source, target) else { continue };
            let policy = mirror
                .at(&["sourceConnector", "config"])
                .and_then(|config| config.str_at(&["replication.policy.class"]))
                .unwrap_or("DefaultReplicationPolicy");
            let Some(patterns) = Patterns::of(mirror) else { continue };
            let targets: BTreeMap<&str, TopicId> = known.behind(target, home).iter().copied().collect();
            for (name, from) in known.behind(source, home) {
                let copy = match policy.rsplit('.').next() {
                    Some("IdentityReplicationPolicy") => (*name).to_owned(),
                    Some("DefaultReplicationPolicy") => format!("{alias}.{name}"),
                    _ => continue,
                };
                let to = targets.get(copy.as_str()).copied();
                let Some(to) = to.filter(|to| to != from && patterns.take(name)) else { continue };
                let place = mirror.get("topicsPattern").or_else(|| mirror.get("sourceCluster"));
                let place = place.or_else(|| own?.get("alias"));
                let because = Because {
                    text: format!("{} copies topic `{name}` from `{alias}`", resource.id),
                    resource: Some(resource.id.clone()),
                    origin: place.map(|node| Origin::Place(node.place())),
                };
                found.push(Mirrored { from: *from, to, because });
            }
        }
    }
    found
}

/// Which topics a mirror takes: lists of expressions.
struct Patterns {
    taken: Vec<Regex>,
    excluded: Vec<Regex>,
}

impl Patterns {
    /// `None` where one cannot be read.
    fn of(mirror: NodeRef<'_>) -> Option<Self> {
        const EXCLUDED: &str = r".*[\-.]internal,.*\.replica,__.*";
        let list = |text: &str| text.split(',').map(|one| whole(one.trim())).collect::<Option<Vec<_>>>();
        let excluded = mirror.str_at(&["topicsExcludePattern"]).unwrap_or(EXCLUDED);
        Some(Self {
            taken: list(mirror.str_at(&["topicsPattern"]).unwrap_or(".*"))?,
            excluded: list(excluded)?,
        })
    }

    fn take(&self, name: &str) -> bool {
        let fits = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(name));
        fits(&self.taken) && !fits(&self.excluded)
    }
}
