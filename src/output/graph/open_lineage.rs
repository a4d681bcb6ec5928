//! `OpenLineage` (openlineage.io, spec 2-0-2): one event a line. Each service is a job with the datasets and topics that
//! it reads and writes, each of those a dataset with its tags.
//!
//! Deliberately absent: runs, which a scan of files does not see.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde::Serialize;

use super::{Named, one_line};
use crate::facts::graph::{Kind, Point};

const PRODUCER: &str = concat!("pkg:cargo/probity@", env!("CARGO_PKG_VERSION"));
const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/";
const TAGS: &str = "https://openlineage.io/spec/facets/1-0-0/TagsDatasetFacet.json#/$defs/TagsDatasetFacet";

#[derive(Serialize)]
struct Event<'g> {
    #[serde(rename = "eventTime")]
    time: &'g str,
    producer: &'static str,
    #[serde(rename = "schemaURL")]
    schema_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<Dataset<'g>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Job>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<Dataset<'g>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<Dataset<'g>>,
}

#[derive(Serialize)]
struct Job {
    namespace: String,
    name: String,
}

#[derive(Serialize, Clone)]
struct Dataset<'g> {
    namespace: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<Facets<'g>>,
}

#[derive(Serialize, Clone)]
struct Facets<'g> {
    tags: TagsFacet<'g>,
}

#[derive(Serialize, Clone)]
struct TagsFacet<'g> {
    #[serde(rename = "_producer")]
    producer: &'static str,
    #[serde(rename = "_schemaURL")]
    schema_url: &'static str,
    tags: Vec<Tag<'g>>,
}

#[derive(Serialize, Clone)]
struct Tag<'g> {
    key: &'static str,
    value: &'g str,
    source: &'static str,
}

/// What one service reads and writes: positions of points.
#[derive(Default)]
struct Ends {
    inputs: Vec<usize>,
    outputs: Vec<usize>,
}

pub(super) fn draw(sets: &[Named], time: &str, out: &mut dyn Write) -> io::Result<()> {
    for named in sets {
        let graph = &named.graph;
        let point = |position: &usize| graph.points.get(*position);
        for dataset in graph.points.iter().filter(|point| point.kind != Kind::Service) {
            write(out, &Event { dataset: Some(Dataset::of(dataset)), ..Event::new("DatasetEvent", time) })?;
        }
        let mut jobs: BTreeMap<usize, Ends> = BTreeMap::new();
        for flow in &graph.flows {
            let is_service = |position| point(position).is_some_and(|point| point.kind == Kind::Service);
            match (is_service(&flow.from), is_service(&flow.to)) {
                (false, true) => jobs.entry(flow.to).or_default().inputs.push(flow.from),
                (true, false) => jobs.entry(flow.from).or_default().outputs.push(flow.to),
                // Jobs of OpenLineage meet in datasets only.
                _ => {}
            }
        }
        for (service, mut ends) in jobs {
            let Some(service) = point(&service) else { continue };
            let datasets = |positions: &mut Vec<usize>| {
                positions.sort_unstable();
                positions.dedup();
                positions.iter().filter_map(point).map(Dataset::of).collect::<Vec<_>>()
            };
            let (inputs, outputs) = (datasets(&mut ends.inputs), datasets(&mut ends.outputs));
            let job = Some(Job::of(&service.id, named.name.as_deref()));
            write(out, &Event { job, inputs, outputs, ..Event::new("JobEvent", time) })?;
        }
    }
    Ok(())
}

fn write(out: &mut dyn Write, event: &Event<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event)?;
    writeln!(out)
}

impl<'g> Event<'g> {
    fn new(kind: &str, time: &'g str) -> Self {
        Self {
            time,
            producer: PRODUCER,
            schema_url: format!("{SCHEMA}{kind}"),
            dataset: None,
            job: None,
            inputs: Vec::new(),
            outputs: Vec::new(),
        }
    }
}

impl Job {
    /// `Deployment/shop/orders` is `Deployment/orders` of `shop`; what has no namespace is of its set.
    fn of(id: &str, set: Option<&str>) -> Self {
        match id.split('/').collect::<Vec<_>>().as_slice() {
            [kind, namespace, name] => {
                Self { namespace: (*namespace).to_owned(), name: format!("{kind}/{name}") }
            }
            _ => Self {
                namespace: set.map_or_else(|| ".".to_owned(), |set| one_line(set).into_owned()),
                name: id.to_owned(),
            },
        }
    }
}

impl<'g> Dataset<'g> {
    /// `engine:server/database` is the database of `engine://server`, `topic:cluster/name` a topic of
    /// `topic://cluster`, a bucket the one of its address (naming of the spec: where it is, and what it is called there).
    fn of(point: &'g Point) -> Self {
        let (scheme, rest) = point.id.split_once(':').unwrap_or(("", &point.id));
        let (scheme, rest) = if point.kind == Kind::Bucket { ("bucket", &*point.id) } else { (scheme, rest) };
        let (place, name) = match point.kind {
            Kind::Outside | Kind::Bucket => ("", rest),
            _ => rest.rsplit_once('/').unwrap_or(("", rest)),
        };
        let mut tags: Vec<Tag<'g>> = Vec::new();
        let tag = |key, value| Tag { key, value, source: "PROBITY" };
        tags.extend(point.categories.iter().map(|category| tag("probity.dev/data-categories", *category)));
        tags.extend(point.level.map(|level| tag("data-classification", level)));
        let facet = |tags| Facets { tags: TagsFacet { producer: PRODUCER, schema_url: TAGS, tags } };
        Self {
            namespace: format!("{scheme}://{place}"),
            name: name.to_owned(),
            facets: (!tags.is_empty()).then(|| facet(tags)),
        }
    }
}
