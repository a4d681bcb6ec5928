use super::*;
use crate::{document::yaml, source::SourceId};

/// What is refused of an object, each with the text at its place.
fn refused(kind: &str, spec: &str) -> Vec<String> {
    let text = format!("apiVersion: x/v1\nkind: X\nmetadata: {{name: p}}\nspec: {spec}\n");
    let (group, kind) = kind.split_once('/').expect("a group and a kind");
    let parsed = yaml::parse(SourceId(0), &text.as_str().into());
    let document = &parsed.documents[0];
    let object = Object {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        namespace: None,
        name: "p".into(),
        is_named_later: false,
        node: document.root,
    };
    let found = refusals(&object, document.root());
    let shown = found.into_iter().map(|refusal| {
        let said = refusal.text.replace(", so the API server refuses it", "");
        format!("{said} @ {}", &text[refusal.place.span()])
    });
    shown.collect()
}

const PEER: &str = "security.istio.io/PeerAuthentication";
const AUTHORIZATION: &str = "security.istio.io/AuthorizationPolicy";
const RULE: &str = "networking.istio.io/DestinationRule";
const SIDECAR: &str = "networking.istio.io/Sidecar";
const GATEWAY: &str = "networking.istio.io/Gateway";
const SERVER: &str = "policy.linkerd.io/Server";
const LINKERD: &str = "policy.linkerd.io/AuthorizationPolicy";

#[test]
fn what_a_definition_has_no_room_for_is_refused_where_it_stands() {
    for (kind, spec, expected) in [
        (PEER, "{mtls: STRICT}", "has a `spec.mtls` that is not an object @ STRICT"),
        (PEER, "{mtls: {mode: STRCT}}", "has a value at `spec.mtls.mode` that is none of its values @ STRCT"),
        (PEER, "{mtls: {mode: true}}", "has a value at `spec.mtls.mode` that is none of its values @ true"),
        (
            GATEWAY,
            "{servers: [{port: {number: '80', protocol: HTTP}, hosts: ['*']}]}",
            "has a `spec.servers[0].port.number` that is not a number @ '80'",
        ),
        (
            GATEWAY,
            "{servers: {port: {number: 80, protocol: HTTP}, hosts: ['*']}}",
            "has a `spec.servers` that is not a list @ servers",
        ),
        (
            GATEWAY,
            "{servers: [{port: {number: 443, protocol: HTTPS}, hosts: ['*'], tls: {mode: simple}}]}",
            "has a value at `spec.servers[0].tls.mode` that is none of its values @ simple",
        ),
        (PEER, "{mode: STRICT}", "has `spec.mode`, a field that does not exist @ mode"),
        (PEER, "{selector: [app]}", "has a `spec.selector` that is not an object @ selector"),
        (PEER, "{selector: {app: cart}}", "has `spec.selector.app`, a field that does not exist @ app"),
        (
            PEER,
            "{selector: {matchExpressions: []}}",
            "has `spec.selector.matchExpressions`, a field that does not exist @ matchExpressions",
        ),
        (
            PEER,
            "{selector: {matchLabels: {app: 1}}}",
            "has a `spec.selector.matchLabels.app` that is not text @ 1",
        ),
        (PEER, "{portLevelMtls: {http: {mode: STRICT}}}", "has the port `http`, which is no number @ http"),
        (
            PEER,
            "{portLevelMtls: {80: STRICT}}",
            "has a `spec.portLevelMtls.80` that is not an object @ STRICT",
        ),
        (PEER, "STRICT", "has a `spec` that is not an object @ STRICT"),
        (
            AUTHORIZATION,
            "{rules: [{to: [{operation: {ports: [8080]}}]}]}",
            "has a `spec.rules[0].to[0].operation.ports[0]` that is not text @ 8080",
        ),
        (
            AUTHORIZATION,
            "{rules: [{from: [{principals: ['*']}]}]}",
            "has `spec.rules[0].from[0].principals`, a field that does not exist @ principals",
        ),
        (AUTHORIZATION, "{rules: {from: []}}", "has a `spec.rules` that is not a list @ rules"),
        (RULE, "{trafficPolicy: {}}", "has no `spec.host` @ spec"),
        (
            RULE,
            "{host: a, trafficPolicy: [1]}",
            "has a `spec.trafficPolicy` that is not an object @ trafficPolicy",
        ),
        (
            RULE,
            "{host: a, trafficPolicy: {tls: {mode: MTLS}}}",
            "has a value at `spec.trafficPolicy.tls.mode` that is none of its values @ MTLS",
        ),
        (
            RULE,
            "{host: a, trafficPolicy: {portLevelSettings: [{port: {number: '80'}}]}}",
            "has a `spec.trafficPolicy.portLevelSettings[0].port.number` that is not a number @ '80'",
        ),
        (
            SIDECAR,
            "{egress: [{hosts: [cart]}]}",
            "has a host at `spec.egress[0].hosts[0]` without its namespace @ cart",
        ),
        (
            SIDECAR,
            "{workloadSelector: {matchLabels: {}}}",
            "has `spec.workloadSelector.matchLabels`, a field that does not exist @ matchLabels",
        ),
        (SERVER, "{podSelector: cart, port: 80}", "has a `spec.podSelector` that is not an object @ cart"),
        (
            SERVER,
            "{podSelector: {app: cart}, port: 80}",
            "has `spec.podSelector.app`, a field that does not exist @ app",
        ),
        (SERVER, "{podSelector: {}}", "has no `spec.port` @ spec"),
        (SERVER, "{podSelector: {}, port: [80]}", "has a `spec.port` that is not a number or a name @ port"),
        (LINKERD, "{targetRef: {kind: Server, name: s}}", "has no `spec.requiredAuthenticationRefs` @ spec"),
        (
            "networking.istio.io/VirtualService",
            "{http: [{route: [{destination: {host: a, port: {number: http}}}]}]}",
            "has a `spec.http[0].route[0].destination.port.number` that is not a number @ http",
        ),
        (
            "gateway.networking.k8s.io/HTTPRoute",
            "{parentRefs: {name: a}}",
            "has a `spec.parentRefs` that is not a list @ parentRefs",
        ),
    ] {
        assert_eq!(refused(kind, spec), [expected], "{kind} {spec}");
    }
}

#[test]
fn what_is_complete_or_left_out_is_taken() {
    for (kind, spec) in [
        (
            PEER,
            "{selector: {matchLabels: {app: cart}}, mtls: {mode: UNSET}, portLevelMtls: {8080: {mode: STRICT}}}",
        ),
        (PEER, "{selector: null, mtls: null}"),
        (AUTHORIZATION, "{}"),
        (
            AUTHORIZATION,
            "{action: DENY, rules: [{from: [{source: {notPrincipals: ['*']}}], to: [{operation: {ports: ['80']}}]}]}",
        ),
        (RULE, "{host: a, trafficPolicy: {tls: {}, loadBalancer: {simple: RANDOM}}}"),
        (SIDECAR, "{egress: [{hosts: [./*, istio-system/*]}], outboundTrafficPolicy: {}}"),
        (SERVER, "{podSelector: {matchExpressions: [{key: app, operator: Exists}]}, port: http}"),
        ("apps/Deployment", "7"),
    ] {
        assert_eq!(refused(kind, spec), [""; 0], "{kind} {spec}");
    }
}
