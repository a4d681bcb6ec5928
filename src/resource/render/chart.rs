//! Helm charts: which are roots, and which line of a template or of the values made what they render.

mod chunk;
mod search;
mod values;

use std::collections::BTreeSet;

pub(super) use self::search::{Known, locate};
use super::{Files, Root, folder, join, source};
use crate::{
    document::{NodeRef, yaml},
    source::{Place, SourceId, Sources},
};

/// A chart, as far as it must be known to render it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    pub name: String,
    /// Names of the charts that it depends on: they have to lie in its folder `charts`, as nothing is downloaded.
    pub dependencies: Vec<String>,
}

impl Chart {
    pub fn new(root: &Root, files: &dyn Files) -> Option<Self> {
        let text = files.text(&join(&root.folder, "Chart.yaml"))?;
        let documents = yaml::parse(SourceId(0), &text).documents;
        let chart = documents.first()?.root();
        let dependencies = chart.get("dependencies").into_iter().flat_map(NodeRef::items);
        let dependencies = dependencies.filter_map(|dependency| dependency.str_at(&["name"]));
        Some(Self {
            name: chart.str_at(&["name"])?.to_owned(),
            dependencies: dependencies.map(ToOwned::to_owned).collect(),
        })
    }
}

/// Folders of charts that are part of no other chart and make objects of their own.
pub(super) fn roots(names: &BTreeSet<&str>, files: &dyn Files) -> Vec<String> {
    let charts: BTreeSet<&str> =
        names.iter().filter(|file| is_named(file, "Chart.yaml")).map(|file| folder(file)).collect();
    let is_part = |chart: &str| {
        charts.iter().any(|other| {
            let charts = join(other, "charts/");
            *other != chart && chart.starts_with(&charts)
        })
    };
    let deployable = |chart: &&str| {
        let text = files.text(&join(chart, "Chart.yaml")).unwrap_or_default();
        let documents = yaml::parse(SourceId(0), &text).documents;
        let library =
            documents.first().and_then(|document| document.root().str_at(&["type"])) == Some("library");
        !library && !is_part(chart)
    };
    charts.iter().copied().filter(deployable).map(ToOwned::to_owned).collect()
}

/// Files of a chart that its rendering stands for: its templates and definitions, and those of the charts in it.
pub(super) fn parts<'s>(root: &str, names: impl Iterator<Item = &'s str>) -> BTreeSet<String> {
    let inside = ["templates/", "charts/", "crds/"].map(|part| join(root, part));
    let part = |name: &&str| inside.iter().any(|folder| name.starts_with(folder.as_str()));
    names.filter(part).map(ToOwned::to_owned).collect()
}

/// Values files of a chart, which may hold what must not be shown.
pub(super) fn values<'s>(root: &str, names: impl Iterator<Item = &'s str>) -> BTreeSet<String> {
    let inside =
        |name: &&str| root.is_empty() || name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    let is_values = |name: &&str| {
        let file = name.rsplit('/').next().unwrap_or_default();
        file.starts_with("values") || file.ends_with("values.yaml")
    };
    names.filter(inside).filter(is_values).map(ToOwned::to_owned).collect()
}

fn is_named(file: &str, name: &str) -> bool {
    file.rsplit('/').next() == Some(name)
}

/// The chart's name, where nothing narrower is known.
pub(super) fn anywhere(sources: &Sources, root: &str) -> Option<Place> {
    let (id, chart) = source(sources, &join(root, "Chart.yaml"))?;
    let documents = yaml::parse(id, &chart.text).documents;
    let (_, span, value) = documents.first()?.root().entries().find(|(key, _, _)| *key == "name")?;
    Some(if value.is_scalar() { value.place() } else { Place::new(id, span) })
}
