//! The policy of a resource: its JSON, or the data sources that it is made of where that is known only after apply.

use std::collections::BTreeSet;

use super::{
    access_policy::{self, Access, Opening},
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

/// What the policy at an attribute of a resource lets in. None, or an empty one, lets nobody in.
pub(in crate::facts) fn policy_of(resource: &Planned<'_>, attribute: &str) -> Way {
    let (decided, opening) = match resource.get(attribute) {
        Attribute::Absent => (resource.decided(attribute, Truth::False), None),
        Attribute::Known(node) => match node.as_str().map(str::trim) {
            None | Some("") => (resource.decided(attribute, Truth::False), None),
            Some(text) => {
                match access_policy::from_json(text).map(|statements| access_policy::judge(&statements)) {
                    Some(opening) => (resource.decided(attribute, opening.public), Some(opening)),
                    None => (resource.decided(attribute, Truth::Unknown), None),
                }
            }
        },
        Attribute::Unknown => match documents(resource, attribute, &mut BTreeSet::new()) {
            Some((decided, opening)) if decided.value != Truth::Unknown => (decided, opening),
            _ => (resource.decided(attribute, Truth::Unknown), None),
        },
    };
    let shut = Way::shut("policy", resource, decided);
    match opening {
        Some(Opening { access, principal, public: Truth::True, .. }) => {
            Way { access, what: format!("its policy allows {principal}"), ..shut }
        }
        _ => shut,
    }
}

/// What a policy does that is made of data sources alone; `None` where it is made of anything else.
fn documents(
    resource: &Planned<'_>,
    attribute: &str,
    seen: &mut BTreeSet<u32>,
) -> Option<(Decided, Option<Opening>)> {
    let referred = resource.plan.referred(resource.resource, &steps(attribute));
    let mut judged = Vec::new();
    for target in referred.targets {
        let document = Planned::new(resource.plan_index, resource.plan, target.resource)?;
        if !document.resource.is(Mode::Data, DOCUMENT) || !seen.insert(target.resource) {
            return None;
        }
        judged.push(planned_document(&document, seen)?);
    }
    for reference in referred.unresolved {
        judged.push(configured_document(resource, attribute, &reference)?);
    }
    let mut judged = judged.into_iter();
    let first = judged.next()?;
    // Which of several is meant cannot be told; they may agree.
    judged.all(|(other, _)| other.value == first.0.value).then_some(first)
}

fn planned_document(document: &Planned<'_>, seen: &mut BTreeSet<u32>) -> Option<(Decided, Option<Opening>)> {
    let values = document.values.as_ref()?;
    let partial = Partial::from_planned(values.document.as_ref()?.root(), &values.unknown);
    let mut opening = access_policy::judge(&access_policy::from_policy_document(&partial)?);
    let at = if opening.at.is_empty() { steps("statement") } else { opening.at.clone() };
    let missing = (opening.public == Truth::Unknown).then(|| format!("{}.statement", document.address()));
    let mut decided = Decided {
        value: opening.public,
        origin: Some(document.origin_of(at)),
        missing: missing.into_iter().collect(),
    };
    for attribute in INCLUDED {
        let Some((included, other)) = included(document, &partial, attribute, seen) else { continue };
        decided = decided.or(&included);
        opening.public = decided.value;
        opening.access = opening.access.with(other.map_or(Access::default(), |other| other.access));
    }
    Some((decided, Some(opening)))
}

/// What the documents do that an attribute takes in; `None` where it takes in none.
fn included(
    document: &Planned<'_>,
    partial: &Partial,
    attribute: &str,
    seen: &mut BTreeSet<u32>,
) -> Option<(Decided, Option<Opening>)> {
    let items = partial.field(attribute).items();
    let texts: Option<Vec<&str>> = items.and_then(|items| items.into_iter().map(Partial::text).collect());
    let Some(texts) = texts else {
        let referred = documents(document, attribute, seen);
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
    let opening = access_policy::judge(&statements);
    Some((document.decided(attribute, opening.public), Some(opening)))
}

/// A data source that stands in the configuration only.
fn configured_document(
    resource: &Planned<'_>,
    attribute: &str,
    reference: &str,
) -> Option<(Decided, Option<Opening>)> {
    let name = reference.strip_prefix("data.")?.strip_prefix(DOCUMENT)?.strip_prefix('.')?;
    let name = name.split(['.', '[']).next()?;
    let expressions = resource.plan.data_expressions(&resource.resource.module_address, DOCUMENT, name)?;
    let partial = Partial::from_expressions(&expressions);
    if INCLUDED.iter().any(|attribute| *partial.field(attribute) != Partial::Absent) {
        return None;
    }
    let opening = access_policy::judge(&access_policy::from_policy_document(&partial)?);
    Some((resource.decided(attribute, opening.public), Some(opening)))
}
