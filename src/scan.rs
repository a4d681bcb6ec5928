//! The pipeline as one page: bytes in, a judged report out.

mod configuration;
mod coverage;
mod drift;
mod generators;
mod incomplete;
mod live;
mod mask;
mod rendering;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use rayon::prelude::*;
use thiserror::Error;

use crate::{
    baseline::Baseline,
    cluster,
    config::{Config, Day, Flavour},
    estate::Estate,
    facts,
    finding::{Finding, Severity},
    fix,
    policy::{self, Evaluation, Policies, Within, compared},
    report::{NotApplicable, Override, Parts, Report},
    resource::{
        contents,
        contents::Contents,
        render::Rendered,
        terraform::{Plan, modules::Modules, written::Written},
    },
    source::{
        Place, Source, SourceId, Sources, Status,
        base::Base,
        read,
        walk::{self, Held},
    },
    waiver::Waivers,
};

/// What to read and how to judge it, validated.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the command line, each on its own")]
pub struct Settings {
    pub base: Base,
    /// Globs of files that are left out, relative to the base.
    pub exclude: Vec<String>,
    /// Namespace of manifests that name none.
    pub namespace: String,
    /// Run `helm` and `kustomize` on charts and kustomizations.
    pub render: bool,
    /// Which files no ignore file hides.
    pub held: Held,
    /// Open findings at or above it fail the run; `None`: never.
    pub fail_on: Option<Severity>,
    /// Skipped sources and what is not assessed make the run incomplete.
    pub strict: bool,
    /// Day on which waivers are compared with their last, UTC.
    pub today: Day,
    /// Comments beside their places waive findings, too.
    pub waive_inline: bool,
    /// Findings that do not count yet.
    pub baseline: Option<Baseline>,
    /// Live objects are judged, and no files.
    pub cluster: Option<cluster::Target>,
    /// Files are read, too, and held against the live objects.
    pub drift: bool,
    /// What `probity.yaml` says; the fields above hold what of it the command line leaves standing.
    pub config: Config,
}

impl Settings {
    /// Those of a scan without options and without `probity.yaml`.
    pub fn new(base: Base, today: Day) -> Self {
        Self {
            base,
            exclude: Vec::new(),
            namespace: "default".to_owned(),
            render: false,
            held: Held::Indexed,
            fail_on: Some(Severity::Low),
            strict: false,
            today,
            waive_inline: true,
            baseline: None,
            cluster: None,
            drift: false,
            config: Config::default(),
        }
    }
}

/// Why no scan was possible: the caller's move.
#[derive(Debug, Error)]
pub enum ScanError {
    #[error("{0}")]
    Walk(String),
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    #[error(
        "the manifests are {} variants ({}), and a cluster runs one of them: name its folder",
        .0.len(),
        .0.join(", ")
    )]
    Variants(Vec<Arc<str>>),
}

/// Told how far the scan is: a stage, and how many of how many are done.
pub type Progress<'p> = dyn Fn(Stage, usize) + Sync + 'p;

/// The long stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Files read and parsed.
    Read,
    /// Subjects judged.
    Judge,
}

/// Reads the estate: files to sources, documents, resources and sets.
pub fn read_estate(settings: &Settings, progress: &Progress<'_>) -> Result<Estate, ScanError> {
    let Inputs { mut sources, modules, rendered } = inputs(settings, progress)?;
    let ids: Vec<SourceId> = sources.iter().map(|(id, _)| id).collect();
    let read: Vec<Contents> = ids.par_iter().map(|id| contents::read(*id, sources.get(*id))).collect();
    let (mut documents, mut plans) = (Vec::new(), Vec::new());
    for (id, contents) in ids.into_iter().zip(read) {
        let source = sources.get_mut(id);
        source.documents = contents.documents.iter().filter(|document| !document.is_template).count();
        source.status = contents.status;
        source.notices = contents.notices;
        source.mask = contents.mask;
        documents.extend(contents.documents);
        plans.extend(contents.plan);
    }
    let folders = plan_folders(&sources, &plans, &modules);
    let sourced: Vec<SourceId> = sources
        .iter()
        .filter(|(_, source)| contents::is_terraform_source(&source.file))
        .map(|(id, _)| id)
        .collect();
    for id in sourced {
        let source = sources.get_mut(id);
        if let Some(status) = contents::planned(&source.file, &folders) {
            source.status = status;
        }
    }
    let file = |plan: &Plan| modules.get(&*sources.get(plan.source).file).cloned().unwrap_or_default();
    let written = plans.iter().map(|plan| Written::new(&file(plan), &sources)).collect();
    let (namespace, named) = (&settings.namespace, &settings.config.sets);
    let mut estate = Estate::with_sets(sources, documents, plans, namespace, named);
    estate.config = settings.config.clone();
    estate.attach(written);
    mask::credentials(&mut estate);
    estate.attach_rendered(rendered);
    Ok(estate)
}

