//! X1: the corpora of the fuzz targets, and all their beginnings, through the parsers of the audit log.

#![expect(clippy::disallowed_methods, reason = "the corpora are files of this repository")]

use std::{fs, path::Path};

#[path = "../fuzz/parsers.rs"]
mod parsers;

#[test]
fn no_corpus_makes_a_parser_panic_or_read_two_spellings() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut folders: Vec<String> = corpus
        .read_dir()
        .expect("the corpora")
        .map(|entry| entry.expect("a folder").file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut targets = parsers::TARGETS.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(folders, targets, "each target has a corpus");
    for (name, parse) in parsers::TARGETS {
        let mut files = 0;
        for entry in corpus.join(name).read_dir().expect("a corpus") {
            let bytes = fs::read(entry.expect("a file").path()).expect("bytes");
            parse(&bytes);
            // A log is read from files: some of its beginnings are enough.
            let step = if name == "segment" { 61 } else { 1 };
            for length in (0..bytes.len()).step_by(step) {
                parse(&bytes[..length]);
            }
            files += 1;
        }
        assert!(files > 2, "{name}");
    }
}
