//! Facts: what an estate means, worked out in Rust so that rules stay short.
//!
//! A [`Fact`] is a tree like any document, whose nodes remember the value that they were worked out from. One file
//! under `facts/` makes one kind of fact; every fact is complete: a rule needs nothing beside it. A field that the
//! input does not determine is the string `"unknown"`.
//! Deliberately absent: judgement, severities, messages.

mod accesses;
mod buckets;
mod catalogues;
mod classifications;
mod clusters;
mod connections;
mod credentials;
mod database_containers;
mod datastores;
mod declared;
mod environment;
mod fields;
mod flows;
mod gateways;
mod global_datastores;
mod grants;
pub mod graph;
mod hosts;
mod ingress_classes;
mod log_pipelines;
mod log_stores;
mod mesh;
mod network;
mod overview;
mod ownership;
mod places;
mod planned_secrets;
mod policies;
mod refusals;
mod roles;
mod secret_stores;
mod secrets;
mod service_accounts;
mod services;
mod set;
mod stores;
mod topics;
mod truth;
mod unbuilt;
mod vault_agents;
mod workloads;

pub use self::fields::Fields;
pub(crate) use self::planned_secrets::credentials as planned_credentials;
use self::truth::Truth;
pub use self::{
    mesh::ROOT as MESH_ROOT, overview::OVERVIEW, ownership::notices as ownership_notices,
    secrets::allowed as allowed_secrets, set::Set,
};

use std::sync::Arc;

use crate::{
    document::{Document, Path, Step},
    estate::{Estate, Resource},
    resource::terraform::Plan,
    source::Place,
};

/// How a kind of fact is made.
#[derive(Clone, Copy)]
pub enum Make {
    /// From one resource alone: worked out once, whatever the sets.
    Resource(fn(&Estate, &Resource) -> Option<Subject>),
    /// From one document, whether or not it is an object of Kubernetes.
    Document(fn(&Estate, &Document) -> Vec<Subject>),
    /// From all that one set sees.
    Set(fn(&Set<'_>) -> Vec<Subject>),
    /// From one plan of the estate, given its index.
    Plan(fn(&Estate, u32, &Plan) -> Vec<Subject>),
}

/// All kinds of facts, by the name of their selector.
pub const FACTS: &[(&str, Make)] = &[
    ("access", Make::Set(datastores::access_subjects)),
    ("bucket", Make::Plan(|estate, index, plan| buckets::subjects(estate.vocabulary(), index, plan))),
    (
        "classification",
        Make::Plan(|estate, index, plan| classifications::planned(estate.vocabulary(), index, plan)),
    ),
    ("classification", Make::Set(classifications::classifications)),
    ("cluster", Make::Plan(|_, index, plan| clusters::subjects(index, plan))),
    ("connection", Make::Set(connections::connections)),
    ("credential", Make::Set(credentials::subjects)),
    ("database-server", Make::Set(datastores::server_subjects)),
    ("datastore", Make::Set(datastores::datastore_subjects)),
    ("flow", Make::Set(flows::flow_subjects)),
    ("gateway", Make::Plan(|_, index, plan| gateways::planned(index, plan))),
    ("gateway", Make::Set(gateways::gateways)),
    ("grant", Make::Set(grants::subjects)),
    ("identity", Make::Set(mesh::identities)),
    ("log-pipeline", Make::Set(log_pipelines::subjects)),
    ("log-store", Make::Plan(|_, index, plan| log_stores::subjects(index, plan))),
    ("namespace", Make::Set(mesh::namespaces)),
    ("planned-output", Make::Plan(|_, index, plan| planned_secrets::outputs(index, plan))),
    ("planned-secret", Make::Plan(planned_secret)),
    ("policy", Make::Set(policies::policies)),
    ("secret", Make::Resource(secrets::secret)),
    ("secret", Make::Document(secrets::generated)),
    ("secret", Make::Document(secrets::of_charts)),
    ("secret", Make::Document(secrets::of_patches)),
    ("secret-store", Make::Resource(secret_stores::subject)),
    ("secret-use", Make::Set(credentials::uses)),
    ("store", Make::Plan(|estate, index, plan| stores::subjects(estate.vocabulary(), index, plan))),
    ("topic", Make::Plan(|estate, index, plan| buckets::topics::subjects(estate.vocabulary(), index, plan))),
    ("topic", Make::Set(flows::topic_subjects)),
    ("vault-agent", Make::Set(vault_agents::subjects)),
    ("workload", Make::Set(mesh::workloads)),
];

fn planned_secret(estate: &Estate, index: u32, plan: &Plan) -> Vec<Subject> {
    let file = &estate.sources.get(plan.source).file;
    planned_secrets::resources(estate, file, index, plan)
}

/// One value of a fact, with where it comes from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fact {
    pub value: Value,
    /// What it was worked out from; `None`: see the nearest ancestor that has one.
    pub origin: Option<Origin>,
}

/// What a fact's value was worked out from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Bytes of a source.
    Place(Place),
    /// A value of a planned resource; its bytes are looked up only when a finding needs them.
    Planned { plan: u32, resource: u32, path: Path },
}