/// Reads the estate as policies want it: with documents of whatever kind where they judge such.
pub fn read_for(
    policies: &Policies,
    settings: &Settings,
    progress: &Progress<'_>,
) -> Result<Estate, ScanError> {
    if let Some(target) = settings.cluster.as_ref().filter(|_| !settings.drift) {
        let reading = live::read(target, settings, policies, None, progress)?;
        return live::estate(reading, target, settings, policies);
    }
    read_estate(settings, progress).map(|estate| wanted(policies, estate))
}

/// An estate that was read, as policies want it.
pub fn wanted(policies: &Policies, mut estate: Estate) -> Estate {
    if policies.judge_documents() {
        admit_documents(&mut estate);
    }
    estate
}

/// With `--drift`, the live objects that manifests are held against.
pub fn read_counterpart(
    declared: &Estate,
    policies: &Policies,
    settings: &Settings,
    progress: &Progress<'_>,
) -> Result<Option<Estate>, ScanError> {
    let Some(target) = settings.cluster.as_ref().filter(|_| settings.drift) else { return Ok(None) };
    if declared.sets.len() > 1 {
        return Err(ScanError::Variants(declared.sets.clone()));
    }
    let reading = live::read(target, settings, policies, Some(declared), progress)?;
    live::estate(reading, target, settings, policies).map(Some)
}

/// Reads what of a cluster falls to a shard, for the rules that will judge the whole.
pub fn read_shard(
    policies: &Policies,
    settings: &Settings,
    progress: &Progress<'_>,
) -> Result<cluster::Reading, ScanError> {
    live::read(&settings.cluster.clone().unwrap_or_default(), settings, policies, None, progress)
}

/// The estate of all shards of a cluster, as if it had been read at once.
pub fn joined(
    shards: cluster::Reading,
    policies: &Policies,
    settings: &Settings,
) -> Result<Estate, ScanError> {
    live::estate(shards, &settings.cluster.clone().unwrap_or_default(), settings, policies)
}

/// Makes documents of whatever kind part of the estate, since a loaded policy judges them: their sources count as
/// read, and what looks like a credential in them is masked. What should hold documents and does not is skipped.
fn admit_documents(estate: &mut Estate) {
    let ids: Vec<SourceId> = estate.sources.iter().map(|(id, _)| id).collect();
    for id in ids {
        let source = estate.sources.get_mut(id);
        if let Status::Ignored(reason) = &source.status {
            if source.documents > 0 || policy::conftest::is_empty(source) {
                source.status = Status::Read;
            } else if !contents::is_terraform_source(&source.file) {
                source.status = Status::Skipped(reason.clone());
            }
        }
    }
    mask::settings(estate);
}

/// Judges an estate that was read.
pub fn judge(
    settings: &Settings,
    estate: &mut Estate,
    mut policies: Policies,
    progress: &Progress<'_>,
) -> Report {
    let applied = override_rules(&settings.config, &mut policies);
    let within = limited(settings, estate);
    let evaluation = evaluate(&policies, estate, within.as_ref(), progress);
    let mut incomplete = incomplete::reasons(settings, estate, &policies, settings.cluster.is_some());
    let mut parts = decide(settings, estate, policies, applied, &evaluation.findings);
    parts.evaluation = evaluation;
    parts.evaluation.notices.extend(facts::ownership_notices(estate));
    parts.incomplete.append(&mut incomplete);
    limit(within.as_ref(), &mut parts);
    if let Some(target) = &settings.cluster {
        coverage::judge(estate, &mut parts);
        live::limit(target, estate, &mut parts.evaluation);
        live::forget_places(estate, &mut parts);
    }
    Report::new(parts)
}

