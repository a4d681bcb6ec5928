//! `probity.yaml`: found at the base and read.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, scan::absolute, terminal::Terminal};
use crate::{
    config::{Config, FILE, Phrase, Placed},
    finding::hex,
    policy::Policies,
    scan::Settings,
    source::{Status, base::Base, read},
    spelling::nearest,
};

/// Arguments that say which configuration holds.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConfigurationArguments {
    /// Configuration to use [default: `probity.yaml` at the base].
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Read no `probity.yaml`.
    #[arg(long)]
    no_config: bool,
}

/// A configuration with where it was found.
#[derive(Debug, Default)]
pub(super) struct Configuration {
    pub(super) config: Config,
    /// Folders with policies that it names, absolute.
    pub(super) policies: Vec<PathBuf>,
    /// Files and folders with data for policies, absolute.
    pub(super) data: Vec<PathBuf>,
    /// SHA-256 of the file, in hexadecimal.
    pub(super) digest: Option<String>,
}

/// What is meant as a configuration, and would be none without a word.
const MISNAMED: [&str; 3] = ["probity.yml", ".probity.yaml", ".probity.yml"];

impl ConfigurationArguments {
    /// Whether no configuration file counts, whatever its name.
    pub(super) fn is_off(&self) -> bool {
        self.no_config
    }

    /// The file that is named.
    pub(super) fn named(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// Names another file, or none at all.
    pub(super) fn replace(&mut self, with: impl FnOnce(&Path) -> Option<PathBuf>) {
        if let Some(path) = self.config.take() {
            self.config = with(&path);
            self.no_config |= self.config.is_none();
        }
    }

    pub(super) fn load(&self, base: &Base) -> Result<Configuration, Failure> {
        let path = match &self.config {
            _ if self.no_config => return Ok(Configuration::default()),
            Some(path) => absolute(path)?,
            None => base.root.join(FILE),
        };
        if self.config.is_none() && !path.exists() {
            let near = MISNAMED.iter().find(|name| base.root.join(name).is_file());
            return match near {
                None => Ok(Configuration::default()),
                Some(near) => {
                    Err(Failure::usage(format!("`{near}` is not read: the configuration is `{FILE}`"))
                        .help("rename it, name it with `--config`, or scan without it with `--no-config`"))
                }
            };
        }
        let source = read::file(&path, &name(base, &path));
        if let Status::Failed(problems) = &source.status {
            let cause = problems.first().map(|problem| problem.message.as_str()).unwrap_or_default();
            return Err(Failure::usage(format!("configuration `{}` {cause}", source.file))
                .help("name a file that can be read, or give `--no-config`"));
        }
        let config = Config::parse(&source.file, &source.text).map_err(|error| {
            Failure::usage(error).help("mend that line, or scan without the file with `--no-config`")
        })?;
        let folder = path.parent().unwrap_or(&base.root);
        let below = |named: &[Placed<Phrase>]| -> Result<Vec<PathBuf>, Failure> {
            let paths = named.iter().map(|Placed { line, column, value }| {
                let path = folder.join(&**value);
                if path.exists() {
                    return Ok(path);
                }
                if value.contains("://") {
                    let message = format!("{}:{line}:{column}: `{}` is not fetched", source.file, &**value);
                    return Err(Failure::usage(message)
                        .help("only the command line may name a registry: give it with `--policy`"));
                }
                Err(Failure::usage(format!("{}:{line}:{column}: `{}` is not there", source.file, &**value))
                    .help("name a path relative to the folder of the configuration"))
            });
            paths.collect()
        };
        let (policies, data) = (below(&config.policies)?, below(&config.data)?);
        Ok(Configuration { config, policies, data, digest: source.digest.map(|digest| hex(&digest)) })
    }
}

/// Says which settings are about rules that there are not.
pub(super) fn notice_unknown_rules(config: &Config, policies: &Policies, terminal: &Terminal) {
    let waived = config.waivers.iter().map(|waiver| &*waiver.value.rule);
    let named: BTreeSet<&str> = config.rules.keys().map(|id| &**id).chain(waived).collect();
    for id in named.into_iter().filter(|id| !policies.known().any(|known| known == *id)) {
        let meant = nearest(id, policies.known());
        let meant = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        terminal.notice_always(format!("{}: there is no rule `{id}`{meant}", config.file));
    }
}

/// Refuses values files that are not there, since what they would deploy is not judged, and says which settings about
/// rendering are without effect: what the repository under scan asks for by itself, and what is about charts that there
/// are not.
pub(super) fn check_rendering(settings: &Settings, terminal: &Terminal) -> Result<(), Failure> {
    let config = &settings.config;
    for file in config.render.charts().flat_map(|(_, chart)| &chart.value.values) {
        let path = settings.base.root.join(file.value.as_str()).canonicalize();
        if !path.is_ok_and(|path| path.starts_with(&settings.base.root) && path.is_file()) {
            let name = file.value.as_str();
            return Err(Failure::usage(format!(
                "{}:{}: the values file `{name}` is not there",
                config.source(file.line),
                file.column
            ))
            .help("name a file of the repository, relative to its base, or take the entry out"));
        }
    }
    notice_rendering(settings, terminal);
    Ok(())
}

/// What [`check_rendering`] only tells: of a tree that the configuration was not written for, as with `--since`, also
/// nothing of values files, whose charts are skipped with the reason.
pub(super) fn notice_rendering(settings: &Settings, terminal: &Terminal) {
    let config = &settings.config;
    if settings.render {
        for (folder, chart) in config.render.charts() {
            let folder = folder.as_str();
            let holds = |folder: &str| settings.base.root.join(folder).join("Chart.yaml").is_file();
            let outer = folder.rmatch_indices("/charts/").map(|(at, _)| folder.get(..at).unwrap_or_default());
            let why = match outer.into_iter().find(|outer| holds(outer)) {
                Some(outer) => format!("is rendered as a part of `{outer}`, whose values count"),
                None if holds(folder) => continue,
                None => "holds no `Chart.yaml`".to_owned(),
            };
            terminal.notice_always(format!("{}: `{folder}` {why}", config.source(chart.line)));
        }
    } else if let Some(line) = config.render.asked() {
        terminal.notice_always(format!(
            "{}: nothing is rendered, since a repository starts no programs by itself: give `--render`, or `--since` \
             with the commit whose configuration counts",
            config.source(line)
        ));
    }
}

/// Relative to the base where the file lies in it.
fn name(base: &Base, path: &Path) -> String {
    if path.starts_with(&base.root) { base.name(path) } else { path.to_string_lossy().into_owned() }
}
