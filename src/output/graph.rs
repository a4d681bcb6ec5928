//! Pictures of the estate: services, databases, sharing that is seen at a glance, and the journey of each category.

mod dot;
mod mermaid;
mod open_lineage;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::visible::one_line;
use crate::{
    estate::Estate,
    facts::{
        Set,
        graph::{Datastore, Flow, Graph, Kind, Point, graph},
    },
};

/// Draws sets as they are at a time (RFC 3339).
type Draw = fn(&[Named], &str, &mut dyn Write) -> io::Result<()>;

/// One format of `probity graph`.
pub struct Format {
    pub name: &'static str,
    draw: Draw,
}

/// All formats, in the order in which help lists them.
pub const FORMATS: [Format; 3] = [
    Format { name: "mermaid", draw: |sets, _, out| mermaid::draw(sets, out) },
    Format { name: "dot", draw: |sets, _, out| dot::draw(sets, out) },
    Format { name: "openlineage", draw: open_lineage::draw },
];

/// The picture of one set; the name only where there are several.
struct Named {
    name: Option<String>,
    graph: Graph,
}

impl Format {
    /// Draws all sets of an estate, one beside the other, as they are at a time (RFC 3339).
    pub fn write(&self, estate: &Estate, time: &str, out: &mut dyn Write) -> io::Result<()> {
        let several = estate.sets.len() > 1;
        let sets = estate.sets.iter().enumerate().map(|(index, name)| Named {
            name: several.then(|| one_line(name).to_string()),
            graph: graph(&Set::new(estate.view(index))),
        });
        (self.draw)(&sets.collect::<Vec<_>>(), time, out)
    }
}

/// Databases of one server stand together: runs of equal servers with the position of their first.
fn servers(graph: &Graph) -> impl Iterator<Item = (usize, &[Datastore])> {
    let mut first = 0;
    graph.datastores.chunk_by(|a, b| a.server == b.server && a.engine == b.engine).map(move |run| {
        let at = first;
        first += run.len();
        (at, run)
    })
}

/// What the ways of sensitive data add to a picture.
struct Journeys<'g> {
    /// Points that are drawn for nothing else, `p` and their positions being their nodes.
    points: Vec<(usize, &'g Point)>,
    /// Each way once, with the nodes that it goes between.
    hops: Vec<(String, String, &'g Flow)>,
}

/// Ways that carry a category; what a service may store is no journey.
fn journeys(graph: &Graph) -> Journeys<'_> {
    let services =
        graph.services.iter().enumerate().map(|(index, service)| (&*service.id, format!("a{index}")));
    let stores = graph.datastores.iter().enumerate().map(|(index, store)| (&*store.id, format!("d{index}")));
    let drawn: BTreeMap<&str, String> = services.chain(stores).collect();
    let kind = |position: usize| graph.points.get(position).map(|point| point.kind);
    let mut seen = BTreeSet::new();
    let sensitive = graph.flows.iter().filter(|flow| !flow.categories.is_empty());
    let flows: Vec<&Flow> = sensitive
        .filter(|flow| kind(flow.to) != Some(Kind::Datastore) && seen.insert((flow.from, flow.to)))
        .collect();
    let touched: BTreeSet<usize> = flows.iter().flat_map(|flow| [flow.from, flow.to]).collect();
    let touched = touched.into_iter().filter_map(|position| Some((position, graph.points.get(position)?)));
    let points = touched.filter(|(_, point)| !drawn.contains_key(&*point.id)).collect();
    let node = |position: usize| {
        let point = graph.points.get(position)?;
        Some(drawn.get(&*point.id).cloned().unwrap_or_else(|| format!("p{position}")))
    };
    let hops = flows.into_iter().filter_map(|flow| Some((node(flow.from)?, node(flow.to)?, flow))).collect();
    Journeys { points, hops }
}

/// The last part of an id: what people call it.
fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
