//! What is declared of the data of an object, with what it inherits (domains.md T1 to T3).
//!
//! Its own annotations go before its labels, those before its Pod's and the Namespace's: the first that states a level
//! decides it, also where that is below the Namespace's, which is a conflict. Categories add up, and a level never falls
//! below what they ask for.
//! Deliberately absent: what flows in from elsewhere.

pub(super) mod planned;

use std::collections::{BTreeMap, BTreeSet};

use super::{Because, Fact, Origin};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    resource::{
        classification::{Category, Key, Level, Meaning, Vocabulary},
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
    /// What it declares is known only after apply, or is in no vocabulary.
    pub(super) is_open: bool,
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
    /// The level that it states, beyond what its categories ask for.
    fn states(&self) -> Option<Level> {
        let asked = self.meaning.categories.iter().map(|category| category.level()).max();
        self.meaning.level.filter(|level| Some(*level) > asked)
    }

    /// With the level that its categories ask for.
    fn asking(&self) -> Because {
        let because = self.because();
        let asked = self.meaning.categories.iter().map(|category| category.level()).max();
        let asked = asked.map(|level| format!(", which is {} at least", level.name())).unwrap_or_default();
        Because { text: format!("{}{asked}", because.text), ..because }
    }

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

    /// Whether its Namespace alone declares anything.
    pub(super) fn is_inherited(&self) -> bool {
        let by = self.because.as_ref().and_then(|because| because.resource.as_deref());
        by.is_some_and(|id| id.starts_with("Namespace/"))
    }

    /// The level that protects it: its own, and what its categories ask for.
    pub(super) fn effective_level(&self) -> Option<Level> {
        self.level.max(self.categories.iter().map(|category| category.level()).max())
    }

    /// The level that protects it, or null; `"unknown"` where it is known only after apply or in no vocabulary.
    pub(super) fn level_fact(&self) -> Fact {
        match self.effective_level() {
            None if self.is_open => Fact::unknown(),
            level => Fact::from(level.map(Level::name)),
        }
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
            is_open: self.is_open || other.is_open,
        }
    }

    /// `{declared, level, categories, sanitizes}` at the declaration; `level` is null where none is declared, and both
    /// are `"unknown"` where that is known only after apply or in no vocabulary.
    pub(super) fn fact(&self) -> Fact {
        let is_declared = if self.is_open && !self.is_declared() {
            Fact::unknown()
        } else {
            Fact::from(self.is_declared())
        };
        let fields = [
            ("declared", is_declared),
            ("level", self.level_fact()),
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
            let is_open = own.is_empty() && is_unrecognised(vocabulary, resource, view.estate.node(resource));
            (!own.is_empty() || inherited.is_some() || is_open).then(|| {
                let declared = combine(&own, inherited.map(Vec::as_slice).unwrap_or_default());
                (&*resource.id, Declared { is_open, ..declared })
            })
        });
        Self(declared.collect())
    }

    pub(super) fn of(&self, resource: &Resource) -> Declared {
        self.0.get(&*resource.id).cloned().unwrap_or_default()
    }
}

/// Declarations of an object in the order of their weight: annotations, labels, then those of its Pod.
fn declarations<'e>(vocabulary: Vocabulary<'_>, by: &'e Resource, node: NodeRef<'e>) -> Vec<Declaration<'e>> {
    let said = said(vocabulary, by, node).into_iter().filter_map(|(kind, key, value, text)| {
        let meaning = vocabulary.meaning(kind, text)?;
        let meaning = if kind == Key::Sanitizes { Meaning::default() } else { meaning };
        Some(Declaration { kind, key, value: text, meaning, place: value.place(), by })
    });
    said.collect()
}

/// Whether it declares something, and nothing that is in the vocabulary.
fn is_unrecognised<'e>(vocabulary: Vocabulary<'_>, by: &'e Resource, node: NodeRef<'e>) -> bool {
    let said = said(vocabulary, by, node);
    !said.is_empty() && said.iter().all(|(kind, _, _, text)| vocabulary.meaning(*kind, text).is_none())
}

