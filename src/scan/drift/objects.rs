//! Objects of two estates, paired by identity, and how those stand that are on one side only.
//!
//! Asked for on the other side is what would have to be there: declared objects of the kinds that were read, and live
//! objects of the namespaces that the manifests are about, unless the cluster makes them itself.

use std::collections::{BTreeMap, BTreeSet};

use super::own;
use crate::{
    document::NodeRef,
    estate::{Estate, Resource, View},
    resource::kubernetes::Identity,
    source::{Listing, Status, listing::Outcome},
};

/// How an object stands towards the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there, too.
    Paired,
    /// It is not, and should be: what happened.
    Alone(String),
    /// Whether it is there could not be read.
    Open { reason: String, missing: String },
    /// Nobody expects it there: why, as it follows `objects`.
    Aside(&'static str),
}

/// Objects of one side, by id, in the order of their ids.
type Objects<'e> = BTreeMap<&'e str, (&'e Resource, Standing)>;

/// Both sides.
pub(super) struct Pairs<'e> {
    pub(super) declared: Objects<'e>,
    pub(super) live: Objects<'e>,
    /// Of a live object, what declares it.
    partners: BTreeMap<&'e str, &'e Resource>,
}

impl<'e> Pairs<'e> {
    /// `is_inside`: whether the comparison is about a namespace; `None` stands for what lies in none.
    pub(super) fn new(declared: &'e Estate, live: &'e Estate, is_inside: impl Fn(&Identity) -> bool) -> Self {
        let inside = |resource: &&Resource| !resource.is_copy && is_inside(&resource.identity);
        let there: BTreeMap<&Identity, &Resource> =
            live.resources.iter().map(|resource| (&resource.identity, resource)).collect();
        let mut partners = BTreeMap::new();
        let mut of_files = Objects::new();
        for resource in declared.resources.iter().filter(inside) {
            let found = there.get(&resource.identity).copied().or_else(|| {
                // A kind whose scope no file tells is taken for a namespaced one.
                let anywhere = Identity { namespace: None, ..resource.identity.clone() };
                there.get(&anywhere).copied().filter(|_| resource.object.namespace.is_none())
            });
            let standing = match found {
                Some(found) if !resource.object.is_named_later => {
                    partners.entry(&*found.id).or_insert(resource);
                    Standing::Paired
                }
                _ => awaited(declared.node(resource), resource, live),
            };
            of_files.entry(&resource.id).or_insert((resource, standing));
        }
        let (scope, view) = (Scope::new(declared), live.view(0));
        let mut of_cluster = Objects::new();
        for resource in live.resources.iter().filter(inside) {
            let standing = if partners.contains_key(&*resource.id) {
                Standing::Paired
            } else {
                scope.standing(&view, resource)
            };
            of_cluster.entry(&resource.id).or_insert((resource, standing));
        }
        Self { declared: of_files, live: of_cluster, partners }
    }

    /// What declares a live object.
    pub(super) fn partner(&self, live: &str) -> Option<&'e Resource> {
        self.partners.get(live).copied()
    }
}

/// A declared object that is not among the live ones.
fn awaited(node: NodeRef<'_>, resource: &Resource, live: &Estate) -> Standing {
    if resource.object.is_named_later {
        return Standing::Aside("that get their name from the cluster");
    }
    if resource.is_secret() {
        return Standing::Aside("that are Secrets, which are never read of a cluster");
    }
    let (group, kind) = (&*resource.identity.group, &*resource.identity.kind);
    let of_kind =
        |listing: &&Listing| listing.is_of_everything() || (listing.group == group && listing.kind == kind);
    let Some(listing) = live.sources.listings().find(of_kind) else {
        return Standing::Aside("of kinds that no rule reads");
    };
    let is_read_there = |namespace: &str| {
        listing.namespaces.is_empty() || listing.namespaces.iter().any(|read| read == namespace)
    };
    let open = |reason: String| Standing::Open { reason, missing: listing.name() };
    match (listing.outcome, resource.identity.namespace.as_deref()) {
        (Outcome::Forbidden | Outcome::Failed, _) => open(format!("{} could not be read", listing.name())),
        (Outcome::Read, Some(namespace)) if !is_read_there(namespace) => {
            open(format!("{} could be read in {} only", listing.name(), listing.namespaces.join(", ")))
        }
        _ if own::ends(node, kind) => {
            Standing::Aside("that end and are removed: hooks, and Jobs with a time to live")
        }
        (Outcome::Absent, _) => Standing::Alone(format!(
            "`{}` is declared and not live: the cluster does not serve its kind",
            resource.id
        )),
        (Outcome::Read, _) => Standing::Alone(format!("`{}` is declared and not live", resource.id)),
    }
}

/// What the manifests are about.
struct Scope<'e> {
    namespaces: BTreeSet<&'e str>,
    /// Group and kind.
    kinds: BTreeSet<(&'e str, &'e str)>,
    /// A file that may declare more, with what became of it.
    unread: Option<(&'e str, usize)>,
}

impl<'e> Scope<'e> {
    fn new(declared: &'e Estate) -> Self {
        let identities = || declared.resources.iter().map(|resource| &resource.identity);
        let named = identities().filter(|one| &*one.kind == "Namespace" && one.group.is_empty());
        let namespaces = identities().filter_map(|one| one.namespace.as_deref());
        let unread = || {
            let is_unread = |status: &Status| matches!(status, Status::Skipped(_) | Status::Failed(_));
            declared.sources.as_slice().iter().filter(move |source| is_unread(&source.status))
        };
        Self {
            namespaces: namespaces.chain(named.map(|one| &*one.name)).collect(),
            kinds: identities().map(|one| (&*one.group, &*one.kind)).collect(),
            unread: unread().next().map(|source| (&*source.file, unread().count())),
        }
    }

    /// A live object that no manifest declares.
    fn standing(&self, live: &View<'_>, resource: &Resource) -> Standing {
        let (identity, node) = (&resource.identity, live.estate.node(resource));
        match identity.namespace.as_deref() {
            Some(namespace) if !self.namespaces.contains(namespace) => {
                return Standing::Aside("in namespaces of which no manifest declares anything");
            }
            None if !self.is_about(identity, node) => {
                return Standing::Aside("of the whole cluster, which no manifest is about");
            }
            _ if own::has_owner(node) => return Standing::Aside("that other objects of the cluster own"),
            _ if own::is_of_every_cluster(identity, node) || own::is_made_beside_others(live, identity) => {
                return Standing::Aside("that every cluster makes itself");
            }
            _ => {}
        }
        match self.unread {
            None => Standing::Alone(format!("`{}` is live, and no manifest declares it", resource.id)),
            Some((file, count)) => Standing::Open {
                reason: format!(
                    "it may be declared in what could not be read of the manifests: {count} of them"
                ),
                missing: file.to_owned(),
            },
        }
    }

    /// Whether manifests of one part of a cluster say anything of what lies in no namespace: a binding is about the
    /// accounts that it gives rights; roles alone give none; other kinds count where manifests declare such.
    fn is_about(&self, identity: &Identity, node: NodeRef<'_>) -> bool {
        match (&*identity.group, &*identity.kind) {
            ("rbac.authorization.k8s.io", "ClusterRoleBinding") => {
                let subjects = node.get("subjects").into_iter().flat_map(NodeRef::items);
                let mut namespaces = subjects.filter_map(|subject| subject.str_at(&["namespace"]));
                namespaces.any(|namespace| self.namespaces.contains(namespace))
            }
            ("rbac.authorization.k8s.io", _) => false,
            kind => self.kinds.contains(&kind),
        }
    }
}
