//! Products that collect logs: told by their images, with the marks by which a Pod opts out of each.

use crate::facts::{Because, workloads::Workload};

/// How the configuration of a product says where logs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    FluentBit,
    Fluentd,
    Vector,
    OpenTelemetry,
    Beats,
    /// Promtail, Grafana Agent and Alloy.
    Grafana,
    /// An agent of a vendor or a cloud, which sends to that one. It may need a variable to send logs at all, and one to
    /// send those of all containers.
    Vendor {
        switch: Option<&'static str>,
        all: Option<&'static str>,
    },
}

/// One product.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) name: &'static str,
    /// Images: words of the last part of an image's name, or, with `/`, its end.
    images: &'static [&'static str],
    pub(super) notation: Notation,
    opt_outs: &'static [OptOut],
}

/// A label or annotation of a Pod that keeps its logs from a product.
#[derive(Debug)]
struct OptOut {
    key: &'static str,
    value: &'static str,
    /// A key of the product's configuration that has to be on for it, in lower case.
    honoured_by: Option<&'static str>,
}

const fn vendor(name: &'static str, images: &'static [&'static str], opt_outs: &'static [OptOut]) -> Product {
    Product { name, images, notation: Notation::Vendor { switch: None, all: None }, opt_outs }
}

const BEATS: &[OptOut] =
    &[OptOut { key: "co.elastic.logs/enabled", value: "false", honoured_by: Some("hints.enabled") }];
const FLUENT_BIT: &[OptOut] =
    &[OptOut { key: "fluentbit.io/exclude", value: "true", honoured_by: Some("k8s-logging.exclude") }];
const SPLUNK: &[OptOut] = &[OptOut { key: "splunk.com/exclude", value: "true", honoured_by: None }];

/// The first that an image fits is meant.
pub(super) const PRODUCTS: &[Product] = &[
    vendor("amazon-cloudwatch-agent", &["cloudwatch-agent"], &[]),
    vendor(
        "azure-monitor-agent",
        &["azuremonitor/containerinsights/ciprod", "omsagent", "ama-logs", "azuremonitoragent"],
        &[],
    ),
    vendor(
        "google-cloud-logging",
        &["fluent-bit-gke-exporter", "stackdriver-logging-agent", "ops-agent"],
        &[],
    ),
    Product {
        name: "datadog-agent",
        images: &["datadoghq/agent", "datadog/agent", "datadog-agent"],
        notation: Notation::Vendor {
            switch: Some("DD_LOGS_ENABLED"),
            all: Some("DD_LOGS_CONFIG_CONTAINER_COLLECT_ALL"),
        },
        opt_outs: &[OptOut { key: "ad.datadoghq.com/logs_exclude", value: "true", honoured_by: None }],
    },
    vendor("splunk-otel-collector", &["splunk-otel-collector"], SPLUNK),
    vendor("newrelic-logging", &["newrelic-fluentbit-output"], &[]),
    vendor("dynatrace-oneagent", &["oneagent", "dynatrace-oneagent"], &[]),
    vendor("sumologic", &["sumologic-otel-collector"], &[]),
    Product {
        name: "elastic-agent",
        images: &["elastic-agent"],
        notation: Notation::Vendor { switch: None, all: None },
        opt_outs: BEATS,
    },
    Product { name: "filebeat", images: &["filebeat"], notation: Notation::Beats, opt_outs: BEATS },
    Product {
        name: "fluent-bit",
        images: &["aws-for-fluent-bit", "fluent-bit", "fluentbit"],
        notation: Notation::FluentBit,
        opt_outs: FLUENT_BIT,
    },
    Product { name: "fluentd", images: &["fluentd"], notation: Notation::Fluentd, opt_outs: &[] },
    Product {
        name: "vector",
        images: &["/vector", "vector-agent"],
        notation: Notation::Vector,
        opt_outs: &[OptOut { key: "vector.dev/exclude", value: "true", honoured_by: None }],
    },
    Product {
        name: "opentelemetry-collector",
        images: &["opentelemetry-collector", "otel-collector", "otelcol"],
        notation: Notation::OpenTelemetry,
        opt_outs: &[],
    },
    Product {
        name: "grafana-agent",
        images: &["promtail", "/alloy", "grafana/agent"],
        notation: Notation::Grafana,
        opt_outs: &[],
    },
];

/// The product of an image.
pub(super) fn of_image(image: &str) -> Option<&'static Product> {
    let image = image.split('@').next().unwrap_or(image).to_ascii_lowercase();
    let tag = image.rfind(':').filter(|colon| image.rfind('/').is_none_or(|slash| slash < *colon));
    let name = format!("/{}", tag.and_then(|colon| image.get(..colon)).unwrap_or(&image));
    PRODUCTS.iter().find(|product| product.images.iter().any(|known| is_named(&name, known)))
}

