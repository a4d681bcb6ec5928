//! Templates that nobody rendered: what stands beside their actions is what it looks like, and may hold credentials.

use std::{ops::Range, sync::Arc};

use crate::{
    document::{Document, yaml},
    source::{Source, SourceId},
};

/// Delimiters of actions: of Go's `text/template`, and of Jinja.
const ACTIONS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// Whether a part of a text holds an action.
pub fn has_action(text: &str) -> bool {
    ACTIONS.iter().any(|(start, _)| text.contains(start))
}

/// The documents of a template beside those that are `known` without it, with blanks for actions, so that every place is that of
/// the template. What does not parse that way either is left out.
pub fn documents(id: SourceId, source: &Source, known: &[Document]) -> Vec<Document> {
    let text: Arc<str> = without_actions(&source.text).into();
    let mut documents = yaml::parse(id, &text).documents;
    let known: Vec<Range<usize>> = known.iter().map(|document| document.root().span()).collect();
    documents.retain(|document| {
        let span = document.root().span();
        !known.iter().any(|known| known.start < span.end && span.start < known.end)
    });
    for document in &mut documents {
        document.is_template = true;
    }
    documents
}

/// The text with a blank for every byte of an action; line breaks stay.
fn without_actions(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    let next = |rest: &str| {
        let found = ACTIONS.iter().filter_map(|(start, end)| Some((rest.find(start)?, *end)));
        found.min_by_key(|(at, _)| *at)
    };
    while let Some((start, end)) = next(rest) {
        let (before, action) = rest.split_at(start);
        let length = action.find(end).map_or(action.len(), |at| at + end.len());
        let (action, after) = action.split_at(length);
        plain.push_str(before);
        plain.extend(
            action.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' }),
        );
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::Status;

    #[test]
    fn what_stands_beside_actions_is_read_in_its_place() {
        let text = "{{- if .Values.on }}\nkind: Deployment\nname: {{ include \"x\" . }}-web\nenv:\n  {{- range\n  .Values.a }}\n  - name: A\n    value: lit\n  {{- end }}\n{{- end }}\n---\nkind: Plain\n";
        let source = Source::new("templates/a.yaml", text, None, Status::Read);
        let known = yaml::parse(SourceId(0), &without_actions(text).into()).documents.split_off(1);
        let documents = documents(SourceId(0), &source, &known);
        let [document] = documents.as_slice() else { panic!("{documents:?}") };
        let value = document
            .root()
            .at(&["env"])
            .and_then(|env| env.items().next())
            .and_then(|item| item.get("value"));
        assert_eq!(value.map(|value| &text[value.span()]), Some("lit"));
        assert!(document.is_template);
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_length_and_its_lines(text in "[ a{}%#\\-\n\rä\"]{0,60}") {
            let plain = without_actions(&text);
            prop_assert_eq!(plain.len(), text.len());
            let breaks = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
            prop_assert_eq!(breaks(&plain), breaks(&text));
        }
    }
}
