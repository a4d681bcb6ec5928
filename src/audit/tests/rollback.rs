//! T5 to T11: logs that were replaced, cut or copied back. What of that is noticed depends on what somebody else kept.

use super::{edit::*, *};
use crate::audit::{
    AuditError,
    commit::{self, Commit},
    heads, layout,
    note::Note,
    verify::Notice,
};

#[test]
fn t5_another_key_needs_an_anchor_to_be_noticed() {
    let system = thousand(options());
    let thief = key(2);
    let mut lines = lines(&system);
    let old_digest = layout::Description::parse(&system.read("log/log.json").unwrap()).unwrap();
    let new = layout::Description { keys: vec![thief.verifier().clone()], ..old_digest.clone() };
    lines[0] = replaced(&lines[0], &old_digest.digest(), &new.digest());
    lines[0] = replaced(&lines[0], &key(1).verifier().to_string(), &thief.verifier().to_string());
    let sign = |note: &mut Note| Signer::Key(key(2)).sign(note).unwrap();
    write_lines(&system, &rechained(&lines, &sign));
    system.put("log/log.json", new.encode());
    let forged = Commit::parse(super::edit::lines(&system).last().unwrap().trim_ascii_end()).unwrap();
    system.put("log/checkpoint", forged.note.encode());

    assert_eq!(exit_code(&system), 1, "with the pinned key");
    let alone = verified(&system, &VerifyOptions::default());
    assert_eq!((alone.exit_code(), alone.headline().as_str()), (5, "intact, key not pinned"));
    let memory = VerifyOptions { state: Some(STATE.into()), ..VerifyOptions::default() };
    assert_eq!(verified(&system, &memory).exit_code(), 3, "with the user's memory");
    assert!(matches!(open(&system, options()), Err(AuditError::Rollback { .. })), "nothing is signed");
}

#[test]
fn t6_without_a_key_rewritten_history_passes_as_unsigned() {
    let system = thousand(unsigned());
    let mut lines = lines(&system);
    let at = line_of(&lines, 420);
    lines[at] = replaced(&lines[at], "\"fail\"", "\"pass\"");
    let lines = rechained(&lines, &|_| {});
    write_lines(&system, &lines);
    system
        .put("log/checkpoint", Commit::parse(lines.last().unwrap().trim_ascii_end()).unwrap().note.encode());
    for options in [pinned(), VerifyOptions::default()] {
        let verdict = verified(&system, &options);
        assert_eq!((verdict.exit_code(), verdict.headline().as_str()), (5, "intact, UNSIGNED"));
    }
    assert_eq!(verified(&system, &remembering()).exit_code(), 3);
}

#[test]
fn t7_a_log_that_ends_within_a_record_is_shorter_than_its_copy_of_the_head() {
    let system = thousand(options());
    let lines = lines(&system);
    let cut: usize = lines[..line_of(&lines, 970)].iter().map(Vec::len).sum::<usize>() + 100;
    system.change(FIRST_SEGMENT, |bytes| bytes.truncate(cut));
    assert_eq!(exit_code(&system), 3);
    system.delete("log/checkpoint");
    let verdict = verified(&system, &pinned());
    assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());
    assert!(matches!(verdict.notices[..], [Notice::Tail { .. }]), "{:?}", verdict.notices);
    assert_eq!(verified(&system, &remembering()).exit_code(), 3);
}

#[test]
fn t8_t9_a_log_cut_at_a_commit_needs_a_kept_head_to_be_noticed() {
    let (system, receipts) = log_of(options(), &[9, 10, 10]);
    let old = system.copy();
    old.change(FIRST_SEGMENT, |bytes| {
        let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let second =
            lines.iter().enumerate().filter(|(_, line)| line.starts_with(commit::START)).nth(1).unwrap().0;
        *bytes = lines[..=second].concat();
    });
    // T8: the copy of the head is still there.
    assert_eq!(exit_code(&old), 3);
    // T9: the copy as well is the old one.
    old.put("log/checkpoint", receipts[1].note.encode());
    assert_eq!(exit_code(&old), 0, "documented: nothing in the log can tell");
    assert_eq!(verified(&old, &trusting(&receipts[1].note)).exit_code(), 0);
    let verdict = verified(&old, &trusting(&receipts[2].note));
    assert_eq!(verdict.exit_code(), 3);
    let text = verdict.render();
    for receipt in &receipts[1..] {
        assert!(text.contains(&receipt.root.base64()), "both heads are shown: {text}");
    }
    assert_eq!(verified(&old, &remembering()).exit_code(), 3);
    assert!(matches!(open(&old, options()), Err(AuditError::Rollback { .. })));
    // A machine without memory cannot tell, and goes on.
    assert!(open(&old, Options { state: None, ..options() }).unwrap().append(&[end()]).is_ok());
}

