//! `policyreport`: the report as `PolicyReport`s of the Kubernetes policy working group (`wgpolicyk8s.io/v1alpha2`),
//! one for each namespace and one for all else, in a `List` that `kubectl apply` takes.
//!
//! What passed is counted and not listed, and of very many results the worst are: an API server takes objects up to
//! 1.5 MB. Deliberately absent: times, so that equal input gives equal bytes; and writing to a cluster.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::{Map, Value, json};

use super::{Options, json_text};
use crate::{
    finding::Severity,
    report::{Judged, Report, Status},
    source::{Place, Sources},
};

/// Results and passes of a namespace; `None`: of what has none.
type Reports = BTreeMap<Option<String>, (Vec<Value>, usize)>;

/// The verdicts that a summary counts.
const VERDICTS: [&str; 5] = ["pass", "fail", "warn", "error", "skip"];

/// Bytes of the results of one object, of which some are left for what describes it.
const LARGEST: usize = 1_000_000;

/// How many results did not fit.
const LEFT_OUT: &str = "probity.dev/results-left-out";

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let items = objects(report, sources);
    json_text::write(&json!({"apiVersion": "v1", "kind": "List", "items": items}), out)
}

/// The reports, that of the whole cluster first, then those of namespaces by name.
pub fn objects(report: &Report, sources: &Sources) -> Vec<Value> {
    let mut reports = Reports::new();
    reports.entry(None).or_default();
    for judged in &report.findings {
        let subject = Subject::new(&judged.finding.resource);
        reports.entry(subject.namespace()).or_default().0.push(finding(judged, &subject, report, sources));
    }
    for result in &report.not_assessed {
        for resource in &result.resources {
            let subject = Subject::new(resource);
            let mut properties = properties(result.place.as_ref(), sources);
            properties.insert("verdict".into(), "not assessed".into());
            properties
                .extend(result.missing.iter().map(|missing| ("missing".into(), missing.as_str().into())));
            let severity = report.rule(&result.rule).map(|rule| rule.severity.name());
            let found = entry(&result.rule, "skip", severity, &result.reason, &subject, properties);
            reports.entry(subject.namespace()).or_default().0.push(found);
        }
    }
    for resource in report.passed.values().flatten() {
        reports.entry(Subject::new(resource).namespace()).or_default().1 += 1;
    }
    if report.passed.is_empty() {
        // A saved report says how much passed, and not what.
        let passed: usize = report.evaluated.iter().map(|counts| counts.passed).sum();
        reports.entry(None).or_default().1 += passed;
    }
    for error in &report.errors {
        let found =
            json!({"source": "probity", "policy": error.policy, "result": "error", "message": error.message});
        reports.entry(None).or_default().0.push(found);
    }
    let objects = reports.into_iter();
    objects.map(|(namespace, (results, passed))| object(namespace.as_deref(), results, passed)).collect()
}

fn object(namespace: Option<&str>, results: Vec<Value>, passed: usize) -> Value {
    let count = |verdict: &str| results.iter().filter(|result| result["result"] == verdict).count();
    let summary: Map<String, Value> = VERDICTS
        .iter()
        .map(|verdict| {
            ((*verdict).to_owned(), if *verdict == "pass" { passed } else { count(verdict) }.into())
        })
        .collect();
    let labels = json!({"app.kubernetes.io/managed-by": "probity"});
    let total = results.len();
    let results = worst(results, LARGEST);
    let (kind, mut metadata) = match namespace {
        Some(namespace) => {
            ("PolicyReport", json!({"name": "probity", "namespace": namespace, "labels": labels}))
        }
        None => ("ClusterPolicyReport", json!({"name": "probity", "labels": labels})),
    };
    if results.len() < total {
        metadata["annotations"] = json!({LEFT_OUT: (total - results.len()).to_string()});
    }
    json!({
        "apiVersion": "wgpolicyk8s.io/v1alpha2",
        "kind": kind,
        "metadata": metadata,
        "summary": summary,
        "results": results,
    })
}

