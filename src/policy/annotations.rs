//! Annotations of packages and rules as values, for policies that ask for their own (OPA, "Annotations").
//!
//! Deliberately absent: what Probity itself reads from them, which is in [`super::metadata`]; and annotations of other
//! files of a package.

use serde_json::{Map, Value, json};

use crate::{document::yaml, source::SourceId};

/// Annotations of one file.
pub(super) struct Annotated(Vec<Block>);

struct Block {
    scope: String,
    /// The first line after the comment, from 1.
    line: u32,
    value: Map<String, Value>,
}

impl Annotated {
    /// Comments that are no YAML annotate nothing: METADATA that matters is read, and refused, elsewhere.
    pub(super) fn new(text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let is_package = |line: &str| line.split_whitespace().next() == Some("package");
        let mut blocks = Vec::new();
        for (start, _) in lines.iter().enumerate().filter(|(_, line)| line.trim_end() == "# METADATA") {
            let body: Vec<&str> =
                lines.iter().skip(start + 1).map_while(|line| line.strip_prefix('#')).collect();
            let statement = start + 1 + body.len();
            let body: Vec<&str> = body.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
            let Some(mut value) = parsed(&body.join("\n")) else { continue };
            let default = match lines.get(statement) {
                Some(line) if is_package(line) => "package",
                _ if value.get("entrypoint") == Some(&Value::Bool(true)) => "document",
                _ => "rule",
            };
            let scope = value.get("scope").and_then(Value::as_str).unwrap_or(default).to_owned();
            value.insert("scope".to_owned(), scope.clone().into());
            blocks.push(Block { scope, line: u32::try_from(statement + 1).unwrap_or(u32::MAX), value });
        }
        Self(blocks)
    }

    /// `rego.metadata.rule()` of the rule that starts on a line.
    pub(super) fn rule(&self, line: u32) -> Value {
        let found = self.0.iter().find(|block| block.line == line && block.scope == "rule");
        found.map_or_else(|| json!({}), |block| Value::Object(block.value.clone()))
    }

    /// `rego.metadata.chain()` of the rule that starts on a line: the rule first, then what holds it.
    pub(super) fn chain(&self, package: &str, rule: String, line: u32) -> Value {
        let package: Vec<String> = package.split('.').map(ToOwned::to_owned).collect();
        let path: Vec<String> = package.iter().cloned().chain([rule]).collect();
        let mut chain = vec![match self.rule(line) {
            Value::Object(annotations) if !annotations.is_empty() => {
                json!({"path": path, "annotations": annotations})
            }
            _ => json!({ "path": path }),
        }];
        let of = |scope: &'static str| self.0.iter().filter(move |block| block.scope == scope);
        chain.extend(
            of("document")
                .filter(|block| block.line == line)
                .map(|block| json!({"path": path, "annotations": block.value})),
        );
        chain.extend(of("package").map(|block| json!({"path": package, "annotations": block.value})));
        chain.extend(of("subpackages").map(|block| json!({"path": package, "annotations": block.value})));
        chain.into()
    }
}

/// The keys that OPA knows, in the shape in which it hands them out.
fn parsed(text: &str) -> Option<Map<String, Value>> {
    let parsed = yaml::parse(SourceId(0), &text.into());
    let root = parsed.documents.first().filter(|_| parsed.errors.is_empty())?.root().to_json();
    let Value::Object(fields) = root else { return None };
    let mut known = Map::new();
    for (key, value) in fields {
        let value = match key.as_str() {
            "title" | "description" | "scope" | "custom" | "entrypoint" | "organizations" => value,
            "related_resources" => each(value, |text| json!({ "ref": text })),
            "authors" => each(value, author),
            _ => continue,
        };
        known.insert(key, value);
    }
    Some(known)
}

fn each(value: Value, short: impl Fn(&str) -> Value) -> Value {
    let Value::Array(items) = value else { return value };
    items.into_iter().map(|item| item.as_str().map(&short).unwrap_or(item)).collect()
}

/// `Name <address>`.
fn author(text: &str) -> Value {
    match text.trim().strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
        Some((name, address)) if name.trim().is_empty() => json!({ "email": address }),
        Some((name, address)) => json!({"name": name.trim(), "email": address}),
        None => json!({ "name": text.trim() }),
    }
}
