use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Value,
    source::{Source, Sources, Status},
};

/// Texts of `dead`, ids of `rivals` and texts of `open`, of each policy that has any.
fn found(text: &str) -> Vec<String> {
    found_in(vec![Source::new("a.yaml", text, None, Status::Read)])
}

fn found_in(sources: Vec<Source>) -> Vec<String> {
    let sources = Sources::new(sources);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    let estate = Estate::new(sources, documents, Vec::new(), "shop");
    let subjects = policies(&Set::new(estate.view(0)));
    let texts = |fact: &Fact, list: &str, key: &str| -> Vec<String> {
        let Some(Value::Array(items)) = fact.get(list).map(|list| &list.value) else {
            panic!("`{list}` is no list");
        };
        let text = |item: &Fact| match item.get(key).map(|field| &field.value) {
            Some(Value::String(text)) => format!("{list}: {text}"),
            other => panic!("`{key}` is {other:?}"),
        };
        items.iter().map(text).collect()
    };
    let of = |subject: &Subject| {
        let fact = &subject.fact;
        [texts(fact, "dead", "text"), texts(fact, "rivals", "id"), texts(fact, "open", "missing")].concat()
    };
    subjects
        .iter()
        .flat_map(|subject| of(subject).into_iter().map(|text| format!("{} {text}", subject.resource)))
        .collect()
}

const CART: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, ports: [{containerPort: 8080}]}]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: cart}\nspec: {selector: {app: cart}, ports: [{port: 80, targetPort: 8080}]}\n---\n";

fn peer(namespace: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: p, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

fn object(version: &str, kind: &str, spec: &str) -> String {
    format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: p}}\nspec: {spec}\n---\n")
}

