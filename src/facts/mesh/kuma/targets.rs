//! Which proxies a policy of Kuma is about, by its `targetRef`, and in which order policies count.
//!
//! Sources: kuma `pkg/plugins/policies/core/matchers/dataplane.go` (`dppSelectedByPolicy`, `SortByTargetRef`) and
//! `api/common/v1alpha1/ref.go` (the order of kinds). Deliberately absent: zones.

use std::cmp::Reverse;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Truth,
        mesh::{Namespaces, membership::Pod},
    },
};

/// Namespaces of control planes, whose policies are for the whole mesh.
const SYSTEM: [&str; 2] = ["kuma-system", "kong-mesh-system"];
/// Label of a control plane's namespace, whatever its name.
const IS_SYSTEM: &str = "kuma.io/system-namespace";
const INJECTION: &str = "kuma.io/sidecar-injection";

/// Kinds of a `targetRef`, the later counts more.
const KINDS: [&str; 6] =
    ["Mesh", "Dataplane", "MeshSubset", "MeshGateway", "MeshService", "MeshServiceSubset"];

/// What orders policies, what counts least first.
type Order<'e> = (usize, bool, Reverse<&'e str>);

/// A proxy as policies see it.
#[derive(Debug, Clone, Copy)]
pub(in crate::facts::mesh) struct Proxy<'p, 'e> {
    pub(in crate::facts::mesh) pod: Pod<'p, 'e>,
    /// Names of its Services, and its own.
    pub(in crate::facts::mesh) names: &'p [&'p str],
    pub(in crate::facts::mesh) port: Option<u16>,
}

/// Key and value of a tag.
pub(super) type Tag<'t> = (&'t str, &'t str);

impl Proxy<'_, '_> {
    /// All by which policies are found: labels of the Pod, where it is, and its names.
    pub(super) fn tags(&self) -> impl Iterator<Item = Tag<'_>> {
        let labels = self.pod.workload.labels.iter().map(|(key, value)| (*key, *value));
        let names = self.names.iter().map(|name| (NAME, *name));
        labels.chain([(NAMESPACE, self.pod.workload.namespace)]).chain(names)
    }
}

/// The `targetRef` of a policy.
#[derive(Debug)]
pub(super) struct Target<'e> {
    node: Option<NodeRef<'e>>,
    kind: &'e str,
    name: &'e str,
    /// The only namespace whose proxies it is about; `None`: those of all.
    home: Option<&'e str>,
    /// The namespace of a control plane in which it lies.
    system: Option<&'e str>,
    /// Whether that namespace may be the one of the control plane.
    is_home_open: bool,
}

impl<'e> Target<'e> {
    pub(super) fn new(policy: &'e Resource, node: NodeRef<'e>, namespaces: &Namespaces<'_>) -> Self {
        let target = node.at(&["spec", "targetRef"]).filter(|target| !target.is_null());
        let written = policy.identity.namespace.as_deref();
        let home = written.filter(|home| !SYSTEM.contains(home));
        let declared = home.and_then(|home| namespaces.get(home));
        let says = |key: &str, value: &str| {
            declared.is_some_and(|home| {
                [home.label(key), home.annotation(key)].iter().flatten().any(|text| text.text == value)
            })
        };
        let home_of_proxies = home.filter(|_| !says(IS_SYSTEM, "true"));
        Self {
            node: target,
            kind: target.map_or("Mesh", |target| target.str_at(&["kind"]).unwrap_or_default()),
            name: &policy.object.name,
            home: home_of_proxies,
            system: written.filter(|_| home_of_proxies.is_none()),
            is_home_open: !says(INJECTION, "enabled") && !says(INJECTION, "true"),
        }
    }

