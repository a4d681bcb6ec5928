//! Values as OPA writes them inside texts.

use std::fmt::Write as _;

use regorus::Value;

/// A value as a Rego term: strings quoted as Go quotes them, sets in braces, `set()` for the empty one.
pub(super) fn write(value: &Value, text: &mut String) {
    match value {
        Value::String(content) => quote(content, false, text),
        Value::Array(items) => list('[', ']', items.iter(), text),
        Value::Set(items) if items.is_empty() => text.push_str("set()"),
        Value::Set(items) => list('{', '}', items.iter(), text),
        Value::Object(fields) => {
            text.push('{');
            for (position, (key, value)) in fields.iter_sorted().enumerate() {
                if position > 0 {
                    text.push_str(", ");
                }
                write(key, text);
                text.push_str(": ");
                write(value, text);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}

fn list<'v>(open: char, close: char, items: impl Iterator<Item = &'v Value>, text: &mut String) {
    text.push(open);
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push_str(", ");
        }
        write(item, text);
    }
    text.push(close);
}

/// A string literal of Go (its specification, "String literals"); `ascii`: other characters are escaped too.
pub(super) fn quote(content: &str, ascii: bool, text: &mut String) {
    text.push('"');
    for character in content.chars() {
        escape(character, '"', ascii, text);
    }
    text.push('"');
}

/// One character of a Go literal.
pub(super) fn escape(character: char, quote: char, ascii: bool, text: &mut String) {
    let short = match character {
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\u{c}' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{b}' => 'v',
        '\\' => '\\',
        character if character == quote => quote,
        _ => {
            let code = u32::from(character);
            let _ = match code {
                0..0x20 | 0x7f => write!(text, "\\x{code:02x}"),
                0x80.. if ascii || !is_printable(character) => {
                    if code < 0x1_0000 {
                        write!(text, "\\u{code:04x}")
                    } else {
                        write!(text, "\\U{code:08x}")
                    }
                }
                _ => write!(text, "{character}"),
            };
            return;
        }
    };
    text.push('\\');
    text.push(short);
}

/// Nearly Go's `unicode.IsPrint`: combining marks print, spaces other than U+0020 do not.
fn is_printable(character: char) -> bool {
    let escaped = character.escape_debug().count() > 1;
    !character.is_whitespace() && (!escaped || is_combining(character))
}

fn is_combining(character: char) -> bool {
    matches!(u32::from(character), 0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x610..=0x61a | 0x64b..=0x65f | 0x900..=0x903 | 0xfe00..=0xfe0f | 0x20d0..=0x20ff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_terms() {
        for (json, expected) in [
            (r#"{"b": [1, 2.5, null], "a": "x\"y\n"}"#, r#"{"a": "x\"y\n", "b": [1, 2.5, null]}"#),
            (r#"["é", "\u00a0", "\u0001", true]"#, r#"["é", "\u00a0", "\x01", true]"#),
        ] {
            let mut text = String::new();
            write(&Value::from_json_str(json).unwrap(), &mut text);
            assert_eq!(text, expected);
        }
    }
}
