//! Mermaid flowcharts (mermaid.js.org, "Flowchart syntax").

use std::io::{self, Write};

use super::{Journeys, Named, journeys, one_line, servers, short};
use crate::facts::graph::{Graph, Kind, Sharing};

pub(super) fn draw(sets: &[Named], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (set, named) in sets.iter().enumerate() {
        let graph = &named.graph;
        if let Some(name) = &named.name {
            writeln!(out, "  subgraph s{set}[\"{}\"]", text(name))?;
        }
        for (index, service) in graph.services.iter().enumerate() {
            let (open, close) = if service.is_owner { ("[", "]") } else { ("([", "])") };
            let label = format!("{}<br/><small>{}</small>", text(short(&service.id)), text(&service.id));
            writeln!(out, "  s{set}a{index}{open}\"{label}\"{close}")?;
        }
        for (first, run) in servers(graph) {
            let Some(server) = run.first() else { continue };
            let title = format!("{} {}", server.engine, server.server);
            writeln!(out, "  subgraph s{set}s{first}[\"{}\"]", text(&title))?;
            for (offset, datastore) in run.iter().enumerate() {
                let mark = match datastore.sharing {
                    Sharing::Own => "",
                    Sharing::Unknown => "<br/>shared?",
                    Sharing::Shared => "<br/>SHARED",
                    Sharing::Cache => "<br/>shared cache",
                };
                writeln!(out, "    s{set}d{}[(\"{}{mark}\")]", first + offset, text(&datastore.database))?;
            }
            writeln!(out, "  end")?;
        }
        for link in &graph.uses {
            let arrow = if link.sure { "-->" } else { "-.->" };
            let label =
                link.principal.as_ref().map(|name| format!("|\"{}\"|", text(name))).unwrap_or_default();
            writeln!(out, "  s{set}a{} {arrow}{label} s{set}d{}", link.service, link.datastore)?;
        }
        draw_journeys(graph, set, out)?;
        if named.name.is_some() {
            writeln!(out, "  end")?;
        }
    }
    writeln!(out, "  classDef shared fill:#fdd,stroke:#c00,stroke-width:3px,color:#000")?;
    writeln!(out, "  classDef unknown fill:#ffd,stroke:#a80,stroke-dasharray:4,color:#000")?;
    for (class, sharing) in [("shared", Sharing::Shared), ("unknown", Sharing::Unknown)] {
        let members: Vec<String> = sets
            .iter()
            .enumerate()
            .flat_map(|(set, named)| {
                let all = named.graph.datastores.iter().enumerate();
                all.filter(move |(_, datastore)| datastore.sharing == sharing)
                    .map(move |(index, _)| format!("s{set}d{index}"))
            })
            .collect();
        if !members.is_empty() {
            writeln!(out, "  class {} {class}", members.join(","))?;
        }
    }
    Ok(())
}

/// Thick arrows for what carries a category, with what is on them.
fn draw_journeys(graph: &Graph, set: usize, out: &mut dyn Write) -> io::Result<()> {
    let Journeys { points, hops } = journeys(graph);
    for (index, point) in points {
        let (open, close) = match point.kind {
            Kind::Service => ("[", "]"),
            Kind::Datastore => ("[(", ")]"),
            Kind::Topic => ("[[", "]]"),
            Kind::Bucket => ("[/", "\\]"),
            Kind::Outside => (">", "]"),
        };
        let label = format!("{}<br/><small>{}</small>", text(short(&point.id)), text(&point.id));
        writeln!(out, "  s{set}p{index}{open}\"{label}\"{close}")?;
    }
    for (from, to, flow) in hops {
        let mark = if flow.plaintext { " in plaintext" } else { "" };
        writeln!(out, "  s{set}{from} ==>|\"{}{mark}\"| s{set}{to}", flow.categories.join(", "))?;
    }
    Ok(())
}

/// Text within double quotes: entities for what ends it or begins a tag.
fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '"' => safe.push_str("#quot;"),
            '#' => safe.push_str("#35;"),
            '<' => safe.push_str("#lt;"),
            '>' => safe.push_str("#gt;"),
            '&' => safe.push_str("#amp;"),
            '`' => safe.push_str("#96;"),
            c => safe.push(c),
        }
    }
    safe
}