#[test]
fn what_has_no_effect_is_said_where_it_stands() {
    for (name, policy, expected) in [
        ("a selector that fits", peer("shop", "{selector: {matchLabels: {app: cart}}}"), ""),
        ("the whole namespace", peer("shop", "{mtls: {mode: STRICT}}"), ""),
        (
            "a selector in the root",
            peer("istio-system", "{selector: {matchLabels: {app: cart}}}"),
            "dead: has a selector in the root",
        ),
        (
            "a selector of nothing",
            peer("shop", "{selector: {matchLabels: {app: web}}}"),
            "dead: selects no workload",
        ),
        (
            "a namespace elsewhere",
            peer("other", "{selector: {matchLabels: {app: web}}}"),
            "open: workloads of namespace other",
        ),
        (
            "a selector that is none",
            peer("shop", "{selector: [a]}"),
            "dead: has a `spec.selector` that is not an object",
        ),
        ("a mode that is none", peer("shop", "{mtls: {mode: ON}}"), "dead: has a value at `spec.mtls.mode`"),
        (
            "a mode without its key",
            peer("shop", "{mtls: STRICT}"),
            "dead: has a `spec.mtls` that is not an object",
        ),
        (
            "a selector of another kind",
            peer("shop", "{selector: {matchExpressions: [{key: app, operator: Exists}]}}"),
            "dead: has `spec.selector.matchExpressions`, a field that does not exist",
        ),
        (
            "a policy that is a list",
            object("networking.istio.io/v1", "DestinationRule", "{host: cart, trafficPolicy: [1]}"),
            "dead: has a `spec.trafficPolicy` that is not an object",
        ),
        (
            "a port as text",
            object(
                "networking.istio.io/v1",
                "DestinationRule",
                "{host: cart, trafficPolicy: {portLevelSettings: [{port: {number: '80'}}]}}",
            ),
            "dead: has a `spec.trafficPolicy.portLevelSettings[0].port.number` that is not a number",
        ),
        (
            "a route whose parent is no list",
            object("gateway.networking.k8s.io/v1", "HTTPRoute", "{parentRefs: {name: g}}"),
            "dead: has a `spec.parentRefs` that is not a list",
        ),
        (
            "a Sidecar whose host has no namespace",
            object("networking.istio.io/v1", "Sidecar", "{egress: [{hosts: ['cart']}]}"),
            "dead: has a host at `spec.egress[0].hosts[0]` without its namespace",
        ),
        (
            "a port without selector",
            peer("shop", "{portLevelMtls: {8080: {mode: STRICT}}}"),
            "dead: sets a mode for port 8080 without",
        ),
        (
            "the port of the Service",
            peer("shop", "{selector: {matchLabels: {app: cart}}, portLevelMtls: {80: {mode: STRICT}}}"),
            "dead: sets a mode for port 80, which no container of its workloads serves (Service/shop/cart leads to 8080)",
        ),
        (
            "the port of the container",
            peer("shop", "{selector: {matchLabels: {app: cart}}, portLevelMtls: {8080: {mode: STRICT}}}"),
            "",
        ),
        (
            "a port in words",
            peer("shop", "{selector: {matchLabels: {app: cart}}, portLevelMtls: {http: {mode: STRICT}}}"),
            "dead: has the port `http`, which is no number",
        ),
        ("a short host", object("networking.istio.io/v1", "DestinationRule", "{host: cart}"), ""),
        (
            "a host that is not there",
            object("networking.istio.io/v1", "DestinationRule", "{host: web}"),
            "open: Service/shop/web",
        ),
        (
            "a full host that is not there",
            object("networking.istio.io/v1", "DestinationRule", "{host: cart.other.svc.cluster.local}"),
            "open: Service/other/cart",
        ),
        (
            "a wildcard",
            object("networking.istio.io/v1", "DestinationRule", "{host: '*.shop.svc.cluster.local'}"),
            "",
        ),
        (
            "a host with a dot",
            object("networking.istio.io/v1", "DestinationRule", "{host: cart.shop}"),
            "dead: names the host `cart.shop`",
        ),
        ("a host outside", object("networking.istio.io/v1", "DestinationRule", "{host: cart.example}"), ""),
        (
            "a credential that is dropped",
            object(
                "networking.istio.io/v1",
                "DestinationRule",
                "{host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}}",
            ),
            "dead: has a `credentialName`",
        ),
        (
            "a credential of a gateway",
            object(
                "networking.istio.io/v1",
                "DestinationRule",
                "{host: cart, trafficPolicy: {tls: {mode: SIMPLE, credentialName: c}}}",
            ) + &object("networking.istio.io/v1", "Gateway", "{selector: {istio: ingressgateway}}")
                + &object(
                    "networking.istio.io/v1",
                    "VirtualService",
                    "{hosts: [a.example.com], gateways: [p], http: [{route: [{destination: {host: cart}}]}]}",
                ),
            "",
        ),
        (
            "a credential from a ConfigMap",
            object(
                "networking.istio.io/v1",
                "DestinationRule",
                "{host: a.example.com, trafficPolicy: {tls: {mode: SIMPLE, credentialName: 'configmap://c'}}}",
            ),
            "",
        ),
        (
            "an action that is none",
            object("security.istio.io/v1", "AuthorizationPolicy", "{action: PERMIT}"),
            "dead: has a value at `spec.action` that is none of its values",
        ),
        (
            "a server of nothing",
            object("policy.linkerd.io/v1", "Server", "{podSelector: {matchLabels: {app: web}}, port: 80}"),
            "dead: selects no workload",
        ),
        (
            "a server that is missing",
            object(
                "policy.linkerd.io/v1",
                "AuthorizationPolicy",
                "{targetRef: {kind: Server, name: web}, requiredAuthenticationRefs: []}",
            ),
            "open: Server/shop/web",
        ),
        (
            "a route that is missing",
            object(
                "policy.linkerd.io/v1",
                "AuthorizationPolicy",
                "{targetRef: {group: policy.linkerd.io, kind: HTTPRoute, name: r}, requiredAuthenticationRefs: []}",
            ),
            "open: HTTPRoute/shop/r",
        ),
        (
            "a route without a server",
            object(
                "policy.linkerd.io/v1",
                "AuthorizationPolicy",
                "{targetRef: {group: policy.linkerd.io, kind: HTTPRoute, name: p}, requiredAuthenticationRefs: []}",
            ) + &object("policy.linkerd.io/v1", "HTTPRoute", "{parentRefs: [{kind: Gateway, name: g}]}"),
            "dead: authorizes requests of HTTPRoute/shop/p, which belongs to no Server",
        ),
        (
            "a network policy of nothing",
            object("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {matchLabels: {app: web}}}"),
            "dead: selects no workload",
        ),
        ("a network policy for all", object("networking.k8s.io/v1", "NetworkPolicy", "{}"), ""),
    ] {
        let found = found(&format!("{CART}{policy}")).join("; ");
        assert_eq!(found.is_empty(), expected.is_empty(), "{name}: {found}");
        assert!(found.contains(expected), "{name}: {found}");
    }
}

