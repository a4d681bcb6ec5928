//! `--since REF`: the tree before a change, and what judges both.
//!
//! The old tree is what `git archive` gives of the commit, unpacked into a temporary folder; hooks and file system
//! monitors of the repository are off. Relative paths of the command line then start from the same folder of the old
//! tree, so that its configuration, its policies and its baseline count: a change must not accept its own findings.
//! Deliberately absent: fetching what a shallow clone lacks.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::Failure;
use crate::audit::keyfile::{SHARD_VARIABLE, VARIABLE};

/// The tree before the change.
pub(super) struct Past {
    /// As given, with the commit that it names.
    pub(super) reference: (String, String),
    folder: TempDir,
    /// Top of the work tree, and the current folder below it.
    top: PathBuf,
    below: PathBuf,
}

impl Past {
    /// Unpacks the tree of a commit. `base` lies in the work tree.
    pub(super) fn new(reference: &str, base: &Path, current: &Path) -> Result<Self, Failure> {
        let top = git(base, &["rev-parse", "--show-toplevel"]).map_err(|cause| {
            Failure::usage(format!("`--since` needs a git work tree: {cause}"))
                .help("run it in the repository, with git installed")
        })?;
        let top = PathBuf::from(text(&top));
        let commit = format!("{reference}^{{commit}}");
        let commit = git(&top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
        let commit = commit.map_err(|_| {
            Failure::usage(format!("`--since {reference}` names no commit of this clone")).help(
                "fetch it first, for example with `git fetch origin` or `fetch-depth: 0` of actions/checkout",
            )
        })?;
        let commit = text(&commit);
        let failed = |cause: &dyn std::fmt::Display| {
            Failure::usage(format!("the tree of `{reference}` cannot be unpacked: {cause}"))
        };
        let archive = git(&top, &["archive", "--format=tar", &commit]).map_err(|cause| failed(&cause))?;
        let folder = tempfile::tempdir().map_err(|cause| failed(&cause))?;
        tar::Archive::new(archive.as_slice()).unpack(folder.path()).map_err(|cause| failed(&cause))?;
        // What makes it a base of its own, with the same names of files.
        let mark = folder.path().join(".git");
        if !mark.exists() {
            std::fs::create_dir(mark).map_err(|cause| failed(&cause))?;
        }
        let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let top = canonical(&top);
        let below = canonical(current).strip_prefix(&top).map(Path::to_path_buf).unwrap_or_default();
        let past = Self { reference: (reference.to_owned(), commit), folder, top, below };
        std::fs::create_dir_all(past.current()).map_err(|cause| failed(&cause))?;
        Ok(past)
    }

    /// The folder of the old tree that stands for the current one.
    pub(super) fn current(&self) -> PathBuf {
        self.folder.path().join(&self.below)
    }

    /// Paths of the command line that were there before, as seen from [`Self::current`]. Where none of them was, an
    /// empty folder: no path at all would mean everything.
    pub(super) fn existing(&self, paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
        let there = paths.iter().map(|path| match path.strip_prefix(&self.top) {
            Ok(inside) => self.folder.path().join(inside),
            Err(_) => path.clone(),
        });
        let there: Vec<PathBuf> = there.filter(|path| self.current().join(path).exists()).collect();
        if paths.is_empty() || !there.is_empty() {
            return Ok(there);
        }
        let nothing = self.folder.path().join(".git/nothing");
        std::fs::create_dir_all(&nothing)
            .map_err(|cause| Failure::usage(format!("the old tree cannot be made: {cause}")))?;
        Ok(vec![nothing])
    }

    /// Whether a path leads into the work tree, not into the old one.
    pub(super) fn is_now(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| path.starts_with(&self.top))
    }

    /// Whether a file of the work tree is another one now.
    #[expect(clippy::disallowed_methods, reason = "the edge that compares the trees")]
    pub(super) fn differs(&self, path: &Path) -> bool {
        let before = path.strip_prefix(&self.top).map(|inside| self.folder.path().join(inside));
        let read = |path: &Path| std::fs::read(path).ok();
        before.is_ok_and(|before| read(&before) != read(path))
    }

    /// Runs something in the old tree: relative paths start there.
    #[expect(
        clippy::disallowed_methods,
        reason = "the edge that changes the current folder, and changes it back"
    )]
    pub(super) fn within<T>(&self, run: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        let failed =
            |cause: std::io::Error| Failure::usage(format!("the old tree cannot be entered: {cause}"));
        let current = env::current_dir().map_err(failed)?;
        env::set_current_dir(self.current()).map_err(failed)?;
        let result = run();
        env::set_current_dir(current).map_err(failed)?;
        result
    }
}

/// Runs git without what a repository may make it run.
fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    command.env_remove(VARIABLE).env_remove(SHARD_VARIABLE);
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    let output = command.args(arguments).output().map_err(|cause| format!("git cannot be run: {cause}"))?;
    if output.status.success() { Ok(output.stdout) } else { Err(text(&output.stderr)) }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}
