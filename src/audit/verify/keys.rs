//! Which keys count at which size of the log.

use crate::audit::{
    chain::Fault,
    event::{KeyRevoked, KeyRotated},
    key::VerifierKey,
    layout::Description,
    note::Note,
};

/// Keys of the log as it grows, and those among them that the user has reason to trust.
#[derive(Debug)]
pub(super) struct KeyRing {
    origin: String,
    /// Keys that sign from here on; empty: unsigned.
    active: Vec<VerifierKey>,
    pinned: bool,
    trusted: Vec<VerifierKey>,
    /// Changes that records since the last commit announce.
    changes: Vec<Change>,
    head: Head,
}

/// Who signed the newest head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    Nobody,
    KeyOfLog,
    TrustedKey,
}

#[derive(Debug)]
enum Change {
    Rotated { from: Option<String>, to: VerifierKey },
    Revoked(VerifierKey),
}

impl KeyRing {
    pub(super) fn new(description: &Description, pinned: &[VerifierKey]) -> Self {
        Self {
            origin: description.origin.clone(),
            active: description.keys.clone(),
            pinned: !pinned.is_empty(),
            trusted: pinned.to_vec(),
            changes: Vec::new(),
            head: Head::Nobody,
        }
    }

    /// Takes up where a head stands in the middle of the log; `false` if its key is none that is known, so that only the
    /// records before it could tell whether it counts.
    pub(super) fn begin_at(&mut self, note: &Note) -> bool {
        let in_force = self.active.iter().chain(&self.trusted).find(|key| note.is_in_force(key)).cloned();
        match in_force {
            Some(key) => {
                self.active = vec![key];
                true
            }
            None => self.active.is_empty() && !note.is_signed(),
        }
    }

    pub(super) fn signed(&self) -> bool {
        self.head != Head::Nobody
    }

    pub(super) const fn is_pinned(&self) -> bool {
        self.pinned
    }

    /// Whether the newest head is signed by a pinned key, or by one that a pinned key handed over to.
    pub(super) fn head_trusted(&self) -> bool {
        self.head == Head::TrustedKey
    }

    pub(super) fn rotated(&mut self, body: &str) -> Result<(), Fault> {
        let named: KeyRotated =
            serde_json::from_str(body).map_err(|_| Fault::new("the record names no key"))?;
        let to = self.key(&named.to)?;
        self.changes.push(Change::Rotated { from: named.from, to });
        Ok(())
    }

    pub(super) fn revoked(&mut self, body: &str) -> Result<(), Fault> {
        let named: KeyRevoked =
            serde_json::from_str(body).map_err(|_| Fault::new("the record names no key"))?;
        let key = self.key(&named.key)?;
        self.changes.push(Change::Revoked(key));
        Ok(())
    }

    pub(super) fn discard(&mut self) {
        self.changes.clear();
    }

    /// Whether a note without the rest of its line counts.
    pub(super) fn accepts(&self, note: &Note) -> bool {
        let keys = self.active.iter().chain(&self.trusted);
        match note.verify(keys) {
            Ok(valid) => !valid.is_empty() || (self.active.is_empty() && !note.is_signed()),
            Err(_) => false,
        }
    }

    /// Checks the signatures of a head and takes the changes that it covers in.
    pub(super) fn commit(&mut self, note: &Note) -> Result<(), Fault> {
        if note.checkpoint.origin != self.origin {
            return Err(Fault::compared(
                "the commit is of another log",
                self.origin.clone(),
                note.checkpoint.origin.clone(),
            ));
        }
        let changes = std::mem::take(&mut self.changes);
        let announced = changes.iter().filter_map(|change| match change {
            Change::Rotated { to, .. } => Some(to),
            Change::Revoked(_) => None,
        });
        let known = self.active.iter().chain(&self.trusted).chain(announced);
        let valid: Vec<VerifierKey> =
            note.verify(known).map_err(|error| Fault::new(error.to_string()))?.into_iter().cloned().collect();
        if !self.active.is_empty() && !self.active.iter().any(|key| valid.contains(key)) {
            return Err(Fault::new("the head is not signed by the key of the log at this point"));
        }
        self.head = match () {
            () if self.trusted.iter().any(|key| valid.contains(key)) => Head::TrustedKey,
            () if valid.is_empty() => Head::Nobody,
            () => Head::KeyOfLog,
        };
        for change in changes {
            self.apply(change, &valid)?;
        }
        Ok(())
    }

    fn apply(&mut self, change: Change, valid: &[VerifierKey]) -> Result<(), Fault> {
        match change {
            Change::Rotated { from, to } => {
                if !valid.contains(&to) {
                    return Err(Fault::new("the key that takes over did not sign the head that says so"));
                }
                if from != self.active.first().map(ToString::to_string) {
                    return Err(Fault::new(
                        "the key that hands over is not the key of the log at this point",
                    ));
                }
                if self.head_trusted() && !self.trusted.contains(&to) {
                    self.trusted.push(to.clone());
                }
                self.active = vec![to];
            }
            Change::Revoked(key) => {
                self.active.retain(|active| *active != key);
                self.trusted.retain(|trusted| *trusted != key);
                if self.active.is_empty() {
                    return Err(Fault::new("the only key of the log was revoked, and none took over"));
                }
            }
        }
        Ok(())
    }

    fn key(&self, text: &str) -> Result<VerifierKey, Fault> {
        match VerifierKey::parse(text) {
            Ok(key) if key.name() == self.origin => Ok(key),
            Ok(_) => Err(Fault::new("the record names a key of another log")),
            Err(error) => Err(Fault::new(format!("the key that the record names is {error}"))),
        }
    }
}
