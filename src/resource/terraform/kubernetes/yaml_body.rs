//! `kubectl_manifest`: YAML inside of a JSON string, with every place in the plan.

use std::{ops::Range, sync::Arc};

use super::{Planned, is_referred, manifest::is_true};
use crate::{
    document::{Document, NodeRef, yaml},
    resource::{
        kubernetes::UNKNOWN,
        terraform::{Plan, PlannedResource},
    },
};

pub(super) fn documents(plan: &Plan, resource: &PlannedResource) -> Result<Vec<Document>, &'static str> {
    let planned = Planned::new(plan, resource);
    let body = planned.values.as_ref().and_then(|values| values.root().get("yaml_body"));
    let unknown = planned.unknown.as_ref().and_then(|unknown| unknown.root().get("yaml_body"));
    if is_true(unknown) {
        return Err("is known only after apply: this plan does not tell which Kubernetes object it makes");
    }
    let Some(body) = body else { return Ok(Vec::new()) };
    let text = Unescaped::new(&plan.text, body.span()).ok_or("holds no text in `yaml_body`")?;
    let parsed = yaml::parse(plan.source, &text.text);
    if !parsed.errors.is_empty() {
        return Err("holds YAML in `yaml_body` that cannot be parsed; apply would refuse it too");
    }
    let documents = parsed.documents.into_iter();
    let mut documents: Vec<Document> =
        documents.map(|document| document.transplant(&plan.text, |offset| text.place(offset))).collect();
    if is_referred(plan, resource, "yaml_body") {
        documents.iter_mut().for_each(hide_values_of_a_secret);
    }
    Ok(documents)
}

/// The namespace that a `kubectl_manifest` puts its object into, whatever the YAML says (`override_namespace`).
pub(super) fn namespace(plan: &Plan, resource: &PlannedResource) -> Option<Arc<str>> {
    if &*resource.kind != "kubectl_manifest" {
        return None;
    }
    let planned = Planned::new(plan, resource);
    if is_true(planned.unknown.as_ref().and_then(|unknown| unknown.root().get("override_namespace"))) {
        return Some(UNKNOWN.into());
    }
    let name = planned.values.as_ref()?.root().str_at(&["override_namespace"])?;
    Some(name).filter(|name| !name.is_empty()).map(Into::into)
}

/// Whether the values are committed cannot be told: they may come from a variable or a vault.
fn hide_values_of_a_secret(document: &mut Document) {
    let root = document.root();
    if root.str_at(&["kind"]) != Some("Secret") {
        return;
    }
    let maps = ["data", "stringData"].into_iter().filter_map(|field| root.get(field));
    let values = maps.flat_map(NodeRef::entries).map(|(_, _, value)| value.id);
    let values: Vec<_> = values.collect();
    document.forget(&values);
}

/// A JSON string without its escapes, with the way back.
pub(in crate::resource::terraform) struct Unescaped {
    pub(in crate::resource::terraform) text: Arc<str>,
    /// Offset in the text and in the source after each escape; between them both advance alike.
    steps: Vec<(usize, usize)>,
}

impl Unescaped {
    /// `span` includes the quotes; `None` where it is no JSON string.
    pub(in crate::resource::terraform) fn new(source: &str, span: Range<usize>) -> Option<Self> {
        let raw = source.get(span.clone())?;
        let text: String = serde_json::from_str(raw).ok()?;
        let inner = raw.strip_prefix('"')?;
        let mut steps = vec![(0, span.start + 1)];
        let (mut decoded, mut at) = (0, 0);
        while let Some(found) = inner.get(at..)?.find('\\') {
            decoded += found;
            at += found;
            let escape = inner.get(at..)?;
            let (length, width) = match escape.as_bytes().get(1)? {
                b'u' => {
                    let high = u32::from_str_radix(escape.get(2..6)?, 16).ok()?;
                    if (0xd800..0xdc00).contains(&high) {
                        (12, 4)
                    } else {
                        (6, char::from_u32(high)?.len_utf8())
                    }
                }
                _ => (2, 1),
            };
            decoded += width;
            at += length;
            steps.push((decoded, span.start + 1 + at));
        }
        Some(Self { text: text.into(), steps })
    }

    /// Where an offset of the text lies in the source.
    pub(in crate::resource::terraform) fn place(&self, offset: usize) -> usize {
        let index = self.steps.partition_point(|(decoded, _)| *decoded <= offset);
        let (decoded, place) =
            index.checked_sub(1).and_then(|index| self.steps.get(index)).copied().unwrap_or_default();
        place + (offset - decoded)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_character_is_found_where_it_stands(text in "[a-zä😀\n\t\"\\\\:/\u{1}]{0,40}", before in "[a-z ]{0,5}") {
            for encoded in [
                serde_json::to_string(&text).unwrap(),
                text.encode_utf16().fold(String::from("\""), |all, unit| format!("{all}\\u{unit:04x}")) + "\"",
            ] {
                let source = format!("{before}{encoded} rest");
                let unescaped = Unescaped::new(&source, before.len()..before.len() + encoded.len()).unwrap();
                prop_assert_eq!(&*unescaped.text, text.as_str());
                for (offset, character) in text.char_indices() {
                    let place = unescaped.place(offset)..unescaped.place(offset + character.len_utf8());
                    let piece: String = serde_json::from_str(&format!("\"{}\"", &source[place])).unwrap();
                    prop_assert_eq!(piece, character.to_string());
                }
            }
        }
    }
}
