//! Who signs heads: a key in memory, or a command that has the key.

use super::{
    key::{PrivateKey, VerifierKey},
    note::Note,
};

/// Signs heads of the log.
#[derive(Debug)]
pub enum Signer {
    Key(PrivateKey),
}

/// Why a head was not signed; never holds what a command wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    #[error("the signature by `{0}` does not belong to its key")]
    Wrong(String),
}

impl Signer {
    pub const fn verifier(&self) -> &VerifierKey {
        match self {
            Self::Key(key) => key.verifier(),
        }
    }

    /// Adds a signature to a note and checks it before anybody relies on it.
    pub fn sign(&self, note: &mut Note) -> Result<(), SignError> {
        let text = note.checkpoint.text();
        let signature = match self {
            Self::Key(key) => key.sign(text.as_bytes()),
        };
        let verifier = self.verifier();
        if !verifier.verifies(text.as_bytes(), &signature) {
            return Err(SignError::Wrong(verifier.name().to_owned()));
        }
        note.add_signature(verifier, &signature);
        Ok(())
    }
}
