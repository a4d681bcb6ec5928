//! What an API server refuses: parts of mesh objects that their definitions have no room for.
//!
//! A refused object is in no cluster, so it decides nothing. `kubectl apply` demands strict validation, and server-side
//! apply knows no field that is not declared: an unknown field is refused, too, not dropped
//! (kubernetes/website `reference/using-api/api-concepts.md`, "Field validation"). What is known only after apply is
//! left open. Deliberately absent: fields that decide no fact, and what Istio's own webhook knows better.

mod kinds;
#[cfg(test)]
mod tests;

use crate::{document::NodeRef, resource::kubernetes::Object, source::Place};

/// One part that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// A clause: `has no `spec.host`, so …`.
    pub(super) text: String,
    /// What to write instead, in Markdown.
    pub(super) remedy: String,
    pub(super) place: Place,
    /// Whether it is that something is left out, which what builds manifests may put in.
    pub(super) is_absence: bool,
}

/// What a value has to be.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Text,
    /// A number or a text.
    Scalar,
    OneOf(&'static [&'static str]),
    Integer,
    Boolean,
    List(&'static Self),
    /// Any keys.
    Map(&'static Self),
    /// Keys that are numbers of ports.
    Ports(&'static Self),
    /// Fields beside the given ones are possible.
    Object(&'static [Field]),
    /// No other fields.
    Closed(&'static [Field]),
    /// A namespace and a host: `./cart`.
    ScopedHost,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    key: &'static str,
    shape: Shape,
    is_required: bool,
}

const fn field(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, is_required: false }
}

const fn required(key: &'static str, shape: Shape) -> Field {
    Field { key, shape, is_required: true }
}

/// Whether the API server refuses an object.
pub(super) fn is_refused(object: &Object, node: NodeRef<'_>) -> bool {
    !refusals(object, node).is_empty()
}

/// Parts of an object that the API server refuses, in the order of the definition.
pub(super) fn refusals(object: &Object, node: NodeRef<'_>) -> Vec<Refusal> {
    let Some(shape) = kinds::shape(&object.group, &object.kind) else { return Vec::new() };
    let mut found = Vec::new();
    let key = node.key_span("spec").map(|span| Place::new(node.document.source, span));
    if let (Some(spec), Some(key)) = (node.get("spec"), key) {
        let mut walk = Walk { found: &mut found, path: vec!["spec".to_owned()] };
        walk.value(spec, &key, shape);
    }
    found
}

struct Walk<'f> {
    found: &'f mut Vec<Refusal>,
    path: Vec<String>,
}

impl Walk<'_> {
    /// `key`: place of the nearest key above.
    fn value(&mut self, node: NodeRef<'_>, key: &Place, shape: Shape) {
        // What is null is left out.
        if node.is_null() || node.is_unknown() {
            return;
        }
        match shape {
            Shape::Text if node.as_str().is_none() => self.misfit(node, key, "text", "in quotation marks"),
            Shape::Scalar if node.as_str().is_none() && node.as_i64().is_none() => {
                self.misfit(node, key, "a number or a name", "as a number or a name");
            }
            Shape::Integer if node.as_i64().is_none() => {
                self.misfit(node, key, "a number", "as a number, without quotation marks");
            }
            Shape::Boolean if node.as_bool().is_none() => {
                self.misfit(node, key, "`true` or `false`", "as `true` or `false`");
            }
            Shape::OneOf(values) if !node.as_str().is_some_and(|text| values.contains(&text)) => {
                let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
                let (last, rest) =
                    values.split_last().map(|(last, rest)| (last.as_str(), rest)).unwrap_or_default();
                let text = format!("has a value at `{}` that is none of its values", self.path());
                self.refuse(place(node, key), text, format!("Write {} or {last}.", rest.join(", ")));
            }
            Shape::ScopedHost if !node.as_str().is_some_and(|text| text.contains('/')) => {
                let text = format!("has a host at `{}` without its namespace", self.path());
                self.refuse(
                    place(node, key),
                    text,
                    "Write `namespace/host`: `./*`, `shop/cart.shop.svc.cluster.local`.",
                );
            }
            Shape::List(_) if !is_list(node) => self.misfit(node, key, "a list", "as a list"),
            Shape::Closed(fields) if !node.is_mapping() => {
                self.misfit(node, key, "an object", &format!("as an object with {}", names(fields)));
            }
            Shape::Map(_) | Shape::Ports(_) | Shape::Object(_) if !node.is_mapping() => {
                self.misfit(node, key, "an object", "as an object with fields");
            }
            Shape::List(item) => {
                for (index, node) in node.items().enumerate() {
                    self.within(&format!("[{index}]"), |walk| walk.value(node, key, *item));
                }
            }
            Shape::Map(value) | Shape::Ports(value) => {
                let of_ports = matches!(shape, Shape::Ports(_));
                for (name, span, node) in node.entries() {
                    let key = Place::new(node.document.source, span);
                    self.within(&format!(".{name}"), |walk| {
                        if of_ports && !name.parse::<u16>().is_ok_and(|port| port != 0) {
                            let text = format!("has the port `{name}`, which is no number");
                            walk.refuse(key.clone(), text, "Write the number of the container's port.");
                        }
                        walk.value(node, &key, *value);
                    });
                }
            }
            Shape::Object(fields) => self.fields(node, key, fields),
            Shape::Closed(fields) => {
                for (name, span, _) in node.entries() {
                    if !fields.iter().any(|field| field.key == name) {
                        let text = format!("has `{}.{name}`, a field that does not exist", self.path());
                        let remedy = format!("`{}` has {}.", self.path(), names(fields));
                        self.refuse(Place::new(node.document.source, span), text, remedy);
                    }
                }
                self.fields(node, key, fields);
            }
            Shape::Text
            | Shape::Scalar
            | Shape::Integer
            | Shape::Boolean
            | Shape::OneOf(_)
            | Shape::ScopedHost => {}
        }
    }

    fn fields(&mut self, node: NodeRef<'_>, key: &Place, fields: &[Field]) {
        for field in fields {
            match node.get(field.key).filter(|value| !value.is_null()) {
                Some(value) => {
                    let span = node.key_span(field.key);
                    let key = span.map_or_else(|| key.clone(), |span| Place::new(node.document.source, span));
                    self.within(&format!(".{}", field.key), |walk| walk.value(value, &key, field.shape));
                }
                None if field.is_required => {
                    let text = format!("has no `{}.{}`", self.path(), field.key);
                    self.refuse(key.clone(), text, format!("Write `{}.{}`.", self.path(), field.key));
                    if let Some(absence) = self.found.last_mut() {
                        absence.is_absence = true;
                    }
                }
                None => {}
            }
        }
    }

    fn within(&mut self, step: &str, walk: impl FnOnce(&mut Self)) {
        self.path.push(step.to_owned());
        walk(self);
        self.path.pop();
    }

    fn path(&self) -> String {
        self.path.concat()
    }

    fn misfit(&mut self, node: NodeRef<'_>, key: &Place, expected: &str, remedy: &str) {
        let text = format!("has a `{}` that is not {expected}", self.path());
        let remedy = format!("Write `{}` {remedy}.", self.path());
        self.refuse(place(node, key), text, remedy);
    }

    fn refuse(&mut self, place: Place, text: impl std::fmt::Display, remedy: impl Into<String>) {
        let text = format!("{text}, so the API server refuses it");
        self.found.push(Refusal { text, remedy: remedy.into(), place, is_absence: false });
    }
}

/// Names of fields, in words.
fn names(fields: &[Field]) -> String {
    let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.key)).collect();
    match names.as_slice() {
        [only] => format!("the field {only} alone"),
        names => format!("the fields {}", names.join(", ")),
    }
}

fn is_list(node: NodeRef<'_>) -> bool {
    !node.is_mapping() && !node.is_scalar()
}

fn place(node: NodeRef<'_>, key: &Place) -> Place {
    super::places::value(key.clone(), node)
}
