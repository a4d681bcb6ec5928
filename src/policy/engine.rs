//! Evaluation: every rule on every subject that it selects.

mod collect;
mod within;

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use rayon::prelude::*;
use regorus::{Engine, Value};

use self::collect::{Endless, Judgement, collect};
pub use self::{collect::Evaluation, within::Within};
use super::{
    case::Case,
    conftest, guarded,
    load::{ENDLESS, Policies, Program, reason},
    metadata::Rule,
    redact::Redactor,
    selector,
    unknown::Unknown,
    verdict::{self, Verdict},
};
use crate::{
    estate::Estate,
    finding::{Finding, NotAssessed, Related},
    fix,
    source::{Place, SourceId},
};

/// Subjects of a rule for which an engine of its own is worth its making, which takes as long as some dozen evaluations among
/// all packages take more.
const WORTHWHILE: usize = 16;

/// Subjects judged by one clone of the engine: enough to make the clone cheap, few enough to keep threads busy.
const CHUNK: usize = 256;

/// Evaluates all rules; `progress` is told how many subjects are done. With `within`, results that point elsewhere may be
/// missing, but for those that say what is secret.
pub fn evaluate(
    policies: &Policies,
    estate: &Estate,
    within: Option<&Within>,
    progress: &(dyn Fn(usize) + Sync),
) -> Evaluation {
    let wanted = Wanted::new(policies);
    let mut cases = selector::cases(estate, |name| wanted.selected.contains_key(name));
    if wanted.selected.contains_key(conftest::SELECTOR) {
        cases.extend(conftest::cases(estate, policies.combine, policies.tree.as_ref()));
    }
    let endless = Endless::new(policies.rules.len());
    let concerns = |case: &Case<'_>| within.is_none_or(|within| within.concerns(case, estate));
    let (mut judged, mut done) = (Vec::new(), 0);
    // The subjects of one selector after those of another: what was made to judge them is gone before more is made.
    while let Some(selector) = cases.first().map(|case| case.selector) {
        let others = cases.iter().position(|case| case.selector != selector).unwrap_or(cases.len());
        let rest = cases.split_off(others);
        let group = std::mem::replace(&mut cases, rest);
        let asked: Vec<Vec<usize>> =
            group.par_iter().map(|case| wanted.rules(case, concerns(case))).collect();
        let mut subjects = vec![0; policies.rules.len()];
        asked.iter().flatten().for_each(|rule| subjects[*rule] += 1);
        let prepared =
            Prepared { policies, estate, endless: &endless, subjects, alone: Engines::of(policies) };
        judged.par_extend(group.par_chunks(CHUNK).enumerate().flat_map_iter(|(number, chunk)| {
            let mut judge = Judge::new(&prepared);
            let numbered = (number * CHUNK..).zip(chunk);
            let judged: Vec<Judgement> = numbered
                .flat_map(|(number, case)| judge.judge(done + number, case, &asked[number]))
                .collect();
            progress(chunk.len());
            judged
        }));
        done += group.len();
    }
    collect(policies, judged, &endless)
}

/// What all threads judge the subjects of one selector by.
struct Prepared<'r> {
    policies: &'r Policies,
    estate: &'r Estate,
    endless: &'r Endless,
    /// How many subjects each rule has.
    subjects: Vec<usize>,
    alone: Engines,
}

/// Engines of rules that stand alone, by rule, made when they are first needed.
struct Engines(Vec<OnceLock<Box<Engine>>>);

impl Engines {
    fn of(policies: &Policies) -> Self {
        Self(policies.rules.iter().map(|_| OnceLock::new()).collect())
    }

    fn get(&self, rule: usize, make: impl FnOnce() -> Engine) -> Engine {
        (**self.0[rule].get_or_init(|| Box::new(make()))).clone()
    }
}

/// Which rules want which subjects.
struct Wanted<'p> {
    policies: &'p Policies,
    selected: BTreeMap<&'p str, Vec<(usize, &'p [String])>>,
}

