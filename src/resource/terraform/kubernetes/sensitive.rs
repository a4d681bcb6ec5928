//! Which texts of an object a plan does not want shown.

use std::sync::Arc;

use crate::{
    document::{NodeRef, Step, yaml},
    resource::terraform::{Plan, PlannedResource},
    source::SourceId,
};

/// What the kubectl provider writes into `yaml_body_parsed` instead of a sensitive value.
const HIDDEN: &str = "(sensitive value)";

/// Strings and numbers of an object that must not be shown, as text.
///
/// `kubectl_manifest` marks all of `yaml_body` as sensitive and shows what is not in `yaml_body_parsed`: where that
/// is missing, everything but the object's identity counts as sensitive.
pub(crate) fn secret_texts(plan: &Plan, resource: &PlannedResource, object: NodeRef<'_>) -> Vec<String> {
    let Ok(values) = resource.values(plan) else { return every_text(object, None) };
    if &*resource.kind != "kubectl_manifest" || !values.is_sensitive(&[Step::from("yaml_body")]) {
        return values.sensitive_texts();
    }
    let root = values.document.as_ref().map(|document| document.root());
    let shown = root.and_then(|root| root.str_at(&["yaml_body_parsed"]));
    let shown = shown.map(|shown| yaml::parse(SourceId(0), &Arc::from(shown)).documents);
    let shown = shown.as_ref().and_then(|documents| documents.first()).map(|document| document.root());
    every_text(object, shown)
}

/// All texts of an object that are not shown.
fn every_text(object: NodeRef<'_>, shown: Option<NodeRef<'_>>) -> Vec<String> {
    let mut texts = Vec::new();
    for (key, _, value) in object.entries() {
        match (key, shown) {
            ("apiVersion" | "kind", _) => {}
            ("metadata", None) => {
                let rest = value.entries().filter(|(key, _, _)| !matches!(*key, "name" | "namespace"));
                rest.for_each(|(_, _, value)| collect(value, None, &mut texts));
            }
            (key, shown) => collect(value, shown.and_then(|shown| shown.get(key)), &mut texts),
        }
    }
    texts.sort_unstable();
    texts.dedup();
    texts
}

fn collect(value: NodeRef<'_>, shown: Option<NodeRef<'_>>, texts: &mut Vec<String>) {
    let hidden = shown.is_none_or(|shown| shown.as_str() == Some(HIDDEN));
    if hidden && value.is_scalar() && !value.is_null() && !value.is_unknown() && value.as_bool().is_none() {
        let text = value.as_str().map_or_else(|| value.to_json().to_string(), ToOwned::to_owned);
        texts.extend(Some(text).filter(|text| !text.is_empty()));
    }
    let inner = shown.filter(|_| !hidden);
    for (key, _, field) in value.entries() {
        collect(field, inner.and_then(|shown| shown.get(key)), texts);
    }
    for (index, item) in value.items().enumerate() {
        collect(item, inner.and_then(|shown| shown.items().nth(index)), texts);
    }
}
