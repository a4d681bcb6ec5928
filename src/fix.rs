//! Fixes: mechanical remedies that a rule offers, as edits of the text that decides.
//!
//! A fix replaces one scalar and keeps every other byte. It is offered only where the replacement can be proved: the
//! text is read again, and the value at that path must be the wanted one while all else is what it was. Many findings
//! may hang on one scalar, so each file is read again once for all of them. Deliberately absent: which findings may be
//! fixed (the command decides) and writing files.

mod hcl;
mod rewrite;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use serde_json::Value;

pub use hcl::is_written_in as is_configuration;
pub use rewrite::rewritten;

use crate::{
    document::{Kind, NodeRef, Step},
    estate::{Estate, Resource},
    finding::{Edit, Finding},
    source::{Mask, Place, Source, SourceId, Sources, Status, read::STDIN},
};

/// What a rule would change, if it finds it where its finding points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Kind of the Kubernetes object, or type of the Terraform resource, in which the scalar stands.
    pub kind: String,
    /// Key of the scalar.
    pub key: String,
    /// A string or a boolean.
    pub from: Value,
    /// Of the same type.
    pub to: Value,
    /// Keys beside which the new value would be refused or mean something else: anywhere in the object.
    pub without: BTreeSet<String>,
}

/// The edit by which one of the offers remedies what a place shows; `None` where that is not certain. It counts once
/// [`settle`] has proved it.
///
/// Nothing is offered for what a renderer printed, standard input, objects within Terraform, secrets, files that were
/// read in part, scalars that an alias shares, and objects with an equal copy elsewhere, which would then differ. In
/// Terraform a literal of a resource is one, an expression or what is left out none.
pub fn edit(estate: &Estate, place: &Place, offers: &[Offer]) -> Option<Edit> {
    let source = estate.sources.get(place.source);
    if offers.is_empty() || !is_editable(source) || is_masked(source, &place.span()) {
        return None;
    }
    if hcl::is_written_in(&source.file) {
        return hcl::edit(estate.configuration(place)?, place, offers);
    }
    let resource = resource_at(estate, place)?;
    let document = estate.documents.get(resource.document)?;
    let path = only_path(document.root(), &place.span())?;
    let node = document.root().locate(&path).node?;
    let Some(Step::Key(key)) = path.last() else { return None };
    let object = estate.node(resource);
    let offer = offers.iter().find(|offer| {
        *offer.kind == *resource.object.kind
            && *offer.key == **key
            && holds(node, &offer.from)
            && !has_key(object, &offer.without)
            && !serves_more(&offer.kind, object)
    })?;
    Some(Edit {
        place: place.clone(),
        replacement: spelled(node.raw(), &offer.from, &offer.to)?,
        value: offer.to.clone(),
    })
}

/// Whether a Service has ports beside the one that a finding is about: what is done to it is done to all.
fn serves_more(kind: &str, object: NodeRef<'_>) -> bool {
    kind == "Service" && object.at(&["spec", "ports"]).is_some_and(|ports| ports.items().count() > 1)
}

/// Takes back fixes of what turned out to be secret when it was judged, those that contradict each other or that the same
/// rule does not offer in another variant, and those of files where they cannot be proved together.
pub fn settle(findings: &mut [Finding], sources: &Sources) {
    let without = findings.iter().filter(|finding| finding.fix.is_none());
    let refused: BTreeSet<(Arc<str>, Place)> =
        without.filter_map(|finding| Some((Arc::clone(&finding.rule), finding.place.clone()?))).collect();
    for finding in findings.iter_mut() {
        let rule = Arc::clone(&finding.rule);
        finding.fix.take_if(|edit| refused.contains(&(rule, edit.place.clone())));
    }
    for finding in findings.iter_mut() {
        finding.fix.take_if(|edit| is_masked(sources.get(edit.place.source), &edit.place.span()));
    }
    let mut by_source: BTreeMap<SourceId, BTreeMap<&Place, Vec<&Edit>>> = BTreeMap::new();
    for edit in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        let same = by_source.entry(edit.place.source).or_default().entry(&edit.place).or_default();
        if !same.contains(&edit) {
            same.push(edit);
        }
    }
    let mut proved: BTreeSet<Place> = BTreeSet::new();
    for (source, places) in by_source {
        let agreed =
            places.into_values().filter_map(|edits| if let [edit] = *edits { Some(edit) } else { None });
        let agreed: Vec<&Edit> = agreed.collect();
        if rewritten(sources.get(source), &agreed).is_some() {
            proved.extend(agreed.into_iter().map(|edit| edit.place.clone()));
        }
    }
    for finding in findings {
        finding.fix.take_if(|edit| !proved.contains(&edit.place));
    }
}

fn is_editable(source: &Source) -> bool {
    let is_read = source.status == Status::Read || hcl::is_own(source);
    source.rendered.is_none() && &*source.file != STDIN && is_read
}

fn is_masked(source: &Source, span: &Range<usize>) -> bool {
    match &source.mask {
        Mask::None => false,
        Mask::Spans(spans) => spans.iter().any(|secret| secret.start < span.end && span.start < secret.end),
        Mask::EveryValue { .. } => true,
    }
}

/// The object that alone holds a place.
fn resource_at<'e>(estate: &'e Estate, place: &Place) -> Option<&'e Resource> {
    let document = estate.document_at(place)?;
    let holds = |resource: &&Resource| {
        let span = estate.node(resource).span();
        resource.via.is_none() && span.start <= place.start && place.end <= span.end
    };
    let resource = estate.resources_of(document).find(holds)?;
    (!estate.is_copied(&resource.id) && !resource.is_secret()).then_some(resource)
}

/// The path to the value at a span; `None` where there is none, or where aliases and merges lead to it, too.
fn only_path(root: NodeRef<'_>, span: &Range<usize>) -> Option<Vec<Step>> {
    let mut found = Vec::new();
    collect(root, span, &mut Vec::new(), &mut found);
    if found.len() == 1 { found.pop() } else { None }
}

fn collect(node: NodeRef<'_>, span: &Range<usize>, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    if found.len() > 1 {
        return;
    }
    if node.is_scalar() {
        if node.span() == *span {
            found.push(path.clone());
        }
        return;
    }
    let keyed = node.entries().map(|(key, _, value)| (Step::from(key), value));
    let numbered = node.items().enumerate().map(|(index, item)| (Step::from(index), item));
    for (step, value) in keyed.chain(numbered) {
        path.push(step);
        collect(value, span, path, found);
        path.pop();
    }
}

fn holds(node: NodeRef<'_>, wanted: &Value) -> bool {
    match (node.kind(), wanted) {
        (Kind::Bool(value), Value::Bool(wanted)) => value == wanted,
        (Kind::String(_), Value::String(wanted)) => node.as_str() == Some(wanted),
        _ => false,
    }
}

fn has_key(node: NodeRef<'_>, keys: &BTreeSet<String>) -> bool {
    node.entries().any(|(key, _, value)| keys.contains(key) || has_key(value, keys))
        || node.items().any(|item| has_key(item, keys))
}

/// The new value in the quotes of the old one; `None` where that is spelled with escapes, tags or over several lines.
fn spelled(raw: &str, from: &Value, to: &Value) -> Option<String> {
    match (from, to) {
        (Value::Bool(_), Value::Bool(to)) => raw.chars().all(char::is_alphanumeric).then(|| to.to_string()),
        (Value::String(from), Value::String(to)) => ["", "\"", "'"]
            .into_iter()
            .find(|quote| raw == format!("{quote}{from}{quote}"))
            .map(|quote| format!("{quote}{to}{quote}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
