//! The fact `policy`: a policy of a mesh or of the network, with what it selects and what of it has no effect.
//!
//! | field | value |
//! |---|---|
//! | `id`, `kind`, `namespace`, `name` | which it is |
//! | `selects` | ids of the workloads that it is about; null where it is about a whole namespace or about hosts |
//! | `dead` | `[{text, remedy}]`: parts that have no effect, each at the place that makes it so |
//! | `rivals` | `[{id, text}]`: policies that claim the same with another content, and the input does not tell who wins |
//! | `open` | `[{text, missing}]`: parts whose effect the input does not tell |
//!
//! Deliberately absent: what policies demand; that is in `workload` and `connection`.

mod authorization;
mod destination_rule;
mod linkerd;
mod network;
mod peer_authentication;
mod refused;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::{Fact, Origin, Set, Subject, places, refusals, services::Services, workloads::WorkloadId};
use crate::{document::NodeRef, estate::Resource, resource::selector::Selector, source::Place};

/// One policy with what was found out about it.
struct Policy<'e> {
    resource: &'e Resource,
    node: NodeRef<'e>,
    /// `None`: it selects no single workloads.
    selects: Option<Vec<WorkloadId>>,
    dead: Vec<Dead>,
    /// `None`: what it selects is not known.
    rivals: Option<Vec<Rival>>,
    open: Vec<Open>,
}

/// A part without effect.
struct Dead {
    /// A clause: `has a selector in the root namespace, which Istio ignores`.
    text: String,
    /// What to write instead, in Markdown.
    remedy: String,
    place: Place,
}

struct Rival {
    id: Arc<str>,
    text: String,
    place: Place,
}

struct Open {
    text: String,
    missing: String,
    place: Place,
}

/// One subject for each policy.
pub(super) fn policies(set: &Set<'_>) -> Vec<Subject> {
    let mut all = peer_authentication::policies(set);
    all.extend(authorization::policies(set));
    all.extend(destination_rule::policies(set));
    all.extend(linkerd::policies(set));
    all.extend(network::policies(set));
    all.extend(refused::policies(set));
    all.into_iter().map(|policy| policy.subject(set)).collect()
}

