//! Keys in files.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

use super::{
    error::AuditError,
    key::{PrivateKey, VerifierKey},
    store::{Context as _, IoError},
};

const LONGEST: u64 = 64 * 1024;

/// Environment variable that may hold a private key: no command that is started gets it.
pub const VARIABLE: &str = "PROBITY_AUDIT_KEY";

/// Environment variable that may hold the key of shards: likewise.
pub const SHARD_VARIABLE: &str = "PROBITY_SHARD_KEY";

/// Reads a text that is a key; a file that others may read is refused, with what they could do (`misuse`, such as `sign
/// as you`). See [`is_shared`].
pub fn read_text(path: &Path, misuse: &'static str) -> Result<Zeroizing<String>, AuditError> {
    let (text, shared) = read(path)?;
    if shared { Err(AuditError::KeyShared { path: path.to_owned(), misuse }) } else { Ok(text) }
}

/// Reads a private key; a file that others may read is refused. See [`is_shared`].
pub fn read_private(path: &Path) -> Result<PrivateKey, AuditError> {
    Ok(PrivateKey::parse(&read_text(path, "sign as you")?)?)
}

/// Keeps the memory of this process, and the keys in it, out of core dumps; call before a key is read.
pub fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // Lowering a limit is always allowed; where it is not, the key is no worse off than before.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}

/// Reads verifier keys, one a line; empty lines and lines that start with `#` are passed over.
pub fn read_verifiers(path: &Path) -> Result<Vec<VerifierKey>, AuditError> {
    let (text, _) = read(path)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(VerifierKey::parse).collect::<Result<_, _>>()?)
}

/// Writes a private key to a new file that only its owner may read.
pub fn write_private(path: &Path, key: &PrivateKey) -> Result<(), IoError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).on("create", path)?;
    file.write_all(key.encode().as_bytes()).on("write", path)?;
    file.write_all(b"\n").on("write", path)?;
    file.sync_all().on("sync", path)
}

/// Who reads a key.
#[cfg(unix)]
struct Reader {
    user: u32,
    groups: Vec<u32>,
}

#[cfg(unix)]
impl Reader {
    fn current() -> Self {
        let mut groups = vec![rustix::process::getegid().as_raw()];
        // Where they cannot be had, fewer files are taken, never more.
        groups.extend(rustix::process::getgroups().unwrap_or_default().iter().map(|group| group.as_raw()));
        Self { user: rustix::process::geteuid().as_raw(), groups }
    }
}

/// Whether others may read, or change, a file. A volume of Kubernetes belongs to root and to a group of the Pod, which has
/// to read it; nobody is let in by that who could not read it anyway.
#[cfg(unix)]
fn is_shared(mode: u32, owner: u32, group: u32, reader: &Reader) -> bool {
    let is_mounted = owner == 0 && reader.user != 0 && reader.groups.contains(&group);
    let excess = if is_mounted { 0o037 } else { 0o077 };
    mode & excess != 0
}

/// The text, and whether others than its reader may read it.
fn read(path: &Path) -> Result<(Zeroizing<String>, bool), IoError> {
    let file = File::open(path).on("read the key", path)?;
    let metadata = file.metadata().on("read the key", path)?;
    #[cfg(unix)]
    let shared = {
        use std::os::unix::fs::MetadataExt as _;
        is_shared(metadata.mode(), metadata.uid(), metadata.gid(), &Reader::current())
    };
    #[cfg(not(unix))]
    let shared = metadata.len() > LONGEST;
    // As long as the file, so that no copy is left behind where the text grows.
    let length = usize::try_from(metadata.len().min(LONGEST)).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(length + 1));
    file.take(LONGEST).read_to_string(&mut text).on("read the key", path)?;
    if text.is_empty() {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof)).on("read the key", path);
    }
    Ok((text, shared))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_key_file_is_private_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let key = PrivateKey::generate("audit.example.com/shop").unwrap();
        write_private(&path, &key).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_private(&path).unwrap().verifier(), key.verifier());
        assert!(write_private(&path, &key).is_err());
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        write_private(&path, &PrivateKey::generate("audit.example.com/shop").unwrap()).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(read_private(&path), Err(AuditError::KeyShared { .. })), "{mode:o}");
            let of_shards = read_text(&path, "open the shards").unwrap_err().to_string();
            assert!(of_shards.contains("who could then open the shards: "), "{of_shards}");
        }
    }

    #[test]
    fn a_key_that_is_mounted_for_a_group_of_ours_is_taken() {
        const OURS: u32 = 2000;
        let reader = Reader { user: 1000, groups: vec![1000, OURS] };
        for mode in [0o440, 0o640, 0o400, 0o600] {
            assert!(!is_shared(mode, 0, OURS, &reader), "{mode:o}");
        }
        for (mode, owner, group) in [
            (0o444, 0, OURS),
            (0o660, 0, OURS),
            (0o644, 0, OURS),
            (0o450, 0, OURS),
            (0o440, 0, 3000),
            (0o440, 1000, OURS),
            (0o440, 1001, OURS),
        ] {
            assert!(is_shared(mode, owner, group, &reader), "{mode:o} {owner}:{group}");
        }
        let root = Reader { user: 0, groups: vec![0] };
        assert!(is_shared(0o440, 0, 0, &root), "root needs no group");
    }

    #[test]
    fn an_error_about_a_key_file_does_not_hold_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.key");
        let options = |text: &str| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            format!("{0} {0:?}", read_private(&path).unwrap_err())
        };
        let secret = "AYEKFALVFGyNhPJEMzD1QIDr";
        for text in ["PRIVATE+KEY+name+c74f20a3+", "PRIVATE+KEY+", "", "PRIVATE+KEY+na me+00000000+"] {
            assert!(!options(&format!("{text}{secret}")).contains(secret), "{text}");
        }
    }

    #[test]
    fn verifier_keys_are_read_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let keys = ["a", "b"].map(|name| PrivateKey::generate(name).unwrap().verifier().clone());
        fs::write(&path, format!("# ours\n{}\n\n{}\n", keys[0], keys[1])).unwrap();
        assert_eq!(read_verifiers(&path).unwrap(), keys);
    }
}
