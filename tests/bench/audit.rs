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
