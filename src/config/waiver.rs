//! Waivers as they are written in the configuration.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Day, FilePattern, NamePattern, Phrase, Placed};

/// A finding that is accepted: by whom, why, and until when.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map")]
pub struct WaiverEntry {
    /// Name of the waiver, given once.
    pub id: Phrase,
    /// Id of the rule whose findings are accepted.
    pub rule: Phrase,
    /// Id of the resource that the finding is about, or a glob over ids.
    #[serde(default)]
    pub resource: Option<NamePattern>,
    /// File, folder or glob that the finding's place lies in, relative to the base.
    #[serde(default)]
    pub path: Option<FilePattern>,
    /// Who answers for it.
    pub owner: Phrase,
    /// Why it is accepted.
    pub reason: Phrase,
    /// Last day on which it holds, in UTC.
    pub until: Day,
    /// Where it is followed up.
    #[serde(default)]
    pub ticket: Option<Phrase>,
}

/// What only all waivers together show: the line and column of what is wrong, and the reason.
pub(super) fn check(waivers: &[Placed<WaiverEntry>]) -> Result<(), ((usize, usize), String)> {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for waiver in waivers {
        let at = (waiver.line, waiver.column);
        let id = &*waiver.value.id;
        if waiver.value.resource.is_none() && waiver.value.path.is_none() {
            return Err((
                at,
                format!("waiver `{id}` names neither `resource` nor `path`; say what it is about"),
            ));
        }
        if let Some(other) = lines.insert(id, waiver.line) {
            return Err((
                at,
                format!("waiver `{id}` is already given in line {other}; name this one otherwise"),
            ));
        }
    }
    Ok(())
}
