//! What a container is really told: variables from everywhere they come from (core/v1 `EnvVar`, `EnvFromSource`).
//!
//! Deliberately absent: what the settings mean.

use std::{borrow::Cow, collections::BTreeMap};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};

use super::workloads::{WorkloadId, Workloads};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    source::Place,
};

/// How sure it is that the program uses a setting (domains.md Q10), strongest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// A file that several services mount.
    SharedFile,
    /// A file that is mounted into this service alone.
    OwnFile,
    /// A variable or an argument.
    Explicit,
}

/// Where the text of a setting is kept.
#[derive(Debug, Clone)]
pub(super) enum Origin<'e> {
    /// In the manifest of the workload.
    Literal,
    ConfigMap(&'e Resource),
    /// A Secret of the input, committed as it is.
    Secret(&'e Resource),
    /// A Secret that is not in the input.
    MissingSecret {
        name: Cow<'e, str>,
        key: Option<&'e str>,
    },
    /// Anything else that the input does not hold; in words, for people: `ConfigMap/shop/settings`.
    Missing(String),
    /// The cluster, when the Pod starts (`fieldRef`, `resourceFieldRef`).
    Runtime,
}

/// One thing that a container is told.
#[derive(Debug, Clone)]
pub(super) struct Setting<'e> {
    /// Name of the container.
    pub(super) container: &'e str,
    /// `DB_PASSWORD`, `spring.datasource.url`, `--db-host`.
    pub(super) name: Cow<'e, str>,
    /// What it is told; `None` where the input does not hold it. May be a credential.
    pub(super) text: Option<Cow<'e, str>>,
    pub(super) origin: Origin<'e>,
    pub(super) evidence: Evidence,
    /// The text where it is written, else what refers to it.
    pub(super) place: Place,
}

/// The settings of all workloads of a set.
#[derive(Debug, Default)]
pub(super) struct Environments<'e>(BTreeMap<WorkloadId, Vec<Setting<'e>>>);

impl<'e> Environments<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let all = workloads.iter().map(|(id, workload)| {
            let containers = workload.pod.containers();
            let settings = containers.flat_map(|container| {
                Container { view, namespace: workload.namespace, container }.settings()
            });
            (id, settings.collect())
        });
        Self(all.collect())
    }

    /// Settings of a workload, by container, in the order in which they are written; names are unique in a container.
    pub(super) fn of(&self, workload: WorkloadId) -> &[Setting<'e>] {
        self.0.get(&workload).map(Vec::as_slice).unwrap_or_default()
    }
}

struct Container<'v, 'e> {
    view: &'v View<'e>,
    namespace: &'e str,
    container: NodeRef<'e>,
}

