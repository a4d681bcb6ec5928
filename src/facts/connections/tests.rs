//! The client side of the truth table of domains.md 1a'.

mod bookinfo;
mod entrances;
mod reach;
mod routes;
mod service_routes;
mod table;
mod tunnel;

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    source::{Source, Sources, Status},
};

const INJECTED: &str = "labels: {istio-injection: enabled}";
const HOST: &str = "cart.shop.svc.cluster.local";

/// A client in namespace `front` and a server in `shop`, both in the mesh.
fn meshed(others: &str) -> String {
    format!(
        "{}{}{}{}{}{others}",
        namespace("front", INJECTED),
        namespace("shop", INJECTED),
        web("front", "", "http://cart.shop:80"),
        cart(""),
        service("")
    )
}

fn expect(row: &str, text: &str, transport: &str) {
    assert_eq!(
        connections(text),
        [format!("Deployment/front/web -> Deployment/shop/cart {transport}")],
        "row {row}"
    );
}

/// A declared Namespace; `metadata` is what stands beside its name.
fn namespace(name: &str, metadata: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, {metadata}}}\n---\n")
}

/// A Deployment whose Pods have the label `app`.
fn deployment(name: &str, namespace: &str, metadata: &str, container: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{template: {{metadata: {{{metadata}}}, spec: {{containers: [{{name: main, {container}}}]}}}}}}\n---\n"
    )
}

/// A client of `cart` in namespace `shop`, told by a variable.
fn web(namespace: &str, annotations: &str, url: &str) -> String {
    let container = format!("env: [{{name: CART, value: '{url}'}}]");
    deployment("web", namespace, &format!("labels: {{app: web}}, annotations: {{{annotations}}}"), &container)
}

/// `cart` in namespace `shop`, with the port 8080 behind its Service's port 80.
fn cart(metadata: &str) -> String {
    deployment(
        "cart",
        "shop",
        &format!("labels: {{app: cart}}, {metadata}"),
        "ports: [{containerPort: 8080}]",
    )
}

fn service(spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{selector: {{app: cart}}, ports: [{{port: 80, targetPort: 8080}}], {spec}}}\n---\n"
    )
}

fn istio(kind: &str, name: &str, namespace: &str, spec: &str) -> String {
    let group = if kind == "PeerAuthentication" { "security" } else { "networking" };
    format!(
        "apiVersion: {group}.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

fn rule(namespace: &str, spec: &str) -> String {
    istio("DestinationRule", "rule", namespace, spec)
}

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "default")
}

/// `client -> server transport` of every connection.
fn connections(text: &str) -> Vec<String> {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let all = set.connections().all.iter().map(|connection| {
        format!("{} -> {} {}", connection.client, connection.server, connection.transport.name())
    });
    all.collect()
}

#[test]
fn a_server_that_an_operator_runs_is_named() {
    let sql = "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: sql, namespace: shop}\nspec: {instances: 3}\n---\n";
    let meshed = namespace("shop", "labels: {istio-injection: enabled}");
    let estate = estate(&format!("{meshed}{}{sql}", web("shop", "", "postgresql://sql-rw:5432/orders")));
    let set = Set::new(estate.view(0));
    let missing: Vec<_> =
        set.connections().all.iter().map(|connection| connection.missing.as_deref()).collect();
    assert_eq!(missing, [Some("what serves Cluster/shop/sql")]);
}
