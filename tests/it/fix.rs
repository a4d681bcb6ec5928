//! `--fix`: what it writes, what it leaves, and what the scan after it says.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]

use std::{path::Path, process::Output};

use crate::command::Folder;

const MESH: &str = "# of the platform team\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n    name: default   # for all\n    namespace: shop\nspec:\n    mtls:\n        mode: 'PERMISSIVE'   # since 2021\n";
const SHOP: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: a, ports: [{containerPort: 8080}]}]}}}\n";
const FIX: [&str; 6] = ["scan", "--audit", "off", "--fix", "--rule", "mtls/plaintext-accepted"];

fn shop(mesh: &[u8]) -> Folder {
    let folder = Folder::new(&[("k8s/shop.yaml", SHOP)]);
    std::fs::write(folder.path().join("k8s/mesh.yaml"), mesh).expect("a file");
    folder
}

fn bytes(folder: &Folder) -> Vec<u8> {
    std::fs::read(folder.path().join("k8s/mesh.yaml")).expect("the file")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_is_fixed_is_told_and_no_longer_found_and_every_other_byte_stays() {
    let unix = MESH.as_bytes().to_vec();
    let windows = MESH.replace('\n', "\r\n").into_bytes();
    let marked = [b"\xef\xbb\xbf", MESH.as_bytes()].concat();
    for mesh in [unix, windows, marked] {
        let folder = shop(&mesh);
        let output = folder.run(&FIX);
        assert!(
            errors(&output).contains("fixed k8s/mesh.yaml:9: it says 'STRICT' now"),
            "{}",
            errors(&output)
        );
        assert_eq!(output.status.code(), Some(0));
        let expected = String::from_utf8(mesh).unwrap().replace("PERMISSIVE", "STRICT");
        assert_eq!(String::from_utf8(bytes(&folder)).unwrap(), expected);
        let again = folder.run(&FIX);
        assert!(!errors(&again).contains("fixed"), "{}", errors(&again));
        assert_eq!(String::from_utf8(bytes(&folder)).unwrap(), expected);
        let left: Vec<_> = folder.path().join("k8s").read_dir().unwrap().collect();
        assert_eq!(left.len(), 2, "no temporary file stays");
    }
}

#[test]
fn who_comes_from_outside_of_the_cluster_is_not_cut_off() {
    for (kind, is_fixed) in [("ClusterIP", true), ("LoadBalancer", false), ("NodePort", false)] {
        let folder = shop(MESH.as_bytes());
        let service = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: cart, namespace: shop}}\nspec: {{type: {kind}, selector: {{app: cart}}, ports: [{{port: 8080}}]}}\n"
        );
        std::fs::write(folder.path().join("k8s/service.yaml"), service).expect("a file");
        assert_eq!(errors(&folder.run(&FIX)).contains("fixed"), is_fixed, "{kind}");
    }
}

#[test]
fn a_report_says_what_can_be_fixed() {
    let folder = shop(MESH.as_bytes());
    let report = folder.report(&["--rule", "mtls/plaintext-accepted"]);
    let fix = &report["findings"][0]["fix"];
    assert_eq!(fix["replacement"], "'STRICT'");
    assert_eq!((&fix["place"]["file"], &fix["place"]["line"]), (&"k8s/mesh.yaml".into(), &9.into()));
    let says = |arguments: &[&str]| String::from_utf8(folder.run(arguments).stdout).unwrap();
    let scan = ["scan", "--audit", "off", "--rule", "mtls/plaintext-accepted"];
    assert!(says(&scan).contains("\nfixable: 1 finding with `--fix`\n"));
    assert_eq!(folder.code(&["baseline", "-o", "b.json"]), Some(0));
    assert!(!says(&[&scan[..], &["--baseline", "b.json"]].concat()).contains("fixable"));
}

