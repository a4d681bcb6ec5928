//! HCL with places, in the shape of Terraform's JSON syntax: a block is a list of bodies under its type and labels.
//!
//! Source: Terraform, "JSON Configuration Syntax". What only an evaluation gives (references, calls, templates) is
//! [`Kind::Unknown`], with the place of its expression.
//! Deliberately absent: evaluation, and what blocks mean.

use std::{ops::Range, sync::Arc};

use hcl_edit::{
    Span,
    expr::{Expression, ObjectKey},
    structure::{Block, Body, Structure},
    template::Template,
};

use super::{
    Document, Entry, Kind, NodeId, ParseError,
    assembly::{Assembly, entry},
};
use crate::source::SourceId;

/// Words that top-level blocks of Terraform start with.
const BLOCKS: [&str; 13] = [
    "check",
    "data",
    "ephemeral",
    "import",
    "locals",
    "module",
    "moved",
    "output",
    "provider",
    "removed",
    "resource",
    "terraform",
    "variable",
];

/// Reads one file. The parser gives up at the first error: then each top-level block is read by itself, and of one
/// that cannot be read the labels are kept.
pub fn parse(source: SourceId, text: &Arc<str>) -> (Document, Option<ParseError>) {
    let mut builder = Builder { assembly: Assembly::new(source, text), offset: 0 };
    let mut fields = Fields::default();
    let mut problem = None;
    if u32::try_from(text.len()).is_err() {
        problem = Some(ParseError { span: 0..0, message: "the text is larger than 4 GiB; split it".into() });
    } else if let Ok(body) = hcl_edit::parser::parse_body(text) {
        builder.collect(&body, &mut fields);
    } else {
        for block in blocks(text) {
            builder.offset = block.start;
            let part = text.get(block.clone()).unwrap_or_default();
            match hcl_edit::parser::parse_body(part) {
                Ok(body) => builder.collect(&body, &mut fields),
                Err(error) => {
                    problem.get_or_insert_with(|| unreadable(text, block.start + error.location().offset()));
                    let header = part.split_inclusive('{').next().unwrap_or_default();
                    if let Ok(body) = hcl_edit::parser::parse_body(&format!("{header}}}")) {
                        builder.collect(&body, &mut fields);
                    }
                }
            }
        }
        problem = problem.or_else(|| blocks(text).is_empty().then(|| unreadable(text, 0)));
        builder.offset = 0;
    }
    let root = builder.fields(fields, 0..text.len());
    (builder.assembly.finish(root), problem)
}

fn unreadable(text: &str, offset: usize) -> ParseError {
    let start = text.floor_char_boundary(offset.min(text.len()));
    let message = "this is no HCL that can be read here: findings about it point at its blocks or at the plan; `terraform validate` tells whether Terraform reads it";
    ParseError { span: start..start, message: message.into() }
}

