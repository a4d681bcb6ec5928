//! Between sidecars and ambient Istio: the tunnel of the one, and what the other makes of it.

use super::*;

const AMBIENT: &str = "labels: {istio.io/dataplane-mode: ambient}";

fn between(front: &str, shop: &str, pods: &str, others: &str) -> String {
    format!(
        "{}{}{}{}{}{others}",
        namespace("front", front),
        namespace("shop", shop),
        web("front", "", "http://cart.shop:80"),
        cart(pods),
        service("")
    )
}

#[test]
fn sidecars_reach_ambient_servers_through_their_tunnel() {
    let tls = |tls: &str| rule("front", &format!("{{host: {HOST}, trafficPolicy: {{tls: {tls}}}}}"));
    let strict = istio("PeerAuthentication", "peer", "shop", "{mtls: {mode: STRICT}}");
    let off = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'enableAutoMtls: false'}\n---\n";
    for (row, others, transport) in [
        ("automatic", String::new(), "mtls"),
        ("a strict server", strict.clone(), "mtls"),
        ("a rule without TLS", tls("{mode: DISABLE}"), "mtls"),
        ("a rule with TLS of its own, to a strict server", tls("{mode: SIMPLE}") + &strict, "mtls"),
        ("automatic mTLS off", off.to_owned(), "mtls"),
        (
            "a rule that cannot be used",
            rule("front", &format!("{{host: {HOST}, trafficPolicy: {{tls: {{mode: MUTUAL}}}}}}")),
            "broken",
        ),
        (
            "a host that the client's proxy does not know",
            istio("Sidecar", "own", "front", "{egress: [{hosts: [./*]}]}"),
            "plaintext",
        ),
    ] {
        expect(row, &between(INJECTED, AMBIENT, "", &others), transport);
    }
    let off = between(INJECTED, AMBIENT, "", "").replace(
        "annotations: {}",
        "annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DISABLE_HBONE_SEND: \"true\"}}'}",
    );
    expect("a proxy that is told to use no tunnel", &off, "plaintext");
}

#[test]
fn ambient_clients_speak_plaintext_to_sidecars_without_tunnel() {
    let operator = |spec: &str| {
        format!(
            "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {{name: a, namespace: istio-system}}\nspec: {spec}\n---\n"
        )
    };
    let mesh = |settings: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: '{settings}'}}\n---\n"
        )
    };
    let takes = "defaultConfig: {proxyMetadata: {ISTIO_META_ENABLE_HBONE: \"true\"}}";
    let strict = istio("PeerAuthentication", "peer", "shop", "{mtls: {mode: STRICT}}");
    let config = |value: &str| {
        format!(
            "annotations: {{proxy.istio.io/config: '{{proxyMetadata: {{ISTIO_META_ENABLE_HBONE: \"{value}\"}}}}'}}"
        )
    };
    for (row, pods, others, transport) in [
        ("nothing says", String::new(), String::new(), "unknown"),
        ("the profile", String::new(), operator("{profile: ambient}"), "mtls"),
        ("the mesh", String::new(), mesh(takes), "mtls"),
        ("the mesh, which does not", String::new(), mesh("enableAutoMtls: true"), "plaintext"),
        (
            "the mesh, which does not, to a strict server",
            String::new(),
            mesh("enableAutoMtls: true") + &strict,
            "broken",
        ),
        ("the Pod", config("true"), mesh("enableAutoMtls: true"), "mtls"),
        ("the Pod, which does not", config("false"), mesh(takes), "plaintext"),
    ] {
        expect(row, &between(AMBIENT, INJECTED, &pods, &others), transport);
    }
    let labelled = between(AMBIENT, INJECTED, "", "")
        .replace("app: cart}, }", "app: cart, networking.istio.io/tunnel: http}, }");
    expect("the label of its injector", &labelled, "mtls");
}
