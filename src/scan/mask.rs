//! What of the estate must not be shown, whatever prints it: credentials by their looks and by what rules judged.
//!
//! All that is written counts, also what a later declaration replaces and what stands in comments.

mod repeated;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    ops::Range,
    sync::Arc,
};

use rayon::prelude::*;

pub(super) use self::repeated::repeated;
use crate::{
    document::Document,
    estate::Estate,
    policy::{Evaluation, metadata::Rule},
    resource::{
        chart_values, client,
        credential::{self, Secret},
        kubernetes,
        kustomization::{self, generators, patch},
        template,
    },
    source::{Place, SourceId, Status},
};

/// Masks what looks like a credential, before anything can be printed.
pub(super) fn credentials(estate: &mut Estate) {
    let places: Vec<Place> = estate
        .documents
        .par_iter()
        .flat_map_iter(|document| {
            let file = &estate.sources.get(document.source).file;
            of_document(document, chart_values::is_named_so(file) || estate.config.render.takes(file))
        })
        .collect();
    let generated = estate.documents.iter().flat_map(|document| {
        let secrets = generators(document).into_iter().filter(|generator| generator.kind == "Secret");
        let entries = secrets.flat_map(|generator| generator.entries(&estate.sources));
        entries.filter_map(|entry| entry.hidden).collect::<Vec<_>>()
    });
    // What an action gives by default is as good as written, and stands beside what findings point at.
    let templates: BTreeSet<SourceId> = estate
        .documents
        .iter()
        .filter(|document| document.is_template)
        .map(|document| document.source)
        .collect();
    let actions = templates.into_iter().flat_map(|source| {
        let literals = template::literals(&estate.sources.get(source).text);
        literals.into_iter().map(move |range| Place::new(source, range))
    });
    let places: Vec<Place> =
        generated.chain(places).chain(unparsed(estate)).chain(own(estate)).chain(actions).collect();
    estate.sources.mask(places);
}

/// Masks what looks like a credential in documents that are no objects of Kubernetes.
pub(super) fn settings(estate: &mut Estate) {
    let others = (0..estate.documents.len()).into_par_iter();
    let places: Vec<Place> = others
        .filter(|index| estate.resources_of(*index).next().is_none())
        .flat_map_iter(|index| {
            let document = &estate.documents[index];
            let secrets = credential::find_in_settings(document.root());
            secrets.into_iter().map(|secret| Place::new(document.source, secret.span))
        })
        .collect();
    estate.sources.mask(places);
}

/// Masks the values that results about secrets point at, whether they are known to be one or not.
pub(super) fn judged(estate: &mut Estate, evaluation: &Evaluation, rules: &[Arc<Rule>]) {
    let secret: HashSet<&str> =
        rules.iter().filter(|rule| rule.points_at_secrets()).map(|rule| &*rule.id).collect();
    let findings = evaluation.findings.iter().map(|finding| (&finding.rule, &finding.place));
    let open = evaluation.not_assessed.iter().map(|result| (&result.rule, &result.place));
    let judged: Vec<Place> = findings
        .chain(open)
        .filter(|(rule, _)| secret.contains(&***rule))
        .filter_map(|(_, place)| place.clone())
        .filter(|place| is_value(estate, place))
        .collect();
    estate.sources.mask(judged);
}

fn of_document(document: &Document, is_values: bool) -> Vec<Place> {
    let is_values = is_values
        || patch(document).is_some()
        || client::is_configuration(document.root())
        || kustomization::has_inline_patches(document.root());
    let objects = kubernetes::objects(document);
    let inline = credential::find_in_inline_values(document.root()).into_iter();
    let inline = inline.map(|found| Secret { span: found.span, values: found.values });
    let of_objects =
        objects.iter().flat_map(|object| credential::secrets(object, document.node(object.node)));
    let mut secrets: Vec<Secret> = inline.chain(of_objects).collect();
    if is_values && objects.is_empty() {
        let found =
            [credential::find_in_values(document.root()), credential::find_in_settings(document.root())];
        let found = found.into_iter().flatten();
        secrets.extend(found.map(|found| Secret { span: found.span, values: found.values }));
    }
    let comments = comments(document, &secrets);
    let place = |span| Place::new(document.source, span);
    secrets.into_iter().map(|secret| place(secret.span)).chain(comments.into_iter().map(place)).collect()
}

