//! The file system as the log uses it: a small interface, so that faults and power loss can be played in tests.
//!
//! Deliberately absent: overwriting, truncating and deleting. Only derived files are replaced, by renaming.

pub mod local;

use std::{
    io,
    path::{Path, PathBuf},
};

pub use local::LocalFileSystem;
use sha2::{Digest as _, Sha256};

use super::tree::Hash;

/// What to open a file for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    /// An existing file, written at its end only.
    Append,
    /// A new file, written at its end only; an error if the name is taken.
    Create,
    /// A file that is derived from others: emptied if it exists.
    Replace,
    /// The lock: created if need be, never written.
    Lock,
}

/// What kind of thing a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    File,
    Directory,
    /// A symbolic link, a device, a socket.
    Other,
}

/// What is known of a name without following it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    pub shape: Shape,
    pub length: u64,
    /// Number of names of the file.
    pub links: u64,
    /// Whether it belongs to the user who runs this, or that user may do everything anyway.
    pub own: bool,
    /// Whether others than the owner may write to it.
    pub writable_by_others: bool,
}

/// An open file.
pub trait StoredFile: Send {
    fn length(&self) -> io::Result<u64>;
    /// Reads at a byte offset; 0 bytes at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes some of the bytes at the end of the file.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes content and length durable.
    fn sync(&mut self) -> io::Result<()>;
    /// `false` if another holds it. The lock goes when the file is dropped.
    fn try_lock(&self) -> io::Result<bool>;
}

/// A file system.
pub trait FileSystem: Send + Sync {
    /// A private folder; `AlreadyExists` if the name is taken.
    fn create_directory(&self, path: &Path) -> io::Result<()>;
    /// Names in a folder, sorted; names that are not text are left out.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    fn attributes(&self, path: &Path) -> io::Result<Attributes>;
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn StoredFile>>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
    /// Takes away the permission to write.
    fn seal(&self, path: &Path) -> io::Result<()>;
    /// Name of the network file system that the path lies on, where it is known that locks may not hold there.
    fn network(&self, path: &Path) -> Option<&'static str>;
}

/// An operation on a file that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} `{}`: {source}", path.display())]
pub struct IoError {
    /// Verb phrase: `sync`, `append to`.
    pub action: &'static str,
    pub path: PathBuf,
    pub source: io::Error,
}

/// Says what was done to which file when an operation fails.
pub(super) trait Context<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, IoError>;
}

impl<T> Context<T> for io::Result<T> {
    fn on(self, action: &'static str, path: &Path) -> Result<T, IoError> {
        self.map_err(|source| IoError { action, path: path.to_owned(), source })
    }
}

/// Writes all bytes at the end of a file.
pub(super) fn append_all(file: &mut dyn StoredFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills the buffer from a byte offset; fewer bytes only at the end of the file.
pub(super) fn read_full(file: &dyn StoredFile, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(offset + filled as u64, &mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// A small file as a whole; `None` if there is none. Of a longer one, a byte more than `limit`.
pub(super) fn read_small(
    system: &dyn FileSystem,
    path: &Path,
    limit: usize,
) -> Result<Option<Vec<u8>>, IoError> {
    let file = match system.open(path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).on("read", path),
    };
    let length = usize::try_from(file.length().on("read", path)?).unwrap_or(usize::MAX);
    let mut bytes = vec![0; length.saturating_add(1).min(limit + 1)];
    let length = read_full(&*file, 0, &mut bytes).on("read", path)?;
    bytes.truncate(length);
    Ok(Some(bytes))
}

/// SHA-256 of a part of a file, or of what there is of it.
pub(super) fn digest(system: &dyn FileSystem, path: &Path, from: u64, to: u64) -> Result<Hash, IoError> {
    let file = system.open(path, Access::Read).on("read", path)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 1 << 16];
    let mut offset = from;
    while offset < to {
        let wanted = chunk.len().min(usize::try_from(to - offset).unwrap_or(usize::MAX));
        let count = read_full(&*file, offset, &mut chunk[..wanted]).on("read", path)?;
        if count == 0 {
            break;
        }
        hash.update(&chunk[..count]);
        offset += count as u64;
    }
    Ok(Hash(hash.finalize().into()))
}

/// Replaces a derived file as a whole: after a crash there is the old one, the new one, or (unsynced) a damaged one.
/// The draft's name must not be in use by another process.
pub(super) fn replace(
    system: &dyn FileSystem,
    path: &Path,
    draft: &str,
    bytes: &[u8],
    durable: bool,
) -> Result<(), IoError> {
    let draft = path.with_file_name(draft);
    let mut file = system.open(&draft, Access::Replace).on("create", &draft)?;
    append_all(&mut *file, bytes).on("write", &draft)?;
    if durable {
        file.sync().on("sync", &draft)?;
    }
    drop(file);
    system.rename(&draft, path).on("replace", path)?;
    if durable && let Some(parent) = path.parent() {
        system.sync_directory(parent).on("sync", parent)?;
    }
    Ok(())
}

/// Creates a folder and those above it, durably; `true` if it is new.
pub(super) fn create_directories(system: &dyn FileSystem, path: &Path) -> Result<bool, IoError> {
    if path.as_os_str().is_empty()
        || matches!(system.attributes(path), Ok(Attributes { shape: Shape::Directory, .. }))
    {
        return Ok(false);
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        create_directories(system, parent)?;
    }
    match system.create_directory(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error).on("create the folder", path),
    }
    let parent = parent.unwrap_or(Path::new("."));
    system.sync_directory(parent).on("sync", parent)?;
    Ok(true)
}
