//! Whom Istio's servers admit: `AuthorizationPolicy`, and whether it takes an identity (domains.md 1a: P8, A4).
//!
//! Source: istio/api `security/v1beta1/authorization_policy.proto`. Policies with `targetRefs` are enforced by gateways and
//! waypoints, past which a Pod can be reached: they limit callers, and demand no identity of those who come otherwise.
//! Deliberately absent: what a CUSTOM provider decides.

mod rule;

use self::rule::Rule;
use super::{
    configuration::Configuration,
    namespaces::Namespaces,
    scopes::{RootSelector, Scopes},
    waypoints::Waypoints,
};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::{
        Because, Truth, refusals,
        workloads::{Workload, WorkloadId, Workloads},
    },
    resource::selector::Selector,
    source::Place,
};

/// What a policy does with the requests that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Action {
    Allow,
    Deny,
    /// An authorizer outside the mesh decides.
    Custom,
    /// AUDIT, a dry run: nothing happens.
    Other,
    /// Known only after apply.
    Unknown,
}

/// One policy that sidecars or ztunnel enforce.
#[derive(Debug)]
pub(in crate::facts) struct Authorization<'e> {
    pub(in crate::facts) resource: &'e Resource,
    pub(in crate::facts) node: NodeRef<'e>,
    pub(in crate::facts) namespace: &'e str,
    /// `None`: known only after apply.
    pub(in crate::facts) selector: Option<Selector<'e>>,
    pub(in crate::facts) action: Action,
    /// Whether the API server refuses it, so that it decides nothing.
    pub(in crate::facts) is_refused: bool,
    rules: Vec<Rule<'e>>,
}

/// All policies of a set, by what they are about.
#[derive(Debug)]
pub(in crate::facts) struct Authorizations<'e> {
    pub(in crate::facts) all: Vec<Authorization<'e>>,
    scopes: Scopes<'e>,
    pub(super) waypoints: Waypoints<'e>,
}

/// What the policies of a workload make of callers without an identity.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Admission {
    /// Whether a caller needs an identity.
    pub(in crate::facts) identity_required: Truth,
    /// Whether any policy says who may call.
    pub(in crate::facts) is_limited: Truth,
    /// What admits callers without one, where a policy does.
    pub(in crate::facts) admits: Option<Because>,
    pub(in crate::facts) because: Vec<Because>,
}

impl Default for Admission {
    fn default() -> Self {
        Self { identity_required: Truth::False, is_limited: Truth::False, admits: None, because: Vec::new() }
    }
}

impl<'e> Authorization<'e> {
    fn new(resource: &'e Resource, node: NodeRef<'e>) -> Self {
        let spec = node.get("spec");
        let get = |key: &str| spec.and_then(|spec| spec.get(key)).filter(|value| !value.is_null());
        let selector = Selector::of_workload_selector(get("selector"));
        let dry_run = node.at(&["metadata", "annotations"]).and_then(|map| map.str_at(&["istio.io/dry-run"]));
        let action = match get("action").map(NodeRef::as_str) {
            _ if dry_run == Some("true") => Action::Other,
            None | Some(Some("ALLOW")) => Action::Allow,
            Some(Some("DENY")) => Action::Deny,
            Some(Some("CUSTOM")) => Action::Custom,
            Some(Some("AUDIT")) => Action::Other,
            Some(_) => Action::Unknown,
        };
        Self {
            resource,
            node,
            namespace: resource.namespace(),
            selector,
            action,
            is_refused: refusals::is_refused(&resource.object, node),
            rules: get("rules").into_iter().flat_map(NodeRef::items).map(Rule::new).collect(),
        }
    }

    /// Whether it denies every request of its namespace that no other policy allows: no selector, and some requests
    /// that it does not allow itself.
    pub(super) fn denies_by_default(&self) -> bool {
        let whole = self.selector.as_ref().is_some_and(Selector::is_empty);
        whole && self.action == Action::Allow && !self.rules.iter().any(Rule::matches_all)
    }

    /// Whether it leaves out some requests of those that it is about.
    pub(super) fn limits(&self) -> Truth {
        match self.action {
            Action::Allow => Truth::from(!self.rules.iter().any(Rule::matches_all)),
            Action::Custom => Truth::True,
            Action::Deny | Action::Other => Truth::False,
            Action::Unknown => Truth::Unknown,
        }
    }

    fn place(&self) -> Place {
        let spec = self.node.key_span("spec");
        spec.map_or_else(|| self.node.place(), |span| Place::new(self.node.document.source, span))
    }
}

