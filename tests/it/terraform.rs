//! Kubernetes objects inside of plans, judged like manifests.

use std::path::Path;

use probity::{
    config::Day,
    policy::{Policies, PolicyFile, built_in},
    report::Report,
    scan::{Settings, judge, read_estate},
    source::base::Base,
};
use serde_json::{Value, json};

fn plan(resources: &[(&str, Value, Value)]) -> String {
    let changes = resources.iter().map(|(address, after, unknown)| {
        let (kind, name) = address.split_once('.').expect("type.name");
        json!({
            "address": address, "mode": "managed", "type": kind, "name": name,
            "change": {"actions": ["create"], "after": after, "after_unknown": unknown, "after_sensitive": {"yaml_body": true}},
        })
    });
    let plan = json!({"format_version": "1.2", "resource_changes": changes.collect::<Vec<_>>()});
    serde_json::to_string_pretty(&plan).expect("a plan is JSON")
}

fn scan(files: &[(&str, &str)], policies: Policies) -> (Report, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    scan_folder(folder.path(), policies)
}

fn scan_folder(folder: &Path, policies: Policies) -> (Report, String) {
    scan_base(Base::new(&[], Some(folder), folder).expect("the folder exists"), policies)
}

fn scan_base(base: Base, policies: Policies) -> (Report, String) {
    let settings =
        Settings { fail_on: None, ..Settings::new(base, Day::parse("2026-01-01").expect("a day")) };
    let mut estate = read_estate(&settings, &|_, _| {}).expect("inputs can be read");
    let report = judge(&settings, &mut estate, policies, &|_, _| {});
    assert_eq!(report.errors, []);
    let mut json = Vec::new();
    let format = probity::output::format("json").expect("a format");
    let options = probity::output::Options::default();
    format.render(&report, &estate.sources, &options, &mut json).expect("written to memory");
    (report, String::from_utf8(json).expect("JSON is UTF-8"))
}

fn rule(id: &'static str) -> Policies {
    Policies::new(&built_in(), |rule| rule == id)
}

fn own(rego: &str) -> Policies {
    let text = format!(
        "# METADATA\n# title: t\n# custom:\n#   severity: low\n#   input:\n#     selector: [{{type: kubernetes}}]\npackage own.test.rule\nimport rego.v1\n{rego}"
    );
    Policies::new(&[PolicyFile::new("rule.rego", text)], |_| true)
}

fn ingress(spec: &Value) -> Value {
    json!({"metadata": [{"name": "shop", "namespace": "web"}], "spec": [spec]})
}

