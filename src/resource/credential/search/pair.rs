//! Mappings that say in one field what the value in another one is.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    document::NodeRef,
    resource::{credential::name, format::Entry},
};

/// What a pair calls its value: a variable or parameter by its `name`, a header of Envoy by its `key`, a credential of
/// Keycloak by its `type`, an operation of RFC 6902 by the last key of its `path`.
pub(super) fn name(pair: NodeRef<'_>) -> Option<&str> {
    pair.get("value")?;
    let operation = || {
        pair.get("op")?;
        last_key(pair.str_at(&["path"])?)
    };
    let named = pair.get("name").map(NodeRef::as_str);
    named.unwrap_or_else(|| header(pair).or_else(|| type_of(pair)).or_else(operation))
}

/// The same of a file, whose entries are flat: `env[0].name` says what `env[0].value` is, which is then called
/// `env[0].DB_PASSWORD`.
pub(super) fn named(mut entries: Vec<Entry>) -> Vec<Entry> {
    let names = names(&entries);
    if names.is_empty() {
        return entries;
    }
    for entry in &mut entries {
        let before = entry.name.strip_suffix(".value");
        if let Some((before, (_, called))) = before.and_then(|before| Some((before, names.get(before)?))) {
            entry.name = format!("{before}.{called}");
        }
    }
    entries
}

/// What values are called, by what stands before `.value`, with the rank of what says so: the first of [`name`] wins.
fn names(entries: &[Entry]) -> BTreeMap<String, (u8, String)> {
    let mut names: BTreeMap<String, (u8, String)> = BTreeMap::new();
    let actions = entries.iter().filter_map(|entry| entry.name.strip_suffix(".action"));
    let actions: BTreeSet<&str> = actions.collect();
    for Entry { name, text, .. } in entries {
        let Some((before, last)) = name.rsplit_once('.') else { continue };
        let called = match last {
            "name" => Some((0, text.as_str())),
            "key" => Some((1, text.as_str())).filter(|(_, key)| is_header(key) && !actions.contains(before)),
            "type" => Some((2, text.as_str())).filter(|(_, of)| is_password(of)),
            "path" if text.starts_with('/') => last_key(text).map(|key| (3, key)),
            _ => None,
        };
        let Some((rank, called)) = called else { continue };
        let known = names.entry(before.to_owned()).or_insert_with(|| (rank, called.to_owned()));
        if rank < known.0 {
            *known = (rank, called.to_owned());
        }
    }
    names
}

/// The `key` of a header that may carry a credential; that of a toleration or a tag is none, nor that of an attribute
/// which a processor of OpenTelemetry sets (`action`).
fn header(pair: NodeRef<'_>) -> Option<&str> {
    pair.str_at(&["key"]).filter(|key| is_header(key) && pair.get("action").is_none())
}

fn is_header(key: &str) -> bool {
    name::promise(key).is_some() || key.to_ascii_lowercase().ends_with("authorization")
}

/// keycloak `CredentialRepresentation`: `{type: password, value: …}`.
fn type_of(pair: NodeRef<'_>) -> Option<&str> {
    pair.str_at(&["type"]).filter(|of| is_password(of))
}

fn is_password(of: &str) -> bool {
    of == "password"
}

/// The last key of a JSON pointer, where it is written as it is; one that has `/` or `~` in it says nothing here.
fn last_key(path: &str) -> Option<&str> {
    path.rsplit('/').next().filter(|key| !key.contains('~') && name::promise(key).is_some())
}
