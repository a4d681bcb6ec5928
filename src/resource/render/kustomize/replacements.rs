//! Looks a value up in replacements, which copy a field of one object into others.
//!
//! Source: kubernetes-sigs/kustomize, `api/types/replacement.go` and `api/filters/replacement`.

use super::search::Search;
use crate::{
    document::{NodeRef, Step},
    resource::render::{kustomization::Kustomization, resolve},
    source::Place,
};

impl Search<'_, '_> {
    /// The path of a field into which a replacement copied the value.
    pub(super) fn replacements(&self, one: &Kustomization, root: NodeRef<'_>) -> Option<Place> {
        let parsed = self.parsed;
        root.get("replacements").into_iter().flat_map(NodeRef::items).find_map(|replacement| {
            let Some(file) = replacement.str_at(&["path"]) else { return self.replacement(replacement) };
            let file = resolve(&one.folder, file)?;
            parsed.of(&file).find_map(|root| {
                // One alone, or a list of them.
                self.replacement(root).or_else(|| root.items().find_map(|item| self.replacement(item)))
            })
        })
    }

    fn replacement(&self, replacement: NodeRef<'_>) -> Option<Place> {
        let targets = replacement.get("targets").into_iter().flat_map(NodeRef::items);
        let mut selected = targets.filter(|target| {
            let named = |field: &str, key: &str| target.str_at(&[field, key]);
            let rejected = target.get("reject").into_iter().flat_map(NodeRef::items);
            let mut rejected = rejected.filter(|one| one.get("kind").or_else(|| one.get("name")).is_some());
            self.wanted.is(named("select", "kind"), named("select", "name"))
                && !rejected.any(|one| self.wanted.is(one.str_at(&["kind"]), one.str_at(&["name"])))
        });
        selected.find_map(|target| {
            let mut paths = target.get("fieldPaths").into_iter().flat_map(NodeRef::items);
            let found = paths.find(|path| path.as_str().is_some_and(|path| self.leads(&steps(path))));
            found.map(NodeRef::place)
        })
    }

    /// Whether a field path is that of the wanted value or of something around it.
    fn leads(&self, steps: &[String]) -> bool {
        let mut here = Some(self.wanted.object);
        steps.len() <= self.wanted.path.len()
            && !steps.is_empty()
            && steps.iter().zip(self.wanted.path).all(|(step, wanted)| {
                here = here.and_then(|node| match wanted {
                    Step::Key(key) => node.get(key),
                    Step::Index(index) => node.items().nth(*index),
                });
                match wanted {
                    Step::Key(key) => step == "*" || **key == **step,
                    Step::Index(index) => {
                        let pair = step.strip_prefix('[').and_then(|step| step.strip_suffix(']'));
                        let pair = pair.and_then(|pair| pair.split_once('='));
                        step == "*"
                            || step.parse() == Ok(*index)
                            || pair.is_some_and(|(key, value)| {
                                here.and_then(|node| node.str_at(&[key])) == Some(value)
                            })
                    }
                }
            })
    }
}

/// `spec.containers.[name=web].image`: points in brackets and behind a backslash divide nothing.
fn steps(path: &str) -> Vec<String> {
    let mut steps = vec![String::new()];
    let (mut within, mut escaped) = (false, false);
    for character in path.chars() {
        match character {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '.' if !within && !escaped => {
                steps.push(String::new());
                continue;
            }
            '[' => within = true,
            ']' => within = false,
            _ => {}
        }
        escaped = false;
        steps.last_mut().into_iter().for_each(|step| step.push(character));
    }
    steps
}
