//! Policies at random against an evaluator that is written from the text of the API alone (networking/v1
//! `NetworkPolicySpec` and below): no index, no order, every policy and every rule for every question.

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use super::{super::*, estate};

const NAMESPACES: [&str; 2] = ["shop", "far"];
const LABELS: [&str; 3] = ["a", "b", "c"];
const PORTS: [u16; 3] = [80, 81, 90];

fn labels() -> impl Strategy<Value = Value> {
    option::of(select(&LABELS[..])).prop_map(|label| label.map_or(json!({}), |label| json!({"app": label})))
}

fn selector() -> impl Strategy<Value = Value> {
    prop_oneof![
        labels().prop_map(|labels| json!({"matchLabels": labels})),
        (select(&["In", "NotIn"][..]), vec(select(&LABELS[..]), 1..3)).prop_map(|(operator, values)| json!({
            "matchExpressions": [{"key": "app", "operator": operator, "values": values}]
        })),
        select(&["Exists", "DoesNotExist"][..])
            .prop_map(|operator| json!({"matchExpressions": [{"key": "app", "operator": operator}]})),
    ]
}

fn peer() -> impl Strategy<Value = Value> {
    prop_oneof![
        selector().prop_map(|pods| json!({"podSelector": pods})),
        selector().prop_map(|namespaces| json!({"namespaceSelector": namespaces})),
        (selector(), selector())
            .prop_map(|(pods, namespaces)| json!({"podSelector": pods, "namespaceSelector": namespaces})),
    ]
}

fn port() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        Just(json!({"protocol": "UDP"})),
        select(&PORTS[..]).prop_map(|port| json!({"port": port, "protocol": "UDP"})),
        select(&PORTS[..]).prop_map(|port| json!({"port": port})),
        select(&PORTS[..]).prop_map(|port| json!({"port": port, "endPort": 90})),
        select(&["web", "sql"][..]).prop_map(|name| json!({"port": name, "protocol": "TCP"})),
    ]
}

fn rules(peers: &'static str) -> impl Strategy<Value = Option<Value>> {
    let rule =
        (option::of(vec(peer(), 0..3)), option::of(vec(port(), 0..3))).prop_map(move |(who, ports)| {
            let mut rule = json!({});
            if let Some(who) = who {
                rule[peers] = who.into();
            }
            if let Some(ports) = ports {
                rule["ports"] = ports.into();
            }
            rule
        });
    option::of(vec(rule, 0..3)).prop_map(|rules| rules.map(Into::into))
}

fn policy() -> impl Strategy<Value = Value> {
    let types = option::of(prop_oneof![
        Just(json!(["Ingress"])),
        Just(json!(["Egress"])),
        Just(json!(["Ingress", "Egress"]))
    ]);
    (select(&NAMESPACES[..]), option::of(selector()), rules("from"), rules("to"), types).prop_map(
        |(namespace, pods, ingress, egress, types)| {
            let mut spec = json!({});
            for (key, value) in
                [("podSelector", pods), ("ingress", ingress), ("egress", egress), ("policyTypes", types)]
            {
                if let Some(value) = value {
                    spec[key] = value;
                }
            }
            json!({"namespace": namespace, "spec": spec})
        },
    )
}

fn selects(selector: &Value, labels: &Value) -> bool {
    let mut matches = true;
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        matches &= labels.get(key) == Some(value);
    }
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().expect("as generated");
        let value = labels.get(key);
        let listed = value.is_some_and(|value| {
            expression["values"].as_array().is_some_and(|values| values.contains(value))
        });
        matches &= match expression["operator"].as_str() {
            Some("In") => listed,
            Some("NotIn") => !listed,
            Some("Exists") => value.is_some(),
            _ => value.is_none(),
        };
    }
    matches
}

/// One Pod: `{namespace, labels, namespaceLabels}`.
fn is_peer(peer: &Value, policy: &Value, pod: &Value) -> bool {
    let pods = peer.get("podSelector").is_none_or(|pods| selects(pods, &pod["labels"]));
    let namespace =
        peer.get("namespaceSelector").map_or(pod["namespace"] == policy["namespace"], |selector| {
            selects(selector, &pod["namespaceLabels"])
        });
    pods && namespace
}

