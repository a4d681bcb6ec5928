//! Row 30, and the meshes beside Istio and Linkerd.

use super::*;

#[test]
fn cilium_proves_identity_and_encrypts_apart() {
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: shop}\nspec: {endpointSelector: {matchLabels: {app: cart}}, ingress: [{authentication: {mode: required}}]}\n---\n";
    let config = |on: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cilium-config, namespace: kube-system}}\ndata: {{enable-wireguard: '{on}'}}\n---\n"
        )
    };
    for (row, config, expected) in [
        ("30", config("false"), "5432=permissive+ 8080=permissive+"),
        ("encrypted", config("true"), "5432=strict 8080=strict"),
        ("not known", String::new(), "5432=unknown 8080=unknown"),
    ] {
        let text = format!("{}{}{policy}{config}", namespace(""), cart(APP, ""));
        assert_eq!(standing(&text), format!("cilium {expected}"), "row {row}");
    }
    for (ports, expected) in [
        ("{port: '8080'}", "5432=permissive 8080=strict"),
        ("{port: '0'}", "5432=strict 8080=strict"),
        ("{port: '5000', endPort: 6000}", "5432=strict 8080=permissive"),
    ] {
        let rule = format!("authentication: {{mode: required}}, toPorts: [{{ports: [{ports}]}}]");
        let policy = policy.replace("authentication: {mode: required}", &rule);
        let text = format!("{}{}{policy}{}", namespace(""), cart(APP, ""), config("true"));
        assert_eq!(standing(&text), format!("cilium {expected}"), "{ports}");
    }
}

#[test]
fn kuma_and_consul_follow_their_meshes() {
    let kuma = namespace("labels: {kuma.io/sidecar-injection: enabled}");
    let mesh = |spec: &str| {
        format!("apiVersion: kuma.io/v1alpha1\nkind: Mesh\nmetadata: {{name: default}}\nspec: {spec}\n---\n")
    };
    for (name, resources, expected) in [
        ("no backend", mesh("{}"), "disabled"),
        ("a backend", mesh("{mtls: {enabledBackend: ca, backends: [{name: ca, type: builtin}]}}"), "strict"),
        (
            "permissive",
            mesh("{mtls: {enabledBackend: ca, backends: [{name: ca, mode: PERMISSIVE}]}}"),
            "permissive",
        ),
        ("a backend without name", mesh("{mtls: {enabledBackend: '', backends: [{name: ca}]}}"), "disabled"),
        (
            "a backend that is not listed",
            mesh("{mtls: {enabledBackend: cb, backends: [{name: ca}]}}"),
            "unknown",
        ),
        ("not in the input", String::new(), "unknown"),
    ] {
        let text = format!("{kuma}{}{resources}", cart(APP, ""));
        assert_eq!(standing(&text), format!("kuma 5432={expected} 8080={expected}"), "{name}");
    }
    let pod = cart(&format!("{APP}, annotations: {{consul.hashicorp.com/connect-inject: 'true'}}"), "");
    let defaults = "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceDefaults\nmetadata: {name: cart, namespace: shop}\nspec: {mutualTLSMode: permissive}\n---\n";
    let allowed = "apiVersion: consul.hashicorp.com/v1alpha1\nkind: Mesh\nmetadata: {name: mesh, namespace: shop}\nspec: {allowEnablingPermissiveMutualTLS: true}\n---\n";
    for (name, resources, expected) in [
        ("the default", String::new(), "strict"),
        ("permissive, not allowed", defaults.to_owned(), "strict"),
        ("permissive", format!("{defaults}{allowed}"), "permissive"),
        (
            "permissive, in another namespace",
            format!("{}{allowed}", defaults.replace("namespace: shop", "namespace: infra")),
            "permissive",
        ),
        (
            "strict beside it, permissive in another namespace",
            format!(
                "{}{}{allowed}",
                defaults.replace("namespace: shop", "namespace: infra"),
                defaults.replace("permissive", "strict")
            ),
            "strict",
        ),
        ("no mode", format!("{}{allowed}", defaults.replace("permissive", "Permissive")), "unknown"),
    ] {
        let text = format!("{}{pod}{resources}", namespace(""));
        assert_eq!(standing(&text), format!("consul 5432={expected} 8080={expected}"), "{name}");
    }
    let named = cart(
        &format!(
            "{APP}, annotations: {{consul.hashicorp.com/connect-inject: 'true', consul.hashicorp.com/connect-service: basket}}"
        ),
        "",
    );
    let text = format!("{}{named}{defaults}{allowed}", namespace(""));
    assert_eq!(standing(&text), "consul 5432=strict 8080=strict", "a service of another name");
    let text = format!("{}{named}{}{allowed}", namespace(""), defaults.replace("name: cart", "name: basket"));
    assert_eq!(standing(&text), "consul 5432=permissive 8080=permissive", "a service by its own name");
}
