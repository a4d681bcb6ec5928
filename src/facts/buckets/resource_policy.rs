//! The policy of a resource: its JSON, or the data sources that it is made of where that is known only after apply.

use std::collections::BTreeSet;

pub(super) use super::access_policy::AccessPoint;
use super::{
    access_policy::{self, Access, Judgement, Statement},
    partial::Partial,
    planned::{Decided, Planned, steps},
    way::Way,
};
use crate::{
    facts::truth::Truth,
    resource::terraform::{Attribute, Mode},
};

const DOCUMENT: &str = "aws_iam_policy_document";

/// Attributes by which a policy document takes in others.
const INCLUDED: [&str; 4] =
    ["source_policy_documents", "override_policy_documents", "source_json", "override_json"];

/// A question about the statements of a policy.
type Question<'q> = &'q dyn Fn(&[Statement]) -> Judgement;

/// What the policy at an attribute of a resource lets in. None, or an empty one, lets nobody in.
pub(in crate::facts) fn policy_of(resource: &Planned<'_>, attribute: &str) -> Way {
    let (decided, judgement) = ask(resource, attribute, &access_policy::is_public);
    let shut = Way::shut("policy", resource, decided);
    match judgement {
        Some(Judgement { access, principal, holds: Truth::True, .. }) => {
            Way { access, what: format!("its policy allows {principal}"), ..shut }
        }
        _ => shut,
    }
}

/// Whether the policy at an attribute of a resource refuses what comes to a bucket without TLS.
pub(super) fn refuses_plaintext(resource: &Planned<'_>, attribute: &str, bucket: Option<&str>) -> Decided {
    ask(resource, attribute, &|statements| access_policy::refuses_plaintext(statements, bucket)).0
}

/// Whether the policy at an attribute of a resource leaves it to an access point whom it lets in.
pub(super) fn delegates(resource: &Planned<'_>, attribute: &str, point: AccessPoint<'_>) -> Decided {
    ask(resource, attribute, &|statements| access_policy::delegates(statements, point)).0
}

/// The answer to a question about a policy; without a policy, no.
fn ask(resource: &Planned<'_>, attribute: &str, question: Question<'_>) -> (Decided, Option<Judgement>) {
    match resource.get(attribute) {
        Attribute::Absent => (resource.decided(attribute, Truth::False), None),
        Attribute::Known(node) => match node.as_str().map(str::trim) {
            None | Some("") => (resource.decided(attribute, Truth::False), None),
            Some(text) => match access_policy::from_json(text).map(|statements| question(&statements)) {
                Some(judgement) => (resource.decided(attribute, judgement.holds), Some(judgement)),
                None => (resource.decided(attribute, Truth::Unknown), None),
            },
        },
        Attribute::Unknown => match documents(resource, attribute, question, &mut BTreeSet::new()) {
            Some((decided, judgement)) if decided.value != Truth::Unknown => (decided, judgement),
            _ => (resource.decided(attribute, Truth::Unknown), None),
        },
    }
}

/// What a policy does that is made of data sources alone; `None` where it is made of anything else.
fn documents(
    resource: &Planned<'_>,
    attribute: &str,
    question: Question<'_>,
    seen: &mut BTreeSet<u32>,
) -> Option<(Decided, Option<Judgement>)> {
    let referred = resource.plan.referred(resource.resource, &steps(attribute));
    let mut judged = Vec::new();
    for target in referred.targets {
        let document = Planned::new(resource.plan_index, resource.plan, target.resource)?;
        if !document.resource.is(Mode::Data, DOCUMENT) || !seen.insert(target.resource) {
            return None;
        }
        judged.push(planned_document(&document, question, seen)?);
    }
    for reference in referred.unresolved {
        judged.push(configured_document(resource, attribute, &reference, question)?);
    }
    let mut judged = judged.into_iter();
    let first = judged.next()?;
    // Which of several is meant cannot be told; they may agree.
    judged.all(|(other, _)| other.value == first.0.value).then_some(first)
}

fn planned_document(
    document: &Planned<'_>,
    question: Question<'_>,
    seen: &mut BTreeSet<u32>,
) -> Option<(Decided, Option<Judgement>)> {
    let values = document.values.as_ref()?;
    let partial = Partial::from_planned(values.document.as_ref()?.root(), &values.unknown);
    let mut judgement = question(&access_policy::from_policy_document(&partial)?);
    let at = if judgement.at.is_empty() { steps("statement") } else { judgement.at.clone() };
    let missing = (judgement.holds == Truth::Unknown).then(|| format!("{}.statement", document.address()));
    let mut decided = Decided {
        value: judgement.holds,
        origin: Some(document.origin_of(at)),
        missing: missing.into_iter().collect(),
    };
    for attribute in INCLUDED {
        let Some((included, other)) = included(document, &partial, attribute, question, seen) else {
            continue;
        };
        decided = decided.or(&included);
        judgement.holds = decided.value;
        judgement.access = judgement.access.with(other.map_or(Access::default(), |other| other.access));
    }
    Some((decided, Some(judgement)))
}

/// What the documents do that an attribute takes in; `None` where it takes in none.
fn included(
    document: &Planned<'_>,
    partial: &Partial,
    attribute: &str,
    question: Question<'_>,
    seen: &mut BTreeSet<u32>,
) -> Option<(Decided, Option<Judgement>)> {
    let items = partial.field(attribute).items();
    let texts: Option<Vec<&str>> = items.and_then(|items| items.into_iter().map(Partial::text).collect());
    let Some(texts) = texts else {
        let referred = documents(document, attribute, question, seen);
        return Some(referred.unwrap_or_else(|| (document.decided(attribute, Truth::Unknown), None)));
    };
    let mut statements = Vec::new();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        match access_policy::from_json(text) {
            Some(found) => statements.extend(found),
            None => return Some((document.decided(attribute, Truth::Unknown), None)),
        }
    }
    if statements.is_empty() {
        return None;
    }
    let judgement = question(&statements);
    Some((document.decided(attribute, judgement.holds), Some(judgement)))
}

/// A data source that stands in the configuration only.
fn configured_document(
    resource: &Planned<'_>,
    attribute: &str,
    reference: &str,
    question: Question<'_>,
) -> Option<(Decided, Option<Judgement>)> {
    let name = reference.strip_prefix("data.")?.strip_prefix(DOCUMENT)?.strip_prefix('.')?;
    let name = name.split(['.', '[']).next()?;
    let expressions = resource.plan.data_expressions(&resource.resource.module_address, DOCUMENT, name)?;
    let partial = Partial::from_expressions(&expressions);
    if INCLUDED.iter().any(|attribute| *partial.field(attribute) != Partial::Absent) {
        return None;
    }
    let judgement = question(&access_policy::from_policy_document(&partial)?);
    Some((resource.decided(attribute, judgement.holds), Some(judgement)))
}
