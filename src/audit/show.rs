//! Reading the log: its records, filtered, and how its runs ended. Nothing is verified but what reading needs.

pub mod page;
mod sentence;

use std::{collections::BTreeMap, path::Path};

use ignore::overrides::{Override, OverrideBuilder};
use serde_json::Value;

use super::{
    chain::{Chain, Fault},
    commit::Commit,
    error::AuditError,
    event::Kind,
    layout::blob,
    note::Note,
    record::Record,
    store::{FileSystem, LocalFileSystem, read_small},
    tree::Hash,
    walk::{Position, Visitor, walk},
};

/// Longest list beside the log that is looked into.
const LONGEST_LIST: usize = 1 << 28;

/// An id, or a glob over ids, as the options of a scan take it (gitignore syntax).
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// `None` where the text is no glob.
    glob: Option<Override>,
}

impl Pattern {
    pub fn new(text: &str) -> Self {
        let mut glob = OverrideBuilder::new("/");
        let glob = glob.add(text).and_then(|glob| glob.build()).ok();
        Self { text: text.to_owned(), glob }
    }

    fn matches(&self, id: &str) -> bool {
        self.text == id || self.glob.as_ref().is_some_and(|glob| glob.matched(id, false).is_whitelist())
    }
}

/// Which records to show; everything that is absent matches all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// ULID of a run, or how it begins.
    pub run: Option<String>,
    pub rule: Option<Pattern>,
    /// Of a list of resources, one has to match.
    pub resource: Option<Pattern>,
}

/// A record as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub index: u64,
    /// RFC 3339, UTC, milliseconds.
    pub time: String,
    /// ULID.
    pub run: String,
    pub kind: Kind,
    /// What happened; nothing in it is safe to print.
    pub body: Value,
    /// The record as it stands in the log.
    pub record: String,
    /// Whether the filter asks for it. Where a run begins and ends and what it read is handed on in any case.
    pub asked: bool,
    /// Of the resources in its list, those that the filter asks for; `None`: the list is gone or was changed.
    pub matching: Option<Vec<String>>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// `pass`, `fail`, `incomplete`; nothing in it is safe to print.
    pub outcome: String,
    /// Exit code as the record has it.
    pub exit: String,
}

/// How the runs ended whose ULID begins like this, and the size of the log so far.
pub fn endings(directory: &Path, run: Option<&str>) -> Result<(BTreeMap<String, Ending>, u64), AuditError> {
    let system = &LocalFileSystem;
    must_exist(system, directory)?;
    let mut reader = Endings { run, pending: Vec::new(), found: BTreeMap::new() };
    let end = walk(system, directory, Position::beginning(), &mut reader)?;
    Ok((reader.found, end.head().map_or(0, |commit| commit.note.checkpoint.size)))
}

/// Hands the committed records that match on one by one, for logs that do not fit into memory, and those that tell of
/// their runs; says whether the newest head carries a signature, which is not checked.
pub fn each(directory: &Path, filter: &Filter, then: &mut dyn FnMut(Row)) -> Result<bool, AuditError> {
    each_on(&LocalFileSystem, directory, filter, then)
}

pub(super) fn each_on(
    system: &dyn FileSystem,
    directory: &Path,
    filter: &Filter,
    then: &mut dyn FnMut(Row),
) -> Result<bool, AuditError> {
    must_exist(system, directory)?;
    let mut reader = Reader { system, directory, filter, then, pending: Vec::new() };
    let end = walk(system, directory, Position::beginning(), &mut reader)?;
    Ok(end.head().is_some_and(|commit| commit.note.is_signed()))
}

fn must_exist(system: &dyn FileSystem, directory: &Path) -> Result<(), AuditError> {
    match super::log::read_description(system, directory)? {
        Some(_) => Ok(()),
        None => Err(AuditError::Missing { path: directory.to_owned() }),
    }
}

/// The list that a record names: its own, or the one beside the log, if that is there and is what the record names.
pub fn list(directory: &Path, named: &Value) -> Option<Vec<Value>> {
    list_on(&LocalFileSystem, directory, named)
}

