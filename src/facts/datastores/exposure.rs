//! Ways in which a server is reached from outside the cluster (core/v1 `ServiceSpec`, `ContainerPort`).

use super::{ports::Serves, servers::Workload};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Fact, places},
    resource::engine::{self, Engine},
    source::Place,
};

/// Annotations that keep a load balancer inside the network of the cloud account, with the values that do; none
/// given: any value but `false`.
const INTERNAL: &[(&str, &[&str])] = &[
    ("service.beta.kubernetes.io/aws-load-balancer-internal", &[]),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", &["internal"]),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", &["true"]),
    ("networking.gke.io/load-balancer-type", &["internal"]),
    ("cloud.google.com/load-balancer-type", &["internal"]),
    ("service.beta.kubernetes.io/openstack-internal-load-balancer", &["true"]),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", &["true"]),
    ("oci-network-load-balancer.oraclecloud.com/internal", &["true"]),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", &["intranet"]),
    ("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", &[]),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", &["private"]),
    ("load-balancer.hetzner.cloud/disable-public-network", &["true"]),
];

const AWS_SCHEME: &str = "service.beta.kubernetes.io/aws-load-balancer-scheme";
const AWS_TYPE: &str = "service.beta.kubernetes.io/aws-load-balancer-type";
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Exposures of a Service, one for each way.
pub(super) fn of_service(service: &Resource, node: NodeRef<'_>, serves: &Serves<'_>) -> Vec<Fact> {
    let Some(spec) = node.get("spec") else { return Vec::new() };
    let annotations = node.at(&["metadata", "annotations"]);
    let port = match serves {
        Serves::Database(_, port) => port.get("port").map_or_else(Fact::unknown, |number| {
            number.as_i64().map_or_else(Fact::unknown, Fact::from).at(Some(number.place().into()))
        }),
        Serves::Unknown(_, port) => Fact::unknown().at(Some(first_place(*port).into())),
    };
    let exposure = |kind: &str, place: Place| {
        let load_balancer = kind == "LoadBalancer";
        let fields = [
            ("kind", Fact::from(kind)),
            ("service", Fact::from(&*service.id)),
            ("port", port.clone()),
            ("internal", Fact::from(load_balancer && is_internal(annotations, spec))),
            (
                "source_ranges",
                Fact::array(if load_balancer { ranges(annotations, spec) } else { Vec::new() }),
            ),
        ];
        Fact::object(fields).at(Some(place.into()))
    };
    let mut exposures = Vec::new();
    if let Some((_, key, value)) = spec.entries().find(|(key, _, value)| *key == "type" && !value.is_null()) {
        let place = places::value(Place::new(node.document.source, key), value);
        match value.as_str() {
            Some("ClusterIP" | "ExternalName" | "") => {}
            Some(kind @ ("NodePort" | "LoadBalancer")) => exposures.push(exposure(kind, place)),
            _ => exposures.push(exposure("unknown", place)),
        }
    }
    if let Some(address) = spec.get("externalIPs").into_iter().flat_map(NodeRef::items).next() {
        exposures.push(exposure("ExternalIP", address.place()));
    }
    exposures
}

/// Exposures that the Pod of a database brings about without a Service.
pub(super) fn of_pod(workload: &Workload<'_>) -> Vec<Fact> {
    let Some((container, engine)) = workload.database else { return Vec::new() };
    let exposure = |kind: &str, port: Fact, place: Place| {
        let fields = [
            ("kind", Fact::from(kind)),
            ("service", Fact::default()),
            ("port", port),
            ("internal", Fact::from(false)),
            ("source_ranges", Fact::array([])),
        ];
        Fact::object(fields).at(Some(place.into()))
    };
    if let Some(host_network) = workload.pod.field("hostNetwork").filter(|node| node.as_bool() == Some(true))
    {
        let port = engine.ports.first().map_or_else(Fact::unknown, |port| Fact::from(*port));
        return vec![exposure("hostNetwork", port, host_network.place())];
    }
    let ports = container.get("ports").into_iter().flat_map(NodeRef::items);
    let exposed = ports.filter(|port| !is_loopback(*port) && !is_other(*port, engine)).filter_map(|port| {
        let host_port =
            port.get("hostPort").filter(|number| number.as_i64() != Some(0) && !number.is_null())?;
        let number = host_port.as_i64().map_or_else(Fact::unknown, Fact::from);
        Some(exposure("hostPort", number, host_port.place()))
    });
    exposed.collect()
}

