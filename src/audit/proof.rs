//! Proofs that leave the log: that one record is in it, that one head extends another.
//!
//! Texts are those of C2SP: `tlog-proof@v1` files, and the body of `add-checkpoint` of tlog-witness. Checking needs no
//! log.

mod make;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    canonical,
    error::AuditError,
    key::VerifierKey,
    log::Receipt,
    note::{self, Note},
    record::{self, Record},
    tree::{
        Hash,
        proof::{extends, includes},
    },
};
pub use make::{consistency, prove_finding, prove_index, prove_report};

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";

/// Whether a text says that it is a proof, of whatever version.
pub fn is_proof(text: &str) -> bool {
    text.starts_with("c2sp.org/tlog-proof@")
}
/// A tree of 2^64 leaves is not deeper.
const MOST_HASHES: usize = 64;
const LONGEST: usize = HEADER.len() + record::LONGEST * 2 + MOST_HASHES * 45 + note::LONGEST;

/// A record and the way from it to a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The bytes of the record; worth nothing until they are hashed.
    pub record: Vec<u8>,
    pub index: u64,
    pub hashes: Vec<Hash>,
    pub note: Note,
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refuted {
    #[error("the hashes do not lead from the record to the root of the head")]
    Hashes,
    #[error("the record is {0}")]
    Record(record::Malformed),
    #[error("the record says that it has the index {0}")]
    Index(u64),
    #[error("{0}")]
    Note(#[from] note::NoteError),
    #[error("the head is not signed by the key that was asked for")]
    Unsigned,
    #[error("the head that was asked for is of another log, or of another size or root")]
    OtherHead,
    #[error("the older head has more records ({old}) than the newer one ({new})")]
    Order { old: u64, new: u64 },
}

/// What a proof that holds says about the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Signed by a key that was asked for.
    Pinned,
    /// Signed, but by nobody in particular: no key was asked for.
    NotPinned,
    Unsigned,
}

impl InclusionProof {
    /// Reads a `tlog-proof@v1` whose extra data are the record.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = |what: &str| AuditError::Proof(what.to_owned());
        if text.len() > LONGEST {
            return Err(wrong("it is longer than any proof of a record"));
        }
        let rest = text
            .strip_prefix(HEADER)
            .ok_or_else(|| wrong("it does not begin with `c2sp.org/tlog-proof@v1`"))?;
        let (extra, rest) = line_of(rest, "extra ").ok_or_else(|| wrong("it does not hold the record"))?;
        let record = STANDARD.decode(extra).map_err(|_| wrong("the record is not base64"))?;
        let (index, rest) = line_of(rest, "index ").ok_or_else(|| wrong("it does not name an index"))?;
        let index = canonical::number(index).ok_or_else(|| wrong("the index is not a number"))?;
        let (hashes, note) = hashes_and_note(rest)?;
        Ok(Self { record, index, hashes, note })
    }

    /// The text that [`InclusionProof::parse`] reads.
    pub fn encode(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| hash.base64() + "\n").collect();
        let extra = STANDARD.encode(&self.record);
        format!("{HEADER}extra {extra}\nindex {}\n{hashes}\n{}", self.index, self.note.encode())
    }

    /// Checks the proof; with keys, one of them must have signed the head.
    pub fn check(&self, keys: &[VerifierKey]) -> Result<(Trust, Record<'_>), Refuted> {
        let checkpoint = &self.note.checkpoint;
        let leaf = Hash::leaf(&self.record);
        if !includes(&checkpoint.root, checkpoint.size, self.index, leaf, &self.hashes) {
            return Err(Refuted::Hashes);
        }
        let record = Record::parse(&self.record).map_err(Refuted::Record)?;
        if record.index != self.index {
            return Err(Refuted::Index(record.index));
        }
        Ok((trust(&self.note, keys)?, record))
    }

    /// Whether the record is the end of a run that wrote a report with this SHA-256.
    pub fn names_report(&self, sha256: &str) -> bool {
        Record::parse(&self.record).is_ok_and(|record| names_report(&record, sha256))
    }
}

