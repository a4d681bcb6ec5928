//! Files that generators of kustomizations read, whatever they are called: `.env`, keys, settings.
//!
//! They are no manifests of their own. What git ignores is no part of the tree and stays unread: the generator's values
//! are unknown then.

use std::collections::{BTreeMap, BTreeSet};

use super::{ScanError, Settings};
use crate::{
    document::yaml,
    resource::kustomization::{self, Generator, generators},
    source::{Source, SourceId, Status, read, walk},
};

/// Adds those that are not among the sources yet.
pub(super) fn add_files(settings: &Settings, sources: &mut Vec<Source>) -> Result<(), ScanError> {
    let known: BTreeSet<&str> = sources.iter().map(|source| &*source.file).collect();
    // By its path, the name of a file and who reads it.
    let mut wanted: BTreeMap<_, (String, String)> = BTreeMap::new();
    for source in sources.iter().filter(|source| kustomization::is_named_so(&source.file)) {
        // The place of a name does not matter yet.
        let parsed = yaml::parse(SourceId(0), &source.text);
        let generators = parsed.documents.iter().flat_map(generators);
        let names = generators.flat_map(Generator::files).filter_map(|named| named.name(&source.file));
        for name in names.filter(|name| !known.contains(name.as_str())) {
            wanted.entry(settings.base.root.join(&name)).or_insert((name, source.file.to_string()));
        }
    }
    let paths = wanted.keys().cloned().collect();
    for path in
        walk::named(&settings.base.root, paths, &settings.exclude, settings.held).map_err(ScanError::Walk)?
    {
        let Some((name, reader)) = wanted.get(&path) else { continue };
        let mut source = read::file(&path, name);
        // A key store and its like: nobody can tell what is in it.
        if source.status == Status::Read {
            source.status = Status::Ignored(format!("a generator of `{reader}` reads it, and is judged"));
            sources.push(source);
        }
    }
    Ok(())
}