impl<'e> Policy<'e> {
    const fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        Self { resource, node, selects: None, dead: Vec::new(), rivals: Some(Vec::new()), open: Vec::new() }
    }

    /// Says what of it the API server refuses, if anything. A patch of a kustomization leaves out what it does not
    /// change.
    fn refuse(&mut self, set: &Set<'_>) -> bool {
        let refusals = refusals::refusals(&self.resource.object, self.node);
        let is_refused = !refusals.is_empty();
        let unbuilt = set.unbuilt().of(set.view.estate.file(self.resource));
        for refusal in refusals {
            match unbuilt.filter(|_| refusal.is_absence) {
                Some(kustomization) => {
                    let text = "may be complete once the kustomization is built that it is part of";
                    let missing = format!("what `kubectl kustomize` makes of {kustomization}");
                    self.open(refusal.place, text, missing);
                }
                None => self.dead(refusal.place, refusal.text, refusal.remedy),
            }
        }
        is_refused
    }

    fn add_rivals(&mut self, rivals: impl Iterator<Item = Rival>) {
        if let Some(known) = &mut self.rivals {
            known.extend(rivals);
        }
    }

    fn namespace(&self) -> &'e str {
        self.resource.namespace()
    }

    fn dead(&mut self, place: Place, text: impl Into<String>, remedy: impl Into<String>) {
        self.dead.push(Dead { text: text.into(), remedy: remedy.into(), place });
    }

    fn open(&mut self, place: Place, text: impl Into<String>, missing: impl Into<String>) {
        self.open.push(Open { text: text.into(), missing: missing.into(), place });
    }

    /// Place of a key of its `spec`, else of its name.
    fn key(&self, keys: &[&str]) -> Place {
        let Some((last, parents)) = keys.split_last() else { return places::name(self.node) };
        let span = self.node.at(parents).and_then(|parent| parent.key_span(last));
        span.map_or_else(|| places::name(self.node), |span| Place::new(self.node.document.source, span))
    }

    /// Says what a selector selects: nothing at all is no effect, where the input holds workloads that it might, and
    /// the policy is no part of something that was not built.
    fn selecting(&mut self, set: &Set<'_>, selector: Option<&Selector<'_>>, keys: &[&str]) {
        let workloads = set.workloads();
        if self.node.at(keys).is_some_and(NodeRef::holds_unknown) {
            let text = "has a selector that is known only after apply";
            self.open(self.key(keys), text, keys.join("."));
            self.rivals = None;
            return;
        }
        let Some(selector) = selector else {
            let text = "has a selector that is no selector, so the API server refuses it";
            self.dead(
                self.key(keys),
                text,
                "Write the selector as `matchLabels` with one value for each label.",
            );
            return;
        };
        let scope = self.namespace();
        let selected = workloads.select(scope, selector);
        if !selected.is_empty() || selector.is_empty() {
            self.selects = (!selector.is_empty()).then_some(selected);
            return;
        }
        self.selects = Some(Vec::new());
        if workloads.in_namespace(scope).is_empty() {
            let text = "selects workloads of a namespace of which the input holds none";
            self.open(self.key(keys), text, format!("workloads of namespace {scope}"));
        } else if let Some(kustomization) = set.unbuilt().of(set.view.estate.file(self.resource)) {
            let text = "selects no workload until the kustomization is built that it is part of";
            self.open(self.key(keys), text, format!("what `kubectl kustomize` makes of {kustomization}"));
        } else {
            let text = format!("selects no workload of namespace {scope}");
            self.dead(self.key(keys), text, "Select by a label that the Pods have, or remove the policy.");
        }
    }

    fn subject(self, set: &Set<'_>) -> Subject {
        let id = |workload: WorkloadId| Fact::from(&*set.workloads().get(workload).resource.id);
        let at = |fact: Fact, place: Place| fact.at(Some(Origin::Place(place)));
        let dead = self.dead.into_iter().map(|dead| {
            let fields = [("text", Fact::from(dead.text)), ("remedy", Fact::from(dead.remedy))];
            at(Fact::object(fields), dead.place)
        });
        let rivals = self.rivals.map_or_else(Fact::unknown, |rivals| {
            Fact::array(rivals.into_iter().map(|rival| {
                let fields = [("id", Fact::from(&*rival.id)), ("text", Fact::from(rival.text))];
                at(Fact::object(fields), rival.place)
            }))
        });
        let open = self.open.into_iter().map(|open| {
            let fields = [("text", Fact::from(open.text)), ("missing", Fact::from(open.missing))];
            at(Fact::object(fields), open.place)
        });
        let selects = self.selects.map(|selected| Fact::array(selected.into_iter().map(id)));
        let fact = Fact::object([
            ("id", Fact::from(&*self.resource.id)),
            ("kind", Fact::from(&*self.resource.object.kind)),
            ("namespace", Fact::from(self.resource.identity.namespace.as_deref())),
            ("name", Fact::from(&*self.resource.object.name)),
            ("selects", selects.unwrap_or_default()),
            ("dead", Fact::array(dead)),
            ("rivals", rivals),
            ("open", Fact::array(open)),
        ]);
        Subject {
            resource: self.resource.id.to_string(),
            kind: Arc::clone(&self.resource.object.kind),
            fact: at(fact, places::name(self.node)),
        }
    }
}

/// Ids of Services that have a port of their own with a number, for people who took it for the container's.
fn services_with_port(
    set: &Set<'_>,
    services: &Services<'_>,
    selected: &[WorkloadId],
    port: u16,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for workload in selected {
        for service in services.of_workload(*workload).iter().map(|service| services.get(*service)) {
            let port = service.ports.iter().find(|other| other.port == Some(port));
            let target = port.and_then(|port| port.container_port(set.workloads().get(*workload)));
            if let Some(target) = target {
                found.push(format!("{} leads to {target}", service.resource.id));
            }
        }
    }
    found.dedup();
    found
}
