//! The vocabulary in which an organisation classifies data, beside the one that is known anyway.
//!
//! It adds words, and may give another sense to one that is known; the names of levels and categories keep theirs, so
//! that no file can call restricted data public. Deliberately absent: the words that are known anyway.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Placed;

/// The vocabulary in which an organisation classifies data, beside the one that is known anyway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct Classification {
    /// Labels, annotations and tags whose value is a level or a list of categories. With a `/`: the whole key; without
    /// one: what follows its last `/`; with a leading `*`: any key that ends so.
    pub keys: Vec<Placed<KeyPattern>>,
    /// Labels, annotations and tags whose value is a list of categories, written as `keys` are.
    pub category_keys: Vec<Placed<KeyPattern>>,
    /// Values with the level that each means. Upper case and what separates words do not matter.
    pub levels: BTreeMap<String, Placed<DataLevel>>,
    /// Values with the categories that each means; none of them: known, and about nobody.
    pub categories: BTreeMap<String, Placed<Vec<DataCategory>>>,
}

/// How far data may spread, from the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DataLevel {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// A kind of data that laws and contracts name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum DataCategory {
    Pii,
    Phi,
    Pci,
}

/// A key of a label, an annotation or a tag, or with a leading `*` what it ends with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub struct KeyPattern(String);

/// Keys that begin so have a meaning that nobody changes (contract, "Own keys").
const OURS: &str = "probity.dev/";

/// Shorter endings are those of too many keys.
const SHORTEST_ENDING: usize = 3;

impl TryFrom<String> for KeyPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        let (ending, is_ending) = text.strip_prefix('*').map_or((text, false), |ending| (ending, true));
        let letters = ending.chars().filter(|c| c.is_alphanumeric()).count();
        if letters == 0 {
            return Err("this names no key; write one, or `*` and what it ends with".to_owned());
        }
        if ending.contains('*') {
            return Err(format!(
                "`{text}` has a `*` where none can stand; only the beginning can be left open"
            ));
        }
        if is_ending && letters < SHORTEST_ENDING {
            return Err(format!("`{text}` is the end of too many keys; write more of it"));
        }
        if ending.starts_with(OURS) {
            return Err(format!("`{text}` has a meaning of its own; name a key of yours"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl KeyPattern {
    /// Whether a key is meant. Upper case does not matter, nor, but in a whole key with a `/`, what separates words.
    pub fn matches(&self, key: &str) -> bool {
        if let Some(ending) = self.0.strip_prefix('*') {
            let mut key = letters(key).rev();
            letters(ending).rev().all(|expected| key.next() == Some(expected))
        } else if self.0.contains('/') {
            self.0.eq_ignore_ascii_case(key)
        } else {
            same_word(&self.0, key.rsplit('/').next().unwrap_or(key))
        }
    }
}

/// What separates words, and says nothing.
pub fn separates_words(character: char) -> bool {
    matches!(character, '-' | '_' | '.' | ':' | '/') || character.is_whitespace()
}

/// Whether two words are the same but for upper case and what separates their parts.
pub fn same_word(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(text: &str) -> impl DoubleEndedIterator<Item = char> {
    text.chars().filter(|c| !separates_words(*c)).map(|c| c.to_lowercase().next().unwrap_or(c))
}

/// What only the whole vocabulary shows: the line and column of what is wrong, and the reason.
pub(super) fn check(vocabulary: &Classification) -> Result<(), ((usize, usize), String)> {
    let Classification { keys, category_keys, levels, categories } = vocabulary;
    for (at, key) in category_keys.iter().map(|key| ((key.line, key.column), &key.value)) {
        if keys.iter().any(|other| other.value == *key) {
            return Err((at, format!("`{}` is one of `keys` already; name it once", key.0)));
        }
    }
    twice(levels)?;
    twice(categories)?;
    for (word, level) in levels {
        let own = LEVELS.iter().find(|(name, _)| same_word(name, word));
        if let Some((name, _)) = own.filter(|(_, own)| *own != level.value) {
            return Err((
                (level.line, level.column),
                format!("`{name}` is a level itself and cannot mean another; choose another word"),
            ));
        }
    }
    for (word, meant) in categories {
        let own = CATEGORIES.iter().find(|(name, _)| same_word(name, word));
        if let Some((name, _)) = own.filter(|(_, own)| !meant.value.contains(own)) {
            return Err((
                (meant.line, meant.column),
                format!("`{name}` is a category itself and cannot be left out of what it means"),
            ));
        }
    }
    Ok(())
}

const LEVELS: [(&str, DataLevel); 4] = [
    ("public", DataLevel::Public),
    ("internal", DataLevel::Internal),
    ("confidential", DataLevel::Confidential),
    ("restricted", DataLevel::Restricted),
];

const CATEGORIES: [(&str, DataCategory); 3] =
    [("PII", DataCategory::Pii), ("PHI", DataCategory::Phi), ("PCI", DataCategory::Pci)];

/// Refuses a map with two spellings of one word, or with a word of nothing.
fn twice<T>(words: &BTreeMap<String, Placed<T>>) -> Result<(), ((usize, usize), String)> {
    let mut known: Vec<(&str, usize)> = Vec::new();
    for (word, meaning) in words {
        let at = (meaning.line, meaning.column);
        if letters(word).next().is_none() {
            return Err((at, "this word is empty; write the value that labels have".to_owned()));
        }
        if let Some((other, line)) = known.iter().find(|(other, _)| same_word(other, word)) {
            return Err((
                at,
                format!("`{word}` is the same word as `{other}` in line {line}; keep one of them"),
            ));
        }
        known.push((word, meaning.line));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_meant_whole_by_its_last_part_or_by_its_end() {
        for (pattern, key, expected) in [
            ("acme.io/data", "acme.io/data", true),
            ("acme.io/data", "ACME.io/Data", true),
            ("acme.io/data", "data", false),
            ("acme.io/data", "acme.io/data-kind", false),
            ("data-tier", "data_tier", true),
            ("data-tier", "DataTier", true),
            ("data-tier", "acme.io/data-tier", true),
            ("data-tier", "old-data-tier", false),
            ("*data-tier", "acme:DataTier", true),
            ("*data-tier", "old.acme.io/my-data-tier", true),
            ("*data-tier", "data-tiers", false),
        ] {
            let pattern = KeyPattern::try_from(pattern.to_owned()).unwrap();
            assert_eq!(pattern.matches(key), expected, "{pattern:?} {key}");
        }
        for wrong in ["", " ", "*", "-", "*-a", "data-*", "**data", "probity.dev/sanitizes"] {
            assert!(KeyPattern::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
