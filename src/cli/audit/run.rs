//! A scan's run in the log: opened before any policy is evaluated, closed after the last output.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use sha2::{Digest as _, Sha256};

use crate::{
    audit::{
        AuditError, Cause, Event, Options, Receipt, Writer,
        event::{
            Actor, Ci, Decision, DecisionBatch, Digest, Input, List, Outcomes, Override, PolicyDigest,
            ReportDigest, ScanEnd, ScanStart, Tool, WaiverChange, WaiverUse,
        },
        key::PrivateKey,
        signer::Signer,
    },
    cli::{Failure, clock, scan::Written, scan::absolute, terminal::Terminal},
    estate::Estate,
    finding::hex,
    policy::PolicyFile,
    report::{self, AuditReference, Report},
    scan::Settings,
    source::{Mask, Source, Status, base::Base},
};

/// Folder of the log below the base.
pub(super) const DEFAULT: &str = ".probity/audit";

/// Arguments that say where a scan is recorded.
#[derive(Debug, Args)]
pub(in crate::cli) struct Destination {
    /// Folder of the audit log, or `off` [default: `.probity/audit` at the base].
    #[arg(long, value_name = "DIR")]
    audit: Option<String>,
    /// File with the private key that signs the log.
    #[arg(long, value_name = "FILE")]
    audit_key: Option<PathBuf>,
    /// Name of the log, such as `audit.example.com/shop`.
    #[arg(long, value_name = "NAME")]
    audit_origin: Option<String>,
}

/// A run that was opened.
pub(in crate::cli) struct Run {
    writer: Writer,
    start: Receipt,
}

impl Destination {
    /// Records that a run begins; `None` with `--audit off`. Nothing is judged if this fails.
    pub(in crate::cli) fn start(
        &self,
        settings: &Settings,
        configuration: Option<String>,
        estate: &Estate,
        policies: &[PolicyFile],
        terminal: &Terminal,
    ) -> Result<Option<Run>, Failure> {
        let start = Event::ScanStart(Box::new(ScanStart { configuration, ..scan_start(estate, policies) }));
        let configured = &settings.config.audit;
        let candidates = match self.audit.as_deref().or(configured.log.as_deref()) {
            Some("off") => return Ok(None),
            Some(url) if url.contains("://") => {
                return Err(Failure::usage(format!(
                    "`--audit {url}`: this version records in local folders only"
                ))
                .help("give a folder"));
            }
            Some(folder) if self.audit.is_some() => vec![absolute(Path::new(folder))?],
            Some(folder) => vec![settings.base.root.join(folder)],
            None => default_directory(&settings.base),
        };
        let last = candidates.len().saturating_sub(1);
        for (index, directory) in candidates.iter().enumerate() {
            match self.open(directory, configured.origin.as_deref(), &start) {
                Ok(run) => {
                    if index > 0 {
                        terminal.notice(format!(
                            "the audit log is kept in {}, since {} cannot be written",
                            directory.display(),
                            candidates[0].display()
                        ));
                    }
                    run.writer.warnings().iter().for_each(|warning| terminal.notice(warning));
                    return Ok(Some(run));
                }
                Err(error) if index < last && error.cause() == Cause::Io => {}
                Err(error) => return Err(failure(&error)),
            }
        }
        Ok(None)
    }

    fn open(&self, directory: &Path, origin: Option<&str>, start: &Event) -> Result<Run, AuditError> {
        let mut options = Options::new(clock::now);
        options.signer = self.key()?.map(Signer::Key);
        let origin = self.audit_origin.as_deref().or(origin).map(ToOwned::to_owned);
        options.origin = origin.or_else(|| {
            let is_new = !directory.join("log.json").exists() && options.signer.is_none();
            is_new.then(|| default_origin(directory))
        });
        options.state = state_folder();
        let mut writer = Writer::open(directory, options)?;
        let start = writer.append(std::slice::from_ref(start))?;
        Ok(Run { writer, start })
    }

    #[expect(clippy::disallowed_methods, reason = "the edge that reads the key")]
    fn key(&self) -> Result<Option<PrivateKey>, AuditError> {
        let text = match &self.audit_key {
            Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
                AuditError::Request(format!("`--audit-key {}` cannot be read: {error}", path.display()))
            })?),
            None => std::env::var("PROBITY_AUDIT_KEY").ok(),
        };
        Ok(text.map(|text| PrivateKey::parse(text.trim())).transpose()?)
    }
}