#[test]
fn findings_that_are_accepted_are_left() {
    let folder = shop(MESH.as_bytes());
    std::fs::write(folder.path().join("probity.yaml"), "waivers:\n  - {id: a, rule: mtls/plaintext-accepted, resource: Deployment/shop/cart, owner: me, reason: migration, until: 2999-01-01}\n").unwrap();
    assert_eq!(folder.code(&FIX), Some(0));
    assert_eq!(bytes(&folder), MESH.as_bytes());
    std::fs::remove_file(folder.path().join("probity.yaml")).unwrap();
    assert_eq!(folder.code(&["baseline", "-o", "b.json"]), Some(0));
    assert_eq!(folder.code(&[&FIX[..], &["--baseline", "b.json"]].concat()), Some(0));
    assert_eq!(bytes(&folder), MESH.as_bytes());
}

#[test]
fn with_a_root_only_the_paths_are_written() {
    let case = "fixtures/rules/mtls/plaintext-connection/fail-row-16-client-disables/shop.yaml";
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(case)).unwrap();
    let (rule, others): (Vec<&str>, Vec<&str>) =
        text.split("---\n").partition(|document| document.contains("kind: DestinationRule"));
    let (rule, others) = (rule.join("---\n"), others.join("---\n"));
    let folder = Folder::new(&[("rule.yaml", &rule), ("others.yaml", &others)]);
    let written = || std::fs::read_to_string(folder.path().join("rule.yaml")).unwrap();
    let fix = ["scan", "--audit", "off", "--fix", "--rule", "mtls/plaintext-connection", "--root", "."];
    assert_eq!(folder.code(&[&fix[..], &["others.yaml"]].concat()), Some(1), "it is reported there");
    assert_eq!(written(), rule);
    assert_eq!(folder.code(&[&fix[..], &["rule.yaml"]].concat()), Some(0));
    assert_eq!(written(), rule.replacen("mode: DISABLE", "mode: ISTIO_MUTUAL", 1));
}

