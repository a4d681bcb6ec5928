//! Where routes of the mesh send what clients ask for.

use super::*;

const OLD: &str = "m.old.svc.cluster.local";

/// The usual two, and a Service in a namespace outside of the mesh.
fn routed(others: &str) -> String {
    let old = deployment("m", "old", "labels: {app: m}", "ports: [{containerPort: 8080}]");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: m, namespace: old}\nspec: {selector: {app: m}, ports: [{port: 80, targetPort: 8080}]}\n---\n";
    meshed(&format!("{}{old}{service}{others}", namespace("old", "")))
}

fn mesh_config(settings: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata: {{mesh: '{settings}'}}\n---\n"
    )
}

fn route(name: &str, spec: &str) -> String {
    istio("VirtualService", name, "front", spec)
}

#[test]
fn every_destination_of_a_route_is_a_server() {
    let to = |host: &str| format!("{{destination: {{host: {host}}}}}");
    let http = |rule: &str| format!("{{hosts: [{HOST}], http: [{rule}]}}");
    let (cart, old) = (to(HOST), to(OLD));
    let own = "Deployment/shop/cart mtls";
    let other = "Deployment/old/m plaintext";
    for (row, others, expected) in [
        ("elsewhere", route("a", &http(&format!("{{route: [{old}]}}"))), vec![other]),
        ("mirrors", route("a", &http(&format!("{{route: [{cart}], mirrors: [{old}]}}"))), vec![other, own]),
        (
            "no weight",
            route(
                "a",
                &http(&format!(
                    "{{route: [{{destination: {{host: {HOST}}}, weight: 100}}, {{destination: {{host: {OLD}}}, weight: 0}}]}}"
                )),
            ),
            vec![own],
        ),
        ("another port", route("a", &http(&format!("{{match: [{{port: 81}}], route: [{old}]}}"))), vec![own]),
        ("the port", route("a", &http(&format!("{{match: [{{port: 80}}], route: [{old}]}}"))), vec![other]),
        (
            "a wildcard",
            route("a", &format!("{{hosts: ['*.shop.svc.cluster.local'], http: [{{route: [{old}]}}]}}")),
            vec![other],
        ),
        (
            "the host over a wildcard",
            route("a", &format!("{{hosts: ['*.shop.svc.cluster.local'], http: [{{route: [{old}]}}]}}"))
                + &route("b", &http(&format!("{{route: [{cart}]}}"))),
            vec![own],
        ),
        (
            "a delegate",
            route("a", &http("{delegate: {name: b}}"))
                + &route("b", &format!("{{http: [{{route: [{old}]}}]}}")),
            vec![other],
        ),
        (
            "a delegate that is not there",
            route("a", &http("{delegate: {name: b}}")),
            vec!["Service/shop/cart unknown"],
        ),
        (
            "two that disagree",
            route("a", &http(&format!("{{route: [{cart}]}}")))
                + &route("b", &http(&format!("{{route: [{old}, {cart}]}}"))),
            vec!["Deployment/old/m unknown", own],
        ),
        (
            "two that agree on the host and not on the subset",
            route("a", &http(&format!("{{route: [{{destination: {{host: {HOST}, subset: v1}}}}]}}")))
                + &route("b", &http(&format!("{{route: [{{destination: {{host: {HOST}, subset: v2}}}}]}}")))
                + &rule(
                    "front",
                    &format!(
                        "{{host: {HOST}, subsets: [{{name: v1}}, {{name: v2, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}]}}"
                    ),
                ),
            vec!["Deployment/shop/cart unknown"],
        ),
        (
            "its own over one that is exported, and over one for everybody",
            istio("VirtualService", "a", "shop", &http(&format!("{{route: [{old}]}}")))
                + &istio(
                    "VirtualService",
                    "b",
                    "old",
                    &http(&format!("{{route: [{old}]}}")).replace("{hosts", "{exportTo: [front], hosts"),
                )
                + &route(
                    "c",
                    &http(&format!("{{route: [{cart}]}}")).replace("{hosts", "{exportTo: ['.'], hosts"),
                ),
            vec![own],
        ),
        (
            "one that is exported over one for everybody",
            istio(
                "VirtualService",
                "b",
                "old",
                &http(&format!("{{route: [{old}]}}")).replace("{hosts", "{exportTo: [front], hosts"),
            ) + &route("c", &http(&format!("{{route: [{cart}]}}"))),
            vec![other],
        ),
        (
            "one that nobody sees",
            route("a", &http(&format!("{{route: [{old}]}}")).replace("{hosts", "{exportTo: ['~'], hosts")),
            vec![own],
        ),
        (
            "one that the mesh keeps in its namespace",
            istio("VirtualService", "a", "shop", &http(&format!("{{route: [{old}]}}")))
                + &mesh_config("defaultVirtualServiceExportTo: [.]"),
            vec![own],
        ),
        (
            "a delegate that is not exported",
            route("a", &http("{delegate: {name: b, namespace: shop}}"))
                + &istio(
                    "VirtualService",
                    "b",
                    "shop",
                    &format!("{{exportTo: ['.'], http: [{{route: [{old}]}}]}}"),
                ),
            vec![own],
        ),
        (
            "a host that nobody has",
            route("a", &http(&format!("{{route: [{}]}}", to("cart.shop")))),
            vec!["external:cart.shop unknown"],
        ),
        (
            "a host outside of the cluster",
            route("a", &http(&format!("{{route: [{}]}}", to("legacy.example.com"))))
                + &istio(
                    "ServiceEntry",
                    "legacy",
                    "front",
                    "{hosts: [legacy.example.com], location: MESH_EXTERNAL, ports: [{number: 80, name: http, protocol: HTTP}]}",
                ),
            vec!["external:legacy.example.com plaintext"],
        ),
        (
            "a subset that no rule has",
            route("a", &http(&format!("{{route: [{{destination: {{host: {HOST}, subset: v9}}}}]}}")))
                + &rule("front", &format!("{{host: {HOST}, subsets: [{{name: v1}}]}}")),
            vec!["Deployment/shop/cart unknown"],
        ),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|server| format!("Deployment/front/web -> {server}")).collect();
        assert_eq!(connections(&routed(&others)), expected, "{row}");
    }
}

