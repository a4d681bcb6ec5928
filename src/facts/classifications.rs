//! The fact `classification`: what labels and annotations of an object say about the data that it holds.
//!
//! Deliberately absent: what is inherited from elsewhere, and tags of planned resources.

use std::sync::Arc;

use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{Fact, Set, Subject, places},
    resource::{
        classification::{Key, Vocabulary},
        workload::PodTemplate,
    },
    source::Place,
};

/// One subject for each object that declares anything.
pub(super) fn classifications(set: &Set<'_>) -> Vec<Subject> {
    set.view.resources().filter_map(|resource| classification(set, resource)).collect()
}

/// `{kind, namespace, name, declarations: [{key, value, level, categories, recognised}], conflict}`; `conflict` is null or
/// `{lower, higher}`, each `{text, resource}`: of two levels of one object, or of an object and its Namespace. `recognised` is false for a value in no vocabulary and `unknown` where there is no value yet;
/// `level` is then `unknown`, as it is where nothing but a category's absence is declared.
fn classification(set: &Set<'_>, resource: &Resource) -> Option<Subject> {
    let node = set.view.estate.node(resource);
    let vocabulary = set.view.estate.vocabulary();
    let pod = PodTemplate::of(&resource.object, node).filter(|_| &*resource.object.kind != "Pod");
    let mut declarations = Vec::new();
    for metadata in [node.get("metadata"), pod.and_then(|pod| pod.metadata)].into_iter().flatten() {
        for field in ["labels", "annotations"] {
            for (key, span, value) in metadata.get(field).into_iter().flat_map(NodeRef::entries) {
                if let Some(kind) = vocabulary.key(key) {
                    let place = Place::new(node.document.source, span);
                    declarations.push(declaration(key, (vocabulary, kind), place, value));
                }
            }
        }
    }
    if declarations.is_empty() {
        return None;
    }
    let conflict = match set.declarations().of(resource).conflict {
        Some((higher, lower)) => Fact::object([("higher", Fact::from(higher)), ("lower", Fact::from(lower))]),
        None => Fact::default(),
    };
    let fact = Fact::object([
        ("kind", Fact::from(&*resource.object.kind)),
        ("namespace", Fact::from(resource.identity.namespace.as_deref())),
        ("name", Fact::from(&*resource.object.name)),
        ("declarations", Fact::array(declarations)),
        ("conflict", conflict),
    ]);
    let fact = fact.at(Some(places::name(node).into()));
    Some(Subject { resource: resource.id.to_string(), kind: Arc::clone(&resource.object.kind), fact })
}

fn declaration(
    name: &str,
    (vocabulary, kind): (Vocabulary<'_>, Key),
    place: Place,
    value: NodeRef<'_>,
) -> Fact {
    // `pii: true` is written without quotes often enough; what is meant is plain.
    let text = value.as_str().or_else(|| (value.is_scalar() && !value.is_null()).then(|| value.raw()));
    let text = text.map(str::trim).filter(|text| !text.is_empty() && !is_filled_in_later(text));
    let meaning = text.map(|text| vocabulary.meaning(kind, text));
    let recognised = match &meaning {
        Some(meaning) => Fact::from(meaning.is_some()),
        None => Fact::unknown(),
    };
    let meaning = meaning.flatten().unwrap_or_default();
    let fields = [
        ("key", Fact::from(name)),
        ("value", text.map_or_else(Fact::unknown, Fact::from)),
        ("level", meaning.level.map_or_else(Fact::unknown, |level| Fact::from(level.name()))),
        ("categories", Fact::array(meaning.categories.iter().map(|category| Fact::from(category.name())))),
        ("recognised", recognised),
    ];
    Fact::object(fields).at(Some(places::value(place, value).into()))
}

fn is_filled_in_later(text: &str) -> bool {
    text.contains("{{") || text.contains("${") || text.contains("$(")
}
