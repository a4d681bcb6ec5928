use super::*;

#[test]
fn destination_rules_decide_what_istio_clients_send() {
    let tls = |host: &str, tls: &str| format!("{{host: {host}, trafficPolicy: {{tls: {tls}}}}}");
    for (row, others, transport) in [
        ("automatic", String::new(), "mtls"),
        ("16", rule("front", &tls(HOST, "{mode: DISABLE}")), "plaintext"),
        (
            "17",
            rule("shop", &tls("cart", "{mode: ISTIO_MUTUAL}"))
                + &rule("front", &tls(HOST, "{mode: DISABLE}")),
            "plaintext",
        ),
        ("the rule of the Service's namespace", rule("shop", &tls("cart", "{mode: DISABLE}")), "plaintext"),
        (
            "the rule that is not exported",
            rule("shop", "{host: cart, exportTo: ['.'], trafficPolicy: {tls: {mode: DISABLE}}}"),
            "mtls",
        ),
        ("18", rule("front", &tls(HOST, "{}")), "plaintext"),
        ("18 with sni", rule("front", &tls(HOST, "{sni: x}")), "plaintext"),
        ("19", rule("shop", &tls("cart.shop", "{mode: DISABLE}")), "mtls"),
        (
            "20",
            rule("istio-system", &tls("'*.local'", "{mode: DISABLE}"))
                + &rule("front", &format!("{{host: {HOST}}}")),
            "mtls",
        ),
        ("the root namespace", rule("istio-system", &tls("'*.local'", "{mode: DISABLE}")), "plaintext"),
        (
            "the longer wildcard",
            rule("front", &tls("'*.local'", "{mode: DISABLE}"))
                + &istio(
                    "DestinationRule",
                    "b",
                    "front",
                    &tls("'*.shop.svc.cluster.local'", "{mode: ISTIO_MUTUAL}"),
                ),
            "mtls",
        ),
        (
            "21",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, subsets: [{{name: v1, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}]}}"
                ),
            ),
            "mtls",
        ),
        (
            "21, routed to the subset",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, subsets: [{{name: v1, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}]}}"
                ),
            ) + &istio(
                "VirtualService",
                "cart",
                "front",
                &format!(
                    "{{hosts: [{HOST}], http: [{{route: [{{destination: {{host: {HOST}, subset: v1}}}}]}}]}}"
                ),
            ),
            "plaintext",
        ),
        (
            "the subset over the whole's port",
            by_subset(
                "portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]",
                "tls: {mode: DISABLE}",
            ),
            "plaintext",
        ),
        (
            "the subset over the whole's port, the other way round",
            by_subset(
                "portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]",
                "tls: {mode: ISTIO_MUTUAL}",
            ),
            "mtls",
        ),
        (
            "the subset's settings of another port",
            by_subset(
                "portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]",
                "portLevelSettings: [{port: {number: 9090}, tls: {mode: ISTIO_MUTUAL}}]",
            ),
            "plaintext",
        ),
        (
            "the subset's settings of the port without TLS",
            by_subset(
                "portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]",
                "portLevelSettings: [{port: {number: 80}, connectionPool: {}}]",
            ),
            "mtls",
        ),
        (
            "22",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, trafficPolicy: {{tls: {{mode: SIMPLE}}, portLevelSettings: [{{port: {{number: 80}}, connectionPool: {{}}}}]}}}}"
                ),
            ),
            "plaintext",
        ),
        (
            "22 with ISTIO_MUTUAL",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}, portLevelSettings: [{{port: {{number: 80}}, connectionPool: {{}}}}]}}}}"
                ),
            ),
            "mtls",
        ),
        (
            "the port over the whole",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}, portLevelSettings: [{{port: {{number: 80}}, tls: {{mode: DISABLE}}}}]}}}}"
                ),
            ),
            "plaintext",
        ),
        (
            "a credential that is dropped",
            rule("front", &tls(HOST, "{mode: SIMPLE, credentialName: c}")),
            "plaintext",
        ),
        (
            "a credential of chosen clients",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, workloadSelector: {{matchLabels: {{app: web}}}}, trafficPolicy: {{tls: {{mode: SIMPLE, credentialName: c}}}}}}"
                ),
            ),
            "tls",
        ),
        (
            "other clients",
            rule(
                "front",
                &format!(
                    "{{host: {HOST}, workloadSelector: {{matchLabels: {{app: other}}}}, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}"
                ),
            ),
            "mtls",
        ),
        (
            "no verification",
            rule("front", &tls(HOST, "{mode: SIMPLE, insecureSkipVerify: true}")),
            "encrypted",
        ),
        ("no certificates", rule("front", &tls(HOST, "{mode: MUTUAL}")), "broken"),
        (
            "two that disagree",
            rule("front", &tls(HOST, "{mode: DISABLE}"))
                + &istio("DestinationRule", "b", "front", &tls(HOST, "{mode: ISTIO_MUTUAL}")),
            "unknown",
        ),
        ("a mode that is none", rule("front", &tls(HOST, "{mode: NO}")), "mtls"),
        (
            "a policy that is none",
            rule("front", &format!("{{host: {HOST}, trafficPolicy: [DISABLE]}}")),
            "mtls",
        ),
    ] {
        expect(row, &meshed(&others), transport);
    }
}

