//! What a scan tells the log: names, classes and digests, never contents.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use super::{Role, Scanned, circumstances};
use crate::{
    audit::{
        Event,
        event::{
            Decision, DecisionBatch, Digest, Input, List, Manifest, Outcomes, Override, PolicyDigest,
            ReportDigest, ScanEnd, ScanStart, Tool, WaiverChange, WaiverUse,
        },
        evidence::EvidenceKey,
    },
    cli::destinations::Written,
    finding::hex,
    policy::{PolicyFile, built_in},
    report::{self, Judged, Report, Status as Standing, Waiver},
    source::{Mask, Source, SourceId, Sources, Status},
};

/// The beginning of a run. Which input holds a credential is known only once it is judged: their digests are keyed
/// here, all in one.
pub(super) fn start(scanned: &Scanned<'_>, key: &EvidenceKey) -> Event {
    let judged = || [scanned.live, Some(scanned.estate)].into_iter().flatten();
    let read = || judged().flat_map(|estate| read(&estate.sources));
    let shards = scanned.role.shards();
    let lines = read().filter_map(|(_, source)| Some(format!("{}  {}\n", hex(&source.digest?), source.file)));
    let mut lines: Vec<String> = lines.chain(shards.iter().filter_map(line_of_shard)).collect();
    lines.sort();
    let count = read().count() + shards.len();
    let manifest = Manifest { count, hmac: key.digest(lines.concat().as_bytes()) };
    Event::ScanStart(Box::new(ScanStart {
        actors: circumstances::actors(),
        arguments: circumstances::arguments(scanned.matches, scanned.base),
        baseline: scanned.baseline.clone(),
        ci: circumstances::automation(),
        cluster_version: judged().find_map(|estate| estate.server_version.clone()),
        configuration: scanned.configuration.clone(),
        git: circumstances::git(&scanned.base.root),
        manifest: Some(manifest),
        mode: mode(scanned).to_owned(),
        policies: bundles(scanned.policies, scanned.data),
        tool: Tool {
            executable: None,
            name: "probity".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        ..ScanStart::default()
    }))
}

/// What kind of run it is.
fn mode(scanned: &Scanned<'_>) -> &'static str {
    match scanned.role {
        Role::Shard => "shard",
        Role::Merge(_) => "merge",
        Role::Scan if scanned.live.is_some() => "drift",
        Role::Scan if scanned.estate.sources.listings().next().is_some() => "cluster",
        Role::Scan if circumstances::is_hook() => "hook",
        Role::Scan => "scan",
    }
}

/// As `sha256sum` prints it.
fn line_of_shard(shard: &Input) -> Option<String> {
    match &shard.digest {
        Some(Digest::Sha256(digest)) => Some(format!("{digest}  {}\n", shard.name)),
        _ => None,
    }
}

/// Sources that the run is about.
fn read(sources: &Sources) -> impl Iterator<Item = (SourceId, &Source)> {
    let counts = |source: &Source| source.live.is_some() || !matches!(source.status, Status::Ignored(_));
    sources.iter().filter(move |(_, source)| counts(source))
}

/// SHA-256 of each policy file by its name.
pub(super) fn policy_digests(files: &[PolicyFile]) -> BTreeMap<String, String> {
    files.iter().map(|file| (file.name.to_string(), hex(&Sha256::digest(file.text.as_bytes())))).collect()
}

/// Policies that come with this program, those of each artifact in a registry, all others, and the data that they may
/// look at.
fn bundles(files: &[PolicyFile], data: &BTreeMap<String, String>) -> Vec<PolicyDigest> {
    let ours = built_in();
    let (built_in, given): (Vec<_>, Vec<_>) = files.iter().cloned().partition(|file| ours.contains(file));
    let mut bundles = BTreeMap::from([("built-in", policy_digests(&built_in)), ("data", data.clone())]);
    for file in &given {
        let digests = policy_digests(std::slice::from_ref(file));
        bundles.entry(file.artifact().unwrap_or("given")).or_default().extend(digests);
    }
    bundles
        .iter()
        .filter(|(_, digests)| !digests.is_empty())
        .map(|(name, digests)| {
            let mut lines: Vec<String> =
                digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
            lines.sort();
            PolicyDigest { name: (*name).to_owned(), sha256: hex(&Sha256::digest(lines.concat())) }
        })
        .collect()
}

/// Digests of what was judged, once masks are complete.
pub(super) struct Digests<'r> {
    pub(super) key: &'r EvidenceKey,
    pub(super) sources: &'r Sources,
    pub(super) policies: &'r BTreeMap<String, String>,
}

impl Digests<'_> {
    /// What was read, and the files of shards in which it was.
    pub(super) fn inputs(&self, shards: &[Input]) -> List {
        let read = read(self.sources).map(|(_, source)| Input {
            digest: self.input(source),
            name: source.file.to_string(),
            objects: source.live.as_ref().map(|listing| listing.objects as u64),
            resource_version: source.live.as_ref().and_then(|listing| listing.resource_version.clone()),
            size: None,
            status: match (&source.live, &source.status) {
                (Some(listing), _) => listing.outcome.name(),
                (None, Status::Read) => "read",
                (None, Status::Ignored(_)) => "ignored",
                (None, Status::Skipped(_)) => "skipped",
                (None, Status::Failed(_)) => "failed",
            }
            .to_owned(),
        });
        List::new(read.chain(shards.iter().cloned()))
    }

    /// Plain, as `sha256sum` has it; keyed where the file holds a credential, or may hold one that nobody could find.
    fn input(&self, source: &Source) -> Option<Digest> {
        let digest = source.digest?;
        let known = source.mask == Mask::None && matches!(source.status, Status::Read);
        Some(if known { Digest::Sha256(hex(&digest)) } else { Digest::Keyed(self.key.digest(&digest)) })
    }

    fn decision(&self, report: &Report, judged: &Judged) -> Decision {
        let finding = &judged.finding;
        let source = finding.place.as_ref().map(|place| (self.sources.get(place.source), place));
        let value = source.and_then(|(source, place)| source.text.get(place.span()));
        let (outcome, waiver) = match &judged.status {
            Standing::Open => ("fail", None),
            Standing::Waived(waiver) => ("waived", Some(waiver.id.clone())),
            Standing::Baseline => ("baseline", None),
        };
        Decision {
            evidence: value.map(|value| self.key.digest(value.as_bytes())),
            fingerprint: Some(judged.fingerprint.clone()),
            input: source.and_then(|(source, _)| self.input(source)),
            outcome: outcome.to_owned(),
            path: Some(finding.path.to_string()).filter(|path| !path.is_empty()),
            resource: finding.resource.clone(),
            rule: finding.rule.to_string(),
            rule_sha256: self.rule(report, &finding.rule),
            severity: Some(finding.severity.name().to_owned()),
            waiver,
            error: None,
        }
    }

    fn rule(&self, report: &Report, id: &str) -> Option<String> {
        self.policies.get(&*report.rule(id)?.file).cloned()
    }
}

