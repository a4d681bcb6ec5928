//! The fault matrix of the log, as far as it concerns a local folder: tampering, crashes, concurrency, hostile input,
//! keys. The letters in the names of the tests' modules are those of the matrix.

mod concurrency;
mod crash;
mod edit;
mod export;
mod golden;
mod hostile;
mod interop;
mod keys;
mod memory;
mod power;
mod privacy;
mod retries;
mod rollback;
mod tamper;
mod writing;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use memory::Memory;

use super::{
    event::{Decision, Event, ScanEnd, ScanStart, Tool},
    key::PrivateKey,
    log::{Options, Receipt, Writer},
    signer::Signer,
    verify::{Verdict, VerifyOptions, verify_on},
};

const ORIGIN: &str = "audit.example.com/shop";
const LOG: &str = "log";
const STATE: &str = "state";
const FIRST_SEGMENT: &str = "log/seg/00000000000000000000-00.jsonl";

/// A key that every test knows.
fn key(seed: u8) -> PrivateKey {
    PrivateKey::from_seed(ORIGIN, &[seed; 32]).unwrap()
}

/// Options of a run: signed, with a state folder, with a clock that goes on by a millisecond at every look.
fn options() -> Options {
    let clock = AtomicI64::new(1_790_000_000_000);
    let mut options =
        Options::new(move || Timestamp::from_millisecond(clock.fetch_add(1, Ordering::Relaxed)).unwrap());
    options.origin = Some(ORIGIN.to_owned());
    options.signer = Some(Signer::Key(key(1)));
    options.state = Some(STATE.into());
    options
}

fn unsigned() -> Options {
    Options { signer: None, ..options() }
}

fn open(system: &Memory, options: Options) -> Result<Writer, super::AuditError> {
    Writer::open_on(Arc::new(system.clone()), Path::new(LOG), options)
}

fn start() -> Event {
    let tool = Tool { executable: None, name: "probity".to_owned(), version: "0.1.0".to_owned() };
    Event::ScanStart(Box::new(ScanStart { mode: "scan".to_owned(), tool, ..ScanStart::default() }))
}

fn end() -> Event {
    Event::ScanEnd(ScanEnd { outcome: "pass".to_owned(), ..ScanEnd::default() })
}

fn decision(number: usize) -> Event {
    Event::Decision(Decision {
        fingerprint: Some(format!("{number:064x}")),
        outcome: "fail".to_owned(),
        resource: format!("Deployment/shop/größe-{number}"),
        rule: "mtls/plaintext-accepted".to_owned(),
        severity: Some("high".to_owned()),
        ..Decision::default()
    })
}

fn decisions(range: std::ops::Range<usize>) -> Vec<Event> {
    range.map(decision).collect()
}

/// A log with a commit for every number, of that many records.
fn log_of(options: Options, commits: &[usize]) -> (Memory, Vec<Receipt>) {
    let system = Memory::default();
    let mut writer = open(&system, options).unwrap();
    let mut first = 0;
    let receipts = commits
        .iter()
        .map(|count| {
            let events = decisions(first..first + count);
            first += count;
            writer.append(&events).unwrap()
        })
        .collect();
    (system, receipts)
}

fn verified(system: &Memory, options: &VerifyOptions) -> Verdict {
    verify_on(system, Path::new(LOG), options).unwrap()
}

/// Verification with nothing but the key.
fn pinned() -> VerifyOptions {
    VerifyOptions { keys: vec![key(1).verifier().clone()], ..VerifyOptions::default() }
}
