//! `probity.yaml`: what a repository says about itself, as types, validated (contract, "`probity.yaml`").
//!
//! An unknown key or a value that cannot be meant is an error at its line: a setting that is silently without effect
//! would be worse than none. Deliberately absent: reading the file, and what the settings do.

mod classification;
mod pattern;
mod render;
mod secrets;
mod subject;
#[cfg(test)]
mod tests;
mod value;
mod waiver;

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::Deserialize;

pub use self::{
    classification::{Classification, DataCategory, DataLevel, KeyPattern, same_word, separates_words},
    pattern::{FilePattern, NamePattern},
    render::{BasePath, ChartSettings, Render},
    secrets::{Allowed, Secrets, TokenShape},
    subject::{AuditSettings, DatastoreSettings, Flavour, Mesh, MtlsMode, Service},
    value::{Day, Phrase, RegularExpression},
    waiver::WaiverEntry,
};
pub use crate::document::typed::Placed;
use crate::{
    document::{typed, yaml},
    finding::Severity,
    source::{LineIndex, Region, SourceId},
};

/// Name of the file at the base.
pub const FILE: &str = "probity.yaml";

/// Everything that `probity.yaml` may say; an empty file says nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct Config {
    /// Globs in gitignore syntax, relative to the base: files that are left out.
    pub exclude: Vec<Phrase>,
    /// Least severity of an open finding that makes the exit code 1; `--fail-on` beats it.
    pub fail_on: Option<FailOn>,
    /// Rule ids with what is to be different about them.
    pub rules: BTreeMap<String, RuleSettings>,
    /// Folders with policies of your own, relative to this file.
    pub policies: Vec<Placed<Phrase>>,
    /// Files and folders that policies see below `data`, relative to this file.
    pub data: Vec<Placed<Phrase>>,
    /// Named variants of the estate with the files, folders and globs that each consists of, in the order in which
    /// they are applied.
    pub sets: BTreeMap<String, Vec<FilePattern>>,
    /// Charts and kustomizations that are rendered before they are judged.
    pub render: Render,
    /// The service mesh that the workloads run in.
    pub mesh: Mesh,
    /// Bounded contexts: the workloads and datastores that are one service.
    pub services: BTreeMap<String, Service>,
    /// Ids of datastores, or globs over them, with who owns them.
    pub datastores: BTreeMap<String, Placed<DatastoreSettings>>,
    /// The vocabulary in which this organisation classifies data.
    pub classification: Classification,
    /// What is a credential, and what only looks like one.
    pub secrets: Secrets,
    /// Findings that are accepted until a day.
    pub waivers: Vec<Placed<WaiverEntry>>,
    /// Where scans are recorded.
    pub audit: AuditSettings,
    /// Name of the file, for messages; empty where there is none.
    #[serde(skip)]
    pub file: Arc<str>,
    /// Keys of `datastores` that are globs.
    #[serde(skip)]
    globs: Vec<NamePattern>,
}

/// What is to be different about a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct RuleSettings {
    /// `false`: the rule is not judged by.
    pub enabled: Option<Placed<bool>>,
    /// Severity of its findings instead of the rule's own.
    pub severity: Option<Placed<Severity>>,
}

/// When open findings make the exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    Info,
    Low,
    Medium,
    High,
    Critical,
    Never,
}

impl FailOn {
    /// The least severity that counts; `None`: none does.
    pub const fn severity(self) -> Option<Severity> {
        match self {
            Self::Info => Some(Severity::Info),
            Self::Low => Some(Severity::Low),
            Self::Medium => Some(Severity::Medium),
            Self::High => Some(Severity::High),
            Self::Critical => Some(Severity::Critical),
            Self::Never => None,
        }
    }
}

