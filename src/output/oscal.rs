//! `oscal`: assessment results of NIST's Open Security Controls Assessment Language (pages.nist.gov/OSCAL, 1.2.1).
//!
//! What was found is an observation, what was accepted a risk with an approved deviation. A control of SP 800-53 has a
//! finding if any of its rules judged something: satisfied only where all that was judged passed. Other frameworks
//! have no catalog in OSCAL: their controls are properties of observations. Deliberately absent: claims about controls
//! that no rule looked at.

mod controls;
mod identity;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use serde_json::{Value, json};

use self::{controls::findings, identity::uuid};
use super::{
    Options, frameworks, json_text,
    summary::{Summary, verdict},
    visible::{one_line, paragraph},
};
use crate::{
    report::{Judged, Report, Status},
    source::{Place, Sources},
};

/// Namespace of our properties: a name, not an address.
const NAMESPACE: &str = "https://probity.dev/ns/oscal";

/// What was observed about one rule and subject.
struct Observation {
    uuid: String,
    rule: String,
    verdict: Verdict,
    body: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    Accepted,
    NotAssessed,
}

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let time = report.time.to_string();
    let run = report.audit.as_ref().map_or("", |audit| &*audit.run);
    let mut subjects = BTreeSet::new();
    let observations = observations(report, sources, &time, &mut subjects);
    let seen: String = observations.iter().map(|observation| &*observation.uuid).collect();
    let document = |part: &str| uuid(&format!("{part} {run} {time} {seen}"));
    let plan = document("plan");
    let mut result = json!({
        "uuid": document("result"),
        "title": "Scan by probity",
        "description": format!("{}. {}.", Summary::new(report, sources).sentence(), verdict(report)),
        "start": time,
        "props": [property("outcome", report.outcome.name())],
        "local-definitions": {
            "assessment-assets": {
                "components": [tool()],
                "assessment-platforms": [{
                    "uuid": uuid("platform"),
                    "uses-components": [{"component-uuid": uuid("tool")}],
                }],
            },
        },
        "reviewed-controls": {"control-selections": [controls::reviewed(report)]},
    });
    add(&mut result["local-definitions"], "inventory-items", inventory(&subjects));
    add(&mut result, "risks", report.findings.iter().enumerate().filter_map(risk).collect());
    add(&mut result, "findings", findings(report, &observations));
    add(&mut result, "observations", observations.into_iter().map(|observation| observation.body).collect());
    let results = json!({
        "uuid": document("results"),
        "metadata": {
            "title": "Assessment results of probity",
            "last-modified": time,
            "version": time,
            "oscal-version": "1.2.1",
        },
        "import-ap": {"href": format!("#{plan}")},
        "results": [result],
        "back-matter": {"resources": [{
            "uuid": plan,
            "title": "Rules of probity",
            "description": "The plan is the rules themselves: `probity rules` lists them, `probity explain RULE` says what each looks at.",
        }]},
    });
    json_text::write(&json!({"assessment-results": results}), out)
}

/// The schema has no empty lists.
fn add(object: &mut Value, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        object[key] = list.into();
    }
}

fn tool() -> Value {
    json!({
        "uuid": uuid("tool"),
        "type": "software",
        "title": env!("CARGO_PKG_NAME"),
        "description": env!("CARGO_PKG_DESCRIPTION"),
        "props": [{"name": "version", "value": env!("CARGO_PKG_VERSION")}],
        "status": {"state": "operational"},
    })
}

fn inventory(subjects: &BTreeSet<String>) -> Vec<Value> {
    let item = |id: &String| json!({"uuid": uuid(&format!("resource {id}")), "description": text(id)});
    subjects.iter().map(item).collect()
}

fn observations(
    report: &Report,
    sources: &Sources,
    time: &str,
    subjects: &mut BTreeSet<String>,
) -> Vec<Observation> {
    let mut observations = Vec::new();
    let mut add =
        |id: String, rule: &str, verdict, place: Option<&Place>, resources: &[String], said: [&str; 2]| {
            subjects.extend(resources.iter().cloned());
            let uuid = uuid(&id);
            let [message, remedy] = said;
            let mut body = json!({
                "uuid": uuid,
                "title": line(rule),
                "description": text(message),
                "methods": ["TEST"],
                "origins": [{"actors": [{"type": "tool", "actor-uuid": identity::uuid("tool")}]}],
                "collected": time,
            });
            let mut props = vec![property("rule", rule)];
            if let Some(rule) = report.rule(rule) {
                let controls = frameworks(rule).flat_map(|(framework, controls)| {
                    controls.iter().map(move |control| property(&format!("control-{framework}"), &control.id))
                });
                props.extend(controls);
            }
            if !remedy.is_empty() {
                body["remarks"] = text(remedy).into();
            }
            if let Some(place) = place {
                let source = sources.get(place.source);
                let at = format!("{}:{}", source.file, source.lines().line(place.start));
                body["relevant-evidence"] = json!([{"description": text(&at)}]);
            }
            body["props"] = props.into();
            self::add(&mut body, "subjects", resources.iter().map(|resource| subject(resource)).collect());
            observations.push(Observation { uuid, rule: rule.to_owned(), verdict, body });
        };
    for (index, judged) in report.findings.iter().enumerate() {
        let finding = &judged.finding;
        let advised = report.rule(&finding.rule).map(|rule| rule.recommended_action.as_str());
        let remedy = finding.remedy.as_deref().or(advised).unwrap_or_default();
        let verdict = if judged.status == Status::Open { Verdict::Open } else { Verdict::Accepted };
        let resources = std::slice::from_ref(&finding.resource);
        add(
            named(index, judged),
            &finding.rule,
            verdict,
            finding.place.as_ref(),
            resources,
            [&finding.message, remedy],
        );
    }
    for (index, result) in report.not_assessed.iter().enumerate() {
        let id = format!("not assessed {index} {} {}", result.rule, result.reason);
        let said = [&*result.reason, result.missing.as_deref().unwrap_or_default()];
        add(id, &result.rule, Verdict::NotAssessed, result.place.as_ref(), &result.resources, said);
    }
    for (index, observation) in observations.iter_mut().enumerate() {
        let judged = report.findings.get(index);
        let status = judged.map_or("not-assessed", |judged| judged.status.name());
        let mut props = vec![property("status", status)];
        props.extend(judged.map(|judged| property("severity", judged.finding.severity.name())));
        props.extend(judged.map(|judged| property("fingerprint", &judged.fingerprint)));
        if let Some(list) = observation.body["props"].as_array_mut() {
            list.extend(props);
        }
    }
    observations
}

