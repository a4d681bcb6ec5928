//! Every value of real plans whose configuration lies beside them: each is shown at the `.tf` line that writes it, else
//! at the head of the block that could.
//!
//! The lines are told by their text alone, without a parser of the language.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use probity::{
    config::Day,
    document::Step,
    policy::{Policies, PolicyFile},
    scan::{Settings, judge, read_estate},
    source::base::Base,
};

/// A finding for each resource and for each of its values.
const EVERY_VALUE: &str = r#"# METADATA
# title: Every value
# custom:
#   severity: low
#   input:
#     selector: [{type: terraform-resource}]
package own.every.value

import rego.v1

deny contains {"msg": input.address, "path": array.concat(["values"], path)} if {
	walk(input.values, [path, value])
	not is_object(value)
	not is_array(value)
	value != null
	count(path) > 0
}

deny contains {"msg": input.address}
"#;

/// A value of a plan and the line that it is shown at.
struct Shown {
    address: String,
    /// Keys that lead to it, without positions; none for the resource itself.
    keys: Vec<String>,
    file: String,
    /// From 0.
    line: usize,
}

#[test]
fn values_of_modules_count_and_for_each_are_shown_where_they_are_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/inputs/terraform/nested");
    let shown = values(&folder);
    let mut found: Vec<String> = shown
        .iter()
        .filter(|shown| shown.address.contains("module.") || shown.address.ends_with(']'))
        .map(|shown| format!("{} {} {}:{}", shown.address, shown.keys.join("."), shown.file, shown.line + 1))
        .collect();
    found.sort();
    found.dedup();
    for expected in [
        "terraform_data.counted[1] input main.tf:10",
        "terraform_data.each[\"orders\"] input main.tf:15",
        "module.owned[0].terraform_data.listener input service/main.tf:9",
        "module.service[\"web\"].terraform_data.listener input service/main.tf:9",
        "module.service[\"api\"].module.store.terraform_data.bucket[1]  service/store/main.tf:3",
        "module.service[\"api\"].module.store.terraform_data.bucket[1] input.name service/store/main.tf:5",
    ] {
        assert!(found.iter().any(|line| line == expected), "{expected} is not among\n{}", found.join("\n"));
    }
    assert_eq!(problems(&folder), Vec::<String>::new());
}

