//! The language of Graphviz (graphviz.org, "DOT Language").

use std::io::{self, Write};

use super::{Journeys, Named, journeys, one_line, servers, short};
use crate::facts::graph::{Graph, Kind, Sharing};

pub(super) fn draw(sets: &[Named], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph probity {{")?;
    writeln!(out, "  rankdir=LR;")?;
    writeln!(out, "  node [fontname=\"sans-serif\"]; edge [fontname=\"sans-serif\", fontsize=10];")?;
    for (set, named) in sets.iter().enumerate() {
        let graph = &named.graph;
        if let Some(name) = &named.name {
            writeln!(out, "  subgraph cluster_s{set} {{\n  label={};", quoted(name))?;
        }
        for (index, service) in graph.services.iter().enumerate() {
            let style = if service.is_owner { "rounded" } else { "rounded,dashed" };
            let label = quoted(&format!("{}\n{}", short(&service.id), service.id));
            writeln!(out, "  s{set}a{index} [shape=box, style=\"{style}\", label={label}];")?;
        }
        for (first, run) in servers(graph) {
            let Some(server) = run.first() else { continue };
            let title = quoted(&format!("{} {}", server.engine, server.server));
            writeln!(out, "  subgraph cluster_s{set}s{first} {{\n    label={title};")?;
            for (offset, datastore) in run.iter().enumerate() {
                let (mark, style) = match datastore.sharing {
                    Sharing::Own => ("", ""),
                    Sharing::Unknown => ("\nshared?", ", style=\"filled,dashed\", fillcolor=\"#ffffdd\""),
                    Sharing::Shared => {
                        ("\nSHARED", ", style=filled, fillcolor=\"#ffdddd\", color=\"#cc0000\", penwidth=3")
                    }
                    Sharing::Cache => ("\nshared cache", ""),
                };
                let label = quoted(&format!("{}{mark}", datastore.database));
                writeln!(out, "    s{set}d{} [shape=cylinder, label={label}{style}];", first + offset)?;
            }
            writeln!(out, "  }}")?;
        }
        for link in &graph.uses {
            let label = link.principal.as_deref().map_or_else(|| "\"\"".to_owned(), quoted);
            let style = if link.sure { "solid" } else { "dashed" };
            writeln!(
                out,
                "  s{set}a{} -> s{set}d{} [label={label}, style={style}];",
                link.service, link.datastore
            )?;
        }
        draw_journeys(graph, set, out)?;
        if named.name.is_some() {
            writeln!(out, "  }}")?;
        }
    }
    writeln!(out, "}}")
}

/// Thick arrows for what carries a category, with what is on them.
fn draw_journeys(graph: &Graph, set: usize, out: &mut dyn Write) -> io::Result<()> {
    let Journeys { points, hops } = journeys(graph);
    for (index, point) in points {
        let shape = match point.kind {
            Kind::Service => "box, style=rounded",
            Kind::Datastore => "cylinder",
            Kind::Topic => "cds",
            Kind::Bucket => "folder",
            Kind::Outside => "note",
        };
        let label = quoted(&format!("{}\n{}", short(&point.id), point.id));
        writeln!(out, "  s{set}p{index} [shape={shape}, label={label}];")?;
    }
    for (from, to, flow) in hops {
        let mark = if flow.plaintext { "\nin plaintext" } else { "" };
        let label = quoted(&format!("{}{mark}", flow.categories.join(", ")));
        writeln!(out, "  s{set}{from} -> s{set}{to} [label={label}, penwidth=2, color=\"#0044cc\"];")?;
    }
    Ok(())
}

/// A double-quoted string; line breaks are those of a label.
fn quoted(text: &str) -> String {
    let lines: Vec<String> =
        text.split('\n').map(|line| one_line(line).replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\"", lines.join("\\n"))
}
