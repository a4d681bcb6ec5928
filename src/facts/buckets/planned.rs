//! Planned resources as buckets read them: values at hand, and what they decide with the place that decides it.

use crate::{
    document::{NodeRef, Path, Step},
    facts::{Fact, Origin, truth::Truth},
    resource::terraform::{Attribute, Mode, Plan, PlannedResource, Values},
};

/// A planned resource with its values, read once.
pub(in crate::facts) struct Planned<'p> {
    pub(in crate::facts) plan: &'p Plan,
    pub(in crate::facts) plan_index: u32,
    pub(in crate::facts) position: u32,
    pub(in crate::facts) resource: &'p PlannedResource,
    /// `None` where they cannot be read: then nothing of it is known.
    pub(in crate::facts) values: Option<Values>,
}

/// A truth, what it was worked out from, and what would decide it where it is unknown.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Decided {
    pub(in crate::facts) value: Truth,
    pub(in crate::facts) origin: Option<Origin>,
    pub(in crate::facts) missing: Vec<String>,
}

impl<'p> Planned<'p> {
    pub(in crate::facts) fn new(plan_index: u32, plan: &'p Plan, position: u32) -> Option<Self> {
        let resource = plan.resource(position)?;
        Some(Self { plan, plan_index, position, resource, values: resource.values(plan).ok() })
    }

    pub(in crate::facts) fn address(&self) -> &'p str {
        &self.resource.address
    }

    /// An element of the field `related`.
    pub(in crate::facts) fn reference(&self) -> Fact {
        let fields = [("resource", Fact::from(self.address())), ("type", Fact::from(&*self.resource.kind))];
        Fact::object(fields).at(Some(self.origin("")))
    }

    /// The value at a path such as `rule.0.object_ownership`.
    pub(in crate::facts) fn get(&self, path: &str) -> Attribute<'_> {
        self.values.as_ref().map_or(Attribute::Unknown, |values| values.attribute(&steps(path)))
    }

    /// A string that is known and may be shown.
    pub(in crate::facts) fn text(&self, path: &str) -> Option<&str> {
        let values = self.values.as_ref()?;
        match values.attribute(&steps(path)) {
            Attribute::Known(node) if !values.is_sensitive(&steps(path)) => node.as_str(),
            _ => None,
        }
    }

    /// A string that is known, for comparing only.
    pub(in crate::facts) fn hidden_text(&self, path: &str) -> Option<&str> {
        match self.get(path) {
            Attribute::Known(node) => node.as_str(),
            _ => None,
        }
    }

    /// Strings that are known, of a value or of its elements, for comparing only.
    pub(in crate::facts) fn hidden_texts(&self, path: &str) -> Vec<&str> {
        let Attribute::Known(node) = self.get(path) else { return Vec::new() };
        node.as_str().into_iter().chain(node.items().filter_map(NodeRef::as_str)).collect()
    }

    /// Position of the plan, and of each managed resource of a type in it that the value at a path refers to.
    pub(in crate::facts) fn referred(&self, path: &str, kind: &str) -> impl Iterator<Item = (u32, u32)> {
        let targets = self.plan.referred(self.resource, &steps(path)).targets.into_iter();
        let is_meant = |position: &u32| {
            self.plan.resource(*position).is_some_and(|resource| resource.is(Mode::Managed, kind))
        };
        targets.map(|target| target.resource).filter(is_meant).map(|position| (self.plan_index, position))
    }

    pub(in crate::facts) fn origin(&self, path: &str) -> Origin {
        self.origin_of(steps(path))
    }

    pub(in crate::facts) fn origin_of(&self, path: Vec<Step>) -> Origin {
        Origin::Planned { plan: self.plan_index, resource: self.position, path: Path(path) }
    }

    /// What the value at a path decides; unknown where it is unknown, `absent` where it is absent.
    pub(in crate::facts) fn decide(
        &self,
        path: &str,
        absent: bool,
        read: impl FnOnce(NodeRef<'_>) -> bool,
    ) -> Decided {
        let value = match self.get(path) {
            Attribute::Known(node) => read(node).into(),
            Attribute::Absent => absent.into(),
            Attribute::Unknown => Truth::Unknown,
        };
        self.decided(path, value)
    }

    /// A truth that the value at a path decides.
    pub(in crate::facts) fn decided(&self, path: &str, value: Truth) -> Decided {
        let missing = (value == Truth::Unknown).then(|| format!("{}.{path}", self.address()));
        Decided { value, origin: Some(self.origin(path)), missing: missing.into_iter().collect() }
    }
}

impl Decided {
    /// What nobody says, so that a default holds; shown at `origin`.
    pub(in crate::facts) fn default(value: bool, origin: Origin) -> Self {
        Self { value: value.into(), origin: Some(origin), missing: Vec::new() }
    }

    pub(in crate::facts) fn unknown(missing: String, origin: Origin) -> Self {
        Self { value: Truth::Unknown, origin: Some(origin), missing: vec![missing] }
    }

    pub(in crate::facts) fn and(&self, other: &Self) -> Self {
        self.join(other, self.value.and(other.value))
    }

    pub(in crate::facts) fn or(&self, other: &Self) -> Self {
        self.join(other, self.value.or(other.value))
    }

    pub(in crate::facts) fn not(&self) -> Self {
        Self { value: self.value.not(), ..self.clone() }
    }

    pub(in crate::facts) fn fact(&self) -> Fact {
        Fact::from(self.value).at(self.origin.clone())
    }

    /// The first of the two that has the value gives the origin; all that are unknown say what is missing.
    fn join(&self, other: &Self, value: Truth) -> Self {
        let origin = if self.value == value { &self.origin } else { &other.origin };
        let mut missing = Vec::new();
        if value == Truth::Unknown {
            missing.extend(self.missing.iter().chain(&other.missing).cloned());
            missing.sort_unstable();
            missing.dedup();
        }
        Self { value, origin: origin.clone(), missing }
    }
}

impl AsMut<Self> for Decided {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// Steps of a path such as `rule.0.object_ownership`.
pub(in crate::facts) fn steps(path: &str) -> Vec<Step> {
    let words = path.split('.').filter(|word| !word.is_empty());
    words.map(|word| word.parse::<usize>().map_or_else(|_| word.into(), Step::Index)).collect()
}
