//! Bundles: policies and data in one gzipped tar archive, or in the folder that one is built from, as OPA lays them out
//! (OPA documentation, "Bundle File Format").
//!
//! Deliberately absent: signatures, WebAssembly, patches of delta bundles. [`super::registry`] fetches.

use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
};

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{
    input::parse_data,
    load::{Dialect, PolicyFile},
};
use crate::{finding::hex, source::read};

/// What a bundle holds.
#[derive(Debug, Default)]
pub struct Bundle {
    /// Named `BUNDLE/PATH`.
    pub files: Vec<PolicyFile>,
    /// What its `data.json` and `data.yaml` files say, merged by their folders.
    pub data: Map<String, Value>,
    /// SHA-256 of each of these files, in hexadecimal; named as policies are.
    pub digests: BTreeMap<String, String>,
    /// It has signatures, which nobody checks here.
    pub is_signed: bool,
}

/// Name of the file that makes a folder a bundle.
pub const MANIFEST: &str = ".manifest";

/// Name of the file with signatures of the others.
const SIGNATURES: &str = ".signatures.json";

/// Why a bundle cannot be used; mostly the move of whoever built it.
#[derive(Debug, Error)]
pub enum BundleError {
    #[error("it is no gzipped tar archive: {0}; build it with `opa build --bundle DIR`")]
    Archive(#[from] io::Error),
    #[error("`{0}` leads out of the bundle; build it again")]
    Outside(String),
    #[error("it holds more than {LARGEST} bytes or {MOST} files; give its folder with `--policy` instead")]
    TooLarge,
    #[error("`{file}` cannot be read: {cause}; build the bundle again")]
    File { file: String, cause: String },
    #[error("`{file}` lies outside of the roots {roots} of its manifest; add its root or move it")]
    Roots { file: String, roots: String },
    #[error("it was built for `{0}`, and only Rego is evaluated; build it with `opa build --target rego`")]
    Target(String),
    #[error("`{0}` is given twice; build the bundle again")]
    Twice(String),
}

/// Bytes of all its files, uncompressed: policies come nowhere near, and an archive must not fill the memory.
pub(super) const LARGEST: u64 = 64 << 20;

/// Files that are looked at.
pub(super) const MOST: usize = 20_000;

/// What of `.manifest` counts here.
#[derive(Debug, Deserialize)]
struct Manifest {
    /// Paths below `data` that the bundle owns, `/`-separated; `""`: all.
    #[serde(default = "all")]
    roots: Vec<String>,
    #[serde(default)]
    wasm: Vec<Value>,
    #[serde(default)]
    rego_version: Option<u8>,
}

fn all() -> Vec<String> {
    vec![String::new()]
}

impl Default for Manifest {
    fn default() -> Self {
        Self { roots: all(), wasm: Vec::new(), rego_version: None }
    }
}

/// Reads a bundle; `name` is the archive's, for messages.
pub fn read(name: &str, bytes: impl Read) -> Result<Bundle, BundleError> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(LARGEST + 1));
    let mut files = Vec::new();
    let mut size = 0;
    for (count, entry) in archive.entries()?.enumerate() {
        let mut entry = entry?;
        size += entry.size();
        if count >= MOST || size > LARGEST {
            return Err(BundleError::TooLarge);
        }
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = inside(&entry.path()?.to_string_lossy())?;
        if !counts(&path) {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| failed(&path, error.to_string()))?;
        files.push((path, bytes));
    }
    assembled(name, files)
}

fn failed(file: &str, cause: String) -> BundleError {
    BundleError::File { file: file.to_owned(), cause }
}

/// Whether a file of a bundle is looked at.
pub fn counts(path: &str) -> bool {
    is_rego(path) || is_wasm(path) || [MANIFEST, SIGNATURES].contains(&path) || is_data(path)
}

/// Whether a file is a policy.
pub fn is_rego(path: &str) -> bool {
    has_extension(path, "rego")
}

fn is_wasm(path: &str) -> bool {
    has_extension(path, "wasm")
}

