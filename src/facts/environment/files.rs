//! Files that a container mounts from `ConfigMaps` and Secrets: the keys of those that are configuration, and the whole
//! text of every other.

use std::{borrow::Cow, collections::BTreeMap, rc::Rc, sync::Arc};

use super::{
    Channel, Container, Evidence, Origin, Setting,
    expansion::Room,
    file_settings::FileSettings,
    kept::{Keeper, Kept},
    profile::{Activation, Family, Profiles},
    variables::Variables,
};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::workloads::{Workload, Workloads},
    resource::format::{Entry, Format},
    source::Place,
};

/// A file as it was read.
struct Read {
    /// Documents, each with its entries.
    documents: Vec<Vec<Entry>>,
    /// Places of the entries, in order.
    places: Vec<Vec<Place>>,
}

/// `None` where it is no configuration.
type Documents = Rc<Option<Read>>;

/// What the containers of a set share: who mounts what, and the files that were read.
pub(super) struct Files<'e> {
    /// The logical service that mounts an object; `None` where there are several.
    users: BTreeMap<(Keeper, &'e str, &'e str), Option<Arc<str>>>,
    read: BTreeMap<(Place, Option<&'static str>), Documents>,
}

impl<'e> Files<'e> {
    pub(super) fn new(workloads: &Workloads<'e>) -> Self {
        let mut users: BTreeMap<_, Option<Arc<str>>> = BTreeMap::new();
        for (_, workload) in workloads.iter() {
            for source in volumes(workload).flat_map(sources) {
                let Some(name) = source.name else { continue };
                let user = users
                    .entry((source.keeper, workload.namespace, name))
                    .or_insert_with(|| Some(Arc::clone(&workload.service)));
                if user.as_ref().is_some_and(|user| *user != workload.service) {
                    *user = None;
                }
            }
        }
        Self { users, read: BTreeMap::new() }
    }

    /// Settings of all files that a container mounts; the others are what it is told in other ways.
    pub(super) fn of(
        &mut self,
        container: &Container<'_, 'e>,
        variables: &Variables<'e>,
        arguments: &[Setting<'e>],
        room: &mut Room,
    ) -> Vec<Setting<'e>> {
        let mut mounted = Vec::new();
        for mount in container.node.get("volumeMounts").into_iter().flat_map(NodeRef::items) {
            let named = |volume: &NodeRef<'e>| volume.str_at(&["name"]) == mount.str_at(&["name"]);
            let Some(volume) = volumes(container.workload).find(named) else { continue };
            for source in sources(volume) {
                mounted.extend(self.mounted(container, mount, &source));
            }
        }
        // Spring takes properties over YAML.
        mounted.sort_by_key(|file| file.family().is_some() && file.path.ends_with(".properties"));
        let profiles = self.profiles(&mounted, variables, arguments);
        let mut settings = FileSettings::default();
        // What is for one profile comes after what is for all of them, and wins.
        mounted.sort_by_key(|file| profiles.rank(file.family()));
        for file in &mounted {
            self.settings(container, file, &profiles, &mut settings);
        }
        settings.replace_placeholders(container, variables, arguments, room);
        settings.all
    }

