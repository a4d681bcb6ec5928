//! Conftest's policies: what judges, on what, where findings point, and what is refused.

use crate::command::Folder;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  hostNetwork: true\n";
const COMPOSE: &str = "services:\n  db:\n    image: postgres:latest\n    environment:\n      POSTGRES_PASSWORD: corr3ct-h0rse\n";
const POLICY: &str = "package main\nimport rego.v1\ndeny contains \"no name\" if not input.metadata.name\ndeny_latest contains {\"msg\": \"latest\", \"path\": [\"services\", name, \"image\"]} if { some name, service in input.services; endswith(service.image, \":latest\") }\nwarn contains \"host network\" if input.spec.hostNetwork\n";

fn scan<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["scan", "--audit", "off", "--no-builtin-policies", "-p", "p"], arguments].concat()
}

fn findings(folder: &Folder, arguments: &[&str]) -> Vec<String> {
    let report = folder.report(&[&["--no-builtin-policies", "-p", "p"], arguments].concat());
    let found = report["findings"].as_array().expect("findings").iter().map(|finding| {
        let text = |key: &str| finding[key].as_str().unwrap_or("-").to_owned();
        let line = finding["place"]["line"].as_u64().unwrap_or_default();
        let [rule, severity, resource, message] = ["rule", "severity", "resource", "message"].map(text);
        format!("{rule} {severity} {resource}:{line} {message}")
    });
    found.collect()
}

#[test]
fn every_document_is_judged_at_its_place_whatever_it_is_about() {
    let folder = Folder::new(&[("pod.yaml", POD), ("compose.yaml", COMPOSE), ("p/main.rego", POLICY)]);
    assert_eq!(
        findings(&folder, &[]),
        [
            "conftest/main.deny medium compose.yaml:1 no name",
            "conftest/main.deny_latest medium compose.yaml:3 latest",
            "conftest/main.warn info Pod/default/web:4 host network",
        ]
    );
    let report = folder.report(&["--no-builtin-policies", "-p", "p"]);
    let statuses =
        report["sources"].as_array().unwrap().iter().map(|source| source["status"].as_str().unwrap());
    assert_eq!(statuses.collect::<Vec<_>>(), ["read", "read"], "nothing that is judged is ignored");
}

