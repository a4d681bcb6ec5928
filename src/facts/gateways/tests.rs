//! What is served beside HTTPS, where the manifest alone does not decide.

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Value,
    source::{Source, Sources, Status},
};

/// `encrypted redirects missing` of each listener.
fn listeners(text: &str) -> Vec<String> {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    let estate = Estate::new(sources, documents, Vec::new(), "default");
    let set = Set::new(estate.view(0));
    let facts = gateways(&set).into_iter().filter_map(|subject| subject.fact.get("listeners").cloned());
    let listeners = facts.flat_map(|listeners| match listeners.value {
        Value::Array(items) => items,
        other => panic!("a list, and no {other:?}"),
    });
    let text = |listener: &Fact, key: &str| match listener.get(key).map(|fact| &fact.value) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Bool(truth)) => truth.to_string(),
        _ => "nothing".to_owned(),
    };
    listeners
        .map(|listener| ["encrypted", "redirects", "missing"].map(|key| text(&listener, key)).join(" "))
        .collect()
}

#[test]
fn entry_points_of_traefik_may_have_tls_of_their_own() {
    let ingress = |class: &str, entry_points: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{{ENTRY_POINTS}: '{entry_points}'}}}}\nspec: {{{class}}}\n"
        )
    };
    let open = "unknown false whether Traefik has TLS at its entry point `websecure`";
    for (name, text, expected) in [
        ("of TLS", ingress("ingressClassName: traefik", "websecure"), open),
        ("of TLS, without a class", ingress("", "websecure"), open),
        ("of plaintext too", ingress("", "web, websecure"), "false false nothing"),
        ("none", ingress("", ""), "false false nothing"),
        ("another controller", ingress("ingressClassName: nginx", "websecure"), "false false nothing"),
    ] {
        assert_eq!(listeners(&text), [expected], "{name}");
    }
}

#[test]
fn load_balancers_of_aws_serve_what_they_are_told() {
    let ingress = |annotations: &str, spec: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{{annotations}}}}}\nspec: {{ingressClassName: alb{spec}}}\n---\n"
        )
    };
    let ports = |ports: &str| format!("alb.ingress.kubernetes.io/listen-ports: '{ports}'");
    let class = |parameters: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: alb}}\nspec: {{controller: ingress.k8s.aws/alb{parameters}}}\n---\n"
        )
    };
    let named = class(", parameters: {apiGroup: elbv2.k8s.aws, kind: IngressClassParams, name: edge}");
    let settings = |spec: &str| {
        format!(
            "apiVersion: elbv2.k8s.aws/v1beta1\nkind: IngressClassParams\nmetadata: {{name: edge}}\nspec: {spec}\n---\n"
        )
    };
    let tls = ", tls: [{hosts: [a.example.com]}]";
    let group = "alb.ingress.kubernetes.io/group.name: team";
    let (plaintext, open) = (
        vec!["false false nothing"],
        vec!["unknown false `certificateArn` of the IngressClassParams of class `alb`"],
    );
    for (name, text, expected) in [
        ("nothing", ingress("", ""), plaintext.clone()),
        ("TLS, whose certificate may be of the class", ingress("", tls), open.clone()),
        ("TLS, and a class without parameters", class("") + &ingress("", tls), plaintext.clone()),
        ("parameters elsewhere", named.clone() + &ingress("", ""), open),
        (
            "parameters without a certificate",
            format!("{named}{}{}", settings("{scheme: internal}"), ingress("", tls)),
            plaintext.clone(),
        ),
        (
            "parameters with one",
            format!("{named}{}{}", settings("{certificateArn: [a]}"), ingress("", "")),
            vec![],
        ),
        ("HTTPS alone, by a certificate that is found", ingress(&ports("[{\"HTTPS\": 443}]"), ""), vec![]),
        ("HTTP alone", ingress(&ports("[{\"HTTP\": 80}]"), ""), plaintext.clone()),
        ("both", ingress(&ports(BOTH), tls), plaintext.clone()),
        (
            "both, parameters elsewhere",
            named.clone() + &ingress(&ports(BOTH), tls),
            vec!["false unknown IngressClassParams/edge"],
        ),
        (
            "both, parameters that redirect",
            format!("{named}{}{}", settings("{sslRedirectPort: '443'}"), ingress(&ports(BOTH), tls)),
            vec![],
        ),
        (
            "both, parameters that do not",
            format!("{named}{}{}", settings("{scheme: internal}"), ingress(&ports(BOTH), tls)),
            plaintext,
        ),
        (
            "both, parameters with a group",
            format!("{named}{}{}", settings("{group: {name: team}}"), ingress(&ports(BOTH), tls)),
            vec!["false unknown whether an Ingress of the group `team` redirects"],
        ),
        (
            "both, a group of which one redirects",
            format!(
                "{}{}",
                ingress(&format!("{}, {group}", ports(BOTH)), tls),
                ingress(&format!("{group}, alb.ingress.kubernetes.io/ssl-redirect: '443'"), tls)
                    .replace("name: a", "name: b")
            ),
            vec![],
        ),
    ] {
        assert_eq!(listeners(&text), expected, "{name}");
    }
}

