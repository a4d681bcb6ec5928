//! The facts `flow` and `topic`, and their lists in the overview.

use std::sync::Arc;

use super::{
    declared::of_topic,
    graph::{Flow, What},
    spread::Carried,
};
use crate::{
    document::Path,
    facts::{
        Because, Fact, Origin, Set, Subject, declared, mesh, places,
        topics::{Direction, Topic},
    },
    resource::classification::Level,
};

/// `{from, to, way, carries: {level, categories}, transport, sink: {kind, declared, level, categories, sanitizes},
/// path, because}`, one subject for each flow that carries anything; about the service that receives, or for what is sent
/// over a connection the one that calls. `way` is `read`, `store`, `publish`, `consume`, `answer`, `request` or
/// `leave`; `transport` is null where no connection is known.
pub(in crate::facts) fn flow_subjects(set: &Set<'_>) -> Vec<Subject> {
    let flows = set.flows();
    let carrying = flows.all.iter().filter(|flow| !flow.carries.is_empty());
    let subjects = carrying.map(|flow| {
        let about = match (flow.way, flows.point(flow.to).what) {
            (super::Way::Store | super::Way::Request | super::Way::Leave, _) => flow.from,
            _ => flow.to,
        };
        let (resource, kind, place) = subject_of(set, about, flow);
        let sink = flows.point(flow.to);
        let sink_kind = match sink.what {
            What::Workload(_) | What::Function(_) => "service",
            What::Datastore(_) => "datastore",
            What::Topic(_) => "topic",
            What::Bucket(_) => "bucket",
            What::Model => "model",
            What::Connector => "connector",
            What::Outside => "outside",
        };
        let mut sink_fact = sink.declared.fact();
        // What is missing is missing at the receiver, whatever its Namespace says.
        if sink.declared.is_inherited() {
            sink_fact.origin = None;
        }
        if let crate::facts::Value::Object(fields) = &mut sink_fact.value {
            fields.insert("kind".into(), Fact::from(sink_kind));
        }
        let own =
            [("sink", sink_fact), ("path", Fact::array(flows.path(flow).iter().map(|id| Fact::from(&**id))))];
        Subject { resource, kind, fact: Fact::object(shared(set, flow).into_iter().chain(own)).at(place) }
    });
    subjects.collect()
}

/// Entries of `flows` in the overview: all of them, also those that carry nothing known.
pub(in crate::facts) fn flow_list(set: &Set<'_>) -> Vec<Fact> {
    let list = set.flows().all.iter().map(|flow| {
        let mut fields: std::collections::BTreeMap<&str, Fact> = shared(set, flow).into_iter().collect();
        fields.insert("carries", declared::categories(&flow.carries.categories));
        fields.insert("level", level(&flow.carries));
        Fact::object(fields)
    });
    list.collect()
}

fn shared(set: &Set<'_>, flow: &Flow) -> [(&'static str, Fact); 6] {
    let flows = set.flows();
    // Behind the grant of a topic stands what carries its messages.
    let carried =
        flow.because.get(1).filter(|_| matches!(flow.way, super::Way::Publish | super::Way::Consume));
    // A Namespace that is in no mesh decides for all of its connections: the connection is what is found.
    let is_own = |because: &&Because| {
        because.resource.as_deref().is_none_or(|resource| !resource.starts_with("Namespace/"))
    };
    let steps = || carried.into_iter().chain(&flow.because);
    let decided = steps().filter(is_own).chain(steps()).find_map(|because| because.origin.clone());
    [
        ("from", Fact::from(&*flows.point(flow.from).id)),
        ("to", Fact::from(&*flows.point(flow.to).id)),
        ("way", Fact::from(flow.way.name())),
        ("carries", carries(&flow.carries)),
        ("transport", Fact::from(flow.transport.map(crate::facts::connections::Transport::name)).at(decided)),
        ("because", mesh::chain(&flow.because)),
    ]
}

fn carries(carried: &Carried) -> Fact {
    Fact::object([("level", level(carried)), ("categories", declared::categories(&carried.categories))])
}

fn level(carried: &Carried) -> Fact {
    Fact::from(carried.effective_level().map(Level::name))
}