impl Run {
    pub(in crate::cli) fn reference(&self) -> AuditReference {
        AuditReference {
            origin: self.start.origin.clone(),
            run: self.start.run.clone(),
            size: self.start.size,
            root: self.start.root.hex(),
            signed: self.start.signed,
        }
    }

    /// Records what was decided and written; gives the exit code of a log that could not be written, else 0.
    pub(in crate::cli) fn finish(
        mut self,
        report: &Report,
        code: u8,
        written: &[Written],
        terminal: &Terminal,
    ) -> u8 {
        let mut events: Vec<Event> = report.overrides.iter().map(overridden).collect();
        events.extend(report.expired_waivers.iter().map(expired));
        events.extend(report.findings.iter().filter_map(waived));
        events.extend(decisions(report));
        events.push(Event::ScanEnd(scan_end(report, code, written)));
        match self.writer.append(&events) {
            Ok(_) => 0,
            Err(error) => {
                let failure = failure(&error);
                terminal.error(&failure);
                failure.code
            }
        }
    }
}

/// The graver of two exit codes: 2, then 4, then 3, then 1 (contract, "Exit codes").
pub(in crate::cli) fn worse(one: u8, other: u8) -> u8 {
    [2, 4, 3, 1].into_iter().find(|code| *code == one || *code == other).unwrap_or(0)
}

/// Name of a log that nobody named: told apart from those of other clones by where it lies.
fn default_origin(directory: &Path) -> String {
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
    let code = if error.cause() == Cause::Usage { 2 } else { 4 };
    Failure { code, ..Failure::usage(error) }
        .help("nothing was judged without a record; `--audit off` scans without one")
}

fn scan_start(estate: &Estate, policies: &[PolicyFile]) -> ScanStart {
    let inputs =
        estate.sources.iter().map(|(_, source)| input(source)).filter(|input| input.status != "ignored");
    ScanStart {
        actor: actor(),
        ci: automation(),
        inputs: Some(List::new(inputs)),
        mode: "scan".to_owned(),
        policies: vec![PolicyDigest { name: "all".to_owned(), sha256: bundle_digest(policies) }],
        tool: Tool {
            executable: None,
            name: "probity".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        ..ScanStart::default()
    }
}

fn input(source: &Source) -> Input {
    let status = match &source.status {
        Status::Read => "read",
        Status::Ignored(_) => "ignored",
        Status::Skipped(_) => "skipped",
        Status::Failed(_) => "failed",
    };
    // The digest of a short file that holds a credential could be guessed back.
    let digest =
        source.digest.filter(|_| source.mask == Mask::None).map(|digest| Digest::Sha256(hex(&digest)));
    Input {
        digest,
        name: source.file.to_string(),
        size: Some(source.text.len() as u64),
        status: status.to_owned(),
    }
}

/// SHA-256 over the sorted lines of `sha256sum`, so that it can be checked without us.
fn bundle_digest(files: &[PolicyFile]) -> String {
    let mut lines: Vec<String> = files
        .iter()
        .map(|file| format!("{}  {}\n", hex(&Sha256::digest(file.text.as_bytes())), file.name))
        .collect();
    lines.sort();
    hex(&Sha256::digest(lines.concat().as_bytes()))
}

/// Whoever the environment claims to be: it is recorded as a claim.
#[expect(clippy::disallowed_methods, reason = "the edge that reads who runs")]
fn actor() -> Option<Actor> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let claimed = set("GITHUB_ACTOR").or_else(|| set("GITLAB_USER_LOGIN"));
    let claimed = claimed.map(|id| Actor { id, source: "env-claimed".to_owned() });
    claimed.or_else(|| {
        Some(Actor { id: set("USER").or_else(|| set("LOGNAME"))?, source: "env-claimed".to_owned() })
    })
}

#[expect(clippy::disallowed_methods, reason = "the edge that reads what automation this is")]
fn automation() -> Option<Ci> {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    set("GITHUB_ACTIONS").map(|_| Ci {
        attempt: set("GITHUB_RUN_ATTEMPT"),
        provider: "github".to_owned(),
        run: set("GITHUB_RUN_ID"),
        workflow: set("GITHUB_WORKFLOW_REF"),
    })
}

