//! Verdicts of two estates: which findings are in both, and where one side fails what the other one passes.
//!
//! A verdict is that of a rule about a resource. Servers add defaults and webhooks add containers, so that paths and
//! messages of one and the same problem may differ: findings are paired by what they have in common, the most first.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    estate::Estate,
    finding::{Finding, NotAssessed},
    policy::Evaluation,
    source::Listing,
};

/// What rules said of one side, as far as it is compared.
pub(super) struct Verdicts<'v> {
    passed: &'v BTreeMap<Arc<str>, Vec<Arc<str>>>,
    open: BTreeSet<(&'v str, &'v str)>,
    /// Rules that pass nothing, since lists that they need were not read to the end.
    open_rules: BTreeSet<&'v str>,
}

impl<'v> Verdicts<'v> {
    pub(super) fn new(evaluation: &'v Evaluation, estate: &Estate) -> Self {
        let listings = estate.sources.listings();
        let partial = listings.filter(|listing| listing.is_unread() || !listing.namespaces.is_empty());
        let partial: BTreeSet<String> = partial.map(Listing::name).collect();
        let rests_on = |result: &&NotAssessed| {
            let missing = result.missing.iter().flat_map(|missing| missing.split(", "));
            missing.into_iter().any(|name| partial.contains(name))
        };
        let open_rules = evaluation.not_assessed.iter().filter(rests_on).map(|result| &*result.rule);
        let open = evaluation
            .not_assessed
            .iter()
            .flat_map(|result| result.resources.iter().map(|resource| (&*result.rule, resource.as_str())));
        Self { passed: &evaluation.passed, open: open.collect(), open_rules: open_rules.collect() }
    }

    /// Whether it is open what a rule says of a resource.
    pub(super) fn is_open(&self, finding: &Finding) -> bool {
        self.open_rules.contains(&*finding.rule)
            || self.open.contains(&(&*finding.rule, finding.resource.as_str()))
    }

    /// Resources that pass on both sides, by rule.
    pub(super) fn passed_with(&self, other: &Self) -> BTreeMap<Arc<str>, Vec<Arc<str>>> {
        let both = self.passed.iter().filter_map(|(rule, resources)| {
            let there = other.passed.get(rule)?;
            let both = resources.iter().filter(|resource| there.binary_search(resource).is_ok());
            Some((Arc::clone(rule), both.cloned().collect()))
        });
        both.collect()
    }
}

/// Findings of either side that have no partner on the other one, by their positions, and how many have.
pub(super) struct Alone {
    pub(super) declared: Vec<usize>,
    pub(super) live: Vec<usize>,
    pub(super) in_both: usize,
}

/// What findings have in common, from the most to the least.
type Key = fn(&Finding) -> (String, String, String);

const KEYS: [Key; 4] = [
    |finding| (finding.fingerprint(), String::new(), String::new()),
    |finding| (subject(finding), peer(finding), finding.message.clone()),
    |finding| (subject(finding), peer(finding), String::new()),
    |finding| (subject(finding), String::new(), String::new()),
];

fn subject(finding: &Finding) -> String {
    format!("{} {}", finding.rule, finding.resource)
}

fn peer(finding: &Finding) -> String {
    finding.peer.clone().unwrap_or_default()
}

/// Pairs findings one to one.
pub(super) fn paired(declared: &[Finding], live: &[Finding]) -> Alone {
    let mut alone =
        Alone { declared: (0..declared.len()).collect(), live: (0..live.len()).collect(), in_both: 0 };
    for key in KEYS {
        let mut partners: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for index in alone.declared.iter().rev() {
            partners.entry(key(&declared[*index])).or_default().push(*index);
        }
        let mut found = BTreeSet::new();
        alone.live.retain(|index| {
            let partner = partners.get_mut(&key(&live[*index])).and_then(Vec::pop);
            found.extend(partner);
            partner.is_none()
        });
        alone.declared.retain(|index| !found.contains(index));
        alone.in_both += found.len();
    }
    alone
}

/// What was left open on either side: neither can be held against the other. Results that are the same on both are one.
pub(super) fn open(declared: Vec<NotAssessed>, live: Vec<NotAssessed>) -> Vec<NotAssessed> {
    let key = |result: &NotAssessed| {
        (Arc::clone(&result.rule), result.reason.clone(), result.missing.clone(), result.resources.clone())
    };
    let keys = |results: &[NotAssessed]| results.iter().map(key).collect::<BTreeSet<_>>();
    let (of_files, of_cluster) = (keys(&declared), keys(&live));
    let said = |mut result: NotAssessed, other: &BTreeSet<_>, side: &str| {
        if !other.contains(&key(&result)) {
            result.reason = format!("{side}: {}", result.reason);
        }
        result
    };
    let declared = declared.into_iter().map(|result| said(result, &of_cluster, "in the manifests"));
    declared.chain(live.into_iter().map(|result| said(result, &of_files, "in the cluster"))).collect()
}
