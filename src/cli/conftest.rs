//! What Conftest's users bring along: `conftest.toml`, `--data`, `--combine`, and files that policies read.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use ignore::WalkBuilder;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{
    Failure,
    policies::Selection,
    scan::{Configured, current_folder},
    terminal::Terminal,
};
use crate::{
    finding::hex,
    policy::{Options, Policies, ReadError, ReadFile, bundle, conftest::Tree, parse_data},
    scan::Settings,
    source::base::Base,
};

/// Arguments that only Conftest's policies need.
#[derive(Debug, Clone, Args)]
pub(super) struct ConftestArguments {
    /// Give policies the YAML and JSON in this file or folder as `data`; below folders, by their names.
    #[arg(short, long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Give Conftest's policies all documents at once, as `[{path, contents}]`.
    #[arg(long)]
    combine: bool,
}

/// SHA-256 of files by their names.
pub(super) type Digests = BTreeMap<String, String>;

/// The configuration of Conftest.
pub(super) const FILE: &str = "conftest.toml";

/// What a `conftest.toml` says.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    pub(super) policy: Vec<PathBuf>,
    pub(super) namespace: Vec<String>,
    pub(super) rego_version: Option<String>,
    pub(super) data: Vec<PathBuf>,
    combine: bool,
}

impl ConftestArguments {
    /// Files and folders with data, each maybe behind a prefix.
    pub(super) fn data(&self) -> &[PathBuf] {
        &self.data
    }

    /// Names other files and folders behind the same prefixes, or none.
    pub(super) fn replace_data(&mut self, mut with: impl FnMut(&Path) -> Option<PathBuf>) {
        let given = std::mem::take(&mut self.data);
        let replaced = given.iter().filter_map(|given| {
            let (prefix, path) = data_path(given);
            let path = with(path)?;
            Some(if prefix.is_empty() { path } else { format!("{prefix}:{}", path.display()).into() })
        });
        self.data = replaced.collect();
    }

    /// Loads the policies of a scan, and tells the SHA-256 of each file with data by its name.
    pub(super) fn load(
        &self,
        selection: &Selection,
        settings: &Settings,
        configured: &Configured,
        terminal: &Terminal,
    ) -> Result<(Policies, Digests), Failure> {
        let base = &configured.base;
        let defaults = if configured.is_off { Defaults::default() } else { defaults(terminal)? };
        for path in defaults.policy.iter().chain(&defaults.data).chain(&configured.data) {
            confine(base, path)?;
        }
        let given = selection.folders().to_vec();
        let mut selection = selection.clone();
        selection.complete(&defaults);
        let named = if self.data.is_empty() { &defaults.data } else { &self.data };
        let data: Vec<PathBuf> = configured.data.iter().chain(named).cloned().collect();
        let (data, mut digests) = read_data(&data)?;
        let options = Options {
            combine: self.combine || defaults.combine,
            data,
            tree: Some(tree(&settings.base, &given)?),
            compares: settings.drift,
            ..Options::default()
        };
        let (policies, of_bundles) = selection.load_with(&configured.policies, base, options)?;
        digests.extend(of_bundles);
        policies.notices.iter().for_each(|notice| terminal.notice_always(notice));
        Ok((policies, digests))
    }
}

/// `conftest.toml` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    policy: Option<Words>,
    namespace: Option<Words>,
    data: Option<Words>,
    combine: Option<bool>,
    rego_version: Option<String>,
    all_namespaces: Option<bool>,
    #[serde(flatten)]
    others: BTreeMap<String, toml::Value>,
}

/// A text with commas, or a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    One(String),
    Many(Vec<String>),
}

impl Words {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(text) => text.split(',').map(|word| word.trim().to_owned()).collect(),
            Self::Many(words) => words,
        }
    }
}

/// Keys that say how results are printed, which the options of the command decide here.
const PRINTING: [&str; 7] = [
    "output",
    "no-color",
    "quiet",
    "trace",
    "suppress-exceptions",
    "junit-hide-message",
    "github-hide-passed",
];

/// What the `conftest.toml` of the current folder says, without a word about what of it has no effect.
pub(super) fn defaults_quietly() -> Result<Defaults, Failure> {
    defaults(&Terminal::silent())
}

/// Reads `conftest.toml` of the current folder, as Conftest does.
#[expect(clippy::disallowed_methods, reason = "the edge that reads it")]
fn defaults(terminal: &Terminal) -> Result<Defaults, Failure> {
    let text = match std::fs::read_to_string(FILE) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Defaults::default()),
        Err(error) => return Err(Failure::usage(format!("`conftest.toml` cannot be read: {error}"))),
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        Failure::usage(format!("`conftest.toml` cannot be used: {}", error.to_string().trim()))
            .help("mend it, or run with `--no-config`")
    })?;
    for key in file.others.keys().filter(|key| !PRINTING.contains(&key.as_str())) {
        terminal.notice_always(format!("`{key}` of `conftest.toml` has no effect here"));
    }
    let paths =
        |words: Option<Words>| words.map(Words::list).unwrap_or_default().into_iter().map(PathBuf::from);
    let mut policy: Vec<PathBuf> = paths(file.policy).collect();
    if policy.is_empty() && Path::new("policy").is_dir() {
        policy.push("policy".into());
    }
    let namespace = match file.all_namespaces {
        Some(true) => vec!["*".to_owned()],
        _ => file.namespace.map(Words::list).unwrap_or_default(),
    };
    if let Some(version) = file.rego_version.as_deref().filter(|version| !["v0", "v1"].contains(version)) {
        return Err(Failure::usage(format!(
            "`conftest.toml`: `rego-version` is `{version}` instead of `v0` or `v1`"
        )));
    }
    Ok(Defaults {
        policy,
        namespace,
        rego_version: file.rego_version,
        data: paths(file.data).collect(),
        combine: file.combine.unwrap_or(false),
    })
}