#[test]
fn actions_redirect_what_comes_to_them() {
    let action =
        r#"{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","Port":"443","StatusCode":"HTTP_301"}}"#;
    let ingress = |action: &str, spec: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{alb.ingress.kubernetes.io/listen-ports: '{BOTH}', alb.ingress.kubernetes.io/actions.to-https: '{action}'}}}}\nspec: {{ingressClassName: alb, {spec}}}\n---\n"
        )
    };
    let path = |path: &str, kind: &str, service: &str| {
        format!("{{path: {path}, pathType: {kind}, backend: {{service: {{name: {service}}}}}}}")
    };
    let rule = |host: &str, paths: &[String]| format!("{{{host}http: {{paths: [{}]}}}}", paths.join(", "));
    let rules = |rules: &[String]| format!("rules: [{}]", rules.join(", "));
    let any = "ImplementationSpecific";
    let first = rule("", &[path("/*", any, "to-https"), path("/*", any, "cart")]);
    let served = vec!["false false nothing"];
    for (name, action, spec, expected) in [
        ("all of it", action, rules(std::slice::from_ref(&first)), &vec![]),
        (
            "one path",
            action,
            rules(&[rule("", &[path("/old", "Prefix", "to-https"), path("/", "Prefix", "cart")])]),
            &served,
        ),
        (
            "a longer prefix before it",
            action,
            rules(&[rule("", &[path("/", "Prefix", "to-https"), path("/api", "Prefix", "cart")])]),
            &served,
        ),
        (
            "the first of a host",
            action,
            rules(&[rule("host: a.example, ", &[path("/*", any, "to-https"), path("/*", any, "cart")])]),
            &vec![],
        ),
        (
            "one host",
            action,
            rules(&[
                rule("host: a.example, ", &[path("/*", any, "to-https")]),
                rule("host: b.example, ", &[path("/*", any, "cart")]),
            ]),
            &served,
        ),
        (
            "all hosts first",
            action,
            rules(&[first.clone(), rule("host: b.example, ", &[path("/*", any, "cart")])]),
            &vec![],
        ),
        (
            "a wildcard before one of its hosts",
            action,
            rules(&[
                rule("host: '*.example.com', ", &[path("/*", any, "to-https")]),
                rule("host: a.example.com, ", &[path("/*", any, "cart")]),
            ]),
            &vec![],
        ),
        (
            "a wildcard before another host",
            action,
            rules(&[
                rule("host: '*.example.com', ", &[path("/*", any, "to-https")]),
                rule("host: example.com, ", &[path("/*", any, "cart")]),
            ]),
            &served,
        ),
        (
            "the default behind one host",
            action,
            format!(
                "defaultBackend: {{service: {{name: cart}}}}, {}",
                rules(&[rule("host: a.example, ", &[path("/*", any, "to-https")])])
            ),
            &served,
        ),
        ("as the default", action, "defaultBackend: {service: {name: to-https}}".to_owned(), &vec![]),
        ("another action", r#"{"type":"fixed-response"}"#, rules(std::slice::from_ref(&first)), &served),
    ] {
        assert_eq!(&listeners(&ingress(action, &spec)), expected, "{name}");
    }
    let for_some = ingress(action, &rules(&[first])).replace(
        "annotations: {",
        "annotations: {alb.ingress.kubernetes.io/conditions.to-https: '[{\"field\":\"source-ip\"}]', ",
    );
    assert_eq!(listeners(&for_some), served, "for some clients");
}

#[test]
fn nginx_redirects_hosts_without_a_certificate_of_their_own() {
    let ingress = |tls: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a}}\nspec: {{ingressClassName: nginx, {tls}rules: [{{host: a.example}}, {{host: b.example}}]}}\n---\n"
        )
    };
    assert!(listeners(&ingress("tls: [{hosts: [a.example]}], ")).is_empty());
    assert_eq!(listeners(&ingress("")), ["false false nothing"]);
}

#[test]
fn load_balancers_of_google_redirect_as_their_settings_say() {
    let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, namespace: shop, annotations: {networking.gke.io/v1beta1.FrontendConfig: edge, networking.gke.io/managed-certificates: a}}\nspec: {defaultBackend: {service: {name: a, port: {number: 80}}}}\n---\n";
    let settings = |namespace: &str, enabled: bool| {
        format!(
            "apiVersion: networking.gke.io/v1beta1\nkind: FrontendConfig\nmetadata: {{name: edge, namespace: {namespace}}}\nspec: {{redirectToHttps: {{enabled: {enabled}}}}}\n---\n"
        )
    };
    for (name, settings, expected) in [
        ("elsewhere", String::new(), "false unknown FrontendConfig/shop/edge"),
        ("of another namespace", settings("front", true), "false unknown FrontendConfig/shop/edge"),
        ("redirecting", settings("shop", true), "false true nothing"),
        ("not redirecting", settings("shop", false), "false false nothing"),
    ] {
        assert_eq!(listeners(&format!("{ingress}{settings}")), [expected], "{name}");
    }
}

const BOTH: &str = r#"[{"HTTP": 80}, {"HTTPS": 443}]"#;
const ENTRY_POINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";
