//! What the README says is run: each command of its console blocks, each configuration, each policy.

#![expect(clippy::disallowed_methods, reason = "the README and the fixtures are files of this repository")]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::command::{BAD, Folder};

/// Blocks of the README between fences of a language.
fn blocks(language: &str) -> Vec<String> {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let mut blocks = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with(&format!("```{language}")) {
            let block: Vec<&str> =
                lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
            blocks.push(block.join("\n"));
        }
    }
    assert!(!blocks.is_empty(), "the README has no block of {language}");
    blocks
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shell(folder: &Folder, command: &str) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder.path()).stdin(Stdio::null()).env_clear();
    shell.env("HOME", folder.path()).env("XDG_STATE_HOME", folder.path().join("state"));
    shell.env("PATH", format!("{}:{path}", folder.path().join("bin").display()));
    shell.output().expect("sh runs")
}

/// A folder with all that the commands of the README name.
fn everything() -> Folder {
    let folder = Folder::new(&[
        ("k8s/cart.yaml", BAD),
        ("exclusions/names.yaml", "names: [web]\n"),
        (
            "policy/main.rego",
            "package main\nimport rego.v1\ndeny contains \"no\" if input.kind == \"Nothing\"\n",
        ),
        ("bin/helm", &format!("#!/bin/sh\ncat <<'END'\n{BAD}END\n")),
        (
            "bin/terraform",
            "#!/bin/sh\necho '{\"format_version\": \"1.2\", \"terraform_version\": \"1.9.0\", \"planned_values\": {\"root_module\": {}}}'\n",
        ),
        (".config/keep", ""),
    ]);
    let link = format!(
        "chmod +x bin/* && ln -s '{}' bin/probity && git init -q && probity init --policy >/dev/null && git add -A && git -c user.name=t -c user.email=t@example.com commit -qm all && git update-ref refs/remotes/origin/main HEAD",
        env!("CARGO_BIN_EXE_probity")
    );
    let output = shell(&folder, &link);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
#[cfg(unix)]
fn commands_of_the_readme_do_what_it_says() {
    let folder = everything();
    let (mut key, mut finding) = (String::new(), String::new());
    let mut commands = 0;
    for block in blocks("console") {
        let mut lines = block.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(command) = line.strip_prefix("$ ").filter(|command| !command.starts_with("cargo "))
            else {
                continue;
            };
            // Placeholders of what differs from run to run, and what would not end by itself.
            let command = command
                .replace("audit.example.com/shop+…", &key)
                .replace("017d0cb2", &finding)
                .replace("--watch", "--watch --help")
                .replace("last-month.checkpoint", ".probity/audit/checkpoint");
            let output = shell(&folder, &command);
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            let errors = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code().unwrap_or(-1);
            assert!(matches!(code, 0 | 1), "`{command}` ended with {code}: {errors}");
            assert!(!errors.contains("error:"), "`{command}` says {errors}");
            if let Some(said) = lines.next_if(|next| !next.starts_with("$ ") && !next.is_empty()) {
                assert!(shown.contains(said), "`{command}` says {shown}, not {said}");
            }
            if command.contains("keygen") {
                shown.trim().clone_into(&mut key);
                // What the log holds so far is unsigned; the signed one begins anew.
                assert!(shell(&folder, "rm -r .probity state").status.success());
            }
            if command.contains("--audit-key") {
                let report = folder.report(&["k8s"]);
                report["findings"][0]["fingerprint"]
                    .as_str()
                    .expect("a fingerprint")
                    .clone_into(&mut finding);
                finding.truncate(8);
            }
            commands += 1;
        }
    }
    assert!(commands > 20, "only {commands} commands were found");
}

#[test]
fn configurations_of_the_readme_are_read() {
    for block in blocks("yaml") {
        if block.starts_with('#') || block.starts_with("- ") || block.starts_with("name:") {
            continue;
        }
        let folder = Folder::new(&[
            ("a.yaml", BAD),
            ("probity.yaml", &block),
            ("policies/lib.rego", "package lib\n"),
            ("deploy/values.yaml", "replicas: 1\n"),
            ("deploy/values-production.yaml", "replicas: 2\n"),
        ]);
        let output = folder.run(&["scan", "--audit", "off"]);
        let shown = String::from_utf8_lossy(&output.stderr);
        assert!(!shown.contains("probity.yaml:"), "{block}\n{shown}");
        assert_eq!(output.status.code(), Some(1), "{block}\n{shown}");
    }
}

#[test]
fn the_workflow_of_the_readme_is_the_one_that_a_newcomer_gets() {
    let folder = Folder::new(&[]);
    assert_eq!(folder.code(&["init", "--workflow"]), Some(0));
    let path = folder.path().join(".github/workflows/probity.yml");
    let written = std::fs::read_to_string(path).expect("a workflow");
    assert!(blocks("yaml").iter().any(|block| *block == written.trim_end()), "{written}");
    for needed in ["fetch-depth: 0", "since: ", "upload-sarif: true", "version: "] {
        assert!(written.contains(needed), "{needed} in {written}");
    }
}

#[test]
fn the_rule_of_the_readme_judges() {
    let [policy] = &blocks("rego")[..] else { panic!("one rule is expected") };
    let workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";
    let folder = Folder::new(&[("a.yaml", workload), ("p/team.rego", policy)]);
    let report = folder.report(&["-p", "p", "--no-builtin-policies"]);
    assert_eq!(report["findings"][0]["rule"], "workloads/team-label", "{report:#}");
}
