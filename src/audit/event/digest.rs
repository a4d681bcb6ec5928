//! Digests of what was read and decided, and lists that are too long for a record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::value::RawValue;

use crate::audit::{
    canonical::{decimal, decimal_if_known},
    redact::redacted,
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
    /// Relative to the base; `cluster:` and a kind for live objects.
    pub name: String,
    /// How many live objects were kept.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal_if_known")]
    pub objects: Option<u64>,
    /// Of the list of a kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// Size in bytes.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "decimal_if_known")]
    pub size: Option<u64>,
    /// `read`, `skipped`, `failed`; of a kind of a cluster also `forbidden` and `absent`.
    pub status: String,
}

/// A list of which the record holds the digest, and itself only where it is short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// Whether the list lies under `blobs/` in the log's folder.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    blob: bool,
    #[serde(serialize_with = "decimal")]
    count: usize,
    #[serde(rename = "list", skip_serializing_if = "Option::is_none", serialize_with = "as_json")]
    items: Option<String>,
    /// Of the canonical JSON of the sorted list.
    sha256: String,
    #[serde(skip)]
    beside: Option<String>,
}

impl List {
    /// Sorts the items; those of a long list are kept beside the log.
    pub fn new<T: Ord + Serialize>(items: impl IntoIterator<Item = T>) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        items.sort_unstable();
        let json = serde_json::to_string(&items).expect("items of lists have string keys");
        let json = redacted(&json).into_owned();
        let sha256 = Hash::plain(json.as_bytes()).hex();
        let (count, blob) = (items.len(), json.len() > LONGEST_INLINE);
        let (items, beside) = if blob { (None, Some(json)) } else { (Some(json), None) };
        Self { blob, count, items, sha256, beside }
    }

    /// Digest and canonical JSON, if the list is to lie beside the log.
    pub(in crate::audit) fn beside(&self) -> Option<(&str, &[u8])> {
        Some((&self.sha256, self.beside.as_ref()?.as_bytes()))
    }

    /// Digests of the lists that a body of whatever kind names and that lie beside the log.
    pub(in crate::audit) fn named(body: &str) -> Vec<String> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(default)]
            blob: bool,
            sha256: String,
        }
        if !body.contains(r#""blob":true"#) {
            return Vec::new();
        }
        let members: BTreeMap<&str, &RawValue> = serde_json::from_str(body).unwrap_or_default();
        let lists = members.values().filter_map(|member| serde_json::from_str::<Named>(member.get()).ok());
        lists
            .filter(|list| list.blob && Hash::from_hex(&list.sha256).is_some())
            .map(|list| list.sha256)
            .collect()
    }
}

#[expect(clippy::ref_option, reason = "the signature is that of serde's `serialize_with`")]
fn as_json<S: Serializer>(json: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = json.clone().map(RawValue::from_string).transpose();
    raw.map_err(serde::ser::Error::custom)?.serialize(serializer)
}