/// Judges manifests and a cluster, each as an estate of its own, and reports what differs. What was read of the cluster is
/// among the sources of the manifests then.
pub fn compare(
    settings: &Settings,
    declared: &mut Estate,
    mut live: Estate,
    mut policies: Policies,
    progress: &Progress<'_>,
) -> Report {
    let target = settings.cluster.clone().unwrap_or_default();
    let applied = override_rules(&settings.config, &mut policies);
    let mut files = evaluate(&policies, declared, None, progress);
    let judging = policies.rules.iter().filter(|rule| !compared::IDS.contains(&&*rule.id));
    let mut cluster = Parts { rules: judging.cloned().collect(), ..Parts::default() };
    cluster.evaluation = evaluate(&policies, &mut live, None, progress);
    coverage::judge(&live, &mut cluster);
    live::limit(&target, declared, &mut files);
    live::limit(&target, &live, &mut cluster.evaluation);
    let mut incomplete = [(&*declared, false), (&live, true)]
        .map(|(estate, is_live)| incomplete::reasons(settings, estate, &policies, is_live))
        .concat();
    incomplete.dedup();
    let sides = drift::Sides { declared: files, live: cluster.evaluation, not_live: cluster.not_applicable };
    let compared = drift::compare(&target, (declared, &live), sides, &policies.rules);
    let mut parts = decide(settings, declared, policies, applied, &compared.findings);
    parts.evaluation = compared.evaluation;
    parts.incomplete.append(&mut incomplete);
    limit(limited(settings, declared).as_ref(), &mut parts);
    declared.sources.append(drift::coverage(&live));
    let mut report = Report::new(parts);
    report.drift = Some(compared.drift);
    report
}

/// Asks the rules, and hides what they found to be secret.
fn evaluate(
    policies: &Policies,
    estate: &mut Estate,
    within: Option<&Within>,
    progress: &Progress<'_>,
) -> Evaluation {
    let mut evaluation = policy::evaluate(policies, estate, within, &|done| progress(Stage::Judge, done));
    mask::judged(estate, &evaluation, &policies.rules);
    mask::repeated(estate);
    fix::settle(&mut evaluation.findings, &estate.sources);
    evaluation
}

/// What is decided of findings after the rules: waivers and the baseline.
fn decide(
    settings: &Settings,
    estate: &mut Estate,
    policies: Policies,
    (mut overrides, not_applicable): (Vec<Override>, Vec<NotApplicable>),
    findings: &[Finding],
) -> Parts {
    overrides.extend(allowed_secrets(&settings.config, estate));
    let (waivers, problems) = Waivers::new(&settings.config, estate, settings.waive_inline, settings.today);
    for (source, problem) in problems {
        estate.sources.get_mut(source).notices.push(problem);
    }
    let was_judged = |id: &str| policies.rules.iter().any(|rule| *rule.id == *id);
    let (baseline, unmet_baseline) = settings
        .baseline
        .as_ref()
        .map(|baseline| baseline.judge(findings, estate, was_judged))
        .unwrap_or_default();
    Parts {
        baseline,
        unmet_baseline,
        // A waiver for a rule that there is not would wait for ever.
        unused_waivers: waivers.unused(findings, |id| was_judged(id) || policies.is_unknown(id)),
        waivers,
        rules: policies.rules,
        errors: policies.errors,
        fail_on: settings.fail_on,
        strict: settings.strict,
        overrides,
        not_applicable,
        ..Parts::default()
    }
}

/// Folders whose `.tf` files, and those below them, a plan stands for.
fn plan_folders(
    sources: &Sources,
    plans: &[Plan],
    modules: &BTreeMap<Arc<str>, Modules>,
) -> BTreeSet<String> {
    let beside = plans.iter().map(|plan| contents::folder(&sources.get(plan.source).file).to_owned());
    beside.chain(modules.values().flat_map(|modules| modules.0.values().cloned())).collect()
}

/// Selectors whose rules of `mtls` ask for what only a mesh gives.
const OF_MESHES: [&str; 2] = ["workload", "connection"];

/// Gives rules the severities of the configuration and removes those that it disables.
fn override_rules(config: &Config, policies: &mut Policies) -> (Vec<Override>, Vec<NotApplicable>) {
    let (mut overrides, mut disabled) = (Vec::new(), Vec::new());
    for rule in &mut policies.rules {
        let Some(settings) = config.rules.get(&*rule.id) else { continue };
        let mut record = |setting, from: &str, to: &str, line| {
            let (rule, from, to) = (Arc::clone(&rule.id), from.to_owned(), to.to_owned());
            overrides.push(Override { rule, setting, from, to, source: config.source(line) });
        };
        if let Some(enabled) = settings.enabled.filter(|enabled| !enabled.value) {
            record("enabled", "true", "false", enabled.line);
            let reason = format!("disabled in {}", config.source(enabled.line));
            disabled.push(NotApplicable { rule: Arc::clone(&rule.id), reason });
        } else if let Some(severity) = settings.severity.filter(|severity| severity.value != rule.severity) {
            record("severity", rule.severity.name(), severity.value.name(), severity.line);
            Arc::make_mut(rule).severity = severity.value;
        }
    }
    if config.mesh.flavour == Some(Flavour::None) {
        let about_meshes = policies.rules.iter().filter(|rule| {
            rule.id.starts_with("mtls/")
                && rule.selectors.iter().any(|selector| OF_MESHES.contains(&selector.name.as_str()))
                && !disabled.iter().any(|disabled| disabled.rule == rule.id)
        });
        let reason = "mesh.flavour is none";
        let mut outside: Vec<NotApplicable> = about_meshes
            .map(|rule| NotApplicable { rule: Arc::clone(&rule.id), reason: reason.to_owned() })
            .collect();
        disabled.append(&mut outside);
    }
    policies.retain(|rule| !disabled.iter().any(|disabled| disabled.rule == rule.id));
    (overrides, disabled)
}

