//! Semantic versions as OPA reads them (`internal/semver/semver.go`): with a leading `v`, too.
//!
//! Policies are rewritten to call these: see [`super::SUBSTITUTES`].

use std::cmp::Ordering;

use regorus::Value;

use super::{Fault, Function, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("semver.ordered", 2, |arguments| {
        let (one, other) = (version(arguments, 0)?, version(arguments, 1)?);
        Ok(Value::from(match one.cmp(&other) {
            Ordering::Less => -1_i64,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }))
    }),
    ("semver.accepted", 1, |arguments| Ok(Value::from(version(arguments, 0).is_ok()))),
];

/// What decides the order of versions; what is built in does not.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version<'t> {
    numbers: [i64; 3],
    release: Release<'t>,
}

/// Whether a version comes before its release.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Release<'t> {
    Before(Vec<Identifier<'t>>),
    Released,
}

/// Numbers come before words (Semantic Versioning 2.0.0, item 11.4).
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'t> {
    /// Digits without a leading zero: the longer ones are larger.
    Number(usize, &'t str),
    Word(&'t str),
}

fn version(arguments: &[Value], position: usize) -> Result<Version<'_>, Fault> {
    let text = text(arguments, position)?;
    parsed(text).ok_or_else(|| format!("argument {} is no semantic version", position + 1).into())
}

fn parsed(text: &str) -> Option<Version<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (text, build) = cut(text, '+');
    let (text, before) = cut(text, '-');
    if !build.is_none_or(are_identifiers) || !before.is_none_or(are_identifiers) {
        return None;
    }
    let mut parts = text.split('.').map(number);
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    if parts.next().is_some() {
        return None;
    }
    let release = match before {
        Some(before) => Release::Before(before.split('.').map(identifier).collect::<Option<_>>()?),
        None => Release::Released,
    };
    Some(Version { numbers, release })
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(text, rest)| (text, Some(rest)))
}

fn number(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

fn are_identifiers(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(is_inner))
}

fn identifier(text: &str) -> Option<Identifier<'_>> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Identifier::Word(text));
    }
    (text.len() == 1 || !text.starts_with('0')).then_some(Identifier::Number(text.len(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_the_specification() {
        let order = [
            "0.9.0",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "v1.0.0",
            "1.0.1",
            "1.2.0",
            "1.10.0",
        ];
        for pair in order.windows(2) {
            let [one, other] = pair else { continue };
            assert!(parsed(one).unwrap() < parsed(other).unwrap(), "{one} {other}");
        }
        assert_eq!(parsed("v1.0.0+a"), parsed("1.0.0+b"));
        for wrong in
            ["1.0", "1.0.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0+", "+1.0.0", "V1.0.0", "", "1.0.x"]
        {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