#[test]
fn rules_are_for_those_whom_they_match() {
    let (cart, old) =
        ("{destination: {host: cart.shop.svc.cluster.local}}", format!("{{destination: {{host: {OLD}}}}}"));
    let own = vec!["Deployment/front/web -> Deployment/shop/cart mtls"];
    let other = vec!["Deployment/front/web -> Deployment/old/m plaintext"];
    let both = vec![other[0], own[0]];
    let route = |matches: &str| {
        route(
            "a",
            &format!(
                "{{hosts: [{HOST}], http: [{{match: [{matches}], route: [{old}]}}, {{route: [{cart}]}}]}}"
            ),
        )
    };
    for (row, matches, expected) in [
        ("other labels", "{sourceLabels: {app: mobile}}", &own),
        ("its labels", "{sourceLabels: {app: web}}", &other),
        ("its labels and a path", "{sourceLabels: {app: web}, uri: {prefix: /v1}}", &both),
        ("its labels and every path", "{sourceLabels: {app: web}, uri: {prefix: /}}", &other),
        (
            "every path, small or large",
            "{sourceLabels: {app: web}, uri: {prefix: /}, ignoreUriCase: true}",
            &other,
        ),
        ("every path by an expression", "{sourceLabels: {app: web}, uri: {regex: '.*'}}", &other),
        ("one of two", "{sourceLabels: {app: mobile}}, {sourceLabels: {app: web}}", &other),
        ("another namespace", "{sourceNamespace: shop}", &own),
        ("its namespace", "{sourceNamespace: front, headers: {a: {exact: b}}}", &both),
        ("gateways", "{gateways: [istio-system/edge]}", &own),
        ("gateways and Pods", "{gateways: [istio-system/edge, mesh], sourceLabels: {app: mobile}}", &other),
        ("another port", "{port: 81, sourceLabels: {app: web}}", &own),
        ("its port", "{port: 80, sourceLabels: {app: web}}", &other),
    ] {
        assert_eq!(&connections(&routed(&route(matches))), expected, "{row}");
    }
    let all = format!("{{hosts: [{HOST}], http: [{{route: [{cart}]}}, {{route: [{old}]}}]}}");
    assert_eq!(connections(&routed(&super::routes::route("a", &all))), own, "what no request gets to");
    let delegated = format!(
        "{{hosts: [{HOST}], http: [{{match: [{{sourceLabels: {{app: mobile}}}}], delegate: {{name: b}}}}, {{route: [{cart}]}}]}}"
    );
    let delegate = super::routes::route("b", &format!("{{http: [{{route: [{old}]}}]}}"));
    assert_eq!(connections(&routed(&(super::routes::route("a", &delegated) + &delegate))), own, "a delegate");
}

