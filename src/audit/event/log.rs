//! What the log says about itself: its beginning, its keys, its repairs, its end.

use serde::{Deserialize, Serialize};

use crate::audit::canonical::decimal;

/// First record of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Genesis {
    /// SHA-256 of `log.json`.
    pub log_sha256: String,
    /// 32 random bytes in hexadecimal: no two logs start alike.
    pub nonce: String,
    pub origin: String,
    /// The log that this one goes on from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Predecessor>,
    /// Keys in the format of Go's `note`; empty: unsigned.
    pub vkeys: Vec<String>,
}

/// A head of another log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Predecessor {
    pub origin: String,
    /// Base64.
    pub root: String,
    #[serde(serialize_with = "decimal")]
    pub size: u64,
}

/// Bytes after the last commit of a segment were set aside: they stay where they are and are not part of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// Where they start in the segment.
    pub committed_len: String,
    /// `uncommitted`, `torn commit`, `failed sync`.
    pub reason: String,
    /// File name of the segment.
    pub segment: String,
    pub tail_len: String,
    pub tail_sha256: String,
}

/// From here on, another key signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRotated {
    /// Verifier key that signed until here; none where the log was unsigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    pub to: String,
}

/// Signatures of this key do not count any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRevoked {
    pub key: String,
    /// Class: `compromised`, `retired`, `lost`.
    pub reason: String,
}

/// Last record of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closed {
    pub reason: String,
    /// Origin of the log that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}
