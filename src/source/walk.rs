//! Walking: which files of the given paths are looked at.
//!
//! `.gitignore` counts (of the tree, not the user's own), symbolic links are followed to files of the tree only (see
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

use super::link::{self, Link};

/// Folders that never hold sources of the estate: version control, provider downloads, our own log.
const SKIPPED_FOLDERS: [&str; 5] = [".git", ".hg", ".svn", ".terraform", ".probity"];

const EXTENSIONS: [&str; 7] = ["yaml", "yml", "json", "tf", "tofu", "tfplan", "tfstate"];

/// What was found below the given paths.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted, each once.
    pub files: Vec<PathBuf>,
    /// Folders and files that could not be looked at, with the cause.
    pub errors: Vec<(PathBuf, String)>,
    /// Symbolic links behind which nothing is read, with the reason; sorted.
    pub links: Vec<(PathBuf, &'static str)>,
}

/// Files below `paths` that may be sources; a path that is a file is always taken.
///
/// `exclude` are globs in gitignore syntax, relative to `root`.
///
/// # Errors
/// The first glob that cannot be parsed.
pub fn files(root: &Path, paths: &[PathBuf], exclude: &[String]) -> Result<Found, String> {
    let found = Mutex::new((BTreeSet::new(), Vec::new(), BTreeSet::new()));
    let (folders, files): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.is_dir());
    found.lock().map_err(|_| "a walking thread panicked")?.0.extend(files.into_iter().cloned());
    let excluded = globs(root, exclude)?;
    if let [first, rest @ ..] = folders.as_slice() {
        let mut builder = builder(first, &excluded);
        for folder in rest {
            builder.add(folder);
        }
        builder.filter_entry(|entry| !is_skipped(entry));
        let (found, excluded) = (&found, &excluded);
        builder.build_parallel().run(|| {
            Box::new(move |entry| {
                let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                match entry {
                    Ok(entry) if entry.path_is_symlink() => {
                        found.2.insert(entry.into_path());
                    }
                    Ok(entry) => found.0.extend(candidates(&entry, excluded)),
                    Err(error) => found
                        .1
                        .push((error_path(&error).unwrap_or_else(|| root.to_path_buf()), error.to_string())),
                }
                WalkState::Continue
            })
        });
    }
    let (mut files, mut errors, linked) = found.into_inner().map_err(|_| "a walking thread panicked")?;
    errors.sort();
    let walked: Vec<&Path> = folders.iter().map(|folder| folder.as_path()).collect();
    let mut links = Vec::new();
    for link in linked {
        match link::follow(&link, root, &walked, is_candidate, |target| is_left_out(root, target, &excluded))
        {
            Some(Link::File(target)) => {
                files.insert(target);
            }
            Some(Link::Skipped(reason)) => links.push((link, reason)),
            Some(Link::Walked) | None => {}
        }
    }
    Ok(Found { files: files.into_iter().collect(), errors, links })
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
) -> Result<BTreeSet<PathBuf>, String> {
    if wanted.is_empty() {
        return Ok(wanted);
    }
    let mut builder = builder(root, &globs(root, exclude)?);
    let way: BTreeSet<PathBuf> =
        wanted.iter().flat_map(|file| file.ancestors()).map(Path::to_path_buf).collect();
    builder.filter_entry(move |entry| way.contains(entry.path()) && !is_skipped(entry));
    let entries = builder.build().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    Ok(files.map(DirEntry::into_path).filter(|path| wanted.contains(path)).collect())
}

/// What is judged depends on the tree alone, not on whose machine it lies.
fn builder(folder: &Path, excluded: &Override) -> WalkBuilder {
    let mut builder = WalkBuilder::new(folder);
    builder.overrides(excluded.clone());
    builder.git_global(false).git_exclude(false).ignore(false).hidden(false);
    builder
}

fn is_skipped(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
        && SKIPPED_FOLDERS.iter().any(|name| entry.file_name() == *name)
}

/// Whether a file is not to be read wherever a link stands.
fn is_left_out(root: &Path, file: &Path, excluded: &Override) -> bool {
    let below = file.strip_prefix(root).unwrap_or(file);
    let mut folders = below.ancestors().skip(1).filter_map(Path::file_name);
    folders.any(|folder| SKIPPED_FOLDERS.iter().any(|name| folder == *name))
        || excluded.matched(file, false).is_ignore()
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
        let found = files(root, &[root.to_path_buf()], &["vendor/**".to_owned()]).unwrap();
        let names: Vec<_> =
            found.files.iter().map(|path| path.strip_prefix(root).unwrap().to_str().unwrap()).collect();
        assert_eq!(
            names,
            [".github/workflows/ci.yml", "a.yaml", "infra/main.tf", "infra/prod.tfplan.json", "tfplan.json"]
        );
        let given = files(root, &[root.join("notes.txt")], &[]).unwrap();
        assert_eq!(given.files, [root.join("notes.txt")], "a file that is named is always taken");
        assert!(files(root, &[root.to_path_buf()], &["a{".to_owned()]).is_err());
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
        let found = named(root, wanted, &["out.pem".to_owned()]).unwrap();
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
        let found = files(&root, &[root.join("k8s")], &["shared/out.yaml".to_owned()]).unwrap();
        let name = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let names: Vec<String> = found.files.iter().map(|path| name(path)).collect();
        assert_eq!(names, ["k8s/a.yaml", "k8s/plain", "shared/b.yaml"]);
        let links: Vec<(String, bool)> =
            found.links.iter().map(|(path, reason)| (name(path), reason.contains("nowhere"))).collect();
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
