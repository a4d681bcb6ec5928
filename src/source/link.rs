//! Symbolic links: `kubectl apply -f FOLDER` reads the file that one leads to, and walks into no linked folder
//! (Kubernetes `cli-runtime`, `pkg/resource/visitor.go`). What a link leads to is read under its own name, once, since
//! GitHub displays nothing in linked files; out of the tree no link is followed, since a change could point it anywhere.

use std::path::{Path, PathBuf};

/// What becomes of a link.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It leads to this file, which is read.
    File(PathBuf),
    /// It leads to what is walked anyway.
    Walked,
    /// Nothing behind it is read, for this reason.
    Skipped(&'static str),
}

const NOWHERE: &str = "a symbolic link that leads nowhere: remove it, or make what it names";
const OUTSIDE: &str = "a symbolic link that leads out of the tree, which is not followed: scan what it leads to, or copy it here";
const FOLDER: &str = "a symbolic link to a folder, which is not followed: scan that folder too";

/// Where a link leads. `root` and the folders that are walked are without links themselves; `is_walked` tells whether a
/// file or folder lies in one of these and is not left out on purpose.
pub(super) fn follow(
    link: &Path,
    root: &Path,
    walked: &[&Path],
    is_source: impl Fn(&Path) -> bool,
    is_left_out: impl Fn(&Path) -> bool,
) -> Option<Link> {
    let Ok(target) = link.canonicalize() else {
        return is_source(link).then_some(Link::Skipped(NOWHERE));
    };
    let is_inside = target.starts_with(root);
    let is_walked = walked.iter().any(|folder| target.starts_with(folder));
    if target.is_dir() {
        let reason = if is_inside { FOLDER } else { OUTSIDE };
        return Some(if is_walked { Link::Walked } else { Link::Skipped(reason) });
    }
    if !is_source(link) {
        return None;
    }
    if !is_inside {
        return Some(Link::Skipped(OUTSIDE));
    }
    // What is walked and would have been taken by its name was left out for a reason, or is taken.
    let is_settled = is_left_out(&target) || is_walked && is_source(&target);
    Some(if is_settled || !target.is_file() { Link::Walked } else { Link::File(target) })
}
