//! A scan's run in the log: opened before any policy is evaluated, closed after the last output.

mod circumstances;
mod events;
mod signing;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{ArgMatches, Args};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{
    audit::{
        AuditError, Cause, Event, Options, Receipt, Writer,
        event::{Input, ScanInputs},
        evidence::EvidenceKey,
        proof,
    },
    cli::{Failure, clock, destinations::Written, scan::absolute, terminal::Terminal},
    config,
    estate::Estate,
    finding::hex,
    policy::PolicyFile,
    report::{AuditReference, Report},
    source::{Sources, base::Base},
};
use events::Digests;
pub(super) use signing::Signing;

/// Folder of the log below the base.
pub(super) const DEFAULT: &str = ".probity/audit";

/// Arguments that say where a scan is recorded, and who signs.
#[derive(Debug, Args)]
pub(in crate::cli) struct Destination {
    /// Folder of the audit log, or `off` [default: `.probity/audit` at the base].
    #[arg(long, value_name = "DIR")]
    audit: Option<String>,
    #[command(flatten)]
    signing: Signing,
    /// Name of the log, such as `audit.example.com/shop` [default: that of the key].
    #[arg(long, value_name = "NAME")]
    audit_origin: Option<String>,
    /// Wait so long for others who write to the same log [default: 90].
    #[arg(long, value_name = "SECONDS")]
    audit_lock_timeout: Option<u32>,
    /// Begin a new log although one of this name is remembered; the new one names the lost one.
    #[arg(long)]
    audit_init_new: bool,
    /// Write the log although it lies on a network file system, where locks may not hold.
    #[arg(long)]
    audit_allow_network_fs: bool,
}

/// What a scan is about to judge.
pub(in crate::cli) struct Scanned<'s> {
    pub(in crate::cli) base: &'s Base,
    /// What `probity.yaml` says of the log.
    pub(in crate::cli) configured: &'s config::AuditSettings,
    /// SHA-256 of `probity.yaml`.
    pub(in crate::cli) configuration: Option<String>,
    /// SHA-256 of the baseline.
    pub(in crate::cli) baseline: Option<String>,
    pub(in crate::cli) estate: &'s Estate,
    /// With `--drift`, what the estate is held against.
    pub(in crate::cli) live: Option<&'s Estate>,
    pub(in crate::cli) role: Role<'s>,
    pub(in crate::cli) policies: &'s [PolicyFile],
    /// SHA-256 of each file with data for policies by its name.
    pub(in crate::cli) data: &'s BTreeMap<String, String>,
    pub(in crate::cli) matches: Option<&'s ArgMatches>,
}

/// What of a scan a run does.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "cluster"), expect(dead_code, reason = "only clusters are read in parts"))]
pub(in crate::cli) enum Role<'s> {
    /// All of it.
    Scan,
    /// It reads a part of a cluster.
    Shard,
    /// It judges what was read into these files.
    Merge(&'s [Input]),
}

impl<'s> Role<'s> {
    /// Files of shards.
    const fn shards(self) -> &'s [Input] {
        match self {
            Self::Merge(shards) => shards,
            _ => &[],
        }
    }
}

/// A run that was opened.
pub(in crate::cli) struct Run {
    writer: Writer,
    key: EvidenceKey,
    reference: AuditReference,
    began: Timestamp,
    /// SHA-256 of each policy file by its name.
    policies: BTreeMap<String, String>,
    /// Files of shards that were joined.
    shards: Vec<Input>,
    /// What is still to be recorded of the beginning: hooks commit once.
    pending: Vec<Event>,
}

