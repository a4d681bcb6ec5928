//! The actions and resources that a statement names: patterns with `*` and `?`.

use super::read::texts;
use crate::facts::{buckets::partial::Partial, truth::Truth};

/// What a statement is about. `None` where the plan does not know it yet.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Patterns {
    /// It is about everything but these: `NotAction`, `NotResource`.
    but: bool,
    patterns: Option<Vec<Option<String>>>,
}

impl Patterns {
    /// From an element and its negation; a statement has one of them.
    pub(in crate::facts) fn of(named: &Partial, others: &Partial) -> Self {
        let but = others.items().is_none_or(|items| !items.is_empty());
        Self { but, patterns: texts(if but { others } else { named }) }
    }

    /// Whether they hold something of which `matches` says whether a pattern does.
    pub(in crate::facts) fn hold(&self, matches: impl Fn(&str) -> Truth) -> Truth {
        let Some(patterns) = &self.patterns else { return Truth::Unknown };
        let one = |pattern: &Option<String>| pattern.as_deref().map_or(Truth::Unknown, &matches);
        let named = patterns.iter().map(one).fold(Truth::False, Truth::or);
        if self.but { named.not() } else { named }
    }

    /// Whether it is about everything but some.
    pub(in crate::facts) const fn excludes(&self) -> bool {
        self.but
    }

    /// The patterns that are known, of what it is about or leaves out.
    pub(in crate::facts) fn known(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().flatten().flatten().map(String::as_str)
    }
}

/// Whether a pattern matches the whole text: `*` any run, `?` any one character.
pub(in crate::facts) fn is_match(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut read) = (0, 0);
    // The last star, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(expected) if *expected == '?' || text.get(read) == Some(expected) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((position, taken)) = star else { return false };
                star = Some((position, taken + 1));
                (at, read) = (position + 1, taken + 1);
            }
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_text() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("s3:*", "s3:getobject", true),
            ("s3:*", "ec2:run", false),
            ("s3:get*", "s3:putobject", false),
            ("*object", "s3:getobject", true),
            ("*object", "s3:getobjectacl", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("log?", "logs", true),
            ("log?", "log", false),
        ] {
            assert_eq!(is_match(pattern, text), expected, "{pattern} {text}");
        }
    }
}
