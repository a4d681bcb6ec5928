//! Rows 1 to 10 and 27: what `PeerAuthentication` makes of ports, and what goes past the proxy.

use super::*;

const STRICT: &str = "{mtls: {mode: STRICT}}";
const PERMISSIVE: &str = "{mtls: {mode: PERMISSIVE}}";

#[test]
fn peer_authentications_resolve_from_the_mesh_to_the_port() {
    let root = |spec: &str| peer("root", "istio-system", spec);
    let shop = |spec: &str| peer("shop", "shop", spec);
    let own = |name: &str, rest: &str| {
        peer(name, "shop", &format!("{{selector: {{matchLabels: {{app: cart}}}}, {rest}}}"))
    };
    let dated = |policy: String, year: &str| {
        policy.replace("metadata: {", &format!("metadata: {{creationTimestamp: '{year}-01-01T00:00:00Z', "))
    };
    for (row, policies, expected) in [
        ("1", vec![], "5432=permissive 8080=permissive"),
        ("2", vec![root(STRICT), shop("{mtls: {mode: UNSET}}")], "5432=strict 8080=strict"),
        ("3", vec![root(STRICT), shop(PERMISSIVE)], "5432=permissive 8080=permissive"),
        (
            "4",
            vec![peer(
                "root",
                "istio-system",
                "{selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}}",
            )],
            "5432=permissive 8080=permissive",
        ),
        (
            "5",
            vec![shop(STRICT), own("cart", "mtls: {mode: UNSET}, portLevelMtls: {8080: {mode: DISABLE}}")],
            "5432=strict 8080=disabled",
        ),
        (
            "6",
            vec![shop(STRICT), own("cart", "mtls: {mode: UNSET}, portLevelMtls: {80: {mode: DISABLE}}")],
            "5432=strict 8080=strict",
        ),
        (
            "7",
            vec![shop("{mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}")],
            "5432=strict 8080=strict",
        ),
        (
            "8",
            vec![dated(peer("a", "shop", PERMISSIVE), "2024"), dated(peer("b", "shop", STRICT), "2025")],
            "5432=permissive 8080=permissive",
        ),
        (
            "8 without timestamps",
            vec![peer("a", "shop", PERMISSIVE), peer("b", "shop", STRICT)],
            "5432=unknown 8080=unknown",
        ),
        (
            "8 without timestamps, a workload of its own",
            vec![peer("a", "shop", PERMISSIVE), peer("b", "shop", STRICT), own("c", "mtls: {mode: STRICT}")],
            "5432=strict 8080=strict",
        ),
        (
            "8 that agree",
            vec![peer("a", "shop", STRICT), peer("b", "shop", STRICT)],
            "5432=strict 8080=strict",
        ),
        (
            "9",
            vec![
                dated(own("a", "mtls: {mode: STRICT}"), "2024"),
                dated(own("b", "mtls: {mode: STRICT}, portLevelMtls: {5432: {mode: DISABLE}}"), "2025"),
            ],
            "5432=strict 8080=strict",
        ),
        ("a mode that is none", vec![shop("{mtls: {mode: STRCT}}")], "5432=permissive 8080=permissive"),
        (
            "a mode that is none below one that is",
            vec![root(STRICT), shop("{mtls: {mode: PERMISIVE}}")],
            "5432=strict 8080=strict",
        ),
        ("a mode without its key", vec![root(STRICT), shop("{mtls: PERMISSIVE}")], "5432=strict 8080=strict"),
        (
            "a selector that Istio does not have",
            vec![peer(
                "a",
                "shop",
                "{selector: {matchExpressions: [{key: app, operator: Exists}]}, mtls: {mode: STRICT}}",
            )],
            "5432=permissive 8080=permissive",
        ),
        (
            "a port that is none",
            vec![own("cart", "mtls: {mode: STRICT}, portLevelMtls: {http: {mode: DISABLE}}")],
            "5432=permissive 8080=permissive",
        ),
        (
            "a selector that is none",
            vec![peer("a", "shop", "{selector: [app], mtls: {mode: STRICT}}")],
            "5432=permissive 8080=permissive",
        ),
        (
            "another workload's mode that is none",
            vec![shop(STRICT), peer("b", "shop", "{selector: {matchLabels: {app: web}}, mtls: {mode: 7}}")],
            "5432=strict 8080=strict",
        ),
    ] {
        assert_eq!(standing(&istio(&policies)), format!("istio-sidecar {expected}"), "row {row}");
    }
}

#[test]
fn ports_that_bypass_the_proxy_take_plaintext_whatever_the_mode() {
    let strict = peer("shop", "shop", "{mtls: {mode: STRICT}}");
    for (row, annotation, expected) in [
        ("10", "traffic.sidecar.istio.io/excludeInboundPorts: '5432'", "5432=disabled! 8080=strict"),
        (
            "a list to include",
            "traffic.sidecar.istio.io/includeInboundPorts: '8080'",
            "5432=disabled! 8080=strict",
        ),
        (
            "nothing included",
            "traffic.sidecar.istio.io/includeInboundPorts: ''",
            "5432=disabled! 8080=disabled!",
        ),
        ("no interception", "sidecar.istio.io/interceptionMode: NONE", "5432=disabled! 8080=disabled!"),
        ("interfaces", "traffic.sidecar.istio.io/excludeInterfaces: eth1", "5432=unknown 8080=unknown"),
    ] {
        let pod = cart(&format!("{APP}, annotations: {{{annotation}}}"), "");
        let text = format!("{}{pod}{strict}", namespace(INJECTED));
        assert_eq!(standing(&text), format!("istio-sidecar {expected}"), "row {row}");
    }
}

#[test]
fn ambient_takes_disable_for_permissive() {
    let ambient = namespace("labels: {istio.io/dataplane-mode: ambient}");
    let own = "selector: {matchLabels: {app: cart}}";
    for (row, policies, expected) in [
        ("27", peer("a", "shop", "{mtls: {mode: DISABLE}}"), "5432=permissive 8080=permissive"),
        (
            "A3",
            peer("a", "shop", "{mtls: {mode: STRICT}}")
                + &peer("b", "shop", &format!("{{{own}, portLevelMtls: {{8080: {{mode: DISABLE}}}}}}")),
            "5432=strict 8080=strict",
        ),
        (
            "an exception that is made",
            peer("a", "shop", "{mtls: {mode: STRICT}}")
                + &peer("b", "shop", &format!("{{{own}, portLevelMtls: {{8080: {{mode: PERMISSIVE}}}}}}")),
            "5432=strict 8080=permissive",
        ),
    ] {
        let text = format!("{ambient}{}{policies}", cart(APP, ""));
        assert_eq!(standing(&text), format!("istio-ambient {expected}"), "row {row}");
    }
}