impl<'p> Wanted<'p> {
    fn new(policies: &'p Policies) -> Self {
        let mut wanted: BTreeMap<&str, Vec<(usize, &[String])>> = BTreeMap::new();
        for (index, (rule, program)) in policies.rules.iter().zip(&policies.programs).enumerate() {
            match program {
                Program::Compared => {}
                Program::Conftest(_) => wanted.entry(conftest::SELECTOR).or_default().push((index, &[])),
                Program::Selected { .. } => {
                    for selector in &rule.selectors {
                        wanted.entry(&selector.name).or_default().push((index, &selector.kinds));
                    }
                }
            }
        }
        Self { policies, selected: wanted }
    }

    /// The rules that are asked about a subject; where it does not concern the report, those that say what is secret.
    fn rules(&self, case: &Case<'_>, concerns: bool) -> Vec<usize> {
        let candidates = self.selected.get(case.selector).map(Vec::as_slice).unwrap_or_default();
        let wanted = candidates
            .iter()
            .filter(|(_, kinds)| kinds.is_empty() || kinds.iter().any(|kind| **kind == *case.kind))
            .map(|(rule, _)| *rule);
        wanted.filter(|rule| concerns || self.policies.rules[*rule].points_at_secrets()).collect()
    }
}

/// Verdicts of one rule on one subject.
enum Said {
    Excepted,
    Verdicts {
        denied: Vec<Verdict>,
        unassessed: Vec<Verdict>,
        /// What else it said that Conftest overlooks.
        overlooked: Option<&'static str>,
    },
}

/// One thread's engines.
struct Judge<'r> {
    prepared: &'r Prepared<'r>,
    policies: &'r Policies,
    estate: &'r Estate,
    /// That of all packages, if it is needed.
    engine: Option<Engine>,
    /// Engines of rules that stand alone, by rule.
    alone: BTreeMap<usize, Engine>,
    lenient: Option<Engine>,
    /// File that `data.conftest.file` is about.
    file: Option<SourceId>,
}

impl<'r> Judge<'r> {
    fn new(prepared: &'r Prepared<'r>) -> Self {
        let Prepared { policies, estate, .. } = *prepared;
        let lenient = policies.lenient.clone();
        Self { prepared, policies, estate, engine: None, alone: BTreeMap::new(), lenient, file: None }
    }

    fn judge(&mut self, number: usize, case: &Case<'_>, rules: &[usize]) -> Vec<Judgement> {
        if rules.is_empty() {
            return Vec::new();
        }
        let input = case.input.to_rego(self.estate);
        let unknown = Unknown::new(case, self.estate);
        let judged = rules.iter().map(|index| self.judge_by(*index, number, case, &input, unknown.as_ref()));
        judged.collect()
    }

    fn judge_by(
        &mut self,
        index: usize,
        number: usize,
        case: &Case<'_>,
        input: &Value,
        unknown: Option<&Unknown>,
    ) -> Judgement {
        let (policies, estate) = (self.policies, self.estate);
        let mut judgement = Judgement {
            rule: index,
            case: number,
            resource: Arc::clone(&case.resource),
            findings: Vec::new(),
            not_assessed: Vec::new(),
            excepted: false,
            overlooked: None,
            error: None,
        };
        if self.prepared.endless.spares(index, number) {
            return judgement;
        }
        match self.ask(index, case, input).map(|said| self.weigh(index, unknown, said)) {
            Ok(Said::Excepted) => judgement.excepted = true,
            Ok(Said::Verdicts { denied, unassessed, overlooked }) => {
                judgement.overlooked = overlooked;
                let redactor = redactor(estate, case, denied.is_empty() && unassessed.is_empty());
                let rule = &policies.rules[index];
                let denied = denied.into_iter();
                judgement.findings =
                    denied.map(|verdict| finding(policies, rule, case, estate, verdict, &redactor)).collect();
                judgement.not_assessed = unassessed
                    .into_iter()
                    .map(|verdict| not_assessed(rule, case, estate, verdict, &redactor))
                    .collect();
            }
            Err(message) => {
                if message.starts_with(ENDLESS) {
                    self.prepared.endless.found(index, number);
                }
                if message.starts_with(guarded::FAILED) {
                    self.renew(index);
                }
                judgement.error =
                    Some(format!("{}: {}", case.resource, redactor(estate, case, false).text(&message)));
            }
        }
        judgement
    }

