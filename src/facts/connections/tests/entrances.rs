//! What leads into the cluster.

use super::*;

#[test]
fn entrances_are_clients_too() {
    let server = format!("{}{}{}", namespace("shop", INJECTED), cart(""), service(""));
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: edge, namespace: shop}\nspec: {ingressClassName: nginx, rules: [{http: {paths: [{backend: {service: {name: cart, port: {number: 80}}}}]}}]}\n---\n";
    assert_eq!(
        connections(&format!("{server}{ingress}")),
        ["Ingress/shop/edge -> Deployment/shop/cart unknown"]
    );
    let outside = server.replace("istio-injection: enabled", "");
    assert_eq!(
        connections(&format!("{outside}{ingress}")),
        ["Ingress/shop/edge -> Deployment/shop/cart plaintext"]
    );
    let gateway = istio("Gateway", "edge", "shop", "{selector: {istio: ingressgateway}}");
    let route = istio(
        "VirtualService",
        "edge",
        "shop",
        "{hosts: [shop.example.com], gateways: [edge], http: [{route: [{destination: {host: cart}}]}]}",
    );
    assert_eq!(
        connections(&format!("{server}{gateway}{route}")),
        ["Gateway/shop/edge -> Deployment/shop/cart mtls"]
    );
    let rule = rule("shop", "{host: cart, trafficPolicy: {tls: {mode: DISABLE}}}");
    assert_eq!(
        connections(&format!("{server}{gateway}{route}{rule}")),
        ["Gateway/shop/edge -> Deployment/shop/cart plaintext"]
    );
    let api = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: api, namespace: shop}\nspec: {gatewayClassName: istio, listeners: []}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: api, namespace: shop}\nspec: {parentRefs: [{name: api}], rules: [{backendRefs: [{name: cart, port: 80}]}]}\n---\n";
    assert_eq!(
        connections(&format!("{server}{api}")),
        ["Gateway.gateway.networking.k8s.io/shop/api -> Deployment/shop/cart mtls"]
    );
}

#[test]
fn entrances_may_speak_tls_to_what_is_behind_them() {
    let server = format!("{}{}{}", namespace("shop", ""), cart(""), service(""));
    let ingress = |annotation: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: edge, namespace: shop, annotations: {{{annotation}}}}}\nspec: {{rules: [{{http: {{paths: [{{backend: {{service: {{name: cart, port: {{number: 80}}}}}}}}]}}}}]}}\n---\n"
        )
    };
    let annotated = |annotation: &str| {
        server.replace(
            "metadata: {name: cart, namespace: shop}\nspec: {selector",
            &format!(
                "metadata: {{name: cart, namespace: shop, annotations: {{{annotation}}}}}\nspec: {{selector"
            ),
        )
    };
    for (name, text, transport) in [
        ("nothing said", server.clone() + &ingress(""), "plaintext"),
        ("nginx", server.clone() + &ingress("nginx.ingress.kubernetes.io/backend-protocol: https"), "tls"),
        (
            "nginx tries",
            server.clone() + &ingress("nginx.ingress.kubernetes.io/backend-protocol: AUTO_HTTP"),
            "unknown",
        ),
        (
            "nginx passes on",
            server.clone() + &ingress("nginx.ingress.kubernetes.io/ssl-passthrough: 'true'"),
            "tls",
        ),
        ("nginx.org", server.clone() + &ingress("nginx.org/ssl-services: 'other, cart'"), "tls"),
        ("Kong", annotated("konghq.com/protocol: https") + &ingress(""), "tls"),
        ("GKE", annotated("cloud.google.com/app-protocols: '{\"web\":\"HTTPS\"}'") + &ingress(""), "tls"),
    ] {
        assert_eq!(
            connections(&text),
            [format!("Ingress/shop/edge -> Deployment/shop/cart {transport}")],
            "{name}"
        );
    }
    let gateway = |mode: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: edge, namespace: shop}}\nspec: {{gatewayClassName: kong, listeners: [{{name: a, port: 443, protocol: TLS, tls: {{mode: {mode}}}}}]}}\n---\n"
        )
    };
    let route = |kind: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r, namespace: shop}}\nspec: {{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{{name: cart, port: 80}}]}}]}}\n---\n"
        )
    };
    let policy = "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: shop}\nspec: {targetRefs: [{group: '', kind: Service, name: cart}], validation: {hostname: cart.example.com, wellKnownCACertificates: System}}\n---\n";
    let of_port = |name: &str| policy.replace("name: cart}]", &format!("name: cart, sectionName: {name}}}]"));
    let server = server.replace("{port: 80, targetPort", "{name: web, port: 80, targetPort");
    for (name, text, transport) in [
        ("HTTP", gateway("Terminate") + &route("HTTPRoute"), "plaintext"),
        ("a policy for the backend", gateway("Terminate") + &route("HTTPRoute") + policy, "tls"),
        ("a policy for the port", gateway("Terminate") + &route("HTTPRoute") + &of_port("web"), "tls"),
        (
            "a policy for another port",
            gateway("Terminate") + &route("HTTPRoute") + &of_port("admin"),
            "plaintext",
        ),
        ("TLS that ends", gateway("Terminate") + &route("TLSRoute"), "plaintext"),
        ("TLS that is passed on", gateway("Passthrough") + &route("TLSRoute"), "tls"),
        ("a gateway that is missing", route("TLSRoute"), "unknown"),
    ] {
        let expected =
            format!("Gateway.gateway.networking.k8s.io/shop/edge -> Deployment/shop/cart {transport}");
        assert_eq!(connections(&format!("{server}{text}")), [expected], "{name}");
    }
}
