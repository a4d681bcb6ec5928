//! Kustomizations: which are roots, what they are made of, and what must not be followed.
//!
//! Source: kubernetes-sigs/kustomize, `api/types/kustomization.go`. Everything that a kustomization names must lie
//! below the base: kustomize would fetch anything else from a repository or an address.

use std::{collections::BTreeSet, sync::Arc};

use super::{Files, folder, join, resolve};
use crate::{
    document::{Document, NodeRef, yaml},
    resource::kustomization::{NAMES, is_named_so, patch_files},
    source::SourceId,
};

/// Fields whose elements are files or folders of resources: what is not there would be fetched.
const RESOURCES: [&str; 4] = ["resources", "bases", "components", "crds"];

/// How deep kustomizations may use others.
const DEEPEST: usize = 32;

/// One kustomization.
#[derive(Debug)]
pub struct Kustomization {
    pub file: String,
    pub folder: String,
    pub document: Document,
    /// Names of its `resources`, `bases` and `crds` that are files.
    pub resources: Vec<String>,
    /// Names of files that hold patches.
    pub patches: Vec<String>,
    /// Other files that it reads, for generators and the like.
    pub others: Vec<String>,
    /// Folders of the kustomizations that it uses.
    pub uses: Vec<String>,
}

/// A kustomization and all that it uses, itself first.
#[derive(Debug, Default)]
pub struct Kustomizations(pub Vec<Kustomization>);

impl Kustomizations {
    /// Reads a kustomization and what it uses.
    ///
    /// # Errors
    /// Why it must not be built, as a lower-case phrase.
    pub fn read(folder: &str, files: &dyn Files) -> Result<Self, String> {
        let mut found = Self::default();
        let mut seen = BTreeSet::new();
        found.collect(folder, files, &mut seen, 0)?;
        Ok(found)
    }

    fn collect(
        &mut self,
        folder: &str,
        files: &dyn Files,
        seen: &mut BTreeSet<String>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > DEEPEST || !seen.insert(folder.to_owned()) {
            return Ok(());
        }
        let Some(one) = one(folder, files)? else {
            return Err(format!("`{folder}` holds no kustomization that can be read"));
        };
        let uses = one.uses.clone();
        self.0.push(one);
        uses.iter().try_for_each(|used| self.collect(used, files, seen, depth + 1))
    }

    /// What of its files kustomize refuses to build, as a lower-case phrase: one that is not there, or that its load
    /// restrictor keeps out (kubernetes-sigs/kustomize, `api/internal/loader`): a file outside of the kustomization's folder.
    pub fn refused(&self, files: &dyn Files) -> Option<String> {
        self.0.iter().find_map(|one| {
            let inside = join(&one.folder, "");
            let named = || one.resources.iter().chain(&one.patches).chain(&one.others);
            let gone = named().find(|file| files.text(file).is_none());
            let gone = gone.map(|gone| format!("`{}` names `{gone}`, which is not there", one.file));
            let outside = || {
                let outside = named().find(|file| !one.folder.is_empty() && !file.starts_with(&inside))?;
                Some(format!(
                    "`{}` names `{outside}`, a file outside of its folder, which is built with `--load-restrictor LoadRestrictionsNone` only",
                    one.file
                ))
            };
            gone.or_else(outside)
        })
    }

    /// All files that it is made of, those with its kustomizations among them.
    pub fn files(&self) -> BTreeSet<String> {
        let parts = |one: &Kustomization| {
            let named = one.resources.iter().chain(&one.patches).chain(&one.others).cloned();
            named.chain([one.file.clone()]).collect::<Vec<_>>()
        };
        self.0.iter().flat_map(parts).collect()
    }
}

/// Folders of kustomizations that no other one uses, components aside.
pub(super) fn roots(names: &BTreeSet<&str>, files: &dyn Files) -> Vec<String> {
    let folders: BTreeSet<&str> =
        names.iter().filter(|file| is_named_so(file)).map(|file| folder(file)).collect();
    let mut used = BTreeSet::new();
    let mut deployable = Vec::new();
    for folder in folders {
        let Some((_, text)) = text(folder, files) else { continue };
        let documents = yaml::parse(SourceId(0), &text).documents;
        let Some(root) = documents.first().map(Document::root) else { continue };
        for name in RESOURCES.iter().flat_map(|field| strings(root, field)) {
            used.extend(resolve(folder, &name).filter(|name| files.is_folder(name)));
        }
        if root.str_at(&["kind"]) != Some("Component") {
            deployable.push(folder.to_owned());
        }
    }
    deployable.into_iter().filter(|folder| !used.contains(folder)).collect()
}

