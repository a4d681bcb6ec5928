//! Who runs a scan, in what, of which commit: the edge that reads it. What the environment says is a claim.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, parser::ValueSource};
use sha2::{Digest as _, Sha256};

use crate::{
    audit::event::{Actor, Ci, Git},
    cli::clock::SOURCE_DATE_EPOCH,
    finding::hex,
    source::base::Base,
};

/// Options that decide what a run says. Their values are no secrets.
const ARGUMENTS: [&str; 30] = [
    "baseline",
    "cluster",
    "cluster_deadline",
    "combine",
    "config",
    "context",
    "data",
    "drift",
    "exclude",
    "fail_on",
    "fix",
    "framework",
    "kubeconfig",
    "namespace",
    "no_builtin_policies",
    "no_config",
    "policy",
    "policy_namespace",
    "rego_version",
    "render",
    "root",
    "rule",
    "shard",
    "shard_age",
    "shard_span",
    "since",
    "skip_rule",
    "strict",
    "with_facts",
    "write_policy_reports",
];

/// Longer values of one option are counted, and named by a digest: a hook may name hundreds of files.
const LONGEST_VALUES: usize = 4 * 1024;

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

/// The options of the list above that were given, what of the estate was asked for, and the time that was.
pub(super) fn arguments(matches: Option<&ArgMatches>, base: &Base) -> Vec<String> {
    let mut arguments = Vec::new();
    if let Some(matches) = matches {
        let given = |id: &&str| {
            matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)
        };
        for id in ARGUMENTS.into_iter().filter(given) {
            let values = matches.get_raw(id).into_iter().flatten();
            let values: Vec<_> = values.map(|value| without_query(&value.to_string_lossy())).collect();
            arguments.extend(bounded(&format!("--{}", id.replace('_', "-")), values));
        }
    }
    arguments.extend(bounded("PATH", paths(base)));
    arguments.extend(set(SOURCE_DATE_EPOCH).map(|seconds| format!("{SOURCE_DATE_EPOCH}={seconds}")));
    arguments
}

/// What the run is about, relative to the base: with `--root`, that to which the report is limited.
fn paths(base: &Base) -> Vec<String> {
    let limit = base.limit.as_ref().unwrap_or(&base.estate);
    let paths = limit.iter().chain(&base.streams).map(|path| base.name(path));
    paths.chain(base.stdin.then(|| "-".to_owned())).collect()
}

/// What a URL asks its server with may be a token; names and passwords of users are taken out of every record.
fn without_query(value: &str) -> String {
    let query = value.find("://").and_then(|scheme| Some(scheme + value.get(scheme..)?.find(['?', '#'])?));
    match query.and_then(|at| value.get(..at)) {
        Some(url) => format!("{url}?[redacted]"),
        None => value.to_owned(),
    }
}

fn bounded(name: &str, values: Vec<String>) -> Vec<String> {
    let is_switch = |value: &str| value == "true" && name != "PATH";
    if values.iter().map(String::len).sum::<usize>() <= LONGEST_VALUES {
        let argument =
            |value: String| if is_switch(&value) { name.to_owned() } else { format!("{name}={value}") };
        return values.into_iter().map(argument).collect();
    }
    let lines: String = values.iter().flat_map(|value| [value, "\n"]).collect();
    vec![format!("{name}=({} values, sha256 {})", values.len(), hex(&Sha256::digest(lines)))]
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
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    /// Commands that judge.
    const COMMANDS: &[&str] = if cfg!(feature = "cluster") { &["scan", "merge"] } else { &["scan"] };

    /// Options that decide where results go and how they look, not what they are.
    const NOT_DECIDING: [&str; 14] = [
        "audit",
        "audit_allow_network_fs",
        "audit_init_new",
        "audit_key",
        "audit_lock_timeout",
        "audit_origin",
        "audit_signer",
        "audit_vkey",
        "format",
        "help",
        "output",
        "push_metrics",
        "shard_key",
        "version",
    ];

    #[test]
    fn every_option_of_a_scan_is_recorded_or_decides_nothing() {
        let mut command = crate::cli::Cli::command();
        let global: Vec<_> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
        let mut known = BTreeSet::new();
        for name in COMMANDS {
            let command = command.find_subcommand_mut(name).unwrap();
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let recorded = ["paths", "shards"].contains(&id) || ARGUMENTS.contains(&id);
                let aside = NOT_DECIDING.contains(&id) || global.iter().any(|global| global == id);
                assert!(recorded != aside, "`{id}` of {name} must be in one of the lists");
                known.insert(id.to_owned());
            }
        }
        assert!(
            ARGUMENTS.into_iter().all(|id| known.contains(id)),
            "an option that is recorded does not exist"
        );
    }

    fn recorded(typed: &[&str], base: &Base) -> Vec<String> {
        let typed = ["probity", "scan"].iter().chain(typed);
        let matches = crate::cli::Cli::command().try_get_matches_from(typed).unwrap();
        arguments(matches.subcommand_matches("scan"), base)
    }

    #[test]
    fn a_limited_scan_is_recorded_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in [".git", "k8s/a", "k8s/b"] {
            std::fs::create_dir_all(root.join(name)).unwrap();
        }
        let base = |paths: &[&str], limited: Option<&str>, current: &str| {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            Base::new(&paths, limited.map(Path::new), &root.join(current)).unwrap()
        };
        assert_eq!(recorded(&[], &base(&[], None, ".")), ["PATH=."]);
        assert_eq!(recorded(&[], &base(&[], None, "k8s/a")), ["PATH=k8s/a"], "from a folder below");
        let two = base(&["k8s/a", "-"], None, ".");
        assert_eq!(recorded(&["k8s/a", "-"], &two), ["PATH=k8s/a", "PATH=-"]);
        let limited = base(&["k8s/a"], Some("k8s"), ".");
        let typed = ["k8s/a", "--root", "k8s", "--strict", "--skip-rule", "mtls/*", "--skip-rule", "a/b"];
        let expected = ["--root=k8s", "--skip-rule=mtls/*", "--skip-rule=a/b", "--strict", "PATH=a"];
        assert_eq!(recorded(&typed, &limited), expected);
        let many: Vec<String> = (0..1000).map(|number| format!("--exclude=file-{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let counted = &recorded(&many, &base(&[], None, "."))[0];
        assert!(counted.starts_with("--exclude=(1000 values, sha256 "), "{counted}");
    }

    #[test]
    fn a_url_is_recorded_without_what_may_be_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let base = Base::new(&[], None, folder.path()).unwrap();
        for (given, expected) in [
            ("https://example.com/a.tar.gz?token=hunter2", "https://example.com/a.tar.gz?[redacted]"),
            ("oci://example.com/a@sha256:00", "oci://example.com/a@sha256:00"),
            ("https://example.com/a#hunter2?b", "https://example.com/a?[redacted]"),
            ("policies/what?", "policies/what?"),
        ] {
            let recorded = recorded(&["--policy", given], &base);
            assert_eq!(recorded[0], format!("--policy={expected}"));
        }
    }

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
