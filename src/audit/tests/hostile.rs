//! X1 to X3: bytes that no writer of ours wrote.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::audit::{
    AuditError,
    commit::{self, Commit},
    key::VerifierKey,
    layout::{Description, SegmentName},
    note::Note,
    record::{self, Record},
    show,
    verify::Outcome,
};

/// A small log as bytes, to be damaged.
fn segment() -> Vec<u8> {
    log_of(options(), &[2, 3]).0.read(FIRST_SEGMENT).unwrap()
}

/// A log with this segment and nothing beside it that knows better.
fn with_segment(bytes: Vec<u8>) -> Memory {
    let (system, _) = log_of(options(), &[1]);
    system.delete("log/checkpoint");
    system.put(FIRST_SEGMENT, bytes);
    system
}

/// Reads a damaged log in every way; none may panic, and a writer must end up with an intact log or refuse.
fn read_in_every_way(system: &Memory) {
    let _ = verify_on(system, Path::new(LOG), &pinned());
    let _ = verify_on(system, Path::new(LOG), &VerifyOptions::default());
    let _ = show::each_on(system, Path::new(LOG), &show::Filter::default(), &mut |_| ());
    if let Ok(mut writer) = open(system, Options { state: None, ..options() })
        && let Ok(receipt) = writer.append(&[end()])
    {
        let verdict = verified(system, &VerifyOptions::default());
        if matches!(verdict.outcome, Outcome::Intact) {
            assert_eq!(verdict.head, Some(receipt.note));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn x1_any_bytes_in_a_segment(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        read_in_every_way(&with_segment(bytes));
    }

    #[test]
    fn x1_pieces_of_a_segment_in_any_order(
        pieces in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..6),
    ) {
        let whole = segment();
        let mut bytes = Vec::new();
        for (start, length) in pieces {
            let start = start.index(whole.len());
            let length = length.index(whole.len() - start + 1);
            bytes.extend_from_slice(&whole[start..start + length]);
        }
        read_in_every_way(&with_segment(bytes));
    }

    #[test]
    fn x1_lines_of_a_segment_in_any_order(lines in prop::collection::vec(any::<prop::sample::Index>(), 0..12)) {
        let whole = segment();
        let all: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let bytes: Vec<u8> = lines.iter().flat_map(|line| all[line.index(all.len())].to_vec()).collect();
        read_in_every_way(&with_segment(bytes));
    }
}

proptest! {
    #[test]
    fn x1_whatever_is_read_is_written_as_it_was(
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let (system, receipts) = log_of(options(), &[2]);
        let segment = system.read(FIRST_SEGMENT).unwrap();
        let lines: Vec<&[u8]> = segment.split(|byte| *byte == b'\n').collect();
        let (record, commit) = (lines[1], lines[3]);
        let description = system.read("log/log.json").unwrap();
        let note = receipts[0].note.encode().into_bytes();
        let verifier = key(1).verifier().to_string().into_bytes();
        let private = key(1).encode().as_bytes().to_vec();
        let changed = |bytes: &[u8]| {
            let at = at.index(bytes.len());
            [&bytes[..at], &with, &bytes[at + 1..]].concat()
        };
        let text = |bytes: &[u8]| String::from_utf8(changed(bytes)).unwrap_or_default();

        let bytes = changed(record);
        if let Ok(read) = Record::parse(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        let bytes = changed(commit);
        if let Ok(read) = Commit::parse(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        let _ = commit::torn_note(&bytes);
        let bytes = changed(&description);
        if let Ok(read) = Description::parse(&bytes) {
            prop_assert_eq!(read.encode(), bytes.clone());
        }
        let read = text(&note);
        if let Ok(note) = Note::parse(&read) {
            prop_assert_eq!(note.encode(), read);
        }
        let read = text(&verifier);
        if let Ok(key) = VerifierKey::parse(&read) {
            prop_assert_eq!(key.to_string(), read);
        }
        let read = text(&private);
        if let Ok(key) = PrivateKey::parse(&read) {
            prop_assert_eq!(&**key.encode(), read.trim());
        }
    }

    #[test]
    fn x1_names_of_segments(name in "[0-9]{18,21}-[0-9]{1,3}(\\.jsonl)?|.{0,40}") {
        if let Some(segment) = SegmentName::parse(&name) {
            prop_assert_eq!(segment.to_string(), name);
        }
    }
}

#[test]
fn x2_lines_that_no_log_has() {
    let whole = segment();
    let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
    let (commit, intact) = (lines[lines.len() - 1], &lines[..lines.len() - 1]);
    let long = |length: usize| [&b"{\"body\":{\"resource\":\""[..], &vec![b'x'; length], b"\"}}\n"].concat();
    let cases: [(&str, Vec<u8>); 8] = [
        ("a record that is too long", long(record::LONGEST)),
        ("a line beyond all buffers", long(3 << 20)),
        ("a line feed alone", b"\n".to_vec()),
        ("NUL", b"\0\0\0\0\n".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"body\":{}}\n".to_vec()),
        ("CRLF", b"{\"body\":{}}\r\n".to_vec()),
        ("no UTF-8", b"{\"body\":{\"\xff\":\"\"}}\n".to_vec()),
        ("nesting", [&b"{\"body\":"[..], &vec![b'['; 50_000], b"\n"].concat()),
    ];
    for (case, line) in cases {
        // Before the last commit it is damage, named with its place; behind it, it is set aside.
        let mut inside = intact.to_vec();
        inside.push(&line);
        let offset: usize = intact.iter().map(|line| line.len()).sum();
        inside.push(commit);
        let system = with_segment(inside.concat());
        let Outcome::Damaged(violation) = verified(&system, &VerifyOptions::default()).outcome else {
            panic!("{case}")
        };
        if !violation.file.starts_with("log.json") && violation.index != Some(0) {
            assert_eq!(violation.offset, offset as u64, "{case}: {violation}");
        }
        read_in_every_way(&system);

        let (system, _) = log_of(options(), &[2]);
        system.change(FIRST_SEGMENT, |bytes| bytes.extend_from_slice(&line));
        assert_eq!(verified(&system, &pinned()).exit_code(), 0, "{case}");
        open(&system, options()).unwrap().append(&[end()]).unwrap();
        assert_eq!(verified(&system, &pinned()).exit_code(), 0, "{case}");
    }
}

#[test]
fn x2_a_record_that_is_too_long_is_refused_before_anything_is_written() {
    let (system, _) = log_of(options(), &[2]);
    let before = system.read(FIRST_SEGMENT).unwrap();
    let Event::Decision(small) = decision(1) else { unreachable!() };
    let long = Event::Decision(Decision { resource: "x".repeat(record::LONGEST), ..small });
    let mut writer = open(&system, options()).unwrap();
    let error = writer.append(&[decision(2), long]).unwrap_err();
    assert!(matches!(error, AuditError::Record { kind: "decision", .. }), "{error}");
    assert_eq!(system.read(FIRST_SEGMENT).unwrap(), before);
    writer.append(&[end()]).unwrap();
}

#[test]
fn x3_names_cannot_forge_lines_or_move_the_cursor() {
    let resource =
        "Deployment/shop/a\n{\"checkpoint\":\"x\"}\n— audit.example.com/shop AAAA\u{1b}[2J\u{202e}\u{0}";
    let Event::Decision(small) = decision(1) else { unreachable!() };
    let system = Memory::default();
    let mut writer = open(&system, options()).unwrap();
    writer.append(&[Event::Decision(Decision { resource: resource.to_owned(), ..small })]).unwrap();
    assert_eq!(verified(&system, &pinned()).exit_code(), 0);
    let text = String::from_utf8(system.read(FIRST_SEGMENT).unwrap()).unwrap();
    assert_eq!(text.lines().count(), 3);
    let filter = show::Filter { resource: Some(show::Pattern::new(resource)), ..show::Filter::default() };
    let mut shown = Vec::new();
    let mut page = show::page::Page::new(&mut shown, Path::new(LOG), BTreeMap::new(), false);
    show::each_on(&system, Path::new(LOG), &filter, &mut |row| page.row(&row).unwrap()).unwrap();
    page.finish().unwrap();
    let shown = String::from_utf8(shown).unwrap();
    assert_eq!(shown.lines().count(), 2, "a heading and a record: {shown}");
    let is_unsafe =
        |character: char| character != '\n' && (character.is_control() || character == '\u{202e}');
    assert!(shown.contains("plaintext-accepted") && !shown.contains(is_unsafe), "{shown}");
    let sneaky = Options { origin: Some("audit\n2\nx".to_owned()), ..unsigned() };
    assert!(matches!(open(&Memory::default(), sneaky), Err(AuditError::Origin { .. })));
}
