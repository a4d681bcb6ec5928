//! Reading the log: records as rows for people, filtered. Nothing is verified but what reading needs.

use std::path::Path;

use ignore::overrides::{Override, OverrideBuilder};
use serde_json::Value;

use super::{
    chain::{Chain, Fault},
    commit::Commit,
    error::AuditError,
    layout::blob,
    note::Note,
    printable::printable,
    record::Record,
    store::{FileSystem, LocalFileSystem, read_small},
    tree::Hash,
    walk::{Position, Visitor, walk},
};

/// Longer lists are counted, not shown.
const MOST_ITEMS: usize = 3;

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

/// A record for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub index: u64,
    pub time: String,
    pub run: String,
    /// Type of the record, such as `decision`.
    pub kind: &'static str,
    /// Name and value of the body's plain fields, safe to print; nested ones joined by dots.
    pub fields: Vec<(String, String)>,
    /// The record as it stands in the log.
    pub record: String,
}

impl Row {
    /// The fields on one line.
    pub fn summary(&self) -> String {
        let fields: Vec<String> = self.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        fields.join(" ")
    }
}

/// The committed records that match, in order.
pub fn records(directory: &Path, filter: &Filter) -> Result<Vec<Row>, AuditError> {
    let mut rows = Vec::new();
    each(directory, filter, &mut |row| rows.push(row))?;
    Ok(rows)
}

/// Hands the committed records that match on one by one, for logs that do not fit into memory; says whether the newest
/// head carries a signature, which is not checked.
pub fn each(directory: &Path, filter: &Filter, then: &mut dyn FnMut(Row)) -> Result<bool, AuditError> {
    each_on(&LocalFileSystem, directory, filter, then)
}

pub(super) fn each_on(
    system: &dyn FileSystem,
    directory: &Path,
    filter: &Filter,
    then: &mut dyn FnMut(Row),
) -> Result<bool, AuditError> {
    if super::log::read_description(system, directory)?.is_none() {
        return Err(AuditError::Missing { path: directory.to_owned() });
    }
    let mut reader = Reader { system, directory, filter, then, pending: Vec::new() };
    let end = walk(system, directory, Position::beginning(), &mut reader)?;
    Ok(end.head().is_some_and(|commit| commit.note.is_signed()))
}

struct Reader<'s> {
    system: &'s dyn FileSystem,
    directory: &'s Path,
    filter: &'s Filter,
    then: &'s mut dyn FnMut(Row),
    pending: Vec<Row>,
}

/// Whether a record is about the resource that is asked for.
enum About {
    Yes,
    No,
    /// The list that would tell is gone or was changed.
    Unknown,
}

impl Reader<'_> {
    fn about(&self, body: &Value, wanted: Option<&Pattern>) -> About {
        let Some(wanted) = wanted else { return About::Yes };
        let found = |matches: bool| if matches { About::Yes } else { About::No };
        if let Some(resource) = body.get("resource").and_then(Value::as_str) {
            return found(wanted.matches(resource));
        }
        let Some(resources) = body.get("resources") else { return About::No };
        let any = |list: &[Value]| list.iter().filter_map(Value::as_str).any(|id| wanted.matches(id));
        if let Some(list) = resources.get("list").and_then(Value::as_array) {
            return found(any(list));
        }
        let sha256 = resources.get("sha256").and_then(Value::as_str).unwrap_or_default();
        self.list(sha256).map_or(About::Unknown, |list| found(any(&list)))
    }

    /// A list that lies beside the log, if it is there and is what the record names.
    fn list(&self, sha256: &str) -> Option<Vec<Value>> {
        Hash::from_hex(sha256)?;
        let bytes = read_small(self.system, &blob(self.directory, sha256), LONGEST_LIST).ok()??;
        (Hash::plain(&bytes).hex() == sha256).then(|| serde_json::from_slice(&bytes).ok())?
    }
}

impl Visitor for Reader<'_> {
    fn record(&mut self, record: &Record<'_>, line: &[u8], _chain: &Chain) -> Result<(), Fault> {
        if self.filter.run.as_ref().is_some_and(|run| !record.run.starts_with(run.as_str())) {
            return Ok(());
        }
        let body: Value = serde_json::from_str(record.body).unwrap_or_default();
        let rule = || body.get("rule").and_then(Value::as_str);
        if self.filter.rule.as_ref().is_some_and(|wanted| !rule().is_some_and(|rule| wanted.matches(rule))) {
            return Ok(());
        }
        let about = self.about(&body, self.filter.resource.as_ref());
        if !matches!(about, About::No) {
            let mut fields = Vec::new();
            flatten("", &body, &mut fields);
            if matches!(about, About::Unknown) {
                fields.push((
                    "resources".to_owned(),
                    "(not known: the list is gone or was changed)".to_owned(),
                ));
            }
            self.pending.push(Row {
                index: record.index,
                time: record.time.to_owned(),
                run: record.run.to_owned(),
                kind: record.kind.name(),
                fields,
                record: String::from_utf8_lossy(line).into_owned(),
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

fn flatten(prefix: &str, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&name, value, fields);
            }
        }
        Value::Array(items) if items.len() > MOST_ITEMS => {
            fields.push((printable(prefix).into_owned(), format!("({} items)", items.len())));
        }
        Value::Array(items) => {
            for (position, value) in items.iter().enumerate() {
                flatten(&format!("{prefix}.{position}"), value, fields);
            }
        }
        Value::String(text) => fields.push((printable(prefix).into_owned(), printable(text).into_owned())),
        other => fields.push((printable(prefix).into_owned(), other.to_string())),
    }
}
