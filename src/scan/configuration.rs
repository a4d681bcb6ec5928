//! The configuration of plans: finds the `.tf` files of each plan's modules, also where no PATH names them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use crate::{
    resource::terraform::{
        Plan, Recognised,
        modules::{Files, Folders, Modules, is_terraform},
        recognise,
    },
    source::{Source, SourceId, base::Base, read},
};

/// The modules of each plan, by the plan's file; files that were not read yet are added to `sources`.
pub(super) fn find(base: &Base, sources: &mut Vec<Source>) -> BTreeMap<Arc<str>, Modules> {
    let plans: Vec<(Arc<str>, Arc<str>)> = sources
        .iter()
        .filter(|source| {
            source.text.trim_start().starts_with('{') && recognise(&source.text) == Recognised::Plan
        })
        .map(|source| (Arc::clone(&source.file), Arc::clone(&source.text)))
        .collect();
    let known = sources.iter().filter(|source| is_terraform(&source.file));
    let mut disk = Disk {
        base,
        folders: BTreeMap::new(),
        known: known.map(|source| (Arc::clone(&source.file), Arc::clone(&source.text))).collect(),
        added: Vec::new(),
    };
    let found = plans.into_iter().filter(|(file, _)| &**file != "-").filter_map(|(file, text)| {
        let plan = Plan::parse(SourceId(0), &text).ok()?;
        let modules = Modules::find(&plan, &file, &mut disk);
        Some((file, modules))
    });
    let found: BTreeMap<Arc<str>, Modules> = found.collect();
    let used: BTreeSet<&str> =
        found.values().flat_map(|modules| modules.0.values()).map(String::as_str).collect();
    sources.extend(disk.added.into_iter().filter(|source| used.contains(folder(&source.file))));
    found
}

struct Disk<'b> {
    base: &'b Base,
    folders: BTreeMap<String, Files>,
    /// Text by name.
    known: BTreeMap<Arc<str>, Arc<str>>,
    added: Vec<Source>,
}

impl Folders for Disk<'_> {
    fn terraform(&mut self, folder: &str) -> Files {
        if let Some(files) = self.folders.get(folder) {
            return files.clone();
        }
        let mut files = Vec::new();
        for path in self.list(folder) {
            let name: Arc<str> = self.base.name(&path).into();
            let text = self.known.get(&name).cloned().unwrap_or_else(|| {
                let source = read::file(&path, &name);
                let text = Arc::clone(&source.text);
                self.added.push(source);
                text
            });
            files.push((name, text));
        }
        self.folders.insert(folder.to_owned(), files.clone());
        files
    }

    fn text(&mut self, file: &str) -> Option<Arc<str>> {
        let path = self.inside(file)?;
        Some(read::file(&path, file).text).filter(|text| !text.is_empty())
    }

    fn known(&self) -> Vec<String> {
        let folders: BTreeSet<&str> = self.known.keys().map(|file| folder(file)).collect();
        folders.into_iter().map(ToOwned::to_owned).collect()
    }
}

impl Disk<'_> {
    /// Files of Terraform's in a folder, sorted; none where it does not lie below the base.
    fn list(&self, folder: &str) -> Vec<PathBuf> {
        let entries = self.inside(folder).and_then(|path| path.read_dir().ok());
        let entries = entries.into_iter().flatten().filter_map(Result::ok);
        let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
        let mut paths: Vec<PathBuf> =
            files.map(|entry| entry.path()).filter(|path| is_terraform(&path.to_string_lossy())).collect();
        paths.sort();
        paths
    }

    /// A path below the base, symbolic links resolved.
    fn inside(&self, name: &str) -> Option<PathBuf> {
        let path = self.base.root.join(name).canonicalize().ok()?;
        path.starts_with(&self.base.root).then_some(path)
    }
}

fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}