/// What is wrong with a configuration; the move of whoever wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
    /// From 1, in Unicode scalars.
    pub column: usize,
    /// Lower-case phrase that says what to do.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Name of the service that declares a workload or a planned resource as its own; the first of several.
    pub fn service_of(&self, id: &str) -> Option<&str> {
        self.services_of(id).first().copied()
    }

    /// Names of all services that declare a workload or a planned resource as their own.
    pub fn services_of(&self, id: &str) -> Vec<&str> {
        self.listing(|service| &service.workloads, id)
    }

    /// Name of the service that owns a datastore, and why several share it on purpose.
    pub fn datastore(&self, id: &str) -> (Option<&str>, Option<&str>) {
        let settings = self.datastore_settings(id).map(|settings| &settings.value);
        let named = settings.and_then(|settings| settings.owner.as_ref());
        let owner = named.map(|owner| &*owner.value).or_else(|| self.owners_of(id).first().copied());
        (owner, settings.and_then(|settings| settings.shared_by_design.as_deref()))
    }

    /// Names of all services that list a datastore as their own.
    pub fn owners_of(&self, id: &str) -> Vec<&str> {
        self.listing(|service| &service.datastores, id)
    }

    fn listing(&self, patterns: impl Fn(&Service) -> &[Placed<NamePattern>], id: &str) -> Vec<&str> {
        let lists = |service: &Service| patterns(service).iter().any(|pattern| pattern.value.matches(id));
        self.services.iter().filter(|(_, service)| lists(service)).map(|(name, _)| name.as_str()).collect()
    }

    /// Whether a key of `datastores` that is a glob is about a datastore.
    pub fn is_about(&self, key: &str, id: &str) -> bool {
        self.globs.iter().any(|glob| glob.as_str() == key && glob.matches(id))
    }

    /// What is said of a datastore: by its id, else by the first glob over it.
    fn datastore_settings(&self, id: &str) -> Option<&Placed<DatastoreSettings>> {
        let glob = || self.globs.iter().find(|glob| glob.matches(id));
        self.datastores.get(id).or_else(|| self.datastores.get(glob()?.as_str()))
    }

    /// Reads the text of a configuration that is named `file` in messages.
    pub fn parse(file: &str, text: &Arc<str>) -> Result<Self, ConfigError> {
        let file: Arc<str> = file.into();
        let lines = LineIndex::new(text);
        let error = |region: Region, message: String| ConfigError {
            file: Arc::clone(&file),
            line: region.line,
            column: region.column,
            message,
        };
        let parsed = yaml::parse(SourceId(0), text);
        if let Some(broken) = parsed.errors.first() {
            return Err(error(lines.region(text, &broken.span), broken.message.clone()));
        }
        let mut documents = parsed.documents.iter();
        let Some(document) = documents.next() else { return Ok(Self { file, ..Self::default() }) };
        if let Some(second) = documents.next() {
            let region = lines.region(text, &second.root().span());
            return Err(error(region, "a second document starts here; one file is one configuration".into()));
        }
        if let Some(key) = document.duplicate_keys.first() {
            let region = lines.region(text, &(key.start as usize..key.end as usize));
            return Err(error(region, "this key is given twice; join the two".into()));
        }
        let mut config: Self = typed::read(document.root(), &lines).map_err(|misfit| {
            error(
                misfit.region.unwrap_or(Region { line: 1, column: 1, end_line: 1, end_column: 1 }),
                misfit.message,
            )
        })?;
        let checked = waiver::check(&config.waivers)
            .and_then(|()| classification::check(&config.classification))
            .and_then(|()| secrets::check(&config.secrets))
            .and_then(|()| render::check(&config.render));
        checked.map_err(|(at, message)| {
            error(Region { line: at.0, column: at.1, end_line: at.0, end_column: at.1 }, message)
        })?;
        for (key, settings) in config.datastores.iter().filter(|(key, _)| key.contains(['*', '?', '{'])) {
            let at = Region {
                line: settings.line,
                column: settings.column,
                end_line: settings.line,
                end_column: settings.column,
            };
            config.globs.push(NamePattern::try_from(key.clone()).map_err(|message| error(at, message))?);
        }
        config.file = Arc::clone(&file);
        Ok(config)
    }

    /// `probity.yaml:12`, as it stands in reports and in the log.
    pub fn source(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }
}
