//! From a place of the output to the line of a template, and to the value that it takes.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError},
};

use base64::Engine as _;
use regex::Regex;

use super::{
    super::{
        Origin, Root,
        align::{Aligned, Match, Template},
        join, source,
    },
    chunk::{Chunk, around, chunks},
    values::{Parsed, Part, Values},
};
use crate::{
    document::{NodeRef, yaml},
    source::{Place, Sources},
};

/// What is worked out once for a chart and its output.
#[derive(Debug, Default)]
pub(in super::super) struct Known {
    chunks: OnceLock<Vec<Chunk>>,
    /// By the template: the lines of it that made each of its objects, by the index of the object.
    aligned: Mutex<BTreeMap<String, Arc<BTreeMap<usize, Aligned>>>>,
    values: Parsed,
}

/// Shorter texts may be part of any word.
const DISTINCTIVE: usize = 6;

pub(in super::super) fn locate(
    root: &Root,
    sources: &Sources,
    known: &Known,
    place: &Place,
) -> Option<Origin> {
    let output = &*sources.get(place.source).text;
    let chunks = known.chunks.get_or_init(|| chunks(output));
    let index = around(chunks, place.start)?;
    let chunk = chunks.get(index)?;
    let (chart, inner) = chart(sources, root, &chunk.source);
    let (id, template) = source(sources, &join(&chart.folder, &inner))?;
    let values = Values { root, sources, parsed: &known.values, chart: &chart };
    let parsed = Template::new(&template.text, &|path| values.texts(path));
    let aligned = {
        let mut aligned = known.aligned.lock().unwrap_or_else(PoisonError::into_inner);
        let align = || Arc::new(align(&parsed, output, chunks, &chunk.source));
        Arc::clone(aligned.entry(chunk.source.clone()).or_insert_with(align))
    };
    let lines: Vec<&str> = output.get(chunk.start..chunk.end)?.lines().collect();
    let before = output.get(chunk.start..place.start)?;
    let target = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let columns = column..column + place.end.saturating_sub(place.start);
    let made = &aligned.get(&index)?.lines;
    let exact = made.get(target).copied().flatten();
    let exact = exact.and_then(|line| parsed.origin(line, lines.get(target)?, &columns));
    if let Some(literal) = exact.as_ref().filter(|made| !made.is_action) {
        let place = Place::new(id, literal.span.clone());
        return Some(Origin { place, is_exact: true, value: None });
    }
    let texts = texts(output.get(place.start..place.end)?);
    let action = exact.as_ref().and_then(|made| parsed.action(made));
    if action.is_none_or(|action| action.contains(".Files") || action.contains("include"))
        && let Some(place) = elsewhere(sources, root, &template.file, action, &texts)
    {
        return Some(Origin { place, is_exact: true, value: None });
    }
    let value = action.and_then(|action| taken(&values, action, &texts));
    let value = value.or_else(|| values.holding(&texts, name(&lines, target)));
    let near = || near(&parsed, made, &lines, target);
    let (is_exact, span) = exact.map(|made| (true, made.span)).or_else(|| Some((false, near()?)))?;
    Some(Origin { place: Place::new(id, span), is_exact, value })
}

/// The chart that a template belongs to and the name of the template in it. Helm names charts by their aliases.
fn chart(sources: &Sources, root: &Root, named: &str) -> (Part, String) {
    let mut part = Part { folder: root.folder.clone(), names: Vec::new() };
    let mut rest = named;
    while let Some((name, inner)) = rest.strip_prefix("charts/").and_then(|rest| rest.split_once('/')) {
        let charts = join(&part.folder, "charts");
        let chart = document(sources, &join(&part.folder, "Chart.yaml"));
        let dependencies = chart.iter().filter_map(|chart| chart.root().get("dependencies"));
        let mut dependencies = dependencies.flat_map(NodeRef::items);
        let aliased = dependencies.find(|dependency| dependency.str_at(&["alias"]) == Some(name));
        let real = aliased.and_then(|dependency| dependency.str_at(&["name"])).unwrap_or(name);
        let is_named = |folder: &str| {
            let chart = document(sources, &join(folder, "Chart.yaml"));
            chart.is_some_and(|chart| chart.root().str_at(&["name"]) == Some(real))
        };
        let plain = join(&charts, real);
        let folders = sources.iter().filter_map(|(_, source)| {
            let folder = source.file.strip_suffix("/Chart.yaml")?;
            let inner = folder.strip_prefix(&charts)?.strip_prefix('/')?;
            (!inner.contains('/')).then_some(folder)
        });
        let folder =
            if is_named(&plain) { None } else { folders.into_iter().find(|folder| is_named(folder)) };
        part.folder = folder.map_or(plain, ToOwned::to_owned);
        part.names.push(name.to_owned());
        rest = inner;
    }
    (part, rest.to_owned())
}

fn document(sources: &Sources, file: &str) -> Option<crate::document::Document> {
    let (id, source) = source(sources, file)?;
    yaml::parse(id, &source.text).documents.into_iter().next()
}

