//! The report: everything a run found out, judged and in order. Pure: every format and the exit code come from it.

mod build;
mod change;
mod drift;
mod fixes;

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    facts::graph::Named,
    finding::{Finding, NotAssessed, Severity},
    policy::metadata::Rule,
};

pub use crate::waiver::Waiver;
pub use build::Parts;
pub use change::{Change, Compared, Repaired, Role, Unused};
pub use drift::{Drift, Side};

/// Verdict of a whole run: incomplete beats fail beats pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    Fail,
    Incomplete,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A finding with what was decided about it.
#[derive(Debug, Clone)]
pub struct Judged {
    pub finding: Finding,
    pub fingerprint: String,
    pub status: Status,
}

/// Whether a finding counts. A waiver beats a baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Open,
    Waived(Waiver),
    Baseline,
}

impl Status {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waived(_) => "waived",
            Self::Baseline => "baseline",
        }
    }
}

/// A rule that had nothing to judge, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotApplicable {
    pub rule: Arc<str>,
    pub reason: String,
}

/// A setting that changed what a rule would have said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Override {
    pub rule: Arc<str>,
    /// `severity`, `enabled`, or `allow`: values that look like credentials and are declared to be none.
    pub setting: &'static str,
    pub from: String,
    pub to: String,
    /// `probity.yaml:12`.
    pub source: String,
}

/// How often a rule was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluated {
    pub rule: Arc<str>,
    pub subjects: usize,
    pub passed: usize,
    pub failed: usize,
    pub not_assessed: usize,
}

/// A policy that could not be loaded or evaluated; the run exits with 2.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyError {
    /// Rule id, else the file.
    pub policy: String,
    pub message: String,
}

/// The run's place in the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReference {
    pub origin: String,
    pub run: String,
    /// Size and root (hex) of the tree after `scan.start`.
    pub size: u64,
    pub root: String,
    pub signed: bool,
}

/// Everything a run found out.
#[derive(Debug)]
pub struct Report {
    pub outcome: Outcome,
    /// In the total order: place, rule, resource, message.
    pub findings: Vec<Judged>,
    pub not_assessed: Vec<NotAssessed>,
    pub not_applicable: Vec<NotApplicable>,
    /// Sorted by rule.
    pub overrides: Vec<Override>,
    /// Waivers whose last day is over and that would cover a finding, sorted.
    pub expired_waivers: Vec<Waiver>,
    /// Waivers that are about no finding, sorted.
    pub unused_waivers: Vec<Waiver>,
    /// Entries of the baseline that are about no finding any more.
    pub unmet_baseline: usize,
    /// What rules said that nobody reads: for stderr.
    pub notices: Vec<String>,
    /// For each rule, the resources that passed, sorted: the audit log names them.
    pub passed: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Sorted by rule.
    pub evaluated: Vec<Evaluated>,
    pub errors: Vec<PolicyError>,
    /// Why the run is incomplete, in words.
    pub incomplete: Vec<String>,
    /// All rules that ran, sorted by id.
    pub rules: Vec<Arc<Rule>>,
    /// With `--since`, the change that the findings are limited to.
    pub change: Option<Change>,
    /// With `--drift`, how the comparison went that the findings are limited to.
    pub drift: Option<Drift>,
    /// When it was made; the rules judge by the waivers' day alone.
    pub time: Timestamp,
    /// The pictures of the estate, where a format wants them.
    pub graphs: Vec<Named>,
    /// What was understood (`probity.facts/v1`), where it is asked for.
    pub facts: Option<serde_json::Map<String, serde_json::Value>>,
    /// `None` with `--audit off`.
    pub audit: Option<AuditReference>,
    /// Open findings at or above it make the run fail; `None`: never.
    pub fail_on: Option<Severity>,
}

impl Report {
    /// Open findings of a severity.
    pub fn open(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|judged| judged.status == Status::Open && judged.finding.severity == severity)
            .count()
    }

    pub fn waived(&self) -> usize {
        self.findings.iter().filter(|judged| matches!(judged.status, Status::Waived(_))).count()
    }

    pub fn baseline(&self) -> usize {
        self.findings.iter().filter(|judged| judged.status == Status::Baseline).count()
    }

    /// The verdict on what the report holds.
    fn decide(&self) -> Outcome {
        let failing = |judged: &Judged| {
            judged.status == Status::Open
                && self.fail_on.is_some_and(|least| judged.finding.severity >= least)
        };
        if !self.incomplete.is_empty() || !self.errors.is_empty() {
            Outcome::Incomplete
        } else if self.findings.iter().any(failing) {
            Outcome::Fail
        } else {
            Outcome::Pass
        }
    }

    /// The rule of a finding; `None` for results of Conftest policies.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules
            .binary_search_by(|rule| (*rule.id).cmp(id))
            .ok()
            .and_then(|index| self.rules.get(index))
            .map(|rule| &**rule)
    }
}