/// What the configuration allows to look like a credential, an entry at a time.
fn allowed_secrets(config: &Config, estate: &Estate) -> Vec<Override> {
    let counted = config.secrets.allow.iter().zip(facts::allowed_secrets(estate));
    let entries = counted.map(|(entry, count)| Override {
        rule: Arc::from("secrets/*"),
        setting: "allow",
        from: format!("{count} {}", if count == 1 { "value" } else { "values" }),
        to: "allowed".to_owned(),
        source: config.source(entry.line),
    });
    entries.collect()
}

/// What the estate is made from.
struct Inputs {
    sources: Sources,
    /// The configuration that each plan was made from, by the plan's file.
    modules: BTreeMap<Arc<str>, Modules>,
    rendered: Vec<Rendered>,
}

/// Finds, reads and decodes the files of the estate, and renders them where that is asked for.
fn inputs(settings: &Settings, progress: &Progress<'_>) -> Result<Inputs, ScanError> {
    let base = &settings.base;
    let found =
        walk::files(&base.root, &base.estate, &settings.exclude, settings.held).map_err(ScanError::Walk)?;
    let mut sources: Vec<Source> = found
        .files
        .par_iter()
        .map(|path: &PathBuf| {
            let source = read::file(path, &base.name(path));
            progress(Stage::Read, 1);
            source
        })
        .collect();
    sources.extend(found.errors.iter().map(|(path, cause)| read::unreadable(&base.name(path), cause)));
    let skipped = |reason: &str| Status::Skipped(reason.to_owned());
    let unread = found.skipped.iter();
    sources.extend(unread.map(|(path, reason)| Source::new(base.name(path), "", None, skipped(reason))));
    if base.stdin {
        sources.push(read::stdin());
    }
    // One after the other: the shell's commands behind them may wait for each other.
    sources.extend(base.streams.iter().map(|path| read::file(path, &base.name(path))));
    generators::add_files(settings, &mut sources)?;
    let modules = configuration::find(base, &mut sources);
    let rendered = if settings.render { rendering::render(settings, &mut sources) } else { Vec::new() };
    Ok(Inputs { sources: Sources::new(sources), modules, rendered })
}

/// With `--root`, the files that lie in a given path.
fn limited(settings: &Settings, estate: &Estate) -> Option<Within> {
    let limit = settings.base.limit.as_ref()?;
    let mut names: Vec<String> =
        limit.iter().chain(&settings.base.streams).map(|path| settings.base.name(path)).collect();
    names.extend(settings.base.stdin.then(|| read::STDIN.to_owned()));
    if names.iter().any(|name| name == ".") {
        return None;
    }
    let is_inside = |file: &str| {
        let below = |name: &str| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        names.iter().any(|name| file == name || below(name))
    };
    let inside = estate.sources.iter().filter(|(_, source)| is_inside(&source.file));
    Some(Within::new(inside.map(|(id, _)| id)))
}

/// Keeps the results whose place or related place lies in one of these files. What was found elsewhere is not known, and
/// so neither which waivers and entries of the baseline nobody needs.
fn limit(within: Option<&Within>, parts: &mut Parts) {
    let Some(within) = within else { return };
    let inside = |place: &Place| within.contains(place.source);
    parts.evaluation.findings.retain(|finding| {
        finding
            .place
            .iter()
            .chain(finding.related.iter().filter_map(|related| related.place.as_ref()))
            .any(inside)
    });
    parts.evaluation.not_assessed.retain(|result| result.place.as_ref().is_none_or(inside));
    parts.unused_waivers.clear();
    parts.unmet_baseline = 0;
}