fn text(folder: &str, files: &dyn Files) -> Option<(String, Arc<str>)> {
    NAMES.iter().find_map(|name| {
        let file = join(folder, name);
        files.text(&file).map(|text| (file, text))
    })
}

fn one(folder: &str, files: &dyn Files) -> Result<Option<Kustomization>, String> {
    let Some((file, text)) = text(folder, files) else { return Ok(None) };
    let Some(document) = yaml::parse(SourceId(0), &text).documents.into_iter().next() else {
        return Ok(None);
    };
    let root = document.root();
    for field in ["helmCharts", "helmChartInflationGenerator"] {
        if root.get(field).is_some() {
            return Err(format!("`{file}` inflates Helm charts, which would be downloaded"));
        }
    }
    let mut found = Kustomization {
        file: file.clone(),
        folder: folder.to_owned(),
        resources: Vec::new(),
        patches: Vec::new(),
        others: Vec::new(),
        uses: Vec::new(),
        document,
    };
    let root = found.document.root();
    let outside = |name: &str| {
        // An address may hold a token.
        if name.contains([':', '@', '?']) {
            return format!("`{file}` names an address, which would be fetched");
        }
        let host = name.split_once('/').map_or("", |(host, _)| host);
        if host.contains('.') && host.trim_matches('.') == host {
            return format!("`{file}` names `{name}`, which is no file or folder here and would be fetched");
        }
        let what = resolve(folder, name).map_or("lies outside of the base", |_| "is not there");
        format!("`{file}` names `{name}`, which {what}")
    };
    for field in RESOURCES {
        for name in strings(root, field) {
            let target = resolve(folder, &name).filter(|_| !name.contains("://"));
            match target {
                Some(target) if files.is_folder(&target) => found.uses.push(target),
                Some(target) if files.text(&target).is_some() => found.resources.push(target),
                _ => return Err(outside(&name)),
            }
        }
    }
    for field in ["generators", "transformers", "validators"] {
        for name in strings(root, field).into_iter().filter(|name| !name.contains('\n')) {
            match resolve(folder, &name).filter(|_| !name.contains("://")) {
                Some(target) if files.is_folder(&target) => found.uses.push(target),
                Some(target) if files.text(&target).is_some() => found.others.push(target),
                _ => return Err(outside(&name)),
            }
        }
    }
    for name in patch_files(root) {
        found
            .patches
            .push(resolve(folder, name).filter(|_| !name.contains("://")).ok_or_else(|| outside(name))?);
    }
    for name in other_files(root) {
        found
            .others
            .push(resolve(folder, &name).filter(|_| !name.contains("://")).ok_or_else(|| outside(&name))?);
    }
    Ok(Some(found))
}

/// Files of generators, replacements and the like.
fn other_files(root: NodeRef<'_>) -> Vec<String> {
    let mut names = strings(root, "configurations");
    names.extend(texts(root, "replacements", "path"));
    names.extend(root.str_at(&["openapi", "path"]).map(ToOwned::to_owned));
    for field in ["configMapGenerator", "secretGenerator"] {
        for generator in root.get(field).into_iter().flat_map(NodeRef::items) {
            let files = strings(generator, "files").into_iter();
            names.extend(files.map(|file| file.rsplit('=').next().unwrap_or_default().to_owned()));
            names.extend(strings(generator, "envs"));
            names.extend(generator.str_at(&["env"]).map(ToOwned::to_owned));
        }
    }
    names
}

fn strings(node: NodeRef<'_>, field: &str) -> Vec<String> {
    let items = node.get(field).into_iter().flat_map(NodeRef::items);
    items.filter_map(NodeRef::as_str).map(ToOwned::to_owned).collect()
}

