//! K1 to K8, C8: many writers, readers among them, and clocks.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize},
    },
    thread,
    time::Duration,
};

use rayon::prelude::*;

use super::{memory::Fault, *};
use crate::audit::{
    AuditError,
    note::Note,
    show,
    store::LocalFileSystem,
    verify::{Notice, verify},
    walk,
};

/// Tells a process that it is to write, and where.
const FOLDER: &str = "PROBITY_TEST_AUDIT_FOLDER";

/// Options of a process on a real file system, with a real clock.
fn on_disk(folder: &Path) -> Options {
    let start = Timestamp::from_second(1_790_000_000).unwrap();
    let since = std::time::Instant::now();
    Options {
        origin: Some(ORIGIN.to_owned()),
        signer: Some(Signer::Key(key(1))),
        state: Some(folder.join(STATE)),
        lock_timeout: Duration::from_mins(2),
        segment_records: 500,
        ..Options::new(move || start + since.elapsed())
    }
}

/// A writer of its own process: tells of every commit on standard output once it is acknowledged.
#[test]
#[ignore = "only the other tests start it"]
fn writer_process() {
    #[expect(clippy::disallowed_methods, reason = "the process that starts this one says where to write")]
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else { return };
    let mut writer = Writer::open(&folder.join(LOG), on_disk(&folder)).unwrap();
    let mut sent = 0;
    for commit in 0.. {
        // Sizes from 1 to 50.
        let count = 1 + (commit * 17 + usize::try_from(std::process::id()).unwrap()) % 50;
        let receipt = writer.append(&decisions(sent..sent + count)).unwrap();
        sent += count;
        let line = serde_json::to_string(&(&receipt.run, sent, receipt.note.encode())).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "ack {line}").unwrap();
        out.flush().unwrap();
    }
}

/// Starts a test of this module as a process of its own.
fn start_process(name: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("audit::tests::concurrency::{name}"), "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Starts writers, kills each once it acknowledged so many commits (every fourth one earlier, in the middle of
/// something), and compares the log with what was acknowledged.
fn contend(folder: &Path, processes: usize, commits: usize) {
    let writers: Vec<Child> = (0..processes).map(|_| start_process("writer_process", folder)).collect();
    let collectors: Vec<_> = writers
        .into_iter()
        .enumerate()
        .map(|(number, mut child)| {
            thread::spawn(move || {
                let wanted = if number % 4 == 0 { commits / 2 } else { commits };
                let mut acknowledged = Vec::new();
                for line in BufReader::new(child.stdout.take().unwrap()).lines() {
                    let line = line.unwrap();
                    let Some((_, json)) = line.split_once("ack ") else { continue };
                    acknowledged.push(serde_json::from_str::<(String, usize, String)>(json).unwrap());
                    if acknowledged.len() == wanted {
                        thread::sleep(Duration::from_millis(number as u64 % 7));
                        child.kill().unwrap();
                    }
                }
                child.wait().unwrap();
                assert!(acknowledged.len() >= wanted, "a writer ended after {} commits", acknowledged.len());
                acknowledged
            })
        })
        .collect();
    let acknowledged: Vec<_> =
        collectors.into_iter().flat_map(|collector| collector.join().unwrap()).collect();

    let log = folder.join(LOG);
    let segments = walk::segments(&LocalFileSystem, &log).unwrap();
    assert!(
        segments.iter().filter(|name| name.generation == 0).count() > 2,
        "K7: they rotated: {segments:?}"
    );
    // What the last one killed left behind is set aside by whoever comes next.
    Writer::open(&log, on_disk(folder)).unwrap().append(&[end()]).unwrap();
    let trusted =
        acknowledged.iter().map(|(run, _, note)| (run.clone(), Note::parse(note).unwrap())).collect();
    let options = VerifyOptions { trusted, state: Some(folder.join(STATE)), ..pinned() };
    let verdict = verify(&log, &options).unwrap();
    assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());

    // Per writer: its records in its order, each once, up to at least what was acknowledged.
    let mut written: BTreeMap<String, Vec<String>> = BTreeMap::new();
    show::each(&log, &show::Filter::default(), &mut |row| {
        if let Some(fingerprint) = row.body["fingerprint"].as_str() {
            written.entry(row.run).or_default().push(fingerprint.to_owned());
        }
    })
    .unwrap();
    for (run, sent, _) in &acknowledged {
        assert!(written[run].len() >= *sent, "run {run} lost records");
    }
    for (run, fingerprints) in written {
        let expected: Vec<String> = (0..fingerprints.len()).map(|number| format!("{number:064x}")).collect();
        assert_eq!(fingerprints, expected, "run {run}");
    }
}

