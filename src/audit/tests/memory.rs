//! A file system in memory that can fail, be killed, and lose power.
//!
//! Content is durable once its file is synced, a name once its folder is. What is not durable may survive a loss of
//! power in part: sectors of a write independently of each other, names independently of content.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use crate::audit::store::{Access, Attributes, FileSystem, Shape, StoredFile};

/// What happens at one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails and does nothing.
    Fails(io::ErrorKind),
    /// A write fails after half of its bytes; other operations fail.
    Half(io::ErrorKind),
    /// A write takes half of its bytes; nothing else happens.
    Short,
    /// It is interrupted once.
    Interrupted,
    /// A sync fails, and what was to be synced is lost, though readers still see it; other operations fail.
    LosesData,
    /// A sync succeeds, and then somebody who ignores the lock adds to the file.
    Interference,
    /// The process dies before it; later operations never happen.
    Killed,
    /// The process dies within it: half of a write is done, everything else is.
    KilledWithin,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    data: Vec<u8>,
    durable: Vec<u8>,
    sealed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Directory,
    File(usize),
    Link,
}

/// A change of names that is not durable yet.
#[derive(Debug, Clone)]
struct Change {
    parent: PathBuf,
    adds: Option<(PathBuf, Node)>,
    removes: Option<PathBuf>,
}

#[derive(Debug, Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, Node>,
    durable_names: BTreeMap<PathBuf, Node>,
    changes: Vec<Change>,
    locks: BTreeSet<usize>,
    operations: u64,
    bytes_read: u64,
    faults: BTreeMap<u64, Fault>,
    dead: bool,
    network: Option<&'static str>,
    /// Bytes until the disk is full; `None`: no end of them.
    room: Option<usize>,
    /// Operations so far, with their path.
    trace: Vec<String>,
    traced: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<Mutex<State>>);

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Another file system with the same content, without faults.
    pub(super) fn copy(&self) -> Self {
        let mut state = self.state().clone();
        (state.faults, state.dead, state.operations, state.bytes_read) = (BTreeMap::new(), false, 0, 0);
        state.locks.clear();
        Self(Arc::new(Mutex::new(state)))
    }

    /// Lets the operation with this number, from the next one on, meet a fault.
    pub(super) fn fail_at(&self, operation: u64, fault: Fault) {
        let mut state = self.state();
        let at = state.operations + operation;
        state.faults.insert(at, fault);
    }

    /// Takes it for a network file system.
    pub(super) fn be_remote(&self, kind: &'static str) {
        self.state().network = Some(kind);
    }

    /// Lets the disk be full after so many bytes; `None`: never.
    pub(super) fn leave_room(&self, room: Option<usize>) {
        self.state().room = room;
    }

    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.state().bytes_read
    }

    pub(super) fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    pub(super) fn start_trace(&self) {
        let mut state = self.state();
        state.traced = true;
        state.trace.clear();
    }

    pub(super) fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let state = self.state();
        match state.names.get(path.as_ref())? {
            Node::File(inode) => Some(state.inodes[*inode].data.clone()),
            _ => None,
        }
    }

    /// Writes a file as an attacker, or an administrator, would.
    pub(super) fn put(&self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) {
        let mut state = self.state();
        let bytes = bytes.into();
        let inode = state.inodes.len();
        state.inodes.push(Inode { data: bytes.clone(), durable: bytes, sealed: false });
        let path = path.into();
        state.names.insert(path.clone(), Node::File(inode));
        state.durable_names.insert(path, Node::File(inode));
    }

    pub(super) fn change(&self, path: impl AsRef<Path>, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(path.as_ref()).unwrap();
        change(&mut bytes);
        self.put(path.as_ref(), bytes);
    }

    pub(super) fn delete(&self, path: impl AsRef<Path>) {
        let mut state = self.state();
        state.names.remove(path.as_ref()).unwrap();
        state.durable_names.remove(path.as_ref());
    }

    pub(super) fn move_file(&self, from: impl AsRef<Path>, to: impl Into<PathBuf>) {
        let bytes = self.read(from.as_ref()).unwrap();
        self.delete(from);
        self.put(to, bytes);
    }

    pub(super) fn link(&self, path: impl Into<PathBuf>) {
        self.state().names.insert(path.into(), Node::Link);
    }

    /// A second name for a file.
    pub(super) fn hard_link(&self, path: impl AsRef<Path>, other: impl Into<PathBuf>) {
        let mut state = self.state();
        let node = state.names[path.as_ref()];
        state.names.insert(other.into(), node);
    }

    pub(super) fn files(&self) -> Vec<PathBuf> {
        let state = self.state();
        state
            .names
            .iter()
            .filter(|(_, node)| matches!(node, Node::File(_)))
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// What is left after a loss of power; `random` gives numbers below its argument.
    pub(super) fn after_power_loss(&self, random: &mut dyn FnMut(usize) -> usize) -> Self {
        let state = self.state();
        let mut names = state.durable_names.clone();
        for change in &state.changes {
            if random(2) == 0 {
                continue;
            }
            if let Some(path) = &change.removes {
                names.remove(path);
            }
            if let Some((path, node)) = &change.adds {
                names.insert(path.clone(), *node);
            }
        }
        // A name in a folder that is not there cannot be reached.
        let folders: BTreeSet<PathBuf> = names.keys().cloned().collect();
        names.retain(|path, _| {
            path.parent().is_none_or(|parent| parent == Path::new("") || folders.contains(parent))
        });
        let inodes = state.inodes.iter().map(|inode| survivor(inode, random)).collect();
        let left = State { inodes, durable_names: names.clone(), names, ..State::default() };
        Self(Arc::new(Mutex::new(left)))
    }
}

