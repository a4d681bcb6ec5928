//! Which policies a command works with.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::Args;
use ignore::{DirEntry, WalkBuilder};
use serde_json::{Map, Value};

use super::{
    Failure,
    conftest::{self, Digests},
};
#[cfg(feature = "registry")]
use crate::policy::registry;
use crate::{
    policy::{
        Dialect, Options, Policies, PolicyFile, REGISTRY, built_in,
        bundle::{self, Bundle, BundleError},
        metadata::FRAMEWORKS,
    },
    source::{base::Base, read},
    spelling::nearest,
};

/// Arguments that choose policies and rules.
#[derive(Debug, Clone, Args)]
pub(super) struct Selection {
    /// Load the Rego policies in this folder, bundle (`.tar.gz`) or registry (`oci://HOST/REPOSITORY:TAG`) too.
    #[arg(short, long, value_name = "DIR")]
    policy: Vec<PathBuf>,
    /// Judge by Conftest's convention the rules of this package too, beside those of `main` (a glob).
    #[arg(long, value_name = "NAME")]
    policy_namespace: Vec<String>,
    /// Version of Rego in which the policies of `--policy` are written.
    #[arg(long, value_name = "VERSION", default_value = "v1", hide_default_value = true, value_parser = ["v0", "v1"])]
    rego_version: String,
    /// Leave out the policies that come with Probity.
    #[arg(long)]
    no_builtin_policies: bool,
    /// Judge by this rule only (a glob such as `secrets/*`).
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Do not judge by this rule (a glob).
    #[arg(long, value_name = "ID")]
    skip_rule: Vec<String>,
    /// Judge by rules that support this framework only.
    #[arg(long, value_name = "F", value_parser = clap::builder::PossibleValuesParser::new(FRAMEWORKS))]
    framework: Option<String>,
}

impl Selection {
    /// Fills in what a `conftest.toml` says and the command line does not.
    pub(super) fn complete(&mut self, defaults: &conftest::Defaults) {
        if self.policy.is_empty() {
            self.policy.clone_from(&defaults.policy);
            if let Some(version) = &defaults.rego_version {
                self.rego_version.clone_from(version);
            }
        }
        if self.policy_namespace.is_empty() {
            self.policy_namespace.clone_from(&defaults.namespace);
        }
    }

    /// Folders of the user's policies.
    pub(super) fn folders(&self) -> &[PathBuf] {
        &self.policy
    }

    /// Names other folders, or none; a registry stays.
    pub(super) fn replace_folders(&mut self, mut with: impl FnMut(&Path) -> Option<PathBuf>) {
        let folders = std::mem::take(&mut self.policy).into_iter();
        let is_artifact = |path: &Path| path.to_string_lossy().starts_with(REGISTRY);
        self.policy =
            folders.filter_map(|path| if is_artifact(&path) { Some(path) } else { with(&path) }).collect();
    }

    /// Built-in files, those of the configuration (absolute paths, named relative to the base), and those that are
    /// given.
    fn files(
        &self,
        configured: &[PathBuf],
        base: &Base,
        beside: &mut Beside,
    ) -> Result<Vec<PolicyFile>, Failure> {
        let mut files = if self.no_builtin_policies { Vec::new() } else { built_in() };
        // The configuration and the command line may name the same folder.
        let mut known = BTreeSet::new();
        let mut is_new = |file: &PolicyFile| {
            let path = PathBuf::from(&*file.name);
            known.insert(path.canonicalize().unwrap_or(path))
        };
        for folder in configured {
            let mut found = policies(folder, "`policies` of the configuration:", beside)?;
            found.retain(&mut is_new);
            let relative =
                |file: PolicyFile| PolicyFile { name: base.name(Path::new(&*file.name)).into(), ..file };
            files.extend(found.into_iter().map(relative));
        }
        let is_old = self.rego_version == "v0";
        for folder in &self.policy {
            let mut found = policies(folder, "`--policy`:", beside)?;
            found.retain(&mut is_new);
            let dialect = |file: &PolicyFile| if is_old { Dialect::V0 } else { file.dialect };
            files.extend(found.into_iter().map(|file| PolicyFile { dialect: dialect(&file), ..file }));
        }
        Ok(files)
    }

