//! Kustomizations that were not built: manifests below their folders are only part of what is deployed.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    estate::Estate,
    resource::{contents::folder, kustomization::is_partial},
    source::{SourceId, Status},
};

/// Kustomizations that add to their folders or change what lies there.
#[derive(Debug)]
pub(super) struct Unbuilt<'e> {
    estate: &'e Estate,
    /// Their files, by folder.
    by_folder: BTreeMap<&'e str, &'e Arc<str>>,
}

impl<'e> Unbuilt<'e> {
    pub(super) fn new(estate: &'e Estate) -> Self {
        let partial = estate.documents.iter().filter_map(|document| {
            let source = estate.sources.get(document.source);
            // Read documents are objects of Kubernetes; only kustomizations and parts of objects are skipped and have some.
            let is_skipped = matches!(source.status, Status::Skipped(_));
            (is_skipped && estate.part(document).is_none() && is_partial(document))
                .then(|| (folder(&source.file), &source.file))
        });
        Self { estate, by_folder: partial.collect() }
    }

    /// The nearest kustomization at or above the folder of a file.
    pub(super) fn of(&self, file: SourceId) -> Option<&'e str> {
        let mut folder = folder(&self.estate.sources.get(file).file);
        loop {
            if let Some(kustomization) = self.by_folder.get(folder) {
                return Some(kustomization);
            }
            if folder.is_empty() {
                return None;
            }
            folder = crate::resource::contents::folder(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        source::{Source, Sources},
    };

    #[test]
    fn manifests_below_a_kustomization_are_part_of_it() {
        let source = |file: &str, text: &str, status| Source::new(file, text, None, status);
        let skipped = || Status::Skipped("kustomization".to_owned());
        let sources = Sources::new(vec![
            source("a/kustomization.yaml", "resources: [../b]", skipped()),
            source("a/x/p.yaml", "a: b", Status::Read),
            source("b/kustomization.yaml", "resources: [p.yaml]", skipped()),
            source("b/p.yaml", "a: b", Status::Read),
            source("c/kustomization.yaml", "kind: Component", Status::Read),
            source("c/p.yaml", "a: b", Status::Read),
        ]);
        let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents);
        let documents = documents.collect();
        let estate = Estate::new(sources, documents, Vec::new(), "shop");
        let unbuilt = Unbuilt::new(&estate);
        let found: Vec<Option<&str>> = estate.sources.iter().map(|(id, _)| unbuilt.of(id)).collect();
        let a = Some("a/kustomization.yaml");
        assert_eq!(found, [a, a, None, None, None, None]);
    }
}
