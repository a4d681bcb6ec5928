//! What is not assessed, by what is missing: one undeclared Namespace can leave eight rules without an answer for a
//! hundred workloads, and is one thing to do.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use crate::report::Report;

/// One thing that is missing, with all that it leaves open.
pub(super) struct Cause<'r> {
    /// What is missing, else the reason.
    pub(super) name: &'r str,
    pub(super) results: usize,
    pub(super) rules: BTreeSet<&'r str>,
    pub(super) resources: BTreeSet<&'r str>,
    /// What the rules say; without the name.
    pub(super) reasons: BTreeSet<&'r str>,
}

/// Causes, those that leave most open first.
pub(super) fn causes(report: &Report) -> Vec<Cause<'_>> {
    let mut causes: BTreeMap<&str, Cause<'_>> = BTreeMap::new();
    for result in &report.not_assessed {
        let name = result.missing.as_deref().unwrap_or(&result.reason);
        let cause = causes.entry(name).or_insert_with(|| Cause {
            name,
            results: 0,
            rules: BTreeSet::new(),
            resources: BTreeSet::new(),
            reasons: BTreeSet::new(),
        });
        cause.results += 1;
        cause.rules.insert(&result.rule);
        cause.resources.extend(result.resources.iter().map(String::as_str));
        cause.reasons.extend((result.reason != name).then_some(result.reason.as_str()));
    }
    let mut causes: Vec<Cause<'_>> = causes.into_values().collect();
    causes.sort_by_key(|cause| Reverse(cause.results));
    causes
}

impl Cause<'_> {
    /// What the reader can do, where that is not to add what is missing.
    pub(super) fn advice(&self) -> Option<&'static str> {
        let is_about_meshes = self.rules.iter().all(|rule| rule.starts_with("mtls/"));
        (self.name.starts_with("Namespace/") && is_about_meshes)
            .then_some("add its manifest; without any mesh, say `mesh: {flavour: none}` in probity.yaml")
    }
}