#[test]
fn servers_meet_what_clients_send() {
    let peer = |spec: &str| istio("PeerAuthentication", "peer", "shop", spec);
    let strict = peer("{mtls: {mode: STRICT}}");
    for (row, others, transport) in [
        (
            "24",
            peer("{mtls: {mode: DISABLE}}")
                + &istio("PeerAuthentication", "own", "shop", "{selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}}"),
            "broken",
        ),
        ("DISABLE for the namespace", peer("{mtls: {mode: DISABLE}}"), "plaintext"),
        (
            "DISABLE for the port",
            peer("{selector: {matchLabels: {app: cart}}, portLevelMtls: {8080: {mode: DISABLE}}}"),
            "plaintext",
        ),
        ("strict", strict.clone(), "mtls"),
        (
            "a client that turns it off",
            strict.clone() + &rule("front", &format!("{{host: {HOST}, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}")),
            "broken",
        ),
        (
            "TLS of its own",
            strict + &rule("front", &format!("{{host: {HOST}, trafficPolicy: {{tls: {{mode: SIMPLE}}}}}}")),
            "broken",
        ),
        (
            "automatic mTLS off",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata: {mesh: 'enableAutoMtls: false'}\n---\n".to_owned(),
            "plaintext",
        ),
    ] {
        expect(row, &meshed(&others), transport);
    }
}

