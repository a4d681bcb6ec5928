//! Where what a kustomization builds is written: in a patch, a base, a generator or the kustomization itself.
//!
//! An object is known again by its kind and name (prefixes and suffixes aside), a value by its path and by
//! being the same; what is nearest to the root is looked at first, as it has the last word.
//! Deliberately absent: building anything again.

mod hashes;
mod patches;
mod replacements;
mod search;
mod wanted;

use std::{collections::BTreeMap, ops::Range, sync::Arc};

pub(crate) use self::hashes::without_hashes;
use self::{search::Search, wanted::Wanted};
use super::{Files, Origin, Root, folder, kustomization::Kustomizations, source};
use crate::{
    document::{Document, NodeRef, Step, json, yaml},
    source::{Place, SourceId, Sources},
};

/// Everything that a kustomization and its output are made of, parsed once.
#[derive(Debug)]
pub(super) struct Parsed {
    output: Vec<Document>,
    used: Kustomizations,
    /// By file.
    files: BTreeMap<String, Vec<Document>>,
}

impl Parsed {
    pub(super) fn new(root: &Root, sources: &Sources, output: SourceId) -> Self {
        let used = Kustomizations::read(&root.folder, &Read(sources)).unwrap_or_default();
        let parse = |file: String| {
            let (id, source) = source(sources, &file)?;
            Some((file, documents(id, &source.text)))
        };
        Self {
            output: yaml::parse(output, &sources.get(output).text).documents,
            files: used.files().into_iter().filter_map(parse).collect(),
            used,
        }
    }

    fn of(&self, file: &str) -> impl Iterator<Item = NodeRef<'_>> {
        self.files.get(file).into_iter().flatten().map(Document::root)
    }
}

pub(super) fn locate(parsed: &Parsed, sources: &Sources, place: &Place) -> Option<Origin> {
    let span = place.span();
    let document = parsed.output.iter().find(|document| {
        let all = document.root().span();
        all.start <= span.start && span.end <= all.end
    })?;
    let exact = document.root().path_of(&span);
    let is_part = exact.is_none();
    let path = exact.or_else(|| {
        let mut path = Vec::new();
        holds(document.root(), &span, &mut path).then_some(path)
    })?;
    let wanted = Wanted::new(&parsed.output, document.root(), &path)?;
    let mut search = Search { parsed, sources, wanted, nearest: None };
    let found = parsed.used.0.iter().find_map(|one| search.in_kustomization(one));
    let found = found.or(search.nearest.map(|(_, place)| place))?;
    let part = sources.get(place.source).text.get(span).filter(|_| is_part);
    let narrowed = part.and_then(|part| {
        let at = found.start + sources.get(found.source).text.get(found.span())?.find(part)?;
        Some(Place::new(found.source, at..at + part.len()))
    });
    Some(Origin { place: first_line(sources, &narrowed.unwrap_or(found)), is_exact: true, value: None })
}

/// Alerts on many lines are hidden in pull requests.
fn first_line(sources: &Sources, place: &Place) -> Place {
    let text = sources.get(place.source).text.get(place.span()).unwrap_or_default();
    let length = text.lines().next().map_or(0, str::len);
    Place::new(place.source, place.start..place.start + length)
}

/// Whether a scalar holds what stands at a span, as a password in an address; the path leads to it.
fn holds(node: NodeRef<'_>, span: &Range<usize>, path: &mut Vec<Step>) -> bool {
    let named = node.entries().map(|(key, _, value)| (Step::from(key), value));
    let numbered = node.items().enumerate().map(|(index, value)| (Step::from(index), value));
    for (step, value) in named.chain(numbered) {
        path.push(step);
        if holds(value, span, path) {
            return true;
        }
        path.pop();
    }
    node.is_scalar() && node.span().start <= span.start && span.end <= node.span().end
}

/// What was read of the estate, as files.
struct Read<'s>(&'s Sources);

impl Files for Read<'_> {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        source(self.0, file).map(|(_, source)| Arc::clone(&source.text))
    }

    fn is_folder(&self, name: &str) -> bool {
        let inside =
            |file: &str| name.is_empty() || file.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        self.0.iter().any(|(_, source)| inside(&source.file))
    }
}

fn documents(id: SourceId, text: &Arc<str>) -> Vec<Document> {
    if text.trim_start().starts_with(['{', '[']) {
        json::parse(id, text).documents
    } else {
        yaml::parse(id, text).documents
    }
}

/// The kustomization's first key, where nothing narrower is known.
pub(super) fn anywhere(sources: &Sources, root: &str) -> Option<Place> {
    let (id, source) = sources.iter().find(|(_, source)| {
        let name = source.file.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        folder(&source.file) == root && name.starts_with("kustomization")
    })?;
    let documents = yaml::parse(id, &source.text).documents;
    let (_, span, _) = documents.first()?.root().entries().next()?;
    Some(Place::new(id, span))
}
