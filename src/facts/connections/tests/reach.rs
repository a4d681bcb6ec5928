//! What a client's proxy knows of where connections lead.

use super::*;

#[test]
fn a_sidecar_tells_its_proxy_of_some_hosts_only() {
    let sidecar = |namespace: &str, spec: &str| istio("Sidecar", "own", namespace, spec);
    let hosts = |hosts: &str| format!("{{egress: [{{hosts: [{hosts}]}}]}}");
    let route = istio(
        "VirtualService",
        "cart",
        "front",
        &format!("{{hosts: [cart.example], http: [{{route: [{{destination: {{host: {HOST}}}}}]}}]}}"),
    );
    let strict = istio("PeerAuthentication", "peer", "shop", "{mtls: {mode: STRICT}}");
    for (row, others, transport) in [
        ("everything", sidecar("front", &hosts("'*/*'")), "mtls"),
        ("no list", sidecar("front", "{}"), "mtls"),
        ("its own namespace", sidecar("front", &hosts("./*")), "plaintext"),
        ("its own namespace, to a strict server", sidecar("front", &hosts("./*")) + &strict, "broken"),
        ("the namespace of the server", sidecar("front", &hosts("./*, shop/*")), "mtls"),
        ("the host in any namespace", sidecar("front", &hosts(&format!("'*/{HOST}'"))), "mtls"),
        ("hosts by their end", sidecar("front", &hosts("'*/*.svc.cluster.local'")), "mtls"),
        ("the host by its short name", sidecar("front", &hosts("shop/cart")), "plaintext"),
        ("nothing", sidecar("front", &hosts("'~/*'")), "plaintext"),
        (
            "nothing else",
            sidecar("front", "{egress: [{hosts: [./*]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"),
            "broken",
        ),
        (
            "another port",
            sidecar("front", "{egress: [{port: {number: 81, protocol: HTTP, name: http}, hosts: ['*/*']}]}"),
            "plaintext",
        ),
        ("that of the mesh", sidecar("istio-system", &hosts("./*")), "plaintext"),
        (
            "its own over that of the mesh",
            sidecar("istio-system", &hosts("./*")) + &sidecar("front", &hosts("'*/*'")),
            "mtls",
        ),
        (
            "that of other Pods",
            sidecar("front", "{workloadSelector: {labels: {app: other}}, egress: [{hosts: [./*]}]}"),
            "mtls",
        ),
        (
            "two that disagree",
            sidecar("front", &hosts("./*")) + &istio("Sidecar", "b", "front", &hosts("'*/*'")),
            "unknown",
        ),
        ("a route that leads there", sidecar("front", &hosts("./cart.example")) + &route, "mtls"),
        (
            "a rule that nobody asks",
            sidecar("front", &hosts("./*"))
                + &rule(
                    "front",
                    &format!("{{host: {HOST}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}}}}}"),
                ),
            "plaintext",
        ),
    ] {
        expect(row, &meshed(&others), transport);
    }
}

#[test]
fn an_entry_of_the_mesh_leads_to_the_pods_that_it_selects() {
    let entry = |spec: &str| {
        istio(
            "ServiceEntry",
            "cart",
            "shop",
            &format!(
                "{{hosts: [cart.internal], location: MESH_INTERNAL, ports: [{{number: 80, name: http, targetPort: 8080}}], {spec}}}"
            ),
        )
    };
    let text = |entry: String| {
        format!(
            "{}{}{}{}{entry}",
            namespace("front", INJECTED),
            namespace("shop", INJECTED),
            web("front", "", "http://cart.internal"),
            cart("")
        )
    };
    let disabled = istio(
        "PeerAuthentication",
        "peer",
        "shop",
        "{selector: {matchLabels: {app: cart}}, portLevelMtls: {8080: {mode: DISABLE}}}",
    );
    let selects = entry("resolution: STATIC, workloadSelector: {labels: {app: cart}}");
    expect("Pods in the mesh", &text(selects.clone()), "mtls");
    expect("a port that takes plaintext", &text(selects.clone() + &disabled), "plaintext");
    expect(
        "Pods without a proxy",
        &text(selects)
            .replace("labels: {app: cart}, ", "labels: {app: cart, sidecar.istio.io/inject: 'false'}, "),
        "plaintext",
    );
    assert_eq!(
        connections(&text(entry("resolution: STATIC, endpoints: [{address: 10.0.0.1}]"))),
        ["Deployment/front/web -> ServiceEntry/shop/cart unknown"]
    );
}

