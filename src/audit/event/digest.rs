//! Digests of what was read and decided, and lists that are too long for a record.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::audit::{
    canonical::{decimal, decimal_if_known},
    tree::Hash,
};

/// Longest list in bytes that a record holds itself; longer ones lie beside the log, named by their digest.
const LONGEST_INLINE: usize = 8 * 1024;

/// Digest of bytes: plain, or keyed where the bytes hold a credential that could be guessed back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Digest {
    /// 64 hexadecimal digits, as `sha256sum` prints them.
    Sha256(String),
    /// What [`crate::audit::evidence::EvidenceKey::digest`] made.
    Keyed(String),
}

impl Digest {
    const fn parts(&self) -> (&'static str, &String) {
        match self {
            Self::Sha256(hex) => ("sha256", hex),
            Self::Keyed(hex) => ("hmac", hex),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, hex) = self.parts();
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, hex)?;
        map.end()
    }
}

/// One thing that was read: a file, a kind of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Input {
    /// `None` where it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Relative to the base.
    pub name: String,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal_if_known")]
    pub size: Option<u64>,
    /// `read`, `skipped`, `failed`, …
    pub status: String,
}

/// A list of which the record holds the digest, and itself only where it is short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List<T> {
    /// Whether the list lies under `blobs/` in the log's folder.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blob: bool,
    #[serde(serialize_with = "decimal")]
    count: usize,
    #[serde(rename = "list", skip_serializing_if = "Option::is_none")]
    items: Option<Vec<T>>,
    /// Of the canonical JSON of the sorted list.
    sha256: String,
    #[serde(skip)]
    blob_bytes: Option<Vec<u8>>,
}

impl<T: Ord + Serialize> List<T> {
    /// Sorts the items; those of a long list are kept beside the log.
    pub fn new(items: impl IntoIterator<Item = T>) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        items.sort_unstable();
        let bytes = serde_json::to_vec(&items).expect("items of lists have string keys");
        let sha256 = Hash::plain(&bytes).hex();
        let (count, blob) = (items.len(), bytes.len() > LONGEST_INLINE);
        let (items, blob_bytes) = if blob { (None, Some(bytes)) } else { (Some(items), None) };
        Self { blob, count, items, sha256, blob_bytes }
    }
}

impl<T> List<T> {
    /// Digest and canonical JSON, if the list is to lie beside the log.
    pub(in crate::audit) fn blob(&self) -> Option<(&str, &[u8])> {
        Some((&self.sha256, self.blob_bytes.as_deref()?))
    }
}
