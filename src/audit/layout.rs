//! Files of a log's folder (`audit-log` layout): names, and the description in `log.json`.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use super::{
    canonical::{self, Cursor},
    key::VerifierKey,
    tree::Hash,
};

/// Version of the layout and of everything in it.
pub const FORMAT: &str = "probity.audit/v1";

pub const DESCRIPTION: &str = "log.json";
pub const LOCK: &str = "lock";
pub const SEGMENTS: &str = "seg";
/// Copy of the newest note, derived from the segments.
pub const CHECKPOINT: &str = "checkpoint";
pub const BLOBS: &str = "blobs/sha256";
/// Left behind where a sync failed: nothing that only the cache holds may be built upon.
pub const FAILED_SYNC: &str = "FSYNC_FAILED";
/// Keeps the log out of version control.
pub const IGNORE: &str = ".gitignore";

/// Everything that may lie in a log's folder, but drafts (`.tmp`).
pub const OWN_NAMES: [&str; 7] = [DESCRIPTION, LOCK, SEGMENTS, CHECKPOINT, "blobs", FAILED_SYNC, IGNORE];

/// Name of a segment: the first index of its family, and how often that was recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SegmentName {
    pub first: u64,
    pub generation: u32,
}

impl SegmentName {
    pub fn parse(name: &str) -> Option<Self> {
        let (first, generation) = name.strip_suffix(".jsonl")?.split_once('-')?;
        let segment = Self { first: first.parse().ok()?, generation: generation.parse().ok()? };
        // A name has one spelling.
        (segment.to_string() == name).then_some(segment)
    }

    /// The segment that goes on from this one after a crash. Generations never run out: a name grows where two digits
    /// are not enough.
    #[must_use]
    pub const fn recovery(self) -> Self {
        Self { first: self.first, generation: self.generation.saturating_add(1) }
    }

    /// Whether this segment may come after another that ends at a size.
    pub fn may_follow(self, before: Option<Self>, size: u64) -> bool {
        match before {
            None => self == Self::default(),
            Some(before) => {
                self == Self { first: size, generation: 0 } && size > before.first
                    || self != before && self == before.recovery()
            }
        }
    }

    pub fn path(self, directory: &Path) -> PathBuf {
        directory.join(SEGMENTS).join(self.to_string())
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{:02}.jsonl", self.first, self.generation)
    }
}

/// Path of a payload that is named by its SHA-256.
pub fn blob(directory: &Path, sha256: &str) -> PathBuf {
    directory.join(BLOBS).join(sha256.get(..2).unwrap_or_default()).join(sha256)
}

/// `log.json`: what a log is; its digest stands in the first record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// RFC 3339, UTC, milliseconds.
    pub created: String,
    pub origin: String,
    /// Keys that sign from the first head on; empty: unsigned.
    pub keys: Vec<VerifierKey>,
}

impl Description {
    /// The bytes of `log.json`, with a line feed.
    pub fn encode(&self) -> Vec<u8> {
        let quoted = |text: &str| serde_json::to_string(text).expect("a string serialises");
        let keys: Vec<String> = self.keys.iter().map(|key| quoted(&key.to_string())).collect();
        format!(
            "{{\"created\":{},\"format\":{},\"origin\":{},\"vkeys\":[{}]}}\n",
            quoted(&self.created),
            quoted(FORMAT),
            quoted(&self.origin),
            keys.join(",")
        )
        .into_bytes()
    }

    /// Reads strictly; the error says which part has no business there.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
        let (created, format, origin, keys) =
            parts(text).ok_or("it is not in the form that this program writes")?;
        if format != FORMAT {
            return Err("its format is not `probity.audit/v1`: a newer program may have written it");
        }
        let keys = keys
            .iter()
            .map(|key| VerifierKey::parse(key))
            .collect::<Result<_, _>>()
            .map_err(|_| "it names a key that cannot be read")?;
        Ok(Self { created, origin, keys })
    }

    pub fn digest(&self) -> String {
        Hash::plain(&self.encode()).hex()
    }
}

