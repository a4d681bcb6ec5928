//! `probity audit prove`, `check`, `consistency`: what leaves the log, and what an auditor makes of it.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use sha2::{Digest as _, Sha256};

use super::{KeyArguments, LogArgument, failure, head, read};
use crate::{
    audit::{
        Cause,
        key::VerifierKey,
        printable::printable,
        proof::{self, ConsistencyProof, InclusionProof, Trust},
    },
    cli::{Failure, scan::absolute, terminal::Terminal},
    finding::hex,
};

/// Arguments of `probity audit prove`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true).args(["finding", "index", "report"]))]
pub(super) struct Prove {
    #[command(flatten)]
    log: LogArgument,
    /// Prove the newest decision with this fingerprint (or how it begins: 8 digits are enough).
    #[arg(long, value_name = "FINGERPRINT")]
    finding: Option<String>,
    /// Prove the record with this index.
    #[arg(long, value_name = "N")]
    index: Option<u64>,
    /// Prove that a run wrote this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Of this run only (a ULID, or how it begins).
    #[arg(long, value_name = "RUN", conflicts_with = "index")]
    run: Option<String>,
    /// File for the proof [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Arguments of `probity audit check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The proof: a `c2sp.org/tlog-proof@v1`, or one of consistency.
    #[arg(value_name = "PROOF")]
    proof: PathBuf,
    #[command(flatten)]
    keys: KeyArguments,
    /// The report beside which the proof lies: it must be the one that the record names.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// For a proof of consistency: file with the older head.
    #[arg(long, value_name = "FILE")]
    old: Option<PathBuf>,
}

/// Arguments of `probity audit consistency`.
#[derive(Debug, Args)]
pub(super) struct Consistency {
    /// The older head, the newer one [default: the newest of the log], and the folder of the log, which may also come
    /// first.
    #[arg(value_name = "OLD [NEW] [LOG]", required = true, num_args = 1..=3)]
    arguments: Vec<PathBuf>,
    #[command(flatten)]
    keys: KeyArguments,
    /// File for the proof [default: standard output].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Prove {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        let directory = self.log.directory(terminal)?;
        let run = self.run.as_deref();
        let proof = match (&self.finding, &self.report, self.index) {
            (Some(fingerprint), _, _) => proof::prove_finding(&directory, fingerprint, run),
            (_, Some(report), _) => proof::prove_report(&directory, &digest(report)?, run),
            (_, _, index) => proof::prove_index(&directory, index.unwrap_or_default()),
        };
        let proof = proof.map_err(failure)?;
        if !proof.note.is_signed() {
            terminal.notice("the log is UNSIGNED: the proof shows nothing to whoever does not know its head");
        }
        write(self.output.as_deref(), &proof.encode(), terminal)?;
        Ok(0)
    }
}

impl Check {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        let keys = self.keys.keys()?;
        let text = read(&self.proof)?;
        let verdict = if text.starts_with("old ") {
            let Some(old) = &self.old else {
                return Err(Failure::usage("a proof of consistency starts from an older head")
                    .help("name its file with `--old`"));
            };
            let old = head(old)?;
            ConsistencyProof::parse(&text).map_err(|error| error.to_string()).and_then(|proof| {
                let trust = proof.check(&old, &keys).map_err(|refuted| refuted.to_string())?;
                let (old, new) = (old.checkpoint.size, proof.note.checkpoint.size);
                Ok((trust, format!("the head of {new} records extends that of {old}")))
            })
        } else {
            let report = self.report.as_deref().map(digest).transpose()?;
            inclusion(&text, &keys, report.as_deref())
        };
        match verdict {
            Ok((trust, what)) => {
                terminal.print(|out| writeln!(out, "{}\n{}", holds(trust), printable(&what)))?;
                Ok(0)
            }
            Err(reason) => does_not_hold(&reason, terminal),
        }
    }
}

fn inclusion(text: &str, keys: &[VerifierKey], report: Option<&str>) -> Result<(Trust, String), String> {
    let proof = InclusionProof::parse(text).map_err(|error| error.to_string())?;
    let (trust, record) = proof.check(keys).map_err(|refuted| refuted.to_string())?;
    if report.is_some_and(|sha256| !proof.names_report(sha256)) {
        return Err("the record does not name this report: it is another one, or was changed".to_owned());
    }
    let head = &proof.note.checkpoint;
    Ok((
        trust,
        format!(
            "{}: record {} of {}, {} of run {} at {}: {}",
            head.origin,
            proof.index,
            head.size,
            record.kind.name(),
            record.run,
            record.time,
            record.body
        ),
    ))
}

impl Consistency {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        let (folders, heads): (Vec<&PathBuf>, Vec<&PathBuf>) =
            self.arguments.iter().partition(|path| path.is_dir());
        let ([] | [_], [old] | [old, _]) = (&*folders, &*heads) else {
            return Err(Failure::usage("give one or two files with heads, and at most one folder of a log"));
        };
        let directory = match folders.first() {
            Some(folder) => absolute(folder)?,
            None => LogArgument::default().directory(terminal)?,
        };
        let keys = self.keys.keys()?;
        let old = head(old)?;
        let new = heads.get(1).map(|path| head(path)).transpose()?;
        let verdict = match proof::consistency(&directory, &old, new.as_ref()) {
            Ok(proof) => {
                proof.check(&old, &keys).map(|trust| (proof, trust)).map_err(|error| error.to_string())
            }
            Err(error) if matches!(error.cause(), Cause::Damage | Cause::Rollback) => Err(error.to_string()),
            Err(error) => return Err(failure(error)),
        };
        match verdict {
            Ok((proof, trust)) => {
                write(self.output.as_deref(), &proof.encode(), terminal)?;
                terminal.notice(holds(trust));
                Ok(0)
            }
            Err(reason) => does_not_hold(&reason, terminal),
        }
    }
}

const fn holds(trust: Trust) -> &'static str {
    match trust {
        Trust::Pinned => "holds, signed by the pinned key",
        Trust::NotPinned => "holds, key not pinned",
        Trust::Unsigned => "holds, UNSIGNED",
    }
}

fn does_not_hold(reason: &str, terminal: &Terminal) -> Result<u8, Failure> {
    terminal.print(|out| writeln!(out, "DOES NOT HOLD: {}", printable(reason)))?;
    Ok(1)
}

/// SHA-256 of a report.
#[expect(clippy::disallowed_methods, reason = "a report is no part of the estate: this is its edge")]
fn digest(report: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(report).map_err(|error| {
        Failure::usage(format!("`--report {}` cannot be read: {error}", report.display()))
    })?;
    Ok(hex(&Sha256::digest(bytes)))
}

fn write(path: Option<&Path>, text: &str, terminal: &Terminal) -> Result<(), Failure> {
    match path {
        None => terminal.print(|out| out.write_all(text.as_bytes())),
        Some(path) => std::fs::write(path, text).map_err(|error| {
            Failure::usage(format!("`--output {}` cannot be written: {error}", path.display()))
        }),
    }
}
