//! What aggregation adds to `ClusterRoles`: to those with a rule of their own, and to the ones of every cluster
//! (kubernetes/kubernetes `pkg/controller/clusterroleaggregation`, `bootstrappolicy/policy.go`).

use std::collections::BTreeSet;

use super::{
    GROUP,
    access::{Access, Rule},
};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    resource::selector::{Labels, Selector},
    source::Place,
};

/// Roles of every cluster that others are added to by a label, the narrowest first: who has one has what is added to those
/// before it, too.
const BUILT_IN: [(&str, &str); 3] = [
    ("view", "rbac.authorization.k8s.io/aggregate-to-view"),
    ("edit", "rbac.authorization.k8s.io/aggregate-to-edit"),
    ("admin", "rbac.authorization.k8s.io/aggregate-to-admin"),
];

/// The `ClusterRoles` of a set with their labels.
pub(super) struct ClusterRoles<'v, 'e> {
    view: &'v View<'e>,
    all: Vec<(&'e Resource, Labels<'e>)>,
}

/// A `ClusterRole` that is added to one of every cluster.
pub(super) struct Added<'e> {
    pub(super) role: &'e Resource,
    pub(super) to: &'static str,
    /// Of the label that adds it.
    pub(super) label: Place,
}

impl<'v, 'e> ClusterRoles<'v, 'e> {
    pub(super) fn new(view: &'v View<'e>) -> Self {
        let all = view.of_kind(GROUP, "ClusterRole").map(|role| {
            let labels =
                view.estate.node(role).at(&["metadata", "labels"]).into_iter().flat_map(NodeRef::entries);
            (role, labels.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect())
        });
        Self { view, all: all.collect() }
    }

    /// Rules of a role. Those of one with an aggregation rule are the rules of what it selects: the controller overwrites
    /// its own.
    pub(super) fn rules(&self, role: &'e Resource) -> Vec<Rule<'e>> {
        let mut rules = Vec::new();
        self.collect(role, &mut BTreeSet::new(), &mut rules);
        rules
    }

    fn collect(&self, role: &'e Resource, seen: &mut BTreeSet<&'e str>, rules: &mut Vec<Rule<'e>>) {
        if !seen.insert(&role.object.name) {
            return;
        }
        let node = self.view.estate.node(role);
        let selectors = selectors(node);
        let is_selected = |labels: &Labels<'e>| selectors.iter().any(|selector| selector.matches(labels));
        let mut selected = self.all.iter().filter(|(_, labels)| is_selected(labels)).peekable();
        if selected.peek().is_none() {
            rules.extend(Rule::all(node));
        }
        for (role, _) in selected {
            self.collect(role, seen, rules);
        }
    }

    /// Rules that are added to a role of every cluster that is not in the input.
    pub(super) fn added_to(&self, built_in: &str) -> Vec<Rule<'e>> {
        let Some(last) = BUILT_IN.iter().position(|(name, _)| *name == built_in) else { return Vec::new() };
        let labels = BUILT_IN.iter().take(last + 1).map(|(_, label)| *label);
        let labels: Vec<&str> = labels.collect();
        let mut rules = Vec::new();
        for (role, has) in &self.all {
            if labels.iter().any(|label| has.get(label) == Some(&"true")) {
                self.collect(role, &mut BTreeSet::new(), &mut rules);
            }
        }
        rules
    }

    /// Roles of the input that are added to one of every cluster, each with the narrowest; those of the cluster itself are not.
    pub(super) fn added(&self) -> impl Iterator<Item = Added<'e>> {
        self.all.iter().filter_map(|(role, labels)| {
            let name = &*role.object.name;
            let is_own = name.starts_with("system:") || BUILT_IN.iter().any(|(own, _)| *own == name);
            let (to, label) = BUILT_IN.iter().find(|(_, label)| labels.get(label) == Some(&"true"))?;
            let label = self.view.estate.node(role).at(&["metadata", "labels", label])?.place();
            (!is_own).then_some(Added { role, to, label })
        })
    }
}

fn selectors(role: NodeRef<'_>) -> Vec<Selector<'_>> {
    let selectors =
        role.at(&["aggregationRule", "clusterRoleSelectors"]).into_iter().flat_map(NodeRef::items);
    selectors.filter_map(Selector::of_label_selector).collect()
}

/// Whether a role of every cluster gives what is added to it anyway: `edit` and `admin` read Secrets and run Pods.
pub(super) fn gives(built_in: &str, access: Access) -> bool {
    built_in != "view" && access != Access::Escalate
}
