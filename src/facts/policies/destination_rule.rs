//! `DestinationRule`: hosts that no client asks for, credentials that are dropped, two rules for one host
//! (domains.md 1a: D1, D4, D9).

use std::collections::{BTreeMap, BTreeSet};

use super::{Policy, Rival};
use crate::{
    document::NodeRef,
    facts::{
        Set,
        connections::{DestinationRule, TlsMode},
        hosts::Host,
        places,
    },
};

pub(super) fn policies<'e>(set: &Set<'e>) -> Vec<Policy<'e>> {
    let rules = &set.connections().rules;
    let mut rivals: BTreeMap<&str, Vec<&DestinationRule<'e>>> = BTreeMap::new();
    for mut group in rules.rivals() {
        group.retain(|rule| rule.selector.is_none());
        group.sort_by_key(|rule| &rule.resource.id);
        let is_dated = group.iter().all(|rule| rule.created.is_some());
        let with_policy: Vec<_> = group.into_iter().filter(|rule| rule.has_policy()).collect();
        if let (Some((first, rest)), false) = (with_policy.split_first(), is_dated) {
            let differing = rest.iter().copied().filter(|other| !first.agrees(other));
            rivals.entry(&first.resource.id).or_default().extend(differing);
        }
    }
    let (by_sidecars, by_gateways) = users(set);
    let policies = rules.all.iter().map(|rule| {
        let mut policy = Policy::new(rule.resource, rule.node);
        if policy.refuse(set) {
            return policy;
        }
        if let Some(service) = meant(set, rule) {
            let text = format!(
                "names the host `{}`, which matches no Service: a host with a dot is taken as it is",
                rule.written_host
            );
            let place =
                rule.node.at(&["spec", "host"]).map_or_else(|| places::name(rule.node), NodeRef::place);
            policy.dead(place, text, format!("Write `host: {service}`."));
        }
        if let Some(service) = undeclared(set, rule) {
            let place =
                rule.node.at(&["spec", "host"]).map_or_else(|| places::name(rule.node), NodeRef::place);
            policy.open(place, "names a host that the input does not hold", service);
        }
        for tls in rule.all_tls() {
            let wraps = matches!(tls.mode, TlsMode::Simple | TlsMode::Mutual);
            // Gateways keep it.
            let id = &*rule.resource.id;
            let is_of_gateways = by_gateways.contains(id) && !by_sidecars.contains(id);
            let is_dropped = wraps && rule.selector.is_none() && !is_of_gateways;
            if let Some(credential) = tls.credential().filter(|_| is_dropped) {
                let text =
                    "has a `credentialName` without `workloadSelector`: sidecars drop it and send plaintext";
                let remedy = "Add a `workloadSelector`, or mount the certificates and name their files.";
                policy.dead(credential.place(), text, remedy);
            }
        }
        let others = rivals.remove(&*rule.resource.id).unwrap_or_default();
        policy.add_rivals(others.into_iter().map(|other| Rival {
            id: other.resource.id.clone(),
            text: format!("is about the host `{}` too", other.host),
            place: places::name(other.node),
        }));
        policy
    });
    policies.collect()
}

/// Ids of the rules by which Pods connect, and of those by which gateways do.
fn users<'s>(set: &'s Set<'_>) -> (BTreeSet<&'s str>, BTreeSet<&'s str>) {
    let (mut by_sidecars, mut by_gateways) = (BTreeSet::new(), BTreeSet::new());
    for connection in &set.connections().all {
        let users = if connection.client_workload.is_some() { &mut by_sidecars } else { &mut by_gateways };
        let deciding = connection.because.iter().filter_map(|step| step.resource.as_deref());
        users.extend(deciding.filter(|id| id.starts_with("DestinationRule/")));
    }
    (by_sidecars, by_gateways)
}

/// Id of the Service that a host names, where nothing of the input is called so.
fn undeclared(set: &Set<'_>, rule: &DestinationRule<'_>) -> Option<String> {
    let host = rule.written_host;
    let is_name = !host.contains(['.', '*']) || host.ends_with(".svc.cluster.local");
    let namespace = rule.resource.namespace();
    let resolved = set.hosts().resolve(set, host, namespace);
    match resolved.host {
        Host::Undeclared { namespace, name } if is_name && resolved.through.is_empty() && name != "*" => {
            Some(format!("Service/{namespace}/{name}"))
        }
        _ => None,
    }
}

/// Full name of the Service that a host was meant for, where the host as written matches none (D1).
fn meant(set: &Set<'_>, rule: &DestinationRule<'_>) -> Option<String> {
    let host = rule.written_host;
    if host.contains('*') || host.ends_with(".svc.cluster.local") {
        return None;
    }
    let labels: Vec<&str> = host.split('.').collect();
    let (name, namespace) = match labels.as_slice() {
        [name, namespace] | [name, namespace, "svc"] => (*name, *namespace),
        _ => return None,
    };
    set.services().named(namespace, name)?;
    Some(format!("{name}.{namespace}.svc.cluster.local"))
}
