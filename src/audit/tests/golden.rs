//! I4: a log of every released version of the format verifies for ever.

#![expect(clippy::disallowed_methods, reason = "the golden logs are files of this repository")]

use std::path::PathBuf;

use super::*;
use crate::audit::{
    export::export,
    proof::{self, InclusionProof},
    show,
    verify::verify,
};

/// Signed by `key(1)`: two runs, one of them recovered after a torn commit, a hand-over to `key(2)`, two segments.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/audit-v1")
}

#[test]
fn the_log_of_version_1_verifies() {
    let head = "30\nyFdgBK2fZ/I79jX3U7Rc6O6gyWCkCUPl5Vdk1zuppj0=\n";
    for seed in [1, 2] {
        let options = VerifyOptions { keys: vec![key(seed).verifier().clone()], ..VerifyOptions::default() };
        let verdict = verify(&folder(), &options).unwrap();
        assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());
        assert_eq!(verdict.head.unwrap().checkpoint.text(), format!("{ORIGIN}\n{head}"));
    }
    let mut kinds = std::collections::BTreeSet::new();
    show::each(&folder(), &show::Filter::default(), &mut |row| {
        kinds.insert(row.kind);
    })
    .unwrap();
    // All kinds that there were; later programs may know more.
    assert_eq!(kinds.len(), 15, "{kinds:?}");
}

#[test]
fn the_proof_of_version_1_holds() {
    let text = include_str!("../../../tests/golden/audit-v1/finding.tlog-proof");
    let proof = InclusionProof::parse(text).unwrap();
    assert!(proof.check(&pinned().keys).is_ok());
}

/// What a copy of the log's files is worth: a log in every respect.
fn copied() -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("seg")).unwrap();
    let mut names = vec!["log.json".to_owned(), "checkpoint".to_owned()];
    for entry in folder().join("seg").read_dir().unwrap() {
        names.push(format!("seg/{}", entry.unwrap().file_name().to_str().unwrap()));
    }
    for name in names {
        std::fs::write(copy.path().join(&name), std::fs::read(folder().join(&name)).unwrap()).unwrap();
    }
    private(copy.path());
    copy
}

/// A checkout gives files the permissions of its user; a log is its owner's alone.
fn private(folder: &Path) {
    #[cfg(unix)]
    for entry in folder.read_dir().unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = entry.unwrap().path();
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        if path.is_dir() {
            private(&path);
        }
    }
}

#[test]
fn the_log_of_version_1_is_gone_on_with() {
    let copy = copied();
    let old = verify(copy.path(), &pinned()).unwrap().head.unwrap();
    let options =
        || Options { signer: Some(Signer::Key(key(2))), state: None, segment_records: 10, ..options() };
    for size in [31, 32] {
        let receipt = Writer::open(copy.path(), options()).unwrap().append(&[end()]).unwrap();
        assert_eq!(receipt.size, size);
    }
    let trusted = vec![("the golden head".to_owned(), old.clone())];
    for from in [None, Some(old.clone())] {
        let options = VerifyOptions { trusted: trusted.clone(), from, ..pinned() };
        let verdict = verify(copy.path(), &options).unwrap();
        assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());
    }
    let keys = [key(2).verifier().clone()];
    let consistency = proof::consistency(copy.path(), &old, None).unwrap();
    assert!(consistency.check(&old, &keys).is_ok());
    // What was proved from the log when it was made, and what is proved from it today.
    for index in 0..32 {
        let proof = proof::prove_index(copy.path(), index).unwrap().encode();
        assert!(InclusionProof::parse(&proof).unwrap().check(&keys).is_ok(), "{index}");
    }
    let tiles = tempfile::tempdir().unwrap();
    let note = export(copy.path(), &tiles.path().join("tiles")).unwrap();
    assert_eq!(note.checkpoint.size, 32);
}

/// T1 on the golden log: whatever later programs learn to read, no other bytes pass for these.
#[test]
fn no_byte_of_the_log_of_version_1_can_be_another() {
    let copy = copied();
    for entry in copy.path().join("seg").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(29) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            let code = verify(copy.path(), &pinned()).map_or(4, |verdict| verdict.exit_code());
            assert_ne!(code, 0, "byte {at} of {}", path.display());
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    assert_eq!(verify(copy.path(), &pinned()).unwrap().exit_code(), 0);
}

/// How the log was made; a new version of the format gets a log of its own.
#[test]
#[ignore = "writes the log of a new version of the format"]
fn write_the_log() {
    let system = Memory::default();
    let mut writer = open(&system, options()).unwrap();
    let mut events = crate::audit::event::tests::every_event();
    events.retain(|event| {
        use crate::audit::event::Kind::{Closed, Genesis, KeyRevoked, KeyRotated, Recovered};
        !matches!(event.kind(), Genesis | Recovered | KeyRotated | KeyRevoked | Closed)
    });
    writer.append(&events).unwrap();
    system.change(FIRST_SEGMENT, |bytes| bytes.extend_from_slice(b"{\"body\":{\"torn"));
    let mut writer = open(&system, options()).unwrap();
    writer.append(&decisions(0..12)).unwrap();
    let proof = writer.append(&[end()]).unwrap().proof();
    writer.rotate_key(Signer::Key(key(2)), Some("retired")).unwrap();
    let mut writer =
        open(&system, Options { signer: Some(Signer::Key(key(2))), segment_records: 10, ..options() })
            .unwrap();
    writer.append(&[start(), end()]).unwrap();
    let closed = crate::audit::event::Closed { reason: "full".to_owned(), successor: None };
    writer.append(&[Event::Closed(closed)]).unwrap();
    for file in system.files() {
        let Ok(name) = file.strip_prefix(LOG) else { continue };
        if name != Path::new("lock") && name != Path::new(".gitignore") {
            let path = folder().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, system.read(&file).unwrap()).unwrap();
        }
    }
    std::fs::write(folder().join("finding.tlog-proof"), proof.encode()).unwrap();
}