    fn ask(&mut self, index: usize, case: &Case<'_>, input: &Value) -> Result<Said, String> {
        match (&self.policies.programs[index], &mut self.lenient) {
            (Program::Selected { .. }, _) => self.select(index, input),
            (Program::Conftest(program), Some(engine)) => {
                let source = conftest::source(case, self.estate);
                if let (Some(data), Some(tree)) = (&self.policies.data, &self.policies.tree)
                    && (self.file.is_none() || source != self.file)
                {
                    let name = source.map_or("Combined", |source| &*self.estate.sources.get(source).file);
                    let file = conftest::object([("file", tree.file(name))]);
                    engine.clear_data();
                    let added = engine.add_data(data.clone());
                    added
                        .and_then(|()| engine.add_data(conftest::object([("conftest", file)])))
                        .map_err(|error| format!("`data.conftest.file` cannot be set: {error}"))?;
                    self.file = source;
                }
                engine.set_input(input.clone());
                followed(engine, program)
            }
            (Program::Conftest(_), None) | (Program::Compared, _) => {
                Err("no engine was prepared for it".to_owned())
            }
        }
    }

    /// Asks a rule that has a selector.
    fn select(&mut self, index: usize, input: &Value) -> Result<Said, String> {
        let policies = self.policies;
        let Program::Selected { deny, not_assessed, alone } = &policies.programs[index] else {
            return Err("it has no selector".to_owned());
        };
        let engine = match alone {
            Some(alone) if self.prepared.subjects[index] >= WORTHWHILE => {
                let make = || alone.engine(policies.tree.as_ref());
                self.alone.entry(index).or_insert_with(|| self.prepared.alone.get(index, make))
            }
            _ => self.engine.get_or_insert_with(|| policies.common().clone()),
        };
        engine.set_input(input.clone());
        selected(engine, &policies.rules[index], *deny, *not_assessed)
    }

    /// Throws away the engines that a rule may have been asked of.
    fn renew(&mut self, index: usize) {
        self.alone.remove(&index);
        (self.engine, self.lenient) = (None, self.policies.lenient.clone());
        self.file = None;
    }

    /// Takes back what hangs on values that a plan does not know.
    fn weigh(&mut self, index: usize, unknown: Option<&Unknown>, said: Said) -> Said {
        let rule = &self.policies.rules[index];
        let (Some(unknown), Said::Verdicts { denied, unassessed, .. }) = (unknown, &said) else {
            return said;
        };
        let named = unknown.named(self.policies, rule);
        let is_selected = matches!(self.policies.programs[index], Program::Selected { .. });
        if !is_selected || named.is_empty() || !unassessed.is_empty() {
            return said;
        }
        let certain = if denied.is_empty() {
            Vec::new()
        } else {
            let otherwise = match self.select(index, &unknown.filled) {
                Ok(Said::Verdicts { denied, .. }) => denied,
                _ => Vec::new(),
            };
            Unknown::certain(&named, denied.clone(), &otherwise)
        };
        let unassessed = if certain.is_empty() { Unknown::not_assessed(&named) } else { Vec::new() };
        Said::Verdicts { denied: certain, unassessed, overlooked: None }
    }
}

/// Results of `deny`, and of `not_assessed` where nothing is denied: for one subject deny wins.
fn selected(engine: &mut Engine, rule: &Rule, deny: bool, not_assessed: bool) -> Result<Said, String> {
    let mut eval = |declared: bool, name: &str| {
        if !declared {
            return Ok(Vec::new());
        }
        let said = value(engine, format!("{}.{name}", rule.package))?;
        verdict::read(&said).map_err(|error| format!("`{name}`: {error}"))
    };
    let denied = eval(deny, "deny")?;
    let unassessed = if denied.is_empty() { eval(not_assessed, "not_assessed")? } else { Vec::new() };
    Ok(Said::Verdicts { denied, unassessed, overlooked: None })
}

