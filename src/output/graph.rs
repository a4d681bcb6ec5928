//! Pictures of the estate: services, databases, and sharing that is seen at a glance.

mod dot;
mod mermaid;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use super::visible::one_line;
use crate::{
    estate::Estate,
    facts::{
        Set,
        graph::{Datastore, Graph, graph},
    },
};

type Draw = fn(&[Named], &mut dyn Write) -> io::Result<()>;

/// One format of `probity graph`.
pub struct Format {
    pub name: &'static str,
    draw: Draw,
}

/// All formats, in the order in which help lists them.
pub const FORMATS: [Format; 2] =
    [Format { name: "mermaid", draw: mermaid::draw }, Format { name: "dot", draw: dot::draw }];

/// The picture of one set; the name only where there are several.
struct Named {
    name: Option<String>,
    graph: Graph,
}

impl Format {
    /// Draws all sets of an estate, one beside the other.
    pub fn write(&self, estate: &Estate, out: &mut dyn Write) -> io::Result<()> {
        let several = estate.sets.len() > 1;
        let sets = estate.sets.iter().enumerate().map(|(index, name)| Named {
            name: several.then(|| one_line(name).to_string()),
            graph: graph(&Set::new(estate.view(index))),
        });
        (self.draw)(&sets.collect::<Vec<_>>(), out)
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

/// The last part of an id: what people call it.
fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}