#[test]
fn t9_a_writer_that_is_running_notices_too() {
    let system = Memory::default();
    let mut writer = open(&system, Options { state: None, ..options() }).unwrap();
    writer.append(&[start()]).unwrap();
    let before = system.read(FIRST_SEGMENT).unwrap();
    writer.append(&decisions(0..3)).unwrap();
    system.put(FIRST_SEGMENT, before);
    assert!(writer.append(&[end()]).is_err());
}

#[test]
fn t10_another_log_of_the_same_key_is_a_fork() {
    let (system, receipts) = log_of(options(), &[5, 5]);
    let (fork, _) = log_of(options(), &[5, 5, 5]);
    for file in ["log/log.json", "log/checkpoint", FIRST_SEGMENT] {
        system.put(file, fork.read(file).unwrap());
    }
    let trusted = verified(&system, &trusting(&receipts[1].note));
    assert_eq!(trusted.exit_code(), 3);
    assert!(trusted.render().contains("at that size"), "{}", trusted.render());
    assert_eq!(verified(&system, &remembering()).exit_code(), 3);
    assert!(matches!(open(&system, options()), Err(AuditError::Rollback { .. })));
}

#[test]
fn t11_lines_behind_the_last_commit_are_never_signed() {
    let (system, _) = log_of(options(), &[5, 5]);
    let mut lines = lines(&system);
    let last = lines.pop().unwrap();
    let forged = rechained(&[&lines[..], &[lines[1].clone()]].concat(), &|_| {}).pop();
    write_lines(&system, &[lines.clone(), forged.into_iter().collect()].concat());
    system.delete("log/checkpoint");
    let verdict = verified(&system, &pinned());
    assert_eq!(verdict.exit_code(), 0);
    assert_eq!(verdict.head.unwrap().checkpoint.size, 6);
    assert!(matches!(verdict.notices[..], [Notice::Tail { .. }]));

    let mut writer = open(&system, Options { state: None, ..options() }).unwrap();
    let receipt = writer.append(&[end()]).unwrap();
    // Set aside: what is new is the recovery and the event.
    assert_eq!((receipt.first, receipt.size), (7, 8));
    assert_eq!(exit_code(&system), 0);
    assert!(system.read(FIRST_SEGMENT).unwrap().ends_with(b"}\n"), "the lines stay where they are");
    // Adding the commit again changes what was set aside.
    system.change(FIRST_SEGMENT, |bytes| bytes.extend(last));
    assert_eq!(exit_code(&system), 1);
}

#[test]
fn a_log_is_verified_from_any_head_on() {
    let (system, receipts) = log_of(options(), &[9, 10, 10]);
    for receipt in &receipts {
        let options = || VerifyOptions { from: Some(receipt.note.clone()), ..pinned() };
        let verdict = verified(&system, &options());
        assert_eq!((verdict.exit_code(), verdict.first), (0, receipt.size), "{}", verdict.render());
        assert_eq!(verdict.head.unwrap(), receipts[2].note);
        let other = VerifyOptions { keys: vec![key(2).verifier().clone()], ..options() };
        assert_eq!(verified(&system, &other).exit_code(), 1);
    }
    // What is older is not read.
    let changed = system.copy();
    changed.change(FIRST_SEGMENT, |bytes| bytes[700] ^= 1);
    let from = |note: &Note| VerifyOptions { from: Some(note.clone()), ..pinned() };
    assert_eq!(verified(&changed, &from(&receipts[0].note)).exit_code(), 0);
    assert_eq!(exit_code(&changed), 1);
    // A head of another log, or of a longer one.
    let (fork, others) = log_of(options(), &[9, 10, 10, 5]);
    assert_eq!(verified(&system, &from(&others[1].note)).exit_code(), 3);
    assert_eq!(verified(&system, &from(&others[3].note)).exit_code(), 3);
    assert_eq!(verified(&fork, &from(&others[1].note)).exit_code(), 0);
}

#[test]
fn a_log_is_verified_from_a_head_on_whatever_other_heads_are_kept() {
    let (system, receipts) = log_of(options(), &[9, 10, 10]);
    let (_, others) = log_of(options(), &[9, 10, 10]);
    let verdict = |place: &str, kept: &Note| {
        let system = system.copy();
        let mut options = VerifyOptions { from: Some(receipts[1].note.clone()), ..pinned() };
        match place {
            "trusted" => options.trusted = vec![("sidecar".to_owned(), kept.clone())],
            "memory" => {
                heads::Memory::new(Path::new(STATE)).remember(&system, kept).unwrap();
                options.state = Some(STATE.into());
            }
            _ => system.put("log/checkpoint", kept.encode()),
        }
        verified(&system, &options)
    };
    for place in ["trusted", "memory", "copy"] {
        for (kept, forged) in receipts.iter().zip(&others) {
            let intact = verdict(place, &kept.note);
            let first = kept.size.min(receipts[1].size);
            assert_eq!(
                (intact.exit_code(), intact.first),
                (0, first),
                "{place}, {}: {}",
                kept.size,
                intact.render()
            );
            assert_eq!(verdict(place, &forged.note).exit_code(), 3, "{place}, {}", kept.size);
        }
    }
}

