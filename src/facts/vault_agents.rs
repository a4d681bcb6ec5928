//! The fact `vault-agent`: what the annotations of a workload ask of Vault's injectors (vault-k8s
//! `agent-inject/agent/annotations.go`; bank-vaults).
//!
//! Deliberately absent: which credentials come of it (see [`super::credentials`]).

use std::sync::Arc;

use super::{Fact, Set, Subject, places, workloads::Workload};
use crate::{document::NodeRef, resource::shape, source::Place};

const PREFIXES: [&str; 2] = ["vault.hashicorp.com/", "vault.security.banzaicloud.io/"];

/// `{workload, agent: "on" | "off" | "unknown", refused, annotations: {key: {text, misplaced}}}`: one for each workload
/// with such annotations. `agent` is what `agent-inject` says, `refused` whether its namespace is left out always,
/// `misplaced` an annotation of the workload, which its Pods do not get.
pub(super) fn subjects(set: &Set<'_>) -> Vec<Subject> {
    set.workloads().iter().filter_map(|(_, workload)| subject(workload)).collect()
}

fn subject(workload: &Workload<'_>) -> Option<Subject> {
    let of_pod = annotations(workload.pod.metadata);
    let own =
        workload.node.get("metadata").filter(|own| Some(own.id) != workload.pod.metadata.map(|pod| pod.id));
    let misplaced: Vec<_> = annotations(own)
        .into_iter()
        .filter(|(key, ..)| !of_pod.iter().any(|(known, ..)| known == key))
        .collect();
    let all = of_pod.iter().map(|found| (found, false)).chain(misplaced.iter().map(|found| (found, true)));
    let facts: Vec<(&str, Fact)> = all
        .map(|((key, place, text), misplaced)| {
            let fields = [("text", Fact::from(*text)), ("misplaced", Fact::from(misplaced))];
            (*key, Fact::object(fields).at(Some(place.clone().into())))
        })
        .collect();
    let first = facts.first()?.1.origin.clone();
    let agent = match workload.annotation("vault.hashicorp.com/agent-inject") {
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => "on",
        Some(text) if shape::is_reference(text) => "unknown",
        _ => "off",
    };
    let fact = Fact::object([
        ("workload", Fact::from(&*workload.resource.id)),
        ("agent", Fact::from(agent)),
        ("refused", Fact::from(matches!(workload.namespace, "kube-system" | "kube-public"))),
        ("annotations", Fact::object(facts)),
    ]);
    Some(Subject {
        resource: workload.resource.id.to_string(),
        kind: Arc::clone(&workload.resource.object.kind),
        fact: fact.at(first),
    })
}

/// Key, place and text of each; the texts are settings of the injector, none is a credential.
fn annotations(metadata: Option<NodeRef<'_>>) -> Vec<(&str, Place, &str)> {
    let annotations = metadata.and_then(|metadata| metadata.get("annotations"));
    let all = annotations.into_iter().flat_map(NodeRef::entries).filter_map(|(key, span, value)| {
        PREFIXES.iter().find(|prefix| key.starts_with(**prefix))?;
        let key_place = Place::new(value.document.source, span);
        let is_setting = !key.contains("template") && !key.contains("command");
        let text = value.as_str().unwrap_or_else(|| value.raw());
        Some((key, places::value(key_place, value), if is_setting { text } else { "" }))
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        estate::Estate,
        facts::Value,
        source::{Source, Sources, Status},
    };

    #[test]
    fn annotations_of_pods_and_those_that_pods_do_not_get_are_told_apart() {
        for (name, own, pod, expected) in [
            ("none", "{}", "{}", None),
            ("on", "{}", "{vault.hashicorp.com/agent-inject: 'true'}", Some(("on", 1, 0))),
            ("off", "{}", "{vault.hashicorp.com/agent-inject-secret-db: a}", Some(("off", 1, 0))),
            (
                "to be filled in",
                "{}",
                "{vault.hashicorp.com/agent-inject: '${INJECT}'}",
                Some(("unknown", 1, 0)),
            ),
            ("on the workload", "{vault.hashicorp.com/agent-inject: 'true'}", "{}", Some(("off", 0, 1))),
            ("others", "{a: b}", "{c: d}", None),
        ] {
            let text = format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, annotations: {own}}}\nspec: {{template: {{metadata: {{annotations: {pod}}}, spec: {{containers: []}}}}}}\n"
            );
            let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
            let documents =
                sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
            let estate = Estate::new(sources, documents, Vec::new(), "default");
            let found = subjects(&Set::new(estate.view(0)));
            let shown = found.first().map(|subject| {
                let Some(Value::String(agent)) = subject.fact.get("agent").map(|fact| &fact.value) else {
                    panic!("{name}: `agent` is no text")
                };
                let Some(Value::Object(all)) = subject.fact.get("annotations").map(|fact| &fact.value) else {
                    panic!("{name}: `annotations` is no object")
                };
                let is_misplaced = |fact: &&Fact| fact.get("misplaced") == Some(&Fact::from(true));
                let misplaced = all.values().filter(is_misplaced).count();
                (agent.to_string(), all.len() - misplaced, misplaced)
            });
            assert_eq!(
                shown,
                expected.map(|(agent, right, wrong)| (agent.to_owned(), right, wrong)),
                "{name}"
            );
        }
    }
}
