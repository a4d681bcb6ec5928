//! Editing a log as somebody with write access could.

use super::*;
use crate::audit::{
    chain::Chain,
    commit::Commit,
    note::{Checkpoint, Note},
    record::Record,
    tree::Hash,
    verify::Outcome,
    walk::Violation,
};

/// A log of 1,000 records in 11 commits.
pub(super) fn thousand(options: Options) -> Memory {
    let mut commits = vec![90; 11];
    commits[0] = 99;
    let (system, receipts) = log_of(options, &commits);
    assert_eq!(receipts.last().unwrap().size, 1000);
    system
}

/// Verifies with everything but a head that is kept elsewhere.
pub(super) fn exit_code(system: &Memory) -> u8 {
    verified(system, &pinned()).exit_code()
}

pub(super) fn remembering() -> VerifyOptions {
    VerifyOptions { state: Some(STATE.into()), ..pinned() }
}

pub(super) fn trusting(note: &Note) -> VerifyOptions {
    VerifyOptions { trusted: vec![("sidecar".to_owned(), note.clone())], ..pinned() }
}

pub(super) fn violation(system: &Memory) -> Violation {
    match verified(system, &pinned()).outcome {
        Outcome::Damaged(violation) => *violation,
        other => panic!("{other:?}"),
    }
}

/// The lines of the first segment, each with its line feed.
pub(super) fn lines(system: &Memory) -> Vec<Vec<u8>> {
    let bytes = system.read(FIRST_SEGMENT).unwrap();
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

pub(super) fn write_lines(system: &Memory, lines: &[Vec<u8>]) {
    system.put(FIRST_SEGMENT, lines.concat());
}

/// Where the record with an index is among the lines.
pub(super) fn line_of(lines: &[Vec<u8>], index: u64) -> usize {
    lines.iter().position(|line| record_of(line).is_some_and(|record| record.index == index)).unwrap()
}

pub(super) fn record_of(line: &[u8]) -> Option<Record<'_>> {
    Record::parse(line.strip_suffix(b"\n")?).ok()
}

pub(super) fn replaced(line: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(line).unwrap();
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// Gives every record its index and the hash of the one before, and every commit its root, as somebody would who
/// rewrites history; `sign` makes the notes.
pub(super) fn rechained(lines: &[Vec<u8>], sign: &dyn Fn(&mut Note)) -> Vec<Vec<u8>> {
    let mut chain = Chain::beginning();
    let mut new = Vec::new();
    for line in lines {
        let mut line = if let Some(record) = record_of(line) {
            let previous = chain.previous.unwrap().hex();
            let line = Record { index: chain.size(), previous: &previous, ..record }.encode();
            chain.push(Hash::leaf(&line), record.time);
            line
        } else {
            let origin = ORIGIN.to_owned();
            let checkpoint = Checkpoint { origin, size: chain.size(), root: chain.frontier.root() };
            let mut note = Note::unsigned(checkpoint);
            sign(&mut note);
            Commit { note, frontier: chain.frontier.clone() }.encode()
        };
        line.push(b'\n');
        new.push(line);
    }
    new
}
