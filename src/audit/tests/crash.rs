//! C1, C2, C4 to C11: processes that die, disks that fail, at every operation of the file system.

use std::io::ErrorKind;

use super::{memory::Fault, *};
use crate::audit::{
    AuditError, Cause, commit,
    event::Kind,
    heads,
    note::Note,
    show,
    verify::{Notice, Outcome},
};

/// Everything that a run does to a log: opens it, and makes three commits. Returns what was acknowledged.
fn run(system: &Memory, options: Options) -> (Vec<Receipt>, Result<(), AuditError>) {
    let mut receipts = Vec::new();
    let go = || {
        let mut writer = open(system, options)?;
        receipts.push(writer.append(&[start()])?);
        receipts.push(writer.append(&decisions(0..20))?);
        receipts.push(writer.append(&[end()])?);
        Ok(())
    };
    let result = go();
    (receipts, result)
}

/// Logs in which a run may begin: none, one, one whose last run was torn off, one that is to rotate.
fn beginnings() -> Vec<(&'static str, Memory)> {
    let torn = log_of(options(), &[5]).0;
    torn.change(FIRST_SEGMENT, |bytes| bytes.extend_from_slice(b"{\"body\":{\"torn"));
    vec![("no log", Memory::default()), ("a log", log_of(options(), &[5]).0), ("a torn log", torn)]
}

fn rotating() -> Options {
    Options { segment_records: 12, ..options() }
}

/// What must hold after any crash: what was acknowledged is there, in one history, and the next run goes on.
fn check_after(case: &str, system: &Memory, receipts: &[Receipt]) {
    let heads: Vec<(String, Note)> =
        receipts.iter().map(|receipt| ("acknowledged".to_owned(), receipt.note.clone())).collect();
    let all = || VerifyOptions { trusted: heads.clone(), state: Some(STATE.into()), ..pinned() };
    if !receipts.is_empty() {
        let verdict = verified(system, &all());
        assert_eq!(verdict.exit_code(), 0, "{case}: before the next run: {}", verdict.render());
    }
    let mut writer = open(system, options()).unwrap_or_else(|error| panic!("{case}: {error}"));
    let next = writer.append(&[end()]).unwrap_or_else(|error| panic!("{case}: {error}"));
    let verdict = verified(system, &all());
    assert_eq!(verdict.exit_code(), 0, "{case}: after the next run: {}", verdict.render());
    assert_eq!(verdict.head, Some(next.note), "{case}");
    no_two_heads_of_one_size(case, system);
}

/// C11: never two different valid notes of one size in the directory.
fn no_two_heads_of_one_size(case: &str, system: &Memory) {
    let mut heads: Vec<(u64, String)> = Vec::new();
    for file in system.files().into_iter().filter(|file| file.starts_with("log/seg")) {
        for line in system.read(file).unwrap().split(|byte| *byte == b'\n') {
            let complete = commit::Commit::parse(line).ok().map(|commit| commit.note);
            if let Some(note) = complete.or_else(|| commit::torn_note(line))
                && note.verify([key(1).verifier()]).is_ok_and(|keys| !keys.is_empty())
            {
                heads.push((note.checkpoint.size, note.encode()));
            }
        }
    }
    heads.sort();
    heads.dedup();
    let sizes: Vec<u64> = heads.iter().map(|(size, _)| *size).collect();
    let mut distinct = sizes.clone();
    distinct.dedup();
    assert_eq!(sizes, distinct, "{case}: {heads:?}");
}

/// Plays a run once for every operation that it makes, with a fault at that operation.
fn at_every_operation(fault: Fault, check: impl Fn(&str, &Memory, &[Receipt], Result<(), AuditError>)) {
    for (beginning, system) in beginnings() {
        for rotates in [false, true] {
            if rotates && beginning != "a log" {
                continue;
            }
            let choose = || if rotates { rotating() } else { options() };
            let rehearsal = system.copy();
            run(&rehearsal, choose()).1.unwrap();
            for operation in 1..=rehearsal.operations() {
                let system = system.copy();
                system.fail_at(operation, fault);
                let (receipts, result) = run(&system, choose());
                let case = format!("{fault:?} at operation {operation} on {beginning}, rotating: {rotates}");
                check(&case, &system.copy(), &receipts, result);
            }
        }
    }
}

