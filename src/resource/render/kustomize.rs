//! Where what a kustomization builds is written: in a patch, a base, a generator or the kustomization itself.
//!
//! An object is known again by its kind and name (prefixes, suffixes and hashes aside), a value by its path and by
//! being the same; what is nearest to the root is looked at first, as it has the last word.
//! Deliberately absent: building anything again.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use super::{
    Files, Origin, Root, folder,
    kustomization::{Kustomization, Kustomizations},
    source,
};
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
    let wanted = Wanted::new(document.root(), &path)?;
    let mut search = Search { parsed, wanted, nearest: None };
    let found = parsed.used.0.iter().find_map(|one| search.in_kustomization(one));
    let found = found.or(search.nearest.map(|(_, place)| place))?;
    let part = sources.get(place.source).text.get(span).filter(|_| is_part);
    let narrowed = part.and_then(|part| {
        let at = found.start + sources.get(found.source).text.get(found.span())?.find(part)?;
        Some(Place::new(found.source, at..at + part.len()))
    });
    Some(Origin { place: narrowed.unwrap_or(found), value: None })
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

/// A value of an object that was built.
struct Wanted<'d> {
    object: NodeRef<'d>,
    kind: &'d str,
    name: &'d str,
    path: &'d [Step],
    value: Option<NodeRef<'d>>,
}

impl<'d> Wanted<'d> {
    fn new(object: NodeRef<'d>, path: &'d [Step]) -> Option<Self> {
        let kind = object.str_at(&["kind"])?;
        let name = object.str_at(&["metadata", "name"])?;
        Some(Self { object, kind, name, path, value: object.locate(path).node })
    }

    /// Whether something of this kind and name became the object.
    fn is(&self, kind: Option<&str>, name: Option<&str>) -> bool {
        kind.is_none_or(|kind| kind == self.kind) && name.is_none_or(|name| self.name.contains(name))
    }

    fn same(&self, value: NodeRef<'_>) -> bool {
        match self.value {
            Some(wanted) if wanted.is_scalar() => value.is_scalar() && wanted.to_json() == value.to_json(),
            wanted => wanted.is_some() && !value.is_scalar(),
        }
    }
}

struct Search<'p, 'd> {
    parsed: &'p Parsed,
    wanted: Wanted<'d>,
    /// How many steps are written there, and where: shown if the value is written nowhere.
    nearest: Option<(usize, Place)>,
}

impl Search<'_, '_> {
    fn in_kustomization(&mut self, one: &Kustomization) -> Option<Place> {
        let root = self.parsed.of(&one.file).next()?;
        self.fields(root)
            .or_else(|| self.patches(one, root))
            .or_else(|| self.generators(root))
            .or_else(|| one.resources.iter().find_map(|file| self.resources(file)))
    }

