//! Looks a value up in patches: strategic merges and operations of RFC 6902, in files and inline.

use std::sync::Arc;

use super::{
    search::Search,
    wanted::{Followed, is_shown, keys},
};
use crate::{
    document::{NodeRef, Step, yaml},
    resource::render::{kustomization::Kustomization, resolve},
    source::Place,
};

impl Search<'_, '_> {
    /// A patch repeats the kind and the name of what it is about: these are where the object is declared.
    pub(super) fn patches(&mut self, one: &Kustomization, root: NodeRef<'_>) -> Option<Place> {
        if matches!(
            keys(self.wanted.path).as_slice(),
            ["apiVersion" | "kind"] | ["metadata", "name" | "namespace"]
        ) {
            return None;
        }
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
                    (None, Some(file)) => {
                        resolve(&one.folder, file).and_then(|file| self.patch_file(&file, target.is_some()))
                    }
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
        let steps = pointer(operation.str_at(&["path"])?);
        let fits = steps.len() <= self.wanted.path.len()
            && steps.iter().zip(self.wanted.path).all(|(step, wanted)| match wanted {
                Step::Key(key) => **key == **step,
                Step::Index(_) => step == "-" || step.parse::<usize>().is_ok(),
            });
        let (before, rest) = self.wanted.path.split_at_checked(steps.len()).filter(|_| fits)?;
        let built = self.wanted.object.locate(before).node;
        if matches!(operation.str_at(&["op"]), Some("copy" | "move")) {
            return self.copied(operation, rest);
        }
        let followed = Followed::new(operation.get("value")?, built, rest);
        let node = followed.node.filter(|node| self.wanted.same(*node))?;
        let key = || followed.key.clone().or_else(|| operation.key_span("value"));
        Some(if is_shown(node) { node.place() } else { Place::new(node.document.source, key()?) })
    }

    /// A value that an operation takes from elsewhere in the object: what is still there must be the same.
    fn copied(&self, operation: NodeRef<'_>, rest: &[Step]) -> Option<Place> {
        let from = pointer(operation.str_at(&["from"])?);
        let mut source = Some(self.wanted.object);
        for step in from.iter().map(String::as_str).map(Step::from).chain(rest.iter().cloned()) {
            source = source.and_then(|node| match &step {
                Step::Key(key) => match key.parse::<usize>() {
                    Ok(index) if node.items().next().is_some() => node.items().nth(index),
                    _ => node.get(key),
                },
                Step::Index(index) => node.items().nth(*index),
            });
        }
        let is_moved = operation.str_at(&["op"]) == Some("move");
        let is_same = source.map_or(is_moved, |source| self.wanted.same(source));
        operation.get("path").filter(|_| is_same).map(NodeRef::place)
    }
}

/// The steps of a JSON pointer (RFC 6901).
fn pointer(text: &str) -> Vec<String> {
    text.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}
