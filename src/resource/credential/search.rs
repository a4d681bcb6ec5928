//! The walk through an object: every string once, with the name and the keys that say what it is.

mod embedded;
mod pair;

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use self::embedded::is_harmless_file;
pub use self::embedded::{Held, in_file};
use super::{
    Class, Found,
    applied::LAST_APPLIED,
    context::{self, Context},
    line, literal, name, part, token, written,
};
use crate::{
    document::{Kind, NodeRef, Path, Step, Text},
    resource::{
        shape::{self, Shape},
        words,
    },
};

/// A key with the scalar under it.
#[derive(Clone)]
struct Here<'d> {
    /// The name that says what the value is.
    name: &'d str,
    key_span: Range<usize>,
    node: NodeRef<'d>,
}

/// What a value of a Secret is, from the shape of its text and the text as it is used.
pub(super) fn kept_text(key: &str, shape: Shape, text: &str) -> (Shape, Option<Class>) {
    match shape {
        Shape::PrivateKey => (shape, Some(Class::PrivateKey)),
        Shape::Text if is_harmless_file(key, text) => (Shape::Configuration, None),
        Shape::Text => {
            let class = literal::judge(key, text.trim(), Context::Settings);
            (shape, class.filter(|class| *class == Class::Weak))
        }
        _ => (shape, None),
    }
}

pub(super) struct Search<'d> {
    found: Vec<Found>,
    path: Vec<Step>,
    /// Whether the object can hold a private key or a token at all: one look, so that most strings cost none.
    keys: bool,
    tokens: bool,
    /// Whether texts may be manifests, as in patches of kustomizations; in a `ConfigMap` they are examples.
    manifests: bool,
    root: NodeRef<'d>,
}

impl<'d> Search<'d> {
    pub(super) fn new(root: NodeRef<'d>) -> Self {
        let raw = root.raw();
        Self {
            found: Vec::new(),
            path: Vec::new(),
            keys: shape::may_hold_private_key(raw),
            tokens: token::find(raw).is_some(),
            manifests: false,
            root,
        }
    }

    pub(super) fn finish(mut self) -> Vec<Found> {
        self.found.sort_by_key(|found| (found.span.start, found.span.end));
        // Aliases lead to one value on several ways. Several values of a string that is spelled with escapes have its span.
        let mut seen = BTreeSet::new();
        let key = |found: &Found| (found.span.start, found.span.end, found.values.first().cloned());
        self.found.retain(|found| seen.insert(key(found)));
        self.found
    }

    pub(super) fn enter(
        &mut self,
        key: &'d str,
        key_span: Range<usize>,
        value: NodeRef<'d>,
        context: Context,
    ) {
        self.path.push(Step::from(key));
        self.walk(&Here { name: key, key_span, node: value }, context);
        self.path.pop();
    }

    /// A whole value of settings.
    pub(super) fn settings(&mut self, root: NodeRef<'d>) {
        self.manifests = true;
        self.walk(&Here { name: "", key_span: root.span(), node: root }, Context::Settings);
    }

    /// The values of a chart. What SOPS keeps beside values that it encrypts is encrypted too.
    pub(super) fn values(&mut self, root: NodeRef<'d>) {
        let is_encrypted = root.at(&["sops", "mac"]).is_some();
        for (key, key_span, value) in root.entries() {
            if !(is_encrypted && key == "sops") {
                self.enter(key, key_span, value, Context::Values);
            }
        }
    }

    /// Values of a chart that stand at a path within something else, whose last key has a span.
    pub(super) fn inline(&mut self, path: Vec<Step>, key_span: Range<usize>, node: NodeRef<'d>) {
        self.path = path;
        self.walk(&Here { name: "", key_span, node }, Context::Values);
        self.path.clear();
    }