/// Byte ranges that start where a line starts like a block, each up to the next one.
fn blocks(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let word = line.split([' ', '\t', '{', '"']).next().unwrap_or_default();
        if BLOCKS.contains(&word) && line.contains('{') {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}

struct Builder {
    assembly: Assembly,
    /// Where what is being read starts in the text.
    offset: usize,
}

/// One key of a body on its way: a value, or blocks by their labels.
enum Item {
    Value(NodeId),
    Bodies(Vec<NodeId>),
    Labelled(Fields),
}

#[derive(Default)]
struct Fields(Vec<(String, Range<usize>, Item)>);

impl Fields {
    fn slot(&mut self, key: &str, span: Range<usize>, new: impl FnOnce() -> Item) -> &mut Item {
        let known = self.0.iter().position(|(name, _, _)| name == key);
        let index = known.unwrap_or_else(|| {
            self.0.push((key.to_owned(), span, new()));
            self.0.len() - 1
        });
        &mut self.0[index].2
    }

    /// Puts a body under a block's type and labels; of an attribute and a block of one name the first counts.
    fn add(&mut self, names: &[(&str, Range<usize>)], body: NodeId) {
        match names {
            [] => {}
            [(name, span)] => {
                if let Item::Bodies(bodies) = self.slot(name, span.clone(), || Item::Bodies(Vec::new())) {
                    bodies.push(body);
                }
            }
            [(name, span), labels @ ..] => {
                let slot = self.slot(name, span.clone(), || Item::Labelled(Self::default()));
                if let Item::Labelled(fields) = slot {
                    fields.add(labels, body);
                }
            }
        }
    }
}

impl Builder {
    /// Takes the attributes and blocks of a body.
    fn collect(&mut self, body: &Body, fields: &mut Fields) {
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    let value = self.expression(&attribute.value);
                    let span = self.span(&attribute.key);
                    fields.slot(attribute.key.as_str(), span, || Item::Value(value));
                }
                Structure::Block(block) => {
                    let names = self.names(block);
                    let header = names.last().map(|(_, span)| span.clone()).unwrap_or_default();
                    let mut inner = Fields::default();
                    self.collect(&block.body, &mut inner);
                    let body = self.fields(inner, header);
                    fields.add(&names, body);
                }
            }
        }
    }

    fn span(&self, value: &impl Span) -> Range<usize> {
        let span = value.span().unwrap_or_default();
        span.start + self.offset..span.end + self.offset
    }

    /// Type and labels of a block.
    fn names<'b>(&self, block: &'b Block) -> Vec<(&'b str, Range<usize>)> {
        let labels = block.labels.iter().map(|label| (label.as_str(), self.span(label)));
        std::iter::once((block.ident.as_str(), self.span(&block.ident))).chain(labels).collect()
    }

    fn fields(&mut self, fields: Fields, span: Range<usize>) -> NodeId {
        let entries: Vec<Entry> = fields
            .0
            .into_iter()
            .map(|(key, key_span, item)| {
                let value = match item {
                    Item::Value(value) => value,
                    Item::Bodies(bodies) => self.assembly.sequence(bodies, key_span.clone()),
                    Item::Labelled(fields) => self.fields(fields, key_span.clone()),
                };
                entry(&key, key_span, value)
            })
            .collect();
        self.assembly.mapping(entries, span)
    }

    fn expression(&mut self, expression: &Expression) -> NodeId {
        let span = self.span(expression);
        match expression {
            Expression::Null(_) => self.assembly.add(Kind::Null, span),
            Expression::Bool(value) => self.assembly.add(Kind::Bool(*value.value()), span),
            Expression::Number(number) => {
                let number = number.value();
                let float = || number.as_f64().map_or(Kind::Unknown, Kind::Float);
                let kind = number.as_i64().map_or_else(float, Kind::Integer);
                self.assembly.add(kind, span)
            }
            Expression::String(text) => self.assembly.string(text.value().as_str(), span),
            Expression::Array(items) => {
                let items = items.iter().map(|item| self.expression(item)).collect();
                self.assembly.sequence(items, span)
            }
            Expression::Object(fields) => {
                let mut entries = Vec::new();
                for (key, value) in fields {
                    let name = match key {
                        ObjectKey::Ident(name) => Some(name.as_str()),
                        ObjectKey::Expression(key) => key.as_str(),
                    };
                    if let Some(name) = name {
                        let value = self.expression(value.expr());
                        entries.push(entry(name, self.span(key), value));
                    }
                }
                self.assembly.mapping(entries, span)
            }
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::StringTemplate(_) => self.assembly.add(Kind::Unknown, span),
            Expression::HeredocTemplate(heredoc) => {
                let inside = self.span(&heredoc.template);
                match literal(&heredoc.template) {
                    Some(text) => self.assembly.string(text, inside),
                    None => self.assembly.add(Kind::Unknown, inside),
                }
            }
            _ => self.assembly.add(Kind::Unknown, span),
        }
    }
}

