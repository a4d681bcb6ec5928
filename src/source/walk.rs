//! Walking: which files of the given paths are looked at.
//!
//! `.gitignore` counts (of the tree, not the user's own) for what git does not hold: what it holds it never ignores, so
//! that nothing is hidden by being committed by force. Symbolic links are followed to files of the tree only (see
//! [`link`]), and plans are found though git ignores them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Mutex,
};

use ignore::{
    DirEntry, WalkBuilder, WalkState,
    overrides::{Override, OverrideBuilder},
};

use super::{
    git,
    link::{self, Link},
};

/// Folders that are no part of the estate, unless git holds what is in them: version control, provider downloads, our own
/// log.
const SKIPPED_FOLDERS: [&str; 5] = [".git", ".hg", ".svn", ".terraform", ".probity"];

const EXTENSIONS: [&str; 7] = ["yaml", "yml", "json", "tf", "tofu", "tfplan", "tfstate"];

/// What was found below the given paths.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted, each once.
    pub files: Vec<PathBuf>,
    /// Folders and files that could not be looked at, with the cause.
    pub errors: Vec<(PathBuf, String)>,
    /// Symbolic links behind which nothing is read, and ignore files of which nobody knows what they hide, with the
    /// reason.
    pub skipped: Vec<(PathBuf, &'static str)>,
}

/// Why an ignore file is told.
const UNTOLD: &str = "git does not tell which of the files named here it holds, so all of them are left out: install git, and \
                      trust the folder (`git config --global --add safe.directory FOLDER`)";

/// Which files of a tree git holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Held {
    /// Those that its index names.
    #[default]
    Indexed,
    /// All: the tree is what it holds of a commit.
    All,
}

/// What the walking threads find.
#[derive(Default)]
struct Walked {
    files: BTreeSet<PathBuf>,
    errors: Vec<(PathBuf, String)>,
    links: BTreeSet<PathBuf>,
    ignore_files: BTreeSet<PathBuf>,
    /// Work trees below the paths.
    trees: BTreeSet<PathBuf>,
}

/// Files below `paths` that may be sources; a path that is a file is always taken.
///
/// `exclude` are globs in gitignore syntax, relative to `root`.
///
/// # Errors
/// The first glob that cannot be parsed.
pub fn files(root: &Path, paths: &[PathBuf], exclude: &[String], held: Held) -> Result<Found, String> {
    let excluded = globs(root, exclude)?;
    let (folders, named): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.is_dir());
    let mut found = walk(root, &folders, &excluded, held);
    let mut skipped = Vec::new();
    if held == Held::Indexed {
        found.trees.extend(folders.iter().copied().cloned());
        skipped.extend(add_tracked(root, &mut found, &excluded).map(|file| (file, UNTOLD)));
    }
    let Walked { files: walked, mut errors, links, .. } = found;
    let mut files: BTreeSet<PathBuf> = walked.into_iter().filter(|file| !is_own(file)).collect();
    files.extend(named.into_iter().cloned());
    errors.sort();
    let walked: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
    for link in links {
        match link::follow(&link, root, &walked, is_candidate, |target| is_left_out(root, target, &excluded))
        {
            Some(Link::File(target)) => {
                files.insert(target);
            }
            Some(Link::Skipped(reason)) => skipped.push((link, reason)),
            Some(Link::Walked) | None => {}
        }
    }
    Ok(Found { files: files.into_iter().collect(), errors, skipped })
}

/// Which of some files belong to the tree below `root`: they are there, are no links, and neither git ignores them nor
/// `exclude` leaves them out. For files that others name, whatever they are called.
///
/// # Errors
/// The first glob that cannot be parsed.
pub fn named(
    root: &Path,
    wanted: BTreeSet<PathBuf>,
    exclude: &[String],
    held: Held,
) -> Result<BTreeSet<PathBuf>, String> {
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let excluded = globs(root, exclude)?;
    let mut builder = builder(root, &excluded, held);
    let way: BTreeSet<PathBuf> =
        wanted.iter().flat_map(|file| file.ancestors()).map(Path::to_path_buf).collect();
    builder.filter_entry(move |entry| way.contains(entry.path()) && !is_skipped(entry, held));
    let entries = builder.build().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let mut found: BTreeSet<PathBuf> =
        files.map(DirEntry::into_path).filter(|path| wanted.contains(path)).collect();
    // What was added by force is part of the tree, whatever is ignored.
    if held == Held::Indexed && found.len() < wanted.len() {
        let tracked = git::tracked(root).unwrap_or_default().into_iter();
        found.extend(tracked.filter(|file| {
            let is_file = || file.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
            wanted.contains(file) && is_file() && !is_excluded(root, file, &excluded)
        }));
    }
    Ok(found)
}