    /// Fields that change many objects at once.
    fn fields(&self, root: NodeRef<'_>) -> Option<Place> {
        let keys: Vec<&str> = keys(self.wanted.path);
        match keys.as_slice() {
            ["metadata", "namespace"] => {
                root.get("namespace").filter(|value| self.wanted.same(*value)).map(NodeRef::place)
            }
            ["spec", "replicas"] => {
                let entries = root.get("replicas").into_iter().flat_map(NodeRef::items);
                let mut named = entries.filter(|entry| self.wanted.is(None, entry.str_at(&["name"])));
                named.find_map(|entry| entry.get("count")).map(NodeRef::place)
            }
            [.., "labels" | "matchLabels", label] | ["spec", "selector", label] => {
                let common = root.get("commonLabels");
                let pairs = root.get("labels").into_iter().flat_map(NodeRef::items);
                let mut maps = common.into_iter().chain(pairs.filter_map(|pair| pair.get("pairs")));
                maps.find_map(|map| map.get(label).filter(|value| self.wanted.same(*value)))
                    .map(NodeRef::place)
            }
            [.., "annotations", name] => {
                let value = root.get("commonAnnotations")?.get(name)?;
                self.wanted.same(value).then(|| value.place())
            }
            [.., "image"] => {
                let image = self.wanted.value?.as_str()?;
                let entries = root.get("images").into_iter().flat_map(NodeRef::items);
                let made = |entry: &NodeRef<'_>| {
                    let name = entry.str_at(&["newName"]).or_else(|| entry.str_at(&["name"]));
                    name.is_some_and(|name| {
                        image
                            .strip_prefix(name)
                            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '@']))
                    })
                };
                let entry = entries.into_iter().find(made)?;
                ["newTag", "digest", "newName", "name"]
                    .iter()
                    .find_map(|key| entry.get(key))
                    .map(NodeRef::place)
            }
            _ => None,
        }
    }

    fn patches(&mut self, one: &Kustomization, root: NodeRef<'_>) -> Option<Place> {
        for field in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
            for patch in root.get(field).into_iter().flat_map(NodeRef::items) {
                let target = patch.get("target");
                let named = |key: &str| target.and_then(|target| target.str_at(&[key]));
                if !self.wanted.is(named("kind"), None) || !self.targets(named("name")) {
                    continue;
                }
                let file = patch.get("path").or(Some(patch)).filter(|file| !file.raw().contains('\n'));
                let found = match (patch.get("patch"), file.and_then(NodeRef::as_str)) {
                    (Some(inline), _) => self.inline(inline, target.is_some()),
                    (None, Some(file)) => super::resolve(&one.folder, file)
                        .and_then(|file| self.patch_file(&file, target.is_some())),
                    (None, None) => self.inline(patch, target.is_some()),
                };
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// A name in a target is a regular expression that must match all of the original name, which may be longer now.
    fn targets(&self, name: Option<&str>) -> bool {
        let Some(name) = name else { return true };
        let expression = regex::Regex::new(&format!("^.*(?:{name}).*$"));
        expression.map_or_else(|_| self.wanted.name.contains(name), |name| name.is_match(self.wanted.name))
    }

    fn patch_file(&mut self, file: &str, targeted: bool) -> Option<Place> {
        let parsed = self.parsed;
        parsed.of(file).find_map(|root| self.patch(root, targeted))
    }

    /// A patch that stands in the kustomization: its lines are those of the block scalar, from the margin on.
    fn inline(&mut self, text: NodeRef<'_>, targeted: bool) -> Option<Place> {
        if !text.raw().contains('\n') {
            return None;
        }
        let whole = &text.document.text;
        let span = text.span();
        let start = whole.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
        let part: Arc<str> = whole.get(start..span.end)?.into();
        let documents = yaml::parse(text.document.source, &part).documents;
        let found = documents.iter().find_map(|document| self.patch(document.root(), targeted))?;
        Some(Place::new(found.source, start + found.start..start + found.end))
    }

    fn patch(&mut self, root: NodeRef<'_>, targeted: bool) -> Option<Place> {
        if root.items().next().is_some() {
            return root.items().find_map(|operation| self.operation(operation));
        }
        let named = self.wanted.is(root.str_at(&["kind"]), root.str_at(&["metadata", "name"]));
        let place = (named || targeted).then(|| self.follow(root)).flatten()?;
        place.1.then_some(place.0)
    }

    /// An operation of RFC 6902 whose path is the wanted one or leads to it. Other patches may have moved elements, so
    /// an index counts as any: the value tells.
    fn operation(&self, operation: NodeRef<'_>) -> Option<Place> {
        let pointer = operation.str_at(&["path"])?;
        let steps: Vec<String> =
            pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
        let fits = steps.len() <= self.wanted.path.len()
            && steps.iter().zip(self.wanted.path).all(|(step, wanted)| match wanted {
                Step::Key(key) => **key == **step,
                Step::Index(_) => step == "-" || step.parse::<usize>().is_ok(),
            });
        let (before, rest) = self.wanted.path.split_at_checked(steps.len()).filter(|_| fits)?;
        let built = self.wanted.object.locate(before).node;
        let followed = Followed::new(operation.get("value")?, built, rest);
        let node = followed.node.filter(|node| self.wanted.same(*node))?;
        let key = || followed.key.clone().or_else(|| operation.key_span("value"));
        Some(if is_shown(node) { node.place() } else { Place::new(node.document.source, key()?) })
    }

    fn generators(&self, root: NodeRef<'_>) -> Option<Place> {
        let field = match self.wanted.kind {
            "ConfigMap" => "configMapGenerator",
            "Secret" => "secretGenerator",
            _ => return None,
        };
        let generators = root.get(field).into_iter().flat_map(NodeRef::items);
        let mut named = generators.filter(|generator| self.wanted.is(None, generator.str_at(&["name"])));
        let generator = named.next()?;
        let key = keys(self.wanted.path).last().copied().unwrap_or_default();
        let entries = ["literals", "files"].into_iter().filter_map(|field| generator.get(field));
        let mut entries = entries.flat_map(NodeRef::items);
        let entry = entries.find(|entry| {
            let text = entry.as_str().unwrap_or_default();
            let name = text
                .split_once('=')
                .map_or_else(|| text.rsplit('/').next().unwrap_or_default(), |(name, _)| name);
            name == key
        });
        let environment =
            || generator.get("envs").and_then(|envs| envs.items().next()).or_else(|| generator.get("env"));
        let data = matches!(keys(self.wanted.path).first(), Some(&"data" | &"stringData")) && !key.is_empty();
        let shown_entry = entry.or_else(|| data.then(environment).flatten());
        shown_entry.or_else(|| generator.get("name")).map(NodeRef::place)
    }

    fn resources(&mut self, file: &str) -> Option<Place> {
        let parsed = self.parsed;
        for root in parsed.of(file) {
            let (kind, name) = (root.str_at(&["kind"]), root.str_at(&["metadata", "name"]));
            if kind.is_none() || name.is_none() || !self.wanted.is(kind, name) {
                continue;
            }
            if let Some((place, true)) = self.follow(root) {
                return Some(place);
            }
        }
        None
    }

    /// Follows the wanted path in another version of the object; whether the same value is there.
    fn follow(&mut self, root: NodeRef<'_>) -> Option<(Place, bool)> {
        let followed = Followed::new(root, Some(self.wanted.object), self.wanted.path);
        let shown = followed.node.filter(|node| followed.depth > 0 && is_shown(*node));
        let place = if let Some(node) = shown {
            node.place()
        } else {
            let name = root.at(&["metadata", "name"]).map(NodeRef::span);
            Place::new(root.document.source, followed.key.or(name)?)
        };
        if self.nearest.as_ref().is_none_or(|(known, _)| followed.depth > *known) {
            self.nearest = Some((followed.depth, place.clone()));
        }
        Some((place, followed.node.is_some_and(|node| self.wanted.same(node))))
    }
}

/// How far a path of a built object leads in a value that it was made from.
struct Followed<'d> {
    /// The value, if the whole path is there.
    node: Option<NodeRef<'d>>,
    key: Option<Range<usize>>,
    depth: usize,
}