#[test]
fn every_value_of_the_corpora_is_shown_where_it_is_written() {
    #[expect(clippy::disallowed_methods, reason = "names where the corpora are")]
    let shared = env::var_os("PROBITY_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let mut plans = Vec::new();
    find(&shared.join("corpora/terraform-plans"), &mut plans);
    if plans.is_empty() {
        #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
        {
            eprintln!("SKIPPED: there are no plans at {}; set PROBITY_SHARED", shared.display());
        }
        return;
    }
    assert!(plans.len() >= 10, "only {} plans have their configuration beside them", plans.len());
    let wrong: Vec<String> = plans.iter().flat_map(|folder| problems(folder)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Folders that hold a plan and `.tf` files.
fn find(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let named =
        |wanted: fn(&str) -> bool| entries.iter().filter_map(|path| path.file_name()?.to_str()).any(wanted);
    if named(|name| name == "plan.out.json" || name == "tfplan.json")
        && named(|name| Path::new(name).extension().is_some_and(|extension| extension == "tf"))
    {
        found.push(folder.to_owned());
    }
    for entry in entries.iter().filter(|entry| entry.is_dir()) {
        find(entry, found);
    }
}

fn values(folder: &Path) -> Vec<Shown> {
    let settings = Settings {
        fail_on: None,
        ..Settings::new(
            Base::new(&[], Some(folder), folder).expect("the folder exists"),
            Day::parse("2026-01-01").expect("a day"),
        )
    };
    let mut estate = read_estate(&settings, &|_, _| {}).expect("inputs can be read");
    let policies = Policies::new(&[PolicyFile::new("every.rego", EVERY_VALUE)], |_| true);
    let report = judge(&settings, &mut estate, policies, &|_, _| {});
    assert_eq!(report.errors, [], "{}", folder.display());
    let shown = report.findings.iter().map(|judged| {
        let finding = &judged.finding;
        let place = finding.place.as_ref().expect("a value of a file has a place");
        let source = estate.sources.get(place.source);
        let keys = finding.path.0.iter().skip(1).filter_map(|step| match step {
            Step::Key(key) => Some(key.to_string()),
            Step::Index(_) => None,
        });
        Shown {
            address: finding.resource.clone(),
            keys: keys.collect(),
            file: source.file.to_string(),
            line: source.text[..place.start].matches('\n').count(),
        }
    });
    shown.collect()
}

fn problems(folder: &Path) -> Vec<String> {
    let all = values(folder);
    assert!(!all.is_empty(), "{} holds no value", folder.display());
    let wrong = all.iter().filter_map(|shown| {
        #[expect(clippy::disallowed_methods, reason = "a test reads its cases")]
        let text = fs::read_to_string(folder.join(&shown.file)).ok();
        let Some(text) = text.filter(|_| Path::new(&shown.file).extension() == Some("tf".as_ref())) else {
            return Some(format!("{} is shown in {}", shown.address, shown.file));
        };
        let lines: Vec<&str> = text.lines().collect();
        let line = lines.get(shown.line).copied().unwrap_or_default();
        (!is_right(shown, &lines)).then(|| {
            let keys = shown.keys.join(".");
            format!("{} {keys} is shown at {}:{}: {line}", shown.address, shown.file, shown.line + 1)
        })
    });
    wrong.collect()
}

/// Whether the line writes the value or what holds it; or whether it heads the block of the resource, or one that is
/// on the way to the value, and the value is not written there.
fn is_right(shown: &Shown, lines: &[&str]) -> bool {
    let line = lines.get(shown.line).copied().unwrap_or_default();
    if shown.keys.iter().rev().any(|key| assigns(line, key)) {
        return true;
    }
    let body = body(lines, shown.line);
    let is_written = shown.keys.last().is_some_and(|key| body.iter().any(|line| assigns(line, key)));
    let head = line.trim_start();
    let is_begun = shown.keys.first().is_some_and(|key| {
        body.iter().any(|line| assigns(line, key) || line.trim_start().starts_with(&format!("{key} {{")))
    });
    let parts: Vec<&str> = shown.address.split('.').collect();
    let [.., kind, name] = parts.as_slice() else { return false };
    let name = name.split('[').next().unwrap_or_default();
    let called = parts.iter().zip(parts.iter().skip(1)).any(|(word, module)| {
        let module = module.split('[').next().unwrap_or_default();
        *word == "module" && head.starts_with(&format!("module \"{module}\""))
    });
    // A module that is not beside the plan is shown where it is called.
    let is_elsewhere = body.iter().all(|line| !line.contains("source = \"."));
    let is_nested = shown.keys.iter().any(|key| head.starts_with(&format!("{key} {{")));
    let heads_resource = head.starts_with(&format!("resource \"{kind}\" \"{name}\""));
    heads_resource && !is_begun || is_nested && !is_written || called && is_elsewhere
}

/// Whether a line gives this attribute a value.
fn assigns(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + key.len()..].trim_start_matches('"').trim_start();
        before.is_none_or(|before| !before.is_alphanumeric() && !"_-.".contains(before))
            && (after.starts_with('=') || after.starts_with(':'))
    })
}

/// The lines of a block that are in none of its blocks.
fn body<'l>(lines: &[&'l str], head: usize) -> Vec<&'l str> {
    let mut depth = 0_i32;
    let mut own = Vec::new();
    for line in lines.iter().skip(head) {
        if depth == 1 {
            own.push(*line);
        }
        depth += change(line);
        if depth <= 0 {
            break;
        }
    }
    own
}

fn change(line: &str) -> i32 {
    line.chars().map(|letter| i32::from(letter == '{') - i32::from(letter == '}')).sum()
}