/// One record for everything that is not a pass and for each use of a waiver, and one for all passes of each rule.
pub(super) fn decisions(report: &Report, digests: &Digests<'_>, today: &str) -> Vec<Event> {
    let found = report.findings.iter().map(|judged| digests.decision(report, judged));
    let unassessed = report.not_assessed.iter().flat_map(|result| {
        result.resources.iter().map(|resource| Decision {
            outcome: "not_assessed".to_owned(),
            resource: resource.clone(),
            rule: result.rule.to_string(),
            rule_sha256: digests.rule(report, &result.rule),
            ..Decision::default()
        })
    });
    let errors = report.errors.iter().map(|error| Decision {
        error: Some("policy".to_owned()),
        outcome: "error".to_owned(),
        rule: error.policy.clone(),
        ..Decision::default()
    });
    let uses = report.findings.iter().filter_map(waiver_use);
    let decisions = found.chain(unassessed).chain(errors).map(Event::Decision);
    let overrides = report.overrides.iter().map(overridden);
    let expired =
        report.expired_waivers.iter().map(|waiver| Event::WaiverExpire(change(waiver, digests.key)));
    let granted = granted(report, digests.key, today).into_iter();
    overrides.chain(granted).chain(expired).chain(decisions).chain(uses).chain(passes(report)).collect()
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

/// Waivers that are in force, whether they cover a finding or not.
fn granted(report: &Report, key: &EvidenceKey, today: &str) -> Vec<Event> {
    let used = report.findings.iter().filter_map(|judged| match &judged.status {
        Standing::Waived(waiver) => Some(waiver),
        _ => None,
    });
    let unused = report.unused_waivers.iter().filter(|waiver| waiver.until.as_str() >= today);
    let waivers: BTreeSet<&Waiver> = used.chain(unused).collect();
    waivers.into_iter().map(|waiver| Event::WaiverGrant(change(waiver, key))).collect()
}

/// Reasons and names of resources may be long or personal: the record has a digest that nobody can try guesses against,
/// and the patterns stay in the file.
fn change(waiver: &Waiver, key: &EvidenceKey) -> WaiverChange {
    WaiverChange {
        approver: waiver.owner.clone(),
        id: waiver.id.clone(),
        reason_hmac: Some(key.digest(waiver.reason.as_bytes())),
        resource: None,
        rule: waiver.rule.clone(),
        source: Some(waiver.source.clone()),
        ticket: waiver.ticket.clone(),
        until: waiver.until.clone(),
    }
}

fn waiver_use(judged: &Judged) -> Option<Event> {
    let Standing::Waived(waiver) = &judged.status else { return None };
    Some(Event::WaiverUse(WaiverUse {
        fingerprint: Some(judged.fingerprint.clone()),
        id: waiver.id.clone(),
        resource: judged.finding.resource.clone(),
        rule: judged.finding.rule.to_string(),
        until: waiver.until.clone(),
    }))
}

fn passes(report: &Report) -> impl Iterator<Item = Event> {
    let rules = report.passed.iter().filter(|(_, resources)| !resources.is_empty());
    rules.map(|(rule, resources): (&Arc<str>, &Vec<Arc<str>>)| {
        Event::DecisionBatch(DecisionBatch {
            outcome: "pass".to_owned(),
            resources: List::new(resources.iter().map(ToString::to_string)),
            rule: rule.to_string(),
        })
    })
}

/// The end of a run, after its last output.
pub(super) fn end(report: &Report, code: u8, written: &[Written], duration_ms: Option<u64>) -> Event {
    let passed: usize = report.evaluated.iter().map(|rule| rule.passed).sum();
    let open = report.findings.iter().filter(|judged| judged.status == Standing::Open).count();
    let counts = BTreeMap::from([
        ("baseline", report.baseline() as u64),
        ("error", report.errors.len() as u64),
        ("fail", open as u64),
        ("not_assessed", report.not_assessed.len() as u64),
        ("pass", passed as u64),
        ("waived", report.waived() as u64),
    ]);
    Event::ScanEnd(ScanEnd {
        counts: Outcomes(counts),
        duration_ms,
        exit: code,
        outcome: report.outcome.name().to_owned(),
        reports: reports(written),
        ..ScanEnd::default()
    })
}

/// The end of a run that decided nothing.
#[cfg(feature = "cluster")]
pub(super) fn end_of_reading(
    is_complete: bool,
    code: u8,
    written: &[Written],
    duration_ms: Option<u64>,
) -> Event {
    let outcome = if is_complete { "read" } else { "incomplete" };
    Event::ScanEnd(ScanEnd {
        duration_ms,
        exit: code,
        outcome: outcome.to_owned(),
        reports: reports(written),
        ..ScanEnd::default()
    })
}

fn reports(written: &[Written]) -> Vec<ReportDigest> {
    let reports = written.iter().map(|report| ReportDigest {
        format: report.format.to_owned(),
        sha256: hex(&Sha256::digest(&report.bytes)),
        size: report.bytes.len() as u64,
    });
    reports.collect()
}