    /// Whether some rules are left out on purpose.
    pub(super) fn is_partial(&self) -> bool {
        self.no_builtin_policies
            || !self.rule.is_empty()
            || !self.skip_rule.is_empty()
            || self.framework.is_some()
    }

    /// Loads the policies and keeps the chosen rules.
    pub(super) fn load(&self, configured: &[PathBuf], base: &Base) -> Result<Policies, Failure> {
        let options = Options { compares: true, ..Options::default() };
        self.load_with(configured, base, options).map(|(policies, _)| policies)
    }

    /// Loads the policies as a scan does; with the SHA-256 of each file of data that bundles hold.
    pub(super) fn load_with(
        &self,
        configured: &[PathBuf],
        base: &Base,
        mut options: Options,
    ) -> Result<(Policies, Digests), Failure> {
        options.namespaces.clone_from(&self.policy_namespace);
        let matcher = |globs: &[String]| {
            let mut set = ignore::overrides::OverrideBuilder::new("/");
            for glob in globs {
                set.add(glob).map_err(|error| Failure::usage(format!("`{glob}` is no glob: {error}")))?;
            }
            set.build().map_err(|error| Failure::usage(error.to_string()))
        };
        let (wanted, skipped) = (matcher(&self.rule)?, matcher(&self.skip_rule)?);
        let hit = |globs: &ignore::overrides::Override, id: &str| globs.matched(id, false).is_whitelist();
        let mut beside = Beside { data: std::mem::take(&mut options.data), ..Beside::default() };
        let files = self.files(configured, base, &mut beside)?;
        options.data = beside.data;
        let mut policies = Policies::load(&files, options, |id| {
            (self.rule.is_empty() || hit(&wanted, id)) && !hit(&skipped, id)
        });
        policies.notices.append(&mut beside.notices);
        for (option, glob) in self
            .rule
            .iter()
            .map(|glob| ("--rule", glob))
            .chain(self.skip_rule.iter().map(|glob| ("--skip-rule", glob)))
        {
            let one = matcher(std::slice::from_ref(glob))?;
            if !policies.known().any(|id| hit(&one, id)) {
                let meant = nearest(glob, policies.known()).map(|meant| format!("; did you mean `{meant}`?"));
                let notice =
                    format!("`{option} {glob}`: no rule has such an id{}", meant.unwrap_or_default());
                policies.notices.push(notice);
            }
        }
        if let Some(framework) = &self.framework {
            policies.retain(|rule| rule.controls.contains_key(framework));
        }
        if policies.rules.is_empty() && policies.errors.is_empty() {
            return Err(Failure::usage("no rule is left to judge by").help("run `probity rules` for the ids"));
        }
        Ok((policies, beside.digests))
    }
}

/// What comes with policies.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// `data` of bundles.
    pub(super) data: Map<String, Value>,
    /// SHA-256 of each file of it.
    pub(super) digests: Digests,
    /// What of them has no effect.
    pub(super) notices: Vec<String>,
}

impl Beside {
    fn add(&mut self, name: &str, bundle: Bundle) -> Result<Vec<PolicyFile>, Failure> {
        bundle::merge_data(&mut self.data, bundle.data).map_err(|key| {
            Failure::usage(format!(
                "bundle `{name}` gives `data.{key}`, which another bundle or `--data` gives too"
            ))
            .help("leave one of them out")
        })?;
        self.digests.extend(bundle.digests);
        if bundle.is_signed {
            self.notices.push(format!("bundle `{name}` is signed: its signatures are not checked here"));
        }
        Ok(bundle.files)
    }
}

/// Files of a folder or bundle that has to hold policies.
fn policies(folder: &Path, named_by: &str, beside: &mut Beside) -> Result<Vec<PolicyFile>, Failure> {
    let found = read(folder, beside)?;
    if found.iter().all(|file| file.name.ends_with("_test.rego")) {
        return Err(Failure::usage(format!("{named_by} `{}` holds no Rego policy", folder.display()))
            .help("name a folder with `.rego` files, one of them, or a bundle of OPA (`.tar.gz`)"));
    }
    Ok(found)
}

