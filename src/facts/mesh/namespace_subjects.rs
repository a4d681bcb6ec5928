//! The fact `namespace`: whether what nobody allowed is denied there.
//!
//! `{id, name, platform, workloads, default_deny: T, because}`; one for each namespace that has workloads.
//! Source: kubernetes/api `networking/v1/types.go` (domains.md 1a: N1–N5), istio `authorization_policy.proto`.

use std::collections::BTreeMap;

use super::{chain, identity_subjects::first_of_set, membership::Pod};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Because, Fact, Set, Subject, Truth, places, workloads::Workload},
    resource::{kubernetes::UNKNOWN, selector::Selector},
    source::Place,
};

/// One subject for each namespace with workloads.
pub(in crate::facts) fn namespaces(set: &Set<'_>) -> Vec<Subject> {
    let mut denials = network_denials(set);
    let subjects = set.workloads().namespaces().filter_map(|name| {
        let ids = set.workloads().in_namespace(name);
        let first = set.workloads().get(*ids.first()?);
        let (denied, because) = default_deny(set, first, denials.remove(name).unwrap_or_default());
        let declared = set.mesh().namespaces.get(name).map(|namespace| namespace.resource);
        let id = format!("Namespace/{name}");
        let fact = Fact::object([
            ("id", Fact::from(id.as_str())),
            ("name", Fact::from(name)),
            ("platform", Fact::from(set.mesh().is_platform(name))),
            ("workloads", Fact::from(i64::try_from(ids.len()).unwrap_or(i64::MAX))),
            ("default_deny", Fact::from(denied)),
            ("because", chain(&because)),
        ]);
        let place = if let Some(namespace) = declared {
            places::name(set.view.estate.node(namespace))
        } else {
            let workloads = || ids.iter().map(|id| set.workloads().get(*id));
            let first = first_of_set(workloads())
                .or_else(|| workloads().min_by_key(|workload| places::name(workload.node)))?;
            named(first.node)
        };
        Some(Subject { resource: id, kind: "Namespace".into(), fact: fact.at(Some(place.into())) })
    });
    subjects.collect()
}

/// What policies of a namespace do with traffic into all of its Pods.
#[derive(Default)]
struct Denial<'e> {
    /// Isolates every Pod.
    denies: Vec<(&'e Resource, Place)>,
    /// Lets everything into every Pod.
    opens: Option<(&'e Resource, Place)>,
    /// Cannot be read.
    unread: Option<(&'e Resource, Place)>,
}

fn default_deny(set: &Set<'_>, first: &Workload<'_>, denial: Denial<'_>) -> (Truth, Vec<Because>) {
    if first.namespace == UNKNOWN {
        return (Truth::Unknown, Vec::new());
    }
    let meshes = set.mesh();
    let by_mesh = meshes.authorizations.of_namespace(first.namespace);
    if let Some(policy) = by_mesh.iter().find(|policy| policy.denies_by_default()) {
        let text = format!("{} denies what it does not allow", policy.resource.id);
        return (Truth::True, vec![Because::decided(text, policy.resource, places::name(policy.node))]);
    }
    let pod = Pod { workload: first, namespace: meshes.namespaces.get(first.namespace) };
    let linkerd = pod.namespace.and_then(|namespace| {
        namespace
            .annotation("config.linkerd.io/default-inbound-policy")
            .filter(|policy| policy.text == "deny")
    });
    if let (Some(text), Some(namespace)) = (linkerd, pod.namespace) {
        let said = format!("{} denies by default", namespace.resource.id);
        return (Truth::True, vec![Because::decided(said, namespace.resource, text.place.clone())]);
    }
    let step = |(policy, place): (&Resource, Place), what: &str| {
        Because::decided(format!("{} {what}", policy.id), policy, place)
    };
    if let Some(unread) = denial.unread {
        return (Truth::Unknown, vec![step(unread, "cannot be read")]);
    }
    match (denial.denies.into_iter().next(), denial.opens) {
        (_, Some(opens)) => (Truth::False, vec![step(opens, "lets everything in")]),
        (Some(denies), None) => (Truth::True, vec![step(denies, "isolates every Pod")]),
        (None, None) => {
            (Truth::False, vec![Because::default("no policy of the namespace selects all of its Pods")])
        }
    }
}

/// Policies that are about every Pod of their namespace.
fn network_denials<'e>(set: &Set<'e>) -> BTreeMap<&'e str, Denial<'e>> {
    let mut denials: BTreeMap<&'e str, Denial<'e>> = BTreeMap::new();
    let kinds = [
        ("networking.k8s.io", "NetworkPolicy", "podSelector"),
        ("cilium.io", "CiliumNetworkPolicy", "endpointSelector"),
    ];
    for (group, kind, field) in kinds {
        for resource in set.view.of_kind(group, kind) {
            let node = set.view.estate.node(resource);
            let Some(spec) = node.get("spec") else { continue };
            let namespace = resource.namespace();
            let denial = denials.entry(namespace).or_default();
            let place = places::name(node);
            let selector = match spec.get(field) {
                Some(selector) => Selector::of_label_selector(selector),
                None => Some(Selector::default()),
            };
            match selector {
                None => denial.unread = Some((resource, place)),
                Some(selector) if selector.is_empty() && isolates(spec, kind) => {
                    if opens(spec, kind) {
                        denial.opens = Some((resource, place));
                    } else {
                        denial.denies.push((resource, place));
                    }
                }
                Some(_) => {}
            }
        }
    }
    denials
}

/// N1, N2: whether it is about what comes in at all.
fn isolates(spec: NodeRef<'_>, kind: &str) -> bool {
    if kind == "CiliumNetworkPolicy" {
        return spec.get("ingress").is_some() || spec.get("ingressDeny").is_some();
    }
    match spec.get("policyTypes").filter(|types| types.items().next().is_some()) {
        Some(types) => types.items().any(|kind| kind.as_str() == Some("Ingress")),
        None => true,
    }
}

/// N5: a rule that is about every peer and every port.
fn opens(spec: NodeRef<'_>, kind: &str) -> bool {
    let empty = |rule: NodeRef<'_>| {
        rule.is_mapping()
            && rule.entries().all(|(_, _, part)| part.items().next().is_none() && !part.is_mapping())
    };
    // In Cilium an empty rule selects no peer: it denies.
    kind == "NetworkPolicy" && spec.get("ingress").into_iter().flat_map(NodeRef::items).any(empty)
}

/// The namespace as the first workload names it.
fn named(node: NodeRef<'_>) -> Place {
    node.at(&["metadata", "namespace"]).map_or_else(|| places::name(node), NodeRef::place)
}