#[test]
fn k1_k2_killed_writers_lose_nothing_that_was_acknowledged() {
    contend(tempfile::tempdir().unwrap().path(), 16, 6);
}

#[test]
#[ignore = "half a minute: `tests/e2e/run tlog`"]
fn k1_k2_sixty_four_processes_of_twenty_commits() {
    match interop::folder() {
        // For the verifier that is not ours.
        Some(folder) => contend(&folder.join("contended"), 64, 20),
        None => contend(tempfile::tempdir().unwrap().path(), 64, 20),
    }
}

#[test]
fn k3_a_writer_without_the_lock_keeps_anything_from_being_signed() {
    let (before, receipts) = log_of(options(), &[5]);
    let rehearsal = before.copy();
    let mut writer = open(&rehearsal, options()).unwrap();
    rehearsal.start_trace();
    writer.append(&[start()]).unwrap();
    let sync = rehearsal.trace().iter().position(|line| line.starts_with("sync")).unwrap() as u64 + 1;
    let system = before.copy();
    let mut writer = open(&system, options()).unwrap();
    system.fail_at(sync, Fault::Interference);
    assert!(matches!(writer.append(&[start()]), Err(AuditError::Interference { .. })));
    assert_eq!(verified(&system, &pinned()).head.unwrap(), receipts[0].note, "nothing was signed");
    writer.append(&[end()]).unwrap();
    assert_eq!(verified(&system, &pinned()).exit_code(), 0);
}

#[test]
fn k4_waiting_for_the_lock_ends() {
    let (system, _) = log_of(options(), &[5]);
    let mut waiting =
        open(&system, Options { lock_timeout: Duration::from_millis(30), ..options() }).unwrap();
    let holder = open(&system, options()).unwrap();
    let lock = holder.lock().unwrap();
    let error = waiting.append(&[start()]).unwrap_err();
    assert!(matches!(error, AuditError::Locked { .. }), "{error}");
    drop(lock);
    waiting.append(&[start()]).unwrap();
}

/// Holds the lock of a log until it is killed.
#[test]
#[ignore = "only the other tests start it"]
fn lock_holder_process() {
    #[expect(clippy::disallowed_methods, reason = "the process that starts this one says where the log is")]
    let Some(folder) = std::env::var_os(FOLDER).map(std::path::PathBuf::from) else { return };
    let writer = Writer::open(&folder.join(LOG), on_disk(&folder)).unwrap();
    let _lock = writer.lock().unwrap();
    writeln!(std::io::stdout(), "locked").unwrap();
    thread::sleep(Duration::from_mins(5));
}

#[test]
fn c8_whoever_dies_with_the_lock_leaves_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join(LOG);
    let impatient = || Options { lock_timeout: Duration::from_millis(50), ..on_disk(folder.path()) };
    let mut waiting = Writer::open(&log, impatient()).unwrap();
    let mut holder = start_process("lock_holder_process", folder.path());
    let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("locked")));
    assert!(matches!(waiting.append(&[start()]), Err(AuditError::Locked { .. })));
    holder.kill().unwrap();
    holder.wait().unwrap();
    waiting.append(&[start()]).unwrap();
}

#[test]
fn k8_a_network_file_system_is_refused_unless_it_is_allowed() {
    let (system, _) = log_of(options(), &[1]);
    system.be_remote("NFS");
    let error = open(&system, options()).err().unwrap();
    assert!(matches!(error, AuditError::Network { kind: "NFS", .. }), "{error}");
    let mut writer = open(&system, Options { allow_network: true, ..options() }).unwrap();
    assert!(writer.warnings().iter().any(|warning| warning.contains("NFS")), "{:?}", writer.warnings());
    writer.append(&[end()]).unwrap();
}

