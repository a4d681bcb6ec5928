//! Cases: one subject each, with the way back from a path in a rule's input to a place.

use std::{
    borrow::Cow,
    ops::Range,
    sync::{Arc, OnceLock},
};

use super::redact::Redactor;
use crate::{
    document::{Document, NodeRef, Step, json},
    estate::{Estate, GIVEN, Resource, Shown},
    facts::{Fact, Origin, planned_credentials},
    resource::{
        contents, credential,
        kubernetes::{first_key, name_span},
        kustomization::generators,
        terraform::{Plan, Values, kubernetes},
    },
    source::{Place, SourceId},
};

/// One subject of rules.
#[derive(Debug)]
pub struct Case<'e> {
    /// Name of the selector that yields it.
    pub selector: &'static str,
    /// What `kinds` of a selector is compared with.
    pub kind: Arc<str>,
    /// Id of the resource that findings name.
    pub resource: Arc<str>,
    /// Names of the sets in which the subject is the same.
    pub sets: Vec<Arc<str>>,
    pub input: Input<'e>,
}

/// What becomes `input` of a rule.
#[derive(Debug)]
pub enum Input<'e> {
    /// One manifest as written.
    Object(&'e Resource),
    Fact(Fact),
    /// One resource of a plan: the plan's index and the resource's position in it.
    Planned(usize, u32),
    Plan(WholePlan),
    /// A document of whatever kind, by its index, or one element of a file that is a list: Conftest's input.
    Node(usize, NodeRef<'e>),
    /// A file without any document.
    Nothing(SourceId),
    /// All documents as Conftest's `--combine` gives them: `[{path, contents}]`.
    Combined(Vec<Part<'e>>),
}

/// A whole plan. It is parsed for places when a first result needs one, and once for all of them.
#[derive(Debug)]
pub struct WholePlan {
    /// Its index in the estate.
    pub plan: usize,
    parsed: OnceLock<Vec<Document>>,
}

impl WholePlan {
    pub(super) fn new(plan: usize) -> Self {
        Self { plan, parsed: OnceLock::new() }
    }

    fn root(&self, estate: &Estate) -> Option<NodeRef<'_>> {
        let source = estate.plans.get(self.plan)?.source;
        let parse = || json::parse(source, &estate.sources.get(source).text).documents;
        self.parsed.get_or_init(parse).first().map(Document::root)
    }
}

/// One element of a combined input.
#[derive(Debug)]
pub struct Part<'e> {
    /// Name of the file, as the policy sees it.
    pub path: String,
    /// Id of what findings about it name.
    pub resource: Arc<str>,
    /// [`Input::Node`], [`Input::Nothing`] or [`Input::Plan`].
    pub contents: Input<'e>,
}

/// Where something of a subject stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// The place to show: where something is written, even if it was planned or rendered.
    pub place: Option<Place>,
    /// Other places that belong to it, with what they are.
    pub also: Vec<(&'static str, Place)>,
}

impl Location {
    /// Where a secret is written: where it is given, if a template or a block only takes it from there.
    pub(super) fn of_secret(mut self, estate: &Estate) -> Self {
        let given = self.also.iter_mut().find(|(label, _)| *label == GIVEN);
        if let (Some(place), Some((label, value))) = (&mut self.place, given) {
            let is_template = !contents::is_terraform_source(&estate.sources.get(place.source).file);
            *label = if is_template { "a template takes it here" } else { "it is used here" };
            std::mem::swap(place, value);
        }
        self
    }
}

