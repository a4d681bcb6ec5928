//! Pictures of the estate: services, databases, sharing that is seen at a glance, and the journey of each category.

mod dot;
mod mermaid;
mod open_lineage;
mod scene;
mod svg;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::visible::one_line;
use crate::{
    estate::Estate,
    facts::graph::{Datastore, Flow, Graph, Kind, Named, Point, graphs},
    report::Report,
};

/// Draws sets as they are at a time (RFC 3339).
type Draw = fn(&[Named], &str, &mut dyn Write) -> io::Result<()>;

/// One format of `probity graph`.
pub struct Format {
    pub name: &'static str,
    draw: Draw,
}

/// All formats, in the order in which help lists them.
pub const FORMATS: [Format; 4] = [
    Format { name: "mermaid", draw: |sets, _, out| mermaid::draw(sets, out) },
    Format { name: "dot", draw: |sets, _, out| dot::draw(sets, out) },
    Format { name: "svg", draw: |sets, _, out| svg::draw(sets, out) },
    Format { name: "openlineage", draw: open_lineage::draw },
];

impl Format {
    /// Draws all sets of an estate, one beside the other, as they are at a time (RFC 3339).
    pub fn write(&self, estate: &Estate, time: &str, out: &mut dyn Write) -> io::Result<()> {
        (self.draw)(&graphs(estate), time, out)
    }
}

/// `openlineage` as a format of a scan: the ways of data as events, the findings being told by other formats.
pub(super) fn events(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    open_lineage::draw(&report.graphs, &report.time.to_string(), out)
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
