//! Markdown of remedies, readable in a terminal: paragraphs filled, lists kept, code indented.

use crate::output::visible::paragraph;

/// Characters of a filled line.
const WIDTH: usize = 88;
const CODE_INDENT: &str = "    ";

/// Text without the marks that only a Markdown renderer understands.
pub(super) fn terminal(markdown: &str) -> String {
    let mut text = Filled::default();
    let mut fence = None;
    for line in paragraph(markdown.trim()).replace('\t', "    ").lines() {
        let trimmed = line.trim();
        let mark = trimmed.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(open) if mark >= open && trimmed.len() == mark => {
                fence = None;
                text.blank();
            }
            Some(_) => text.verbatim(&format!("{CODE_INDENT}{line}")),
            None if mark >= 3 => {
                text.blank();
                fence = Some(mark);
            }
            None if trimmed.is_empty() => text.blank(),
            None => match list_item(line) {
                Some(indent) => text.item(indent, &inline(trimmed)),
                None => text.words(&inline(trimmed.trim_start_matches('#').trim_start())),
            },
        }
    }
    text.finish()
}

/// Width of the mark of a list item (`- `, `* `, `12. `) with its indent.
fn list_item(line: &str) -> Option<usize> {
    let body = line.trim_start();
    let indent = line.len() - body.len();
    let mark = if body.starts_with("- ") || body.starts_with("* ") {
        2
    } else {
        let digits = body.chars().take_while(char::is_ascii_digit).count();
        if digits == 0 || !body.get(digits..)?.starts_with(". ") {
            return None;
        }
        digits + 2
    };
    Some(indent + mark)
}

/// Strong marks go; `[text](address)` becomes `text (address)`. Code spans stay as they are.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        if index % 2 == 1 {
            out.push_str(part);
        } else {
            links(&part.replace("**", ""), &mut out);
        }
    }
    out
}

fn links(mut text: &str, out: &mut String) {
    while let Some((before, label, address, rest)) = next_link(text) {
        out.push_str(before);
        out.push_str(label);
        out.push_str(" (");
        out.push_str(address);
        out.push(')');
        text = rest;
    }
    out.push_str(text);
}

fn next_link(text: &str) -> Option<(&str, &str, &str, &str)> {
    let (head, tail) = text.split_once("](")?;
    let (before, label) = head.rsplit_once('[')?;
    let (address, rest) = tail.split_once(')')?;
    Some((before, label, address, rest))
}

/// Lines, filled to [`WIDTH`].
#[derive(Default)]
struct Filled {
    lines: Vec<String>,
    /// Where words go on: the hanging indent of the open paragraph or list item.
    open: Option<usize>,
}

impl Filled {
    fn blank(&mut self) {
        self.open = None;
        if self.lines.last().is_some_and(|line| !line.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn verbatim(&mut self, line: &str) {
        self.open = None;
        self.lines.push(line.trim_end().to_owned());
    }

    fn item(&mut self, indent: usize, text: &str) {
        let (mark, words) = text.split_once(' ').unwrap_or((text, ""));
        self.lines.push(format!("{}{mark}", " ".repeat(indent.saturating_sub(mark.len() + 1))));
        self.open = Some(indent);
        self.words(words);
    }

    fn words(&mut self, text: &str) {
        let indent = *self.open.get_or_insert_with(|| {
            self.lines.push(String::new());
            0
        });
        for word in text.split_whitespace() {
            let Some(line) = self.lines.last_mut() else { return };
            if line.trim().is_empty() || line.chars().count() + 1 + word.chars().count() <= WIDTH {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            } else {
                self.lines.push(format!("{}{word}", " ".repeat(indent)));
            }
        }
    }

    fn finish(mut self) -> String {
        while self.lines.last().is_some_and(String::is_empty) {
            self.lines.pop();
        }
        self.lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_reads_well_without_a_renderer() {
        for (case, markdown, expected) in [
            ("a paragraph is filled", "one\ntwo\n\nthree", "one two\n\nthree"),
            ("marks go, code stays", "Use **only** `a**b`.", "Use only `a**b`."),
            ("links keep their address", "See [the guide](guide.md) now", "See the guide (guide.md) now"),
            ("lists keep their items", "Do:\n- one\n  more\n- two", "Do:\n- one more\n- two"),
            ("numbered lists", "1. one\n2. two", "1. one\n2. two"),
            ("headings", "## Fix\ntext", "Fix text"),
            (
                "code is indented as it stands",
                "Set:\n\n```yaml\na:\n  - b: 1\n```\nDone",
                "Set:\n\n    a:\n      - b: 1\n\nDone",
            ),
            ("a fence that never ends", "```\na: 1", "    a: 1"),
            ("escape sequences", "a\u{1b}[31m", "a␛[31m"),
            ("nothing", "", ""),
        ] {
            assert_eq!(terminal(markdown), expected, "{case}");
        }
    }

    #[test]
    fn long_lines_break_between_words_and_hang_under_their_item() {
        let text = terminal(&format!("- {}", "word ".repeat(40)));
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH));
        assert!(text.lines().skip(1).all(|line| line.starts_with("  word")));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_rendered_without_a_panic(text in "[-*#`\\[\\]() a1.ä\n]{0,80}") {
            let _ = terminal(&text);
        }
    }
}