impl Case<'_> {
    /// The place that a path leads to, followed to where it is written.
    pub fn location(&self, estate: &Estate, path: &[Step]) -> Location {
        let place = self.locate(estate, path);
        match self.written(estate, path, place.as_ref()) {
            Some(shown) => Location { place: Some(shown.place), also: shown.also },
            None => Location { place, also: Vec::new() },
        }
    }

    fn written(&self, estate: &Estate, path: &[Step], place: Option<&Place>) -> Option<Shown> {
        let planned = |plan: usize, resource: u32, path: &[Step]| estate.written(plan, resource, path, place);
        match &self.input {
            Input::Fact(fact) => match fact.locate(path).0? {
                Origin::Planned { plan, resource, path } => planned(*plan as usize, *resource, &path.0),
                Origin::Place(place) => estate.shown(place),
            },
            Input::Planned(plan, resource) => planned(*plan, *resource, value_path(path)),
            _ => estate.shown(place?),
        }
    }

    /// The place that a path leads to (contract, "Place"). `None` only where nothing of the subject has a place.
    pub fn locate(&self, estate: &Estate, path: &[Step]) -> Option<Place> {
        self.input.locate(estate, path)
    }

    /// Id of the resource that a path leads into.
    pub fn resource_at(&self, path: &[Step]) -> &Arc<str> {
        self.input.part(path).map_or(&self.resource, |(part, _)| &part.resource)
    }

    /// Address of the planned resource in which the subject stands.
    pub fn via<'e>(&'e self, estate: &'e Estate) -> Option<&'e Arc<str>> {
        match &self.input {
            Input::Object(resource) => resource.via.as_ref().map(|via| &via.address),
            Input::Fact(_) => estate.via(&self.resource),
            _ => None,
        }
    }

    /// `input` of the rules as JSON, with secret values masked: nothing that is printed may hold them.
    pub fn masked_json(&self, estate: &Estate) -> serde_json::Value {
        self.input.masked_json(estate)
    }

    /// Secret values that the rule could see; they are removed from whatever it says.
    pub fn secret_values(&self, estate: &Estate) -> Vec<String> {
        self.input.secret_values(estate)
    }
}

impl<'e> Input<'e> {
    /// It as JSON, with secret values masked.
    pub fn masked_json(&self, estate: &Estate) -> serde_json::Value {
        let mut value = serde_json::to_value(self.to_rego(estate)).unwrap_or_default();
        Redactor::new(self.secret_values(estate)).json(&mut value);
        value
    }

    fn locate(&self, estate: &Estate, path: &[Step]) -> Option<Place> {
        match self {
            Self::Object(resource) => Some(in_object(estate.node(resource), path)),
            Self::Fact(fact) => fact.locate(path).0?.place(estate),
            Self::Planned(plan, resource) => planned(estate, *plan, *resource, value_path(path)),
            Self::Plan(whole) => Some(in_object(whole.root(estate)?, path)),
            Self::Node(_, node) => Some(in_object(*node, path)),
            Self::Nothing(source) => Some(Place::new(*source, 0..0)),
            // A result about all documents together has no place of its own, and the first one would be made up.
            Self::Combined(_) => {
                let (part, rest) = self.part(path)?;
                part.contents.locate(estate, rest)
            }
        }
    }

    /// The part of a combined input that a path leads into, with the path inside of its contents.
    fn part<'p>(&self, path: &'p [Step]) -> Option<(&Part<'e>, &'p [Step])> {
        match (self, path) {
            (Self::Combined(parts), [Step::Index(index), rest @ ..]) => {
                let inside = match rest {
                    [Step::Key(key), inside @ ..] if &**key == "contents" => inside,
                    _ => &[],
                };
                Some((parts.get(*index)?, inside))
            }
            _ => None,
        }
    }

    fn secret_values(&self, estate: &Estate) -> Vec<String> {
        match self {
            Self::Object(resource) => {
                let secrets = credential::secrets(&resource.object, estate.node(resource));
                let secrets = secrets.into_iter().flat_map(|secret| secret.values);
                secrets
                    .chain(sensitive_texts(estate, resource))
                    .chain(own(estate, estate.node(resource)))
                    .collect()
            }
            Self::Fact(_) | Self::Nothing(_) => Vec::new(),
            Self::Planned(plan, resource) => {
                let plan = estate.plans.get(*plan);
                let values = plan.and_then(|plan| plan.resource(*resource)?.values(plan).ok());
                let mut texts = values.as_ref().map(Values::sensitive_texts).unwrap_or_default();
                let root = values.as_ref().and_then(|values| values.document.as_ref()).map(Document::root);
                texts.extend(root.into_iter().flat_map(|root| literals(estate, root)));
                texts
            }
            Self::Plan(whole) => {
                let marked = estate.plans.get(whole.plan).map(Plan::sensitive_texts).unwrap_or_default();
                marked
                    .into_iter()
                    .chain(of_plan(estate, whole.plan))
                    .chain(whole.root(estate).into_iter().flat_map(|root| literals(estate, root)))
                    .collect()
            }
            Self::Node(document, node) => {
                let mut objects = estate.resources_of(*document).peekable();
                if objects.peek().is_some() {
                    return objects.flat_map(|one| Input::Object(one).secret_values(estate)).collect();
                }
                let source = estate.documents.get(*document).map(|document| document.source);
                let plan = estate.plans.iter().position(|plan| Some(plan.source) == source);
                let planned = plan.into_iter().flat_map(|plan| of_plan(estate, plan));
                let written = literals(estate, *node).into_iter().chain(generated(estate, *document));
                written.chain(planned).collect()
            }
            Self::Combined(parts) => {
                parts.iter().flat_map(|part| part.contents.secret_values(estate)).collect()
            }
        }
    }
}

