//! What was understood, as JSON (`probity.facts/v1` of the contract).

use std::io::{self, Write};

use rayon::prelude::*;
use serde::{
    Serialize, Serializer,
    ser::{SerializeMap as _, SerializeSeq as _},
};
use serde_json::{Map, Value as Json, json};

use crate::{
    estate::Estate,
    facts::{Fact, OVERVIEW, Set, Value},
    source::Place,
};

/// Schema of what is printed.
const SCHEMA: &str = "probity.facts/v1";

/// Writes the [`document`], an entry at a time.
pub fn write(estate: &Estate, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Overview { estate, sets: &sets(estate) })?;
    writeln!(out)
}

/// All lists; the entries of each set stand one after another, and name it.
pub fn document(estate: &Estate) -> Map<String, Json> {
    let sets = sets(estate);
    let lists = (0..OVERVIEW.len()).into_par_iter().map(|list| {
        let mut entries = Vec::new();
        each_entry(estate, &sets, list, &mut |entry| entries.push(entry));
        entries
    });
    let lists: Vec<Vec<Json>> = lists.collect();
    let mut document = Map::new();
    document.insert("schema".to_owned(), SCHEMA.into());
    for ((name, _), list) in OVERVIEW.iter().zip(lists) {
        document.insert((*name).to_owned(), list.into());
    }
    document
}

fn sets(estate: &Estate) -> Vec<Set<'_>> {
    (0..estate.sets.len()).map(|set| Set::new(estate.view(set))).collect()
}

/// Calls back with each entry of a list, given its position in [`OVERVIEW`].
fn each_entry(estate: &Estate, sets: &[Set<'_>], list: usize, each: &mut dyn FnMut(Json)) {
    let Some((_, entries)) = OVERVIEW.get(list) else { return };
    for set in sets {
        entries(set, &mut |entry| {
            let mut entry = json(&entry, estate);
            if let Json::Object(fields) = &mut entry {
                fields.insert("set".to_owned(), (*set.view.set).into());
            }
            each(entry);
        });
    }
}

/// The document, made while it is written.
struct Overview<'e> {
    estate: &'e Estate,
    sets: &'e [Set<'e>],
}

impl Serialize for Overview<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut document = serializer.serialize_map(Some(OVERVIEW.len() + 1))?;
        document.serialize_entry("schema", SCHEMA)?;
        for (list, (name, _)) in OVERVIEW.iter().enumerate() {
            document.serialize_entry(name, &List { overview: self, list })?;
        }
        document.end()
    }
}

struct List<'o, 'e> {
    overview: &'o Overview<'e>,
    list: usize,
}

impl Serialize for List<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        let mut result = Ok(());
        each_entry(self.overview.estate, self.overview.sets, self.list, &mut |entry| {
            if result.is_ok() {
                result = list.serialize_element(&entry);
            }
        });
        result?;
        list.end()
    }
}

fn json(fact: &Fact, estate: &Estate) -> Json {
    match &fact.value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::String(text) => (**text).into(),
        Value::Array(items) => items.iter().map(|item| json(item, estate)).collect(),
        Value::Object(fields) => {
            let mut object = Map::new();
            for (key, value) in fields {
                let value = match (&**key, &value.value) {
                    ("because" | "environment", Value::Array(entries)) => {
                        entries.iter().map(|entry| placed(entry, estate)).collect()
                    }
                    _ => json(value, estate),
                };
                object.insert(key.to_string(), value);
            }
            object.into()
        }
    }
}

/// A step of the chain behind a fact, or a setting, with its place: where it is written, also if it was rendered or
/// planned. What is live has none.
fn placed(entry: &Fact, estate: &Estate) -> Json {
    let place = entry.origin.as_ref().and_then(|origin| origin.place(estate));
    let place = place.filter(|place| !estate.sources.is_live(place));
    let place = place.map(|place| estate.shown(&place).map_or(place, |shown| shown.place));
    let mut entry = json(entry, estate);
    if let Json::Object(fields) = &mut entry {
        fields.insert("place".to_owned(), place.map_or(Json::Null, |place| region(&place, estate)));
    }
    entry
}

fn region(place: &Place, estate: &Estate) -> Json {
    let source = estate.sources.get(place.source);
    let region = source.region(&place.span());
    json!({
        "file": &*source.file,
        "line": region.line,
        "column": region.column,
        "end_line": region.end_line,
        "end_column": region.end_column,
    })
}
