//! Namespaces that kustomizations give to manifests which name none (contract, "Ids"; kustomize `namespace`).
//!
//! What uses another kustomization has the last word. A manifest to which several give different ones keeps the default:
//! it is a base, and each overlay is built for itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    document::{Document, NodeRef},
    resource::{contents::folder, kustomization, render::resolve},
    source::{SourceId, Sources},
};

/// What a kustomization says of a namespace, and what it uses.
#[derive(Debug)]
struct Kustomization {
    namespace: Option<Arc<str>>,
    /// Files and folders relative to the base.
    uses: Vec<String>,
}

/// The namespace of each file that exactly one way leads to, or all ways to the same one.
pub(super) fn of_kustomizations(sources: &Sources, documents: &[Document]) -> BTreeMap<SourceId, Arc<str>> {
    let mut kustomizations: BTreeMap<&str, Kustomization> = BTreeMap::new();
    for document in documents {
        let file = &*sources.get(document.source).file;
        if kustomization::is_named_so(file) {
            kustomizations.insert(folder(file), read(folder(file), document.root()));
        }
    }
    if kustomizations.values().all(|one| one.namespace.is_none()) {
        return BTreeMap::new();
    }
    let used: BTreeSet<&str> =
        kustomizations.values().flat_map(|one| &one.uses).map(String::as_str).collect();
    let mut found: BTreeMap<SourceId, BTreeSet<Option<Arc<str>>>> = BTreeMap::new();
    for root in kustomizations.keys().filter(|folder| !used.contains(**folder)) {
        let mut seen = BTreeSet::new();
        let mut open = vec![(*root, None::<Arc<str>>)];
        while let Some((name, outer)) = open.pop() {
            if let Some(one) = kustomizations.get(name).filter(|_| seen.insert(name)) {
                let namespace = outer.or_else(|| one.namespace.clone());
                open.extend(one.uses.iter().map(|used| (used.as_str(), namespace.clone())));
            } else if let Some(file) = sources.by_file(name) {
                found.entry(file).or_default().insert(outer);
            }
        }
    }
    let alone = found.into_iter().filter(|(_, namespaces)| namespaces.len() == 1);
    alone.filter_map(|(file, namespaces)| Some((file, namespaces.into_iter().next()??))).collect()
}

fn read(folder: &str, root: NodeRef<'_>) -> Kustomization {
    let lists = ["resources", "bases", "components"].into_iter().filter_map(|field| root.get(field));
    let names = lists.flat_map(NodeRef::items).filter_map(NodeRef::as_str);
    let uses = names.filter_map(|name| resolve(folder, name)).collect();
    let namespace = root.str_at(&["namespace"]).filter(|name| !name.is_empty()).map(Into::into);
    Kustomization { namespace, uses }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        source::{Source, Status},
    };

    #[test]
    fn the_outermost_kustomization_names_it_if_all_ways_agree() {
        let files = [
            ("app/kustomization.yaml", "namespace: shop\nresources: [pod.yaml, inner]\n"),
            ("app/inner/kustomization.yml", "namespace: inner\nresources: [job.yaml]\n"),
            ("app/inner/job.yaml", ""),
            ("app/pod.yaml", ""),
            ("base/kustomization.yaml", "resources: [web.yaml]\n"),
            ("base/web.yaml", ""),
            ("dev/kustomization.yaml", "namespace: dev\nresources: [../base, dev.yaml]\n"),
            ("dev/dev.yaml", ""),
            ("loop/kustomization.yaml", "namespace: loop\nresources: [../loop]\n"),
            ("plain.yaml", ""),
            ("prod/kustomization.yaml", "namespace: prod\nbases: [../base/]\n"),
        ];
        let sources = files.map(|(name, text)| Source::new(name, text, None, Status::Read));
        let sources = Sources::new(sources.into_iter().collect());
        let documents: Vec<Document> =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        let found = of_kustomizations(&sources, &documents);
        let found: Vec<(&str, &str)> =
            found.iter().map(|(id, namespace)| (&*sources.get(*id).file, &**namespace)).collect();
        assert_eq!(
            found,
            [("app/inner/job.yaml", "shop"), ("app/pod.yaml", "shop"), ("dev/dev.yaml", "dev")]
        );
    }
}
