//! Settings about rendering: whether the repository asks for it, and what charts are rendered with.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Placed, value::Phrase};

/// Charts and kustomizations that are rendered before they are judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct Render {
    /// `true`: what a change makes of charts and kustomizations is rendered without `--render`. It counts only where
    /// `--since` takes it from the tree before the change: a repository starts no programs by itself.
    pub enabled: Option<Placed<bool>>,
    /// Folders of Helm charts, relative to the base, with how they are rendered.
    pub charts: BTreeMap<String, Placed<ChartSettings>>,
}

/// How a chart is rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct ChartSettings {
    /// Values files, relative to the base; of equal keys the later one counts, as with `helm --values`.
    pub values: Vec<Placed<BasePath>>,
}

/// A path below the base, in its shortest form: `deploy/values.yaml`; empty for the base itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "Phrase")]
pub struct BasePath(String);

impl TryFrom<Phrase> for BasePath {
    type Error = String;

    fn try_from(text: Phrase) -> Result<Self, String> {
        Self::of(&text)
    }
}

impl BasePath {
    fn of(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(format!("`{text}` is not fetched; name a file of the repository"));
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if text.starts_with(['/', '\\']) || parts.contains(&"..") {
            return Err(format!("`{text}` leads out of the base; name files relative to it"));
        }
        Ok(Self(parts.join("/")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Render {
    /// Whether, and in which line, the configuration asks that what it is about be rendered.
    pub fn asked(&self) -> Option<usize> {
        self.enabled.filter(|enabled| enabled.value).map(|enabled| enabled.line)
    }

    /// Values files of the chart in a folder, relative to the base.
    pub fn values_of(&self, folder: &str) -> impl Iterator<Item = &str> {
        let named = self.charts().filter(move |(path, _)| path.as_str() == folder);
        named.flat_map(|(_, chart)| chart.value.values.iter().map(|file| file.value.as_str()))
    }

    /// Whether a file holds values of a chart.
    pub fn takes(&self, file: &str) -> bool {
        self.charts
            .values()
            .any(|chart| chart.value.values.iter().any(|values| values.value.as_str() == file))
    }

    /// Charts by their folders; names that are none were refused when the configuration was read.
    pub fn charts(&self) -> impl Iterator<Item = (BasePath, &Placed<ChartSettings>)> {
        self.charts.iter().filter_map(|(folder, chart)| Some((BasePath::of(folder).ok()?, chart)))
    }
}

/// Refuses folders that lie elsewhere, and one folder under two names.
pub(super) fn check(render: &Render) -> Result<(), ((usize, usize), String)> {
    let mut known: BTreeMap<BasePath, usize> = BTreeMap::new();
    for (folder, chart) in &render.charts {
        let at = (chart.line, chart.column);
        let path = BasePath::of(folder).map_err(|message| (at, message))?;
        if let Some(line) = known.insert(path, chart.line) {
            return Err((at, format!("`{folder}` is the chart in line {line} already; join the two")));
        }
    }
    Ok(())
}
