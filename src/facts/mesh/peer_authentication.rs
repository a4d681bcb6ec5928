//! What Istio's servers demand: `PeerAuthentication`, from the mesh down to one port (domains.md 1a: P1–P7, A2, A3).
//!
//! Source: istio `pilot/pkg/security/authn/policy_applier.go` (`ComposePeerAuthentication`), and for ambient
//! `pilot/pkg/serviceregistry/ambient/authorization.go`.

mod written;

pub(in crate::facts) use self::written::PeerAuthentication;
use super::{
    Mode,
    configuration::Configuration,
    namespaces::Namespaces,
    scopes::{RootSelector, Scopes},
};
use crate::{
    estate::View,
    facts::{
        Because, Truth, places,
        workloads::{Workload, WorkloadId, Workloads},
    },
    source::Place,
};

/// All `PeerAuthentication`s of a set, by what they are about.
#[derive(Debug)]
pub(in crate::facts) struct PeerAuthentications<'e> {
    pub(in crate::facts) all: Vec<PeerAuthentication<'e>>,
    scopes: Scopes<'e>,
}

/// A mode with what decided it.
#[derive(Debug, Clone)]
pub(super) struct Decision {
    pub(super) mode: Mode,
    /// The scalar that says so; `None`: nothing does.
    pub(super) place: Option<Place>,
    pub(super) because: Vec<Because>,
    /// What would decide, where the mode is unknown.
    pub(super) missing: Option<String>,
}

/// Modes that are possible at one level, each with what says so.
type Possible = Vec<(Mode, Option<Place>)>;

impl<'e> PeerAuthentications<'e> {
    pub(super) fn new(
        view: &View<'e>,
        workloads: &Workloads<'e>,
        namespaces: &Namespaces<'e>,
        configuration: &Configuration,
    ) -> Self {
        let written = view.of_kind("security.istio.io", "PeerAuthentication");
        let all: Vec<PeerAuthentication<'e>> =
            written.map(|resource| PeerAuthentication::new(resource, view.estate.node(resource))).collect();
        // P2: the root namespace has no policies for single workloads.
        let mut scopes = Scopes::new(configuration, RootSelector::Nothing);
        for (position, policy) in all.iter().enumerate() {
            if !policy.is_refused && configuration.discovers(policy.namespace, namespaces) != Truth::False {
                scopes.add(position, policy.namespace, policy.selector.as_ref(), workloads);
            }
        }
        Self { all, scopes }
    }

