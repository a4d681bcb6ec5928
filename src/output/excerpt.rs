//! The line that a place lies on, as it may be shown: masked, and windowed where it is long.
//!
//! Only the neighbourhood of the place is looked at, so that a plan of 100 MB on one line costs no more than a
//! manifest.

use std::ops::Range;

use super::visible::visible;
use crate::source::{Place, Region, Source};

/// One line, or a window of it, with the part that a place names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// Masked text, at most as many characters as were asked for, besides a `…` where the line goes on.
    pub(crate) text: String,
    /// Bytes of [`Excerpt::text`] that the place names; only its first line.
    pub(crate) highlight: Range<usize>,
    /// Bytes of the whole line in the masked text; `None` where [`Excerpt::text`] is a window of it.
    pub(crate) line: Option<Range<usize>>,
}

/// The first line of a place, in at most `width` characters.
pub(crate) fn excerpt(source: &Source, place: &Place, width: usize) -> Excerpt {
    let text = source.masked().text.as_str();
    let span = source.masked().span(&place.span());
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end).max(start);

    // A character has at most four bytes: within this reach lies all that can be shown.
    let reach = (width + 1) * 4;
    let reach_start = text.floor_char_boundary(start.saturating_sub(reach));
    let before = text.get(reach_start..start).unwrap_or_default();
    let (before, starts_here) = match before.rfind(BREAKS) {
        Some(at) => (before.get(at + 1..).unwrap_or_default(), true),
        None => (before, reach_start == 0),
    };
    let reach_end = text.ceil_char_boundary(start.saturating_add(reach));
    let after = text.get(start..reach_end).unwrap_or_default();
    let (after, ends_here) = match after.find(BREAKS) {
        Some(at) => (after.get(..at).unwrap_or_default(), true),
        None => (after, reach_end == text.len()),
    };
    let named = after.get(..end - start).unwrap_or(after);

    let room = width.saturating_sub(named.chars().count());
    let tail = after.get(named.len()..).unwrap_or_default();
    let (before_has, tail_has) = (before.chars().count(), tail.chars().count());
    let left = before_has.min((room / 2).max(room.saturating_sub(tail_has)));
    let right = tail_has.min(room - left);

    let whole = starts_here && ends_here && left == before_has && right == tail_has;
    let named_fits = named.chars().count() <= width;
    let mut shown = String::new();
    if !starts_here || left < before_has {
        shown.push('…');
    }
    shown.extend(before.chars().skip(before_has - left));
    let highlight_start = shown.len();
    shown.extend(named.chars().take(width));
    let highlight = highlight_start..shown.len();
    shown.extend(tail.chars().take(right));
    if !ends_here || right < tail_has || !named_fits {
        shown.push('…');
    }
    Excerpt {
        text: shown,
        highlight,
        line: (whole && named_fits).then(|| start - before.len()..start + after.len()),
    }
}

/// The part of a place that lies on its first line: viewers of changes hide what spans more than the change.
pub(crate) fn first_line(source: &Source, place: &Place) -> Region {
    let region = source.region(&place.span());
    if region.line == region.end_line {
        return region;
    }
    source.region(&(place.start..source.line_span(region.line).end.max(place.start)))
}

/// [`visible`] text, and where byte ranges of the original lie in it.
pub(crate) fn visible_with(text: &str, spans: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let moved = |offset: usize| text.get(..offset).map_or(text.len(), |before| visible(before).len());
    (visible(text).into_owned(), spans.iter().map(|span| moved(span.start)..moved(span.end)).collect())
}

const BREAKS: [char; 2] = ['\n', '\r'];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Mask, SourceId, Status, place::MASK};

    fn source(text: &str) -> Source {
        Source::new("a.yaml", text, None, Status::Read)
    }

    fn shown(source: &Source, part: &str, width: usize) -> (String, String) {
        let at = source.text.find(part).unwrap();
        let excerpt = excerpt(source, &Place::new(SourceId(0), at..at + part.len()), width);
        (excerpt.text[excerpt.highlight].to_owned(), excerpt.text)
    }

    #[test]
    fn a_short_line_is_shown_whole() {
        for (case, text) in
            [("lf", "a: 1\n  b: ü2\nc"), ("crlf", "a: 1\r\n  b: ü2\r\nc"), ("cr", "a: 1\r  b: ü2\rc")]
        {
            assert_eq!(shown(&source(text), "ü2", 20), ("ü2".to_owned(), "  b: ü2".to_owned()), "{case}");
        }
    }

    #[test]
    fn a_long_line_is_a_window_around_the_place() {
        let long = source(&format!("{{\"{}\": 7, \"{}\": 8}}", "x".repeat(5000), "y".repeat(5000)));
        let (named, text) = shown(&long, "7", 20);
        assert_eq!(named, "7");
        assert_eq!(text, "…xxxxxx\": 7, \"yyyyyyy…");
        assert_eq!(shown(&long, &"y".repeat(5000), 10).1, "…yyyyyyyyyy…");
    }

    #[test]
    fn a_window_uses_the_room_that_the_other_side_leaves() {
        let long = source(&format!("k: {}", "y".repeat(500)));
        assert_eq!(shown(&long, "k", 10).1, "k: yyyyyyy…");
    }

    #[test]
    fn only_the_first_line_of_a_place_is_named() {
        let block = source("key: |\n  one\n  two\nnext: 1\n");
        assert_eq!(shown(&block, "one\n  two\n", 20), ("one".to_owned(), "  one".to_owned()));
        let region = first_line(&block, &Place::new(SourceId(0), 9..19));
        assert_eq!(region, Region { line: 2, column: 3, end_line: 2, end_column: 6 });
    }

    #[test]
    fn a_masked_value_is_never_shown() {
        let mut secret = source("password: hunter2 # note");
        secret.add_mask(std::iter::once(10..17));
        assert_eq!(shown(&secret, "hunter2", 40), (MASK.to_owned(), format!("password: {MASK} # note")));
        let mut plan = source(r#"{"password":"hunter2"}"#);
        plan.mask = Mask::WHOLE;
        assert_eq!(shown(&plan, "hunter2", 40).1, format!(r#"{{"password":"{MASK}"}}"#));
    }

    proptest::proptest! {
        #[test]
        fn any_place_gives_an_excerpt_within_the_width(
            text in "[a-zä😀\n\r ]{0,80}", start in 0usize..100, length in 0usize..40, width in 1usize..30,
        ) {
            let source = source(&text);
            let start = text.floor_char_boundary(start);
            let end = text.ceil_char_boundary(start + length);
            let place = Place::new(SourceId(0), start..end);
            let excerpt = excerpt(&source, &place, width);
            proptest::prop_assert!(excerpt.text.chars().count() <= width + 2);
            proptest::prop_assert!(!excerpt.text.contains(BREAKS));
            proptest::prop_assert!(excerpt.text.get(excerpt.highlight).is_some());
            let region = first_line(&source, &place);
            proptest::prop_assert_eq!(region.line, region.end_line);
            proptest::prop_assert!(region.column <= region.end_column);
        }
    }
}
