//! The binary as its users run it: exit codes, streams, reports.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(".", arguments)
    }

    pub(crate) fn run_in(&self, current: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.current_dir(self.path().join(current)).args(arguments).stdin(Stdio::null());
        command.env_clear().env("HOME", self.path()).env("XDG_STATE_HOME", self.path().join("state"));
        command.output().expect("the binary runs")
    }

    /// With the programs of the machine, such as git.
    pub(crate) fn run_with_path(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.current_dir(self.path()).args(arguments).stdin(Stdio::null());
        command.env_clear().env("HOME", self.path()).env("XDG_STATE_HOME", self.path().join("state"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.output().expect("the binary runs")
    }

    pub(crate) fn code(&self, arguments: &[&str]) -> Option<i32> {
        self.run(arguments).status.code()
    }

    pub(crate) fn report(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(&[&["scan", "--audit", "off", "-f", "json"], arguments].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// All formats of `scan`.
pub(crate) const FORMATS: [&str; 13] = [
    "text",
    "json",
    "sarif",
    "github",
    "junit",
    "markdown",
    "csv",
    "gitlab",
    "html",
    "policyreport",
    "oscal",
    "prometheus",
    "openlineage",
];

pub(crate) const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  mode: fast\n";
pub(crate) const BAD: &str =
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules: []\n";
pub(crate) const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: corr3ct-h0rse\n";

#[test]
fn exit_codes_are_those_of_the_contract() {
    let policy =
        "package team.rules.broken\nimport rego.v1\ndeny contains \"x\" if { unknown.function(1) }\n";
    for (name, files, arguments, code) in [
        ("clean", &[("a.yaml", GOOD)][..], &["scan", "--audit", "off"][..], 0),
        ("open findings", &[("a.yaml", BAD)], &["scan", "--audit", "off"], 1),
        ("below the threshold", &[("a.yaml", BAD)], &["scan", "--audit", "off", "--fail-on", "critical"], 0),
        ("never", &[("a.yaml", BAD)], &["scan", "--audit", "off", "--fail-on", "never"], 0),
        ("an unknown option", &[("a.yaml", GOOD)], &["scan", "--colour"], 2),
        ("a path that does not exist", &[], &["scan", "nowhere"], 2),
        (
            "a policy that cannot be loaded",
            &[("a.yaml", BAD), ("p/a.rego", policy)],
            &["scan", "--audit", "off", "-p", "p"],
            2,
        ),
        (
            "a source that does not parse",
            &[("a.yaml", GOOD), ("b.yaml", "a: [\n")],
            &["scan", "--audit", "off"],
            3,
        ),
        ("nothing to judge", &[("a.txt", "")], &["scan", "--audit", "off"], 3),
        (
            "incomplete beats findings",
            &[("a.yaml", BAD), ("b.yaml", "a: [\n")],
            &["scan", "--audit", "off"],
            3,
        ),
        (
            "skipped, and strict",
            &[("a.yaml", GOOD), ("main.tf", "")],
            &["scan", "--audit", "off", "--strict"],
            3,
        ),
        ("skipped, and not strict", &[("a.yaml", GOOD), ("main.tf", "")], &["scan", "--audit", "off"], 0),
    ] {
        assert_eq!(Folder::new(files).code(arguments), Some(code), "{name}");
    }
}

#[test]
fn a_saved_report_is_shown_in_other_formats() {
    let folder = Folder::new(&[("a.yaml", BAD)]);
    assert_eq!(
        folder.code(&["scan", "--audit", "off", "-f", "json", "-o", "r.json", "-f", "csv", "-o", "r.csv"]),
        Some(1)
    );
    let shown = folder.run(&["report", "r.json", "-f", "csv", "-f", "html", "-o", "r.html"]);
    assert_eq!(shown.status.code(), Some(0));
    assert_eq!(shown.stdout, std::fs::read(folder.path().join("r.csv")).expect("a file"));
    assert!(folder.path().join("r.html").is_file());
    for arguments in
        [&["report", "a.yaml"][..], &["report", "nowhere.json"], &["report", "r.json", "-f", "openlineage"]]
    {
        let refused = folder.run(arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("help: "), "{said}");
    }
}

#[test]
fn the_format_never_changes_the_exit_code_and_reports_go_to_their_files() {
    let folder = Folder::new(&[("a.yaml", BAD)]);
    for format in FORMATS {
        assert_eq!(folder.code(&["scan", "--audit", "off", "-f", format]), Some(1), "{format}");
    }
    let output = folder.run(&["scan", "--audit", "off", "-f", "sarif", "-o", "r.sarif", "-f", "json"]);
    assert!(output.stdout.starts_with(b"{") && folder.path().join("r.sarif").is_file());
    assert_eq!(
        folder.code(&["scan", "--audit", "off", "-f", "sarif", "-f", "json"]),
        Some(2),
        "two on one stream"
    );
    let twice = folder.run(&["scan", "--audit", "off", "-f", "sarif", "-o", "r", "-f", "json", "-o", "r"]);
    assert_eq!(twice.status.code(), Some(2), "one file for two reports");
    assert!(String::from_utf8_lossy(&twice.stderr).contains("two formats"));
    let dash = folder.run(&["scan", "--audit", "off", "-f", "json", "-o", "-"]);
    assert!(dash.stdout.starts_with(b"{") && !folder.path().join("-").exists());
}

#[test]
fn policies_are_decoded_as_editors_save_them() {
    let policy = "package main\nimport rego.v1\ndeny contains \"no\" if input.kind == \"Ingress\"\n";
    let folder = Folder::new(&[("a.yaml", BAD)]);
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(policy.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (name, bytes) in [("bom", format!("\u{feff}{policy}").into_bytes()), ("utf16", utf16)] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("p.rego"), bytes).unwrap();
        let report = folder.report(&["--no-builtin-policies", "-p", name, "a.yaml"]);
        assert_eq!(report["findings"][0]["message"], "no", "{name}");
    }
    std::fs::write(folder.path().join("bom/p.rego"), [b'p', 0xff, b'x']).unwrap();
    let broken = folder.run(&["scan", "--audit", "off", "-p", "bom", "a.yaml"]);
    assert_eq!(broken.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&broken.stderr).contains("save it as UTF-8"));
}

#[test]
fn one_broken_document_hides_nothing() {
    let stream = format!("{BAD}---\nkey: [\n---\n{SECRET}");
    let report = Folder::new(&[("a.yaml", &stream)]).report(&[]);
    let rules: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    assert_eq!(rules, ["mtls/plaintext-gateway", "secrets/committed-secret"]);
    assert_eq!(report["sources"][0]["status"], "failed");
    assert_eq!(report["outcome"], "incomplete");
}

#[test]
fn what_hides_beside_a_finding_is_shown_by_nothing() {
    let list = "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"},\"stringData\":{\"password\":\"dr0ppedPW1\"}},{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"},\"stringData\":{\"password\":\"keptPW22222\"}}]}";
    let secret = |comment: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: b}}\n# it was {comment}\ndata:\n  password: aHVudGVyMnh5eg== # {comment}\n  other: aHVudGVyMnh5eg==\n"
        )
    };
    let folder = Folder::new(&[("a.json", list), ("b.yaml", &secret("hunter2xyz"))]);
    for format in ["text", "json", "sarif"] {
        let output = folder.run(&["scan", "--audit", "off", "-f", format]);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("committed-secret"), "{shown}");
        for value in ["dr0ppedPW1", "keptPW22222", "hunter2xyz"] {
            assert!(!shown.contains(value), "{format}: {value}: {shown}");
        }
    }
    let output = folder.run(&["scan", "--audit", "off"]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("`Secret/default/a` is declared again in line 1")
    );
    let sarif = |comment: &str| {
        Folder::new(&[("b.yaml", &secret(comment))]).run(&["scan", "--audit", "off", "-f", "sarif"]).stdout
    };
    assert_eq!(sarif("hunter2xyz"), sarif("hunter3xyz-and-more"), "a hash of it could be guessed");
}

