//! From a place in a plan back to the resource and path that stand there.

use std::ops::Range;

use crate::{
    document::{NodeRef, Step, json, yaml},
    resource::terraform::{Plan, PlannedResource, kubernetes::Unescaped},
    source::Place,
};

/// A path into the values of a resource, and from there into YAML that stands in a string.
pub(in crate::resource::terraform) struct Origin<'p> {
    pub(in crate::resource::terraform) resource: &'p PlannedResource,
    pub(in crate::resource::terraform) path: Vec<Step>,
    pub(in crate::resource::terraform) inside: Vec<Step>,
}

/// What stands at a place; `None` where it belongs to no resource.
pub(in crate::resource::terraform) fn origin<'p>(plan: &'p Plan, place: &Place) -> Option<Origin<'p>> {
    let span = place.span();
    let within = |outer: &Option<Range<usize>>| {
        outer.as_ref().is_some_and(|outer| outer.start <= span.start && span.end <= outer.end)
    };
    for resource in &plan.resources {
        if resource.address_span == span {
            return Some(Origin { resource, path: Vec::new(), inside: Vec::new() });
        }
        for part in [&resource.values, &resource.unknown] {
            if !within(part) {
                continue;
            }
            let part = part.clone()?;
            let document = json::parse_value(plan.source, &plan.text, part).ok()?;
            let mut path = Vec::new();
            let inside = match find(document.root(), &span, &mut path)? {
                Hit::Itself => Vec::new(),
                Hit::Within(text) => in_yaml(plan, text, &span),
            };
            return Some(Origin { resource, path, inside });
        }
    }
    None
}

/// What was found at a span.
enum Hit<'d> {
    /// A key or a value.
    Itself,
    /// A string that holds it.
    Within(NodeRef<'d>),
}

/// What stands at a span, with the path that leads there.
fn find<'d>(node: NodeRef<'d>, span: &Range<usize>, path: &mut Vec<Step>) -> Option<Hit<'d>> {
    if node.span() == *span {
        return Some(Hit::Itself);
    }
    if node.as_str().is_some() {
        let around = node.span();
        return (around.start < span.start && span.end < around.end).then_some(Hit::Within(node));
    }
    for (key, key_span, value) in node.entries() {
        path.push(key.into());
        if key_span == *span {
            return Some(Hit::Itself);
        }
        if let Some(found) = find(value, span, path) {
            return Some(found);
        }
        path.pop();
    }
    for (index, item) in node.items().enumerate() {
        path.push(index.into());
        if let Some(found) = find(item, span, path) {
            return Some(found);
        }
        path.pop();
    }
    None
}

fn in_yaml(plan: &Plan, text: NodeRef<'_>, span: &Range<usize>) -> Vec<Step> {
    let Some(unescaped) = Unescaped::new(&plan.text, text.span()) else { return Vec::new() };
    for document in yaml::parse(plan.source, &unescaped.text).documents {
        let document = document.transplant(&plan.text, |offset| unescaped.place(offset));
        if let Some(path) = document.root().path_of(span) {
            return path;
        }
    }
    Vec::new()
}
