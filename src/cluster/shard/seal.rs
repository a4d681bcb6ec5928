//! Sealing: whoever lacks the key can neither read nor change what was sealed.
//!
//! AES-256-GCM under a key for one text alone, which HMAC-SHA256 draws from the readers' key and 32 random bytes: no key
//! and nonce ever serve twice, however many shards are sealed.

use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

/// What seals shards and opens them again.
pub struct Key(Zeroizing<String>);

impl std::fmt::Debug for Key {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// Why a text is no key: the caller's move.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("the key of shards is no text of {SHORTEST} random characters or more on one line")]
pub struct WeakKey;

/// 128 bits in hexadecimal.
const SHORTEST: usize = 32;

/// Random texts of that length have more different characters, but for one in a million.
const FEWEST: usize = 6;

/// Bytes that a key for one text is drawn with.
pub(super) const SALT: usize = 32;

/// Tells keys that are drawn for shards from all others.
const PURPOSE: &[u8] = b"probity.shard/v1\n";

impl Key {
    /// A random text, such as `openssl rand -hex 32` prints; white space around it does not count.
    pub fn parse(text: &str) -> Result<Self, WeakKey> {
        let text = text.trim();
        let different: std::collections::BTreeSet<char> = text.chars().collect();
        let is_one_word = text.chars().all(|c| c.is_ascii_graphic());
        if text.len() < SHORTEST || different.len() < FEWEST || !is_one_word {
            return Err(WeakKey);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Seals a text, and `beside` in the open with it: neither can be changed afterwards.
    pub(super) fn seal(&self, salt: &[u8; SALT], beside: &[u8], mut text: Vec<u8>) -> Vec<u8> {
        self.of(salt)
            .seal_in_place_append_tag(nonce(), Aad::from(beside), &mut text)
            .expect("no shard has the 64 GiB that the cipher takes at once");
        text
    }

    /// `None`: another key sealed it, or it was changed since.
    pub(super) fn open(&self, salt: &[u8; SALT], beside: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let length = self.of(salt).open_in_place(nonce(), Aad::from(beside), &mut sealed).ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    fn of(&self, salt: &[u8; SALT]) -> LessSafeKey {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(PURPOSE);
        mac.update(salt);
        let drawn = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &*drawn).expect("32 bytes are a key of AES-256"))
    }
}

/// Each key seals one text: one nonce is enough.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn what_is_sealed_opens_with_its_key_and_as_it_was_only() {
        let key = Key::parse(TEXT).unwrap();
        let salt = [7; SALT];
        let sealed = key.seal(&salt, b"header", b"corr3ct-h0rse".to_vec());
        assert!(!sealed.windows(5).any(|part| part == b"corr3"));
        assert_eq!(key.open(&salt, b"header", sealed.clone()).as_deref(), Some(&b"corr3ct-h0rse"[..]));
        let other = Key::parse("f123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(other.open(&salt, b"header", sealed.clone()), None);
        assert_eq!(key.open(&salt, b"Header", sealed.clone()), None);
        assert_eq!(key.open(&[8; SALT], b"header", sealed.clone()), None);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(key.open(&salt, b"header", changed), None, "byte {index}");
            assert_eq!(key.open(&salt, b"header", sealed[..index].to_vec()), None, "{index} bytes");
        }
    }

    #[test]
    fn what_could_be_guessed_is_no_key() {
        for text in ["", "secret", &"a".repeat(64), &format!("{TEXT} {TEXT}"), &format!("{TEXT}\n{TEXT}")] {
            assert_eq!(Key::parse(text).err(), Some(WeakKey), "{text}");
        }
        assert!(Key::parse(&format!("  {TEXT}\r\n")).is_ok());
        assert_eq!(format!("{:?}", Key::parse(TEXT).unwrap()), "Key");
    }
}
