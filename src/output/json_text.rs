//! JSON as it is written: pretty, and with escapes for what would act on a terminal or hide from a reader.
//!
//! The escapes change no value, so that a program reads what the report says.

use std::io::{self, Write};

use serde::Serialize;

use super::visible::is_hidden;

/// Writes a value and a line feed.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(Escaping(out), value)?;
    out.write_all(b"\n")
}

/// Characters that JSON leaves as they are stand within strings only, so each can become `\uXXXX`.
struct Escaping<'a>(&'a mut dyn Write);

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let hidden = |c: char| !c.is_ascii_whitespace() && is_hidden(c);
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains(hidden) => {
                for part in text.split_inclusive(hidden) {
                    let kept = part.trim_end_matches(hidden);
                    self.0.write_all(kept.as_bytes())?;
                    for unit in part.get(kept.len()..).unwrap_or_default().encode_utf16() {
                        write!(self.0, "\\u{unit:04x}")?;
                    }
                }
            }
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_read_back() {
        let text = "a\u{9b}2J\u{202e}\u{200b}b\u{7f}\u{e0041} ü 🛒\n\"";
        let mut out = Vec::new();
        write(&text, &mut out).unwrap();
        let json = String::from_utf8(out).unwrap();
        assert_eq!(json, "\"a\\u009b2J\\u202e\\u200bb\\u007f\\udb40\\udc41 ü 🛒\\n\\\"\"\n");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
