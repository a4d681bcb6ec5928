//! T1 to T4, T12 to T17: bytes of a log that somebody without the key changed. T15 and T16 are beside the proofs.

use super::{edit::*, *};
use crate::audit::{
    commit::{self, Commit},
    layout,
    note::Note,
    record,
    tree::{Frontier, Hash},
    verify::{Notice, Outcome},
};

#[test]
fn t1_no_bit_of_a_small_log_can_be_flipped() {
    for (options, bits) in [(options(), 0..8), (unsigned(), 4..6)] {
        let (system, _) = log_of(options, &[1, 3]);
        let intact = verified(&system, &pinned()).exit_code();
        for file in [FIRST_SEGMENT, "log/log.json"] {
            let bytes = system.read(file).unwrap();
            let mut index = 0;
            for position in 0..bytes.len() {
                let rest = &bytes[position..];
                let at_start = position == 0 || bytes[position - 1] == b'\n';
                if at_start && position > 0 && rest.starts_with(record::START) {
                    index += 1;
                }
                for bit in bits.clone() {
                    let mut changed = bytes.clone();
                    changed[position] ^= 1 << bit;
                    system.put(file, changed);
                    match verified(&system, &pinned()).outcome {
                        // A damaged commit line is known by the last record before it, or as the line after that.
                        Outcome::Damaged(found) if file == FIRST_SEGMENT => assert!(
                            found.index.is_some_and(|found| found == index || found == index + 1),
                            "byte {position} of record {index}, bit {bit}: {found}"
                        ),
                        Outcome::Damaged(_) => {}
                        other => panic!("{file}, byte {position}, bit {bit}: {other:?}"),
                    }
                }
            }
            system.put(file, bytes);
        }
        assert_eq!(exit_code(&system), intact);
    }
}

#[test]
fn t1_no_bit_of_a_head_that_is_restated_can_be_flipped() {
    type Edit<'e> = &'e dyn Fn(&Memory);
    let handed_over = |system: &Memory| {
        open(system, options()).unwrap().rotate_key(Signer::Key(key(2)), None).unwrap();
    };
    let new = || Options { signer: Some(Signer::Key(key(2))), ..options() };
    let witnessed = |system: &Memory| {
        let mut lines = lines(system);
        let mut commit = Commit::parse(lines.pop().unwrap().trim_ascii_end()).unwrap();
        let witness = PrivateKey::from_seed("witness.example", &[9; 32]).unwrap();
        let signature = witness.sign(commit.note.checkpoint.text().as_bytes());
        commit.note.add_signature(witness.verifier(), &signature);
        lines.push([&commit.encode()[..], b"\n"].concat());
        write_lines(system, &lines);
    };
    let table: [(&str, Options, Options, Edit<'_>); 4] = [
        ("signed", options(), options(), &|_| {}),
        ("unsigned", unsigned(), unsigned(), &|_| {}),
        ("handed over", options(), new(), &handed_over),
        ("witnessed", options(), options(), &witnessed),
    ];
    for (case, first, second, then) in table {
        let (system, _) = log_of(first, &[1, 3]);
        then(&system);
        let mut writer = open(&system, Options { segment_records: 1, ..second }).unwrap();
        writer.append(&[end()]).unwrap();
        let intact = exit_code(&system);
        assert!([0, 5].contains(&intact), "{case}");
        let segment = system.files().into_iter().rfind(|path| path.starts_with("log/seg")).unwrap();
        let bytes = system.read(&segment).unwrap();
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
        for bit in 0..(end + 1) * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            system.put(&segment, changed);
            assert_eq!(exit_code(&system), 1, "{case}, byte {}, bit {}", bit / 8, bit % 8);
        }
    }
}

#[test]
fn t2_a_commit_that_adds_no_record_is_none() {
    let (system, _) = log_of(options(), &[2, 2, 2]);
    let lines = lines(&system);
    let commits: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with(commit::START)).collect();
    for at in commits {
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at].clone());
        write_lines(&system, &doubled);
        assert!(violation(&system).fault.what.contains("adds no record"), "line {at}");
    }
}

