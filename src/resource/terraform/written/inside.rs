//! YAML that a configuration writes: in a heredoc, such as the manifest of a `kubectl_manifest`, or as an object that
//! `yamlencode` and `jsonencode` turn into a text.

use std::{ops::Range, sync::Arc};

use crate::{
    document::{Document, NodeRef, Step, hcl, yaml},
    resource::credential,
};

/// Where a path of the YAML in a text leads; `None` where the text is none that can be read.
///
/// What a template leaves open (`${var.name}`) mostly stands where a plain scalar may; where it does not, the text
/// is not read.
pub(super) fn narrowest(text: NodeRef<'_>, path: &[Step]) -> Option<Inner> {
    if path.is_empty() || !text.is_scalar() {
        return None;
    }
    encoded(text, path).or_else(|| heredoc(text, path))
}

fn heredoc(text: NodeRef<'_>, path: &[Step]) -> Option<Inner> {
    if !text.raw().contains('\n') {
        return None;
    }
    let raw: Arc<str> = text.raw().into();
    let parsed = yaml::parse(text.document.source, &raw);
    let inner = deepest(parsed.documents.iter().map(Document::root), path)?;
    let start = text.span().start;
    Some(Inner { span: start + inner.span.start..start + inner.span.end, ..inner })
}

fn encoded(text: NodeRef<'_>, path: &[Step]) -> Option<Inner> {
    let encoded = Encoded::new(text)?;
    let inner = deepest(encoded.object().into_iter(), path)?;
    Some(Inner { span: encoded.place(inner.span)?, ..inner })
}

/// Credentials in an object that becomes a text.
pub(super) fn secrets(text: NodeRef<'_>) -> Vec<Range<usize>> {
    let Some(encoded) = Encoded::new(text) else { return Vec::new() };
    let found = encoded.object().into_iter().flat_map(credential::find_in_settings);
    found.filter_map(|found| encoded.place(found.span)).collect()
}

/// What `yamlencode` or `jsonencode` is given, as a file of HCL with one attribute.
struct Encoded {
    file: Document,
    /// Where the object starts in the text around it.
    start: usize,
}

impl Encoded {
    const NAME: &str = "it";
    const BEFORE: &str = "it = ";

    fn new(text: NodeRef<'_>) -> Option<Self> {
        let raw = text.raw();
        let call = ["yamlencode", "jsonencode"].iter().find_map(|function| raw.strip_prefix(function))?;
        let inner = call.trim_start().strip_prefix('(')?.trim_end().strip_suffix(')')?.trim_start();
        let start = text.span().start + (inner.as_ptr().addr() - raw.as_ptr().addr());
        let (file, problem) = hcl::parse(text.document.source, &format!("{}{inner}\n", Self::BEFORE).into());
        problem.is_none().then_some(Self { file, start })
    }

    fn object(&self) -> Option<NodeRef<'_>> {
        self.file.root().get(Self::NAME)
    }

    fn place(&self, span: Range<usize>) -> Option<Range<usize>> {
        let place = |at: usize| Some(self.start + at.checked_sub(Self::BEFORE.len())?);
        Some(place(span.start)?..place(span.end)?)
    }
}

/// What a path leads to in a text.
pub(super) struct Inner {
    pub(super) span: Range<usize>,
    /// The text of the value, where all of the path is written.
    pub(super) expression: Option<String>,
}

/// The narrowest scalar or key that a path leads to, in the value in which it leads furthest.
pub(super) fn deepest<'d>(values: impl Iterator<Item = NodeRef<'d>>, path: &[Step]) -> Option<Inner> {
    let located = values.map(|value| value.locate(path));
    let deepest = located.max_by_key(|located| located.depth).filter(|located| located.depth > 0)?;
    let scalar = deepest.node.filter(|node| node.is_scalar() && !node.span().is_empty());
    let expression = scalar.map(|node| node.raw().to_owned());
    match scalar.filter(|node| !node.raw().contains('\n')) {
        Some(node) => Some(Inner { span: node.span(), expression }),
        None => Some(Inner { span: deepest.key?, expression }),
    }
}
