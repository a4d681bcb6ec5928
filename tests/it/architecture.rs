//! House rules that the compiler does not know.

use std::path::{Path, PathBuf};

/// Modules in the order in which data flows; each may name only those before it.
const ORDER: [&str; 17] = [
    "spelling", "source", "document", "finding", "config", "resource", "estate", "cluster", "facts", "fix",
    "policy", "baseline", "waiver", "report", "output", "audit", "scan",
];

/// Files with more lines of code than this are split.
const LONGEST: usize = 500;

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().expect("a folder of the crate").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every file of the library with its path below `src` and its text without tests.
fn library() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.sort();
    let read = |path: &PathBuf| {
        #[expect(clippy::disallowed_methods, reason = "the test reads the crate's own source")]
        let text = std::fs::read_to_string(path).expect("source is text");
        let name = path.strip_prefix(&root).expect("below the root").to_string_lossy().replace('\\', "/");
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        (name, code.join("\n"))
    };
    files.iter().map(read).collect()
}

#[test]
fn a_module_knows_only_those_before_it() {
    let mut wrong = Vec::new();
    for (name, text) in library().iter().filter(|(name, _)| !name.contains("tests")) {
        let module = name.split(['/', '.']).next().unwrap_or_default();
        let Some(position) = ORDER.iter().position(|known| *known == module) else { continue };
        for later in ORDER.iter().skip(position + 1).chain(["cli"].iter()) {
            // `finding` has severities, which METADATA names; `report` has the errors that loading gives.
            let allowed = matches!((module, *later), ("policy", "report"));
            if !allowed
                && (text.contains(&format!("crate::{later}")) || text.contains(&format!("\n    {later}::")))
            {
                wrong.push(format!("{name} names `{later}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn each_library_with_a_reach_is_named_in_one_module_only() {
    for (library, owner) in [
        ("regorus", "policy"),
        ("granit_parser", "document"),
        ("hcl_edit", "document"),
        ("ed25519_dalek", "audit"),
        ("clap", "cli"),
        ("kube", "cluster"),
        ("indicatif", "cli"),
    ] {
        for (name, text) in library_files_naming(library) {
            assert!(name.starts_with(owner), "{name} names `{library}`: {}", text.len());
        }
    }
}

fn library_files_naming(library: &str) -> Vec<(String, String)> {
    let uses = [format!("use {library}"), format!("{library}::")];
    self::library()
        .into_iter()
        .filter(|(_, text)| uses.iter().any(|used| text.contains(used.as_str())))
        .collect()
}

#[test]
fn formats_show_text_only_through_the_mask() {
    for (name, text) in
        library().iter().filter(|(name, _)| name.starts_with("output") && !name.contains("tests"))
    {
        let reads = text.lines().find(|line| line.contains("source.text"));
        assert_eq!(reads, None, "{name} reads unmasked text");
    }
}

#[test]
fn no_file_is_too_long() {
    let code = library().into_iter().filter(|(name, _)| !name.contains("/tests"));
    let mut lengths: Vec<(usize, String)> = code.map(|(name, text)| (text.lines().count(), name)).collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    assert!(lengths[0].0 <= LONGEST, "{:#?}", &lengths[..10]);
}