fn survivor(inode: &Inode, random: &mut dyn FnMut(usize) -> usize) -> Inode {
    let mut data = inode.durable.clone();
    let old = data.len();
    if inode.data.len() > old {
        let sector = [512, 4096][random(2)];
        let mode = random(4);
        let cut = old + random(inode.data.len() - old + 1);
        let mut start = old;
        while start < inode.data.len() {
            let end = ((start / sector + 1) * sector).min(inode.data.len());
            let survives = match mode {
                0 => false,
                1 => true,
                2 => end <= cut,
                _ => random(2) == 1,
            };
            if survives {
                data.resize(data.len().max(end), 0);
                data[start..end].copy_from_slice(&inode.data[start..end]);
            }
            start = end;
        }
        if random(4) == 0 {
            // The length alone may be durable.
            data.resize(data.len().max(cut), 0);
        }
        if mode == 2 && random(2) == 0 {
            data.resize(old, 0);
            data.extend_from_slice(&inode.data[old..cut]);
        }
    }
    Inode { durable: data.clone(), data, sealed: inode.sealed }
}

impl State {
    /// Counts an operation and meets its fault.
    fn operation(&mut self, what: &str, path: &Path) -> io::Result<Option<Fault>> {
        if self.dead {
            return Err(io::Error::other("the process is dead"));
        }
        self.operations += 1;
        if self.traced {
            self.trace.push(format!("{what} {}", path.display()));
        }
        match self.faults.remove(&self.operations) {
            Some(Fault::Fails(kind)) => Err(kind.into()),
            Some(Fault::Killed) => {
                self.dead = true;
                Err(io::Error::other("killed"))
            }
            Some(fault @ Fault::Half(kind)) => {
                if what == "append" {
                    Ok(Some(fault))
                } else {
                    Err(kind.into())
                }
            }
            Some(Fault::LosesData) if what != "sync" => Err(io::ErrorKind::Other.into()),
            Some(Fault::Interrupted) if what == "append" || what == "read" => {
                Err(io::ErrorKind::Interrupted.into())
            }
            other => Ok(other),
        }
    }

    /// Ends an operation within which the process was to die.
    fn done(&mut self, fault: Option<Fault>) -> io::Result<()> {
        if fault == Some(Fault::KilledWithin) {
            self.dead = true;
            return Err(io::Error::other("killed"));
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, node: Node) {
        self.names.insert(path.to_owned(), node);
        self.changes.push(Change {
            parent: path.parent().unwrap_or(Path::new("")).to_owned(),
            adds: Some((path.to_owned(), node)),
            removes: None,
        });
    }

    fn parent_exists(&self, path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if parent != Path::new("") && self.names.get(parent) != Some(&Node::Directory) => {
                Err(io::ErrorKind::NotFound.into())
            }
            _ => Ok(()),
        }
    }
}

