//! How many values the configuration allows: what nobody judges has to be said.

use super::all;
use crate::{
    estate::Estate,
    facts::planned_secrets,
    resource::{kustomization::generators, shape::Shape},
};

/// For each entry of `secrets.allow`, how many values that look like credentials it allows.
pub fn allowed(estate: &Estate) -> Vec<usize> {
    let secrets = &estate.config.secrets;
    let mut counts = vec![0; secrets.allow.len()];
    if counts.is_empty() {
        return counts;
    }
    let mut count = |file: &str, key: &str, values: &[String]| {
        let entry = secrets.allows(file, key, values);
        if let Some(count) = entry.and_then(|entry| counts.get_mut(entry)) {
            *count += 1;
        }
    };
    for resource in &estate.resources {
        let file = &estate.sources.get(estate.file(resource)).file;
        for found in all(estate, resource).iter().filter(|found| found.shape != Shape::Empty) {
            count(file, &found.key, &found.values);
        }
    }
    for document in &estate.documents {
        let generators = generators(document).into_iter();
        for generator in generators {
            let is_secret = generator.kind == "Secret";
            for entry in generator.entries(&estate.sources) {
                let file = &estate.sources.get(entry.place.source).file;
                let all = super::generated::judged(secrets, &entry, is_secret).into_iter();
                for one in all.filter(|one| !matches!(one.shape, Shape::Empty | Shape::Unknown)) {
                    count(file, &one.key, &[one.text]);
                }
            }
        }
        let file = &estate.sources.get(document.source).file;
        let patched = super::patches::all(estate, document);
        for found in super::chart_values::all(estate, document).into_iter().chain(patched) {
            count(file, &found.key, &found.values);
        }
    }
    for (index, plan) in estate.plans.iter().enumerate() {
        let file = &estate.sources.get(plan.source).file;
        for (key, text) in planned_secrets::credentials(estate, index, plan) {
            count(file, &key, &[text]);
        }
    }
    counts
}