/// Comments that say what is masked: those on its line, where people write what base64 hides, and those that repeat it.
fn comments(document: &Document, secrets: &[Secret]) -> Vec<Range<usize>> {
    if secrets.is_empty() || document.comments.is_empty() {
        return Vec::new();
    }
    let values: HashSet<&str> =
        secrets.iter().flat_map(|secret| &secret.values).map(String::as_str).collect();
    let starts: BTreeSet<usize> = secrets.iter().map(|secret| secret.span.start).collect();
    let text = &document.text;
    let found = document.comments.iter().filter(|comment| {
        let said = document.comment(comment);
        // What waives a finding is printed with it, and has a form of its own.
        if said.trim_start().starts_with("probity:") {
            return false;
        }
        let start = comment.span.start as usize;
        let line = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let repeats = |word: &str| values.contains(word.trim_matches(|c: char| "\"'`,;:()[]=".contains(c)));
        starts.range(line..start).next().is_some() || said.split_whitespace().any(repeats)
    });
    found.map(|comment| comment.span.start as usize..comment.span.end as usize).collect()
}

/// Credentials of the shapes that the configuration declares: in the text of every source, and in what its strings are.
fn own(estate: &Estate) -> Vec<Place> {
    let secrets = &estate.config.secrets;
    if secrets.tokens.is_empty() {
        return Vec::new();
    }
    let sources: Vec<_> = estate.sources.iter().collect();
    let texts = sources.par_iter().flat_map_iter(|(id, source)| {
        secrets.tokens_in(&source.text).into_iter().map(|(_, range)| Place::new(*id, range))
    });
    let documents = estate.documents.par_iter().flat_map_iter(|document| {
        let found = credential::find_own(document.root(), secrets);
        found.into_iter().map(|found| Place::new(document.source, found.span))
    });
    texts.chain(documents).collect()
}

/// What of a source that failed belongs to no document: nobody knows which of it is a credential, and the hash of a
/// finding's line reaches into what follows.
fn unparsed(estate: &Estate) -> Vec<Place> {
    let is_failed = |id: SourceId| matches!(estate.sources.get(id).status, Status::Failed(_));
    let mut parsed: BTreeMap<SourceId, Vec<Range<usize>>> = BTreeMap::new();
    for document in estate.documents.iter().filter(|document| is_failed(document.source)) {
        parsed.entry(document.source).or_default().push(document.root().span());
    }
    let mut places = Vec::new();
    for (id, mut spans) in parsed {
        spans.sort_unstable_by_key(|span| span.start);
        let mut from = 0;
        for span in spans {
            places.extend((from < span.start).then(|| Place::new(id, from..span.start)));
            from = from.max(span.end);
        }
        places.push(Place::new(id, from..estate.sources.get(id).text.len()));
    }
    places
}

/// Whether a place is a value rather than a key: keys are names and stay readable.
fn is_value(estate: &Estate, place: &Place) -> bool {
    let source = estate.sources.get(place.source);
    let after = source.text.get(place.end..).unwrap_or_default();
    // The name of a chart stands for what no line of it is known to make.
    if source.file.rsplit('/').next() == Some("Chart.yaml") {
        return false;
    }
    if source.file.ends_with(".tf") {
        // `name = …`, `block {`, `resource "type" "name" {`.
        return !after.trim_start_matches([' ', '\t']).starts_with(['=', '{', '"']);
    }
    !after.trim_start_matches(['"', '\'']).starts_with(':')
}