#[test]
fn objects_in_plans_are_judged_like_manifests_and_say_where_they_come_from() {
    let manifest = json!({"manifest": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "b"}, "spec": {}}});
    let yaml = json!({"yaml_body": "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: c}\nspec: {}\n"});
    let text = plan(&[
        ("kubernetes_ingress_v1.a", ingress(&json!({"rule": []})), json!({})),
        ("kubernetes_manifest.b", manifest, json!({})),
        ("kubectl_manifest.c", yaml, json!({})),
    ]);
    let (report, json) = scan(&[("tfplan.json", &text)], rule("mtls/plaintext-gateway"));
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|judged| (judged.finding.resource.as_str(), judged.finding.via.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            ("Ingress/web/shop", "kubernetes_ingress_v1.a"),
            ("Ingress/default/b", "kubernetes_manifest.b"),
            ("Ingress/default/c", "kubectl_manifest.c"),
        ]
    );
    let json: Value = serde_json::from_str(&json).expect("a report");
    assert_eq!(json["findings"][0]["via"], "kubernetes_ingress_v1.a");
    let excerpts = json["findings"].as_array().expect("findings").iter();
    let lines: Vec<&str> =
        excerpts.map(|finding| finding["place"]["excerpt"].as_str().expect("text")).collect();
    assert!(lines[0].starts_with(r#""spec": ["#) && lines[1].starts_with(r#""spec": {"#), "{lines:?}");
    assert!(lines[2].starts_with(r#""yaml_body": "*"#), "a sensitive value is masked: {lines:?}");
}

#[test]
fn a_verdict_that_hangs_on_what_is_known_after_apply_is_not_assessed() {
    for (name, spec, unknown, findings, missing) in [
        ("nothing is unknown", json!({"tls": []}), json!({}), 1, None),
        ("the deciding field", json!({}), json!({"tls": true}), 0, Some("spec.tls")),
        ("another field", json!({}), json!({"ingress_class_name": true}), 1, None),
        (
            "a part of what passes",
            json!({"tls": [{"hosts": ["a"]}]}),
            json!({"tls": [{"secret_name": true}]}),
            0,
            None,
        ),
    ] {
        let text = plan(&[("kubernetes_ingress_v1.a", ingress(&spec), json!({"spec": [unknown]}))]);
        let (report, _) = scan(&[("tfplan.json", &text)], rule("mtls/plaintext-gateway"));
        assert_eq!(report.findings.len(), findings, "{name}");
        let found = report.not_assessed.first().and_then(|result| result.missing.as_deref());
        assert_eq!(found, missing, "{name}");
    }
}

#[test]
fn only_what_a_rule_reads_and_what_changes_its_result_counts_as_unknown() {
    let metadata = json!([{"name": "shop", "labels": {"tier": "web"}}]);
    let service = json!({"metadata": metadata, "spec": [{"port": [{"port": 80}]}]});
    let unknown =
        json!({"metadata": [{"labels": {"team": true}}], "spec": [{"type": true, "session_affinity": true}]});
    for (name, rego, findings, not_assessed) in [
        ("a label that is asked for", r#"deny contains "m" if not input.metadata.labels.team"#, 0, 1),
        ("a label that is there", r#"deny contains "m" if input.metadata.labels.tier == "web""#, 1, 0),
        ("a value that is compared", r#"deny contains "m" if input.spec.type == "LoadBalancer""#, 0, 1),
        ("a field of no interest", r#"deny contains "m" if input.spec.ports[_].port == 81"#, 0, 0),
        (
            "a deciding value besides an unknown one",
            r#"deny contains "m" if input.spec.ports[_].port == 80
deny contains "m" if input.spec.type == "NodePort""#,
            1,
            0,
        ),
        (
            "a result that points at the unknown value",
            r#"deny contains {"msg": "m", "path": ["spec", "type"]} if input.kind == "Service""#,
            0,
            1,
        ),
        ("any value at all", r#"deny contains "m" if { walk(input, [_, value]); value == "x" }"#, 0, 1),
    ] {
        let text = plan(&[("kubernetes_service.a", service.clone(), unknown.clone())]);
        let (report, _) = scan(&[("tfplan.json", &text)], own(rego));
        assert_eq!((report.findings.len(), report.not_assessed.len()), (findings, not_assessed), "{name}");
    }
}

#[test]
fn what_a_plan_hides_is_not_repeated_by_a_rule() {
    let body = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {one: first-value, two: second-value}\n";
    let shown = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {one: (sensitive value), two: second-value}\n";
    let text =
        plan(&[("kubectl_manifest.a", json!({"yaml_body": body, "yaml_body_parsed": shown}), json!({}))]);
    let rego = r#"deny contains sprintf("%s and %s", [input.data.one, input.data.two])"#;
    let (report, json) = scan(&[("tfplan.json", &text)], own(rego));
    assert_eq!(report.findings[0].finding.message, "******** and second-value");
    assert!(!json.contains("first-value"));
}

#[test]
fn findings_point_at_the_configuration_that_a_real_plan_was_made_from() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs/terraform/kubectl");
    let (_, json) = scan_folder(&folder, rule("mtls/plaintext-gateway"));
    let report: Value = serde_json::from_str(&json).expect("a report");
    let at = |place: &Value| format!("{}:{}", place["file"].as_str().unwrap_or_default(), place["line"]);
    let findings = report["findings"].as_array().expect("findings").iter();
    let found: Vec<String> = findings
        .map(|finding| {
            let related = &finding["related"][0];
            format!("{} {} {}", at(&finding["place"]), at(&related["place"]), related["resource"])
        })
        .collect();
    assert_eq!(
        found,
        [
            "addons/main.tf:13 tfplan.json:1 \"module.addons.kubectl_manifest.ingress[0]\"",
            "addons/main.tf:13 tfplan.json:1 \"module.addons.kubectl_manifest.ingress[1]\"",
            "main.tf:21 tfplan.json:1 \"kubectl_manifest.ingress\"",
        ]
    );
    let notice = &report["sources"][0]["notices"][0];
    assert!(
        notice["message"].as_str().is_some_and(|text| text.contains("kubectl_manifest.settings")),
        "{notice}"
    );
    assert!(!json.contains("hunter22"));
}

#[test]
fn configuration_is_read_beside_a_plan_that_is_scanned_alone() {
    let text = plan(&[("kubernetes_ingress_v1.a", ingress(&json!({"rule": []})), json!({}))]);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("tfplan.json", &text);
    write("main.tf", "resource \"kubernetes_ingress_v1\" \"a\" {\n  spec {}\n}\n");
    let paths = [folder.path().join("tfplan.json")];
    let (report, _) = scan_base(
        Base::new(&paths, None, folder.path()).expect("the file exists"),
        rule("mtls/plaintext-gateway"),
    );
    let finding = &report.findings[0].finding;
    assert_eq!(finding.related[0].label, "as planned");
    assert_ne!(finding.related[0].place, finding.place);
    let (report, _) = scan(&[("tfplan.json", &text)], rule("mtls/plaintext-gateway"));
    assert_eq!(report.findings[0].finding.related, [], "without configuration the plan is all there is");
}

#[test]
fn objects_in_plans_clash_with_no_manifest() {
    let object = |value: &str| {
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{hostPID: {value}}}\n")
    };
    let manifest = json!({"manifest": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"hostPID": 3}}});
    let text = plan(&[("kubernetes_manifest.a", manifest, json!({}))]);
    let (report, _) = scan(
        &[("one/a.yaml", &object("1")), ("two/a.yaml", &object("2")), ("one/tfplan.json", &text)],
        own(r#"deny contains sprintf("%v", [input.spec.hostPID])"#),
    );
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|judged| (judged.finding.message.as_str(), judged.finding.sets.join(" ")))
        .collect();
    assert_eq!(found, [("1", "one".to_owned()), ("3", "one two".to_owned()), ("2", "two".to_owned())]);
}

#[test]
fn credentials_are_shown_where_they_are_given_through_variables_locals_and_calls() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs/terraform/given");
    let (_, json) = scan_folder(&folder, rule("secrets/terraform-literal"));
    let report: Value = serde_json::from_str(&json).expect("a report");
    let findings = report["findings"].as_array().expect("findings").iter();
    let mut found: Vec<String> = findings
        .map(|finding| {
            let at =
                |place: &Value| format!("{}:{}", place["file"].as_str().unwrap_or_default(), place["line"]);
            let resource = finding["resource"].as_str().unwrap_or_default();
            let used = &finding["related"][0];
            assert_eq!(used["label"], "it is used here");
            format!("{resource} {} < {}", at(&finding["place"]), at(&used["place"]))
        })
        .collect();
    found.retain(|found| !found.ends_with("mail/main.tf:11"));
    assert_eq!(
        found,
        [
            "module.default.terraform_data.mail main.tf:2 < modules/mail/main.tf:9",
            "terraform_data.settings main.tf:2 < main.tf:36",
            "module.local.terraform_data.mail main.tf:11 < modules/mail/main.tf:9",
            "module.literal.terraform_data.mail main.tf:17 < modules/mail/main.tf:9",
        ],
        "the one that is given from outside is no literal"
    );
    for secret in ["corr3ct", "n0t-this", "b4ttery", "p4ssw0rd-of", "f4llback", "fr0m-outside"] {
        assert!(!json.contains(secret), "{secret}");
    }
}

#[test]
fn credentials_that_a_configuration_tells_a_chart_are_found_where_it_writes_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs/terraform/releases");
    let (_, json) = scan_folder(&folder, rule("secrets/terraform-literal"));
    let report: Value = serde_json::from_str(&json).expect("a report");
    let findings = report["findings"].as_array().expect("findings").iter();
    let found: Vec<String> = findings
        .map(|finding| {
            let (place, message) = (&finding["place"], finding["message"].as_str().unwrap_or_default());
            let (file, line) = (place["file"].as_str().unwrap_or_default(), &place["line"]);
            format!("{file}:{line} {message} < {}", finding["related"][0]["label"])
        })
        .collect();
    let written = "which the configuration writes out < \"as planned\"";
    let default = "which is the default of the variable `smtp_password` < \"it is used here\"";
    let orders = |key: &str, path: &str| {
        format!("main.tf:6 `helm_release.orders[\"{key}\"]` has a credential in `{path}`, {default}")
    };
    let expected = [
        format!(
            "cache.yaml:4 `helm_release.cache` has a credential in `values[0].sentinel.password`, {}",
            written.replace("as planned", "it is used here")
        ),
        orders("eu", "values[0].mail.password"),
        orders("eu", "values[1].token"),
        orders("us", "values[0].mail.password"),
        orders("us", "values[1].token"),
        format!("main.tf:18 `helm_release.cache` has a credential in `values[1].auth.password`, {written}"),
        format!("main.tf:28 `helm_release.cache` has a credential in `set[0].value`, {written}"),
    ];
    assert_eq!(found, expected, "{}", found.join("\n"));
    let notices = report["sources"][0]["notices"].as_array().expect("notices");
    assert_eq!(notices.len(), 3, "one for each chart");
    for secret in ["fr0m-a-file", "c0rrect-horse", "batt3ry-staple", "sm1le-and-wave", "gr33n-eggs-ham"] {
        assert!(!json.contains(secret), "{secret}");
    }
    assert!(!json.contains("in a hurry"), "a comment beside a credential may say more than it should");
}

#[test]
fn a_policy_whose_selector_is_not_known_yet_leaves_open_what_it_would_change() {
    let estate = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: cart, ports: [{containerPort: 8080}]}]}}}\n";
    let policy = |kind: &str, spec: Value| json!({"manifest": {"apiVersion": "security.istio.io/v1", "kind": kind, "metadata": {"name": "a", "namespace": "shop"}, "spec": spec}});
    let unknown = json!({"manifest": {"spec": {"selector": {"matchLabels": {"app": true}}}}});
    let selecting = |rest: Value| {
        let mut spec = json!({"selector": {"matchLabels": {}}});
        let fields = rest.as_object().expect("fields").clone();
        spec.as_object_mut().expect("fields").extend(fields);
        spec
    };
    let principals =
        json!({"rules": [{"from": [{"source": {"principals": ["cluster.local/ns/shop/sa/web"]}}]}]});
    let addresses = json!({"rules": [{"from": [{"source": {"ipBlocks": ["10.0.0.0/8"]}}]}]});
    for (name, kind, spec, findings, missing) in [
        (
            "stricter",
            "PeerAuthentication",
            json!({"mtls": {"mode": "STRICT"}}),
            0,
            Some("spec.selector of PeerAuthentication/shop/a"),
        ),
        ("no other", "PeerAuthentication", json!({"mtls": {"mode": "PERMISSIVE"}}), 1, None),
        (
            "callers with an identity",
            "AuthorizationPolicy",
            principals,
            0,
            Some("AuthorizationPolicy/shop/a"),
        ),
        ("callers without", "AuthorizationPolicy", addresses, 1, None),
    ] {
        let text = plan(&[("kubernetes_manifest.a", policy(kind, selecting(spec)), unknown.clone())]);
        let (report, _) =
            scan(&[("cart.yaml", estate), ("tfplan.json", &text)], rule("mtls/plaintext-accepted"));
        assert_eq!(report.findings.len(), findings, "{name}");
        let told: Vec<String> =
            report.not_assessed.iter().map(|open| open.missing.clone().unwrap_or_default()).collect();
        assert_eq!(
            told.iter().any(|told| missing.is_some_and(|missing| told.contains(missing))),
            missing.is_some(),
            "{name}: {told:?}"
        );
    }
}
