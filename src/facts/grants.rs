//! The fact `grant`: one binding of RBAC, with what it lets its subjects do to Secrets (domains.md V11;
//! kubernetes/kubernetes `plugin/pkg/auth/authorizer/rbac`).
//!
//! Deliberately absent: who may create bindings, and what is not about Secrets.

mod access;
mod aggregation;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use self::{
    access::{Access, Rule},
    aggregation::{Added, ClusterRoles},
};
use super::{Fact, Set, Subject, places};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    source::Place,
};

const GROUP: &str = "rbac.authorization.k8s.io";

/// `{binding, kind, namespace, role, role_known, subjects: [{kind, name, namespace}], access: [{how, what}]}`; `namespace`
/// is null where it reaches all, `how` is `direct`, `named` (single Secrets by name) or `indirect`, `what` a phrase.
/// A `ClusterRole` that widens one of every cluster by a label is one, too, with that as `role` and without subjects.
/// Each access stands at the verb or resource that gives it, for a role that is not in the input at the role's name.
pub(super) fn subjects(set: &Set<'_>) -> Vec<Subject> {
    let roles = ClusterRoles::new(&set.view);
    let kinds = ["RoleBinding", "ClusterRoleBinding"];
    let bindings = kinds.into_iter().flat_map(|kind| set.view.of_kind(GROUP, kind));
    let bindings = bindings.map(|binding| subject(set, &roles, binding));
    bindings.chain(roles.added().filter_map(|added| widened(set, &roles, &added))).collect()
}

/// Rules of a role; `None` where it is neither in the input nor one that every cluster has.
fn rules<'e>(
    view: &View<'e>,
    roles: &ClusterRoles<'_, 'e>,
    kind: &str,
    namespace: &str,
    name: &str,
) -> Option<Vec<Rule<'e>>> {
    if kind == "Role" {
        let role = view.get(&format!("Role/{namespace}/{name}"))?;
        return Some(Rule::all(view.estate.node(role)).collect());
    }
    match view.get(&format!("ClusterRole/{name}")) {
        Some(role) => Some(roles.rules(role)),
        None => access::is_built_in(kind, name).then(|| roles.added_to(name)),
    }
}

/// A `ClusterRole` that widens one of every cluster: whoever is bound to that has it, too.
fn widened(set: &Set<'_>, roles: &ClusterRoles<'_, '_>, added: &Added<'_>) -> Option<Subject> {
    let mut found: BTreeMap<Access, Place> = BTreeMap::new();
    for (way, place) in roles.rules(added.role).iter().flat_map(Rule::access) {
        if !aggregation::gives(added.to, way) {
            found.entry(way).or_insert(place);
        }
    }
    let node = set.view.estate.node(added.role);
    let role = Fact::from(format!("ClusterRole/{}", added.to)).at(Some(added.label.clone().into()));
    let fact = Fact::object([
        ("binding", Fact::from(&*added.role.object.name)),
        ("kind", Fact::from(&*added.role.object.kind)),
        ("namespace", Fact::default()),
        ("role", role),
        ("role_known", Fact::from(true)),
        ("subjects", Fact::array([])),
        ("access", accesses(&found)),
    ]);
    let subject = Subject {
        resource: added.role.id.to_string(),
        kind: Arc::clone(&added.role.object.kind),
        fact: fact.at(Some(places::name(node).into())),
    };
    (!found.is_empty()).then_some(subject)
}

fn accesses(found: &BTreeMap<Access, Place>) -> Fact {
    Fact::array(found.iter().map(|(access, place)| {
        let fields = [("how", Fact::from(access.how())), ("what", Fact::from(access.what()))];
        Fact::object(fields).at(Some(place.clone().into()))
    }))
}

fn subject(set: &Set<'_>, roles: &ClusterRoles<'_, '_>, binding: &Resource) -> Subject {
    let node = set.view.estate.node(binding);
    let namespace = binding.identity.namespace.as_deref();
    let role = node.get("roleRef");
    let text = |key: &str| role.and_then(|role| role.str_at(&[key])).unwrap_or_default();
    let (kind, name) = (text("kind"), text("name"));
    let granted = rules(&set.view, roles, kind, namespace.unwrap_or_default(), name);
    let at_name = role.and_then(|role| role.get("name")).map_or_else(|| places::name(node), NodeRef::place);
    let mut found: BTreeMap<Access, Place> = BTreeMap::new();
    for (way, place) in granted.iter().flatten().flat_map(Rule::access) {
        found.entry(way).or_insert(place);
    }
    if kind == "ClusterRole" && set.view.get(&format!("ClusterRole/{name}")).is_none() {
        found.extend(access::of_built_in(name).map(|access| (access, at_name.clone())));
    }
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
        ("access", accesses(&found)),
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
