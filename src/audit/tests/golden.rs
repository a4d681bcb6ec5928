//! I4: a log of every released version of the format verifies for ever.

use std::path::PathBuf;

use super::*;
use crate::audit::{proof::InclusionProof, show, verify::verify};

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
