mod brute_force;

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    source::{Source, Sources, Status},
};

pub(super) fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "shop")
}

const TCP_80: Port<'_> = Port { number: Some(80), protocol: "TCP" };

fn workload(namespace: &str, name: &str, labels: &str, more: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{namespace: {namespace}, name: {name}}}, spec: {{template: {{metadata: {{labels: {labels}}}, spec: {{containers: [{{name: a, ports: [{{name: web, containerPort: 80}}]}}]{more}}}}}}}}}\n---\n"
    )
}

/// A shop whose `web` calls `db` in namespace `shop`; namespace `far` is declared, `lost` is not.
fn shop() -> String {
    [
        workload("shop", "web", "{app: web}", ""),
        workload("shop", "db", "{app: db}", ""),
        workload("far", "web", "{app: web}", ""),
        workload("lost", "web", "{app: web}", ""),
        workload("shop", "host", "{app: host}", ", hostNetwork: true"),
        "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}\n---\n".to_owned(),
        "{apiVersion: v1, kind: Namespace, metadata: {name: far, labels: {team: b}}}\n---\n".to_owned(),
    ]
    .concat()
}

fn policy(spec: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{namespace: shop, name: p}}, spec: {spec}}}\n---\n"
    )
}

fn asked(policies: &str, from: &str, to: &str, port: Port<'_>) -> (Truth, Vec<String>) {
    let estate = estate(&format!("{}{policies}", shop()));
    let set = Set::new(estate.view(0));
    let id = |name: &str| set.workloads().by_id(&format!("Deployment/{name}")).expect("declared above");
    let peer = from.parse().map_or_else(|_| Peer::Workload(id(from)), Peer::Address);
    let allowed = set.network().allowed(&set, peer, id(to), port);
    (allowed.truth, allowed.by.iter().map(|(policy, _)| policy.id.to_string()).collect())
}

#[test]
fn policies_are_evaluated_as_the_api_has_them() {
    use Truth::{False, True, Unknown};
    for (name, policies, from, expected) in [
        ("no policy", String::new(), "shop/web", True),
        ("N1: only ingress by default", policy("{podSelector: {matchLabels: {app: web}}}"), "shop/web", True),
        (
            "N1: egress where there are such rules",
            policy(
                "{podSelector: {matchLabels: {app: web}}, egress: [{to: [{podSelector: {matchLabels: {app: x}}}]}]}",
            ),
            "shop/web",
            False,
        ),
        (
            "N1: egress said",
            policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}"),
            "shop/web",
            False,
        ),
        ("N3: null labels select all", policy("{podSelector: {matchLabels: null}}"), "shop/web", False),
        ("N3: no selector", policy("{ingress: []}"), "shop/web", False),
        ("N4: no peer is everyone", policy("{ingress: [{from: []}]}"), "far/web", True),
        ("N5: an empty rule", policy("{ingress: [{}]}"), "far/web", True),
        (
            "N4: two selectors of one element",
            policy(
                "{ingress: [{from: [{podSelector: {matchLabels: {app: web}}, namespaceSelector: {matchLabels: {team: b}}}]}]}",
            ),
            "shop/web",
            False,
        ),
        (
            "N4: two elements",
            policy(
                "{ingress: [{from: [{podSelector: {matchLabels: {app: web}}}, {namespaceSelector: {matchLabels: {team: b}}}]}]}",
            ),
            "shop/web",
            True,
        ),
        (
            "N4: Pods of its own namespace",
            policy("{ingress: [{from: [{podSelector: {}}]}]}"),
            "far/web",
            False,
        ),
        ("N4: all namespaces", policy("{ingress: [{from: [{namespaceSelector: {}}]}]}"), "lost/web", True),
        (
            "a namespace that nobody declares",
            policy("{ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}}]}]}"),
            "lost/web",
            Unknown,
        ),
        (
            "its name is known all the same",
            policy(
                "{ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: lost}}}]}]}",
            ),
            "lost/web",
            True,
        ),
        ("N6: another port", policy("{ingress: [{ports: [{port: 81}]}]}"), "shop/web", False),
        ("N6: the protocol alone", policy("{ingress: [{ports: [{protocol: TCP}]}]}"), "shop/web", True),
        (
            "N6: another protocol",
            policy("{ingress: [{ports: [{protocol: UDP, port: 80}]}]}"),
            "shop/web",
            False,
        ),
        ("N6: a name", policy("{ingress: [{ports: [{port: web}]}]}"), "shop/web", True),
        ("N6: a name that the Pod lacks", policy("{ingress: [{ports: [{port: sql}]}]}"), "shop/web", False),
        ("N6: a range", policy("{ingress: [{ports: [{port: 70, endPort: 80}]}]}"), "shop/web", True),
        (
            "N7: Pods and blocks",
            policy("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}"),
            "shop/web",
            Unknown,
        ),
        (
            "N7: the world",
            policy("{ingress: [{from: [{ipBlock: {cidr: 9.0.0.0/8, except: [9.1.0.0/16]}}]}]}"),
            "9.2.0.1",
            True,
        ),
        (
            "N7: an exception",
            policy("{ingress: [{from: [{ipBlock: {cidr: 9.0.0.0/8, except: [9.1.0.0/16]}}]}]}"),
            "9.1.0.1",
            False,
        ),
        (
            "N7: Pods of a node's network",
            policy("{ingress: [{from: [{podSelector: {matchLabels: {app: host}}}]}]}"),
            "shop/host",
            Unknown,
        ),
        ("a half-written selector", policy("{podSelector: {matchLabels: {app: 1}}}"), "shop/web", Unknown),
    ] {
        assert_eq!(asked(&policies, from, "shop/db", TCP_80).0, expected, "{name}");
    }
}

