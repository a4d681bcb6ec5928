//! Vector, the OpenTelemetry Collector and Beats: dotted keys of YAML, JSON or TOML.

use std::collections::{BTreeMap, BTreeSet};

use super::{Kind, Output, Told};

/// Keys of Vector's sinks that say where they lead.
const SINK_TARGETS: [&str; 9] = [
    "endpoint",
    "endpoints[0]",
    "address",
    "bucket",
    "group_name",
    "host",
    "uri",
    "url",
    "bootstrap_servers",
];

/// Sinks of Vector that take no logs.
const METRICS: [&str; 8] = [
    "aws_cloudwatch_metrics",
    "datadog_metrics",
    "greptimedb_metrics",
    "influxdb_metrics",
    "prometheus_exporter",
    "prometheus_remote_write",
    "sematext_metrics",
    "statsd",
];

/// Sources of Vector that do not read what Pods print.
const NO_LOGS: [&str; 12] = [
    "apache_metrics",
    "demo_logs",
    "eventstoredb_metrics",
    "host_metrics",
    "internal_logs",
    "internal_metrics",
    "mongodb_metrics",
    "nginx_metrics",
    "postgresql_metrics",
    "prometheus_remote_write",
    "prometheus_scrape",
    "statsd",
];

/// How many transforms may stand one behind another.
const TRANSFORMS: usize = 32;

/// Receivers of the `OpenTelemetry` Collector that read what Pods print; others take what Pods send.
const READERS: [&str; 3] = ["filelog", "journald", "k8slog"];

/// Outputs whose keys stand together: each is named by one key and led somewhere by others.
pub(super) fn grouped(
    told: &[Told<'_>],
    split: fn(&str) -> Option<(&str, &str)>,
    naming: &str,
    targets: &[&str],
) -> Vec<Output> {
    let mut groups: BTreeMap<&str, (Option<Output>, Vec<&str>)> = BTreeMap::new();
    for told in told.iter().filter(|told| told.is_configuration) {
        let Some((group, key)) = split(&told.name) else { continue };
        let group = groups.entry(group).or_default();
        if key.eq_ignore_ascii_case(naming) {
            group.0 = Some(Output::new(&told.text, told.place()));
        } else if targets.iter().any(|target| key.eq_ignore_ascii_case(target)) {
            group.1.push(&told.text);
        }
    }
    let outputs = groups.into_values().filter_map(|(output, targets)| {
        let mut output = output?;
        targets.into_iter().for_each(|target| output.lead_to(target));
        Some(output)
    });
    outputs.collect()
}

/// `sinks.NAME.type`.
pub(super) fn vector(told: &[Told<'_>]) -> Vec<Output> {
    let sink = |name: &str| name.strip_prefix("sinks.")?.split_once('.').map(|(sink, _)| sink.to_owned());
    let fed: Vec<Told<'_>> = told
        .iter()
        .filter(|part| sink(&part.name).is_none_or(|sink| takes_logs(told, &format!("sinks.{sink}."), 0)))
        .cloned()
        .collect();
    let mut found = grouped(&fed, |name| name.strip_prefix("sinks.")?.split_once('.'), "type", &SINK_TARGETS);
    found.retain(|output| !METRICS.contains(&&*output.name));
    found
}

/// Whether logs of Pods may come to a sink or a transform: not where everything that feeds it is known to read others.
fn takes_logs(told: &[Told<'_>], component: &str, depth: usize) -> bool {
    let is_input = |key: &str| key == "inputs" || key.starts_with("inputs[");
    let mut inputs =
        told.iter().filter(|part| part.name.strip_prefix(component).is_some_and(is_input)).peekable();
    if inputs.peek().is_none() || depth > TRANSFORMS {
        return true;
    }
    inputs.any(|input| {
        // `NAME.OUTPUT` is one of several outputs of a transform.
        let names = [&*input.text, input.text.split('.').next().unwrap_or_default()];
        let source = |name: &&str| {
            let key = format!("sources.{name}.type");
            told.iter().find(|part| part.name == key)
        };
        if let Some(source) = names.iter().find_map(source) {
            return !NO_LOGS.contains(&&*source.text);
        }
        let transform = names.iter().map(|name| format!("transforms.{name}."));
        let mut transform = transform.filter(|prefix| told.iter().any(|part| part.name.starts_with(prefix)));
        transform.next().is_none_or(|prefix| takes_logs(told, &prefix, depth + 1))
    })
}

/// Exporters of `service.pipelines.logs`; `None` where the configuration has no such pipeline, or one that reads
/// nothing from the nodes.
pub(super) fn open_telemetry(told: &[Told<'_>], on_nodes: bool) -> Option<Vec<Output>> {
    let told: Vec<&Told<'_>> = told.iter().filter(|told| told.is_configuration).collect();
    let is_known = told.iter().any(|told| told.name.starts_with("service.pipelines."));
    if !is_known {
        return Some(Vec::new());
    }
    let received: BTreeSet<&str> = told
        .iter()
        .filter(|told| told.name.starts_with("service.pipelines.") && told.name.contains(".receivers["))
        .map(|told| &*told.text)
        .collect();
    // What one pipeline exports to and another receives from, and is no exporter.
    let is_connector = |name: &str| {
        let prefix = format!("exporters.{name}.");
        received.contains(name) && !told.iter().any(|told| told.name.starts_with(&prefix))
    };
    let mut reads = false;
    let mut found = Vec::new();
    for part in &told {
        let Some((pipeline, list)) =
            part.name.strip_prefix("service.pipelines.").and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        if pipeline != "logs" && !pipeline.starts_with("logs/") {
            continue;
        }
        let component = part.text.split('/').next().unwrap_or_default();
        if list.starts_with("receivers[") {
            reads |= READERS.iter().any(|reader| component.starts_with(reader));
        } else if list.starts_with("exporters[") && !is_connector(&part.text) {
            let mut output = Output::new(component, part.place());
            let prefix = format!("exporters.{}.", part.text);
            let settings =
                told.iter().filter_map(|told| Some((told.name.strip_prefix(&prefix)?, &*told.text)));
            for (_, text) in settings.filter(|(key, _)| {
                matches!(
                    *key,
                    "endpoint" | "endpoints[0]" | "logs_endpoint" | "s3uploader.s3_bucket" | "log_group_name"
                )
            }) {
                output.lead_to(text);
            }
            found.push(output);
        }
    }
    (!found.is_empty() && (reads || !on_nodes)).then_some(found)
}

/// `output.NAME` of Filebeat.
pub(super) fn beats(told: &[Told<'_>]) -> Vec<Output> {
    let mut found: BTreeMap<&str, Output> = BTreeMap::new();
    let mut off: BTreeSet<&str> = BTreeSet::new();
    for told in told.iter().filter(|told| told.is_configuration) {
        if told.name == "cloud.id" {
            found.entry("cloud").or_insert_with(|| Output::new("elasticsearch", told.place()));
        }
        let Some((name, key)) = told.name.strip_prefix("output.").and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        let output = found.entry(name).or_insert_with(|| Output::new(name, told.place()));
        match key {
            "enabled" if told.text == "false" => drop(off.insert(name)),
            "hosts[0]" | "hosts" | "host" => output.lead_to(&told.text),
            // The file that it writes is no host.
            "path" if output.kind == Kind::Local => {}
            _ => {}
        }
    }
    found.into_iter().filter(|(name, _)| !off.contains(name)).map(|(_, output)| output).collect()
}