/// The product of that name.
pub(super) fn named(name: &str) -> Option<&'static Product> {
    PRODUCTS.iter().find(|product| product.name == name)
}

fn is_named(image: &str, known: &str) -> bool {
    if known.contains('/') {
        return image.ends_with(known);
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    last.match_indices(known).any(|(at, _)| {
        let (before, rest) = last.split_at(at);
        is_edge(before.chars().next_back()) && is_edge(rest.chars().nth(known.len()))
    })
}

impl Product {
    /// What keeps the logs of a workload from it; `honours` says of a key of its configuration whether it is on.
    pub(super) fn opt_out(&self, workload: &Workload<'_>, honours: impl Fn(&str) -> bool) -> Option<Because> {
        let found = self
            .opt_outs
            .iter()
            .find(|opt_out| opt_out.honoured_by.is_none_or(&honours) && opt_out.mark(workload).is_some())?;
        found.mark(workload)
    }
}

/// What keeps the logs of a workload from one of the products.
pub(super) fn any_opt_out(workload: &Workload<'_>) -> Option<Because> {
    PRODUCTS.iter().find_map(|product| product.opt_out(workload, |_| true))
}

impl OptOut {
    fn mark(&self, workload: &Workload<'_>) -> Option<Because> {
        let metadata = workload.pod.metadata?;
        ["annotations", "labels"].into_iter().find_map(|field| {
            let value = metadata.get(field)?.get(self.key)?;
            let text = value.as_str().unwrap_or_else(|| value.raw());
            text.eq_ignore_ascii_case(self.value).then(|| {
                let text = format!("its Pods say `{}: {text}`", self.key);
                Because::decided(text, workload.resource, value.place())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_tells_the_product() {
        for (image, expected) in [
            ("fluent/fluent-bit:3.1", Some("fluent-bit")),
            ("public.ecr.aws/aws-observability/aws-for-fluent-bit:stable", Some("fluent-bit")),
            ("localhost:5000/fluentbit", Some("fluent-bit")),
            ("gcr.io/x/gcr_io_google-containers_fluentd-elasticsearch:v2.2.0", Some("fluentd")),
            ("fluentd", Some("fluentd")),
            ("timberio/vector:0.40.0-debian", Some("vector")),
            ("vector", Some("vector")),
            ("tensorchord/pgvecto-rs-vectors", None),
            ("otel/opentelemetry-collector-contrib@sha256:00", Some("opentelemetry-collector")),
            ("docker.elastic.co/beats/filebeat:8.15.0", Some("filebeat")),
            ("docker.elastic.co/beats/elastic-agent:8.15.0", Some("elastic-agent")),
            ("grafana/promtail:3.0.0", Some("grafana-agent")),
            ("grafana/alloy", Some("grafana-agent")),
            ("gcr.io/datadoghq/agent:7", Some("datadog-agent")),
            ("quay.io/signalfx/splunk-otel-collector:0.1", Some("splunk-otel-collector")),
            ("amazon/cloudwatch-agent", Some("amazon-cloudwatch-agent")),
            ("mcr.microsoft.com/azuremonitor/containerinsights/ciprod:3", Some("azure-monitor-agent")),
            ("jenkins/agent", None),
            ("shop/cart:fluentd", None),
            ("", None),
        ] {
            assert_eq!(of_image(image).map(|product| product.name), expected, "{image}");
        }
    }
}