#[test]
fn warnings_fail_no_run_and_errors_of_policies_do() {
    let head = "package main\nimport rego.v1\n";
    for (name, policy, code) in [
        ("a failure", "deny contains \"x\"".to_owned(), 1),
        ("a warning", "warn contains \"x\"".to_owned(), 0),
        ("a failing built-in is undefined", "deny contains \"x\" if to_number(\"abc\")".to_owned(), 0),
        ("a result without a message", "deny contains {\"message\": \"x\"}".to_owned(), 2),
        ("an object of results", "deny[\"x\"] if input.kind".to_owned(), 2),
        ("another format", "deny contains parse_config(\"toml\", \"a = 1\").a".to_owned(), 2),
        ("a file outside", "deny contains parse_config_file(\"../../outside.yaml\").a".to_owned(), 2),
        ("a missing file is undefined", "deny contains parse_config_file(\"nowhere.yaml\").a".to_owned(), 0),
    ] {
        let folder = Folder::new(&[
            ("in/pod.yaml", POD),
            ("in/p/main.rego", &format!("{head}{policy}\n")),
            ("outside.yaml", "a: x\n"),
        ]);
        let output = folder.run_in("in", &scan(&["."]));
        assert_eq!(output.status.code(), Some(code), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_package_is_judged_by_one_convention_or_refused() {
    let judged = "package team\nimport rego.v1\ndeny contains \"x\"\n";
    let folder = Folder::new(&[("pod.yaml", POD), ("p/team.rego", judged)]);
    let output = folder.run(&scan(&["pod.yaml"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("--policy-namespace team"));
    assert_eq!(
        findings(&folder, &["--policy-namespace", "team", "pod.yaml"]),
        ["conftest/team.deny medium Pod/default/web:4 x"]
    );
    let selected = "# METADATA\n# title: t\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\npackage team.rules.strict\nimport rego.v1\ndeny contains \"x\" if to_number(input.kind)\n";
    let folder = Folder::new(&[("pod.yaml", POD), ("p/strict.rego", selected)]);
    assert_eq!(folder.code(&scan(&["pod.yaml"])), Some(2), "a failing built-in is an error with a selector");
}

#[test]
fn exceptions_are_counted_apart() {
    let policy = "package main\nimport rego.v1\ndeny_network contains \"n\" if input.spec.hostNetwork\nexception contains [\"network\"] if input.metadata.name == \"web\"\n";
    let folder = Folder::new(&[("pod.yaml", POD), ("p/main.rego", policy)]);
    let report = folder.report(&["--no-builtin-policies", "-p", "p"]);
    assert_eq!(report["outcome"], "pass");
    assert_eq!(report["not_applicable"][0]["rule"], "conftest/main.deny_network");
    assert!(report["not_applicable"][0]["reason"].as_str().unwrap().contains("Pod/default/web"));
}

#[test]
fn combined_results_point_into_their_document() {
    let policy = "package main\nimport rego.v1\ndeny contains {\"msg\": entry.path, \"path\": [i, \"contents\", \"spec\"]} if { some i, entry in input; entry.contents.spec.hostNetwork }\nwarn contains sprintf(\"%d documents\", [count(input)])\n";
    let folder =
        Folder::new(&[("a.yaml", "a: 1\n---\nb: 2\n"), ("b/pod.yaml", POD), ("p/main.rego", policy)]);
    assert_eq!(
        findings(&folder, &["--combine"]),
        [
            "conftest/main.deny medium Pod/default/web:5 b/pod.yaml",
            "conftest/main.warn info Combined:0 3 documents"
        ]
    );
}

#[test]
fn a_location_of_the_policy_is_the_place() {
    let policy = "package main\nimport rego.v1\ndeny contains {\"msg\": \"here\", \"_loc\": {\"file\": \"pod.yaml\", \"line\": 6}}\n";
    let folder = Folder::new(&[("pod.yaml", POD), ("p/main.rego", policy)]);
    assert_eq!(findings(&folder, &[]), ["conftest/main.deny medium Pod/default/web:6 here"]);
}

#[test]
fn data_and_a_configuration_of_conftest_are_read() {
    let policy = "package team\nimport rego.v1\ndeny contains sprintf(\"%s %v\", [data.names.list[_], data.conftest.file.name])\n";
    let folder = Folder::new(&[
        ("pod.yaml", POD),
        ("p/main.rego", policy),
        ("values/names/x.yaml", "list: [yes]\n"),
        ("conftest.toml", "policy = \"p\"\nnamespace = [\"team\"]\ndata = \"values\"\nignore = \"x\"\n"),
    ]);
    let report = folder.report(&["--no-builtin-policies", "pod.yaml"]);
    assert_eq!(report["findings"][0]["message"], "yes pod.yaml");
    let output = folder.run(&["scan", "--audit", "off", "--no-builtin-policies", "pod.yaml"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("`ignore` of `conftest.toml` has no effect"));
    let output = folder.run(&["scan", "--audit", "off", "--no-config", "pod.yaml"]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("conftest/"));
}

#[test]
fn files_of_the_tree_name_nothing_outside_of_it() {
    for (file, text) in [
        ("in/conftest.toml", "policy = \"../p\"\n"),
        ("in/conftest.toml", "policy = \"q\"\ndata = [\"x:../values\"]\n"),
        ("in/probity.yaml", "data: [../values]\n"),
    ] {
        let files = [
            ("in/pod.yaml", POD),
            ("in/q/main.rego", POLICY),
            ("p/main.rego", POLICY),
            ("values/a.yaml", "a: 1\n"),
            (file, text),
        ];
        let output = Folder::new(&files).run_in("in", &["scan", "--audit", "off", "."]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("outside of the scanned tree"), "{text}");
    }
}

#[test]
fn old_rego_and_trivy_checks_run() {
    let old = "package main\ndeny[msg] { any([input.spec.hostNetwork]); msg := \"old\" }\n";
    let folder = Folder::new(&[("pod.yaml", POD), ("p/main.rego", old)]);
    assert_eq!(
        findings(&folder, &["--rego-version", "v0"]),
        ["conftest/main.deny medium Pod/default/web:4 old"]
    );
    let output = folder.run(&scan(&[]));
    assert_eq!(output.status.code(), Some(2), "it is no Rego v1");
    assert!(String::from_utf8_lossy(&output.stdout).contains("use `--rego-version v0`"));
    let test = "package main\ntest_old { deny[\"old\"] with input as {\"spec\": {\"hostNetwork\": true}} }\n";
    let tested = Folder::new(&[("p/main.rego", old), ("p/main_test.rego", test)]);
    assert_eq!(tested.code(&["test", "p", "--rego-version", "v0"]), Some(0));
    assert_eq!(tested.code(&["test", "p"]), Some(2));
    let check = "# METADATA\n# title: \"No host network\"\n# schemas:\n# - input: schema[\"kubernetes\"]\n# custom:\n#   id: AVD-KSV-0009\n#   severity: HIGH\n#   recommended_action: \"Do not.\"\n#   input:\n#     selector:\n#     - type: kubernetes\npackage builtin.kubernetes.KSV009\nimport rego.v1\nimport data.lib.kubernetes\ndeny contains res if {\n\tinput.spec.hostNetwork\n\tres := result.new(kubernetes.format(\"host network\"), input.spec)\n}\n";
    let library = "# METADATA\n# custom:\n#   library: true\n#   input:\n#     selector:\n#     - type: kubernetes\n#     - type: rbac\npackage lib.kubernetes\nimport rego.v1\nformat(message) := message\n";
    let folder = Folder::new(&[("pod.yaml", POD), ("p/check.rego", check), ("p/lib.rego", library)]);
    assert_eq!(findings(&folder, &[]), ["kubernetes/KSV009 high Pod/default/web:4 host network"]);
}

#[test]
fn credentials_of_documents_that_are_no_manifests_stay_inside() {
    let policy = "package main\nimport rego.v1\ndeny contains {\"msg\": sprintf(\"%v\", [input]), \"path\": [\"services\", \"db\", \"environment\", \"POSTGRES_PASSWORD\"]}\n";
    let folder = Folder::new(&[("compose.yaml", COMPOSE), ("p/main.rego", policy)]);
    for format in
        ["text", "json", "sarif", "github", "junit", "markdown", "csv", "gitlab", "html", "policyreport"]
    {
        let output = folder.run(&scan(&["-f", format]));
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("postgres") && !shown.contains("corr3ct"), "{format}: {shown}");
    }
}

#[test]
fn a_table_may_stand_on_one_line() {
    let names: Vec<String> = (0..1000).map(|number| format!("\"name{number}\"")).collect();
    let policy = format!(
        "package main\nimport rego.v1\ndeny contains \"x\" if not input.kind in {{{}}}\n",
        names.join(", ")
    );
    let folder = Folder::new(&[("pod.yaml", POD), ("p/main.rego", &policy)]);
    assert_eq!(findings(&folder, &[]).len(), 1);
}

#[test]
fn one_broken_policy_silences_no_other() {
    for rule in ["helper := x", "helper if input.a == x", "helper contains x"] {
        let broken = format!("package broken\nimport rego.v1\n{rule}\n");
        let folder = Folder::new(&[("pod.yaml", POD), ("p/main.rego", POLICY), ("p/broken.rego", &broken)]);
        assert_eq!(findings(&folder, &[]).len(), 1, "{rule}");
        let output = folder.run(&scan(&[]));
        assert_eq!(output.status.code(), Some(2), "{rule}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("p/broken.rego") && text.contains("variable `x` is unsafe"), "{text}");
    }
}

#[test]
fn a_value_on_which_the_engine_fails_hides_nothing() {
    let odd = "package main\nimport rego.v1\ndeny contains \"x\" if time.parse_ns(input.layout, \"x\") > 0\n";
    let folder = Folder::new(&[
        ("a.yaml", "layout: é-canary\n"),
        ("b.yaml", COMPOSE),
        ("p/odd.rego", &odd.replace("main", "odd")),
        ("p/p.rego", POLICY),
    ]);
    let output = folder.run(&scan(&["-f", "json", "--policy-namespace", "odd"]));
    assert_eq!(output.status.code(), Some(2));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    let errors = report["errors"].to_string();
    assert!(errors.contains("the engine of Rego failed on a value"), "{errors}");
    let rules = report["findings"].as_array().expect("findings");
    assert!(rules.iter().any(|finding| finding["message"] == "latest"), "{report:#}");
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!shown.contains("panicked") && !shown.contains("canary"), "{shown}");
}

#[test]
fn policies_that_are_given_twice_judge_once() {
    let folder = Folder::new(&[("a.yaml", POD), ("p/p.rego", POLICY), ("probity.yaml", "policies: [p]\n")]);
    for twice in [&["-p", "./p/"][..], &["-p", "p/p.rego"], &[]] {
        assert_eq!(findings(&folder, twice).len(), 1, "{twice:?}");
    }
}

#[test]
fn a_choice_of_rules_that_meets_none_is_told() {
    let folder = Folder::new(&[("a.yaml", POD)]);
    let output =
        folder.run(&["scan", "--audit", "off", "--rule", "mtls/*", "--skip-rule", "mtls/dead-polcy"]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    let notice = "`--skip-rule mtls/dead-polcy`: no rule has such an id; did you mean `mtls/dead-policy`?";
    assert!(shown.contains(notice), "{shown}");
    assert!(!shown.contains("`--rule mtls/*`"), "{shown}");
}

#[test]
fn policies_for_other_inputs_are_refused_though_they_are_chosen() {
    let gatekeeper = "package team\nimport rego.v1\nviolation contains {\"msg\": msg} if {\n\tsome label in input.parameters.labels\n\tnot input.review.object.metadata.labels[label]\n\tmsg := label\n}\n";
    let both = "package team\nimport rego.v1\nobject := input.review.object\nobject := input if not input.review\nviolation contains {\"msg\": \"both\"} if object.kind == \"Pod\"\n";
    let kubescape = "package armo_builtins\nimport data\ndeny[result] {\n\tpod := input[_]\n\tpod.kind == data.kinds[_]\n\tresult := {\"alertMessage\": \"x\"}\n}\n";
    for (policy, version, expected) in [
        (gatekeeper, "v1", "it judges what Gatekeeper gives"),
        (both, "v1", "medium[conftest/team.violation]: both"),
        (kubescape, "v0", "it is one of Kubescape's rules"),
    ] {
        let folder = Folder::new(&[("pod.yaml", POD), ("p/a.rego", policy)]);
        let namespaces = ["--policy-namespace", "team", "--policy-namespace", "armo_builtins"];
        let arguments =
            ["scan", "--audit", "off", "--no-builtin-policies", "-p", "p", "--rego-version", version];
        let output = folder.run(&[&arguments[..], &namespaces].concat());
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains(expected), "{expected}: {shown}");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("redundant import"), "{stderr}");
        assert_eq!(output.status.code(), Some(if policy == both { 1 } else { 2 }));
    }
}

#[test]
fn what_can_never_judge_is_told() {
    let selected = "# METADATA\n# title: T\n# custom:\n#   severity: low\n#   input: {selector: [{type: kubernetes, kinds: [Deploymnt]}]}\npackage team.typo\nimport rego.v1\ndeny contains \"x\" if input.spec\n";
    let odd = "package platform\nimport rego.v1\ndeny contains 1 if input.spec\nwarn contains \"w\" if input.spec\nviolation contains {\"msg\": \"\"} if input.spec\nviolation_blank contains \" \" if input.spec\n";
    let folder = Folder::new(&[
        ("pod.yaml", POD),
        ("p/typo.rego", selected),
        ("p/odd.rego", odd),
        ("p/lists/data.json", "{}"),
    ]);
    let namespaces = ["--policy-namespace", "platform", "--policy-namespace", "platfrom"];
    let arguments = ["scan", "--audit", "off", "--no-builtin-policies", "-p", "p"];
    let output = folder.run(&[&arguments[..], &namespaces].concat());
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    for notice in [
        "`--policy-namespace platfrom`: no policy has this package; did you mean `platform`?",
        "p/typo.rego: the selector names kind `Deploymnt`: did you mean `Deployment`?",
        "`conftest/platform.deny` said something that is overlooked, as by Conftest, on 1 subject: a result is neither",
        "`conftest/platform.violation` said something that is overlooked, as by Conftest, on 1 subject: the message",
        "`p/lists/data.json` is not read: give it with `--data`, or add `.manifest` to make its folder a bundle",
    ] {
        assert!(shown.contains(notice), "{notice}: {shown}");
    }
    assert!(!shown.contains("platform.warn"), "{shown}");
    let reported = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(reported.contains("the policy gives no reason"), "{reported}");
}
