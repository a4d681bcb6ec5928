//! Helm charts: which are roots, and which line of a template or of the values made what they render.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use regex::Regex;

use super::{Files, Origin, Root, align::Template, folder, join, source};
use crate::{
    document::{NodeRef, Step, yaml},
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

/// For each object of an output, by where it starts, the lines of the template that made its lines.
pub(super) type Aligned = Mutex<BTreeMap<usize, Arc<[usize]>>>;

pub(super) fn locate(root: &Root, sources: &Sources, aligned: &Aligned, place: &Place) -> Option<Origin> {
    let output = &*sources.get(place.source).text;
    let chunk = Chunk::around(output, place.start)?;
    let inner = chunk.source.split_once('/')?.1;
    let (id, template) = source(sources, &join(&root.folder, inner))?;
    let lines: Vec<&str> = chunk.text.lines().collect();
    let before = chunk.text.get(..place.start.checked_sub(chunk.start)?)?;
    let target = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let length = place.end.saturating_sub(place.start);
    let parsed = Template::new(&template.text);
    let mut known = aligned.lock().unwrap_or_else(PoisonError::into_inner);
    let made = known.entry(chunk.start).or_insert_with(|| parsed.align(&lines).into());
    let made = parsed.origin(*made.get(target)?, lines.get(target)?, &(column..column + length))?;
    drop(known);
    let action = template.text.get(made.span.clone()).filter(|_| made.is_action);
    let value = action.and_then(|action| value(root, sources, &template.file, action));
    Some(Origin { place: Place::new(id, made.span), value })
}

/// What one template made of one object.
struct Chunk<'t> {
    /// As Helm names it: `chart/templates/web.yaml`.
    source: &'t str,
    text: &'t str,
    start: usize,
}

impl<'t> Chunk<'t> {
    /// Helm starts each object with `---` and `# Source: …`.
    fn around(output: &'t str, offset: usize) -> Option<Self> {
        const MARK: &str = "# Source: ";
        let named = output.get(..offset)?.rfind(&format!("---\n{MARK}"))? + "---\n".len();
        let rest = output.get(named..)?;
        let (line, body) = rest.split_once('\n')?;
        let start = named + line.len() + 1;
        let text = body.split("\n---\n").next().unwrap_or(body);
        Some(Self { source: line.strip_prefix(MARK)?.trim(), text, start })
    }
}

static VALUE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\.Values((?:\.[A-Za-z0-9_]+)+)").expect("a constant expression"));

/// Where the only value that an action takes is given.
fn value(root: &Root, sources: &Sources, template: &str, action: &str) -> Option<Place> {
    let paths: BTreeSet<&str> =
        VALUE.captures_iter(action).filter_map(|found| Some(found.get(1)?.as_str())).collect();
    let only = paths.iter().next().filter(|_| paths.len() == 1)?;
    let path: Vec<Step> = only.split('.').skip(1).map(Step::from).collect();
    let is_global = only.starts_with(".global.");
    let chart = template.split("/templates/").next().unwrap_or_default();
    let chart = if template.starts_with("templates/") { "" } else { chart };
    // A chart in another one finds its values there under its name, and those for all under `global`.
    let within: Vec<Step> = chart
        .strip_prefix(&join(&root.folder, "charts/"))
        .filter(|_| !is_global)
        .into_iter()
        .flat_map(|inner| inner.split("/charts/").map(Step::from))
        .chain(path.iter().cloned())
        .collect();
    let named = root.values.iter().rev().find_map(|file| given(sources, file, &within));
    let own = |chart: &str, path: &[Step]| given(sources, &join(chart, "values.yaml"), path);
    named.or_else(|| own(&root.folder, &within)).or_else(|| own(chart, &path))
}

/// Where a values file gives a value.
fn given(sources: &Sources, file: &str, path: &[Step]) -> Option<Place> {
    let (id, values) = source(sources, file)?;
    let documents = yaml::parse(id, &values.text).documents;
    let located = documents.first()?.root().locate(path);
    let node = located.node?;
    let shown = node.is_scalar() && !node.span().is_empty() && !node.raw().contains('\n');
    Some(if shown { node.place() } else { Place::new(id, located.key?) })
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
