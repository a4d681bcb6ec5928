//! Verification: the whole log in one pass, every byte, every link, every head.

mod keys;
mod reader;
mod verdict;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{
    chain::Fault,
    error::AuditError,
    heads::{Expected, Memory},
    key::VerifierKey,
    layout::{CHECKPOINT, Description},
    locate::locate,
    log::read_description,
    note::{self, Note},
    store::{FileSystem, LocalFileSystem, read_small},
    walk::{End, Position, Violation, segments, walk},
};
use keys::KeyRing;
use reader::Reader;
pub use verdict::{Notice, Outcome, Signatures, Verdict};

const CHECKPOINT_LABEL: &str = "the `checkpoint` file of the log";
const MEMORY_LABEL: &str = "the head in the user's state folder";
const FROM_LABEL: &str = "the head to verify from";

/// What to verify against.
#[derive(Debug, Default)]
pub struct VerifyOptions {
    /// Keys that the user knows from elsewhere; without any, the log's own are used, and the verdict says so.
    pub keys: Vec<VerifierKey>,
    /// Heads that the log must have, each with where it came from.
    pub trusted: Vec<(String, Note)>,
    /// A head from which on to verify; what is older is taken as verified, unless another head is to be compared that
    /// is older still.
    pub from: Option<Note>,
    /// The user's state folder, for the head that was signed or verified last.
    pub state: Option<PathBuf>,
    /// Name that the log has unless it was given another: where nothing is left of it, a head may still be remembered.
    pub origin: Option<String>,
}

/// Verifies a log of this machine. Errors are those of reading and of asking; what is wrong with the log is in the
/// verdict.
pub fn verify(directory: &Path, options: &VerifyOptions) -> Result<Verdict, AuditError> {
    verify_on(&LocalFileSystem, directory, options)
}

pub(super) fn verify_on(
    system: &dyn FileSystem,
    directory: &Path,
    options: &VerifyOptions,
) -> Result<Verdict, AuditError> {
    match verified(system, directory, options) {
        Err(AuditError::Damaged(violation)) => Ok(Verdict::damaged(violation)),
        other => other,
    }
}

fn verified(
    system: &dyn FileSystem,
    directory: &Path,
    options: &VerifyOptions,
) -> Result<Verdict, AuditError> {
    // Copies of heads are read before the segments: a writer may add to both while this reads.
    let Some((description, _)) = read_description(system, directory)? else {
        return gone(system, directory, options);
    };
    let mut notices = Vec::new();
    let mut expected = Expected::default();
    let copy = checkpoint_copy(system, directory, &description, &mut notices)?;
    if let Some(note) = &copy {
        expected.add(CHECKPOINT_LABEL, note.clone());
    }
    let memory = options.state.as_deref().map(Memory::new);
    let remembered = match &memory {
        Some(memory) => memory.recall(system, &description.origin)?,
        None => None,
    };
    if let Some(note) = &remembered {
        expected.add(MEMORY_LABEL, note.clone());
    }
    named(options, &mut expected);
    let mut start = match &options.from {
        Some(note) => {
            let size = note.checkpoint.size;
            locate(system, directory, expected.smallest().map_or(size, |other| other.min(size)))?
        }
        None => Position::beginning(),
    };
    let mut keys = KeyRing::new(&description, &options.keys);
    if start.commit.as_ref().is_some_and(|commit| !keys.begin_at(&commit.note)) {
        // Only the records before it tell how the log came to that key.
        start = Position::beginning();
    }
    let first = start.chain.size();
    let remembers = remembered.is_some() || !options.trusted.is_empty() || options.from.is_some();

    let mut reader = Reader::new(system, directory, &description, keys, expected);
    reader
        .begin(&start)
        .map_err(|fault| AuditError::Damaged(Box::new(start.violation(first.saturating_sub(1), fault))))?;
    let end = walk(system, directory, start, &mut reader)?;
    if let Some(violation) = damaged_end(&end, copy.as_ref()) {
        return Err(AuditError::Damaged(Box::new(violation)));
    }
    let verdict = reader.verdict(&end, first, notices, remembers)?;
    if let (Some(memory), 0, Some(head)) = (&memory, verdict.exit_code(), end.head())
        && remembered.is_none_or(|note| note.checkpoint.size < head.note.checkpoint.size)
    {
        // Best effort: a verification that cannot be remembered is still one.
        let _ = memory.prepare(system).and_then(|()| memory.remember(system, &head.note));
    }
    Ok(verdict)
}

