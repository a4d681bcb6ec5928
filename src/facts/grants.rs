//! The fact `grant`: one binding of RBAC, with what it lets its subjects do to Secrets (domains.md V11;
//! kubernetes/kubernetes `plugin/pkg/auth/authorizer/rbac`).
//!
//! Deliberately absent: who may create bindings, and what is not about Secrets.

mod access;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use self::access::{Access, Rule};
use super::{Fact, Set, Subject, places};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    resource::selector::{Labels, Selector},
    source::Place,
};

const GROUP: &str = "rbac.authorization.k8s.io";

/// `{binding, kind, namespace, role, role_known, subjects: [{kind, name, namespace}], access: [{how, what}]}`; `namespace`
/// is null where it reaches all, `how` is `direct`, `named` (single Secrets by name) or `indirect`, `what` a phrase.
/// Each access stands at the verb or resource that gives it, for a role that is not in the input at the role's name.
pub(super) fn subjects(set: &Set<'_>) -> Vec<Subject> {
    let roles = Roles::new(&set.view);
    let kinds = ["RoleBinding", "ClusterRoleBinding"];
    let bindings = kinds.into_iter().flat_map(|kind| set.view.of_kind(GROUP, kind));
    bindings.map(|binding| subject(set, &roles, binding)).collect()
}

/// `ClusterRoles` with the rules that aggregation adds to them.
struct Roles<'v, 'e> {
    view: &'v View<'e>,
    /// By label, for aggregation.
    cluster: Vec<(&'e Resource, Labels<'e>)>,
}

impl<'v, 'e> Roles<'v, 'e> {
    fn new(view: &'v View<'e>) -> Self {
        let cluster = view.of_kind(GROUP, "ClusterRole").map(|role| {
            let labels =
                view.estate.node(role).at(&["metadata", "labels"]).into_iter().flat_map(NodeRef::entries);
            (role, labels.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect())
        });
        Self { view, cluster: cluster.collect() }
    }

    /// Rules of a role; `None` where it is neither in the input nor one that every cluster has.
    fn rules(&self, kind: &str, namespace: &str, name: &str) -> Option<Vec<Rule<'e>>> {
        let id =
            if kind == "Role" { format!("Role/{namespace}/{name}") } else { format!("ClusterRole/{name}") };
        let Some(role) = self.view.get(&id) else {
            return access::is_built_in(kind, name).then(Vec::new);
        };
        let node = self.view.estate.node(role);
        let mut rules: Vec<Rule<'e>> = Rule::all(node).collect();
        let selectors =
            node.at(&["aggregationRule", "clusterRoleSelectors"]).into_iter().flat_map(NodeRef::items);
        for selector in selectors.filter_map(Selector::of_label_selector) {
            let added = self.cluster.iter().filter(|(_, labels)| selector.matches(labels));
            rules.extend(added.flat_map(|(role, _)| Rule::all(self.view.estate.node(role))));
        }
        Some(rules)
    }
}

fn subject(set: &Set<'_>, roles: &Roles<'_, '_>, binding: &Resource) -> Subject {
    let node = set.view.estate.node(binding);
    let namespace = binding.identity.namespace.as_deref();
    let role = node.get("roleRef");
    let text = |key: &str| role.and_then(|role| role.str_at(&[key])).unwrap_or_default();
    let (kind, name) = (text("kind"), text("name"));
    let granted = roles.rules(kind, namespace.unwrap_or_default(), name);
    let at_name = role.and_then(|role| role.get("name")).map_or_else(|| places::name(node), NodeRef::place);
    let mut found: BTreeMap<Access, Place> = BTreeMap::new();
    for (way, place) in granted.iter().flatten().flat_map(Rule::access) {
        found.entry(way).or_insert(place);
    }
    if kind == "ClusterRole" && set.view.get(&format!("ClusterRole/{name}")).is_none() {
        found.extend(access::of_built_in(name).map(|access| (access, at_name.clone())));
    }
    let accesses = found.into_iter().map(|(access, place)| {
        let fields = [("how", Fact::from(access.how())), ("what", Fact::from(access.what()))];
        Fact::object(fields).at(Some(place.into()))
    });
    let role_id = match (kind, namespace) {
        ("Role", Some(namespace)) => format!("Role/{namespace}/{name}"),
        _ => format!("ClusterRole/{name}"),
    };
    let fact = Fact::object([
        ("binding", Fact::from(&*binding.object.name)),
        ("kind", Fact::from(&*binding.object.kind)),
        ("namespace", Fact::from(namespace)),
        ("role", Fact::from(role_id).at(Some(at_name.into()))),
        ("role_known", Fact::from(granted.is_some())),
        ("subjects", Fact::array(subjects_of(node, namespace))),
        ("access", Fact::array(accesses)),
    ]);
    Subject {
        resource: binding.id.to_string(),
        kind: Arc::clone(&binding.object.kind),
        fact: fact.at(Some(places::name(node).into())),
    }
}

/// A `ServiceAccount` without a namespace is one of the binding's own.
fn subjects_of<'f>(binding: NodeRef<'f>, namespace: Option<&'f str>) -> impl Iterator<Item = Fact> + use<'f> {
    binding.get("subjects").into_iter().flat_map(NodeRef::items).map(move |subject| {
        let kind = subject.str_at(&["kind"]).unwrap_or_default();
        let own = subject.str_at(&["namespace"]).or(namespace).filter(|_| kind == "ServiceAccount");
        Fact::object([
            ("kind", Fact::from(kind)),
            ("name", Fact::from(subject.str_at(&["name"]))),
            ("namespace", Fact::from(own)),
        ])
        .at(Some(subject.get("name").unwrap_or(subject).place().into()))
    })
}
