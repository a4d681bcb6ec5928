//! What the command line names of what decides a scan; with `--since`, as it was before the change.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use super::{Arguments, Configured, EstateArguments};
use crate::{
    cli::{
        Failure,
        conftest::{self, ConftestArguments},
        policies::Selection,
        since::{Past, Site},
    },
    config::FILE,
    policy::bundle,
    report::{Role, Unused},
    source::base::Base,
};

/// The options that name files and folders.
pub(super) struct Named {
    pub(super) estate: EstateArguments,
    pub(super) selection: Selection,
    pub(super) conftest: ConftestArguments,
    pub(super) baseline: Option<PathBuf>,
}

impl Named {
    pub(super) fn new(arguments: &Arguments) -> Self {
        Self {
            estate: arguments.estate.clone(),
            selection: arguments.selection.clone(),
            conftest: arguments.conftest.clone(),
            baseline: arguments.baseline.clone(),
        }
    }

    /// The same in the tree before the change. What was not there decides nothing, and is told; what lies out of the work
    /// tree decides as it is, but is no part of the estate before.
    pub(super) fn before(mut self, past: &Past, base: &Base) -> Result<(Self, BTreeSet<Unused>), Failure> {
        let mut unused = BTreeSet::new();
        let mut counting = |path: &Path, role| match past.site(path) {
            Site::Before(path) | Site::Elsewhere(path) => Some(path),
            Site::New(path) => {
                unused.extend(changed(past, base, &path, role));
                None
            }
        };
        let configuration = &mut self.estate.configuration;
        configuration.replace(|path| counting(path, Role::Configuration));
        self.selection.replace_folders(|path| counting(path, Role::Policy));
        self.conftest.replace_data(|path| counting(path, Role::Data));
        self.baseline = self.baseline.and_then(|path| counting(&path, Role::Baseline));
        self.estate.lead_into(past)?;
        Ok((self, unused))
    }

    /// Which files that decide the change did something to. Call it where relative paths lead into the tree before.
    pub(super) fn changed(
        &self,
        past: &Past,
        base: &Base,
        configured: &Configured,
    ) -> Result<BTreeSet<Unused>, Failure> {
        let defaults =
            if configured.is_off { conftest::Defaults::default() } else { conftest::defaults_quietly()? };
        let mut files: Vec<(PathBuf, Role)> = Vec::new();
        if !configured.is_off {
            let named = self.estate.configuration.named().map(Path::to_path_buf);
            files.push((named.unwrap_or_else(|| configured.base.root.join(FILE)), Role::Configuration));
            files.push((conftest::FILE.into(), Role::Configuration));
        }
        let given = self.selection.folders();
        let folders = if given.is_empty() { &defaults.policy } else { given };
        files.extend(configured.policies.iter().chain(folders).map(|path| (path.clone(), Role::Policy)));
        let given = self.conftest.data();
        let data = configured.data.iter().chain(if given.is_empty() { &defaults.data } else { given });
        files.extend(data.map(|path| (conftest::data_path(path).1.to_owned(), Role::Data)));
        files.extend(self.baseline.iter().map(|path| (path.clone(), Role::Baseline)));
        Ok(files.into_iter().flat_map(|(path, role)| changed(past, base, &path, role)).collect())
    }
}

impl EstateArguments {
    /// Names what of the estate was there in the tree before the change. What lies out of the work tree was not.
    pub(super) fn lead_into(&mut self, past: &Past) -> Result<(), Failure> {
        if let Some(root) = &self.root {
            self.root = Some(match past.site(root) {
                Site::Before(root) | Site::Elsewhere(root) => root,
                Site::New(root) => past.folder(&root)?,
            });
        }
        if !self.paths.is_empty() {
            let there = self.paths.iter().filter_map(|path| match past.site(path) {
                Site::Before(path) => Some(path),
                Site::New(_) | Site::Elsewhere(_) => None,
            });
            self.paths = there.collect();
            if self.paths.is_empty() {
                self.paths.push(past.nothing()?);
            }
        }
        Ok(())
    }
}

/// What the change did at a path, as far as it decides.
fn changed(past: &Past, base: &Base, path: &Path, role: Role) -> Vec<Unused> {
    let counts = |name: &str| {
        name.is_empty()
            || match role {
                Role::Policy => bundle::counts(name),
                Role::Data => conftest::is_data(name),
                Role::Configuration | Role::Baseline | Role::Waiver => false,
            }
    };
    let files = past.changed(path, counts).into_iter();
    files.map(|file| Unused { file: base.name(&file), line: None, role }).collect()
}
