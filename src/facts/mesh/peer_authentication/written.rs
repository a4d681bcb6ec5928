//! One `PeerAuthentication` as written.

use super::Possible;
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Because, mesh::Mode, refusals},
    resource::selector::Selector,
    source::Place,
};

/// One policy.
#[derive(Debug)]
pub(in crate::facts) struct PeerAuthentication<'e> {
    pub(in crate::facts) resource: &'e Resource,
    pub(in crate::facts) node: NodeRef<'e>,
    pub(in crate::facts) namespace: &'e str,
    /// Empty: everything at its level; `None`: known only after apply.
    pub(in crate::facts) selector: Option<Selector<'e>>,
    /// Whether the API server refuses it, so that it decides nothing.
    pub(in crate::facts) is_refused: bool,
    pub(in crate::facts) mode: Written<'e>,
    /// Modes of single ports, by the key as written.
    pub(in crate::facts) ports: Vec<(&'e str, Place, Written<'e>)>,
    /// RFC 3339, so that older is less; `None` in manifests.
    pub(in crate::facts) created: Option<&'e str>,
}

/// A mode as written.
#[derive(Debug, Clone)]
pub(in crate::facts) enum Written<'e> {
    /// Left out, or UNSET: what is inherited stays.
    Unset,
    Mode(Mode, NodeRef<'e>),
}

impl<'e> PeerAuthentication<'e> {
    pub(super) fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        let spec = node.get("spec");
        let selector = Selector::of_workload_selector(spec.and_then(|spec| spec.get("selector")));
        let ports = spec.and_then(|spec| spec.get("portLevelMtls"));
        let ports = ports.into_iter().flat_map(NodeRef::entries);
        let source = node.document.source;
        let ports =
            ports.map(|(key, span, value)| (key, Place::new(source, span), Written::new(Some(value))));
        Self {
            resource,
            node,
            namespace: resource.namespace(),
            selector,
            is_refused: refusals::is_refused(&resource.object, node),
            mode: Written::new(spec.and_then(|spec| spec.get("mtls"))),
            ports: ports.collect(),
            created: node.str_at(&["metadata", "creationTimestamp"]),
        }
    }

    /// Whether it says the same as another.
    pub(in crate::facts) fn agrees(&self, other: &Self) -> bool {
        let ports = |policy: &Self| -> Vec<(String, Option<Mode>)> {
            policy.ports.iter().map(|(key, _, written)| ((*key).to_owned(), written.mode())).collect()
        };
        self.mode.mode() == other.mode.mode() && ports(self) == ports(other)
    }

    /// What the oldest of several is told by (istio `configCompareByCreationTime`).
    pub(in crate::facts) fn age(&self) -> (Option<&'e str>, &'e str, &'e str) {
        (self.created, &self.resource.object.name, self.namespace)
    }

    fn port(&self, port: Option<u16>) -> Option<&Written<'e>> {
        let named = |key: &str| port.is_some() && key.parse() == Ok(port.unwrap_or_default());
        self.ports.iter().find(|(key, _, _)| named(key)).map(|(_, _, written)| written)
    }

    /// P4, P5: the mode of a port, given the modes that are inherited.
    pub(super) fn of_port(&self, port: Option<u16>, inherited: &Possible, ambient: bool) -> Possible {
        let own = self.mode.over(inherited);
        match self.port(port) {
            // A3: no exception is made from what is inherited as STRICT, unless it says PERMISSIVE.
            Some(Written::Mode(Mode::Disabled, _))
                if ambient && matches!(self.mode, Written::Unset) && own.iter().all(is_strict) =>
            {
                own
            }
            Some(written) => written.over(&own),
            None => own,
        }
    }

    /// What the policy says about a port, for people.
    pub(super) fn because(&self, port: Option<u16>) -> Vec<Because> {
        let own = self.says(&self.mode, "for the workload");
        let written = self.port(port);
        let of_port =
            port.zip(written).and_then(|(port, written)| self.says(written, &format!("for port {port}")));
        own.into_iter().chain(of_port).collect()
    }

    pub(super) fn says(&self, written: &Written<'e>, scope: &str) -> Option<Because> {
        let id = &self.resource.id;
        match written {
            Written::Unset => None,
            Written::Mode(mode, node) => {
                let text = format!("{id} sets {} {scope}", mode.istio_name());
                Some(Because::decided(text, self.resource, node.place()))
            }
        }
    }
}

fn is_strict((mode, _): &(Mode, Option<Place>)) -> bool {
    *mode == Mode::Strict
}

impl<'e> Written<'e> {
    /// Of an object with a `mode`.
    fn new(mtls: Option<NodeRef<'e>>) -> Self {
        let Some(mtls) = mtls else { return Self::Unset };
        let mode = if mtls.is_unknown() { Some(mtls) } else { mtls.get("mode") };
        let Some(mode) = mode else { return Self::Unset };
        match mode.as_str() {
            None if mode.is_unknown() => Self::Mode(Mode::Unknown, mode),
            Some("STRICT") => Self::Mode(Mode::Strict, mode),
            Some("PERMISSIVE") => Self::Mode(Mode::Permissive, mode),
            Some("DISABLE") => Self::Mode(Mode::Disabled, mode),
            // UNSET, or what is refused.
            _ => Self::Unset,
        }
    }

    /// `None`: what is inherited stays.
    const fn mode(&self) -> Option<Mode> {
        match self {
            Self::Unset => None,
            Self::Mode(mode, _) => Some(*mode),
        }
    }

    /// What it makes of the modes that it inherits.
    pub(super) fn over(&self, inherited: &Possible) -> Possible {
        match self {
            Self::Unset => inherited.clone(),
            Self::Mode(mode, node) => vec![(*mode, Some(node.place()))],
        }
    }
}
