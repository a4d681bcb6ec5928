//! The estate: all resources, the sets they belong to, and indexes over each set.
//!
//! Deliberately absent: what resources mean together (that is [`crate::facts`]).

mod sets;

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    document::{Document, NodeRef},
    resource::{
        kubernetes::{Identity, Object, Scopes, objects},
        terraform::Plan,
    },
    source::{SourceId, Sources},
};

/// One Kubernetes object of the estate.
#[derive(Debug)]
pub struct Resource {
    pub id: Arc<str>,
    pub identity: Identity,
    pub object: Object,
    /// Index into [`Estate::documents`].
    pub document: usize,
    /// Index into [`Estate::sets`]; `None`: it belongs to every set.
    pub home: Option<usize>,
    /// An equal copy of one before it that the same sets see: judged as written, but no second object of a set.
    pub is_copy: bool,
}

impl Resource {
    /// Whether it is a Secret of Kubernetes itself.
    pub fn is_secret(&self) -> bool {
        &*self.object.kind == "Secret" && self.object.group.is_empty()
    }
}

/// Everything that was read, understood as far as one resource at a time goes.
#[derive(Debug)]
pub struct Estate {
    pub sources: Sources,
    pub documents: Vec<Document>,
    /// In the order of their places.
    pub resources: Vec<Resource>,
    /// In the order of their files; plans belong to every set.
    pub plans: Vec<Plan>,
    /// Names, sorted; `["."]` where there are no variants.
    pub sets: Vec<Arc<str>>,
}

impl Estate {
    /// `documents` in the order of their places; a manifest that names no namespace sits in `namespace`.
    pub fn new(sources: Sources, documents: Vec<Document>, plans: Vec<Plan>, namespace: &str) -> Self {
        let namespace: Arc<str> = namespace.into();
        let declared: Vec<(usize, Object)> = documents
            .iter()
            .enumerate()
            .flat_map(|(index, document)| objects(document).into_iter().map(move |object| (index, object)))
            .collect();
        let mut scopes = Scopes::default();
        for (document, object) in &declared {
            scopes.learn(object, &documents[*document]);
        }
        let mut resources: Vec<Resource> = declared
            .into_iter()
            .map(|(document, object)| {
                let identity = Identity::new(&object, &scopes, &namespace);
                Resource { id: identity.id().into(), identity, object, document, home: None, is_copy: false }
            })
            .collect();
        let sets = divide(&mut resources, &documents, &sources);
        Self { sources, documents, resources, plans, sets }
    }

    /// The resource at an index of [`Self::resources`].
    pub fn resource(&self, index: usize) -> &Resource {
        &self.resources[index]
    }

    pub fn node(&self, resource: &Resource) -> NodeRef<'_> {
        self.documents[resource.document].node(resource.object.node)
    }

    pub fn file(&self, resource: &Resource) -> SourceId {
        self.documents[resource.document].source
    }

    /// The resources of a document, in the order of their places.
    pub fn resources_of(&self, document: &Document) -> impl Iterator<Item = &Resource> {
        let key = (document.source, document.index);
        let position = |resource: &Resource| {
            let document = &self.documents[resource.document];
            (document.source, document.index)
        };
        let from = self.resources.partition_point(|resource| position(resource) < key);
        self.resources.iter().skip(from).take_while(move |resource| position(resource) == key)
    }

    /// Names of the sets that see a file.
    pub fn sets_of_file(&self, source: SourceId) -> Vec<Arc<str>> {
        let home = sets::home(&self.sources.get(source).file, &self.sets);
        home.map_or_else(|| self.sets.clone(), |home| vec![Arc::clone(&self.sets[home])])
    }

    /// Names of the sets that see a resource.
    pub fn sets_of(&self, resource: &Resource) -> Vec<Arc<str>> {
        resource.home.map_or_else(|| self.sets.clone(), |home| vec![Arc::clone(&self.sets[home])])
    }

    /// The resources that a set sees, indexed.
    pub fn view(&self, set: usize) -> View<'_> {
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, resource) in self.resources.iter().enumerate() {
            if !resource.is_copy && resource.home.is_none_or(|home| home == set) {
                by_kind.entry(&resource.object.kind).or_default().push(index);
            }
        }
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        for index in by_kind.values().flatten() {
            by_id.entry(&self.resources[*index].id).or_insert(*index);
        }
        View { estate: self, set: Arc::clone(&self.sets[set]), by_kind, by_id }
    }
}