#[test]
fn what_cannot_be_written_is_told_and_stays_a_finding() {
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(MESH.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let folder = shop(&utf16);
    let output = folder.run(&FIX);
    assert!(errors(&output).contains("`k8s/mesh.yaml` is not fixed: it is not written in UTF-8"));
    assert_eq!((output.status.code(), bytes(&folder)), (Some(1), utf16));
}

#[cfg(unix)]
#[test]
fn links_are_left_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let outside = Folder::new(&[("mesh.yaml", MESH)]);
    let folder = Folder::new(&[("k8s/shop.yaml", SHOP)]);
    symlink(outside.path().join("mesh.yaml"), folder.path().join("k8s/mesh.yaml")).unwrap();
    folder.run(&FIX);
    assert_eq!(std::fs::read(outside.path().join("mesh.yaml")).unwrap(), MESH.as_bytes());
    let folder = shop(MESH.as_bytes());
    let path = folder.path().join("k8s/mesh.yaml");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!((folder.code(&FIX), mode(&path)), (Some(0), 0o640));
    let folder = shop(MESH.as_bytes());
    let path = folder.path().join("k8s/mesh.yaml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    let output = folder.run(&FIX);
    assert!(errors(&output).contains("read-only"), "{}", errors(&output));
    assert_eq!((output.status.code(), bytes(&folder)), (Some(1), MESH.as_bytes().to_vec()));
}

#[test]
fn what_it_cannot_go_with_is_said() {
    let folder = shop(MESH.as_bytes());
    for (arguments, reason) in [(["--since", "HEAD"], "`--since`"), (["--strict", "-"], "standard input")] {
        let output = folder.run(&[&FIX[..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(errors(&output).contains(reason), "{}", errors(&output));
    }
    assert_eq!(bytes(&folder), MESH.as_bytes());
}

/// Each folder of fixtures that a fix changes is judged the better for it, and a second run finds nothing to fix.
#[test]
fn fixtures_are_fixed_once_and_for_all() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut changed = std::collections::BTreeSet::new();
    for rule in ["mtls/plaintext-accepted", "mtls/plaintext-connection", "datastores/exposed"] {
        for case in rules.join(rule).read_dir().unwrap().flatten().map(|entry| entry.path()) {
            let files: Vec<_> = case.read_dir().unwrap().flatten().map(|entry| entry.path()).collect();
            let folder = Folder::new(&[]);
            for file in files.iter().filter(|file| file.is_file()) {
                std::fs::copy(file, folder.path().join(file.file_name().unwrap())).unwrap();
            }
            let fix = ["scan", "--audit", "off", "--fix", "--rule", rule, "-f", "json"];
            let count = |output: &Output| {
                let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
                report["findings"].as_array().unwrap().len()
            };
            let before = folder.report(&["--rule", rule])["findings"].as_array().unwrap().len();
            let first = folder.run(&fix);
            let fixes = errors(&first).matches("fixed ").count();
            if fixes > 0 {
                changed.insert(rule);
                assert!(count(&first) < before, "{}", case.display());
            } else {
                assert_eq!(count(&first), before, "{}", case.display());
            }
            let second = folder.run(&fix);
            assert!(!errors(&second).contains("fixed "), "{}: {}", case.display(), errors(&second));
        }
    }
    assert_eq!(changed.len(), 3, "{changed:?}");
}

/// A plan of resources, each as type, name and planned values.
fn plan(resources: &[(&str, &str, serde_json::Value)]) -> String {
    let of = |change: bool| {
        let each = resources.iter().map(|(kind, name, values)| {
            let mut resource = serde_json::json!({
                "address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
            });
            if change {
                resource["provider_name"] = "registry.terraform.io/hashicorp/aws".into();
                resource["change"] = serde_json::json!({
                    "actions": ["create"], "before": null, "after": values, "after_unknown": {"id": true},
                    "before_sensitive": false, "after_sensitive": {},
                });
            } else {
                resource["provider_config_key"] = "aws".into();
                resource["expressions"] = serde_json::json!({});
            }
            resource
        });
        each.collect::<Vec<_>>()
    };
    serde_json::json!({
        "format_version": "1.2", "terraform_version": "1.9.8", "resource_changes": of(true),
        "configuration": {"root_module": {"resources": of(false)}}, "complete": true, "errored": false,
    })
    .to_string()
}

#[test]
fn a_literal_of_terraform_is_fixed_where_it_is_written_and_the_plan_is_told_to_be_old() {
    let trail = |flag: &str| {
        format!(
            "# keep\nresource \"aws_cloudtrail\" \"a\" {{\n  name           = \"all\"\n  s3_bucket_name = \"example-trail\" // where\n\n  enable_log_file_validation = true\n  is_multi_region_trail      = {flag} # one for now\n}}\n"
        )
    };
    let values = serde_json::json!({
        "name": "all", "s3_bucket_name": "example-trail", "enable_logging": true, "is_multi_region_trail": false,
        "include_global_service_events": true, "enable_log_file_validation": true,
    });
    let plan = plan(&[("aws_cloudtrail", "a", values)]);
    let scan = |written: &str, end: &str, folder: &str, option: &str| {
        let text = trail(written).replace('\n', end);
        let name = format!("{folder}main.tf");
        let files = Folder::new(&[(&name, &text), (&format!("{folder}tfplan.json"), &plan)]);
        let arguments = ["scan", "--audit", "off", "--rule", "audit/trail-incomplete", "-f", "json"];
        let output = files.run(&[&arguments[..], &[option]].concat());
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
        (report, errors(&output), std::fs::read_to_string(files.path().join(name)).expect("the file"), text)
    };
    let (report, _, _, _) = scan("false", "\n", "", "--no-progress");
    let finding = &report["findings"][0];
    assert_eq!((&finding["place"]["file"], &finding["place"]["line"]), (&"main.tf".into(), &7.into()));
    assert_eq!(finding["fix"]["replacement"], "true");
    for end in ["\n", "\r\n"] {
        let (_, said, after, _) = scan("false", end, "infra/", "--fix");
        assert_eq!(after, trail("true").replace('\n', end));
        assert!(said.contains("fixed infra/main.tf:7: it says true now"), "{said}");
        assert!(said.contains("counts with the next plan"), "{said}");
    }
    for written in ["var.everywhere", "!var.here", "\"false\""] {
        let (report, said, after, before) = scan(written, "\n", "", "--fix");
        assert_eq!(after, before, "{written}");
        assert!(!said.contains("fixed"), "{said}");
        assert_eq!(report["findings"][0]["fix"], serde_json::Value::Null, "{written}");
    }
}
