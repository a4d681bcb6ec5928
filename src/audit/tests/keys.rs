//! P2, P3: keys from outside, wrong keys, keys that hand over.

use super::*;
use crate::audit::{
    AuditError, Cause,
    key::VerifierKey,
    signer::SignError,
    verify::{Outcome, Verdict},
};

fn by(seed: u8) -> Options {
    Options { signer: Some(Signer::Key(key(seed))), ..options() }
}

fn pinning(seeds: &[u8]) -> VerifyOptions {
    let keys: Vec<VerifierKey> = seeds.iter().map(|seed| key(*seed).verifier().clone()).collect();
    VerifyOptions { keys, ..VerifyOptions::default() }
}

fn headline(verdict: &Verdict) -> (u8, String) {
    (verdict.exit_code(), verdict.headline())
}

#[test]
fn a_key_of_another_log_is_refused() {
    let (system, _) = log_of(options(), &[1]);
    let other = PrivateKey::from_seed("audit.example.com/other", &[1; 32]).unwrap();
    let table = [
        Options { signer: Some(Signer::Key(other)), origin: None, ..options() },
        Options { origin: Some("audit.example.com/other".to_owned()), ..options() },
    ];
    for options in table {
        let error = open(&system, options).err().unwrap();
        assert!(matches!(error, AuditError::OtherOrigin { .. }), "{error}");
        assert_eq!(error.cause(), Cause::Usage);
    }
}

#[test]
fn a_signed_log_takes_nothing_unsigned_and_nothing_by_another_key() {
    let (system, _) = log_of(options(), &[1]);
    assert!(matches!(open(&system, unsigned()), Err(AuditError::KeyMissing { .. })));
    assert!(matches!(open(&system, by(2)), Err(AuditError::OtherKey { .. })));
}

#[test]
fn a_log_takes_its_origin_from_the_key() {
    let system = Memory::default();
    let writer = open(&system, Options { origin: None, ..options() }).unwrap();
    assert_eq!(writer.origin(), ORIGIN);
    let none = open(&Memory::default(), Options { origin: None, ..unsigned() });
    assert!(matches!(none, Err(AuditError::Request(_))));
    let bad = Options { origin: Some("two words".to_owned()), ..unsigned() };
    assert!(matches!(open(&Memory::default(), bad), Err(AuditError::Origin { .. })));
}

#[test]
fn an_unsigned_log_becomes_a_signed_one() {
    let (system, _) = log_of(unsigned(), &[2]);
    assert_eq!(verified(&system, &pinned()).exit_code(), 5);
    open(&system, options()).unwrap().append(&[end()]).unwrap();
    assert_eq!(
        headline(&verified(&system, &VerifyOptions::default())),
        (5, "intact, key not pinned".to_owned())
    );
    assert_eq!(verified(&system, &pinned()).exit_code(), 0);
    // And does not go back.
    assert!(matches!(open(&system, unsigned()), Err(AuditError::KeyMissing { .. })));
}

#[test]
fn a_key_hands_over() {
    let (system, _) = log_of(by(1), &[2, 2]);
    let mut writer = open(&system, by(1)).unwrap();
    let handed = writer.rotate_key(Signer::Key(key(2)), None).unwrap();
    assert_eq!(handed.note.verify(&pinning(&[1, 2]).keys).unwrap().len(), 2, "both sign");
    writer.append(&[end()]).unwrap();
    // Pinning either is enough: the old one vouched for the new one, and the newest head covers all records.
    for seeds in [&[1][..], &[2], &[1, 2]] {
        assert_eq!(verified(&system, &pinning(seeds)).exit_code(), 0, "{seeds:?}");
    }
    assert_eq!(verified(&system, &pinning(&[3])).exit_code(), 1);
    assert_eq!(verified(&system, &VerifyOptions::default()).exit_code(), 5);
    // Only the new key goes on, also right after it was handed over.
    assert!(matches!(open(&system, by(1)), Err(AuditError::OtherKey { .. })));
    open(&system, by(2)).unwrap().append(&[end()]).unwrap();
    assert_eq!(verified(&system, &pinning(&[1])).exit_code(), 0);
}

