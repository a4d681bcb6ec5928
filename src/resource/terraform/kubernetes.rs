//! Kubernetes objects that a plan holds: `kubernetes_manifest`, `kubectl_manifest`, and the typed resources of the
//! Kubernetes provider, as documents over the text of the plan.
//!
//! What is known only after apply is [`crate::document::Kind::Unknown`]; so are values of a Secret that the
//! configuration takes from elsewhere, since the plan does not tell whether they are committed.
//! Deliberately absent: rendering what `helm_release` installs (for its values see [`super::releases`]).

mod manifest;
mod names;
mod sensitive;
mod typed;
mod yaml_body;

use std::ops::Range;

use super::{Mode, Plan, PlannedResource};
use crate::{
    document::{Document, Step, json},
    resource::kubernetes::{Object, objects},
    source::Problem,
};

pub(crate) use sensitive::secret_texts;
pub(super) use yaml_body::Unescaped;

/// A Kubernetes object that a planned resource stands for.
#[derive(Debug)]
pub struct Embedded {
    /// Position in [`Plan::resources`].
    pub resource: u32,
    pub document: Document,
    pub object: Object,
}

impl Plan {
    /// All Kubernetes objects of the plan, in its order, and what cannot be read as one.
    pub fn kubernetes(&self) -> (Vec<Embedded>, Vec<Problem>) {
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        let managed = (0..).zip(&self.resources).filter(|(_, resource)| resource.mode == Mode::Managed);
        for (position, resource) in managed {
            match self.documents_of(resource) {
                Ok(documents) => {
                    let overriding = yaml_body::namespace(self, resource);
                    for document in documents {
                        let object = objects(&document).into_iter().next();
                        found.extend(object.map(|mut object| {
                            object.namespace = overriding.clone().or(object.namespace);
                            Embedded { resource: position, document, object }
                        }));
                    }
                }
                Err(message) => {
                    let message = format!("`{}` {message}", resource.address);
                    problems.push(Problem { place: Some(resource.place(self)), message });
                }
            }
        }
        (found, problems)
    }

    fn documents_of(&self, resource: &PlannedResource) -> Result<Vec<Document>, &'static str> {
        match &*resource.kind {
            "kubernetes_manifest" => manifest::document(self, resource).map(Vec::from_iter),
            "kubectl_manifest" => yaml_body::documents(self, resource),
            "helm_release" => Err(unrendered(self, resource)),
            kind => Ok(typed::document(self, resource, kind).into_iter().collect()),
        }
    }
}

/// Why nothing is known of what a `helm_release` installs.
fn unrendered(plan: &Plan, resource: &PlannedResource) -> &'static str {
    let path = [Step::from("values")];
    let unknown = resource.values(plan).is_ok_and(|values| values.holds_unknown(&path));
    if unknown {
        "installs a chart, which is no part of the plan, and takes values that are known only after apply: run `helm \
         template CHART | probity scan -` with them"
    } else {
        "installs a chart, which is no part of the plan: run `helm template CHART | probity scan -` with its values, \
         in which credentials are looked for here"
    }
}

/// Values of a resource, and its `after_unknown`, each as a document over the text of the plan.
struct Planned {
    values: Option<Document>,
    unknown: Option<Document>,
}

impl Planned {
    fn new(plan: &Plan, resource: &PlannedResource) -> Self {
        let read =
            |span: &Option<Range<usize>>| json::parse_value(plan.source, &plan.text, span.clone()?).ok();
        Self { values: read(&resource.values), unknown: read(&resource.unknown) }
    }
}

/// Whether the configuration takes a value from elsewhere: a variable, another resource, a local.
fn is_referred(plan: &Plan, resource: &PlannedResource, attribute: &str) -> bool {
    let referred = plan.referred(resource, &[Step::from(attribute)]);
    !referred.targets.is_empty() || !referred.unresolved.is_empty()
}

#[cfg(test)]
pub(super) mod tests;
