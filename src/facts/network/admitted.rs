//! Who may call a workload, listed without asking for every workload of the cluster.

use std::collections::BTreeSet;

use super::{
    Allowed, Network, Peer, Port, Question,
    network_policy::{Direction, PeerMatch},
    place,
};
use crate::{
    estate::Resource,
    facts::{Set, truth::Truth, workloads::WorkloadId},
    source::Place,
};

/// Who may open connections to one port of a workload.
#[derive(Debug)]
pub(in crate::facts) struct Admitted<'e> {
    /// Every Pod of the cluster: nothing isolates it, or a rule names no peer.
    pub(in crate::facts) everyone: Truth,
    /// What admits everyone, or leaves it unknown.
    pub(in crate::facts) by: Vec<(&'e Resource, Place)>,
    /// Workloads that rules pick, where not everyone is admitted.
    pub(in crate::facts) callers: Vec<(WorkloadId, Allowed<'e>)>,
}

impl<'e> Network<'e> {
    /// Who is admitted, at most `most` workloads of them.
    pub(in crate::facts) fn admitted(
        &self,
        set: &Set<'e>,
        to: WorkloadId,
        port: Port<'_>,
        most: usize,
    ) -> Admitted<'e> {
        let isolated = self.is_isolated(set, to);
        let mut admitted = Admitted { everyone: isolated.not(), by: Vec::new(), callers: Vec::new() };
        if isolated == Truth::False {
            return admitted;
        }
        let workload = set.workloads().get(to);
        admitted.by.extend(self.foreign.of(workload).map(|policy| (policy, place(set, policy))));
        let question = Question {
            direction: Direction::Ingress,
            subject: to,
            other: Peer::Workload(to),
            called: to,
            port,
        };
        let mut candidates: BTreeSet<WorkloadId> = BTreeSet::new();
        let mut picks = false;
        for (policy, surely) in self.bearing(set, question) {
            for rule in policy.rules(Direction::Ingress).into_iter().flatten() {
                let at_port = rule.matches_port(set, question).and(surely);
                if at_port == Truth::False {
                    continue;
                }
                let open = rule.peers.as_ref().is_none_or(|peers| peers.iter().any(PeerMatch::is_everyone));
                if open {
                    admitted.everyone = admitted.everyone.or(at_port);
                    admitted.by.push((policy.resource, rule.place.clone()));
                }
                for peer in rule.peers.iter().flatten().filter(|peer| !peer.is_everyone()) {
                    // Whether the address of a Pod counts is the plugin's choice (domains.md N7).
                    let is_of_pods = matches!(peer, PeerMatch::Pods { .. });
                    picks |= is_of_pods && !open;
                    if !is_of_pods {
                        admitted.everyone = admitted.everyone.or(at_port.and(Truth::Unknown));
                        admitted.by.push((policy.resource, rule.place.clone()));
                    }
                    self.pick(set, policy.namespace, peer, most, &mut candidates);
                }
            }
        }
        if admitted.everyone == Truth::True && !self.admin.is_empty() {
            admitted.everyone = Truth::Unknown;
        }
        let admitting = self.admin.admitting(self, set, question);
        if !admitting.is_empty() {
            admitted.everyone = admitted.everyone.or(Truth::Unknown);
            admitted.by.extend(admitting);
        }
        if admitted.everyone == Truth::True {
            return admitted;
        }
        // Whether a rule for Pods is for those in the network of their nodes is the plugin's choice, too.
        let on_host: Vec<WorkloadId> = self
            .on_host
            .iter()
            .filter(|workload| picks && !candidates.contains(workload))
            .take(most)
            .copied()
            .collect();
        let candidates = candidates.into_iter().filter(|candidate| *candidate != to).take(most);
        for candidate in candidates.chain(on_host.into_iter().filter(|candidate| *candidate != to)) {
            let allowed = self.allowed(set, Peer::Workload(candidate), to, port);
            if allowed.truth != Truth::False {
                admitted.callers.push((candidate, allowed));
            }
        }
        admitted
    }

    /// Adds workloads that a peer may match.
    fn pick(
        &self,
        set: &Set<'e>,
        policy_namespace: &str,
        peer: &PeerMatch<'e>,
        most: usize,
        found: &mut BTreeSet<WorkloadId>,
    ) {
        let PeerMatch::Pods { namespaces, pods } = peer else { return };
        let rarest = pods
            .pairs()
            .map(|pair| self.by_label.get(&pair).map(Vec::as_slice).unwrap_or_default())
            .min_by_key(|workloads| workloads.len());
        let own = || set.workloads().in_namespace(policy_namespace);
        let matches = |id: &&WorkloadId| {
            let workload = set.workloads().get(**id);
            let namespace = match namespaces {
                None => (workload.namespace == policy_namespace).into(),
                Some(selector) => self.namespaces.matches(selector, workload.namespace),
            };
            namespace != Truth::False && pods.matches(&workload.labels)
        };
        match (rarest, namespaces) {
            (Some(rarest), _) => found.extend(rarest.iter().filter(matches).take(most)),
            (None, None) => found.extend(own().iter().filter(matches).take(most)),
            (None, Some(_)) => {
                let all = set.workloads().namespaces().filter(|namespace| {
                    namespaces
                        .as_ref()
                        .is_some_and(|selector| self.namespaces.matches(selector, namespace) != Truth::False)
                });
                let inside = all.flat_map(|namespace| set.workloads().in_namespace(namespace));
                found.extend(inside.filter(matches).take(most));
            }
        }
    }
}
