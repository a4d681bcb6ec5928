//! Where kubectl reads what the parser refuses: text of the same length that says the same and is accepted, so that
//! every byte offset stays. And where to go on after a document that does not parse.

use std::borrow::Cow;

/// Stands for a lone dash in a flow collection, which is a string; the source has its text.
pub(super) const STRING: &str = "x";

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Line breaks instead of each byte order mark that starts a line, as files leave it that were joined into a stream.
pub(super) fn without_byte_order_marks(text: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let mut done = 0;
    for (offset, mark) in text.match_indices(BYTE_ORDER_MARK) {
        if text.get(..offset).is_some_and(|before| before.ends_with(['\n', '\r'])) {
            repaired.push_str(text.get(done..offset).unwrap_or_default());
            repaired.push_str("\n\n\n");
            done = offset + mark.len();
        }
    }
    if done == 0 {
        return text.into();
    }
    repaired.push_str(text.get(done..).unwrap_or_default());
    repaired.into()
}

/// The document with what stops the parser at byte `at` replaced; `None` where kubectl refuses it too.
pub(super) fn repaired(document: &str, at: usize, flow: Option<usize>) -> Option<String> {
    let rest = document.get(at..)?;
    if ["-,", "-]", "-}"].iter().any(|dash| rest.starts_with(dash)) {
        return overwritten(document, at, STRING);
    }
    if rest.starts_with('#') && !document.get(..at)?.ends_with([' ', '\t', '\n', '\r']) {
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        return overwritten(document, at, &" ".repeat(length));
    }
    let flow = flow.or_else(|| opened_before(document, at))?;
    without_tabs_in_flow(document, flow)
}

fn overwritten(document: &str, at: usize, by: &str) -> Option<String> {
    let (before, rest) = document.split_at_checked(at)?;
    Some([before, by, rest.get(by.len()..)?].concat())
}

/// The bracket before the white space before a byte: the parser has not told of it yet.
fn opened_before(document: &str, at: usize) -> Option<usize> {
    let before = document.get(..at)?.trim_end();
    before.ends_with(['[', '{']).then(|| before.len() - 1)
}

/// Spaces instead of each tab that indents a line of the flow collection at `start`; `None` where there is none.
fn without_tabs_in_flow(text: &str, start: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut changed = false;
    let mut flow = Flow::default();
    let mut indentation = false;
    for byte in bytes.get_mut(start..)? {
        if flow.closes_with(*byte) {
            break;
        }
        indentation = match *byte {
            b'\n' | b'\r' => true,
            b' ' => indentation,
            b'\t' if indentation => {
                *byte = b' ';
                changed = true;
                true
            }
            _ => false,
        };
    }
    if changed { String::from_utf8(bytes).ok() } else { None }
}

/// What a byte of a flow collection belongs to.
#[derive(Debug, Default)]
struct Flow {
    depth: usize,
    quote: Option<u8>,
    comment: bool,
    before: u8,
}

impl Flow {
    /// Takes the next byte; true for the bracket that closes the outermost collection.
    fn closes_with(&mut self, byte: u8) -> bool {
        let before = std::mem::replace(&mut self.before, byte);
        if self.comment {
            self.comment = !matches!(byte, b'\n' | b'\r');
            return false;
        }
        match (self.quote, byte) {
            (Some(b'"'), b'\\') if before == b'\\' => self.before = 0,
            (Some(b'"'), b'"') if before == b'\\' => {}
            (Some(quote), byte) if quote == byte => self.quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if b" \t\r\n[{,:".contains(&before) => self.quote = Some(byte),
            (None, b'#') if b" \t\r\n".contains(&before) => self.comment = true,
            (None, b'[' | b'{') => self.depth += 1,
            (None, b']' | b'}') => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// Where the content of a document starts that starts at a byte offset: behind its marker, white space and comments.
pub(super) fn content_start(text: &str, mut offset: usize) -> usize {
    let document = text.get(offset..).unwrap_or_default();
    offset += if document.starts_with("---") || document.starts_with("...") { 3 } else { 0 };
    loop {
        let rest = text.get(offset..).unwrap_or_default();
        let content = rest.trim_start();
        offset += rest.len() - content.len();
        if !content.starts_with('#') {
            return offset;
        }
        offset += content.find('\n').unwrap_or(content.len());
    }
}

/// Where the next document starts after a byte offset: at a line that starts with `---`.
pub(super) fn next_document(text: &str, offset: usize) -> Option<usize> {
    markers(text, offset).find(|(_, marker)| *marker == "---").map(|(at, _)| at)
}

/// Where the document ends that holds a byte offset.
pub(super) fn document_end(text: &str, offset: usize) -> usize {
    markers(text, offset).next().map_or(text.len(), |(at, _)| at)
}

fn markers(text: &str, offset: usize) -> impl Iterator<Item = (usize, &str)> {
    let rest = text.get(offset..).unwrap_or_default();
    rest.match_indices('\n').filter_map(move |(at, _)| {
        let line = rest.get(at + 1..)?;
        let marker = line.get(..3).filter(|marker| matches!(*marker, "---" | "..."))?;
        let separated = line.get(3..)?.chars().next().is_none_or(char::is_whitespace);
        separated.then_some((offset + at + 1, marker))
    })
}