fn parts(text: &str) -> Option<(String, String, String, Vec<String>)> {
    let mut cursor = Cursor::new(text);
    let string = |cursor: &mut Cursor<'_>, literal| {
        cursor.literal(literal).ok()?;
        Some(canonical::unescape(cursor.string().ok()?).into_owned())
    };
    let created = string(&mut cursor, r#"{"created":"#)?;
    let format = string(&mut cursor, r#","format":"#)?;
    let origin = string(&mut cursor, r#","origin":"#)?;
    cursor.literal(r#","vkeys":["#).ok()?;
    let mut keys = Vec::new();
    while !cursor.accepts("]") {
        keys.push(string(&mut cursor, if keys.is_empty() { "" } else { "," })?);
    }
    cursor.literal("}\n").ok()?;
    cursor.end().ok()?;
    Some((created, format, origin, keys))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::key::PrivateKey;

    #[test]
    fn names_of_segments_sort_as_they_follow_each_other() {
        let first = SegmentName::default();
        assert_eq!(first.to_string(), "00000000000000000000-00.jsonl");
        assert_eq!(SegmentName::parse(&first.to_string()), Some(first));
        for wrong in [
            "0-00.jsonl",
            "00000000000000000000-00.json",
            "0000000000000000000a-00.jsonl",
            "00000000000000000000-0.jsonl",
            "00000000000000000000-007.jsonl",
            "00000000000000000000-+7.jsonl",
            "99999999999999999999-00.jsonl",
            "+0000000000000000000-00.jsonl",
        ] {
            assert_eq!(SegmentName::parse(wrong), None, "{wrong}");
        }
        let recovered = first.recovery();
        assert_eq!(recovered, SegmentName { first: 0, generation: 1 });
        let many = SegmentName { first: 0, generation: 99 }.recovery();
        assert_eq!(many.to_string(), "00000000000000000000-100.jsonl");
        assert_eq!(SegmentName::parse(&many.to_string()), Some(many));
        assert!(first < recovered && recovered < many && many < SegmentName { first: 1, generation: 0 });
    }

    #[test]
    fn segments_follow_without_gaps() {
        let name = |first, generation| SegmentName { first, generation };
        assert!(name(0, 0).may_follow(None, 0));
        assert!(!name(0, 1).may_follow(None, 0));
        assert!(name(0, 1).may_follow(Some(name(0, 0)), 41));
        assert!(!name(0, 2).may_follow(Some(name(0, 0)), 41));
        assert!(name(41, 0).may_follow(Some(name(0, 7)), 41));
        assert!(!name(40, 0).may_follow(Some(name(0, 7)), 41));
        assert!(!name(0, 0).may_follow(Some(name(0, 0)), 0));
    }

    #[test]
    fn the_description_is_read_as_written() {
        let key = PrivateKey::from_seed("audit.example.com/shop", &[1; 32]).unwrap();
        for keys in [Vec::new(), vec![key.verifier().clone()], vec![key.verifier().clone(); 2]] {
            let description = Description {
                created: "2026-10-01T12:00:00.123Z".to_owned(),
                origin: "audit.example.com/\"shop\"".to_owned(),
                keys,
            };
            assert_eq!(Description::parse(&description.encode()), Ok(description));
        }
    }

    #[test]
    fn another_description_is_refused_with_its_reason() {
        let description = Description { created: String::new(), origin: "o".to_owned(), keys: Vec::new() };
        let text = String::from_utf8(description.encode()).unwrap();
        let table = [
            ("audit/v1", "audit/v2", "newer"),
            ("[]", r#"["x"]"#, "key"),
            ("}\n", "}", "form"),
            (":", ": ", "form"),
        ];
        for (from, to, reason) in table {
            let error = Description::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
