//! What is declared of the data of an object, with what it inherits (domains.md T1 to T3).
//!
//! Its own annotations go before its labels, those before its Pod's and the Namespace's. Categories add up; a level
//! never falls below what its categories ask for, nor below the Namespace's.
//! Deliberately absent: what flows in from elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Because, Fact, Origin};
use crate::{
    document::{NodeRef, Path, Step},
    estate::{Resource, View},
    resource::{
        classification::{Category, Key, Level, Meaning, Vocabulary},
        terraform::{Attribute, Plan},
        workload::PodTemplate,
    },
    source::Place,
};

/// What one object says of its data.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    pub(super) level: Option<Level>,
    pub(super) categories: BTreeSet<Category>,
    /// What leaves it carries no category.
    pub(super) sanitizes: bool,
    /// The declaration that decides; `None`: nothing is declared.
    pub(super) because: Option<Because>,
    /// Declarations that cannot both hold, the lower one last.
    pub(super) conflict: Option<(Because, Because)>,
}

/// One declaration that is in the vocabulary.
struct Declaration<'e> {
    kind: Key,
    key: &'e str,
    value: &'e str,
    meaning: Meaning,
    place: Place,
    /// Id of the object that declares.
    by: &'e Resource,
}

impl Declaration<'_> {
    fn because(&self) -> Because {
        Because {
            text: format!("`{}` of {} is `{}`", self.key, self.by.id, self.value),
            resource: Some(self.by.id.clone()),
            origin: Some(Origin::Place(self.place.clone())),
        }
    }
}

impl Declared {
    /// Whether anything is declared at all.
    pub(super) const fn is_declared(&self) -> bool {
        self.because.is_some()
    }

    /// The level that protects it: its own, and what its categories ask for.
    pub(super) fn effective_level(&self) -> Option<Level> {
        self.level.max(self.categories.iter().map(|category| category.level()).max())
    }

    /// What two objects say of the same data.
    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            level: self.level.max(other.level),
            categories: self.categories.union(&other.categories).copied().collect(),
            sanitizes: self.sanitizes || other.sanitizes,
            because: self.because.or(other.because),
            conflict: self.conflict.or(other.conflict),
        }
    }

    /// What the tags or labels of a planned resource say; `tags_all` and `effective_labels` hold the provider's
    /// defaults too (domains.md T3).
    pub(super) fn planned(vocabulary: Vocabulary<'_>, index: u32, plan: &Plan, position: u32) -> Self {
        let Some((resource, values)) =
            plan.resource(position).and_then(|resource| Some((resource, resource.values(plan).ok()?)))
        else {
            return Self::default();
        };
        for attribute in ["tags_all", "tags", "effective_labels", "labels", "user_labels"] {
            let Attribute::Known(tags) = values.attribute(&[Step::from(attribute)]) else { continue };
            let mut declared = Self::default();
            for (key, _, value) in tags.entries() {
                let meaning = vocabulary.key(key).and_then(|kind| vocabulary.meaning(kind, value.as_str()?));
                let Some(meaning) = meaning else { continue };
                let path = Path(vec![Step::from(attribute), Step::from(key)]);
                let because = Because {
                    text: format!(
                        "`{key}` of {} is `{}`",
                        resource.address,
                        value.as_str().unwrap_or_default()
                    ),
                    resource: Some(Arc::clone(&resource.address)),
                    origin: Some(Origin::Planned { plan: index, resource: position, path }),
                };
                declared = declared.and(Self {
                    level: meaning.level,
                    categories: meaning.categories,
                    because: Some(because),
                    ..Self::default()
                });
            }
            if declared.is_declared() {
                return declared;
            }
        }
        Self::default()
    }

    /// `{declared, level, categories, sanitizes}` at the declaration; `level` is null where none is declared.
    pub(super) fn fact(&self) -> Fact {
        let fields = [
            ("declared", Fact::from(self.is_declared())),
            ("level", Fact::from(self.effective_level().map(Level::name))),
            ("categories", categories(&self.categories)),
            ("sanitizes", Fact::from(self.sanitizes)),
        ];
        Fact::object(fields).at(self.because.as_ref().and_then(|because| because.origin.clone()))
    }
}

/// Names of categories.
pub(super) fn categories(categories: &BTreeSet<Category>) -> Fact {
    Fact::array(categories.iter().map(|category| Fact::from(category.name())))
}

/// The declarations of a set, by the object that they are about.
#[derive(Debug, Default)]
pub(super) struct Declarations<'e>(BTreeMap<&'e str, Declared>);

impl<'e> Declarations<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let vocabulary = view.estate.vocabulary();
        let own = |resource: &'e Resource| declarations(vocabulary, resource, view.estate.node(resource));
        let namespaces: BTreeMap<&str, Vec<Declaration<'e>>> = view
            .of_kind("", "Namespace")
            .map(|resource| (&*resource.object.name, own(resource)))
            .filter(|(_, declarations)| !declarations.is_empty())
            .collect();
        let declared = view.resources().filter_map(|resource| {
            let inherited = resource.identity.namespace.as_deref().and_then(|name| namespaces.get(name));
            let own = own(resource);
            (!own.is_empty() || inherited.is_some())
                .then(|| (&*resource.id, combine(&own, inherited.map(Vec::as_slice).unwrap_or_default())))
        });
        Self(declared.collect())
    }

    pub(super) fn of(&self, resource: &Resource) -> Declared {
        self.0.get(&*resource.id).cloned().unwrap_or_default()
    }
}

