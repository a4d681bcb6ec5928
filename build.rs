//! Embeds the policies, so that adding a rule means adding its files and nothing else.

use std::{env, fmt::Write as _, fs, io, path::Path};

#[expect(
    clippy::disallowed_methods,
    reason = "Cargo passes its folders to a build script in the environment"
)]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=policies");
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let mut files = Vec::new();
    collect(&Path::new(&root).join("policies"), &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let name = Path::new(&file)
            .strip_prefix(&root)
            .map_err(io::Error::other)?
            .to_string_lossy()
            .replace('\\', "/");
        writeln!(table, "    ({name:?}, include_str!({file:?})),").map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let target = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&target).join("policies.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rego") {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
