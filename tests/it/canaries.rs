//! Values that must never come out again: one of its own in every place that a credential can have, searched for in
//! everything that the binary writes.

#![expect(clippy::disallowed_methods, reason = "the test looks at the files that the binary wrote")]

mod forms;
mod live;
mod places;
mod rules;

use std::{
    path::Path,
    process::{Command, Stdio},
};

use self::forms::Canaries;
use crate::command::FORMATS;

/// A folder with canaries, and all that was written about it.
struct Run {
    folder: tempfile::TempDir,
    canaries: Canaries,
    /// Name and text.
    written: Vec<(String, String)>,
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, canaries: Canaries::default(), written: Vec::new() }
    }

    fn base(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file with new values in its places.
    fn plant(&mut self, name: &str, text: &str) {
        let text = self.canaries.fill(text);
        self.write(name, &text);
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.base().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Runs the binary; what it prints is kept.
    fn probity(&mut self, arguments: &[&str]) -> Option<i32> {
        self.with_input(arguments, &[], Stdio::null())
    }

    fn with_input(&mut self, arguments: &[&str], variables: &[(&str, &str)], input: Stdio) -> Option<i32> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.current_dir(self.base()).args(arguments).stdin(input).env_clear();
        command.env("HOME", self.base()).env("XDG_STATE_HOME", self.base().join("state"));
        // Renderers of the test come before those of the machine, whose git is needed.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.base().join("bin").display()));
        command.envs(variables.iter().copied());
        let output = command.output().expect("the binary runs");
        let name = arguments.join(" ");
        for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            self.written.push((format!("{name}: {stream}"), String::from_utf8_lossy(bytes).into_owned()));
        }
        output.status.code()
    }

    /// Keeps all files of a folder that the binary wrote.
    fn keep(&mut self, folder: &str) {
        files(&self.base().join(folder), &mut self.written);
    }

    fn text(&self, name: &str) -> &str {
        let found = self.written.iter().find(|(written, _)| written.ends_with(name));
        &found.unwrap_or_else(|| panic!("{name} was not written")).1
    }

    fn assert_silent(&self) {
        let leaks = self.canaries.leaks(&self.written);
        assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
    }
}

fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in folder.read_dir().expect("a folder that the binary wrote").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = std::fs::read(&path).expect("a file that the binary wrote");
            found.push((path.to_string_lossy().into_owned(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}

/// `-f FORMAT -o FOLDER/FORMAT` for each.
fn into(folder: &str, formats: &[&str]) -> Vec<String> {
    let pairs = formats.iter().flat_map(|format| {
        ["-f".to_owned(), (*format).to_owned(), "-o".to_owned(), format!("{folder}/{format}")]
    });
    pairs.collect()
}

fn with<'a>(arguments: &[&'a str], more: &'a [String]) -> Vec<&'a str> {
    arguments.iter().copied().chain(more.iter().map(String::as_str)).collect()
}

/// Every kind of source, with credentials in every place.
fn planted() -> Run {
    let mut run = Run::new();
    run.plant("k8s/all.yaml", places::MANIFESTS);
    run.plant("k8s/windows.yaml", &places::SECOND.replace('\n', "\r\n"));
    run.plant("k8s/kustomization.yaml", places::KUSTOMIZATION);
    for (name, text) in places::GENERATED {
        run.plant(name, text);
    }
    run.plant("infra/tfplan.json", places::PLAN);
    run.plant("infra/main.tf", places::CONFIGURATION);
    run.write("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
    run.plant("chart/values.yaml", places::VALUES);
    run.plant("src/application.yml", places::APPLICATION);
    for (name, text) in places::BROKEN {
        run.plant(name, text);
    }
    run.write("policies/everything.rego", rules::TALKATIVE);
    run.write("policies/encoded.rego", rules::ENCODING);
    for (name, call) in rules::CALLS {
        let text = rules::FAILING.replace("NAME", name).replace("CALL", call);
        run.write(&format!("policies/{name}.rego"), &text);
    }
    run.write("conftest/main.rego", rules::CONFTEST);
    std::fs::create_dir_all(run.base().join("out")).expect("a folder");
    run
}

const SOURCES: [&str; 7] = ["k8s", "infra", "chart", "src", "broken", "broken.yaml", "broken.json"];

#[test]
fn no_credential_comes_out_in_any_format() {
    let mut run = planted();
    let pairs = into("out", &FORMATS);
    let scan = [&["scan", "-v", "--with-facts", "--policy", "policies"][..], &SOURCES].concat();
    assert_eq!(run.probity(&with(&scan, &pairs)), Some(2), "calls failed");
    run.keep("out");
    for format in FORMATS {
        assert!(run.text(&format!("out/{format}")).len() > 100, "{format} is empty");
    }
    let json = run.text("out/json");
    assert!(!json.contains("\"policy\": \"leaks/encoded\""), "every value was encoded");
    for rule in ["everything", "encoded"] {
        assert!(json.contains(&format!("\"leaks/{rule}\"")), "{rule} was evaluated");
    }
    for file in ["k8s/all.yaml", "k8s/windows.yaml", "infra/tfplan.json"] {
        assert!(
            json.contains(&format!("\"file\": \"{file}\",\n      \"status\": \"read\"")),
            "{file} was read"
        );
    }
    for (name, _) in rules::CALLS {
        assert!(json.contains(&format!("\"leaks/{name}\"")), "the call of {name} failed");
    }
    // What was saved, in all others; and the same to a terminal.
    let others = FORMATS.iter().copied().filter(|format| *format != "openlineage").collect::<Vec<_>>();
    std::fs::create_dir_all(run.base().join("again")).expect("a folder");
    run.probity(&with(&["report", "out/json"], &into("again", &others)));
    run.keep("again");
    run.probity(&[&["scan", "--color", "always", "-v"], &SOURCES[..]].concat());
    run.probity(&[&["scan", "-q", "--root", "."], &SOURCES[..]].concat());
    run.probity(&[&["baseline", "-o", "out/baseline.json"], &SOURCES[..]].concat());
    let text = std::fs::read_to_string(run.base().join("out/baseline.json")).expect("a baseline");
    run.written.push(("baseline.json".to_owned(), text));
    run.assert_silent();
}

#[test]
fn no_credential_comes_out_as_a_fact_a_picture_or_a_record() {
    let mut run = planted();
    run.probity(&[&["facts"], &SOURCES[..]].concat());
    run.probity(&[&["facts", "-f", "json"], &SOURCES[..]].concat());
    for selector in probity::policy::selector::names() {
        run.probity(&[&["facts", "--selector", selector], &SOURCES[..]].concat());
    }
    for format in ["mermaid", "dot", "svg", "openlineage"] {
        run.probity(&[&["graph", "-f", format], &SOURCES[..]].concat());
    }
    let push = run.canaries.fill("http://u:%%@127.0.0.1:1/?token=%%");
    let key = run.canaries.fill("PRIVATE+KEY+probity+00000000+%%");
    let scan = [&["scan", "-p", "policies", "--push-metrics", &push], &SOURCES[..]].concat();
    run.probity(&scan);
    run.with_input(&scan[..1], &[("PROBITY_AUDIT_KEY", &key)], Stdio::null());
    for arguments in [
        &["audit", "show"][..],
        &["audit", "show", "-v"],
        &["audit", "verify", "-v"],
        &["audit", "export", "-o", "tiles"],
        &["audit", "prove", "--help"],
    ] {
        run.probity(arguments);
    }
    run.keep(".probity");
    run.assert_silent();
}

#[test]
fn no_credential_comes_out_where_documents_change_and_are_fixed_rendered_or_piped() {
    let mut run = planted();
    for program in ["helm", "kustomize"] {
        let made = run.canaries.fill(places::RENDERED);
        run.write(&format!("bin/{program}"), &format!("#!/bin/sh\ncat <<'END'\n{made}END\n"));
    }
    let error = run.canaries.fill("#!/bin/sh\necho 'Error: password %% is wrong' >&2\nexit 1\n");
    run.write("bin/kubectl", &error);
    for program in ["helm", "kustomize", "kubectl"] {
        permit(&run.base().join("bin").join(program), 0o755);
    }
    let pairs = into("out", &FORMATS);
    run.probity(&with(&[&["scan", "--render", "-v"], &SOURCES[..]].concat(), &pairs));
    run.keep("out");
    run.write("bin/helm", &error);
    run.probity(&[&["scan", "--render", "-v", "--audit", "off"], &SOURCES[..]].concat());
    let conftest = ["scan", "-p", "conftest", "--audit", "off", "--no-builtin-policies"];
    run.probity(&[&conftest, &SOURCES[..]].concat());
    run.probity(&[&conftest[..], &["--combine", "-f", "json"], &SOURCES].concat());
    let piped = std::fs::File::open(run.base().join("k8s/all.yaml")).expect("a file");
    run.with_input(&["scan", "-", "-v", "--audit", "off", "-f", "sarif"], &[], piped.into());
    for arguments in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "--all"],
        &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "before"],
    ] {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(run.base());
        git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        assert!(git.status().expect("git runs").success());
    }
    run.plant("k8s/new.yaml", places::SECOND);
    std::fs::remove_file(run.base().join("k8s/windows.yaml")).expect("a file");
    run.probity(&["scan", "--since", "HEAD", "-v", "--audit", "off", "-f", "json"]);
    run.probity(&["scan", "--since", "HEAD", "-v", "--audit", "off"]);
    run.probity(&[&["scan", "--fix", "-v", "--audit", "off"], &SOURCES[..]].concat());
    run.assert_silent();
}

#[cfg(unix)]
fn permit(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

#[cfg(not(unix))]
fn permit(_: &Path, _: u32) {}
