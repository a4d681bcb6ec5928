//! `PeerAuthentication`: what of it Istio ignores (domains.md 1a: P2, P3, P5).

use std::collections::BTreeMap;

use super::{Policy, Rival, services_with_port};
use crate::{
    facts::{
        Set,
        mesh::{Mesh, PeerAuthentication},
        places,
        workloads::WorkloadId,
    },
    resource::selector::Selector,
};

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let peers = set.mesh().peers();
    let rivals = rivals(peers.rivals());
    let policies = peers.all.iter().map(|peer| {
        let mut policy = Policy::new(peer.resource, peer.node);
        if policy.refuse(set) {
            return policy;
        }
        describe(set, peer, &mut policy);
        match rivals.get(&*peer.resource.id) {
            Some((Order::Older(older), _)) => {
                let text = format!("is ignored whole: {older} is older, and one policy wins");
                let remedy = "Keep one policy for each namespace and each workload.";
                policy.dead(places::name(peer.node), text, remedy);
            }
            Some((Order::Unknown, others)) => policy.add_rivals(others.iter().map(|other| Rival {
                id: other.resource.id.clone(),
                text: "is about the same".to_owned(),
                place: places::name(other.node),
            })),
            None => {}
        }
        policy
    });
    policies.collect()
}

fn describe<'e>(set: &Set<'e>, peer: &PeerAuthentication<'e>, policy: &mut Policy<'e>) {
    let root = &set.mesh().configuration.root_namespace;
    let is_whole = peer.selector.as_ref().is_some_and(Selector::is_empty);
    if !is_whole && peer.selector.is_some() && peer.namespace == root {
        let text = format!("has a selector in the root namespace `{root}`, where Istio ignores it");
        policy.dead(policy.key(&["spec", "selector"]), text, "Put it into the namespace of the workload.");
    } else {
        policy.selecting(set, peer.selector.as_ref(), &["spec", "selector"]);
    }
    for (key, place, _) in &peer.ports {
        let Ok(port) = key.parse::<u16>() else { continue };
        if is_whole {
            let text = format!("sets a mode for port {port} without a selector, which Istio ignores");
            policy.dead(place.clone(), text, "Add a selector; modes of ports are for chosen workloads only.");
            continue;
        }
        if let Some(selected) = policy.selects.clone().filter(|selected| !selected.is_empty())
            && !selected.iter().any(|workload| may_serve(set, *workload, port))
        {
            let led = services_with_port(set, set.services(), &selected, port);
            let hint = if led.is_empty() { String::new() } else { format!(" ({})", led.join(", ")) };
            let text =
                format!("sets a mode for port {port}, which no container of its workloads serves{hint}");
            policy.dead(
                place.clone(),
                text,
                "Write the number of the container's port, not that of a Service.",
            );
        }
    }
}

fn may_serve(set: &Set<'_>, workload: WorkloadId, port: u16) -> bool {
    let standing = set.mesh().of(workload);
    standing.membership.mesh == Mesh::Unknown && standing.ports.is_empty()
        || standing.ports.iter().any(|inbound| inbound.port.port.is_none_or(|number| number == port))
}

/// How a policy stands to others that are about the same.
enum Order {
    Unknown,
    Older(String),
}

type Rivals<'r, 'e> = BTreeMap<&'r str, (Order, Vec<&'r PeerAuthentication<'e>>)>;

/// Policies that another one of the same level may overrule with another content.
fn rivals<'r, 'e: 'r>(groups: impl Iterator<Item = Vec<&'r PeerAuthentication<'e>>>) -> Rivals<'r, 'e> {
    let mut found: Rivals<'r, 'e> = BTreeMap::new();
    for mut group in groups {
        group.sort_by_key(|policy| policy.age());
        let is_dated = group.iter().all(|policy| policy.created.is_some());
        let Some((first, rest)) = group.split_first() else { continue };
        let differing: Vec<_> = rest.iter().copied().filter(|other| !first.agrees(other)).collect();
        if is_dated {
            for other in differing {
                let older = Order::Older(first.resource.id.to_string());
                found.entry(&other.resource.id).or_insert((older, vec![first]));
            }
        } else if !differing.is_empty() {
            found.entry(&first.resource.id).or_insert((Order::Unknown, Vec::new())).1.extend(differing);
        }
    }
    for (_, others) in found.values_mut() {
        others.sort_by_key(|other| &other.resource.id);
        others.dedup_by_key(|other| &other.resource.id);
    }
    found
}
