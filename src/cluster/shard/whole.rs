//! Whether shards are all of one scan, and nothing else: else their verdict would be that of no cluster.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use thiserror::Error;

use super::{Header, Shard};

/// A shard as it lies somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Part<'p> {
    /// As it is told.
    pub file: &'p str,
    pub header: &'p Header,
    /// Uid of the Namespace `kube-system`, where it was read.
    pub cluster: Option<&'p str>,
}

/// What whoever joins them counts on.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// Version of this program.
    pub version: &'e str,
    pub basis: &'e BTreeMap<String, String>,
    /// Longest time between the first and the last.
    pub span: Duration,
    /// Whoever is older than this may be of a former run; `None`: any age will do.
    pub since: Option<Timestamp>,
}

/// Why shards cannot be joined: the caller's move.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Incoherence {
    #[error("`{file}` was written by probity {theirs}, and this is {ours}")]
    Version { file: String, theirs: String, ours: String },
    #[error("`{file}` was read with other {what} than are given here")]
    Basis { file: String, what: String },
    #[error("`{first}` is shard {one}, and `{second}` is shard {other}")]
    Count { first: String, one: Shard, second: String, other: Shard },
    #[error("`{first}` and `{second}` are both shard {shard}")]
    Twice { first: String, second: String, shard: Shard },
    #[error("{} missing: {missing}", if *.number == 1 { "one shard is".to_owned() } else { format!("{} shards are", .number) })]
    Missing { number: usize, missing: String },
    #[error("`{first}` and `{second}` were read of different clusters")]
    Cluster { first: String, second: String },
    #[error(
        "between `{first}` and `{second}` lie {minutes} minutes: what was moved meanwhile may be in both, or in none"
    )]
    Span { first: String, second: String, minutes: i64 },
    #[error("`{file}` was read at {time}, longer ago than `--shard-age` allows")]
    Age { file: String, time: Timestamp },
}

impl Incoherence {
    /// What to do next.
    pub const fn help(&self) -> &'static str {
        match self {
            Self::Version { .. } => "read and merge with one version",
            Self::Basis { .. } => {
                "give `probity merge` the policies, rules, data, namespaces and configuration of the shards"
            }
            Self::Count { .. } => "remove those of another scan, and name those of one",
            Self::Twice { .. } => "name each shard once",
            Self::Missing { .. } => {
                "read them too, or run all of them again: what they hold decides about the others"
            }
            Self::Cluster { .. } => "merge those of one cluster",
            Self::Span { .. } => "read all shards again, or allow it with `--shard-span`",
            Self::Age { .. } => "read it again: it may be left of a former run, as where this one failed",
        }
    }
}

/// How many missing shards are named.
const MOST_NAMED: usize = 5;