impl FileSystem for Memory {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operation("mkdir", path)?;
        state.parent_exists(path)?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.add(path, Node::Directory);
        state.done(fault)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.operation("list", path)?;
        if state.names.get(path) != Some(&Node::Directory) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = state.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.map(|name| name.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn attributes(&self, path: &Path) -> io::Result<Attributes> {
        let mut state = self.state();
        state.operation("stat", path)?;
        let node = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        let (shape, length) = match node {
            Node::Directory => (Shape::Directory, 0),
            Node::File(inode) => (Shape::File, state.inodes[inode].data.len() as u64),
            Node::Link => (Shape::Other, 0),
        };
        let links =
            state.names.values().filter(|other| **other == node && shape == Shape::File).count() as u64;
        Ok(Attributes { shape, length, links: links.max(1), own: true, writable_by_others: false })
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn StoredFile>> {
        let mut state = self.state();
        let fault = state.operation("open", path)?;
        state.parent_exists(path)?;
        let inode = match (state.names.get(path).copied(), access) {
            (Some(Node::File(_)), Access::Create) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(Node::File(inode)), Access::Append) if state.inodes[inode].sealed => {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            (Some(Node::File(inode)), Access::Read | Access::Append | Access::Lock) => inode,
            (Some(Node::File(_)) | None, Access::Replace) | (None, Access::Create | Access::Lock) => {
                let inode = state.inodes.len();
                state.inodes.push(Inode::default());
                state.add(path, Node::File(inode));
                inode
            }
            (None, _) => return Err(io::ErrorKind::NotFound.into()),
            (Some(_), _) => return Err(io::ErrorKind::IsADirectory.into()),
        };
        state.done(fault)?;
        drop(state);
        Ok(Box::new(MemoryFile {
            system: self.clone(),
            path: path.to_owned(),
            inode,
            locked: Mutex::new(false),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operation("rename", to)?;
        let node = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), node);
        state.changes.push(Change {
            parent: to.parent().unwrap_or(Path::new("")).to_owned(),
            adds: Some((to.to_owned(), node)),
            removes: Some(from.to_owned()),
        });
        state.done(fault)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.operation("syncdir", path)?;
        let path = if path == Path::new(".") { Path::new("") } else { path };
        let (durable, rest): (Vec<Change>, Vec<Change>) =
            std::mem::take(&mut state.changes).into_iter().partition(|change| change.parent == path);
        state.changes = rest;
        for change in durable {
            if let Some(path) = change.removes {
                state.durable_names.remove(&path);
            }
            if let Some((path, node)) = change.adds {
                state.durable_names.insert(path, node);
            }
        }
        state.done(fault)
    }

    fn seal(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.operation("seal", path)?;
        if let Some(Node::File(inode)) = state.names.get(path).copied() {
            state.inodes[inode].sealed = true;
        }
        Ok(())
    }

    fn network(&self, _path: &Path) -> Option<&'static str> {
        self.state().network
    }
}

struct MemoryFile {
    system: Memory,
    path: PathBuf,
    inode: usize,
    locked: Mutex<bool>,
}

impl StoredFile for MemoryFile {
    fn length(&self) -> io::Result<u64> {
        let mut state = self.system.state();
        state.operation("length", &self.path)?;
        Ok(state.inodes[self.inode].data.len() as u64)
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.system.state();
        state.operation("read", &self.path)?;
        let data = &state.inodes[self.inode].data;
        let rest = data.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        state.bytes_read += count as u64;
        Ok(count)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.system.state();
        let fault = state.operation("append", &self.path)?;
        let count = match fault {
            Some(Fault::Half(_) | Fault::Short | Fault::KilledWithin) => bytes.len().div_ceil(2),
            _ => bytes.len().min(state.room.unwrap_or(usize::MAX)),
        };
        if let Some(room) = &mut state.room {
            *room = room.saturating_sub(count);
            if count == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        state.inodes[self.inode].data.extend_from_slice(&bytes[..count]);
        state.done(fault)?;
        match fault {
            Some(Fault::Half(kind)) => Err(kind.into()),
            _ => Ok(count),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.system.state();
        let fault = state.operation("sync", &self.path)?;
        let inode = &mut state.inodes[self.inode];
        if fault == Some(Fault::LosesData) {
            return Err(io::Error::other("input/output error"));
        }
        inode.durable.clone_from(&inode.data);
        if fault == Some(Fault::Interference) {
            inode.data.extend_from_slice(b"{\"body\":{\"junk\":true}}\n");
        }
        state.done(fault)
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut state = self.system.state();
        state.operation("lock", &self.path)?;
        let free = state.locks.insert(self.inode);
        *self.locked.lock().unwrap() |= free;
        Ok(free)
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if *self.locked.lock().unwrap() {
            self.system.state().locks.remove(&self.inode);
        }
    }
}
