//! Evaluation: every rule on every subject that it selects.

use std::{collections::BTreeMap, sync::Arc};

use rayon::prelude::*;
use regorus::{Engine, Value};

use super::{
    case::Case,
    load::Policies,
    metadata::Rule,
    redact::Redactor,
    selector,
    unknown::Unknown,
    verdict::{self, Verdict},
};
use crate::{
    estate::Estate,
    finding::{Finding, NotAssessed, Related},
    report::{Evaluated, PolicyError},
    source::Place,
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
    pub errors: Vec<PolicyError>,
}

/// Subjects judged by one clone of the engine: enough to make the clone cheap, few enough to keep threads busy.
const CHUNK: usize = 256;

/// Evaluates all rules; `progress` is told how many subjects are done.
pub fn evaluate(policies: &Policies, estate: &Estate, progress: &(dyn Fn(usize) + Sync)) -> Evaluation {
    let wanted = Wanted::new(policies);
    let cases = selector::cases(estate, |name| wanted.0.contains_key(name));
    let judged: Vec<Judgement> = cases
        .par_chunks(CHUNK)
        .flat_map_iter(|chunk| {
            let mut engine = policies.engine.clone();
            let judged: Vec<Judgement> =
                chunk.iter().flat_map(|case| judge(&mut engine, policies, &wanted, estate, case)).collect();
            progress(chunk.len());
            judged
        })
        .collect();
    collect(policies, judged)
}

