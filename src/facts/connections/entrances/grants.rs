//! Leave that a namespace gives to routes of another one: `ReferenceGrant` (Gateway API GEP-709).
//!
//! Deliberately absent: routes whose parent is a Service, which Istio lets through without (istio
//! `pilot/pkg/config/kube/gateway/conversion.go`, `enforceRefGrant`).

use std::collections::BTreeSet;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Because, Set, connections::transport::Open},
};

const GROUP: &str = "gateway.networking.k8s.io";

/// Whom a Service lets refer to it: its namespace and name (`None`: all of the namespace), kind and namespace of routes.
type Grant<'e> = (&'e str, Option<&'e str>, &'e str, &'e str);

pub(super) struct Grants<'e>(BTreeSet<Grant<'e>>);

impl<'e> Grants<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let mut all = BTreeSet::new();
        for grant in set.view.of_kind(GROUP, "ReferenceGrant") {
            let spec = set.view.estate.node(grant).get("spec");
            let items = |key: &str| {
                spec.and_then(|spec| spec.get(key)).into_iter().flat_map(NodeRef::items).collect::<Vec<_>>()
            };
            let to = items("to");
            let services = to.iter().filter(|to| {
                to.str_at(&["kind"]) == Some("Service")
                    && to.str_at(&["group"]).unwrap_or_default().is_empty()
            });
            let names: Vec<_> = services.map(|to| to.str_at(&["name"])).collect();
            for from in items("from").iter().filter(|from| from.str_at(&["group"]) == Some(GROUP)) {
                let (Some(kind), Some(home)) = (from.str_at(&["kind"]), from.str_at(&["namespace"])) else {
                    continue;
                };
                all.extend(names.iter().map(|name| (grant.namespace(), *name, kind, home)));
            }
        }
        Self(all)
    }

    /// What keeps a route from a Service of another namespace, unless that is granted elsewhere.
    pub(super) fn refusal(&self, route: &Resource, namespace: &str, name: &str) -> Option<Open> {
        let (kind, home) = (&*route.object.kind, route.namespace());
        let is_granted = |name| self.0.contains(&(namespace, name, kind, home));
        if namespace == home || is_granted(None) || is_granted(Some(name)) {
            return None;
        }
        let text =
            format!("{} refers to a Service of another namespace, which takes a ReferenceGrant", route.id);
        Some(Open {
            because: Because { text, resource: Some(route.id.clone()), origin: None },
            missing: format!("a ReferenceGrant in Namespace/{namespace} for {kind} of Namespace/{home}"),
        })
    }
}