    /// Values of a Secret.
    pub(super) fn kept(&mut self, field: &'d str, field_span: Range<usize>, node: NodeRef<'d>) {
        self.path.push(Step::from(field));
        if !node.is_mapping() && !node.is_null() {
            self.push(None, Shape::Unknown, &Here { name: field, key_span: field_span, node }, None);
        }
        for (key, key_span, value) in node.entries() {
            self.path.push(Step::from(key));
            let here = Here { name: key, key_span, node: value };
            let text = value.as_str();
            let shape = match text {
                Some(text) if field == "data" => shape::of_base64(text),
                Some(text) => shape::of_text(text),
                None if value.is_null() => Shape::Empty,
                None => Shape::Unknown,
            };
            let plain = text.map(|text| match field {
                "data" => shape::decoded(text).unwrap_or_default(),
                _ => text.to_owned(),
            });
            let (shape, class) = kept_text(key, shape, plain.as_deref().unwrap_or_default());
            self.push(class, shape, &here, None);
            // A policy that takes the value apart must not say what it finds there.
            if let (Some(found), Some(plain)) = (self.found.last_mut(), &plain) {
                found.values.extend(in_file(key, plain).into_iter().map(|held| held.value));
            }
            self.path.pop();
        }
        self.path.pop();
    }

    /// Whether a value may hold a private key, a token: what stands in the text as it is was looked at as a whole.
    fn may_hold(&self, node: NodeRef<'_>) -> (bool, bool) {
        let is_verbatim = matches!(node.kind(), Kind::String(Text::Source(_)));
        (self.keys || !is_verbatim, self.tokens || !is_verbatim)
    }

    /// Of metadata only annotations can hold anything.
    pub(super) fn metadata(&mut self, node: NodeRef<'d>) {
        let Some(annotations) = node.get("annotations") else { return };
        self.path.extend([Step::from("metadata"), Step::from("annotations")]);
        for (key, key_span, value) in annotations.entries() {
            if key != LAST_APPLIED {
                self.enter(key, key_span, value, Context::References);
            }
        }
        self.path.truncate(self.path.len() - 2);
    }

    fn walk(&mut self, here: &Here<'d>, context: Context) {
        if here.node.is_scalar() {
            self.scalar(here, context);
            return;
        }
        let context = context.below(here.name, here.node);
        let named = pair::name(here.node);
        let arguments = words::of(here.node.get("command"), here.node.get("args"));
        for (key, key_span, value) in here.node.entries() {
            match (named, key) {
                (Some(_), "name") => {}
                (Some(name), "value") => {
                    // `secret: [{name: db, value: …}]`: what the list holds says more than the name does.
                    let is_kept = context.is_chosen()
                        && matches!(here.name, "secret" | "secrets")
                        && value.as_str().is_some_and(literal::is_no_name);
                    let name = if is_kept && name::promise(name).is_none() { "secret" } else { name };
                    self.path.push(Step::from(key));
                    self.walk(&Here { name, key_span, node: value }, context.of_named(here.node));
                    self.path.pop();
                }
                // `password: {value: …}`, as charts and plans have it.
                (None, "value" | "default" | "constant_value")
                    if context.is_chosen() && value.is_scalar() =>
                {
                    self.path.push(Step::from(key));
                    self.walk(&Here { name: here.name, key_span, node: value }, context);
                    self.path.pop();
                }
                (_, "command" | "args") if !arguments.is_empty() => {}
                (_, key) if context::SKIPPED.contains(&key) => {}
                _ => self.enter(key, key_span, value, context),
            }
        }
        for (index, item) in here.node.items().enumerate() {
            self.path.push(Step::from(index));
            self.walk(&Here { node: item, ..here.clone() }, context);
            self.path.pop();
        }
        for argument in arguments {
            self.argument(&argument);
        }
    }

