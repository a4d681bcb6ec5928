//! Where the modules of a plan lie: the folder of the root module, and of every call below it.
//!
//! A call is followed where `.terraform/modules/modules.json` says that its module was put, else where its `source`
//! is a path (Terraform, "Module Sources"). Deliberately absent: downloading, and folders outside of the base.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::Deserialize;

use super::Plan;
use crate::{
    document::{Document, NodeRef, ParseError, hcl, json},
    source::SourceId,
};

/// Folders below the base, `/`-separated, the base itself empty.
pub trait Folders {
    /// The files of Terraform's in a folder, sorted by name.
    fn terraform(&mut self, folder: &str) -> Files;
    /// Text of a file that is no source of its own.
    fn text(&mut self, file: &str) -> Option<Arc<str>>;
    /// Folders that hold files of Terraform's, as far as they were read before, sorted.
    fn known(&self) -> Vec<String>;
}

/// Folder of each module, by the names of the calls that lead to it, joined with `.`; the root is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules(pub BTreeMap<String, String>);

/// More modules than any configuration has; a call may lead to its own folder.
const MOST: usize = 10_000;
const DEEPEST: usize = 32;

impl Modules {
    /// The modules of a plan that was read from `file`; none where its root module is not found.
    pub fn find(plan: &Plan, file: &str, folders: &mut dyn Folders) -> Self {
        let blocks = plan.root_blocks();
        let Some(root) = root(&blocks, file, folders) else { return Self::default() };
        let installed = installed(&root, folders);
        let mut found = BTreeMap::new();
        let mut open = vec![(String::new(), root)];
        while let Some((key, folder)) = open.pop() {
            if found.len() >= MOST || key.split('.').count() > DEEPEST || found.contains_key(&key) {
                continue;
            }
            for document in documents(&folder, folders) {
                for (name, call) in calls(document.root()) {
                    let key = if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
                    let local = || call.str_at(&["source"]).filter(|source| source.starts_with('.'));
                    let target = installed.get(&key).cloned().or_else(|| join(&folder, local()?));
                    open.extend(target.map(|target| (key, target)));
                }
            }
            found.insert(key, folder);
        }
        Self(found)
    }
}

/// The nearest folder at or above the plan that declares a block of its root module, else the only one that
/// declares all of them.
fn root(blocks: &BTreeSet<String>, file: &str, folders: &mut dyn Folders) -> Option<String> {
    let mut folder = file.rsplit_once('/').map(|(folder, _)| folder);
    loop {
        let here = folder.unwrap_or_default();
        if declared(here, folders).intersection(blocks).next().is_some() {
            return Some(here.to_owned());
        }
        match folder {
            None => break,
            Some(inside) => folder = inside.rsplit_once('/').map(|(outside, _)| outside),
        }
    }
    let known = folders.known();
    let mut whole = known.into_iter().filter(|folder| {
        let declared = declared(folder, folders);
        !blocks.is_empty() && blocks.is_subset(&declared)
    });
    let only = whole.next()?;
    whole.next().is_none().then_some(only)
}

/// Addresses of the blocks that the files of a folder declare.
fn declared(folder: &str, folders: &mut dyn Folders) -> BTreeSet<String> {
    let mut addresses = BTreeSet::new();
    for document in documents(folder, folders) {
        let root = document.root();
        for (word, prefix) in [("resource", ""), ("data", "data.")] {
            let types = root.get(word).into_iter().flat_map(NodeRef::entries);
            for (kind, _, names) in types {
                addresses.extend(names.entries().map(|(name, _, _)| format!("{prefix}{kind}.{name}")));
            }
        }
        addresses.extend(calls(root).map(|(name, _)| format!("module.{name}")));
    }
    addresses
}

fn documents(folder: &str, folders: &mut dyn Folders) -> Vec<Document> {
    let files = folders.terraform(folder);
    files.iter().filter_map(|(name, text)| document(SourceId(0), name, text).0).collect()
}

/// A file of Terraform's, `.tf` or `.tf.json`, as far as it can be read, and what cannot.
pub(super) fn document(
    source: SourceId,
    name: &str,
    text: &Arc<str>,
) -> (Option<Document>, Option<ParseError>) {
    if is_json(name) {
        let parsed = json::parse(source, text);
        return (parsed.documents.into_iter().next(), parsed.errors.into_iter().next());
    }
    let (document, problem) = hcl::parse(source, text);
    (Some(document), problem)
}

/// Extensions of Terraform's are lower case.
fn is_json(file: &str) -> bool {
    file.rsplit_once('.').is_some_and(|(_, extension)| extension == "json")
}

/// Whether a file is configuration of Terraform's by its name.
pub fn is_terraform(file: &str) -> bool {
    let file = if is_json(file) { file.trim_end_matches(".json") } else { file };
    file.rsplit_once('.').is_some_and(|(_, extension)| extension == "tf")
}

/// Name and text of each file.
pub type Files = Vec<(Arc<str>, Arc<str>)>;

fn calls(root: NodeRef<'_>) -> impl Iterator<Item = (&str, NodeRef<'_>)> {
    let modules = root.get("module").into_iter().flat_map(NodeRef::entries);
    modules.filter_map(|(name, _, call)| Some((name, super::written::bodies(call).next()?)))
}

