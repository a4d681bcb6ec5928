//! The estate: all resources, the sets they belong to, and indexes over each set.
//!
//! Deliberately absent: what resources mean together (that is [`crate::facts`]).

mod divide;
mod namespaces;
mod observed;
mod patches;
mod sets;
mod shown;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

pub use self::{
    observed::Observed,
    sets::origin,
    shown::{GIVEN, Given, Shown},
};
use crate::{
    config::{Config, FilePattern},
    document::{Document, NodeRef},
    resource::{
        classification::Vocabulary,
        kubernetes::{Identity, Object, Scopes, objects},
        kustomization::{Patch, patch},
        render::Rendered,
        terraform::{Plan, kubernetes::Embedded, written::Written},
    },
    source::{Place, SourceId, Sources},
};

/// One Kubernetes object of the estate.
#[derive(Debug)]
pub struct Resource {
    pub id: Arc<str>,
    pub identity: Identity,
    pub object: Object,
    /// Index into [`Estate::documents`].
    pub document: usize,
    /// Indices into [`Estate::sets`], sorted; `None`: it belongs to every set.
    pub homes: Option<Box<[usize]>>,
    /// The planned resource that holds it; such an object never clashes with others (contract, "Sets").
    pub via: Option<Via>,
    /// An equal copy of one before it that the same sets see: judged as written, but no second object of a set.
    pub is_copy: bool,
}

impl Resource {
    /// Whether it is a Secret of Kubernetes itself.
    pub fn is_secret(&self) -> bool {
        &*self.object.kind == "Secret" && self.object.group.is_empty()
    }

    /// The namespace that it lies in; empty where it is cluster-scoped.
    pub fn namespace(&self) -> &str {
        self.identity.namespace.as_deref().unwrap_or_default()
    }
}

/// The planned resource in which a Kubernetes object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// Index into [`Estate::plans`].
    pub plan: usize,
    /// Position in [`Plan::resources`].
    pub resource: u32,
    pub address: Arc<str>,
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
    /// Namespace of manifests that name none.
    pub namespace: Arc<str>,
    /// What `probity.yaml` declares about what is judged.
    pub config: Config,
    /// Files that kustomizations name as patches, whose documents are no objects.
    patches: BTreeSet<SourceId>,
    /// Ids of what is declared more than once in equal words.
    copied: BTreeSet<Arc<str>>,
    /// Addresses of what stands only in plans, by id.
    vias: BTreeMap<Arc<str>, Arc<str>>,
    /// For each plan, the configuration that it was made from.
    written: Vec<Written>,
    /// By their output, what was rendered.
    rendered: BTreeMap<SourceId, Rendered>,
    /// Values of charts that were rendered into secrets of objects.
    taken: BTreeSet<Place>,
    /// Of the API server of live objects, where it says so.
    pub server_version: Option<String>,
    /// What running Pods show, by the id of their workload.
    observed: BTreeMap<Arc<str>, Observed>,
}

impl Estate {
    /// `documents` in the order of their places, `plans` in that of their files; a manifest that names no namespace
    /// sits in the one that its kustomization names, else in `namespace`. What plans hold of Kubernetes becomes documents too.
    pub fn new(sources: Sources, documents: Vec<Document>, plans: Vec<Plan>, namespace: &str) -> Self {
        Self::with_sets(sources, documents, plans, namespace, &BTreeMap::new())
    }

    /// With sets that the configuration names.
    pub fn with_sets(
        mut sources: Sources,
        documents: Vec<Document>,
        plans: Vec<Plan>,
        namespace: &str,
        named: &BTreeMap<String, Vec<FilePattern>>,
    ) -> Self {
        let namespace: Arc<str> = namespace.into();
        let by_file = namespaces::of_kustomizations(&sources, &documents);
        let patches = patches::of_kustomizations(&sources, &documents);
        patches::tell(&mut sources, &patches);
        let patches: BTreeSet<SourceId> = patches.into_keys().collect();
        let (documents, declared) = declared(&mut sources, documents, &plans, &patches);
        let mut scopes = Scopes::default();
        for declared in &declared {
            scopes.learn(&declared.object, &documents[declared.document]);
        }
        let mut resources: Vec<Resource> = declared
            .into_iter()
            .map(|Declared { document, object, via }| {
                let source = documents[document].source;
                let identity = Identity::new(&object, &scopes, by_file.get(&source).unwrap_or(&namespace));
                let id = identity.id().into();
                Resource { id, identity, object, document, homes: None, via, is_copy: false }
            })
            .collect();
        let divide::Division { names: sets, replaced } =
            divide::divide(&mut resources, &documents, &sources, named);
        for (source, problem) in replaced {
            sources.get_mut(source).notices.push(problem);
        }
        let planned = resources.iter().rev();
        let planned =
            planned.filter_map(|one| Some((Arc::clone(&one.id), Arc::clone(&one.via.as_ref()?.address))));
        let mut vias: BTreeMap<Arc<str>, Arc<str>> = planned.collect();
        resources.iter().filter(|resource| resource.via.is_none()).for_each(|resource| {
            vias.remove(&resource.id);
        });
        let copies = resources.iter().filter(|resource| resource.is_copy);
        let copied = copies.map(|resource| Arc::clone(&resource.id)).collect();
        Self {
            sources,
            documents,
            patches,
            copied,
            resources,
            plans,
            sets,
            namespace,
            config: Config::default(),
            vias,
            written: Vec::new(),
            rendered: BTreeMap::new(),
            taken: BTreeSet::new(),
            server_version: None,
            observed: BTreeMap::new(),
        }
    }