/// The values of facts: JSON, with sorted keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    String(Arc<str>),
    Array(Vec<Fact>),
    Object(Fields),
}

/// What one rule evaluation is about.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Id of the resource that a finding names.
    pub resource: String,
    /// What a selector's `kinds` are compared with: a Kubernetes kind or a Terraform type.
    pub kind: Arc<str>,
    pub fact: Fact,
}

impl Fact {
    /// The undetermined value.
    pub fn unknown() -> Self {
        Self::from("unknown")
    }

    pub fn object<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self {
            value: Value::Object(fields.into_iter().map(|(key, fact)| (key.into(), fact)).collect()),
            origin: None,
        }
    }

    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self { value: Value::Array(items.into_iter().collect()), origin: None }
    }

    /// The same value, with where it comes from.
    #[must_use]
    pub fn at(self, origin: impl Into<Option<Origin>>) -> Self {
        Self { origin: origin.into(), ..self }
    }

    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Object(fields) => fields.get(key),
            _ => None,
        }
    }

    /// Origin of the deepest node on the path that has one, and whether the whole path exists.
    pub fn locate(&self, path: &[Step]) -> (Option<&Origin>, bool) {
        let mut here = self;
        let mut origin = self.origin.as_ref();
        for step in path {
            let next = match (step, &here.value) {
                (Step::Key(key), Value::Object(fields)) => fields.get(key),
                (Step::Index(index), Value::Array(items)) => items.get(*index),
                _ => None,
            };
            let Some(next) = next else {
                return (origin, false);
            };
            origin = next.origin.as_ref().or(origin);
            here = next;
        }
        (origin, true)
    }
}

impl Origin {
    /// Bytes of it; those of a planned value are looked up in the plan.
    pub fn place(&self, estate: &Estate) -> Option<Place> {
        match self {
            Self::Place(place) => Some(place.clone()),
            Self::Planned { plan, resource, path } => {
                let plan = estate.plans.get(*plan as usize)?;
                Some(plan.resource(*resource)?.locate(plan, &path.0))
            }
        }
    }
}

/// One step of the chain behind a fact: what was decided, by which resource, where.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Because {
    /// A clause without a full stop: `PeerAuthentication/shop/default sets STRICT for its namespace`.
    pub(crate) text: String,
    /// Id of the resource that decides; `None` where a default or an absence does.
    pub(crate) resource: Option<Arc<str>>,
    pub(crate) origin: Option<Origin>,
}

impl Because {
    /// What a resource decides, at the value that says so.
    fn decided(text: impl Into<String>, resource: &Resource, place: Place) -> Self {
        Self { text: text.into(), resource: Some(Arc::clone(&resource.id)), origin: Some(place.into()) }
    }

    /// Bytes that say so.
    fn place(&self) -> Option<Place> {
        match &self.origin {
            Some(Origin::Place(place)) => Some(place.clone()),
            _ => None,
        }
    }

    /// What holds because nothing says otherwise.
    fn default(text: impl Into<String>) -> Self {
        Self { text: text.into(), resource: None, origin: None }
    }
}

impl From<Because> for Fact {
    /// `{text, resource}` at its origin.
    fn from(because: Because) -> Self {
        let fields =
            [("text", Self::from(because.text)), ("resource", Self::from(because.resource.as_deref()))];
        Self::object(fields).at(because.origin)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self { value: Value::String(text.into()), origin: None }
    }
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self { value: Value::String(text.into()), origin: None }
    }
}

impl From<bool> for Fact {
    fn from(value: bool) -> Self {
        Self { value: Value::Bool(value), origin: None }
    }
}

impl From<i64> for Fact {
    fn from(value: i64) -> Self {
        Self { value: Value::Integer(value), origin: None }
    }
}

impl<T: Into<Self>> From<Option<T>> for Fact {
    fn from(value: Option<T>) -> Self {
        value.map_or_else(Self::default, Into::into)
    }
}

impl From<Place> for Origin {
    fn from(place: Place) -> Self {
        Self::Place(place)
    }
}
