//! Where routes of the mesh send what clients ask for.

use super::*;

const OLD: &str = "m.old.svc.cluster.local";

/// The usual two, and a Service in a namespace outside of the mesh.
fn routed(others: &str) -> String {
    let old = deployment("m", "old", "labels: {app: m}", "ports: [{containerPort: 8080}]");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: m, namespace: old}\nspec: {selector: {app: m}, ports: [{port: 80, targetPort: 8080}]}\n---\n";
    meshed(&format!("{}{old}{service}{others}", namespace("old", "")))
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
