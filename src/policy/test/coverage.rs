//! Which lines of policies tests reach.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use regorus::Engine;

/// Lines of a policy that no test reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    pub file: Arc<str>,
    pub covered: usize,
    pub not_covered: Vec<u32>,
}

/// Coverage of all policies, by file: what one of the engines reached is reached.
pub(super) fn of(engines: impl Iterator<Item = Engine>) -> Vec<Coverage> {
    let mut lines: BTreeMap<String, [BTreeSet<u32>; 2]> = BTreeMap::new();
    let reports = engines.filter_map(|engine| engine.get_coverage_report().ok());
    for file in reports.flat_map(|report| report.files) {
        if !file.path.ends_with("_test.rego") {
            let [covered, not_covered] = lines.entry(file.path).or_default();
            covered.extend(file.covered);
            not_covered.extend(file.not_covered);
        }
    }
    let coverage = lines.into_iter().map(|(file, [covered, not_covered])| Coverage {
        file: file.into(),
        covered: covered.len(),
        not_covered: not_covered.difference(&covered).copied().collect(),
    });
    coverage.collect()
}
