//! Row 26: what `AuthorizationPolicy` demands, and whom it limits.

use super::*;

fn authorization(spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a, namespace: shop}}\nspec: {spec}\n---\n"
    )
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
