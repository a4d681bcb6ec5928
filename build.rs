//! Embeds the policies and an example of each rule, so that adding a rule means adding its files and nothing else; and
//! the commit, for `--version`.

#![expect(clippy::disallowed_methods, reason = "a build script reads what Cargo and the work tree say")]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let target = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(target.join("policies.rs"), policies(&root)?)?;
    fs::write(target.join("examples.rs"), examples(&root)?)?;
    fs::write(target.join("schemas.rs"), schemas(&root)?)?;
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        let commit = commit(&root).map(|commit| format!(" ({commit})")).unwrap_or_default();
        println!("cargo::rustc-env=PROBITY_COMMIT={commit}");
    } else {
        // Else every commit would build everything again.
        println!("cargo::rustc-env=PROBITY_COMMIT= (debug build)");
    }
    Ok(())
}

fn policies(root: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    collect(&root.join("policies"), &mut files)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rego"));
    let mut table = String::from("&[\n");
    for file in files {
        writeln!(table, "    ({:?}, {}),", name(root, &file)?, include(&file)).map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    Ok(table)
}

/// Schemas of selectors, by name.
fn schemas(root: &Path) -> io::Result<String> {
    let folder = root.join("schemas/selectors");
    let mut files = Vec::new();
    collect(&folder, &mut files)?;
    let mut table = String::from("&[\n");
    for file in files {
        let selector = name(&folder, &file)?.replace(".json", "");
        writeln!(table, "    ({selector:?}, {}),", include(&file)).map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    Ok(table)
}

/// For each rule the shortest fixture that fails and the shortest that passes: `(rule, file, text)`.
fn examples(root: &Path) -> io::Result<String> {
    let fixtures = root.join("fixtures/rules");
    let mut files = Vec::new();
    collect(&fixtures, &mut files)?;
    let mut cases: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files.into_iter().filter(|file| file.extension().is_some_and(|extension| extension != "txt"))
    {
        let case = file.parent().map(Path::to_path_buf).unwrap_or_default();
        cases.entry(case).or_default().push(file);
    }
    let mut shortest: BTreeMap<(String, bool), (u64, &Vec<PathBuf>)> = BTreeMap::new();
    for (case, files) in &cases {
        let is_bad = case.file_name().is_some_and(|case| case.to_string_lossy().starts_with("fail"));
        let rule = name(&fixtures, case.parent().unwrap_or(case))?;
        let size = files.iter().map(|file| fs::metadata(file).map_or(0, |metadata| metadata.len())).sum();
        let known = shortest.entry((rule, is_bad)).or_insert((size, files));
        if size < known.0 {
            *known = (size, files);
        }
    }
    let mut table = String::from("&[\n");
    for ((rule, _), (_, files)) in shortest {
        for file in files {
            writeln!(table, "    ({rule:?}, {:?}, {}),", name(root, file)?, include(file))
                .map_err(io::Error::other)?;
        }
    }
    table.push_str("]\n");
    Ok(table)
}

/// Of the work tree, if this is one of our own; else what `cargo package` wrote down.
fn commit(root: &Path) -> Option<String> {
    println!("cargo::rerun-if-changed=.cargo_vcs_info.json");
    if let Ok(packaged) = fs::read_to_string(root.join(".cargo_vcs_info.json")) {
        let (_, rest) = packaged.split_once("\"sha1\": \"")?;
        return rest.get(..12).map(ToOwned::to_owned);
    }
    let git = |arguments: &[&str]| {
        let output = Command::new("git").current_dir(root).args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    git(&["rev-parse", "--short=12", "HEAD"])
}

fn include(file: &Path) -> String {
    format!("include_str!({:?})", file.to_string_lossy())
}

/// `/`-separated, relative to a folder.
fn name(folder: &Path, file: &Path) -> io::Result<String> {
    let relative = file.strip_prefix(folder).map_err(io::Error::other)?;
    Ok(relative.to_string_lossy().replace('\\', "/"))
}

/// All files below a folder, sorted.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