#[test]
fn t1_a_changed_record_is_named_and_none_beside_it() {
    let system = thousand(options());
    let lines = lines(&system);
    for index in (0..1000).step_by(7).chain([98, 99, 100, 189, 190, 998, 999]) {
        let mut changed = lines.clone();
        let at = line_of(&lines, index);
        let time = record_of(&lines[at]).unwrap().time.to_owned();
        changed[at] = replaced(&lines[at], &time, "2026-01-01T00:00:00.000Z");
        write_lines(&system, &changed);
        let found = violation(&system);
        assert_eq!(found.index, Some(index), "{found}");
        let offset: usize = lines[..at].iter().map(Vec::len).sum();
        if index < 999 && !lines[at + 1].starts_with(commit::START) {
            assert_eq!(found.offset, offset as u64, "{found}");
        }
    }
}

#[test]
fn t1_sampled_bits_of_a_thousand_records() {
    let system = thousand(options());
    let bytes = system.read(FIRST_SEGMENT).unwrap();
    for sample in 0..60 {
        let mut changed = bytes.clone();
        // A step that meets every column of the lines.
        let position = (sample * 7919 * 13) % bytes.len();
        changed[position] ^= 1 << (sample % 8);
        system.put(FIRST_SEGMENT, changed);
        assert_eq!(exit_code(&system), 1, "byte {position}");
    }
}