    /// The more special kind counts more, then what a namespace says for itself, then the smaller name.
    pub(super) fn order(&self) -> Order<'e> {
        let kind = KINDS.iter().position(|kind| *kind == self.kind).unwrap_or(KINDS.len());
        (kind, self.home.is_some(), Reverse(self.name))
    }

    pub(super) const fn system(&self) -> Option<&'e str> {
        self.system
    }

    /// A tag without which it is about no proxy; `None`: there is none, or it takes more to tell.
    pub(super) fn tag(&self) -> Option<Tag<'e>> {
        let listed = |key: &str| {
            let mut tags = self.node?.get(key)?.entries();
            tags.find_map(|(key, _, value)| telling(key, value.as_str()?))
        };
        let named = || telling(SERVICE, self.node?.str_at(&["name"])?);
        let own = match self.kind {
            "MeshSubset" => listed("tags"),
            "MeshService" | "MeshServiceSubset" => named(),
            "Dataplane" if self.node.is_some_and(|node| node.get("name").is_none()) => listed("labels"),
            _ => None,
        };
        own.or_else(|| Some((NAMESPACE, self.home.filter(|_| !self.is_home_open)?)))
    }

    /// Whether it is about a port of a proxy.
    pub(super) fn selects(&self, proxy: Proxy<'_, '_>) -> Truth {
        let at_home = match self.home {
            Some(home) if home != proxy.pod.workload.namespace => {
                if self.is_home_open {
                    Truth::Unknown
                } else {
                    Truth::False
                }
            }
            _ => Truth::True,
        };
        at_home.and(self.matches(proxy))
    }

    fn matches(&self, proxy: Proxy<'_, '_>) -> Truth {
        let Some(node) = self.node else { return Truth::True };
        let tags = |key: &str| {
            let tags = node.get(key).into_iter().flat_map(NodeRef::entries);
            tags.map(|(key, _, value)| tag(proxy, key, value.as_str())).fold(Truth::True, Truth::and)
        };
        let types = node.get("proxyTypes").filter(|types| types.items().next().is_some());
        let is_meant = types.is_none_or(|types| types.items().any(|kind| kind.as_str() == Some("Sidecar")));
        let named = || tag(proxy, SERVICE, node.str_at(&["name"]));
        let selected = match self.kind {
            "Mesh" if node.get("tags").is_some() => Truth::Unknown,
            "Mesh" => Truth::True,
            "MeshSubset" => tags("tags"),
            "MeshService" => named(),
            "MeshServiceSubset" => named().and(tags("tags")),
            "MeshGateway" => Truth::False,
            // Proxies are named like single Pods.
            "Dataplane" if node.get("name").is_some() => Truth::Unknown,
            "Dataplane" => tags("labels").and(section(node.str_at(&["sectionName"]), proxy.port)),
            _ => Truth::Unknown,
        };
        selected.and(Truth::from(is_meant))
    }
}

const SERVICE: &str = "kuma.io/service";
const NAMESPACE: &str = "k8s.kuma.io/namespace";
const NAME: &str = "k8s.kuma.io/service-name";

/// A tag as [`Proxy::tags`] has it, where proxies without it are never meant.
fn telling<'e>(key: &'e str, value: &'e str) -> Option<Tag<'e>> {
    match key {
        _ if value == "*" => None,
        // Neither names nor namespaces have underscores.
        SERVICE => value.split_once('_').map(|(name, _)| (NAME, name)),
        NAMESPACE | NAME => Some((key, value)),
        _ => (!key.starts_with("kuma.io/") && !key.starts_with("k8s.kuma.io/")).then_some((key, value)),
    }
}

/// Whether a proxy has a tag: what its Pod is labelled with, and what Kuma makes of where it is and of its Services.
fn tag(proxy: Proxy<'_, '_>, key: &str, value: Option<&str>) -> Truth {
    let Some(value) = value else { return Truth::Unknown };
    let workload = proxy.pod.workload;
    match key {
        NAMESPACE => Truth::from(value == workload.namespace),
        NAME => Truth::from(proxy.names.contains(&value)),
        SERVICE => {
            // `cart_shop_svc_80`, and without a port where there is no Service.
            let is_of = |name: &&str| {
                let rest = value.strip_prefix(*name).and_then(|rest| rest.strip_prefix('_'));
                let rest = rest.and_then(|rest| rest.strip_prefix(workload.namespace));
                rest.and_then(|rest| rest.strip_prefix("_svc"))
                    .is_some_and(|port| port.is_empty() || port.starts_with('_'))
            };
            Truth::from(value == "*" || proxy.names.iter().any(is_of))
        }
        _ => match workload.labels.get(key) {
            // A label without a value is no tag.
            Some(label) => Truth::from(*label == value || (value == "*" && !label.is_empty())),
            None if key.starts_with("kuma.io/") || key.starts_with("k8s.kuma.io/") => Truth::Unknown,
            None => Truth::False,
        },
    }
}

/// Whether a part of a proxy is a port: by its number, or by a name that Services give it.
fn section(name: Option<&str>, port: Option<u16>) -> Truth {
    match name.map(str::parse::<u16>) {
        None => Truth::True,
        Some(Ok(number)) if port.is_some() => Truth::from(port == Some(number)),
        Some(_) => Truth::Unknown,
    }
}
