//! `export`: the log as tiles (C2SP `tlog-tiles`), static files that readers of such logs fetch and check.
//!
//! Records and heads are the same, bit for bit: only where they lie differs. The checkpoint is written last, so that
//! whoever reads meanwhile finds all that it covers.

use std::{
    mem,
    path::{Path, PathBuf},
};

use super::{
    chain::{Chain, Fault},
    commit::Commit,
    error::AuditError,
    log::read_description,
    note::{self, Note},
    record::Record,
    store::{Context as _, FileSystem, IoError, LocalFileSystem, create_directories, read_small, replace},
    tree::{Frontier, Hash},
    walk::{Position, Visitor, walk},
};

/// Hashes in a tile, and records in a bundle of entries.
const WIDTH: usize = 256;

/// The newest head, under the name that the specification gives it.
const CHECKPOINT: &str = "checkpoint";

/// Writes the log in a folder as tiles into another folder: a new or an empty one, or one with an older export of it.
///
/// # Errors
/// Where the log is damaged or unsigned, or the folder holds anything else.
pub fn export(directory: &Path, to: &Path) -> Result<Note, AuditError> {
    export_on(&LocalFileSystem, directory, to)
}

pub(super) fn export_on(system: &dyn FileSystem, directory: &Path, to: &Path) -> Result<Note, AuditError> {
    if read_description(system, directory)?.is_none() {
        return Err(AuditError::Missing { path: directory.to_owned() });
    }
    let older = older(system, to)?;
    // Nothing is written before all of it is known to be the log that may be exported here.
    let mut probe = Probe { wanted: older.as_ref().map(|older| older.checkpoint.size), root: None };
    let end = walk(system, directory, Position::beginning(), &mut probe)?;
    let Some(head) = end.head() else {
        return Err(AuditError::Request("the log has no head yet".to_owned()));
    };
    let note = head.note.clone();
    if !note.is_signed() {
        let why = "the log is UNSIGNED: readers of tiles trust nothing but a signed head; sign it with `--audit-key`";
        return Err(AuditError::Request(why.to_owned()));
    }
    if let Some(older) = older {
        extends(&note, &older, probe.root)?;
    }
    let tiles = Tiles { system, to, levels: Vec::new(), entries: Vec::new(), size: 0 };
    let mut exporter = Exporter { pending: Vec::new(), tiles, failure: None };
    let end = walk(system, directory, Position::beginning(), &mut exporter);
    if let Some(failure) = exporter.failure {
        return Err(failure.into());
    }
    if end?.head().is_none_or(|head| head.note != note) {
        return Err(AuditError::Request("the log grew meanwhile: export it again".to_owned()));
    }
    exporter.tiles.finish()?;
    replace(system, &to.join(CHECKPOINT), "checkpoint.draft", note.encode().as_bytes(), true)?;
    Ok(note)
}

/// An export only grows: what it held stays as it was.
fn extends(note: &Note, older: &Note, root: Option<Hash>) -> Result<(), AuditError> {
    let (new, old) = (&note.checkpoint, &older.checkpoint);
    if old.origin != new.origin {
        return Err(AuditError::OtherOrigin { log: new.origin.clone(), given: old.origin.clone() });
    }
    let found = match root {
        Some(root) if root == old.root => return Ok(()),
        Some(_) => "the log has other records up to there",
        None => "the log ends before it",
    };
    Err(AuditError::Rollback {
        remembered_size: old.size,
        remembered: older.encode(),
        found: found.to_owned(),
        found_note: note.encode(),
    })
}

/// Finds the root of the first so many records.
struct Probe {
    wanted: Option<u64>,
    root: Option<Hash>,
}

impl Visitor for Probe {
    fn record(&mut self, _record: &Record<'_>, _line: &[u8], chain: &Chain) -> Result<(), Fault> {
        if self.wanted == Some(chain.size()) {
            self.root = Some(chain.frontier.root());
        }
        Ok(())
    }

    fn commit(&mut self, _commit: &Commit) -> Result<(), Fault> {
        Ok(())
    }

    fn discard(&mut self) {}

    fn adopts(&self, _note: &Note) -> bool {
        true
    }
}

/// The head of an export that is already there.
fn older(system: &dyn FileSystem, to: &Path) -> Result<Option<Note>, AuditError> {
    let path = to.join(CHECKPOINT);
    if let Some(bytes) = read_small(system, &path, note::LONGEST)? {
        let text = String::from_utf8(bytes).map_err(|_| AuditError::Occupied { path: to.to_owned() })?;
        return Ok(Some(Note::parse(&text)?));
    }
    match system.list(to) {
        Ok(names) if !names.is_empty() => Err(AuditError::Occupied { path: to.to_owned() }),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).on("list", to)?,
        _ => Ok(None),
    }
}

