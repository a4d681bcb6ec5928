//! Variables of a container: `envFrom` in its order, then `env` (core/v1 `EnvFromSource`, `EnvVar`; kubelet
//! `makeEnvironmentVariables`).

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    Channel, Container, Origin, Setting,
    expansion::{self, Room, TooLong},
    kept::{Keeper, Kept, scalar},
    service_links::of_service,
};
use crate::{document::NodeRef, estate::Resource, resource::format::Format, source::Place};

/// Variables that hold settings of Spring as JSON, the one that wins first.
const JSON: [&str; 2] = ["spring.application.json", "SPRING_APPLICATION_JSON"];

/// Variables by name, in the order in which they are first written; the later of equal names wins.
#[derive(Default)]
pub(super) struct Variables<'e> {
    settings: Vec<Setting<'e>>,
    positions: BTreeMap<Cow<'e, str>, usize>,
}

impl<'e> Variables<'e> {
    pub(super) fn of(container: &Container<'_, 'e>, room: &mut Room) -> Self {
        let own = |key| container.node.get(key);
        let inherited = |key| container.inherited.and_then(|inherited| inherited.get(key));
        let mut variables = Self::default();
        // Lists that are merged as Kubernetes merges them: `env` by its names, `envFrom` as a whole.
        let sources = own("envFrom").or_else(|| inherited("envFrom"));
        for source in sources.into_iter().flat_map(NodeRef::items) {
            all_of(container, source).into_iter().for_each(|setting| variables.set(setting));
        }
        let written = [inherited("env"), own("env")].into_iter().flatten().flat_map(NodeRef::items);
        let written = written.filter_map(|variable| Some((variable, variable_of(container, variable)?)));
        for (variable, mut setting) in written {
            if matches!(setting.origin, Origin::Literal) {
                setting.expand(room, |name| variables.told(name).or_else(|| of_service(container, name)));
            }
            // A reference to what is not there leaves what `envFrom` brought.
            let is_absent = is_optional(variable.get("valueFrom")) && lacks_key(container, variable);
            if !(is_absent && variables.positions.contains_key(&setting.name)) {
                variables.set(setting);
            }
        }
        variables.set_all_of_spark(container);
        variables.set_all_of_json();
        variables
    }

    /// Adds what a driver or an executor of Spark is given in maps (Spark operator, `SparkPodSpec.envVars`,
    /// `envSecretKeyRefs`).
    fn set_all_of_spark(&mut self, container: &Container<'_, 'e>) {
        let entries = |key| container.node.get(key).into_iter().flat_map(NodeRef::entries);
        for (name, _, value) in entries("envVars") {
            let text = scalar(value).map(Cow::Borrowed);
            self.set(container.setting(Channel::Variable, name, text, Origin::Literal, value.place()));
        }
        for (name, _, reference) in entries("envSecretKeyRefs") {
            self.set(kept_by(container, name, Keeper::Secret, reference));
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Setting<'e>> {
        self.settings.get(*self.positions.get(name)?)
    }

    /// Text of a variable, where it is known.
    pub(super) fn told(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name)?.text.as_deref().map(Cow::Borrowed)
    }

    /// Adds what a variable holds that Spring reads as a file (`SpringApplicationJsonEnvironmentPostProcessor`).
    fn set_all_of_json(&mut self) {
        let Some(whole) = JSON.iter().find_map(|name| self.get(name)).cloned() else { return };
        let documents = whole.text.as_deref().and_then(|text| Format::Json.read(text));
        for entry in documents.into_iter().flatten().flatten() {
            self.set(Setting {
                name: Cow::Owned(entry.name),
                text: Some(Cow::Owned(entry.text)),
                written: None,
                ..whole.clone()
            });
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Setting<'e>> {
        self.settings.iter()
    }

    pub(super) fn into_settings(self) -> Vec<Setting<'e>> {
        self.settings
    }

    fn set(&mut self, setting: Setting<'e>) {
        // What several objects outside of the input bring is not the same.
        if setting.name.ends_with('*') {
            self.settings.push(setting);
            return;
        }
        if let Some(earlier) =
            self.positions.get(&setting.name).and_then(|position| self.settings.get_mut(*position))
        {
            *earlier = setting;
        } else {
            self.positions.insert(setting.name.clone(), self.settings.len());
            self.settings.push(setting);
        }
    }
}

impl Setting<'_> {
    /// Replaces `$(NAME)` in its text, and keeps what was written; one that becomes too long is not known.
    pub(super) fn expand<'v>(&mut self, room: &mut Room, value: impl Fn(&str) -> Option<Cow<'v, str>>) {
        let Some(text) = self.text.as_deref() else { return };
        match expansion::expand(text, room, value) {
            Ok(None) => {}
            Ok(Some(expanded)) => self.written = self.text.replace(Cow::Owned(expanded)),
            Err(TooLong) => self.written = self.text.take(),
        }
    }
}

fn is_optional(from: Option<NodeRef<'_>>) -> bool {
    let reference = from.and_then(|from| from.entries().next());
    reference.is_some_and(|(_, _, reference)| {
        reference.get("optional").and_then(NodeRef::as_bool).unwrap_or_default()
    })
}