#[test]
fn k4_threads_of_one_process_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join(LOG);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut writer = Writer::open(&log, on_disk(folder.path())).unwrap();
                for _ in 0..4 {
                    writer.append(&decisions(0..3)).unwrap();
                }
            });
        }
    });
    let verdict = verify(&log, &pinned()).unwrap();
    assert_eq!((verdict.exit_code(), verdict.commits), (0, 32));
}

#[test]
fn k5_readers_always_see_a_committed_beginning() {
    const ROUNDS: usize = 100;
    /// Commits that a writer may make for each round: on a busy machine the log must not outgrow its readers.
    const COMMITS: usize = 3;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join(LOG);
    Writer::open(&log, on_disk(folder.path())).unwrap().append(&[start()]).unwrap();
    let (acknowledged, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let rounds = AtomicUsize::new(0);
    let mut seen: Vec<Note> = Vec::new();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let options = Options { segment_records: 40, ..on_disk(folder.path()) };
                let mut writer = Writer::open(&log, options).unwrap();
                let mut commits = 0;
                while !is_over.load(Ordering::Relaxed) {
                    if commits < COMMITS * (rounds.load(Ordering::Relaxed) + 1) {
                        let note = writer.append(&decisions(0..3)).unwrap().note;
                        acknowledged.lock().unwrap().push(note);
                        commits += 1;
                    } else {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
            });
        }
        // The writers end also where a round fails.
        let _end = EndOnDrop(&is_over);
        while seen.len() < ROUNDS {
            let newest = acknowledged.lock().unwrap().last().cloned();
            let trusted: Vec<(String, Note)> =
                newest.iter().map(|note| ("acknowledged".to_owned(), note.clone())).collect();
            let options = VerifyOptions { state: Some(folder.path().join(STATE)), trusted, ..pinned() };
            let verdict = verify(&log, &options).unwrap();
            assert_eq!(verdict.exit_code(), 0, "round {}: {}", seen.len(), verdict.render());
            let head = verdict.head.unwrap();
            let mut shown = 0;
            show::each(&log, &show::Filter::default(), &mut |row| {
                assert_eq!(row.index, shown);
                shown += 1;
            })
            .unwrap();
            assert!(shown >= head.checkpoint.size, "{shown} of {}", head.checkpoint.size);
            seen.push(head);
            rounds.store(seen.len(), Ordering::Relaxed);
        }
    });
    // What readers took for heads are heads, the first as the last.
    let sizes: Vec<u64> = seen.iter().map(|note| note.checkpoint.size).collect();
    assert!(sizes.is_sorted() && sizes.first() < sizes.last(), "{sizes:?}");
    let trusted = seen.into_iter().map(|note| ("seen".to_owned(), note)).collect();
    let verdict = verify(&log, &VerifyOptions { trusted, ..pinned() }).unwrap();
    assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());
}

