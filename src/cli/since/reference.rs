//! The commit that a change is held against: where its branch left the one that is named (`git diff REF...`), so that what
//! was done there since is none of its doing.

use std::path::{Path, PathBuf};

use crate::{cli::Failure, source::git};

/// What `--since` names.
pub(in crate::cli) struct Reference {
    /// As given, such as `origin/main`.
    pub(in crate::cli) name: String,
    /// The commit that it names, by whose configuration is judged.
    pub(in crate::cli) commit: String,
    /// The last commit of both histories, where it is another one.
    pub(in crate::cli) fork: Option<String>,
    /// How many commits of its history the work tree lacks.
    pub(in crate::cli) behind: usize,
    /// Top of the work tree.
    pub(super) top: PathBuf,
}

impl Reference {
    /// `base` lies in the work tree.
    pub(in crate::cli) fn new(name: &str, base: &Path) -> Result<Self, Failure> {
        let top = git::ask(base, &["rev-parse", "--show-toplevel"]).map_err(|cause| {
            Failure::usage(format!("`--since` needs a git work tree: {cause}"))
                .help("run it in the repository, with git installed")
        })?;
        let top = git::path(top.strip_suffix(b"\n").unwrap_or(&top)).unwrap_or_default();
        let sparse = git::ask(&top, &["config", "--type=bool", "core.sparseCheckout"]);
        if sparse.is_ok_and(|value| git::text(&value) == "true") {
            return Err(Failure::usage(
                "`--since` cannot judge a sparse checkout: what is not checked out would count as removed",
            )
            .help("check out the whole tree first, with `git sparse-checkout disable`"));
        }
        let commit = named(&top, name).ok_or_else(|| {
            let help = if name.contains("..") {
                "name one commit or branch: it is compared with the commit at which HEAD left it"
            } else {
                "fetch it first, for example with `git fetch origin` or `fetch-depth: 0` of actions/checkout"
            };
            Failure::usage(format!("`--since {name}` names no commit of this clone")).help(help)
        })?;
        let fork = fork(&top, &commit).or_else(|| is_parent(&top, &commit).then(|| commit.clone()));
        let fork = fork.ok_or_else(|| {
            let is_shallow = git::ask(&top, &["rev-parse", "--is-shallow-repository"]);
            let (cause, help) = if is_shallow.is_ok_and(|answer| git::text(&answer) == "true") {
                (
                    "this shallow clone does not hold the commit at which HEAD left",
                    "fetch the whole history with `git fetch --unshallow` or `fetch-depth: 0` of actions/checkout",
                )
            } else {
                ("HEAD has no commit in common with", "name a commit or branch that HEAD comes from")
            };
            Failure::usage(format!("`--since {name}`: {cause} `{name}`")).help(help)
        })?;
        let behind = if fork == commit { 0 } else { behind(&top, &commit) };
        let fork = (fork != commit).then_some(fork);
        Ok(Self { name: name.to_owned(), commit, fork, behind, top })
    }
}

fn named(top: &Path, name: &str) -> Option<String> {
    let commit = format!("{name}^{{commit}}");
    let commit = git::ask(top, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]);
    commit.ok().map(|commit| git::text(&commit))
}

/// What the work tree comes from: HEAD and, while a merge is not committed, what is merged.
fn heads(top: &Path) -> Vec<String> {
    ["HEAD", "MERGE_HEAD"].into_iter().filter_map(|name| named(top, name)).collect()
}

fn fork(top: &Path, commit: &str) -> Option<String> {
    let heads = heads(top);
    if heads.is_empty() {
        return None;
    }
    let arguments: Vec<&str> =
        ["merge-base", commit].into_iter().chain(heads.iter().map(String::as_str)).collect();
    git::ask(top, &arguments).ok().map(|commit| git::text(&commit)).filter(|commit| !commit.is_empty())
}

/// Whether HEAD says that the commit is a parent of it. A clone of one commit does not follow what it says there; GitHub's
/// merge of a pull request names its base so.
fn is_parent(top: &Path, commit: &str) -> bool {
    let head = git::ask(top, &["cat-file", "commit", "HEAD"]).unwrap_or_default();
    let head = git::text(&head);
    let mut header = head.lines().take_while(|line| !line.is_empty());
    header.any(|line| line.strip_prefix("parent ") == Some(commit))
}

fn behind(top: &Path, commit: &str) -> usize {
    let heads = heads(top);
    let arguments: Vec<&str> = ["rev-list", "--count", commit, "--not"]
        .into_iter()
        .chain(heads.iter().map(String::as_str))
        .collect();
    git::ask(top, &arguments).ok().and_then(|count| git::text(&count).parse().ok()).unwrap_or_default()
}