#[test]
fn t1_another_spelling_of_the_same_record_is_damage() {
    let (system, _) = log_of(options(), &[1, 3]);
    let lines = lines(&system);
    let table = [
        ("größe", "gr\\u00f6\\u00dfe"),
        (r#"{"body":"#, r#"{"body": "#),
        (r#""v":"1"}"#, r#""v":"1"} "#),
        ("\n", "\r\n"),
        ("\n", "\n\n"),
        (
            r#""rule":"mtls/plaintext-accepted","severity":"high""#,
            r#""severity":"high","rule":"mtls/plaintext-accepted""#,
        ),
    ];
    for (from, to) in table {
        let mut changed = lines.clone();
        let at = line_of(&lines, 2);
        changed[at] = replaced(&lines[at], from, to);
        write_lines(&system, &changed);
        assert_eq!(exit_code(&system), 1, "{from} → {to}");
    }
}

#[test]
fn t2_nothing_can_be_taken_out() {
    let system = thousand(options());
    let lines = lines(&system);
    for index in [0, 1, 99, 100, 500, 998] {
        let mut changed = lines.clone();
        changed.remove(line_of(&lines, index));
        write_lines(&system, &changed);
        assert_eq!(violation(&system).index, Some(index));
    }
    let mut changed = lines.clone();
    changed.drain(line_of(&lines, 150)..line_of(&lines, 450));
    write_lines(&system, &changed);
    assert_eq!(violation(&system).index, Some(150));
    // A commit, with and without its records.
    let commit = lines.iter().position(|line| line.starts_with(commit::START)).unwrap();
    let mut changed = lines.clone();
    changed.drain(..=commit);
    write_lines(&system, &changed);
    assert_eq!(exit_code(&system), 1);
}

#[test]
fn t2_no_segment_can_be_taken_out() {
    let system = Memory::default();
    let mut writer = open(&system, Options { segment_records: 10, ..options() }).unwrap();
    for number in 0..9 {
        writer.append(&decisions(number * 5..number * 5 + 5)).unwrap();
    }
    let segments: Vec<_> = system.files().into_iter().filter(|path| path.starts_with("log/seg")).collect();
    assert_eq!(segments.len(), 5);
    for (position, segment) in segments.iter().enumerate() {
        let copy = system.copy();
        copy.delete(segment);
        let last = position == segments.len() - 1;
        assert_eq!(exit_code(&copy), if last { 3 } else { 1 }, "{}", segment.display());
    }
    let renamed = system.copy();
    renamed.move_file(&segments[1], "log/seg/00000000000000000000-01.jsonl");
    assert_eq!(exit_code(&renamed), 1);
    let renamed = system.copy();
    renamed.move_file(&segments[4], "log/seg/00000000000000000031-01.jsonl");
    assert_eq!(exit_code(&renamed), 1);
}

#[test]
fn t3_nothing_can_be_moved_or_added() {
    let system = thousand(options());
    let lines = lines(&system);
    let at = |index| line_of(&lines, index);
    let mut swapped = lines.clone();
    swapped.swap(at(400), at(401));
    let mut moved = lines.clone();
    let block: Vec<_> = moved.drain(at(300)..at(310)).collect();
    moved.splice(at(600)..at(600), block);
    let mut doubled = lines.clone();
    doubled.insert(at(401), lines[at(400)].clone());
    let mut forged = lines.clone();
    forged.insert(at(401), replaced(&lines[at(401)], "Deployment/shop", "Deployment/free"));
    for (changed, index) in [(swapped, 400), (moved, 300), (doubled, 401), (forged, 402)] {
        write_lines(&system, &changed);
        assert_eq!(violation(&system).index, Some(index));
    }
}

#[test]
fn t4_rewriting_what_follows_ends_at_the_next_commit() {
    for options in [options(), unsigned()] {
        let system = thousand(options);
        let mut lines = lines(&system);
        let at = line_of(&lines, 420);
        lines[at] = replaced(&lines[at], "\"fail\"", "\"pass\"");
        let rewritten = rechained(&lines, &|_| {});
        let mixed: Vec<_> = lines
            .iter()
            .zip(rewritten)
            .map(|(old, new)| if old.starts_with(commit::START) { old.clone() } else { new })
            .collect();
        write_lines(&system, &mixed);
        let found = violation(&system);
        assert!(found.fault.what.contains("root"), "{found}");
        // The end of the commit that covers the change.
        assert_eq!(found.index, Some(459));
    }
}

#[test]
fn t12_a_commit_cannot_be_edited() {
    let (system, _) = log_of(options(), &[5, 5]);
    let lines = lines(&system);
    let commits: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with(commit::START)).collect();
    for at in commits {
        let commit = Commit::parse(lines[at].trim_ascii_end()).unwrap();
        let size = commit.frontier.size();
        let edit = |changed: Commit| {
            let mut lines = lines.clone();
            lines[at] = [&changed.encode()[..], b"\n"].concat();
            write_lines(&system, &lines);
            verified(&system, &pinned())
        };
        let nodes = vec![Hash::empty(); commit.frontier.nodes().len()];
        let frontier = Frontier::new(size, nodes).unwrap();
        assert_eq!(edit(Commit { frontier, ..commit.clone() }).exit_code(), 1, "frontier");

        let note = Note::parse(
            &commit.note.encode().replace("audit.example.com/shop\n", "audit.example.com/shod\n"),
        );
        assert_eq!(edit(Commit { note: note.unwrap(), ..commit.clone() }).exit_code(), 1, "text");

        let mut note = Note::unsigned(commit.note.checkpoint.clone());
        note.add_signature(key(1).verifier(), &[0; 64]);
        assert_eq!(edit(Commit { note, ..commit.clone() }).exit_code(), 1, "signature");

        let note = Note::unsigned(commit.note.checkpoint.clone());
        assert_eq!(edit(Commit { note, ..commit.clone() }).exit_code(), 1, "no signature");

        let mut note = commit.note.clone();
        note.add_signature(PrivateKey::from_seed("witness.example", &[9; 32]).unwrap().verifier(), &[1; 64]);
        assert_eq!(
            edit(Commit { note, ..commit.clone() }).exit_code(),
            0,
            "a signature of somebody else is ignored"
        );
    }
}

#[test]
fn t13_what_was_set_aside_cannot_be_changed() {
    let (system, _) = log_of(options(), &[5, 5]);
    let committed = system.read(FIRST_SEGMENT).unwrap().len();
    system.change(FIRST_SEGMENT, |bytes| bytes.extend_from_slice(b"{\"body\":{\"torn"));
    open(&system, options()).unwrap().append(&decisions(0..2)).unwrap();
    assert_eq!(exit_code(&system), 0);
    for change in [
        |bytes: &mut Vec<u8>| *bytes.last_mut().unwrap() ^= 1,
        |bytes: &mut Vec<u8>| bytes.push(b'x'),
        |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1),
    ] {
        let copy = system.copy();
        copy.change(FIRST_SEGMENT, change);
        assert_eq!(violation(&copy).index, Some(11));
    }
    let copy = system.copy();
    copy.change(FIRST_SEGMENT, |bytes| bytes.truncate(committed));
    assert_eq!(exit_code(&copy), 1);
    // Without the record that names them, what follows does not add up.
    let copy = system.copy();
    copy.change("log/seg/00000000000000000000-01.jsonl", |bytes| {
        let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        *bytes = [&lines[..1], &lines[2..]].concat().concat();
    });
    assert_eq!(violation(&copy).index, Some(11));
}