/// What tells a finding from all others of the report.
fn named(index: usize, judged: &Judged) -> String {
    format!("finding {index} {}", judged.fingerprint)
}

fn subject(resource: &str) -> Value {
    json!({
        "subject-uuid": uuid(&format!("resource {resource}")),
        "type": "inventory-item",
        "title": line(resource),
    })
}

/// A waiver: the deviation is approved until its last day.
fn risk((index, judged): (usize, &Judged)) -> Option<Value> {
    let Status::Waived(waiver) = &judged.status else { return None };
    Some(json!({
        "uuid": uuid(&format!("risk {}", named(index, judged))),
        "title": format!("{} is accepted", line(&judged.finding.rule)),
        "description": text(&judged.finding.message),
        "statement": text(&waiver.reason),
        "props": [
            property("waiver", &waiver.id),
            property("owner", &waiver.owner),
            property("source", &waiver.source),
        ],
        "status": "deviation-approved",
        "deadline": format!("{}T23:59:59Z", waiver.until),
        "related-observations": [{"observation-uuid": uuid(&named(index, judged))}],
    }))
}

/// A property of ours.
fn property(name: &str, value: &str) -> Value {
    json!({"name": token(name), "ns": NAMESPACE, "value": line(value)})
}

/// `StringDatatype`: one line that neither begins nor ends with a space, and is not empty.
fn line(value: &str) -> String {
    let line = one_line(value);
    let line = line.trim();
    if line.is_empty() { "-".to_owned() } else { line.to_owned() }
}

/// `MarkupMultilineDatatype` is a string of any length; an empty one says nothing.
fn text(value: &str) -> String {
    let text = paragraph(value);
    if text.trim().is_empty() { "-".to_owned() } else { text }
}

/// `TokenDatatype`.
fn token(name: &str) -> String {
    let kept = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' };
    let token: String = name.chars().map(kept).collect();
    if token.starts_with(|c: char| c.is_alphabetic() || c == '_') { token } else { format!("_{token}") }
}

/// Observations of each rule.
fn by_rule(observations: &[Observation]) -> BTreeMap<&str, Vec<&Observation>> {
    let mut by_rule: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
    for observation in observations {
        by_rule.entry(&observation.rule).or_default().push(observation);
    }
    by_rule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::{many, none, rendered, rich};

    fn every<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v str>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(name, value)| {
                found.extend(value.as_str().filter(|_| name == key));
                every(value, key, found);
            }),
            Value::Array(items) => items.iter().for_each(|item| every(item, key, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_name_is_unique() {
        for set in [none(), many(30), rich()] {
            let text = rendered("oscal", &set, Options::default());
            let document: Value = serde_json::from_str(&text).unwrap();
            let all = |key: &str| {
                let mut found = Vec::new();
                every(&document, key, &mut found);
                found
            };
            let defined = all("uuid");
            let unique: BTreeSet<_> = defined.iter().collect();
            assert_eq!(unique.len(), defined.len());
            for key in ["subject-uuid", "observation-uuid", "actor-uuid", "component-uuid", "risk-uuid"] {
                for reference in all(key) {
                    assert!(unique.contains(&reference), "{key} {reference}");
                }
            }
            assert!(all("title").iter().all(|title| !title.contains('\n')), "a title is one line");
            let plan = document["assessment-results"]["import-ap"]["href"].as_str().unwrap();
            assert!(unique.contains(&plan.trim_start_matches('#')));
        }
    }

    #[test]
    fn a_control_is_satisfied_only_where_all_that_was_judged_passed() {
        let states = |set| {
            let document: Value = serde_json::from_str(&rendered("oscal", &set, Options::default())).unwrap();
            let findings = document["assessment-results"]["results"][0]["findings"].clone();
            let state = |finding: &Value| {
                let target = &finding["target"];
                (
                    target["target-id"].as_str().unwrap().to_owned(),
                    target["status"]["state"].as_str().unwrap().to_owned(),
                )
            };
            findings.as_array().map(|list| list.iter().map(state).collect::<Vec<_>>()).unwrap_or_default()
        };
        assert_eq!(states(none()), [], "no rule of a control of NIST judged anything");
        let rich = states(rich());
        assert!(rich.contains(&("sc-8.1_obj".to_owned(), "not-satisfied".to_owned())), "{rich:?}");
        let mut passed = none();
        passed.report.evaluated[0].rule = "mtls/plaintext-accepted".into();
        assert!(states(passed).iter().all(|(_, state)| state == "satisfied"));
    }

    #[test]
    fn text_of_the_estate_fits_the_datatypes() {
        assert_eq!(
            (token("control-pci dss"), token("9"), line(" a\n b "), line(""), text("\n")),
            (
                "control-pci-dss".to_owned(),
                "_9".to_owned(),
                "a  b".to_owned(),
                "-".to_owned(),
                "-".to_owned()
            )
        );
    }
}
