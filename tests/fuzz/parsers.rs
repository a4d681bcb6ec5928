//! What a fuzzer feeds to each parser of the audit log, and what must hold of whatever it reads: no panic, and what is
//! accepted has exactly one spelling. `cargo fuzz` gives new bytes, `cargo test` those that are kept in `corpus`.

use std::{cell::OnceCell, fs};

use probity::audit::{
    VerifyOptions,
    commit::{self, Commit},
    key::{PrivateKey, VerifierKey},
    layout::{Description, SegmentName},
    note::{Checkpoint, Note},
    proof::{ConsistencyProof, InclusionProof},
    record::Record,
    show, verify,
};

const DESCRIPTION: &[u8] = include_bytes!("../golden/audit-v1/log.json");

/// Name and function of a target.
type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(super) const TARGETS: [Target; 8] = [
    ("record", record),
    ("commit", commit),
    ("note", note),
    ("keys", keys),
    ("description", description),
    ("proof", proof),
    ("consistency", consistency),
    ("segment", segment),
];

pub(super) fn record(bytes: &[u8]) {
    if let Ok(record) = Record::parse(bytes) {
        assert_eq!(record.encode(), bytes);
    }
}

pub(super) fn commit(bytes: &[u8]) {
    if let Ok(commit) = Commit::parse(bytes) {
        assert_eq!(commit.encode(), bytes);
        assert!(commit::torn_note(bytes).is_some(), "a whole line is more than its note");
    }
    let _ = commit::torn_note(bytes);
}

/// A signed note, and the checkpoint in it.
pub(super) fn note(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.encode(), text);
        let _ = note.verify(&[key()]);
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
    }
}

/// Verifier keys, private keys, and names of segments.
pub(super) fn keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = PrivateKey::parse(text) {
        assert_eq!(&**key.encode(), text.trim());
    }
    if let Some(name) = SegmentName::parse(text) {
        assert_eq!(name.to_string(), text);
    }
}

pub(super) fn description(bytes: &[u8]) {
    if let Ok(description) = Description::parse(bytes) {
        assert_eq!(description.encode(), bytes);
    }
}

pub(super) fn proof(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(proof) = InclusionProof::parse(text) {
        assert_eq!(proof.encode(), text);
        let _ = proof.check(&[key()]);
    }
}

pub(super) fn consistency(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(proof) = ConsistencyProof::parse(text) {
        assert_eq!(proof.encode(), text);
        let _ = proof.check(&proof.note, &[key()]);
    }
}

/// A log whose first segment holds these bytes: verified, and shown.
pub(super) fn segment(bytes: &[u8]) {
    thread_local! {
        static LOG: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
    }
    LOG.with(|log| {
        let log = log.get_or_init(|| {
            let log = tempfile::tempdir().expect("a folder");
            fs::write(log.path().join("log.json"), DESCRIPTION).expect("a file");
            fs::create_dir(log.path().join("seg")).expect("a folder");
            log
        });
        fs::write(log.path().join("seg/00000000000000000000-00.jsonl"), bytes).expect("a file");
        let options = VerifyOptions { keys: vec![key()], ..VerifyOptions::default() };
        if let Ok(verdict) = verify(log.path(), &options) {
            let _ = verdict.render();
        }
        let _ = show::each(log.path(), &show::Filter::default(), &mut |row| drop(row));
    });
}

/// The key of the golden log.
fn key() -> VerifierKey {
    let description = Description::parse(DESCRIPTION).expect("the golden log has one");
    description.keys.first().expect("it is signed").clone()
}
