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
                setting.expand(|name| variables.text(name).or_else(|| of_service(container, name)));
            }
            // A reference to what is not there leaves what `envFrom` brought.
            let is_absent = is_optional(variable.get("valueFrom")) && lacks_key(container, variable);
            if !(is_absent && variables.positions.contains_key(&setting.name)) {
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

/// Variables that the kubelet makes of the Services of the namespace (kubelet `envvars.FromServices`): the address stands
/// for the Service's name, which leads to the same.
fn of_service<'e>(container: &Container<'_, 'e>, name: &str) -> Option<&'e str> {
    let links = container.workload.pod.field("enableServiceLinks").and_then(NodeRef::as_bool);
    if links == Some(false) {
        return None;
    }
    let (of, is_host) = match name.strip_suffix("_SERVICE_HOST") {
        Some(of) => (of, true),
        None => (name.strip_suffix("_SERVICE_PORT")?, false),
    };
    let id = format!("Service/{}/{}", container.namespace, of.to_ascii_lowercase().replace('_', "-"));
    let service = container.view.get(&id)?;
    let node = container.view.estate.node(service);
    if node.str_at(&["spec", "clusterIP"]) == Some("None")
        || node.str_at(&["spec", "type"]) == Some("ExternalName")
    {
        return None;
    }
    if is_host {
        return Some(&service.object.name);
    }
    node.at(&["spec", "ports"])?.items().next()?.get("port").map(NodeRef::raw)
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
