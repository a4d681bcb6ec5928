//! Keys in the text format of Go's `note` package, so that its tools can use them as they are.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Type byte of a plain Ed25519 key and of its signatures (C2SP signed-note).
const ED25519: u8 = 1;

/// Why a text is no key. It never holds (a part of) the text: the wrong file could be a private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("not of the form `name+id+key` that `probity audit keygen` prints as the verifier key")]
    Form,
    #[error("not of the form `PRIVATE+KEY+name+id+key` that `probity audit keygen` writes")]
    PrivateForm,
    #[error("the name of a key must not be empty and must hold neither spaces, control characters nor `+`")]
    Name,
    #[error("not an Ed25519 key (type 1)")]
    Algorithm,
    #[error("the id does not belong to name and key: one of the three was changed")]
    Id,
    #[error("not a point that Ed25519 allows as a key")]
    Point,
}

/// Public half: checks signatures of one name.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, key: VerifyingKey) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        Ok(Self { name: name.to_owned(), id: identifier(name, &key), key })
    }

    /// Reads `name+id+base64(1 ‖ key)`.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Form)?;
        let key = match bytes.split_first() {
            Some((&ED25519, key)) => <&[u8; 32]>::try_from(key).map_err(|_| KeyError::Form)?,
            Some(_) => return Err(KeyError::Algorithm),
            None => return Err(KeyError::Form),
        };
        let key = Self::new(name, VerifyingKey::from_bytes(key).map_err(|_| KeyError::Point)?)?;
        if id == hex_id(key.id) { Ok(key) } else { Err(KeyError::Id) }
    }

    /// Origin of the log whose heads it checks.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First four bytes of the hash of name and key: tells signatures apart, proves nothing.
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether the key made this signature of this text.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(text, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend_from_slice(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex_id(self.id), STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Private half; wiped from memory when dropped.
pub struct PrivateKey {
    key: SigningKey,
    verifier: VerifierKey,
}

impl PrivateKey {
    /// A new key from the random numbers of the operating system.
    pub fn generate(name: &str) -> Result<Self, GenerateError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| GenerateError::Random(error.to_string()))?;
        Ok(Self::from_seed(name, &seed)?)
    }

    pub(super) fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let key = SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, key.verifying_key())?;
        Ok(Self { key, verifier })
    }

    /// Reads `PRIVATE+KEY+name+id+base64(1 ‖ seed)`; white space around it is ignored.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let rest = text.trim().strip_prefix("PRIVATE+KEY+").ok_or(KeyError::PrivateForm)?;
        let mut parts = rest.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::PrivateForm);
        };
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| KeyError::PrivateForm)?);
        let seed = match bytes.split_first() {
            Some((&ED25519, seed)) => <&[u8; 32]>::try_from(seed).map_err(|_| KeyError::PrivateForm)?,
            Some(_) => return Err(KeyError::Algorithm),
            None => return Err(KeyError::PrivateForm),
        };
        let key = Self::from_seed(name, seed)?;
        if id == hex_id(key.verifier.id) { Ok(key) } else { Err(KeyError::Id) }
    }

    /// The text that [`PrivateKey::parse`] reads, without a line feed.
    pub fn encode(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([ED25519; 33]);
        bytes[1..].copy_from_slice(self.key.as_bytes());
        let encoded = Zeroizing::new(STANDARD.encode(*bytes));
        let VerifierKey { name, id, .. } = &self.verifier;
        Zeroizing::new(format!("PRIVATE+KEY+{name}+{}+{}", hex_id(*id), *encoded))
    }

    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a text; the same text always gets the same signature.
    pub fn sign(&self, text: &[u8]) -> [u8; 64] {
        self.key.sign(text).to_bytes()
    }

    pub(super) fn seed(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.verifier.name)
    }
}

/// Why no key could be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the operating system gave no random numbers: {0}")]
    Random(String),
}

/// Whether a text may name a key and a log.
pub fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.chars().any(|character| {
            character.is_whitespace()
                || character.is_control()
                || matches!(character, '+' | '\u{2028}' | '\u{2029}')
        })
}

fn identifier(name: &str, key: &VerifyingKey) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', ED25519])
        .chain_update(key.as_bytes())
        .finalize()
        .into();
    let [first, second, third, fourth, ..] = hash;
    [first, second, third, fourth]
}

fn hex_id(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Example keys of the documentation of `golang.org/x/mod/sumdb/note`.
    const GO_PRIVATE: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn keys_of_go_are_read_and_written() {
        let key = PrivateKey::parse(GO_PRIVATE).unwrap();
        assert_eq!(key.verifier().to_string(), GO_VERIFIER);
        assert_eq!(*key.encode(), GO_PRIVATE);
        assert_eq!(VerifierKey::parse(GO_VERIFIER).unwrap(), *key.verifier());
    }

    #[test]
    fn generated_keys_differ_and_sign() {
        let [one, other] = ["audit.example.com/shop"; 2].map(|name| PrivateKey::generate(name).unwrap());
        assert_ne!(one.verifier(), other.verifier());
        let signature = one.sign(b"text");
        assert!(one.verifier().verifies(b"text", &signature));
        assert!(!one.verifier().verifies(b"Text", &signature));
        assert!(!one.verifier().verifies(b"text", &signature[1..]));
        assert!(!other.verifier().verifies(b"text", &signature));
    }

    #[test]
    fn changed_keys_are_refused() {
        let table = [
            ("", KeyError::Form),
            ("PeterNeumann+c74f20a3", KeyError::Form),
            ("PeterNeumann+c74f20a3+!", KeyError::Form),
            ("PeterNeumann+c74f20a3+ARpc2QcU", KeyError::Form),
            ("PeterNeuman+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Id),
            ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
            ("PeterNeumann+c74f20a3+AhpcAgcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Algorithm),
            ("weak+c74f20a3+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", KeyError::Point),
        ];
        for (text, error) in table {
            assert_eq!(VerifierKey::parse(text), Err(error), "{text}");
        }
        assert_eq!(PrivateKey::parse(GO_VERIFIER).unwrap_err(), KeyError::PrivateForm);
        assert_eq!(PrivateKey::parse(&GO_PRIVATE.replace("c74f", "c74e")).unwrap_err(), KeyError::Id);
    }

    #[test]
    fn a_private_key_does_not_print_itself() {
        let key = PrivateKey::parse(GO_PRIVATE).unwrap();
        assert_eq!(format!("{key:?}"), "PrivateKey(PeterNeumann)");
    }
}
