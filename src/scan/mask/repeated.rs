//! Where else a masked value stands in its file: an excerpt shows whole lines, and more than what a rule judged.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use aho_corasick::{AhoCorasick, MatchKind};
use rayon::prelude::*;

use crate::{
    estate::Estate,
    source::{Mask, Place, Source},
};

/// Shorter values may be part of any word: they count where they stand alone, on the line of the one that is masked.
const DISTINCTIVE: usize = 8;

/// Shorter ones say nothing.
const SHORTEST: usize = 4;

/// Masks what repeats a masked value: anywhere in its file if nothing else looks like it, else on its line.
pub(in crate::scan) fn repeated(estate: &mut Estate) {
    let sources: Vec<_> = estate.sources.iter().collect();
    let places: Vec<Place> = sources
        .par_iter()
        .flat_map_iter(|(id, source)| repeats(source).into_iter().map(|span| Place::new(*id, span)))
        .collect();
    estate.sources.mask(places);
}

fn repeats(source: &Source) -> Vec<Range<usize>> {
    let Mask::Spans(spans) = &source.mask else { return Vec::new() };
    let text = &*source.text;
    // Lines on which each value is masked.
    let mut values: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for span in spans {
        let mut start = span.start;
        for line in text.get(span.clone()).unwrap_or_default().split_inclusive('\n') {
            let value = line.trim().trim_matches(['"', '\'']);
            if value.len() >= SHORTEST {
                values.entry(value).or_default().insert(source.lines().line(start));
            }
            start += line.len();
        }
    }
    let found = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values.keys());
    // More text than the search can be built for is none that anybody writes.
    let Ok(found) = found else { return Vec::new() };
    let lines: Vec<(&str, &BTreeSet<usize>)> = values.iter().map(|(value, lines)| (*value, lines)).collect();
    let repeated = found.find_iter(text).filter(|found| {
        let span = found.start()..found.end();
        let Some((value, lines)) = lines.get(found.pattern().as_usize()) else { return false };
        !source.is_secret(&span)
            && (is_distinctive(value)
                || stands_alone(text, &span) && lines.contains(&source.lines().line(span.start)))
    });
    repeated.map(|found| found.start()..found.end()).collect()
}

/// Letters and digits mixed: no word, and no name of anything else.
fn is_distinctive(value: &str) -> bool {
    let has = |kind: fn(&char) -> bool| value.chars().any(|character| kind(&character));
    value.len() >= DISTINCTIVE
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && !value.contains(char::is_whitespace)
        && !value.contains('-')
}

/// Whether no word goes on at either end, and it is no key.
fn stands_alone(text: &str, span: &Range<usize>) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let before = text.get(..span.start).and_then(|text| text.chars().next_back());
    let after = text.get(span.end..).unwrap_or_default();
    !before.is_some_and(is_word)
        && !after.starts_with(is_word)
        && !after.trim_start_matches(['"', '\'', ' ']).starts_with([':', '='])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Source, Status};

    #[test]
    fn what_repeats_a_masked_value_is_masked_where_nothing_else_can_be_meant() {
        let text = "db: {password: Xk29vLq8pp, note: \"was Xk29vLq8pp before\"}\nurl: a?x=Xk29vLq8pp\nshort: {password: root, user: root, root: rooted}\nuser: root\nimage: root/a\n";
        let mut source = Source::new("a.yaml", text, None, Status::Read);
        let at =
            |value: &str| text.find(value).map(|start| start..start + value.len()).expect("it stands there");
        source.add_mask([at("Xk29vLq8pp"), at("root")]);
        let spans = repeats(&source);
        source.add_mask(spans);
        assert_eq!(
            source.masked().text,
            "db: {password: ********, note: \"was ******** before\"}\nurl: a?x=********\nshort: {password: ********, user: ********, root: rooted}\nuser: root\nimage: root/a\n"
        );
    }
}
