//! What must not be shown of the files that something is rendered from.

use std::collections::BTreeSet;

use crate::{
    document::yaml,
    resource::credential,
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
        let root = document.root();
        let is_secret = root.str_at(&["kind"]) == Some("Secret");
        let secrets = credential::secrets(root, is_secret);
        places.extend(secrets.into_iter().map(|secret| Place::new(id, secret.span)));
        places.extend(literals(root));
    }
    places
}

/// Literals of a `secretGenerator`, from the `=` on.
fn literals(root: crate::document::NodeRef<'_>) -> Vec<Place> {
    let generators = root.get("secretGenerator").into_iter().flat_map(|node| node.items());
    let literals = generators.filter_map(|generator| generator.get("literals"));
    let entries = literals.flat_map(|node| node.items());
    let values = entries.filter_map(|entry| {
        let at = entry.raw().find('=')? + 1;
        let end = entry.raw().trim_end_matches(['"', '\'']).len();
        let start = entry.span().start;
        (at < end).then(|| Place::new(entry.document.source, start + at..start + end))
    });
    values.collect()
}