#[test]
fn nothing_unsigned_follows_a_signed_head_from_which_a_log_is_verified() {
    for first in [options(), unsigned()] {
        let (system, _) = log_of(first, &[2]);
        let from = open(&system, options()).unwrap().append(&[end()]).unwrap().note;
        let options = || VerifyOptions { from: Some(from.clone()), ..pinned() };
        assert_eq!(verified(&system, &options()).exit_code(), 0);
        let mut lines = lines(&system);
        let more = [&lines[..], &[lines[1].clone(), b"a commit\n".to_vec()]].concat();
        let unsigned = rechained(&more, &|_| {}).split_off(lines.len());
        lines.extend(unsigned);
        write_lines(&system, &lines);
        assert_eq!(verified(&system, &options()).exit_code(), 1);
        assert_eq!(exit_code(&system), 1, "as from the beginning");
    }
}

/// Ways to take everything out of a log.
fn emptied(ways: &[&str]) -> Vec<(String, Memory, Vec<Receipt>)> {
    let emptied = ways.iter().map(|way| {
        let (system, receipts) = log_of(Options { segment_records: 4, ..options() }, &[5, 5]);
        for file in system.files() {
            match *way {
                "records removed" if file.starts_with("log/seg") => system.delete(&file),
                "segments truncated" if file.starts_with("log/seg") => {
                    if file == Path::new(FIRST_SEGMENT) {
                        system.change(&file, Vec::clear);
                    } else {
                        system.delete(&file);
                    }
                }
                "all files removed" if file.starts_with(LOG) => system.delete(&file),
                _ => {}
            }
        }
        ((*way).to_owned(), system, receipts)
    });
    emptied.collect()
}

const WAYS: [&str; 3] = ["records removed", "segments truncated", "all files removed"];

#[test]
fn a_log_that_was_emptied_is_rolled_back_for_whoever_remembers_a_head() {
    let state = || VerifyOptions { state: Some(STATE.into()), ..VerifyOptions::default() };
    for (way, system, receipts) in emptied(&WAYS) {
        let trusted = vec![("archive".to_owned(), receipts[0].note.clone())];
        let remembering = [
            ("the key names the log", VerifyOptions { keys: pinned().keys, ..state() }),
            ("its folder does", VerifyOptions { origin: Some(ORIGIN.to_owned()), ..state() }),
            ("an archived head", VerifyOptions { trusted, ..VerifyOptions::default() }),
            (
                "where to begin",
                VerifyOptions { from: Some(receipts[0].note.clone()), ..VerifyOptions::default() },
            ),
        ];
        for (who, options) in remembering {
            let verdict = verified(&system, &options);
            let text = verdict.render();
            assert_eq!(verdict.exit_code(), 3, "{way}, {who}: {text}");
            assert!(text.starts_with("ROLLED BACK: no record"), "{way}, {who}: {text}");
            assert!(text.contains("remembered head:") && !text.contains("intact"), "{way}, {who}: {text}");
        }
    }
}

#[test]
fn a_log_that_was_emptied_is_not_said_to_be_intact() {
    for (way, system, _) in emptied(&WAYS[..2]) {
        // The copy of the head lies in the log's own folder, where whoever emptied the log may have left it.
        let verdict = verified(&system, &pinned());
        assert_eq!(verdict.exit_code(), 3, "{way}: {}", verdict.render());
        system.delete("log/checkpoint");
        for options in [pinned(), VerifyOptions::default()] {
            let verdict = verified(&system, &options);
            let text = verdict.render();
            assert_eq!(verdict.exit_code(), 5, "{way}: {text}");
            assert!(text.starts_with("EMPTY: ") && !text.contains("intact"), "{way}: {text}");
            assert!(text.contains("to be signed by ") && text.contains("--trusted"), "{way}: {text}");
        }
    }
    let (_, system, _) = emptied(&WAYS[2..]).remove(0);
    assert!(matches!(verify_on(&system, Path::new(LOG), &pinned()), Err(AuditError::Missing { .. })));
    // As a run leaves it that dies before its first commit.
    let system = Memory::default();
    open(&system, unsigned()).unwrap();
    let text = verified(&system, &VerifyOptions::default()).render();
    assert!(text.starts_with("EMPTY: ") && text.contains("nobody was to sign it"), "{text}");
}
