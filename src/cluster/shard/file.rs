//! The file of a shard (`probity.shard/v1`): one line of JSON that says what it is, then what was read, compressed and
//! sealed. The line is part of what is sealed: it cannot be changed either.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Shard,
    seal::{Key, SALT},
};
use crate::{
    cluster::{
        Reading,
        reading::{read, unread},
    },
    estate::Observed,
    finding::hex,
    resource::kubernetes::Identity,
    source::{Listing, Source, Status, listing::Outcome},
};

/// Schema that is written and can be read.
const SCHEMA: &str = "probity.shard/v1";

/// Longest first line that can be one.
const LONGEST_HEADER: usize = 64 * 1024;

/// What a shard says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub shard: Shard,
    /// Version of the program that wrote it.
    pub version: String,
    /// When it was read.
    pub time: Timestamp,
    /// What it was read by, in words: policies, configuration, namespaces. Shards with others are no part of one scan.
    pub basis: BTreeMap<String, String>,
}

/// Why a file is no shard that can be joined: the caller's move.
#[derive(Debug, Error)]
pub enum ShardError {
    #[error("it is no shard of probity")]
    Format,
    #[error("its schema is `{0}`, not `{SCHEMA}`")]
    Schema(String),
    #[error("it was sealed with another key, or changed since")]
    Sealed,
    #[error("it holds what this version does not understand: {0}")]
    Content(String),
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Line {
    schema: String,
    #[serde(default)]
    shard: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    time: String,
    #[serde(default)]
    basis: BTreeMap<String, String>,
    /// Hexadecimal.
    #[serde(default)]
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct Content {
    cluster: Option<String>,
    server_version: Option<String>,
    kinds: Vec<Kind>,
    observed: Vec<Shown>,
}

#[derive(Serialize, Deserialize)]
struct Kind {
    listing: Listing,
    /// Why it was not read.
    reason: Option<String>,
    /// Objects, one on a line.
    text: String,
}

/// What the Pods of one workload show.
#[derive(Serialize, Deserialize)]
struct Shown {
    group: String,
    kind: String,
    namespace: Option<String>,
    name: String,
    running: usize,
    containers: BTreeMap<String, usize>,
    redirected: usize,
}

/// The bytes of a shard.
///
/// # Errors
/// Where the system gives no random numbers.
pub fn seal(header: &Header, reading: &Reading, key: &Key) -> Result<Vec<u8>, ShardError> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(ShardError::Random)?;
    let line = Line {
        schema: SCHEMA.to_owned(),
        shard: header.shard.to_string(),
        version: header.version.clone(),
        time: header.time.to_string(),
        basis: header.basis.clone(),
        salt: hex(&salt),
    };
    let mut bytes = serde_json::to_vec(&line).expect("a line has keys of text");
    bytes.push(b'\n');
    let content = Content {
        cluster: reading.cluster.clone(),
        server_version: reading.server_version.clone(),
        kinds: reading.sources.iter().filter_map(Kind::of).collect(),
        observed: reading.observed.iter().map(Shown::of).collect(),
    };
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::fast());
    let written = serde_json::to_writer(&mut packed, &content).map_err(std::io::Error::from);
    let packed = written.and_then(|()| packed.finish()).expect("memory takes all that is written");
    let sealed = key.seal(&salt, &bytes, packed);
    bytes.write_all(&sealed).expect("memory takes all that is written");
    Ok(bytes)
}

/// What a shard says of itself, and what was read.
///
/// # Errors
/// Where the bytes are no shard, or were not sealed with the key as they are.
pub fn open(bytes: &[u8], key: &Key) -> Result<(Header, Reading), ShardError> {
    let end = bytes.iter().take(LONGEST_HEADER).position(|byte| *byte == b'\n').ok_or(ShardError::Format)?;
    let (first, sealed) = bytes.split_at(end + 1);
    let line: Line = serde_json::from_slice(first).map_err(|_| ShardError::Format)?;
    if line.schema != SCHEMA {
        return Err(ShardError::Schema(line.schema));
    }
    let salt = unhex(&line.salt).ok_or(ShardError::Format)?;
    let packed = key.open(&salt, first, sealed.to_vec()).ok_or(ShardError::Sealed)?;
    // Whoever has the key wrote it: it is as long as what was read.
    let mut text = Vec::new();
    let strange = |cause: &dyn std::fmt::Display| ShardError::Content(cause.to_string());
    DeflateDecoder::new(&*packed).read_to_end(&mut text).map_err(|error| strange(&error))?;
    let content: Content = serde_json::from_slice(&text).map_err(|error| strange(&error))?;
    let header = Header {
        shard: line.shard.parse().map_err(|error: String| strange(&error))?,
        version: line.version,
        time: line.time.parse().map_err(|error: jiff::Error| strange(&error))?,
        basis: line.basis,
    };
    let reading = Reading {
        sources: content.kinds.into_iter().map(Kind::source).collect(),
        observed: content.observed.into_iter().map(Shown::pair).collect(),
        server_version: content.server_version,
        cluster: content.cluster,
    };
    Ok((header, reading))
}

