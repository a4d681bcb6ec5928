//! Fluentd: `@type` of `<match>` and of the `<store>`s in it.

use super::{Output, Told};

/// Keys of an output that say where it leads.
const TARGETS: [&str; 11] = [
    "host",
    "hosts",
    "endpoint",
    "endpoint_url",
    "s3_bucket",
    "bucket",
    "log_group_name",
    "url",
    "brokers",
    "hec_host",
    "stream_name",
];

/// Outputs that hand on to other outputs of the same configuration.
const INTERNAL: [&str; 9] = [
    "concat",
    "copy",
    "detect_exceptions",
    "label_router",
    "record_reformer",
    "relabel",
    "retag",
    "rewrite_tag_filter",
    "roundrobin",
];

/// Settings of the images that bring their configuration along.
const VARIABLES: [(&str, &str); 3] = [
    ("FLUENT_ELASTICSEARCH_HOST", "elasticsearch"),
    ("FLUENT_OPENSEARCH_HOST", "opensearch"),
    ("FLUENT_GRAYLOG_HOST", "graylog"),
];

pub(super) fn outputs(told: &[Told<'_>]) -> Vec<Output> {
    let mut found: Vec<Output> = told.iter().filter(|told| told.is_configuration).flat_map(file).collect();
    if found.is_empty() {
        for (variable, name) in VARIABLES {
            let named = told.iter().filter(|told| !told.is_configuration && told.name == variable);
            found.extend(named.map(|told| {
                let mut output = Output::new(name, told.place());
                output.lead_to(&told.text);
                output
            }));
        }
    }
    found
}

/// Tags of the files that are read; `None` where others may come in, too, or be led elsewhere by labels.
fn tags(text: &str) -> Option<Vec<&str>> {
    let mut found = Vec::new();
    let mut in_source = false;
    let (mut is_tail, mut tag) = (false, None);
    for line in text.lines().map(str::trim) {
        match line.split_once(char::is_whitespace).map(|(key, value)| (key, value.trim())) {
            _ if line.starts_with("<source") => (in_source, is_tail, tag) = (true, false, None),
            _ if line.starts_with("</source") => {
                in_source = false;
                found.push(tag.filter(|_| is_tail)?);
            }
            _ if line.starts_with("@include") => return None,
            Some(("@type" | "type", value)) if in_source && value == "tail" => is_tail = true,
            Some(("tag", value)) if in_source => tag = Some(value),
            Some(("@label", _)) if in_source => return None,
            _ => {}
        }
    }
    (!found.is_empty()).then_some(found)
}

/// Whether the patterns of a `<match>` take all that has a tag: the first that does leaves nothing to others
/// (Fluentd, "Config File Syntax", "Note on Match Order").
fn takes_all(patterns: &str, tags: &[&str]) -> bool {
    let takes = |tag: &str, pattern: &str| {
        pattern == "**"
            || pattern.strip_suffix(".**").is_some_and(|start| {
                !start.contains(['*', '{'])
                    && tag.strip_prefix(start).is_some_and(|rest| rest.starts_with('.'))
            })
    };
    tags.iter().all(|tag| patterns.split_whitespace().any(|pattern| takes(tag, pattern)))
}

fn file(told: &Told<'_>) -> Vec<Output> {
    let mut found: Vec<Output> = Vec::new();
    let tags = tags(&told.text);
    // Whether a `<match>` outside of labels that takes everything is open.
    let mut takes_rest = false;
    // Names of the elements that are open.
    let mut open: Vec<&str> = Vec::new();
    let mut at = 0;
    // Whether the innermost output is one that leads somewhere.
    let mut leads = false;
    for line in told.text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let body = line.trim();
        if body.starts_with("</") {
            open.pop();
            if takes_rest && open.is_empty() {
                return found;
            }
            continue;
        }
        if let Some(element) = body.strip_prefix('<') {
            let name = element.split([' ', '>']).next().unwrap_or_default();
            leads = leads && !matches!(name, "match" | "store");
            if let ("match", true, Some(tags)) = (name, open.is_empty(), &tags) {
                let patterns = element.strip_prefix("match").and_then(|rest| rest.split('>').next());
                takes_rest = takes_all(patterns.unwrap_or_default(), tags);
            }
            open.push(name);
            continue;
        }
        let is_output = matches!(open.last(), Some(&("match" | "store")));
        let is_server = open.last() == Some(&"server");
        let Some((key, value)) = body.split_once(char::is_whitespace) else { continue };
        let value = value.trim();
        if is_output && matches!(key, "@type" | "type") {
            leads = !INTERNAL.contains(&value);
            // What hands records on may do so under another tag.
            takes_rest &= leads || value == "copy";
            if leads {
                let value_start = start + body.len() - value.len();
                found.push(Output::new(value, told.part(value_start..value_start + value.len())));
            }
        } else if leads
            && (is_output || is_server)
            && TARGETS.contains(&key)
            && let Some(output) = found.last_mut()
        {
            output.lead_to(value);
        }
    }
    found
}
