//! Keyed digests of values that could be guessed: who has the log alone cannot try candidates.
//!
//! The key comes from the signing key where that is in memory, else it lies in the user's state folder; with neither,
//! digests can be compared within one run only. Different logs have different keys.

use std::path::Path;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    error::AuditError,
    key::PrivateKey,
    store::{Access, Context as _, FileSystem, append_all, create_directories, read_small},
    tree::Hash,
};

const KEY_DOMAIN: &[u8] = b"probity/evidence-key/v1\0";
const DOMAIN: &[u8] = b"probity/evidence/v1\0";
/// Bytes of a digest that are kept.
const LENGTH: usize = 16;

/// Makes keyed digests for one log; wiped from memory when dropped.
pub struct EvidenceKey(Zeroizing<[u8; 32]>);

impl EvidenceKey {
    /// The digest of a value: 32 hexadecimal digits.
    pub fn digest(&self, value: &[u8]) -> String {
        let digest = keyed(&*self.0, &[DOMAIN, value]);
        crate::finding::hex(digest.get(..LENGTH).unwrap_or_default())
    }

    pub(super) fn from_signing_key(key: &PrivateKey, log: &str) -> Self {
        Self(Zeroizing::new(keyed(key.seed(), &[KEY_DOMAIN, log.as_bytes()])))
    }

    /// A key that is gone when the program ends.
    pub(super) fn for_this_run() -> Result<Self, AuditError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(|error| {
            AuditError::Request(format!("the operating system gave no random numbers: {error}"))
        })?;
        Ok(Self(key))
    }

    /// The key in the user's state folder, made at its first use.
    pub(super) fn kept(system: &dyn FileSystem, state: &Path, log: &str) -> Result<Self, AuditError> {
        let folder = state.join("evidence");
        let path = folder.join(log);
        create_directories(system, &folder)?;
        if let Some(bytes) = read_small(system, &path, 64)?.map(Zeroizing::new)
            && let Some(Hash(key)) = std::str::from_utf8(&bytes).ok().and_then(Hash::from_hex)
        {
            return Ok(Self(Zeroizing::new(key)));
        }
        let key = Self::for_this_run()?;
        let text = Zeroizing::new(Hash(*key.0).hex());
        match system.open(&path, Access::Create) {
            Ok(mut file) => {
                append_all(&mut *file, text.as_bytes()).on("write", &path)?;
                file.sync().on("sync", &path)?;
                Ok(key)
            }
            // A crash, or another process that is just writing: this run keeps its own key.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(key),
            Err(error) => Err(error).on("create", &path).map_err(AuditError::Io),
        }
    }
}

fn keyed(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(log: &str) -> EvidenceKey {
        let key = PrivateKey::from_seed("audit.example.com/shop", &[1; 32]).unwrap();
        EvidenceKey::from_signing_key(&key, log)
    }

    #[test]
    fn digests_depend_on_value_and_log() {
        let digest = key("one").digest(b"hunter2");
        assert_eq!(digest.len(), 32);
        assert_eq!(digest, key("one").digest(b"hunter2"));
        assert_ne!(digest, key("one").digest(b"hunter3"));
        assert_ne!(digest, key("two").digest(b"hunter2"));
        assert!(!Hash::plain(b"hunter2").hex().contains(&digest));
    }

    #[test]
    fn keys_of_one_run_differ() {
        let [one, two] = [(); 2].map(|()| EvidenceKey::for_this_run().unwrap().digest(b"hunter2"));
        assert_ne!(one, two);
    }
}
