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

#[test]
fn rules_for_other_gateways_lead_nowhere() {
    let server = format!("{}{}{}", namespace("shop", INJECTED), cart(""), service(""));
    let gateway = istio("Gateway", "edge", "shop", "{selector: {istio: ingressgateway}}");
    let route = |matches: &str| {
        istio(
            "VirtualService",
            "edge",
            "shop",
            &format!(
                "{{hosts: ['*'], gateways: [edge, mesh], http: [{{match: [{matches}], route: [{{destination: {{host: cart}}}}]}}]}}"
            ),
        )
    };
    let edge = vec!["Gateway/shop/edge -> Deployment/shop/cart mtls"];
    for (row, matches, expected) in [
        ("it", "{gateways: [edge]}", &edge),
        ("it, by its namespace", "{gateways: [shop/edge]}", &edge),
        ("another", "{gateways: [other]}", &Vec::new()),
        ("Pods", "{gateways: [mesh]}", &Vec::new()),
        ("its labels", "{sourceLabels: {istio: ingressgateway}}", &edge),
        ("labels of Pods", "{sourceLabels: {app: web}}", &Vec::new()),
    ] {
        assert_eq!(&connections(&format!("{server}{gateway}{}", route(matches))), expected, "{row}");
    }
}

#[test]
fn kinds_of_single_controllers_lead_to_services() {
    let server = format!("{}{}{}", namespace("shop", ""), cart(""), service(""));
    let server = server.replace("{port: 80, targetPort", "{name: web, port: 80, targetPort");
    let object = |group: &str, kind: &str, spec: &str| {
        format!(
            "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: edge, namespace: shop}}\nspec: {spec}\n---\n"
        )
    };
    let route = |spec: &str| object("route.openshift.io/v1", "Route", spec);
    let proxy = |spec: &str| object("projectcontour.io/v1", "HTTPProxy", spec);
    let traefik = |services: &str| {
        object("traefik.io/v1alpha1", "IngressRoute", &format!("{{routes: [{{services: [{services}]}}]}}"))
    };
    let contour = "metadata: {name: cart, namespace: shop, annotations: {projectcontour.io/upstream-protocol.tls: web}}";
    for (name, text, transport) in [
        ("Route", route("{to: {kind: Service, name: cart}, tls: {termination: edge}}"), "plaintext"),
        ("Route, port of the Pods", route("{to: {name: cart}, port: {targetPort: 8080}}"), "plaintext"),
        ("Route, encrypted anew", route("{to: {name: cart}, tls: {termination: reencrypt}}"), "tls"),
        ("Route, passed on", route("{to: {name: cart}, tls: {termination: passthrough}}"), "tls"),
        ("HTTPProxy", proxy("{routes: [{services: [{name: cart, port: 80}]}]}"), "plaintext"),
        ("HTTPProxy, TLS", proxy("{routes: [{services: [{name: cart, port: 80, protocol: tls}]}]}"), "tls"),
        ("HTTPProxy, TLS by the Service", proxy("{routes: [{services: [{name: cart, port: 80}]}]}"), "tls"),
        (
            "HTTPProxy, passed on",
            proxy(
                "{virtualhost: {tls: {passthrough: true}}, tcpproxy: {services: [{name: cart, port: 80}]}}",
            ),
            "tls",
        ),
        ("IngressRoute", traefik("{name: cart, port: web}"), "plaintext"),
        ("IngressRoute, TLS", traefik("{name: cart, port: 80, scheme: https}"), "tls"),
    ] {
        let server = if name.ends_with("by the Service") {
            server.replace(
                "metadata: {name: cart, namespace: shop}\nspec: {selector",
                &format!("{contour}\nspec: {{selector"),
            )
        } else {
            server.clone()
        };
        let found = connections(&format!("{server}{text}"));
        let found: Vec<_> = found.iter().map(|line| line.split(" -> ").last().unwrap_or_default()).collect();
        assert_eq!(found, [format!("Deployment/shop/cart {transport}")], "{name}");
    }
    for (name, text) in [
        ("no weight", route("{to: {name: cart, weight: 0}}")),
        ("another kind", traefik("{name: cart, kind: TraefikService}")),
        ("a Service that is not there", proxy("{routes: [{services: [{name: basket, port: 80}]}]}")),
    ] {
        assert!(connections(&format!("{server}{text}")).is_empty(), "{name}");
    }
}

#[test]
fn routes_of_another_namespace_take_a_grant() {
    let server = format!("{}{}{}", namespace("shop", ""), cart(""), service(""));
    let edge = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: front}\nspec: {gatewayClassName: kong, listeners: []}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: front}\nspec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: cart, namespace: shop, port: 80}]}]}\n---\n";
    let grant = |namespace: &str, from: &str, to: &str| {
        format!(
            "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {{name: g, namespace: {namespace}}}\nspec: {{from: [{{group: gateway.networking.k8s.io, {from}}}], to: [{{group: '', kind: Service{to}}}]}}\n---\n"
        )
    };
    let from = "kind: HTTPRoute, namespace: front";
    for (name, text, transport) in [
        ("none", String::new(), "unknown"),
        ("all of the namespace", grant("shop", from, ""), "plaintext"),
        ("the Service", grant("shop", from, ", name: cart"), "plaintext"),
        ("another Service", grant("shop", from, ", name: basket"), "unknown"),
        ("another kind", grant("shop", "kind: GRPCRoute, namespace: front", ""), "unknown"),
        ("another namespace", grant("shop", "kind: HTTPRoute, namespace: back", ""), "unknown"),
        ("the wrong side", grant("front", from, ""), "unknown"),
    ] {
        let expected =
            format!("Gateway.gateway.networking.k8s.io/front/edge -> Deployment/shop/cart {transport}");
        assert_eq!(connections(&format!("{server}{edge}{text}")), [expected], "{name}");
    }
}
