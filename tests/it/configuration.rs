//! `probity.yaml` as it changes what the binary does.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]

use crate::command::{BAD, Folder, GOOD, SECRET};

fn stderr(folder: &Folder, arguments: &[&str]) -> String {
    String::from_utf8_lossy(&folder.run(arguments).stderr).into_owned()
}

const SCAN: [&str; 3] = ["scan", "--audit", "off"];

#[test]
fn a_broken_configuration_ends_with_exit_code_two_and_its_line() {
    let folder = Folder::new(&[("a.yaml", GOOD), ("probity.yaml", "exclude: []\nrulez: {}\n")]);
    assert_eq!(folder.code(&SCAN), Some(2));
    let shown = stderr(&folder, &SCAN);
    assert!(shown.contains("probity.yaml:2:1: unknown key `rulez`; did you mean `rules`?"), "{shown}");
    assert_eq!(folder.code(&["scan", "--audit", "off", "--no-config"]), Some(0));
    assert_eq!(folder.code(&["facts", "--selector", "secret"]), Some(2));
}

#[test]
fn another_file_can_be_named_and_must_then_exist() {
    let folder = Folder::new(&[("k8s/a.yaml", BAD), ("other.yaml", "fail-on: never\n")]);
    assert_eq!(folder.code(&["scan", "--audit", "off", "--config", "other.yaml", "k8s"]), Some(0));
    assert_eq!(folder.code(&["scan", "--audit", "off", "--config", "nowhere.yaml", "k8s"]), Some(2));
    assert_eq!(folder.code(&["scan", "--config", "other.yaml", "--no-config"]), Some(2));
}

#[test]
fn the_threshold_of_the_file_holds_until_the_command_line_says_otherwise() {
    let folder = Folder::new(&[("a.yaml", BAD), ("probity.yaml", "fail-on: critical\n")]);
    assert_eq!(folder.code(&SCAN), Some(0));
    assert_eq!(folder.code(&["scan", "--audit", "off", "--fail-on", "high"]), Some(1));
}

#[test]
fn excluded_files_are_not_read_and_policies_of_the_repository_are() {
    let policy = "# METADATA\n# title: Everything is forbidden\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\npackage team.all.forbidden\nimport rego.v1\ndeny contains \"no\"\n";
    let folder = Folder::new(&[
        ("a.yaml", GOOD),
        ("vendor/b.yaml", BAD),
        ("rules/all.rego", policy),
        ("probity.yaml", "exclude: [vendor/**]\npolicies: [rules]\n"),
    ]);
    let report = folder.report(&[]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(report["findings"][0]["rule"], "all/forbidden");
    assert_eq!(report["sources"].as_array().unwrap().len(), 1);
    let rules = folder.run(&["rules"]);
    assert!(String::from_utf8_lossy(&rules.stdout).contains("all/forbidden"));
    let empty = Folder::new(&[("a.yaml", GOOD), ("probity.yaml", "policies: [k8s]\n"), ("k8s/x", "")]);
    assert!(stderr(&empty, &SCAN).contains("holds no Rego policy"));
}

#[test]
fn overrides_apply_in_the_report_and_are_recorded() {
    let rules = "rules:\n  mtls/plaintext-gateway: {severity: low}\n  secrets/committed-secret: {enabled: false}\n  mtls/plaintext-gatway: {enabled: false}\n";
    let folder = Folder::new(&[("a.yaml", BAD), ("b.yaml", SECRET), ("probity.yaml", rules)]);
    let report = folder.report(&[]);
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["severity"], "low");
    assert_eq!(
        report["not_applicable"][0],
        serde_json::json!({"rule": "secrets/committed-secret", "reason": "disabled in probity.yaml:3"})
    );
    assert_eq!(
        report["overrides"][0],
        serde_json::json!({"rule": "mtls/plaintext-gateway", "setting": "severity", "from": "high", "to": "low", "source": "probity.yaml:2"})
    );
    let shown = stderr(&folder, &SCAN);
    assert!(
        shown.contains("no rule `mtls/plaintext-gatway`; did you mean `mtls/plaintext-gateway`?"),
        "{shown}"
    );
    folder.run(&["scan"]);
    let log = folder.run(&["audit", "show", "-f", "json"]);
    let log = String::from_utf8_lossy(&log.stdout);
    assert_eq!(log.matches("\"override\"").count(), 2, "{log}");
    assert!(log.contains("probity.yaml:3") && log.contains("\"configuration\":\""), "{log}");
}

