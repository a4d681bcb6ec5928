//! Proofs on disk: made from a log, checked without it.

use std::path::PathBuf;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::audit::{
    Event, Options, Writer,
    event::{Decision, ReportDigest, ScanEnd},
    key::PrivateKey,
    signer::Signer,
};

const ORIGIN: &str = "audit.example.com/shop";

fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

fn decision(number: u64) -> Event {
    Event::Decision(Decision {
        fingerprint: Some(format!("{number:064x}")),
        outcome: "fail".to_owned(),
        resource: format!("Deployment/shop/{number}"),
        rule: "mtls/plaintext-accepted".to_owned(),
        ..Decision::default()
    })
}

struct Log {
    _folder: tempfile::TempDir,
    path: PathBuf,
    receipts: Vec<Receipt>,
}

/// A log of runs that each find the same things, and end with a report.
fn log(runs: u64, signer: Option<u8>) -> Log {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut receipts = Vec::new();
    for _ in 0..runs {
        let mut options = Options::new(|| Timestamp::from_second(1_790_000_000).unwrap());
        options.origin = Some(ORIGIN.to_owned());
        options.signer = signer.map(|seed| Signer::Key(key(seed)));
        let mut writer = Writer::open(&path, options).unwrap();
        let mut events: Vec<Event> = (0..5).map(decision).collect();
        let report = ReportDigest { format: "sarif".to_owned(), sha256: "ab".repeat(32), size: 7 };
        events.push(Event::ScanEnd(ScanEnd { reports: vec![report], ..ScanEnd::default() }));
        receipts.push(writer.append(&events).unwrap());
    }
    Log { _folder: folder, path, receipts }
}

#[test]
fn the_beginning_of_a_fingerprint_names_one_finding_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(|| Timestamp::from_second(1_790_000_000).unwrap());
    options.origin = Some(ORIGIN.to_owned());
    let found = |fingerprint: &str| {
        Event::Decision(Decision { fingerprint: Some(fingerprint.repeat(8)), ..Decision::default() })
    };
    let events = [found("0123abcd"), found("0123abce"), found("0123abcd")];
    Writer::open(folder.path(), options).unwrap().append(&events).unwrap();
    assert_eq!(prove_finding(folder.path(), "0123abcd", None).unwrap().index, 3);
    assert!(prove_finding(folder.path(), "0123abc", None).is_err(), "too short");
    assert!(prove_finding(folder.path(), "0123abcf", None).is_err(), "there is none");
    let log = log(1, None);
    let error = prove_finding(&log.path, "00000000", None).unwrap_err().to_string();
    assert!(error.contains("several findings") && error.contains(&format!("{:064x}", 4)), "{error}");
}

#[test]
fn every_record_can_be_proved_and_checked_without_the_log() {
    let log = log(3, Some(1));
    let keys = [key(1).verifier().clone()];
    for index in 0..log.receipts[2].size {
        let proof = prove_index(&log.path, index).unwrap();
        let text = proof.encode();
        let read = InclusionProof::parse(&text).unwrap();
        assert_eq!(read, proof);
        let (trust, record) = read.check(&keys).unwrap();
        assert_eq!((trust, record.index), (Trust::Pinned, index));
        assert_eq!(read.check(&[]).unwrap().0, Trust::NotPinned);
        assert_eq!(read.check(&[key(2).verifier().clone()]).unwrap_err(), Refuted::Unsigned);
    }
    assert!(prove_index(&log.path, log.receipts[2].size).is_err());
}

#[test]
fn a_finding_is_proved_by_its_fingerprint_in_the_newest_or_a_named_run() {
    let log = log(3, None);
    let fingerprint = format!("{:064x}", 3);
    let newest = prove_finding(&log.path, &fingerprint, None).unwrap();
    let (trust, record) = newest.check(&[]).unwrap();
    assert_eq!((trust, record.run), (Trust::Unsigned, &*log.receipts[2].run));
    assert!(record.body.contains("Deployment/shop/3"));
    let run = &log.receipts[1].run;
    let named = prove_finding(&log.path, &fingerprint, Some(run)).unwrap();
    assert_eq!(named.check(&[]).unwrap().1.run, run);
    for (fingerprint, run) in [("ff", None), (&*fingerprint, Some("7ZZZ"))] {
        assert!(matches!(prove_finding(&log.path, fingerprint, run), Err(AuditError::Request(_))));
    }
}

