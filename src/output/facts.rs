//! What was understood, as JSON (`probity.facts/v1` of the contract).

use std::io::{self, Write};

use rayon::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::{
    estate::Estate,
    facts::{Fact, OVERVIEW, Set, Value},
    source::Place,
};

/// Writes the [`document`].
pub fn write(estate: &Estate, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(estate))?;
    writeln!(out)
}

/// All lists; the entries of each set stand one after another, and name it.
pub fn document(estate: &Estate) -> Map<String, Json> {
    let sets: Vec<Set<'_>> = (0..estate.sets.len()).map(|set| Set::new(estate.view(set))).collect();
    let lists: Vec<Vec<Json>> = OVERVIEW
        .par_iter()
        .map(|(_, make)| {
            let entries = sets.iter().flat_map(|set| {
                make(set).into_iter().map(|entry| {
                    let mut entry = json(&entry, estate);
                    if let Json::Object(fields) = &mut entry {
                        fields.insert("set".to_owned(), (*set.view.set).into());
                    }
                    entry
                })
            });
            entries.collect()
        })
        .collect();
    let mut document = Map::new();
    document.insert("schema".to_owned(), "probity.facts/v1".into());
    for ((name, _), list) in OVERVIEW.iter().zip(lists) {
        document.insert((*name).to_owned(), list.into());
    }
    document
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
                    ("because", Value::Array(steps)) => {
                        steps.iter().map(|step| because(step, estate)).collect()
                    }
                    _ => json(value, estate),
                };
                object.insert(key.to_string(), value);
            }
            object.into()
        }
    }
}

/// A step of the chain behind a fact, with its place.
fn because(step: &Fact, estate: &Estate) -> Json {
    let place = step.origin.as_ref().and_then(|origin| origin.place(estate));
    let mut step = json(step, estate);
    if let Json::Object(fields) = &mut step {
        fields.insert("place".to_owned(), place.map_or(Json::Null, |place| region(&place, estate)));
    }
    step
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
