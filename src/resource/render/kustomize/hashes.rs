//! Names of what generators make, without the hash of its content that kustomize puts behind them.
//!
//! The hash is one of the values and of nothing else, so that whoever has a report could try guesses; and it would give
//! every finding another name with each change. Source: kubernetes-sigs/kustomize, `api/hasher/hasher.go`.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    document::{Document, yaml},
    resource::{kustomization::generators, render::Kustomizations},
    source::SourceId,
};

/// Characters of a hash: hexadecimal digits with those replaced that could make words.
const ALPHABET: &str = "bcdf2456789ghkmt";

const LENGTH: usize = 10;

/// What kustomizations made, with the names of generated objects as they are without hashes, wherever they stand. A name
/// that another object of its kind has keeps its hash.
pub(crate) fn without_hashes(built: &str, used: &Kustomizations) -> String {
    let documents = yaml::parse(SourceId(0), &built.into()).documents;
    let objects: BTreeSet<(&str, &str)> = documents.iter().filter_map(identity).collect();
    let made: BTreeSet<(&str, &str)> = used
        .0
        .iter()
        .flat_map(|one| generators(&one.document))
        .map(|generator| (generator.kind, generator.name))
        .collect();
    let hashed = objects.iter().filter_map(|(kind, name)| {
        let (stem, hash) = name.rsplit_once('-')?;
        let is_hash = hash.len() == LENGTH && hash.chars().all(|character| ALPHABET.contains(character));
        // Prefixes and suffixes may stand around the name of the generator.
        let is_made = made.iter().any(|(made, part)| made == kind && stem.contains(part));
        (is_hash && is_made && !objects.contains(&(kind, stem))).then_some((*name, stem))
    });
    let hashed: BTreeMap<&str, &str> = hashed.collect();
    if hashed.is_empty() {
        return built.to_owned();
    }
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.');
    let mut text = String::with_capacity(built.len());
    for part in built.split_inclusive(|character| !is_of_name(character)) {
        let name = part.trim_end_matches(|character| !is_of_name(character));
        text.push_str(hashed.get(name).unwrap_or(&name));
        text.push_str(&part[name.len()..]);
    }
    text
}

fn identity(document: &Document) -> Option<(&str, &str)> {
    let root = document.root();
    Some((root.str_at(&["kind"])?, root.str_at(&["metadata", "name"])?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::resource::render::Files;

    struct One(&'static str);

    impl Files for One {
        fn text(&self, file: &str) -> Option<Arc<str>> {
            (file == "k/kustomization.yaml").then(|| self.0.into())
        }

        fn is_folder(&self, name: &str) -> bool {
            name == "k"
        }
    }

    #[test]
    fn names_of_what_was_generated_lose_their_hash_wherever_they_stand() {
        let used = "namePrefix: shop-\nsecretGenerator: [{name: pay}, {name: both}]\n";
        let used = Kustomizations::read("k", &One(used)).unwrap();
        let object = |kind: &str, name: &str| format!("kind: {kind}\nmetadata: {{name: {name}}}\n---\n");
        let built = [
            object("Secret", "shop-pay-bgckhm27fd"),
            object("Secret", "other-bgckhm27fd"),
            object("ConfigMap", "shop-pay-bgckhm27ff"),
            object("Secret", "both-bgckhm27fd"),
            object("Secret", "both"),
            "args: [--secret=shop-pay-bgckhm27fd, 'x/shop-pay-bgckhm27fd', my-shop-pay-bgckhm27fd]\nname: shop-pay-bgckhm27fd".to_owned(),
        ];
        let text = without_hashes(&built.concat(), &used);
        let expected = built.concat().replace("{name: shop-pay-bgckhm27fd}", "{name: shop-pay}");
        let expected = expected
            .replace("=shop-pay-bgckhm27fd", "=shop-pay")
            .replace("x/shop-pay-bgckhm27fd", "x/shop-pay");
        let expected = expected.replace("\nname: shop-pay-bgckhm27fd", "\nname: shop-pay");
        assert_eq!(text, expected);
        assert!(text.contains("my-shop-pay-bgckhm27fd"), "part of another name");
    }
}
