//! Terraform plans (`terraform show -json`): one resource per planned end state.
//!
//! What a plan deletes or forgets is no resource, nor is a deposed object. Values stay byte ranges of the text until
//! something asks for them.
//! Deliberately absent: reading files, and what a resource means.

pub mod address;
mod configuration;
pub mod kubernetes;
pub mod modules;
pub mod origins;
pub mod outputs;
pub mod providers;
mod raw;
pub mod recognise;
mod references;
pub mod releases;
mod sensitive;
mod values;
pub mod written;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::{Bound, Range},
    sync::{Arc, OnceLock},
};

use serde::Serialize;
use thiserror::Error;

pub use self::{
    address::InstanceKey,
    recognise::{Recognised, recognise},
    references::{Referred, Target},
    values::{Attribute, Values},
};
use self::{address::Segment, configuration::Configuration};
use super::contents::Contents;
use crate::source::{Place, Problem, Source, SourceId, Status};

/// A plan: every resource as it will be once the plan is applied.
#[derive(Debug)]
pub struct Plan {
    pub source: SourceId,
    /// `0.1` to `1.x`.
    pub format_version: String,
    pub terraform_version: Option<String>,
    /// Planning failed half-way: the plan does not hold everything.
    pub errored: bool,
    /// `false` where resources were targeted or deferred: the plan does not hold everything.
    pub complete: bool,
    /// In the order of the plan.
    pub resources: Vec<PlannedResource>,
    text: Arc<str>,
    configuration_span: Option<Range<usize>>,
    configuration: OnceLock<Configuration>,
    index: OnceLock<Index>,
}

/// One resource as it will be.
#[derive(Debug)]
pub struct PlannedResource {
    /// Also its id.
    pub address: Arc<str>,
    /// Empty for the root module.
    pub module_address: Arc<str>,
    pub mode: Mode,
    pub kind: Arc<str>,
    pub name: Arc<str>,
    pub key: Option<InstanceKey>,
    /// As in the plan: `hashicorp/aws` with its registry, or `aws` in old plans.
    pub provider_name: Option<Arc<str>>,
    /// Empty where the plan does not say what happens to it.
    pub actions: Vec<Action>,
    /// Bytes of the address in the plan, with its quotes.
    address_span: Range<usize>,
    values: Option<Range<usize>>,
    unknown: Option<Range<usize>>,
    sensitive: Option<Range<usize>>,
}

/// Whether Terraform manages a resource or only reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Managed,
    Data,
}

/// What a plan does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    NoOp,
    Create,
    Read,
    Update,
    Delete,
    Forget,
    /// One that we do not know: minor versions may add some.
    Other,
}

/// Why a text that looks like a plan could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    /// The user's move: the file is damaged or cut off.
    #[error(
        "this plan is no valid JSON here; write it again with `terraform show -json tfplan > tfplan.json`, in a shell that does not change what is written"
    )]
    Json { span: Range<usize> },
    /// The user's move: something other than Terraform wrote it.
    #[error(
        "this is not how a Terraform plan looks; write it again with `terraform show -json tfplan > tfplan.json`"
    )]
    Shape { span: Range<usize> },
    /// Whoever wrote the plan has to flatten it: deeper values could not be judged, and would look unknown.
    #[error(
        "values here are nested more than {} deep, which no provider writes; make the plan again",
        raw::NESTING
    )]
    TooDeep { span: Range<usize> },
    /// The user's move, or ours.
    #[error(
        "plan format {found} is not supported, only 0.1 to 1.x; run `terraform show -json` of a Terraform that writes one of those, or a newer probity"
    )]
    Version { found: String, span: Range<usize> },
}

impl PlanError {
    /// Bytes of the cause.
    pub fn span(&self) -> Range<usize> {
        match self {
            Self::Json { span }
            | Self::Shape { span }
            | Self::TooDeep { span }
            | Self::Version { span, .. } => span.clone(),
        }
    }
}

impl Plan {
    /// Reads a text that [`recognise`] calls a plan, in one pass and without looking into values.
    pub fn parse(source: SourceId, text: &Arc<str>) -> Result<Self, PlanError> {
        raw::parse(source, text)
    }

    /// Bytes of the addresses of resources, sorted.
    pub(super) fn addresses(&self) -> Vec<Range<usize>> {
        let mut addresses: Vec<_> =
            self.resources.iter().map(|planned| planned.address_span.clone()).collect();
        addresses.sort_unstable_by_key(|span| span.start);
        addresses
    }

