//! Credentials in an object, by their looks: the one table of detection, for what is judged and for what is masked.
//!
//! In the order in which they decide (domains.md 2a'): private keys, strings that carry a credential, names of keys
//! with literal values, tokens that tell their issuer, and randomness last. Deliberately absent: where a credential
//! comes from, and whether it may stand where it stands.

mod context;
mod literal;
pub mod name;
mod own;
mod search;
pub mod string;
mod token;
pub mod weak;

#[cfg(test)]
mod tests;

use std::{ops::Range, sync::Arc};

use self::{context::Context, search::Search};
pub use self::{
    literal::is_random,
    own::find as find_own,
    search::{Held, in_file},
};
use super::{
    kubernetes::{self, Object},
    shape::{self, Shape},
};
use crate::{
    config::Secrets,
    document::{NodeRef, Step, json},
    source::SourceId,
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
    // What `kubectl apply` keeps of an object is the object once more.
    if let Some(applied) = root.at(&["metadata", "annotations", LAST_APPLIED]) {
        let text = applied.as_str().unwrap_or_default();
        let parsed = json::parse(SourceId(0), &Arc::from(text));
        let inner = parsed.documents.iter().flat_map(|document| {
            let objects = kubernetes::objects(document);
            let found = objects.iter().flat_map(|object| find(object, document.root())).collect::<Vec<_>>();
            found.into_iter().chain(find_in_settings(document.root()))
        });
        let values = std::iter::once(text.to_owned()).chain(inner.flat_map(|found| found.values)).collect();
        secrets.push(Secret { span: applied.span(), values });
    }
    for value in literal::kept_by_stores(object, root) {
        secrets.push(Secret {
            span: value.span(),
            values: value.as_str().map(ToOwned::to_owned).into_iter().collect(),
        });
    }
    secrets
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Everything in an object that is, or may be, a credential: each value once, in the order of the source.
pub fn find(object: &Object, root: NodeRef<'_>) -> Vec<Found> {
    // Schemas describe keys; they hold none.
    if &*object.kind == "CustomResourceDefinition" {
        return Vec::new();
    }
    let is_secret = &*object.kind == "Secret" && object.group.is_empty();
    let mut search = Search::new(root);
    for (key, key_span, value) in root.entries() {
        let context = match key {
            "apiVersion" | "kind" | "status" => continue,
            "data" | "stringData" if is_secret => {
                search.kept(key, key_span, value);
                continue;
            }
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

/// Credentials in a script or a configuration of an unknown format.
pub fn in_script(text: &str) -> Vec<Class> {
    let private_key = shape::holds_private_key(text).then_some(Class::PrivateKey);
    let strings = string::credentials(text).into_iter().map(|_| Class::ConnectionString);
    let lines =
        literal::lines(text).filter_map(|line| literal::judge(line.name, line.text, Context::Settings));
    let token = token::find(text).map(|(issuer, _)| Class::Token(issuer));
    private_key.into_iter().chain(strings).chain(lines).chain(token).collect()
}

/// The class of one setting by its name and text; `None` where it is no credential. For settings that are put together
/// from several places.
pub fn of_setting(name: &str, text: &str) -> Option<Class> {
    if shape::holds_private_key(text) {
        return Some(Class::PrivateKey);
    }
    if !string::credentials(text).is_empty() {
        return Some(Class::ConnectionString);
    }
    literal::judge(name, text, Context::Settings)
        .or_else(|| token::find(text).map(|(issuer, _)| Class::Token(issuer)))
}
