//! Drift: manifests and a cluster, judged as two estates, and what differs between them.
//!
//! The report is limited to differences, as one about a change is: findings that both have are counted. What is live is
//! shown where the manifest says it; an estate is never made of both, since each would decide what is true of the other.

mod manifest;
mod objects;
mod own;
mod verdicts;

use std::{collections::BTreeSet, sync::Arc};

use self::{
    objects::{Pairs, Standing},
    verdicts::{Verdicts, open, paired},
};
use super::live::is_inside;
use crate::{
    cluster::Target,
    document::Path,
    estate::Estate,
    finding::{Finding, NotAssessed, Related},
    policy::{Evaluation, compared, metadata::Rule},
    report::{Drift, NotApplicable, Side},
    resource::kubernetes::name_span,
    source::{Mask, Place, Source},
};

/// What rules said of both estates.
pub(super) struct Sides {
    pub(super) declared: Evaluation,
    pub(super) live: Evaluation,
    /// Rules that nothing live can be about.
    pub(super) not_live: Vec<NotApplicable>,
}

/// What came of it.
pub(super) struct Compared {
    /// The differences, as what one evaluation found.
    pub(super) evaluation: Evaluation,
    pub(super) drift: Drift,
    /// All findings of both sides, differences or not.
    pub(super) findings: Vec<Finding>,
}

/// Holds one estate against the other.
pub(super) fn compare(
    target: &Target,
    (declared, live): (&Estate, &Estate),
    sides: Sides,
    rules: &[Arc<Rule>],
) -> Compared {
    let pairs = Pairs::new(declared, live, |identity| is_inside(target, identity));
    let Sides { declared: mut files, live: mut cluster, not_live } = sides;
    let never_live: BTreeSet<Arc<str>> = not_live.into_iter().map(|rule| rule.rule).collect();
    let of_plans: BTreeSet<&str> =
        declared.plans.iter().flat_map(|plan| plan.resources.iter().map(|one| &*one.address)).collect();
    let is_compared = |rule: &Arc<str>, id: &str| {
        let standing = pairs.declared.get(id).map(|(_, standing)| standing);
        !never_live.contains(rule)
            && !of_plans.contains(id)
            && !id.starts_with("output.")
            // A plan as a whole, values of a chart.
            && declared.sources.by_file(id).is_none()
            && standing.is_none_or(|standing| *standing == Standing::Paired)
    };
    let mut findings = files.findings.clone();
    files.findings.retain(|finding| is_compared(&finding.rule, &finding.resource));
    for result in &mut files.not_assessed {
        let rule = Arc::clone(&result.rule);
        result.resources.retain(|id| is_compared(&rule, id));
    }
    files.not_assessed.retain(|result| !result.resources.is_empty());
    let is_expected = |id: &str| {
        let standing = pairs.live.get(id).map(|(_, standing)| standing);
        standing.is_none_or(|standing| matches!(standing, Standing::Paired | Standing::Alone(_)))
    };
    cluster.findings.retain(|finding| is_expected(&finding.resource));
    for result in &mut cluster.not_assessed {
        result.resources.retain(|id| is_expected(id));
    }
    cluster.not_assessed.retain(|result| !result.resources.is_empty());
    place(&pairs, declared, live, &mut cluster);
    findings.extend(cluster.findings.iter().cloned());

    let (of_files, of_cluster) = (Verdicts::new(&files, declared), Verdicts::new(&cluster, live));
    let alone = paired(&files.findings, &cluster.findings);
    let mut drift = Drift { in_both: alone.in_both, ..Drift::default() };
    let mut evaluation = Evaluation { passed: of_files.passed_with(&of_cluster), ..Evaluation::default() };
    for index in &alone.declared {
        let finding = &files.findings[*index];
        // What the cluster leaves open is among the results that are not assessed.
        if !of_cluster.is_open(finding) {
            evaluation.findings.push(differing(finding, Side::Declared, "pass"));
        }
    }
    for index in &alone.live {
        let finding = &cluster.findings[*index];
        let is_declared = !matches!(pairs.live.get(&*finding.resource), Some((_, Standing::Alone(_))));
        if !(is_declared && of_files.is_open(finding)) {
            let other = if is_declared { "pass" } else { "absent" };
            evaluation.findings.push(differing(finding, Side::Live, other));
        }
    }
    evaluation.evaluated = files.evaluated;
    for counts in &mut evaluation.evaluated {
        if let Some(there) = cluster.evaluated.iter().find(|there| there.rule == counts.rule) {
            counts.subjects += there.subjects;
            counts.passed += there.passed;
            counts.failed += there.failed;
            counts.not_assessed += there.not_assessed;
        }
    }
    evaluation.not_assessed = open(files.not_assessed, cluster.not_assessed);
    evaluation.excepted = [files.excepted, cluster.excepted].concat();
    evaluation.errors = [files.errors, cluster.errors].concat();
    for rule in rules {
        let objects = match &*rule.id {
            compared::MISSING => &pairs.declared,
            compared::UNDECLARED => &pairs.live,
            _ => continue,
        };
        let is_declared = &*rule.id == compared::MISSING;
        let shown = |id: &str| {
            let (resource, _) = objects.get(id).filter(|_| is_declared)?;
            let name = Place::new(declared.file(resource), name_span(declared.node(resource)));
            Some(declared.shown(&name).map_or(name, |shown| shown.place))
        };
        let standings = objects.iter().map(|(id, (_, standing))| (*id, standing));
        judge(rule, standings, &declared.sets, &mut evaluation, shown);
    }
    let both = [&pairs.declared, &pairs.live];
    for (_, standing) in both.into_iter().flat_map(|objects| objects.values()) {
        if let Standing::Aside(reason) = standing {
            *drift.aside.entry((*reason).to_owned()).or_default() += 1;
        }
    }
    drift.paired = pairs.live.values().filter(|(_, standing)| *standing == Standing::Paired).count();
    Compared { evaluation, drift, findings }
}

