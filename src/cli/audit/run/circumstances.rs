//! Who runs a scan, in what, of which commit: the edge that reads it. What the environment says is a claim.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, parser::ValueSource};

use crate::audit::event::{Actor, Ci, Git};

/// Options whose values are no secrets and decide what a run says.
const ARGUMENTS: [&str; 9] = [
    "exclude",
    "fail_on",
    "framework",
    "namespace",
    "no_builtin_policies",
    "no_config",
    "rule",
    "skip_rule",
    "strict",
];

fn set(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "the edge that reads who runs, and in what")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether this runs in a hook, which commits once: pre-commit and its successors say so.
pub(super) fn is_hook() -> bool {
    set("PRE_COMMIT").is_some()
}

/// The user of the process, as the system knows it, and whom the environment claims to act for.
pub(super) fn actors() -> Vec<Actor> {
    let claimed = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"].into_iter().find_map(set);
    let claimed = claimed.map(|id| Actor { id, source: "env-claimed".to_owned() });
    claimed.into_iter().chain(system_user()).collect()
}

fn system_user() -> Option<Actor> {
    #[cfg(unix)]
    let id = Some(format!("uid:{}", rustix::process::getuid().as_raw()));
    #[cfg(not(unix))]
    let id = None;
    id.map(|id| Actor { id, source: "os-user".to_owned() })
}

/// The automation, as its environment claims.
pub(super) fn automation() -> Option<Ci> {
    let github = || Ci {
        attempt: set("GITHUB_RUN_ATTEMPT"),
        provider: "github".to_owned(),
        run: set("GITHUB_RUN_ID"),
        workflow: set("GITHUB_WORKFLOW_REF"),
    };
    let gitlab = || Ci {
        attempt: None,
        provider: "gitlab".to_owned(),
        run: set("CI_PIPELINE_ID"),
        workflow: set("CI_JOB_NAME"),
    };
    let others = || Ci { provider: "unknown".to_owned(), ..Ci::default() };
    set("GITHUB_ACTIONS")
        .map(|_| github())
        .or_else(|| set("GITLAB_CI").map(|_| gitlab()))
        .or_else(|| set("CI").map(|_| others()))
}

/// The options of the list above that were given.
pub(super) fn arguments(matches: Option<&ArgMatches>) -> Vec<String> {
    let Some(matches) = matches else { return Vec::new() };
    let given = |id: &&&str| {
        matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    let mut arguments = Vec::new();
    for id in ARGUMENTS.iter().filter(given) {
        let name = id.replace('_', "-");
        for value in matches.get_raw(id).into_iter().flatten() {
            match value.to_str() {
                Some("true") => arguments.push(format!("--{name}")),
                _ => arguments.push(format!("--{name}={}", value.to_string_lossy())),
            }
        }
    }
    arguments
}

/// Commit and branch of the work tree (gitrepository-layout(5)); whether it has changes is not looked at.
pub(super) fn git(root: &Path) -> Option<Git> {
    let read = |path: PathBuf| {
        #[expect(clippy::disallowed_methods, reason = "the edge that reads which commit this is")]
        std::fs::read_to_string(path).ok()
    };
    let folder = match read(root.join(".git")) {
        Some(text) => root.join(text.strip_prefix("gitdir:")?.trim()),
        None => root.join(".git"),
    };
    let head = read(folder.join("HEAD"))?;
    let Some(reference) = head.trim().strip_prefix("ref: ") else {
        return commit(head.trim()).map(|commit| Git { commit: Some(commit), ..Git::default() });
    };
    let shared =
        read(folder.join("commondir")).map_or_else(|| folder.clone(), |path| folder.join(path.trim()));
    let loose = read(shared.join(reference)).and_then(|text| commit(text.trim()));
    let packed = || {
        let packed = read(shared.join("packed-refs"))?;
        let line = packed.lines().find(|line| line.split(' ').nth(1) == Some(reference))?;
        commit(line.split(' ').next()?)
    };
    let commit = loose.or_else(packed);
    Some(Git { commit, reference: Some(reference.to_owned()), ..Git::default() })
}

fn commit(text: &str) -> Option<String> {
    let is_object = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_object.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commit_is_found_where_git_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let id = "0123456789abcdef0123456789abcdef01234567";
        let write = |name: &str, text: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        assert_eq!(git(root), None, "no work tree");
        let on = |reference: Option<&str>, commit: Option<&str>| {
            let text = |text: Option<&str>| text.map(ToOwned::to_owned);
            Some(Git { commit: text(commit), reference: text(reference), ..Git::default() })
        };
        let main = "refs/heads/main";
        write(".git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(git(root), on(Some(main), None), "no commit yet");
        write(".git/packed-refs", &format!("# pack-refs with: peeled\n{id} refs/heads/main\n"));
        assert_eq!(git(root), on(Some(main), Some(id)), "packed");
        let newer = id.replace('0', "f");
        write(".git/refs/heads/main", &format!("{newer}\n"));
        assert_eq!(git(root), on(Some(main), Some(&newer)), "loose beats packed");
        write(".git/HEAD", &format!("{id}\n"));
        assert_eq!(git(root), on(None, Some(id)), "detached");
        write("tree/.git", "gitdir: ../.git/worktrees/tree\n");
        write(".git/worktrees/tree/HEAD", "ref: refs/heads/main\n");
        write(".git/worktrees/tree/commondir", "../..\n");
        assert_eq!(git(&root.join("tree")), on(Some(main), Some(&newer)), "a linked work tree");
    }
}