#[test]
fn a_port_that_is_not_known_decides_only_where_ports_matter() {
    let unknown = Port { number: None, protocol: "TCP" };
    for (rules, expected) in [
        ("[{}]", Truth::True),
        ("[{ports: [{port: 80}]}]", Truth::Unknown),
        ("[{ports: [{protocol: UDP, port: 80}]}]", Truth::False),
    ] {
        let policy = policy(&format!("{{ingress: {rules}}}"));
        assert_eq!(asked(&policy, "shop/web", "shop/db", unknown).0, expected, "{rules}");
    }
}

fn admin(kind: &str, name: &str, priority: i64, rules: &str) -> String {
    format!(
        "{{apiVersion: policy.networking.k8s.io/v1alpha1, kind: {kind}, metadata: {{name: {name}}}, spec: {{priority: {priority}, subject: {{namespaces: {{matchLabels: {{team: a}}}}}}, ingress: {rules}}}}}\n---\n"
    )
}

#[test]
fn tiers_are_asked_in_their_order() {
    use Truth::{False, True, Unknown};
    const ALL: &str = "from: [{namespaces: {}}]";
    let rule = |action: &str| format!("[{{action: {action}, {ALL}}}]");
    let anp = |name: &str, priority, action: &str| admin("AdminNetworkPolicy", name, priority, &rule(action));
    let baseline = admin("BaselineAdminNetworkPolicy", "default", 0, &rule("Deny"));
    let deny = policy("{podSelector: {}}");
    for (name, policies, expected) in [
        ("Allow goes before policies", [anp("a", 1, "Allow"), deny.clone()].concat(), True),
        ("Deny does", [anp("a", 1, "Deny"), policy("{ingress: [{}]}")].concat(), False),
        ("Pass asks policies", [anp("a", 1, "Pass"), anp("b", 2, "Allow"), deny.clone()].concat(), False),
        ("the lower number first", [anp("a", 2, "Allow"), anp("b", 1, "Deny")].concat(), False),
        ("equal numbers", [anp("a", 1, "Allow"), anp("b", 1, "Deny")].concat(), Unknown),
        ("the baseline alone", baseline.clone(), False),
        ("a policy replaces the baseline", [baseline.clone(), policy("{ingress: [{}]}")].concat(), True),
        ("Pass reaches the baseline", [anp("a", 1, "Pass"), baseline].concat(), False),
    ] {
        assert_eq!(asked(&policies, "far/web", "shop/db", TCP_80).0, expected, "{name}");
    }
    let by_port = admin(
        "AdminNetworkPolicy",
        "a",
        1,
        "[{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}], ports: [{portNumber: {protocol: TCP, port: 80}}]}]",
    );
    assert_eq!(asked(&by_port, "far/web", "shop/db", TCP_80), (False, vec!["AdminNetworkPolicy/a".into()]));
    let other = Port { number: Some(81), protocol: "TCP" };
    assert_eq!(asked(&by_port, "far/web", "shop/db", other).0, True);
}