/// Whose finding it is: an object of the input, else the id of the point.
fn subject_of(set: &Set<'_>, position: usize, flow: &Flow) -> (String, Arc<str>, Option<Origin>) {
    let point = set.flows().point(position);
    match point.what {
        What::Workload(id) => {
            let workload = set.workloads().get(id);
            let place = Origin::Place(places::name(workload.node));
            (workload.resource.id.to_string(), Arc::clone(&workload.resource.object.kind), Some(place))
        }
        What::Topic(id) => whose_topic(set, set.topics().get(id)),
        What::Function((plan, position)) | What::Bucket((plan, position)) => {
            let planned = set.view.estate.plans.get(plan as usize).and_then(|plan| plan.resource(position));
            let kind = planned.map_or_else(|| "".into(), |resource| Arc::clone(&resource.kind));
            let origin = Origin::Planned { plan, resource: position, path: Path::default() };
            (point.id.to_string(), kind, Some(origin))
        }
        What::Datastore(_) | What::Model | What::Connector | What::Outside => {
            (point.id.to_string(), "".into(), flow.because.iter().find_map(|because| because.origin.clone()))
        }
    }
}

/// Whose finding it is about a topic: its object, else its id.
fn whose_topic(set: &Set<'_>, topic: &Topic<'_>) -> (String, Arc<str>, Option<Origin>) {
    if let Some(resource) = topic.resource {
        let place = Origin::Place(places::name(set.view.estate.node(resource)));
        return (resource.id.to_string(), Arc::clone(&resource.object.kind), Some(place));
    }
    let used = topic.uses.iter().map(|used| &used.because);
    let origin = topic.named_by.iter().chain(used).find_map(|because| because.origin.clone());
    (topic.id(), "".into(), origin)
}

/// `{id, cluster, name, open, open_because, classification: {declared, level, categories}, carries, readers, writers,
/// internal, named_by: {text, resource}}`, one subject for each topic; `open` is true, false or `"unknown"`, `named_by`
/// the grant that names a topic without object.
pub(in crate::facts) fn topic_subjects(set: &Set<'_>) -> Vec<Subject> {
    let subjects = set.topics().iter().map(|(_, topic)| {
        let (resource, kind, place) = whose_topic(set, topic);
        let declared = of_topic(set, topic);
        let because = topic.open_because.as_ref();
        let named_by = topic.named_by.clone().filter(|_| topic.resource.is_none());
        let own = [
            ("cluster", Fact::from(topic.cluster.as_str())),
            ("name", Fact::from(topic.name.as_str())),
            ("open", Fact::from(topic.open).at(because.and_then(|because| because.origin.clone()))),
            ("open_because", Fact::from(because.map(|because| because.text.as_str()))),
            ("classification", declared.fact()),
            ("carries", carries(&set.flows().held(&topic.id()))),
            ("readers", users(set, topic, Direction::Reads)),
            ("writers", users(set, topic, Direction::Writes)),
            ("id", Fact::from(topic.id())),
            ("internal", Fact::from(topic.is_internal)),
            ("named_by", named_by.map_or_else(Fact::default, Fact::from)),
        ];
        Subject { resource, kind, fact: Fact::object(own).at(place) }
    });
    subjects.collect()
}

/// Entries of `topics` in the overview.
pub(in crate::facts) fn topic_list(set: &Set<'_>) -> Vec<Fact> {
    let list = set.topics().iter().map(|(_, topic)| {
        let held = set.flows().held(&topic.id());
        Fact::object([
            ("id", Fact::from(topic.id())),
            ("classification", declared::categories(&held.categories)),
            ("level", level(&held)),
            ("open", Fact::from(topic.open)),
            ("readers", users(set, topic, Direction::Reads)),
            ("writers", users(set, topic, Direction::Writes)),
        ])
    });
    list.collect()
}

fn users(set: &Set<'_>, topic: &Topic<'_>, direction: Direction) -> Fact {
    let mut users: Vec<(&str, Option<Origin>)> = topic
        .uses
        .iter()
        .filter(|used| used.direction == direction)
        .map(|used| (&*set.workloads().get(used.workload).resource.id, used.because.origin.clone()))
        .collect();
    users.sort_by_key(|(id, _)| *id);
    users.dedup_by_key(|(id, _)| *id);
    Fact::array(users.into_iter().map(|(id, origin)| Fact::from(id).at(origin)))
}
