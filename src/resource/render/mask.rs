//! What must not be shown of the files that something is rendered from.

use std::collections::BTreeSet;

use crate::{
    document::{NodeRef, yaml},
    resource::{credential, kubernetes},
    source::{Place, Source, SourceId},
};

/// Shorter texts may be part of any word.
const DISTINCTIVE: usize = 6;

/// Places that hold one of these texts, or a credential by its looks.
pub(super) fn secrets(id: SourceId, source: &Source, texts: &BTreeSet<String>) -> Vec<Place> {
    let mut places = Vec::new();
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim);
    for text in lines.filter(|text| text.len() >= DISTINCTIVE) {
        let found = source.text.match_indices(text);
        places.extend(found.map(|(at, text)| Place::new(id, at..at + text.len())));
    }
    for document in yaml::parse(id, &source.text).documents {
        let objects = kubernetes::objects(&document);
        for object in &objects {
            let secrets = credential::secrets(object, document.node(object.node));
            places.extend(secrets.into_iter().map(|secret| Place::new(id, secret.span)));
        }
        if objects.is_empty() {
            let found = credential::find_in_settings(document.root());
            places.extend(found.into_iter().map(|found| Place::new(id, found.span)));
        }
        places.extend(literals(document.root()));
    }
    places
}

/// Literals of a `secretGenerator`, from the `=` on.
fn literals(root: NodeRef<'_>) -> Vec<Place> {
    let generators = root.get("secretGenerator").into_iter().flat_map(NodeRef::items);
    let literals = generators.filter_map(|generator| generator.get("literals"));
    let entries = literals.flat_map(NodeRef::items);
    let values = entries.filter_map(|entry| {
        let at = entry.raw().find('=')? + 1;
        let end = entry.raw().trim_end_matches(['"', '\'']).len();
        let start = entry.span().start;
        (at < end).then(|| Place::new(entry.document.source, start + at..start + end))
    });
    values.collect()
}