/// Shows what is live where its manifest says it, and nowhere else.
fn place(pairs: &Pairs<'_>, declared: &Estate, live: &Estate, evaluation: &mut Evaluation) {
    let followed = |place: &mut Option<Place>| {
        *place = place.take().and_then(|place| manifest::place(pairs, declared, live, &place));
    };
    for finding in &mut evaluation.findings {
        followed(&mut finding.place);
        finding.related.iter_mut().for_each(|related| followed(&mut related.place));
        finding.fix = None;
        finding.sets.clone_from(&declared.sets);
    }
    for result in &mut evaluation.not_assessed {
        followed(&mut result.place);
        result.sets.clone_from(&declared.sets);
    }
}

/// A finding of one side that the other one does not have.
fn differing(finding: &Finding, side: Side, other: &str) -> Finding {
    let label = match (side, other) {
        (Side::Declared, _) => {
            "the live object passes: this comes with the next time that the manifest is applied"
        }
        (Side::Live, "absent") => "it is live, and no manifest declares its object",
        (Side::Live, _) => "it is live, and the manifests pass: they do not say so",
    };
    let mut finding = finding.clone();
    let said = Related::remark(label.to_owned());
    finding.related.insert(0, said);
    side.mark(&mut finding, other);
    finding
}

/// What a rule about the objects themselves says of those of one side.
fn judge<'o>(
    rule: &Rule,
    objects: impl Iterator<Item = (&'o str, &'o Standing)>,
    sets: &[Arc<str>],
    evaluation: &mut Evaluation,
    place: impl Fn(&str) -> Option<Place>,
) {
    let Some(counts) = evaluation.evaluated.iter_mut().find(|counts| counts.rule == rule.id) else { return };
    for (id, standing) in objects {
        let (resources, sets) = (vec![id.to_owned()], sets.to_vec());
        match standing {
            Standing::Aside(_) => continue,
            Standing::Paired => {
                counts.passed += 1;
                evaluation.passed.entry(Arc::clone(&rule.id)).or_default().push(id.into());
            }
            Standing::Open { reason, missing } => {
                counts.not_assessed += 1;
                evaluation.not_assessed.push(NotAssessed {
                    rule: Arc::clone(&rule.id),
                    reason: reason.clone(),
                    missing: Some(missing.clone()),
                    resources,
                    sets,
                    place: place(id),
                });
            }
            Standing::Alone(message) => {
                counts.failed += 1;
                evaluation.findings.push(Finding {
                    rule: Arc::clone(&rule.id),
                    severity: rule.severity,
                    message: message.clone(),
                    sets,
                    resource: id.to_owned(),
                    via: None,
                    place: place(id),
                    related: Vec::new(),
                    path: Path::default(),
                    peer: None,
                    remedy: None,
                    fix: None,
                    metadata: serde_json::Map::new(),
                });
            }
        }
        counts.subjects += 1;
    }
}

/// Lists of live objects as a report tells of them: what was read of each kind, without its text, which no place is in.
pub(super) fn coverage(live: &Estate) -> Vec<Source> {
    let sources = live.sources.as_slice().iter().map(|source| {
        let mut told = Source::new(Arc::clone(&source.file), "", source.digest, source.status.clone());
        told.live.clone_from(&source.live);
        told.documents = source.documents;
        // Whether its digest could be guessed back.
        told.mask = if source.mask == Mask::None { Mask::None } else { Mask::WHOLE };
        told
    });
    sources.collect()
}
