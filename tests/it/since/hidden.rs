//! What a change might hide behind: ignore files, attributes of git, folders that are passed by, links, submodules, and what
//! the environment of a hook says.

use std::process::Command;

use super::{git, repository, since, write};
use crate::command::{BAD, Folder, GOOD, SECRET};

const FOUND: &str = "secrets/committed-secret";

#[test]
fn what_git_holds_is_read_whatever_is_ignored() {
    for hidden in ["evil.yaml", "deploy/evil.yaml", ".terraform/evil.yaml", ".probity/evil.yaml"] {
        let folder = repository(&[("a.yaml", GOOD)]);
        write(&folder, ".gitignore", "evil.yaml\ndeploy/\nloose.yaml\n");
        let path = folder.path().join(hidden);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, SECRET).expect("a file");
        write(&folder, "loose.yaml", SECRET);
        git(&folder, &["add", "--force", hidden]);
        assert_eq!(since(&folder, &[]).0, [format!("{FOUND} {hidden}")]);
        let arguments = ["scan", "--audit", "off", "-f", "csv"];
        let plain = folder.run_with_path(&arguments).stdout;
        let plain = String::from_utf8_lossy(&plain);
        assert!(plain.contains(hidden) && !plain.contains("loose.yaml"), "{plain}");
        // What was hidden so before is known.
        git(&folder, &["commit", "--quiet", "--all", "--message", "hidden"]);
        assert_eq!(since(&folder, &[]), (Vec::new(), Vec::new()), "{hidden}");
    }
}

#[test]
fn what_the_configuration_before_excludes_stays_out_though_git_holds_it() {
    let folder = repository(&[("a.yaml", GOOD), ("probity.yaml", "exclude: [vendor]\n")]);
    std::fs::create_dir(folder.path().join("vendor")).expect("made");
    write(&folder, "vendor/evil.yaml", SECRET);
    write(&folder, ".gitignore", "vendor\n");
    git(&folder, &["add", "--force", "vendor/evil.yaml"]);
    assert_eq!(since(&folder, &[]).0, [""; 0]);
}

#[test]
fn where_git_does_not_tell_an_ignore_file_is_told() {
    let folder = Folder::new(&[("a.yaml", GOOD), (".gitignore", "b.yaml\n"), ("b.yaml", SECRET)]);
    std::fs::create_dir(folder.path().join(".git")).expect("made");
    write(&folder, ".git/HEAD", "ref: refs/heads/main\n");
    let report = folder.report(&[]);
    let told = report["sources"].as_array().expect("sources").iter();
    let told: Vec<_> = told.filter(|source| source["file"] == ".gitignore").collect();
    assert_eq!(told.len(), 1, "{report}");
    assert_eq!(told[0]["status"], "skipped");
}

#[test]
fn attributes_and_filters_change_nothing_of_the_tree_before() {
    for attributes in
        ["* export-ignore\n", "*.yaml export-subst\n", "*.yaml filter=evil\n", "* text eol=crlf\n"]
    {
        let secret = SECRET.replace("corr3ct", "a$Format:%H$b");
        let folder = repository(&[("a.yaml", GOOD), ("b.yaml", &secret), (".gitattributes", attributes)]);
        let mark = folder.path().join("ran");
        let program = format!("touch {}; cat", mark.display());
        git(&folder, &["config", "filter.evil.smudge", &program]);
        git(&folder, &["config", "core.fsmonitor", &program]);
        assert_eq!(since(&folder, &[]), (Vec::new(), Vec::new()), "{attributes}");
        assert!(!mark.exists(), "{attributes}");
    }
}

#[test]
fn submodules_are_held_against_the_commit_that_was_there() {
    let module = repository(&[("old.yaml", SECRET)]);
    let folder = repository(&[("a.yaml", GOOD)]);
    let url = module.path().to_string_lossy().into_owned();
    git(&folder, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "module"]);
    git(&folder, &["commit", "--quiet", "--message", "module"]);
    assert_eq!(since(&folder, &[]), (Vec::new(), Vec::new()));
    write(&module, "new.yaml", BAD);
    git(&module, &["add", "--all"]);
    git(&module, &["commit", "--quiet", "--message", "new"]);
    git(&folder, &["-C", "module", "pull", "--quiet"]);
    assert_eq!(since(&folder, &[]).0, ["mtls/plaintext-gateway module/new.yaml"]);
}

#[cfg(unix)]
#[test]
fn names_and_links_of_a_hostile_change_are_only_names_and_links() {
    use std::os::unix::fs::symlink;
    let outside = Folder::new(&[("b.yaml", SECRET)]);
    let folder = repository(&[("a.yaml", GOOD), ("c.yaml", BAD)]);
    symlink(outside.path().join("b.yaml"), folder.path().join("b.yaml")).expect("a link");
    symlink(outside.path(), folder.path().join("more")).expect("a link");
    assert_eq!(since(&folder, &[]).0, [""; 0], "out of the tree");
    write(&folder, "x\n::error::pwned \u{1b}[31m.yaml", SECRET);
    assert_eq!(since(&folder, &[]).0.len(), 1);
    let output = folder.run_with_path(&["scan", "--audit", "off", "--since", "HEAD", "-f", "github"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(!shown.contains('\u{1b}'), "{shown}");
    let commands = shown.lines().filter(|line| line.starts_with("::"));
    assert!(commands.into_iter().all(|line| line.starts_with("::error file=x")), "{shown}");
}

#[test]
fn references_and_the_environment_of_a_hook_lead_nowhere_else() {
    let folder = repository(&[("a.yaml", GOOD), ("b.yaml", SECRET)]);
    git(&folder, &["update-ref", "refs/heads/-x", "HEAD"]);
    let scan = |reference: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.args(["scan", "--audit", "off", "-f", "csv", &format!("--since={reference}")]);
        command.env("GIT_DIR", "/nowhere").env("GIT_INDEX_FILE", "nothing").current_dir(folder.path());
        command.output().expect("the binary runs").status.code()
    };
    assert_eq!(scan("-x"), Some(0), "a branch that looks like an option");
    assert_eq!(scan("--output=x"), Some(2));
}