/// Results of a rule that follows Conftest's convention.
fn followed(engine: &mut Engine, program: &conftest::Program) -> Result<Said, String> {
    if let Some(exception) = &program.exception
        && conftest::excepts(&value(engine, exception.clone())?, program)
    {
        return Ok(Said::Excepted);
    }
    let (denied, overlooked) = verdict::read_conftest(&value(engine, program.rule.clone())?)?;
    Ok(Said::Verdicts { denied, unassessed: Vec::new(), overlooked })
}

fn value(engine: &mut Engine, rule: String) -> Result<Value, String> {
    let value = guarded::eval_rule(engine, rule).map_err(|error| reason(&error));
    drop(engine.take_prints());
    value
}

fn redactor(estate: &Estate, case: &Case<'_>, silent: bool) -> Redactor {
    if silent { Redactor::default() } else { Redactor::new(case.secret_values(estate)) }
}

fn finding(
    policies: &Policies,
    rule: &Rule,
    case: &Case<'_>,
    estate: &Estate,
    verdict: Verdict,
    redactor: &Redactor,
) -> Finding {
    let location = case.location(estate, &verdict.path.0);
    let location = if rule.points_at_secrets() { location.of_secret(estate) } else { location };
    let located = verdict.location.and_then(|(file, line)| {
        conftest::location(file.as_deref(), line, case, estate, policies.tree.as_ref())
    });
    let message = verdict::bounded(redactor.text(&verdict.message));
    // Results without a path are told apart by what they say: otherwise a baseline would hide new ones.
    let anonymous = case.selector == conftest::SELECTOR && verdict.path.0.is_empty();
    let related = verdict.related.into_iter().map(|related| Related {
        label: redactor.text(&related.label),
        is_context: related.is_context,
        place: related.path.as_ref().and_then(|path| case.location(estate, &path.0).place),
        via: related.resource.as_ref().and_then(|id| estate.via(id)).cloned(),
        resource: related.resource.map(|resource| redactor.text(&resource)),
    });
    let mut metadata = serde_json::Value::Object(verdict.metadata);
    redactor.json(&mut metadata);
    let place = located.or(location.place);
    Finding {
        rule: Arc::clone(&rule.id),
        severity: rule.severity,
        sets: case.sets.clone(),
        resource: case.resource_at(&verdict.path.0).to_string(),
        via: case.via(estate).cloned(),
        fix: place.as_ref().and_then(|place| fix::edit(estate, place, &verdict.fixes)),
        place,
        related: related.chain(also(case, estate, location.also)).collect(),
        path: verdict.path,
        peer: verdict.peer.map(|peer| redactor.text(&peer)).or_else(|| anonymous.then(|| message.clone())),
        message,
        remedy: verdict.remedy.map(|remedy| redactor.text(&remedy)),
        metadata: if let serde_json::Value::Object(fields) = metadata {
            fields
        } else {
            serde_json::Map::new()
        },
    }
}

/// The other places that belong to what is shown.
fn also(case: &Case<'_>, estate: &Estate, also: Vec<(&'static str, Place)>) -> impl Iterator<Item = Related> {
    let resource = case.via(estate).cloned().unwrap_or_else(|| Arc::clone(&case.resource));
    also.into_iter().map(move |(label, place)| Related {
        label: label.to_owned(),
        resource: Some(resource.to_string()),
        place: Some(place),
        via: None,
        is_context: false,
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
        reason: verdict::bounded(redactor.text(&verdict.message)),
        missing: verdict.missing.map(|missing| redactor.text(&missing)),
        resources: vec![case.resource.to_string()],
        sets: case.sets.clone(),
        place: case.location(estate, &verdict.path.0).place,
    }
}
