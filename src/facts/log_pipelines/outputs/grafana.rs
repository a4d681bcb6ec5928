//! Promtail and Grafana Agent (`clients`), and Alloy's own notation.

use super::{Output, Told};

/// Blocks of Alloy that write logs: `loki.write "name" {`.
const BLOCKS: [&str; 3] = ["loki.write", "loki.echo", "otelcol.exporter."];

pub(super) fn outputs(told: &[Told<'_>]) -> Vec<Output> {
    let mut found = Vec::new();
    for told in told {
        let is_client =
            told.is_configuration && told.name.contains("clients[") && told.name.ends_with("].url");
        if is_client || told.name.trim_start_matches('-') == "client.url" {
            let mut output = Output::new("loki", told.place());
            output.lead_to(&told.text);
            found.push(output);
        } else if told.is_configuration {
            found.extend(alloy(told));
        }
    }
    found
}

fn alloy(told: &Told<'_>) -> Vec<Output> {
    let mut found: Vec<Output> = Vec::new();
    let mut depth = 0_usize;
    let mut in_block = false;
    let mut at = 0;
    for line in told.text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let body = line.trim();
        if body.starts_with("//") {
            continue;
        }
        if depth == 0 && body.ends_with('{') {
            let name = body.split([' ', '{']).next().unwrap_or_default();
            in_block = BLOCKS.iter().any(|block| name.starts_with(block));
            if in_block {
                let plain = name.strip_prefix("otelcol.exporter.").unwrap_or(name);
                let plain = if plain == "loki.write" { "loki" } else { plain };
                found.push(Output::new(plain, told.part(start..start + name.len())));
            }
        } else if in_block
            && let Some((key, value)) = body.split_once('=')
            && matches!(key.trim(), "url" | "endpoint")
            && let Some(output) = found.last_mut()
        {
            output.lead_to(value);
        }
        depth = (depth + body.matches('{').count()).saturating_sub(body.matches('}').count());
        in_block = in_block && depth > 0;
    }
    found
}
