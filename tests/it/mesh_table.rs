//! The truth table of effective mTLS, row by row: what is known of each row's fixture, beside the findings that `fixtures`
//! checks.
//!
//! Workloads say their mesh and the mode of each port, with `+` where an identity is demanded nevertheless; connections
//! what they use, and what decides it first.

use std::{collections::BTreeSet, path::Path};

use probity::{
    config::Day,
    output,
    scan::{Settings, read_estate},
    source::base::Base,
};
use serde_json::Value;

/// Cases below `fixtures/rules/mtls`, by row.
const ROWS: &[(&str, &[&str])] = &[
    (
        "plaintext-accepted/fail-row-01-no-policy",
        &[
            "cart istio-sidecar 8080=permissive",
            "web istio-sidecar any=permissive",
            "web -> cart mtls: both sides are in the mesh: automatic mTLS",
        ],
    ),
    ("plaintext-accepted/pass-row-02-unset-inherits", &["cart istio-sidecar 8080=strict"]),
    ("plaintext-accepted/fail-row-03-namespace-over-mesh", &["cart istio-sidecar 8080=permissive"]),
    ("dead-policy/fail-row-04-selector-in-root", &["cart istio-sidecar 8080=permissive"]),
    ("plaintext-accepted/fail-row-04-selector-in-root", &["cart istio-sidecar 8080=permissive"]),
    ("plaintext-accepted/fail-row-05-port-of-container", &["cart istio-sidecar 8080=disabled 9090=strict"]),
    ("dead-policy/fail-row-06-port-of-service", &["cart istio-sidecar 8080=permissive"]),
    ("plaintext-accepted/pass-row-06-port-of-service", &["cart istio-sidecar 8080=strict 9090=strict"]),
    ("dead-policy/fail-row-07-port-without-selector", &["cart istio-sidecar 8080=strict"]),
    ("plaintext-accepted/pass-row-07-port-without-selector", &["cart istio-sidecar 8080=strict"]),
    ("ambiguous-policy/fail-row-08-without-timestamps", &["cart istio-sidecar 8080=unknown"]),
    ("plaintext-accepted/fail-row-08-oldest-wins", &["cart istio-sidecar 8080=permissive"]),
    ("dead-policy/fail-row-09-younger", &["cart istio-sidecar 8080=strict 9090=strict"]),
    (
        "plaintext-accepted/pass-row-09-oldest-of-workload-wins",
        &["cart istio-sidecar 8080=strict 9090=strict"],
    ),
    ("port-bypasses-proxy/fail-row-10-excluded-port", &["orders-db istio-sidecar 5432=disabled"]),
    ("workload-not-in-mesh/fail-row-11-host-network", &["cart none 8080=disabled"]),
    ("workload-not-in-mesh/fail-row-12-annotation-asks", &["cart none 8080=disabled"]),
    ("workload-not-in-mesh/pass-row-12-openshift", &["cart istio-sidecar 8080=permissive"]),
    ("workload-not-in-mesh/fail-row-13-label-opts-out", &["cart none 8080=disabled"]),
    ("plaintext-accepted/pass-row-14-injected-and-strict", &["cart istio-sidecar 8080=strict"]),
    ("workload-not-in-mesh/pass-row-14-label-over-annotation", &["cart istio-sidecar 8080=permissive"]),
    ("workload-not-in-mesh/fail-row-15-namespace-forbids", &["cart none 8080=disabled"]),
    (
        "plaintext-connection/fail-row-16-client-disables",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart plaintext: DestinationRule/front/cart sets DISABLE for the client",
        ],
    ),
    (
        "plaintext-connection/fail-row-17-client-namespace-wins",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart plaintext: DestinationRule/front/cart sets DISABLE for the client",
        ],
    ),
    (
        "plaintext-connection/fail-row-18-empty-tls",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart plaintext: DestinationRule/front/cart sets DISABLE for the client",
        ],
    ),
    ("dead-policy/fail-row-19-host-with-dot", &["cart istio-sidecar 8080=permissive"]),
    (
        "plaintext-connection/pass-row-19-dead-host",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart mtls: both sides are in the mesh: automatic mTLS",
        ],
    ),
    (
        "plaintext-connection/pass-row-20-exact-without-tls",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart mtls: both sides are in the mesh: automatic mTLS",
        ],
    ),
    (
        "plaintext-connection/fail-row-21-subset-with-route",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart plaintext: DestinationRule/front/cart sets DISABLE for the client",
        ],
    ),
    (
        "plaintext-connection/pass-row-21-subset-without-route",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart mtls: both sides are in the mesh: automatic mTLS",
        ],
    ),
    (
        "plaintext-connection/fail-row-22-port-without-tls",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=permissive",
            "web -> cart plaintext: DestinationRule/front/cart sets SIMPLE for the host, and its settings of the port leave TLS out",
        ],
    ),
    ("dead-policy/fail-row-23-dropped-credential", &[]),
    (
        "plaintext-connection/fail-row-23-dropped-credential",
        &[
            "web istio-sidecar any=permissive",
            "web -> external:pay.example.com plaintext: DestinationRule/front/pay has no `workloadSelector`, so sidecars drop its `credentialName` and all TLS",
        ],
    ),
    (
        "broken-connection/fail-row-24-namespace-and-workload",
        &[
            "web istio-sidecar any=permissive",
            "cart istio-sidecar 8080=strict",
            "web -> cart broken: Namespace/shop is set to DISABLE, which clients follow",
        ],
    ),
    (
        "plaintext-connection/fail-row-25-headless",
        &[
            "web istio-sidecar any=permissive",
            "cart-1 istio-sidecar 8080=permissive",
            "cart-2 istio-sidecar 8080=permissive",
            "cart-3 none 8080=disabled",
            "web -> cart-1 plaintext: Deployment/shop/cart-3 is behind the same Service, whose Pods clients reach themselves, and has no sidecar, so clients speak plaintext to all",
            "web -> cart-2 plaintext: Deployment/shop/cart-3 is behind the same Service, whose Pods clients reach themselves, and has no sidecar, so clients speak plaintext to all",
            "web -> cart-3 plaintext: Namespace/front says `istio-injection: enabled`",
        ],
    ),
    ("plaintext-accepted/pass-row-26-identity-demanded", &["cart istio-sidecar 8080=permissive+"]),
    (
        "plaintext-accepted/fail-row-27-ambient-disable",
        &[
            "cart istio-ambient 8080=permissive",
            "web istio-ambient any=permissive",
            "web -> cart mtls: proxies always speak mTLS in the tunnel of ambient (HBONE)",
        ],
    ),
    ("unauthenticated-source-allowed/fail-row-28-no-authentication", &["cart linkerd 8080=permissive"]),
    ("plaintext-accepted/pass-row-29-opaque", &["orders-db linkerd 5432=strict"]),
    ("port-bypasses-proxy/fail-row-29-skipped-port", &["orders-db linkerd 5432=disabled"]),
    (
        "plaintext-connection/fail-row-30-cilium-without-encryption",
        &[
            "web none any=disabled",
            "cart cilium 8080=permissive+",
            "web -> cart authenticated: CiliumNetworkPolicy/shop/cart makes its clients prove who they are",
        ],
    ),
];

