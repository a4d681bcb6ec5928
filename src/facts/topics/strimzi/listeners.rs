//! Which listener of a cluster a client uses, and whether that one encrypts (strimzi-kafka-operator,
//! `GenericKafkaListener`): told by the bootstrap address of the client, else by all listeners alike.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Because, Origin, Set, connections::Transport, environment::Setting, hosts::Host, topics::Topics,
        workloads::WorkloadId,
    },
};

/// What carries messages between a client and its broker, with the steps that tell.
type Carried = (Transport, Vec<Because>);

/// The port of Kafka where an address names none.
const PORT: u16 = 9092;

/// Settings by which clients say what they speak (Kafka documentation, `security.protocol`).
const PROTOCOL: &str = "securityprotocol";

/// Fills in what carries the messages of each use.
pub(in crate::facts::topics) fn carry(set: &Set<'_>, topics: &mut Topics<'_>) {
    let mesh = meshed(set);
    let mut known: BTreeMap<(Option<&str>, WorkloadId), Carried> = BTreeMap::new();
    for topic in topics.iter_mut() {
        let kafka = topic.kafka;
        for used in &mut topic.uses {
            let key = (kafka.map(|kafka| &*kafka.id), used.workload);
            let (transport, because) = known.entry(key).or_insert_with(|| {
                let meshed = kafka.and_then(|kafka| mesh.get(&(used.workload, &*kafka.id)));
                match (meshed, kafka) {
                    (Some(transport), _) => (*transport, Vec::new()),
                    (None, Some(kafka)) => of_listeners(set, kafka, used.workload),
                    (None, None) => of_client(set, used.workload),
                }
            });
            used.transport = *transport;
            used.carried_by.clone_from(because);
        }
    }
}

/// Clients whose mesh encrypts what they send to a cluster.
fn meshed<'s>(set: &'s Set<'_>) -> BTreeMap<(WorkloadId, &'s str), Transport> {
    let encrypting = |transport| matches!(transport, Transport::Mtls | Transport::Tls | Transport::Encrypted);
    let all = set.connections().all.iter().filter(|one| encrypting(one.transport));
    all.filter_map(|one| Some(((one.client_workload?, &*one.server), one.transport))).collect()
}

/// An address of the cluster that a client is told.
struct Address<'s, 'e> {
    setting: &'s Setting<'e>,
    host: &'s str,
    port: u16,
}

fn of_listeners(set: &Set<'_>, kafka: &Resource, client: WorkloadId) -> Carried {
    let node = set.view.estate.node(kafka);
    let listeners: Vec<NodeRef<'_>> =
        node.at(&["spec", "kafka", "listeners"]).into_iter().flat_map(NodeRef::items).collect();
    let encrypts = |listener: NodeRef<'_>| listener.get("tls").and_then(NodeRef::as_bool);
    let step = |listener: NodeRef<'_>| {
        let name = listener.str_at(&["name"]).unwrap_or_default();
        let place = listener.get("tls").or_else(|| listener.get("name")).unwrap_or(listener).place();
        let what = if encrypts(listener) == Some(true) { "encrypts" } else { "does not encrypt" };
        Because {
            text: format!("listener `{name}` of {} {what}", kafka.id),
            resource: Some(kafka.id.clone()),
            origin: Some(Origin::Place(place)),
        }
    };
    let used: Vec<(Address<'_, '_>, Option<NodeRef<'_>>)> = addresses(set, kafka, client)
        .into_iter()
        .map(|address| {
            let first = address.host.split('.').next().unwrap_or_default();
            let base = format!("{}-kafka-", kafka.object.name);
            let called = first.strip_prefix(&base).and_then(|rest| rest.strip_suffix("-bootstrap"));
            let named = |listener: &&NodeRef<'_>| called.is_some() && listener.str_at(&["name"]) == called;
            let on_port = |listener: &&NodeRef<'_>| {
                listener.get("port").and_then(NodeRef::as_i64) == Some(i64::from(address.port))
            };
            let listener = listeners.iter().find(named).or_else(|| listeners.iter().find(on_port)).copied();
            (address, listener)
        })
        .collect();
    if let Some((address, Some(listener))) =
        used.iter().find(|(_, listener)| listener.and_then(encrypts) == Some(false))
    {
        return (Transport::Plaintext, vec![told(set, client, address), step(*listener)]);
    }
    if let Some((address, None)) = used.iter().find(|(_, listener)| listener.and_then(encrypts).is_none()) {
        return (Transport::Unknown, vec![told(set, client, address)]);
    }
    if let Some((address, Some(listener))) = used.first() {
        return (Transport::Tls, vec![told(set, client, address), step(*listener)]);
    }
    // No address of the client is in the input: all listeners are one.
    match listeners.first() {
        Some(first) if listeners.iter().all(|listener| encrypts(*listener) == Some(false)) => {
            (Transport::Plaintext, vec![step(*first)])
        }
        Some(first) if listeners.iter().all(|listener| encrypts(*listener) == Some(true)) => {
            (Transport::Tls, vec![step(*first)])
        }
        _ => (Transport::Unknown, Vec::new()),
    }
}