impl Kind {
    fn of(source: &Source) -> Option<Self> {
        let listing = (**source.live.as_ref()?).clone();
        let reason = match &source.status {
            Status::Failed(problems) => problems.first().map(|problem| problem.message.clone()),
            _ => None,
        };
        Some(Self { listing, reason, text: source.text.to_string() })
    }

    fn source(self) -> Source {
        match self.listing.outcome {
            Outcome::Read => read(self.listing, self.text),
            _ => unread(self.listing, self.reason.unwrap_or_default()),
        }
    }
}

impl Shown {
    fn of((identity, observed): &(Identity, Observed)) -> Self {
        Self {
            group: identity.group.to_string(),
            kind: identity.kind.to_string(),
            namespace: identity.namespace.as_deref().map(ToOwned::to_owned),
            name: identity.name.to_string(),
            running: observed.running,
            containers: observed.containers.iter().map(|(name, count)| (name.to_string(), *count)).collect(),
            redirected: observed.redirected,
        }
    }

    fn pair(self) -> (Identity, Observed) {
        let identity = Identity {
            group: self.group.into(),
            kind: self.kind.into(),
            namespace: self.namespace.map(Into::into),
            name: self.name.into(),
        };
        let containers = self.containers.into_iter().map(|(name, count)| (name.into(), count)).collect();
        (identity, Observed { running: self.running, containers, redirected: self.redirected })
    }
}

fn unhex(text: &str) -> Option<[u8; SALT]> {
    let mut bytes = [0; SALT];
    if text.len() != 2 * SALT {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::parse("0123456789abcdef0123456789abcdef").unwrap()
    }

    fn header() -> Header {
        Header {
            shard: Shard { index: 1, count: 3 },
            version: "0.1.0".to_owned(),
            time: Timestamp::UNIX_EPOCH,
            basis: BTreeMap::from([("policies".to_owned(), "a1".to_owned())]),
        }
    }

    fn reading() -> Reading {
        let kind =
            |name: &str| Listing::absent("apps".into(), name.into(), format!("{}s", name.to_lowercase()));
        let deployments = Listing { outcome: Outcome::Read, objects: 1, ..kind("Deployment") };
        let refused = Listing { outcome: Outcome::Forbidden, ..kind("DaemonSet") };
        let identity = Identity {
            group: "apps".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        };
        let containers = BTreeMap::from([("web".into(), 2)]);
        Reading {
            sources: vec![
                read(deployments, "{\"password\":\"corr3ct-h0rse\"}\n".to_owned()),
                unread(refused, "no right".to_owned()),
                unread(kind("StatefulSet"), String::new()),
            ],
            observed: vec![(identity, Observed { running: 2, containers, redirected: 1 })],
            server_version: Some("v1.37.2".to_owned()),
            cluster: Some("uid".to_owned()),
        }
    }

    #[test]
    fn a_shard_opens_as_it_was_read_and_shows_nothing_before() {
        let bytes = seal(&header(), &reading(), &key()).unwrap();
        let shown = String::from_utf8_lossy(&bytes);
        assert!(
            shown.starts_with(r#"{"schema":"probity.shard/v1","shard":"1/3","version":"0.1.0","#),
            "{shown}"
        );
        assert!(!shown.contains("password") && !shown.contains("shop"), "{shown}");
        let (header, opened) = open(&bytes, &key()).unwrap();
        assert_eq!(header, self::header());
        assert_eq!(format!("{opened:?}"), format!("{:?}", reading()));
    }

    #[test]
    fn what_is_no_shard_or_was_changed_is_refused() {
        let bytes = seal(&header(), &reading(), &key()).unwrap();
        let text = |from: &str, to: &str| {
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
            let line = String::from_utf8(bytes[..end].to_vec()).unwrap().replace(from, to);
            [line.as_bytes(), &bytes[end..]].concat()
        };
        let other = Key::parse("f123456789abcdef0123456789abcdef").unwrap();
        for (bytes, key, said) in [
            (Vec::new(), key(), "it is no shard"),
            (b"{}\n".to_vec(), key(), "it is no shard"),
            (vec![b'{'; 100_000], key(), "it is no shard"),
            (text("shard/v1", "shard/v2"), key(), "its schema is `probity.shard/v2`"),
            (text("1/3", "2/3"), key(), "changed since"),
            (text("\"a1\"", "\"b2\""), key(), "changed since"),
            (text("\"salt\":\"", "\"salt\":\"ä"), key(), "it is no shard"),
            (bytes[..bytes.len() - 1].to_vec(), key(), "changed since"),
            (bytes.clone(), other, "another key"),
        ] {
            let error = open(&bytes, &key).unwrap_err().to_string();
            assert!(error.contains(said), "{error} instead of {said}");
        }
    }
}
