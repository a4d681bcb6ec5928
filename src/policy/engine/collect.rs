//! What rules said about subjects, put together.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::super::{
    load::{ENDLESS, Policies},
    metadata::Rule,
};
use crate::{
    finding::{Finding, NotAssessed},
    report::{Evaluated, NotApplicable, PolicyError},
};

/// What all rules said.
#[derive(Debug, Default)]
pub struct Evaluation {
    pub findings: Vec<Finding>,
    pub not_assessed: Vec<NotAssessed>,
    /// For each rule, the resources that passed, sorted.
    pub passed: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// One for each rule, sorted.
    pub evaluated: Vec<Evaluated>,
    /// Rules that policies themselves waive for some subjects.
    pub excepted: Vec<NotApplicable>,
    pub errors: Vec<PolicyError>,
    /// What rules said that nobody reads, for whoever wrote them.
    pub notices: Vec<String>,
}

/// What one rule said about one subject.
pub(super) struct Judgement {
    pub(super) rule: usize,
    pub(super) case: usize,
    pub(super) resource: Arc<str>,
    pub(super) findings: Vec<Finding>,
    pub(super) not_assessed: Vec<NotAssessed>,
    /// An `exception` of the policy waives the rule for this subject.
    pub(super) excepted: bool,
    /// Why some of what it said is overlooked.
    pub(super) overlooked: Option<&'static str>,
    pub(super) error: Option<String>,
}

/// For each rule, the first case on which it did not end: on later ones it is not tried, since each would cost the
/// whole limit. Earlier ones are, so that the same case is found with any number of threads.
pub(super) struct Endless(Vec<AtomicUsize>);

impl Endless {
    pub(super) fn new(rules: usize) -> Self {
        Self((0..rules).map(|_| AtomicUsize::new(usize::MAX)).collect())
    }

    pub(super) fn found(&self, rule: usize, case: usize) {
        self.0[rule].fetch_min(case, Ordering::Relaxed);
    }

    pub(super) fn spares(&self, rule: usize, case: usize) -> bool {
        self.0[rule].load(Ordering::Relaxed) < case
    }
}