fn told(set: &Set<'_>, client: WorkloadId, address: &Address<'_, '_>) -> Because {
    let id = &set.workloads().get(client).resource.id;
    Because {
        text: format!("`{}` of {id} names port {} of the broker", address.setting.name, address.port),
        resource: Some(id.clone()),
        origin: Some(Origin::Place(address.setting.place.clone())),
    }
}

/// Hosts and ports in a text, several by comma, with or without a scheme.
fn hosts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split([',', ' ', '\n']).map(|part| {
        let part = part.rsplit_once("://").map_or(part, |(_, rest)| rest).trim_matches(['"', '\'']);
        part.split_once(':').unwrap_or((part, ""))
    })
}

/// The cluster that a client is told, where it is told one alone.
pub(in crate::facts::topics) fn cluster<'e>(set: &Set<'e>, client: WorkloadId) -> Option<&'e Resource> {
    let namespace = set.workloads().get(client).namespace;
    let mut found: Option<&Resource> = None;
    for setting in set.environments().of(client) {
        let Some(text) =
            setting.text.as_deref().filter(|text| text.contains("-kafka-") && text.len() <= 4096)
        else {
            continue;
        };
        for (host, _) in hosts(text).filter(|(host, _)| host.contains("-kafka-")) {
            let Host::Operated(index) = set.hosts().resolve(set, host, namespace).host else { continue };
            let operated =
                set.hosts().operators().get(index).filter(|operated| operated.engine == "kafka")?;
            if found.is_some_and(|other| other.id != operated.resource.id) {
                return None;
            }
            found = Some(operated.resource);
        }
    }
    found
}

/// `events-kafka-bootstrap:9092`, several by comma, in any setting of the client.
fn addresses<'s, 'e>(set: &'s Set<'e>, kafka: &Resource, client: WorkloadId) -> Vec<Address<'s, 'e>> {
    let namespace = set.workloads().get(client).namespace;
    let mark = format!("{}-kafka-", kafka.object.name);
    let mut found = Vec::new();
    for setting in set.environments().of(client) {
        let Some(text) = setting.text.as_deref().filter(|text| text.contains(&mark) && text.len() <= 4096)
        else {
            continue;
        };
        for (host, port) in hosts(text).filter(|(host, _)| host.contains(&mark)) {
            let port = if port.is_empty() { Some(PORT) } else { port.trim_end_matches('/').parse().ok() };
            let of_kafka = match set.hosts().resolve(set, host, namespace).host {
                Host::Operated(index) => set
                    .hosts()
                    .operators()
                    .get(index)
                    .is_some_and(|operated| operated.resource.id == kafka.id),
                // Services of single listeners that are written down.
                Host::Service(_) => true,
                _ => false,
            };
            if let (true, Some(port)) = (of_kafka, port) {
                found.push(Address { setting, host, port });
            }
        }
    }
    found
}

/// What a client says of a broker that the input does not hold: its protocol, or the scheme of an AMQP address.
fn of_client(set: &Set<'_>, client: WorkloadId) -> Carried {
    let id = &set.workloads().get(client).resource.id;
    let step = |setting: &Setting<'_>| Because {
        text: format!("`{}` of {id} says what it speaks", setting.name),
        resource: Some(id.clone()),
        origin: Some(Origin::Place(setting.place.clone())),
    };
    let mut carried = (Transport::Unknown, Vec::new());
    for setting in set.environments().of(client) {
        let Some(text) = setting.text.as_deref().map(str::trim) else { continue };
        let name: String =
            setting.name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let transport = match text.to_ascii_uppercase().as_str() {
            "PLAINTEXT" | "SASL_PLAINTEXT" if name.ends_with(PROTOCOL) => Transport::Plaintext,
            "SSL" | "SASL_SSL" if name.ends_with(PROTOCOL) => Transport::Tls,
            upper if upper.starts_with("AMQPS://") => Transport::Tls,
            upper if upper.starts_with("AMQP://") => Transport::Plaintext,
            _ => continue,
        };
        if carried.0 != Transport::Plaintext {
            carried = (transport, vec![step(setting)]);
        }
    }
    carried
}