fn literal(template: &Template) -> Option<String> {
    template.iter().map(|element| element.as_literal().map(|text| text.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::document::Step;

    fn read(text: &str) -> Document {
        let (document, problem) = parse(SourceId(0), &text.into());
        assert_eq!(problem, None);
        document
    }

    const TEXT: &str = r#"
resource "aws_s3_bucket" "logs" {
  bucket = "logs-${var.stage}"
  acl    = ("private")
  tags   = { Name = "logs", "a.b" = 1, (var.key) = 2 }
  versioning { enabled = true }
  rule { id = "a" }
  rule { id = local.b }
  dynamic "grant" {
    for_each = var.grants
    content { id = grant.value }
  }
  policy = <<-EOT
    {"ä": 1}
  EOT
}
resource "aws_s3_bucket" "other" {}
locals { b = -1 }
"#;

    #[test]
    fn blocks_and_attributes_have_the_shape_of_the_json_syntax() {
        let unknown = json!(null);
        assert_eq!(
            read(TEXT).root().to_json(),
            json!({
                "resource": {"aws_s3_bucket": {
                    "logs": [{
                        "bucket": unknown, "acl": "private", "tags": {"Name": "logs", "a.b": 1},
                        "versioning": [{"enabled": true}], "rule": [{"id": "a"}, {"id": unknown}],
                        "dynamic": {"grant": [{"for_each": unknown, "content": [{"id": unknown}]}]},
                        "policy": "{\"ä\": 1}\n",
                    }],
                    "other": [{}],
                }},
                "locals": [{"b": -1}],
            })
        );
    }

    #[test]
    fn everything_has_its_place() {
        let document = read(TEXT);
        let at = |path: &[&str]| {
            let steps: Vec<Step> = path
                .iter()
                .map(|step| step.parse::<usize>().map_or_else(|_| (*step).into(), Step::Index))
                .collect();
            let located = document.root().locate(&steps);
            (located.node.unwrap().raw(), &TEXT[located.key.unwrap()])
        };
        let block = ["resource", "aws_s3_bucket", "logs", "0"];
        for (path, raw, key) in [
            (&[][..], "\"logs\"", "\"logs\""),
            (&["bucket"], "\"logs-${var.stage}\"", "bucket"),
            (&["acl"], "\"private\"", "acl"),
            (&["tags", "a.b"], "1", "\"a.b\""),
            (&["rule", "1"], "rule", "rule"),
            (&["rule", "1", "id"], "local.b", "id"),
            (&["dynamic", "grant", "0", "content", "0", "id"], "grant.value", "id"),
        ] {
            assert_eq!(at(&[&block, path].concat()), (raw, key), "{path:?}");
        }
    }

    #[test]
    fn what_is_no_hcl_is_an_error_with_its_place() {
        for text in ["resource \"a\" {", "a = = 1\n", "ä ö\n"] {
            let (_, error) = parse(SourceId(0), &text.into());
            let error = error.unwrap();
            assert!(error.span.start <= text.len() && !error.message.contains(text));
        }
    }

    #[test]
    fn a_block_that_cannot_be_read_costs_only_itself() {
        let text = "locals {\n  x = { a = 1, a = 2 }\n  y = = 3\n}\nresource \"a\" \"b\" {\n  policy = <<EOT\n{\n}\nEOT\n}\ndata \"c\" \"d\" {\n  e = ?\n}\n";
        let (document, error) = parse(SourceId(0), &text.into());
        assert!(error.is_some());
        let expected = json!({"locals": [{}], "resource": {"a": {"b": [{"policy": "{\n}\n"}]}}, "data": {"c": {"d": [{}]}}});
        assert_eq!(document.root().to_json(), expected);
        assert_eq!(&text[document.root().at(&["data", "c"]).unwrap().key_span("d").unwrap()], "\"d\"");
        assert_eq!(
            document
                .root()
                .at(&["resource", "a", "b"])
                .unwrap()
                .items()
                .next()
                .unwrap()
                .get("policy")
                .unwrap()
                .raw(),
            "{\n}\n"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-c \"{}=\\[\\]\n$ä<E-]{0,60}") {
            let (document, _) = parse(SourceId(0), &text.as_str().into());
            for node in 0..document.nodes.len() {
                let node = document.node(NodeId(u32::try_from(node).unwrap()));
                prop_assert!(text.get(node.span()).is_some());
            }
        }
    }
}