#[test]
fn c1_a_run_may_die_at_every_operation() {
    for fault in [Fault::Killed, Fault::KilledWithin] {
        at_every_operation(fault, |case, system, receipts, _| check_after(case, system, receipts));
    }
}

#[test]
fn c2_every_operation_may_fail() {
    let faults =
        [Fault::Fails(ErrorKind::StorageFull), Fault::Half(ErrorKind::QuotaExceeded), Fault::LosesData];
    for fault in faults {
        at_every_operation(fault, |case, system, receipts, result| {
            match result {
                // What only helps a later run may fail quietly.
                Ok(()) => assert_eq!(receipts.len(), 3, "{case}"),
                Err(error) => assert_eq!(error.cause(), Cause::Io, "{case}: {error}"),
            }
            check_after(case, system, receipts);
        });
    }
}

#[test]
fn c2_short_and_interrupted_operations_are_finished() {
    for fault in [Fault::Short, Fault::Interrupted] {
        at_every_operation(fault, |case, system, receipts, result| {
            result.unwrap_or_else(|error| panic!("{case}: {error}"));
            check_after(case, system, receipts);
        });
    }
}

#[test]
fn c4_nothing_is_built_on_what_a_failed_sync_left_in_the_cache() {
    let (system, _) = log_of(options(), &[5]);
    let mut writer = open(&system, options()).unwrap();
    let before = system.copy();
    system.start_trace();
    writer.append(&[start()]).unwrap();
    let syncs: Vec<u64> = (1..)
        .zip(system.trace())
        .filter(|(_, line)| line.starts_with("sync log/seg"))
        .map(|(operation, _)| operation)
        .collect();
    for sync in syncs {
        let system = before.copy();
        let mut writer = open(&system, options()).unwrap();
        system.fail_at(sync, Fault::LosesData);
        assert!(writer.append(&[start()]).is_err());
        // The same process, and another one, start a new segment.
        let mut writer = if sync % 2 == 0 { writer } else { open(&system, options()).unwrap() };
        writer.append(&[end()]).unwrap();
        assert!(system.read("log/seg/00000000000000000000-01.jsonl").is_some(), "sync {sync}");
        let left = system.after_power_loss(&mut |_| 0);
        assert_eq!(verified(&left, &pinned()).exit_code(), 0, "sync {sync}");
        check_after("after a failed sync", &system, &[]);
    }
}

#[test]
fn c5_recovery_may_die_again_and_again() {
    let (beginning, receipts) = log_of(options(), &[5]);
    for operation in 1..60 {
        let system = beginning.copy();
        system.change(FIRST_SEGMENT, |bytes| bytes.extend_from_slice(b"{\"body\":{\"torn"));
        let mut system = system;
        for _ in 0..5 {
            system.fail_at(operation, Fault::KilledWithin);
            let _ = run(&system, options());
            system = system.copy();
        }
        check_after(&format!("five deaths at operation {operation}"), &system, &receipts);
        each_tail_is_named_once(&system);
    }
}

fn each_tail_is_named_once(system: &Memory) {
    let mut named = Vec::new();
    let mut then = |row: show::Row| {
        if row.kind == Kind::Recovered {
            named.push(row.body.to_string());
        }
    };
    show::each_on(system, Path::new(LOG), &show::Filter::default(), &mut then).unwrap();
    named.sort();
    let count = named.len();
    named.dedup();
    assert_eq!(named.len(), count);
}

#[test]
fn c7_a_killed_scan_is_visible() {
    let (system, _) = log_of(options(), &[1]);
    let run = {
        let mut writer = open(&system, options()).unwrap();
        writer.append(&[start()]).unwrap();
        writer.run().to_owned()
    };
    let verdict = verified(&system, &pinned());
    assert_eq!(verdict.exit_code(), 0);
    assert!(
        matches!(&verdict.notices[..], [Notice::IncompleteScan { run: found, index: 2, .. }] if *found == run),
        "{:?}",
        verdict.notices
    );
    assert!(verdict.render().contains("incomplete scan"));
}

