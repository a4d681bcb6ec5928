//! Row 30, and the meshes beside Istio and Linkerd.

use super::*;

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

/// Whether the policies of a set say who may call its first workload.
fn limit(text: &str) -> Truth {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let (id, _) = set.workloads().iter().next().expect("a workload");
    set.mesh().of(id).ports.first().expect("a port").admission.is_limited
}

const MESH: &str = "apiVersion: kuma.io/v1alpha1\nkind: Mesh\nmetadata: {name: default}\nspec: {mtls: {enabledBackend: ca, backends: [{name: ca, type: builtin}]}}\n---\n";

fn of_kuma(kind: &str, name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: kuma.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

#[test]
fn permissions_of_kuma_are_one_list_of_which_the_last_entry_holds() {
    let injected = "labels: {kuma.io/sidecar-injection: enabled}";
    let system = |name: &str, spec: &str| of_kuma("MeshTrafficPermission", name, "kuma-system", spec);
    let entry =
        |whom: &str, action: &str| format!("{{targetRef: {{{whom}}}, default: {{action: {action}}}}}");
    let all = |action: &str| entry("kind: Mesh", action);
    let web = |action: &str| entry("kind: MeshSubset, tags: {kuma.io/service: web_shop_svc_80}", action);
    let about = |target: &str, from: &str| format!("{{targetRef: {{{target}}}, from: [{from}]}}");
    let open = system("open", &about("kind: Mesh", &all("Allow")));
    let with = |others: String| format!("{open}{others}");
    let cart = "kind: MeshSubset, tags: {app: cart}";
    let before = |sources: &str| {
        of_kuma(
            "TrafficPermission",
            "before",
            "kuma-system",
            &format!(
                "{{sources: [{{match: {sources}}}], destinations: [{{match: {{kuma.io/service: '*'}}}}]}}"
            ),
        )
    };
    for (name, policies, expected) in [
        ("none", String::new(), Truth::Unknown),
        ("everybody", open.clone(), Truth::False),
        ("a shadow", system("a", &about("kind: Mesh", &all("AllowWithShadowDeny"))), Truth::False),
        ("one who is denied", with(system("no", &about("kind: Mesh", &web("Deny")))), Truth::False),
        ("one who is let in", system("a", &about("kind: Mesh", &web("Allow"))), Truth::True),
        ("the smaller name", with(system("a", &about("kind: Mesh", &all("Deny")))), Truth::True),
        ("the larger name", with(system("z", &about("kind: Mesh", &all("Deny")))), Truth::False),
        ("a part of the mesh", with(system("z", &about(cart, &all("Deny")))), Truth::True),
        (
            "another part",
            with(system("z", &about("kind: MeshSubset, tags: {app: web}", &all("Deny")))),
            Truth::False,
        ),
        (
            "a part that is not known",
            with(system("z", &about("kind: MeshSubset, tags: {kuma.io/zone: east}", &all("Deny")))),
            Truth::Unknown,
        ),
        (
            "a service",
            with(system("z", &about("kind: MeshService, name: cart_shop_svc_80", &all("Deny")))),
            Truth::True,
        ),
        (
            "another service",
            with(system("z", &about("kind: MeshService, name: cart_front_svc_80", &all("Deny")))),
            Truth::False,
        ),
        (
            "a service and its tags",
            with(system(
                "z",
                &about("kind: MeshServiceSubset, name: cart_shop_svc, tags: {version: v2}", &all("Deny")),
            )),
            Truth::False,
        ),
        (
            "proxies by labels",
            with(system("z", &about("kind: Dataplane, labels: {app: cart}", &all("Deny")))),
            Truth::True,
        ),
        (
            "a port of proxies",
            with(system(
                "z",
                &about("kind: Dataplane, labels: {app: cart}, sectionName: '9090'", &all("Deny")),
            )),
            Truth::False,
        ),
        ("one proxy", with(system("z", &about("kind: Dataplane, name: a", &all("Deny")))), Truth::Unknown),
        (
            "gateways alone",
            with(system("a", &about("kind: Mesh, proxyTypes: [Gateway]", &all("Deny")))),
            Truth::False,
        ),
        (
            "proxies over a subset",
            with(
                system("a", &about("kind: Dataplane, labels: {app: cart}", &all("Deny")))
                    + &system("b", &about(cart, &all("Allow"))),
            ),
            Truth::False,
        ),
        (
            "the namespace itself",
            with(of_kuma("MeshTrafficPermission", "z", "shop", &about("kind: Mesh", &all("Deny")))),
            Truth::True,
        ),
        (
            "another namespace",
            with(of_kuma("MeshTrafficPermission", "a", "front", &about("kind: Mesh", &all("Deny"))))
                + &namespace(injected).replace("name: shop", "name: front"),
            Truth::False,
        ),
        (
            "a namespace that may be the control plane's",
            with(of_kuma("MeshTrafficPermission", "a", "mesh", &about("kind: Mesh", &all("Deny")))),
            Truth::Unknown,
        ),
        (
            "the last entry",
            system("a", &about("kind: Mesh", &format!("{}, {}", all("Deny"), all("Allow")))),
            Truth::False,
        ),
        (
            "a subset of all",
            system("a", &about("kind: Mesh", &entry("kind: MeshSubset", "Allow"))),
            Truth::False,
        ),
        (
            "a subset of any tag",
            system("a", &about("kind: Mesh", &entry("kind: MeshSubset, tags: {kuma.io/zone: '*'}", "Allow"))),
            Truth::False,
        ),
        (
            "a zone",
            system(
                "a",
                &about("kind: Mesh", &entry("kind: MeshSubset, tags: {kuma.io/zone: east}", "Allow")),
            ),
            Truth::Unknown,
        ),
        (
            "a zone of a team",
            system(
                "a",
                &about(
                    "kind: Mesh",
                    &entry("kind: MeshSubset, tags: {kuma.io/zone: east, team: a}", "Allow"),
                ),
            ),
            Truth::True,
        ),
        (
            "all, and a zone as well",
            system(
                "a",
                &about(
                    "kind: Mesh",
                    &format!(
                        "{}, {}",
                        all("Allow"),
                        entry("kind: MeshSubset, tags: {kuma.io/zone: east}", "Allow")
                    ),
                ),
            ),
            Truth::False,
        ),
        (
            "any name",
            with(system("z", &about("kind: MeshSubset, tags: {kuma.io/service: '*'}", &all("Deny")))),
            Truth::True,
        ),
        (
            "a name of its own",
            with(system(
                "z",
                &about("kind: MeshSubset, tags: {k8s.kuma.io/service-name: cart}", &all("Deny")),
            )),
            Truth::True,
        ),
        (
            "its namespace",
            with(system("z", &about("kind: MeshSubset, tags: {k8s.kuma.io/namespace: shop}", &all("Deny")))),
            Truth::True,
        ),
        (
            "a label without a value",
            with(system("z", &about("kind: MeshSubset, tags: {canary: '*'}", &all("Deny")))),
            Truth::False,
        ),
        ("an action that is none", system("a", &about("kind: Mesh", &all("ALLOW"))), Truth::Unknown),
        (
            "identities",
            system(
                "a",
                "{rules: [{default: {allow: [{spiffeID: {type: Exact, value: 'spiffe://a/ns/shop/sa/web'}}]}}]}",
            ),
            Truth::True,
        ),
        (
            "identities of the whole mesh",
            system(
                "a",
                "{rules: [{default: {allow: [{spiffeID: {type: Prefix, value: 'spiffe://a/'}}], deny: [{spiffeID: {type: Exact, value: 'spiffe://a/ns/shop/sa/web'}}]}}]}",
            ),
            Truth::False,
        ),
        (
            "all identities denied",
            system("a", "{rules: [{default: {allow: [{}], deny: [{}]}}]}"),
            Truth::True,
        ),
        ("one of before", before("{kuma.io/service: '*'}"), Truth::False),
        ("one of before for some", before("{kuma.io/service: web}"), Truth::True),
        (
            "one of before beside one about others",
            before("{kuma.io/service: '*'}")
                + &system("a", &about("kind: MeshSubset, tags: {app: web}", &web("Allow"))),
            Truth::False,
        ),
    ] {
        let cart = super::cart("labels: {app: cart, canary: ''}", "");
        let text = format!("{cart}{}{MESH}{policies}", namespace(injected));
        assert_eq!(limit(&text), expected, "{name}");
    }
}

#[test]
fn the_mode_of_kuma_may_be_that_of_a_part() {
    let injected = namespace("labels: {kuma.io/sidecar-injection: enabled}");
    let tls = |name: &str, target: &str, mode: &str| {
        of_kuma(
            "MeshTLS",
            name,
            "kuma-system",
            &format!(
                "{{targetRef: {{{target}}}, from: [{{targetRef: {{kind: Mesh}}, default: {{mode: {mode}}}}}]}}"
            ),
        )
    };
    for (name, policies, expected) in [
        ("the mesh", tls("a", "kind: Mesh", "Permissive"), "permissive"),
        ("the part", tls("a", "kind: MeshSubset, tags: {app: cart}", "Permissive"), "permissive"),
        ("another part", tls("a", "kind: MeshSubset, tags: {app: web}", "Permissive"), "strict"),
        (
            "the part over the mesh",
            tls("a", "kind: Mesh", "Permissive")
                + &tls("b", "kind: Dataplane, labels: {app: cart}", "Strict"),
            "strict",
        ),
        ("a part that is not known", tls("a", "kind: Dataplane, name: x", "Permissive"), "unknown"),
    ] {
        let text = format!("{injected}{}{MESH}{policies}", cart(APP, ""));
        assert_eq!(standing(&text), format!("kuma 5432={expected} 8080={expected}"), "{name}");
    }
}

#[test]
fn intentions_of_consul_say_how_it_is_for_all_others() {
    let pod = cart(&format!("{APP}, annotations: {{consul.hashicorp.com/connect-inject: 'true'}}"), "");
    let intentions = |name: &str, sources: &str| {
        format!(
            "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\nmetadata: {{name: i-{name}, namespace: shop}}\nspec: {{destination: {{name: '{name}'}}, sources: [{sources}]}}\n---\n"
        )
    };
    let all = "{name: '*', action: allow}";
    for (name, resources, expected) in [
        ("none", String::new(), Truth::Unknown),
        ("everybody", intentions("cart", all), Truth::False),
        (
            "everybody but one",
            intentions("cart", &format!("{all}, {{name: web, action: deny}}")),
            Truth::False,
        ),
        ("all of a peer", intentions("cart", "{name: '*', peer: dc2, action: deny}"), Truth::Unknown),
        ("all of a partition", intentions("cart", "{name: '*', partition: a, action: deny}"), Truth::Unknown),
        ("all of a group", intentions("cart", "{name: '*', samenessGroup: a, action: deny}"), Truth::Unknown),
        (
            "all of a namespace",
            intentions("cart", "{name: '*', namespace: batch, action: deny}"),
            Truth::Unknown,
        ),
        (
            "all of all namespaces",
            intentions("cart", "{name: '*', namespace: '*', action: deny}"),
            Truth::True,
        ),
        (
            "all but a peer",
            intentions("cart", &format!("{all}, {{name: '*', peer: dc2, action: deny}}")),
            Truth::False,
        ),
        ("nobody", intentions("cart", "{name: '*', action: deny}"), Truth::True),
        (
            "requests of everybody",
            intentions("cart", "{name: '*', permissions: [{action: allow}]}"),
            Truth::True,
        ),
        ("one alone", intentions("cart", "{name: web, action: deny}"), Truth::Unknown),
        (
            "one apart, and all services",
            intentions("cart", "{name: web, action: allow}") + &intentions("*", "{name: '*', action: deny}"),
            Truth::True,
        ),
        (
            "the service first",
            intentions("cart", all) + &intentions("*", "{name: '*', action: deny}"),
            Truth::False,
        ),
    ] {
        let text = format!("{}{pod}{resources}", namespace(""));
        assert_eq!(limit(&text), expected, "{name}");
    }
    let several = pod.replace(
        "annotations: {",
        "annotations: {consul.hashicorp.com/connect-service: 'cart, cart-admin', ",
    );
    let denied = |name: &str| intentions(name, "{name: '*', action: deny}");
    for (name, resources, expected) in [
        ("one of two services", denied("cart"), Truth::Unknown),
        ("both services", denied("cart") + &denied("cart-admin"), Truth::True),
        ("one is open", denied("cart") + &intentions("cart-admin", all), Truth::False),
        ("one, and all services", denied("cart") + &denied("*"), Truth::True),
    ] {
        let text = format!("{}{several}{resources}", namespace(""));
        assert_eq!(limit(&text), expected, "{name}");
    }
}

#[test]
fn without_mtls_permissions_of_kuma_limit_nobody() {
    let deny = of_kuma("MeshTrafficPermission", "a", "kuma-system", "{from: [{default: {action: Deny}}]}");
    let off = MESH.replace("mtls: {enabledBackend: ca, backends: [{name: ca, type: builtin}]}", "");
    for (mesh, expected) in [(MESH, Truth::True), (&*off, Truth::False), ("", Truth::Unknown)] {
        let injected = namespace("labels: {kuma.io/sidecar-injection: enabled}");
        assert_eq!(limit(&format!("{injected}{}{mesh}{deny}", cart(APP, ""))), expected, "{mesh}");
    }
}

#[test]
fn identities_that_policies_of_kuma_name_are_joined() {
    let system = |name: &str, target: &str, rules: &str| {
        let spec = format!("{{targetRef: {{{target}}}, {rules}}}");
        of_kuma("MeshTrafficPermission", name, "kuma-system", &spec)
    };
    let rules = |list: &str| format!("rules: [{{default: {{{list}}}}}]");
    let (all, one) = ("[{}]", "[{spiffeID: {type: Exact, value: 'spiffe://a/ns/shop/sa/web'}}]");
    let own = "kind: Dataplane, labels: {app: cart}";
    let open = system("open", "kind: Mesh", &rules(&format!("allow: {all}")));
    let from = |action: &str| format!("from: [{{targetRef: {{kind: Mesh}}, default: {{action: {action}}}}}]");
    for (name, policies, expected) in [
        ("one is denied", open.clone() + &system("a", own, &rules(&format!("deny: {one}"))), Truth::False),
        ("one is allowed", open.clone() + &system("a", own, &rules(&format!("allow: {one}"))), Truth::False),
        ("all are denied", open.clone() + &system("a", own, &rules(&format!("deny: {all}"))), Truth::True),
        (
            "all are denied first",
            system("open", "kind: Mesh", &rules(&format!("deny: {all}")))
                + &system("a", own, &rules(&format!("allow: {all}"))),
            Truth::True,
        ),
        ("nobody is allowed", system("a", own, &rules(&format!("deny: {one}"))), Truth::True),
        (
            "all may be denied",
            open.clone() + &system("a", "kind: Dataplane, name: x", &rules(&format!("deny: {all}"))),
            Truth::Unknown,
        ),
        ("a list beside it allows", open.clone() + &system("a", own, &from("Allow")), Truth::False),
        ("a list beside it denies", open + &system("a", own, &from("Deny")), Truth::Unknown),
        (
            "a list allows, and one is allowed",
            system("open", "kind: Mesh", &from("Allow"))
                + &system("a", own, &rules(&format!("allow: {one}"))),
            Truth::False,
        ),
    ] {
        let injected = namespace("labels: {kuma.io/sidecar-injection: enabled}");
        let text = format!("{injected}{}{MESH}{policies}", cart(APP, ""));
        assert_eq!(limit(&text), expected, "{name}");
    }
}
