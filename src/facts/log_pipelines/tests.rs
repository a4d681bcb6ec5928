//! Namespaces, what collects there, and where that goes.

mod reached;
mod unfed;

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Value,
    source::{Source, Sources, Status},
};

const CART: &str = "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: cart, namespace: shop}\nspec: {template: {spec: {containers: [{name: c, image: cart}]}}}\n";

/// An agent on the nodes with one mounted file.
fn agent(image: &str, file: &str, configuration: &str) -> String {
    format!("{}---\n{}", daemon_set(image, ""), config_map(file, configuration))
}

fn daemon_set(image: &str, rest: &str) -> String {
    format!(
        "kind: DaemonSet\napiVersion: apps/v1\nmetadata: {{name: agent, namespace: logging}}\nspec: {{template: {{spec: {{containers: [{{name: a, image: '{image}', volumeMounts: [{{name: v, mountPath: /etc/a}}]{rest}}}], volumes: [{{name: v, configMap: {{name: settings}}}}]}}}}}}\n"
    )
}

fn config_map(file: &str, configuration: &str) -> String {
    let lines = configuration.lines().map(|line| format!("    {line}\n"));
    format!(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {{name: settings, namespace: logging}}\ndata:\n  {file}: |\n{}",
        lines.collect::<String>()
    )
}

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "default")
}

/// The fact of a namespace.
fn fact(text: &str, namespace: &str) -> Fact {
    let estate = estate(text);
    let subjects = subjects(&Set::new(estate.view(0)));
    let subject = subjects.into_iter().find(|subject| subject.resource == format!("Namespace/{namespace}"));
    subject.expect(namespace).fact
}

fn text(fact: &Fact) -> String {
    match &fact.value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Null => "-".to_owned(),
        other => panic!("{other:?}"),
    }
}

fn field(fact: &Fact, name: &str) -> String {
    text(fact.get(name).expect(name))
}

fn items<'f>(fact: &'f Fact, name: &str) -> &'f [Fact] {
    match &fact.get(name).expect(name).value {
        Value::Array(items) => items,
        other => panic!("{other:?}"),
    }
}

/// Name, kind and target of every output of every collector.
fn outputs(fact: &Fact) -> Vec<String> {
    let collectors = items(fact, "collectors").iter().flat_map(|collector| items(collector, "outputs"));
    collectors.map(|output| ["name", "kind", "target"].map(|name| field(output, name)).join(" ")).collect()
}

const OTEL: &str = "receivers: {filelog: {}, otlp: {}}\nexporters:\n  otlp/far: {endpoint: 'logs.example.com:4317'}\n  debug: {}\nconnectors: {count: }\nservice:\n  pipelines:\n";

#[test]
fn outputs_are_read_from_the_notation_of_each_product() {
    let otel = |pipelines: &str| format!("{OTEL}{pipelines}");
    let classic = "[INPUT]\n    Name tail\n[OUTPUT]\n    Name  es\n    Match *\n    Host logs.example.com\n[output]\n    host 127.0.0.1\n    name forward\n[OUTPUT]\n    Name stdout\n";
    let fluentd = "<source>\n  @type tail\n</source>\n# <match x>\n#  @type null\n<match noise.**>\n  @type null\n</match>\n<match **>\n  @type copy\n  <store>\n    @type elasticsearch\n    host es.logging\n    <buffer>\n      @type file\n      path /var/log/b\n    </buffer>\n  </store>\n  <store>\n    @type forward\n    <server>\n      host far.example.com\n    </server>\n  </store>\n</match>\n";
    for (image, file, configuration, expected) in [
        (
            "fluent/fluent-bit:3",
            "fluent-bit.conf",
            classic.to_owned(),
            &["es central logs.example.com", "forward unknown 127.0.0.1", "stdout local -"][..],
        ),
        (
            "fluent/fluent-bit:3",
            "fluent-bit.yaml",
            "pipeline:\n  outputs:\n    - {name: s3, match: '*', bucket: logs}\n    - {name: 'null', match: x}\n".to_owned(),
            &["s3 central logs", "null local -"],
        ),
        (
            "fluent/fluent-bit:3",
            "fluent-bit.yaml",
            "pipeline: {outputs: [{name: '${OUTPUT}'}]}".to_owned(),
            &["${OUTPUT} unknown -"],
        ),
        (
            "fluentd:v1",
            "fluent.conf",
            fluentd.to_owned(),
            &["null local -", "elasticsearch central es.logging", "forward central far.example.com"],
        ),
        (
            "timberio/vector:0.40",
            "vector.yaml",
            "sinks:\n  far: {type: http, inputs: [k], uri: 'https://user:pass@in.example.com/x'}\n  own: {type: console}\n  m: {type: prometheus_exporter}\n".to_owned(),
            &["http central in.example.com", "console local -"],
        ),
        (
            "timberio/vector:0.40",
            "vector.toml",
            "[sinks.far]\ntype = \"loki\"\nendpoint = \"http://loki:3100\"\n".to_owned(),
            &["loki central loki:3100"],
        ),
        (
            "otel/opentelemetry-collector-k8s",
            "relay.yaml",
            otel("    logs: {receivers: [otlp, filelog], exporters: [otlp/far, debug, count]}\n    metrics: {receivers: [count], exporters: [otlp/far]}\n"),
            &["otlp central logs.example.com:4317", "debug local -"],
        ),
        (
            "otel/opentelemetry-collector-k8s",
            "relay.yaml",
            otel("    logs: {receivers: [otlp], exporters: [otlp/far]}\n"),
            &[],
        ),
        (
            "otel/opentelemetry-collector-k8s",
            "relay.yaml",
            otel("    metrics: {receivers: [otlp], exporters: [otlp/far]}\n"),
            &[],
        ),
        (
            "elastic/filebeat:8",
            "filebeat.yml",
            "output.elasticsearch: {hosts: ['es:9200']}\noutput.console: {enabled: false}\noutput.file: {path: /tmp}\n".to_owned(),
            &["elasticsearch central es:9200", "file local -"],
        ),
        (
            "grafana/promtail:3",
            "promtail.yaml",
            "clients:\n  - url: http://loki.logging:3100/loki/api/v1/push\n".to_owned(),
            &["loki central loki.logging:3100"],
        ),
        (
            "grafana/alloy",
            "config.alloy",
            "loki.source.kubernetes \"pods\" {\n  forward_to = [loki.write.far.receiver]\n}\nloki.write \"far\" {\n  endpoint {\n    url = \"https://loki.example.com/push\"\n  }\n}\nloki.echo \"own\" {}\notelcol.exporter.debug \"d\" {\n}\n".to_owned(),
            &["loki central loki.example.com", "debug local -"],
        ),
    ] {
        let estate = format!("{CART}---\n{}", agent(image, file, &configuration));
        assert_eq!(outputs(&fact(&estate, "shop")), expected, "{image} {configuration}");
    }
}