#[test]
fn a_log_whose_key_was_handed_over_is_verified_from_any_head_on() {
    for first in [by(1), unsigned()] {
        let (system, mut receipts) = log_of(first, &[2, 2]);
        let mut writer = open(&system, by(1)).unwrap();
        receipts.push(writer.append(&[start()]).unwrap());
        receipts.push(writer.rotate_key(Signer::Key(key(2)), None).unwrap());
        receipts.push(writer.append(&[end()]).unwrap());
        receipts.push(writer.append(&[start()]).unwrap());
        for (position, receipt) in receipts.iter().enumerate() {
            for (seeds, code) in [(&[1][..], 0), (&[2], 0), (&[1, 2], 0), (&[], 5), (&[3], 1)] {
                let options = VerifyOptions { from: Some(receipt.note.clone()), ..pinning(seeds) };
                let verdict = verified(&system, &options);
                assert_eq!(verdict.exit_code(), code, "{position}, {seeds:?}: {}", verdict.render());
            }
        }
    }
}

#[test]
fn the_old_key_does_not_go_on_from_the_head_that_hands_over() {
    let (system, _) = log_of(by(1), &[2]);
    let mut old = open(&system, by(1)).unwrap();
    open(&system, by(1)).unwrap().rotate_key(Signer::Key(key(2)), None).unwrap();
    assert!(matches!(open(&system, by(1)), Err(AuditError::OtherKey { .. })));
    assert!(matches!(old.append(&[end()]), Err(AuditError::OtherKey { .. })));
    assert_eq!(verified(&system, &pinning(&[1])).exit_code(), 0);
}

#[test]
fn a_retired_or_revoked_key_does_not_count_any_more() {
    for revoked in [None, Some("compromised")] {
        let (system, _) = log_of(by(1), &[2]);
        let mut writer = open(&system, by(1)).unwrap();
        writer.rotate_key(Signer::Key(key(2)), revoked).unwrap();
        // A thief of the old key goes on where the log stands, as a program without our checks could.
        let intact = system.read(FIRST_SEGMENT).unwrap();
        writer.append(&[end()]).unwrap();
        let text = system.read(FIRST_SEGMENT).unwrap();
        let line = text.split_inclusive(|byte| *byte == b'\n').next_back().unwrap();
        let mut commit = crate::audit::commit::Commit::parse(line.trim_ascii_end()).unwrap();
        let mut note = crate::audit::note::Note::unsigned(commit.note.checkpoint.clone());
        Signer::Key(key(1)).sign(&mut note).unwrap();
        commit.note = note;
        let record = &text[intact.len()..text.len() - line.len()];
        system.put(FIRST_SEGMENT, [&intact[..], record, &commit.encode(), b"\n"].concat());
        for seeds in [&[1][..], &[2], &[1, 2]] {
            let verdict = verified(&system, &pinning(seeds));
            assert_eq!(verdict.exit_code(), 1, "{seeds:?}: {}", verdict.render());
        }
        assert!(matches!(verified(&system, &VerifyOptions::default()).outcome, Outcome::Damaged(_)));
    }
}

#[test]
fn nobody_takes_over_without_the_key_that_is_in_force() {
    let (system, _) = log_of(by(1), &[2]);
    let other = PrivateKey::from_seed("audit.example.com/other", &[2; 32]).unwrap();
    let mut writer = open(&system, by(1)).unwrap();
    assert!(matches!(writer.rotate_key(Signer::Key(other), None), Err(AuditError::OtherOrigin { .. })));
    writer.append(&[end()]).unwrap();
    // The record alone, without the signature of the new key.
    let event = Event::KeyRotated(crate::audit::event::KeyRotated {
        from: Some(key(1).verifier().to_string()),
        to: key(2).verifier().to_string(),
    });
    writer.append(&[event]).unwrap();
    assert_eq!(verified(&system, &pinning(&[1])).exit_code(), 1);
}

#[test]
fn digests_of_evidence_differ_between_logs_and_outlive_a_run() {
    let (system, _) = log_of(options(), &[1]);
    let digest =
        |options: Options| open(&system, options).unwrap().evidence_key().unwrap().digest(b"hunter2");
    assert_eq!(digest(options()), digest(options()));
    let (system, _) = log_of(unsigned(), &[1]);
    let digest =
        |options: Options| open(&system, options).unwrap().evidence_key().unwrap().digest(b"hunter2");
    assert_eq!(digest(unsigned()), digest(unsigned()), "kept in the state folder");
    let forgetful = || Options { state: None, ..unsigned() };
    assert_ne!(digest(forgetful()), digest(forgetful()));
}

