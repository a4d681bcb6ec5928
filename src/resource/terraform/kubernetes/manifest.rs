//! `kubernetes_manifest`: the object as written, under `after_unknown`.

use crate::{
    document::{
        Document, Entry, Kind, NodeId, NodeRef,
        assembly::{Assembly, entry},
    },
    resource::terraform::{Plan, PlannedResource},
};

use super::{Planned, is_referred};

pub(super) fn document(plan: &Plan, resource: &PlannedResource) -> Result<Option<Document>, &'static str> {
    let planned = Planned::new(plan, resource);
    let manifest = planned.values.as_ref().and_then(|values| values.root().get("manifest"));
    let unknown = planned.unknown.as_ref().and_then(|unknown| unknown.root().get("manifest"));
    if unknown.and_then(NodeRef::as_bool) == Some(true) {
        return Err("is known only after apply: this plan does not tell which Kubernetes object it makes");
    }
    let Some(manifest) = manifest.filter(|manifest| manifest.is_mapping()) else { return Ok(None) };
    let mut merge = Merge { assembly: Assembly::new(plan.source, &plan.text) };
    let is_secret = manifest.str_at(&["kind"]) == Some("Secret");
    let hidden: &[&str] =
        if is_secret && is_referred(plan, resource, "manifest") { &["data", "stringData"] } else { &[] };
    let root = merge.fields(manifest, unknown, hidden);
    Ok(Some(merge.assembly.finish(root)))
}

/// Lays `after_unknown` over values.
pub(super) struct Merge {
    pub(super) assembly: Assembly,
}

impl Merge {
    /// A value as it is; what is unknown altogether is left out of the values of a plan, and put back here.
    pub(super) fn value(&mut self, value: NodeRef<'_>, unknown: Option<NodeRef<'_>>) -> NodeId {
        match value.kind() {
            _ if is_true(unknown) => {
                let span = unknown.unwrap_or(value).span();
                self.assembly.add(Kind::Unknown, span)
            }
            Kind::Mapping(_) => self.fields(value, unknown, &[]),
            Kind::Sequence(_) => {
                let masks: Vec<NodeRef<'_>> = unknown.into_iter().flat_map(NodeRef::items).collect();
                let items = value.items().enumerate();
                let items = items.map(|(index, item)| self.value(item, masks.get(index).copied())).collect();
                self.assembly.sequence(items, value.span())
            }
            _ => self.assembly.copy(value),
        }
    }

    /// A mapping; what `hidden` maps hold counts as unknown.
    fn fields(&mut self, value: NodeRef<'_>, unknown: Option<NodeRef<'_>>, hidden: &[&str]) -> NodeId {
        let mask = |key: &str| unknown.and_then(|unknown| unknown.get(key));
        let mut entries: Vec<Entry> = Vec::new();
        for (key, span, field) in value.entries() {
            let id = if hidden.contains(&key) {
                self.hidden(field, mask(key))
            } else {
                self.value(field, mask(key))
            };
            entries.push(entry(key, span, id));
        }
        for (key, span, mask) in unknown.into_iter().flat_map(NodeRef::entries) {
            if value.get(key).is_none() && is_true(Some(mask)) {
                let id = self.assembly.add(Kind::Unknown, mask.span());
                entries.push(entry(key, span, id));
            }
        }
        self.assembly.mapping(entries, value.span())
    }

    /// The keys of a map, with nothing known of its values; those of `unknown` among them, which values leave out.
    pub(super) fn hidden(&mut self, value: NodeRef<'_>, unknown: Option<NodeRef<'_>>) -> NodeId {
        if !value.is_mapping() || is_true(unknown) {
            return self.assembly.add(Kind::Unknown, value.span());
        }
        let left_out = unknown.into_iter().flat_map(NodeRef::entries);
        let left_out = left_out.filter(|(key, _, mask)| value.get(key).is_none() && is_true(Some(*mask)));
        let entries = value.entries().chain(left_out);
        let entries = entries
            .map(|(key, span, value)| entry(key, span, self.assembly.add(Kind::Unknown, value.span())))
            .collect();
        self.assembly.mapping(entries, value.span())
    }
}

pub(super) fn is_true(mask: Option<NodeRef<'_>>) -> bool {
    mask.and_then(NodeRef::as_bool) == Some(true)
}
