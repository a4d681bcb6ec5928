//! Division: which sets see which resource, what replaces what, and which are equal copies.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Resource, sets};
use crate::{
    config::FilePattern,
    document::Document,
    resource::kubernetes::Identity,
    source::{Problem, SourceId, Sources},
};

/// Gives each resource its sets, drops what `kubectl apply` would replace, and marks equal copies. Files of sets that
/// the configuration names are in those and in no other; the rest is divided as the contract says.
pub(super) fn divide(
    resources: &mut Vec<Resource>,
    documents: &[Document],
    sources: &Sources,
    configured: &BTreeMap<String, Vec<FilePattern>>,
) -> Division {
    let file = |index: usize| -> Arc<str> {
        let source = sources.get(documents[resources[index].document].source);
        // What was rendered stands for its root, not for a file in it.
        Arc::clone(source.rendered.as_ref().unwrap_or(&source.file))
    };
    let files: Vec<Arc<str>> = (0..resources.len()).map(file).collect();
    let repeated = Repeated::new(resources, documents);
    let mut dropped = vec![false; resources.len()];
    let mut replaced = Vec::new();
    for group in &repeated.groups {
        for pair in group.windows(2) {
            if let [earlier, later] = pair
                && files[*earlier] == files[*later]
                && &*resources[*earlier].identity.kind != "Namespace"
            {
                dropped[*earlier] = true;
                if repeated.contents[earlier] != repeated.contents[later] {
                    replaced.push(replacement(&resources[*earlier], &resources[*later], documents, sources));
                }
            }
        }
    }
    let claims = Claims::new(&files, configured);
    let open = |index: &usize| !dropped[*index] && !claims.of.contains_key(&files[*index]);
    let namespaced = repeated
        .groups
        .iter()
        .filter(|group| group.first().is_some_and(|first| resources[*first].identity.namespace.is_some()));
    let roots = sets::roots(namespaced.map(|group| {
        let declare =
            |index: &usize| sets::Declaration { file: &files[*index], content: repeated.contents[index] };
        group.iter().filter(|index| open(index)).map(declare).collect()
    }));
    // What was rendered from one root is a set, clash or not.
    let rendered = sources.iter().filter_map(|(_, source)| source.rendered.clone());
    let roots: BTreeSet<Arc<str>> = rendered.chain(roots).collect();
    let roots: Vec<Arc<str>> = roots.into_iter().collect();
    let names: Vec<Arc<str>> =
        roots.iter().chain(&claims.names).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let position = |name: &str| names.binary_search_by(|known| (**known).cmp(name)).ok();
    let mut homes: Vec<Homes> = files
        .iter()
        .map(|file| match claims.of.get(file) {
            Some(claims) => Some(claims.keys().filter_map(|name| position(name)).collect()),
            None => {
                sets::home(file, &roots).and_then(|root| position(&roots[root])).map(|home| [home].into())
            }
        })
        .collect();
    let mut copies = vec![false; resources.len()];
    for group in &repeated.groups {
        let kept: Vec<usize> = group.iter().copied().filter(|index| !dropped[*index]).collect();
        if kept.iter().any(|index| claims.of.contains_key(&files[*index]))
            && kept.first().is_some_and(|first| &*resources[*first].identity.kind != "Namespace")
        {
            for name in &claims.names {
                let Some(set) = position(name) else { continue };
                let rank = |index: &usize| {
                    let claim = claims.of.get(&files[*index]).and_then(|claims| claims.get(&**name));
                    (claim.copied(), *index)
                };
                apply(set, names.len(), &kept, rank, &mut homes);
            }
            for index in &kept {
                dropped[*index] = homes[*index].as_ref().is_some_and(BTreeSet::is_empty);
            }
        }
        // An equal one that every set sees, or the same sets.
        let mut seen: BTreeSet<([u8; 32], Option<&BTreeSet<usize>>)> = BTreeSet::new();
        for index in kept.into_iter().filter(|index| !dropped[*index]) {
            let (content, homes) = (repeated.contents[&index], homes[index].as_ref());
            copies[index] = seen.contains(&(content, None)) || !seen.insert((content, homes));
        }
    }
    let mut index = 0;
    resources.retain_mut(|resource| {
        let homes = homes[index].take().filter(|_| resource.via.is_none());
        resource.homes = homes.map(|homes| homes.into_iter().collect());
        resource.is_copy = copies[index];
        index += 1;
        !dropped[index - 1]
    });
    let names = if names.is_empty() { vec![sets::WHOLE.into()] } else { names };
    Division { names, replaced }
}