#[test]
fn either_side_may_be_outside_of_the_mesh() {
    let strict = istio("PeerAuthentication", "peer", "shop", "{mtls: {mode: STRICT}}");
    let both = |front: &str, shop: &str| format!("{}{}", namespace("front", front), namespace("shop", shop));
    let rest = |url: &str, annotations: &str, metadata: &str| {
        format!("{}{}{}", web("front", annotations, url), cart(metadata), service(""))
    };
    let plain = rest("http://cart.shop", "", "");
    for (row, text, transport) in [
        ("nobody", both("", "") + &plain, "plaintext"),
        ("TLS of the program", both("", "") + &rest("https://cart.shop:80", "", ""), "tls"),
        ("the server alone", both("", INJECTED) + &plain, "plaintext"),
        ("the server alone, strict", both("", INJECTED) + &plain + &strict, "broken"),
        ("the client alone", both(INJECTED, "") + &plain, "plaintext"),
        ("an undeclared client, a server outside", namespace("shop", "") + &plain, "plaintext"),
        ("an undeclared client, a server inside", namespace("shop", INJECTED) + &plain, "unknown"),
        (
            "a port that leaves the client's proxy",
            both(INJECTED, INJECTED)
                + &rest("http://cart.shop", "traffic.sidecar.istio.io/excludeOutboundPorts: '80'", ""),
            "plaintext",
        ),
        (
            "a port without quotes that leaves the client's proxy",
            both(INJECTED, INJECTED)
                + &rest("http://cart.shop", "traffic.sidecar.istio.io/excludeOutboundPorts: 80", ""),
            "plaintext",
        ),
        (
            "a port that leaves all proxies",
            both(INJECTED, INJECTED)
                + &plain
                + "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {name: a, namespace: istio-system}\nspec: {values: {global: {proxy: {excludeOutboundPorts: 80}}}}\n---\n",
            "plaintext",
        ),
        (
            "a port that bypasses the server's proxy",
            both(INJECTED, INJECTED)
                + &rest(
                    "http://cart.shop",
                    "",
                    "annotations: {traffic.sidecar.istio.io/excludeInboundPorts: '8080'}",
                ),
            "broken",
        ),
        (
            "ambient on both sides",
            both("labels: {istio.io/dataplane-mode: ambient}", "labels: {istio.io/dataplane-mode: ambient}")
                + &plain
                + &rule("front", &format!("{{host: {HOST}, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}")),
            "mtls",
        ),
        (
            "27",
            both("labels: {istio.io/dataplane-mode: ambient}", "labels: {istio.io/dataplane-mode: ambient}")
                + &plain
                + &istio("PeerAuthentication", "peer", "shop", "{mtls: {mode: DISABLE}}"),
            "mtls",
        ),
        (
            "linkerd on both sides",
            both("annotations: {linkerd.io/inject: enabled}", "annotations: {linkerd.io/inject: enabled}")
                + &plain,
            "mtls",
        ),
        (
            "a port that linkerd skips",
            both("annotations: {linkerd.io/inject: enabled}", "annotations: {linkerd.io/inject: enabled}")
                + &rest(
                    "http://cart.shop",
                    "",
                    "annotations: {config.linkerd.io/skip-inbound-ports: '8080'}",
                ),
            "plaintext",
        ),
        ("two meshes", both(INJECTED, "annotations: {linkerd.io/inject: enabled}") + &plain, "plaintext"),
    ] {
        expect(row, &text, transport);
    }
}

#[test]
fn a_headless_service_has_mtls_for_all_or_for_none() {
    let text = |opted_out: &str| {
        let stateful = |name: &str, metadata: &str| {
            deployment(
                name,
                "shop",
                &format!("labels: {{app: cart}}, {metadata}"),
                "ports: [{containerPort: 8080}]",
            )
        };
        format!(
            "{}{}{}{}{}{}",
            namespace("front", INJECTED),
            namespace("shop", INJECTED),
            web("front", "", "http://cart.shop"),
            stateful("one", ""),
            stateful("two", opted_out),
            service("clusterIP: None")
        )
    };
    assert_eq!(
        connections(&text("")),
        [
            "Deployment/front/web -> Deployment/shop/one mtls",
            "Deployment/front/web -> Deployment/shop/two mtls"
        ]
    );
    assert_eq!(
        connections(&text("annotations: {sidecar.istio.io/inject: 'false'}")),
        [
            "Deployment/front/web -> Deployment/shop/one plaintext",
            "Deployment/front/web -> Deployment/shop/two plaintext"
        ],
        "row 25"
    );
}

