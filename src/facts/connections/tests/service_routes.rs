//! Routes of the Gateway API with a Service for parent, and copies of requests.

use super::*;

const OLD: &str = "m.old.svc.cluster.local";

fn route(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

fn routed(others: &str) -> String {
    let old = deployment("m", "old", "labels: {app: m}", "ports: [{containerPort: 8080}]");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: m, namespace: old}\nspec: {selector: {app: m}, ports: [{port: 80, targetPort: 8080}]}\n---\n";
    meshed(&format!("{}{old}{service}{others}", namespace("old", "")))
}

#[test]
fn what_is_addressed_to_a_service_goes_where_its_routes_say() {
    let old = "{name: m, namespace: old, port: 80}";
    let own = "Deployment/shop/cart mtls";
    let other = "Deployment/old/m plaintext";
    let to = |parent: &str, backends: &str| {
        format!(
            "{{parentRefs: [{{group: '', kind: Service, {parent}}}], rules: [{{backendRefs: [{backends}]}}]}}"
        )
    };
    for (row, others, expected) in [
        ("beside the Service", route("shop", "a", &to("name: cart", old)), vec![other]),
        ("beside the client", route("front", "a", &to("name: cart, namespace: shop", old)), vec![other]),
        ("of other clients", route("old", "a", &to("name: cart, namespace: shop", old)), vec![own]),
        (
            "beside the client over one beside the Service",
            route("shop", "a", &to("name: cart", old))
                + &route(
                    "front",
                    "b",
                    &to("name: cart, namespace: shop", "{name: cart, namespace: shop, port: 80}"),
                ),
            vec![own],
        ),
        (
            "two that add up",
            route("shop", "a", &to("name: cart", old))
                + &route("shop", "b", &to("name: cart", "{name: cart, port: 80}")),
            vec![other, own],
        ),
        ("another port", route("shop", "a", &to("name: cart, port: 81", old)), vec![own]),
        (
            "no weight",
            route(
                "shop",
                "a",
                &to("name: cart", &format!("{{name: cart, port: 80}}, {}", old.replace('}', ", weight: 0}"))),
            ),
            vec![own],
        ),
        (
            "a copy",
            route(
                "shop",
                "a",
                &format!(
                    "{{parentRefs: [{{group: '', kind: Service, name: cart}}], rules: [{{backendRefs: [{{name: cart, port: 80}}], filters: [{{type: RequestMirror, requestMirror: {{backendRef: {old}}}}}]}}]}}"
                ),
            ),
            vec![other, own],
        ),
        (
            "a gateway's",
            route(
                "shop",
                "a",
                &format!("{{parentRefs: [{{name: edge}}], rules: [{{backendRefs: [{old}]}}]}}"),
            ),
            vec!["Deployment/shop/cart mtls"],
        ),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|server| format!("Deployment/front/web -> {server}")).collect();
        let found: Vec<String> = connections(&routed(&others))
            .into_iter()
            .filter(|found| found.starts_with("Deployment/"))
            .collect();
        assert_eq!(found, expected, "{row}");
    }
    let linkerd = routed(&route("shop", "a", &to("name: cart", old)))
        .replace("labels: {istio-injection: enabled}", "annotations: {linkerd.io/inject: enabled}");
    assert_eq!(connections(&linkerd), [format!("Deployment/front/web -> {other}")], "Linkerd");
    let virtual_service = istio(
        "VirtualService",
        "a",
        "front",
        &format!("{{hosts: [{HOST}], http: [{{route: [{{destination: {{host: {OLD}}}}}]}}]}}"),
    );
    let linkerd = routed(&virtual_service)
        .replace("labels: {istio-injection: enabled}", "annotations: {linkerd.io/inject: enabled}");
    assert_eq!(
        connections(&linkerd),
        [format!("Deployment/front/web -> {own}")],
        "Linkerd knows no VirtualService"
    );
}

#[test]
fn gateways_send_copies_too() {
    let mirror = "{parentRefs: [{name: edge}], rules: [{backendRefs: [{name: cart, port: 80}], filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, namespace: old, port: 80}}}]}]}";
    let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\nspec: {gatewayClassName: istio, listeners: [{name: a, port: 80, protocol: HTTP}]}\n---\n";
    let grant = "apiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: old}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: shop}], to: [{group: '', kind: Service}]}\n---\n";
    let found = connections(&routed(&format!("{gateway}{grant}{}", route("shop", "a", mirror))));
    let edge = "Gateway.gateway.networking.k8s.io/shop/edge ->";
    assert!(found.contains(&format!("{edge} Deployment/old/m plaintext")), "{found:?}");
    assert!(found.contains(&format!("{edge} Deployment/shop/cart mtls")), "{found:?}");
}