fn names_report(record: &Record<'_>, sha256: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct End {
        #[serde(default)]
        reports: Vec<Report>,
    }
    #[derive(serde::Deserialize)]
    struct Report {
        sha256: String,
    }
    record.kind == super::event::Kind::ScanEnd
        && serde_json::from_str::<End>(record.body)
            .is_ok_and(|end| end.reports.iter().any(|report| report.sha256 == sha256))
}

impl Receipt {
    /// Proves the last event of the commit, at no cost: the sidecar of a report that `scan.end` names.
    pub fn proof(&self) -> InclusionProof {
        InclusionProof {
            record: self.last_record.clone(),
            index: self.size - 1,
            hashes: self.last_proof.clone(),
            note: self.note.clone(),
        }
    }
}

/// The way from an older head to a newer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    pub old_size: u64,
    pub hashes: Vec<Hash>,
    /// The newer head.
    pub note: Note,
}

impl ConsistencyProof {
    /// Reads the body of tlog-witness `add-checkpoint`.
    pub fn parse(text: &str) -> Result<Self, AuditError> {
        let wrong = || AuditError::Proof("it does not begin with `old` and a size".to_owned());
        let (old, rest) = line_of(text, "old ").ok_or_else(wrong)?;
        let old_size = canonical::number(old).ok_or_else(wrong)?;
        let (hashes, note) = hashes_and_note(rest)?;
        Ok(Self { old_size, hashes, note })
    }

    /// The text that [`ConsistencyProof::parse`] reads.
    pub fn encode(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| hash.base64() + "\n").collect();
        format!("old {}\n{hashes}\n{}", self.old_size, self.note.encode())
    }

    /// Checks that the newer head extends the older one; with keys, one of them must have signed each.
    pub fn check(&self, old: &Note, keys: &[VerifierKey]) -> Result<Trust, Refuted> {
        let (old_head, new_head) = (&old.checkpoint, &self.note.checkpoint);
        if old_head.origin != new_head.origin || old_head.size != self.old_size {
            return Err(Refuted::OtherHead);
        }
        if old_head.size > new_head.size {
            return Err(Refuted::Order { old: old_head.size, new: new_head.size });
        }
        if !extends(old_head.size, &old_head.root, new_head.size, &new_head.root, &self.hashes) {
            return Err(Refuted::Hashes);
        }
        trust(old, keys)?;
        trust(&self.note, keys)
    }
}

fn trust(note: &Note, keys: &[VerifierKey]) -> Result<Trust, Refuted> {
    let valid = note.verify(keys)?;
    match (valid.is_empty(), keys.is_empty(), note.is_signed()) {
        (false, _, _) => Ok(Trust::Pinned),
        (true, false, _) => Err(Refuted::Unsigned),
        (true, true, true) => Ok(Trust::NotPinned),
        (true, true, false) => Ok(Trust::Unsigned),
    }
}

fn line_of<'t>(text: &'t str, name: &str) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(name)?.split_once('\n')
}

fn hashes_and_note(text: &str) -> Result<(Vec<Hash>, Note), AuditError> {
    let mut hashes = Vec::new();
    let mut rest = text;
    loop {
        let (line, after) = rest
            .split_once('\n')
            .ok_or_else(|| AuditError::Proof("no empty line ends its hashes".to_owned()))?;
        rest = after;
        if line.is_empty() {
            return Ok((hashes, Note::parse(rest)?));
        }
        let hash = Hash::from_base64(line).filter(|_| hashes.len() < MOST_HASHES);
        hashes.push(
            hash.ok_or_else(|| AuditError::Proof("a line is not one of at most 64 hashes".to_owned()))?,
        );
    }
}

#[cfg(test)]
mod tests;
