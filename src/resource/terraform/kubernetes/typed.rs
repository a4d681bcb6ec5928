//! Typed resources of the Kubernetes provider: blocks in lists of one, in snake case, become objects.
//!
//! A JSON array of objects is a block that stands once or several times (the tables of `names` tell), a JSON object
//! is a map whose keys are the user's.

use std::ops::Range;

use super::{
    Planned, is_referred,
    manifest::{Merge, is_true},
    names,
};
use crate::{
    document::{
        Document, Entry, Kind, NodeId, NodeRef,
        assembly::{Assembly, entry},
    },
    resource::terraform::{Plan, PlannedResource},
};

pub(super) fn document(plan: &Plan, resource: &PlannedResource, resource_type: &str) -> Option<Document> {
    let (api_version, kind) = names::kind(resource_type)?;
    let planned = Planned::new(plan, resource);
    let values = planned.values.as_ref()?.root();
    let unknown = planned.unknown.as_ref().map(Document::root);
    let mut convert =
        Convert { merge: Merge { assembly: Assembly::new(plan.source, &plan.text) }, kind, hide: false };
    convert.hide = kind == "Secret" && is_referred(plan, resource, "data");
    let at = resource.address_span.clone();
    let mut entries: Vec<Entry> = [("apiVersion", api_version), ("kind", kind)]
        .map(|(key, value)| {
            let value = convert.merge.assembly.string(value, at.clone());
            entry(key, at.clone(), value)
        })
        .into();
    convert.fields("resource", values, unknown, &mut entries);
    let root = convert.merge.assembly.mapping(entries, values.span());
    Some(convert.merge.assembly.finish(root))
}

struct Convert {
    merge: Merge,
    kind: &'static str,
    /// The data of a Secret come from elsewhere.
    hide: bool,
}

impl Convert {
    /// The fields of a block named `parent`.
    fn fields(
        &mut self,
        parent: &str,
        value: NodeRef<'_>,
        unknown: Option<NodeRef<'_>>,
        entries: &mut Vec<Entry>,
    ) {
        for (name, span, field) in value.entries() {
            let mask = unknown.and_then(|unknown| unknown.get(name));
            self.field(parent, name, span, field, mask, entries);
        }
        // What is unknown altogether is left out of the values of a plan.
        for (name, span, mask) in unknown.into_iter().flat_map(NodeRef::entries) {
            if value.get(name).is_none() && is_true(Some(mask)) {
                self.field(parent, name, span, mask, Some(mask), entries);
            }
        }
    }

    fn field(
        &mut self,
        parent: &str,
        name: &str,
        span: Range<usize>,
        value: NodeRef<'_>,
        unknown: Option<NodeRef<'_>>,
        entries: &mut Vec<Entry>,
    ) {
        if names::is_added(parent, name) {
            return;
        }
        let blocks = value.items().any(NodeRef::is_mapping);
        let listed = names::list(parent, name);
        let key = match (self.kind, parent, name) {
            // Terraform encodes `data` itself, so what it holds is what Kubernetes calls `stringData`.
            ("Secret", "resource", "data") => "stringData".to_owned(),
            ("Secret", "resource", "binary_data") => "data".to_owned(),
            ("DaemonSet", "spec", "strategy") => "updateStrategy".to_owned(),
            _ => listed.filter(|_| blocks).map_or_else(|| names::field(name), ToOwned::to_owned),
        };
        if is_true(unknown) {
            let id = self.merge.assembly.add(Kind::Unknown, unknown.unwrap_or(value).span());
            entries.push(entry(&key, span, id));
            return;
        }
        match value.kind() {
            Kind::Null => {}
            Kind::Mapping(_) => {
                let hidden = self.hide && parent == "resource" && matches!(name, "data" | "binary_data");
                let id =
                    if hidden { self.merge.hidden(value, unknown) } else { self.merge.value(value, unknown) };
                entries.push(entry(&key, span, id));
            }
            Kind::Sequence(_) if blocks || value.items().next().is_none() => {
                self.blocks(name, &key, listed.is_some(), span, value, unknown, entries);
            }
            Kind::Sequence(_) => {
                let items = value.items().map(|item| self.scalar(name, item)).collect();
                let id = self.merge.assembly.sequence(items, value.span());
                entries.push(entry(&key, span, id));
            }
            _ if names::means_unset(name, value.as_str().unwrap_or(value.raw())) => {}
            _ => {
                let id = self.scalar(name, value);
                entries.push(entry(&key, span, id));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one field with all that is known of it")]
    fn blocks(
        &mut self,
        name: &str,
        key: &str,
        listed: bool,
        span: Range<usize>,
        value: NodeRef<'_>,
        unknown: Option<NodeRef<'_>>,
        entries: &mut Vec<Entry>,
    ) {
        let masks: Vec<NodeRef<'_>> = unknown.into_iter().flat_map(NodeRef::items).collect();
        if listed {
            let items = value.items().enumerate();
            let items: Vec<NodeId> =
                items.map(|(index, item)| self.block(name, item, masks.get(index).copied())).collect();
            if !items.is_empty() {
                let id = self.merge.assembly.sequence(items, value.span());
                entries.push(entry(key, span, id));
            }
            return;
        }
        let Some(only) = value.items().next() else { return };
        if name == "persistent_volume_source" {
            self.fields(name, only, masks.first().copied(), entries);
        } else {
            let id = self.block(name, only, masks.first().copied());
            entries.push(entry(key, span, id));
        }
    }

    fn block(&mut self, name: &str, value: NodeRef<'_>, unknown: Option<NodeRef<'_>>) -> NodeId {
        if is_true(unknown) {
            return self.merge.assembly.add(Kind::Unknown, unknown.unwrap_or(value).span());
        }
        let mut entries = Vec::new();
        self.fields(name, value, unknown, &mut entries);
        self.merge.assembly.mapping(entries, value.span())
    }

    fn scalar(&mut self, name: &str, value: NodeRef<'_>) -> NodeId {
        let text =
            value.as_str().filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
        let number = text.and_then(|text| {
            if names::is_number(name) {
                text.parse().ok()
            } else if names::is_mode(name) {
                i64::from_str_radix(text, 8).ok()
            } else {
                None
            }
        });
        match number {
            Some(number) => self.merge.assembly.add(Kind::Integer(number), value.span()),
            None => self.merge.assembly.copy(value),
        }
    }
}