struct EndOnDrop<'e>(&'e AtomicBool);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn k6_any_clock_is_recorded_and_none_stops_the_log() {
    let times = [
        "2026-10-01T12:00:00Z",
        "2026-10-01T11:00:00Z",
        "2036-10-01T12:00:00Z",
        "2016-12-31T23:59:59.999Z",
        "2026-03-29T01:59:59Z",
        "9999-12-30T00:00:00Z",
        "1970-01-01T00:00:00Z",
    ];
    let system = Memory::default();
    for time in times {
        let time: Timestamp = time.parse().unwrap();
        let clock = Box::new(move || time);
        let mut writer = open(&system, Options { clock, ..options() }).unwrap();
        writer.append(&[start()]).unwrap();
        writer.append(&[end()]).unwrap();
    }
    let verdict = verified(&system, &pinned());
    assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());
    let back: Vec<u64> = verdict
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::ClockBack { milliseconds, .. } => Some(*milliseconds),
            _ => None,
        })
        .collect();
    assert_eq!(back.len(), 3);
    assert_eq!(back[0], 3_600_000);
    let text = String::from_utf8(system.read(FIRST_SEGMENT).unwrap()).unwrap();
    assert!(text.contains(r#""clock_back_ms":"3600000""#));
}

/// Where there is room for gigabytes, as whoever starts such a test says.
#[cfg(target_os = "linux")]
#[expect(clippy::disallowed_methods, reason = "the script that starts the test says where")]
fn roomy_folder() -> tempfile::TempDir {
    match std::env::var_os("PROBITY_TEST_FOLDER") {
        Some(folder) => tempfile::tempdir_in(folder).unwrap(),
        None => tempfile::tempdir().unwrap(),
    }
}

/// What the kernel counted as the most memory that this process held, in KiB.
#[cfg(target_os = "linux")]
fn most_memory() -> u64 {
    let status = std::fs::File::open("/proc/self/status").and_then(std::io::read_to_string).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "5 GB and some minutes: `tests/e2e/run audit-matrix`"]
#[expect(clippy::print_stdout, reason = "what was measured")]
fn k7_a_log_of_ten_million_records_opens_at_once_in_little_memory() {
    let folder = roomy_folder();
    let log = folder.path().join(LOG);
    let options = || Options { segment_records: 100_000, ..on_disk(folder.path()) };
    let mut writer = Writer::open(&log, options()).unwrap();
    let events = decisions(0..10_000);
    for _ in 0..1_000 {
        writer.append(&events).unwrap();
    }
    let written = most_memory();
    let start = std::time::Instant::now();
    Writer::open(&log, options()).unwrap();
    let opened = start.elapsed();
    let start = std::time::Instant::now();
    assert_eq!(verify(&log, &pinned()).unwrap().exit_code(), 0);
    println!(
        "opened in {opened:?}, verified in {:?}, {written} KiB to write, {} KiB in all",
        start.elapsed(),
        most_memory()
    );
    assert!(opened < Duration::from_millis(10), "{opened:?}");
    assert!(most_memory() < 64 << 10, "{} KiB", most_memory());
}

/// K7: opening reads the end of the log and its first record, however long it is.
#[test]
fn k7_opening_costs_the_same_whatever_the_size() {
    let cost = |records: usize| {
        let system = Memory::default();
        let mut writer = open(&system, Options { segment_records: 5_000, ..options() }).unwrap();
        for first in (0..records).step_by(1_000) {
            writer.append(&decisions(first..records.min(first + 1_000))).unwrap();
        }
        writer.append(&[end()]).unwrap();
        let opened = system.copy();
        open(&opened, options()).unwrap();
        (opened.operations(), opened.bytes_read())
    };
    let (small, large) = (cost(5_500), cost(20_500));
    // Where the newest commit lies in its block may cost a read more.
    assert!(large.0 <= small.0 + 2, "{} operations instead of {}", large.0, small.0);
    assert!(large.1 <= small.1 + (128 << 10), "{} bytes instead of {}", large.1, small.1);
}

/// Makes logs of two records, and verifies all of them when all are there.
fn many_logs(folder: &Path, count: usize) {
    let numbers = || (0..count).into_par_iter();
    numbers().for_each(|number| {
        let origin = Some(format!("audit.example.com/{number}"));
        let options = Options { origin, signer: None, ..on_disk(folder) };
        let mut writer = Writer::open(&folder.join(number.to_string()), options).unwrap();
        writer.append(&[start(), end()]).unwrap();
    });
    numbers().for_each(|number| {
        let options = VerifyOptions { state: Some(folder.join(STATE)), ..VerifyOptions::default() };
        let verdict = verify(&folder.join(number.to_string()), &options).unwrap();
        assert_eq!(verdict.headline(), "intact, UNSIGNED");
        assert_eq!(verdict.origin, format!("audit.example.com/{number}"));
    });
}

#[test]
fn k7_many_small_logs_do_not_disturb_each_other() {
    many_logs(tempfile::tempdir().unwrap().path(), 100);
}

#[test]
#[cfg(target_os = "linux")]
#[ignore = "a minute: `tests/e2e/run audit-matrix`"]
#[expect(clippy::print_stdout, reason = "what was measured")]
fn k7_ten_thousand_small_logs_need_little_memory() {
    many_logs(roomy_folder().path(), 10_000);
    println!("10,000 logs: {} KiB", most_memory());
    assert!(most_memory() < 64 << 10, "{} KiB", most_memory());
}
