//! I1, I3: what others read and write. `tests/e2e/tlog` checks the files written here with Go's packages alone.

use std::{fs, path::PathBuf};

use super::*;
use crate::audit::{keyfile, note::Note, proof, verify::verify};

/// Where files for other programs are wanted.
#[expect(clippy::disallowed_methods, reason = "the script that wants the files says where")]
pub(super) fn folder() -> Option<PathBuf> {
    std::env::var_os("PROBITY_TEST_INTEROP").map(PathBuf::from)
}

fn writer(folder: &Path, name: &str) -> Writer {
    Writer::open(&folder.join(name), Options { state: None, ..options() }).unwrap()
}

#[test]
#[ignore = "only `tests/e2e/tlog/run` needs the files"]
fn write_files_for_go() {
    let Some(folder) = folder() else { return };
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("vkey"), key(1).verifier().to_string()).unwrap();
    keyfile::write_private(&folder.join("key"), &key(1)).unwrap();

    // A head of every size up to 300.
    let mut small = writer(&folder, "small");
    let receipts: Vec<Receipt> = (0..299).map(|number| small.append(&[decision(number)]).unwrap()).collect();
    let log = folder.join("small");
    for index in (0..300).step_by(13) {
        let proof = proof::prove_index(&log, index).unwrap();
        fs::write(folder.join(format!("{index}.tlog-proof")), proof.encode()).unwrap();
    }
    let finding = proof::prove_finding(&log, &format!("{:064x}", 42), None).unwrap();
    fs::write(folder.join("finding.tlog-proof"), finding.encode()).unwrap();
    fs::write(folder.join("receipt.tlog-proof"), receipts[177].proof().encode()).unwrap();
    for (number, (old, new)) in
        [(0, 1), (2, 3), (6, 7), (62, 298), (100, 101), (126, 254), (5, 5)].iter().enumerate()
    {
        let (old, new) = (&receipts[*old].note, &receipts[*new].note);
        let proof = proof::consistency(&log, old, Some(new)).unwrap();
        fs::write(folder.join(format!("{number}.old")), old.encode()).unwrap();
        fs::write(folder.join(format!("{number}.consistency")), proof.encode()).unwrap();
    }

    // Around a power of two, over segments.
    let mut large = writer(&folder, "large");
    for count in [20_000, 45_533, 1, 1, 1] {
        large.append(&decisions(0..count)).unwrap();
    }
    drop(large);
    assert_eq!(verify(&folder.join("large"), &pinned()).unwrap().head.unwrap().checkpoint.size, 65_537);

    // Recovered after every possible cut of a commit line that is adopted or set aside.
    let (system, receipts) = log_of(options(), &[5, 5]);
    let bytes = system.read(FIRST_SEGMENT).unwrap();
    for (number, cut) in (bytes.len() - 700..bytes.len()).step_by(53).enumerate() {
        let torn = folder.join(format!("torn-{number}"));
        fs::create_dir_all(torn.join("seg")).unwrap();
        for (name, content) in [
            ("log.json", system.read("log/log.json").unwrap()),
            ("seg/00000000000000000000-00.jsonl", bytes[..cut].to_vec()),
            ("checkpoint", receipts[0].note.encode().into_bytes()),
        ] {
            fs::write(torn.join(name), content).unwrap();
        }
        writer(&folder, &format!("torn-{number}")).append(&[end()]).unwrap();
        assert_eq!(verify(&torn, &pinned()).unwrap().exit_code(), 0);
    }
}

/// I3: notes exchanged with the Rust port of Go's package.
#[test]
fn notes_are_those_of_another_implementation() {
    use signed_note::{StandardVerifier, Verifier as _, VerifierList};
    let (_, receipts) = log_of(options(), &[3]);
    let ours = receipts[0].note.encode();
    let theirs = signed_note::Note::from_bytes(ours.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key(1).verifier().to_string()).unwrap();
    assert_eq!(verifier.name(), ORIGIN);
    let (valid, unknown) = theirs.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((valid.len(), unknown.len()), (1, 0));

    let text = receipts[0].note.checkpoint.text();
    let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    let signer = signed_note::StandardSigner::new(&key(1).encode()).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    assert_eq!(String::from_utf8(theirs.to_bytes()).unwrap(), ours);
    assert_eq!(Note::parse(&ours).unwrap().verify(&pinned().keys).unwrap().len(), 1);
}
