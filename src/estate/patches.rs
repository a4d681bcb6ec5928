//! Files that kustomizations name as patches: what they hold is part of objects that stand elsewhere, and none by itself.

use std::collections::BTreeMap;

use crate::{
    document::{Document, NodeRef},
    resource::{
        contents::folder,
        kustomization::{is_named_so, patch_files},
        render::resolve,
    },
    source::{SourceId, Sources, Status},
};

/// The folder of a kustomization that names it, for each file that is a patch and nothing else; `None` where a component
/// does, which is built only as part of something else.
pub(super) fn of_kustomizations(
    sources: &Sources,
    documents: &[Document],
) -> BTreeMap<SourceId, Option<String>> {
    let mut patches = BTreeMap::new();
    let mut objects = Vec::new();
    for document in documents {
        let file = &*sources.get(document.source).file;
        if !is_named_so(file) {
            continue;
        }
        let (folder, root) = (folder(file), document.root());
        let source = |name: &str| sources.by_file(&resolve(folder, name)?);
        // What builds nothing patches nothing: a stray file must not take objects out of judgement.
        let is_component = root.str_at(&["kind"]) == Some("Component");
        if !is_component && ["resources", "bases", "components"].iter().all(|field| root.get(field).is_none())
        {
            continue;
        }
        for patch in patch_files(root).filter_map(source) {
            patches.entry(patch).or_insert_with(|| (!is_component).then(|| folder.to_owned()));
        }
        let resources = ["resources", "bases"].into_iter().filter_map(|field| root.get(field));
        objects.extend(resources.flat_map(NodeRef::items).filter_map(|name| source(name.as_str()?)));
    }
    objects.iter().for_each(|object| drop(patches.remove(object)));
    patches
}

/// Says at each patch why it is not judged by itself, unless something else is said of it.
pub(super) fn tell(sources: &mut Sources, patches: &BTreeMap<SourceId, Option<String>>) {
    for (patch, folder) in patches {
        let source = sources.get_mut(*patch);
        if source.status == Status::Read {
            source.status = Status::Skipped(match folder.as_deref() {
                None => "patch of a component that was not built: scan with `--render`, or run `kubectl kustomize \
                         FOLDER | probity scan -` with the folder of a kustomization that uses it"
                    .to_owned(),
                Some(folder) => format!(
                    "patch of a kustomization that was not built: scan with `--render`, or run `kubectl kustomize {} \
                     | probity scan -`",
                    if folder.is_empty() { "." } else { folder }
                ),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::Source};

    #[test]
    fn a_file_that_some_kustomization_takes_for_an_object_is_no_patch() {
        let files = [
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", "a: b\n"),
            (
                "prod/kustomization.yaml",
                "resources: [../base]\npatches: [{path: more.yaml}, {path: ../base/web.yaml}, {path: gone.yaml}]\n",
            ),
            ("prod/more.yaml", "a: b\n"),
            ("small/kustomization.yaml", "kind: Component\npatches: [{path: less.yaml}]\n"),
            ("small/less.yaml", "a: b\n"),
            ("prod/other.yaml", "patches: [{path: plain.yaml}]\n"),
            ("prod/plain.yaml", "a: b\n"),
        ];
        let sources = files.map(|(name, text)| Source::new(name, text, None, Status::Read));
        let mut sources = Sources::new(sources.into_iter().collect());
        let documents: Vec<Document> =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        let found = of_kustomizations(&sources, &documents);
        let names: Vec<(&str, &str)> = found
            .iter()
            .map(|(id, folder)| (&*sources.get(*id).file, folder.as_deref().unwrap_or("component")))
            .collect();
        assert_eq!(names, [("prod/more.yaml", "prod"), ("small/less.yaml", "component")]);
        tell(&mut sources, &found);
        let skipped =
            sources.iter().filter(|(_, source)| matches!(source.status, Status::Skipped(_))).count();
        assert_eq!(skipped, 2);
    }
}