/// Aligns all objects of one template. Documents of a template that fit several objects equally well made them in their
/// order, if there are as many of both: Helm keeps it among objects of one kind.
fn align(template: &Template<'_>, output: &str, chunks: &[Chunk], named: &str) -> BTreeMap<usize, Aligned> {
    let own = || chunks.iter().enumerate().filter(|(_, chunk)| chunk.source == named);
    let lines =
        |chunk: &Chunk| output.get(chunk.start..chunk.end).unwrap_or_default().lines().collect::<Vec<_>>();
    let mut found: BTreeMap<usize, Aligned> =
        own().map(|(index, chunk)| (index, template.align(&lines(chunk), None))).collect();
    let mut alike: BTreeMap<(Vec<usize>, &str), Vec<usize>> = BTreeMap::new();
    for (index, chunk) in own() {
        let likely = found.get(&index).map(|aligned| aligned.documents.clone()).unwrap_or_default();
        alike.entry((likely, &chunk.kind)).or_default().push(index);
    }
    let fitting =
        alike.into_iter().filter(|((likely, _), made)| likely.len() > 1 && likely.len() == made.len());
    for ((likely, _), made) in fitting {
        for (document, index) in likely.into_iter().zip(made) {
            if let Some(chunk) = chunks.get(index) {
                found.insert(index, template.align(&lines(chunk), Some(document)));
            }
        }
    }
    found
}

/// What a rendered scalar says: as it is, and what its base64 hides.
fn texts(rendered: &str) -> Vec<String> {
    let plain = rendered.trim_matches(['"', '\'']);
    let decoded = base64::engine::general_purpose::STANDARD.decode(plain).ok();
    let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let texts = [Some(plain.to_owned()), decoded].into_iter().flatten();
    texts.filter(|text| text.len() >= DISTINCTIVE && !text.contains('\n')).collect()
}

static VALUE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\.Values(?:\.[A-Za-z0-9_]+)+)").expect("a constant expression"));

/// Functions that print a value as it is, but for quotes, spaces and base64.
const KEEPING: [&str; 9] =
    ["quote", "squote", "toString", "b64enc", "indent", "nindent", "default", "required", "trim"];

/// Where the only value that an action takes is given, if that can have become the text.
fn taken(values: &Values<'_>, action: &str, texts: &[String]) -> Option<Place> {
    let paths: BTreeSet<&str> =
        VALUE.captures_iter(action).filter_map(|found| Some(found.get(1)?.as_str())).collect();
    let only = paths.iter().next().filter(|_| paths.len() == 1)?;
    let (place, given) = values.given(only)?;
    let mut functions = action.split('|').skip(1).filter_map(|part| part.split_whitespace().next());
    let keeps = functions.all(|function| KEEPING.contains(&function.trim_end_matches(['-', '}'])));
    let fits = |given: &String| {
        texts.is_empty()
            || texts.iter().any(|text| text.contains(given.as_str()) || given.contains(text.as_str()))
    };
    (!keeps || given.as_ref().is_none_or(fits)).then_some(place)
}

/// The key of a line, or the `name` in the line before a `value`.
fn name<'t>(lines: &[&'t str], target: usize) -> Option<&'t str> {
    let pair = |line: &'t str| line.trim().trim_start_matches("- ").split_once(':');
    let unquoted = |text: &'t str| text.trim().trim_matches(['"', '\'']);
    let (key, _) = pair(lines.get(target)?)?;
    let above = target.checked_sub(1).and_then(|at| pair(lines.get(at)?));
    let named = above.filter(|(above, _)| key == "value" && *above == "name").map(|(_, name)| unquoted(name));
    named.or_else(|| Some(unquoted(key)))
}

/// The only place besides the template and the values that holds one of these texts: a file that the template
/// prints, a definition that it includes.
fn elsewhere(
    sources: &Sources,
    root: &Root,
    template: &str,
    action: Option<&str>,
    texts: &[String],
) -> Option<Place> {
    let inside = join(&root.folder, "");
    let is_definition = |file: &str| file.contains("templates/") && file != template;
    let wanted = |file: &str| {
        let takes_files = action.is_none_or(|action| action.contains(".Files"));
        let includes = action.is_none_or(|action| action.contains("include"));
        let is_other = !file.contains("templates/") && !root.values.iter().any(|values| values == file);
        file.starts_with(&inside)
            && !file.ends_with(')')
            && ((includes && is_definition(file))
                || (takes_files
                    && is_other
                    && !file.ends_with("values.yaml")
                    && !file.ends_with("Chart.yaml")))
    };
    let mut found = sources.iter().filter(|(_, source)| wanted(&source.file)).flat_map(|(id, source)| {
        texts.iter().flat_map(move |text| {
            let places = source.text.match_indices(text.as_str());
            places.map(move |(at, text)| Place::new(id, at..at + text.len()))
        })
    });
    let only = found.next()?;
    found.next().is_none().then_some(only)
}

/// The key in the template of the nearest line around that is known.
fn near(
    template: &Template<'_>,
    made: &[Option<usize>],
    lines: &[&str],
    target: usize,
) -> Option<Range<usize>> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut depth = usize::MAX;
    let mut within_item = false;
    for (line, made) in lines.iter().zip(made).take(target + 1).rev() {
        let is_item = line.trim_start().starts_with("- ");
        // The key of a list may stand as deep as its elements, and another element is none of it.
        let is_around = indent(line) < depth || (indent(line) == depth && within_item && !is_item);
        if line.trim().is_empty() || !is_around {
            continue;
        }
        (depth, within_item) = (indent(line), is_item);
        let from = indent(line) + if is_item { 2 } else { 0 };
        let length = line.get(from..)?.find(':').unwrap_or_else(|| line.len() - from);
        let found = made.and_then(|made| template.origin(made, line, &(from..from + length)));
        if let Some(Match { span, .. }) = found {
            return Some(span);
        }
    }
    None
}
