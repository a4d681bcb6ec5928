//! Looks a value up in one kustomization: its fields, patches, generators and resources, in the order of who wins.

use super::{
    Parsed,
    wanted::{Followed, Wanted, is_shown, keys},
};
use crate::{
    document::NodeRef,
    resource::{kustomization::generators, render::kustomization::Kustomization},
    source::{Place, Sources},
};

pub(super) struct Search<'p, 'd> {
    pub(super) parsed: &'p Parsed,
    pub(super) sources: &'p Sources,
    pub(super) wanted: Wanted<'d>,
    /// How many steps are written there, and where: shown if the value is written nowhere.
    pub(super) nearest: Option<(usize, Place)>,
}

impl Search<'_, '_> {
    pub(super) fn in_kustomization(&mut self, one: &Kustomization) -> Option<Place> {
        let root = self.parsed.of(&one.file).next()?;
        self.fields(root)
            .or_else(|| self.replacements(one, root))
            .or_else(|| self.patches(one, root))
            .or_else(|| self.generators(root))
            .or_else(|| one.resources.iter().find_map(|file| self.resources(file)))
    }

    /// Fields that change many objects at once.
    fn fields(&self, root: NodeRef<'_>) -> Option<Place> {
        let keys: Vec<&str> = keys(self.wanted.path);
        match keys.as_slice() {
            ["metadata", "namespace"] => {
                root.get("namespace").filter(|value| self.wanted.same(*value)).map(NodeRef::place)
            }
            ["spec", "replicas"] => {
                let entries = root.get("replicas").into_iter().flat_map(NodeRef::items);
                let mut named = entries.filter(|entry| self.wanted.is(None, entry.str_at(&["name"])));
                named.find_map(|entry| entry.get("count")).map(NodeRef::place)
            }
            [.., "labels" | "matchLabels", label] | ["spec", "selector", label] => {
                let common = root.get("commonLabels");
                let pairs = root.get("labels").into_iter().flat_map(NodeRef::items);
                let mut maps = common.into_iter().chain(pairs.filter_map(|pair| pair.get("pairs")));
                maps.find_map(|map| map.get(label).filter(|value| self.wanted.same(*value)))
                    .map(NodeRef::place)
            }
            [.., "annotations", name] => {
                let value = root.get("commonAnnotations")?.get(name)?;
                self.wanted.same(value).then(|| value.place())
            }
            [.., "image"] => {
                let image = self.wanted.value?.as_str()?;
                let entries = root.get("images").into_iter().flat_map(NodeRef::items);
                let made = |entry: &NodeRef<'_>| {
                    let name = entry.str_at(&["newName"]).or_else(|| entry.str_at(&["name"]));
                    name.is_some_and(|name| {
                        image
                            .strip_prefix(name)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
                    })
                };
                let entry = entries.into_iter().find(made)?;
                ["newTag", "digest", "newName", "name"]
                    .iter()
                    .find_map(|key| entry.get(key))
                    .map(NodeRef::place)
            }
            _ => None,
        }
    }

    /// Several may make one object: those that merge have some of its keys.
    fn generators(&mut self, root: NodeRef<'_>) -> Option<Place> {
        let made = generators(root.document);
        let key = keys(self.wanted.path).last().copied().unwrap_or_default();
        for generator in made.into_iter().filter(|one| one.kind == self.wanted.kind) {
            if !self.wanted.is(None, Some(generator.name)) {
                continue;
            }
            if let Some(entry) = generator.entries(self.sources).into_iter().find(|entry| entry.key == key) {
                return Some(entry.hidden.unwrap_or(entry.place));
            }
            if self.nearest.is_none() {
                self.nearest = generator.node.get("name").map(|name| (0, name.place()));
            }
        }
        None
    }

    fn resources(&mut self, file: &str) -> Option<Place> {
        let parsed = self.parsed;
        for root in parsed.of(file) {
            let (kind, name) = (root.str_at(&["kind"]), root.str_at(&["metadata", "name"]));
            if kind.is_none() || name.is_none() || !self.wanted.is(kind, name) {
                continue;
            }
            if let Some((place, true)) = self.follow(root) {
                return Some(place);
            }
        }
        None
    }

    /// Follows the wanted path in another version of the object; whether the same value is there.
    pub(super) fn follow(&mut self, root: NodeRef<'_>) -> Option<(Place, bool)> {
        let followed = Followed::new(root, Some(self.wanted.object), self.wanted.path);
        let shown = followed.node.filter(|node| followed.depth > 0 && is_shown(*node));
        let place = if let Some(node) = shown {
            node.place()
        } else {
            let name = root.at(&["metadata", "name"]).map(NodeRef::span);
            Place::new(root.document.source, followed.key.or(name)?)
        };
        if self.nearest.as_ref().is_none_or(|(known, _)| followed.depth > *known) {
            self.nearest = Some((followed.depth, place.clone()));
        }
        Some((place, followed.node.is_some_and(|node| self.wanted.same(node))))
    }
}
