//! The audit log beside what it cannot be faster than, in the same run: the sync of a file, SHA-256, an Ed25519
//! verification. Read ratios, not times: a commit against two syncs, verification against hashing.
//!
//! `cargo bench --bench audit`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing better to say")]

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use divan::{Bencher, black_box, counter::BytesCount};
use jiff::Timestamp;
use probity::audit::{
    Event, Options, VerifyOptions, Writer,
    event::Decision,
    key::{PrivateKey, VerifierKey},
    proof,
    signer::Signer,
    verify,
};
use sha2::{Digest as _, Sha256};

fn main() {
    divan::main();
    if std::env::args().all(|argument| argument != "--test") {
        ratios();
    }
}

/// What has a target, as a multiple of what it cannot be faster than: medians of commits and syncs in turns, since a busy
/// disk slows both; processor time of verification and hashing, since a busy machine slows neither.
#[expect(clippy::print_stdout, reason = "what a benchmark is for")]
fn ratios() {
    let (syncing, logging) = (folder(), folder());
    let mut file = OpenOptions::new().create(true).append(true).open(syncing.path().join("file")).unwrap();
    let mut writer = open(logging.path(), key());
    let (one, many) = (decisions(1), decisions(10_000));
    writer.append(&one).unwrap();
    let (mut syncs, mut commits, mut large, mut bare) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut processor = 0.0;
    let records = vec![b'x'; 7_000_000];
    for round in 0..60 {
        syncs.push(time(|| {
            file.write_all(&records[..2048]).unwrap();
            file.sync_data().unwrap();
        }));
        commits.push(time(|| drop(writer.append(&one).unwrap())));
        if round % 4 == 0 {
            bare.push(time(|| {
                file.write_all(&records).unwrap();
                file.sync_data().unwrap();
            }));
            let before = processor_seconds();
            large.push(time(|| drop(writer.append(&many).unwrap())));
            processor += processor_seconds() - before;
        }
    }
    let log = prepared();
    let options = VerifyOptions { keys: vec![log.key.clone()], ..VerifyOptions::default() };
    let verify = || drop(verify(&log.path, &options).unwrap());
    let hash = || {
        for record in records.chunks(700) {
            black_box(Sha256::digest(record));
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "megabytes a second")]
    let rate = |bytes: usize, seconds: f64| bytes as f64 / seconds / 1e6;
    let verified = rate(usize::try_from(log.bytes).unwrap() * 5, processor_time(5, verify));
    let hashed = rate(records.len() * 50, processor_time(50, hash));
    let processor = processor * 1e3 / f64::from(u32::try_from(large.len()).unwrap());
    let [sync, commit, large, write] = [syncs, commits, large, bare].map(|times| median(times) * 1e3);
    println!("\nfdatasync of 2 KiB        {sync:8.2} ms");
    println!(
        "commit of 1 record        {commit:8.2} ms = 2 syncs {:+.2} ms (at most +2 ms)",
        commit - 2.0 * sync
    );
    println!("fdatasync of 7 MB         {write:8.2} ms");
    println!(
        "commit of 10,000 records  {large:8.2} ms = {:.1} syncs (at most 5), of it {processor:.1} ms of processors",
        large / sync
    );
    println!("SHA-256 of 700 bytes      {hashed:8.0} MB/s a core");
    println!(
        "verification              {verified:8.0} MB/s a core = {:.2} of it (at least 250 MB/s)",
        verified / hashed
    );
}

/// Processor time of all threads, in steps of 10 ms (`proc_pid_stat(5)`); the clock where there is no such file.
fn processor_seconds() -> f64 {
    let stat = File::open("/proc/self/stat").and_then(std::io::read_to_string).unwrap_or_default();
    let fields: Vec<f64> = stat.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
    if fields.is_empty() {
        Timestamp::now().as_duration().as_secs_f64()
    } else {
        fields.iter().sum::<f64>() / 100.0
    }
}

fn processor_time(rounds: usize, mut work: impl FnMut()) -> f64 {
    let before = processor_seconds();
    (0..rounds).for_each(|_| work());
    processor_seconds() - before
}

fn time(work: impl FnOnce()) -> f64 {
    let start = std::time::Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

/// A folder on the disk of the build, not in memory.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn key() -> PrivateKey {
    PrivateKey::generate("audit.example.com/bench").unwrap()
}

fn open(path: &Path, key: PrivateKey) -> Writer {
    let start = std::time::Instant::now();
    let epoch = Timestamp::from_second(1_790_000_000).unwrap();
    let mut options = Options::new(move || epoch + start.elapsed());
    options.signer = Some(Signer::Key(key));
    options.state = Some(path.join("state"));
    Writer::open(&path.join("log"), options).unwrap()
}

