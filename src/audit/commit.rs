//! A commit: the line of a segment that makes the records before it part of the log.
//!
//! `{"checkpoint":"<note>","frontier":["<base64>",…],"v":"1"}`; not a leaf. The frontier lets readers and writers go
//! on from here without anything older.

use std::borrow::Cow;

use super::{
    canonical::{self, Cursor},
    note::{Note, NoteError},
    tree::{Frontier, Hash},
};

/// How every commit line starts.
pub const START: &[u8] = br#"{"checkpoint":"#;

/// Longest commit line in bytes; longer lines are not read.
pub const LONGEST: usize = 256 * 1024;

/// A head of the log with the right edge of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    pub note: Note,
    pub frontier: Frontier,
}

/// Why a complete line that starts like a commit is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("not in the form of a commit")]
    Form,
    #[error("the checkpoint is {0}")]
    Note(#[from] NoteError),
    #[error("the frontier does not belong to a tree of size {0}")]
    Frontier(u64),
}

impl Commit {
    /// Reads a line strictly; neither root nor signatures are checked.
    pub fn parse(line: &[u8]) -> Result<Self, CommitError> {
        let text = std::str::from_utf8(line).map_err(|_| CommitError::Form)?;
        let (note, frontier) = parts(text).ok_or(CommitError::Form)?;
        let note = Note::parse(&note)?;
        let size = note.checkpoint.size;
        Ok(Self { note, frontier: Frontier::new(size, frontier).ok_or(CommitError::Frontier(size))? })
    }

    /// The line, without a line feed.
    pub fn encode(&self) -> Vec<u8> {
        let note = serde_json::to_string(&self.note.encode()).expect("a string serialises");
        let frontier: Vec<String> =
            self.frontier.nodes().iter().map(|node| format!("\"{}\"", node.base64())).collect();
        format!(r#"{{"checkpoint":{note},"frontier":[{}],"v":"1"}}"#, frontier.join(",")).into_bytes()
    }
}

/// The note of a commit line that was cut off or damaged after the end of the note.
pub fn torn_note(line: &[u8]) -> Option<Note> {
    let text = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(line.get(..error.valid_up_to())?).ok()?,
    };
    let rest = text.strip_prefix(r#"{"checkpoint":""#)?;
    // A note that was cut off just behind its last line feed is whole, though its closing quote is missing.
    let mut escaped = false;
    let end = rest.find(|character| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes
    });
    Note::parse(&canonical::unescape(rest.get(..end.unwrap_or(rest.len()))?)).ok()
}

fn parts(text: &str) -> Option<(Cow<'_, str>, Vec<Hash>)> {
    let mut cursor = Cursor::new(text);
    cursor.literal(r#"{"checkpoint":"#).ok()?;
    let note = canonical::unescape(cursor.string().ok()?);
    cursor.literal(r#","frontier":["#).ok()?;
    let mut frontier = Vec::new();
    while !cursor.accepts("]") {
        if !frontier.is_empty() {
            cursor.literal(",").ok()?;
        }
        frontier.push(Hash::from_base64(cursor.string().ok()?)?);
    }
    cursor.literal(r#","v":"1"}"#).ok()?;
    cursor.end().ok()?;
    Some((note, frontier))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{key::PrivateKey, note::Checkpoint};

    fn sample(size: u64) -> Commit {
        let mut frontier = Frontier::default();
        (0..size).for_each(|index| frontier.push(Hash::leaf(&index.to_be_bytes())));
        let key = PrivateKey::from_seed("audit.example.com/shop", &[1; 32]).unwrap();
        let checkpoint = Checkpoint { origin: key.verifier().name().to_owned(), size, root: frontier.root() };
        let mut note = Note::unsigned(checkpoint);
        let signature = key.sign(note.checkpoint.text().as_bytes());
        note.add_signature(key.verifier(), &signature);
        Commit { note, frontier }
    }

    #[test]
    fn commits_are_read_as_written() {
        for size in [0, 1, 2, 3, 7, 8] {
            let commit = sample(size);
            let line = commit.encode();
            assert!(line.starts_with(START));
            assert_eq!(Commit::parse(&line), Ok(commit));
        }
    }

    #[test]
    fn every_deviation_is_refused() {
        let text = String::from_utf8(sample(3).encode()).unwrap();
        let table = [
            (r#","v""#, r#", "v""#),
            (r#""v":"1""#, r#""v":"2""#),
            (r#""frontier":["#, r#""frontier":["AA==","#),
            ("\\n3\\n", "\\n4\\n"),
            ("\\n3\\n", "\\u000a3\\n"),
            ("}", "} "),
            ("—", "-"),
        ];
        for (from, to) in table {
            assert!(text.contains(from), "{from}");
            assert!(Commit::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn a_torn_line_holds_a_note_from_its_end_on() {
        let commit = sample(3);
        let line = commit.encode();
        let end = line.windows(3).rposition(|bytes| bytes == b"\\n\"").unwrap() + 2;
        for cut in 0..line.len() {
            let note = torn_note(&line[..cut]);
            assert_eq!(
                note.as_ref() == Some(&commit.note),
                cut >= end,
                "cut at {cut}, the note ends at {end}"
            );
        }
    }
}
