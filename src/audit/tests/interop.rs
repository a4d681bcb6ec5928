//! I1, I3: what others read and write. `tests/e2e/tlog` checks the files written here with Go's packages alone.

use std::{fs, path::PathBuf};

use rayon::prelude::*;

use super::*;
use crate::audit::{
    keyfile,
    note::Note,
    proof,
    tree::{
        Hash,
        proof::{RangeRoots, consistency_ranges, inclusion_ranges},
    },
    verify::verify,
};

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
    fs::write(folder.join("vkey-2"), key(2).verifier().to_string()).unwrap();
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

    fs::write(folder.join("trees"), proofs_of_all_trees(300)).unwrap();

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

/// T16: every proof of every tree up to a size, one a line: `record INDEX SIZE HASH…` and `tree OLD NEW HASH…`. The leaves
/// are the indexes, in eight bytes each.
fn proofs_of_all_trees(largest: u64) -> String {
    let leaves: Vec<Hash> = (0..largest).map(|index| Hash::leaf(&index.to_be_bytes())).collect();
    let line = |what: &str, one: u64, size: u64, ranges: Vec<std::ops::Range<u64>>| {
        let mut collected = RangeRoots::new(ranges);
        let leaves = leaves.iter().take(usize::try_from(size).unwrap());
        (0..).zip(leaves).for_each(|(index, leaf)| collected.leaf(index, *leaf));
        let hashes: Vec<String> = collected.roots().unwrap().iter().map(Hash::base64).collect();
        format!("{what} {one} {size} {}", hashes.join(" ")).trim_end().to_owned() + "\n"
    };
    let sizes = (1..=largest).into_par_iter();
    let proofs = sizes.map(|size| {
        let records = (0..size).map(|index| line("record", index, size, inclusion_ranges(index, size)));
        let trees = (1..=size).map(|old| line("tree", old, size, consistency_ranges(old, size)));
        records.chain(trees).collect::<String>()
    });
    proofs.collect()
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