#[test]
fn named_files_are_judged_whatever_git_ignores() {
    let ignored = [
        ("d/y.txt", SECRET),
        (".gitignore", "ignored.yaml\n"),
        ("ignored.yaml", SECRET),
        ("good.yaml", GOOD),
    ];
    let folder = Folder::new(&ignored);
    std::fs::create_dir(folder.path().join(".git")).expect("a folder");
    assert_eq!(folder.code(&["scan", "--audit", "off", "--root", "."]), Some(0));
    for file in ["d/y.txt", "ignored.yaml"] {
        assert_eq!(folder.code(&["scan", "--audit", "off", "--root", ".", "--", file]), Some(1), "{file}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command.args(["scan", "--audit", "off", "--root", ".", "-"]).current_dir(folder.path());
    let input = std::fs::File::open(folder.path().join("ignored.yaml")).expect("a file");
    assert_eq!(command.stdin(input).output().expect("the binary runs").status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_of_the_shell_is_read_like_standard_input() {
    let folder = Folder::new(&[("a.txt", BAD), ("b.yaml", GOOD)]);
    let said = |arguments: &str| {
        let mut shell = Command::new("bash");
        let command = format!("\"$PROBITY\" scan --audit off -f json {arguments}");
        shell.args(["-c", &command]).env("PROBITY", env!("CARGO_BIN_EXE_probity"));
        let output = shell.current_dir(folder.path()).output().expect("a shell runs");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        (output.status.code(), report["sources"].as_array().map_or(0, Vec::len))
    };
    assert_eq!(said("<(cat a.txt)"), (Some(1), 1));
    assert_eq!(said("<(cat b.yaml)"), (Some(0), 1));
    assert_eq!(said("b.yaml <(cat a.txt)"), (Some(1), 2));
    assert_eq!(said("--root . <(cat a.txt)").0, Some(1));
}

#[test]
fn a_namespace_that_cannot_be_is_refused() {
    let folder = Folder::new(&[("good.yaml", GOOD)]);
    for name in ["A", "a/b", "", "-a", "a_b", &"a".repeat(64)] {
        assert_eq!(folder.code(&["scan", "--audit", "off", "-n", name]), Some(2), "{name}");
    }
    assert_eq!(folder.code(&["scan", "--audit", "off", "-n", "shop-2"]), Some(0));
}

#[test]
fn no_object_hides_another() {
    let job = |image: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{generateName: mig-}}\nspec: {{template: {{spec: {{containers: [{{name: a, image: {image}, env: [{{name: DB_PASSWORD, value: corr3ct-h0rse}}]}}]}}}}}}\n"
        )
    };
    let jobs = format!("{}---\n{}", job("a"), job("b"));
    let list = "apiVersion: v1\nkind: SecretList\nitems:\n- metadata: {name: a}\n  stringData: {password: corr3ct-h0rse}\n";
    let report = Folder::new(&[("jobs.yaml", &jobs), ("list.yaml", list)]).report(&["--rule", "secrets/*"]);
    let found = report["findings"].as_array().expect("findings").iter();
    let found: Vec<String> = found
        .map(|finding| {
            format!("{} {}", finding["rule"].as_str().unwrap(), finding["place"]["file"].as_str().unwrap())
        })
        .collect();
    assert_eq!(found.iter().filter(|found| found.ends_with("jobs.yaml")).count(), 2, "{found:?}");
    assert!(found.contains(&"secrets/committed-secret list.yaml".to_owned()), "{found:?}");
}

#[test]
fn a_file_that_is_only_called_a_plan_stands_for_nothing() {
    let folder = Folder::new(&[("tfplan.json", "{}"), ("sub/main.tf", ""), ("a.yaml", GOOD)]);
    assert_eq!(folder.code(&["scan", "--audit", "off", "--strict"]), Some(3));
    let folder = Folder::new(&[("prod.tfplan.json", "{"), ("a.yaml", GOOD)]);
    assert_eq!(folder.code(&["scan", "--audit", "off"]), Some(3));
    assert_eq!(folder.code(&["scan", "--audit", "off", "--exclude", "*.tfplan.json"]), Some(0));
}

#[test]
fn what_does_not_parse_is_in_no_hash() {
    let sarif = |value: &str| {
        let stream = format!("{BAD}---\npassword: {value}\nkey: [\n---\n{GOOD}");
        let folder = Folder::new(&[("a.yaml", &stream)]);
        folder.run(&["scan", "--audit", "off", "-f", "sarif"]).stdout
    };
    let [first, other] = [sarif("hunter2-hunter2"), sarif("kangaroo-kangaroo")];
    let shown = String::from_utf8_lossy(&first);
    assert!(shown.contains("primaryLocationLineHash") && shown.contains("mtls/plaintext-gateway"), "{shown}");
    assert_eq!(first, other, "what differs is the text of the broken document only");
}

#[test]
fn values_of_secrets_appear_in_no_output() {
    let leak = "# METADATA\n# title: Leaks\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes, kinds: [Secret]}]\npackage team.leaks.everything\nimport rego.v1\ndeny contains {\"msg\": sprintf(\"%v\", [input]), \"path\": [\"stringData\", \"password\"], \"value\": input.stringData.password, \"coded\": [base64.encode(sprintf(\"u:%s\", [input.stringData.password])), hex.encode(input.stringData.password), crypto.sha256(input.stringData.password)]}\n";
    // The password in base64 behind two bytes, in hexadecimal, and its SHA-256.
    let coded = ["b3JyM2N0LWgw", "636f7272336374", "a7fd9f7ebbec596575a7d85d"];
    let folder = Folder::new(&[("a.yaml", SECRET), ("p/leak.rego", leak)]);
    for format in FORMATS {
        let output = folder.run(&["scan", "--audit", "log", "-p", "p", "-f", format, "a.yaml"]);
        let shown =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        // Events of data flows tell of no findings.
        assert!(shown.contains("committed") || format == "openlineage", "{format}");
        assert!(!shown.contains("corr3ct"), "{format}");
        assert!(coded.iter().all(|coded| !shown.contains(coded)), "{format}");
    }
    for selector in ["kubernetes", "secret"] {
        let output = folder.run(&["facts", "--selector", selector, "a.yaml"]);
        assert!(!String::from_utf8_lossy(&output.stdout).contains("corr3ct"), "{selector}");
    }
    let mut pending = vec![folder.path().join("log"), folder.path().join("state")];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(path.read_dir().unwrap().flatten().map(|entry| entry.path()));
        } else if let Ok(bytes) = std::fs::read(&path) {
            assert!(!String::from_utf8_lossy(&bytes).contains("corr3ct"), "{}", path.display());
        }
    }
}