/// Rego files below a folder, in a bundle, or one file, named as given.
pub(super) fn read(path: &Path, beside: &mut Beside) -> Result<Vec<PolicyFile>, Failure> {
    let name = path.to_string_lossy();
    if name.starts_with(REGISTRY) {
        return artifact(&name, beside);
    }
    if let Some((scheme, _)) = name.split_once("://") {
        return Err(Failure::usage(format!("`{name}`: policies are not fetched by `{scheme}`"))
            .help("name a folder, a `.tar.gz`, or an artifact in a registry (`oci://HOST/REPOSITORY:TAG`)"));
    }
    let name = name.replace('\\', "/");
    let name = name.trim_start_matches("./").trim_end_matches('/');
    let unusable = |error: BundleError| Failure::usage(format!("bundle `{name}` cannot be used: {error}"));
    let lower = name.to_ascii_lowercase();
    if path.is_file() && [".tar.gz", ".tgz"].iter().any(|ending| lower.ends_with(ending)) {
        let file = std::fs::File::open(path)
            .map_err(|error| Failure::usage(format!("bundle `{name}` cannot be read: {error}")))?;
        let bundle = bundle::read(name, std::io::BufReader::new(file)).map_err(unusable)?;
        return beside.add(name, bundle);
    }
    if path.join(bundle::MANIFEST).is_file() {
        let bundle = bundle::assembled(name, contents(path, beside)?).map_err(unusable)?;
        return beside.add(name, bundle);
    }
    let mut files = Vec::new();
    for (file, bytes) in contents(path, beside)? {
        let name = match (name, &*file) {
            (_, "") => name.to_owned(),
            ("" | ".", _) => file.clone(),
            _ => format!("{name}/{file}"),
        };
        if bundle::is_data(&file) {
            beside.notices.push(format!(
                "`{name}` is not read: give it with `--data`, or add `{}` to make its folder a bundle",
                bundle::MANIFEST
            ));
        } else if bundle::is_rego(&name) {
            let text = read::text(bytes).map_err(|error| unreadable(path, &error))?;
            files.push(PolicyFile::new(name, text));
        }
    }
    Ok(files)
}

/// Only what the command line names is fetched: a pull request must not choose with whom a scan talks.
#[cfg(feature = "registry")]
fn artifact(name: &str, beside: &mut Beside) -> Result<Vec<PolicyFile>, Failure> {
    let artifact = registry::pull(name).map_err(|error| Failure::usage(format!("`{name}` {error}")))?;
    beside.add(name, artifact)
}

#[cfg(not(feature = "registry"))]
fn artifact(name: &str, _: &mut Beside) -> Result<Vec<PolicyFile>, Failure> {
    Err(Failure::usage(format!("`{name}`: this binary was built without the client of registries"))
        .help("build it with `--features registry`, or pull first and name the folder"))
}

/// What of a folder may belong to a bundle, or one file, whose path below itself is empty. Links that stay in the folder
/// are followed, as mounted ConfigMaps need it; the folders that those keep (`..data`) are what links lead to.
#[expect(clippy::disallowed_methods, reason = "policies are no part of the estate: this is their edge")]
fn contents(path: &Path, beside: &mut Beside) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut files = Vec::new();
    let root = path.canonicalize().map_err(|error| unreadable(path, &error))?;
    let is_kept =
        |entry: &DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with("..");
    let mut walk = WalkBuilder::new(path);
    walk.standard_filters(false).sort_by_file_path(Ord::cmp).filter_entry(is_kept);
    for entry in walk.build() {
        let entry = entry.map_err(|error| unreadable(path, &error))?;
        let below = entry.path().strip_prefix(path).unwrap_or(entry.path());
        let below = below.to_string_lossy().replace('\\', "/");
        let is_link = entry.depth() > 0 && entry.path_is_symlink();
        if is_link && (entry.path().is_dir() || bundle::counts(&below)) {
            let target = entry.path().canonicalize().ok().filter(|target| target.starts_with(&root));
            if target.is_none_or(|target| target.is_dir()) {
                let name = entry.path().display();
                beside.notices.push(format!(
                    "`{name}` is a link to a folder or out of `{}`: it is not followed",
                    path.display()
                ));
                continue;
            }
        }
        let is_file =
            entry.file_type().is_some_and(|kind| kind.is_file()) || is_link && entry.path().is_file();
        if is_file && (below.is_empty() || bundle::counts(&below)) {
            let bytes = std::fs::read(entry.path()).map_err(|error| unreadable(entry.path(), &error))?;
            files.push((below, bytes));
        }
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("policy `{}` cannot be read: {error}", path.display()))
}
