//! The value that is looked for, and what it was in other versions of its object.

use std::ops::Range;

use crate::document::{Document, NodeRef, Step};

/// A value of an object that was built.
pub(super) struct Wanted<'d> {
    pub(super) object: NodeRef<'d>,
    pub(super) kind: &'d str,
    pub(super) name: &'d str,
    /// Names of everything of its kind that was built, itself among it.
    rivals: Vec<&'d str>,
    pub(super) path: &'d [Step],
    pub(super) value: Option<NodeRef<'d>>,
}

impl<'d> Wanted<'d> {
    /// `built` is everything that the object was built with.
    pub(super) fn new(built: &'d [Document], object: NodeRef<'d>, path: &'d [Step]) -> Option<Self> {
        let kind = object.str_at(&["kind"])?;
        let name = object.str_at(&["metadata", "name"])?;
        let alike = built.iter().map(Document::root).filter(|other| other.str_at(&["kind"]) == Some(kind));
        let rivals = alike.filter_map(|other| other.str_at(&["metadata", "name"])).collect();
        Some(Self { object, kind, name, rivals, path, value: object.locate(path).node })
    }

    /// Whether something of this kind and name became the object.
    pub(super) fn is(&self, kind: Option<&str>, name: Option<&str>) -> bool {
        kind.is_none_or(|kind| kind == self.kind) && name.is_none_or(|name| self.became(name))
    }

    /// Whether a name became that of the object and not that of another one: kustomize adds a prefix, a suffix, a hash.
    fn became(&self, name: &str) -> bool {
        let rank = |rival: &str| (rival != name, !rival.ends_with(name), rival.len());
        let built = self.rivals.iter().filter(|rival| rival.contains(name)).min_by_key(|rival| rank(rival));
        built.is_some_and(|built| *built == self.name)
    }

    pub(super) fn same(&self, value: NodeRef<'_>) -> bool {
        match self.value {
            Some(wanted) if wanted.is_scalar() => value.is_scalar() && wanted.to_json() == value.to_json(),
            wanted => wanted.is_some() && !value.is_scalar(),
        }
    }
}

/// How far a path of a built object leads in a value that it was made from.
pub(super) struct Followed<'d> {
    /// The value, if the whole path is there.
    pub(super) node: Option<NodeRef<'d>>,
    pub(super) key: Option<Range<usize>>,
    pub(super) depth: usize,
}

impl<'d> Followed<'d> {
    /// `built` is what became of `root`.
    pub(super) fn new(root: NodeRef<'d>, built: Option<NodeRef<'_>>, path: &[Step]) -> Self {
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

pub(super) fn is_shown(node: NodeRef<'_>) -> bool {
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

pub(super) fn keys(path: &[Step]) -> Vec<&str> {
    path.iter()
        .filter_map(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Index(_) => None,
        })
        .collect()
}
