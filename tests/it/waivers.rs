//! Findings that somebody accepts until a day.

use std::process::{Command, Output};

use crate::command::{BAD, Folder, SECRET};

/// Scans on 2026-06-15, UTC.
fn scan(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command.current_dir(folder.path()).arg("scan").args(arguments);
    command.env("SOURCE_DATE_EPOCH", "1781524800").output().expect("the binary runs")
}

fn report(folder: &Folder) -> (Option<i32>, serde_json::Value) {
    let output = scan(folder, &["--audit", "off", "-f", "json"]);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

fn configured(waiver: &str) -> String {
    format!(
        "waivers:\n  - {{id: W-1, rule: mtls/plaintext-gateway, owner: team-shop, reason: moves, {waiver}}}\n"
    )
}

#[test]
fn a_waiver_covers_what_it_names_until_the_end_of_its_day() {
    for (name, waiver, status) in [
        ("a resource", "resource: Ingress/default/web, until: 2026-12-31", "waived"),
        ("its last day", "resource: Ingress/default/web, until: 2026-06-15", "waived"),
        ("the day after", "resource: Ingress/default/web, until: 2026-06-14", "open"),
        ("a glob", "resource: Ingress/default/*, until: 2026-12-31", "waived"),
        ("another resource", "resource: Ingress/other/web, until: 2026-12-31", "open"),
        ("a folder", "path: k8s, until: 2026-12-31", "waived"),
        ("a file", "path: k8s/a.yaml, until: 2026-12-31", "waived"),
        ("another file", "path: k8s/b.yaml, until: 2026-12-31", "open"),
        ("both", "path: k8s, resource: Ingress/default/web, until: 2026-12-31", "waived"),
        ("one of both", "path: k8s, resource: Ingress/other/web, until: 2026-12-31", "open"),
    ] {
        let folder = Folder::new(&[("k8s/a.yaml", BAD), ("probity.yaml", &configured(waiver))]);
        let (code, report) = report(&folder);
        assert_eq!(report["findings"][0]["status"], status, "{name}");
        assert_eq!(code, Some(i32::from(status == "open")), "{name}");
        assert_eq!(report["findings"][0]["waiver"].is_null(), status == "open", "{name}");
        assert_eq!(report["summary"]["waived"], u8::from(status == "waived"), "{name}");
    }
}

#[test]
fn the_report_and_the_log_say_who_waived_what() {
    let waiver = configured("resource: Ingress/default/web, until: 2026-12-31, ticket: SHOP-7");
    let folder = Folder::new(&[("a.yaml", BAD), ("probity.yaml", &waiver)]);
    let (_, report) = report(&folder);
    let expected = serde_json::json!({
        "id": "W-1", "owner": "team-shop", "reason": "moves", "until": "2026-12-31", "source": "probity.yaml:2",
        "rule": "mtls/plaintext-gateway", "ticket": "SHOP-7",
    });
    assert_eq!(report["findings"][0]["waiver"], expected);
    scan(&folder, &[]);
    let log = folder.run(&["audit", "show", "-f", "json"]);
    let log = String::from_utf8_lossy(&log.stdout);
    assert!(log.contains("\"waiver.use\"") && log.contains("\"waiver\":\"W-1\""), "{log}");
}

#[test]
fn an_expired_waiver_fails_its_own_finding_only_and_says_so() {
    let other = BAD.replace("name: web", "name: shop");
    let waivers = "waivers:\n  - {id: OLD, rule: mtls/plaintext-gateway, resource: Ingress/default/web, owner: o, reason: r, until: 2026-01-31}\n  - {id: NEW, rule: mtls/plaintext-gateway, resource: Ingress/default/shop, owner: o, reason: r, until: 2026-12-31}\n";
    let folder = Folder::new(&[("a.yaml", BAD), ("b.yaml", &other), ("probity.yaml", waivers)]);
    let (code, report) = report(&folder);
    assert_eq!(code, Some(1));
    let statuses: Vec<_> =
        report["findings"].as_array().unwrap().iter().map(|found| &found["status"]).collect();
    assert_eq!(statuses, ["open", "waived"]);
    let related = report["findings"][0]["related"].as_array().unwrap();
    let said = "waiver `OLD` of o ran out on 2026-01-31 (probity.yaml:2)";
    assert!(related.iter().any(|related| related["label"] == said), "{related:?}");
    assert_eq!(report["waivers"]["expired"][0]["id"], "OLD");
    let text = scan(&folder, &["--audit", "off"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains(said));
    scan(&folder, &[]);
    let log = folder.run(&["audit", "show", "-f", "json"]);
    assert!(String::from_utf8_lossy(&log.stdout).contains("\"waiver.expire\""));
}

#[test]
fn a_waiver_that_is_about_nothing_is_reported() {
    let waivers = "waivers:\n  - {id: GONE, rule: mtls/plaintext-gateway, path: b.yaml, owner: o, reason: r, until: 2026-12-31}\n  - {id: ELSE, rule: storage/public-bucket, path: b.yaml, owner: o, reason: r, until: 2026-12-31}\n";
    let folder = Folder::new(&[("a.yaml", BAD), ("probity.yaml", waivers)]);
    let unused = |arguments: &[&str]| {
        let report = folder.report(arguments);
        let unused = report["waivers"]["unused"].as_array().unwrap().clone();
        unused.iter().map(|waiver| waiver["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(unused(&[]), ["ELSE", "GONE"]);
    assert_eq!(unused(&["--skip-rule", "storage/*"]), ["GONE"], "a rule that was not judged by says nothing");
    let text = scan(&folder, &["--audit", "off"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("unused waivers: 2"));
}

#[test]
fn a_comment_beside_the_place_is_a_waiver() {
    const NOTE: &str =
        "# probity: ignore[mtls/plaintext-gateway] behind a proxy until=2026-12-31 owner=team-shop";
    for (name, text, status) in [
        ("above", BAD.replace("spec:", &format!("{NOTE}\nspec:")), "waived"),
        ("on the line", BAD.replace("spec:", &format!("spec: {NOTE}")), "waived"),
        ("above, with others", BAD.replace("spec:", &format!("{NOTE}\n# another comment\nspec:")), "waived"),
        ("above another line", BAD.replace("metadata:", &format!("{NOTE}\nmetadata:")), "open"),
        ("after a blank line", BAD.replace("spec:", &format!("{NOTE}\n\nspec:")), "open"),
        ("behind the line before", BAD.replace("  name: web", &format!("  name: web {NOTE}")), "open"),
        (
            "for another rule",
            BAD.replace("spec:", &format!("{}\nspec:", NOTE.replace("mtls/", "secrets/"))),
            "open",
        ),
        ("without owner", BAD.replace("spec:", &format!("{}\nspec:", NOTE.replace("owner=", "by="))), "open"),
        (
            "expired",
            BAD.replace("spec:", &format!("{}\nspec:", NOTE.replace("2026-12-31", "2026-01-31"))),
            "open",
        ),
    ] {
        let folder = Folder::new(&[("a.yaml", &text)]);
        let (_, report) = report(&folder);
        assert_eq!(report["findings"][0]["status"], status, "{name}");
        let notices = report["sources"][0]["notices"].as_array().map_or(0, Vec::len);
        assert_eq!(notices, usize::from(name == "without owner"), "{name}");
    }
    let two = BAD.replace("spec:", &format!("{NOTE}\nspec:"));
    let (_, report) = report(&Folder::new(&[("k8s/a.yaml", &two)]));
    assert_eq!(report["findings"][0]["waiver"]["source"], "k8s/a.yaml:5");
}

#[test]
fn a_comment_of_a_document_speaks_for_that_document_though_another_does_not_parse() {
    let note = "# probity: ignore[secrets/committed-secret] test data until=2026-12-31 owner=o";
    let stream = format!("a: [\n---\n{}", SECRET.replace("  password:", &format!("  {note}\n  password:")));
    let (_, report) = report(&Folder::new(&[("a.yaml", &stream)]));
    assert_eq!(report["findings"][0]["status"], "waived", "{report:#}");
}

#[test]
fn waived_findings_are_in_sarif_as_suppressed_only_when_asked_for() {
    let folder =
        Folder::new(&[("a.yaml", BAD), ("probity.yaml", &configured("path: a.yaml, until: 2026-12-31"))]);
    let results = |arguments: &[&str]| {
        let output = scan(&folder, &[&["--audit", "off", "-f", "sarif"], arguments].concat());
        let log: serde_json::Value = serde_json::from_slice(&output.stdout).expect("SARIF");
        log["runs"][0]["results"].as_array().unwrap().clone()
    };
    assert_eq!(results(&[]).len(), 0, "code scanning takes suppressed results for alerts");
    let shown = results(&["-v"]);
    assert_eq!(shown[0]["suppressions"][0]["kind"], "external");
    assert_eq!(shown[0]["suppressions"][0]["status"], "accepted");
    assert_eq!(shown[0]["suppressions"][0]["justification"], "W-1 of team-shop until 2026-12-31: moves");
}

#[test]
fn a_waiver_for_a_rule_that_there_is_not_is_told() {
    let note = "# probity: ignore[mtls/plaintext-gatway] moves until=2026-12-31 owner=o";
    let folder = Folder::new(&[
        ("a.yaml", &BAD.replace("spec:", &format!("{note}\nspec:"))),
        (
            "probity.yaml",
            "waivers:\n  - {id: W-1, rule: mtls/plaintext-gatewy, owner: o, reason: r, resource: x, until: 2026-12-31}\n",
        ),
    ]);
    let (_, report) = report(&folder);
    assert_eq!(report["waivers"]["unused"].as_array().unwrap().len(), 2, "{report:#}");
    let shown = scan(&folder, &["--audit", "off"]).stderr;
    let shown = String::from_utf8_lossy(&shown).into_owned();
    let notice = "there is no rule `mtls/plaintext-gatewy`; did you mean `mtls/plaintext-gateway`?";
    assert!(shown.contains(notice), "{shown}");

    let own = "package main\nimport rego.v1\ndeny contains \"x\" if input.kind == \"Pod\"\n";
    let folder = Folder::new(&[
        ("a.yaml", BAD),
        ("p/own.rego", own),
        (
            "probity.yaml",
            "waivers:\n  - {id: W-1, rule: mtls/plaintext-gatewy, owner: o, reason: r, resource: x, until: 2026-12-31}\n  - {id: W-2, rule: mtls/plaintext-gateway, owner: o, reason: r, resource: x, until: 2026-12-31}\n",
        ),
    ]);
    let arguments = ["--audit", "off", "--no-builtin-policies", "-p", "p", "-f", "json"];
    let shown = scan(&folder, &arguments).stdout;
    let report: serde_json::Value = serde_json::from_slice(&shown).expect("JSON");
    let unused = report["waivers"]["unused"].as_array().unwrap();
    assert_eq!(unused.len(), 1, "a rule that was left out may well be waived: {report:#}");
    assert_eq!(unused[0]["id"], "W-1");
}

/// Statuses of the findings of one rule, with their lines, and how many waivers are not used.
fn statuses(folder: &Folder, rule: &str) -> (Vec<String>, usize) {
    let (_, report) = report(folder);
    let found = report["findings"].as_array().expect("findings").iter().filter(|found| found["rule"] == rule);
    let told = found
        .map(|found| format!("{} {}", found["place"]["line"], found["status"].as_str().expect("a status")));
    (told.collect(), report["waivers"]["unused"].as_array().expect("waivers").len())
}

#[test]
fn a_comment_above_an_element_of_a_list_is_about_its_scalars_and_about_nothing_deeper() {
    let comment = "# probity: ignore[secrets/plaintext-credential] r until=2026-12-31 owner=o\n";
    let pod = |container: &str, entry: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec:\n  containers:\n{container}    - name: a\n      image: a:1\n      env:\n{entry}        - name: API_TOKEN\n{value}"
        )
    };
    let plain = "          value: corr3ct-h0rse-9\n";
    let folded = "          value: >-\n            corr3ct-h0rse-9\n";
    let above = format!("          {comment}{folded}");
    let flow = pod("", "", "").replace(
        "        - name: API_TOKEN\n",
        &format!("        {comment}        - {{name: API_TOKEN,\n           value: corr3ct-h0rse-9}}\n"),
    );
    for (name, text, expected) in [
        ("above the entry", pod("", &format!("        {comment}"), plain), ("11 waived", 0)),
        ("above the entry, folded", pod("", &format!("        {comment}"), folded), ("12 waived", 0)),
        ("above the key, folded", pod("", "", &above), ("12 waived", 0)),
        ("above a flow mapping", flow, ("11 waived", 0)),
        ("above the container", pod(&format!("    {comment}"), "", plain), ("11 open", 1)),
    ] {
        let folder = Folder::new(&[("a.yaml", &text)]);
        let expected = (vec![expected.0.to_owned()], expected.1);
        assert_eq!(statuses(&folder, "secrets/plaintext-credential"), expected, "{name}\n{text}");
    }
}

#[test]
fn a_waiver_that_is_not_used_is_listed_in_quiet_runs_too() {
    let text = "# probity: ignore[mtls/plaintext-gateway] r until=2026-12-31 owner=o\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    let folder = Folder::new(&[("a.yaml", text)]);
    let output = scan(&folder, &["--audit", "off", "-q"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("unused waiver: a.yaml:1: "), "{shown}");
}

#[test]
fn a_comment_in_a_file_of_terraform_is_about_the_line_that_the_plan_leads_to() {
    let values = serde_json::json!({
        "name": "all", "s3_bucket_name": "example-trail", "enable_logging": true, "is_multi_region_trail": false,
        "include_global_service_events": true, "enable_log_file_validation": true,
    });
    let resource = |key: &str, values: serde_json::Value| {
        serde_json::json!({
            "address": "aws_cloudtrail.a", "mode": "managed", "type": "aws_cloudtrail", "name": "a",
            "provider_name": "registry.terraform.io/hashicorp/aws", key: values,
        })
    };
    let change =
        serde_json::json!({"actions": ["create"], "before": null, "after": values, "after_unknown": {}});
    let plan = serde_json::json!({
        "format_version": "1.2", "terraform_version": "1.9.8", "complete": true, "errored": false,
        "resource_changes": [resource("change", change)],
        "configuration": {"root_module": {"resources": [
            resource("expressions", serde_json::json!({"is_multi_region_trail": {"constant_value": false}})),
        ]}},
    })
    .to_string();
    let comment = "probity: ignore[audit/trail-incomplete] one region until=2026-12-31 owner=o";
    let flag = "is_multi_region_trail = false";
    for (name, lines, expected) in [
        ("none", format!("  {flag}\n"), ("3 open", 0)),
        ("above", format!("  # {comment}\n  {flag}\n"), ("4 waived", 0)),
        (
            "above, with slashes and a remark between",
            format!("  // {comment}\n  # why\n  {flag}\n"),
            ("5 waived", 0),
        ),
        ("behind", format!("  {flag} # {comment}\n"), ("3 waived", 0)),
        ("elsewhere", format!("  {flag}\n\n  # {comment}\n  enable_logging = true\n"), ("3 open", 1)),
    ] {
        let text = format!("resource \"aws_cloudtrail\" \"a\" {{\n  name = \"all\"\n{lines}}}\n");
        let folder = Folder::new(&[("main.tf", &text), ("tfplan.json", &plan)]);
        let expected = (vec![expected.0.to_owned()], expected.1);
        assert_eq!(statuses(&folder, "audit/trail-incomplete"), expected, "{name}");
    }
}
