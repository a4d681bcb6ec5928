//! One `DestinationRule` as written.

use super::Caller;
use crate::{
    document::NodeRef, estate::Resource, facts::refusals, resource::selector::Selector, source::Place,
};

/// One rule.
#[derive(Debug)]
pub(in crate::facts) struct DestinationRule<'e> {
    pub(in crate::facts) resource: &'e Resource,
    pub(in crate::facts) node: NodeRef<'e>,
    pub(in crate::facts) namespace: &'e str,
    pub(in crate::facts) written_host: &'e str,
    /// D1: a host without dot is a Service of the rule's namespace; any other is taken as it is.
    pub(in crate::facts) host: String,
    /// Clients that it is for; `None`: all that see it.
    pub(in crate::facts) selector: Option<Selector<'e>>,
    pub(in crate::facts) created: Option<&'e str>,
    /// Whether the API server refuses it, so that it decides nothing.
    pub(in crate::facts) is_refused: bool,
    export_to: Vec<String>,
    policy: Option<NodeRef<'e>>,
    subsets: Vec<(&'e str, NodeRef<'e>)>,
}

/// TLS settings of a client.
#[derive(Debug, Clone, Copy)]
pub(in crate::facts) struct Tls<'e> {
    pub(in crate::facts) mode: TlsMode,
    node: NodeRef<'e>,
    /// What holds it under the key `tls`.
    owner: NodeRef<'e>,
}

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum TlsMode {
    Disable,
    Simple,
    Mutual,
    IstioMutual,
    /// Known only after apply.
    Unknown,
}

/// TLS of one policy, as it is about one port.
#[derive(Debug, Clone, Copy, Default)]
struct OfPort<'e> {
    /// Whether the port has settings of its own, which leave nothing to the whole.
    is_own: bool,
    /// What clients are configured with.
    sent: Option<Tls<'e>>,
    /// What automatic mTLS looks at (D6): settings of the whole count though the port's own leave TLS out.
    meant: Option<Tls<'e>>,
}

/// What a rule says about one port.
#[derive(Debug, Clone, Copy)]
pub(in crate::facts) enum Choice<'e> {
    /// Nothing: automatic mTLS.
    Automatic,
    Tls(Tls<'e>),
    /// D6: the port's own settings have none, and those of the whole turn automatic mTLS off.
    Plaintext(Tls<'e>),
}

impl<'e> DestinationRule<'e> {
    pub(super) fn new(resource: &'e Resource, node: NodeRef<'e>, default_export: &[String]) -> Self {
        let get = |key: &str| node.at(&["spec", key]);
        let written_host = get("host").and_then(NodeRef::as_str).unwrap_or_default();
        let namespace = resource.namespace();
        let host = if written_host.contains('.') || written_host.contains('*') {
            written_host.to_owned()
        } else {
            format!("{written_host}.{namespace}.svc.cluster.local")
        };
        let export_to = get("exportTo").into_iter().flat_map(NodeRef::items);
        let mut export_to: Vec<String> =
            export_to.filter_map(NodeRef::as_str).map(ToOwned::to_owned).collect();
        if export_to.is_empty() {
            export_to = default_export.to_vec();
        }
        let labels = node.at(&["spec", "workloadSelector", "matchLabels"]);
        let subsets = get("subsets").into_iter().flat_map(NodeRef::items);
        Self {
            resource,
            node,
            namespace,
            written_host,
            host,
            selector: labels.and_then(Selector::of_labels).filter(|selector| !selector.is_empty()),
            created: node.str_at(&["metadata", "creationTimestamp"]),
            is_refused: refusals::is_refused(&resource.object, node),
            export_to,
            policy: get("trafficPolicy").filter(|policy| policy.is_mapping()),
            subsets: subsets.filter_map(|subset| Some((subset.str_at(&["name"])?, subset))).collect(),
        }
    }

    pub(super) fn is_private(&self) -> bool {
        self.selector.is_some() || matches!(self.export_to.as_slice(), [only] if only == ".")
    }

    pub(super) fn is_exported_to(&self, namespace: &str) -> bool {
        if namespace == self.namespace {
            return true;
        }
        self.selector.is_none()
            && (self.export_to.is_empty() || self.export_to.iter().any(|to| to == "*" || to == namespace))
    }

    /// Whether a client in a namespace is one that it is for.
    pub(super) fn is_for(&self, caller: Caller<'_>) -> bool {
        self.selector.as_ref().is_none_or(|selector| selector.matches(caller.labels))
    }

    pub(in crate::facts) const fn has_policy(&self) -> bool {
        self.policy.is_some()
    }

    /// Whether the policies of both are the same.
    pub(in crate::facts) fn agrees(&self, other: &Self) -> bool {
        self.policy.map(NodeRef::digest) == other.policy.map(NodeRef::digest)
    }

    pub(super) fn subset(&self, name: &str) -> Option<NodeRef<'e>> {
        self.subsets.iter().find(|(subset, _)| *subset == name).map(|(_, node)| *node)
    }

    /// What it says about a Service's port, and about a subset where the client is routed to one (D5–D7).
    ///
    /// The whole and the subset are settled for the port one by one, and then laid over each other: the subset's own TLS
    /// wins, as do its settings of the port, with or without TLS (istio `pilot/pkg/networking/util`,
    /// `MergeSubsetTrafficPolicy`).
    pub(in crate::facts) fn choice(&self, port: Option<u16>, subset: Option<&str>) -> Choice<'e> {
        let subset = subset.and_then(|name| self.subset(name)).and_then(|subset| subset.get("trafficPolicy"));
        let whole = self.policy.map(|policy| OfPort::of(policy, port)).unwrap_or_default();
        let over = subset.map(|policy| OfPort::of(policy, port)).unwrap_or_default();
        let sent = if over.is_own { over.sent } else { over.sent.or(whole.sent) };
        match (sent, over.meant.or(whole.meant)) {
            (Some(tls), _) => Choice::Tls(tls),
            (None, Some(meant)) if meant.mode == TlsMode::IstioMutual => Choice::Tls(meant),
            (None, Some(meant)) => Choice::Plaintext(meant),
            (None, None) => Choice::Automatic,
        }
    }

    /// D13: whether clients reach the addresses that they ask for themselves (`loadBalancer.simple`).
    pub(in crate::facts) fn passes_through(&self, subset: Option<&str>) -> bool {
        let subset = subset.and_then(|name| self.subset(name)).and_then(|subset| subset.get("trafficPolicy"));
        let simple = |policy: NodeRef<'e>| policy.str_at(&["loadBalancer", "simple"]);
        let own = subset.and_then(simple).or_else(|| self.policy.and_then(simple));
        own == Some("PASSTHROUGH")
    }

    /// All TLS settings in it.
    pub(in crate::facts) fn all_tls(&self) -> Vec<Tls<'e>> {
        let policies = self.subsets.iter().filter_map(|(_, subset)| subset.get("trafficPolicy"));
        let mut all = Vec::new();
        for policy in self.policy.into_iter().chain(policies) {
            let ports = policy.get("portLevelSettings").into_iter().flat_map(NodeRef::items);
            all.extend(Tls::of(policy));
            all.extend(ports.filter_map(Tls::of));
        }
        all
    }
}