impl<'d> Followed<'d> {
    /// `built` is what became of `root`.
    fn new(root: NodeRef<'d>, built: Option<NodeRef<'_>>, path: &[Step]) -> Self {
        let mut found = Self { node: Some(root), key: None, depth: 0 };
        let (mut here, mut built) = (root, built);
        for step in path {
            let next = match step {
                Step::Key(name) => {
                    found.key = here.key_span(name).or(found.key);
                    built = built.and_then(|built| built.get(name));
                    here.get(name)
                }
                Step::Index(index) => {
                    built = built.and_then(|built| built.items().nth(*index));
                    counterpart(here, built, *index)
                }
            };
            let Some(next) = next else { return Self { node: None, ..found } };
            found = Self { node: Some(next), depth: found.depth + 1, ..found };
            here = next;
        }
        found
    }
}

fn is_shown(node: NodeRef<'_>) -> bool {
    node.is_scalar() && !node.span().is_empty() && !node.raw().contains('\n')
}

/// The element of a list that became another one: by the keys that Kubernetes merges lists by, else by its index.
fn counterpart<'d>(list: NodeRef<'d>, item: Option<NodeRef<'_>>, index: usize) -> Option<NodeRef<'d>> {
    const MERGE_KEYS: [&str; 6] = ["name", "containerPort", "port", "mountPath", "key", "ip"];
    let Some(item) = item.filter(|item| item.is_mapping()) else {
        let same = |other: &NodeRef<'_>| item.is_some_and(|item| item.to_json() == other.to_json());
        return list.items().find(same).or_else(|| list.items().nth(index));
    };
    let by_key = MERGE_KEYS.iter().find_map(|key| {
        let wanted = item.get(key)?.to_json();
        list.items().find(|other| other.get(key).is_some_and(|value| value.to_json() == wanted))
    });
    let has_key = MERGE_KEYS.iter().any(|key| item.get(key).is_some());
    by_key.or_else(|| list.items().nth(index).filter(|_| !has_key))
}

fn documents(id: SourceId, text: &Arc<str>) -> Vec<Document> {
    if text.trim_start().starts_with(['{', '[']) {
        json::parse(id, text).documents
    } else {
        yaml::parse(id, text).documents
    }
}

fn keys(path: &[Step]) -> Vec<&str> {
    path.iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Index(_) => None,
        })
        .collect()
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
