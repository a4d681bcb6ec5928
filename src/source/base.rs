//! The base: files are named relative to it (contract, "Base").

use std::path::{Component, Path, PathBuf};

use thiserror::Error;

/// Where the estate lies and how its files are named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Absolute folder that file names are relative to.
    pub root: PathBuf,
    /// Absolute paths that make up the estate; empty where only standard input is read.
    pub estate: Vec<PathBuf>,
    /// With `--root`, the absolute paths to which the report is limited.
    pub limit: Option<Vec<PathBuf>>,
    /// Whether standard input is part of the estate.
    pub stdin: bool,
    /// Named pipes and the like, which lie nowhere: a shell passes `<(command)` as one.
    pub streams: Vec<PathBuf>,
}

/// Why the base could not be found: the caller's move.
#[derive(Debug, Error)]
pub enum BaseError {
    #[error("`{path}` cannot be read: {cause}; give files or folders that exist")]
    Path { path: String, cause: std::io::Error },
    #[error("`{path}` does not lie in `--root {root}`; give paths inside of it")]
    Outside { path: String, root: String },
}

impl Base {
    /// `paths` and `root` as typed, relative to `current`; `-` is standard input.
    pub fn new(paths: &[PathBuf], root: Option<&Path>, current: &Path) -> Result<Self, BaseError> {
        let stdin = paths.iter().any(|path| path.as_os_str() == "-");
        let given = paths.iter().filter(|path| path.as_os_str() != "-");
        let (streams, given): (Vec<PathBuf>, Vec<PathBuf>) =
            given.map(|path| current.join(path)).partition(|path| is_stream(path));
        let given = given.iter().map(|path| canonical(current, path)).collect::<Result<Vec<_>, _>>()?;
        if let Some(root) = root {
            let root = canonical(current, root)?;
            if let Some(outside) = given.iter().find(|path| !path.starts_with(&root)) {
                let (path, root) = (outside.display().to_string(), root.display().to_string());
                return Err(BaseError::Outside { path, root });
            }
            // A file that is named counts, whatever git ignores and however it is called.
            let files = given.iter().filter(|path| path.is_file()).cloned();
            let estate = std::iter::once(root.clone()).chain(files).collect();
            let limit = (!paths.is_empty()).then_some(given);
            return Ok(Self { root, estate, limit, stdin, streams });
        }
        let current = canonical(current, Path::new("."))?;
        let estate = if paths.is_empty() { vec![current.clone()] } else { given };
        let parent = common_parent(&estate).unwrap_or_else(|| current.clone());
        let root = match work_tree(&parent) {
            Some(tree) => tree,
            None if parent.starts_with(&current) => current,
            None => parent,
        };
        Ok(Self { root, estate, limit: None, stdin, streams })
    }

    /// Name of a file below the base: `/`-separated, never absolute.
    pub fn name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let parts = relative.components().filter_map(|part| match part {
            Component::Normal(part) => Some(part.to_string_lossy()),
            _ => None,
        });
        let name = parts.collect::<Vec<_>>().join("/");
        if name.is_empty() { ".".to_owned() } else { name }
    }
}

fn is_stream(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
}

/// Absolute path without symbolic links: GitHub does not display alerts in linked files.
fn canonical(current: &Path, path: &Path) -> Result<PathBuf, BaseError> {
    current
        .join(path)
        .canonicalize()
        .map_err(|cause| BaseError::Path { path: path.display().to_string(), cause })
}

/// Deepest folder that holds all paths; a file counts as its folder.
fn common_parent(paths: &[PathBuf]) -> Option<PathBuf> {
    let mut folders =
        paths.iter().map(|path| if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(path) });
    let first = folders.next()?.to_path_buf();
    Some(folders.fold(first, |common, folder| {
        let shared = common.components().zip(folder.components()).take_while(|(a, b)| a == b);
        shared.map(|(part, _)| part).collect()
    }))
}

/// The git work tree that encloses a folder.
fn work_tree(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().find(|ancestor| ancestor.join(".git").exists()).map(Path::to_path_buf)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["repository/.git", "repository/k8s/a", "plain/x", "plain/y"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        std::fs::write(root.join("plain/x/one.yaml"), "").unwrap();
        (folder, root)
    }

    #[test]
    fn the_enclosing_work_tree_is_the_base() {
        let (_folder, root) = tree();
        let base = Base::new(&["k8s/a".into()], None, &root.join("repository")).unwrap();
        assert_eq!(base.root, root.join("repository"));
        assert_eq!(base.name(&root.join("repository/k8s/a/b.yaml")), "k8s/a/b.yaml");
    }

    #[test]
    fn without_a_work_tree_the_current_folder_is_the_base_if_it_holds_all_paths() {
        let (_folder, root) = tree();
        let base = Base::new(&["x/one.yaml".into(), "y".into()], None, &root.join("plain")).unwrap();
        assert_eq!(base.root, root.join("plain"));
        let base =
            Base::new(&["../plain/x".into(), "../plain/y".into()], None, &root.join("repository")).unwrap();
        assert_eq!(base.root, root.join("plain"), "else their common parent");
    }

    #[test]
    fn with_a_root_paths_only_limit_the_report() {
        let (_folder, root) = tree();
        let base = Base::new(&["plain/x".into()], Some(Path::new("plain")), &root).unwrap();
        assert_eq!(
            (base.estate.as_slice(), base.limit.as_deref()),
            (&[root.join("plain")][..], Some(&[root.join("plain/x")][..]))
        );
        assert!(matches!(
            Base::new(&["repository".into()], Some(Path::new("plain")), &root),
            Err(BaseError::Outside { .. })
        ));
        assert!(matches!(Base::new(&["nowhere".into()], None, &root), Err(BaseError::Path { .. })));
    }
}