#[test]
fn each_row_of_the_table_is_known_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules/mtls");
    let wrong: Vec<String> = ROWS
        .iter()
        .map(|(case, expected)| (case, known(&root.join(case)), expected))
        .filter(|(_, found, expected)| found != *expected)
        .map(|(case, found, _)| format!("{case}: found {found:#?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let rows: BTreeSet<&str> = ROWS
        .iter()
        .map(|(case, _)| case.split_once("-row-").map_or("no row", |(_, rest)| rest.get(..2).unwrap_or(rest)))
        .collect();
    let all: Vec<String> = (1..=30).map(|row| format!("{row:02}")).collect();
    assert_eq!(rows.into_iter().collect::<Vec<_>>(), all);
}

fn known(case: &Path) -> Vec<String> {
    let base = Base::new(&[], Some(case), case).expect("fixtures exist");
    let settings = Settings::new(base, Day::parse("2026-01-01").expect("a day"));
    let estate = read_estate(&settings, &|_, _| {}).expect("fixtures can be read");
    let mut written = Vec::new();
    output::facts::write(&estate, &mut written).expect("memory takes everything");
    let facts: Value = serde_json::from_slice(&written).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = |value: &Value| text(value).rsplit('/').next().unwrap_or_default().to_owned();
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let workloads = items(&facts["workloads"]).into_iter().map(|workload| {
        let ports = items(&workload["ports"]).into_iter().map(|port| {
            let number = port["port"].as_i64().map_or_else(|| "any".to_owned(), |number| number.to_string());
            let identity = if port["identity_required"] == true { "+" } else { "" };
            format!(" {number}={}{identity}", text(&port["mtls"]))
        });
        let ports: String = ports.collect();
        format!("{} {}{ports}", name(&workload["id"]), text(&workload["mesh"]))
    });
    let connections = items(&facts["connections"]).into_iter().map(|connection| {
        let (client, server) = (name(&connection["client"]), name(&connection["server"]));
        let decided = text(&connection["because"][0]["text"]);
        format!("{client} -> {server} {}: {decided}", text(&connection["transport"]))
    });
    workloads.chain(connections).collect()
}