#[test]
fn equal_input_gives_equal_bytes_whatever_the_number_of_threads() {
    let folder =
        Folder::new(&[("a.yaml", BAD), ("b.yaml", SECRET), ("c/d.yaml", GOOD), ("c/e.yaml", "a: [\n")]);
    let scan = |threads: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.current_dir(folder.path()).args(["scan", "--audit", "off", "-f", "json"]);
        command.env("RAYON_NUM_THREADS", threads).output().expect("the binary runs").stdout
    };
    assert_eq!(scan("1"), scan("8"));
}

#[test]
fn a_root_judges_everything_and_paths_limit_the_report() {
    let folder = Folder::new(&[("k8s/a.yaml", BAD), ("k8s/b.yaml", SECRET)]);
    let report = folder.report(&["--root", ".", "k8s/b.yaml"]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["place"]["file"], "k8s/b.yaml");
    assert_eq!(report["sources"].as_array().unwrap().len(), 2);
}

#[test]
fn a_report_about_one_file_is_that_part_of_the_whole() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop");
    let report = |path: &str| -> serde_json::Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.args(["scan", "--audit", "off", "-f", "json", "--root", ".", "--", path]);
        let output = command.current_dir(&shop).output().expect("the binary runs");
        serde_json::from_slice(&output.stdout).expect("a report")
    };
    let whole = report(".");
    let list = |report: &serde_json::Value, key: &str| report[key].as_array().unwrap().clone();
    let mut about_others = 0;
    for source in list(&whole, "sources") {
        let file = source["file"].as_str().unwrap();
        let is_about = |result: &serde_json::Value| {
            let related = result["related"].as_array().into_iter().flatten();
            std::iter::once(result).chain(related).any(|at| at["place"]["file"] == file)
        };
        let part = report(file);
        for key in ["findings", "not_assessed"] {
            let expected: Vec<_> = list(&whole, key).into_iter().filter(is_about).collect();
            assert_eq!(list(&part, key), expected, "{key} about {file}");
            about_others += expected.iter().filter(|result| result["place"]["file"] != file).count();
        }
    }
    assert!(about_others > 0, "some findings in other files are about a file, too");
}

