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

/// The documents of a template beside those that are `known` without it, with other characters for actions, so that every place
/// is that of the template. What does not parse that way either is left out.
pub fn documents(id: SourceId, source: &Source, known: &[Document]) -> Vec<Document> {
    let text: Arc<str> = without_actions(&source.text).into();
    let mut documents = yaml::parse(id, &text).documents;
    // In the order of the text.
    let known: Vec<Range<usize>> = known.iter().map(|document| document.root().span()).collect();
    documents.retain(|document| {
        let span = document.root().span();
        let next = known.partition_point(|known| known.end <= span.start);
        known.get(next).is_none_or(|known| known.start >= span.end)
    });
    for document in &mut documents {
        document.is_template = true;
    }
    documents
}

/// Texts in quotation marks within actions, such as `default "…"`: bytes of what must not be shown of a template.
pub fn literals(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for action in actions(text) {
        let inside = text.get(action.clone()).unwrap_or_default();
        let mut from = 0;
        while let Some(quote) = inside.get(from..).and_then(|rest| rest.find(['"', '`', '\''])) {
            let start = from + quote + 1;
            let mark = inside.get(start - 1..start).unwrap_or_default();
            let length = inside.get(start..).and_then(|rest| rest.find(mark)).unwrap_or(inside.len() - start);
            if length > 0 {
                found.push(action.start + start..action.start + start + length);
            }
            from = (start + length + 1).min(inside.len());
        }
    }
    found
}

/// Bytes of each action, in order. Comments of Go's templates may hold actions.
fn actions(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    let next = |from: usize| {
        text.get(from..)?.match_indices('{').find_map(|(at, _)| {
            let rest = text.get(from + at..)?;
            ACTIONS.iter().find(|(start, _)| rest.starts_with(start)).map(|(_, end)| (from + at, *end))
        })
    };
    while let Some((start, end)) = next(from) {
        let action = text.get(start..).unwrap_or_default();
        let is_comment = action.trim_start_matches(['{', '-', ' ']).starts_with("/*");
        let length = if is_comment { action.find("*/").map(|at| at + 2) } else { Some(0) };
        let length = length.and_then(|at| action.get(at..)?.find(end).map(|more| at + more + end.len()));
        from = start + length.unwrap_or(action.len());
        found.push(start..from);
    }
    found
}

/// The text without actions: with a blank for every byte of one that has its lines to itself, with `x` for one that stands
/// beside other text and so is part of a value; line breaks stay.
fn without_actions(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    for action in actions(text) {
        plain.push_str(text.get(done..action.start).unwrap_or_default());
        let before = plain.rsplit('\n').next().unwrap_or_default();
        let after = text.get(action.end..).unwrap_or_default().split('\n').next().unwrap_or_default().trim();
        let is_alone = before.trim().is_empty()
            && (after.is_empty() || after.starts_with("{{") && after.ends_with("}}"));
        let fill = if is_alone { ' ' } else { 'x' };
        let bytes = text.get(action.clone()).unwrap_or_default().bytes();
        plain.extend(bytes.map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { fill }));
        done = action.end;
    }
    plain + text.get(done..).unwrap_or_default()
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

    #[test]
    fn an_action_beside_other_text_is_part_of_its_value() {
        for (text, expected) in [
            ("a: {{ .x }}\n", "a: xxxxxxxx\n"),
            ("a: nginx:{{ .x }}\n", "a: nginx:xxxxxxxx\n"),
            ("  {{- if .x }}\n", "              \n"),
            ("{{ end }}{{ end }}\n", "                  \n"),
            ("a: \"{{ .x }}:{{ .y }}\"\n", "a: \"xxxxxxxx:xxxxxxxx\"\n"),
            ("{{/* a {{ b }} */}}\nc: d\n", "                   \nc: d\n"),
        ] {
            assert_eq!(without_actions(text), expected, "{text}");
        }
    }

    #[test]
    fn texts_within_actions_are_told() {
        let text = "p: {{ .x | default \"p4ss\" | quote }}-\"a\" {{ `b` }}";
        let found: Vec<&str> = literals(text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(found, ["p4ss", "b"]);
    }

    proptest! {
        #[test]
        fn any_text_keeps_its_length_and_its_lines(text in "[ a{}%#\\-\n\rä\"]{0,60}") {
            let plain = without_actions(&text);
            prop_assert_eq!(plain.len(), text.len());
            let breaks = |text: &str| text.match_indices('\n').map(|(at, _)| at).collect::<Vec<_>>();
            prop_assert_eq!(breaks(&plain), breaks(&text));
            prop_assert!(literals(&text).into_iter().all(|range| text.get(range).is_some()));
        }
    }
}
