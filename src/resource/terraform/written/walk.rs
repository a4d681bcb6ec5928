//! From a body and a path in the plan to the narrowest thing that is written.

use std::ops::Range;

use super::bodies;
use crate::document::{NodeRef, Step};

/// How far the written part of a path leads.
pub(super) struct Found<'d> {
    /// What is written at the end of the path, if all of it is.
    pub(super) value: Option<NodeRef<'d>>,
    /// The expression where the written part ends, which gives the rest of the path.
    pub(super) expression: Option<NodeRef<'d>>,
    /// Steps of the path that are written.
    pub(super) depth: usize,
    pub(super) span: Range<usize>,
}

/// Where the walk stands.
enum Here<'d> {
    Value(NodeRef<'d>),
    /// Blocks of one name, and the content of `dynamic` blocks that make more of them.
    Blocks(Vec<NodeRef<'d>>, Vec<(Range<usize>, NodeRef<'d>)>),
}

impl<'d> Here<'d> {
    fn expression(&self) -> Option<NodeRef<'d>> {
        match self {
            Self::Value(value) => Some(*value).filter(|value| value.is_scalar()),
            Self::Blocks(..) => None,
        }
    }
}

/// `label` stands for the whole body; `planned` are the values that the body became, by which one of several blocks
/// is told.
pub(super) fn narrowest<'d>(
    body: NodeRef<'d>,
    label: &Range<usize>,
    path: &[Step],
    planned: Option<NodeRef<'_>>,
) -> Found<'d> {
    let mut here = Here::Value(body);
    let mut found = Found { value: None, expression: None, depth: 0, span: label.clone() };
    let mut planned = planned;
    for step in path {
        let around = planned;
        found.expression = here.expression();
        planned = planned.and_then(|planned| child(planned, step));
        let next = match (here, step) {
            (Here::Value(value), Step::Key(key)) => field(value, key),
            (Here::Value(value), Step::Index(index)) => match value.items().nth(*index) {
                Some(item) => Some((Here::Value(item), None)),
                // A block that stands alone in JSON, or the content of a `dynamic` block.
                None if value.is_mapping() => Some((Here::Value(value), None)),
                None => None,
            },
            (Here::Blocks(written, dynamic), Step::Index(index)) => {
                pick(&written, &dynamic, *index, planned, around)
            }
            // Terraform shows some blocks that stand once as an object.
            (Here::Blocks(written, dynamic), Step::Key(key)) => {
                match pick(&written, &dynamic, 0, around, None) {
                    Some((Here::Value(body), _)) => field(body, key),
                    _ => None,
                }
            }
        };
        let Some((next, span)) = next else { return found };
        found.depth += 1;
        found.span = span.unwrap_or(found.span);
        here = next;
    }
    found.expression = here.expression();
    if let Here::Value(value) = here {
        found.value = Some(value);
        let is_line = value.is_scalar() && !value.span().is_empty() && !value.raw().contains('\n');
        if found.depth > 0 && is_line {
            found.span = value.span();
        }
    }
    found
}

type Next<'d> = Option<(Here<'d>, Option<Range<usize>>)>;

/// An attribute, or the blocks of a name.
fn field<'d>(body: NodeRef<'d>, key: &str) -> Next<'d> {
    let dynamic = body.get("dynamic").map(|dynamic| dynamics(dynamic, key)).unwrap_or_default();
    let Some((_, span, value)) = body.entries().find(|(name, _, _)| *name == key) else {
        let span = dynamic.first()?.0.clone();
        return Some((Here::Blocks(Vec::new(), dynamic), Some(span)));
    };
    let is_blocks = !dynamic.is_empty() || value.items().next().is_some_and(NodeRef::is_mapping);
    let here = if is_blocks { Here::Blocks(bodies(value).collect(), dynamic) } else { Here::Value(value) };
    Some((here, Some(span)))
}

/// Label and content of the `dynamic` blocks of a name; in JSON they may stand in a list.
fn dynamics<'d>(dynamic: NodeRef<'d>, key: &str) -> Vec<(Range<usize>, NodeRef<'d>)> {
    let mut found = Vec::new();
    for labels in bodies(dynamic) {
        let (Some(label), Some(block)) = (labels.key_span(key), labels.get(key)) else { continue };
        for body in bodies(block) {
            let content = body.get("content").and_then(|content| bodies(content).next());
            found.push((label.clone(), content.unwrap_or(body)));
        }
    }
    found
}

/// The block that became the planned one at an index. Terraform sorts the blocks of a set, so what is written
/// literally decides; where that does not, the order does if there are as many blocks as planned.
fn pick<'d>(
    written: &[NodeRef<'d>],
    dynamic: &[(Range<usize>, NodeRef<'d>)],
    index: usize,
    planned: Option<NodeRef<'_>>,
    all: Option<NodeRef<'_>>,
) -> Next<'d> {
    let fits = |body: &NodeRef<'d>| planned.is_none_or(|planned| !contradicts(*body, planned));
    let candidates: Vec<NodeRef<'d>> = written.iter().copied().filter(fits).collect();
    let counted = all.map_or(1, |all| all.items().count()) == written.len();
    let ordered = written.get(index).copied().filter(|body| counted && fits(body));
    let block = match (candidates.as_slice(), dynamic) {
        ([only], []) => Some(*only),
        ([first, ..], []) => ordered.or(Some(*first)),
        ([only], _) if is_told(*only, planned) => Some(*only),
        _ => ordered.filter(|_| dynamic.is_empty()),
    };
    if let Some(body) = block {
        return Some((Here::Value(body), Some(header(body))));
    }
    let (label, content) = dynamic.iter().find(|(_, content)| fits(content)).or(dynamic.first())?;
    Some((Here::Value(*content), Some(label.clone())))
}

/// What stands for a body: its type or last label; in an object or in JSON its first key.
fn header(body: NodeRef<'_>) -> Range<usize> {
    let span = body.span();
    let long = body.raw().contains(['{', '\n']);
    let first = body.entries().next().map(|(_, span, _)| span).filter(|_| long);
    first.unwrap_or(span)
}

/// Whether a literal of a body is what was planned.
fn is_told(body: NodeRef<'_>, planned: Option<NodeRef<'_>>) -> bool {
    let Some(planned) = planned else { return false };
    body.entries().any(|(key, _, value)| {
        let wanted = planned.get(key).filter(|wanted| wanted.is_scalar());
        value.is_scalar() && !value.is_unknown() && wanted.is_some_and(|wanted| same(value, wanted))
    })
}

/// Whether a literal of a body is something else than what was planned.
fn contradicts(body: NodeRef<'_>, planned: NodeRef<'_>) -> bool {
    body.entries().any(|(key, _, value)| {
        let Some(wanted) = planned.get(key) else { return false };
        if value.is_scalar() && wanted.is_scalar() {
            return !value.is_unknown() && !value.is_null() && !wanted.is_null() && !same(value, wanted);
        }
        let (mut written, mut items) = (bodies(value), wanted.items());
        match (written.next(), written.next(), items.next(), items.next()) {
            (Some(written), None, Some(item), None) if item.is_mapping() => contradicts(written, item),
            _ => false,
        }
    })
}

/// Providers turn numbers into text and back.
fn same(written: NodeRef<'_>, planned: NodeRef<'_>) -> bool {
    let text =
        |node: NodeRef<'_>| node.as_str().map_or_else(|| node.to_json().to_string(), ToOwned::to_owned);
    text(written) == text(planned)
}

fn child<'d>(value: NodeRef<'d>, step: &Step) -> Option<NodeRef<'d>> {
    match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.items().nth(*index),
    }
}