/// Whether a variable refers to a key that its object, which is in the input, has not.
fn lacks_key(container: &Container<'_, '_>, variable: NodeRef<'_>) -> bool {
    let Some((kind, _, reference)) = variable.get("valueFrom").and_then(|from| from.entries().next()) else {
        return false;
    };
    let keeper = if kind == "secretKeyRef" { Keeper::Secret } else { Keeper::ConfigMap };
    let (Some(owner), Some(key)) = (reference.str_at(&["name"]), reference.str_at(&["key"])) else {
        return false;
    };
    keeper
        .find(container.view, container.namespace, owner)
        .is_some_and(|object| keeper.value(container.view.estate.node(object), key).is_none())
}

fn variable_of<'e>(container: &Container<'_, 'e>, variable: NodeRef<'e>) -> Option<Setting<'e>> {
    let name = variable.str_at(&["name"])?;
    let setting = |text, origin, place| container.setting(Channel::Variable, name, text, origin, place);
    let Some(from) = variable.get("valueFrom").filter(|from| !from.is_null()) else {
        // One without a value is empty (core/v1 `EnvVar`).
        let Some(value) = variable.get("value").filter(|value| !value.is_null()) else {
            let place = variable.get("name").unwrap_or(variable).place();
            return Some(setting(Some(Cow::Borrowed("")), Origin::Literal, place));
        };
        if value.is_unknown() {
            return Some(setting(None, Origin::AfterApply(container.workload.resource), value.place()));
        }
        return Some(setting(scalar(value).map(Cow::Borrowed), Origin::Literal, value.place()));
    };
    let (kind, _, reference) = from.entries().next()?;
    Some(match kind {
        "configMapKeyRef" => kept_by(container, name, Keeper::ConfigMap, reference),
        "secretKeyRef" => kept_by(container, name, Keeper::Secret, reference),
        _ => setting(None, Origin::Runtime, reference.get("key").unwrap_or(reference).place()),
    })
}

/// A variable that a key of a `ConfigMap` or Secret fills in.
fn kept_by<'e>(
    container: &Container<'_, 'e>,
    name: &'e str,
    keeper: Keeper,
    reference: NodeRef<'e>,
) -> Setting<'e> {
    let setting = |text, origin, place| container.setting(Channel::Variable, name, text, origin, place);
    let place = reference.get("key").unwrap_or(reference).place();
    let (Some(owner), Some(key)) = (reference.str_at(&["name"]), reference.str_at(&["key"])) else {
        return setting(None, Origin::Missing(format!("the source of {name}")), place);
    };
    let Some(resource) = keeper.find(container.view, container.namespace, owner) else {
        let origin = Origin::absent(keeper, container.namespace, owner, Some(key));
        return Setting { key: Some(key), ..setting(None, origin, place) };
    };
    if let Some(kept) = keeper.value(container.view.estate.node(resource), key) {
        of_kept(container, name.into(), keeper, resource, kept, place)
    } else {
        let missing = format!("key {key} of {}", resource.id);
        setting(None, Origin::Missing(missing), place)
    }
}

fn of_kept<'e>(
    container: &Container<'_, 'e>,
    name: Cow<'e, str>,
    keeper: Keeper,
    resource: &'e Resource,
    kept: Kept<'e>,
    reference: Place,
) -> Setting<'e> {
    let origin = Origin::of(keeper, resource);
    let setting = container.setting(Channel::Variable, name, kept.text(), origin, kept.place());
    Setting { key: Some(kept.key), reference, ..setting }
}

/// All variables that one source of `envFrom` brings; `*` behind its prefix where the source is not in the input, or
/// what it holds is known only after apply.
fn all_of<'e>(container: &Container<'_, 'e>, source: NodeRef<'e>) -> Vec<Setting<'e>> {
    let prefix = source.str_at(&["prefix"]).unwrap_or_default();
    let reference = |kind: &str| {
        let name = source.get(kind)?.get("name")?;
        Some((name, name.as_str()?))
    };
    let (keeper, owner_place, owner) = match (reference("configMapRef"), reference("secretRef")) {
        (Some((node, name)), _) => (Keeper::ConfigMap, node.place(), name),
        (None, Some((node, name))) => (Keeper::Secret, node.place(), name),
        (None, None) => return Vec::new(),
    };
    let Some(resource) = keeper.find(container.view, container.namespace, owner) else {
        let origin = Origin::absent(keeper, container.namespace, owner, None);
        return vec![container.setting(Channel::Variable, format!("{prefix}*"), None, origin, owner_place)];
    };
    let node = container.view.estate.node(resource);
    let unknown = keeper.after_apply(node).map(|field| {
        let origin = Origin::of(keeper, resource);
        let name = format!("{prefix}*");
        Setting {
            reference: owner_place.clone(),
            ..container.setting(Channel::Variable, name, None, origin, field.place())
        }
    });
    let values = keeper.values(node, false).into_iter().map(|kept| {
        let name = if prefix.is_empty() {
            Cow::Borrowed(kept.key)
        } else {
            Cow::Owned(format!("{prefix}{}", kept.key))
        };
        of_kept(container, name, keeper, resource, kept, owner_place.clone())
    });
    values.chain(unknown).collect()
}