impl<'e> Container<'_, 'e> {
    /// `envFrom` in its order, then `env`; the later of equal names wins.
    fn settings(&self) -> Vec<Setting<'e>> {
        let items = |key| self.container.get(key).into_iter().flat_map(NodeRef::items);
        let mut settings: Vec<Setting<'e>> = Vec::new();
        let mut positions: BTreeMap<Cow<'e, str>, usize> = BTreeMap::new();
        let all = items("envFrom").flat_map(|source| self.all_of(source));
        for setting in all.chain(items("env").filter_map(|variable| self.variable(variable))) {
            match positions.get(&setting.name).and_then(|position| settings.get_mut(*position)) {
                Some(earlier) => *earlier = setting,
                None => {
                    positions.insert(setting.name.clone(), settings.len());
                    settings.push(setting);
                }
            }
        }
        settings
    }

    fn setting(
        &self,
        name: impl Into<Cow<'e, str>>,
        text: Option<Cow<'e, str>>,
        origin: Origin<'e>,
        place: Place,
    ) -> Setting<'e> {
        let container = self.container.str_at(&["name"]).unwrap_or_default();
        Setting { container, name: name.into(), text, origin, evidence: Evidence::Explicit, place }
    }

    fn variable(&self, variable: NodeRef<'e>) -> Option<Setting<'e>> {
        let name = variable.str_at(&["name"])?;
        let Some(from) = variable.get("valueFrom").filter(|from| !from.is_null()) else {
            let value = variable.get("value").filter(|value| !value.is_null())?;
            let text = value.as_str().map(Cow::Borrowed);
            return Some(self.setting(name, text, Origin::Literal, value.place()));
        };
        let (kind, _, reference) = from.entries().next()?;
        let place = reference.get("key").unwrap_or(reference).place();
        let key = reference.str_at(&["key"]);
        let Some(owner) = reference.str_at(&["name"]) else {
            return Some(self.setting(name, None, Origin::Runtime, place));
        };
        let found = match kind {
            "configMapKeyRef" => self.config_map(owner),
            "secretKeyRef" => self.secret(owner),
            _ => return Some(self.setting(name, None, Origin::Runtime, place)),
        };
        Some(match found {
            Ok(values) => match values.into_iter().find(|value| Some(value.key) == key) {
                Some(value) => self.setting(name, value.text, value.origin, value.place),
                None => {
                    let missing = format!("key {} of {owner}", key.unwrap_or_default());
                    self.setting(name, None, Origin::Missing(missing), place)
                }
            },
            Err(Origin::MissingSecret { name: owner, .. }) => {
                self.setting(name, None, Origin::MissingSecret { name: owner, key }, place)
            }
            Err(origin) => self.setting(name, None, origin, place),
        })
    }

    /// All variables that one source of `envFrom` brings; one without a name where the source is not in the input.
    fn all_of(&self, source: NodeRef<'e>) -> Vec<Setting<'e>> {
        let prefix = source.str_at(&["prefix"]).unwrap_or_default();
        let reference = |kind: &str| {
            let name = source.get(kind)?.get("name")?;
            Some((name, name.as_str()?))
        };
        let (node, found) = match (reference("configMapRef"), reference("secretRef")) {
            (Some((node, name)), _) => (node, self.config_map(name)),
            (None, Some((node, name))) => (node, self.secret(name)),
            (None, None) => return Vec::new(),
        };
        match found {
            Ok(values) => values
                .into_iter()
                .map(|value| {
                    let name = if prefix.is_empty() {
                        Cow::Borrowed(value.key)
                    } else {
                        Cow::Owned(format!("{prefix}{}", value.key))
                    };
                    self.setting(name, value.text, value.origin, value.place)
                })
                .collect(),
            Err(origin) => vec![self.setting(format!("{prefix}*"), None, origin, node.place())],
        }
    }

    fn config_map(&self, name: &str) -> Result<Vec<Kept<'e>>, Origin<'e>> {
        let id = format!("ConfigMap/{}/{name}", self.namespace);
        let Some(resource) = self.view.get(&id) else { return Err(Origin::Missing(id)) };
        let data = self.view.estate.node(resource).get("data").into_iter().flat_map(NodeRef::entries);
        let kept = data.map(|(key, _, value)| Kept {
            key,
            text: value.as_str().map(Cow::Borrowed),
            origin: Origin::ConfigMap(resource),
            place: value.place(),
        });
        Ok(kept.collect())
    }

    fn secret(&self, name: &'e str) -> Result<Vec<Kept<'e>>, Origin<'e>> {
        let id = format!("Secret/{}/{name}", self.namespace);
        let Some(resource) = self.view.get(&id) else {
            return Err(Origin::MissingSecret { name: Cow::Borrowed(name), key: None });
        };
        let node = self.view.estate.node(resource);
        // The API server writes `stringData` over `data`.
        let fields = [("data", true), ("stringData", false)];
        let mut kept: Vec<Kept<'e>> = Vec::new();
        for (field, encoded) in fields {
            for (key, _, value) in node.get(field).into_iter().flat_map(NodeRef::entries) {
                let text = match value.as_str() {
                    Some(text) if encoded => decode(text).map(Cow::Owned),
                    text => text.map(Cow::Borrowed),
                };
                kept.retain(|other| other.key != key);
                kept.push(Kept { key, text, origin: Origin::Secret(resource), place: value.place() });
            }
        }
        Ok(kept)
    }
}

/// One value of a ConfigMap or Secret.
struct Kept<'e> {
    key: &'e str,
    text: Option<Cow<'e, str>>,
    origin: Origin<'e>,
    place: Place,
}

fn decode(text: &str) -> Option<String> {
    let compact: String = text.split_ascii_whitespace().collect();
    String::from_utf8(BASE64.decode(compact).ok()?).ok()
}