#[test]
fn a_receipt_is_a_proof_of_the_report() {
    let log = log(4, Some(1));
    for receipt in &log.receipts {
        let proof = InclusionProof::parse(&receipt.proof().encode()).unwrap();
        assert_eq!(proof.check(&[key(1).verifier().clone()]).unwrap().0, Trust::Pinned);
        assert!(proof.names_report(&"ab".repeat(32)));
        assert!(!proof.names_report(&"cd".repeat(32)));
    }
}

#[test]
fn a_changed_proof_does_not_hold() {
    let log = log(3, Some(1));
    let keys = [key(1).verifier().clone()];
    let proof = prove_index(&log.path, 4).unwrap();
    let other = prove_index(&log.path, 5).unwrap();
    let changed = [
        InclusionProof { index: 5, ..proof.clone() },
        InclusionProof { record: other.record.clone(), ..proof.clone() },
        InclusionProof { hashes: other.hashes.clone(), ..proof.clone() },
        InclusionProof { hashes: proof.hashes[1..].to_vec(), ..proof.clone() },
        InclusionProof { note: log.receipts[1].note.clone(), ..proof.clone() },
    ];
    for changed in changed {
        assert_eq!(changed.check(&keys).unwrap_err(), Refuted::Hashes);
    }
    let mut forged = proof.clone();
    forged.note = Note::unsigned(proof.note.checkpoint.clone());
    forged.note.add_signature(&keys[0], &[7; 64]);
    assert!(matches!(forged.check(&keys), Err(Refuted::Note(_))));
}

#[test]
fn heads_of_one_log_are_consistent_and_others_are_not() {
    let log = log(4, Some(1));
    let keys = [key(1).verifier().clone()];
    let notes: Vec<&Note> = log.receipts.iter().map(|receipt| &receipt.note).collect();
    for (position, old) in notes.iter().enumerate() {
        for new in &notes[position..] {
            let proof = consistency(&log.path, old, Some(new)).unwrap();
            assert_eq!(ConsistencyProof::parse(&proof.encode()).unwrap(), proof);
            assert_eq!(proof.check(old, &keys), Ok(Trust::Pinned));
        }
        assert_eq!(consistency(&log.path, old, None).unwrap().check(old, &[]), Ok(Trust::NotPinned));
    }
    let backwards = consistency(&log.path, notes[2], Some(notes[1])).unwrap();
    assert!(matches!(backwards.check(notes[2], &keys), Err(Refuted::Order { .. })));

    let fork = self::log(4, Some(1));
    let proof = consistency(&log.path, &fork.receipts[1].note, None).unwrap();
    assert_eq!(proof.check(&fork.receipts[1].note, &keys), Err(Refuted::Hashes));
    let other = consistency(&log.path, notes[1], Some(&fork.receipts[3].note)).unwrap();
    assert_eq!(other.check(notes[1], &keys), Err(Refuted::Hashes));
    let proof = consistency(&log.path, notes[1], None).unwrap();
    assert_eq!(proof.check(notes[0], &keys), Err(Refuted::OtherHead));
}

#[test]
fn other_texts_are_no_proofs() {
    let log = log(2, Some(1));
    let text = prove_index(&log.path, 4).unwrap().encode();
    let table = [
        ("@v1", "@v2"),
        ("extra ", "Extra "),
        ("index 4", "index 04"),
        ("index 4", "index 18446744073709551616"),
        ("index 4\n", ""),
        ("=\n\n", "=\n"),
        ("=\n\n", "\n\n"),
    ];
    for (from, to) in table {
        assert!(text.contains(from), "{from}");
        assert!(InclusionProof::parse(&text.replacen(from, to, 1)).is_err(), "{from} → {to}");
    }
    let many = text.replacen(
        "index 4\n",
        &("index 4\n".to_owned() + &(Hash::empty().base64() + "\n").repeat(65)),
        1,
    );
    assert!(InclusionProof::parse(&many).is_err());
    assert!(InclusionProof::parse(&"x".repeat(LONGEST + 1)).is_err());
}

proptest! {
    #[test]
    fn whatever_is_read_as_a_proof_is_written_as_it_was(
        at in any::<prop::sample::Index>(),
        with in any::<u8>(),
    ) {
        let proof = InclusionProof {
            record: b"record".to_vec(),
            index: 4,
            hashes: vec![Hash::empty(); 3],
            note: Note::unsigned(note::Checkpoint { origin: ORIGIN.to_owned(), size: 9, root: Hash::empty() }),
        };
        let mut bytes = proof.encode().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if let Ok(text) = String::from_utf8(bytes)
            && let Ok(read) = InclusionProof::parse(&text)
        {
            prop_assert_eq!(read.encode(), text);
        }
    }
}
