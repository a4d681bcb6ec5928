//! Credentials of the shapes that a configuration declares, wherever in a document they stand.

use std::ops::Range;

use super::{Class, Found};
use crate::{
    config::Secrets,
    document::{NodeRef, Path, Step},
    resource::shape::Shape,
};

/// Every occurrence in the strings of a document, in the order of the source. Keys are names and hold none.
pub fn find(root: NodeRef<'_>, declared: &Secrets) -> Vec<Found> {
    let mut found = Vec::new();
    if !declared.tokens.is_empty() {
        Walk { declared, path: Vec::new(), found: &mut found }.enter("", &root.span(), root);
    }
    found
}

struct Walk<'s> {
    declared: &'s Secrets,
    path: Vec<Step>,
    found: &'s mut Vec<Found>,
}

impl Walk<'_> {
    fn enter(&mut self, name: &str, key_span: &Range<usize>, node: NodeRef<'_>) {
        if let Some(text) = node.as_str() {
            self.text(name, key_span, node, text);
        }
        // `{name, value}`: a variable, a parameter.
        let named = node.get("name").and_then(NodeRef::as_str);
        for (key, span, value) in node.entries() {
            let name = if key == "value" { named.unwrap_or(key) } else { key };
            self.path.push(Step::from(key));
            self.enter(name, &span, value);
            self.path.pop();
        }
        for (index, item) in node.items().enumerate() {
            self.path.push(Step::from(index));
            self.enter(name, key_span, item);
            self.path.pop();
        }
    }

    fn text(&mut self, name: &str, key_span: &Range<usize>, node: NodeRef<'_>, text: &str) {
        for (token, range) in self.declared.tokens_in(text) {
            let value = text.get(range.clone()).unwrap_or_default().to_owned();
            let span = if range.len() == text.len() { node.span() } else { node.part(range) };
            let shown = if node.document.has_line_break(&span) { key_span.clone() } else { span.clone() };
            self.found.push(Found {
                class: Some(Class::Own(token)),
                shape: Shape::Text,
                key: name.to_owned(),
                at: Path(self.path.clone()).to_string(),
                path: self.path.clone(),
                span,
                shown,
                values: vec![value],
            });
        }
    }
}