/// What is judged depends on the tree alone, not on whose machine it lies.
fn builder(folder: &Path, excluded: &Override, held: Held) -> WalkBuilder {
    let mut builder = WalkBuilder::new(folder);
    builder.overrides(excluded.clone());
    builder
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .git_ignore(held == Held::Indexed)
        .hidden(false);
    builder
}

/// Whether a folder holds no sources; of what git gave only its own.
fn is_skipped(entry: &DirEntry, held: Held) -> bool {
    let is_skipped = |name: &str| entry.file_name() == name && (name == ".git" || held == Held::Indexed);
    entry.file_type().is_some_and(|kind| kind.is_dir()) && SKIPPED_FOLDERS.into_iter().any(is_skipped)
}

/// Adds what git holds and the walk passed by. Gives an ignore file where git does not tell.
fn add_tracked(root: &Path, found: &mut Walked, excluded: &Override) -> Option<PathBuf> {
    let mut is_told = true;
    for tree in std::mem::take(&mut found.trees) {
        let tracked = git::tracked(&tree).unwrap_or_else(|_| {
            is_told = false;
            Vec::new()
        });
        for file in tracked {
            if found.files.contains(&file) || !is_candidate(&file) || is_excluded(root, &file, excluded) {
                continue;
            }
            match file.symlink_metadata() {
                Ok(metadata) if metadata.is_symlink() => found.links.insert(file),
                // Where a link took the place of its folder, it is no file of the tree.
                Ok(metadata) if metadata.is_file() && file.canonicalize().is_ok_and(|real| real == file) => {
                    found.files.insert(file)
                }
                // It is deleted in the work tree.
                _ => continue,
            };
        }
    }
    if is_told { None } else { found.ignore_files.pop_first() }
}

/// Walks the folders, past what is ignored.
fn walk(root: &Path, folders: &[&PathBuf], excluded: &Override, held: Held) -> Walked {
    let [first, rest @ ..] = folders else { return Walked::default() };
    let mut builder = builder(first, excluded, held);
    for folder in rest {
        builder.add(folder);
    }
    builder.filter_entry(move |entry| !is_skipped(entry, held));
    let found = Mutex::new(Walked::default());
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            match entry {
                Ok(entry) if entry.path_is_symlink() => {
                    found.links.insert(entry.into_path());
                }
                Ok(entry) => {
                    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                    if is_folder && entry.depth() > 0 && git::is_work_tree(entry.path()) {
                        found.trees.insert(entry.path().to_path_buf());
                    }
                    if entry.file_name() == ".gitignore" {
                        found.ignore_files.insert(entry.path().to_path_buf());
                    }
                    found.files.extend(candidates(&entry, excluded));
                }
                Err(error) => {
                    let path = error_path(&error).unwrap_or_else(|| root.to_path_buf());
                    found.errors.push((path, error.to_string()));
                }
            }
            WalkState::Continue
        })
    });
    found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether a file is not to be read wherever a link stands. A folder that is passed by holds what a link names.
fn is_left_out(root: &Path, file: &Path, excluded: &Override) -> bool {
    let below = file.strip_prefix(root).unwrap_or(file);
    below.components().any(|part| part.as_os_str() == ".git")
        || is_own(file)
        || is_excluded(root, file, excluded)
}

/// Whether a glob leaves out a file, or a folder in which it lies.
fn is_excluded(root: &Path, file: &Path, excluded: &Override) -> bool {
    excluded.matched(file, false).is_ignore()
        || file
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != root)
            .any(|folder| excluded.matched(folder, true).is_ignore())
}

/// Whether a file belongs to our own log, which some commit.
fn is_own(file: &Path) -> bool {
    file.ancestors().any(|folder| folder.ends_with(".probity/audit"))
}

fn globs(root: &Path, exclude: &[String]) -> Result<Override, String> {
    let mut excluded = OverrideBuilder::new(root);
    for glob in exclude {
        excluded
            .add(&format!("!{glob}"))
            .map_err(|error| format!("`exclude: {glob}` is no glob: {error}"))?;
    }
    excluded.build().map_err(|error| format!("`exclude` cannot be used: {error}"))
}

/// The file itself, or the plans that lie in a folder: those are written by a build and rightly ignored by git.
fn candidates(entry: &DirEntry, excluded: &Override) -> Vec<PathBuf> {
    let Some(kind) = entry.file_type() else { return Vec::new() };
    if kind.is_dir() {
        let Ok(children) = entry.path().read_dir() else { return Vec::new() };
        let children = children
            .filter_map(Result::ok)
            .filter(|child| child.file_type().is_ok_and(|kind| kind.is_file()));
        let plans = children.map(|child| child.path()).filter(|path| is_plan(path));
        return plans.filter(|path| !excluded.matched(path, false).is_ignore()).collect();
    }
    if kind.is_file() && is_candidate(entry.path()) { vec![entry.path().to_path_buf()] } else { Vec::new() }
}

