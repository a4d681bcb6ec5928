//! Values of types that nobody expects: no rule may fail on them, and nothing may panic.
//!
//! Every value of the fixtures is replaced by values of other types, one at a time. `PROBITY_ODD_TYPES=N` tries
//! one in N of them, and with 1 that takes an hour; without it a fixed sample is tried.
#![expect(clippy::disallowed_methods, reason = "the test reads its fixtures and how many of them to try")]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use probity::{
    config::Day,
    document::yaml,
    policy::{Policies, built_in, evaluate},
    scan::{Settings, read_estate},
    source::{SourceId, base::Base},
};
use serde_json::{Value, json};

/// One of so many is tried. A prime, so that all odd values and all depths are met.
const SAMPLE: usize = 401;

#[test]
fn no_rule_fails_on_values_of_odd_types() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut folders = Vec::new();
    for folder in ["rules", "shop"] {
        collect_folders(&fixtures.join(folder), &mut folders);
    }
    folders.sort();
    let sample =
        std::env::var("PROBITY_ODD_TYPES").ok().and_then(|sample| sample.parse().ok()).unwrap_or(SAMPLE);
    let policies = Policies::new(&built_in(), |_| true);
    let (mut count, mut tried, mut wrong) = (0_usize, 0_usize, Vec::new());
    for folder in folders {
        let files = documents(&folder);
        for (index, (_, documents)) in files.iter().enumerate() {
            let mut pointers = Vec::new();
            for (number, document) in documents.iter().enumerate() {
                pointers_of(document, &format!("/{number}"), &mut pointers);
            }
            for pointer in pointers {
                for odd in odd_values() {
                    count += 1;
                    if !count.is_multiple_of(sample) {
                        continue;
                    }
                    tried += 1;
                    let mut files = files.clone();
                    let mut whole = Value::Array(std::mem::take(&mut files[index].1));
                    *whole.pointer_mut(&pointer).expect("it was found there") = odd.clone();
                    if let Value::Array(documents) = whole {
                        files[index].1 = documents;
                    }
                    let errors = errors(&files, &policies);
                    if !errors.is_empty() {
                        let file = folder.join(&files[index].0);
                        wrong.push(format!("{}{pointer} = {odd}: {errors:?}", file.display()));
                    }
                }
            }
        }
    }
    assert!(tried > 100, "only {tried} values were tried");
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
}

fn odd_values() -> [Value; 9] {
    [
        Value::Null,
        json!(true),
        json!(-7.5),
        json!(""),
        json!("x y"),
        json!([]),
        json!({}),
        json!([[null], {"name": 1}, "a"]),
        json!({"name": ["a"], "": null, "key": {"key": 1}}),
    ]
}

/// Folders that hold files.
fn collect_folders(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("fixtures can be listed");
    let entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    if entries.iter().any(|path| path.is_file()) {
        found.push(folder.to_owned());
    }
    entries.iter().filter(|path| path.is_dir()).for_each(|path| collect_folders(path, found));
}

/// The manifests and plans of a folder, by name.
fn documents(folder: &Path) -> Vec<(String, Vec<Value>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("fixtures can be listed") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if !path.is_file() || ![".yaml", ".json"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let text: Arc<str> = fs::read_to_string(&path).expect("fixtures are text").into();
        let parsed = yaml::parse(SourceId(0), &text).documents;
        files.push((name, parsed.iter().map(|document| document.root().to_json()).collect()));
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// JSON pointers of all values below `value`, itself left out.
fn pointers_of(value: &Value, at: &str, pointers: &mut Vec<String>) {
    let mut below = |key: &str, value: &Value| {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        pointers_of(value, &pointer, pointers);
        pointers.push(pointer);
    };
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| below(&index.to_string(), item));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, field)| below(key, field)),
        _ => {}
    }
}

/// Errors of policies on the files, which are written as JSON, and that is YAML.
fn errors(files: &[(String, Vec<Value>)], policies: &Policies) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, documents) in files {
        let documents: Vec<String> = documents.iter().map(Value::to_string).collect();
        fs::write(folder.path().join(name), documents.join("\n---\n")).expect("it can be written");
    }
    let base = Base::new(&[], Some(folder.path()), folder.path()).expect("the folder exists");
    let settings = Settings::new(base, Day::parse("2026-01-01").expect("a day"));
    let estate = read_estate(&settings, &|_, _| {}).expect("it can be read");
    let evaluation = evaluate(policies, &estate, None, &|_| {});
    evaluation.errors.iter().map(|error| format!("{}: {}", error.policy, error.message)).collect()
}
