//! Drift: what is declared held against what is live. Two estates, each judged alone.

use std::collections::BTreeMap;

use serde_json::json;

use crate::finding::Finding;

/// How a comparison went, beside its findings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drift {
    /// Objects that are declared and live.
    pub paired: usize,
    /// Findings that both estates have: they are no difference, and not in the report.
    pub in_both: usize,
    /// Why objects were not asked for on the other side, as it follows `objects`, with how many they are.
    pub aside: BTreeMap<String, usize>,
}

/// Which estate a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Declared,
    Live,
}

/// Key of a finding's metadata: how each side does.
const KEY: &str = "drift";

impl Side {
    /// Says in a finding which side breaks its rule, and how the other one does: `pass` or `absent`.
    pub fn mark(self, finding: &mut Finding, other: &str) {
        let verdicts = match self {
            Self::Declared => json!({"declared": "fail", "live": other}),
            Self::Live => json!({"declared": other, "live": "fail"}),
        };
        finding.metadata.insert(KEY.to_owned(), verdicts);
    }
}