impl Destination {
    /// Records that a run begins; `None` with `--audit off`. Nothing is judged if this fails.
    pub(in crate::cli) fn start(
        &self,
        scanned: &Scanned<'_>,
        terminal: &Terminal,
    ) -> Result<Option<Run>, Failure> {
        let configured = scanned.configured;
        let candidates = match self.audit.as_deref().or(configured.log.as_deref()) {
            Some("off") => return Ok(None),
            Some(url) if url.contains("://") => {
                return Err(Failure::usage(format!(
                    "`--audit {url}`: this version records in local folders only"
                ))
                .help("give a folder"));
            }
            Some(folder) if self.audit.is_some() => vec![absolute(Path::new(folder))?],
            Some(folder) => vec![scanned.base.root.join(folder)],
            None => default_directory(scanned.base),
        };
        let last = candidates.len().saturating_sub(1);
        for (index, directory) in candidates.iter().enumerate() {
            match self.open(directory, scanned) {
                Ok(run) => {
                    if index > 0 {
                        terminal.notice_always(format!(
                            "the audit log is kept in {}, since {} cannot be written",
                            directory.display(),
                            candidates[0].display()
                        ));
                    }
                    run.writer.warnings().iter().for_each(|warning| terminal.notice(warning));
                    if !run.reference.signed {
                        terminal.notice("the audit log is UNSIGNED: see `probity audit keygen`");
                    }
                    return Ok(Some(run));
                }
                Err(error) if index < last && error.is_about_the_place() => {}
                Err(error) => return Err(failure(&error)),
            }
        }
        Ok(None)
    }

    fn open(&self, directory: &Path, scanned: &Scanned<'_>) -> Result<Run, AuditError> {
        let mut options = Options::new(clock::system);
        options.signer = self.signing.signer(directory)?;
        options.origin = self
            .audit_origin
            .clone()
            .or_else(|| scanned.configured.origin.as_deref().map(ToOwned::to_owned))
            .or_else(|| {
                let is_new = !directory.join("log.json").exists() && options.signer.is_none();
                is_new.then(|| default_origin(directory))
            });
        options.state = state_folder();
        if let Some(seconds) = self.audit_lock_timeout {
            options.lock_timeout = Duration::from_secs(seconds.into());
        }
        options.initialise_new = self.audit_init_new;
        options.allow_network = self.audit_allow_network_fs;
        let mut writer = Writer::open(directory, options)?;
        let key = writer.evidence_key()?;
        let policies = events::policy_digests(scanned.policies);
        let start = events::start(scanned, &key);
        let (size, root, signed) = writer.head();
        let origin = writer.origin().to_owned();
        let run = writer.run().to_owned();
        let mut reference = AuditReference { origin, run, size, root: root.hex(), signed };
        let mut pending = vec![start];
        if circumstances::is_hook() {
            writer.rehearse()?;
        } else {
            let Receipt { size, root, .. } = writer.append(&pending)?;
            pending.clear();
            reference = AuditReference { size, root: root.hex(), ..reference };
        }
        let shards = scanned.role.shards().to_vec();
        Ok(Run { writer, key, reference, began: clock::system(), policies, shards, pending })
    }
}

impl Run {
    pub(in crate::cli) fn reference(&self) -> AuditReference {
        self.reference.clone()
    }

    /// Records what was decided and written, and puts a proof beside each SARIF file; gives the exit code of what
    /// could not be written, else 0.
    pub(in crate::cli) fn finish(
        mut self,
        report: &Report,
        sources: &Sources,
        code: u8,
        written: &[Written],
        terminal: &Terminal,
    ) -> u8 {
        let mut events = self.read(sources);
        let digests = Digests { key: &self.key, sources, policies: &self.policies };
        let today = clock::today().0.to_string();
        events.extend(events::decisions(report, &digests, &today));
        events.push(events::end(report, code, written, self.milliseconds()));
        self.close(&events, written, terminal)
    }

    /// Records what was read and written where nothing was decided; gives the exit code of what could not be written,
    /// else 0.
    #[cfg(feature = "cluster")]
    pub(in crate::cli) fn finish_reading(
        mut self,
        sources: &Sources,
        is_complete: bool,
        code: u8,
        written: &[Written],
        terminal: &Terminal,
    ) -> u8 {
        let mut events = self.read(sources);
        events.push(events::end_of_reading(is_complete, code, written, self.milliseconds()));
        self.close(&events, written, terminal)
    }

    /// What waits to be recorded, and what was read.
    fn read(&mut self, sources: &Sources) -> Vec<Event> {
        let digests = Digests { key: &self.key, sources, policies: &self.policies };
        let inputs = digests.inputs(&self.shards);
        let mut events = std::mem::take(&mut self.pending);
        events.push(Event::ScanInputs(ScanInputs { inputs }));
        events
    }