#[test]
fn what_leaves_the_proxy_is_told_by_the_port_that_programs_dial() {
    let to = format!(
        "{{hosts: [{HOST}], http: [{{route: [{{destination: {{host: {OLD}, port: {{number: 80}}}}}}]}}]}}"
    );
    let client = |port: u16| {
        let exclude = format!("traffic.sidecar.istio.io/excludeOutboundPorts: '{port}'");
        let text = routed(&route("a", &to));
        text.replace("annotations: {}", &format!("annotations: {{{exclude}}}"))
            .replace("'http://cart.shop:80'", "'http://cart.shop:8080'")
            .replace("{port: 80, targetPort: 8080}], }", "{port: 8080, targetPort: 8080}]}")
    };
    // A route is chosen by a proxy, so what it makes of a port comes after what leaves the proxy.
    for (port, expected) in [
        (8080, "Deployment/shop/cart plaintext"),
        (80, "Deployment/old/m plaintext"),
        (81, "Deployment/old/m plaintext"),
    ] {
        assert_eq!(connections(&client(port)), [format!("Deployment/front/web -> {expected}")], "{port}");
    }
    let by_port = |port: u16| {
        let rule = format!(
            "{{hosts: [{HOST}], http: [{{route: [{{destination: {{host: {HOST}, port: {{number: {port}}}}}}}]}}]}}"
        );
        let service = service("").replace(
            "{port: 80, targetPort: 8080}",
            "{port: 80, targetPort: 8080}, {port: 81, targetPort: 8080}",
        );
        let exclude = "annotations: {traffic.sidecar.istio.io/excludeOutboundPorts: '81'}";
        let web = web("front", "", "http://cart.shop:80").replace("annotations: {}", exclude);
        let namespaces = format!("{}{}", namespace("front", INJECTED), namespace("shop", INJECTED));
        format!("{namespaces}{web}{}{service}{}", cart(""), route("a", &rule))
    };
    expect("routed to a port that would leave the proxy", &by_port(81), "mtls");
}

#[test]
fn proxies_originate_tls_for_hosts_outside_of_the_cluster() {
    let client =
        format!("{}{}", namespace("front", INJECTED), web("front", "", "http://news.example.com/today"));
    let entry = istio(
        "ServiceEntry",
        "news",
        "front",
        "{hosts: [news.example.com], location: MESH_EXTERNAL, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: https, protocol: HTTPS}]}",
    );
    let route = route(
        "news",
        "{hosts: [news.example.com], http: [{match: [{port: 80}], route: [{destination: {host: news.example.com, subset: tls, port: {number: 443}}}]}]}",
    );
    let rule = rule(
        "front",
        "{host: news.example.com, subsets: [{name: tls, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {mode: SIMPLE}}]}}]}",
    );
    let strict = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}'}\n---\n";
    for (row, others, transport) in [
        ("routed", format!("{entry}{route}{rule}"), "tls"),
        ("not routed", format!("{entry}{rule}"), "plaintext"),
        ("known hosts only", strict.to_owned(), "broken"),
        ("known hosts only, and it is", format!("{entry}{strict}"), "plaintext"),
    ] {
        let expected = [format!("Deployment/front/web -> external:news.example.com {transport}")];
        assert_eq!(connections(&format!("{client}{others}")), expected, "{row}");
    }
}
