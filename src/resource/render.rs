//! What can be rendered, whether that is allowed, and where what was rendered is written.
//!
//! A chart that is part of no other chart, and a kustomization that no other one uses, are roots: each makes a set.
//! Deliberately absent: running the renderers (that is [`crate::source::render`]).

mod align;
mod chart;
mod kustomization;
mod kustomize;
mod mask;

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

pub(crate) use self::kustomize::without_hashes;
pub use self::{chart::Chart, kustomization::Kustomizations};
use crate::{
    config,
    source::{Place, Source, SourceId, Sources},
};

/// Files below the base by name, `/`-separated.
pub trait Files {
    fn text(&self, file: &str) -> Option<Arc<str>>;
    fn is_folder(&self, name: &str) -> bool;
}

/// Something to render.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    /// Folder relative to the base; empty for the base itself.
    pub folder: String,
    pub tool: Tool,
    /// Values files that the configuration names for a chart, relative to the base; the later one counts.
    pub values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    Helm,
    Kustomize,
}

/// What was rendered from a root.
#[derive(Debug)]
pub struct Rendered {
    pub root: Root,
    /// Files that it was made from: they are judged as part of it.
    pub files: BTreeSet<String>,
    /// Files of values that it takes.
    pub values: BTreeSet<String>,
    /// Lines of the output, from 0, that are others each time.
    pub made: BTreeSet<usize>,
    chart: chart::Known,
    parsed: OnceLock<kustomize::Parsed>,
}

/// Where something that was rendered is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub place: Place,
    /// Whether what was rendered stands at the place, or is made by what stands there; else the place is near it.
    pub is_exact: bool,
    /// The value that a template takes.
    pub value: Option<Place>,
}

impl Root {
    /// Name of the source that holds what was rendered.
    pub fn output(&self) -> String {
        let name = match self.tool {
            Tool::Helm => "(helm template)",
            Tool::Kustomize => "(kustomize build)",
        };
        join(&self.folder, name)
    }

    /// Name of the set.
    pub fn set(&self) -> &str {
        if self.folder.is_empty() { "." } else { &self.folder }
    }

    /// What a user would run.
    pub fn command(&self) -> String {
        match self.tool {
            Tool::Helm => {
                let values = self.values.iter().map(|file| format!(" --values {file}"));
                format!("helm template {}{}", self.set(), values.collect::<String>())
            }
            Tool::Kustomize => format!("kubectl kustomize {}", self.set()),
        }
    }
}

impl Rendered {
    /// A chart: its templates, definitions and the charts in it.
    pub fn chart(root: Root, sources: &[Source]) -> Self {
        let names = || sources.iter().map(|source| &*source.file);
        let files = chart::parts(&root.folder, names());
        let mut values = chart::values(&root.folder, names());
        values.extend(root.values.iter().cloned());
        let made = BTreeSet::new();
        Self { root, files, values, made, chart: chart::Known::default(), parsed: OnceLock::new() }
    }

    pub fn kustomization(root: Root, used: &Kustomizations) -> Self {
        let (files, values) = (used.files(), BTreeSet::new());
        let made = BTreeSet::new();
        Self { root, files, values, made, chart: chart::Known::default(), parsed: OnceLock::new() }
    }

    /// Where what stands at a place of the output is written; where that cannot be told, what the root is named by.
    pub fn locate(&self, sources: &Sources, place: &Place) -> Option<Origin> {
        let (found, anywhere) = match self.root.tool {
            Tool::Helm => {
                let found = chart::locate(&self.root, sources, &self.chart, place);
                (found, chart::anywhere(sources, &self.root.folder))
            }
            Tool::Kustomize => {
                let parse = || kustomize::Parsed::new(&self.root, sources, place.source);
                let found = kustomize::locate(self.parsed.get_or_init(parse), sources, place);
                (found, kustomize::anywhere(sources, &self.root.folder))
            }
        };
        found.or_else(|| Some(Origin { place: anywhere?, is_exact: false, value: None }))
    }

    /// Places in the files of the root that hold one of these texts, or a credential by its looks.
    pub fn secrets(&self, sources: &Sources, texts: &BTreeSet<String>) -> Vec<Place> {
        let files = self.files.iter().chain(&self.values).filter_map(|file| sources.by_file(file));
        files.flat_map(|id| mask::secrets(sources, id, texts)).collect()
    }
}

/// Lines of an output, from 0, that are not those of another one; none where the two do not match line by line.
pub fn differing_lines(output: &str, other: &str) -> BTreeSet<usize> {
    if output.lines().count() != other.lines().count() {
        return BTreeSet::new();
    }
    let lines = output.lines().zip(other.lines()).enumerate();
    lines.filter(|(_, (one, other))| one != other).map(|(line, _)| line).collect()
}

/// All roots, sorted.
pub fn roots(sources: &[Source], files: &dyn Files, settings: &config::Render) -> Vec<Root> {
    let names: BTreeSet<&str> = sources.iter().map(|source| &*source.file).collect();
    let charts = chart::roots(&names, files).into_iter().map(|folder| Root {
        values: settings.values_of(&folder).map(ToOwned::to_owned).collect(),
        folder,
        tool: Tool::Helm,
    });
    let kustomizations = kustomization::roots(&names, files);
    let kustomizations =
        kustomizations.into_iter().map(|folder| Root { folder, tool: Tool::Kustomize, values: Vec::new() });
    let mut roots: Vec<Root> = charts.chain(kustomizations).collect();
    roots.sort();
    roots
}

pub(crate) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A relative path from a folder; `None` where it is absolute or leaves the base.
pub(crate) fn resolve(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn source<'s>(sources: &'s Sources, file: &str) -> Option<(SourceId, &'s Source)> {
    let id = sources.by_file(file)?;
    Some((id, sources.get(id)))
}

#[cfg(test)]
mod tests;
