//! Collectors that operators run: the OpenTelemetry Operator, the Logging operator, the Fluent Operator, and `OpenShift`
//! Logging.

use super::{
    collectors::{Collector, Covers},
    outputs::{self, Kind, Output, ReadFiles, Told},
    products::{self, Product},
};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Set, places},
    resource::format::Format,
    source::Place,
};

const LOGGING: &str = "logging.banzaicloud.io";

pub(super) fn collectors(set: &Set<'_>) -> Vec<Collector> {
    let mut found = Vec::new();
    for resource in set.view.of_kind("opentelemetry.io", "OpenTelemetryCollector") {
        found.extend(open_telemetry(set, resource));
    }
    for kind in ["ClusterFlow", "Flow"] {
        found.extend(set.view.of_kind(LOGGING, kind).filter_map(|flow| logging_flow(set, flow)));
    }
    for kind in ["ClusterOutput", "Output"] {
        let outputs = set.view.of_kind("fluentbit.fluent.io", kind);
        found.extend(outputs.filter_map(|output| {
            let node = set.view.estate.node(output);
            collector(
                "fluent-bit",
                output,
                node,
                plugin(node).into_iter().collect(),
                covers(output, "ClusterOutput"),
            )
        }));
    }
    for group in ["logging.openshift.io", "observability.openshift.io"] {
        let forwarders = set.view.of_kind(group, "ClusterLogForwarder");
        found.extend(forwarders.filter_map(|forwarder| {
            let node = set.view.estate.node(forwarder);
            collector("vector", forwarder, node, forwarded(node), Covers::Nodes)
        }));
    }
    found
}

fn collector(
    product: &str,
    resource: &Resource,
    node: NodeRef<'_>,
    outputs: Vec<Output>,
    covers: Covers,
) -> Option<Collector> {
    let product: &'static Product = products::named(product)?;
    Some(Collector {
        resource: resource.id.to_string(),
        product,
        covers,
        outputs,
        switches: None,
        left_out: Vec::new(),
        reads: ReadFiles::default(),
        rules: Vec::new(),
        nodes: Vec::new(),
        missing: format!("the outputs of {}", resource.id),
        origin: places::name(node).into(),
    })
}

/// What is of the whole cluster, by its kind; else it is of its namespace.
fn covers(resource: &Resource, cluster_kind: &str) -> Covers {
    if &*resource.object.kind == cluster_kind {
        return Covers::Nodes;
    }
    Covers::Namespace(resource.namespace().to_owned())
}

/// `v1alpha1` keeps the configuration as a text, `v1beta1` as a tree.
fn open_telemetry(set: &Set<'_>, resource: &Resource) -> Option<Collector> {
    let node = set.view.estate.node(resource);
    if node.str_at(&["spec", "mode"]) != Some("daemonset") {
        return None;
    }
    let configuration = node.at(&["spec", "config"])?;
    let place = |range| Place::new(configuration.document.source, range);
    let told: Vec<Told<'_>> = match configuration.as_str() {
        Some(text) => {
            let entries = Format::Yaml.read(text).into_iter().flatten().flatten();
            entries
                .map(|entry| {
                    let part = place(configuration.part(entry.range.clone()));
                    Told::of_entry(entry, part)
                })
                .collect()
        }
        None => Format::entries(configuration)
            .into_iter()
            .map(|entry| {
                let part = place(entry.range.clone());
                Told::of_entry(entry, part)
            })
            .collect(),
    };
    let product = products::named("opentelemetry-collector")?;
    let outputs = outputs::read(product, &told, true, places::name(node))?;
    collector(product.name, resource, node, outputs, Covers::Nodes)
}

/// A flow of the Logging operator, with the outputs that it refers to.
fn logging_flow(set: &Set<'_>, flow: &Resource) -> Option<Collector> {
    let node = set.view.estate.node(flow);
    let namespace = flow.namespace();
    let mut found = Vec::new();
    for (field, kind) in [
        ("globalOutputRefs", "ClusterOutput"),
        ("localOutputRefs", "Output"),
        ("outputRefs", "ClusterOutput"),
    ] {
        for reference in node.at(&["spec", field]).into_iter().flat_map(NodeRef::items) {
            let Some(name) = reference.as_str() else { continue };
            let output = set.view.of_kind(LOGGING, kind).find(|output| {
                &*output.object.name == name
                    && (kind == "ClusterOutput" || output.identity.namespace.as_deref() == Some(namespace))
            });
            found.push(output.and_then(|output| plugin(set.view.estate.node(output))).unwrap_or_else(|| {
                let mut output = Output::new(name, reference.place());
                output.kind = Kind::Unknown;
                output
            }));
        }
    }
    collector("fluentd", flow, node, found, covers(flow, "ClusterFlow"))
}

/// The output that an object of an operator is: the one key of its `spec` that holds settings of a plugin.
fn plugin(node: NodeRef<'_>) -> Option<Output> {
    const COMMON: [&str; 4] = ["protected", "enabledNamespaces", "loggingRef", "processors"];
    const TARGETS: [&str; 8] =
        ["host", "hosts", "endpoint", "s3_bucket", "bucket", "url", "log_group_name", "brokers"];
    let mut plugins =
        node.get("spec")?.entries().filter(|(key, _, value)| value.is_mapping() && !COMMON.contains(key));
    let (name, span, settings) = plugins.next()?;
    let place = Place::new(node.document.source, span.start..span.end);
    let mut output = Output::new(name, place);
    for (_, _, value) in settings.entries().filter(|(key, _, _)| TARGETS.contains(key)) {
        value.as_str().into_iter().for_each(|target| output.lead_to(target));
    }
    Some(output)
}

/// Outputs of the pipelines that take the logs of applications. `default` is the platform's own store.
fn forwarded(node: NodeRef<'_>) -> Vec<Output> {
    let items = |keys: &[&str]| node.at(keys).into_iter().flat_map(NodeRef::items).collect::<Vec<_>>();
    let outputs = items(&["spec", "outputs"]);
    let mut found = Vec::new();
    for pipeline in items(&["spec", "pipelines"]) {
        let list = |key| pipeline.get(key).into_iter().flat_map(NodeRef::items);
        if !list("inputRefs").any(|input| input.as_str() == Some("application")) {
            continue;
        }
        for reference in list("outputRefs") {
            let Some(name) = reference.as_str() else { continue };
            let declared = outputs.iter().find(|output| output.str_at(&["name"]) == Some(name));
            let kind = declared.and_then(|output| output.str_at(&["type"])).unwrap_or(name);
            let mut output = Output::new(kind, reference.place());
            if let Some(url) = declared.and_then(|output| output.str_at(&["url"])) {
                output.lead_to(url);
            }
            found.push(output);
        }
    }
    found
}
