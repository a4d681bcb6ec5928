//! What Istio's clients do towards a host: `DestinationRule` (domains.md 1a: D1–D10).
//!
//! Source: istio `pilot/pkg/model/push_context.go`, `destination_rule.go`, `pilot/pkg/networking/core/cluster_tls.go`.

mod written;

use std::collections::BTreeMap;

pub(in crate::facts) use self::written::{Choice, DestinationRule, Tls, TlsMode};
use crate::{
    estate::View,
    facts::{Truth, mesh::Meshes},
    resource::selector::Labels,
};

/// All rules of a set, by namespace and host.
#[derive(Debug)]
pub(in crate::facts) struct DestinationRules<'e> {
    pub(in crate::facts) all: Vec<DestinationRule<'e>>,
    by_namespace: BTreeMap<&'e str, OfNamespace<'e>>,
    root: String,
}

#[derive(Debug, Default)]
struct OfNamespace<'e> {
    exact: BTreeMap<String, Vec<usize>>,
    /// Wildcards by what follows the star.
    wildcard: BTreeMap<&'e str, Vec<usize>>,
}

/// A client as the lookup sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller<'c> {
    pub(super) namespace: &'c str,
    pub(super) labels: &'c Labels<'c>,
}

impl<'e> DestinationRules<'e> {
    pub(super) fn new(view: &View<'e>, meshes: &Meshes<'e>) -> Self {
        let configuration = &meshes.configuration;
        let written = view.of_kind("networking.istio.io", "DestinationRule");
        let all: Vec<DestinationRule<'e>> = written
            .map(|resource| {
                DestinationRule::new(resource, view.estate.node(resource), &configuration.default_export_to)
            })
            .collect();
        let mut by_namespace: BTreeMap<&'e str, OfNamespace<'e>> = BTreeMap::new();
        for (index, rule) in all.iter().enumerate() {
            if rule.is_refused || configuration.discovers(rule.namespace, &meshes.namespaces) == Truth::False
            {
                continue;
            }
            let namespace = by_namespace.entry(rule.namespace).or_default();
            match rule.written_host.strip_prefix('*') {
                Some(suffix) => namespace.wildcard.entry(suffix).or_default().push(index),
                None => namespace.exact.entry(rule.host.clone()).or_default().push(index),
            }
        }
        Self { all, by_namespace, root: configuration.root_namespace.clone() }
    }

    /// The rule that a client uses towards a host in a namespace; several where the input does not tell which is the
    /// oldest (D2–D4).
    pub(super) fn look_up(
        &self,
        caller: Caller<'_>,
        host: &str,
        service_namespace: Option<&str>,
    ) -> Vec<&DestinationRule<'e>> {
        let own = caller.namespace;
        let from = |namespace: &str, visible: &dyn Fn(&DestinationRule<'e>) -> bool| {
            self.in_namespace(namespace, host, caller, visible)
        };
        let to_caller = |rule: &DestinationRule<'e>| rule.is_exported_to(own);
        let first = if own == self.root {
            // What the root namespace exports is for everybody else first.
            from(own, &|rule| rule.is_private())
        } else {
            from(own, &to_caller)
        };
        if !first.is_empty() {
            return first;
        }
        if let Some(namespace) = service_namespace.filter(|namespace| *namespace != own || own == self.root) {
            let found = from(namespace, &to_caller);
            if !found.is_empty() {
                return found;
            }
        }
        from(&self.root, &to_caller)
    }

    /// Whether any rule has a subset of a host, without which what is routed there gets nowhere. Rules of one host add up.
    pub(super) fn define(&self, host: &str, subset: &str) -> bool {
        let is_about = |rule: &DestinationRule<'e>| match rule.written_host.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => rule.host == host,
        };
        self.all.iter().any(|rule| !rule.is_refused && is_about(rule) && rule.subset(subset).is_some())
    }

    /// D3: the exact host, else the longest wildcard.
    fn in_namespace(
        &self,
        namespace: &str,
        host: &str,
        caller: Caller<'_>,
        visible: &dyn Fn(&DestinationRule<'e>) -> bool,
    ) -> Vec<&DestinationRule<'e>> {
        let Some(rules) = self.by_namespace.get(namespace) else { return Vec::new() };
        let usable = |indices: &Vec<usize>| {
            let rules = indices.iter().filter_map(|index| self.all.get(*index));
            let rules: Vec<_> = rules.filter(|rule| visible(rule) && rule.is_for(caller)).collect();
            oldest(rules)
        };
        let exact = rules.exact.get(host).map(usable).unwrap_or_default();
        if !exact.is_empty() {
            return exact;
        }
        // Suffixes of the host, longest first: as many look-ups as it has characters, however many rules there are.
        let suffixes = host.char_indices().map(|(at, _)| host.get(at..).unwrap_or_default());
        let mut matching = suffixes.chain([""]).filter_map(|suffix| rules.wildcard.get(suffix)).map(usable);
        matching.find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Rules of one namespace about one host, each group of more than one.
    pub(in crate::facts) fn rivals(&self) -> impl Iterator<Item = Vec<&DestinationRule<'e>>> {
        let groups = self
            .by_namespace
            .values()
            .flat_map(|namespace| namespace.exact.values().chain(namespace.wildcard.values()));
        let groups = groups.filter(|group| group.len() > 1);
        groups.map(|group| group.iter().filter_map(|index| self.all.get(*index)).collect())
    }
}

/// D4: those with a selector come first; then the oldest wins.
fn oldest<'r, 'e>(mut rules: Vec<&'r DestinationRule<'e>>) -> Vec<&'r DestinationRule<'e>> {
    if rules.iter().any(|rule| rule.selector.is_some()) {
        rules.retain(|rule| rule.selector.is_some());
    }
    if rules.iter().all(|rule| rule.created.is_some()) {
        rules.sort_by_key(|rule| (rule.created, &rule.resource.object.name));
        // The first that has a policy at all wins it whole; later ones only add subsets.
        let with_policy = rules.iter().position(|rule| rule.has_policy());
        let first = rules.get(with_policy.unwrap_or(0)).copied();
        return first.into_iter().collect();
    }
    if rules.iter().any(|rule| rule.has_policy()) {
        rules.retain(|rule| rule.has_policy());
    }
    rules
}