/// The results that fit into so many bytes, in their order: failed ones before others, severe ones before mild ones.
fn worst(results: Vec<Value>, bytes: usize) -> Vec<Value> {
    let mut sized: Vec<(usize, usize, Value)> = results
        .into_iter()
        .enumerate()
        .map(|(at, result)| (at, result.to_string().len() + 1, result))
        .collect();
    if sized.iter().map(|(_, size, _)| size).sum::<usize>() <= bytes {
        return sized.into_iter().map(|(_, _, result)| result).collect();
    }
    let severity = |result: &Value| {
        let name = result["severity"].as_str().unwrap_or_default();
        Severity::ALL.iter().position(|severity| severity.name() == name)
    };
    sized.sort_by_key(|(at, _, result)| {
        (result["result"] != "fail", severity(result).unwrap_or(usize::MAX), *at)
    });
    let mut room = bytes;
    sized.retain(|(_, size, _)| {
        let fits = *size <= room;
        // What comes after one that did not fit is milder.
        room = if fits { room - size } else { 0 };
        fits
    });
    sized.sort_by_key(|(at, _, _)| *at);
    sized.into_iter().map(|(_, _, result)| result).collect()
}

fn finding(judged: &Judged, subject: &Subject<'_>, report: &Report, sources: &Sources) -> Value {
    let finding = &judged.finding;
    let mut properties = properties(finding.place.as_ref(), sources);
    properties.insert("fingerprint".into(), judged.fingerprint.as_str().into());
    let remedy = report.rule(&finding.rule).map(|rule| rule.recommended_action.as_str());
    properties.extend(finding.remedy.as_deref().or(remedy).map(|remedy| ("remedy".into(), remedy.into())));
    if let Status::Waived(waiver) = &judged.status {
        for (key, value) in [
            ("waiver", &waiver.id),
            ("owner", &waiver.owner),
            ("reason", &waiver.reason),
            ("until", &waiver.until),
        ] {
            properties.insert(key.to_owned(), value.as_str().into());
        }
    }
    let verdict = if judged.status == Status::Open { "fail" } else { "skip" };
    properties.insert("verdict".into(), judged.status.name().into());
    entry(&finding.rule, verdict, Some(finding.severity.name()), &finding.message, subject, properties)
}

fn entry(
    rule: &str,
    verdict: &str,
    severity: Option<&str>,
    message: &str,
    subject: &Subject<'_>,
    mut properties: Map<String, Value>,
) -> Value {
    let mut result = json!({
        "source": "probity",
        "policy": rule,
        "category": rule.split('/').next(),
        "result": verdict,
        "scored": true,
        "message": message,
    });
    if let Some(severity) = severity {
        result["severity"] = severity.into();
    }
    match subject.reference() {
        Some(reference) => result["resources"] = json!([reference]),
        None => {
            properties.insert("resource".into(), subject.id.into());
        }
    }
    result["properties"] = properties.into();
    result
}

/// All values are strings, as the API has it.
fn properties(place: Option<&Place>, sources: &Sources) -> Map<String, Value> {
    let Some(place) = place else { return Map::new() };
    let source = sources.get(place.source);
    let line = source.lines().line(place.start);
    Map::from_iter([("file".to_owned(), (*source.file).into()), ("line".to_owned(), line.to_string().into())])
}

/// What a result is about, by its id (contract, "Ids").
struct Subject<'r> {
    id: &'r str,
    /// Kind, namespace and name of a Kubernetes object.
    object: Option<(&'r str, Option<&'r str>, &'r str)>,
}

impl<'r> Subject<'r> {
    fn new(id: &'r str) -> Self {
        let parts: Vec<&str> = id.split('/').collect();
        let is_kind = id.starts_with(|first: char| first.is_ascii_uppercase());
        let object = match *parts {
            [kind, name] if is_kind => Some((kind, None, name)),
            [kind, namespace, name] if is_kind => Some((kind, Some(namespace), name)),
            _ => None,
        };
        Self { id, object }
    }