#[test]
fn policies_of_plugins_make_it_unknown_where_they_may_select() {
    let cilium = |labels: &str| {
        format!(
            "{{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {{name: c}}, spec: {{endpointSelector: {{matchLabels: {labels}}}}}}}\n---\n"
        )
    };
    assert_eq!(asked(&cilium("{app: db}"), "shop/web", "shop/db", TCP_80).0, Truth::Unknown);
    assert_eq!(asked(&cilium("{app: other}"), "shop/web", "shop/db", TCP_80).0, Truth::True);
    assert_eq!(asked(&cilium("{'k8s:app': other}"), "shop/web", "shop/db", TCP_80).0, Truth::Unknown);
}

#[test]
fn the_policy_that_decides_is_named() {
    let deny = policy("{podSelector: {matchLabels: {app: db}}}");
    assert_eq!(
        asked(&deny, "shop/web", "shop/db", TCP_80),
        (Truth::False, vec!["NetworkPolicy/shop/p".to_owned()])
    );
    let allow = deny.replace("name: p", "name: allow").replace("spec: {", "spec: {ingress: [{}], ");
    assert_eq!(
        asked(&[deny, allow].concat(), "shop/web", "shop/db", TCP_80),
        (Truth::True, vec!["NetworkPolicy/shop/allow".to_owned()])
    );
}

#[test]
fn those_who_are_admitted_are_listed() {
    let admitted = |policies: &str| {
        let estate = estate(&format!("{}{policies}", shop()));
        let set = Set::new(estate.view(0));
        let to = set.workloads().by_id("Deployment/shop/db").expect("declared above");
        let admitted = set.network().admitted(&set, to, TCP_80, 10);
        let callers = admitted
            .callers
            .iter()
            .map(|(id, allowed)| format!("{} {:?}", set.workloads().get(*id).resource.id, allowed.truth));
        (admitted.everyone, callers.collect::<Vec<_>>())
    };
    let none = Vec::<String>::new();
    assert_eq!(admitted(""), (Truth::True, none.clone()));
    assert_eq!(admitted(&policy("{ingress: [{}]}")), (Truth::True, none.clone()));
    assert_eq!(
        admitted(&policy("{ingress: [{from: [{namespaceSelector: {}}]}]}")),
        (Truth::True, none.clone())
    );
    assert_eq!(admitted(&policy("{podSelector: {}}")), (Truth::False, none.clone()));
    // Whether a range holds a Pod is the plugin's choice, and what an administrator allows comes first.
    let range = policy("{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}");
    assert_eq!(admitted(&range), (Truth::Unknown, none.clone()));
    let rule = |action| format!("[{{action: {action}, from: [{{namespaces: {{}}}}]}}]");
    for (action, expected) in [("Allow", Truth::Unknown), ("Deny", Truth::False), ("Pass", Truth::False)] {
        let tier = admin("AdminNetworkPolicy", "first", 5, &rule(action));
        let both = format!("{}{tier}", policy("{podSelector: {}}"));
        assert_eq!(admitted(&both), (expected, none.clone()), "{action}");
    }
    // What lives in the network of its node comes from there, whatever its labels are.
    let on_host = "Deployment/shop/host Unknown".to_owned();
    assert_eq!(
        admitted(&policy("{ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}")),
        (Truth::False, vec!["Deployment/shop/web True".to_owned(), on_host.clone()])
    );
    // The API server refuses a number as text; a name that nobody has matches nothing.
    let port = |port: &str| admitted(&policy(&format!("{{ingress: [{{ports: [{{port: {port}}}]}}]}}"))).0;
    assert_eq!(
        ["'80'", "80", "web", "none", "UPPER"].map(port),
        [Truth::Unknown, Truth::True, Truth::True, Truth::False, Truth::Unknown]
    );
    assert_eq!(
        admitted(&policy(
            "{ingress: [{from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: web}}}]}]}"
        )),
        (
            Truth::False,
            vec![
                "Deployment/far/web True".to_owned(),
                "Deployment/lost/web Unknown".to_owned(),
                on_host.clone()
            ]
        )
    );
    let blocked = [
        policy("{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}"),
        policy("{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}")
            .replace("name: p", "name: q"),
    ];
    assert_eq!(admitted(&blocked.concat()), (Truth::False, vec!["Deployment/shop/host Unknown".to_owned()]));
}