#[test]
fn c9_copies_of_the_head_are_made_anew() {
    let (system, receipts) = log_of(options(), &[5, 5]);
    let before = system.copy();
    let mut writer = open(&system, options()).unwrap();
    system.start_trace();
    writer.append(&[start()]).unwrap();
    let renames: Vec<usize> = system
        .trace()
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with("rename"))
        .map(|(at, _)| at)
        .collect();
    assert_eq!(renames.len(), 2);
    for rename in renames {
        let system = before.copy();
        let mut writer = open(&system, options()).unwrap();
        system.fail_at(rename as u64 + 1, Fault::Killed);
        assert!(writer.append(&[start()]).is_err());
        let left = system.copy();
        check_after("between commit and copies", &left, &receipts);
        let newest = verified(&left, &pinned()).head.unwrap();
        assert_eq!(left.read("log/checkpoint").unwrap(), newest.encode().into_bytes());
    }
}

#[test]
fn c10_garbage_beside_the_segments_is_no_obstacle() {
    let garbage: [&[u8]; 6] =
        [b"", b"\0\0\0\0", b"garbage\n", b"\xff\xfe", b"a\n99999999999999999999\nb\n", &[b'x'; 4096]];
    for bytes in garbage {
        let (system, receipts) = log_of(options(), &[5, 5]);
        let memory = system.files().into_iter().find(|file| file.starts_with("state/heads")).unwrap();
        for file in ["log/checkpoint".into(), memory, "log/FSYNC_FAILED".into(), "log/checkpoint.tmp".into()]
        {
            let system = system.copy();
            system.put(file, bytes);
            check_after("garbage", &system, &receipts);
        }
    }
    // A copy that is older than the log is a matter of a crash; one of another log is not this log's.
    let (system, receipts) = log_of(options(), &[5, 5]);
    system.put("log/checkpoint", receipts[0].note.encode());
    check_after("a stale copy", &system, &receipts);
}

#[test]
fn c11_a_commit_line_counts_from_the_end_of_its_note_on() {
    for options in [options, unsigned] {
        let (system, receipts) = log_of(options(), &[5, 5]);
        let bytes = system.read(FIRST_SEGMENT).unwrap();
        let line = bytes.split_inclusive(|byte| *byte == b'\n').next_back().unwrap();
        let (start, size) = (bytes.len() - line.len(), receipts[1].size);
        let note_end = start + line.windows(3).rposition(|found| found == b"\\n\"").unwrap() + 2;
        for cut in start..bytes.len() {
            let torn = system.copy();
            torn.put(FIRST_SEGMENT, &bytes[..cut]);
            // A crash leaves the older copies.
            torn.put("log/checkpoint", receipts[0].note.encode());
            let memory = torn.files().into_iter().find(|file| file.starts_with("state/heads")).unwrap();
            torn.put(memory, receipts[0].note.encode());
            let committed = cut >= note_end;
            let before = verified(&torn, &pinned());
            assert!(matches!(before.outcome, Outcome::Intact), "cut at {cut}: {}", before.render());
            assert_eq!(before.head.unwrap().checkpoint.size == size, committed, "cut at {cut}");

            let receipt = open(&torn, options()).unwrap().append(&[end()]).unwrap();
            // The recovery is recorded, then the event.
            let expected = if committed { size + 2 } else { receipts[0].size + 2 };
            assert_eq!(receipt.size, expected, "cut at {cut}, the note ends at {note_end}");
            let after = verified(&torn, &pinned());
            assert!(matches!(after.outcome, Outcome::Intact), "cut at {cut}: {}", after.render());
            no_two_heads_of_one_size(&format!("cut at {cut}"), &torn);
        }
    }
}

#[test]
fn a_lost_log_is_not_silently_begun_anew() {
    let (system, receipts) = log_of(options(), &[5]);
    for file in system.files().into_iter().filter(|file| file.starts_with("log")) {
        system.delete(file);
    }
    assert!(matches!(open(&system, options()), Err(AuditError::Rollback { .. })));
    let mut writer = open(&system, Options { initialise_new: true, ..options() }).unwrap();
    writer.append(&[start()]).unwrap();
    let first = String::from_utf8(system.read(FIRST_SEGMENT).unwrap()).unwrap();
    assert!(
        first.contains(&format!(
            r#""predecessor":{{"origin":"{ORIGIN}","root":"{}""#,
            receipts[0].root.base64()
        ))
    );
    // Only a log that has no head is begun anew.
    let head = heads::Memory::new(Path::new(STATE));
    head.remember(&system, &receipts[0].note).unwrap();
    assert!(matches!(
        open(&system, Options { initialise_new: true, ..options() }),
        Err(AuditError::Rollback { .. })
    ));
}