/// Hands records to the tiles once a commit covers them.
struct Exporter<'e> {
    pending: Vec<(Hash, Vec<u8>)>,
    tiles: Tiles<'e>,
    failure: Option<IoError>,
}

impl Visitor for Exporter<'_> {
    fn record(&mut self, _record: &Record<'_>, line: &[u8], chain: &Chain) -> Result<(), Fault> {
        self.pending.extend(chain.previous.map(|leaf| (leaf, line.to_vec())));
        Ok(())
    }

    fn commit(&mut self, _commit: &Commit) -> Result<(), Fault> {
        for (leaf, record) in mem::take(&mut self.pending) {
            if let Err(failure) = self.tiles.add(leaf, &record) {
                self.failure = Some(failure);
                return Err(Fault::new("the export ended"));
            }
        }
        Ok(())
    }

    fn discard(&mut self) {
        self.pending.clear();
    }

    fn adopts(&self, _note: &Note) -> bool {
        true
    }
}

/// The tiles at the right edge of the tree; those left of it are written.
struct Tiles<'t> {
    system: &'t dyn FileSystem,
    to: &'t Path,
    /// From the leaves on: how many tiles of a level are full, and the hashes of the next one.
    levels: Vec<(u64, Vec<Hash>)>,
    /// The bundle of the newest records: each with its length before it.
    entries: Vec<u8>,
    /// Number of records.
    size: u64,
}

impl Tiles<'_> {
    fn add(&mut self, leaf: Hash, record: &[u8]) -> Result<(), IoError> {
        let length = u16::try_from(record.len()).expect("a record is shorter than an entry may be");
        self.entries.extend(length.to_be_bytes());
        self.entries.extend(record);
        self.size += 1;
        let bundle = self.size / WIDTH as u64;
        if self.size.is_multiple_of(WIDTH as u64) {
            let entries = mem::take(&mut self.entries);
            self.write("entries", bundle - 1, WIDTH, &entries)?;
        }
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() <= level {
                self.levels.push((0, Vec::with_capacity(WIDTH)));
            }
            let (full, tile) = &mut self.levels[level];
            tile.push(hash);
            if tile.len() < WIDTH {
                break;
            }
            let (number, tile) = (*full, mem::take(tile));
            *full += 1;
            self.write(&level.to_string(), number, WIDTH, &bytes(&tile))?;
            hash = root(&tile);
        }
        Ok(())
    }

    /// What is not full yet.
    fn finish(&mut self) -> Result<(), IoError> {
        for (level, (number, tile)) in mem::take(&mut self.levels).into_iter().enumerate() {
            if !tile.is_empty() {
                self.write(&level.to_string(), number, tile.len(), &bytes(&tile))?;
            }
        }
        let (size, width) = (self.size, WIDTH as u64);
        match usize::try_from(size % width) {
            Ok(count) if count > 0 => self.write("entries", size / width, count, &self.entries),
            _ => Ok(()),
        }
    }

    fn write(&self, level: &str, number: u64, count: usize, bytes: &[u8]) -> Result<(), IoError> {
        let path = self.to.join(name(level, number, count));
        if let Some(folder) = path.parent() {
            create_directories(self.system, folder)?;
        }
        replace(self.system, &path, "draft", bytes, false)
    }
}

/// `tile/0/x001/234.p/17`: three digits a folder, the width of a tile that is not full behind it.
fn name(level: &str, number: u64, count: usize) -> PathBuf {
    let mut parts = vec![format!("{:03}", number % 1000)];
    let mut rest = number / 1000;
    while rest > 0 {
        parts.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    parts.reverse();
    let part = if count < WIDTH { format!(".p/{count}") } else { String::new() };
    PathBuf::from(format!("tile/{level}/{}{part}", parts.join("/")))
}

fn bytes(tile: &[Hash]) -> Vec<u8> {
    tile.iter().flat_map(|hash| hash.0).collect()
}

/// Root of a full tile.
fn root(tile: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    tile.iter().for_each(|hash| frontier.push(*hash));
    frontier.root()
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names_are_those_of_the_specification() {
        for (number, count, expected) in [
            (0, 256, "tile/0/000"),
            (0, 1, "tile/0/000.p/1"),
            (999, 256, "tile/0/999"),
            (1_234_067, 256, "tile/0/x001/x234/067"),
            (1_234_067, 17, "tile/0/x001/x234/067.p/17"),
        ] {
            assert_eq!(name("0", number, count).to_string_lossy(), expected);
        }
    }
}