fn is_candidate(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)))
        || path.file_name().is_some_and(|name| name == "tfplan" || name == "Kustomization")
}

fn is_plan(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name == "tfplan.json" || name.ends_with(".tfplan.json"))
}

fn error_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => error_path(err),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_files_are_left_out_but_plans_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (name, text) in [
            (".gitignore", "*.json\nbuild/\n"),
            ("a.yaml", ""),
            ("notes.txt", ""),
            ("tfplan.json", ""),
            ("infra/prod.tfplan.json", ""),
            ("infra/other.json", ""),
            ("infra/main.tf", ""),
            ("build/b.yaml", ""),
            (".github/workflows/ci.yml", ""),
            (".terraform/modules/c.yaml", ""),
            ("vendor/d.yaml", ""),
        ] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir(root.join(".git")).unwrap();
        let found = files(root, &[root.to_path_buf()], &["vendor/**".to_owned()], Held::Indexed).unwrap();
        let names: Vec<_> =
            found.files.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap()).collect();
        assert_eq!(
            names,
            [".github/workflows/ci.yml", "a.yaml", "infra/main.tf", "infra/prod.tfplan.json", "tfplan.json"]
        );
        let given = files(root, &[root.join("notes.txt")], &[], Held::Indexed).unwrap();
        assert_eq!(given.files, [root.join("notes.txt")], "a file that is named is always taken");
        assert!(files(root, &[root.to_path_buf()], &["a{".to_owned()], Held::Indexed).is_err());
    }

    #[test]
    fn named_files_are_those_of_the_tree() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("k8s/.terraform")).unwrap();
        std::fs::create_dir(root.join(".git")).unwrap();
        for (name, text) in [
            (".gitignore", "*.local\n"),
            ("k8s/db.env", ""),
            ("k8s/db.local", ""),
            ("k8s/out.pem", ""),
            ("k8s/.terraform/config", ""),
            ("k8s/other", ""),
        ] {
            std::fs::write(root.join(name), text).unwrap();
        }
        let wanted =
            ["k8s/db.env", "k8s/db.local", "k8s/out.pem", "k8s/.terraform/config", "k8s/gone", "k8s"];
        let wanted = wanted.iter().map(|name| root.join(name)).collect();
        let found = named(root, wanted, &["out.pem".to_owned()], Held::Indexed).unwrap();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [root.join("k8s/db.env")]);
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_files_of_the_tree_and_what_they_hide_is_told() {
        use std::os::unix::fs::symlink;
        let (tree, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = tree.path().canonicalize().unwrap();
        for folder in ["k8s", "shared/deep", ".git"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in [
            "k8s/a.yaml",
            "k8s/plain",
            "shared/b.yaml",
            "shared/deep/c.yaml",
            "shared/out.yaml",
            ".git/x.yaml",
        ] {
            std::fs::write(root.join(file), "").unwrap();
        }
        std::fs::write(elsewhere.path().join("e.yaml"), "").unwrap();
        for (link, target) in [
            ("one.yaml", "a.yaml"),
            ("named.yaml", "plain"),
            ("shared.yaml", "../shared/b.yaml"),
            ("excluded.yaml", "../shared/out.yaml"),
            ("git.yaml", "../.git/x.yaml"),
            ("nowhere.yaml", "loop.yaml"),
            ("loop.yaml", "nowhere.yaml"),
            ("self", "."),
            ("deep", "../shared/deep"),
            ("notes", "../shared/b.yaml"),
        ] {
            symlink(target, root.join("k8s").join(link)).unwrap();
        }
        symlink(elsewhere.path().join("e.yaml"), root.join("k8s/elsewhere.yaml")).unwrap();
        symlink(elsewhere.path(), root.join("k8s/folder")).unwrap();
        let found =
            files(&root, &[root.join("k8s")], &["shared/out.yaml".to_owned()], Held::Indexed).unwrap();
        let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let names: Vec<String> = found.files.iter().map(|path| name(path)).collect();
        assert_eq!(names, ["k8s/a.yaml", "k8s/plain", "shared/b.yaml"]);
        let links: Vec<(String, bool)> =
            found.skipped.iter().map(|(path, reason)| (name(path), reason.contains("nowhere"))).collect();
        let expected = [
            ("k8s/deep", false),
            ("k8s/elsewhere.yaml", false),
            ("k8s/folder", false),
            ("k8s/loop.yaml", true),
            ("k8s/nowhere.yaml", true),
        ];
        assert_eq!(links, expected.map(|(name, nowhere)| (name.to_owned(), nowhere)));
    }
}
