//! Mappings that say in one field what the value in another one is.

use std::collections::BTreeMap;

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

/// The same of a file, whose entries are flat, by what stands before `.value`: `users[0].credentials[0].type` says what
/// `users[0].credentials[0].value` is.
pub(super) fn names(entries: &[Entry]) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for Entry { name, text, .. } in entries {
        let (before, called) = match name.rsplit_once('.') {
            Some((before, "type")) if is_password(text) => (before, Some(text.as_str())),
            Some((before, "path")) if text.starts_with('/') => (before, last_key(text)),
            _ => continue,
        };
        names.extend(called.map(|called| (before.to_owned(), called.to_owned())));
    }
    names
}

/// The `key` of a header that may carry a credential; that of a toleration or a tag is none.
fn header(pair: NodeRef<'_>) -> Option<&str> {
    let carries =
        |key: &&str| name::promise(key).is_some() || key.to_ascii_lowercase().ends_with("authorization");
    pair.str_at(&["key"]).filter(carries)
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