/// Which rules want which subjects.
struct Wanted<'p>(BTreeMap<&'p str, Vec<(usize, &'p [String])>>);

impl<'p> Wanted<'p> {
    fn new(policies: &'p Policies) -> Self {
        let mut wanted: BTreeMap<&str, Vec<(usize, &[String])>> = BTreeMap::new();
        for (index, rule) in policies.rules.iter().enumerate() {
            for selector in &rule.selectors {
                wanted.entry(&selector.name).or_default().push((index, &selector.kinds));
            }
        }
        Self(wanted)
    }

    fn rules(&self, case: &Case<'_>) -> impl Iterator<Item = usize> {
        let candidates = self.0.get(case.selector).map(Vec::as_slice).unwrap_or_default();
        let wanted = candidates
            .iter()
            .filter(|(_, kinds)| kinds.is_empty() || kinds.iter().any(|kind| **kind == *case.kind));
        wanted.map(|(rule, _)| *rule)
    }
}

/// What one rule said about one subject.
struct Judgement {
    rule: usize,
    resource: Arc<str>,
    findings: Vec<Finding>,
    not_assessed: Vec<NotAssessed>,
    error: Option<String>,
}

fn judge(
    engine: &mut Engine,
    policies: &Policies,
    wanted: &Wanted<'_>,
    estate: &Estate,
    case: &Case<'_>,
) -> Vec<Judgement> {
    let rules: Vec<usize> = wanted.rules(case).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let input = case.input.to_rego(estate);
    let unknown = Unknown::new(case, estate);
    let judged = rules.into_iter().map(|index| {
        let mut judgement = Judgement {
            rule: index,
            resource: Arc::clone(&case.resource),
            findings: Vec::new(),
            not_assessed: Vec::new(),
            error: None,
        };
        engine.set_input(input.clone());
        let judged = verdicts(engine, &policies.rules[index], policies.verdicts[index]);
        match judged.map(|judged| weigh(engine, policies, index, unknown.as_ref(), judged)) {
            Ok((denied, unassessed)) => {
                let redactor = redactor(estate, case, denied.is_empty() && unassessed.is_empty());
                let rule = &policies.rules[index];
                judgement.findings = denied
                    .into_iter()
                    .map(|verdict| finding(rule, case, estate, verdict, &redactor))
                    .collect();
                judgement.not_assessed = unassessed
                    .into_iter()
                    .map(|verdict| not_assessed(rule, case, estate, verdict, &redactor))
                    .collect();
            }
            Err(message) => {
                judgement.error =
                    Some(format!("{}: {}", case.resource, redactor(estate, case, false).text(&message)));
            }
        }
        judgement
    });
    judged.collect()
}

/// Takes back what hangs on values that a plan does not know.
fn weigh(
    engine: &mut Engine,
    policies: &Policies,
    rule: usize,
    unknown: Option<&Unknown>,
    (denied, unassessed): (Vec<Verdict>, Vec<Verdict>),
) -> (Vec<Verdict>, Vec<Verdict>) {
    let named = unknown.map(|unknown| unknown.named(policies, &policies.rules[rule])).unwrap_or_default();
    let (Some(unknown), false) = (unknown, named.is_empty() || !unassessed.is_empty()) else {
        return (denied, unassessed);
    };
    let certain = if denied.is_empty() {
        denied
    } else {
        engine.set_input(unknown.filled.clone());
        let otherwise = verdicts(engine, &policies.rules[rule], policies.verdicts[rule]);
        Unknown::certain(&named, denied, &otherwise.unwrap_or_default().0)
    };
    if certain.is_empty() { (certain, Unknown::not_assessed(&named)) } else { (certain, unassessed) }
}

fn redactor(estate: &Estate, case: &Case<'_>, silent: bool) -> Redactor {
    if silent { Redactor::default() } else { Redactor::new(case.secret_values(estate)) }
}

/// Results of `deny`, and of `not_assessed` where nothing is denied: for one subject deny wins.
fn verdicts(
    engine: &mut Engine,
    rule: &Rule,
    (deny, not_assessed): (bool, bool),
) -> Result<(Vec<Verdict>, Vec<Verdict>), String> {
    let mut eval = |declared: bool, name: &str| {
        if !declared {
            return Ok(Vec::new());
        }
        let value = engine
            .eval_rule(format!("{}.{name}", rule.package))
            .map_err(|error| reason(&error.to_string()))?;
        match value {
            Value::Undefined => Ok(Vec::new()),
            value => verdict::read(&value).map_err(|error| format!("`{name}`: {error}")),
        }
    };
    let denied = eval(deny, "deny")?;
    if denied.is_empty() {
        Ok((denied, eval(not_assessed, "not_assessed")?))
    } else {
        Ok((denied, Vec::new()))
    }
}

/// The engine's message without its drawing of the policy.
fn reason(message: &str) -> String {
    let line = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .find(|line| line.starts_with("error:"));
    let place = message.lines().map(str::trim).find_map(|line| line.strip_prefix("--> "));
    let cause = line.map_or_else(
        || message.lines().next().unwrap_or_default().to_owned(),
        |line| line.trim_start_matches("error:").trim().to_owned(),
    );
    place.map_or_else(|| cause.clone(), |place| format!("{cause} (at {place})"))
}

fn finding(rule: &Rule, case: &Case<'_>, estate: &Estate, verdict: Verdict, redactor: &Redactor) -> Finding {
    let location = case.location(estate, &verdict.path.0);
    let related = verdict.related.into_iter().map(|related| Related {
        label: redactor.text(&related.label),
        place: related.path.as_ref().and_then(|path| case.location(estate, &path.0).place),
        via: related.resource.as_ref().and_then(|id| estate.via(id)).cloned(),
        resource: related.resource,
    });
    let mut metadata = serde_json::Value::Object(verdict.metadata);
    redactor.json(&mut metadata);
    Finding {
        rule: Arc::clone(&rule.id),
        severity: rule.severity,
        message: redactor.text(&verdict.message),
        sets: case.sets.clone(),
        resource: case.resource.to_string(),
        via: case.via(estate).cloned(),
        place: location.place,
        related: related.chain(also(case, estate, location.also)).collect(),
        path: verdict.path,
        peer: verdict.peer,
        remedy: verdict.remedy.map(|remedy| redactor.text(&remedy)),
        metadata: if let serde_json::Value::Object(fields) = metadata {
            fields
        } else {
            serde_json::Map::new()
        },
    }
}

/// The other place that belongs to what is shown.
fn also(case: &Case<'_>, estate: &Estate, also: Option<(&'static str, Place)>) -> Option<Related> {
    let (label, place) = also?;
    let resource = case.via(estate).cloned().unwrap_or_else(|| Arc::clone(&case.resource));
    Some(Related {
        label: label.to_owned(),
        resource: Some(resource.to_string()),
        place: Some(place),
        via: None,
    })
}

fn not_assessed(
    rule: &Rule,
    case: &Case<'_>,
    estate: &Estate,
    verdict: Verdict,
    redactor: &Redactor,
) -> NotAssessed {
    NotAssessed {
        rule: Arc::clone(&rule.id),
        reason: redactor.text(&verdict.message),
        missing: verdict.missing.map(|missing| redactor.text(&missing)),
        resources: vec![case.resource.to_string()],
        sets: case.sets.clone(),
        place: case.location(estate, &verdict.path.0).place,
    }
}

fn collect(policies: &Policies, judged: Vec<Judgement>) -> Evaluation {
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
    for judgement in judged {
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
    for resources in evaluation.passed.values_mut() {
        resources.sort();
        resources.dedup();
    }
    evaluation.errors = errors
        .into_iter()
        .map(|((rule, cause), subjects)| PolicyError {
            policy: policies.rules[rule].id.to_string(),
            message: format!(
                "cannot be evaluated on {subjects} subject{}: {cause}",
                if subjects == 1 { "" } else { "s" }
            ),
        })
        .collect();
    evaluation
}
