//! Controls of SP 800-53, as its catalog in OSCAL writes their ids.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Observation, Verdict, add, by_rule, text, uuid};
use crate::{policy::metadata::Rule, report::Report};

/// Framework of the controls that have a catalog.
const FRAMEWORK: &str = "nist";

/// The controls that the rules of the run give evidence for.
pub(super) fn reviewed(report: &Report) -> Value {
    let ids: Vec<Value> = by_control(report).keys().map(|id| json!({"control-id": id})).collect();
    if ids.is_empty() {
        return json!({
            "description": "No rule of this run gives evidence for a control of SP 800-53.",
            "include-all": {},
        });
    }
    json!({
        "description": "Controls of NIST SP 800-53 that rules of this run give evidence for, in part.",
        "include-controls": ids,
    })
}

/// One for each control of which any rule judged something.
pub(super) fn findings(report: &Report, observations: &[Observation]) -> Vec<Value> {
    let observed = by_rule(observations);
    let mut findings = Vec::new();
    for (control, rules) in by_control(report) {
        let was_judged = |rule: &&&Rule| {
            report.evaluated.iter().any(|counts| counts.rule == rule.id && counts.subjects > 0)
                || observed.contains_key(&*rule.id)
        };
        let judged: Vec<&Rule> = rules.iter().filter(was_judged).copied().collect();
        if judged.is_empty() {
            continue;
        }
        let of_control: Vec<&Observation> =
            judged.iter().filter_map(|rule| observed.get(&*rule.id)).flatten().copied().collect();
        let count = |verdict| of_control.iter().filter(|observation| observation.verdict == verdict).count();
        let (open, accepted, unknown) =
            (count(Verdict::Open), count(Verdict::Accepted), count(Verdict::NotAssessed));
        let (state, reason) = match (open, accepted + unknown) {
            (1.., _) => ("not-satisfied", "fail"),
            (0, 1..) => ("not-satisfied", "other"),
            (0, 0) => ("satisfied", "pass"),
        };
        let names: Vec<&str> = judged.iter().map(|rule| &*rule.id).collect();
        let said = format!(
            "{open} open findings, {accepted} accepted, {unknown} not assessed, by rules that look at a part of the control: {}",
            names.join(", ")
        );
        let mut finding = json!({
            "uuid": uuid(&format!("control {control}")),
            "title": format!("{control} as far as rules look at it"),
            "description": text(&said),
            "target": {
                "type": "objective-id",
                "target-id": format!("{control}_obj"),
                "status": {"state": state, "reason": reason},
            },
        });
        let related = of_control.iter().map(|observation| json!({"observation-uuid": observation.uuid}));
        add(&mut finding, "related-observations", related.collect());
        findings.push(finding);
    }
    findings
}

fn by_control(report: &Report) -> BTreeMap<String, Vec<&Rule>> {
    let mut by_control: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
    for rule in &report.rules {
        for control in rule.controls.get(FRAMEWORK).into_iter().flatten() {
            if let Some(id) = catalogued(&control.id) {
                by_control.entry(id).or_default().push(rule);
            }
        }
    }
    by_control
}

/// `SC-8(1)` is `sc-8.1`; `None` for what is no id of the catalog.
fn catalogued(id: &str) -> Option<String> {
    let (control, enhancement) = match id.split_once('(') {
        Some((control, rest)) => (control, Some(rest.strip_suffix(')')?)),
        None => (id, None),
    };
    let (family, number) = control.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_family = family.len() == 2 && family.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_family || !is_number(number) || !enhancement.is_none_or(is_number) {
        return None;
    }
    let control = control.to_ascii_lowercase();
    Some(enhancement.map_or(control.clone(), |enhancement| format!("{control}.{enhancement}")))
}

#[cfg(test)]
mod tests {
    use super::catalogued;

    #[test]
    fn ids_are_those_of_the_catalog() {
        for (id, expected) in [
            ("SC-8", Some("sc-8")),
            ("SC-8(1)", Some("sc-8.1")),
            ("PM-5(1)", Some("pm-5.1")),
            ("SC-8(a)", None),
            ("SC-8(1", None),
            ("164.312(b)", None),
            ("", None),
        ] {
            assert_eq!(catalogued(id).as_deref(), expected, "{id}");
        }
    }
}