#[test]
fn allowed_values_are_no_findings_and_are_counted_said_and_recorded() {
    let map =
        |data: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{{data}}}\n");
    let two = map("DEMO_PASSWORD: bankofanthos, DB_PASSWORD: accounts-pwd");
    let own = |entry: &str| format!("secrets:\n  allow:\n    - {{{entry}, reason: logs in nowhere}}\n");
    for (entry, expected, count) in [
        ("key: 'DEMO_*'", vec!["k8s/a.yaml"], "1 value"),
        ("path: k8s", vec![], "2 values"),
        ("path: other", vec!["k8s/a.yaml", "k8s/a.yaml"], "0 values"),
        ("value: '[a-z]+'", vec!["k8s/a.yaml"], "1 value"),
        ("key: 'DEMO_*', value: '[0-9]+'", vec!["k8s/a.yaml", "k8s/a.yaml"], "0 values"),
    ] {
        let folder = Folder::new(&[("k8s/a.yaml", &two), ("probity.yaml", &own(entry))]);
        let report = folder.report(&["--rule", "secrets/*"]);
        let files: Vec<_> = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["place"]["file"].as_str().unwrap())
            .collect();
        assert_eq!(files, expected, "{entry}: {report:#}");
        assert_eq!(report["overrides"][0]["from"], count, "{entry}");
        assert_eq!(report["overrides"][0]["source"], "probity.yaml:3", "{entry}");
    }
    let folder =
        Folder::new(&[("a.yaml", &map("DEMO_PASSWORD: bankofanthos")), ("probity.yaml", &own("path: ."))]);
    let shown = folder.run(&["scan"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("1 value (probity.yaml:3)") && !shown.contains("bankofanthos"), "{shown}");
    let log = folder.run(&["audit", "show", "-f", "json"]);
    let log = String::from_utf8_lossy(&log.stdout);
    assert!(log.contains("\"allow\"") && log.contains("\"configuration\":\""), "{log}");
    let bare = Folder::new(&[("a.yaml", GOOD), ("probity.yaml", "secrets: {allow: [DEMO_PASSWORD]}\n")]);
    assert!(stderr(&bare, &SCAN).contains("probity.yaml:1:19: expected a map with a `reason`"));
}