#[test]
fn a_scan_is_recorded_and_a_changed_record_is_named() {
    let folder = Folder::new(&[("a.yaml", BAD)]);
    assert_eq!(folder.code(&["scan"]), Some(1));
    let verify = folder.run(&["audit", "verify"]);
    assert_eq!(verify.status.code(), Some(5), "{}", String::from_utf8_lossy(&verify.stdout));
    assert!(String::from_utf8_lossy(&verify.stdout).starts_with("intact, UNSIGNED"));
    let shown = folder.run(&["audit", "show", "--rule", "mtls/plaintext-gateway"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("Ingress/default/web"));
    let segments = folder.path().join(".probity/audit/seg");
    let segment = segments.read_dir().unwrap().flatten().next().expect("a segment").path();
    let text = std::fs::read_to_string(&segment).unwrap();
    std::fs::write(&segment, text.replacen("Ingress/default/web", "Ingress/default/wex", 1)).unwrap();
    let verify = folder.run(&["audit", "verify"]);
    assert_eq!(verify.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&verify.stdout).starts_with("NOT INTACT"),
        "{}",
        String::from_utf8_lossy(&verify.stdout)
    );
}

#[test]
fn standard_input_is_a_source() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    let folder = Folder::new(&[]);
    command.current_dir(folder.path()).args(["scan", "--audit", "off", "-f", "json", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary runs");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), BAD.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!((output.status.code(), report["findings"][0]["place"]["file"].as_str()), (Some(1), Some("-")));
}