/// Declarations of an object in the order of their weight: annotations, labels, then those of its Pod.
fn declarations<'e>(vocabulary: Vocabulary<'_>, by: &'e Resource, node: NodeRef<'e>) -> Vec<Declaration<'e>> {
    let pod = PodTemplate::of(&by.object, node).filter(|_| &*by.object.kind != "Pod");
    let mut found = Vec::new();
    for metadata in [node.get("metadata"), pod.and_then(|pod| pod.metadata)].into_iter().flatten() {
        for field in ["annotations", "labels"] {
            for (key, _, value) in metadata.get(field).into_iter().flat_map(NodeRef::entries) {
                let Some(kind) = vocabulary.key(key) else { continue };
                // `pii: true` is written without quotes often enough.
                let text = value.as_str().or_else(|| value.is_scalar().then(|| value.raw()));
                let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { continue };
                if let Some(meaning) = vocabulary.meaning(kind, text) {
                    let meaning = if kind == Key::Sanitizes { Meaning::default() } else { meaning };
                    found.push(Declaration { kind, key, value: text, meaning, place: value.place(), by });
                }
            }
        }
    }
    found
}

fn combine(own: &[Declaration<'_>], inherited: &[Declaration<'_>]) -> Declared {
    let is_sanitizer = |declaration: &&Declaration<'_>| declaration.kind == Key::Sanitizes;
    let levelled = |declarations: &[Declaration<'_>]| {
        declarations.iter().position(|declaration| declaration.meaning.level.is_some())
    };
    let at = |declarations: &[Declaration<'_>], index: Option<usize>| {
        index
            .and_then(|index| declarations.get(index))
            .map(|declaration| (declaration.meaning.level.unwrap_or(Level::Public), declaration.because()))
    };
    let first = at(own, levelled(own));
    let namespace = at(inherited, levelled(inherited));
    let contradicts = |declaration: &&Declaration<'_>| {
        let level = declaration.meaning.level;
        level.is_some()
            && declaration.meaning.categories.is_empty()
            && level != first.as_ref().map(|(level, _)| *level)
    };
    // A category beside a level asks for a least one; two levels contradict each other.
    let plain_first = own.iter().find(|declaration| declaration.meaning.level.is_some());
    let among_own = plain_first
        .filter(|first| first.meaning.categories.is_empty())
        .and_then(|first| own.iter().find(contradicts).map(|other| (first, other)))
        .map(|(one, other)| {
            if one.meaning.level >= other.meaning.level {
                (one.because(), other.because())
            } else {
                (other.because(), one.because())
            }
        });
    let below_namespace = match (&first, &namespace) {
        (Some((own, because)), Some((above, by))) if own < above => Some((by.clone(), because.clone())),
        _ => None,
    };
    let all = || own.iter().chain(inherited);
    let level = first.as_ref().map(|(level, _)| *level).max(namespace.as_ref().map(|(level, _)| *level));
    Declared {
        level,
        categories: all().flat_map(|declaration| declaration.meaning.categories.iter().copied()).collect(),
        sanitizes: own.iter().any(|declaration| is_sanitizer(&declaration)),
        because: all().find(|declaration| !is_sanitizer(declaration)).map(Declaration::because),
        conflict: among_own.or(below_namespace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        estate::Estate,
        source::{Source, Sources, Status},
    };

    fn declared(text: &str, id: &str) -> (Option<&'static str>, Vec<&'static str>, bool, bool) {
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        let estate = Estate::new(sources, documents, Vec::new(), "default");
        let view = estate.view(0);
        let declared = Declarations::new(&view).of(view.get(id).expect("the object is there"));
        (
            declared.effective_level().map(Level::name),
            declared.categories.iter().map(|category| category.name()).collect(),
            declared.is_declared(),
            declared.conflict.is_some(),
        )
    }

    #[test]
    fn declarations_add_up_and_the_stricter_holds() {
        let object = |namespace: &str, metadata: &str| {
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{namespace}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop{metadata}}}\n"
            )
        };
        for (namespace, metadata, expected) in [
            ("", "", (None, vec![], false, false)),
            (", labels: {data-classification: internal}", "", (Some("internal"), vec![], true, false)),
            (
                ", labels: {data-classification: restricted}",
                ", labels: {data-classification: internal}",
                (Some("restricted"), vec![], true, true),
            ),
            (
                "",
                ", labels: {data-classification: internal}, annotations: {data-classification: confidential}",
                (Some("confidential"), vec![], true, true),
            ),
            (
                "",
                ", labels: {data-classification: confidential}, annotations: {data-classification: confidential}",
                (Some("confidential"), vec![], true, false),
            ),
            (
                "",
                ", annotations: {probity.dev/data-categories: 'PII,PHI'}, labels: {data-classification: internal}",
                (Some("restricted"), vec!["PII", "PHI"], true, false),
            ),
            ("", ", annotations: {probity.dev/sanitizes: masked}", (None, vec![], false, false)),
            ("", ", annotations: {data-classification: hot}", (None, vec![], false, false)),
        ] {
            assert_eq!(
                declared(&object(namespace, metadata), "Service/shop/a"),
                expected,
                "{namespace} {metadata}"
            );
        }
    }
}