/// The sets, and what is odd about declarations.
pub(super) struct Division {
    /// Names, sorted.
    pub(super) names: Vec<Arc<str>>,
    /// Declarations that a later one in their file replaces.
    pub(super) replaced: Vec<(SourceId, Problem)>,
}

fn replacement(
    earlier: &Resource,
    later: &Resource,
    documents: &[Document],
    sources: &Sources,
) -> (SourceId, Problem) {
    let place = |resource: &Resource| {
        let node = documents[resource.document].node(resource.object.node);
        node.at(&["metadata", "name"]).unwrap_or(node).place()
    };
    let (earlier_place, later_place) = (place(earlier), place(later));
    let line = sources.get(later_place.source).lines().line(later_place.start);
    let message =
        format!("`{}` is declared again in line {line}, which replaces this declaration", earlier.id);
    (earlier_place.source, Problem { place: Some(earlier_place), message })
}

/// Indices of the sets that see a resource; `None`: every set.
type Homes = Option<BTreeSet<usize>>;

/// In a set whose files are applied one after the other, the last declaration of an object is the one that stays.
fn apply(
    set: usize,
    sets: usize,
    declarations: &[usize],
    rank: impl Fn(&usize) -> (Option<usize>, usize),
    homes: &mut [Homes],
) {
    let is_seen = |homes: &Homes| homes.as_ref().is_none_or(|homes| homes.contains(&set));
    let seen: Vec<usize> = declarations.iter().copied().filter(|index| is_seen(&homes[*index])).collect();
    let Some(last) = seen.iter().copied().max_by_key(|index| rank(index)) else { return };
    if rank(&last).0.is_none() {
        return;
    }
    for index in seen.into_iter().filter(|index| *index != last) {
        homes[index].get_or_insert_with(|| (0..sets).collect()).remove(&set);
    }
}

/// Identities that are declared more than once.
struct Repeated {
    /// Indices of the declarations of each, in the order of their places.
    groups: Vec<Vec<usize>>,
    /// Digests of their contents.
    contents: BTreeMap<usize, [u8; 32]>,
}

impl Repeated {
    fn new(resources: &[Resource], documents: &[Document]) -> Self {
        let mut declarations: BTreeMap<&Identity, Vec<usize>> = BTreeMap::new();
        for (index, resource) in resources.iter().enumerate() {
            // What a plan holds never clashes: its identity is plan and address (contract, "Sets").
            if !resource.object.is_named_later && resource.via.is_none() {
                declarations.entry(&resource.identity).or_default().push(index);
            }
        }
        let groups: Vec<Vec<usize>> =
            declarations.into_values().filter(|indices| indices.len() > 1).collect();
        let digest = |index: &usize| {
            let resource = &resources[*index];
            (*index, documents[resource.document].node(resource.object.node).digest())
        };
        let contents = groups.iter().flatten().map(digest).collect();
        Self { groups, contents }
    }
}

/// Which named sets a file belongs to.
struct Claims<'n> {
    /// File to the sets that name it, each with the position of the first of its patterns that matches.
    of: BTreeMap<Arc<str>, BTreeMap<&'n str, usize>>,
    /// Sets that hold a file at all.
    names: BTreeSet<Arc<str>>,
}

impl<'n> Claims<'n> {
    fn new(files: &[Arc<str>], named: &'n BTreeMap<String, Vec<FilePattern>>) -> Self {
        let mut claims = Self { of: BTreeMap::new(), names: BTreeSet::new() };
        if named.is_empty() {
            return claims;
        }
        for file in files {
            if claims.of.contains_key(file) {
                continue;
            }
            let by: BTreeMap<&str, usize> = named
                .iter()
                .filter_map(|(name, patterns)| {
                    Some((name.as_str(), patterns.iter().position(|pattern| pattern.matches(file))?))
                })
                .collect();
            if !by.is_empty() {
                claims.names.extend(by.keys().map(|name| Arc::from(*name)));
                claims.of.insert(Arc::clone(file), by);
            }
        }
        claims
    }
}
