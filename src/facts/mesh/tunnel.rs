//! HBONE: the tunnel of mTLS that ambient proxies speak, which sidecars take where they are told to.
//!
//! Sources: istio `manifests/charts/istio-control/istio-discovery/files/injection-template.yaml` (the label that the
//! injector writes), `pilot/pkg/serviceregistry/kube/controller/ambient/workloads.go` (`setTunnelProtocol`: ztunnel speaks
//! plaintext to whoever has no tunnel), `pilot/pkg/model/proxy.go` (`DISABLE_HBONE_SEND`).

use super::{
    capture::{PROXY_CONFIG, texts_of_pod},
    configuration::Configuration,
};
use crate::{
    document::{NodeRef, yaml},
    facts::{Because, Truth, workloads::Workload},
    source::SourceId,
};

/// Tunnels that a Pod takes: `http`.
const LABEL: &str = "networking.istio.io/tunnel";

/// Settings of proxies, as `proxyMetadata` writes them.
pub(super) const TAKES: &str = "ISTIO_META_ENABLE_HBONE";
const SENDS_NOT: &str = "ISTIO_META_DISABLE_HBONE_SEND";

/// Whether the sidecar of a Pod takes the tunnel, and what says so.
pub(in crate::facts) fn takes(workload: &Workload<'_>, configuration: &Configuration) -> (Truth, Because) {
    let owner = workload.resource;
    let label = texts_of_pod(workload, "labels").find(|(key, _)| *key == LABEL);
    if let Some((_, text)) = label {
        let listed = text.text.split(',').any(|tunnel| tunnel.trim() == "http");
        let said = format!("{} says `{LABEL}: {}`", owner.id, text.text);
        return (Truth::from(listed), Because::decided(said, owner, text.place));
    }
    if let Some((value, because)) = setting(workload, TAKES) {
        return (Truth::from(value == "true"), because);
    }
    let text = match configuration.tunnels {
        Truth::True => {
            format!("the mesh sets `{TAKES}` for all sidecars, so they take the tunnel of ambient")
        }
        Truth::False => format!("nothing sets `{TAKES}`, so sidecars take no tunnel of ambient"),
        Truth::Unknown => {
            format!("whether sidecars take the tunnel of ambient (`{TAKES}`) is not in the input")
        }
    };
    (configuration.tunnels, Because::default(text))
}

/// Whether the proxy of a client uses the tunnel of servers that have one; current releases do unless told otherwise.
pub(in crate::facts) fn sends(client: Option<&Workload<'_>>) -> bool {
    let said = client.and_then(|workload| setting(workload, SENDS_NOT));
    said.is_none_or(|(value, _)| value != "true")
}

/// What a Pod sets for its own proxy.
fn setting(workload: &Workload<'_>, key: &str) -> Option<(String, Because)> {
    let owner = workload.resource;
    let (_, config) = texts_of_pod(workload, "annotations").find(|(key, _)| *key == PROXY_CONFIG)?;
    let parsed = yaml::parse(SourceId(0), &(&*config.text).into());
    let value = parsed.documents.first().and_then(|config| metadata(config.root(), key))?;
    let because = Because::decided(format!("{} sets `{key}: {value}`", owner.id), owner, config.place);
    Some((value, because))
}

/// An entry of `proxyMetadata`, whose values are texts.
pub(super) fn metadata(config: NodeRef<'_>, key: &str) -> Option<String> {
    let value = config.at(&["proxyMetadata", key])?;
    value.as_str().map(ToOwned::to_owned).or_else(|| value.as_bool().map(|truth| truth.to_string()))
}
