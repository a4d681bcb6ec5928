use super::*;

const STRICT: &str = "{mtls: {mode: STRICT}}";
const PERMISSIVE: &str = "{mtls: {mode: PERMISSIVE}}";

fn istio(policies: &[String]) -> String {
    format!("{}{}{}", namespace(INJECTED), cart(APP, ""), policies.concat())
}

fn authorization(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n---\n"
    )
}

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
fn membership_is_what_the_injectors_decide() {
    let label = "labels: {app: cart, sidecar.istio.io/inject:";
    let annotation = "annotations: {sidecar.istio.io/inject:";
    for (row, namespace_metadata, pod, spec, expected) in [
        ("11", INJECTED, APP.to_owned(), "hostNetwork: true,", "none"),
        ("12", "", format!("{APP}, {annotation} 'true'}}"), "", "none"),
        ("13", INJECTED, format!("{label} 'false'}}"), "", "none"),
        ("14", INJECTED, format!("{label} 'true'}}, {annotation} 'false'}}"), "", "istio-sidecar"),
        ("15", "labels: {istio-injection: disabled}", format!("{label} 'true'}}"), "", "none"),
        ("b", "", format!("{label} 'true'}}"), "", "istio-sidecar"),
        ("c", "labels: {istio.io/rev: canary}", APP.to_owned(), "", "unknown"),
        ("c, the default", "labels: {istio.io/rev: default}", APP.to_owned(), "", "istio-sidecar"),
        (
            "both",
            "labels: {istio-injection: enabled, istio.io/rev: canary}",
            APP.to_owned(),
            "",
            "istio-sidecar",
        ),
        ("the annotation disables", INJECTED, format!("{APP}, {annotation} 'false'}}"), "", "none"),
        ("ambient", "labels: {istio.io/dataplane-mode: ambient}", APP.to_owned(), "", "istio-ambient"),
        (
            "ambient, opted out",
            "labels: {istio.io/dataplane-mode: ambient}",
            "labels: {istio.io/dataplane-mode: none}".to_owned(),
            "",
            "none",
        ),
        ("linkerd", "annotations: {linkerd.io/inject: enabled}", APP.to_owned(), "", "linkerd"),
        (
            "linkerd, the Pod wins",
            "annotations: {linkerd.io/inject: disabled}",
            "annotations: {linkerd.io/inject: ingress}".to_owned(),
            "",
            "linkerd",
        ),
        ("linkerd, nonsense", "annotations: {linkerd.io/inject: maybe}", APP.to_owned(), "", "none"),
        ("kuma", "labels: {kuma.io/sidecar-injection: enabled}", APP.to_owned(), "", "kuma"),
        ("consul", "", "annotations: {consul.hashicorp.com/connect-inject: 'true'}".to_owned(), "", "consul"),
        ("nothing", "", APP.to_owned(), "", "none"),
        (
            "injected by hand",
            "",
            APP.to_owned(),
            "initContainers: [{name: istio-proxy, restartPolicy: Always}],",
            "istio-sidecar",
        ),
    ] {
        let text = format!("{}{}", namespace(namespace_metadata), cart(&pod, spec));
        let mesh = standing(&text);
        assert_eq!(mesh.split(' ').next(), Some(expected), "row {row}");
    }
}

#[test]
fn openshift_reads_the_annotation_where_istio_does_not() {
    let roll = |members: &str| {
        format!(
            "apiVersion: maistra.io/v1\nkind: ServiceMeshMemberRoll\nmetadata: {{name: default, namespace: istio-system}}\nspec: {{members: [{members}]}}\n---\n"
        )
    };
    let asks = cart(&format!("{APP}, annotations: {{sidecar.istio.io/inject: 'true'}}"), "");
    for (row, roll, pod, expected) in [
        ("12", String::new(), &asks, "none"),
        ("12 on OpenShift", roll("shop"), &asks, "istio-sidecar"),
        ("12 on OpenShift, in no roll of the input", roll("other"), &asks, "unknown"),
        ("12 on OpenShift, not asked", roll("shop"), &cart(APP, ""), "none"),
    ] {
        let mesh = standing(&format!("{}{roll}{pod}", namespace("")));
        assert_eq!(mesh.split(' ').next(), Some(expected), "row {row}");
    }
}

