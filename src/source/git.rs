//! Git, asked what it holds, without what a repository may make it run: no hooks, no file system monitor, no filters of
//! its attributes. Which repository that is, the folder alone decides: inside of a hook the environment names another.
//!
//! Deliberately absent: the network, and any write.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Variables that name a repository or a part of one (of `git rev-parse --local-env-vars`; those with settings stay, since
/// `safe.directory` may be among them).
const LOCAL: [&str; 8] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
];

/// A command of git in a folder, with nothing on its standard input.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    // Keys are none of its business.
    for name in LOCAL.into_iter().chain(["PROBITY_AUDIT_KEY", "PROBITY_SHARD_KEY"]) {
        command.env_remove(name);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_REPLACE_OBJECTS", "1");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
    command.stdin(Stdio::null());
    command
}

/// What a command prints, or what it says about its failure.
pub fn ask(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = command(folder).args(arguments).output();
    let output = output.map_err(|cause| format!("git cannot be run: {cause}"))?;
    if output.status.success() { Ok(output.stdout) } else { Err(text(&output.stderr)) }
}

/// What git printed as one text.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// A name as git keeps it: bytes, of which only Unix has names.
#[cfg(unix)]
pub fn path(name: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
}

#[cfg(not(unix))]
pub fn path(name: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(name).ok().map(PathBuf::from)
}

/// Files below a folder that git holds in the index of its work tree, those of submodules too: no ignore file hides
/// them, since git ignores only what it does not hold. None where the folder lies in no work tree.
///
/// # Errors
/// Why git cannot tell.
pub fn tracked(folder: &Path) -> Result<Vec<PathBuf>, String> {
    if !folder.ancestors().any(is_work_tree) {
        return Ok(Vec::new());
    }
    let list = |more: &[&str]| ask(folder, &[&["ls-files", "-z", "--cached"], more].concat());
    // Where a submodule is broken, at least what lies outside of it.
    let names = list(&["--recurse-submodules"]).or_else(|_| list(&[]))?;
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    Ok(names.filter_map(path).map(|name| folder.join(name)).collect())
}

/// Whether a folder is the top of a work tree. One that is linked, or a submodule, has a file instead of a repository.
pub fn is_work_tree(folder: &Path) -> bool {
    let repository = folder.join(".git");
    repository.is_file() || repository.join("HEAD").exists()
}
