//! `probity scan`: the main job.

mod cluster;
mod delivery;
mod fixing;
mod named;
mod prepared;
#[cfg(feature = "cluster")]
mod shard;
mod telling;

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

#[cfg(feature = "cluster")]
pub(super) use self::cluster::{duration, target};
use self::{cluster::ClusterArguments, prepared::Prepared};
pub(super) use self::{
    delivery::Delivery,
    telling::{Telling, tell},
};
use super::{
    Failure,
    audit::{Role, Scanned},
    clock,
    configuration::{Configuration, ConfigurationArguments},
    conftest::ConftestArguments,
    destinations::DestinationArguments,
    policies::Selection,
    progress::Progress,
    terminal::Terminal,
    threshold::ThresholdArguments,
};
use crate::{
    config::FailOn,
    scan::{self, ScanError, Settings},
    source::base::Base,
};

/// Arguments that say what the estate is; shared by all commands that read one.
#[derive(Debug, Clone, Args)]
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
    /// Run `helm` and `kustomize` on charts and kustomizations, and judge what they make. `render` in `probity.yaml` may
    /// name values files, and asks for this itself where `--since` takes it from the tree before the change.
    #[arg(long)]
    render: bool,
    /// Leave out files that match this glob (gitignore syntax).
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    #[command(flatten)]
    configuration: ConfigurationArguments,
}

/// A namespace as Kubernetes admits it: a label of RFC 1123 (`IsDNS1123Label` in `k8s.io/apimachinery`).
pub(super) fn namespace(name: &str) -> Result<String, String> {
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
    #[command(flatten)]
    destinations: DestinationArguments,
    #[command(flatten)]
    threshold: ThresholdArguments,
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
    /// Put into JSON reports what was understood, as `probity facts` prints it.
    #[arg(long)]
    with_facts: bool,
    #[command(flatten)]
    delivery: Delivery,
    #[command(flatten)]
    audit: super::audit::Destination,
}

/// What of the configuration is no setting of the scan.
pub(super) struct Configured {
    pub(super) policies: Vec<PathBuf>,
    pub(super) data: Vec<PathBuf>,
    /// No configuration file counts.
    pub(super) is_off: bool,
    /// Where the configuration belongs.
    pub(super) base: Base,
    digest: Option<String>,
}

impl Configured {
    /// SHA-256 of the configuration file.
    #[cfg(feature = "cluster")]
    pub(super) fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
}

impl EstateArguments {
    /// Settings that need no judgement, and the configuration's policies.
    pub(super) fn settings(&self) -> Result<(Settings, Configured), Failure> {
        let (mut settings, configured) = self.settings_without_namespace(&self.paths)?;
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

    /// Those of a cluster, of which no file is read.
    #[cfg(feature = "cluster")]
    pub(super) fn of_cluster(namespaces: &[String], configuration: ConfigurationArguments) -> Self {
        let namespace = namespaces.to_vec();
        Self { paths: Vec::new(), root: None, namespace, render: false, exclude: Vec::new(), configuration }
    }

    /// Settings of a cluster: the configuration is that of the folder, and none of its files is read.
    pub(super) fn live_settings(&self) -> Result<(Settings, Configured), Failure> {
        let (mut settings, configured) = self.settings_without_namespace(&[])?;
        settings.base.estate.clear();
        Ok((settings, configured))
    }

    fn settings_without_namespace(&self, paths: &[PathBuf]) -> Result<(Settings, Configured), Failure> {
        let current = current_folder()?;
        let base = Base::new(paths, self.root.as_deref(), &current).map_err(Failure::usage)?;
        let Configuration { config, policies, data, digest } = self.configuration.load(&base)?;
        let exclude = config.exclude.iter().map(|glob| glob.to_string()).chain(self.exclude.iter().cloned());
        let usual = Settings::new(base.clone(), clock::today());
        let settings = Settings {
            exclude: exclude.collect(),
            render: self.render,
            fail_on: config.fail_on.map_or(usual.fail_on, FailOn::severity),
            config,
            ..usual
        };
        let is_off = self.configuration.is_off();
        Ok((settings, Configured { policies, data, is_off, base, digest }))
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
    if let Some(shard) = arguments.cluster.shard {
        #[cfg(feature = "cluster")]
        return shard::run(arguments, shard, matches, terminal);
        #[cfg(not(feature = "cluster"))]
        return Err(Failure::usage(format!("`--shard {shard}`: {}", crate::cluster::Error::Unsupported)));
    }
    if arguments.cluster.shard_key.is_given() {
        return Err(Failure::usage("`--shard-key` seals a shard, and no `--shard` is given")
            .help("say which one is to be read, such as `--cluster --shard 0/4`, or leave the key out"));
    }
    let destinations = arguments.destinations.read(matches)?;
    let fixed = if arguments.fix { Some(fixing::fix(arguments, terminal)?) } else { None };
    let progress = Progress::default();
    let prepared = match &arguments.since {
        Some(reference) if !arguments.cluster.cluster => {
            let prepared = Prepared::since(arguments, reference, terminal)?;
            prepared.check(arguments, terminal)?;
            prepared
        }
        _ => Prepared::reading(arguments, terminal, &progress)?,
    };
    let Prepared { settings, configured, baseline, policies, data, before, files } = prepared;
    progress.show(terminal.progress);
    let advance = |stage, done| progress.advance(stage, done);
    let mut estate = match files {
        Some(files) => scan::wanted(&policies, files?),
        None => scan::read_for(&policies, &settings, &advance)?,
    };
    let live = scan::read_counterpart(&estate, &policies, &settings, &advance)?;
    let scanned = Scanned {
        base: &settings.base,
        configured: &settings.config.audit,
        configuration: configured.digest,
        baseline,
        estate: &estate,
        live: live.as_ref(),
        role: Role::Scan,
        policies: &policies.files,
        data: &data,
        matches,
    };
    let audit = arguments.audit.start(&scanned, terminal)?;
    let mut report = match live {
        Some(live) => scan::compare(&settings, &mut estate, live, policies, &advance),
        None => scan::judge(&settings, &mut estate, policies, &advance),
    };
    progress.finish();
    report.notices.iter().for_each(|notice| terminal.notice_always(notice));
    if let Some(fixed) = fixed {
        fixed.notice_new(&report, terminal);
    }
    if let Some(before) = before {
        before.limit(&mut report, &estate);
    } else if report.unmet_baseline > 0 {
        let entries = if report.unmet_baseline == 1 { "entry is" } else { "entries are" };
        terminal.notice(format!(
            "{} {entries} in the baseline that no finding needs any more; write it anew with `probity baseline`",
            report.unmet_baseline
        ));
    }
    tell(
        report,
        &estate,
        Telling {
            destinations: &destinations,
            delivery: &arguments.delivery,
            with_facts: arguments.with_facts,
            target: settings.cluster.as_ref(),
            audit,
            terminal,
        },
    )
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