/// Makes sure that shards are one whole.
pub fn check(parts: &[Part<'_>], expected: Expected<'_>) -> Result<(), Incoherence> {
    let name = |part: &Part<'_>| part.file.to_owned();
    for part in parts {
        let Header { version, basis, .. } = part.header;
        if version != expected.version {
            let (theirs, ours) = (version.clone(), expected.version.to_owned());
            return Err(Incoherence::Version { file: name(part), theirs, ours });
        }
        let names = basis.keys().chain(expected.basis.keys());
        if let Some(what) = names.into_iter().find(|what| basis.get(*what) != expected.basis.get(*what)) {
            return Err(Incoherence::Basis { file: name(part), what: what.clone() });
        }
    }
    let Some(first) = parts.first() else {
        return Err(Incoherence::Missing { number: 1, missing: "there is none".to_owned() });
    };
    let mut seen: BTreeMap<Shard, &Part<'_>> = BTreeMap::new();
    for part in parts {
        let (shard, one) = (part.header.shard, first.header.shard);
        if shard.count != one.count {
            return Err(Incoherence::Count { first: name(first), one, second: name(part), other: shard });
        }
        if let Some(known) = seen.insert(shard, part) {
            return Err(Incoherence::Twice { first: name(known), second: name(part), shard });
        }
    }
    let count = first.header.shard.count;
    let all = (0..count).map(|index| Shard { index, count });
    let missing: Vec<String> =
        all.filter(|shard| !seen.contains_key(shard)).map(|shard| shard.to_string()).collect();
    if !missing.is_empty() {
        let named = missing.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let more = if missing.len() > MOST_NAMED { ", …" } else { "" };
        return Err(Incoherence::Missing { number: missing.len(), missing: format!("{named}{more}") });
    }
    let mut known = parts.iter().filter_map(|part| Some((part, part.cluster?)));
    if let Some((one, cluster)) = known.next()
        && let Some((other, _)) = known.find(|(_, other)| *other != cluster)
    {
        return Err(Incoherence::Cluster { first: name(one), second: name(other) });
    }
    let time = |part: &&Part<'_>| part.header.time;
    if let (Some(earliest), Some(latest)) = (parts.iter().min_by_key(time), parts.iter().max_by_key(time)) {
        let between = latest.header.time.duration_since(earliest.header.time);
        if between.unsigned_abs() > expected.span {
            let minutes = between.as_secs() / 60;
            return Err(Incoherence::Span { first: name(earliest), second: name(latest), minutes });
        }
    }
    let old = |part: &&Part<'_>| expected.since.is_some_and(|since| part.header.time < since);
    match parts.iter().filter(old).min_by_key(time) {
        Some(part) => Err(Incoherence::Age { file: name(part), time: part.header.time }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Index, count, version, policies, cluster, minutes after midnight.
    type Made = (u32, u32, &'static str, &'static str, Option<&'static str>, i64);

    fn basis(policies: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("policies".to_owned(), policies.to_owned())])
    }

    fn checked(made: &[Made]) -> Result<(), String> {
        checked_since(made, None)
    }

    /// `since` in minutes after midnight.
    fn checked_since(made: &[Made], since: Option<i64>) -> Result<(), String> {
        let headers: Vec<(String, Header, Option<&str>)> = made
            .iter()
            .zip('a'..)
            .map(|((index, count, version, policies, cluster, minutes), file)| {
                let header = Header {
                    shard: Shard { index: *index, count: *count },
                    version: (*version).to_owned(),
                    time: Timestamp::from_second(minutes * 60).unwrap(),
                    basis: basis(policies),
                };
                (file.to_string(), header, *cluster)
            })
            .collect();
        let parts: Vec<Part<'_>> =
            headers.iter().map(|(file, header, cluster)| Part { file, header, cluster: *cluster }).collect();
        let since = since.map(|minutes| Timestamp::from_second(minutes * 60).unwrap());
        let span = Duration::from_mins(30);
        let expected = Expected { version: "1", basis: &basis("x"), span, since };
        check(&parts, expected).map_err(|error| error.to_string())
    }

    #[test]
    fn shards_of_one_scan_are_joined_in_whatever_order() {
        assert_eq!(checked(&[(0, 1, "1", "x", None, 0)]), Ok(()));
        let three =
            [(2, 3, "1", "x", Some("c"), 30), (0, 3, "1", "x", None, 0), (1, 3, "1", "x", Some("c"), 7)];
        assert_eq!(checked(&three), Ok(()));
    }

    #[test]
    fn one_that_is_left_of_a_former_run_is_refused() {
        let two = [(0, 2, "1", "x", None, 20), (1, 2, "1", "x", None, 5)];
        assert_eq!(checked_since(&two, Some(5)), Ok(()));
        let refusal = checked_since(&two, Some(6)).unwrap_err();
        assert!(refusal.starts_with("`b` was read at 1970-01-01T00:05:00Z, longer ago"), "{refusal}");
    }

    #[test]
    fn all_others_are_refused_with_what_is_wrong() {
        for (made, said) in [
            (&[][..], "one shard is missing"),
            (&[(0, 2, "1", "x", None, 0)], "one shard is missing: 1/2"),
            (&[(1, 9, "1", "x", None, 0)], "8 shards are missing: 0/9, 2/9, 3/9, 4/9, 5/9, …"),
            (&[(0, 2, "1", "x", None, 0), (0, 2, "1", "x", None, 0)], "`a` and `b` are both shard 0/2"),
            (
                &[(0, 2, "1", "x", None, 0), (1, 3, "1", "x", None, 0)],
                "`a` is shard 0/2, and `b` is shard 1/3",
            ),
            (
                &[(0, 2, "1", "x", None, 0), (1, 2, "2", "x", None, 0)],
                "`b` was written by probity 2, and this is 1",
            ),
            (&[(0, 2, "1", "x", None, 0), (1, 2, "1", "y", None, 0)], "`b` was read with other policies"),
            (&[(0, 2, "1", "x", Some("c"), 0), (1, 2, "1", "x", Some("d"), 0)], "of different clusters"),
            (&[(0, 2, "1", "x", None, 31), (1, 2, "1", "x", None, 0)], "between `b` and `a` lie 31 minutes"),
        ] {
            let refusal = checked(made).unwrap_err();
            assert!(refusal.contains(said), "{refusal} instead of {said}");
        }
    }
}
