//! What catalogues beside the manifests say of data: Fides, dbt, `OpenLineage` and Backstage (domains.md T3 to T5).
//!
//! They name databases and services in words of their own. A statement holds for the database, or the server, that is
//! called so, and for the service that is called so; how words are separated does not matter.
//! Deliberately absent: what they say of the ways that data goes.

mod backstage;
mod dbt;
mod fides;
mod open_lineage;

use std::collections::BTreeMap;

use super::{Because, Origin, declared::Declared, workloads::Workload};
use crate::{
    document::{Document, NodeRef},
    estate::View,
    resource::classification::{Key, Meaning, Vocabulary},
    source::Place,
};

/// What is spoken about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum About {
    Data,
    Service,
}

/// One statement of a catalogue.
struct Statement {
    about: About,
    /// Any of them may be its name.
    names: Vec<String>,
    /// First label of the server's name, where the catalogue tells it: then the server has to be called so.
    server: Option<String>,
    declared: Declared,
}

/// The server that it has to be on, and what is said.
type Said = (Option<String>, Declared);

/// A model of dbt that is kept in a bucket.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) model: String,
    /// As written: `s3://name/path`.
    pub(super) bucket: String,
    pub(super) because: Because,
}

/// All catalogues of an estate, by what is spoken about.
#[derive(Debug, Default)]
pub(super) struct Catalogues {
    said: BTreeMap<(About, String), Vec<Said>>,
    /// Models of dbt by name.
    models: BTreeMap<String, Declared>,
    exports: Vec<Export>,
}

/// Finds the statements of one document.
type Read = fn(&Document, Vocabulary<'_>) -> Vec<Statement>;

const NOTATIONS: [Read; 4] =
    [backstage::statements, dbt::statements, fides::statements, open_lineage::statements];

impl Catalogues {
    pub(super) fn new(view: &View<'_>) -> Self {
        let mut all: BTreeMap<_, Vec<Said>> = BTreeMap::new();
        let vocabulary = view.estate.vocabulary();
        let documents = view.estate.documents.iter();
        let statements =
            documents.flat_map(|document| NOTATIONS.iter().flat_map(move |read| read(document, vocabulary)));
        for statement in statements {
            for name in statement.names {
                let said = (statement.server.clone(), statement.declared.clone());
                all.entry((statement.about, plain(&name))).or_default().push(said);
            }
        }
        let documents = || view.estate.documents.iter();
        let mut models: BTreeMap<String, Declared> = BTreeMap::new();
        for (name, declared) in documents().flat_map(|document| dbt::models(document, vocabulary)) {
            let known = models.remove(&name).unwrap_or_default();
            models.insert(name, known.and(declared));
        }
        Self { said: all, models, exports: documents().flat_map(dbt::exports).collect() }
    }

    /// Models of dbt that are kept in buckets.
    pub(super) fn exports(&self) -> &[Export] {
        &self.exports
    }

    /// What is said of a model of dbt.
    pub(super) fn of_model(&self, name: &str) -> Declared {
        self.models.get(name).cloned().unwrap_or_default()
    }

    /// What is said of a database of a server; the server by its id or host.
    pub(super) fn of_database(&self, server: &str, database: Option<&str>) -> Declared {
        let server = short(server);
        let names = database.into_iter().chain([server]);
        let said = names.filter_map(|name| self.said.get(&(About::Data, plain(name)))).flatten();
        said.filter(|(on, _)| on.as_deref().is_none_or(|on| plain(on) == plain(server)))
            .fold(Declared::default(), |all, (_, declared)| all.and(declared.clone()))
    }

    /// What is said of the service that a workload is of.
    pub(super) fn of_service(&self, workload: &Workload<'_>) -> Declared {
        const NAMED: [&str; 2] = ["backstage.io/kubernetes-id", "app.kubernetes.io/name"];
        let labels = NAMED.iter().filter_map(|key| workload.labels.get(key).copied());
        let mut names: Vec<String> = labels.chain([&*workload.resource.object.name]).map(plain).collect();
        names.sort_unstable();
        names.dedup();
        let said = names.into_iter().filter_map(|name| self.said.get(&(About::Service, name))).flatten();
        said.fold(Declared::default(), |all, (_, declared)| all.and(declared.clone()))
    }
}

/// Letters and digits of a name, in lower case.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `Service/shop/orders-db`, `aws_db_instance.orders` and `orders-db.shop.svc:5432` are called by one word of theirs.
fn short(server: &str) -> &str {
    let last = server.rsplit('/').next().unwrap_or(server);
    match last.split_once('.') {
        Some((kind, name)) if kind.contains('_') => name.split(['[', '.']).next().unwrap_or(name),
        _ => last.split(['.', ':']).next().unwrap_or(last),
    }
}

/// What one value means under a key of ours.
fn said(vocabulary: Vocabulary<'_>, key: &str, value: NodeRef<'_>, of: &str) -> Option<Declared> {
    let text = value.as_str().unwrap_or_else(|| value.raw());
    let kind = vocabulary.key(key).filter(|kind| *kind != Key::Sanitizes)?;
    let meaning = vocabulary.meaning(kind, text)?;
    Some(declared(meaning, format!("`{key}` of {of} is `{text}`"), value.place()))
}

fn declared(meaning: Meaning, text: String, place: Place) -> Declared {
    let because = Because { text, resource: None, origin: Some(Origin::Place(place)) };
    Declared {
        level: meaning.level,
        categories: meaning.categories,
        because: Some(because),
        ..Declared::default()
    }
}

/// What several statements come to; `None` where there is none.
fn together(all: impl IntoIterator<Item = Declared>) -> Option<Declared> {
    all.into_iter().reduce(Declared::and)
}

#[cfg(test)]
mod tests;