    fn milliseconds(&self) -> Option<u64> {
        u64::try_from(clock::system().duration_since(self.began).as_millis()).ok()
    }

    fn close(mut self, events: &[Event], written: &[Written], terminal: &Terminal) -> u8 {
        let result = self.writer.append(events).map_err(|error| failure(&error));
        match result.and_then(|receipt| write_proofs(&receipt, written)) {
            Ok(()) => 0,
            Err(failure) => {
                terminal.error(&failure);
                failure.code
            }
        }
    }
}

/// Removes the proof of what a file held before: beside another report it would read as if that one had been changed.
#[expect(clippy::disallowed_methods, reason = "only what is a proof is removed")]
pub(in crate::cli) fn remove_proof(report: &Path) {
    let proof = proof_of(report);
    // Reading a pipe would wait for whoever writes to it.
    if proof.is_file() && std::fs::read_to_string(&proof).is_ok_and(|text| proof::is_proof(&text)) {
        // What cannot be removed is overwritten, or fails there with its reason.
        drop(std::fs::remove_file(&proof));
    }
}

fn proof_of(report: &Path) -> PathBuf {
    let mut path = report.as_os_str().to_owned();
    path.push(".tlog-proof");
    path.into()
}

/// Beside `report.sarif`, `report.sarif.tlog-proof`: that this log names the report, and a head to keep.
fn write_proofs(receipt: &Receipt, written: &[Written]) -> Result<(), Failure> {
    for report in written.iter().filter(|report| report.format == "sarif") {
        let Some(file) = report.file.as_ref().filter(|file| is_kept(file)) else { continue };
        let path = proof_of(file);
        std::fs::write(&path, receipt.proof().encode()).map_err(|error| {
            Failure::usage(format!("`{}` cannot be written: {error}", path.display()))
                .help("the run is recorded; `probity audit prove` makes the proof again")
        })?;
    }
    Ok(())
}

/// Whether something that was written stays where it is: nothing can lie beside a pipe or a device.
fn is_kept(file: &Path) -> bool {
    let absolute = absolute(file).unwrap_or_else(|_| file.to_owned());
    let is_stream = ["/dev", "/proc"].iter().any(|folder| absolute.starts_with(folder));
    file.is_file() && !is_stream
}

/// The graver of two exit codes: 2, then 4, then 3, then 1 (contract, "Exit codes").
pub(in crate::cli) fn worse(one: u8, other: u8) -> u8 {
    [2, 4, 3, 1].into_iter().find(|code| *code == one || *code == other).unwrap_or(0)
}

/// Name of a log that nobody named: told apart from those of other clones by where it lies.
pub(super) fn default_origin(directory: &Path) -> String {
    let hash = hex(&Sha256::digest(directory.to_string_lossy().as_bytes()));
    format!("local/{}", hash.get(..16).unwrap_or_default())
}

/// Where a log is kept if nobody says so: at the base, else in the user's state folder.
pub(super) fn default_directory(base: &Base) -> Vec<PathBuf> {
    let hash = hex(&Sha256::digest(base.root.to_string_lossy().as_bytes()));
    let fallback = state_folder().map(|state| state.join("audit").join(hash));
    std::iter::once(base.root.join(DEFAULT)).chain(fallback).collect()
}

/// `$XDG_STATE_HOME/probity` (XDG Base Directory Specification).
#[expect(clippy::disallowed_methods, reason = "the edge that reads where state is kept")]
pub(super) fn state_folder() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = set("XDG_STATE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("probity"))
}

fn failure(error: &AuditError) -> Failure {
    let failure = Failure { code: 4, ..Failure::usage(error) };
    match error {
        AuditError::Rollback { .. } => failure.help(
            "nothing was judged without a record; restore the log, or begin a new one with `--audit-init-new`",
        ),
        AuditError::Network { .. } => Failure { code: 2, ..failure }.help("`--audit-allow-network-fs` allows it"),
        AuditError::KeyMissing { .. } => Failure { code: 2, ..failure }
            .help("give `--audit-key`, `PROBITY_AUDIT_KEY` or `--audit-signer`; `--audit off` scans without a record"),
        error if error.cause() == Cause::Usage => Failure { code: 2, ..failure },
        _ => failure.help("nothing counts without a record; `--audit off` scans without one"),
    }
}