/// Nothing says what this log is: damage if there are records, a rollback if somebody remembers that there were.
fn gone(system: &dyn FileSystem, directory: &Path, options: &VerifyOptions) -> Result<Verdict, AuditError> {
    if !segments(system, directory)?.is_empty() {
        let fault = Fault::new("`log.json` is missing");
        let file = super::layout::DESCRIPTION.to_owned();
        return Err(AuditError::Damaged(Box::new(Violation { index: None, file, offset: 0, fault })));
    }
    let mut expected = Expected::default();
    let copy = read_small(system, &directory.join(CHECKPOINT), note::LONGEST)?;
    if let Some(note) = copy.and_then(parsed) {
        expected.add(CHECKPOINT_LABEL, note);
    }
    if let Some(memory) = options.state.as_deref().map(Memory::new) {
        let names: BTreeSet<&str> =
            options.keys.iter().map(VerifierKey::name).chain(options.origin.as_deref()).collect();
        for name in names {
            if let Some(note) = memory.recall(system, name)? {
                expected.add(MEMORY_LABEL, note);
            }
        }
    }
    named(options, &mut expected);
    match expected.contradictions() {
        contradictions if contradictions.is_empty() => {
            Err(AuditError::Missing { path: directory.to_owned() })
        }
        contradictions => Ok(Verdict::gone(contradictions)),
    }
}

/// Adds the heads that whoever verifies has named.
fn named(options: &VerifyOptions, expected: &mut Expected) {
    for (label, note) in &options.trusted {
        expected.add(label.clone(), note.clone());
    }
    if let Some(note) = &options.from {
        expected.add(FROM_LABEL, note.clone());
    }
}

fn parsed(note: Vec<u8>) -> Option<Note> {
    String::from_utf8(note).ok().and_then(|text| Note::parse(&text).ok())
}

/// The derived copy of the newest note. It may be stale or gone after a crash, but never ahead of the log.
fn checkpoint_copy(
    system: &dyn FileSystem,
    directory: &Path,
    description: &Description,
    notices: &mut Vec<Notice>,
) -> Result<Option<Note>, AuditError> {
    let Some(bytes) = read_small(system, &directory.join(CHECKPOINT), note::LONGEST)? else {
        return Ok(None);
    };
    let usable = parsed(bytes).filter(|note| {
        note.checkpoint.origin == description.origin && note.verify(&description.keys).is_ok()
    });
    if usable.is_none() {
        notices.push(Notice::DamagedCopy);
    }
    Ok(usable)
}

/// Damage that would look like a crash, were there not a copy of the head to which it happened.
fn damaged_end(end: &End, copy: Option<&Note>) -> Option<Violation> {
    let size = copy?.checkpoint.size;
    if let Some((chain, _)) = &end.adopted {
        let tail = end.tails.first()?;
        return (size >= chain.size()).then(|| Violation {
            index: Some(chain.size().saturating_sub(1)),
            file: format!("{}/{}", super::layout::SEGMENTS, tail.segment),
            offset: tail.start,
            fault: Fault::new("the commit line over this record was damaged after it had been written"),
        });
    }
    let problem = end.tails.iter().find(|tail| !tail.cut_off)?.problem.clone()?;
    if size <= end.position.chain.size() {
        return None;
    }
    Some(match problem.index {
        Some(index) if index == size => Violation {
            index: Some(size - 1),
            fault: Fault::new("the commit line over this record was damaged after it had been written"),
            ..problem
        },
        _ => problem,
    })
}
