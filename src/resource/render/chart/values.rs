//! The values that a chart takes: where a path is given, and where a text stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use super::super::{Root, join, source};
use crate::{
    document::{Document, NodeRef, Step, yaml},
    source::{Place, Sources},
};

/// Files of values, parsed once each.
#[derive(Debug, Default)]
pub(super) struct Parsed(Mutex<BTreeMap<String, Option<Arc<Document>>>>);

impl Parsed {
    fn of(&self, sources: &Sources, file: &str) -> Option<Arc<Document>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parse = || {
            let (id, source) = source(sources, file)?;
            yaml::parse(id, &source.text).documents.into_iter().next().map(Arc::new)
        };
        known.entry(file.to_owned()).or_insert_with(parse).clone()
    }
}

/// A chart of a root: the root itself, or a chart in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// Its folder, relative to the base.
    pub(super) folder: String,
    /// The names under which its values stand in those of the root: aliases, where it has some.
    pub(super) names: Vec<String>,
}

/// What a chart takes.
pub(super) struct Values<'v> {
    pub(super) root: &'v Root,
    pub(super) sources: &'v Sources,
    pub(super) parsed: &'v Parsed,
    pub(super) chart: &'v Part,
}

impl Values<'_> {
    /// Files, the deciding one first, each with the steps that lead to the values of the chart.
    fn files(&self, path: &[Step]) -> Vec<(Arc<Document>, Vec<Step>)> {
        // Those for all charts stand under `global`.
        let is_global = path.first() == Some(&Step::from("global"));
        let names = self.chart.names.iter().filter(|_| !is_global);
        let within: Vec<Step> =
            names.map(|name| Step::from(name.as_str())).chain(path.iter().cloned()).collect();
        let named = self.root.values.iter().rev().cloned();
        let of_root =
            named.chain([join(&self.root.folder, "values.yaml")]).map(|file| (file, within.clone()));
        let own = (join(&self.chart.folder, "values.yaml"), path.to_vec());
        let own = Some(own).filter(|_| self.chart.folder != self.root.folder);
        let parse = |(file, path): (String, Vec<Step>)| Some((self.parsed.of(self.sources, &file)?, path));
        of_root.chain(own).filter_map(parse).collect()
    }

    /// Where a path such as `.Values.a.b` is given, with the text of a scalar.
    pub(super) fn given(&self, path: &str) -> Option<(Place, Option<String>)> {
        self.files(&steps(path)).into_iter().find_map(|(document, path)| {
            let located = document.root().locate(&path);
            let node = located.node?;
            let key = || Some(Place::new(document.source, located.key.clone()?));
            let place = if is_shown(node) { node.place() } else { key()? };
            Some((place, text(node)))
        })
    }

    /// Keys and scalars at and below a path, in all files: lists and maps may be put together of several.
    pub(super) fn texts(&self, path: &str) -> Option<Arc<BTreeSet<String>>> {
        let mut texts = BTreeSet::new();
        for (document, path) in self.files(&steps(path)) {
            if let Some(node) = document.root().locate(&path).node {
                collect(node, &mut texts);
            }
        }
        (!texts.is_empty()).then(|| Arc::new(texts))
    }

    /// The only scalar that is one of these texts; where several are, the only one of them with this name.
    pub(super) fn holding(&self, wanted: &[String], name: Option<&str>) -> Option<Place> {
        self.files(&[]).into_iter().find_map(|(document, path)| {
            let mut found = Vec::new();
            holding(document.root().locate(&path).node?, wanted, None, &mut found);
            let named = || found.iter().filter(|(_, found)| name.is_some() && *found == name);
            let only = match found.as_slice() {
                [only] => only,
                _ => named().next().filter(|_| named().count() == 1)?,
            };
            Some(only.0.clone())
        })
    }
}

fn steps(path: &str) -> Vec<Step> {
    path.trim_start_matches(".Values").split('.').filter(|step| !step.is_empty()).map(Step::from).collect()
}

fn is_shown(node: NodeRef<'_>) -> bool {
    node.is_scalar() && !node.span().is_empty() && !node.raw().contains('\n')
}

fn text(node: NodeRef<'_>) -> Option<String> {
    let json = Some(node).filter(|node| node.is_scalar() && !node.is_null())?.to_json();
    Some(json.as_str().map_or_else(|| json.to_string(), ToOwned::to_owned))
}

fn collect(node: NodeRef<'_>, texts: &mut BTreeSet<String>) {
    texts.extend(text(node));
    for (key, _, value) in node.entries() {
        texts.insert(key.to_owned());
        collect(value, texts);
    }
    for item in node.items() {
        collect(item, texts);
    }
}

/// All scalars that are one of these texts, each with its key or the `name` beside it.
fn holding<'d>(
    node: NodeRef<'d>,
    wanted: &[String],
    name: Option<&'d str>,
    found: &mut Vec<(Place, Option<&'d str>)>,
) {
    if is_shown(node) && text(node).is_some_and(|text| wanted.contains(&text)) {
        found.push((node.place(), name));
    }
    let beside = node.str_at(&["name"]);
    for (key, _, value) in node.entries() {
        holding(value, wanted, beside.or(Some(key)), found);
    }
    for item in node.items() {
        holding(item, wanted, name, found);
    }
}
