//! `probity scan`: the main job.

mod cluster;
mod fixing;
mod prepared;

use std::{
    collections::HashSet,
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::{ArgMatches, Args};

use self::{
    cluster::ClusterArguments,
    prepared::{Before, Prepared},
};
use super::{
    Failure,
    audit::Scanned,
    clock,
    configuration::{Configuration, ConfigurationArguments, notice_unknown_rules},
    conftest::ConftestArguments,
    policies::Selection,
    progress::Progress,
    terminal::Terminal,
};
use crate::{
    config::FailOn,
    output::{self, Format},
    report::Report,
    scan::{self, ScanError, Settings},
    source::{Sources, base::Base},
};

/// Arguments that say what the estate is; shared by all commands that read one.
#[derive(Debug, Args)]
pub(super) struct EstateArguments {
    /// Files and folders to scan, `-` for standard input [default: .].
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The estate: everything below DIR is judged, and PATHs only limit what is reported.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Namespace of manifests that name none [default: default]; of a cluster, what is reported: may be repeated.
    #[arg(short, long, value_name = "NAME", value_parser = namespace)]
    namespace: Vec<String>,
    /// Run `helm` and `kustomize` on charts and kustomizations, and judge what they make.
    #[arg(long)]
    render: bool,
    /// Leave out files that match this glob (gitignore syntax).
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    #[command(flatten)]
    configuration: ConfigurationArguments,
}

/// A namespace as Kubernetes admits it: a label of RFC 1123 (`IsDNS1123Label` in `k8s.io/apimachinery`).
fn namespace(name: &str) -> Result<String, String> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = (1..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && !name.starts_with('-')
        && !name.ends_with('-');
    if is_label {
        Ok(name.to_owned())
    } else {
        Err("no namespace has such a name: at most 63 of a-z, 0-9 and `-`, with a letter or digit at both ends"
            .to_owned())
    }
}

/// Arguments of `probity scan`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    estate: EstateArguments,
    #[command(flatten)]
    cluster: ClusterArguments,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    conftest: ConftestArguments,
    /// Format of a report; may be repeated, each with its `--output`.
    #[arg(short, long, value_name = "FORMAT", value_parser = clap::builder::PossibleValuesParser::new(output::FORMATS.iter().map(|format| format.name)))]
    format: Vec<String>,
    /// File for the report of the `--format` before it; without one, or with `-`, it goes to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// Least severity of an open finding that makes the exit code 1 [default: low].
    #[arg(long, value_name = "SEVERITY", value_parser = ["info", "low", "medium", "high", "critical", "never"])]
    fail_on: Option<String>,
    /// Exit with 3 if a source is skipped or anything is not assessed.
    #[arg(long)]
    strict: bool,
    /// Report only what the change since this commit brings in and repairs; its configuration and policies count.
    #[arg(long, value_name = "REF")]
    since: Option<String>,
    /// Do not count the findings in this file, until their objects change (see `probity baseline`).
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write the mechanical remedies of open findings into their files, then scan what is left.
    #[arg(long)]
    fix: bool,
    #[command(flatten)]
    audit: super::audit::Destination,
}

/// What of the configuration is no setting of the scan.
pub(super) struct Configured {
    pub(super) policies: Vec<PathBuf>,
    pub(super) data: Vec<PathBuf>,
    /// No configuration file counts.
    pub(super) is_off: bool,
    digest: Option<String>,
}

impl EstateArguments {
    /// Settings that need no judgement, and the configuration's policies.
    pub(super) fn settings(&self) -> Result<(Settings, Configured), Failure> {
        self.settings_of(&self.paths)
    }

    /// The same for other paths.
    fn settings_of(&self, paths: &[PathBuf]) -> Result<(Settings, Configured), Failure> {
        let (mut settings, configured) = self.settings_without_namespace(paths)?;
        match self.namespace.as_slice() {
            [] => {}
            [namespace] => settings.namespace = namespace.clone(),
            [_, _, ..] => {
                return Err(Failure::usage("manifests that name no namespace cannot sit in several")
                    .help("give `--namespace` once; several limit the report of `scan --cluster`"));
            }
        }
        Ok((settings, configured))
    }

    fn settings_without_namespace(&self, paths: &[PathBuf]) -> Result<(Settings, Configured), Failure> {
        let current = current_folder()?;
        let base = Base::new(paths, self.root.as_deref(), &current).map_err(Failure::usage)?;
        let Configuration { config, policies, data, digest } = self.configuration.load(&base)?;
        let exclude = config.exclude.iter().map(|glob| glob.to_string()).chain(self.exclude.iter().cloned());
        let usual = Settings::new(base, clock::today());
        let settings = Settings {
            exclude: exclude.collect(),
            render: self.render,
            fail_on: config.fail_on.map_or(usual.fail_on, FailOn::severity),
            config,
            ..usual
        };
        let is_off = self.configuration.is_off();
        Ok((settings, Configured { policies, data, is_off, digest }))
    }
}

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        Self::usage(error)
    }
}

