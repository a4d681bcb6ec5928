//! Credentials in an object, by their looks: the one table of detection, for what is judged and for what is masked.
//!
//! In the order in which they decide (domains.md 2a'): private keys, strings that carry a credential, names of keys
//! with literal values, tokens that tell their issuer, and randomness last. Deliberately absent: where a credential
//! comes from, and whether it may stand where it stands.

mod applied;
mod context;
mod default;
mod inline;
mod line;
mod literal;
pub mod name;
mod own;
mod part;
mod random;
mod search;
mod statement;
mod store;
pub mod string;
mod token;
mod translation;
pub mod weak;

#[cfg(test)]
mod tests;

use std::ops::Range;

use self::{context::Context, search::Search};
pub use self::{
    own::find as find_own,
    random::is_random,
    search::{Held, in_file},
};
use super::{
    kubernetes::Object,
    kustomization,
    shape::{self, Shape},
    words,
};
use crate::{
    config::Secrets,
    document::{NodeRef, Step},
};

/// What something is that has to be kept, and is readable where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A private key in PEM.
    PrivateKey,
    /// Part of a connection string, a URL or a header.
    ConnectionString,
    /// Well-known, or a placeholder that would be deployed.
    Weak,
    /// A literal under a name that promises a credential.
    Named,
    /// It tells its issuer by its shape.
    Token(&'static str),
    /// Of a shape that the configuration declares, by its position there.
    Own(usize),
    /// Random enough to be one.
    Random,
}

impl Class {
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrivateKey => "private-key",
            Self::ConnectionString => "connection-string",
            Self::Weak => "weak",
            Self::Named => "named",
            Self::Token(_) | Self::Own(_) => "token",
            Self::Random => "random",
        }
    }

    /// Who issued it, where that shows.
    pub fn issuer(self, declared: &Secrets) -> Option<&str> {
        match self {
            Self::Token(issuer) => Some(issuer),
            Self::Own(position) => declared.name_of(position),
            _ => None,
        }
    }
}

/// A value that is, or may be, a credential.
#[derive(Clone, PartialEq, Eq)]
pub struct Found {
    /// `None`: a value of a Secret, which has to be kept whatever it is.
    pub class: Option<Class>,
    /// What a value of a Secret is as far as its text tells.
    pub shape: Shape,
    /// The nearest key or name.
    pub key: String,
    /// Where in the object: `data.password`, with the key within a configuration file behind `:`.
    pub at: String,
    /// Steps to the scalar that holds it.
    pub path: Vec<Step>,
    /// Bytes of the value.
    pub span: Range<usize>,
    /// Bytes to point at: the value, or its key where the value has several lines.
    pub shown: Range<usize>,
    /// The value as a policy sees it, and what it decodes to.
    pub values: Vec<String>,
}

impl std::fmt::Debug for Found {
    /// Without the values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.class, self.at)
    }
}

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Bytes of its source.
    pub span: Range<usize>,
    /// The value as a policy sees it, and what it decodes to.
    pub values: Vec<String>,
}

/// Values of an object that must not be shown.
pub fn secrets(object: &Object, root: NodeRef<'_>) -> Vec<Secret> {
    let mut secrets: Vec<Secret> = find(object, root)
        .into_iter()
        .map(|found| Secret { span: found.span, values: found.values })
        .collect();
    secrets.extend(applied::secret(root));
    for value in store::kept(object, root) {
        secrets.push(Secret {
            span: value.span(),
            values: value.as_str().map(ToOwned::to_owned).into_iter().collect(),
        });
    }
    secrets
}

/// Everything in an object that is, or may be, a credential: each value once, in the order of the source.
pub fn find(object: &Object, root: NodeRef<'_>) -> Vec<Found> {
    // Schemas describe keys; they hold none.
    if &*object.kind == "CustomResourceDefinition" {
        return Vec::new();
    }
    let mut found = find_itself(object, root);
    applied::find(root, &mut found);
    found
}

