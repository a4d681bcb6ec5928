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

const ENTRY_POINTS: &str = "traefik.ingress.kubernetes.io/router.entrypoints";