fn is_port(port: &Value, (number, protocol): (u16, &str)) -> bool {
    if port["protocol"].as_str().unwrap_or("TCP") != protocol {
        return false;
    }
    match &port["port"] {
        Value::Null => true,
        // The one container of every Pod names port 80 so.
        Value::String(name) => name == "web" && number == 80,
        first => {
            let last = port.get("endPort").unwrap_or(first);
            (first.as_u64()..=last.as_u64()).contains(&Some(u64::from(number)))
        }
    }
}

fn direction(
    policies: &[Value],
    (rules, peers): (&str, &str),
    own: &Value,
    other: &Value,
    port: (u16, &str),
) -> bool {
    let mut isolated = false;
    let mut allowed = false;
    for policy in policies {
        let spec = &policy["spec"];
        let selected = policy["namespace"] == own["namespace"]
            && spec.get("podSelector").is_none_or(|selector| selects(selector, &own["labels"]));
        let applies = match spec.get("policyTypes").and_then(Value::as_array) {
            Some(types) => {
                types.iter().any(|kind| kind.as_str().map(str::to_lowercase).as_deref() == Some(rules))
            }
            None => rules == "ingress" || spec["egress"].as_array().is_some_and(|egress| !egress.is_empty()),
        };
        if !selected || !applies {
            continue;
        }
        isolated = true;
        for rule in spec[rules].as_array().into_iter().flatten() {
            let listed = |key: &str| rule[key].as_array().filter(|items| !items.is_empty());
            let who = listed(peers).is_none_or(|all| all.iter().any(|peer| is_peer(peer, policy, other)));
            let at = listed("ports").is_none_or(|all| all.iter().any(|listed| is_port(listed, port)));
            allowed |= who && at;
        }
    }
    !isolated || allowed
}

proptest! {
    #[test]
    fn policies_allow_what_the_text_of_the_api_allows(
        policies in vec(policy(), 0..4),
        pods in vec((select(&NAMESPACES[..]), labels()), 2..4),
        namespace_labels in vec(labels(), 2),
    ) {
        let mut documents = Vec::new();
        for (name, labels) in NAMESPACES.iter().zip(&namespace_labels) {
            documents.push(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}));
        }
        for (index, (namespace, labels)) in pods.iter().enumerate() {
            documents.push(json!({
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": format!("p{index}"), "namespace": namespace, "labels": labels},
                "spec": {"containers": [{"name": "a", "ports": [{"name": "web", "containerPort": 80}]}]},
            }));
        }
        for (index, policy) in policies.iter().enumerate() {
            documents.push(json!({
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "metadata": {"name": format!("n{index}"), "namespace": policy["namespace"]}, "spec": policy["spec"],
            }));
        }
        let text = documents.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n---\n");
        let estate = estate(&text);
        let set = Set::new(estate.view(0));
        let id = |index: usize| {
            set.workloads().by_id(&format!("Pod/{}/p{index}", pods[index].0)).expect("declared above")
        };
        let pod = |index: usize| {
            let (namespace, labels) = &pods[index];
            let position = NAMESPACES.iter().position(|name| name == namespace).expect("one of two");
            json!({"namespace": namespace, "labels": labels, "namespaceLabels": namespace_labels[position]})
        };
        for from in 0..pods.len() {
            for to in (0..pods.len()).filter(|to| *to != from) {
                for (number, protocol) in PORTS.into_iter().flat_map(|port| [(port, "TCP"), (port, "UDP")]) {
                    let port = Port { number: Some(number), protocol };
                    let allowed = set.network().allowed(&set, Peer::Workload(id(from)), id(to), port);
                    let expected = direction(&policies, ("egress", "to"), &pod(from), &pod(to), (number, protocol))
                        && direction(&policies, ("ingress", "from"), &pod(to), &pod(from), (number, protocol));
                    prop_assert_eq!(allowed.truth, Truth::from(expected), "{} to {} on {} {}", from, to, protocol, number);
                    // Whoever is listed as admitted is, and whoever is admitted is listed.
                    let admitted = set.network().admitted(&set, id(to), port, 99);
                    let listed = admitted.callers.iter().any(|(caller, _)| *caller == id(from));
                    if admitted.everyone == Truth::False {
                        prop_assert_eq!(listed, expected, "{} among the callers of {} on {} {}", from, to, protocol, number);
                    }
                }
            }
        }
    }
}
