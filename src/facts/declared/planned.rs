//! What tags and labels of a planned resource say of its data (domains.md T3).

use std::{collections::BTreeSet, sync::Arc};

use super::Declared;
use crate::{
    document::{NodeRef, Path, Step},
    facts::{Because, Origin, buckets::planned::steps},
    resource::{
        classification::{Key, Meaning, Vocabulary},
        terraform::{Attribute, Plan, Values},
    },
};

/// Where providers keep tags: with their own defaults first, those of Cloud SQL in its settings. What the provider
/// computes is unknown in many plans and says nothing then.
const MAPS: [(&str, bool); 6] = [
    ("tags_all", true),
    ("tags", false),
    ("effective_labels", true),
    ("labels", false),
    ("user_labels", false),
    ("settings.0.user_labels", false),
];

/// One tag that declares something.
#[derive(Debug)]
pub(in crate::facts) struct Tag {
    pub(in crate::facts) key: String,
    pub(in crate::facts) kind: Key,
    /// `None`: known only after apply, or not to be shown.
    pub(in crate::facts) value: Option<String>,
    /// `None`: it has no value yet, or one in no vocabulary.
    pub(in crate::facts) meaning: Option<Meaning>,
    pub(in crate::facts) origin: Origin,
}

/// The tags of a resource that declare something; `None`: none does, but there may be more after apply.
pub(in crate::facts) fn tags(
    vocabulary: Vocabulary<'_>,
    index: u32,
    plan: &Plan,
    position: u32,
) -> Option<Vec<Tag>> {
    let Some(values) = plan.resource(position).and_then(|resource| resource.values(plan).ok()) else {
        return Some(Vec::new());
    };
    let mut is_open = false;
    for (map, computed) in MAPS {
        let path = steps(map);
        if let Attribute::Unknown = values.attribute(&path) {
            is_open |= !computed;
            continue;
        }
        let declaring = names(&values, &path).into_iter().filter_map(|key| {
            let kind = vocabulary.key(&key)?;
            let path: Vec<Step> = path.iter().cloned().chain([Step::from(&*key)]).collect();
            let text = match values.attribute(&path) {
                Attribute::Known(node) => node.as_str(),
                Attribute::Unknown | Attribute::Absent => None,
            };
            let meaning = text.and_then(|text| vocabulary.meaning(kind, text));
            let value = text.filter(|_| !values.is_sensitive(&path)).map(ToOwned::to_owned);
            let origin = Origin::Planned { plan: index, resource: position, path: Path(path) };
            Some(Tag { key, kind, value, meaning, origin })
        });
        let found: Vec<Tag> = declaring.collect();
        if !found.is_empty() {
            return Some(found);
        }
    }
    (!is_open).then(Vec::new)
}

/// Keys of a map, those included whose value is known only after apply.
fn names(values: &Values, path: &[Step]) -> BTreeSet<String> {
    let node = values.document.as_ref().and_then(|document| document.root().locate(path).node);
    let known = node.into_iter().flat_map(NodeRef::entries).map(|(key, _, _)| key.to_owned());
    let unknown = path.iter().try_fold(&values.unknown, |mask, step| match step {
        Step::Key(key) => mask.get(&**key),
        Step::Index(index) => mask.get(*index),
    });
    let unknown = unknown.and_then(|mask| mask.as_object()).into_iter().flatten();
    known.chain(unknown.map(|(key, _)| key.clone())).collect()
}

impl Declared {
    /// What the tags or labels of a planned resource say.
    pub(in crate::facts) fn planned(
        vocabulary: Vocabulary<'_>,
        index: u32,
        plan: &Plan,
        position: u32,
    ) -> Self {
        let Some(resource) = plan.resource(position) else { return Self::default() };
        let Some(tags) = tags(vocabulary, index, plan, position) else {
            return Self { is_open: true, ..Self::default() };
        };
        let said = tags.into_iter().map(|tag| {
            let Some(meaning) = tag.meaning else { return Self { is_open: true, ..Self::default() } };
            if tag.kind == Key::Sanitizes {
                return Self { sanitizes: true, ..Self::default() };
            }
            let text = match &tag.value {
                Some(value) => format!("`{}` of {} is `{value}`", tag.key, resource.address),
                None => format!("`{}` of {} says so", tag.key, resource.address),
            };
            let because =
                Because { text, resource: Some(Arc::clone(&resource.address)), origin: Some(tag.origin) };
            Self {
                level: meaning.level,
                categories: meaning.categories,
                because: Some(because),
                ..Self::default()
            }
        });
        said.fold(Self::default(), Self::and)
    }
}

/// The tag that asks for more than another states, and that one: `data-classification: public` beside `PII`.
pub(in crate::facts) fn contradiction(tags: &[Tag]) -> Option<(&Tag, &Tag)> {
    let meaning = |tag: &Tag| tag.meaning.clone().filter(|_| tag.kind != Key::Sanitizes);
    let asked = |tag: &Tag| meaning(tag)?.categories.iter().map(|category| category.level()).max();
    let states = |tag: &Tag| meaning(tag)?.level.filter(|level| Some(*level) > asked(tag));
    let (lower, level) =
        tags.iter().filter_map(|tag| Some((tag, states(tag)?))).min_by_key(|(_, level)| *level)?;
    let higher = tags.iter().find(|tag| asked(tag).max(states(tag)) > Some(level))?;
    Some((higher, lower))
}