impl<'e> OfPort<'e> {
    fn of(policy: NodeRef<'e>, port: Option<u16>) -> Self {
        let mut ports = policy.get("portLevelSettings").into_iter().flat_map(NodeRef::items);
        let own = ports.find(|entry| {
            let number = entry.at(&["port", "number"]).and_then(NodeRef::as_i64);
            number.is_some() && number == port.map(i64::from)
        });
        let whole = Tls::of(policy);
        let of_port = own.and_then(Tls::of);
        let sent = if own.is_some() { of_port } else { whole };
        Self { is_own: own.is_some(), sent, meant: of_port.or(whole) }
    }
}

impl<'e> Tls<'e> {
    /// Those of a policy or of one of its ports.
    fn of(owner: NodeRef<'e>) -> Option<Self> {
        let node = owner.get("tls").filter(|tls| !tls.is_null())?;
        let mode = match node.get("mode").filter(|mode| !mode.is_null()).map(NodeRef::as_str) {
            // D5: the first value of the enumeration.
            None if node.is_mapping() => TlsMode::Disable,
            Some(Some("DISABLE")) => TlsMode::Disable,
            Some(Some("SIMPLE")) => TlsMode::Simple,
            Some(Some("MUTUAL")) => TlsMode::Mutual,
            Some(Some("ISTIO_MUTUAL")) => TlsMode::IstioMutual,
            _ => TlsMode::Unknown,
        };
        Some(Self { mode, node, owner })
    }

    /// The mode, else the key of the settings.
    pub(in crate::facts) fn place(&self) -> Place {
        if let Some(mode) = self.node.get("mode").filter(|mode| mode.is_scalar() && !mode.is_null()) {
            return mode.place();
        }
        let key = self.owner.key_span("tls");
        Place::new(self.node.document.source, key.unwrap_or_else(|| self.node.span()))
    }

    pub(in crate::facts) const fn name(&self) -> &'static str {
        match self.mode {
            TlsMode::Disable => "DISABLE",
            TlsMode::Simple => "SIMPLE",
            TlsMode::Mutual => "MUTUAL",
            TlsMode::IstioMutual => "ISTIO_MUTUAL",
            TlsMode::Unknown => "something unknown",
        }
    }

    /// D10: nobody looks at the server's certificate.
    pub(in crate::facts) fn skips_verification(&self) -> Option<Place> {
        let skip = self.node.get("insecureSkipVerify")?;
        (skip.as_bool() == Some(true)).then(|| skip.place())
    }

    /// D9: credentials that sidecars drop, unless they come from a `ConfigMap`.
    pub(in crate::facts) fn credential(&self) -> Option<NodeRef<'e>> {
        let name = self.node.get("credentialName")?;
        let text = name.as_str()?;
        (!text.is_empty() && !text.starts_with("configmap://")).then_some(name)
    }

    /// D8: what MUTUAL needs.
    pub(in crate::facts) fn has_certificates(&self) -> bool {
        let text = |key: &str| self.node.str_at(&[key]).is_some_and(|text| !text.is_empty());
        text("credentialName") || (text("clientCertificate") && text("privateKey"))
    }
}