    /// The mode of a port. `port`: the container's; `None`: any.
    pub(super) fn of_port(
        &self,
        (id, workload): (WorkloadId, &Workload<'e>),
        port: Option<u16>,
        ambient: bool,
        configuration: &Configuration,
    ) -> Decision {
        let mut decision = self.of_namespace(workload.namespace, configuration);
        let winners = self.winners(self.scopes.selecting(id));
        let mut possible = decision.possible();
        for policy in &winners {
            decision.because.extend(policy.because(port));
        }
        if !winners.is_empty() {
            let inherited = possible.clone();
            possible = winners.iter().flat_map(|policy| policy.of_port(port, &inherited, ambient)).collect();
        }
        if ambient {
            soften(&mut possible);
        }
        let inherited = decision.possible();
        decision.settle(possible, &winners);
        self.leave_open(&mut decision, workload.namespace, (port, ambient), &inherited);
        decision
    }

    /// Leaves a mode open where a policy would change it whose selector is known only after apply.
    fn leave_open(
        &self,
        decision: &mut Decision,
        namespace: &str,
        (port, ambient): (Option<u16>, bool),
        inherited: &Possible,
    ) {
        for index in self.scopes.open(namespace) {
            let Some(policy) = self.all.get(*index) else { continue };
            let mut possible = policy.of_port(port, inherited, ambient);
            if ambient {
                soften(&mut possible);
            }
            if decision.mode == Mode::Unknown || possible.iter().all(|(mode, _)| *mode == decision.mode) {
                continue;
            }
            let id = &policy.resource.id;
            let text = format!("{id} may be about it: its selector is known only after apply");
            decision.because.push(Because::decided(text, policy.resource, places::name(policy.node)));
            (decision.mode, decision.missing) = (Mode::Unknown, Some(format!("spec.selector of {id}")));
        }
    }

    /// The mode of a namespace, policies for single workloads left aside: what D12 looks at.
    pub(super) fn of_namespace(&self, namespace: &str, configuration: &Configuration) -> Decision {
        let default = configuration.declared.default_mode.unwrap_or(Mode::Permissive);
        let mut decision = Decision { mode: default, place: None, because: Vec::new(), missing: None };
        let root = Some(configuration.root_namespace.as_str()).filter(|_| configuration.undecided.is_none());
        if let Some(undecided) = &configuration.undecided {
            // Policies of the mesh may lie anywhere.
            (decision.mode, decision.missing) = (Mode::Unknown, Some(undecided.clone()));
        }
        let levels = [root, (Some(namespace) != root).then_some(namespace)];
        for level in levels.into_iter().flatten() {
            let winners = self.winners(self.scopes.whole(level));
            if winners.is_empty() {
                continue;
            }
            let inherited = decision.possible();
            let possible: Possible = winners.iter().flat_map(|policy| policy.mode.over(&inherited)).collect();
            let scope = if Some(level) == root { "for the mesh" } else { "for its namespace" };
            decision.because.extend(winners.iter().filter_map(|policy| policy.says(&policy.mode, scope)));
            decision.settle(possible, &winners);
        }
        decision
    }

    /// P3: one policy wins a level, the oldest; without timestamps it may be any.
    fn winners(&self, candidates: &[usize]) -> Vec<&PeerAuthentication<'e>> {
        let mut candidates: Vec<_> = candidates.iter().filter_map(|index| self.all.get(*index)).collect();
        if candidates.iter().all(|policy| policy.created.is_some()) {
            candidates.sort_by_key(|policy| policy.age());
            candidates.truncate(1);
        }
        candidates
    }

    /// Groups of policies of one level and scope, each of more than one; for single workloads, those that select one
    /// workload.
    pub(in crate::facts) fn rivals(&self) -> impl Iterator<Item = Vec<&PeerAuthentication<'e>>> {
        let groups = self.scopes.groups().filter(|group| group.len() > 1);
        groups.map(|group| group.iter().filter_map(|index| self.all.get(*index)).collect())
    }
}

/// A2: without sidecars, DISABLE means PERMISSIVE.
fn soften(possible: &mut Possible) {
    for (mode, _) in possible {
        *mode = if *mode == Mode::Disabled { Mode::Permissive } else { *mode };
    }
}

impl Decision {
    fn possible(&self) -> Possible {
        vec![(self.mode, self.place.clone())]
    }

    /// Takes over what all possibilities agree on.
    fn settle(&mut self, possible: Possible, winners: &[&PeerAuthentication<'_>]) {
        let first = possible.first().map(|(mode, _)| *mode);
        let agree = possible.iter().all(|(mode, _)| Some(*mode) == first);
        let place = possible.into_iter().next().and_then(|(_, place)| place);
        match first {
            Some(mode) if agree => {
                (self.mode, self.place) = (mode, place);
                self.missing = self.missing.take().filter(|_| mode == Mode::Unknown);
            }
            _ => {
                let names: Vec<&str> = winners.iter().map(|policy| &*policy.resource.id).collect();
                self.missing = Some(format!("metadata.creationTimestamp of {}", names.join(" and ")));
                (self.mode, self.place) = (Mode::Unknown, place);
            }
        }
        if self.mode == Mode::Unknown && self.missing.is_none() {
            self.missing = winners.last().map(|policy| format!("a valid mode in {}", policy.resource.id));
        }
    }
}