#[test]
fn policies_about_the_same_are_rivals_unless_they_agree_or_their_age_decides() {
    let two = |first: &str, second: &str, year: [&str; 2]| {
        let one = |name: &str, mode: &str, year: &str| {
            let created = if year.is_empty() {
                String::new()
            } else {
                format!("creationTimestamp: '{year}-01-01T00:00:00Z', ")
            };
            format!(
                "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{{created}name: {name}}}\nspec: {{mtls: {{mode: {mode}}}}}\n---\n"
            )
        };
        format!("{CART}{}{}", one("a", first, year[0]), one("b", second, year[1]))
    };
    for (name, text, expected) in [
        ("they agree", two("STRICT", "STRICT", ["", ""]), vec![]),
        (
            "nothing tells",
            two("STRICT", "PERMISSIVE", ["", ""]),
            vec!["PeerAuthentication/shop/a rivals: PeerAuthentication/shop/b"],
        ),
        (
            "age decides",
            two("STRICT", "PERMISSIVE", ["2025", "2024"]),
            vec![
                "PeerAuthentication/shop/a dead: is ignored whole: PeerAuthentication/shop/b is older, and one policy wins",
            ],
        ),
    ] {
        assert_eq!(found(&text), expected, "{name}");
    }
}

#[test]
fn a_policy_of_a_component_may_select_what_the_component_is_added_to() {
    let policy = object("networking.k8s.io/v1", "NetworkPolicy", "{podSelector: {matchLabels: {app: web}}}");
    let found = |kustomization: &str| {
        let skipped = Status::Skipped("kustomization that was not built".to_owned());
        found_in(vec![
            Source::new("base/cart.yaml", CART, None, Status::Read),
            Source::new("guard/kustomization.yaml", kustomization, None, skipped),
            Source::new("guard/policy.yaml", policy.as_str(), None, Status::Read),
        ])
    };
    assert_eq!(
        found("kind: Component\nresources: [policy.yaml]\n"),
        ["NetworkPolicy/shop/p open: what `kubectl kustomize` makes of guard/kustomization.yaml"]
    );
    let whole = found("resources: [policy.yaml]\n");
    assert_eq!(whole, ["NetworkPolicy/shop/p dead: selects no workload of namespace shop"]);
}

#[test]
fn a_patch_leaves_out_what_it_does_not_change() {
    let patch = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: p}\nspec: {trafficPolicy: {}}\n";
    let found = |kustomization: &str| {
        let skipped = Status::Skipped("kustomization".to_owned());
        found_in(vec![
            Source::new("guard/kustomization.yaml", kustomization, None, skipped),
            Source::new("guard/patch.yaml", patch, None, Status::Read),
        ])
    };
    // Another kustomization may name it, which is not in the input.
    assert_eq!(
        found("kind: Component\npatches: [{path: other.yaml}]\n"),
        ["DestinationRule/shop/p open: what `kubectl kustomize` makes of guard/kustomization.yaml"]
    );
    assert_eq!(
        found("kind: Component\npatches: [{path: patch.yaml}]\n"),
        Vec::<String>::new(),
        "no policy by itself"
    );
}
