//! Places: byte ranges of sources, their lines and columns, and the text that may be shown there.

use std::ops::Range;

use super::{Mask, SourceId};

/// A byte range of one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub source: SourceId,
    pub start: usize,
    pub end: usize,
}

impl Place {
    pub fn new(source: SourceId, span: Range<usize>) -> Self {
        Self { source, start: span.start, end: span.end }
    }

    pub fn span(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// Lines and columns count from 1, columns in Unicode scalars; `end_column` is after the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

/// Byte offsets at which lines start.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// Unicode scalars before each multiple of [`STEP`] bytes: a plan may be one line of 100 MB.
    scalars: Vec<usize>,
}

const STEP: usize = 1 << 16;

impl LineIndex {
    /// Lines end at LF, CR LF or a lone CR, as YAML 1.2.2 section 5.4 has it.
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (index, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(index + 1) != Some(&b'\n')) {
                starts.push(index + 1);
            }
        }
        let mut before = vec![0];
        let mut total = 0;
        for chunk in bytes.chunks(STEP) {
            total += scalars(chunk);
            before.push(total);
        }
        Self { starts, scalars: before }
    }

    /// Line of a byte offset, from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset)
    }

    /// Byte range of a line (from 1), its line break included.
    pub fn span(&self, text: &str, line: usize) -> Range<usize> {
        let start =
            line.checked_sub(1).and_then(|index| self.starts.get(index)).copied().unwrap_or(text.len());
        start..self.starts.get(line).copied().unwrap_or(text.len())
    }

    pub fn count(&self) -> usize {
        self.starts.len()
    }

    pub fn region(&self, text: &str, span: &Range<usize>) -> Region {
        let (line, column) = self.position(text, span.start);
        let (end_line, end_column) = self.position(text, span.end.max(span.start));
        Region { line, column, end_line, end_column }
    }

    fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let offset = offset.min(text.len());
        let line = self.line(offset);
        let start = self.span(text, line).start;
        let bytes = text.as_bytes();
        let before = if offset - start <= STEP {
            scalars(&bytes[start..offset])
        } else {
            self.scalars_before(bytes, offset) - self.scalars_before(bytes, start)
        };
        (line, before + 1)
    }

    fn scalars_before(&self, bytes: &[u8], offset: usize) -> usize {
        let step = offset / STEP;
        self.scalars.get(step).map_or(0, |before| before + scalars(&bytes[step * STEP..offset]))
    }
}

/// Unicode scalars that start in UTF-8 bytes.
fn scalars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..=0xbf)).count()
}

/// What stands for a secret in everything that is shown.
pub const MASK: &str = "********";

/// The text of a source with every secret replaced by [`MASK`]: same lines, other columns.
#[derive(Debug)]
pub struct Masked {
    pub text: String,
    /// (original start, original end, masked start, masked end) of each replaced piece, in order.
    pieces: Vec<(usize, usize, usize, usize)>,
}

impl Masked {
    pub fn new(text: &str, mask: &Mask) -> Self {
        let spans = match mask {
            Mask::None => Vec::new(),
            Mask::Spans(spans) => spans.clone(),
            Mask::EveryValue { but } => {
                let mut values = json_values(text);
                values.retain(|value| !is_within(value, but));
                values
            }
        };
        let mut masked = Self { text: String::with_capacity(text.len()), pieces: Vec::new() };
        let mut done = 0;
        for span in spans {
            let span = span.start.max(done)..span.end.min(text.len());
            if span.is_empty() || !text.is_char_boundary(span.start) || !text.is_char_boundary(span.end) {
                continue;
            }
            masked.text.push_str(&text[done..span.start]);
            masked.replace_lines(text, span.clone());
            done = span.end;
        }
        masked.text.push_str(&text[done..]);
        masked
    }

    /// Replaces what is not white space at the ends of each line, so that the number of lines stays.
    fn replace_lines(&mut self, text: &str, span: Range<usize>) {
        let mut start = span.start;
        for line in text[span].split_inclusive(['\n', '\r']) {
            let body = line.trim_start();
            let indent = line.len() - body.len();
            let body = body.trim_end();
            self.text.push_str(&line[..indent]);
            if !body.is_empty() {
                let at = self.text.len();
                self.text.push_str(MASK);
                self.pieces.push((start + indent, start + indent + body.len(), at, self.text.len()));
            }
            self.text.push_str(&line[indent + body.len()..]);
            start += line.len();
        }
    }

    /// Where a byte range of the original lies in the masked text.
    pub fn span(&self, original: &Range<usize>) -> Range<usize> {
        let start = self.offset(original.start, false);
        start..self.offset(original.end, true).max(start)
    }

    fn offset(&self, original: usize, end: bool) -> usize {
        let index = self.pieces.partition_point(|piece| piece.0 < original || (!end && piece.0 == original));
        match index.checked_sub(1).and_then(|index| self.pieces.get(index)) {
            None => original,
            Some(&(_, stop, from, to)) if original < stop || (end && original == stop) => {
                if end {
                    to
                } else {
                    from
                }
            }
            Some(&(_, stop, _, to)) => to + (original - stop),
        }
    }
}