#[test]
fn the_place_of_an_output_is_what_names_it() {
    for (image, file, configuration, expected) in [
        ("fluent/fluent-bit", "fluent-bit.conf", "[OUTPUT]\n    Match *\n    Name   stdout\n", "stdout"),
        ("fluent/fluent-bit", "a.yaml", "pipeline: {outputs: [{name: stdout}]}", "stdout"),
        ("fluentd", "fluent.conf", "<match **>\n  @type   stdout\n</match>\n", "stdout"),
        ("grafana/alloy", "config.alloy", "loki.echo \"own\" {\n}\n", "loki.echo"),
    ] {
        let manifests = format!("{CART}---\n{}", agent(image, file, configuration));
        let estate = estate(&manifests);
        let subjects = subjects(&Set::new(estate.view(0)));
        let output = [0.into(), "outputs".into(), 0.into()];
        let path: Vec<_> = std::iter::once("collectors".into()).chain(output).collect();
        let shop = subjects.iter().find(|subject| subject.resource == "Namespace/shop").unwrap();
        let place = shop.fact.locate(&path).0.and_then(|origin| origin.place(&estate)).unwrap();
        assert_eq!(&manifests[place.span()], expected, "{image} {file}");
    }
}

#[test]
fn a_namespace_is_central_where_all_of_its_workloads_are() {
    let central = "[OUTPUT]\n    Name es\n    Host h\n";
    let local = "[OUTPUT]\n    Name stdout\n";
    let on_nodes = |configuration: &str| agent("fluent-bit", "fluent-bit.conf", configuration);
    let beside = |name: &str, configuration: &str| {
        format!(
            "kind: Deployment\napiVersion: apps/v1\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{template: {{spec: {{containers: [{{name: c, image: cart}}, {{name: s, image: fluent-bit, volumeMounts: [{{name: v}}]}}], volumes: [{{name: v, configMap: {{name: {name}}}}}]}}}}}}\n---\n{}",
            config_map("fluent-bit.conf", configuration)
                .replace("settings", name)
                .replace("namespace: logging", "namespace: shop")
        )
    };
    let unread = daemon_set("fluent-bit", "");
    for (case, objects, expected, missing) in [
        ("nobody collects", vec![CART.to_owned()], "unknown", NO_COLLECTOR),
        ("the nodes do", vec![CART.to_owned(), on_nodes(central)], "true", ""),
        ("the nodes keep it", vec![CART.to_owned(), on_nodes(local)], "false", ""),
        (
            "the nodes do, we know not where to",
            vec![CART.to_owned(), unread],
            "unknown",
            "the configuration of fluent-bit in DaemonSet/logging/agent",
        ),
        ("a sidecar does, for the one workload", vec![beside("web", central)], "true", ""),
        ("a sidecar keeps it", vec![beside("web", local)], "false", ""),
        (
            "a sidecar does, and another workload has none",
            vec![beside("web", central), CART.to_owned()],
            "unknown",
            NO_COLLECTOR,
        ),
        ("a sidecar keeps what the nodes take", vec![beside("web", local), on_nodes(central)], "true", ""),
        (
            "Datadog, for logs",
            vec![
                CART.to_owned(),
                daemon_set(
                    "datadog/agent:7",
                    ", env: [{name: DD_LOGS_ENABLED, value: 'true'}, {name: DD_LOGS_CONFIG_CONTAINER_COLLECT_ALL, value: 'true'}]",
                ),
            ],
            "true",
            "",
        ),
        (
            "Datadog, for logs of those that ask",
            vec![
                CART.to_owned(),
                daemon_set("datadog/agent:7", ", env: [{name: DD_LOGS_ENABLED, value: 'true'}]"),
            ],
            "unknown",
            "the configuration of datadog-agent in DaemonSet/logging/agent",
        ),
        (
            "Datadog, for metrics",
            vec![CART.to_owned(), daemon_set("datadog/agent:7", "")],
            "unknown",
            NO_COLLECTOR,
        ),
        (
            "a ready-made image",
            vec![
                CART.to_owned(),
                daemon_set("fluentd:es", ", env: [{name: FLUENT_ELASTICSEARCH_HOST, value: es.example.com}]"),
            ],
            "true",
            "",
        ),
    ] {
        let found = fact(&objects.join("---\n"), "shop");
        assert_eq!((&*field(&found, "central"), &*field(&found, "missing")), (expected, missing), "{case}");
    }
}