#[test]
fn a_target_that_no_container_declares_is_not_judged() {
    let named = service("").replace("targetPort: 8080", "targetPort: http");
    let text = |cart: &str| {
        format!(
            "{}{}{}{cart}{named}",
            namespace("front", INJECTED),
            namespace("shop", INJECTED),
            web("front", "", "http://cart.shop")
        )
    };
    expect(
        "declared",
        &text(&cart("").replace("containerPort: 8080", "containerPort: 8080, name: http")),
        "mtls",
    );
    expect("not declared", &text(&cart("")), "unknown");
}

#[test]
fn a_service_may_be_kept_from_other_namespaces() {
    let text = |to: &str| {
        let annotated = format!(
            "annotations: {{networking.istio.io/exportTo: '{to}'}}, name: cart, namespace: shop}}\nspec: {{selector"
        );
        meshed("").replace("name: cart, namespace: shop}\nspec: {selector", &annotated)
    };
    for (to, transport) in [(".", "plaintext"), ("~", "plaintext"), ("other, front", "mtls"), ("*", "mtls")] {
        expect(to, &text(to), transport);
    }
}

#[test]
fn rules_may_send_clients_to_single_pods() {
    let direct =
        rule("front", &format!("{{host: {HOST}, trafficPolicy: {{loadBalancer: {{simple: PASSTHROUGH}}}}}}"));
    let other = deployment(
        "other",
        "shop",
        "labels: {app: cart}, annotations: {sidecar.istio.io/inject: 'false'}",
        "",
    );
    expect("all have a proxy", &meshed(&direct), "mtls");
    let transports = |text: &str| connections(text).iter().filter(|line| line.ends_with("plaintext")).count();
    assert_eq!(transports(&meshed(&other)), 1, "one endpoint after the other");
    assert_eq!(transports(&meshed(&(other + &direct))), 2, "one without a proxy: plaintext to all");
}

#[test]
fn a_port_that_a_service_does_not_have_is_not_judged() {
    let to = |url: &str, spec: &str| {
        format!(
            "{}{}{}{}{}",
            namespace("front", INJECTED),
            namespace("shop", INJECTED),
            web("front", "", url),
            cart(""),
            service(spec)
        )
    };
    expect("an address answers on its ports alone", &to("http://cart.shop:81", ""), "unknown");
    expect("Pods answer on their own", &to("http://cart.shop:8080", "clusterIP: None"), "plaintext");
    let outside = to("http://cart.shop:81", "").replace("istio-injection: enabled", "");
    expect("without a mesh, too", &outside, "unknown");
}

#[test]
fn linkerd_skips_ports_that_a_namespace_names() {
    let meshed =
        |more: &str| namespace("front", &format!("annotations: {{linkerd.io/inject: enabled{more}}}"));
    let shop = namespace("shop", "annotations: {linkerd.io/inject: enabled}");
    let skips = ", config.linkerd.io/skip-outbound-ports: '80'";
    for (more, own, transport) in [
        ("", "", "mtls"),
        (skips, "", "plaintext"),
        (skips, "config.linkerd.io/skip-outbound-ports: '81'", "mtls"),
    ] {
        let text = format!(
            "{}{shop}{}{}{}",
            meshed(more),
            web("front", own, "http://cart.shop:80"),
            cart(""),
            service("")
        );
        expect(transport, &text, transport);
    }
}

#[test]
fn proxies_know_nothing_of_namespaces_that_the_control_plane_leaves_out() {
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'discoverySelectors: [{matchLabels: {seen: yes-it-is}}]'}\n---\n";
    let seen = "labels: {istio-injection: enabled, seen: yes-it-is}";
    let text = |front: &str, shop: &str, others: &str| {
        format!(
            "{}{}{}{}{}{config}{others}",
            namespace("front", front),
            namespace("shop", shop),
            web("front", "", "http://cart.shop:80"),
            cart(""),
            service("")
        )
    };
    let strict = istio("PeerAuthentication", "peer", "shop", "{mtls: {mode: STRICT}}");
    let nothing = istio("Sidecar", "own", "front", "{egress: [{hosts: ['~/*']}]}");
    expect("both seen", &text(seen, seen, ""), "mtls");
    expect("a policy that is seen", &text(seen, seen, &nothing), "plaintext");
    expect("a policy that is not", &text(INJECTED, seen, &nothing), "mtls");
    expect("a server that is not, nor its policy", &text(seen, INJECTED, &strict), "plaintext");
}
