//! What must not be shown of the files that something is rendered from.

use std::collections::BTreeSet;

use crate::{
    document::yaml,
    resource::{credential, kubernetes, kustomization::generators},
    source::{Place, SourceId, Sources},
};

/// Shorter texts may be part of any word.
const DISTINCTIVE: usize = 6;

/// Places that hold one of these texts, or a credential by its looks.
pub(super) fn secrets(sources: &Sources, id: SourceId, texts: &BTreeSet<String>) -> Vec<Place> {
    let source = sources.get(id);
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
        let generated = generators(&document).into_iter().filter(|generator| generator.kind == "Secret");
        let entries = generated.flat_map(|generator| generator.entries(sources));
        places.extend(entries.filter_map(|entry| entry.hidden));
    }
    places
}
