//! Variables of a container: `envFrom` in its order, then `env` (core/v1 `EnvFromSource`, `EnvVar`; kubelet
//! `makeEnvironmentVariables`).

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    Channel, Container, Origin, Setting, expansion,
    kept::{Keeper, Kept, scalar},
};
use crate::{document::NodeRef, estate::Resource, source::Place};

/// Variables by name, in the order in which they are first written; the later of equal names wins.
#[derive(Default)]
pub(super) struct Variables<'e> {
    settings: Vec<Setting<'e>>,
    positions: BTreeMap<Cow<'e, str>, usize>,
}

impl<'e> Variables<'e> {
    pub(super) fn of(container: &Container<'_, 'e>) -> Self {
        let items = |key| container.node.get(key).into_iter().flat_map(NodeRef::items);
        let mut variables = Self::default();
        for source in items("envFrom") {
            all_of(container, source).into_iter().for_each(|setting| variables.set(setting));
        }
        for variable in items("env") {
            let Some(mut setting) = variable_of(container, variable) else { continue };
            if matches!(setting.origin, Origin::Literal) {
                setting.expand(|name| variables.text(name));
            }
            // A reference that may be absent leaves what `envFrom` brought.
            let may_be_absent = setting.text.is_none() && is_optional(variable.get("valueFrom"));
            if !(may_be_absent && variables.positions.contains_key(&setting.name)) {
                variables.set(setting);
            }
        }
        variables
    }

    /// Text of a variable, where it is known.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(*self.positions.get(name)?)?.text.as_deref()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Setting<'e>> {
        self.settings.iter()
    }

    pub(super) fn into_settings(self) -> Vec<Setting<'e>> {
        self.settings
    }

    fn set(&mut self, setting: Setting<'e>) {
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
    /// Replaces `$(NAME)` in its text, and keeps what was written.
    pub(super) fn expand<'v>(&mut self, value: impl Fn(&str) -> Option<&'v str>) {
        if let Some(expanded) = self.text.as_deref().and_then(|text| expansion::expand(text, value)) {
            self.written = self.text.replace(Cow::Owned(expanded));
        }
    }
}

fn is_optional(from: Option<NodeRef<'_>>) -> bool {
    let reference = from.and_then(|from| from.entries().next());
    reference.is_some_and(|(_, _, reference)| {
        reference.get("optional").and_then(NodeRef::as_bool).unwrap_or_default()
    })
}

fn variable_of<'e>(container: &Container<'_, 'e>, variable: NodeRef<'e>) -> Option<Setting<'e>> {
    let name = variable.str_at(&["name"])?;
    let setting = |text, origin, place| container.setting(Channel::Variable, name, text, origin, place);
    let Some(from) = variable.get("valueFrom").filter(|from| !from.is_null()) else {
        let value = variable.get("value").filter(|value| !value.is_null())?;
        return Some(setting(scalar(value).map(Cow::Borrowed), Origin::Literal, value.place()));
    };
    let (kind, _, reference) = from.entries().next()?;
    let place = reference.get("key").unwrap_or(reference).place();
    let keeper = match kind {
        "configMapKeyRef" => Keeper::ConfigMap,
        "secretKeyRef" => Keeper::Secret,
        _ => return Some(setting(None, Origin::Runtime, place)),
    };
    let (Some(owner), Some(key)) = (reference.str_at(&["name"]), reference.str_at(&["key"])) else {
        return Some(setting(None, Origin::Missing(format!("the source of {name}")), place));
    };
    let Some(resource) = keeper.find(container.view, container.namespace, owner) else {
        return Some(setting(None, Origin::absent(keeper, container.namespace, owner, Some(key)), place));
    };
    Some(if let Some(kept) = keeper.value(container.view.estate.node(resource), key) {
        of_kept(container, name.into(), keeper, resource, kept, place)
    } else {
        let missing = format!("key {key} of {}", resource.id);
        setting(None, Origin::Missing(missing), place)
    })
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

/// All variables that one source of `envFrom` brings; `*` behind its prefix where the source is not in the input.
fn all_of<'e>(container: &Container<'_, 'e>, source: NodeRef<'e>) -> Vec<Setting<'e>> {
    let prefix = source.str_at(&["prefix"]).unwrap_or_default();
    let reference = |kind: &str| {
        let name = source.get(kind)?.get("name")?;
        Some((name, name.as_str()?))
    };
    let (keeper, node, owner) = match (reference("configMapRef"), reference("secretRef")) {
        (Some((node, name)), _) => (Keeper::ConfigMap, node, name),
        (None, Some((node, name))) => (Keeper::Secret, node, name),
        (None, None) => return Vec::new(),
    };
    let Some(resource) = keeper.find(container.view, container.namespace, owner) else {
        let origin = Origin::absent(keeper, container.namespace, owner, None);
        return vec![container.setting(Channel::Variable, format!("{prefix}*"), None, origin, node.place())];
    };
    let values = keeper.values(container.view.estate.node(resource), false).into_iter().map(|kept| {
        let name = if prefix.is_empty() {
            Cow::Borrowed(kept.key)
        } else {
            Cow::Owned(format!("{prefix}{}", kept.key))
        };
        of_kept(container, name, keeper, resource, kept, node.place())
    });
    values.collect()
}
