//! Patches of kustomizations that are no objects by themselves: strategic ones without an API version, and lists of
//! operations (kustomize `api/types/patch.go`; RFC 6902).

use crate::document::{Document, NodeRef};

/// What a document patches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patch<'d> {
    /// Of what it is about, where it says so.
    pub kind: Option<&'d str>,
    pub name: Option<&'d str>,
    pub namespace: Option<&'d str>,
}

impl<'d> Patch<'d> {
    /// What a document patches that a kustomization names as a patch.
    pub fn named(document: &'d Document) -> Self {
        let root = document.root();
        let namespace = root.str_at(&["metadata", "namespace"]);
        Self { kind: root.str_at(&["kind"]), name: root.str_at(&["metadata", "name"]), namespace }
    }
}

/// The patch that a document is by its form; `None` for anything else.
pub fn patch(document: &Document) -> Option<Patch<'_>> {
    let root = document.root();
    if is_operations(root) {
        return Some(Patch::default());
    }
    let patch = Patch::named(document);
    let is_capitalised =
        patch.kind.is_some_and(|kind| kind.starts_with(|first: char| first.is_ascii_uppercase()));
    (is_capitalised && patch.name.is_some() && root.get("apiVersion").is_none()).then_some(patch)
}

/// Fields of a kustomization that hold patches, as texts or as names of files.
pub const INLINE: [&str; 3] = ["patches", "patchesJson6902", "patchesStrategicMerge"];

/// Files that a kustomization names as patches, as written. What they hold looks like objects, and is only a part of some
/// (kustomize `api/types`, `Patch`, `PatchStrategicMerge`).
pub fn files(root: NodeRef<'_>) -> impl Iterator<Item = &str> {
    INLINE.iter().filter_map(move |field| root.get(field)).flat_map(NodeRef::items).filter_map(|item| {
        let name = item.as_str().filter(|text| !text.contains('\n'));
        name.or_else(|| item.str_at(&["path"]))
    })
}

/// Whether a kustomization may hold patches as texts.
pub fn has_inline_patches(root: NodeRef<'_>) -> bool {
    INLINE.iter().any(|field| root.get(field).is_some_and(|field| field.items().next().is_some()))
}

fn is_operations(root: NodeRef<'_>) -> bool {
    const OPERATIONS: [&str; 6] = ["add", "copy", "move", "remove", "replace", "test"];
    let is_operation = |item: NodeRef<'_>| {
        item.str_at(&["op"]).is_some_and(|op| OPERATIONS.contains(&op))
            && item.str_at(&["path"]).is_some_and(|path| path.starts_with('/'))
    };
    let mut items = root.items().peekable();
    items.peek().is_some() && items.all(is_operation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn files_are_those_that_any_field_names() {
        let text = "patches: [{path: a.yaml}, {patch: 'x'}]\npatchesStrategicMerge: [b.yaml, \"kind: A\\n\"]\npatchesJson6902: [{path: ../c.json}]\nresources: [d.yaml]\n";
        let parsed = yaml::parse(SourceId(0), &text.into());
        let found: Vec<&str> = files(parsed.documents[0].root()).collect();
        assert_eq!(found, ["a.yaml", "../c.json", "b.yaml"]);
    }

    #[test]
    fn patches_are_told_by_their_form() {
        for (text, expected) in [
            ("kind: ConfigMap\nmetadata: {name: a}\ndata: {}\n", Some(Some("ConfigMap"))),
            ("- {op: add, path: /data/a, value: b}\n- {op: remove, path: /data/c}\n", Some(None)),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", None),
            ("kind: service\nmetadata: {name: a}\n", None),
            ("- {op: add, path: a}\n", None),
            ("[]\n", None),
            ("a: b\n", None),
        ] {
            let parsed = yaml::parse(SourceId(0), &text.into());
            assert_eq!(patch(&parsed.documents[0]).map(|patch| patch.kind), expected, "{text}");
        }
    }
}
