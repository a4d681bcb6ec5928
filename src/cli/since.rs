//! `--since REF`: the trees before a change, and what judges them.
//!
//! The old tree is what git holds of the commit, byte for byte, in a temporary folder: attributes, which a commit may set,
//! hide nothing and rewrite nothing (`git archive` would heed `export-ignore`), and neither hooks nor filters run.
//! Relative paths of the command line then start from the same folder of the old tree, so that its configuration, its
//! policies and its baseline count: a change must not accept its own findings. Deliberately absent: fetching what a
//! shallow clone lacks.

mod reference;
mod unpack;

use std::{
    collections::BTreeSet,
    env,
    path::{Component, Path, PathBuf},
};

use ignore::WalkBuilder;
use tempfile::TempDir;

pub(super) use self::reference::Reference;
use super::Failure;

/// A tree before the change: that of the commit that is named, whose word counts, or that of the commit where the change
/// began, which it is held against.
pub(super) struct Past {
    /// Submodules whose commit is not there, so that what they hold is new; sorted.
    pub(super) missing: Vec<String>,
    /// Removed with this.
    _folder: TempDir,
    /// Top of the old tree.
    root: PathBuf,
    /// Top of the work tree.
    top: PathBuf,
    /// The current folder, and where it lies below the top.
    now: PathBuf,
    below: PathBuf,
}

/// Where a path of the command line leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// It was there, seen from the current folder of the old tree.
    Before(PathBuf),
    /// Into the work tree, and it was not there.
    New(PathBuf),
    /// Out of the work tree.
    Elsewhere(PathBuf),
}

impl Past {
    /// Unpacks the tree of a commit.
    pub(super) fn new(reference: &Reference, commit: &str, current: &Path) -> Result<Self, Failure> {
        let (top, name) = (&reference.top, &reference.name);
        let failed = |cause: String| {
            Failure::usage(format!("the tree of `{name}` cannot be unpacked: {cause}"))
                .help("fetch all of it: a shallow or partial clone may lack some")
        };
        let folder = tempfile::tempdir().map_err(|cause| failed(cause.to_string()))?;
        let missing = unpack::tree(top, commit, folder.path()).map_err(failed)?;
        // What makes it a base of its own, with the same names of files.
        std::fs::create_dir(folder.path().join(".git")).map_err(|cause| failed(cause.to_string()))?;
        let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let top = canonical(top);
        let (root, now) = (canonical(folder.path()), canonical(current));
        let below = now.strip_prefix(&top).map(Path::to_path_buf).unwrap_or_default();
        let past = Self { missing, _folder: folder, root, top, now, below };
        made(&past.current())?;
        Ok(past)
    }

    /// The folder of the old tree that stands for the current one.
    pub(super) fn current(&self) -> PathBuf {
        self.root.join(&self.below)
    }

    /// Where a path of the command line leads. What lies in the work tree counts as it was, however it is named.
    pub(super) fn site(&self, path: &Path) -> Site {
        let now = self.now.join(path);
        let inside = |path: &Path| path.strip_prefix(&self.top).map(Path::to_path_buf).ok();
        // First without following links, which the change may have made.
        let below = inside(&lexical(&now)).or_else(|| inside(&now.canonicalize().ok()?));
        match below {
            None => Site::Elsewhere(now),
            Some(below) if !self.root.join(&below).exists() => Site::New(self.top.join(below)),
            Some(_) if path.is_relative() && self.now.starts_with(&self.top) => Site::Before(path.to_owned()),
            Some(below) => {
                let up = self.below.components().map(|_| Component::ParentDir);
                Site::Before(up.collect::<PathBuf>().join(below))
            }
        }
    }

    /// An empty folder of the old tree, for what was not there: no path at all would mean everything.
    pub(super) fn nothing(&self) -> Result<PathBuf, Failure> {
        let folder = self.root.join(".git/nothing");
        made(&folder)?;
        Ok(folder)
    }

    /// The folder of the old tree that stands for one of the work tree, made if it was not there.
    pub(super) fn folder(&self, now: &Path) -> Result<PathBuf, Failure> {
        let folder = self.root.join(now.strip_prefix(&self.top).unwrap_or(now));
        made(&folder)?;
        Ok(folder)
    }

    /// Whether a path leads into the work tree, not into the old one.
    pub(super) fn is_now(&self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|path| path.starts_with(&self.top))
    }

    /// Files of the work tree that are other ones now, are gone, or came: those at or below a path of either tree, as seen
    /// from [`Self::current`], whose name below that path counts.
    pub(super) fn changed(&self, path: &Path, counts: impl Fn(&str) -> bool) -> BTreeSet<PathBuf> {
        let path = lexical(&self.current().join(path));
        let below = path.strip_prefix(&self.root).or_else(|_| path.strip_prefix(&self.top));
        let Ok(below) = below else { return BTreeSet::new() };
        let mut names = BTreeSet::new();
        for tree in [&self.root, &self.top] {
            let top = tree.join(below);
            let walk = WalkBuilder::new(&top)
                .standard_filters(false)
                .filter_entry(|entry| entry.file_name() != ".git")
                .build();
            let files = walk.flatten().filter(|entry| !entry.path().is_dir());
            names.extend(files.filter_map(|entry| {
                let name = entry.path().strip_prefix(&top).ok()?;
                let is_named = name.as_os_str().is_empty();
                let counted = counts(&name.to_string_lossy().replace('\\', "/"));
                counted.then(|| if is_named { below.to_owned() } else { below.join(name) })
            }));
        }
        names.into_iter().filter(|name| self.differs(name)).map(|name| self.top.join(name)).collect()
    }

    /// Whether the work tree has a file just as this tree had it.
    pub(super) fn has(&self, file: &Path) -> bool {
        let name = file.strip_prefix(&self.top);
        name.is_ok_and(|name| self.root.join(name).exists() && !self.differs(name))
    }

    #[expect(clippy::disallowed_methods, reason = "the edge that compares the trees")]
    fn differs(&self, name: &Path) -> bool {
        let read = |tree: &Path| std::fs::read(tree.join(name)).ok();
        read(&self.root) != read(&self.top)
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

fn made(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|cause| Failure::usage(format!("the old tree cannot be made: {cause}")))
}

/// A path without `.` and `..`, by its words alone.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            _ => plain.push(part),
        }
    }
    plain
}
