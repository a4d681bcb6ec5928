//! Text from manifests, plans and policies, made safe to show: nothing in it can move a cursor, change a colour,
//! start a line of its own or reorder what a person reads.
//!
//! Every character is replaced by at most one other, so that columns stay. Escaping for a format is that format's.

use std::borrow::Cow;

/// Control and invisible formatting characters become visible ones; line feeds and tabs stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| is_hidden(c) && !matches!(c, '\n' | '\t')) {
        Cow::Owned(text.chars().map(|c| if matches!(c, '\n' | '\t') { c } else { shown(c) }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// As [`visible`], on lines of its own: none of them is a workflow command, which a runner would carry out.
pub(crate) fn paragraph(text: &str) -> String {
    let text = text.trim_end().replace("\r\n", "\n");
    let lines: Vec<Cow<'_, str>> = text
        .lines()
        .map(|line| match line.trim_start().strip_prefix("::") {
            Some(rest) => Cow::Owned(format!(": :{}", visible(rest))),
            None => visible(line),
        })
        .collect();
    lines.join("\n")
}

/// As [`visible`], on one line: line breaks and tabs become a space.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hidden) {
        let unbroken = text.trim_end().replace("\r\n", "\n");
        Cow::Owned(
            unbroken
                .chars()
                .map(
                    |c| {
                        if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { shown(c) }
                    },
                )
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    }
}

fn shown(c: char) -> char {
    match c {
        '\u{7f}' => '\u{2421}',
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        _ if is_hidden(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    }
}

/// Control characters, bidirectional controls, and formatting characters without a width, as the Unicode
/// security mechanisms (UTS 39) and "Trojan Source" (CVE-2021-42574) name them. Joiners stay: scripts need them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_on_a_terminal_is_shown_instead() {
        for (case, text, expected) in [
            ("colour", "\u{1b}[31mred", "␛[31mred"),
            ("eight-bit control sequence", "\u{9b}2J", "\u{fffd}2J"),
            ("right-to-left override", "a\u{202e}b", "a\u{fffd}b"),
            ("delete and bell", "\u{7f}\u{7}", "␡␇"),
            ("letters of any script", "ä 日本 👩‍💻", "ä 日本 👩‍💻"),
            ("line feed and tab", "a\n\tb", "a\n\tb"),
        ] {
            assert_eq!(visible(text), expected, "{case}");
        }
    }

    #[test]
    fn no_line_of_a_paragraph_is_a_workflow_command() {
        assert_eq!(paragraph("a\r\n  ::add-mask::x\nb ::c::\n"), "a\n: :add-mask::x\nb ::c::");
    }

    #[test]
    fn one_line_has_no_line_break() {
        assert_eq!(one_line("a\r\nb\n\tc\u{2028}d\re\n"), "a b  c d e");
    }
}