/// As [`find`], without what `kubectl apply` keeps in an annotation.
fn find_itself(object: &Object, root: NodeRef<'_>) -> Vec<Found> {
    let is_secret = &*object.kind == "Secret" && object.group.is_empty();
    let is_translation = &*object.kind == "ConfigMap" && translation::is_called_so(&object.name);
    let mut search = Search::new(root);
    for (key, key_span, value) in root.entries() {
        let context = match key {
            "apiVersion" | "kind" | "status" => continue,
            "data" | "stringData" if is_secret => {
                search.kept(key, key_span, value);
                continue;
            }
            "data" if is_translation => Context::References,
            "data" if &*object.kind == "ConfigMap" => Context::Settings,
            "binaryData" if &*object.kind == "ConfigMap" => {
                search.encoded(key, value);
                continue;
            }
            "metadata" => {
                search.metadata(value);
                continue;
            }
            _ => Context::Fields,
        };
        search.enter(key, key_span, value, context);
    }
    search.finish()
}

/// Credentials among the values of a chart, in a file of their own.
pub fn find_in_values(root: NodeRef<'_>) -> Vec<Found> {
    let mut search = Search::new(root);
    search.values(root);
    search.finish()
}

/// Credentials among the values that a kustomization gives to charts (kustomize `api/types`, `HelmChart.ValuesInline`).
pub fn find_in_inline_values(root: NodeRef<'_>) -> Vec<Found> {
    if kustomization::inline_values(root).next().is_none() {
        return Vec::new();
    }
    let mut search = Search::new(root);
    for (path, key_span, values) in kustomization::inline_values(root) {
        search.inline(path, key_span, values);
    }
    search.finish()
}

/// Credentials among settings that are no object of Kubernetes: literals of a generator, variables of a plan.
pub fn find_in_settings(root: NodeRef<'_>) -> Vec<Found> {
    let mut search = Search::new(root);
    search.settings(root);
    search.finish()
}

/// What a text is that becomes a value of a Secret: its shape, and its class where that has a rule of its own.
pub fn of_kept(key: &str, text: &str) -> (Shape, Option<Class>) {
    search::kept_text(key, shape::of_text(text), text)
}

/// A text within a text that is a credential whatever it is called.
struct Written<'t> {
    class: Class,
    /// What it is called there; empty where nothing says.
    name: &'t str,
    range: Range<usize>,
}

/// Credentials in connection strings, in statements and beside other settings, in the order of the text.
fn written(text: &str) -> Vec<Written<'_>> {
    let strings = string::credentials(text).into_iter();
    let mut found: Vec<Written<'_>> =
        strings.map(|range| Written { class: Class::ConnectionString, name: "", range }).collect();
    for statement in statement::statements(text).into_iter().chain(inline::settings(text)) {
        let value = text.get(statement.range.clone()).unwrap_or_default();
        let is_new = found.iter().all(|known| {
            known.range.end <= statement.range.start || statement.range.end <= known.range.start
        });
        // A shell puts it in.
        if !is_new || words::is_variable(value) {
            continue;
        }
        if let Some(class) = literal::judge(statement.name, value, Context::Settings) {
            found.push(Written { class, name: statement.name, range: statement.range });
        }
    }
    found.sort_by_key(|written| written.range.start);
    found
}

/// Credentials in a script or a configuration of an unknown format.
pub fn in_script(text: &str) -> Vec<Class> {
    let private_key = shape::holds_private_key(text).then_some(Class::PrivateKey);
    let written = written(text).into_iter().map(|written| written.class);
    let lines = line::lines(text).filter_map(|line| literal::judge(line.name, line.text, Context::Settings));
    let words = line::of_script(text);
    let words = words.into_iter().filter_map(|line| literal::judge(line.name, line.text, Context::Settings));
    let token = token::find(text).map(|(issuer, _)| Class::Token(issuer));
    private_key.into_iter().chain(written).chain(lines).chain(words).chain(token).collect()
}

/// The class of one setting by its name and text; `None` where it is no credential. For settings that are put together
/// from several places.
pub fn of_setting(name: &str, text: &str) -> Option<Class> {
    if shape::holds_private_key(text) {
        return Some(Class::PrivateKey);
    }
    if let Some(written) = written(text).first() {
        return Some(written.class);
    }
    part::of_setting(name, text, Context::Settings).map(|(class, _)| class)
}
