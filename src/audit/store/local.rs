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
    network_kind(u64::try_from(number).ok()?)
}

#[cfg(target_os = "linux")]
const fn network_kind(number: u64) -> Option<&'static str> {
    match number {
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

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use jiff::Timestamp;

    use super::*;
    use crate::audit::{
        AuditError, Cause, Event, Options, VerifyOptions, Writer, event::ScanEnd, verify, verify::Outcome,
    };

    fn options() -> Options {
        let mut options = Options::new(|| Timestamp::from_second(1_790_000_000).unwrap());
        options.origin = Some("audit.example.com/shop".to_owned());
        options
    }

    fn end() -> Event {
        Event::ScanEnd(ScanEnd::default())
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    const SEGMENT: &str = "seg/00000000000000000000-00.jsonl";

    #[test]
    fn a_log_is_private_and_stays_out_of_version_control() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join(".probity/audit");
        Writer::open(&log, options()).unwrap().append(&[end()]).unwrap();
        for directory in [log.clone(), log.join("seg"), folder.path().join(".probity")] {
            assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        }
        for file in ["log.json", "lock", "checkpoint", SEGMENT] {
            assert_eq!(mode(&log.join(file)), 0o600, "{file}");
        }
        let ignored = File::open(log.join(".gitignore")).and_then(io::read_to_string).unwrap();
        assert_eq!(ignored, "*\n");
    }

    #[test]
    fn a_log_that_others_can_write_is_not_added_to() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        Writer::open(&log, options()).unwrap().append(&[end()]).unwrap();
        for (path, shared, private) in [(log.clone(), 0o770, 0o700), (log.join(SEGMENT), 0o606, 0o600)] {
            set_mode(&path, shared);
            let refused = Writer::open(&log, options()).and_then(|mut writer| writer.append(&[end()]));
            let error = refused.unwrap_err();
            assert!(matches!(error, AuditError::Unsafe { .. }), "{error}");
            assert_eq!(error.cause(), Cause::Io);
            set_mode(&path, private);
        }
        Writer::open(&log, options()).unwrap().append(&[end()]).unwrap();
    }

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        Writer::open(&log, options()).unwrap().append(&[end()]).unwrap();
        let moved = folder.path().join("moved");
        fs::rename(log.join(SEGMENT), &moved).unwrap();
        symlink(&moved, log.join(SEGMENT)).unwrap();
        assert!(Writer::open(&log, options()).is_err());
        let verdict = verify(&log, &VerifyOptions::default()).unwrap();
        assert!(matches!(verdict.outcome, Outcome::Damaged(_)));
        fs::remove_file(log.join(SEGMENT)).unwrap();
        fs::hard_link(&moved, log.join(SEGMENT)).unwrap();
        assert!(Writer::open(&log, options()).and_then(|mut writer| writer.append(&[end()])).is_err());
        fs::remove_file(moved).unwrap();
        Writer::open(&log, options()).unwrap().append(&[end()]).unwrap();

        symlink(&log, folder.path().join("link")).unwrap();
        assert!(matches!(
            Writer::open(&folder.path().join("link"), options()),
            Err(AuditError::Unsafe { .. })
        ));
    }

    #[test]
    fn full_segments_are_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(folder.path(), Options { segment_records: 1, ..options() }).unwrap();
        writer.append(&[end()]).unwrap();
        writer.append(&[end()]).unwrap();
        assert_eq!(mode(&folder.path().join(SEGMENT)), 0o444);
    }

    /// K8; numbers of `statfs(2)`. Those of tmpfs, ext4, XFS, Btrfs and overlayfs pass.
    #[test]
    #[cfg(target_os = "linux")]
    fn network_file_systems_are_told_from_local_ones() {
        for (number, kind) in [
            (0x6969, Some("NFS")),
            (0xff53_4d42, Some("SMB")),
            (0xfe53_4d42, Some("SMB")),
            (0x0102_1997, Some("9p")),
            (0x0102_1994, None),
            (0xef53, None),
            (0x5846_5342, None),
            (0x9123_683e, None),
            (0x794c_7630, None),
        ] {
            assert_eq!(network_kind(number), kind, "{number:x}");
        }
    }

    #[test]
    fn where_nothing_can_be_written_the_error_is_one_of_writing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        File::create(&file).unwrap();
        let error = Writer::open(&file.join("log"), options()).err().unwrap();
        assert_eq!(error.cause(), Cause::Io, "{error}");
        let error = verify(&folder.path().join("none"), &VerifyOptions::default()).unwrap_err();
        assert!(matches!(error, AuditError::Missing { .. }), "{error}");
    }
}