#[test]
fn an_undeclared_namespace_leaves_it_open_unless_the_pod_decides() {
    for (name, pod, spec, others, expected) in [
        ("nothing else", APP, "", "", "unknown"),
        ("no proxy in the node's network", APP, "hostNetwork: true,", "", "none"),
        ("opted out", "annotations: {sidecar.istio.io/inject: 'false'}", "", "", "none"),
        (
            "opted out of one of two",
            "labels: {sidecar.istio.io/inject: 'false'}",
            "",
            "labels: {istio.io/dataplane-mode: ambient}",
            "unknown",
        ),
        ("opted in", "annotations: {linkerd.io/inject: enabled}", "", "", "linkerd"),
        ("asking is not enough", "labels: {sidecar.istio.io/inject: 'true'}", "", "", "unknown"),
        ("the proxy is there", "annotations: {sidecar.istio.io/status: '{}'}", "", "", "istio-sidecar"),
    ] {
        let other = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: other, {others}}}\n---\n");
        let mesh = standing(&format!("{other}{}", cart(pod, spec)));
        assert_eq!(mesh.split(' ').next(), Some(expected), "{name}");
    }
}

#[test]
fn authorization_policies_may_demand_what_the_mode_does_not() {
    for (name, spec, expected) in [
        (
            "26",
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}]}]}",
            "5432=permissive+ 8080=permissive+",
        ),
        (
            "26 on one port",
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], to: [{operation: {ports: ['8080']}}]}]}",
            "5432=permissive 8080=permissive+",
        ),
        (
            "26 on paths only",
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], to: [{operation: {paths: [/admin]}}]}]}",
            "5432=permissive 8080=permissive",
        ),
        (
            "26 by namespaces that it spares",
            "{action: DENY, rules: [{from: [{source: {notNamespaces: [shop]}}]}]}",
            "5432=permissive+ 8080=permissive+",
        ),
        (
            "26 of some addresses only",
            "{action: DENY, rules: [{from: [{source: {notNamespaces: [shop], ipBlocks: [10.1.0.0/16]}}]}]}",
            "5432=permissive 8080=permissive",
        ),
        ("nobody", "{}", "5432=permissive+ 8080=permissive+"),
        ("everybody", "{rules: [{}]}", "5432=permissive* 8080=permissive*"),
        (
            "principals",
            "{rules: [{from: [{source: {principals: ['a']}}]}]}",
            "5432=permissive+ 8080=permissive+",
        ),
        (
            "namespaces",
            "{rules: [{from: [{source: {namespaces: ['a']}}]}]}",
            "5432=permissive+ 8080=permissive+",
        ),
        (
            "a condition",
            "{rules: [{when: [{key: source.principal, values: ['*']}]}]}",
            "5432=permissive+ 8080=permissive+",
        ),
        (
            "addresses",
            "{rules: [{from: [{source: {ipBlocks: ['10.0.0.0/8']}}]}]}",
            "5432=permissive* 8080=permissive*",
        ),
        (
            "paths on one port",
            "{rules: [{to: [{operation: {paths: [/], ports: ['8080']}}]}]}",
            "5432=permissive+ 8080=permissive*",
        ),
        (
            "26 but on one port",
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], to: [{operation: {notPorts: ['8080']}}]}]}",
            "5432=permissive+ 8080=permissive",
        ),
        (
            "26 on one port, as a condition",
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], when: [{key: destination.port, values: ['8080']}]}]}",
            "5432=permissive 8080=permissive+",
        ),
        (
            "26 but on one port, as a condition",
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], when: [{key: destination.port, notValues: ['8080']}]}]}",
            "5432=permissive+ 8080=permissive",
        ),
        (
            "addresses on one port, as a condition",
            "{rules: [{from: [{source: {ipBlocks: ['10.0.0.0/8']}}], when: [{key: destination.port, values: ['8080']}]}]}",
            "5432=permissive+ 8080=permissive*",
        ),
        ("another workload", "{selector: {matchLabels: {app: web}}}", "5432=permissive 8080=permissive"),
        (
            "a waypoint",
            "{targetRefs: [{kind: Service, name: cart}], rules: []}",
            "5432=permissive 8080=permissive",
        ),
        ("only audited", "{action: AUDIT, rules: [{}]}", "5432=permissive 8080=permissive"),
    ] {
        let text = istio(&[authorization(spec)]);
        assert_eq!(standing(&text), format!("istio-sidecar {expected}"), "{name}");
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

#[test]
fn policies_at_a_waypoint_limit_who_calls_through_it() {
    let aimed = |kind: &str, name: &str| {
        let group = if kind == "Service" { "''" } else { "gateway.networking.k8s.io" };
        authorization(&format!(
            "{{targetRefs: [{{group: {group}, kind: {kind}, name: {name}}}], rules: [{{from: [{{source: {{principals: [a]}}}}]}}]}}"
        ))
    };
    let labels = |more: &str| format!("labels: {{istio.io/dataplane-mode: ambient{more}}}");
    let with = ", istio.io/use-waypoint: way";
    for (row, labels, policy, expected) in [
        ("no policy", labels(with), String::new(), Truth::False),
        ("the Service", labels(with), aimed("Service", "cart"), Truth::True),
        ("another Service", labels(with), aimed("Service", "web"), Truth::False),
        ("the waypoint", labels(with), aimed("Gateway", "way"), Truth::True),
        ("no waypoint", labels(""), aimed("Service", "cart"), Truth::False),
        (
            "everybody may",
            labels(with),
            authorization("{targetRefs: [{kind: Service, name: cart}], rules: [{}]}"),
            Truth::False,
        ),
        (
            "the waypoint of another namespace",
            labels(", istio.io/use-waypoint: way, istio.io/use-waypoint-namespace: infra"),
            aimed("Gateway", "way"),
            Truth::False,
        ),
    ] {
        let estate = estate(&format!("{}{}{policy}", namespace(&labels), cart(APP, "")));
        let set = Set::new(estate.view(0));
        let (id, _) = set.workloads().iter().next().expect("a workload");
        let ports = &set.mesh().of(id).ports;
        let limited = ports.iter().map(|inbound| inbound.admission.is_limited).fold(Truth::False, Truth::or);
        assert_eq!(limited, expected, "{row}");
        // Past the waypoint a Pod takes what it takes.
        assert!(ports.iter().all(|inbound| inbound.mode == Mode::Permissive), "{row}");
    }
}

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
fn pods_of_gateways_are_judged_as_gateways() {
    let metadata = format!("{APP}, annotations: {{inject.istio.io/templates: gateway}}");
    let text = format!("{}{}", namespace(INJECTED), cart(APP, ""));
    let text = text.replace(
        "containers: [{name: cart, ports",
        "containers: [{name: istio-proxy, args: [proxy, router], ports",
    );
    let own = estate(&text);
    let set = Set::new(own.view(0));
    let (id, _) = set.workloads().iter().next().expect("a workload");
    assert!(
        set.mesh().of(id).ports.iter().all(|inbound| !inbound.is_judged),
        "a proxy that is a gateway itself"
    );
    for (metadata, judged) in [(metadata.as_str(), 0), (APP, 2)] {
        let estate = estate(&format!("{}{}", namespace(INJECTED), cart(metadata, "")));
        let set = Set::new(estate.view(0));
        let (id, _) = set.workloads().iter().next().expect("a workload");
        let ports = set.mesh().of(id).ports.iter().filter(|inbound| inbound.is_judged);
        assert_eq!(ports.count(), judged, "{metadata}");
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
