//! Files of shards, opened, and what they were read by.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::{
    audit::event::{Digest, Input},
    cli::{Failure, VERSION, conftest::Digests},
    cluster::{
        Reading,
        shard::{self, Header, Key, Part},
    },
    finding::hex,
    policy::Policies,
    source::base::Base,
};

/// What files of shards end with.
const EXTENSION: &str = "shard";

/// What decides which objects are read and how they will be judged: digests, by what they are of.
pub(in crate::cli) fn basis(
    policies: &Policies,
    data: &Digests,
    configuration: Option<&str>,
    namespaces: &[String],
) -> BTreeMap<String, String> {
    let digest = |mut lines: Vec<String>| {
        lines.sort();
        hex(&Sha256::digest(lines.concat()))
    };
    // Their names depend on the folder that they are given from.
    let files = policies.files.iter().map(|file| format!("{}\n", hex(&Sha256::digest(file.text.as_bytes()))));
    let mut namespaces = namespaces.to_vec();
    namespaces.sort();
    namespaces.dedup();
    let namespaces = if namespaces.is_empty() { "all".to_owned() } else { namespaces.join(", ") };
    [
        ("configuration", configuration.unwrap_or("none").to_owned()),
        ("data", digest(data.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect())),
        ("namespaces", namespaces),
        ("policies", digest(files.collect())),
        ("rules", digest(policies.rules.iter().map(|rule| format!("{}\n", rule.id)).collect())),
    ]
    .map(|(what, of)| (what.to_owned(), of))
    .into()
}

/// Version that shards name: those of two builds are not joined.
pub(in crate::cli) const fn version() -> &'static str {
    VERSION
}

/// A file of a shard, opened.
pub(in crate::cli) struct Opened {
    file: String,
    pub(in crate::cli) header: Header,
    pub(in crate::cli) reading: Reading,
    /// For the audit log.
    pub(in crate::cli) input: Input,
}

impl Opened {
    pub(in crate::cli) fn part(&self) -> Part<'_> {
        Part { file: &self.file, header: &self.header, cluster: self.reading.cluster.as_deref() }
    }
}

/// Opens files, and those of folders.
pub(in crate::cli) fn open(paths: &[PathBuf], key: &Key, base: &Base) -> Result<Vec<Opened>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(in_folder(path)?);
        } else {
            files.push(path.clone());
        }
    }
    files.iter().map(|file| open_one(file, key, base)).collect()
}

fn open_one(path: &Path, key: &Key, base: &Base) -> Result<Opened, Failure> {
    let file = path.display().to_string();
    let unusable = |cause: &dyn std::fmt::Display| {
        Failure::usage(format!("`{file}` cannot be merged: {cause}"))
            .help("name files that `probity scan --cluster --shard I/N -o FILE` wrote, and the key that sealed them")
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "a shard is no part of the estate before it is opened: this is its edge"
    )]
    let bytes = std::fs::read(path).map_err(|error| unusable(&error))?;
    let (header, reading) = shard::open(&bytes, key).map_err(|error| unusable(&error))?;
    let input = Input {
        digest: Some(Digest::Sha256(hex(&Sha256::digest(&bytes)))),
        name: base.name(&path.canonicalize().unwrap_or_else(|_| path.to_owned())),
        objects: None,
        resource_version: None,
        size: Some(bytes.len() as u64),
        status: "read".to_owned(),
    };
    Ok(Opened { file, header, reading, input })
}

/// Files of a folder that are shards by their names, sorted.
fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |cause: &dyn std::fmt::Display| {
        Failure::usage(format!("`{}` holds no shards: {cause}", folder.display()))
            .help("name the folder into which `probity scan --shard` writes, or its files")
    };
    let entries = folder.read_dir().map_err(|error| failed(&error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| failed(&error))?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() { Err(failed(&"no `*.shard` lies in it")) } else { Ok(files) }
}
