//! What a container is really told: variables, arguments and mounted configuration files, from everywhere they come
//! from (core/v1 `EnvVar`, `EnvFromSource`, `Volume`).
//!
//! Deliberately absent: what the settings mean, and which of them a program reads.

mod arguments;
mod expansion;
mod file_settings;
mod files;
mod kept;
mod overview;
mod placeholders;
mod profile;
mod service_links;
#[cfg(test)]
mod tests;
mod variables;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use self::{expansion::Room, files::Files, variables::Variables};
pub(super) use self::{kept::Keeper, overview::overview};
use super::workloads::{Workload, WorkloadId, Workloads};
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

/// How a container is told a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Variable,
    Argument,
    File,
}

/// Where the text of a setting is kept.
#[derive(Debug, Clone)]
pub(super) enum Origin<'e> {
    /// In the manifest of the workload.
    Literal,
    /// In the workload of a plan, which this is, and known only after apply.
    AfterApply(&'e Resource),
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

impl<'e> Origin<'e> {
    fn of(keeper: Keeper, resource: &'e Resource) -> Self {
        match keeper {
            Keeper::ConfigMap => Self::ConfigMap(resource),
            Keeper::Secret => Self::Secret(resource),
        }
    }

    fn absent(keeper: Keeper, namespace: &str, name: &'e str, key: Option<&'e str>) -> Self {
        match keeper {
            Keeper::ConfigMap => Self::Missing(keeper.id(namespace, name)),
            Keeper::Secret => Self::MissingSecret { name: Cow::Borrowed(name), key },
        }
    }
}

/// One thing that a container is told.
#[derive(Clone)]
pub(super) struct Setting<'e> {
    /// Name of the container.
    pub(super) container: &'e str,
    pub(super) channel: Channel,
    /// `DB_PASSWORD`; `--db-host`, for `-Dkey=value` the key, for a word that stands alone `args[2]`; dotted keys of
    /// files: `spring.datasource.url`, or the path of a file that is no configuration. `*` behind a prefix: all that an
    /// object holds that is not in the input.
    pub(super) name: Cow<'e, str>,
    /// What it is told, references replaced where they are known (`$(NAME)` and `${NAME}` stay where not); `None` where
    /// the input does not hold it, or references make it longer than a program could be told. May be a credential.
    pub(super) text: Option<Cow<'e, str>>,
    /// What is written at `place`, where references in it were replaced.
    pub(super) written: Option<Cow<'e, str>>,
    pub(super) origin: Origin<'e>,
    /// Key within the `ConfigMap` or Secret.
    pub(super) key: Option<&'e str>,
    /// The file that holds it, as the container sees it; documents of one file are apart. Files that a framework reads
    /// as one (Spring, .NET) are one, and so are the files of a folder that hold one value each.
    pub(super) file: Option<Arc<str>>,
    pub(super) evidence: Evidence,
    /// The text where it is written, else what refers to it.
    pub(super) place: Place,
    /// In the manifest of the workload: the text, or what refers to it.
    pub(super) reference: Place,
}

impl std::fmt::Debug for Setting<'_> {
    /// Without its texts: they may be credentials.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {} of {}", self.channel, self.name, self.container)
    }
}

/// The settings of all workloads of a set.
#[derive(Debug, Default)]
pub(super) struct Environments<'e>(BTreeMap<WorkloadId, Vec<Setting<'e>>>);

impl<'e> Environments<'e> {
    pub(super) fn new(view: &View<'e>, workloads: &Workloads<'e>) -> Self {
        let mut files = Files::new(workloads);
        let all = workloads.iter().map(|(id, workload)| {
            let containers = workload.pod.all_containers().map(|node| Container {
                view,
                workload,
                namespace: workload.namespace,
                inherited: workload.pod.inherited(node),
                node,
            });
            (id, containers.flat_map(|container| container.settings(&mut files)).collect())
        });
        Self(all.collect())
    }

    /// Settings of a workload: by container, those of initial ones first; variables, then arguments, then files, each in
    /// the order in which they are written. Variables are unique in a container, flags and keys of files need not be.
    pub(super) fn of(&self, workload: WorkloadId) -> &[Setting<'e>] {
        self.0.get(&workload).map(Vec::as_slice).unwrap_or_default()
    }
}

struct Container<'v, 'e> {
    view: &'v View<'e>,
    workload: &'v Workload<'e>,
    namespace: &'e str,
    node: NodeRef<'e>,
    /// What it takes of where it says nothing itself.
    inherited: Option<NodeRef<'e>>,
}

impl<'e> Container<'_, 'e> {
    fn settings(&self, files: &mut Files<'e>) -> Vec<Setting<'e>> {
        let mut room = Room::default();
        let variables = Variables::of(self, &mut room);
        let arguments = arguments::of(self, &variables, &mut room);
        let files = files.of(self, &variables, &arguments, &mut room);
        let mut settings = variables.into_settings();
        settings.extend(arguments);
        settings.extend(files);
        settings
    }

    fn setting(
        &self,
        channel: Channel,
        name: impl Into<Cow<'e, str>>,
        text: Option<Cow<'e, str>>,
        origin: Origin<'e>,
        place: Place,
    ) -> Setting<'e> {
        Setting {
            container: self.node.str_at(&["name"]).unwrap_or_default(),
            channel,
            name: name.into(),
            text,
            written: None,
            origin,
            key: None,
            file: None,
            evidence: Evidence::Explicit,
            reference: place.clone(),
            place,
        }
    }
}
