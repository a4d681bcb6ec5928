//! Remembered heads: what tells a log from an older copy of itself.
//!
//! A log that was cut at a commit is whole in itself. Only a head that somebody kept elsewhere shows the difference.

use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{
    chain::Chain,
    note::{self, Note},
    store::{FileSystem, IoError, create_directories, read_small, replace},
    tree::Hash,
};

/// Readers remember without the lock: no two drafts may have one name.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

/// Folder of the heads that this user signed or verified, below the user's state folder.
#[derive(Debug, Clone)]
pub struct Memory {
    folder: PathBuf,
}

impl Memory {
    /// In the state folder of the program, such as `$XDG_STATE_HOME/probity`.
    pub fn new(state: &Path) -> Self {
        Self { folder: state.join("heads") }
    }

    /// Makes sure that it can be used.
    pub(super) fn prepare(&self, system: &dyn FileSystem) -> Result<(), IoError> {
        create_directories(system, &self.folder).map(drop)
    }

    /// The last head of an origin; `None` if none is known, or the file was damaged by a crash.
    pub(super) fn recall(&self, system: &dyn FileSystem, origin: &str) -> Result<Option<Note>, IoError> {
        let bytes = read_small(system, &self.path(origin), note::LONGEST)?;
        Ok(bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .and_then(|text| Note::parse(&text).ok())
            .filter(|note| note.checkpoint.origin == origin))
    }

    pub(super) fn remember(&self, system: &dyn FileSystem, note: &Note) -> Result<(), IoError> {
        let path = self.path(&note.checkpoint.origin);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = format!("{name}.{}.{}.tmp", std::process::id(), DRAFTS.fetch_add(1, Ordering::Relaxed));
        replace(system, &path, &draft, note.encode().as_bytes(), false)
    }

    fn path(&self, origin: &str) -> PathBuf {
        self.folder.join(Hash::plain(origin.as_bytes()).hex())
    }
}

/// Heads that must be heads of the log, compared while it is read.
#[derive(Debug, Default)]
pub struct Expected {
    heads: Vec<ExpectedHead>,
    /// Roots at expected sizes, of records that no commit covers yet.
    pending: Vec<(usize, Hash)>,
}

#[derive(Debug)]
struct ExpectedHead {
    /// Where it was kept.
    label: String,
    note: Note,
    root: Option<Hash>,
}

/// A head that the log does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    pub label: String,
    pub note: Note,
    /// Root of the log at that size; `None` if the log is shorter.
    pub root: Option<Hash>,
}

impl Expected {
    pub fn add(&mut self, label: impl Into<String>, note: Note) {
        let root = (note.checkpoint.size == 0).then(Hash::empty);
        self.heads.push(ExpectedHead { label: label.into(), note, root });
    }

    /// Smallest size that is expected and not known yet: reading must not begin behind it.
    pub fn smallest(&self) -> Option<u64> {
        let unknown = self.heads.iter().filter(|head| head.root.is_none());
        unknown.map(|head| head.note.checkpoint.size).min()
    }

    /// The log stands here after a record, or where reading begins.
    pub fn at(&mut self, chain: &Chain) {
        for (position, head) in self.heads.iter().enumerate() {
            if head.note.checkpoint.size == chain.size() {
                self.pending.push((position, chain.frontier.root()));
            }
        }
    }

    pub fn commit(&mut self) {
        for (position, root) in std::mem::take(&mut self.pending) {
            if let Some(head) = self.heads.get_mut(position) {
                head.root = Some(root);
            }
        }
    }

    pub fn discard(&mut self) {
        self.pending.clear();
    }

    /// The heads that the log turned out not to have.
    pub fn contradictions(&self) -> Vec<Contradiction> {
        self.heads
            .iter()
            .filter(|head| head.root != Some(head.note.checkpoint.root))
            .map(|head| Contradiction { label: head.label.clone(), note: head.note.clone(), root: head.root })
            .collect()
    }
}
