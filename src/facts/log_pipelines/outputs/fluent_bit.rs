//! Fluent Bit: `[OUTPUT]` sections of the classic notation, and `pipeline.outputs` in YAML.

use std::collections::BTreeMap;

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

/// Inputs that read the node itself, and not what Pods print.
const OF_NODE: [&str; 12] = [
    "cpu",
    "disk",
    "dummy",
    "fluentbit_metrics",
    "health",
    "kmsg",
    "mem",
    "netif",
    "node_exporter_metrics",
    "proc",
    "systemd",
    "thermal",
];

pub(super) fn outputs(told: &[Told<'_>]) -> Vec<Output> {
    let files = || told.iter().filter(|told| told.is_configuration);
    let tags = tags(told);
    let is_fed = |pattern: Option<&str>| match (&tags, pattern) {
        (Some(tags), Some(pattern)) => tags.iter().any(|tag| may_match(pattern, tag)),
        _ => true,
    };
    let mut found: Vec<Output> = Vec::new();
    for file in files() {
        let sections = sections(&file.text);
        let patterns =
            sections.iter().filter(|section| section.name == "output" && section.key("name").is_some());
        let outputs = classic(file).into_iter().zip(patterns);
        found.extend(outputs.filter(|(_, section)| is_fed(section.key("match"))).map(|(output, _)| output));
    }
    let unfed: Vec<&str> = files()
        .filter(|told| {
            output_of_key(&told.name)
                .is_some_and(|(_, key)| key.eq_ignore_ascii_case("match") && !is_fed(Some(&told.text)))
        })
        .filter_map(|told| Some(output_of_key(&told.name)?.0))
        .collect();
    let fed = told
        .iter()
        .filter(|told| output_of_key(&told.name).is_none_or(|(output, _)| !unfed.contains(&output)));
    let fed: Vec<Told<'_>> = fed.cloned().collect();
    found.extend(keyed::grouped(&fed, output_of_key, "name", &TARGETS));
    found
}

/// Tags of what Pods print; `None` where others may come in, or a filter may give others.
fn tags(told: &[Told<'_>]) -> Option<Vec<String>> {
    let mut inputs: Vec<(Option<String>, Option<String>)> = Vec::new();
    let mut keyed: BTreeMap<&str, (Option<String>, Option<String>)> = BTreeMap::new();
    for told in told.iter().filter(|told| told.is_configuration) {
        for section in sections(&told.text) {
            match section.name.as_str() {
                "input" => {
                    let key = |name: &str| section.key(name).map(ToOwned::to_owned);
                    inputs.push((key("name"), key("tag")));
                }
                "filter" if section.key("name").is_none_or(is_retagging) => return None,
                _ => {}
            }
        }
        let key = told.name.to_ascii_lowercase();
        if key.starts_with("pipeline.filters[") && key.ends_with("].name") && is_retagging(&told.text) {
            return None;
        }
        let Some((input, key)) =
            told.name.strip_prefix("pipeline.inputs[").and_then(|rest| rest.split_once("]."))
        else {
            continue;
        };
        let input = keyed.entry(input).or_default();
        match key.to_ascii_lowercase().as_str() {
            "name" => input.0 = Some(told.text.to_string()),
            "tag" => input.1 = Some(told.text.to_string()),
            _ => {}
        }
    }
    inputs.extend(keyed.into_values());
    let mut found = Vec::new();
    for (name, tag) in inputs {
        let name = name?.to_ascii_lowercase();
        if OF_NODE.contains(&name.as_str()) {
            continue;
        }
        let tag = tag.filter(|tag| name == "tail" && !tag.contains(['$', '{', '<']))?;
        found.push(tag);
    }
    (!found.is_empty()).then_some(found)
}

/// Whether a filter may give records another tag.
fn is_retagging(filter: &str) -> bool {
    matches!(filter.to_ascii_lowercase().as_str(), "rewrite_tag" | "lua" | "wasm") || filter.contains('$')
}

/// Whether a pattern may take a tag; `*` stands for anything in both, as the path of the file in the tag.
fn may_match(pattern: &str, tag: &str) -> bool {
    if pattern.contains('$') {
        return true;
    }
    let start = |text: &str| text.split('*').next().unwrap_or_default().to_owned();
    let (of_pattern, of_tag) = (start(pattern), start(tag));
    match (pattern.contains('*'), tag.contains('*')) {
        (false, false) => pattern == tag,
        (true, false) => tag.starts_with(&of_pattern),
        (false, true) => pattern.starts_with(&of_tag),
        (true, true) => of_pattern.starts_with(&of_tag) || of_tag.starts_with(&of_pattern),
    }
}

/// A section of the classic notation, in lower case, with its keys.
struct Section<'t> {
    name: String,
    keys: Vec<(&'t str, &'t str)>,
}

impl<'t> Section<'t> {
    fn key(&self, name: &str) -> Option<&'t str> {
        self.keys.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut found: Vec<Section<'_>> = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']').to_ascii_lowercase();
            found.push(Section { name, keys: Vec::new() });
        } else if let (Some(section), Some((key, value))) =
            (found.last_mut(), line.split_once(char::is_whitespace))
        {
            section.keys.push((key, value.trim()));
        }
    }
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