#[test]
fn own_shapes_of_credentials_are_found_and_never_shown() {
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  greeting: hello acme_qwrtzpsd! # acme_mnbvcxyl\n  file.txt: |\n    one\n    two acme_lkjhgfds\n";
    let plan = r#"{"format_version": "1.2", "terraform_version": "1.9.0", "complete": true, "resource_changes": [{"address": "aws_lambda_function.a", "mode": "managed", "type": "aws_lambda_function", "name": "a",
      "provider_name": "registry.terraform.io/hashicorp/aws", "change": {"actions": ["create"], "before": null, "after": {"description": "with acme_plmnbvcx", "function_name": "f"}, "after_unknown": {}, "before_sensitive": false, "after_sensitive": {}}}],
      "configuration": {"root_module": {"resources": [{"address": "aws_lambda_function.a", "mode": "managed", "type": "aws_lambda_function", "name": "a", "expressions": {"description": {"constant_value": "with acme_plmnbvcx"}}}]}}}"#;
    let configuration = "secrets:\n  tokens: [{id: acme token, pattern: 'acme_[a-z]{8}'}]\n";
    let folder = Folder::new(&[("a.yaml", manifest), ("plan.json", plan), ("probity.yaml", configuration)]);
    let report = folder.report(&["--rule", "secrets/*"]);
    let found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["rule"].as_str().unwrap(), finding["place"]["line"].as_u64().unwrap()))
        .collect();
    let plaintext = "secrets/plaintext-credential";
    assert_eq!(found, [(plaintext, 5), (plaintext, 8), ("secrets/terraform-literal", 2)], "{report:#}");
    assert!(report.to_string().contains("acme token"), "{report:#}");
    for format in ["text", "json", "sarif", "markdown", "html"] {
        let shown = folder.run(&["scan", "--audit", "off", "-f", format]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        for part in ["qwrtzpsd", "mnbvcxyl", "lkjhgfds", "plmnbvcx"] {
            assert!(!shown.contains(part), "{format} shows {part}");
        }
    }
    let none = Folder::new(&[("a.yaml", manifest)]);
    assert_eq!(none.report(&["--rule", "secrets/*"])["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn own_words_for_classes_of_data_are_read_and_unknown_ones_stay_findings() {
    let service = |key: &str, value: &str| {
        format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a, labels: {{{key}: {value}}}}}\n")
    };
    let own = "classification:\n  keys: ['*data-tier']\n  levels: {c-3: restricted}\n";
    for (key, value, configuration, findings) in [
        ("data-classification", "C3", "", 1),
        ("data-classification", "C3", own, 0),
        ("data-classification", "c4", own, 1),
        ("acme.io/data-tier", "c4", "", 0),
        ("acme.io/data-tier", "c4", own, 1),
        ("acme.io/data-tier", "c3", own, 0),
    ] {
        let folder = Folder::new(&[("a.yaml", &service(key, value)), ("probity.yaml", configuration)]);
        let report = folder.report(&["--rule", "lineage/unknown-classification"]);
        let found = report["findings"].as_array().unwrap();
        assert_eq!(found.len(), findings, "{key}: {value} with {configuration:?}: {report:#}");
    }
    let wrong =
        Folder::new(&[("a.yaml", GOOD), ("probity.yaml", "classification: {levels: {c3: secret}}\n")]);
    assert_eq!(wrong.code(&SCAN), Some(2));
    let shown = stderr(&wrong, &SCAN);
    assert!(shown.contains("probity.yaml:1:31: unknown value `secret`"), "{shown}");
}

#[test]
fn named_sets_hold_their_files_and_later_ones_replace_earlier_ones() {
    let ingress = |host: &str, tls: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec: {{rules: [{{host: {host}}}]{tls}}}\n"
        )
    };
    let secured = ingress("shop", ", tls: [{secretName: web-tls}]");
    let folder = Folder::new(&[
        ("base/web.yaml", &ingress("shop", "")),
        ("prod/web.yaml", &secured),
        ("other/a.yaml", SECRET),
        ("probity.yaml", "sets:\n  production: [base, prod]\n  development: [base]\n  nothing: [nowhere]\n"),
    ]);
    let report = folder.report(&[]);
    let found: Vec<_> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| (finding["place"]["file"].as_str().unwrap(), finding["sets"].clone()))
        .collect();
    assert_eq!(
        found,
        [
            ("base/web.yaml", serde_json::json!(["development"])),
            ("other/a.yaml", serde_json::json!(["development", "production"]))
        ]
    );
}

#[test]
fn where_the_log_is_kept_can_be_configured() {
    let folder =
        Folder::new(&[("a.yaml", GOOD), ("probity.yaml", "audit: {log: trail, origin: example.com/shop}\n")]);
    assert_eq!(folder.code(&["scan", "."]), Some(0));
    assert!(folder.path().join("trail").is_dir() && !folder.path().join(".probity").exists());
    let off = Folder::new(&[("a.yaml", GOOD), ("probity.yaml", "audit: {log: off}\n")]);
    assert_eq!(off.code(&["scan"]), Some(0));
    assert!(!off.path().join(".probity").exists());
}