/// Files of the scanned tree say which policies and data to load: they must not reach out of it, for whoever writes them
/// could have other files of the machine shown in a report.
fn confine(base: &Base, path: &Path) -> Result<(), Failure> {
    let text = path.to_string_lossy();
    let file = text.split_once(':').map_or(&*text, |(_, file)| file);
    let current = current_folder()?;
    let roots = [Ok(base.root.clone()), current.canonicalize()];
    let is_inside = |target: &Path| roots.iter().flatten().any(|root| target.starts_with(root));
    match current.join(file).canonicalize() {
        Ok(target) if !is_inside(&target) => {
            Err(Failure::usage(format!("`{text}` of the configuration lies outside of the scanned tree"))
                .help("name it on the command line, with `--policy` or `--data`"))
        }
        _ => Ok(()),
    }
}

/// What policies may see of the scan: files below the base, and below the folders of policies that the command names.
fn tree(base: &Base, policies: &[PathBuf]) -> Result<Tree, Failure> {
    let current = current_folder()?;
    let canonical = |path: &PathBuf| current.join(path).canonicalize().ok();
    let mut roots = vec![base.root.clone()];
    for folder in policies.iter().filter_map(canonical) {
        roots.push(if folder.is_dir() {
            folder
        } else {
            folder.parent().map(Path::to_path_buf).unwrap_or_default()
        });
    }
    let name = |path: &Path| path.to_string_lossy().replace('\\', "/");
    let below = current.canonicalize().ok();
    let below = below.as_deref().and_then(|current| current.strip_prefix(&base.root).ok()).map(name);
    Ok(Tree { root: name(&base.root), current: below.unwrap_or_default(), read: reader(current, roots) })
}

#[expect(clippy::disallowed_methods, reason = "the edge that reads for policies, confined to some folders")]
fn reader(current: PathBuf, roots: Vec<PathBuf>) -> ReadFile {
    Arc::new(move |policy, path| {
        let folder = current.join(policy).parent().map(Path::to_path_buf).unwrap_or_default();
        let target = folder.join(path.trim_start_matches('/'));
        let missing = |error: std::io::Error| ReadError::Missing(error.to_string());
        let target = target.canonicalize().map_err(missing)?;
        if !roots.iter().any(|root| target.starts_with(root)) {
            return Err(ReadError::Outside);
        }
        std::fs::read_to_string(target).map_err(missing)
    })
}

/// Whether a file with this name may hold data.
pub(super) fn is_data(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["yaml", "yml", "json"].contains(&extension))
}

/// `a.b:path` as prefix and path.
pub(super) fn data_path(given: &Path) -> (&str, &Path) {
    match given.to_str().and_then(|text| text.split_once(':')) {
        Some((prefix, path)) if !prefix.is_empty() && !path.starts_with("//") => (prefix, Path::new(path)),
        _ => ("", given),
    }
}

/// Merges data files as OPA's loader does: a file at the path of its folders, `a.b:path` below a prefix. With the SHA-256
/// of each.
pub(super) fn read_data(paths: &[PathBuf]) -> Result<(Map<String, Value>, Digests), Failure> {
    let (mut data, mut digests) = (Map::new(), BTreeMap::new());
    for given in paths {
        let (prefix, path) = data_path(given);
        let prefix: Vec<String> =
            prefix.split('.').filter(|key| !key.is_empty()).map(ToOwned::to_owned).collect();
        let mut found = false;
        for entry in WalkBuilder::new(path).standard_filters(false).sort_by_file_path(Ord::cmp).build() {
            let entry = entry.map_err(|error| {
                Failure::usage(format!("`--data {}` cannot be read: {error}", given.display()))
            })?;
            let file = entry.path();
            let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            // Links below a folder may lead out of it.
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file() || entry.depth() == 0);
            if !is_file || file.is_dir() || !is_data(&file.to_string_lossy()) {
                continue;
            }
            found = true;
            let folders =
                file.strip_prefix(path).ok().and_then(Path::parent).into_iter().flat_map(Path::components);
            let folders = folders.map(|folder| folder.as_os_str().to_string_lossy().into_owned());
            let at: Vec<String> = prefix.iter().cloned().chain(folders).collect();
            let wrong = |cause: String| Failure::usage(format!("data file `{}` {cause}", file.display()));
            let (value, digest) = parse(file, extension).map_err(wrong)?;
            digests.insert(file.to_string_lossy().into_owned(), digest);
            let value = at
                .iter()
                .rev()
                .fold(value, |value, key| Value::Object(Map::from_iter([(key.clone(), value)])));
            let Value::Object(fields) = value else { return Err(wrong("is no object".to_owned())) };
            bundle::merge_data(&mut data, fields)
                .map_err(|key| wrong(format!("gives `{key}`, which another file gives too")))?;
        }
        if !found {
            return Err(Failure::usage(format!("`--data {}` holds no YAML or JSON", given.display())));
        }
    }
    Ok((data, digests))
}

#[expect(clippy::disallowed_methods, reason = "the edge that reads data")]
fn parse(file: &Path, extension: &str) -> Result<(Value, String), String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("cannot be read: {error}"))?;
    let digest = hex(&Sha256::digest(&text));
    let value = parse_data(&text.into(), extension == "json");
    value.map(|value| (value, digest)).map_err(|cause| format!("does not parse: {cause}"))
}
