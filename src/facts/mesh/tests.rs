//! The server side of the truth table of domains.md 1a', and what Istio makes of its own test cases.

mod ambient;
mod authorization;
mod callers;
mod configuration;
mod linkerd;
mod membership;
mod other_meshes;
mod peer_authentication;

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Set,
    source::{Source, Sources, Status},
};

/// A Namespace `shop`; `metadata` is what stands beside its name.
fn namespace(metadata: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, {metadata}}}\n---\n")
}

const INJECTED: &str = "labels: {istio-injection: enabled}";

/// A Deployment `cart` with a Service 80 -> 8080 and a second port 5432.
fn cart(pod_metadata: &str, pod_spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: cart, namespace: shop}}\nspec: {{template: {{metadata: {{{pod_metadata}}}, spec: {{{pod_spec} containers: [{{name: cart, ports: [{{containerPort: 8080}}, {{containerPort: 5432}}]}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{selector: {{app: cart}}, ports: [{{port: 80, targetPort: 8080}}]}}\n---\n"
    )
}

const APP: &str = "labels: {app: cart}";

fn peer(name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "default")
}

/// `mesh`, then `port=mode` of each port, with `!` where it bypasses the proxy, `+` where an identity is demanded
/// nevertheless, and `*` where a policy admits callers without one.
fn standing(text: &str) -> String {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let (id, _) = set.workloads().iter().next().expect("a workload");
    let standing = set.mesh().of(id);
    let ports = standing.ports.iter().map(|inbound| {
        let port = inbound.port.port.map_or_else(|| "any".to_owned(), |port| port.to_string());
        let bypasses = if inbound.bypasses == Truth::True { "!" } else { "" };
        let permissive = inbound.mode == Mode::Permissive;
        let identity =
            if permissive && inbound.admission.identity_required == Truth::True { "+" } else { "" };
        let admits = if permissive && inbound.admission.admits.is_some() { "*" } else { "" };
        format!("{port}={}{bypasses}{identity}{admits}", inbound.mode.name())
    });
    let ports: Vec<String> = ports.collect();
    format!("{} {}", standing.membership.mesh.name(), ports.join(" "))
}

/// Policies over a Namespace with sidecars and its `cart`.
fn istio(policies: &[String]) -> String {
    format!("{}{}{}", namespace(INJECTED), cart(APP, ""), policies.concat())
}