fn has_extension(path: &str, wanted: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}

/// Whether a file of a bundle is data of its folder (OPA reads no other names).
pub fn is_data(path: &str) -> bool {
    ["data.json", "data.yaml", "data.yml"].contains(&path.rsplit('/').next().unwrap_or_default())
}

/// The bundle of these files, each with its `/`-separated path inside of it; `name` is the bundle's.
pub fn assembled(name: &str, contents: Vec<(String, Vec<u8>)>) -> Result<Bundle, BundleError> {
    let mut bundle = Bundle::default();
    let mut manifest = Manifest::default();
    let mut data = Vec::new();
    for (path, bytes) in contents {
        if is_wasm(&path) {
            return Err(BundleError::Target("wasm".to_owned()));
        }
        bundle.is_signed |= path == SIGNATURES;
        let digest = is_data(&path).then(|| hex(&Sha256::digest(&bytes)));
        let text = read::text(bytes).map_err(|cause| failed(&path, cause))?;
        if is_rego(&path) {
            bundle.files.push(PolicyFile::new(format!("{name}/{path}"), text));
        } else if path == MANIFEST {
            manifest = serde_json::from_str(&text).map_err(|error| failed(&path, error.to_string()))?;
        } else if let Some(digest) = digest {
            let value = parse_data(&text.into(), has_extension(&path, "json"))
                .map_err(|cause| failed(&path, cause))?;
            let Value::Object(fields) = value else {
                return Err(failed(&path, "it is no object".to_owned()));
            };
            bundle.digests.insert(format!("{name}/{path}"), digest);
            data.push((path, fields));
        }
    }
    if !manifest.wasm.is_empty() {
        return Err(BundleError::Target("wasm".to_owned()));
    }
    let dialect = match manifest.rego_version {
        None | Some(1) => Dialect::V1,
        Some(0) => Dialect::V0,
        Some(version) => return Err(BundleError::Target(format!("Rego v{version}"))),
    };
    bundle.files.iter_mut().for_each(|file| file.dialect = dialect);
    for file in &bundle.files {
        let package = package(&file.text).unwrap_or_default().replace('.', "/");
        owned(&manifest, &file.name, &package)?;
    }
    for (path, value) in data {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for key in value.keys() {
            let below = if folder.is_empty() { key.clone() } else { format!("{folder}/{key}") };
            owned(&manifest, &path, &below)?;
        }
        merge(&mut bundle.data, folder, value).ok_or(BundleError::Twice(path))?;
    }
    bundle.files.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(bundle)
}

/// The path without a leading `/` or `./`.
pub(super) fn inside(path: &str) -> Result<String, BundleError> {
    let path = path.replace('\\', "/");
    let inner = path.trim_start_matches("./").trim_start_matches('/');
    if inner.split('/').any(|part| part == "..") {
        return Err(BundleError::Outside(path));
    }
    Ok(inner.to_owned())
}