    fn namespace(&self) -> Option<String> {
        self.object.and_then(|(_, namespace, _)| namespace).map(ToOwned::to_owned)
    }

    /// An `ObjectReference`. Which version of its group the object is written in, an id does not say.
    fn reference(&self) -> Option<Value> {
        let (kind, namespace, name) = self.object?;
        let kind = kind.split('.').next().unwrap_or(kind);
        Some(match namespace {
            Some(namespace) => json!({"kind": kind, "namespace": namespace, "name": name}),
            None => json!({"kind": kind, "name": name}),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::{many, rendered, rich};

    #[test]
    fn an_id_of_kubernetes_is_a_reference_and_others_are_none() {
        for (id, namespace, reference) in [
            (
                "Deployment/shop/cart",
                Some("shop"),
                Some(json!({"kind": "Deployment", "namespace": "shop", "name": "cart"})),
            ),
            (
                "Service.serving.knative.dev/shop/web",
                Some("shop"),
                Some(json!({"kind": "Service", "namespace": "shop", "name": "web"})),
            ),
            ("Namespace/shop", None, Some(json!({"kind": "Namespace", "name": "shop"}))),
            ("aws_s3_bucket.logs[\"a/b\"]", None, None),
            ("postgresql:Service/shop/db:5432/orders", None, None),
            ("output.NAME", None, None),
        ] {
            let subject = Subject::new(id);
            assert_eq!((subject.namespace().as_deref(), subject.reference()), (namespace, reference), "{id}");
        }
    }

    #[test]
    fn of_too_many_results_the_worst_stay_in_their_order() {
        let result = |id: usize, verdict: &str, severity: &str| json!({"policy": id.to_string(), "result": verdict, "severity": severity});
        let all = [
            result(0, "fail", "low"),
            result(1, "skip", "critical"),
            result(2, "fail", "high"),
            result(3, "fail", "critical"),
        ];
        let size = all.iter().map(|result| result.to_string().len() + 1).max().unwrap();
        let kept = |results: usize| -> Vec<String> {
            let worst = worst(all.to_vec(), results * size);
            worst.iter().map(|result| result["policy"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(kept(4), ["0", "1", "2", "3"]);
        assert_eq!(kept(3), ["0", "2", "3"], "what failed before what did not");
        assert_eq!(kept(1), ["3"]);
    }

    #[test]
    fn an_object_stays_below_what_a_server_takes_and_counts_what_is_left_out() {
        let set = many(12_000);
        let objects = objects(&set.report, &set.sources);
        let cut = objects
            .iter()
            .find(|object| object["metadata"].get("annotations").is_some())
            .expect("one is cut");
        assert!(cut.to_string().len() < LARGEST + 10_000);
        let left_out: u64 = cut["metadata"]["annotations"][LEFT_OUT].as_str().unwrap().parse().unwrap();
        let there = cut["results"].as_array().unwrap().len() as u64;
        assert_eq!((cut["summary"]["fail"].as_u64().unwrap(), left_out + there), (12_000, 12_000));
    }

    #[test]
    fn a_summary_counts_what_its_results_say() {
        for set in [rich(), many(30)] {
            let text = rendered("policyreport", &set, Options::default());
            let list: Value = serde_json::from_str(&text).unwrap();
            let mut failed = 0;
            for item in list["items"].as_array().unwrap() {
                let results = item["results"].as_array().unwrap();
                for verdict in &VERDICTS[1..] {
                    let count = results.iter().filter(|result| result["result"] == *verdict).count();
                    assert_eq!(item["summary"][verdict], count);
                }
                failed += item["summary"]["fail"].as_u64().unwrap();
                let properties =
                    results.iter().filter_map(|result| result["properties"].as_object()).flatten();
                assert!(properties.into_iter().all(|(_, value)| value.is_string()));
            }
            let open = set.report.findings.iter().filter(|judged| judged.status == Status::Open).count();
            assert_eq!(failed, open as u64);
        }
    }
}