    fn mounted(
        &self,
        container: &Container<'_, 'e>,
        mount: NodeRef<'e>,
        source: &VolumeSource<'e>,
    ) -> Vec<File<'e>> {
        let Some(name) = source.name else { return Vec::new() };
        let evidence = match self.users.get(&(source.keeper, container.namespace, name)) {
            Some(Some(_)) => Evidence::OwnFile,
            _ => Evidence::SharedFile,
        };
        let resource = source.keeper.find(container.view, container.namespace, name);
        let place = source.node.get(source.keeper.name_in_volume()).unwrap_or(source.node).place();
        let reference = place.clone();
        let target = mount.str_at(&["mountPath"]).unwrap_or_default();
        let file = |path: Cow<'e, str>, content| {
            let at = format!("{}/{path}", target.trim_end_matches('/'));
            File { path, at, content, evidence, reference: reference.clone() }
        };
        let missing = |key| {
            Content::Missing(Origin::absent(source.keeper, container.namespace, name, key), place.clone())
        };
        let kept = |resource: &'e Resource, kept: Kept<'e>| Content::Kept(source.keeper, resource, kept);
        let items: Vec<(&'e str, &'e str)> = source
            .node
            .get("items")
            .into_iter()
            .flat_map(NodeRef::items)
            .filter_map(|item| Some((item.str_at(&["key"])?, item.str_at(&["path"])?)))
            .collect();
        let values = resource
            .map(|resource| (resource, source.keeper.values(container.view.estate.node(resource), true)));
        let mut files: Vec<File<'e>> = match values {
            Some((resource, values)) if items.is_empty() => {
                values.into_iter().map(|value| file(value.key.into(), kept(resource, value))).collect()
            }
            Some((resource, values)) => {
                let chosen = items.iter().filter_map(|(key, path)| {
                    let value = values.iter().find(|value| value.key == *key)?;
                    Some(file((*path).into(), kept(resource, *value)))
                });
                chosen.collect()
            }
            None if items.is_empty() => vec![file("*".into(), missing(None))],
            None => items.iter().map(|(key, path)| file((*path).into(), missing(Some(*key)))).collect(),
        };
        if let Some(part) = mount.str_at(&["subPath"]).filter(|part| !part.is_empty()) {
            let below = |path: &str| {
                path.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            files.retain(|file| file.path == "*" || below(&file.path));
            // The one file that is mounted is called as it is mounted.
            for file in &mut files {
                if let Some(rest) = file.path.strip_prefix(part) {
                    file.at = format!("{target}{rest}");
                }
                if (file.path == part || file.path == "*") && Format::of_mounted(target).is_some() {
                    file.path = target.into();
                }
            }
        }
        files
    }

    fn profiles(
        &mut self,
        files: &[File<'e>],
        variables: &Variables<'e>,
        arguments: &[Setting<'e>],
    ) -> Profiles {
        let variables: Vec<Setting<'e>> = variables
            .iter()
            .filter(|setting| {
                let name = setting.name.as_ref();
                matches!(name, "SPRING_PROFILES_ACTIVE" | "SPRING_PROFILES_INCLUDE")
                    || name.starts_with("spring.profiles.")
                    || name.ends_with("_ENVIRONMENT")
            })
            .cloned()
            .collect();
        let mut activation = Activation::of(&[&variables, arguments]);
        let for_all = |file: &&File<'e>| file.family().is_some_and(|family| family.profile.is_none());
        for file in files.iter().filter(for_all) {
            if let Content::Kept(_, _, kept) = file.content {
                let documents = self.documents(file, kept);
                let documents = documents.iter().flat_map(|read| &read.documents);
                documents.for_each(|document| activation.learn(document));
            }
        }
        activation.profiles()
    }

    fn documents(&mut self, file: &File<'_>, kept: Kept<'e>) -> Documents {
        let format = Format::of_mounted(&file.path);
        // An alias gives one text to several keys, and a text of several lines is shown at its key.
        let read = self.read.entry((kept.key_place(), format.map(Format::name)));
        let read = read.or_insert_with(|| {
            let documents = format.and_then(|format| format.read(&kept.text()?));
            // `haproxy.cfg` is called like one with sections, `redis.conf` like one with directives, and has none.
            let documents = documents.filter(|documents| {
                !matches!(format, Some(Format::Sections | Format::Directives))
                    || documents.iter().any(|entries| !entries.is_empty())
            });
            Rc::new(documents.map(|documents| {
                let place_of = kept.places_of();
                let places = documents
                    .iter()
                    .map(|document| document.iter().map(|entry| place_of(&entry.range)).collect());
                Read { places: places.collect(), documents }
            }))
        });
        Rc::clone(read)
    }

    fn settings(
        &mut self,
        container: &Container<'_, 'e>,
        file: &File<'e>,
        profiles: &Profiles,
        settings: &mut FileSettings<'e>,
    ) {
        let (keeper, resource, kept) = match &file.content {
            Content::Kept(keeper, resource, kept) => (*keeper, *resource, *kept),
            Content::Missing(origin, place) => {
                let setting =
                    container.setting(Channel::File, file.path.clone(), None, origin.clone(), place.clone());
                settings.all.push(Setting { evidence: file.evidence, file: Some(file.folder()), ..setting });
                return;
            }
        };
        let setting = |name: Cow<'e, str>, text, place| Setting {
            evidence: file.evidence,
            reference: file.reference.clone(),
            key: Some(kept.key),
            ..container.setting(Channel::File, name, text, Origin::of(keeper, resource), place)
        };
        let documents = self.documents(file, kept);
        let Some(read) = documents.as_ref() else {
            let whole = setting(file.path.clone(), kept.text(), kept.place());
            settings.all.push(Setting { file: Some(file.folder()), ..whole });
            return;
        };
        let family = file.family();
        for (position, (document, places)) in read.documents.iter().zip(&read.places).enumerate() {
            if !profiles.admit(family, document) {
                continue;
            }
            let scope: Arc<str> = match family {
                Some(family) => family.name.into(),
                None if position == 0 => file.at.as_str().into(),
                None => format!("{}#{position}", file.at).into(),
            };
            for (entry, place) in document.iter().zip(places) {
                let setting =
                    setting(entry.name.clone().into(), Some(entry.text.clone().into()), place.clone());
                settings.set(&scope, setting);
            }
        }
    }
}

struct File<'e> {
    /// Below the mount; `*` where the input does not tell.
    path: Cow<'e, str>,
    /// From the root of the container.
    at: String,
    content: Content<'e>,
    evidence: Evidence,
    /// What names the `ConfigMap` or Secret.
    reference: Place,
}

enum Content<'e> {
    Kept(Keeper, &'e Resource, Kept<'e>),
    Missing(Origin<'e>, Place),
}

impl File<'_> {
    fn family(&self) -> Option<Family<'_>> {
        Family::of(&self.path)
    }

    fn folder(&self) -> Arc<str> {
        self.at.rsplit_once('/').map_or("", |(folder, _)| folder).into()
    }
}

/// One source of a volume.
struct VolumeSource<'e> {
    keeper: Keeper,
    name: Option<&'e str>,
    node: NodeRef<'e>,
}

fn volumes<'e>(workload: &Workload<'e>) -> impl Iterator<Item = NodeRef<'e>> + use<'e> {
    workload.pod.volumes()
}

fn sources<'e>(volume: NodeRef<'e>) -> Vec<VolumeSource<'e>> {
    let source = |keeper: Keeper, node: NodeRef<'e>, key: &str| VolumeSource {
        keeper,
        name: node.str_at(&[key]),
        node,
    };
    let mut found = Vec::new();
    found.extend(volume.get("configMap").map(|node| source(Keeper::ConfigMap, node, "name")));
    found.extend(volume.get("secret").map(|node| source(Keeper::Secret, node, "secretName")));
    for projected in volume.at(&["projected", "sources"]).into_iter().flat_map(NodeRef::items) {
        found.extend(projected.get("configMap").map(|node| source(Keeper::ConfigMap, node, "name")));
        found.extend(projected.get("secret").map(|node| source(Keeper::Secret, node, "name")));
    }
    found
}