#[test]
fn a_newcomer_starts_from_a_configuration_and_a_policy_that_work() {
    let folder = Folder::new(&[("a.yaml", GOOD)]);
    assert_eq!(folder.code(&["init", "--policy", "--workflow", "--hook"]), Some(0));
    for file in [".github/workflows/probity.yml", ".pre-commit-config.yaml"] {
        assert!(folder.path().join(file).is_file(), "{file}");
    }
    assert_eq!(folder.code(&["test", "policies", "--coverage", "--conditions"]), Some(0));
    let rules = folder.run(&["rules"]);
    assert!(String::from_utf8_lossy(&rules.stdout).contains("workloads/team-label"));
    assert_eq!(folder.code(&SCAN), Some(0));
    std::fs::write(folder.path().join("probity.yaml"), "fail-on: never\n").expect("a file");
    let again = folder.run(&["init"]);
    assert!(String::from_utf8_lossy(&again.stdout).contains("exists  probity.yaml"));
    assert_eq!(
        std::fs::read_to_string(folder.path().join("probity.yaml")).expect("a file"),
        "fail-on: never\n"
    );
}

#[test]
fn completions_the_manual_and_the_version_are_printed() {
    let folder = Folder::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.run(&["completions", shell]).stdout;
        assert!(String::from_utf8_lossy(&script).contains("probity"), "{shell}");
    }
    let page = folder.run(&["manual"]).stdout;
    assert!(String::from_utf8_lossy(&page).contains(".SH SUBCOMMANDS"));
    assert_eq!(folder.code(&["manual", "--folder", "."]), Some(0));
    assert!(folder.path().join("probity-scan.1").is_file());
    let version = folder.run(&["--version"]).stdout;
    assert!(String::from_utf8_lossy(&version).starts_with(concat!("probity ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn results_of_tests_are_text_or_junit() {
    let test = "package a_test\nimport rego.v1\ntest_a if {\n\tx := 1\n\tx == 2\n}\n";
    let folder = Folder::new(&[("p/a_test.rego", test)]);
    let output = folder.run(&["test", "p"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("  at p/a_test.rego:5\n  does not hold: x == 2"), "{shown}");
    let junit = folder.run(&["test", "p", "-f", "junit"]);
    assert!(String::from_utf8_lossy(&junit.stdout).contains("<failure message=\"failed\">"));
}

#[test]
fn a_path_that_is_not_there_is_an_error_at_its_line() {
    for key in ["policies", "data"] {
        let folder = Folder::new(&[("a.yaml", GOOD), ("probity.yaml", &format!("{key}:\n  - nowhere\n"))]);
        let shown = stderr(&folder, &["scan", "--audit", "off"]);
        assert!(shown.contains("probity.yaml:2:5: `nowhere` is not there"), "{shown}");
    }
}

#[test]
fn without_a_mesh_the_rules_about_meshes_do_not_apply() {
    let workload = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {template: {spec: {containers: [{name: cart, ports: [{containerPort: 8080}]}]}}}\n";
    let found = |folder: &Folder| {
        let report = folder.report(&[]);
        let rules = |list: &str, key: &str| {
            let items = report[list].as_array().unwrap().iter();
            let rules = items.map(|item| item[key].as_str().unwrap().to_owned());
            rules.collect::<std::collections::BTreeSet<_>>()
        };
        (rules("findings", "rule"), rules("not_applicable", "rule"), rules("not_applicable", "reason"))
    };
    let (findings, outside, _) = found(&Folder::new(&[("a.yaml", workload)]));
    assert!(findings.contains("mtls/workload-not-in-mesh") && outside.is_empty(), "{findings:?}");
    let none = Folder::new(&[("a.yaml", workload), ("probity.yaml", "mesh: {flavour: none}\n")]);
    let (findings, outside, reasons) = found(&none);
    assert!(findings.contains("mtls/no-default-deny"), "{findings:?}");
    assert!(!findings.contains("mtls/workload-not-in-mesh"), "{findings:?}");
    for rule in ["mtls/workload-not-in-mesh", "mtls/plaintext-accepted", "mtls/plaintext-connection"] {
        assert!(outside.contains(rule), "{rule} is in {outside:?}");
    }
    assert_eq!(reasons.into_iter().collect::<Vec<_>>(), ["mesh.flavour is none"]);
}

#[test]
fn the_mesh_is_what_the_file_declares() {
    let workload = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {template: {spec: {containers: [{name: cart, ports: [{containerPort: 8080}]}]}}}\n---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: all, namespace: mesh-root}\nspec: {mtls: {mode: PERMISSIVE}}\n";
    for (config, expected) in [
        ("mesh: {default-mode: permissive}\n", true),
        ("mesh: {default-mode: strict}\n", false),
        ("mesh: {default-mode: strict, root-namespace: mesh-root}\n", true),
        ("mesh: {flavour: istio, default-mode: strict}\n", false),
    ] {
        let folder = Folder::new(&[("a.yaml", workload), ("probity.yaml", config)]);
        let report = folder.report(&[]);
        let found = report["findings"].as_array().unwrap().iter();
        let found = found.filter(|finding| finding["rule"] == "mtls/plaintext-accepted").count();
        assert_eq!(found > 0, expected, "{config}");
    }
}

const FORBIDDEN: &str = "# METADATA\n# title: Some kinds are forbidden\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\npackage team.all.forbidden\nimport rego.v1\ndeny contains \"no\" if input.kind in data.team_kinds.forbidden\n";

fn bundle(folder: &Folder, name: &str, files: &[(&str, &str)]) {
    let file = std::fs::File::create(folder.path().join(name)).expect("a file");
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_cksum();
        archive.append_data(&mut header, path, text.as_bytes()).expect("written");
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("written");
}

#[test]
fn a_bundle_gives_policies_and_their_data() {
    let folder = Folder::new(&[
        ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"),
        ("more/team_kinds/more.json", "{\"allowed\": [\"Pod\"]}"),
        ("clash/team_kinds/more.json", "{\"forbidden\": [\"Pod\"]}"),
    ]);
    let test = "package team.all.forbidden_test\nimport rego.v1\nimport data.team.all.forbidden as rule\ntest_pod if count(rule.deny) == 1 with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n";
    let data = ("team_kinds/data.json", "{\"forbidden\": [\"Pod\"]}");
    let rule = ("rules/all.rego", FORBIDDEN);
    bundle(&folder, "bundle.tar.gz", &[rule, ("rules/all_test.rego", test), data]);
    for arguments in [&["-p", "bundle.tar.gz"][..], &["-p", "bundle.tar.gz", "--data", "more"]] {
        let report = folder.report(arguments);
        assert_eq!(report["findings"][0]["rule"], "all/forbidden", "{report:#}");
    }
    assert_eq!(folder.code(&["test", "bundle.tar.gz"]), Some(0));
    bundle(&folder, "other.tgz", &[("rules/x.rego", "package x\nimport rego.v1\nhelper := y\n"), data]);
    for arguments in [["bundle.tar.gz", "--policy", "other.tgz"], ["bundle.tar.gz", "--data", "clash"]] {
        let output = folder.run(&[&["scan", "--audit", "off", "-p"][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        let shown = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(shown.contains("gives `data.team_kinds.forbidden`"), "{shown}");
    }
    bundle(&folder, "other.tgz", &[("rules/x.rego", "package x\nimport rego.v1\nhelper := y\n")]);
    let report = folder.report(&["-p", "bundle.tar.gz", "-p", "other.tgz"]);
    assert_eq!(report["errors"][0]["policy"], "other.tgz/rules/x.rego", "{report:#}");
}

#[test]
fn a_configuration_by_another_name_is_not_overlooked() {
    let folder = Folder::new(&[("a.yaml", GOOD), ("probity.yml", "fail-on: never\n")]);
    let shown = stderr(&folder, &["scan", "--audit", "off"]);
    assert!(shown.contains("`probity.yml` is not read: the configuration is `probity.yaml`"), "{shown}");
    for arguments in [["--no-config"], ["--config=probity.yml"]] {
        assert_eq!(folder.code(&[&["scan", "--audit", "off"][..], &arguments].concat()), Some(0));
    }
}

#[test]
fn a_folder_with_a_manifest_is_a_bundle() {
    let files = [
        ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"),
        ("bundle/.manifest", "{\"roots\": [\"team\", \"team_kinds\"]}"),
        ("bundle/.signatures.json", "{\"signatures\": []}"),
        ("bundle/rules/all.rego", FORBIDDEN),
        ("bundle/team_kinds/data.yaml", "forbidden: [Pod]\n"),
    ];
    let folder = Folder::new(&files);
    let report = folder.report(&["-p", "bundle"]);
    assert_eq!(report["findings"][0]["rule"], "all/forbidden", "{report:#}");
    let output = folder.run(&["scan", "--audit", "log", "-p", "bundle"]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(shown.contains("bundle `bundle` is signed: its signatures are not checked here"), "{shown}");
    let log = folder.run(&["audit", "show", "log", "-f", "json"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains(r#"{"name":"data","sha256":""#), "the log holds a digest of the data: {log}");
    let outside = Folder::new(&[files[0], ("bundle/.manifest", "{\"roots\": [\"x\"]}"), files[3]]);
    assert_eq!(outside.code(&["scan", "--audit", "off", "-p", "bundle"]), Some(2));
}

#[test]
#[cfg(unix)]
fn links_between_policies_are_followed_inside_of_their_folder_only() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new(&[
        ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n"),
        ("other/x.rego", "package main\nimport rego.v1\ndeny contains \"other\" if input.kind == \"Pod\"\n"),
        (
            "p/..2026/y.rego",
            "package main\nimport rego.v1\ndeny contains \"mounted\" if input.kind == \"Pod\"\n",
        ),
    ]);
    let link = |from: &str, to: &str| symlink(to, folder.path().join(from)).expect("a link can be made");
    // As a mounted ConfigMap has it.
    link("p/..data", "..2026");
    link("p/y.rego", "..data/y.rego");
    link("p/x.rego", "../other/x.rego");
    let output = folder.run(&["scan", "--audit", "off", "--no-builtin-policies", "-p", "p", "-f", "csv"]);
    let shown = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(shown.contains("mounted") && !shown.contains("other"), "{shown}");
    assert!(shown.contains("`p/x.rego` is a link to a folder or out of `p`: it is not followed"), "{shown}");
}

#[test]
fn a_test_run_fails_on_a_rule_that_a_scan_refuses() {
    let rule = |metadata: &str, package: &str| {
        format!("{metadata}package {package}\nimport rego.v1\ndeny contains \"x\" if input.kind == \"Pod\"\n")
    };
    let test = |package: &str| {
        format!(
            "package {package}_test\nimport rego.v1\nimport data.{package} as rule\ntest_pod if count(rule.deny) == 1 with input as {{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}}\n"
        )
    };
    let metadata =
        "# METADATA\n# title: T\n# custom:\n#   severity: low\n#   input: {selector: [{type: kubernetes}]}\n";
    for (metadata, package, expected, told) in [
        (metadata.to_owned(), "team.fine", Some(0), ""),
        (format!("{metadata}#  x: y\n"), "team.yaml", Some(2), "line 6: its METADATA is no YAML"),
        (metadata.replace("low", "lwo"), "team.severity", Some(2), "lwo"),
        (metadata.replace("kubernetes", "kubernets"), "team.selector", Some(2), "kubernets"),
        (metadata.replace("kubernetes", "kubernetes, kind: Pod"), "team.kind", Some(2), "unknown key `kind`"),
        (metadata.to_owned(), "alone", Some(2), "name the package in two parts, such as `company.alone`"),
        (String::new(), "team.conftest", Some(0), "a scan refuses p/rule.rego: package `team.conftest`"),
    ] {
        let folder =
            Folder::new(&[("p/rule.rego", &rule(&metadata, package)), ("p/rule_test.rego", &test(package))]);
        let output = folder.run(&["test", "p"]);
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert_eq!(output.status.code(), expected, "{package}: {shown}");
        assert!(shown.contains(told) && shown.contains("1 passed, 0 failed"), "{package}: {shown}");
    }
}
