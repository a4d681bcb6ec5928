//! What must not be shown of the configuration: credentials by their looks, and what the plan marks as sensitive.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Written, blocks, bodies, inside, walk};
use crate::{
    document::{Document, NodeRef, Step},
    resource::{
        credential,
        terraform::{Plan, PlannedResource, address},
    },
    source::Place,
};

/// Shorter values may be part of any word; where such a one is written it is masked by its attribute.
const DISTINCTIVE: usize = 6;

impl Written {
    /// Places in the configuration that must not be shown.
    pub fn secrets(&self, plan: &Plan) -> Vec<Place> {
        if self.modules.is_empty() {
            return Vec::new();
        }
        let texts: BTreeSet<String> = plan.sensitive_texts().into_iter().collect();
        let mut places = Vec::new();
        for document in self.modules.values().flatten() {
            let place = |span| Place::new(document.source, span);
            let found = credential::find_in_settings(document.root());
            places.extend(found.into_iter().map(|found| place(found.span)));
            variables(document, &mut places);
            expressions("", document.root(), &mut places);
            literals(document.root(), &texts, &mut places);
            for text in texts.iter().filter(|text| text.len() >= DISTINCTIVE) {
                let found = document.text.match_indices(text.as_str());
                places.extend(found.map(|(at, text)| place(at..at + text.len())));
            }
        }
        for resource in &plan.resources {
            self.sensitive(plan, resource, &mut places);
        }
        places
    }

    /// What is written where the plan marks a value as sensitive, references aside.
    fn sensitive(&self, plan: &Plan, resource: &PlannedResource, places: &mut Vec<Place>) {
        let marks = resource.sensitive.as_ref().map(|span| plan.slice(span)).unwrap_or_default();
        if !marks.contains("true") {
            return;
        }
        let Ok(values) = resource.values(plan) else { return };
        let mut paths = Vec::new();
        marked(&values.sensitive, &mut Vec::new(), &mut paths);
        let root = values.document.as_ref().map(Document::root);
        let calls = address::module_path(&resource.module_address).unwrap_or_default();
        let key = calls.iter().map(|call| call.name).collect::<Vec<_>>().join(".");
        let documents = self.modules.get(&key).map(Vec::as_slice).unwrap_or_default();
        for (document, label, body) in blocks(documents, resource) {
            let written = paths.iter().filter_map(|path| walk::narrowest(body, &label, path, root).value);
            let written = written.filter(|value| value.raw().contains(['"', '\n']) || !value.is_unknown());
            places.extend(written.map(|value| Place::new(document.source, value.span())));
        }
    }
}

/// Paths that a mask marks.
fn marked(mask: &Value, path: &mut Vec<Step>, paths: &mut Vec<Vec<Step>>) {
    match mask {
        Value::Bool(true) => paths.push(path.clone()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.into());
                marked(item, path, paths);
                path.pop();
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                path.push(key.as_str().into());
                marked(field, path, paths);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Templates and calls that hold a credential by their looks.
fn expressions(key: &str, node: NodeRef<'_>, places: &mut Vec<Place>) {
    if node.is_unknown() {
        let raw = node.raw();
        if credential::name::promise(key).is_some() && raw.contains(['"', '\n']) {
            places.push(node.place());
        }
        places.extend(credential::string::credentials(raw).into_iter().map(|span| {
            let start = node.span().start;
            Place::new(node.document.source, start + span.start..start + span.end)
        }));
        let encoded = inside::secrets(node).into_iter();
        places.extend(encoded.map(|span| Place::new(node.document.source, span)));
    }
    node.entries().for_each(|(key, _, value)| expressions(key, value, places));
    node.items().for_each(|item| expressions(key, item, places));
}

/// Defaults of variables that are sensitive, or are named like a credential.
fn variables(document: &Document, places: &mut Vec<Place>) {
    let variables = document.root().get("variable").into_iter().flat_map(NodeRef::entries);
    for (name, _, block) in variables {
        for body in bodies(block) {
            let sensitive = body.get("sensitive").and_then(NodeRef::as_bool) == Some(true);
            let value = body.get("default").filter(|value| !value.is_null() && !value.is_unknown());
            if sensitive || credential::name::promise(name).is_some() {
                places.extend(value.map(NodeRef::place));
            }
        }
    }
}

/// Literals, heredocs among them, that are what the plan marks as sensitive.
fn literals(node: NodeRef<'_>, texts: &BTreeSet<String>, places: &mut Vec<Place>) {
    if node.is_scalar() && !node.is_null() && !node.is_unknown() && node.as_bool().is_none() {
        let text = node.as_str().map_or_else(|| node.to_json().to_string(), ToOwned::to_owned);
        let same = |known: &String| known.split_whitespace().eq(text.split_whitespace());
        if texts.contains(&text) || (text.contains('\n') && texts.iter().any(same)) {
            places.push(node.place());
        }
    }
    node.entries().for_each(|(_, _, value)| literals(value, texts, places));
    node.items().for_each(|item| literals(item, texts, places));
}