    fn argument(&mut self, argument: &words::Argument<'d>) {
        if words::is_variable(argument.text) {
            return;
        }
        self.path.extend([Step::from(argument.field), Step::from(argument.index)]);
        let name = argument.name.unwrap_or_default();
        let here = Here { name, key_span: argument.item.span(), node: argument.item };
        if self.may_hold(argument.item).0 && argument.item.as_str().is_some_and(shape::holds_private_key) {
            self.push(Some(Class::PrivateKey), Shape::PrivateKey, &here, None);
        } else if !self.json(&here, argument.text, argument.offset) {
            let settings = words::settings(name, argument.text);
            let is_one = settings.is_empty() || name::promise(name).is_some();
            if is_one || !written(argument.text).is_empty() {
                self.text(&here, argument.text, argument.offset, Context::Settings);
            } else {
                for (name, text, within) in settings {
                    let here = Here { name, ..here.clone() };
                    self.text(&here, text, argument.offset + within, Context::Settings);
                }
            }
        }
        self.path.truncate(self.path.len() - 2);
    }

    fn scalar(&mut self, here: &Here<'d>, context: Context) {
        let Some(text) = here.node.as_str() else {
            // A number that is given as a password.
            if here.node.as_i64().is_some() && literal::judge(here.name, here.node.raw(), context).is_some() {
                self.push(literal::judge(here.name, here.node.raw(), context), Shape::Text, here, None);
            }
            return;
        };
        if text.is_empty() {
            return;
        }
        if self.may_hold(here.node).0 && shape::holds_private_key(text) {
            self.push(Some(Class::PrivateKey), Shape::PrivateKey, here, None);
            return;
        }
        let is_file = context.is_chosen() && self.json(here, text, 0)
            || is_file(here.name, context) && self.file(here, text);
        if !is_file {
            self.text(here, text, 0, context);
        }
        if context != Context::References && SCRIPTS.contains(&here.name) {
            self.script(here, text);
        }
    }

    /// What a shell runs; in base64, where it is found as a whole.
    fn script(&mut self, here: &Here<'d>, text: &str) {
        if let Some(decoded) = shape::decoded(text) {
            if let Some(class) = super::in_script(&decoded).first() {
                self.push(Some(*class), Shape::Text, here, None);
            }
            return;
        }
        for line in line::lines(text).chain(line::of_script(text)) {
            if let Some(class) = literal::judge(line.name, line.text, Context::Settings) {
                self.push_part(class, here, line.range, line.text, Some(line.name.trim_start_matches('-')));
            }
        }
    }

    /// A text that starts at an offset of the scalar.
    fn text(&mut self, here: &Here<'d>, text: &str, offset: usize, context: Context) {
        let written = written(text);
        for written in &written {
            let value = text.get(written.range.clone()).unwrap_or_default();
            let range = written.range.start + offset..written.range.end + offset;
            let is_nameless = here.name.is_empty() || here.name.starts_with('-');
            self.push_part(written.class, here, range, value, Some(written.name).filter(|_| is_nameless));
        }
        if !written.is_empty()
            || self.flags(here, text, offset, context)
            || self.list(here, text, offset, context)
        {
            return;
        }
        let name = self.full_name(here, text);
        if let Some((class, range)) = part::judge(&name, text, context) {
            let value = text.get(range.clone()).unwrap_or_default();
            self.push_part(class, here, range.start + offset..range.end + offset, value, None);
        } else if self.may_hold(here.node).1
            && let Some((issuer, range)) = token::find(text)
        {
            let value = text.get(range.clone()).unwrap_or_default();
            self.push_part(Class::Token(issuer), here, range.start + offset..range.end + offset, value, None);
        }
    }