fn overridden(setting: &report::Override) -> Event {
    Event::Override(Override {
        from: setting.from.clone(),
        rule: setting.rule.to_string(),
        setting: setting.setting.to_owned(),
        source: Some(setting.source.clone()),
        to: setting.to.clone(),
    })
}

/// Reasons and names of resources may be long or personal: the record has a digest, and the patterns stay in the file.
fn expired(waiver: &report::Waiver) -> Event {
    Event::WaiverExpire(WaiverChange {
        approver: waiver.owner.clone(),
        id: waiver.id.clone(),
        reason_sha256: Some(hex(&Sha256::digest(waiver.reason.as_bytes()))),
        resource: None,
        rule: waiver.rule.clone(),
        source: Some(waiver.source.clone()),
        ticket: waiver.ticket.clone(),
        until: waiver.until.clone(),
    })
}

fn waived(judged: &report::Judged) -> Option<Event> {
    let report::Status::Waived(waiver) = &judged.status else { return None };
    Some(Event::WaiverUse(WaiverUse {
        fingerprint: Some(judged.fingerprint.clone()),
        id: waiver.id.clone(),
        resource: judged.finding.resource.clone(),
        rule: waiver.rule.clone(),
        until: waiver.until.clone(),
    }))
}

/// One record for everything that is not a pass, and one for all passes of each rule.
fn decisions(report: &Report) -> Vec<Event> {
    let found = report.findings.iter().map(|judged| Decision {
        fingerprint: Some(judged.fingerprint.clone()),
        outcome: if judged.status.name() == "open" { "fail" } else { judged.status.name() }.to_owned(),
        path: Some(judged.finding.path.to_string()).filter(|path| !path.is_empty()),
        resource: judged.finding.resource.clone(),
        rule: judged.finding.rule.to_string(),
        severity: Some(judged.finding.severity.name().to_owned()),
        waiver: match &judged.status {
            report::Status::Waived(waiver) => Some(waiver.id.clone()),
            report::Status::Open | report::Status::Baseline => None,
        },
        ..Decision::default()
    });
    let unassessed = report.not_assessed.iter().flat_map(|result| {
        result.resources.iter().map(|resource| Decision {
            outcome: "not_assessed".to_owned(),
            resource: resource.clone(),
            rule: result.rule.to_string(),
            ..Decision::default()
        })
    });
    let errors = report.errors.iter().map(|error| Decision {
        error: Some("policy".to_owned()),
        outcome: "error".to_owned(),
        rule: error.policy.clone(),
        ..Decision::default()
    });
    found.chain(unassessed).chain(errors).map(Event::Decision).chain(passes(report)).collect()
}

fn passes(report: &Report) -> Vec<Event> {
    let rules = report.passed.iter().filter(|(_, resources)| !resources.is_empty());
    let batch = |(rule, resources): (&std::sync::Arc<str>, &Vec<std::sync::Arc<str>>)| {
        Event::DecisionBatch(DecisionBatch {
            outcome: "pass".to_owned(),
            resources: List::new(resources.iter().map(ToString::to_string)),
            rule: rule.to_string(),
        })
    };
    rules.map(batch).collect()
}

fn scan_end(report: &Report, code: u8, written: &[Written]) -> ScanEnd {
    let passed: usize = report.evaluated.iter().map(|rule| rule.passed).sum();
    let open = report.findings.iter().filter(|judged| judged.status.name() == "open").count();
    let counts = BTreeMap::from([
        ("baseline", report.baseline() as u64),
        ("error", report.errors.len() as u64),
        ("fail", open as u64),
        ("not_assessed", report.not_assessed.len() as u64),
        ("pass", passed as u64),
        ("waived", report.waived() as u64),
    ]);
    let reports = written.iter().map(|report| ReportDigest {
        format: report.format.to_owned(),
        sha256: hex(&Sha256::digest(&report.bytes)),
        size: report.bytes.len() as u64,
    });
    ScanEnd {
        counts: Outcomes(counts),
        exit: code,
        outcome: report.outcome.name().to_owned(),
        reports: reports.collect(),
        ..ScanEnd::default()
    }
}