    /// What a cluster holds: each object stands once, says which namespace it is in, and none means all of the cluster.
    pub fn live(
        sources: Sources,
        documents: Vec<Document>,
        observed: impl IntoIterator<Item = (Identity, Observed)>,
    ) -> Self {
        let mut estate = Self::new(sources, documents, Vec::new(), "default");
        for resource in &mut estate.resources {
            resource.identity.namespace = resource.object.namespace.clone();
            resource.id = resource.identity.id().into();
        }
        let observed = observed.into_iter();
        estate.observed = observed.map(|(identity, observed)| (identity.id().into(), observed)).collect();
        estate
    }

    /// What the running Pods of a workload show; `None` where nobody looked, or none runs.
    pub fn observed(&self, workload: &str) -> Option<&Observed> {
        self.observed.get(workload).filter(|observed| observed.running > 0)
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

    /// What a document is part of: a patch that a kustomization names or that is told by its form, or a template.
    pub fn part<'d>(&self, document: &'d Document) -> Option<Patch<'d>> {
        let is_part = document.is_template || self.patches.contains(&document.source);
        if is_part { Some(Patch::named(document)) } else { patch(document) }
    }

    /// The words in which the data of this estate is classified.
    pub const fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary::new(&self.config.classification)
    }

    /// The resources of a document (an index into [`Self::documents`]), in the order of their places.
    pub fn resources_of(&self, document: usize) -> impl Iterator<Item = &Resource> {
        let from = self.resources.partition_point(|resource| resource.document < document);
        self.resources.iter().skip(from).take_while(move |resource| resource.document == document)
    }

    /// The document (an index into [`Self::documents`]) that holds a place.
    pub fn document_at(&self, place: &Place) -> Option<usize> {
        let begins = |document: &Document| (document.source, document.root().span().start);
        let after =
            self.documents.partition_point(|document| begins(document) <= (place.source, place.start));
        let index = after.checked_sub(1)?;
        let document = self.documents.get(index)?;
        (document.source == place.source && place.end <= document.root().span().end).then_some(index)
    }

    /// Whether several places declare what an id names, in equal words.
    pub fn is_copied(&self, id: &str) -> bool {
        self.copied.contains(id)
    }

    /// Address of the planned resource that holds the object with an id; `None` where a manifest declares it.
    pub fn via(&self, id: &str) -> Option<&Arc<str>> {
        self.vias.get(id)
    }

    /// Names of the sets that see a resource.
    pub fn sets_of(&self, resource: &Resource) -> Vec<Arc<str>> {
        let named = |homes: &[usize]| homes.iter().map(|home| Arc::clone(&self.sets[*home])).collect();
        resource.homes.as_deref().map_or_else(|| self.sets.clone(), named)
    }

    /// Names of the sets that see a file.
    pub fn sets_of_file(&self, file: SourceId) -> Vec<Arc<str>> {
        let home = sets::home(&self.sources.get(file).file, &self.sets).and_then(|home| self.sets.get(home));
        home.map_or_else(|| self.sets.clone(), |home| vec![Arc::clone(home)])
    }

    /// The resources that a set sees, indexed.
    pub fn view(&self, set: usize) -> View<'_> {
        let mut by_kind: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, resource) in self.resources.iter().enumerate() {
            if !resource.is_copy && resource.homes.as_deref().is_none_or(|homes| homes.contains(&set)) {
                by_kind.entry(&resource.object.kind).or_default().push(index);
            }
        }
        let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
        for index in by_kind.values().flatten() {
            by_id.entry(&self.resources[*index].id).or_insert(*index);
        }
        View {
            estate: self,
            set: Arc::clone(&self.sets[set]),
            by_kind,
            by_id,
            #[cfg(test)]
            asked: std::sync::Mutex::default(),
        }
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
    #[cfg(test)]
    asked: std::sync::Mutex<BTreeSet<(String, String)>>,
}

impl<'e> View<'e> {
    /// Groups and kinds that were asked for.
    #[cfg(test)]
    pub(crate) fn asked(&self) -> BTreeSet<(String, String)> {
        self.asked.lock().expect("no test panics with it").clone()
    }

    /// Resources of a kind in a group, in the order of their places.
    pub fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = &'e Resource> {
        #[cfg(test)]
        self.asked.lock().expect("no test panics with it").insert((group.to_owned(), kind.to_owned()));
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

struct Declared {
    document: usize,
    object: Object,
    via: Option<Via>,
}

/// All documents in the order of their places, with the objects that they declare.
fn declared(
    sources: &mut Sources,
    documents: Vec<Document>,
    plans: &[Plan],
    patches: &BTreeSet<SourceId>,
) -> (Vec<Document>, Vec<Declared>) {
    let mut all: Vec<(Document, Option<(Object, Via)>)> =
        documents.into_iter().map(|document| (document, None)).collect();
    for (index, plan) in plans.iter().enumerate() {
        let (embedded, problems) = plan.kubernetes();
        sources.get_mut(plan.source).notices.extend(problems);
        for Embedded { resource, document, object } in embedded {
            let address = plan.resource(resource).map(|resource| Arc::clone(&resource.address));
            let via = Via { plan: index, resource, address: address.unwrap_or_default() };
            all.push((document, Some((object, via))));
        }
    }
    all.sort_by_key(|(document, _)| document.source);
    let mut declared = Vec::new();
    let mut kept = Vec::with_capacity(all.len());
    for (index, (document, planned)) in all.into_iter().enumerate() {
        match planned {
            Some((object, via)) => declared.push(Declared { document: index, object, via: Some(via) }),
            None if document.is_template || patches.contains(&document.source) => {}
            None => declared.extend(objects(&document).into_iter().map(|object| Declared {
                document: index,
                object,
                via: None,
            })),
        }
        kept.push(document);
    }
    (kept, declared)
}
