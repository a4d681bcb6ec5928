//! The file system of this machine.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::Path,
};

use super::{Access, Attributes, FileSystem, Shape, StoredFile};

/// The file system of this machine; folders are made for their owner only, files likewise.
#[derive(Debug, Clone, Copy, Default)]
pub struct LocalFileSystem;

impl FileSystem for LocalFileSystem {
    fn create_directory(&self, path: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn attributes(&self, path: &Path) -> io::Result<Attributes> {
        let metadata = fs::symlink_metadata(path)?;
        let kind = metadata.file_type();
        let shape = match () {
            () if kind.is_file() => Shape::File,
            () if kind.is_dir() => Shape::Directory,
            () => Shape::Other,
        };
        let attributes =
            Attributes { shape, length: metadata.len(), links: 1, own: true, writable_by_others: false };
        #[cfg(unix)]
        let attributes = {
            use std::os::unix::fs::MetadataExt as _;
            let user = rustix::process::geteuid();
            Attributes {
                links: metadata.nlink(),
                own: user.is_root() || metadata.uid() == user.as_raw(),
                writable_by_others: metadata.mode() & 0o022 != 0,
                ..attributes
            }
        };
        Ok(attributes)
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn StoredFile>> {
        let mut options = OpenOptions::new();
        match access {
            Access::Read => options.read(true),
            Access::Append => options.read(true).append(true),
            Access::Create => options.read(true).append(true).create_new(true),
            Access::Replace => options.write(true).create(true).truncate(true),
            Access::Lock => options.read(true).append(true).create(true),
        };
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Box::new(LocalFile(options.open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    #[cfg(unix)]
    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    /// Elsewhere than on Unix a folder cannot be opened; there the file system orders names by itself.
    #[cfg(not(unix))]
    fn sync_directory(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn seal(&self, path: &Path) -> io::Result<()> {
        #[cfg(unix)]
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o444);
        #[cfg(not(unix))]
        let permissions = {
            let mut permissions = fs::metadata(path)?.permissions();
            permissions.set_readonly(true);
            permissions
        };
        fs::set_permissions(path, permissions)
    }

    fn network(&self, path: &Path) -> Option<&'static str> {
        network(path)
    }
}

/// Magic numbers of `statfs(2)`.
#[cfg(target_os = "linux")]
fn network(path: &Path) -> Option<&'static str> {
    let number = rustix::fs::statfs(path).ok()?.f_type;
    match u64::try_from(number).ok()? & 0xffff_ffff {
        0x6969 => Some("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x00c3_6400 => Some("Ceph"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn network(_path: &Path) -> Option<&'static str> {
    None
}

struct LocalFile(File);

impl StoredFile for LocalFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(&self.0, buffer, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(&self.0, buffer, offset);
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