#[test]
fn t14_segments_are_regular_files_of_this_log() {
    let later = || Timestamp::from_second(1_800_000_000).unwrap();
    let (other, _) = log_of(Options { clock: Box::new(later), ..options() }, &[5, 5]);
    let (system, _) = log_of(options(), &[5, 5]);
    system.put(FIRST_SEGMENT, other.read(FIRST_SEGMENT).unwrap());
    assert_eq!(exit_code(&system), 1, "a segment of another log");

    let (system, _) = log_of(options(), &[5]);
    let linked = system.copy();
    linked.delete(FIRST_SEGMENT);
    linked.link(FIRST_SEGMENT);
    assert_eq!(exit_code(&linked), 1, "a symbolic link");
    assert!(open(&linked, options()).is_err());

    let linked = system.copy();
    linked.hard_link(FIRST_SEGMENT, "elsewhere");
    assert_eq!(exit_code(&linked), 1, "a hard link");
    let refused = open(&linked, options()).and_then(|mut writer| writer.append(&[end()]));
    assert!(refused.is_err());

    let renamed = system.copy();
    renamed.move_file(FIRST_SEGMENT, "log/seg/00000000000000000000-01.jsonl");
    assert_eq!(exit_code(&renamed), 1, "another generation");
    let stray = system.copy();
    stray.put("log/seg/backup.jsonl", "");
    assert_eq!(exit_code(&stray), 1, "a file that is no segment");
    let noise = system.copy();
    noise.put("log/seg/.DS_Store", "");
    assert_eq!(exit_code(&noise), 0, "a file that does not look like a segment");
}

/// Every event that may name a list beside the log, with a list that is too long for a record.
fn events_with_payload() -> Vec<Event> {
    use crate::audit::event::{DecisionBatch, Input, List, ScanInputs};
    let names = || (0..2000).map(|number| format!("Deployment/shop/service-{number}"));
    let input = |name| Input {
        digest: None,
        name,
        objects: None,
        resource_version: None,
        size: None,
        status: "read".to_owned(),
    };
    let batch = DecisionBatch {
        outcome: "pass".to_owned(),
        resources: List::new(names()),
        rule: "mtls/plaintext-accepted".to_owned(),
    };
    vec![Event::ScanInputs(ScanInputs { inputs: List::new(names().map(input)) }), Event::DecisionBatch(batch)]
}

#[test]
fn t17_a_payload_beside_the_log_may_go_but_not_change() {
    for event in events_with_payload() {
        let kind = event.kind();
        let system = Memory::default();
        open(&system, options()).unwrap().append(&[event]).unwrap();
        assert_eq!(verified(&system, &pinned()).notices, [], "{kind:?}");
        let payload = system.files().into_iter().find(|path| path.starts_with("log/blobs")).unwrap();
        let gone = system.copy();
        gone.delete(&payload);
        let verdict = verified(&gone, &pinned());
        assert_eq!(verdict.exit_code(), 0, "{kind:?}");
        assert!(
            matches!(verdict.notices[..], [Notice::EvidenceUnavailable { index: 1, .. }]),
            "{kind:?}: {:?}",
            verdict.notices
        );
        let changed = system.copy();
        changed.change(&payload, |bytes| bytes[5] ^= 1);
        assert!(violation(&changed).fault.what.contains("evidence altered"), "{kind:?}");
        // What is there but cannot be read is not gone.
        system.delete(&payload);
        system.link(&payload);
        let error = verify_on(&system, Path::new(LOG), &pinned()).unwrap_err();
        assert!(matches!(error, crate::audit::AuditError::Io(_)), "{kind:?}: {error}");
    }
}

#[test]
fn log_json_must_be_the_one_that_the_first_record_names() {
    let (system, _) = log_of(options(), &[5]);
    let gone = system.copy();
    gone.delete("log/log.json");
    assert_eq!(exit_code(&gone), 1);
    let other = system.copy();
    let description = layout::Description::parse(&system.read("log/log.json").unwrap()).unwrap();
    let changed = layout::Description { keys: vec![key(2).verifier().clone()], ..description };
    other.put("log/log.json", changed.encode());
    assert_eq!(violation(&other).index, Some(0));
    assert!(open(&other, options()).is_err());
}
