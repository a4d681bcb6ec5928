//! Where parts of a string stand in the source.

use std::ops::Range;

use super::{Kind, NodeRef, Text};

/// The lines of a string beside those of the source: for many parts of one string.
#[derive(Debug)]
pub struct Parts<'d> {
    node: NodeRef<'d>,
    /// Starts of the lines of the string, and of the lines of its source.
    lines: Option<(Vec<usize>, Vec<usize>)>,
}

impl<'d> NodeRef<'d> {
    /// Bytes in the source of a part of its string; the whole value where that is spelled in another way, with escapes
    /// or folded. For many parts of one string see [`NodeRef::parts`].
    pub fn part(self, part: Range<usize>) -> Range<usize> {
        self.parts().of(part)
    }

    /// Looks at the string once, for all of its parts.
    pub fn parts(self) -> Parts<'d> {
        let lines = match self.kind() {
            Kind::String(Text::Owned(text)) => Some((starts(text), starts(self.raw()))),
            _ => None,
        };
        Parts { node: self, lines }
    }
}

impl Parts<'_> {
    /// Bytes in the source of one part, as [`NodeRef::part`] has them.
    pub fn of(&self, part: Range<usize>) -> Range<usize> {
        let Kind::String(text) = self.node.kind() else { return self.node.span() };
        if let Text::Source(range) = text {
            let start = range.start as usize;
            return start + part.start..start + part.end;
        }
        self.of_block(&part).or_else(|| self.as_written(&part)).unwrap_or_else(|| self.node.span())
    }

    /// Within one line of a literal block scalar, whose lines stand in the source behind their indentation.
    fn of_block(&self, part: &Range<usize>) -> Option<Range<usize>> {
        let (text, raw) = (self.node.as_str()?, self.node.raw());
        let (text_starts, raw_starts) = self.lines.as_ref()?;
        let number = text_starts.partition_point(|start| *start <= part.start).checked_sub(1)?;
        let line_start = *text_starts.get(number)?;
        let line = text.get(line_start..)?.lines().next()?;
        if part.end > line_start + line.len() {
            return None;
        }
        let raw_start = *raw_starts.get(number)?;
        let raw_line = raw.get(raw_start..)?.lines().next()?;
        let indent = raw_line.strip_suffix(line)?;
        if !indent.trim().is_empty() {
            return None;
        }
        let start = self.node.span().start + raw_start + indent.len();
        Some(start + part.start - line_start..start + part.end - line_start)
    }

    /// Where the whole string stands in the source as it is, within its quotes.
    fn as_written(&self, part: &Range<usize>) -> Option<Range<usize>> {
        let start = self.node.span().start + self.node.raw().find(self.node.as_str()?)?;
        Some(start + part.start..start + part.end)
    }
}

fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn parts_of_a_block_stand_behind_its_indentation_and_parts_of_other_strings_where_they_are() {
        let table = [
            ("a: |\n  one: 1\n\n  two: zwei\n", "zwei", "zwei"),
            ("a: |\n  one: 1\r\n  two: zwei\r\n", "zwei", "zwei"),
            ("a: |-\n    x\n      zwei", "zwei", "zwei"),
            ("a: \"x zwei\"\n", "zwei", "zwei"),
            ("a: x zwei\n", "zwei", "zwei"),
            ("a: 'x''s zwei'\n", "zwei", "'x''s zwei'"),
            ("a: >\n  one\n  zwei\n", "zwei", "one\n  zwei\n"),
        ];
        for (source, wanted, expected) in table {
            let parsed = yaml::parse(SourceId(0), &source.into());
            let node = parsed.documents[0].root().get("a").unwrap();
            let start = node.as_str().unwrap().find(wanted).unwrap();
            let span = node.parts().of(start..start + wanted.len());
            assert_eq!(source.get(span).unwrap().trim_end(), expected.trim_end(), "{source:?}");
        }
    }
}