#[cfg(unix)]
mod commands {
    use std::{fs, time::Duration};

    use super::*;

    /// Long enough for a script on a busy machine.
    const PATIENT: Duration = Duration::from_mins(1);
    const IMPATIENT: Duration = Duration::from_millis(200);

    /// A script that answers as the case demands; the key is in a file beside it.
    fn signer(folder: &Path, script: &str, wait: Duration) -> Signer {
        let path = folder.join("sign");
        fs::write(&path, script).unwrap();
        // Through the shell: a file that was just written may still be open for writing in a child of another thread.
        let line = format!("/bin/sh {} {}", path.display(), folder.display());
        match Signer::command(&line, key(1).verifier().clone()).unwrap() {
            Signer::Command(command) => Signer::Command(command.with_wait(wait)),
            key @ Signer::Key(_) => key,
        }
    }

    fn appended(script: &str, folder: &Path, wait: Duration) -> (Memory, Result<Receipt, AuditError>) {
        let system = Memory::default();
        let signer = Some(signer(folder, script, wait));
        let receipt =
            open(&system, Options { signer, ..options() }).and_then(|mut writer| writer.append(&[start()]));
        (system, receipt)
    }

    #[test]
    fn a_command_signs() {
        let folder = tempfile::tempdir().unwrap();
        // The answers are worked out before: the nonce of the first record would change them.
        let (system, _) = log_of(options(), &[2]);
        let rehearsal = system.copy();
        let note =
            open(&rehearsal, Options { run: Some("01K6E3M7Q8ZV5T2N4R9WXYABCD".to_owned()), ..options() })
                .unwrap()
                .append(&[end()])
                .unwrap()
                .note;
        fs::write(folder.path().join("signature"), key(1).sign(note.checkpoint.text().as_bytes())).unwrap();
        let signer = Some(signer(folder.path(), r#"cat > "$1/text"; cat "$1/signature""#, PATIENT));
        let run = Some("01K6E3M7Q8ZV5T2N4R9WXYABCD".to_owned());
        let mut writer = open(&system, Options { signer, run, ..options() }).unwrap();
        let receipt = writer.append(&[end()]).unwrap();
        assert_eq!(receipt.note, note);
        #[expect(clippy::disallowed_methods, reason = "what a script wrote")]
        let seen = fs::read_to_string(folder.path().join("text")).unwrap();
        assert_eq!(seen, note.checkpoint.text());
        assert_eq!(verified(&system, &pinned()).exit_code(), 0);
    }

    #[test]
    fn a_command_that_does_not_sign_leaves_nothing_committed() {
        let folder = tempfile::tempdir().unwrap();
        let table = [
            ("exit 3", PATIENT, "exit status: 3"),
            ("sleep 40", IMPATIENT, "did not answer"),
            ("exec sleep 40 >&-", IMPATIENT, "did not answer"),
            ("head -c 63 /dev/zero", PATIENT, "63 bytes"),
            ("head -c 65 /dev/zero", PATIENT, "65 bytes"),
            ("yes", PATIENT, "65 bytes"),
            ("head -c 64 /dev/zero", PATIENT, "does not belong to the key"),
            ("head -c 64 /dev/zero; exit 1", PATIENT, "exit status: 1"),
        ];
        for (script, wait, message) in table {
            let start = std::time::Instant::now();
            let (system, receipt) = appended(script, folder.path(), wait);
            let error = receipt.unwrap_err();
            assert!(matches!(error, AuditError::Sign(_)), "{script}: {error}");
            assert!(error.to_string().contains(message), "{script}: {error}");
            assert_eq!(error.cause(), Cause::Io);
            assert!(start.elapsed() < Duration::from_secs(30), "{script}");
            assert_eq!(verified(&system, &pinned()).head, None, "{script}");
        }
        let missing = Signer::command("/nonexistent/signer", key(1).verifier().clone()).unwrap();
        let system = Memory::default();
        let mut writer = open(&system, Options { signer: Some(missing), ..options() }).unwrap();
        assert!(matches!(writer.append(&[start()]), Err(AuditError::Sign(SignError::Failed { .. }))));
        assert!(matches!(Signer::command("  ", key(1).verifier().clone()), Err(SignError::NoProgram)));
    }
}