    /// A `key` with what it stands under, which says what it is for: `jwt: {key: …}`. What may be a name is one there:
    /// `private: {key: tls.key}`.
    fn full_name(&self, here: &Here<'d>, text: &str) -> Cow<'d, str> {
        match self.path.as_slice() {
            [.., Step::Key(above), Step::Key(last)]
                if here.name == "key" && **last == *"key" && literal::is_no_name(text) =>
            {
                Cow::Owned(format!("{above}.key"))
            }
            _ => Cow::Borrowed(here.name),
        }
    }

    /// Flags within a variable such as `JAVA_OPTS`: `true` if one of them is a credential.
    fn flags(&mut self, here: &Here<'d>, text: &str, offset: usize, context: Context) -> bool {
        if !text.trim_start().starts_with('-')
            || here.node.as_str().is_none_or(|whole| whole.len() > text.len())
        {
            return false;
        }
        let mut found = false;
        for (name, value) in words::flags(text) {
            let Some(class) = literal::judge(name, value, context) else { continue };
            let start = value.as_ptr().addr() - text.as_ptr().addr() + offset;
            self.push_part(class, here, start..start + value.len(), value, Some(name));
            found = true;
        }
        found
    }

    /// Settings in a row within a variable: `true` if one of them is a credential.
    fn list(&mut self, here: &Here<'d>, text: &str, offset: usize, context: Context) -> bool {
        if !context.is_chosen() || here.name.starts_with('-') || name::promise(here.name).is_some() {
            return false;
        }
        let mut found = false;
        for (name, value, start) in part::list(text) {
            let promised = name::promise(name).and_then(|_| literal::judge(name, value, context));
            let Some(class) = promised else { continue };
            self.push_part(class, here, start + offset..start + value.len() + offset, value, Some(name));
            found = true;
        }
        found
    }

    fn push_part(
        &mut self,
        class: Class,
        here: &Here<'d>,
        part: Range<usize>,
        value: &str,
        within: Option<&str>,
    ) {
        if self
            .found
            .iter()
            .rev()
            .take(8)
            .any(|found| found.path == self.path && found.values.first().is_some_and(|known| known == value))
        {
            return;
        }
        let whole = here.node.as_str().is_some_and(|text| part == (0..text.len()));
        let span = if whole { here.node.span() } else { here.node.part(part) };
        self.push(Some(class), Shape::Text, here, Some((span, value, within)));
    }

    fn push(
        &mut self,
        class: Option<Class>,
        shape: Shape,
        here: &Here<'d>,
        part: Option<(Range<usize>, &str, Option<&str>)>,
    ) {
        let node = here.node;
        let source = self.root.document;
        let (span, values, within) = if let Some((span, value, within)) = part {
            (span, vec![value.to_owned()], within)
        } else {
            let text = node.as_str().map_or_else(|| node.raw().to_owned(), ToOwned::to_owned);
            let decoded = shape::decoded(&text);
            // Programs and policies take a line break at the end away.
            let mut values: Vec<String> = std::iter::once(text).chain(decoded).collect();
            let bare: Vec<String> = values.iter().map(|value| value.trim().to_owned()).collect();
            values.extend(bare.into_iter().filter(|bare| !values.contains(bare)).collect::<Vec<_>>());
            (node.span(), values, None)
        };
        let shown = if node.is_scalar() && !span.is_empty() && !source.has_line_break(&span) {
            span.clone()
        } else {
            here.key_span.clone()
        };
        let mut at = Path(self.path.clone()).to_string();
        if let Some(within) = within.filter(|within| !within.is_empty()) {
            at = format!("{at}:{within}");
        }
        let key = within.filter(|within| !within.is_empty()).unwrap_or(here.name).to_owned();
        self.found.push(Found { class, shape, key, at, path: self.path.clone(), span, shown, values });
    }
}

/// Keys of pipelines, jobs and machines whose values a shell runs.
const SCRIPTS: [&str; 11] = [
    "cmd",
    "command",
    "custom_data",
    "entrypoint",
    "metadata_startup_script",
    "run",
    "script",
    "source",
    "startup_script",
    "user_data",
    "user_data_base64",
];

/// Whether a value may be a file; the values of a chart are one within an object (`spec.source.helm.values`).
fn is_file(name: &str, context: Context) -> bool {
    context.is_chosen() || (context == Context::Fields && name == "values")
}
