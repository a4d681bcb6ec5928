//! What a workload's remedy is told of its callers, and of what is there already.

use super::*;
use crate::facts::{Fact, Value};

/// A Deployment `web` of the same namespace that calls `cart`.
const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: web, env: [{name: CART_URL, value: 'http://cart'}]}]}}}\n---\n";

/// A field of the fact about `cart`.
fn field(text: &str, key: &str) -> Fact {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let subject = workloads(&set).into_iter().find(|subject| subject.resource == "Deployment/shop/cart");
    subject.expect("cart").fact.get(key).expect("a field").clone()
}

fn count(fact: &Fact) -> usize {
    match &fact.value {
        Value::Array(items) => items.len(),
        other => panic!("a list, and no {other:?}"),
    }
}

#[test]
fn only_who_calls_by_mtls_can_be_named() {
    let rule = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, namespace: shop}\nspec: {host: cart, trafficPolicy: {tls: {mode: DISABLE}}}\n---\n";
    for (row, policy, named) in [
        ("mTLS", String::new(), 1),
        ("plaintext by the server", peer("a", "shop", "{mtls: {mode: DISABLE}}"), 0),
        ("plaintext by the client", rule.to_owned(), 0),
    ] {
        let text = format!("{}{policy}{WEB}", istio(&[]));
        assert_eq!(count(&field(&text, "callers")), named, "{row}");
        assert_eq!(count(&field(&text, "others")), 1 - named, "{row}");
    }
}

#[test]
fn ambient_workloads_may_see_a_waypoint_instead() {
    let ambient = |more: &str| namespace(&format!("labels: {{istio.io/dataplane-mode: ambient{more}}}"));
    for (row, text, expected) in [
        ("ambient", ambient(""), Value::Bool(false)),
        ("a waypoint", ambient(", istio.io/use-waypoint: way"), Value::Bool(true)),
        (
            "sidecars see who calls",
            namespace("labels: {istio-injection: enabled, istio.io/use-waypoint: way}"),
            Value::Bool(false),
        ),
    ] {
        assert_eq!(field(&format!("{text}{}", cart(APP, "")), "waypoint").value, expected, "{row}");
    }
}

#[test]
fn consul_tells_what_is_about_it_already() {
    let pod = |more: &str| {
        let annotations = format!("annotations: {{consul.hashicorp.com/connect-inject: 'true'{more}}}");
        format!("{}{}", namespace(""), cart(&format!("{APP}, {annotations}"), ""))
    };
    let intentions = |name: &str| {
        format!(
            "apiVersion: consul.hashicorp.com/v1alpha1\nkind: ServiceIntentions\nmetadata: {{name: i-{name}, namespace: shop}}\nspec: {{destination: {{name: {name}}}, sources: []}}\n---\n"
        )
    };
    let both = intentions("cart") + &intentions("web");
    let one = format!("{}{both}", pod(""));
    assert_eq!(count(&field(&one, "intentions")), 1);
    assert_eq!(field(&one, "service_name").value, Value::String("cart".into()));
    let several = format!("{}{both}", pod(", consul.hashicorp.com/connect-service: 'cart,web'"));
    assert_eq!(count(&field(&several, "intentions")), 2);
    assert_eq!(field(&several, "service_name").value, Value::Null);
}

#[test]
fn kuma_tells_where_policies_for_a_mesh_lie() {
    let injected = namespace("labels: {kuma.io/sidecar-injection: enabled}");
    let policy = |kind: &str, namespace: &str| {
        format!(
            "apiVersion: kuma.io/v1alpha1\nkind: {kind}\nmetadata: {{name: a, namespace: {namespace}}}\nspec: {{targetRef: {{kind: Mesh}}}}\n---\n"
        )
    };
    for (policy, expected) in [
        (policy("MeshTLS", "kong-mesh-system"), Value::String("kong-mesh-system".into())),
        (policy("MeshTrafficPermission", "kuma-system"), Value::String("kuma-system".into())),
        (policy("MeshTrafficPermission", "shop"), Value::Null),
    ] {
        let text = format!("{injected}{}{policy}", cart(APP, ""));
        assert_eq!(field(&text, "mesh_namespace").value, expected, "{policy}");
    }
}