/// Counts, and puts equal errors together.
pub(super) fn collect(policies: &Policies, judged: Vec<Judgement>, endless: &Endless) -> Evaluation {
    let zero = |rule: &Arc<Rule>| Evaluated {
        rule: Arc::clone(&rule.id),
        subjects: 0,
        passed: 0,
        failed: 0,
        not_assessed: 0,
    };
    let mut evaluation =
        Evaluation { evaluated: policies.rules.iter().map(zero).collect(), ..Evaluation::default() };
    let mut errors: BTreeMap<(usize, String), usize> = BTreeMap::new();
    let mut excepted: BTreeMap<usize, Vec<Arc<str>>> = BTreeMap::new();
    let mut overlooked: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    let mut spared: BTreeMap<usize, usize> = BTreeMap::new();
    for judgement in judged {
        if endless.spares(judgement.rule, judgement.case) {
            *spared.entry(judgement.rule).or_default() += 1;
            continue;
        }
        if judgement.excepted {
            excepted.entry(judgement.rule).or_default().push(judgement.resource);
            continue;
        }
        if let Some(why) = judgement.overlooked {
            *overlooked.entry((judgement.rule, why)).or_default() += 1;
        }
        let count = &mut evaluation.evaluated[judgement.rule];
        count.subjects += 1;
        match (&judgement.error, judgement.findings.is_empty(), judgement.not_assessed.is_empty()) {
            (Some(error), _, _) => {
                let cause = error.split_once(": ").map_or(error.as_str(), |(_, cause)| cause);
                *errors.entry((judgement.rule, cause.to_owned())).or_default() += 1;
            }
            (None, false, _) => count.failed += 1,
            (None, true, false) => count.not_assessed += 1,
            (None, true, true) => {
                count.passed += 1;
                evaluation.passed.entry(Arc::clone(&count.rule)).or_default().push(judgement.resource);
            }
        }
        evaluation.findings.extend(judgement.findings);
        evaluation.not_assessed.extend(judgement.not_assessed);
    }
    evaluation.excepted = excepted
        .into_iter()
        .map(|(rule, resources)| NotApplicable {
            rule: Arc::clone(&policies.rules[rule].id),
            reason: format!("an `exception` of its policy waives it for {}", resources.join(", ")),
        })
        .collect();
    evaluation.notices = overlooked
        .into_iter()
        .map(|((rule, why), subjects)| {
            let (id, plural) = (&policies.rules[rule].id, if subjects == 1 { "" } else { "s" });
            format!("`{id}` said something that is overlooked, as by Conftest, on {subjects} subject{plural}: {why}")
        })
        .collect();
    for resources in evaluation.passed.values_mut() {
        resources.sort();
        resources.dedup();
    }
    evaluation.errors = errors
        .into_iter()
        .map(|((rule, cause), subjects)| {
            let plural = if subjects == 1 { "" } else { "s" };
            let not_tried = match spared.get(&rule) {
                Some(count) if cause.starts_with(ENDLESS) => format!("; not tried on {count} more"),
                _ => String::new(),
            };
            PolicyError {
                policy: policies.rules[rule].id.to_string(),
                message: format!("cannot be evaluated on {subjects} subject{plural}: {cause}{not_tried}"),
            }
        })
        .collect();
    evaluation
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Policies, PolicyFile};

    fn policies() -> Policies {
        let metadata = "# METADATA\n# title: T\n# description: D\n# custom:\n#   severity: low\n#   input: {selector: [{type: kubernetes, kinds: [Pod]}]}\n";
        let file = PolicyFile::new(
            "slow.rego",
            format!("{metadata}package team.slow\n\ndeny contains \"x\" if input.x\n"),
        );
        let policies = Policies::new(&[file], |_| true);
        assert!(policies.errors.is_empty(), "{:?}", policies.errors);
        policies
    }

    fn judgement(case: usize, error: Option<&str>) -> Judgement {
        Judgement {
            rule: 0,
            case,
            resource: format!("Pod/a/{case}").into(),
            findings: Vec::new(),
            not_assessed: Vec::new(),
            excepted: false,
            overlooked: None,
            error: error.map(|error| format!("Pod/a/{case}: {error}")),
        }
    }

    #[test]
    fn a_rule_that_did_not_end_counts_up_to_its_first_case_whichever_thread_was_first() {
        let policies = policies();
        let slow = format!("{ENDLESS} 10 s");
        let said = |found: &[usize]| {
            let endless = Endless::new(1);
            let judged = (0..5).map(|case| {
                let tried = found.contains(&case) && !endless.spares(0, case);
                if tried {
                    endless.found(0, case);
                }
                judgement(case, tried.then_some(&*slow))
            });
            let judged = judged.collect();
            let evaluation = collect(&policies, judged, &endless);
            (evaluation.errors, evaluation.evaluated[0].subjects, evaluation.evaluated[0].passed)
        };
        let (errors, subjects, passed) = said(&[2, 4]);
        assert_eq!((subjects, passed), (3, 2));
        assert_eq!(errors.len(), 1);
        let expected = format!("cannot be evaluated on 1 subject: {slow}; not tried on 2 more");
        assert_eq!(errors[0].message, expected);

        let endless = Endless::new(1);
        endless.found(0, 4);
        assert!(!endless.spares(0, 2), "an earlier case is tried although a later one was found first");
        endless.found(0, 2);
        let judged = [(2, Some(&*slow)), (4, Some(&*slow)), (3, None), (0, None)];
        let evaluation =
            collect(&policies, judged.map(|(case, error)| judgement(case, error)).into(), &endless);
        assert_eq!(evaluation.errors[0].message, expected);
    }
}