fn texts(node: NodeRef<'_>, field: &str, key: &str) -> Vec<String> {
    let items = node.get(field).into_iter().flat_map(NodeRef::items);
    items.filter_map(|item| item.str_at(&[key])).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Texts(BTreeMap<&'static str, &'static str>);

    impl Files for Texts {
        fn text(&self, file: &str) -> Option<Arc<str>> {
            self.0.get(file).map(|text| Arc::from(*text))
        }

        fn is_folder(&self, name: &str) -> bool {
            self.0.keys().any(|file| file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
        }
    }

    #[test]
    fn roots_are_kustomizations_that_no_other_one_uses() {
        let files = Texts(BTreeMap::from([
            ("base/kustomization.yaml", "resources: [a.yaml]\n"),
            ("base/a.yaml", ""),
            ("overlays/dev/kustomization.yml", "resources: [../../base]\ncomponents: [../../extra]\n"),
            ("overlays/prod/Kustomization", "bases: [../../base/]\n"),
            ("extra/kustomization.yaml", "kind: Component\n"),
            ("unused/kustomization.yaml", "kind: Component\n"),
        ]));
        let names = files.0.keys().copied().collect();
        assert_eq!(roots(&names, &files), ["overlays/dev", "overlays/prod"]);
        let used = Kustomizations::read("overlays/dev", &files).unwrap();
        let used: Vec<String> = used.files().into_iter().collect();
        let expected = [
            "base/a.yaml",
            "base/kustomization.yaml",
            "extra/kustomization.yaml",
            "overlays/dev/kustomization.yml",
        ];
        assert_eq!(used, expected);
    }

    #[test]
    fn what_would_be_fetched_or_lies_outside_is_refused() {
        for (text, allowed) in [
            ("resources: [a.yaml, ../base]", true),
            ("resources: [https://example.com/a.yaml]", false),
            ("resources: [github.com/org/base?ref=v1]", false),
            ("bases: ['git@example.com:org/base']", false),
            ("components: [../../outside]", false),
            ("resources: [/etc/passwd]", false),
            ("resources: [gone.yaml]", false),
            ("transformers: [https://example.com/t.yaml]", false),
            ("patches: [{path: https://example.com/p.yaml}]", false),
            ("patches: [{patch: \"- op: add\\n  path: /a\\n  value: https://example.com\\n\"}]", true),
            ("secretGenerator: [{name: s, files: [key=a.yaml], literals: [url=https://example.com]}]", true),
            ("configMapGenerator: [{name: s, files: [https://example.com/f]}]", false),
            ("helmCharts: [{name: redis}]", false),
        ] {
            let files = Texts(BTreeMap::from([
                ("k/kustomization.yaml", text),
                ("k/a.yaml", ""),
                ("base/kustomization.yaml", "{}"),
            ]));
            let read = Kustomizations::read("k", &files);
            assert_eq!(read.is_ok(), allowed, "{text}");
            assert!(read.err().is_none_or(|reason| !reason.contains("example.com")), "{text}");
        }
    }

    #[test]
    fn why_nothing_is_built_is_told() {
        for (text, expected) in [
            ("resources: [gone.yaml]", "names `gone.yaml`, which is not there"),
            ("resources: [../../x]", "names `../../x`, which lies outside of the base"),
            ("resources: [github.com/org/base]", "is no file or folder here and would be fetched"),
            ("resources: ['https://h/x?token=t']", "names an address, which would be fetched"),
            ("resources: [../base/b.yaml]", "`base/b.yaml`, a file outside of its folder"),
            ("patches: [{path: gone.yaml}]", "names `k/gone.yaml`, which is not there"),
            ("resources: [a.yaml]", ""),
        ] {
            let files = Texts(BTreeMap::from([
                ("k/kustomization.yaml", text),
                ("k/a.yaml", ""),
                ("base/b.yaml", ""),
            ]));
            let read = Kustomizations::read("k", &files);
            let reason = read.map_or_else(Some, |read| read.refused(&files)).unwrap_or_default();
            assert!(reason.contains(expected), "{text}: {reason}");
            assert_eq!(reason.is_empty(), expected.is_empty(), "{text}: {reason}");
        }
    }
}
