//! Locations: relative, percent-encoded addresses, and regions on one line.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::model::{Artifact, ArtifactLocation, Location, LogicalLocation, PhysicalLocation, Region};
use crate::{
    finding::hex,
    output::{excerpt::first_line, live, visible::one_line},
    source::{Mask, Place, Source, SourceId, Sources, Status},
};

/// The base, as viewers of SARIF name the root of the sources.
const BASE_ID: &str = "%SRCROOT%";

/// The files that the run names, in the order in which it names them.
pub(super) struct Artifacts<'a> {
    sources: &'a Sources,
    indices: BTreeMap<SourceId, usize>,
    /// Addresses of live objects.
    live: BTreeMap<String, usize>,
    list: Vec<Artifact>,
}

impl<'a> Artifacts<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, indices: BTreeMap::new(), live: BTreeMap::new(), list: Vec::new() }
    }

    /// The first line of a place.
    pub(super) fn location(&mut self, place: &Place) -> Location {
        let mut location = self.file(place.source);
        location.physical.region = Some(self.region(place));
        location
    }

    pub(super) fn region(&self, place: &Place) -> Region {
        let region = first_line(self.sources.get(place.source), place);
        Region {
            start_line: region.line,
            start_column: region.column,
            end_line: region.end_line,
            end_column: region.end_column,
        }
    }

    /// A whole file.
    pub(super) fn file(&mut self, id: SourceId) -> Location {
        let source = self.sources.get(id);
        let uri = uri(&source.file);
        let index = *self.indices.entry(id).or_insert_with(|| {
            self.list.push(artifact(source, uri.clone()));
            self.list.len() - 1
        });
        Location {
            id: None,
            message: None,
            logical: Vec::new(),
            physical: PhysicalLocation {
                artifact_location: ArtifactLocation { uri, uri_base_id: BASE_ID, index: Some(index) },
                region: None,
            },
        }
    }

    /// A live object, as a file that holds it in one line; 3.28.4 logicalLocations says what it is.
    pub(super) fn live_object(&mut self, resource: &str) -> Location {
        let uri = uri(&live::path(resource));
        let index = *self.live.entry(uri.clone()).or_insert_with(|| {
            let location = ArtifactLocation { uri: uri.clone(), uri_base_id: BASE_ID, index: None };
            self.list.push(Artifact { location, hashes: Map::new() });
            self.list.len() - 1
        });
        let region = Region { start_line: 1, start_column: 1, end_line: 1, end_column: 1 };
        Location {
            id: None,
            message: None,
            physical: PhysicalLocation {
                artifact_location: ArtifactLocation { uri, uri_base_id: BASE_ID, index: Some(index) },
                region: Some(region),
            },
            logical: vec![LogicalLocation {
                fully_qualified_name: one_line(resource).into_owned(),
                kind: "resource",
            }],
        }
    }

    pub(super) fn into_list(self) -> Vec<Artifact> {
        self.list
    }
}

/// 3.14.14 originalUriBaseIds property: says what the base is, not where.
pub(super) fn base_ids() -> Map<String, Value> {
    let root = json!({"description": {"text": "The folder that files are named relative to."}});
    Map::from_iter([(BASE_ID.to_owned(), root)])
}

/// A digest only where all of the file was understood and nothing in it is secret: a secret could be guessed back.
fn artifact(source: &Source, uri: String) -> Artifact {
    let mut hashes = Map::new();
    if let (Some(digest), Mask::None, Status::Read) = (source.digest, &source.mask, &source.status) {
        hashes.insert("sha-256".to_owned(), Value::String(hex(&digest)));
    }
    Artifact { location: ArtifactLocation { uri, uri_base_id: BASE_ID, index: None }, hashes }
}

/// RFC 3986 relative reference: never absolute, never with a scheme, never empty.
fn uri(file: &str) -> String {
    let mut uri = String::with_capacity(file.len());
    for byte in file.trim_start_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            uri.push(char::from(byte));
        } else {
            uri.extend(["%", &hex(&[byte]).to_ascii_uppercase()]);
        }
    }
    if uri.is_empty() { "-".to_owned() } else { uri }
}

/// 3.11.6: a message may hold `[text](target)`; only ours are links.
pub(super) fn without_links(text: &str) -> String {
    text.replace("](", "] (")
}

/// 3.11.6: brackets within the text of a link are escaped.
pub(super) fn link_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_relative_and_encoded() {
        for (file, expected) in [
            ("k8s/cart.yaml", "k8s/cart.yaml"),
            ("a b/ü#?.yaml", "a%20b/%C3%BC%23%3F.yaml"),
            ("file:///etc/passwd", "file%3A///etc/passwd"),
            ("C:/a.yaml", "C%3A/a.yaml"),
            ("/etc/passwd", "etc/passwd"),
            ("100%.yaml", "100%25.yaml"),
            ("-", "-"),
            ("", "-"),
        ] {
            assert_eq!(uri(file), expected);
        }
    }
}
