//! Keys of an open log: handing over to another, and the key of evidence digests.

use std::path::Path;

use super::{Receipt, Writer, read_description};
use crate::audit::{
    error::AuditError,
    event::{Event, KeyRevoked, KeyRotated},
    evidence::EvidenceKey,
    key::VerifierKey,
    signer::Signer,
    store::LocalFileSystem,
};

/// Keys that a log began with; none if it began unsigned, or does not exist.
pub fn first_keys(directory: &Path) -> Result<Vec<VerifierKey>, AuditError> {
    Ok(read_description(&LocalFileSystem, directory)?.map(|(found, _)| found.keys).unwrap_or_default())
}

impl Writer {
    /// Hands over to another key: the head that says so is signed by both, later ones by the new key alone. With a
    /// reason (`compromised`, `retired`, `lost`) the old key is revoked as well.
    pub fn rotate_key(&mut self, to: Signer, revoked: Option<&str>) -> Result<Receipt, AuditError> {
        let log = &self.description.origin;
        if to.verifier().name() != log {
            return Err(AuditError::OtherOrigin { log: log.clone(), given: to.verifier().name().to_owned() });
        }
        let from = self.options.signer.as_ref().map(|signer| signer.verifier().to_string());
        let mut events =
            vec![Event::KeyRotated(KeyRotated { from: from.clone(), to: to.verifier().to_string() })];
        if let (Some(reason), Some(key)) = (revoked, from) {
            events.push(Event::KeyRevoked(KeyRevoked { key, reason: reason.to_owned() }));
        }
        let _lock = self.lock()?;
        self.next_signer = Some(to);
        let receipt = self.append_locked(&events);
        let to = self.next_signer.take();
        if receipt.is_ok() {
            self.options.signer = to;
        }
        receipt
    }

    /// The key for digests of values that could be guessed.
    pub fn evidence_key(&self) -> Result<EvidenceKey, AuditError> {
        let log = self.description.digest();
        match (&self.options.signer, &self.options.state) {
            (Some(Signer::Key(key)), _) => Ok(EvidenceKey::from_signing_key(key, &log)),
            (_, Some(state)) if self.memory.is_some() => EvidenceKey::kept(&*self.system, state, &log),
            _ => EvidenceKey::for_this_run(),
        }
    }

    /// A log that began unsigned and now has a key: the next commit says so.
    pub(super) fn takes_key(&self, head_is_signed: bool) -> Option<Event> {
        let to = self.options.signer.as_ref().filter(|_| !head_is_signed && self.next_signer.is_none())?;
        Some(Event::KeyRotated(KeyRotated { from: None, to: to.verifier().to_string() }))
    }
}