#[test]
fn a_workload_is_excluded_where_it_opts_out_of_all_that_would_collect_it() {
    let marked = |kind: &str, mark: &str| {
        CART.replace("{spec: {containers", &format!("{{metadata: {{{kind}: {{{mark}}}}}, spec: {{containers"))
    };
    let exclude = || marked("annotations", "fluentbit.io/exclude: 'true'");
    let fluent_bit = |switch: &str| {
        let filter = format!("[FILTER]\n    Name kubernetes\n    K8S-Logging.Exclude {switch}\n");
        agent("fluent-bit", "fluent-bit.conf", &format!("{filter}[OUTPUT]\n    Name es\n"))
    };
    let vector = agent("vector", "vector.yaml", "sinks: {x: {type: loki}}");
    for (case, objects, expected) in [
        ("nobody collects", vec![exclude()], 1),
        ("honoured", vec![exclude(), fluent_bit("On")], 1),
        ("not honoured", vec![exclude(), fluent_bit("Off")], 0),
        ("another product", vec![exclude(), vector.clone()], 0),
        ("a label", vec![marked("labels", "vector.dev/exclude: 'true'"), vector.clone()], 1),
        ("not true", vec![marked("labels", "vector.dev/exclude: 'false'"), vector], 0),
        ("no mark", vec![CART.to_owned(), fluent_bit("On")], 0),
    ] {
        let found = fact(&objects.join("---\n"), "shop");
        let excluded = items(&found, "excluded");
        assert_eq!(excluded.len(), expected, "{case}");
        assert!(excluded.iter().all(|one| field(one, "workload") == "Deployment/shop/cart"), "{case}");
    }
}

#[test]
fn operators_are_told_where_logs_go() {
    let flow = |refs: &str| {
        format!(
            "kind: Flow\napiVersion: logging.banzaicloud.io/v1beta1\nmetadata: {{name: f, namespace: shop}}\nspec: {{{refs}}}\n---\nkind: Output\napiVersion: logging.banzaicloud.io/v1beta1\nmetadata: {{name: o, namespace: shop}}\nspec: {{s3: {{s3_bucket: logs}}}}\n"
        )
    };
    let collector = |config: &str| {
        format!(
            "kind: OpenTelemetryCollector\napiVersion: opentelemetry.io/v1beta1\nmetadata: {{name: c, namespace: logging}}\nspec:\n  mode: daemonset\n  config:{config}\n"
        )
    };
    let tree = " {exporters: {otlp: {endpoint: 'x:1'}}, service: {pipelines: {logs: {receivers: [filelog], exporters: [otlp]}}}}";
    for (case, object, expected) in [
        ("a flow", flow("localOutputRefs: [o]"), "s3 central logs"),
        ("a flow to what is not there", flow("localOutputRefs: [p]"), "p unknown -"),
        (
            "Fluent Operator",
            "kind: ClusterOutput\napiVersion: fluentbit.fluent.io/v1alpha2\nmetadata: {name: o}\nspec: {match: '*', stdout: {format: json}}\n".to_owned(),
            "stdout local -",
        ),
        (
            "OpenShift",
            "kind: ClusterLogForwarder\napiVersion: observability.openshift.io/v1\nmetadata: {name: i, namespace: l}\nspec: {outputs: [{name: far, type: syslog, url: 'tls://s.example.com:514'}], pipelines: [{inputRefs: [application], outputRefs: [far]}, {inputRefs: [audit], outputRefs: [default]}]}\n".to_owned(),
            "syslog central s.example.com:514",
        ),
        ("a tree", collector(tree), "otlp central x:1"),
        ("a text", collector(&format!(" |\n   {}", tree.trim())), "otlp central x:1"),
    ] {
        let found = fact(&format!("{CART}---\n{object}"), "shop");
        assert_eq!(outputs(&found), [expected], "{case}");
    }
    assert_eq!(
        field(
            &fact(&format!("{CART}---\n{}", collector(tree).replace("daemonset", "deployment")), "shop"),
            "central"
        ),
        "unknown"
    );
}