/// Decisions whose records have 700 bytes.
fn decisions(count: usize) -> Vec<Event> {
    let decision = |number: usize| {
        Event::Decision(Decision {
            fingerprint: Some(format!("{number:064x}")),
            outcome: "fail".to_owned(),
            path: Some(format!(
                "spec.template.spec.containers[0].env[{}].value{}",
                number % 10,
                "x".repeat(190)
            )),
            resource: format!("Deployment/shop/service-{number:09}"),
            rule: "mtls/plaintext-accepted".to_owned(),
            rule_sha256: Some("ab".repeat(32)),
            severity: Some("high".to_owned()),
            ..Decision::default()
        })
    };
    (0..count).map(decision).collect()
}

/// A log that many benchmarks read.
struct Prepared {
    _folder: tempfile::TempDir,
    path: PathBuf,
    key: VerifierKey,
    bytes: u64,
}

fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| {
        let folder = folder();
        let key = key();
        let verifier = key.verifier().clone();
        let mut writer = open(folder.path(), key);
        let mut size = 0;
        while size < 150_000 {
            size = writer.append(&decisions(1_000)).unwrap().size;
        }
        let path = folder.path().join("log");
        let segments = path.join("seg").read_dir().unwrap();
        let bytes = segments.map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        Prepared { path, key: verifier, bytes, _folder: folder }
    })
}

mod limits {
    use super::*;

    /// What a commit does twice.
    #[divan::bench]
    fn append_and_sync_2_kib(bencher: Bencher<'_, '_>) {
        let folder = folder();
        let mut file = OpenOptions::new().create(true).append(true).open(folder.path().join("file")).unwrap();
        bencher.bench_local(|| {
            file.write_all(&[b'x'; 2048]).unwrap();
            file.sync_data().unwrap();
        });
    }

    #[divan::bench]
    fn append_and_sync_7_mb(bencher: Bencher<'_, '_>) {
        let folder = folder();
        let path = folder.path().join("file");
        let bytes = vec![b'x'; 7_000_000];
        bencher.with_inputs(|| File::create(&path).unwrap()).bench_local_values(|mut file| {
            file.write_all(&bytes).unwrap();
            file.sync_data().unwrap();
        });
    }

    #[divan::bench]
    fn sha256_of_700_bytes(bencher: Bencher<'_, '_>) {
        let record = [b'x'; 700];
        bencher.counter(BytesCount::from(700_u64)).bench(|| Sha256::digest(black_box(record)));
    }

    #[divan::bench]
    fn verify_signature(bencher: Bencher<'_, '_>) {
        let key = key();
        let signature = key.sign(b"text");
        bencher.bench(|| key.verifier().verifies(black_box(b"text"), &signature));
    }
}

#[divan::bench(args = [1, 1_000, 10_000])]
fn commit(bencher: Bencher<'_, '_>, records: usize) {
    let folder = folder();
    let mut writer = open(folder.path(), key());
    let events = decisions(records);
    writer.append(&events).unwrap();
    bencher.bench_local(|| writer.append(&events).unwrap());
}

/// The same as `opening_a_large_log`, whatever the size of the log.
#[divan::bench]
fn opening_a_small_log(bencher: Bencher<'_, '_>) {
    let folder = folder();
    let text = key().encode().to_string();
    open(folder.path(), PrivateKey::parse(&text).unwrap()).append(&decisions(1)).unwrap();
    bencher.bench_local(|| open(folder.path(), PrivateKey::parse(&text).unwrap()));
}

#[divan::bench]
fn opening_a_large_log(bencher: Bencher<'_, '_>) {
    let log = prepared();
    let origin = log.key.name().to_owned();
    bencher.bench_local(|| {
        let mut options = Options::new(Timestamp::now);
        options.origin = Some(origin.clone());
        // Any key will do: what is measured ends with the refusal of this one.
        options.signer = Some(Signer::Key(key()));
        Writer::open(&log.path, options).err()
    });
}

#[divan::bench]
fn verify_all(bencher: Bencher<'_, '_>) {
    let log = prepared();
    let options = VerifyOptions { keys: vec![log.key.clone()], ..VerifyOptions::default() };
    bencher
        .counter(BytesCount::from(log.bytes))
        .bench_local(|| assert_eq!(verify(&log.path, &options).unwrap().exit_code(), 0));
}

#[divan::bench]
fn prove_one_record(bencher: Bencher<'_, '_>) {
    let log = prepared();
    bencher.bench_local(|| proof::prove_index(&log.path, 77_777).unwrap());
}

#[divan::bench]
fn check_a_proof(bencher: Bencher<'_, '_>) {
    let log = prepared();
    let text = proof::prove_index(&log.path, 77_777).unwrap().encode();
    let keys = [log.key.clone()];
    bencher.bench_local(|| proof::InclusionProof::parse(&text).unwrap().check(&keys).is_ok());
}
