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

/// The patch that a document is; `None` for anything else.
pub fn patch(document: &Document) -> Option<Patch<'_>> {
    let root = document.root();
    if is_operations(root) {
        return Some(Patch { kind: None, name: None, namespace: None });
    }
    let kind = root.str_at(&["kind"]).filter(|_| root.get("apiVersion").is_none())?;
    let name = root.str_at(&["metadata", "name"])?;
    let is_capitalised = kind.starts_with(|first: char| first.is_ascii_uppercase());
    let namespace = root.str_at(&["metadata", "namespace"]);
    is_capitalised.then_some(Patch { kind: Some(kind), name: Some(name), namespace })
}

/// Fields of a kustomization that hold patches, as texts or as names of files.
pub const INLINE: [&str; 3] = ["patches", "patchesJson6902", "patchesStrategicMerge"];

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