#[test]
fn filters_of_envoy_leave_open_what_a_client_speaks() {
    let filter = |spec: &str| istio("EnvoyFilter", "f", "front", spec);
    let patch = |rest: &str| filter(&format!("{{configPatches: [{{applyTo: CLUSTER, {rest}}}]}}"));
    for (row, others, transport) in [
        ("TLS", patch("patch: {operation: MERGE, value: {transport_socket: {name: raw}}}"), "unknown"),
        (
            "a cluster that is gone",
            patch("match: {context: SIDECAR_OUTBOUND}, patch: {operation: REMOVE}"),
            "unknown",
        ),
        ("a timeout", patch("patch: {operation: MERGE, value: {connect_timeout: 1s}}"), "mtls"),
        ("another cluster", patch("patch: {operation: ADD, value: {transport_socket: {name: raw}}}"), "mtls"),
        (
            "another host",
            patch(
                "match: {cluster: {service: other.shop.svc.cluster.local}}, patch: {operation: MERGE, value: {transport_socket: {name: raw}}}",
            ),
            "mtls",
        ),
        (
            "what comes in",
            patch(
                "match: {context: SIDECAR_INBOUND}, patch: {operation: MERGE, value: {transport_socket: {name: raw}}}",
            ),
            "mtls",
        ),
        (
            "a waypoint's",
            filter(
                "{targetRefs: [{kind: Gateway, name: way}], configPatches: [{applyTo: CLUSTER, patch: {operation: REMOVE}}]}",
            ),
            "mtls",
        ),
    ] {
        expect(row, &meshed(&others), transport);
    }
}

#[test]
fn meshes_of_kuma_do_not_speak_mtls_to_each_other() {
    let kuma = |mesh: &str| format!("labels: {{kuma.io/sidecar-injection: enabled, kuma.io/mesh: {mesh}}}");
    let mesh = |name: &str| {
        format!(
            "apiVersion: kuma.io/v1alpha1\nkind: Mesh\nmetadata: {{name: {name}}}\nspec: {{mtls: {{enabledBackend: ca, backends: [{{name: ca, mode: PERMISSIVE}}]}}}}\n---\n"
        )
    };
    for (shop, transport) in [("one", "mtls"), ("two", "plaintext")] {
        let text = format!(
            "{}{}{}{}{}{}{}",
            namespace("front", &kuma("one")),
            namespace("shop", &kuma(shop)),
            web("front", "", "http://cart.shop:80"),
            cart(""),
            service(""),
            mesh("one"),
            mesh("two")
        );
        expect(shop, &text, transport);
    }
}

#[test]
fn consul_takes_nothing_of_what_it_does_not_capture() {
    let consul = "consul.hashicorp.com/connect-inject: 'true'";
    let text = |annotations: &str| {
        format!(
            "{}{}{}{}{}",
            namespace("front", ""),
            namespace("shop", ""),
            web("front", &format!("{consul}{annotations}"), "http://cart.shop:80"),
            cart(&format!("annotations: {{{consul}}}")),
            service("")
        )
    };
    expect("captured", &text(""), "mtls");
    expect("not captured", &text(", consul.hashicorp.com/transparent-proxy: 'false'"), "broken");
}

#[test]
fn ambient_clients_are_routed_by_the_waypoint_of_the_service() {
    let ambient = "labels: {istio.io/dataplane-mode: ambient}";
    let to_old = "{parentRefs: [{group: '', kind: Service, name: cart}], rules: [{backendRefs: [{name: m, namespace: old, port: 80}]}]}";
    let by_client = to_old.replace("name: cart}]", "name: cart, namespace: shop}]");
    let own = "Deployment/front/web -> Deployment/shop/cart mtls";
    let other = "Deployment/front/web -> Deployment/old/m plaintext";
    let text = |home: &str, routes: &str| {
        let old = deployment("m", "old", "labels: {app: m}", "ports: [{containerPort: 8080}]");
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: m, namespace: old}\nspec: {selector: {app: m}, ports: [{port: 80, targetPort: 8080}]}\n---\n";
        let namespaces =
            format!("{}{}{}", namespace("front", ambient), namespace("shop", home), namespace("old", ""));
        let pods = format!("{}{}{}", web("front", "", "http://cart.shop:80"), cart(""), super::service(""));
        format!("{namespaces}{pods}{old}{service}{routes}")
    };
    let behind = "labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}";
    let none = behind.replace("waypoint: waypoint", "waypoint: none");
    for (row, home, routes, expected) in [
        ("no waypoint", ambient, route("shop", "a", to_old), own),
        ("a waypoint", behind, route("shop", "a", to_old), other),
        ("none that is meant", &none, route("shop", "a", to_old), own),
        ("a route of the client alone", behind, route("front", "a", &by_client), own),
        (
            "a route of Istio",
            behind,
            istio(
                "VirtualService",
                "a",
                "shop",
                &format!("{{hosts: [{HOST}], http: [{{route: [{{destination: {{host: {OLD}}}}}]}}]}}"),
            ),
            other,
        ),
    ] {
        assert_eq!(connections(&text(home, &routes)), [expected], "{row}");
    }
}