impl<'e> Authorizations<'e> {
    pub(super) fn new(
        view: &View<'e>,
        workloads: &Workloads<'e>,
        namespaces: &Namespaces<'e>,
        configuration: &Configuration,
    ) -> Self {
        let written = view.of_kind("security.istio.io", "AuthorizationPolicy");
        let written = written.map(|resource| (resource, view.estate.node(resource)));
        let targeted = |node: NodeRef<'_>| {
            ["targetRefs", "targetRef"]
                .iter()
                .any(|key| node.at(&["spec", key]).is_some_and(|refs| !refs.is_null()))
        };
        let (aimed, selecting): (Vec<_>, Vec<_>) = written.partition(|(_, node)| targeted(*node));
        let policies = |written: Vec<(&'e Resource, NodeRef<'e>)>| {
            let policies = written.into_iter().map(|(resource, node)| Authorization::new(resource, node));
            policies.collect::<Vec<Authorization<'e>>>()
        };
        let waypoints = Waypoints::new(&policies(aimed), &configuration.root_namespace);
        let all = policies(selecting);
        // Unlike PeerAuthentication, a selector in the root namespace reaches every namespace.
        let mut scopes = Scopes::new(configuration, RootSelector::Mesh);
        for (position, policy) in all.iter().enumerate() {
            if !policy.is_refused && configuration.discovers(policy.namespace, namespaces) != Truth::False {
                scopes.add(position, policy.namespace, policy.selector.as_ref(), workloads);
            }
        }
        Self { all, scopes, waypoints }
    }

    /// Policies without selector in a namespace or in the root namespace.
    pub(super) fn of_namespace(&self, namespace: &str) -> Vec<&Authorization<'e>> {
        self.scopes.about_namespace(namespace).filter_map(|index| self.all.get(index)).collect()
    }

    /// What the policies of a workload demand on a port.
    pub(super) fn admission(
        &self,
        id: WorkloadId,
        workload: &Workload<'e>,
        port: Option<u16>,
        ambient: bool,
    ) -> Admission {
        let mut admission = self.known(id, workload, port, ambient);
        let open = self.scopes.open_to(workload.namespace);
        for policy in open.filter_map(|index| self.all.get(index)) {
            let refuses = policy.rules.iter().any(|rule| rule.refuses_anonymous(port));
            let admits = policy
                .rules
                .iter()
                .any(|rule| rule.may_match(port) && !rule.needs_identity && !(ambient && rule.needs_http));
            // Whether it would change what callers without an identity meet.
            let changes = match (policy.action, admission.identity_required) {
                (Action::Deny, Truth::False) => refuses,
                (Action::Allow, Truth::False) => !admits && admission.admits.is_none(),
                (Action::Allow, Truth::True) => admits,
                (Action::Unknown, _) => true,
                _ => false,
            };
            admission.is_limited = admission.is_limited.or(policy.limits().and(Truth::Unknown));
            if changes {
                let text =
                    format!("{} may be about it: its selector is known only after apply", policy.resource.id);
                admission.because.push(Because::decided(text, policy.resource, policy.place()));
                admission.identity_required = Truth::Unknown;
            }
        }
        admission
    }

    /// What those demand that are sure to be about a workload.
    fn known(&self, id: WorkloadId, workload: &Workload<'e>, port: Option<u16>, ambient: bool) -> Admission {
        let about = self.scopes.about(id, workload.namespace);
        let policies: Vec<_> = about.filter_map(|index| self.all.get(index)).collect();
        let mut admission = Admission::default();
        if let Some(unread) = policies.iter().find(|policy| policy.action == Action::Unknown) {
            let text = format!("{} has an action that is known only after apply", unread.resource.id);
            admission.because.push(Because::decided(text, unread.resource, unread.place()));
            admission.identity_required = Truth::Unknown;
            admission.is_limited = Truth::Unknown;
        }
        for policy in policies.iter().filter(|policy| policy.action == Action::Deny) {
            let refuses = policy.rules.iter().find(|rule| rule.refuses_anonymous(port));
            if let Some(rule) = refuses {
                let text = format!("{} denies callers without an identity", policy.resource.id);
                admission.because.push(Because::decided(text, policy.resource, rule.place()));
                admission.identity_required = Truth::True;
            }
        }
        let allow: Vec<_> = policies.iter().filter(|policy| policy.action == Action::Allow).collect();
        // A4: ztunnel asks no authorizer.
        if !ambient && policies.iter().any(|policy| policy.action == Action::Custom) {
            admission.is_limited = Truth::True;
        }
        if allow.is_empty() {
            return admission;
        }
        let admits_all = allow.iter().any(|policy| policy.rules.iter().any(Rule::matches_all));
        admission.is_limited = admission.is_limited.or(Truth::from(!admits_all));
        if admission.identity_required == Truth::True {
            return admission;
        }
        let rules = allow.iter().flat_map(|policy| policy.rules.iter().map(move |rule| (policy, rule)));
        // A4: ztunnel leaves out rules that need HTTP, so they allow nothing.
        let reachable = rules.filter(|(_, rule)| rule.may_match(port) && !(ambient && rule.needs_http));
        let mut anonymous = reachable.filter(|(_, rule)| !rule.needs_identity);
        if let Some((policy, rule)) = anonymous.next() {
            let text = format!("{} allows callers without an identity", policy.resource.id);
            admission.admits = Some(Because::decided(text, policy.resource, rule.place()));
        } else {
            for policy in allow {
                let text = format!("{} allows only callers with an identity", policy.resource.id);
                admission.because.push(Because::decided(text, policy.resource, policy.place()));
            }
            admission.identity_required = admission.identity_required.or(Truth::True);
        }
        admission
    }
}