/// Where `terraform init` put modules, by their keys.
fn installed(root: &str, folders: &mut dyn Folders) -> BTreeMap<String, String> {
    let file = join(root, ".terraform/modules/modules.json");
    let manifest = file.and_then(|file| folders.text(&file));
    let manifest: Manifest = manifest.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let modules = manifest.modules.into_iter().filter(|module| !module.key.is_empty());
    modules.filter_map(|module| Some((module.key, join(root, &module.dir)?))).collect()
}

#[derive(Deserialize, Default)]
struct Manifest {
    #[serde(rename = "Modules")]
    modules: Vec<Installed>,
}

#[derive(Deserialize)]
struct Installed {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Dir")]
    dir: String,
}

/// A path from a folder; `None` where it is absolute or leaves the base.
fn join(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Texts(BTreeMap<&'static str, &'static str>);

    impl Folders for Texts {
        fn terraform(&mut self, folder: &str) -> Files {
            let inside = |file: &&str| file.rsplit_once('/').map_or("", |(folder, _)| folder) == folder;
            let files = self.0.iter().filter(|(file, _)| inside(file) && file.contains(".tf"));
            files.map(|(file, text)| (Arc::from(*file), Arc::from(*text))).collect()
        }

        fn text(&mut self, file: &str) -> Option<Arc<str>> {
            self.0.get(file).map(|text| Arc::from(*text))
        }

        fn known(&self) -> Vec<String> {
            let files = self.0.keys().filter(|file| is_terraform(file));
            let folders: BTreeSet<_> =
                files.map(|file| file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()).collect();
            folders.into_iter().collect()
        }
    }

    fn find(plan: &str, files: &[(&'static str, &'static str)]) -> Vec<String> {
        let resource = |address: &str| {
            let (kind, name) = address.split_once('.').unwrap();
            json!({"address": address, "mode": "managed", "type": kind, "name": name})
        };
        let text = json!({
            "format_version": "1.2", "resource_changes": [],
            "configuration": {"root_module": {
                "resources": [resource("aws_s3_bucket.a"), resource("aws_s3_bucket.b")],
                "module_calls": {"m": {"module": {}}},
            }},
        });
        let parsed = Plan::parse(SourceId(0), &Arc::from(text.to_string())).unwrap();
        let modules = Modules::find(&parsed, plan, &mut Texts(files.iter().copied().collect()));
        modules.0.into_iter().map(|(key, folder)| format!("{key}:{folder}")).collect()
    }

    const ROOT: &str = "resource \"aws_s3_bucket\" \"a\" {}\nresource \"aws_s3_bucket\" \"b\" {}\nmodule \"m\" {\n source = \"./modules/m\"\n}\n";
    const CALL: &str =
        "module \"deep\" {\n  source = \"example/deep/aws\"\n}\nmodule \"up\" {\n  source = \"../up\"\n}\n";

    #[test]
    fn modules_are_found_beside_the_plan_and_through_paths_and_downloads() {
        let manifest = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},{"Key":"m.deep","Source":"example/deep/aws","Dir":".terraform/modules/m.deep"}]}"#;
        for (name, plan, files, expected) in [
            (
                "beside it, local and downloaded",
                "infra/tfplan.json",
                &[
                    ("infra/main.tf", ROOT),
                    ("infra/modules/m/main.tf", CALL),
                    ("infra/.terraform/modules/modules.json", manifest),
                    ("infra/modules/up/a.tf", ""),
                ][..],
                &[
                    ":infra",
                    "m:infra/modules/m",
                    "m.deep:infra/.terraform/modules/m.deep",
                    "m.up:infra/modules/up",
                ][..],
            ),
            (
                "above it",
                "infra/plans/dev/tfplan.json",
                &[("infra/main.tf", ROOT)],
                &[":infra", "m:infra/modules/m"],
            ),
            (
                "elsewhere",
                "plans/tfplan.json",
                &[("infra/main.tf", ROOT), ("other/main.tf", "locals {}")],
                &[":infra", "m:infra/modules/m"],
            ),
            ("elsewhere, twice", "plans/tfplan.json", &[("dev/main.tf", ROOT), ("live/main.tf", ROOT)], &[]),
            ("another module", "tfplan.json", &[("main.tf", "resource \"aws_s3_bucket\" \"z\" {}")], &[]),
            (
                "a module that leaves the base",
                "tfplan.json",
                &[("main.tf", "module \"m\" {\n source = \"../../x\"\n}")],
                &[":"],
            ),
            (
                "a module that calls itself",
                "tfplan.json",
                &[
                    ("main.tf", "module \"m\" {\n source = \"./m\"\n}"),
                    ("m/main.tf", "module \"m\" {\n source = \"../m\"\n}"),
                ],
                &[":", "m:m"],
            ),
        ] {
            let found = find(plan, files);
            assert!(found.len() <= DEEPEST + 1, "{name}");
            assert_eq!(&found[..expected.len().min(found.len())], expected, "{name}");
        }
    }
}
