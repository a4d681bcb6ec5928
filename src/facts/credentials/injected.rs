//! Credentials that come as files without a Secret: Vault Agent (vault-k8s `agent-inject/agent/annotations.go`) and the
//! Secrets Store CSI driver.

use crate::{
    document::NodeRef,
    facts::{places, workloads::Workload},
    source::Place,
};

/// One file that an agent or a driver brings.
#[derive(Debug)]
pub(super) struct Injected<'e> {
    /// Name of the secret in the annotation, or of the `SecretProviderClass`.
    pub(super) name: &'e str,
    /// Whether anything brings it: annotations alone do not.
    pub(super) is_active: bool,
    pub(super) place: Place,
}

const AGENT: &str = "vault.hashicorp.com/";

/// Files of Vault Agent, by the annotations of the Pod.
pub(super) fn by_vault_agent<'e>(workload: &Workload<'e>) -> Vec<Injected<'e>> {
    let is_active = agent_is_on(workload);
    let annotations = workload.pod.metadata.and_then(|metadata| metadata.get("annotations"));
    let secrets = annotations.into_iter().flat_map(NodeRef::entries).filter_map(|(key, span, value)| {
        let name = key.strip_prefix(AGENT)?.strip_prefix("agent-inject-secret-")?;
        let key = Place::new(value.document.source, span);
        Some(Injected { name, is_active, place: places::value(key, value) })
    });
    secrets.collect()
}

/// `agent-inject` as Go's `strconv.ParseBool` reads it; two namespaces of the system are always left out.
fn agent_is_on(workload: &Workload<'_>) -> bool {
    let on = workload.annotation("vault.hashicorp.com/agent-inject");
    matches!(on, Some("1" | "t" | "T" | "true" | "TRUE" | "True"))
        && !matches!(workload.namespace, "kube-system" | "kube-public")
}

/// Volumes of the Secrets Store CSI driver and of Vault's own.
pub(super) fn by_csi_driver<'e>(workload: &Workload<'e>) -> Vec<Injected<'e>> {
    let volumes = workload.pod.volumes();
    let injected = volumes.filter_map(|volume| {
        let csi = volume.get("csi")?;
        let attribute = match csi.str_at(&["driver"])? {
            "secrets-store.csi.k8s.io" => "secretProviderClass",
            "csi.vso.hashicorp.com" => "csiSecretsName",
            _ => return None,
        };
        let class = csi.at(&["volumeAttributes", attribute])?;
        Some(Injected { name: class.as_str()?, is_active: true, place: class.place() })
    });
    injected.collect()
}