/// Whether a path below `data` lies in a root of the bundle, or a root in it.
fn owned(manifest: &Manifest, file: &str, path: &str) -> Result<(), BundleError> {
    let below = |path: &str, root: &str| {
        root.is_empty()
            || path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let roots = manifest.roots.iter().map(|root| root.trim_matches('/'));
    if roots.clone().any(|root| below(path, root) || is_data(file) && below(root, path)) {
        return Ok(());
    }
    let roots = roots.map(|root| format!("`{root}`")).collect::<Vec<_>>().join(", ");
    Err(BundleError::Roots { file: file.to_owned(), roots })
}

/// The package of a policy, without `data.`.
fn package(text: &str) -> Option<&str> {
    let line = text.lines().find_map(|line| line.strip_prefix("package "))?;
    line.split('#').next().map(str::trim)
}

/// Puts data where its folder says; `None` where something is there already.
fn merge(into: &mut Map<String, Value>, folder: &str, value: Map<String, Value>) -> Option<()> {
    let mut here = into;
    for part in folder.split('/').filter(|part| !part.is_empty()) {
        here = here.entry(part).or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
    }
    merge_data(here, value).ok()
}

/// Merges objects; two values for one key are an error, which names it (`a.b`).
pub fn merge_data(into: &mut Map<String, Value>, from: Map<String, Value>) -> Result<(), String> {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (None, value) => drop(into.insert(key, value)),
            (Some(Value::Object(known)), Value::Object(more)) => {
                merge_data(known, more).map_err(|inner| format!("{key}.{inner}"))?;
            }
            (Some(_), _) => return Err(key),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};
    use serde_json::json;

    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            // As hostile archives are made: the checked setter refuses `..`.
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn bundle(files: &[(&str, &str)]) -> Result<Bundle, String> {
        read("b.tar.gz", archive(files).as_slice()).map_err(|error| error.to_string())
    }

    #[test]
    fn policies_and_data_are_read_from_where_they_lie() {
        let bundle = bundle(&[
            ("/.manifest", r#"{"revision": "1", "roots": ["team", "allowed"]}"#),
            ("/team/rules/a.rego", "package team.rules.a # ours\n"),
            ("./allowed/data.json", r#"{"names": ["a"]}"#),
            ("allowed/more/data.yml", "x: 1"),
            ("README.md", "not looked at"),
        ])
        .unwrap();
        assert_eq!(&*bundle.files[0].name, "b.tar.gz/team/rules/a.rego");
        assert_eq!(Value::Object(bundle.data), json!({"allowed": {"names": ["a"], "more": {"x": 1}}}));
        let data: Vec<&String> = bundle.digests.keys().collect();
        assert_eq!(data, ["b.tar.gz/allowed/data.json", "b.tar.gz/allowed/more/data.yml"]);
        assert!(!bundle.is_signed);
        let signed = self::bundle(&[(".signatures.json", r#"{"signatures": ["x"]}"#)]).unwrap();
        assert!(signed.is_signed);
        assert!(self::bundle(&[("a.rego", "package anything\n")]).is_ok(), "without a manifest it owns all");
        let old = self::bundle(&[("a.rego", "package anything\n"), (".manifest", r#"{"rego_version": 0}"#)]);
        assert_eq!(old.unwrap().files[0].dialect, Dialect::V0);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let policy = ("x/a.rego", "package team.a\n");
        for (files, expected) in [
            (
                &[(".manifest", r#"{"roots": ["other"]}"#), policy][..],
                "`b.tar.gz/x/a.rego` lies outside of the roots `other`",
            ),
            (&[(".manifest", r#"{"roots": ["tea"]}"#), policy], "outside of the roots"),
            (
                &[(".manifest", r#"{"roots": ["a"]}"#), ("data.json", r#"{"b": 1}"#)],
                "`data.json` lies outside",
            ),
            (&[(".manifest", "{")], "`.manifest` cannot be read"),
            (&[(".manifest", r#"{"rego_version": 2}"#)], "built for `Rego v2`"),
            (&[("policy.wasm", "")], "built for `wasm`"),
            (&[("../a.rego", "package a\n")], "leads out of the bundle"),
            (&[("data.json", r#"{"a": {"b": 1}}"#), ("a/data.json", r#"{"b": 2}"#)], "given twice"),
            (&[("a/data.json", r#"{"b": 1}"#), ("a/data.yaml", "b: 2")], "given twice"),
            (&[("data.yaml", "- a")], "no object"),
            (&[("data.yaml", "a: [")], "`data.yaml` cannot be read"),
        ] {
            let error = bundle(files).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
        assert!(read("x", &b"no archive"[..]).is_err());
        let whole = archive(&[policy]);
        assert!(read("x", &whole[..whole.len() / 2]).is_err(), "cut off");
    }

    #[test]
    fn an_archive_that_unpacks_to_too_much_is_refused() {
        let zeros = " ".repeat(usize::try_from(LARGEST).unwrap() / 2 + 1);
        let error = bundle(&[("a.rego", &zeros), ("b.rego", &zeros)]).expect_err("too large");
        assert!(error.contains("more than"), "{error}");
    }
}
