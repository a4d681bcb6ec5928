//! Sets: one deployable variant each (contract, "Sets").
//!
//! A repository holds variants of the same objects: overlays, examples, quick starts. Where one namespaced identity
//! is declared with different content, the sibling folders (or, in one folder, the files) that declare it are sets.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Name of the one set of an estate without variants.
pub(super) const WHOLE: &str = ".";

/// One declaration of an identity that is declared more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Declaration<'a> {
    /// File relative to the base.
    pub file: &'a str,
    /// Digest of its content.
    pub content: [u8; 32],
}

/// Folders and files that are sets, sorted. `groups` holds, for each identity, all its declarations.
pub(super) fn roots<'a>(groups: impl IntoIterator<Item = Vec<Declaration<'a>>>) -> Vec<Arc<str>> {
    let mut candidates: BTreeSet<&str> = BTreeSet::new();
    let mut clashing: BTreeSet<&str> = BTreeSet::new();
    for group in groups {
        if differ(&group) {
            branch(&group, 0, &mut candidates);
            clashing.extend(group.iter().map(|declaration| declaration.file));
        }
    }
    // A folder whose clashing files all lie in sets of their own is no set: the rest of it belongs to every variant.
    let kept: BTreeSet<&str> =
        clashing.into_iter().filter_map(|file| deepest(file, |folder| candidates.contains(folder))).collect();
    kept.into_iter().map(Into::into).collect()
}

/// Index of the set that a file lies in; `None` if it lies outside all sets.
pub(super) fn home(file: &str, roots: &[Arc<str>]) -> Option<usize> {
    let find = |folder: &str| roots.binary_search_by(|root| (**root).cmp(folder));
    deepest(file, |folder| find(folder).is_ok()).and_then(|folder| find(folder).ok())
}

/// Which of the sets that were there before a set is made of: itself, the one that it was a part of, or, where there
/// were no variants, the whole; `None` for a variant that is new.
pub fn origin<'k>(set: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    match deepest(set, |folder| known.contains(folder)) {
        Some(holding) => known.get(holding).copied(),
        None if known.len() == 1 => known.get(WHOLE).copied(),
        None => None,
    }
}

fn differ(group: &[Declaration<'_>]) -> bool {
    group.iter().any(|one| group.first().is_some_and(|first| first.content != one.content))
}

/// Finds where the declarations part ways; `depth` is the number of bytes that all file names share.
fn branch<'a>(group: &[Declaration<'a>], depth: usize, candidates: &mut BTreeSet<&'a str>) {
    let mut children: BTreeMap<&'a str, Vec<Declaration<'a>>> = BTreeMap::new();
    for declaration in group {
        let rest = declaration.file.get(depth..).unwrap_or_default();
        let end = rest.find('/').map_or(declaration.file.len(), |at| depth + at);
        children
            .entry(declaration.file.get(..end).unwrap_or(declaration.file))
            .or_default()
            .push(*declaration);
    }
    if children.len() > 1 {
        candidates.extend(children.keys());
    }
    for (child, declarations) in children {
        if differ(&declarations)
            && declarations.iter().any(|declaration| declaration.file.len() > child.len())
        {
            branch(&declarations, child.len() + 1, candidates);
        }
    }
}

/// The longest of a file's own name and its folders that satisfies the predicate.
fn deepest(file: &str, is_root: impl Fn(&str) -> bool) -> Option<&str> {
    let ends = std::iter::once(file.len()).chain(file.rmatch_indices('/').map(|(at, _)| at));
    ends.filter_map(|end| file.get(..end)).find(|folder| is_root(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(groups: &[&[(&'static str, u8)]]) -> Vec<String> {
        let declare = |&(file, content): &(&'static str, u8)| Declaration { file, content: [content; 32] };
        roots(groups.iter().map(|group| group.iter().map(declare).collect()))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn variants_are_the_sibling_folders_or_files_that_differ() {
        for (name, groups, expected) in [
            ("equal copies are one object", &[&[("a/x", 1), ("b/x", 1)][..]][..], &[][..]),
            ("sibling folders", &[&[("k8s/a/x", 1), ("k8s/b/x", 2)]], &["k8s/a", "k8s/b"]),
            ("deep files below siblings", &[&[("k8s/a/deep/x", 1), ("k8s/b/x", 2)]], &["k8s/a", "k8s/b"]),
            ("files of one folder", &[&[("a/x.yaml", 1), ("a/y.yaml", 2)]], &["a/x.yaml", "a/y.yaml"]),
            ("one file: the later wins", &[&[("a/x", 1), ("a/x", 2)]], &[]),
            ("a file beside a folder", &[&[("a/x.yaml", 1), ("a/b/x.yaml", 2)]], &["a/b", "a/x.yaml"]),
            (
                "variants inside of a variant",
                &[&[("main/x", 1), ("extras/one/x", 2), ("extras/two/x", 3)]],
                &["extras/one", "extras/two", "main"],
            ),
            (
                "a variant with a clash of its own besides",
                &[&[("main/x", 1), ("extras/x", 2)], &[("extras/one/y", 1), ("extras/two/y", 2)]],
                &["extras", "extras/one", "extras/two", "main"],
            ),
        ] {
            assert_eq!(sets(groups), expected, "{name}");
        }
    }

    #[test]
    fn a_set_comes_from_what_it_was_a_part_of() {
        for (set, known, expected) in [
            ("k8s/prod", &["k8s/prod", "k8s/test"][..], Some("k8s/prod")),
            ("k8s/prod/web.yaml", &["k8s/prod", "k8s/test"], Some("k8s/prod")),
            ("k8s/new", &["k8s/prod", "k8s/test"], None),
            ("k8s/prod/web.yaml", &["."], Some(".")),
            (".", &["."], Some(".")),
            (".", &["k8s/prod", "k8s/test"], None),
            ("k8s/new", &[".", "k8s/prod"], None),
        ] {
            assert_eq!(origin(set, &known.iter().copied().collect()), expected, "{set} {known:?}");
        }
    }

    #[test]
    fn a_file_is_at_home_in_the_deepest_set() {
        let roots: Vec<Arc<str>> = ["a", "a/b", "c.yaml"].map(Into::into).into();
        for (file, expected) in
            [("a/x", Some(0)), ("a/b/x", Some(1)), ("a/bc", Some(0)), ("ab/x", None), ("c.yaml", Some(2))]
        {
            assert_eq!(home(file, &roots), expected, "{file}");
        }
    }
}
