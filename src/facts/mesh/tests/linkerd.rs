//! What Linkerd's servers admit.

use super::*;

fn linkerd(kind: &str, spec: &str) -> String {
    format!(
        "apiVersion: policy.linkerd.io/v1\nkind: {kind}\nmetadata: {{name: s, namespace: shop}}\nspec: {spec}\n---\n"
    )
}

#[test]
fn linkerd_admits_what_its_servers_and_defaults_admit() {
    let meshed = "linkerd.io/inject: enabled";
    let authenticated = "config.linkerd.io/default-inbound-policy: all-authenticated";
    let server = linkerd("Server", "{podSelector: {matchLabels: {app: cart}}, port: 8080}");
    let policy = |refs: &str| {
        linkerd(
            "AuthorizationPolicy",
            &format!(
                "{{targetRef: {{group: policy.linkerd.io, kind: Server, name: s}}, requiredAuthenticationRefs: {refs}}}"
            ),
        )
    };
    for (row, annotations, policies, expected) in [
        ("the default", meshed.to_owned(), String::new(), "5432=permissive 8080=permissive"),
        ("authenticated", format!("{meshed}, {authenticated}"), String::new(), "5432=strict 8080=strict"),
        (
            "28",
            format!("{meshed}, {authenticated}"),
            format!("{server}{}", policy("[]")),
            "5432=strict 8080=permissive*",
        ),
        (
            "identities",
            meshed.to_owned(),
            format!("{server}{}", policy("[{kind: ServiceAccount, name: web}]")),
            "5432=permissive 8080=strict",
        ),
        (
            "networks that are missing",
            meshed.to_owned(),
            format!("{server}{}", policy("[{kind: NetworkAuthentication, name: lost}]")),
            "5432=permissive 8080=unknown",
        ),
        ("a server alone", meshed.to_owned(), server.clone(), "5432=permissive 8080=strict"),
        (
            "a number in quotation marks",
            meshed.to_owned(),
            linkerd("Server", "{podSelector: {}, port: '8080'}"),
            "5432=permissive 8080=permissive",
        ),
        (
            "an access policy that there is not",
            meshed.to_owned(),
            linkerd("Server", "{podSelector: {}, port: 8080, accessPolicy: all-unauthenticatd}"),
            "5432=permissive 8080=permissive",
        ),
        (
            "an open server",
            meshed.to_owned(),
            linkerd("Server", "{podSelector: {}, port: 8080, accessPolicy: all-unauthenticated}"),
            "5432=permissive 8080=permissive*",
        ),
        (
            "29, opaque",
            format!("{meshed}, {authenticated}, config.linkerd.io/opaque-ports: '5432'"),
            String::new(),
            "5432=strict 8080=strict",
        ),
        (
            "clients of some addresses past the proxy",
            format!("{meshed}, {authenticated}, config.linkerd.io/skip-subnets: '10.0.0.0/8'"),
            String::new(),
            "5432=unknown 8080=unknown",
        ),
        (
            "clients of all addresses past the proxy",
            format!("{meshed}, {authenticated}, config.linkerd.io/skip-subnets: '0.0.0.0/0'"),
            String::new(),
            "5432=disabled! 8080=disabled!",
        ),
        (
            "the node's own past the proxy",
            format!("{meshed}, {authenticated}, config.linkerd.io/skip-subnets: '169.254.169.254/32'"),
            String::new(),
            "5432=strict 8080=strict",
        ),
        (
            "clients of some addresses past a proxy that takes plaintext",
            format!("{meshed}, config.linkerd.io/skip-subnets: '10.0.0.0/8'"),
            String::new(),
            "5432=permissive 8080=permissive",
        ),
        (
            "29, skipped",
            format!("{meshed}, {authenticated}, config.linkerd.io/skip-inbound-ports: '5432'"),
            String::new(),
            "5432=disabled! 8080=strict",
        ),
    ] {
        let text =
            format!("{}{}{policies}", namespace(&format!("annotations: {{{annotations}}}")), cart(APP, ""));
        assert_eq!(standing(&text), format!("linkerd {expected}"), "row {row}");
    }
}

#[test]
fn requests_of_a_route_are_let_in_on_the_servers_that_it_belongs_to() {
    let meshed = namespace("annotations: {linkerd.io/inject: enabled}");
    let server = linkerd("Server", "{podSelector: {matchLabels: {app: cart}}, port: 8080}");
    let policy = |kind: &str, group: &str, refs: &str| {
        linkerd(
            "AuthorizationPolicy",
            &format!(
                "{{targetRef: {{group: {group}, kind: {kind}, name: r}}, requiredAuthenticationRefs: {refs}}}"
            ),
        )
    };
    let route = |group: &str, kind: &str, parent: &str, rules: &str| {
        format!(
            "apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: r, namespace: shop}}\nspec: {{parentRefs: [{parent}], rules: {rules}}}\n---\n"
        )
    };
    let (own, api) = ("policy.linkerd.io", "gateway.networking.k8s.io");
    let of_server = "{group: policy.linkerd.io, kind: Server, name: s}";
    let prefix = "[{matches: [{path: {value: /admin}}]}]";
    let exact = "[{matches: [{path: {value: /live, type: Exact}}]}]";
    let anyone = |group: &str| policy("HTTPRoute", group, "[]");
    for (name, resources, expected) in [
        ("a route of Linkerd", anyone(own) + &route(own, "HTTPRoute", of_server, prefix), "permissive*"),
        (
            "a route of the Gateway API",
            anyone(api) + &route(api, "HTTPRoute", of_server, prefix),
            "permissive*",
        ),
        (
            "a route of gRPC",
            policy("GRPCRoute", api, "[]") + &route(api, "GRPCRoute", of_server, "[]"),
            "permissive*",
        ),
        ("a route of the other group", anyone(own) + &route(api, "HTTPRoute", of_server, prefix), "unknown"),
        (
            "callers with an identity",
            policy("HTTPRoute", own, "[{kind: ServiceAccount, name: web}]")
                + &route(own, "HTTPRoute", of_server, prefix),
            "strict",
        ),
        ("a route that is missing", anyone(own), "unknown"),
        (
            "a route that is missing, for callers with an identity",
            policy("HTTPRoute", own, "[{kind: ServiceAccount, name: web}]"),
            "strict",
        ),
        (
            "a route of another server",
            anyone(own)
                + &route(own, "HTTPRoute", "{group: policy.linkerd.io, kind: Server, name: t}", prefix),
            "strict",
        ),
        (
            "a route of a gateway",
            anyone(api) + &route(api, "HTTPRoute", "{kind: Gateway, name: s}", prefix),
            "strict",
        ),
        (
            "a route that is ignored",
            anyone(own)
                + &route(
                    own,
                    "HTTPRoute",
                    "{group: policy.linkerd.io, kind: Server, name: s, port: 8080}",
                    prefix,
                ),
            "strict",
        ),
        (
            "a route of the kubelet's probes",
            anyone(own) + &route(own, "HTTPRoute", of_server, exact),
            "strict",
        ),
        ("a route without rules", anyone(own) + &route(own, "HTTPRoute", of_server, "[]"), "permissive*"),
    ] {
        let probed = cart(APP, "").replace(
            "{name: cart, ports:",
            "{name: cart, livenessProbe: {httpGet: {path: /live, port: 8080}}, ports:",
        );
        let text = format!("{meshed}{probed}{server}{resources}");
        assert_eq!(standing(&text), format!("linkerd 5432=permissive 8080={expected}"), "{name}");
    }
}
