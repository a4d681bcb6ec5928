//! Making proofs: one pass to find the record and the head, one to collect hashes.

use std::{cell::RefCell, collections::BTreeSet, path::Path};

use super::{ConsistencyProof, InclusionProof, names_report};
use crate::audit::{
    chain::{Chain, Fault},
    commit::Commit,
    error::AuditError,
    event::Kind,
    log::read_description,
    note::Note,
    record::Record,
    store::{FileSystem, LocalFileSystem},
    tree::proof::{RangeRoots, consistency_ranges, inclusion_ranges},
    walk::{Position, Visitor, walk},
};

/// Fewest digits by which a fingerprint may be named; `show` prints as many.
const FEWEST_DIGITS: usize = 8;

/// Proves the newest decision with a fingerprint, or with the one that begins like this, of one run where it is named (by
/// how its ULID begins).
pub fn prove_finding(
    directory: &Path,
    fingerprint: &str,
    run: Option<&str>,
) -> Result<InclusionProof, AuditError> {
    let mut quoted = serde_json::to_string(fingerprint).unwrap_or_default();
    let is_beginning = (FEWEST_DIGITS..64).contains(&fingerprint.len())
        && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_beginning {
        quoted.pop();
    }
    let named = format!(r#""fingerprint":{quoted}"#);
    let begin_so = RefCell::new(BTreeSet::new());
    let found = prove(&LocalFileSystem, directory, |record| {
        let is_wanted = record.kind == Kind::Decision
            && record.body.contains(&named)
            && run.is_none_or(|run| record.run.starts_with(run));
        if is_wanted && is_beginning {
            begin_so.borrow_mut().extend(fingerprint_of(record));
        }
        is_wanted
    })?;
    let begin_so = begin_so.into_inner();
    if begin_so.len() > 1 {
        let all: Vec<String> = begin_so.into_iter().collect();
        return Err(AuditError::Request(format!(
            "several findings begin with `{fingerprint}`: name one of {}",
            all.join(", ")
        )));
    }
    found.ok_or_else(|| {
        AuditError::Request(format!("the log holds no decision with the fingerprint `{fingerprint}`"))
    })
}

fn fingerprint_of(record: &Record<'_>) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        fingerprint: String,
    }
    serde_json::from_str::<Named>(record.body).ok().map(|named| named.fingerprint)
}

/// Proves the newest end of a run that wrote a report with this SHA-256.
pub fn prove_report(directory: &Path, sha256: &str, run: Option<&str>) -> Result<InclusionProof, AuditError> {
    let found = prove(&LocalFileSystem, directory, |record| {
        run.is_none_or(|run| record.run.starts_with(run)) && names_report(record, sha256)
    })?;
    found.ok_or_else(|| {
        AuditError::Request(format!("no run in the log wrote a report with the SHA-256 `{sha256}`"))
    })
}

/// Proves the record with an index.
pub fn prove_index(directory: &Path, index: u64) -> Result<InclusionProof, AuditError> {
    prove(&LocalFileSystem, directory, |record| record.index == index)?
        .ok_or_else(|| AuditError::Request(format!("the log has no record with the index {index}")))
}

/// Proves that a head of the log extends an older one: the newest head, or another that is given.
pub fn consistency(directory: &Path, old: &Note, new: Option<&Note>) -> Result<ConsistencyProof, AuditError> {
    let system = &LocalFileSystem;
    let note = match new {
        Some(note) => note.clone(),
        None => newest_head(system, directory)?,
    };
    let old_size = old.checkpoint.size;
    let ranges = consistency_ranges(old_size.min(note.checkpoint.size), note.checkpoint.size);
    let hashes = collect(system, directory, ranges)?
        .ok_or_else(|| AuditError::Shorter { size: note.checkpoint.size.max(old_size) })?;
    Ok(ConsistencyProof { old_size, hashes, note })
}

fn prove(
    system: &dyn FileSystem,
    directory: &Path,
    wanted: impl Fn(&Record<'_>) -> bool,
) -> Result<Option<InclusionProof>, AuditError> {
    must_exist(system, directory)?;
    let mut finder = Finder { wanted, pending: None, found: None };
    let end = walk(system, directory, Position::beginning(), &mut finder)?;
    let (Some((index, record)), Some(head)) = (finder.found, end.head()) else { return Ok(None) };
    let note = head.note.clone();
    let hashes = collect(system, directory, inclusion_ranges(index, note.checkpoint.size))?;
    Ok(hashes.map(|hashes| InclusionProof { record, index, hashes, note }))
}

fn newest_head(system: &dyn FileSystem, directory: &Path) -> Result<Note, AuditError> {
    must_exist(system, directory)?;
    let mut reader = Collector::new(Vec::new());
    let end = walk(system, directory, Position::beginning(), &mut reader)?;
    end.head()
        .map(|commit| commit.note.clone())
        .ok_or_else(|| AuditError::Request("the log has no head yet".to_owned()))
}

fn collect(
    system: &dyn FileSystem,
    directory: &Path,
    ranges: Vec<std::ops::Range<u64>>,
) -> Result<Option<Vec<crate::audit::tree::Hash>>, AuditError> {
    must_exist(system, directory)?;
    let mut collector = Collector::new(ranges);
    walk(system, directory, Position::beginning(), &mut collector)?;
    Ok(collector.committed.roots())
}

fn must_exist(system: &dyn FileSystem, directory: &Path) -> Result<(), AuditError> {
    match read_description(system, directory)? {
        Some(_) => Ok(()),
        None => Err(AuditError::Missing { path: directory.to_owned() }),
    }
}

/// Finds the last committed record that is wanted.
struct Finder<W> {
    wanted: W,
    pending: Option<(u64, Vec<u8>)>,
    found: Option<(u64, Vec<u8>)>,
}

impl<W: Fn(&Record<'_>) -> bool> Visitor for Finder<W> {
    fn record(&mut self, record: &Record<'_>, line: &[u8], _chain: &Chain) -> Result<(), Fault> {
        if (self.wanted)(record) {
            self.pending = Some((record.index, line.to_vec()));
        }
        Ok(())
    }

    fn commit(&mut self, _commit: &Commit) -> Result<(), Fault> {
        self.found = self.pending.take().or(self.found.take());
        Ok(())
    }

    fn discard(&mut self) {
        self.pending = None;
    }

    fn adopts(&self, _note: &Note) -> bool {
        true
    }
}

/// Collects the roots of ranges of committed records.
struct Collector {
    committed: RangeRoots,
    current: RangeRoots,
}

impl Collector {
    fn new(ranges: Vec<std::ops::Range<u64>>) -> Self {
        let roots = RangeRoots::new(ranges);
        Self { committed: roots.clone(), current: roots }
    }
}

impl Visitor for Collector {
    fn record(&mut self, record: &Record<'_>, _line: &[u8], chain: &Chain) -> Result<(), Fault> {
        if let Some(leaf) = chain.previous {
            self.current.leaf(record.index, leaf);
        }
        Ok(())
    }

    fn commit(&mut self, _commit: &Commit) -> Result<(), Fault> {
        self.committed.clone_from(&self.current);
        Ok(())
    }

    fn discard(&mut self) {
        self.current.clone_from(&self.committed);
    }

    fn adopts(&self, _note: &Note) -> bool {
        true
    }
}
