//! Text of others within Markdown: it cannot end a table cell, be a link, an image or HTML, nor mention anybody.

use crate::output::visible::{one_line, visible};

/// Escaped text on one line; what stands between backticks is code.
pub(super) fn inline(text: &str) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(&text);
    }
    let mut out = String::new();
    for (index, part) in parts.iter().enumerate() {
        out.push_str(&if index % 2 == 0 { plain(part) } else { code(part) });
    }
    out
}

/// A code span, in a table too; nothing within it is interpreted.
pub(super) fn code(text: &str) -> String {
    let text = one_line(text).replace('`', "\u{2019}").replace('|', "\\|");
    if text.trim().is_empty() { String::new() } else { format!("`{text}`") }
}

/// Zero-width spaces break what GitHub would link by itself: mentions, references, addresses.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '~' | '!' | '&' | '$' | '#'
        ) {
            out.push('\\');
        }
        out.push(c);
        if matches!(c, '@' | '#') {
            out.push_str(BREAK);
        }
    }
    out.replace("://", &format!(":{BREAK}//")).replace("www.", &format!("www{BREAK}."))
}

const BREAK: &str = "&#8203;";

/// A rule's remedy, which is Markdown: code stays as it is, HTML and images do not, and a fence is always closed.
pub(super) fn remedy(markdown: &str) -> String {
    let mut out = String::new();
    let mut fence = None;
    for line in visible(markdown.trim()).lines() {
        let trimmed = line.trim();
        let mark = trimmed.chars().take_while(|c| *c == '`').count();
        match fence {
            Some(open) => {
                if mark >= open && trimmed.len() == mark {
                    fence = None;
                }
                out.push_str(line);
            }
            None if mark >= 3 => {
                fence = Some(mark);
                out.push_str(line);
            }
            None => {
                for (index, part) in line.split('`').enumerate() {
                    if index > 0 {
                        out.push('`');
                    }
                    if index % 2 == 1 {
                        out.push_str(part);
                    } else {
                        out.push_str(&part.replace('<', "\\<").replace("![", "!\\[").replace("~~~", "\\~~~"));
                    }
                }
            }
        }
        out.push('\n');
    }
    if let Some(open) = fence {
        out.push_str(&"`".repeat(open));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_others_is_only_text() {
        for (case, text, expected) in [
            ("cell", "a|b", "a\\|b"),
            ("html", "<img src=x>", "\\<img src=x\\>"),
            ("link", "[x](y)", "\\[x\\](y)"),
            ("mention", "@team", "@&#8203;team"),
            ("address", "https://www.x", "https:&#8203;//www&#8203;.x"),
            ("code", "`a|b` is", "`a\\|b` is"),
            ("lone backtick", "a`b", "a\\`b"),
            ("lines", "a\nb", "a b"),
        ] {
            assert_eq!(inline(text), expected, "{case}");
        }
        assert_eq!(code("a`b"), "`a\u{2019}b`");
    }

    #[test]
    fn a_remedy_keeps_its_code_and_closes_it() {
        assert_eq!(
            remedy("Set `<x>`, not <x>:\n```yaml\na: <x>"),
            "Set `<x>`, not \\<x>:\n```yaml\na: <x>\n```\n"
        );
    }
}