fn is_loopback(port: NodeRef<'_>) -> bool {
    port.str_at(&["hostIP"]).is_some_and(|address| address.starts_with("127.") || address == "::1")
}

/// Metrics and their like, which a server may offer beside its own port.
fn is_other(port: NodeRef<'_>, engine: &Engine) -> bool {
    let number = port.get("containerPort").and_then(NodeRef::as_i64);
    let own = number.is_some_and(|number| {
        engine.ports.contains(&number) || engine::of_port(number).is_some_and(|other| other == engine)
    });
    !own && port.str_at(&["name"]).is_some_and(|name| name.contains("metrics"))
}

/// Whether a Service is open to the outside, by nodes or by a load balancer that is not internal.
pub(super) fn is_public(service: NodeRef<'_>) -> bool {
    let Some(spec) = service.get("spec") else { return false };
    match spec.str_at(&["type"]) {
        Some("NodePort") => true,
        Some("LoadBalancer") => !is_internal(service.at(&["metadata", "annotations"]), spec),
        _ => spec.get("externalIPs").is_some_and(|addresses| addresses.items().next().is_some()),
    }
}

/// From where the load balancer of a Service lets callers in; none: from everywhere.
pub(super) fn source_ranges(service: NodeRef<'_>) -> Vec<Fact> {
    let spec = service.get("spec").unwrap_or(service);
    ranges(service.at(&["metadata", "annotations"]), spec)
}

/// Whether annotations or the class of a load balancer keep it inside.
pub(super) fn is_internal(annotations: Option<NodeRef<'_>>, spec: NodeRef<'_>) -> bool {
    let annotation = |name: &str| {
        let value = annotations?.get(name)?;
        Some(value.as_str().unwrap_or_else(|| value.raw()).to_ascii_lowercase())
    };
    let said = INTERNAL.iter().any(|(name, values)| {
        annotation(name).is_some_and(|value| match values {
            [] => value != "false",
            values => values.contains(&value.as_str()),
        })
    });
    // The AWS Load Balancer Controller makes internal ones unless told otherwise.
    let class = spec.str_at(&["loadBalancerClass"]);
    let by_controller = class == Some("service.k8s.aws/nlb")
        || annotation(AWS_TYPE).is_some_and(|value| matches!(value.as_str(), "external" | "nlb-ip"));
    let told_public = annotation(AWS_SCHEME).is_some_and(|value| value != "internal");
    said || class == Some("tailscale") || (by_controller && !told_public)
}

pub(super) fn ranges(annotations: Option<NodeRef<'_>>, spec: NodeRef<'_>) -> Vec<Fact> {
    let ranges: Vec<Fact> = spec
        .get("loadBalancerSourceRanges")
        .into_iter()
        .flat_map(NodeRef::items)
        .map(|range| range.as_str().map_or_else(Fact::unknown, |text| Fact::from(text.trim())))
        .collect();
    if !ranges.is_empty() {
        return ranges;
    }
    let listed = annotations.and_then(|annotations| annotations.str_at(&[SOURCE_RANGES])).unwrap_or_default();
    listed.split(',').map(str::trim).filter(|range| !range.is_empty()).map(Fact::from).collect()
}

fn first_place(port: NodeRef<'_>) -> Place {
    port.entries().next().map_or_else(
        || port.place(),
        |(_, span, value)| places::value(Place::new(port.document.source, span), value),
    )
}
