//! Waypoints of ambient Istio: which Services have one, and the policies that they enforce for them.
//!
//! Sources: istio `pilot/pkg/serviceregistry/kube/controller/ambient/waypoints.go` (the labels), istio/api
//! `security/v1beta1/authorization_policy.proto` (`targetRefs`). Deliberately absent: waypoints of single Pods, and what
//! reaches a Pod past its waypoint.

use std::collections::BTreeMap;

use super::{authorization::Authorization, namespaces::Namespaces};
use crate::{
    document::NodeRef,
    facts::{Truth, services::Service},
};

const WAYPOINT: &str = "istio.io/use-waypoint";
const HOME: &str = "istio.io/use-waypoint-namespace";

/// What a policy targets: namespace, kind and name.
type Target<'e> = (&'e str, &'e str, &'e str);

/// Whether some requests are left out by what policies allow at waypoints, by what they target.
#[derive(Debug, Default)]
pub(super) struct Waypoints<'e> {
    limits: BTreeMap<Target<'e>, Truth>,
    root: String,
}

/// Where the waypoint of a Service is said to be.
enum Waypoint<'s> {
    At {
        name: &'s str,
        home: &'s str,
    },
    None,
    /// The Namespace, which may name one, is not in the input.
    Unknown,
}

fn waypoint<'s>(service: &'s Service<'_>, namespaces: &'s Namespaces<'_>) -> Waypoint<'s> {
    let labels = service.node.at(&["metadata", "labels"]);
    let label = |key: &str| labels.and_then(|labels| labels.str_at(&[key]));
    let namespace = namespaces.get(service.namespace);
    let inherited = |key: &str| namespace?.label(key).map(|text| &*text.text);
    let named = label(WAYPOINT).map(|name| (name, label(HOME)));
    match named.or_else(|| inherited(WAYPOINT).map(|name| (name, inherited(HOME)))) {
        Some(("none", _)) => Waypoint::None,
        Some((name, home)) => Waypoint::At { name, home: home.unwrap_or(service.namespace) },
        None if namespace.is_none() => Waypoint::Unknown,
        None => Waypoint::None,
    }
}

/// Whether ambient clients reach a Service through a waypoint.
pub(super) fn is_behind(service: &Service<'_>, namespaces: &Namespaces<'_>) -> Truth {
    match waypoint(service, namespaces) {
        Waypoint::At { .. } => Truth::True,
        Waypoint::None => Truth::False,
        Waypoint::Unknown => Truth::Unknown,
    }
}

impl<'e> Waypoints<'e> {
    /// `targeted`: policies with `targetRefs`.
    pub(super) fn new(targeted: &[Authorization<'e>], root: &str) -> Self {
        let mut limits: BTreeMap<Target<'e>, Truth> = BTreeMap::new();
        for policy in targeted.iter().filter(|policy| !policy.is_refused) {
            let spec = policy.node.get("spec");
            let of = |key: &str| spec.and_then(|spec| spec.get(key)).filter(|refs| !refs.is_null());
            let targets = of("targetRefs").into_iter().flat_map(NodeRef::items).chain(of("targetRef"));
            for target in targets {
                let (Some(kind), Some(name)) = (target.str_at(&["kind"]), target.str_at(&["name"])) else {
                    continue;
                };
                let found = limits.entry((policy.namespace, kind, name)).or_insert(Truth::False);
                *found = found.or(policy.limits());
            }
        }
        Self { limits, root: root.to_owned() }
    }

    /// Whether policies say who may call a Service through its waypoint.
    pub(super) fn limit(&self, service: &Service<'_>, namespaces: &Namespaces<'_>) -> Truth {
        if self.limits.is_empty() {
            return Truth::False;
        }
        let of = |namespace: &str, kind: &str, name: &str| {
            self.limits.get(&(namespace, kind, name)).copied().unwrap_or(Truth::False)
        };
        let own = of(service.namespace, "Service", service.name);
        // Policies for all waypoints lie in the root namespace.
        let class = of(&self.root, "GatewayClass", "istio-waypoint");
        match waypoint(service, namespaces) {
            Waypoint::At { name, home } => own.or(class).or(of(home, "Gateway", name)),
            Waypoint::Unknown => own.or(class).and(Truth::Unknown),
            Waypoint::None => Truth::False,
        }
    }
}
