//! What an organisation says of credentials: shapes of its own, and values that only look like one.
//!
//! Deliberately absent: values themselves. A pattern that is one is refused, since this file is committed too.

use std::ops::Range;

use regex::Regex;
use serde::Deserialize;

use super::{FilePattern, NamePattern, Phrase, Placed, RegularExpression};

/// What is a credential, and what only looks like one.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct Secrets {
    /// Values that look like credentials and are none.
    pub allow: Vec<Placed<Allowed>>,
    /// Shapes of credentials of your own.
    pub tokens: Vec<Placed<TokenShape>>,
}

/// Values that look like credentials and are none: those that everything given is true of.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map with a `reason`")]
pub struct Allowed {
    /// File, folder or glob that the value stands in, relative to the base.
    #[serde(default)]
    pub path: Option<FilePattern>,
    /// Name of the variable or key, or a glob over names.
    #[serde(default)]
    pub key: Option<NamePattern>,
    /// Regular expression that the whole value matches: its shape, never the value itself.
    #[serde(default)]
    pub value: Option<RegularExpression>,
    /// Why it is no credential.
    pub reason: Phrase,
}

/// The shape of a credential.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a map")]
pub struct TokenShape {
    /// What findings call it.
    pub id: Phrase,
    /// Regular expression that the credential matches, wherever in a text it stands.
    pub pattern: RegularExpression,
}

/// Shorter matches are part of too many words.
const SHORTEST: usize = 4;

impl Secrets {
    /// The entry that says that a value is no credential, by its position. `values` are forms of the one value.
    pub fn allows(&self, file: &str, key: &str, values: &[String]) -> Option<usize> {
        self.allow.iter().position(|Placed { value: entry, .. }| {
            entry.path.as_ref().is_none_or(|path| path.matches(file))
                && entry.key.as_ref().is_none_or(|name| name.matches(key))
                && entry.value.as_ref().is_none_or(|shape| values.iter().any(|value| shape.is_whole(value)))
        })
    }

    /// Every credential of a declared shape in a text, with the position of the shape.
    pub fn tokens_in(&self, text: &str) -> Vec<(usize, Range<usize>)> {
        let all = self.tokens.iter().enumerate().flat_map(|(index, shape)| {
            let found =
                shape.value.pattern.as_regex().find_iter(text).map(move |found| (index, found.range()));
            found.filter(|(_, range)| range.len() >= SHORTEST)
        });
        all.collect()
    }

    /// What findings call a shape.
    pub fn name_of(&self, token: usize) -> Option<&str> {
        self.tokens.get(token).map(|shape| &*shape.value.id)
    }
}

/// What only a whole entry shows: the line and column of what is wrong, and the reason.
pub(super) fn check(secrets: &Secrets) -> Result<(), ((usize, usize), String)> {
    for Placed { line, column, value: entry } in &secrets.allow {
        let wrong = if entry.path.is_none() && entry.key.is_none() && entry.value.is_none() {
            Some("this allows every value; say which by `path`, `key` or `value`")
        } else if entry.value.as_ref().is_some_and(|shape| is_literal(shape.as_regex())) {
            Some("`value` is a value itself, which does not belong here; write its shape, or name its `key`")
        } else if entry.value.as_ref().is_some_and(|shape| shape.is_whole("q7Zk2Wv9-Lx4 Tb8/Nc3")) {
            Some("`value` matches anything; write the shape that only these values have")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(((*line, *column), wrong.to_owned()));
        }
    }
    for (index, Placed { line, column, value: shape }) in secrets.tokens.iter().enumerate() {
        let at = (*line, *column);
        let same = |other: &&Placed<TokenShape>| other.value.id == shape.id;
        if let Some(other) = secrets.tokens.iter().take(index).find(same) {
            let message =
                format!("`{}` is already given in line {}; name this one otherwise", &*shape.id, other.line);
            return Err((at, message));
        }
        if shape.pattern.as_regex().is_match("") {
            return Err((
                at,
                format!("the pattern of `{}` matches the empty text; write more of it", &*shape.id),
            ));
        }
        if is_literal(shape.pattern.as_regex()) {
            let message =
                format!("the pattern of `{}` is a value itself; write the shape of such values", &*shape.id);
            return Err((at, message));
        }
    }
    Ok(())
}

/// Whether nothing in an expression stands for anything else.
fn is_literal(expression: &Regex) -> bool {
    let text = expression.as_str().trim_start_matches('^').trim_end_matches('$');
    !text.contains(['[', '(', '*', '+', '?', '|', '{', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FILE};

    fn secrets(text: &str) -> Secrets {
        Config::parse(FILE, &format!("secrets: {text}\n").into()).unwrap().secrets
    }

    #[test]
    fn a_value_is_allowed_where_all_that_an_entry_says_is_true() {
        let secrets = secrets(
            "{allow: [{path: docs, key: 'DEMO_*', reason: r}, {value: 'dummy-[a-z]+', reason: r}, {path: test/**, reason: r}]}",
        );
        for (file, key, value, expected) in [
            ("docs/a.yaml", "DEMO_TOKEN", "x", Some(0)),
            ("k8s/a.yaml", "DEMO_TOKEN", "x", None),
            ("docs/a.yaml", "TOKEN", "x", None),
            ("k8s/a.yaml", "TOKEN", "dummy-token", Some(1)),
            // The shape is that of the whole value.
            ("k8s/a.yaml", "TOKEN", "dummy-token8", None),
            ("k8s/a.yaml", "TOKEN", "no-dummy-token", None),
            ("test/k8s/a.yaml", "TOKEN", "x", Some(2)),
        ] {
            assert_eq!(secrets.allows(file, key, &[value.to_owned()]), expected, "{file} {key} {value}");
        }
    }

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        let secrets =
            secrets("{tokens: [{id: acme, pattern: 'acme_[a-z]{8}'}, {id: short, pattern: 'q[0-9]?'}]}");
        assert_eq!(secrets.tokens_in("a acme_abcdefgh, q1 acme_hgfedcba"), [(0, 2..15), (0, 20..33)]);
        assert_eq!(secrets.name_of(0), Some("acme"));
    }
}
