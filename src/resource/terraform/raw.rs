//! The plan's JSON as it is written, borrowed from the text, and how it becomes a [`Plan`].
//!
//! Source of the shapes: Terraform, "JSON Output Format", format 1.2. Keys that we do not know are passed over, as
//! that document asks of readers.

use std::{borrow::Cow, collections::HashSet, ops::Range, sync::Arc, sync::OnceLock};

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{error::Category, value::RawValue};

use super::{Action, InstanceKey, Mode, Plan, PlanError, PlannedResource};
use crate::source::SourceId;

/// How deep values may nest. Their masks mirror them, and `serde_json` reads 127 levels.
pub(super) const NESTING: usize = 120;

pub(super) fn parse(source: SourceId, text: &Arc<str>) -> Result<Plan, PlanError> {
    let raw: RawPlan<'_> = serde_json::from_str(text).map_err(|error| refused(text, &error))?;
    let format_version = accepted_version(text, raw.format_version)?;
    let mut reader = Reader { text, names: HashSet::new() };
    let listed = raw.resource_changes.as_ref().is_some_and(|changes| !changes.is_empty());
    let mut resources = Vec::new();
    for change in raw.resource_changes.into_iter().flatten() {
        resources.extend(reader.changed(change)?);
    }
    // Format 0.x may leave resources that do not change out of `resource_changes`; reduced plans lack all of them.
    if let Some(planned) = raw.planned_values.filter(|_| !listed || format_version.starts_with("0.")) {
        let actions: &[Action] = if listed { &[Action::NoOp] } else { &[] };
        reader.add_planned(planned, actions, &mut resources)?;
    }
    Ok(Plan {
        source,
        format_version,
        terraform_version: raw.terraform_version.map(Cow::into_owned),
        errored: raw.errored.unwrap_or(false),
        complete: raw.complete.unwrap_or(true),
        resources,
        text: Arc::clone(text),
        configuration_span: raw.configuration.map(|value| span(text, value)),
        configuration: OnceLock::new(),
        index: OnceLock::new(),
    })
}

#[derive(Deserialize)]
struct RawPlan<'t> {
    #[serde(borrow)]
    format_version: Option<&'t RawValue>,
    #[serde(borrow)]
    terraform_version: Option<Cow<'t, str>>,
    errored: Option<bool>,
    complete: Option<bool>,
    #[serde(borrow)]
    resource_changes: Option<Vec<RawResource<'t>>>,
    #[serde(borrow)]
    planned_values: Option<&'t RawValue>,
    #[serde(borrow)]
    configuration: Option<&'t RawValue>,
}

#[derive(Deserialize)]
struct RawPlannedValues<'t> {
    #[serde(borrow)]
    root_module: Option<RawModule<'t>>,
}

#[derive(Deserialize)]
struct RawModule<'t> {
    #[serde(borrow)]
    address: Option<Cow<'t, str>>,
    #[serde(borrow)]
    resources: Option<Vec<RawResource<'t>>>,
    #[serde(borrow)]
    child_modules: Option<Vec<Self>>,
}

/// An element of `resource_changes` (it has `change`) or of a module's `resources` (it has `values`).
#[derive(Deserialize)]
struct RawResource<'t> {
    #[serde(borrow)]
    address: &'t RawValue,
    #[serde(borrow)]
    module_address: Option<Cow<'t, str>>,
    #[serde(borrow)]
    mode: Option<Cow<'t, str>>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'t, str>,
    #[serde(borrow)]
    name: Cow<'t, str>,
    index: Option<serde_json::Value>,
    #[serde(borrow)]
    provider_name: Option<Cow<'t, str>>,
    deposed: Option<IgnoredAny>,
    #[serde(borrow)]
    change: Option<RawChange<'t>>,
    #[serde(borrow)]
    values: Option<&'t RawValue>,
    #[serde(borrow)]
    sensitive_values: Option<&'t RawValue>,
}

#[derive(Deserialize, Default)]
struct RawChange<'t> {
    #[serde(borrow)]
    actions: Vec<Cow<'t, str>>,
    #[serde(borrow)]
    after: Option<&'t RawValue>,
    #[serde(borrow)]
    after_unknown: Option<&'t RawValue>,
    #[serde(borrow)]
    after_sensitive: Option<&'t RawValue>,
}

struct Reader<'t> {
    text: &'t str,
    /// Types, names, modules and providers repeat: each is kept once.
    names: HashSet<Arc<str>>,
}

impl<'t> Reader<'t> {
    /// An element of `resource_changes`; `None` where it has no end state.
    fn changed(&mut self, raw: RawResource<'t>) -> Result<Option<PlannedResource>, PlanError> {
        let change = raw.change.unwrap_or_default();
        let actions: Vec<Action> = change.actions.iter().map(|action| named_action(action)).collect();
        let ends = |action: &Action| matches!(action, Action::Delete | Action::Forget);
        if raw.deposed.is_some() || (!actions.is_empty() && actions.iter().all(ends)) {
            return Ok(None);
        }
        let raw = RawResource {
            change: None,
            values: change.after,
            sensitive_values: change.after_sensitive,
            ..raw
        };
        let module = raw.module_address.clone().unwrap_or_default();
        let resource = self.resource(&module, raw, actions)?;
        let unknown = change.after_unknown.map(|value| self.shallow(value)).transpose()?;
        Ok(resource.map(|resource| PlannedResource { unknown, ..resource }))
    }

