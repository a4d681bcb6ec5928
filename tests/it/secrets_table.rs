//! The tables of what is known about secrets, row by row: with all rules about secrets, what each row's files mark is found,
//! and nothing else.
//!
//! `01` to `14` are rows of expected results, `v01` to `v12` those of semantics. A line is marked `# ! RULE` where that rule
//! reports it, `# ? RULE` where it does not know; JSON has no comments, so `expected.txt` says `! RULE FILE:LINE`.

#![expect(clippy::disallowed_methods, reason = "tests read their fixtures")]

use std::{collections::BTreeSet, path::Path};

use probity::{
    config::Day,
    estate::Estate,
    policy::{Policies, built_in},
    scan::{Settings, judge, read_estate},
    source::{Place, base::Base},
};

#[test]
fn each_row_of_the_tables_is_judged_as_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs/secrets");
    let mut rows: Vec<_> = root.read_dir().expect("fixtures").map(|row| row.expect("a row").path()).collect();
    rows.sort();
    let mut wrong = Vec::new();
    for row in &rows {
        let (mut marked, found) = (BTreeSet::new(), judged(row));
        marks(row, row, &mut marked);
        if marked != found {
            let name = row.file_name().expect("a name").display();
            wrong.push(format!("{name}: found {found:#?}, marked {marked:#?}"));
        }
    }
    assert!(rows.len() > 20, "rows are missing");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `! RULE FILE:LINE` of each finding, `? RULE FILE:LINE` of each result that is not assessed.
fn judged(row: &Path) -> BTreeSet<String> {
    let policies = Policies::new(&built_in(), |rule| rule.starts_with("secrets/"));
    let base = Base::new(&[], Some(row), row).expect("fixtures exist");
    let settings = Settings::new(base, Day::parse("2026-01-01").expect("a day"));
    let mut estate = read_estate(&settings, &|_, _| {}).expect("fixtures can be read");
    let report = judge(&settings, &mut estate, policies, &|_, _| {});
    assert_eq!(report.errors, []);
    let found = report.findings.iter().map(|judged| (&judged.finding.rule, &judged.finding.place));
    let open = report.not_assessed.iter().map(|result| (&result.rule, &result.place));
    let found = found.map(|(rule, place)| format!("! {rule} {}", line(&estate, place.as_ref())));
    found.chain(open.map(|(rule, place)| format!("? {rule} {}", line(&estate, place.as_ref())))).collect()
}

fn line(estate: &Estate, place: Option<&Place>) -> String {
    let place = place.expect("results about files have a place");
    let source = estate.sources.get(place.source);
    format!("{}:{}", source.file, source.region(&place.span()).line)
}

fn marks(row: &Path, folder: &Path, marked: &mut BTreeSet<String>) {
    for entry in folder.read_dir().expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            marks(row, &path, marked);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("fixtures are text");
        if path.ends_with("expected.txt") {
            marked.extend(text.lines().map(ToOwned::to_owned));
            continue;
        }
        let name = path.strip_prefix(row).expect("a file of the row").display();
        for (index, line) in text.lines().enumerate() {
            let marks = line.split(" # ").skip(1).filter(|mark| mark.starts_with(['!', '?']));
            marked.extend(marks.map(|mark| format!("{mark} {name}:{}", index + 1)));
        }
    }
}

/// Row 13 with a renderer: what a template takes is shown where it is given, once.
#[cfg(unix)]
#[test]
fn a_credential_that_a_template_takes_is_shown_at_its_value() {
    use std::os::unix::fs::PermissionsExt as _;

    let row = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs/secrets/13-chart");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    };
    for name in ["Chart.yaml", "values.yaml", "templates/db.yaml"] {
        write(name, &std::fs::read_to_string(row.join(name)).expect("a fixture"));
    }
    let template = std::fs::read_to_string(row.join("templates/db.yaml")).expect("a fixture");
    let made =
        template.replace("{{ .Release.Name }}", "x").replace("{{ .Values.db.password }}", "accounts-pwd");
    let helm = write(
        "bin/helm",
        &format!("#!/bin/sh\ncat <<'END'\n---\n# Source: shop/templates/db.yaml\n{made}END\n"),
    );
    std::fs::set_permissions(&helm, std::fs::Permissions::from_mode(0o755)).expect("a mode");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_probity"))
        .args(["scan", ".", "--render", "--audit", "off", "-f", "json", "--rule", "secrets/*"])
        .current_dir(folder.path())
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().join("bin").display()))
        .output()
        .expect("the binary runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let found: Vec<String> = report["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| {
            let related = &finding["related"][0];
            format!(
                "{} {} {}:{}, {} {}:{}",
                finding["rule"].as_str().unwrap_or_default(),
                finding["resource"].as_str().unwrap_or_default(),
                finding["place"]["file"].as_str().unwrap_or_default(),
                finding["place"]["line"],
                related["label"].as_str().unwrap_or_default(),
                related["place"]["file"].as_str().unwrap_or_default(),
                related["place"]["line"],
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            "secrets/plaintext-credential Pod/default/x-db values.yaml:3, a template takes it here templates/db.yaml:11"
        ]
    );
    assert!(!String::from_utf8_lossy(&output.stdout).contains("accounts-pwd"));
}