    /// Why a run that judges this plan cannot be complete; `None` where the plan holds everything.
    pub fn incomplete(&self) -> Option<&'static str> {
        if self.errored {
            Some("Terraform stopped with an error while it made this plan; fix that error and plan again")
        } else if self.complete {
            None
        } else {
            Some("this plan leaves out resources (targeted or deferred); plan again without `-target`")
        }
    }

    /// Position in [`Plan::resources`] of an address.
    pub fn position(&self, address: &str) -> Option<u32> {
        self.index().by_address.get(address).copied()
    }

    pub fn resource(&self, position: u32) -> Option<&PlannedResource> {
        self.resources.get(position as usize)
    }

    /// Managed resources of a type, with their positions.
    pub fn managed<'p>(&'p self, kind: &'p str) -> impl Iterator<Item = (u32, &'p PlannedResource)> {
        (0..).zip(&self.resources).filter(move |(_, resource)| resource.is(Mode::Managed, kind))
    }

    /// Addresses of the resources and module calls of the root module.
    fn root_blocks(&self) -> BTreeSet<String> {
        let configured =
            self.configuration().module(&[]).into_iter().flat_map(configuration::Module::addresses);
        let planned = self.resources.iter().filter_map(|resource| {
            let calls = address::module_path(&resource.module_address)?;
            Some(calls.first().map_or_else(|| resource.stem(), |call| format!("module.{}", call.name)))
        });
        configured.chain(planned).collect()
    }

    fn slice(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn configuration(&self) -> &Configuration {
        self.configuration.get_or_init(|| {
            self.configuration_span
                .as_ref()
                .map_or_else(Configuration::default, |span| Configuration::parse(&self.text, span.clone()))
        })
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.resources))
    }
}

impl PlannedResource {
    pub fn is(&self, mode: Mode, kind: &str) -> bool {
        self.mode == mode && &*self.kind == kind
    }

    /// Whether the end state is that of a new object: created or replaced.
    pub fn is_created(&self) -> bool {
        self.actions.contains(&Action::Create)
    }

    /// Whether the plan writes it; what it leaves alone was applied before.
    pub fn is_written(&self) -> bool {
        self.actions.iter().any(|action| matches!(action, Action::Create | Action::Update))
    }

    /// Where the plan names it.
    pub fn place(&self, plan: &Plan) -> Place {
        Place::new(plan.source, self.address_span.clone())
    }

    /// Its address without the key: the same for all instances of one `resource` block in one module instance.
    fn stem(&self) -> String {
        stem(&self.module_address, self.mode, &self.kind, &self.name)
    }
}

/// Looks resources up.
#[derive(Debug)]
struct Index {
    by_address: BTreeMap<Arc<str>, u32>,
    by_stem: BTreeMap<String, Vec<u32>>,
    /// Every module instance that holds a resource, and those around it.
    modules: BTreeSet<Arc<str>>,
}

impl Index {
    fn new(resources: &[PlannedResource]) -> Self {
        let mut index =
            Self { by_address: BTreeMap::new(), by_stem: BTreeMap::new(), modules: BTreeSet::new() };
        for (position, resource) in (0..).zip(resources) {
            index.by_address.insert(Arc::clone(&resource.address), position);
            index.by_stem.entry(resource.stem()).or_default().push(position);
            let mut module = Some(&*resource.module_address);
            while let Some(address) = module.filter(|address| !index.modules.contains(*address)) {
                index.modules.insert(address.into());
                module = address::parent(address).map(|(parent, _)| parent);
            }
        }
        index
    }
}

impl Index {
    /// Instances of a module call that the plan knows: the one that is named, else the one that a key picks, else all,
    /// `most` of them.
    fn calls(&self, parent: &str, call: &Segment<'_>, keys: &[InstanceKey], most: usize) -> Vec<&str> {
        let dot = if parent.is_empty() { "" } else { "." };
        let stem = format!("{parent}{dot}module.{}", call.name);
        let known = |address: &str| self.modules.get(address).map(|known| &**known);
        if let Some(key) = &call.key {
            return known(&format!("{stem}{key}")).into_iter().collect();
        }
        if let Some(single) = known(&stem) {
            return vec![single];
        }
        if let Some(picked) = keys.iter().find_map(|key| known(&format!("{stem}{key}"))) {
            return vec![picked];
        }
        let first = format!("{stem}[");
        self.modules
            .range::<str, _>((Bound::Included(first.as_str()), Bound::Unbounded))
            .map(|module| &**module)
            .take_while(|module| module.starts_with(&first))
            .filter(|module| address::parent(module).is_some_and(|(around, _)| around == parent))
            .take(most)
            .collect()
    }
}

fn stem(module_address: &str, mode: Mode, kind: &str, name: &str) -> String {
    let data = if mode == Mode::Data { "data." } else { "" };
    let dot = if module_address.is_empty() { "" } else { "." };
    format!("{module_address}{dot}{data}{kind}.{name}")
}

/// What a JSON text holds if it is Terraform's; `None` if it is not.
pub(super) fn contents(id: SourceId, source: &Source) -> Option<Contents> {
    let recognised = recognise(&source.text);
    if let Some(reason) = recognised.reason() {
        return Some(Contents::refused(Status::Skipped(reason)));
    }
    if recognised != Recognised::Plan {
        return None;
    }
    Some(match Plan::parse(id, &source.text) {
        Ok(plan) => Contents::plan(plan),
        Err(error) => {
            let problem = Problem { place: Some(Place::new(id, error.span())), message: error.to_string() };
            Contents::refused(Status::Failed(vec![problem]))
        }
    })
}

#[cfg(test)]
mod tests;