/// Where an object carries labels: its own, those of its Pods, and those that `CloudNativePG` gives to all that it makes
/// of it (`inheritedMetadata`).
pub(super) fn metadata<'e>(by: &Resource, node: NodeRef<'e>) -> impl Iterator<Item = NodeRef<'e>> {
    let pods = if &*by.object.kind == "Pod" { Vec::new() } else { PodTemplate::all(&by.object, node) };
    let inherited = node.at(&["spec", "inheritedMetadata"]).filter(|_| &*by.object.kind == "Cluster");
    let of_pods = pods.into_iter().filter_map(|pod| pod.metadata);
    node.get("metadata").into_iter().chain(of_pods).chain(inherited)
}

/// Keys that declare, each with its value and the text of that.
fn said<'e>(
    vocabulary: Vocabulary<'_>,
    by: &'e Resource,
    node: NodeRef<'e>,
) -> Vec<(Key, &'e str, NodeRef<'e>, &'e str)> {
    let mut found = Vec::new();
    for metadata in metadata(by, node) {
        for field in ["annotations", "labels"] {
            for (key, _, value) in metadata.get(field).into_iter().flat_map(NodeRef::entries) {
                let Some(kind) = vocabulary.key(key) else { continue };
                // `pii: true` is written without quotes often enough.
                let text = value.as_str().or_else(|| value.is_scalar().then(|| value.raw()));
                if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
                    found.push((kind, key, value, text));
                }
            }
        }
    }
    found
}

fn combine(own: &[Declaration<'_>], inherited: &[Declaration<'_>]) -> Declared {
    let is_sanitizer = |declaration: &&Declaration<'_>| declaration.kind == Key::Sanitizes;
    let all = || own.iter().chain(inherited);
    let stated = |declarations: &[Declaration<'_>]| declarations.iter().find_map(Declaration::states);
    Declared {
        level: stated(own).or_else(|| stated(inherited)),
        categories: all().flat_map(|declaration| declaration.meaning.categories.iter().copied()).collect(),
        sanitizes: own.iter().any(|declaration| is_sanitizer(&declaration)),
        because: all().find(|declaration| !is_sanitizer(declaration)).map(Declaration::because),
        conflict: contradiction(own).or_else(|| downgrade(own, inherited)),
        is_open: false,
    }
}

/// Two levels that one object states, or one below what its categories ask for.
fn contradiction(own: &[Declaration<'_>]) -> Option<(Because, Because)> {
    let mut stating = own.iter().filter_map(|declaration| Some((declaration.states()?, declaration)));
    let (level, first) = stating.next()?;
    if let Some((other, second)) = stating.find(|(other, _)| *other != level) {
        let (higher, lower) = if level >= other { (first, second) } else { (second, first) };
        return Some((higher.because(), lower.because()));
    }
    let asks = |declaration: &&Declaration<'_>| {
        declaration.meaning.categories.iter().any(|category| category.level() > level)
    };
    let higher = own.iter().find(asks)?;
    Some((higher.asking(), first.because()))
}

/// A level below what the Namespace asks for.
fn downgrade(own: &[Declaration<'_>], inherited: &[Declaration<'_>]) -> Option<(Because, Because)> {
    let (level, lower) = own.iter().find_map(|declaration| Some((declaration.states()?, declaration)))?;
    let higher = inherited.iter().find(|declaration| declaration.meaning.level > Some(level))?;
    Some((higher.because(), lower.because()))
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
    fn categories_add_up_and_the_nearest_level_holds() {
        let object = |namespace: &str, metadata: &str| {
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop{namespace}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop{metadata}}}\n"
            )
        };
        for (namespace, metadata, expected) in [
            ("", "", (None, vec![], false, false)),
            (", labels: {data-classification: internal}", "", (Some("internal"), vec![], true, false)),
            // domains.md section 4, row 1
            (
                ", labels: {data-classification: restricted}",
                ", labels: {data-classification: internal}",
                (Some("internal"), vec![], true, true),
            ),
            (
                ", labels: {data-classification: restricted}",
                ", annotations: {probity.dev/data-categories: PII}",
                (Some("restricted"), vec!["PII"], true, false),
            ),
            (
                ", annotations: {probity.dev/data-categories: PHI}",
                ", labels: {data-classification: internal}",
                (Some("restricted"), vec!["PHI"], true, true),
            ),
            (
                "",
                ", annotations: {probity.dev/data-categories: PII}, labels: {data-classification: restricted}",
                (Some("restricted"), vec!["PII"], true, false),
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
                (Some("restricted"), vec!["PII", "PHI"], true, true),
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