    /// Adds what only `planned_values` holds.
    fn add_planned(
        &mut self,
        planned: &'t RawValue,
        actions: &[Action],
        resources: &mut Vec<PlannedResource>,
    ) -> Result<(), PlanError> {
        let planned: RawPlannedValues<'_> = serde_json::from_str(planned.get())
            .map_err(|_| PlanError::Shape { span: span(self.text, planned) })?;
        let mut known: HashSet<Arc<str>> =
            resources.iter().map(|resource| Arc::clone(&resource.address)).collect();
        let mut modules = Vec::from_iter(planned.root_module);
        while let Some(module) = modules.pop() {
            let address = module.address.unwrap_or_default();
            for raw in module.resources.into_iter().flatten() {
                let resource = self.resource(&address, raw, actions.to_vec())?;
                resources.extend(resource.filter(|resource| known.insert(Arc::clone(&resource.address))));
            }
            modules.extend(module.child_modules.into_iter().flatten().rev());
        }
        Ok(())
    }

    /// `None` for modes that are neither managed nor data.
    fn resource(
        &mut self,
        module: &str,
        raw: RawResource<'t>,
        actions: Vec<Action>,
    ) -> Result<Option<PlannedResource>, PlanError> {
        let mode = match raw.mode.as_deref() {
            None | Some("managed") => Mode::Managed,
            Some("data") => Mode::Data,
            Some(_) => return Ok(None),
        };
        let address_span = span(self.text, raw.address);
        let address: Cow<'_, str> = serde_json::from_str(raw.address.get())
            .map_err(|_| PlanError::Shape { span: address_span.clone() })?;
        let key = match raw.index {
            None => None,
            Some(serde_json::Value::String(key)) => Some(InstanceKey::String(key.into())),
            Some(index) => Some(InstanceKey::Integer(
                index.as_i64().ok_or_else(|| PlanError::Shape { span: address_span.clone() })?,
            )),
        };
        Ok(Some(PlannedResource {
            address: address.into(),
            module_address: self.name(module),
            mode,
            kind: self.name(&raw.kind),
            name: self.name(&raw.name),
            key,
            provider_name: raw.provider_name.map(|name| self.name(&name)),
            actions,
            address_span,
            values: raw.values.map(|value| self.shallow(value)).transpose()?,
            unknown: None,
            sensitive: raw.sensitive_values.map(|value| self.shallow(value)).transpose()?,
        }))
    }

    /// The span of a value that is not too deep to be looked into later: one that is would seem to be unknown.
    fn shallow(&self, value: &RawValue) -> Result<Range<usize>, PlanError> {
        let span = span(self.text, value);
        if is_deep(value.get()) { Err(PlanError::TooDeep { span }) } else { Ok(span) }
    }

    fn name(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.names.insert(Arc::clone(&name));
        name
    }
}

/// Whether valid JSON nests deeper than [`NESTING`].
fn is_deep(json: &str) -> bool {
    let opening = |byte: &u8| matches!(byte, b'{' | b'[');
    if json.bytes().filter(|byte| opening(byte)).count() <= NESTING {
        return false;
    }
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING {
            return true;
        }
    }
    false
}

fn named_action(name: &str) -> Action {
    match name {
        "no-op" => Action::NoOp,
        "create" => Action::Create,
        "read" => Action::Read,
        "update" => Action::Update,
        "delete" => Action::Delete,
        "forget" => Action::Forget,
        _ => Action::Other,
    }
}

fn accepted_version(text: &str, raw: Option<&RawValue>) -> Result<String, PlanError> {
    let raw = raw.ok_or(PlanError::Shape { span: 0..0 })?;
    let span = span(text, raw);
    let version: String =
        serde_json::from_str(raw.get()).map_err(|_| PlanError::Shape { span: span.clone() })?;
    match version.split('.').next() {
        Some("1") => Ok(version),
        Some("0") if version != "0.0" && version != "0" => Ok(version),
        _ => Err(PlanError::Version { found: named_version(&version), span }),
    }
}

/// A version as it may be shown: what is none may be anything, a credential too.
fn named_version(version: &str) -> String {
    let plain = version.len() <= 16 && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    if plain && !version.is_empty() { version.into() } else { "of another kind".into() }
}

/// Serde's own message may quote the text, so only its place is kept.
fn refused(text: &str, error: &serde_json::Error) -> PlanError {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let before: usize = lines.map(str::len).sum();
    let mut end = (before + error.column()).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    let start = text.get(..end).and_then(|text| text.char_indices().next_back()).map_or(0, |(at, _)| at);
    match error.classify() {
        Category::Data => PlanError::Shape { span: start..end },
        Category::Io | Category::Syntax | Category::Eof => PlanError::Json { span: start..end },
    }
}

/// Where in the text a value that was borrowed from it stands.
pub(super) fn span(text: &str, value: &RawValue) -> Range<usize> {
    let start = value.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + value.get().len()
}
