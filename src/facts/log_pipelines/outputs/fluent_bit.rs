//! Fluent Bit: `[OUTPUT]` sections of the classic notation, and `pipeline.outputs` in YAML.

use super::{Output, Told, keyed};

/// Keys of an output that say where it leads.
const TARGETS: [&str; 12] = [
    "host",
    "hosts",
    "endpoint",
    "bucket",
    "log_group_name",
    "delivery_stream",
    "stream",
    "brokers",
    "topics",
    "url",
    "address",
    "upstream",
];

pub(super) fn outputs(told: &[Told<'_>]) -> Vec<Output> {
    let files = told.iter().filter(|told| told.is_configuration);
    let mut found: Vec<Output> = files.flat_map(classic).collect();
    found.extend(keyed::grouped(told, output_of_key, "name", &TARGETS));
    found
}

/// `pipeline.outputs[0].name`: the output, and the key in it.
fn output_of_key(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix("pipeline.outputs[")?;
    rest.split_once("].")
}

fn classic(told: &Told<'_>) -> Vec<Output> {
    let mut found: Vec<Output> = Vec::new();
    let mut in_output = false;
    let mut at = 0;
    let mut is_named = false;
    // What stands in a section before its name.
    let mut early: Vec<&str> = Vec::new();
    for line in told.text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let body = line.trim();
        if body.starts_with('[') {
            in_output = body.eq_ignore_ascii_case("[output]");
            is_named = false;
            early.clear();
            continue;
        }
        let Some((key, value)) = body.split_once(char::is_whitespace).filter(|_| in_output) else { continue };
        let value = value.trim();
        if key.eq_ignore_ascii_case("name") {
            let value_start = start + body.len() - value.len();
            let mut output = Output::new(value, told.part(value_start..value_start + value.len()));
            early.drain(..).for_each(|target| output.lead_to(target));
            found.push(output);
            is_named = true;
        } else if TARGETS.iter().any(|target| key.eq_ignore_ascii_case(target)) {
            match found.last_mut().filter(|_| is_named) {
                Some(output) => output.lead_to(value),
                None => early.push(value),
            }
        }
    }
    found
}