/// The path in the values that a path in the input of `terraform-resource` is about.
fn value_path(path: &[Step]) -> &[Step] {
    match path {
        [Step::Key(key), rest @ ..] if matches!(&**key, "values" | "unknown" | "sensitive") => rest,
        _ => &[],
    }
}

/// What looks like a credential in what is no object of Kubernetes, whether a plan marks it or not.
fn literals(estate: &Estate, root: NodeRef<'_>) -> Vec<String> {
    let found = credential::find_in_settings(root).into_iter().flat_map(|found| found.values);
    found.chain(own(estate, root)).collect()
}

/// Credentials of a plan that only its resources tell: constants of attributes whose names say nothing.
fn of_plan(estate: &Estate, index: usize) -> Vec<String> {
    let plan = estate.plans.get(index).into_iter();
    let found = plan.flat_map(|plan| planned_credentials(estate, index, plan));
    found.map(|(_, text)| text).filter(|text| !text.is_empty()).collect()
}

/// What a kustomization puts into Secrets.
fn generated(estate: &Estate, document: usize) -> Vec<String> {
    let generators = estate.documents.get(document).map(generators).unwrap_or_default().into_iter();
    let secrets = generators.filter(|one| one.kind == "Secret");
    let entries = secrets.flat_map(|one| one.entries(&estate.sources));
    entries.filter_map(|entry| entry.text).map(Cow::into_owned).collect()
}

/// What has the shape of a credential that the configuration declares.
fn own(estate: &Estate, root: NodeRef<'_>) -> Vec<String> {
    let found = credential::find_own(root, &estate.config.secrets);
    found.into_iter().flat_map(|found| found.values).collect()
}

/// What the plan that holds an object does not want shown of it.
fn sensitive_texts(estate: &Estate, resource: &Resource) -> Vec<String> {
    let Some(via) = &resource.via else { return Vec::new() };
    let plan = estate.plans.get(via.plan);
    let planned = plan.and_then(|plan| Some((plan, plan.resource(via.resource)?)));
    planned.map_or_else(Vec::new, |(plan, planned)| {
        kubernetes::secret_texts(plan, planned, estate.node(resource))
    })
}

/// The place of a value of a planned resource.
fn planned(estate: &Estate, plan: usize, resource: u32, path: &[Step]) -> Option<Place> {
    let plan = estate.plans.get(plan)?;
    Some(plan.resource(resource)?.locate(plan, path))
}

/// The narrowest scalar or key that decides; where an absence decides, the nearest key above it.
pub(crate) fn in_object(root: NodeRef<'_>, path: &[Step]) -> Place {
    let located = root.locate(path);
    let at = |span: Range<usize>| Place::new(root.document.source, span);
    if path.is_empty() || (located.depth == 0 && located.node.is_none()) {
        return at(name_span(root));
    }
    match (located.node, located.key) {
        (Some(node), key) if node.is_scalar() && !node.span().is_empty() => match key {
            // A scalar of several lines is shown by its key: alerts on many lines are hidden in pull requests.
            Some(key) if node.raw().contains('\n') => at(key),
            _ => at(node.span()),
        },
        // An element of a list that is itself a collection: its first key.
        (Some(node), key) if matches!(path.last(), Some(Step::Index(_))) => {
            at(first_key(node).or(key).unwrap_or_else(|| name_span(root)))
        }
        (_, Some(key)) => at(key),
        (_, None) => at(name_span(root)),
    }
}