/// One set of the estate, with what lies outside all sets.
#[derive(Debug)]
pub struct View<'e> {
    pub estate: &'e Estate,
    /// Name of the set.
    pub set: Arc<str>,
    by_kind: BTreeMap<&'e str, Vec<usize>>,
    by_id: BTreeMap<&'e str, usize>,
}

impl<'e> View<'e> {
    /// Resources of a kind in a group, in the order of their places.
    pub fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = &'e Resource> {
        let estate = self.estate;
        let indices = self.by_kind.get(kind).map(Vec::as_slice).unwrap_or_default();
        let found = indices.iter().map(move |index| &estate.resources[*index]);
        found.filter(move |resource| &*resource.object.group == group)
    }

    /// All resources that the set sees, in the order of their kinds.
    pub fn resources(&self) -> impl Iterator<Item = &'e Resource> {
        let estate = self.estate;
        self.by_kind.values().flatten().map(move |index| &estate.resources[*index])
    }

    /// The resource with an id.
    pub fn get(&self, id: &str) -> Option<&'e Resource> {
        self.by_id.get(id).map(|index| &self.estate.resources[*index])
    }
}

/// Gives each resource its set, drops what `kubectl apply` would replace, and marks equal copies.
fn divide(resources: &mut Vec<Resource>, documents: &[Document], sources: &Sources) -> Vec<Arc<str>> {
    let file = |resource: &Resource| &*sources.get(documents[resource.document].source).file;
    let mut declarations: BTreeMap<&Identity, Vec<usize>> = BTreeMap::new();
    for (index, resource) in resources.iter().enumerate() {
        if !resource.identity.name.is_empty() {
            declarations.entry(&resource.identity).or_default().push(index);
        }
    }
    let contents: BTreeMap<usize, [u8; 32]> = declarations
        .values()
        .filter(|indices| indices.len() > 1)
        .flatten()
        .map(|index| {
            let resource = &resources[*index];
            (*index, documents[resource.document].node(resource.object.node).digest())
        })
        .collect();
    let mut dropped = vec![false; resources.len()];
    for indices in declarations.values().filter(|indices| indices.len() > 1) {
        for pair in indices.windows(2) {
            if let [earlier, later] = pair
                && file(&resources[*earlier]) == file(&resources[*later])
                && resources[*earlier].identity.kind.as_ref() != "Namespace"
            {
                dropped[*earlier] = true;
            }
        }
    }
    let declared =
        declarations.iter().filter(|(identity, indices)| identity.namespace.is_some() && indices.len() > 1);
    let roots = sets::roots(declared.map(|(_, indices)| {
        let kept = indices.iter().filter(|index| !dropped[**index]);
        kept.map(|index| sets::Declaration { file: file(&resources[*index]), content: contents[index] })
            .collect()
    }));
    let mut copies = vec![false; resources.len()];
    let homes: Vec<Option<usize>> =
        resources.iter().map(|resource| sets::home(file(resource), &roots)).collect();
    for indices in declarations.values().filter(|indices| indices.len() > 1) {
        let mut seen: Vec<(usize, [u8; 32])> = Vec::new();
        for index in indices.iter().filter(|index| !dropped[**index]).copied().collect::<Vec<_>>() {
            let copy = |(other, content): &(usize, [u8; 32])| {
                *content == contents[&index] && (homes[*other].is_none() || homes[*other] == homes[index])
            };
            if seen.iter().any(copy) {
                copies[index] = true;
            } else {
                seen.push((index, contents[&index]));
            }
        }
    }
    drop(declarations);
    let mut index = 0;
    resources.retain_mut(|resource| {
        resource.home = homes[index];
        resource.is_copy = copies[index];
        index += 1;
        !dropped[index - 1]
    });
    if roots.is_empty() { vec![".".into()] } else { roots }
}