#[test]
fn servers_outside_the_cluster_get_what_rules_and_programs_send() {
    let client = |url: &str| format!("{}{}", namespace("front", INJECTED), web("front", "", url));
    let entry = istio(
        "ServiceEntry",
        "pay",
        "front",
        "{hosts: [pay.example.com], location: MESH_EXTERNAL, ports: [{number: 443, name: tls, protocol: TLS}], resolution: DNS}",
    );
    let tls = |tls: &str| rule("front", &format!("{{host: pay.example.com, trafficPolicy: {{tls: {tls}}}}}"));
    for (row, text, transport) in [
        ("HTTP", client("http://pay.example.com"), "plaintext"),
        ("HTTPS", client("https://pay.example.com"), "tls"),
        (
            "23",
            client("http://pay.example.com") + &entry + &tls("{mode: SIMPLE, credentialName: pay}"),
            "plaintext",
        ),
        (
            "a rule beside the entry",
            client("http://pay.example.com")
                + &entry.replace("namespace: front", "namespace: egress")
                + &tls("{mode: SIMPLE}").replace("namespace: front", "namespace: egress"),
            "tls",
        ),
        ("TLS of the proxy", client("http://pay.example.com") + &entry + &tls("{mode: SIMPLE}"), "tls"),
        ("a rule without entry", client("http://pay.example.com") + &tls("{mode: SIMPLE}"), "unknown"),
        (
            "a rule without entry that verifies nothing",
            client("http://pay.example.com") + &tls("{mode: SIMPLE, insecureSkipVerify: true}"),
            "encrypted",
        ),
        (
            "an entry that the Sidecar leaves out",
            client("http://pay.example.com")
                + &entry
                + &tls("{mode: SIMPLE}")
                + &istio("Sidecar", "own", "front", "{egress: [{hosts: [shop/*]}]}"),
            "plaintext",
        ),
        (
            "unverified",
            client("http://pay.example.com") + &entry + &tls("{mode: SIMPLE, insecureSkipVerify: true}"),
            "encrypted",
        ),
    ] {
        assert_eq!(
            connections(&text),
            [format!("Deployment/front/web -> external:pay.example.com {transport}")],
            "row {row}"
        );
    }
}

#[test]
fn cilium_authenticates_and_encrypts_apart() {
    let policy = "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: shop}\nspec: {endpointSelector: {matchLabels: {app: cart}}, ingress: [{authentication: {mode: required}}]}\n---\n";
    let config = |on: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: cilium-config, namespace: kube-system}}\ndata: {{enable-wireguard: '{on}'}}\n---\n"
        )
    };
    let rest = format!(
        "{}{}{}{}{}",
        namespace("front", ""),
        namespace("shop", ""),
        web("front", "", "http://cart.shop"),
        cart(""),
        service("")
    );
    expect("30", &format!("{rest}{policy}{}", config("false")), "authenticated");
    expect("30, encrypted", &format!("{rest}{policy}{}", config("true")), "mtls");
    expect("30, not known", &format!("{rest}{policy}"), "unknown");
}

#[test]
fn ambient_needs_its_tunnel_through_network_policies() {
    let ambient = "labels: {istio.io/dataplane-mode: ambient}";
    let text = |ports: &str| {
        format!(
            "{}{}{}{}{}apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: cart, namespace: shop}}\nspec: {{podSelector: {{}}, ingress: [{{from: [{{namespaceSelector: {{}}}}], ports: {ports}}}]}}\n---\n",
            namespace("front", ambient),
            namespace("shop", ambient),
            web("front", "", "http://cart.shop"),
            cart(""),
            service("")
        )
    };
    expect("A5", &text("[{port: 8080}]"), "broken");
    expect("A5, let through", &text("[{port: 8080}, {port: 15008}]"), "mtls");
    expect("A5, nothing let through", &text("[{port: 9090}]"), "mtls");
}

/// A rule with a policy for the whole and one for the subset to which clients are routed.
fn by_subset(whole: &str, subset: &str) -> String {
    rule(
        "front",
        &format!(
            "{{host: {HOST}, trafficPolicy: {{{whole}}}, subsets: [{{name: v1, trafficPolicy: {{{subset}}}}}]}}"
        ),
    ) + &istio(
        "VirtualService",
        "cart",
        "front",
        &format!("{{hosts: [{HOST}], http: [{{route: [{{destination: {{host: {HOST}, subset: v1}}}}]}}]}}"),
    )
}