/// Whether one of some sorted ranges holds all of a span.
fn is_within(span: &Range<usize>, ranges: &[Range<usize>]) -> bool {
    let next = ranges.partition_point(|range| range.end < span.end);
    ranges.get(next).is_some_and(|range| range.start <= span.start)
}

/// Byte ranges of the scalars of a JSON text that are no keys, found without parsing it.
fn json_values(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let start = index;
        match byte {
            b'"' => {
                index += 1;
                while let Some(&inner) = bytes.get(index) {
                    index += if inner == b'\\' { 2 } else { 1 };
                    if inner == b'"' {
                        break;
                    }
                }
                let index_now = index.min(bytes.len());
                let after = bytes[index_now..].iter().find(|next| !next.is_ascii_whitespace());
                if after != Some(&b':') && index_now > start + 2 {
                    spans.push(start + 1..index_now - 1);
                }
            }
            b'-' | b'0'..=b'9' => {
                while bytes
                    .get(index)
                    .is_some_and(|next| !matches!(next, b',' | b']' | b'}') && !next.is_ascii_whitespace())
                {
                    index += 1;
                }
                spans.push(start..index);
            }
            _ => index += 1,
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_unicode_scalars_and_lines_end_at_any_break() {
        let text = "ä: 1\r\nb: ü2\rc: 3\n";
        let lines = LineIndex::new(text);
        let at = text.find('2').unwrap();
        assert_eq!(
            lines.region(text, &(at..at + 1)),
            Region { line: 2, column: 5, end_line: 2, end_column: 6 }
        );
        assert_eq!(lines.line(text.find('c').unwrap()), 3);
    }

    #[test]
    fn columns_of_a_very_long_line_are_those_of_counting() {
        let text = format!("a\n{}x", "ä😀b".repeat(STEP / 2));
        let lines = LineIndex::new(&text);
        for (offset, _) in text.char_indices().step_by(4999).chain([(text.len(), 'x')]).skip(1) {
            let column = text[2..offset].chars().count() + 1;
            assert_eq!(lines.position(&text, offset), (2, column), "{offset}");
        }
        let whole = "x".repeat(2 * STEP);
        assert_eq!(LineIndex::new(&whole).position(&whole, whole.len()), (1, whole.len() + 1));
    }

    #[test]
    fn a_masked_text_keeps_its_lines_and_finds_its_spans() {
        let text = "key: |\n  one\n  two\nnext: 1\n";
        let secret = text.find("one").unwrap()..text.find("next").unwrap();
        let masked = Masked::new(text, &Mask::Spans(vec![secret.clone()]));
        assert_eq!(masked.text, format!("key: |\n  {MASK}\n  {MASK}\nnext: 1\n"));
        assert_eq!(&masked.text[masked.span(&(text.find("next").unwrap()..text.len()))], "next: 1\n");
        assert_eq!(&masked.text[masked.span(&(secret.start..secret.start + 3))], MASK);
        assert_eq!(&masked.text[masked.span(&(0..3))], "key");
    }

    #[test]
    fn every_json_value_is_masked_and_no_key() {
        let text = r#"{"a": "secret", "b": [1.5, "x\"y"], "c": true, "d": ""}"#;
        let masked = Masked::new(text, &Mask::WHOLE);
        assert_eq!(masked.text, format!(r#"{{"a": "{MASK}", "b": [{MASK}, "{MASK}"], "c": true, "d": ""}}"#));
    }

    #[test]
    fn what_is_no_secret_of_a_plan_is_shown_and_nothing_beside_it() {
        let text = r#"{"address": "a.b", "x": "a.b", "address": "c.d", "y": 7}"#;
        let but = text.match_indices("\"a.b\", \"x").map(|(at, _)| at..at + 5).collect();
        let masked = Masked::new(text, &Mask::EveryValue { but });
        let expected = format!(r#"{{"address": "a.b", "x": "{MASK}", "address": "{MASK}", "y": {MASK}}}"#);
        assert_eq!(masked.text, expected);
    }

    proptest::proptest! {
        #[test]
        fn masking_never_panics_and_keeps_the_number_of_lines(text in "[a-zäb \"\\\\:,{}\n\r]{0,60}", spans in proptest::collection::vec((0usize..60, 0usize..60), 0..6)) {
            let mut source = super::super::Source::new("a", text.as_str(), None, super::super::Status::Read);
            source.add_mask(spans.iter().map(|(a, b)| *a.min(b)..*a.max(b)));
            proptest::prop_assert_eq!(LineIndex::new(&source.masked().text).count(), LineIndex::new(&text).count());
            let every = Masked::new(&text, &Mask::WHOLE);
            let _ = every.span(&(3..9));
        }
    }
}