pub(super) fn run(
    arguments: &Arguments,
    matches: Option<&ArgMatches>,
    terminal: &Terminal,
) -> Result<u8, Failure> {
    let destinations = destinations(arguments, matches)?;
    let fixed = if arguments.fix { Some(fixing::fix(arguments, terminal)?) } else { None };
    let prepared = match &arguments.since {
        Some(reference) if !arguments.cluster.cluster => Prepared::since(arguments, reference, terminal)?,
        _ => Prepared::new(arguments, terminal)?,
    };
    let Prepared { settings, configured, baseline, policies, data, before } = prepared;
    if !arguments.selection.is_partial() {
        notice_unknown_rules(&settings.config, &policies, terminal);
    }
    let progress = Progress::new(terminal.progress);
    let advance = |stage, done| progress.advance(stage, done);
    let mut estate = scan::read_for(&policies, &settings, &advance)?;
    let scanned = Scanned {
        base: &settings.base,
        configured: &settings.config.audit,
        configuration: configured.digest,
        baseline,
        estate: &estate,
        policies: &policies.files,
        data: &data,
        matches,
    };
    let audit = arguments.audit.start(&scanned, terminal)?;
    let mut report = scan::judge(&settings, &mut estate, policies, &advance);
    progress.finish();
    if let Some(fixed) = fixed {
        fixed.notice_new(&report, terminal);
    }
    if let Some(before) = before {
        let Before { report: old, sources, reference } = before;
        report.limit_to_change(&estate.sources, &old, &sources, reference);
    } else if report.unmet_baseline > 0 {
        let entries = if report.unmet_baseline == 1 { "entry is" } else { "entries are" };
        terminal.notice(format!(
            "{} {entries} in the baseline that no finding needs any more; write it anew with `probity baseline`",
            report.unmet_baseline
        ));
    }
    report.audit = audit.as_ref().map(super::audit::Run::reference);
    let (mut written, mut failed) = (Vec::new(), None);
    for destination in &destinations {
        match destination.write(&report, &estate.sources, terminal) {
            Ok(report) => written.push(report),
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    let code = failed.as_ref().map_or_else(|| report.exit_code(), |failure| failure.code);
    let recorded = audit.map_or(0, |run| run.finish(&report, &estate.sources, code, &written, terminal));
    match failed {
        Some(failure) => Err(failure),
        None => Ok(super::audit::worse(code, recorded)),
    }
}

/// One report with where it goes.
struct Destination {
    format: &'static Format,
    file: Option<PathBuf>,
}

/// What was written, for the audit log.
pub(super) struct Written {
    pub(super) format: &'static str,
    /// `None` for standard output.
    pub(super) file: Option<PathBuf>,
    pub(super) bytes: Vec<u8>,
}

impl Destination {
    fn write(&self, report: &Report, sources: &Sources, terminal: &Terminal) -> Result<Written, Failure> {
        let options = if self.file.is_some() { terminal.file_options() } else { terminal.options() };
        let mut bytes = Vec::new();
        self.format.render(report, sources, &options, &mut bytes).map_err(|error| {
            Failure::usage(format!("format `{}` cannot be written: {error}", self.format.name))
        })?;
        match &self.file {
            None => terminal.print(|out| out.write_all(&bytes))?,
            Some(path) => {
                File::create(path).and_then(|mut file| file.write_all(&bytes)).map_err(|error| {
                    Failure::usage(format!("`--output {}` cannot be written: {error}", path.display()))
                        .help("name a file in a folder that exists")
                })?;
                super::audit::remove_proof(path);
            }
        }
        Ok(Written { format: self.format.name, file: self.file.clone(), bytes })
    }
}

/// Pairs each `--output` with the `--format` before it.
fn destinations(arguments: &Arguments, matches: Option<&ArgMatches>) -> Result<Vec<Destination>, Failure> {
    let indices = |name: &str| {
        matches
            .and_then(|matches| matches.indices_of(name))
            .map(Iterator::collect::<Vec<_>>)
            .unwrap_or_default()
    };
    let (formats, outputs) = (indices("format"), indices("output"));
    let mut found: Vec<(usize, Destination)> = Vec::new();
    for (name, at) in arguments.format.iter().zip(formats) {
        let format =
            output::format(name).ok_or_else(|| Failure::usage(format!("there is no format `{name}`")))?;
        found.push((at, Destination { format, file: None }));
    }
    let text = &output::FORMATS[0];
    for (path, at) in arguments.output.iter().zip(outputs) {
        let free = |found: &&mut (usize, Destination)| found.1.file.is_none();
        let before = found.iter_mut().filter(free).rfind(|(format, _)| *format < at);
        match before {
            Some((_, destination)) => destination.file = Some(path.clone()),
            None if arguments.format.len() == 1 && arguments.output.len() == 1 => {
                found[0].1.file = Some(path.clone());
            }
            None if arguments.format.is_empty() => {
                found.push((at, Destination { format: text, file: Some(path.clone()) }));
            }
            None => {
                return Err(Failure::usage(format!(
                    "`--output {}` has no `--format` before it",
                    path.display()
                ))
                .help("write pairs: `-f sarif -o report.sarif -f json -o report.json`"));
            }
        }
    }
    if found.is_empty() {
        found.push((0, Destination { format: text, file: None }));
    }
    for (_, destination) in &mut found {
        destination.file.take_if(|file| file.as_os_str() == "-");
    }
    let mut files = HashSet::new();
    if let Some(file) =
        found.iter().filter_map(|(_, found)| found.file.as_ref()).find(|file| !files.insert(*file))
    {
        return Err(Failure::usage(format!("`--output {}` is given for two formats", file.display()))
            .help("give each format a file of its own"));
    }
    let printed: Vec<&str> =
        found.iter().filter(|(_, found)| found.file.is_none()).map(|(_, found)| found.format.name).collect();
    if printed.len() > 1 {
        return Err(Failure::usage(format!(
            "formats {} would be mixed on standard output",
            printed.join(" and ")
        ))
        .help("give all but one of them a file with `--output`"));
    }
    Ok(found.into_iter().map(|(_, destination)| destination).collect())
}

/// The current folder, which relative paths start from.
#[expect(clippy::disallowed_methods, reason = "the edge that reads it")]
pub(super) fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Failure::usage(format!("the current folder cannot be read: {error}")))
}

/// `path` as seen from the current folder.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    Ok(current_folder()?.join(path))
}