fn list_on(system: &dyn FileSystem, directory: &Path, named: &Value) -> Option<Vec<Value>> {
    if let Some(list) = named.get("list").and_then(Value::as_array) {
        return Some(list.clone());
    }
    let sha256 = named.get("sha256").and_then(Value::as_str)?;
    Hash::from_hex(sha256)?;
    let bytes = read_small(system, &blob(directory, sha256), LONGEST_LIST).ok()??;
    (Hash::plain(&bytes).hex() == sha256).then(|| serde_json::from_slice(&bytes).ok())?
}

struct Endings<'r> {
    run: Option<&'r str>,
    pending: Vec<(String, Ending)>,
    found: BTreeMap<String, Ending>,
}

impl Visitor for Endings<'_> {
    fn record(&mut self, record: &Record<'_>, _line: &[u8], _chain: &Chain) -> Result<(), Fault> {
        if record.kind == Kind::ScanEnd && self.run.is_none_or(|run| record.run.starts_with(run)) {
            let body: Value = serde_json::from_str(record.body).unwrap_or_default();
            let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let ending = Ending { outcome: text("outcome"), exit: text("exit") };
            self.pending.push((record.run.to_owned(), ending));
        }
        Ok(())
    }

    fn commit(&mut self, _commit: &Commit) -> Result<(), Fault> {
        self.found.extend(self.pending.drain(..));
        Ok(())
    }

    fn discard(&mut self) {
        self.pending.clear();
    }

    fn adopts(&self, _note: &Note) -> bool {
        true
    }
}

struct Reader<'s> {
    system: &'s dyn FileSystem,
    directory: &'s Path,
    filter: &'s Filter,
    then: &'s mut dyn FnMut(Row),
    pending: Vec<Row>,
}

impl Reader<'_> {
    /// Whether a record is about the resource that is asked for, and which of its list are.
    fn about(&self, body: &Value) -> (bool, Option<Vec<String>>) {
        let Some(wanted) = &self.filter.resource else { return (true, Some(Vec::new())) };
        if let Some(resource) = body.get("resource").and_then(Value::as_str) {
            return (wanted.matches(resource), Some(Vec::new()));
        }
        let Some(resources) = body.get("resources") else { return (false, Some(Vec::new())) };
        // What cannot be ruled out is shown.
        let Some(list) = list_on(self.system, self.directory, resources) else { return (true, None) };
        let matching = list.iter().filter_map(Value::as_str).filter(|id| wanted.matches(id));
        let matching: Vec<String> = matching.map(ToOwned::to_owned).collect();
        (!matching.is_empty(), Some(matching))
    }

    fn asked(&self, body: &Value) -> bool {
        self.filter.rule.as_ref().is_none_or(|wanted| {
            body.get("rule").and_then(Value::as_str).is_some_and(|rule| wanted.matches(rule))
        })
    }
}

impl Visitor for Reader<'_> {
    fn record(&mut self, record: &Record<'_>, line: &[u8], _chain: &Chain) -> Result<(), Fault> {
        if self.filter.run.as_ref().is_some_and(|run| !record.run.starts_with(run.as_str())) {
            return Ok(());
        }
        let body: Value = serde_json::from_str(record.body).unwrap_or_default();
        let (about, matching) = if self.asked(&body) { self.about(&body) } else { (false, Some(Vec::new())) };
        if about || matches!(record.kind, Kind::ScanStart | Kind::ScanInputs | Kind::ScanEnd) {
            self.pending.push(Row {
                index: record.index,
                time: record.time.to_owned(),
                run: record.run.to_owned(),
                kind: record.kind,
                body,
                record: String::from_utf8_lossy(line).into_owned(),
                asked: about,
                matching,
            });
        }
        Ok(())
    }

    fn commit(&mut self, _commit: &Commit) -> Result<(), Fault> {
        self.pending.drain(..).for_each(&mut *self.then);
        Ok(())
    }

    fn discard(&mut self) {
        self.pending.clear();
    }

    fn adopts(&self, _note: &Note) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
